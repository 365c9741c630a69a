"""What no record may hold: a walk over every field of one, and over everything that is made of it."""

from __future__ import annotations

import base64
import dataclasses
import json
import math
import re
from collections.abc import Iterable, Iterator, Mapping
from enum import Enum
from typing import Any
from urllib.parse import quote

_UNPRINTABLE = re.compile(
    r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]|[\ud800-\udfff]"
)
_COMMAND = re.compile(r"##\w*\[|(?:^|\s)::[a-z][\w-]*(?:\s|::|$)|::[a-z][^:]*::", re.IGNORECASE | re.MULTILINE)


def every_value(record: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Yield every value inside a record with its path, through whatever holds it."""
    if dataclasses.is_dataclass(record):
        parts: Iterable[tuple[str, Any]] = (
            (each.name, getattr(record, each.name)) for each in dataclasses.fields(record)
        )
    elif hasattr(record, "_fields"):
        parts = zip(record._fields, record, strict=True)
    elif isinstance(record, Mapping):
        parts = [*((f"key {name!r}", name) for name in record), *record.items()]
    elif isinstance(record, list | tuple | set | frozenset):
        parts = ((str(number), entry) for number, entry in enumerate(record))
    else:
        yield path, record.value if isinstance(record, Enum) else record
        return
    for name, part in parts:
        yield from every_value(part, f"{path}.{name}")


def spellings(secret: str) -> Iterator[str]:
    """Yield the spellings in which a secret could be found again."""
    raw = secret.encode()
    yield from (secret, secret[:24], json.dumps(secret)[1:-1])
    yield from (quote(secret, safe=""), re.sub("%..", lambda found: found[0].lower(), quote(secret, safe="")))
    yield from (base64.b64encode(raw).decode().rstrip("="), base64.urlsafe_b64encode(raw).decode().rstrip("="))


def wrong_in(text: str, planted: Iterable[str]) -> list[str]:
    """Return what is wrong with a text: secrets, how every token begins, half characters, control ones, commands."""
    wrong = [each for secret in planted for each in spellings(secret) if each in text]
    wrong += [found[0] for pattern in (_UNPRINTABLE, _COMMAND) for found in pattern.finditer(text)]
    return wrong + ["eyJ"] * ("eyJ" in text)


def refuse(constant: str) -> None:
    """Fail for a word that JSON does not have."""
    raise AssertionError(f"{constant} is no JSON")


def check_kept(record: Any, planted: Iterable[str], *told: str) -> int:
    """Check every field of a record, its JSON if it has one, and the texts told of it. Returns the number of fields."""
    planted = [secret for secret in planted if secret]
    count = 0
    for path, value in every_value(record):
        count += 1
        if isinstance(value, str):
            assert not wrong_in(value, planted), path
        elif isinstance(value, float):
            assert math.isfinite(value), path
        else:
            assert value is None or isinstance(value, bool | int), path
    if hasattr(record, "to_json"):
        json.loads(record.to_json().encode(), parse_constant=refuse)
    for text in told:
        assert not wrong_in(text, planted)
    return count
