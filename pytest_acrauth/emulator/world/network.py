"""What lies between machine and cloud, as plain data: names, routes, certificates, devices."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum


class Route(StrEnum):
    """What happens to a connection on its way to an address."""

    OPEN = "open"
    CLOSED = "closed"  # refused
    FILTERED = "filtered"  # never answered
    MISSING = "missing"  # no route: nothing is sent
    MUTE = "mute"  # accepted, then silence
    RESET = "reset"  # broken off after the first bytes
    CUT = "cut"  # the handshake succeeds, and what is asked over it is answered with the connection's end


@dataclass
class Name:
    """A host name: the aliases it stands for, in order, and the addresses at the end; with none it dangles."""

    addresses: tuple[str, ...]
    aliases: tuple[str, ...] = ()


class Issuer(StrEnum):
    """Who signed a certificate."""

    TRUSTED = "trusted"  # the authority that the machine trusts
    INSPECTING = "inspecting"  # an inspecting device's own


@dataclass(frozen=True)
class Certificate:
    """A certificate to present. Dates in seconds since the epoch."""

    names: tuple[str, ...]
    starts: float
    ends: float
    issuer: Issuer = Issuer.TRUSTED


@dataclass(frozen=True)
class Page:
    """An answer that a device gives by itself."""

    status: int
    headers: dict[str, str]
    body: bytes = b""


@dataclass
class Device:
    """Something between machine and service that speaks HTTP.

    It answers with its own ``page`` (where ``only`` is given, what has that in its path), or puts ``headers`` in the
    place of those of the same name, or hands a body on with a ``pause`` of that many seconds before each byte. It keeps
    requests for itself that begin with one of the paths ``swallows``, and answers nothing. ``asks_with`` are headers
    that it adds to requests, and ``rewrites`` is what it makes of the destination of a redirect.
    """

    page: Page | None = None
    headers: dict[str, str] = field(default_factory=dict)
    asks_with: dict[str, str] = field(default_factory=dict)
    rewrites: Callable[[str], str] | None = None
    pause: float = 0.0
    only: str = ""
    swallows: tuple[str, ...] = ()


@dataclass
class ForwardProxy:
    """A proxy of this network, by which its machines are told to go out; it looks names up as they do.

    ``forbids`` are the ends of host names to which it opens no way, and the status that it then answers. ``says`` is
    what it sends to everybody instead of HTTP, None where it is a proxy; ``silent`` ones answer nothing.
    """

    host: str
    address: str
    port: int = 3128
    forbids: dict[str, int] = field(default_factory=dict)
    silent: bool = False
    says: bytes | None = None

    @property
    def url(self) -> str:
        """What the environment of a machine names it by."""
        return f"http://{self.host}:{self.port}"


@dataclass
class Network:
    """What lies between machine and cloud.

    A name that is absent does not exist. ``silent_zones`` are those for which the resolver gets no answer.
    ``certificates`` are by host name or ``*.`` pattern, ``devices`` by host name, ``routes`` by address (default
    open). ``hosts_file`` is what the machine believes of names before it asks; whatever is at such an address shows the
    certificate of its own. ``egress`` is the address that services see. ``proxy`` is that of this network, None where
    there is none. ``redirects_kept`` is for how many seconds a cache on the way has kept the redirects that it hands
    out.
    """

    names: dict[str, Name]
    certificates: dict[str, Certificate]
    egress: str
    redirects_kept: float = 0.0
    silent_zones: set[str] = field(default_factory=set)
    routes: dict[str, Route] = field(default_factory=dict)
    devices: dict[str, Device] = field(default_factory=dict)
    proxy: ForwardProxy | None = None
    hosts_file: dict[str, tuple[str, ...]] = field(default_factory=dict)
    _hosts: dict[str, str] = field(default_factory=dict, init=False, repr=False)

    def host_at(self, address: str) -> str | None:
        """Return the first name that leads to an address, None where none does."""
        host = self._hosts.get(address)
        # What was found before is a guess: names may come and go at any time.
        if host is None or host not in self.names or address not in self.names[host].addresses:
            names = reversed(list(self.names.items()))
            self._hosts = {each: host for host, name in names for each in name.addresses}
            host = self._hosts.get(address)
        return host

    def route_all(self, host: str, route: Route) -> None:
        """Set what happens on the way to a host, for all its addresses."""
        self.routes |= dict.fromkeys(self.names[host].addresses, route)

    def is_believed(self, address: str) -> bool:
        """Whether the machine's hosts file leads a name to an address."""
        return any(address in each for each in self.hosts_file.values())

    def certificate_for(self, host: str) -> Certificate:
        """Return what a client that asks for this host is shown; for an unknown one, any certificate there is."""
        pattern = f"*.{host.partition('.')[2]}"
        any_other = next(iter(self.certificates.values()))
        return self.certificates.get(host) or self.certificates.get(pattern) or any_other
