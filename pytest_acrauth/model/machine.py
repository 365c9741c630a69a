"""Where a run happens: environment, clock, trust store, name resolution and connections, as one value.

The emulator provides another `Machine`; so may a user behind special routes.
"""

from __future__ import annotations

import socket
import ssl
from collections.abc import Mapping
from enum import StrEnum
from typing import NamedTuple, Protocol


class Resolved(StrEnum):
    """How a look-up of a host name ended."""

    FOUND = "found"
    NO_SUCH_NAME = "no such name"
    NO_ADDRESS = "no address"
    RESOLVER_FAILED = "resolver failed"


class Resolution(NamedTuple):
    """One look-up: its outcome, the names from the one asked to the last alias, the addresses, the resolver's words.

    ``chain`` is None where the resolver does not tell the aliases.
    """

    outcome: Resolved
    addresses: tuple[str, ...] = ()
    chain: tuple[str, ...] | None = None
    text: str = ""


class Machine(Protocol):
    """What a climb needs from the machine it runs on."""

    @property
    def environ(self) -> Mapping[str, str]:
        """The environment variables: the only place credentials are read from."""

    @property
    def trust(self) -> str:
        """Which trust store decides, in words for a failure text."""

    def now(self) -> float:
        """Return the wall clock, seconds since the epoch."""

    def ssl_context(self) -> ssl.SSLContext:
        """Return a verifying client context over the trust store; the caller shares it for a run."""

    def resolve(self, name: str) -> Resolution:
        """Look a host name up. Blocks as long as the resolver does; never raises for what a resolver answers."""

    def dial(self, address: str, port: int, timeout: float) -> socket.socket:
        """Return a connected TCP socket, or raise `OSError` within ``timeout`` seconds."""
