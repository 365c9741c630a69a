"""Taking out of what pytest and its plugins report what nobody may read: of any object, as deep as a report holds it.

What a test handed over stays as it is, for the test goes on using it: where something has to be masked, the report gets
a copy. Only what pytest made for the report itself is changed in place.
"""

from __future__ import annotations

import copy
import dataclasses
from collections import deque
from collections.abc import Iterable, Mapping
from operator import is_
from types import SimpleNamespace
from typing import Any

from _pytest._code.code import TerminalRepr

from pytest_acrauth.model.secret import as_bytes
from pytest_acrauth.plugin.cleaning.text import TextCleaner

_PLAIN = {type(None), bool, int, float, complex}


class ReportCleaner:
    """One walk through a report. It ends for any object: what it has met before, it does not enter again."""

    def __init__(self, text: TextCleaner) -> None:
        self._text = text
        # By their ids, with the value itself, so that no other one gets its id meanwhile.
        self._done: dict[int, tuple[Any, Any]] = {}
        self._entered: set[int] = set()

    def attributes(self, report: Any, *, apart: Iterable[str] = ()) -> None:
        """Clean whatever is reachable from an object's attributes, but for those that are ``apart``."""
        self._entered.add(id(report))
        for name, value in list(vars(report).items()):
            if name not in apart and (cleaned := self.of(value, name)) is not value:
                # Frozen report classes exist: the new value goes past their own assignment.
                object.__setattr__(report, name, cleaned)

    def of(self, value: Any, name: Any = "") -> Any:
        """Return a clean value: itself if it is one, else a copy, or its text where none can be made.

        ``name`` is what it stands under, such as its key.
        """
        if type(value) in _PLAIN:
            return value
        if isinstance(value, str):
            cleaned = self._text.clean(value, name if isinstance(name, str) else "")
            return value if cleaned == value else cleaned
        if isinstance(value, bytes | bytearray):
            return self._bytes(value)
        if id(value) in self._done:
            return self._done[id(value)][1]
        in_place = isinstance(value, TerminalRepr)  # what pytest makes for a report
        if id(value) in self._entered:  # it holds itself
            return value if in_place else self._shown(value)
        self._entered.add(id(value))
        if in_place:
            self.attributes(value)
            cleaned = value
        else:
            try:
                cleaned = self._parts(value)
            except Exception:  # noqa: BLE001 - somebody's own object, which does not let itself be looked at
                cleaned = f"<{type(value).__name__}>"
        self._done[id(value)] = (value, cleaned)
        return cleaned

    def _bytes(self, value: bytes | bytearray) -> Any:
        text = value.decode("utf-8", "surrogateescape")
        cleaned = self._text.clean(text)
        return value if cleaned == text else type(value)(as_bytes(cleaned))

    def _parts(self, value: Any) -> Any:
        """Clean what a value consists of, by its kind."""
        if isinstance(value, Mapping):
            return self._mapping(value)
        if isinstance(value, list | tuple | set | frozenset | deque):
            old = list(value)
            named = len(old) == 2  # such as a property or a header: its name, and what it is
            new = [self.of(old[0]), self.of(old[1], old[0])] if named else [*map(self.of, old)]
            if _same(new, old):
                return value
            return value._make(new) if hasattr(value, "_make") else _made(type(value), new)
        if not isinstance(value, type) and (names := _fields(value)):
            return self._record(value, names)
        return self._shown(value)

    def _mapping(self, value: Mapping[Any, Any]) -> Any:
        keys, entries = list(value), list(value.values())
        new_keys, new_entries = [*map(self.of, keys)], [*map(self.of, entries, keys)]
        if _same(new_keys, keys) and _same(new_entries, entries):
            return value
        return dict(zip(new_keys, new_entries, strict=True))

    def _record(self, value: Any, names: Iterable[str]) -> Any:
        changed = {
            name: cleaned for name in names if (cleaned := self.of(old := getattr(value, name, None), name)) is not old
        }
        if not changed:
            return self._shown(value)
        twin = copy.copy(value)
        for name, cleaned in changed.items():
            object.__setattr__(twin, name, cleaned)
        return twin

    def _shown(self, value: Any) -> Any:
        """Return the clean text of a value whose text is not; reports print what they do not know so."""
        for text in (str(value), repr(value)):
            if (cleaned := self._text.clean(text)) != text:
                return cleaned
        return value


def _fields(value: Any) -> tuple[str, ...]:
    """Return the names of the fields of a record: a dataclass's, those of attrs, an exception's, a namespace's."""
    if dataclasses.is_dataclass(value):
        return tuple(field.name for field in dataclasses.fields(value))
    if (of_attrs := getattr(type(value), "__attrs_attrs__", None)) is not None:
        return tuple(each.name for each in of_attrs)
    if isinstance(value, BaseException):
        return ("args", *vars(value))
    return tuple(vars(value)) if isinstance(value, SimpleNamespace) else ()


def _same(new: Iterable[Any], old: Iterable[Any]) -> bool:
    return all(map(is_, new, old))


def _made(kind: type, parts: list[Any]) -> Any:
    try:
        return kind(parts)
    except Exception:  # noqa: BLE001 - somebody's own kind of list: what it holds counts
        return parts
