"""``--acr-explain``: what an id means, or what another program's output is about."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from pytest_acrauth.diagnosis.text import recognise
from pytest_acrauth.model.defect import Defect
from pytest_acrauth.report import page
from pytest_acrauth.report.defect import told
from pytest_acrauth.report.text import explain as explained

_MOST = 1024 * 1024  # bytes of a text that are looked at
_NOTHING = "nothing in this text is about authenticating to an Azure Container Registry"


def explain(wanted: str, config: pytest.Config) -> int:
    """Print what is known of an id, of all (``all``), or of the text in a file or on standard input (``-``).

    Returns the exit code. An id goes before a file of the same name. Raises `pytest.UsageError` for what is neither,
    or cannot be read. A defect of ours is told as one, with exit code 1.
    """
    code = pytest.ExitCode.OK
    try:
        if wanted == "-":
            text = _diagnosed(_standard_input(config))
        elif wanted == "all":
            text = page.listing()
        else:
            text = _id_or_file(wanted, config)
    except pytest.UsageError:
        raise
    except Exception as error:  # noqa: BLE001 - not a traceback for somebody who asked for an explanation
        text, code = told(Defect.of(error, f"explaining {wanted}")), pytest.ExitCode.TESTS_FAILED
    _print(text)
    return code


def _print(text: str) -> None:
    """Print a text; characters that the terminal's encoding lacks as the escapes that Python writes for them."""
    encoding = sys.stdout.encoding or "utf-8"
    sys.stdout.write(text.rstrip("\n").encode(encoding, "backslashreplace").decode(encoding) + "\n")


def _id_or_file(wanted: str, config: pytest.Config) -> str:
    try:
        return page.describe(wanted)
    except LookupError as unknown:
        path = config.invocation_params.dir / wanted
        if not path.exists():
            raise pytest.UsageError(f"--acr-explain: {unknown.args[0]}, and there is no file {wanted!r}") from unknown
    return _diagnosed(_read(path, wanted))


def _read(path: Path, name: str) -> str:
    try:
        with path.open("rb") as file:
            return file.read(_MOST).decode("utf-8", "replace")
    except OSError as error:
        raise pytest.UsageError(f"--acr-explain: cannot read {name!r}: {error.strerror}") from error


def _standard_input(config: pytest.Config) -> str:
    # pytest takes standard input away from tests at its very start.
    capture = config.pluginmanager.getplugin("capturemanager")
    if capture is not None:
        capture.suspend_global_capture(in_=True)
    if sys.stdin is None:
        raise pytest.UsageError("--acr-explain: standard input is closed")
    return sys.stdin.buffer.read(_MOST).decode("utf-8", "replace")


def _diagnosed(text: str) -> str:
    return "\n\n".join(map(explained, recognise(text))) or _NOTHING
