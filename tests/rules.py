"""The rules of a text that somebody can act on at three in the morning, for tests that read many of them."""

from __future__ import annotations

import re
from collections.abc import Iterator

from instructions import commands_of

from pytest_acrauth.diagnosis.conclusion import Diagnosis
from pytest_acrauth.model.defect import ID
from pytest_acrauth.report.explanation import COLUMNS, Explanation, Kind, explanation
from pytest_acrauth.report.text import LINES, LINES_OF_SEVERAL, explain

_WIDTH = 100
_UNBROKEN = 50  # characters of an address or an id that a line need not have room for
_GUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_TWICE = re.compile(r"\b(\w{4,}) \1\b(?![\w.-])|timeout:? (?:\w+ )*timed out")
_PLACEHOLDER = re.compile(r"<(?!id>)[a-z]+(?: [a-z]+)* ?(?:id|secret|password|registry|name)>")
_CORRELATION = re.compile(r"(?:correlation|trace)[ _-]?id\W{1,3}([\w-]{8,})", re.IGNORECASE)


def broken_rules(diagnosis: Diagnosis) -> list[str]:
    """Return what is wrong with the texts of a diagnosis; nothing if they keep every rule."""
    found = explanation(diagnosis)
    short, full = explain(diagnosis).splitlines(), explain(diagnosis, full=True).splitlines()
    if found.id == ID:  # its traceback is as long as it is
        return [*_layout(short, found)]
    layout = [*_layout(short, found), *_layout(full, found)]
    return [*_size(short, found), *layout, *_complete(short, found), *_words(short, found)]


def _size(lines: list[str], found: Explanation) -> Iterator[str]:
    several = len(found.causes) > 1
    if len(lines) > (LINES_OF_SEVERAL if several else LINES):
        yield f"{len(lines)} lines"
    if not several and len(lines[0]) > COLUMNS:
        yield f"the first line has {len(lines[0])} columns"
    if several and len(lines[0].partition(",")[0]) > COLUMNS:
        yield "the likeliest cause is not within the first columns"


def _layout(lines: list[str], found: Explanation) -> Iterator[str]:
    commands = commands_of(found)
    for line in lines[1:]:
        words = max(map(len, line.split()), default=0)
        whole = line.endswith(commands) or line.startswith("Documentation: ") or words > _UNBROKEN
        if len(line) > _WIDTH and not whole:
            yield f"too wide: {line}"
        if line != line.rstrip() or not line.isprintable():
            yield f"untidy: {line!r}"
    heads = [line.split(" ")[0] for line in lines[1:] if not line.startswith(" ")]
    wanted = ["What", "Why", "Seen", *["Documentation:"] * len(found.links), "In"]
    if [head for head in heads if head in wanted] != wanted:
        yield f"headings: {heads}"


def _complete(lines: list[str], found: Explanation) -> Iterator[str]:
    """Every look and fix for this situation is there; another way need not be."""
    text = " ".join(" ".join(lines).split())
    for step in found.steps:
        if step.kind is not Kind.OR and " ".join(step.text.split()) not in text:
            yield f"left out: {step.text}"
    yield from (f"left out: {cause.id}" for cause in found.causes if cause.id not in text)


def _words(lines: list[str], found: Explanation) -> Iterator[str]:
    told = [found.title, found.says, found.proof, found.meaning, *found.not_these]
    told += [step.text for step in found.steps if not step.command]
    told += [f"{each.question.label} {each.value}" for each in found.evidence]
    told += [f"{cause.title} {cause.meaning}" for cause in found.causes]
    told += [row.text for row in found.seen if row.label not in {"stages", "seconds", "not observed", "line"}]
    yield from (f"the stage's word in a sentence: {text}" for text in told if "access_token" in text)
    yield from (f"said twice: {line}" for line in lines if _TWICE.search(line))
    yield from (f"a placeholder as a fact: {line}" for line in lines if _PLACEHOLDER.search(line))
    ids = {match[1] for match in _CORRELATION.finditer("\n".join(lines)) if not match[1].startswith("line")}
    if len(ids) > 1:
        yield f"several correlation ids: {ids}"
