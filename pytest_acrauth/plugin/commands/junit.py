"""The failures in a JUnit XML file, whichever program wrote it."""

from __future__ import annotations

from collections.abc import Iterator
from io import StringIO
from typing import NamedTuple
from xml.etree.ElementTree import Element, ParseError, iterparse

from pytest_acrauth.model.secret import Secrets

_BEGINNINGS = ("<?xml", "<testsuite")
_ROOTS = ("testsuites", "testsuite")
_FAILED = ("failure", "error")
_PRINTED = ("system-out", "system-err")
_OURS = "acr_"
_ESCAPE = "#x1B"  # what pytest writes for the beginning of a terminal's escape
_SHOWN = 300  # characters of a name or a property


class Failure(NamedTuple):
    """A test that failed or could not run: its name, its ``acr_`` properties without that, and all of its text."""

    name: str
    properties: tuple[tuple[str, str], ...]
    text: str


def failures(text: str) -> tuple[Failure, ...] | None:
    """Return the failures in a JUnit file, as far as it goes; None for a text that is none.

    A document that declares entities is none either: no program writes such results.
    """
    begins = text.lstrip()
    if not begins.startswith(_BEGINNINGS) or "<!DOCTYPE" in text:
        return None
    found: list[Failure] = []
    above: list[Element] = []
    cases = 0
    try:
        ours = False
        # Without entities nothing in it grows.
        for event, element in iterparse(StringIO(begins), ("start", "end")):  # noqa: S314
            ours = ours or _tag(element) in _ROOTS
            if not ours:
                return None
            is_case = _tag(element) == "testcase"
            if event == "start":
                above.append(element)
                cases += is_case
                continue
            above.pop()
            cases -= is_case
            if is_case:
                found += _failure(element)
            if not cases and above:
                above[-1].clear()  # what has been read takes no more room
    except ParseError:  # raised after what stands before it was read
        return tuple(found) if found else None
    return tuple(found)


def _failure(case: Element) -> Iterator[Failure]:
    failed = [part for part in case if _tag(part) in _FAILED]
    if not failed:
        return
    texts: list[str] = []
    for part in failed:
        message, text = part.get("message", ""), part.text or ""
        texts += [text] if message in text else [message, text]
    texts += [part.text or "" for part in case if _tag(part) in _PRINTED]
    clean = Secrets().clean
    properties = tuple(
        (clean(each.get("name", "").removeprefix(_OURS), _SHOWN), clean(each.get("value", ""), _SHOWN))
        for part in case
        for each in (part, *part)
        if _tag(each) == "property" and each.get("name", "").startswith(_OURS)
    )
    name = "::".join(filter(None, (case.get("classname"), case.get("name"))))
    yield Failure(clean(name, _SHOWN), properties, "\n".join(filter(None, texts)).replace(_ESCAPE, "\x1b"))


def _tag(element: Element) -> str:
    return element.tag.rpartition("}")[2]
