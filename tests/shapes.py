"""What two answers to the same request must have in common, whoever gave them: the shape, and not what is named in it.

An answer is what the rows of ``../shared/corpus/wire-dev.jsonl`` hold: ``status``, ``headers`` (a list for a name that
came more than once) and ``body`` (a text, or None for one that was not kept).
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

import httpx

from pytest_acrauth.model.foreign_json import load_foreign_json

Answer = Mapping[str, Any]
#: Headers whose value is the same in every answer that has them.
CONSTANT = ("server", "content-type", "docker-distribution-api-version", "x-content-type-options")
_CHALLENGE = "www-authenticate"
_SAID = {"body", "message", "text"}  # what is still compared of a refusal with what is none
_LONGEST = 160  # characters of a text in a difference
_DATE = (
    r"\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?\s?(?:Z|[+-]\d\d:?\d\d)?)?"
    r"|(?:\w{3}, )?\d\d \w{3} \d{4} \d\d:\d\d:\d\d(?: GMT)?|\d{1,2}/\d{1,2}/\d{4} \d{1,2}:\d\d:\d\d(?: [AP]M)?"
)
#: What is named in a text, and what stands for it; the stand-ins of ``--acr-mask-ids`` are ids and addresses, too.
_NAMED = (
    (re.compile(r"(?<=ID: )\S.*|(?<=Timestamp: )\S.*|(?<=The resource )\S+"), "…"),
    (re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|\bid-\d+\b", re.IGNORECASE), "<id>"),
    (re.compile(r"\b[a-z0-9]+:[0-9a-f]{32,128}\b"), "<digest>"),
    (re.compile(_DATE), "<date>"),
    (re.compile(r"\b(?:\d{1,3}\.){3}\d{1,3}\b|\baddress-\d+\b"), "<address>"),
)
_QUOTED = re.compile(r"'+[^']*'+|\"[^\"]*\"")


class Difference(NamedTuple):
    """One thing in which two answers differ, and what each has of it ('' for a thing that only one can have)."""

    what: str
    one: str
    other: str


def answer_of(response: httpx.Response) -> Answer:
    """Return what httpx received."""
    return {"status": response.status_code, "headers": grouped(response.headers), "body": response.text}


def grouped(headers: httpx.Headers) -> dict[str, str | list[str]]:
    """Return headers by their names as received, with the list of its values where a name came more than once."""
    found: dict[str, list[str]] = {}
    spelt: dict[str, str] = {}
    for name, value in ((name.decode("latin-1"), value.decode("latin-1")) for name, value in headers.raw):
        found.setdefault(spelt.setdefault(name.lower(), name), []).append(value)
    return {name: values[0] if len(values) == 1 else values for name, values in found.items()}


def parsed(body: str | None) -> Any:
    """Return the JSON value of a body, None for one that holds none."""
    try:
        return load_foreign_json(body or "")
    except ValueError:
        return None


def keys(value: Any, path: str = "") -> Iterator[str]:
    """Yield the path of every key in a JSON value; the entries of a list count as one."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield f"{path}.{name}".lstrip(".")
            yield from keys(inner, f"{path}.{name}".lstrip("."))
    elif isinstance(value, list):
        for inner in value:
            yield from keys(inner, f"{path}[]")


def empty_lists(value: Any) -> set[str]:
    """Return the paths of the lists that nowhere have entries: of what would stand in them, nothing is known."""
    lists = [*_lists(value)]
    return {path for path, _ in lists} - {path for path, entries in lists if entries}


def _lists(value: Any, path: str = "") -> Iterator[tuple[str, bool]]:
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from _lists(inner, f"{path}.{name}".lstrip("."))
    elif isinstance(value, list):
        yield f"{path}[]", bool(value)
        for inner in value:
            yield from _lists(inner, f"{path}[]")


def pattern(text: str, names: Mapping[str, str] | None = None) -> str:
    """Return a text with placeholders for what is named in it; ``names`` are more names, and what stands for them."""
    for name in sorted(names or (), key=len, reverse=True):
        boundary = r"(?<![\w-])", r"(?![\w-])"
        text = re.sub(re.escape(name).join(boundary), (names or {})[name], text, flags=re.IGNORECASE)
    for named, placeholder in _NAMED:
        text = named.sub(placeholder, text)
    return text


