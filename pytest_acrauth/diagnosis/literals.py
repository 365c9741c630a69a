"""What a pattern never matches without: literals found in its own parse tree. No I/O.

A text is searched much faster for a literal than for a pattern, and nearly no text holds those of nearly any pattern.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from re import _constants, _parser  # type: ignore[attr-defined]  # no public module has the parse tree
from typing import Any, NamedTuple

_LETTERS = re.compile(rb"[a-z]+")
_MOST = 18  # literals that are looked for instead of one pattern: every way in which STATUS begins a number
#: Beside its own capital, what ``re.IGNORECASE`` takes for an ASCII letter.
ALIKE = {"\u0130": "i", "\u0131": "i", "\u017f": "s", "\u212a": "k"}


class Needs(NamedTuple):
    """What every match of a pattern holds, in small ASCII letters.

    Of each of ``clauses`` one literal is in it; ``anchors`` is the clause that fewest texts hold. ``letters`` are the
    clauses once more, of each literal only its runs of letters. ``reach`` is the number of characters that a match and
    all that is looked at behind it can have.
    """

    clauses: tuple[frozenset[bytes], ...]
    anchors: frozenset[bytes]
    letters: tuple[tuple[tuple[bytes, ...], ...], ...]
    reach: int

    def possible(self, has: Callable[[bytes], bool]) -> bool:
        """Whether a text that has these runs of letters, in any order, can hold a match."""
        return all(any(all(map(has, literal)) for literal in clause) for clause in self.letters)


@cache
def needs(pattern: str) -> Needs:
    """Return what a pattern needs. Raises `ValueError` for one that can match without any literal."""
    parsed = _parser.parse(pattern)
    clauses = tuple(_clauses(parsed))
    if not clauses:
        raise ValueError(f"no literal in {pattern}")
    letters = tuple(tuple(sorted({tuple(_LETTERS.findall(literal)) for literal in clause})) for clause in clauses)
    return Needs(clauses, max(clauses, key=_worth), letters, parsed.getwidth()[1] + sum(_looked_at(parsed)))


def _worth(clause: frozenset[bytes]) -> tuple[int, int]:
    return min(map(len, clause)), -len(clause)


def _clauses(items: Iterable[Any]) -> Iterator[frozenset[bytes]]:
    """Yield what a sequence needs: each run of literals in it, and of each choice one literal of every branch."""
    runs = {b""}
    for code, argument in _flat(items):
        choice = _choice(code, argument)
        if choice and len(runs) * len(choice) <= _MOST:
            runs = {run + end for run in runs for end in choice}
            continue
        if all(runs):
            yield frozenset(runs)
        runs = choice or {b""}
        if choice is None and code is _constants.BRANCH:
            branches = [tuple(_clauses(branch)) for branch in argument[1]]
            if all(branches):
                yield frozenset[bytes]().union(*(max(clauses, key=_worth) for clauses in branches))
        elif choice is None and code in _REPEATS and argument[0]:
            yield from _clauses(argument[2])
    if all(runs):
        yield frozenset(runs)


def _choice(code: Any, argument: Any) -> set[bytes] | None:
    """Return all that a part can stand for; None where that is too much, or more than literals."""
    if code is _constants.LITERAL:
        character = chr(argument).lower()
        return {character.encode()} if character.isascii() else None
    if code is _constants.IN and all(kind is _constants.LITERAL for kind, _ in argument):
        found = {chr(each).lower() for _, each in argument}
        return {each.encode() for each in found} if len(found) <= _MOST and all(map(str.isascii, found)) else None
    if code is _constants.BRANCH:
        branches = [_whole(branch) for branch in argument[1]]
        every = set[bytes]().union(*(each for each in branches if each))
        return every if all(branches) and len(every) <= _MOST else None
    if code in _REPEATS and argument[:2] == (0, 1) and (whole := _whole(argument[2])):
        return whole | {b""}
    return None


def _whole(items: Iterable[Any]) -> set[bytes] | None:
    """Return all that a sequence can stand for; None where that is too much, or more than literals."""
    found = {b""}
    for part in _flat(items):
        choice = _choice(*part)
        if choice is None or len(found) * len(choice) > _MOST:
            return None
        found = {begin + end for begin in found for end in choice}
    return found


_REPEATS = {_constants.MAX_REPEAT, _constants.MIN_REPEAT, _constants.POSSESSIVE_REPEAT}


def _flat(items: Iterable[Any]) -> Iterator[tuple[Any, Any]]:
    """Yield the parts of a sequence, those of groups in it among them, without what takes no room."""
    for code, argument in items:
        if code is _constants.SUBPATTERN:
            yield from _flat(argument[3])
        elif code is _constants.ATOMIC_GROUP:
            yield from _flat(argument)
        elif code not in {_constants.AT, _constants.ASSERT, _constants.ASSERT_NOT}:
            yield code, argument


def _looked_at(items: Any) -> Iterator[int]:
    """Yield the widths of everything that a pattern looks at without taking it."""
    for code, argument in items:
        if code in {_constants.ASSERT, _constants.ASSERT_NOT}:
            yield argument[1].getwidth()[1]
            yield from _looked_at(argument[1])
        elif code is _constants.SUBPATTERN:
            yield from _looked_at(argument[3])
        elif code is _constants.ATOMIC_GROUP:
            yield from _looked_at(argument)
        elif code is _constants.BRANCH:
            for branch in argument[1]:
                yield from _looked_at(branch)
        elif code in _REPEATS:
            times = argument[1]
            yield from (times * each for each in _looked_at(argument[2]))
