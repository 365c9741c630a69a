"""The log of what reached the emulator: what was asked for, by whom that can be told, and never with a secret."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Self
from urllib.parse import parse_qsl

from starlette.datastructures import Headers
from starlette.types import Scope

#: What stands in the place of a value that is not shown.
HIDDEN = "…"
#: The parameters whose values say what is asked for and prove nothing, of queries and forms alike: the protocol's own
#: (https://distribution.github.io/distribution/spec/auth/token/, RFC 6749 4.4, RFC 7523 2.2), the management plane's.
_SHOWN = frozenset(
    {
        "$filter",
        "$select",
        "$top",
        "api-version",
        "audience",
        "client_assertion_type",
        "client_id",
        "digest",
        "from",
        "grant_type",
        "last",
        "mount",
        "n",
        "offline_token",
        "resource",
        "scope",
        "service",
        "tenant",
    }
)
_LONGEST = 2000  # characters of a value


@dataclass(frozen=True)
class LoggedRequest:
    """One request, and the status it was answered with: None for one that got no answer.

    The path is decoded. ``query`` and ``form`` are names and values in the order in which they were sent; the value of
    a parameter that can be a secret, which is everyone not known to be none, is `HIDDEN`. ``headers`` are the names
    alone, in small letters; requests that differ in nothing else are equal, because libraries add their own.
    """

    host: str
    method: str
    path: str
    status: int | None = None
    query: tuple[tuple[str, str], ...] = ()
    form: tuple[tuple[str, str], ...] = ()
    headers: tuple[str, ...] = field(default=(), compare=False)

    def __repr__(self) -> str:
        """Return it as a line: ``<POST myacr.azurecr.io/oauth2/token [grant_type=password password=…] 401>``."""
        query = "?" + _line(self.query, "&") if self.query else ""
        form = f" [{_line(self.form, ' ')}]" if self.form else ""
        status = "unanswered" if self.status is None else self.status
        return f"<{self.method} {self.host}{self.path}{query}{form} {status}>"

    def with_form(self, body: bytes) -> Self:
        """Return it with what a form's body says."""
        return replace(self, form=_parameters(body)) if body else self

    def with_status(self, status: int) -> Self:
        """Return it as answered."""
        return replace(self, status=status)


def noted(host: str, scope: Scope) -> LoggedRequest:
    """Return what the head of a request says."""
    query, headers = _parameters(scope["query_string"]), tuple(Headers(scope=scope).keys())
    return LoggedRequest(host, scope["method"], scope["path"], query=query, headers=headers)


def _parameters(text: bytes) -> tuple[tuple[str, str], ...]:
    """Return names and values; what has no name may be a secret that was put there by itself."""
    parts = (part for part in text.decode("utf-8", "replace").split("&") if part)
    return tuple(pair for part in parts for pair in (_shown(part) if "=" in part else [(HIDDEN, "")]))


def _shown(part: str) -> Iterator[tuple[str, str]]:
    for name, value in parse_qsl(part, keep_blank_values=True):
        yield name[:_LONGEST], value[:_LONGEST] if name in _SHOWN else HIDDEN


def _line(pairs: tuple[tuple[str, str], ...], between: str) -> str:
    return between.join(f"{name}={value}" for name, value in pairs)
