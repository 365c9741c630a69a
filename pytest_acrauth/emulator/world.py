"""The world the emulator answers for: cloud, network and machine, as plain data that a scenario may change.

It holds causes (a date, a role, a rule, a route), never what a client gets to see of them.
"""

from __future__ import annotations

import ipaddress
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum

from pytest_acrauth.emulator.content import Repository

DAY = 86400.0
AUTHORITY = "login.microsoftonline.com"
SUBSCRIPTION = "5b1d7a70-31c4-4d0e-8f5a-2f7f3a0c9e11"


@dataclass
class Password:
    """A secret with its dates, seconds since the epoch; ``ends`` is None where it never expires."""

    value: str
    starts: float = 0.0
    ends: float | None = None

    def valid(self, now: float) -> bool:
        """Whether the dates allow its use."""
        return self.starts <= now and (self.ends is None or now < self.ends)


@dataclass
class ScopeMap:
    """What a scope-map token may do, in ARM's words: ``repositories/team/app/content/read``, a name may be ``*``."""

    name: str
    actions: list[str]


@dataclass
class ScopeMapToken:
    """A registry's own named credential with up to two passwords."""

    name: str
    scope_map: str
    passwords: list[Password]
    enabled: bool = True


@dataclass
class Registry:
    """One registry as ARM describes it, with what it stores.

    ``private_addresses`` are its private endpoints: what arrives there passes the firewall.
    ``firewall_at_challenge`` tells whether ``/v2/`` refuses a caller too, or only what comes after it; both are seen.
    """

    name: str
    location: str
    tenant_id: str
    admin_enabled: bool = False
    admin_passwords: tuple[str, str] = ("", "")
    anonymous_pull: bool = False
    public_network_access: bool = True
    default_action: str = "Allow"
    ip_rules: list[str] = field(default_factory=list)
    private_addresses: list[str] = field(default_factory=list)
    firewall_at_challenge: bool = False
    abac: bool = False
    arm_audience_accepted: bool = True
    data_endpoint_enabled: bool = False
    login_throttled: bool = False
    repositories: dict[str, Repository] = field(default_factory=dict)
    scope_maps: dict[str, ScopeMap] = field(default_factory=dict)
    tokens: dict[str, ScopeMapToken] = field(default_factory=dict)

    @property
    def login_server(self) -> str:
        return f"{self.name}.azurecr.io"

    @property
    def data_endpoint(self) -> str:
        """The dedicated data endpoint's host name, in use only when it is enabled."""
        return f"{self.name}.{self.location}.data.azurecr.io"

    @property
    def resource_id(self) -> str:
        group = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg-registries"
        return f"{group}/providers/Microsoft.ContainerRegistry/registries/{self.name}"

    @property
    def container(self) -> str:
        """The storage container its blobs live in."""
        return uuid.uuid5(uuid.NAMESPACE_DNS, self.login_server).hex

    def admits(self, address: str, arrived_at: str) -> bool:
        """Whether the firewall lets in a caller with this egress address, who came to ``arrived_at``."""
        if arrived_at in self.private_addresses:
            return True
        if not self.public_network_access:
            return False
        caller = ipaddress.ip_address(address)
        return self.default_action == "Allow" or any(caller in ipaddress.ip_network(rule) for rule in self.ip_rules)


@dataclass
class Application:
    """An Entra application; ``principals`` maps each tenant it lives in to its service principal's object id."""

    client_id: str
    secrets: list[Password]
    principals: dict[str, str]
    enabled: bool = True


@dataclass(frozen=True)
class RoleAssignment:
    """A role given to a principal (object id) on a resource id and everything below it."""

    principal_id: str
    role: str
    scope: str


@dataclass
class Cloud:
    """Azure: its registries, its Entra tenants and applications, who holds which role; ``clock`` is the services'."""

    registries: dict[str, Registry]
    tenants: set[str]
    applications: dict[str, Application]
    assignments: list[RoleAssignment]
    blob_host: str
    clock: Callable[[], float] = time.time

    def now(self) -> float:
        """Return the services' time, seconds since the epoch."""
        return self.clock()

    def registry_at(self, host: str) -> Registry | None:
        """Return the registry with this login server."""
        return next((registry for registry in self.registries.values() if registry.login_server == host), None)


class Route(StrEnum):
    """What happens to a connection on its way to an address."""

    OPEN = "open"
    CLOSED = "closed"  # refused
    FILTERED = "filtered"  # never answered
    MUTE = "mute"  # accepted, then silence
    RESET = "reset"  # broken off after the first bytes


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

    It answers with its own ``page``, or puts ``headers`` in the place of those of the same name, or hands a body on
    with a ``pause`` of that many seconds before each byte.
    """

    page: Page | None = None
    headers: dict[str, str] = field(default_factory=dict)
    pause: float = 0.0


@dataclass
class Network:
    """What lies between machine and cloud.

    A name that is absent does not exist. ``silent_zones`` are those for which the resolver gets no answer.
    ``certificates`` are by host name or ``*.`` pattern, ``devices`` by host name, ``routes`` by address (default
    open). ``egress`` is the address that services see.
    """

    names: dict[str, Name]
    certificates: dict[str, Certificate]
    egress: str
    silent_zones: set[str] = field(default_factory=set)
    routes: dict[str, Route] = field(default_factory=dict)
    devices: dict[str, Device] = field(default_factory=dict)

    @property
    def addresses(self) -> tuple[str, ...]:
        """Every address that a name leads to."""
        return tuple(dict.fromkeys(address for name in self.names.values() for address in name.addresses))

    def host_at(self, address: str) -> str:
        """Return the first name of an address, or the address where none is left."""
        return next((host for host, name in self.names.items() if address in name.addresses), address)

    def route_all(self, host: str, route: Route) -> None:
        """Set what happens on the way to a host, for all its addresses."""
        self.routes |= dict.fromkeys(self.names[host].addresses, route)

    def certificate_for(self, host: str) -> Certificate:
        """Return what a client that asks for this host is shown; for an unknown one, any certificate there is."""
        pattern = f"*.{host.partition('.')[2]}"
        any_other = next(iter(self.certificates.values()))
        return self.certificates.get(host) or self.certificates.get(pattern) or any_other


@dataclass
class Workplace:
    """The machine: its environment, and by how many seconds its clock is wrong."""

    environ: dict[str, str]
    clock_offset: float = 0.0


@dataclass
class World:
    """Everything there is."""

    cloud: Cloud
    network: Network
    machine: Workplace
