"""Records as JSON and back, with the standard library: dataclasses, named tuples, enums, tuples, optional unions."""

from __future__ import annotations

import dataclasses
import json
import math
import sys
import types
from collections.abc import Mapping
from enum import Enum
from functools import cache
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

from pytest_acrauth.model.secret import whole

T = TypeVar("T")

#: What a plain field may hold in JSON; a whole number is written without its point by others.
_PLAIN_KINDS: Mapping[Any, tuple[type, ...]] = {str: (str,), bool: (bool,), int: (int,), float: (float, int)}


def to_json(record: Any) -> str:
    """Return a record, a dataclass instance or a named tuple, as JSON text; `from_json` reads it back.

    Any reader of JSON and any file takes it: a number that is none is null, and half a character is replaced.
    """
    return json.dumps(_plain(record), ensure_ascii=False, allow_nan=False)


def from_json(kind: type[T], text: str) -> T:
    """Rebuild a record from `to_json`'s text. Raises ValueError, TypeError or KeyError for other text."""
    rebuilt: T = _rebuild(kind, json.loads(text))
    return rebuilt


def names_of(kind: Any) -> tuple[str, ...] | None:
    """Return the names of a record's fields; None for what is no record."""
    if dataclasses.is_dataclass(kind):
        return tuple(field.name for field in dataclasses.fields(kind))
    return getattr(kind, "_fields", None)


def _plain(value: Any) -> Any:
    """Return a value as JSON has it: records by the names of their fields."""
    if (names := names_of(value)) is not None:
        return {name: _plain(getattr(value, name)) for name in names}
    if isinstance(value, tuple):
        return [_plain(entry) for entry in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return whole(value) if isinstance(value, str) else value


@cache
def hints(cls: Any) -> dict[str, Any]:
    """Return the types of a record's fields."""
    return get_type_hints(cls)


def _rebuild(kind: Any, value: Any) -> Any:
    """Turn JSON data back into the annotated type: whoever wrote it, nothing of another type gets into a record."""
    origin = get_origin(kind)
    if origin in {Union, types.UnionType}:
        if value is None and type(None) in get_args(kind):
            return None
        options = [option for option in get_args(kind) if option is not type(None)]
        fitting = [option for option in options if names_of(option) is None or _fits(option, value)]
        if not fitting:
            raise TypeError(f"none of {options} is {type(value).__name__}")
        return _rebuild(fitting[0], value)
    if origin is tuple:
        return tuple(_rebuild(get_args(kind)[0], entry) for entry in _held(list, value))
    if origin is not None and names_of(origin) is not None:  # a generic one, such as Look[RegistryFacts]
        return origin(
            **{name: _rebuild(bound(origin, kind, name), entry) for name, entry in _held(dict, value).items()}
        )
    if isinstance(kind, type) and names_of(kind) is not None:
        known = hints(kind)
        return kind(**{name: _rebuild(known[name], entry) for name, entry in _held(dict, value).items()})
    if isinstance(kind, type) and issubclass(kind, Enum):
        return kind(value)
    return _plainly(kind, value)


def _held(kind: type[T], value: Any) -> T:
    if not isinstance(value, kind):
        raise TypeError(f"{kind.__name__} is expected, not {type(value).__name__}")
    return value


def _plainly(kind: Any, value: Any) -> Any:
    """Return a plain value of that kind."""
    if type(value) not in _PLAIN_KINDS.get(kind, ()):
        raise TypeError(f"{kind} is expected, not {type(value).__name__}")
    if kind is float and not abs(value) <= sys.float_info.max:
        raise ValueError("no number that can be counted with")
    return value


def bound(origin: Any, kind: Any, name: str) -> Any:
    """Return a field's annotation with the one type variable of a generic record filled in."""
    hint = hints(origin)[name]
    (parameter,), (bound,) = origin.__parameters__, get_args(kind)
    return bound | None if parameter in get_args(hint) else hint


def _fits(kind: Any, value: Any) -> bool:
    return isinstance(value, dict) and set(names_of(kind) or ()) == set(value)
