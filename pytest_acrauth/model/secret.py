"""Secrets that mask themselves, the register of all of them, and the cleaning of text from the network."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterable
from typing import Any
from urllib.parse import quote, quote_plus

MASK = "***"

# What a secret looks like that nobody registered: a JWT, a SAS signature, an Authorization header's value.
_LOOKS_SECRET = re.compile(
    r"eyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*"
    r"|(?<=[?&;]sig=)[^&\s\"'<>]+"
    r"|(?<=authorization: )(?:bearer|basic) [^\s\"']+"
    r"|(?<=authorization\": \")(?:bearer|basic) [^\s\"']+"
    r"|(?<=authorization': ')(?:bearer|basic) [^\s\"']+"
    r"|(?:(?<=b')|(?<=')|(?<=\"))(?:bearer|basic) [A-Za-z0-9+/=_.-]{16,}",
    re.IGNORECASE,
)
_SHORTEST = 4  # below this, masking would eat ordinary text


class Secret:
    """A secret value: `str` and `repr` show a mask, `reveal` gives the value to the one place that sends it."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """Return the value. Never keep it in a local of a frame that a traceback could show."""
        return self._value

    def __repr__(self) -> str:
        return f"Secret({MASK})"

    __str__ = __repr__


class Secrets:
    """The register of every secret handled in a run. What is reported goes through `scrub`."""

    def __init__(self) -> None:
        self._forms: set[str] = set()
        self._pattern: re.Pattern[str] | None = None

    def __repr__(self) -> str:
        return f"Secrets({len(self._forms)} forms)"

    def add(self, value: str, *, user: str | None = None) -> Secret:
        """Register a value and return it as a `Secret`; ``user`` also registers the Basic credentials of the two."""
        raw = [value] if user is None else [value, f"{user}:{value}"]
        for text in raw:
            if len(value) >= _SHORTEST:
                self._forms |= set(_forms(text))
        self._pattern = None
        return Secret(value)

    def scrub(self, text: str) -> str:
        """Return the text with every registered secret, and whatever looks like one, replaced by a mask."""
        if self._pattern is None and self._forms:
            longest_first = sorted(self._forms, key=len, reverse=True)
            self._pattern = re.compile("|".join(map(re.escape, longest_first)))
        if self._pattern is not None:
            text = self._pattern.sub(MASK, text)
        return _LOOKS_SECRET.sub(MASK, text)

    def scrub_object(self, value: Any) -> Any:
        """Scrub every string inside a report's representation in place; return what replaces ``value``."""
        return _walk(value, self.scrub, set())


def _forms(text: str) -> Iterable[str]:
    raw = text.encode()
    standard = base64.b64encode(raw).decode()
    yield from (text, quote(text, safe=""), quote_plus(text), repr(text)[1:-1])
    yield from (json.dumps(text)[1:-1], json.dumps(text, ensure_ascii=False)[1:-1])
    yield from (standard, standard.rstrip("="), quote(standard, safe=""))
    yield from (base64.urlsafe_b64encode(raw).decode(), base64.urlsafe_b64encode(raw).decode().rstrip("="))


def _walk(value: Any, scrub: Any, seen: set[int]) -> Any:
    if isinstance(value, str):
        return scrub(value)
    if id(value) in seen:
        return value
    seen.add(id(value))
    if isinstance(value, list):
        value[:] = [_walk(entry, scrub, seen) for entry in value]
    elif isinstance(value, tuple) and not hasattr(value, "_fields"):
        return tuple(_walk(entry, scrub, seen) for entry in value)
    elif type(value).__module__.startswith("_pytest."):
        for name, entry in vars(value).items():
            # Frozen report classes exist: the new text goes past their own assignment.
            object.__setattr__(value, name, _walk(entry, scrub, seen))
    return value


_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2028\u2029\u2066-\u2069\ufeff]+")
_COMMANDS = re.compile(r"::(?=[A-Za-z][\w-]*[^:]{0,200}::)|##(?=vso\[|\[)", re.IGNORECASE)


def clean(text: str, limit: int = 500) -> str:
    """Make text from the network harmless to print: one line, bounded, no control or bidi characters, no CI commands.

    CI systems run what a log line says between ``::`` or behind ``##vso[``; both are broken up by a space.
    """
    text = _CONTROL.sub(" ", text[: 8 * limit])
    text = _COMMANDS.sub(lambda match: " ".join(match[0]), text).strip()
    return text if len(text) <= limit else text[: limit - 1] + "…"
