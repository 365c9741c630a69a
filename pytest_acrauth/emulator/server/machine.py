"""The machine a climb runs on when it runs against the emulator: names, routes and trust of the emulated world."""

from __future__ import annotations

import dataclasses
import errno
import json
import os
import socket
import ssl
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Self

from pytest_acrauth.emulator.world.network import ForwardProxy, Name, Network, Route
from pytest_acrauth.emulator.world.workplace import Workplace
from pytest_acrauth.model.machine import Resolution, Resolved

LOOPBACK = "127.0.0.1"
PROXY = "proxy"
HTTPS = 443
HTTP = 80
#: The length of what is said first at the entrance: the address that is meant, filled up with spaces.
SAID = 45


def _nobody(_host: str) -> None:
    """Tell nobody."""


@dataclass(frozen=True, eq=False)
class EmulatedMachine:
    """A machine of the emulated world; in the emulator's process it follows the world, elsewhere it is a snapshot.

    ``ports`` are those on loopback, by the state of the way to an address: behind the open one is the entrance to
    all addresses. One that is served without TLS has a port of its own, by the address, and so has the network's proxy.
    ``missed`` is told of every host that is not found or not reached.
    """

    network: Network
    workplace: Workplace
    ports: Mapping[str, int]
    ca_pem: str
    missed: Callable[[str], None] = _nobody

    @property
    def environ(self) -> Mapping[str, str]:
        """The emulated environment variables; none of the real ones."""
        return self.workplace.environ

    @property
    def trust(self) -> str:
        """Which trust store decides, in words for a failure text."""
        return "the emulator's own certificate authority"

    def now(self) -> float:
        """Return the machine's wall clock, which the world may have set wrong."""
        return time.time() + self.workplace.clock_offset

    def ssl_context(self) -> ssl.SSLContext:
        """Return a verifying client context that trusts the emulator's authority and nothing else."""
        return ssl.create_default_context(cadata=self.ca_pem)

    def resolve(self, name: str) -> Resolution:
        """Look a name up in the world, with the words of the system's resolver where that fails."""
        host = name.lower().rstrip(".")
        found = self._look_up(name, host)
        if not found.addresses:
            self.missed(host)
        return found

    def _look_up(self, name: str, host: str) -> Resolution:
        if any(host == zone or host.endswith(f".{zone}") for zone in self.network.silent_zones):
            return _failed(Resolved.RESOLVER_FAILED, socket.EAI_AGAIN, "Temporary failure in name resolution")
        if believed := self.network.hosts_file.get(host):
            return Resolution(Resolved.FOUND, believed, (name,))
        found = self.network.names.get(host)
        if found is None:
            return _failed(Resolved.NO_SUCH_NAME, socket.EAI_NONAME, "Name or service not known", (name,))
        chain = (name, *found.aliases)
        if not found.addresses:
            return _failed(Resolved.NO_SUCH_NAME, socket.EAI_NONAME, "Name or service not known", chain)
        return Resolution(Resolved.FOUND, found.addresses, chain)

    def way(self, address: str, port: int) -> tuple[int, bytes]:
        """Return the loopback port behind which an address is, and what to say there before anything else.

        Raises OSError where nothing leads to the address.
        """
        if address == LOOPBACK:  # where the instance metadata is that this machine's environment names
            return port, b""
        if address in self.ports:
            return self.ports[address if port == HTTP else Route.CLOSED], b""
        proxy = self.network.proxy
        if proxy is not None and (address, port) == (proxy.address, proxy.port):
            route = self.network.routes.get(address, Route.OPEN)
            return self.ports[PROXY if route is Route.OPEN else route], b""
        host = self.network.host_at(address)
        route = self.network.routes.get(address, Route.OPEN) if port == HTTPS else Route.CLOSED
        if host is not None and route in {Route.CLOSED, Route.FILTERED, Route.MISSING}:
            self.missed(host)
        # An address that no name leads to is nobody's, unless it is said what happens on the way there.
        if self.network.routes.get(address, Route.MISSING if host is None else Route.OPEN) is Route.MISSING:
            raise OSError(errno.ENETUNREACH, os.strerror(errno.ENETUNREACH))
        if route in {Route.CLOSED, Route.FILTERED}:
            return self.ports[route], b""
        return self.ports[Route.OPEN], address.encode().ljust(SAID)

    def dial(self, address: str, port: int, timeout: float) -> socket.socket:
        """Return a connected TCP socket, or raise `OSError` within ``timeout`` seconds."""
        port, said = self.way(address, port)
        connection = socket.create_connection((LOOPBACK, port), timeout)
        try:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            connection.sendall(said)
        except OSError:
            connection.close()
            raise
        return connection

    def to_json(self) -> str:
        """Return what another process needs to be on this machine too, the environment's secrets included."""
        seen = {
            "names": {host: dataclasses.asdict(name) for host, name in self.network.names.items()},
            "hosts_file": self.network.hosts_file,
            "silent_zones": sorted(self.network.silent_zones),
            "routes": self.network.routes,
            "environ": dict(self.environ),
            "ports": dict(self.ports),
            "ca_pem": self.ca_pem,
            "clock_offset": self.workplace.clock_offset,
            "proxy": dataclasses.asdict(proxy) | {"says": None} if (proxy := self.network.proxy) else None,
        }
        return json.dumps(seen)

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Rebuild a machine from `to_json`'s text. Raises ValueError, TypeError or KeyError for other text."""
        seen: dict[str, Any] = json.loads(text)
        names = {host: Name(tuple(name["addresses"]), tuple(name["aliases"])) for host, name in seen["names"].items()}
        routes = {address: Route(route) for address, route in seen["routes"].items()}
        network = Network(names, {}, "", silent_zones=set(seen["silent_zones"]), routes=routes)
        network.proxy = ForwardProxy(**seen["proxy"]) if seen["proxy"] else None
        network.hosts_file = {host: tuple(addresses) for host, addresses in seen["hosts_file"].items()}
        return cls(network, Workplace(seen["environ"], seen["clock_offset"]), seen["ports"], seen["ca_pem"])


def _failed(outcome: Resolved, code: int, words: str, chain: tuple[str, ...] | None = None) -> Resolution:
    return Resolution(outcome, chain=chain, text=f"{words} (code {code})")
