"""``--acr-explain``: what an id, a code or a pasted line means, or what another program's output is about."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator

import pytest

from pytest_acrauth.model.defect import Defect
from pytest_acrauth.plugin.cleaning.text import TextCleaner
from pytest_acrauth.report import entries, entry_text
from pytest_acrauth.report.defect import told

_GIVE = (
    "It takes an id (all lists them), a number of Entra's, a code of az acr check-health, a log or JUnit file, "
    "- for standard input, or a line that was printed"
)
_SHOWN = 60  # characters of an argument that are repeated


def explain(wanted: str, config: pytest.Config, cleaner: TextCleaner) -> int:
    """Print what is known of an id, of all (``all``), of a code, of a file, of standard input (``-``), or of a line.

    In this order: an id goes before a file of the same name, and that before a line that reads like it. Returns the
    exit code. Raises `pytest.UsageError` for what is none of them, or cannot be read. A defect of ours is told as one,
    with exit code 1. ``cleaner`` takes out what may not be shown.
    """
    code = pytest.ExitCode.OK
    try:
        text = "\n".join(_explanation(wanted, config))
    except pytest.UsageError as error:
        raise pytest.UsageError(*map(cleaner.clean, error.args)) from error
    except Exception as error:  # noqa: BLE001 - not a traceback for somebody who asked for an explanation
        text, code = told(Defect.of(error, f"explaining {wanted}")), pytest.ExitCode.TESTS_FAILED
    show(cleaner.clean(text))
    return code


def show(text: str) -> None:
    """Print a text; characters that the terminal's encoding lacks as the escapes that Python writes for them.

    Whoever stops reading, as ``head`` does, has seen enough. Raises `pytest.UsageError` where it cannot be written.
    """
    encoding = sys.stdout.encoding or "utf-8"
    shown = text.rstrip("\n").encode(encoding, "backslashreplace").decode(encoding)
    try:
        sys.stdout.write(f"{shown}\n")
        sys.stdout.flush()
    except OSError as error:
        # What is left is written once more when Python ends, which would print a traceback.
        with open(os.devnull, "wb") as nowhere:  # noqa: PTH123 - a device, and no path of anybody's
            os.dup2(nowhere.fileno(), sys.stdout.fileno())
        if not isinstance(error, BrokenPipeError):
            raise pytest.UsageError(f"standard output cannot be written: {error.strerror}") from error


def _explanation(wanted: str, config: pytest.Config) -> Iterator[str]:
    if wanted == "all":
        yield entry_text.listing()
        return
    if wanted != "-" and (known := _known(wanted)) is not None:
        yield known
        return
    from pytest_acrauth.plugin.commands import printed  # an entry needs nothing that reads texts

    if wanted == "-":
        yield from printed.of_standard_input(config)
    elif os.path.exists(path := config.invocation_params.dir / wanted):  # noqa: PTH110 - a long line is no error here
        yield from printed.of_file(path, wanted)
    elif said := printed.of_line(wanted):
        yield said
    elif len(named := entries.named_in(wanted)) == 1:
        yield entry_text.describe(named[0])
    else:
        shown = wanted if len(wanted) <= _SHOWN else f"{wanted[: _SHOWN - 1]}…"
        if wanted in _scenarios():
            raise pytest.UsageError(
                f"--acr-explain: {shown!r} is a scenario of --acr-emulate, and no failure: --acr-emulate list tells it"
            )
        close = f"it names {', '.join(named)}" if named else entries.near(wanted, _scenarios())
        raise pytest.UsageError(
            f"--acr-explain: no failure mode, symptom, family or file is called {shown!r}, and it says nothing about "
            f"an Azure registry; {close}. {_GIVE}"
        )


def _known(wanted: str) -> str | None:
    for describe in (entry_text.describe, entry_text.describe_code):
        for text in dict.fromkeys((wanted, wanted.lower())):
            try:
                return describe(text)
            except LookupError:
                continue
    return None


def _scenarios() -> list[str]:
    """Return what ``--acr-emulate`` takes, if the emulator's dependencies are installed: ids that are no causes."""
    try:
        from pytest_acrauth.emulator import LOOK_ALIKES, SCENARIOS
    except ImportError:
        return []
    return [*SCENARIOS, *LOOK_ALIKES]
