"""Conditions on role assignments, version 2.0: whether one lets an action on a repository through.

The part of the language that registries document: learn.microsoft.com, "Azure role assignment condition format".
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from fnmatch import fnmatchcase

_ATTRIBUTE = "Microsoft.ContainerRegistry/registries/repositories:name"
_TOKEN = re.compile(r"\s*(&&|\|\||[(){},!]|'[^']*'|@\w+\[[^\]]+\]|[A-Za-z:]+)")
_COMPARE: dict[str, Callable[[str, str], bool]] = {
    "StringEquals": operator.eq,
    "StringStartsWith": str.startswith,
    "StringLike": fnmatchcase,
}


def lets_through(condition: str, action: str, repository: str) -> bool:
    """Whether a condition ('' for none) holds for a data action on a repository. Raises ValueError for other text."""
    return not condition or _Reader(condition, action, repository).read()


class _Reader:
    """Reads one condition from left to right; every part is read, so that a mistake shows whatever the values are."""

    def __init__(self, text: str, action: str, repository: str) -> None:
        self._left = _split(text)
        self._action = action
        self._repository = repository

    def read(self) -> bool:
        found = self._either()
        if self._left:
            raise ValueError(f"a condition that goes on after its end: {self._left[0]!r}")
        return found

    def _next(self, *expected: str) -> str:
        if not self._left or (expected and self._left[0].upper() not in expected):
            raise ValueError(f"a condition with {self._left[:1]} where {expected} was expected")
        return self._left.pop(0)

    def _is_next(self, *words: str) -> bool:
        return bool(self._left) and self._left[0].upper() in words

    def _either(self) -> bool:
        found = self._both()
        while self._is_next("OR", "||"):
            self._next()
            found = self._both() or found
        return found

    def _both(self) -> bool:
        found = self._one()
        while self._is_next("AND", "&&"):
            self._next()
            found = self._one() and found
        return found

    def _one(self) -> bool:
        word = self._next()
        if word in {"!", "NOT"}:
            return not self._one()
        if word == "(":
            found = self._either()
            self._next(")")
            return found
        if word == "ActionMatches":
            return any(fnmatchcase(self._action.lower(), pattern.lower()) for pattern in self._values())
        if word == f"@Request[{_ATTRIBUTE}]":
            return self._compare(self._next())
        raise ValueError(f"a condition with {word!r}, which is not known here")

    def _compare(self, name: str) -> bool:
        plain = name.rpartition(":")[2]
        negated, plain = "Not" in plain, plain.replace("Not", "", 1)
        folded = plain.endswith("IgnoreCase")
        compare = _COMPARE.get(plain.removesuffix("IgnoreCase"))
        if compare is None:
            raise ValueError(f"a condition that compares by {name!r}, which is not known here")
        fold = str.lower if folded else str
        return negated is not any(compare(fold(self._repository), fold(value)) for value in self._values())

    def _values(self) -> list[str]:
        if not self._is_next("{"):
            return [self._next()[1:-1]]
        self._next("{")
        values = [self._next()[1:-1]]
        while self._is_next(","):
            self._next()
            values.append(self._next()[1:-1])
        self._next("}")
        return values


def _split(text: str) -> list[str]:
    words, place = [], 0
    while text[place:].strip():
        match = _TOKEN.match(text, place)
        if match is None:
            raise ValueError(f"a condition that cannot be read from {text[place:]!r}")
        words.append(match[1])
        place = match.end()
    return words
