"""Reading forms, and building answers with headers in the spelling and order recorded from the real services."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable
from email.utils import formatdate
from typing import Any

from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import Response

Headers = Iterable[tuple[str, str]]
JSON = "application/json; charset=utf-8"
GUARD = (
    ("Strict-Transport-Security", "max-age=31536000; includeSubDomains"),
    ("X-Content-Type-Options", "nosniff"),
)


class Answer(Response):
    """A response with exactly these headers, and a length."""

    def __init__(self, status: int, headers: Headers, body: bytes = b"") -> None:
        super().__init__(body, status)
        lines = [*headers, ("Content-Length", str(len(body)))]
        self.raw_headers = [(name.encode(), value.encode("latin-1")) for name, value in lines]


class Refusal(Exception):
    """An answer that ends the handling of a request."""

    def __init__(self, answer: Answer) -> None:
        self.answer = answer


def refuse(_request: Request, refusal: Exception) -> Response:
    """Answer a request whose handling ended in a `Refusal`."""
    assert isinstance(refusal, Refusal)  # noqa: S101 - registered for this class only
    return refusal.answer


async def form_of(request: Request) -> QueryParams:
    """Return the fields of a form-encoded body; whatever is none has none."""
    return QueryParams((await request.body()).decode(errors="replace"))


def as_json(value: Any) -> bytes:
    """Return the compact form that the services send."""
    return json.dumps(value, separators=(",", ":")).encode()


def page_of(values: list[Any], turn: str) -> tuple[list[Any], str]:
    """Return the values on one page of a list, and what asks for the next one, '' behind the last.

    The first page, which is asked for by '', is empty, as any may be.
    """
    number = int(turn) if turn.isdecimal() else 0
    return values[number - 1 : number] if number else [], str(number + 1) if number < len(values) else ""


def http_date(now: float) -> str:
    """Return a time as HTTP headers write it."""
    return formatdate(now, usegmt=True)


def new_id() -> str:
    """Return a request or correlation id."""
    return str(uuid.uuid4())
