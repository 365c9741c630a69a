"""Conditions of role assignments: whether one lets an action on a repository through, as far as it is understood.

The language: https://learn.microsoft.com/azure/role-based-access-control/conditions-format
"""

from __future__ import annotations

import re
from collections.abc import Callable
from fnmatch import fnmatchcase
from itertools import accumulate

_WORD = re.compile(r"\s*(&&|\|\||[(){},!]|'[^']*'|@\w+\[[^\]]+\]|[\w:]+)")
_DEEPEST = 50  # parentheses; what Azure's own editor writes has a handful
_NAME = "registries/repositories:name]"
_HOW: dict[str, Callable[[str, str], bool]] = {
    "StringEquals": str.__eq__,
    "StringStartsWith": str.startswith,
    "StringLike": fnmatchcase,
}


class _NotUnderstood(ValueError):
    """Text that is no condition of this language."""


def lets_through(condition: str, right: str, repository: str) -> bool | None:
    """Whether a condition ('' for none) holds for a right on a repository.

    None where that depends on something that is not understood: an attribute or operator that registries do not
    document, or text that is no condition.
    """
    if not condition:
        return True
    words = [match[1] for match in _WORD.finditer(condition)]
    depth = max(accumulate((word == "(") - (word == ")") for word in words), default=0)
    if depth > _DEEPEST or _WORD.sub("", condition).strip():
        return None
    try:
        found = _either(words, right, repository)
    except (_NotUnderstood, IndexError):
        return None
    return None if words else found


def _either(words: list[str], right: str, repository: str) -> bool | None:
    found = {_both(words, right, repository)}
    while words and words[0].upper() in {"OR", "||"}:
        words.pop(0)
        found.add(_both(words, right, repository))
    return True if True in found else None if None in found else False


def _both(words: list[str], right: str, repository: str) -> bool | None:
    found = {_one(words, right, repository)}
    while words and words[0].upper() in {"AND", "&&"}:
        words.pop(0)
        found.add(_one(words, right, repository))
    return False if False in found else None if None in found else True


def _one(words: list[str], right: str, repository: str) -> bool | None:
    negated = False
    while words[0].upper() in {"!", "NOT"}:
        words.pop(0)
        negated = not negated
    found = _plain(words, right, repository)
    return None if found is None else found is not negated


def _plain(words: list[str], right: str, repository: str) -> bool | None:
    word = words.pop(0)
    if word == "(":
        found = _either(words, right, repository)
        if words.pop(0) != ")":
            raise _NotUnderstood(word)
        return found
    if word == "ActionMatches":
        return any(fnmatchcase(right.lower(), value.lower()) for value in _values(words))
    if not word.startswith("@"):
        raise _NotUnderstood(word)
    return _compared(words, repository if word.startswith("@Request[") and word.endswith(_NAME) else None)


def _compared(words: list[str], repository: str | None) -> bool | None:
    """Judge a comparison; ``repository`` is None where another attribute is compared."""
    name = words.pop(0).rpartition(":")[2]
    values = _values(words)
    negated, plain = "Not" in name, name.replace("Not", "", 1)
    how = _HOW.get(plain.removesuffix("IgnoreCase"))
    if how is None or repository is None or any(value.startswith("@") for value in values):
        return None
    fold = str.lower if plain.endswith("IgnoreCase") else str
    return any(how(fold(repository), fold(value)) for value in values) is not negated


def _values(words: list[str]) -> list[str]:
    if words[0] != "{":
        return [words.pop(0).strip("'")]
    if "}" not in words:
        raise _NotUnderstood(words[0])
    end = words.index("}")
    values = [word.strip("'") for word in words[1:end] if word != ","]
    del words[: end + 1]
    return values
