"""The JSON schema of readiness files, for editors that complete and check TOML; it derives from the table of keys."""

from __future__ import annotations

from typing import Any

from pytest_acrauth.plugin.asked.options import MOST
from pytest_acrauth.plugin.asked.readiness.shape import FILE, NAME, Form, Kind, Table, Value

#: A text may hold the name of an environment variable, of which no schema knows the value.
_WITH_VARIABLE = {"type": "string", "pattern": r"\$\{[A-Za-z_][A-Za-z0-9_]*\}"}


def schema() -> dict[str, Any]:
    """Return the schema: what it accepts has the right keys and kinds; the reader tells the rest."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Readiness file of pytest-acrauth",
        **_table(FILE),
        "required": ["registry"],
    }


def _table(table: Table) -> dict[str, Any]:
    required = [name for name, row in table.keys.items() if isinstance(row, Value) and row.required]
    return {
        "type": "object",
        "properties": {name: _row(row) for name, row in table.keys.items()},
        "additionalProperties": False,
        **({"required": required} if required else {}),
    }


def _row(row: Value | Table) -> dict[str, Any]:
    found = _value(row) if isinstance(row, Value) else _tables(row)
    return {"description": row.summary, **found}


def _tables(table: Table) -> dict[str, Any]:
    if table.form is Form.LIST:
        return {"type": "array", "items": _table(table)}
    filled = {"minProperties": 1} if table.filled else {}
    if table.form is Form.ONE:
        return _table(table) | filled
    names = {"pattern": f"^{NAME.pattern}$"}
    return {"type": "object", "propertyNames": names, "additionalProperties": _table(table), **filled}


def _value(value: Value) -> dict[str, Any]:
    if value.kind is Kind.TEXTS:
        return {"type": "array", "items": _text(value), "minItems": 1, "uniqueItems": True}
    if value.kind is Kind.TEXT:
        return _text(value)
    if value.kind is Kind.NUMBER:
        return {"type": "number", "exclusiveMinimum": 0, "maximum": MOST}
    return {"type": "boolean"}


def _text(value: Value) -> dict[str, Any]:
    if value.choices:
        return {"anyOf": [{"enum": list(value.choices)}, _WITH_VARIABLE]}
    return {"type": "string", "pattern": r"\S"}
