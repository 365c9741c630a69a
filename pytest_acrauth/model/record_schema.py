"""The JSON Schema of records as `pytest_acrauth.model.codec` writes them: their types are the format."""

from __future__ import annotations

import inspect
import types
from enum import Enum
from typing import Any, Union, get_args, get_origin

from pytest_acrauth.model.codec import bound, hints, names_of

_PLAIN = {str: "string", int: "integer", float: "number", bool: "boolean", type(None): "null"}


def schema(kind: type, title: str) -> dict[str, Any]:
    """Return the schema of a record, a dataclass or a named tuple. Raises `TypeError` for a type that no JSON has."""
    definitions: dict[str, Any] = {}
    top = _of(kind, definitions)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": title,
        **top,
        "$defs": dict(sorted(definitions.items())),
    }


def _of(kind: Any, definitions: dict[str, Any]) -> dict[str, Any]:
    origin, parts = get_origin(kind), get_args(kind)
    if origin in {Union, types.UnionType}:
        return {"anyOf": [_of(each, definitions) for each in parts]}
    if origin is tuple:
        return {"type": "array", "items": _of(parts[0], definitions)}
    if kind in _PLAIN:
        return {"type": _PLAIN[kind]}
    if isinstance(kind, type) and issubclass(kind, Enum):
        return {"enum": [each.value for each in kind]}
    if names_of(origin or kind) is None:
        raise TypeError(f"no JSON has a {kind}")
    return {"$ref": f"#/$defs/{_define(kind, definitions)}"}


def _define(kind: Any, definitions: dict[str, Any]) -> str:
    """Add a record to the definitions, under its own name, where it is not there yet; return that name."""
    record = get_origin(kind) or kind
    name = "_".join([record.__name__, *map(_short, get_args(kind))])
    if name in definitions:
        if definitions[name]["required"] != list(names_of(record) or ()):
            raise TypeError(f"two records are called {name}")
    else:
        fields = names_of(record) or ()
        told = {each: bound(record, kind, each) if get_args(kind) else hints(record)[each] for each in fields}
        found = definitions[name] = {
            "description": (inspect.getdoc(record) or "").partition("\n\n")[0].replace("\n", " "),
            "type": "object",
        }
        found["properties"] = {each: _of(hint, definitions) for each, hint in told.items()}
        found["required"] = list(fields)
        found["additionalProperties"] = False
    return name


def _short(kind: Any) -> str:
    """Return a type's name as a part of another one's."""
    inner = [_short(part) for part in get_args(kind) if part is not Ellipsis]
    return "_".join([str(kind.__name__), *inner])
