"""The little of the Kusto query language that finds resources by type and name in the graph of resources."""

from __future__ import annotations

import re
from typing import Any

_CONDITION = re.compile(
    r"(?P<fold>tolower\()?(?P<field>[\w.]+)\)?\s*(?P<operator>=~|==|!=|in~|in)\s*(?P<values>\([^)]*\)|'[^']*'|\"[^\"]*\")",
    re.IGNORECASE,
)
_VALUE = re.compile(r"'([^']*)'|\"([^\"]*)\"")


class BadQuery(ValueError):
    """A query that is not understood; the text names the part."""


def run(query: str, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the rows a query leaves of the table of resources, with the columns it names. Raises `BadQuery`."""
    table, *steps = (part.strip() for part in query.split("|"))
    if table.lower() != "resources":
        raise BadQuery(f"the table {table!r}")
    for step in steps:
        verb, _, rest = step.partition(" ")
        match verb.lower():
            case "where":
                conditions = _conditions(rest)
                rows = [row for row in rows if all(_holds(condition, row) for condition in conditions)]
            case "project":
                rows = [_columns(rest, row) for row in rows]
            case "limit" | "take" if rest.strip().isdecimal():
                rows = rows[: int(rest)]
            case _:
                raise BadQuery(f"the step {step!r}")
    return rows


def names(query: str) -> frozenset[str] | None:
    """Return the names, in small letters, that all found rows have one of; None where any may be found.

    Raises `BadQuery`.
    """
    found: frozenset[str] | None = None
    for step in query.split("|")[1:]:
        verb, _, rest = step.strip().partition(" ")
        if verb.lower() != "where":
            break
        for condition in _conditions(rest):
            if condition["field"] == "name" and condition["operator"] != "!=":
                values = frozenset("".join(pair).lower() for pair in _VALUE.findall(condition["values"]))
                found = values if found is None else found & values
    return found


def _conditions(text: str) -> list[re.Match[str]]:
    """Take apart what is behind ``where``: each condition is read, so that a mistake shows whatever the rows are."""
    parts = [part.strip() for part in re.split(r"\s+and\s+", text.strip(), flags=re.IGNORECASE)]
    matches = [_CONDITION.fullmatch(part) for part in parts]
    if None in matches:
        raise BadQuery(f"the condition {parts[matches.index(None)]!r}")
    return [match for match in matches if match is not None]


def _holds(match: re.Match[str], row: dict[str, Any]) -> bool:
    value = str(_column(match["field"], row))
    wanted = ["".join(pair) for pair in _VALUE.findall(match["values"])]
    if match["fold"] or match["operator"].endswith("~"):
        value, wanted = value.lower(), [each if match["fold"] else each.lower() for each in wanted]
    return (value in wanted) is not (match["operator"] == "!=")


def _columns(names: str, row: dict[str, Any]) -> dict[str, Any]:
    found = {}
    for part in names.split(","):
        name, _, path = (each.strip() for each in part.partition("="))
        found[name.replace(".", "_")] = _column(path or name, row)
    return found


def _column(path: str, row: dict[str, Any]) -> Any:
    value: Any = row
    for name in path.split("."):
        value = value.get(name) if isinstance(value, dict) else None
    return value