def words(body: Any, names: Mapping[str, str] | None = None) -> list[str]:
    """Return the codes and messages of an error's body, without what is named in them."""
    error = body if isinstance(body, dict) else {}
    listed = error.get("errors")
    entries = [entry for entry in (listed if isinstance(listed, list) else ()) if isinstance(entry, dict)]
    entries += [error["error"]] if isinstance(error.get("error"), dict) else []
    texts = [f"{entry.get('code', '')} {entry.get('message', '')}".strip() for entry in entries]
    texts += [error["error"]] if isinstance(error.get("error"), str) else []
    described = error.get("error_description")
    texts += described.split("\r\n") if isinstance(described, str) else []
    return [_QUOTED.sub("…", pattern(text, names)) for text in texts]


def differences(
    one: Answer, other: Answer, names: Mapping[str, str] | None = None, *, whole: bool = True
) -> list[Difference]:
    """Return in what two answers differ: status, headers, JSON keys, codes and messages, or a body of another kind.

    ``names`` are what to put in the place of names that the two do not share. Where ``one`` is not ``whole``, it was
    thinned by whoever published it: it may lack headers, and the values in its challenge are made up.
    """
    found = [] if one["status"] == other["status"] else [Difference("status", str(one["status"]), str(other["status"]))]
    found += _headers(one, other, names, whole=whole)
    if one["body"] is not None and other["body"] is not None:
        of_a_kind = one["status"] // 100 == other["status"] // 100
        found += [each for each in _bodies(one["body"], other["body"], names) if of_a_kind or each.what in _SAID]
    return found


def _headers(one: Answer, other: Answer, names: Mapping[str, str] | None, *, whole: bool) -> Iterator[Difference]:
    mine, theirs = ({name.lower(): value for name, value in each["headers"].items()} for each in (one, other))
    yield from (each for each in _only("header", {*mine}, {*theirs}) if whole or each.one)
    read: Callable[[Any], str] = (lambda value: pattern(_text(value), names)) if whole else _parameters
    for name in (*CONSTANT, _CHALLENGE):
        if name in mine and name in theirs:
            compared = [read(each[name]) if name == _CHALLENGE else _text(each[name]) for each in (mine, theirs)]
            yield from _unlike(f"header {name}", *compared)


def _text(value: Any) -> str:
    """Return a header's value; the same one said twice is the same."""
    return value if isinstance(value, str) else ", ".join(dict.fromkeys(value))


def _parameters(value: Any) -> str:
    """Return the names of a challenge's parameters; ``error`` is one that publishers of recordings made up."""
    return " ".join(name for name in re.findall(r'(\w+)="', _text(value)) if name != "error")


def _only(what: str, mine: set[str], theirs: set[str]) -> Iterator[Difference]:
    """Yield what one of the two has alone."""
    for name in sorted(mine ^ theirs):
        yield Difference(f"{what} {name}", *("has it" if name in each else "" for each in (mine, theirs)))


def _bodies(one: str, other: str, names: Mapping[str, str] | None) -> Iterator[Difference]:
    mine, theirs = parsed(one), parsed(other)
    kinds = [_kind(body, found) for body, found in ((one, mine), (other, theirs))]
    if kinds[0] != kinds[1]:
        yield Difference("body", *kinds)
    elif kinds[0] == "text":
        yield from _unlike("text", *(pattern(body.strip(), names) for body in (one, other)))
    elif kinds[0] == "JSON":
        empty = empty_lists(mine), empty_lists(theirs)
        unknown = tuple(sorted(empty[0] ^ empty[1]))
        for path in unknown:
            yield Difference(f"list {path[:-2]}", *("empty" if path in each else "not empty" for each in empty))
        yield from _only(
            "JSON key", *({key for key in keys(each) if not key.startswith(unknown)} for each in (mine, theirs))
        )
        yield from _unlike("message", *(" / ".join(words(each, names)) for each in (mine, theirs)))


def _kind(body: str, found: Any) -> str:
    if not body.strip():
        return "none"
    return "text" if found is None else "JSON"


def _unlike(what: str, one: str, other: str) -> Iterator[Difference]:
    if one != other:
        yield Difference(what, *(json.dumps(_short(text), ensure_ascii=False) for text in (one, other)))


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
