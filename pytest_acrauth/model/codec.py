"""Records as JSON and back, with the standard library: dataclasses, named tuples, enums, tuples, optional unions."""

from __future__ import annotations

import dataclasses
import json
import types
from enum import Enum
from functools import cache
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

T = TypeVar("T")


def to_json(record: Any) -> str:
    """Return a record, which is a dataclass instance, as JSON text; `from_json` reads it back."""
    return json.dumps(dataclasses.asdict(record), ensure_ascii=False)


def from_json(kind: type[T], text: str) -> T:
    """Rebuild a record from `to_json`'s text. Raises ValueError, TypeError or KeyError for other text."""
    rebuilt: T = _rebuild(kind, json.loads(text))
    return rebuilt


@cache
def _hints(cls: Any) -> dict[str, Any]:
    return get_type_hints(cls)


def _rebuild(kind: Any, value: Any) -> Any:
    """Turn JSON data back into the annotated type."""
    origin = get_origin(kind)
    if origin in {Union, types.UnionType}:
        if value is None:
            return None
        options = [option for option in get_args(kind) if option is not type(None)]
        fitting = [option for option in options if not dataclasses.is_dataclass(option) or _fits(option, value)]
        return _rebuild(fitting[0], value)
    if origin is tuple:
        return tuple(_rebuild(get_args(kind)[0], entry) for entry in value)
    if isinstance(origin, type) and dataclasses.is_dataclass(origin):  # a generic one, such as Look[RegistryFacts]
        return origin(**{name: _rebuild(_bound(origin, kind, name), entry) for name, entry in value.items()})
    if isinstance(kind, type) and dataclasses.is_dataclass(kind):
        hints = _hints(kind)
        return kind(**{name: _rebuild(hints[name], entry) for name, entry in value.items()})
    if hasattr(kind, "_fields"):
        return kind(*value)
    if isinstance(kind, type) and issubclass(kind, Enum):
        return kind(value)
    return value


def _bound(origin: type, kind: Any, name: str) -> Any:
    """Return a field's annotation with the one type variable of a generic dataclass filled in."""
    hint = _hints(origin)[name]
    (parameter,), (bound,) = origin.__parameters__, get_args(kind)  # type: ignore[attr-defined]
    return bound | None if parameter in get_args(hint) else hint


def _fits(kind: Any, value: Any) -> bool:
    return isinstance(value, dict) and {field.name for field in dataclasses.fields(kind)} == set(value)
