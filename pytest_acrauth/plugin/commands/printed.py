"""What a log, a JUnit file, a run that was kept or a pasted line means, in words for ``--acr-explain``."""

from __future__ import annotations

import codecs
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import BinaryIO, NamedTuple

import pytest

from pytest_acrauth.auth.files import open_regular
from pytest_acrauth.diagnosis.around import taken_for
from pytest_acrauth.diagnosis.client import diagnose_client
from pytest_acrauth.diagnosis.climb import diagnose
from pytest_acrauth.diagnosis.conclusion import Diagnosis
from pytest_acrauth.diagnosis.printed import LIMIT
from pytest_acrauth.diagnosis.text import recognise
from pytest_acrauth.model.secret import Secrets
from pytest_acrauth.plugin.commands import junit
from pytest_acrauth.report.document import Document, document_of
from pytest_acrauth.report.explanation import headline
from pytest_acrauth.report.lines import wrap
from pytest_acrauth.report.text import explain

_NOTHING = "nothing in this text is about authenticating to an Azure Container Registry"
_CONDITION = "If this came from an Azure Container Registry:"


def of_line(line: str) -> str:
    """Return what a line means that was printed; '' where nothing in it is recognised."""
    return _joined(recognise(line))


def of_file(path: Path, name: str) -> Iterator[str]:
    """Yield what is to be said of a file. Raises `pytest.UsageError` for one that cannot be read."""
    yield from _of(_file(path, name), name)


def of_standard_input(config: pytest.Config) -> Iterator[str]:
    """Yield what is to be said of standard input. Raises `pytest.UsageError` where it is closed."""
    yield from _of(_standard_input(config), "standard input")


class _Read(NamedTuple):
    """What was read, and whether there was more."""

    data: bytes
    cut: bool


def _file(path: Path, name: str) -> _Read:
    try:
        with open_regular(path) as file:
            return _bounded(file)
    except OSError as error:
        piped = "" if path.is_file() or path.is_dir() else "; what comes from a program is read from standard input (-)"
        raise pytest.UsageError(f"--acr-explain: cannot read {name!r}: {error.strerror}{piped}") from error


def _standard_input(config: pytest.Config) -> _Read:
    # pytest takes standard input away from tests at its very start.
    capture = config.pluginmanager.getplugin("capturemanager")
    if capture is not None:
        capture.suspend_global_capture(in_=True)
    if sys.stdin is None:
        raise pytest.UsageError("--acr-explain: standard input is closed")
    return _bounded(sys.stdin.buffer)


def _bounded(file: BinaryIO) -> _Read:
    data = file.read(LIMIT + 1)
    return _Read(data[:LIMIT], len(data) > LIMIT)


def _of(read: _Read, name: str) -> Iterator[str]:
    """Yield what is to be said of a log or a JUnit file."""
    text = read.data.decode(_encoding(read.data[:2]), "replace")
    tests = junit.failures(text)
    if (document := document_of(text)) is not None:
        yield from _of_run(document)
    elif tests is not None:
        yield from _of_tests(tests)
    else:
        yield _joined(recognise(text)) or _nothing(text)
    if read.cut:
        yield f"Only the first {LIMIT // 1024**2} MiB of {name} were read, and nothing of what follows them."


def _encoding(begins: bytes) -> str:
    """Return the encoding of a text by its first two bytes; PowerShell's ``>`` writes UTF-16."""
    if begins in {codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE}:
        return "utf-16"
    # A log begins with a letter, a digit or a bracket, of which one byte is zero there.
    if b"\0" in begins[1:]:
        return "utf-16-le"
    return "utf-16-be" if b"\0" in begins else "utf-8-sig"


def _of_run(document: Document) -> Iterator[str]:
    """Yield what a run that was kept as JSON means, concluded anew from what it recorded."""
    ready = 0
    clean = Secrets().clean  # whoever wrote the file chose its words
    for each in document.climbed:
        if found := diagnose(each.transcript):
            yield clean(f"{each.registry} {each.identity}") + (", which has to be refused" if each.expected else "")
            yield _joined(found)
            yield ""
        else:
            ready += 1
    for client in document.clients:
        if wrong := [one for one in diagnose_client(client.record) if not one.note]:
            yield clean(f"client {client.name}")
            yield _joined(wrong)
            yield ""
    yield f"ready: {ready} of {len(document.climbed)}, in the run of {clean(document.began)}"


def _of_tests(tests: Sequence[junit.Failure]) -> Iterator[str]:
    """Yield what the failures of a JUnit file are about: each explanation once, below the tests that have it."""
    about: dict[tuple[str, ...], list[tuple[junit.Failure, Sequence[Diagnosis]]]] = {}
    known: dict[str, Sequence[Diagnosis]] = {}
    for test in tests:
        if (found := known.get(test.text)) is None:
            found = known[test.text] = recognise(test.text, overheard=True)
        about.setdefault(tuple(map(headline, found)), []).append((test, found))
    silent = about.pop((), [])
    for each in about.values():
        yield from _named(test for test, _ in each)
        # At one of them the cause is told in full; the others refer to it.
        yield _joined(max(each, key=lambda one: len(one[0].text))[1])
        yield ""
    if silent:
        yield f"{_NOTHING.replace('this text', 'these failures')}:"
        yield from _named(test for test, _ in silent)
    if not tests:
        yield "no test of this JUnit file failed"


def _named(tests: Iterable[junit.Failure]) -> Iterator[str]:
    for test in tests:
        yield test.name
        told = (f"{name.replace('_', ' ')} {value}" for name, value in test.properties)
        yield from wrap("; ".join(told), "  ") if test.properties else ()


def _nothing(text: str) -> str:
    """Return what is said of a text of which nothing was recognised: what it was taken for, so that one can object."""
    if about := taken_for(text):
        return f"{_NOTHING}: {about}. If it came from one all the same, give only the lines about the registry."
    return f"{_NOTHING}: no failure that is known stands in it."


def _joined(found: Iterable[Diagnosis]) -> str:
    """Return explanations, those that hold whatever the text is about before those that hold on a condition."""
    every = list(found)
    texts = [explain(each, asked=True) for each in every if each.seen.assured]
    if others := [explain(each, asked=True) for each in every if not each.seen.assured]:
        texts.append("\n".join([_CONDITION, "\n\n".join(others)]))
    return "\n\n".join(texts)
