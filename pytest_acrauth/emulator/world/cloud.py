"""Azure as plain data: subscriptions, registries, the Entra directory, roles and who holds them, the clock."""

from __future__ import annotations

import ipaddress
import time
import uuid
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property

from pytest_acrauth.emulator.world.content import Repository
from pytest_acrauth.emulator.world.directory import Application, Password, Principal, Rules, User
from pytest_acrauth.emulator.world.jobs import Job
from pytest_acrauth.emulator.world.roles import BUILT_IN, Role, matches
from pytest_acrauth.emulator.world.tokens import Signer

DAY = 86400.0
MINUTE = 60.0
AUTHORITY = "login.microsoftonline.com"
ARM = "management.azure.com"
GRAPH = "graph.microsoft.com"
SUBSCRIPTION = "5b1d7a70-31c4-4d0e-8f5a-2f7f3a0c9e11"
GROUP = "rg-registries"
#: Where networks are, and the private endpoints in them.
NETWORKS = "rg-network"
# Documented as "up to ten minutes" and "a few minutes"; neither is promised.
_ROLE_PROPAGATION = 10 * MINUTE
_RULE_PROPAGATION = 5 * MINUTE
# Documented as "around 60 seconds".
_PASSWORD_PROPAGATION = MINUTE
_SUFFIX = ".azurecr.io"
#: By this id a deny assignment names everybody.
EVERYBODY = "00000000-0000-0000-0000-000000000000"


@dataclass
class Subscription:
    """What resources are billed to; its tenant decides whose tokens ARM accepts for them."""

    id: str
    name: str
    tenant_id: str
    state: str = "Enabled"


@dataclass
class ScopeMap:
    """What a scope-map token may do, in ARM's words: ``repositories/team/app/content/read``, a name may be ``*``.

    ``modified`` is when it was last changed; for minutes after, ``actions_before`` (None: the same) still apply.
    """

    name: str
    actions: list[str]
    system: bool = False
    created: float = 0.0
    modified: float = 0.0
    actions_before: list[str] | None = None

    def in_force(self, now: float, *, caught_up: bool = False) -> list[str]:
        """Return what the token servers go by."""
        before = None if caught_up else self.actions_before
        return self.actions if before is None or now >= self.modified + _RULE_PROPAGATION else before


@dataclass
class ScopeMapToken:
    """A registry's own named credential with up to two passwords."""

    name: str
    scope_map: str
    passwords: list[Password]
    enabled: bool = True
    created: float = 0.0

    def current(self, now: float, *, caught_up: bool = False) -> list[str]:
        """Return the passwords that the token servers go by: a new one reaches them after a minute, or already has."""
        travel = 0.0 if caught_up else _PASSWORD_PROPAGATION
        return [each.value for each in self.passwords if each.valid(now) and now >= each.starts + travel]


@dataclass
class PrivateEndpoint:
    """A registry's addresses in somebody's network, which lead to it once its owner approved them.

    ``address`` is the login server's, ``data_address`` its data endpoint's, '' for none.
    """

    name: str
    address: str
    status: str = "Approved"
    data_address: str = ""
    subscription_id: str = SUBSCRIPTION

    @property
    def group_id(self) -> str:
        """The resource id of the group that it lies in."""
        return f"/subscriptions/{self.subscription_id}/resourceGroups/{NETWORKS}"

    @property
    def resource_id(self) -> str:
        return f"{self.group_id}/providers/Microsoft.Network/privateEndpoints/{self.name}"

    @property
    def interface_id(self) -> str:
        """The resource id of its network interface, which holds the addresses."""
        return f"{self.group_id}/providers/Microsoft.Network/networkInterfaces/{self.name}.nic"


@dataclass
class CacheRule:
    """A rule by which a registry fills a repository from another registry, which has ``upstream``.

    ``credentials`` is the name of the credential set by which it asks there ('' for none), ``healthy`` whether that
    works.
    """

    name: str
    source: str
    upstream: Repository
    credentials: str = ""
    healthy: bool = True


@dataclass
class Registry:
    """One registry as ARM describes it, with what it stores.

    What arrives at its private endpoints passes the firewall.
    ``scope_hash`` is what a domain name label scope puts behind its name in host names.
    ``firewall_at_challenge`` tells whether ``/v2/`` refuses a caller too, or only what comes after it; both are seen.
    ``failing`` is a registry whose service is in trouble, and says so. ``key_lost`` is one that is encrypted with a key
    of its owner's, and whose identity for reading that key was taken away and has ended since.
    ``login_throttled`` and ``reads_throttled`` tell that the allowance of requests for its tokens, or of reading
    requests, is used up, ``full`` that its storage is. ``silence`` is for how many seconds the first asks callers then.
    ``modified`` is when it was last changed; for minutes after, ``ip_rules_before`` (None: the same) and
    ``anonymous_pull_before`` still apply. ``caught_up`` tells that its servers go by what roles, scope maps, passwords
    and anonymous pull are by now, however young a change of these is.
    ``quarantine`` holds back what its repositories list as quarantined.
    ``trusted_services`` tells whether services of Azure's, its own artifact cache among them, pass the firewall.
    ``regional_endpoints`` tells whether each region has a login server of its own.
    ``replicas`` are the regions it is in beside its own, ``nearest`` the one in which this network's requests arrive
    ('' for its own), where the blobs of ``on_their_way`` are not yet.
    """

    name: str
    location: str
    tenant_id: str
    subscription_id: str = SUBSCRIPTION
    resource_group: str = GROUP
    scope_hash: str = ""
    sku: str = "Premium"
    tags: dict[str, str] = field(default_factory=dict)
    created: float = 0.0
    modified: float = 0.0
    admin_enabled: bool = False
    admin_passwords: tuple[str, str] = ("", "")
    anonymous_pull: bool = False
    anonymous_pull_before: bool | None = None
    quarantine: bool = False
    public_network_access: bool = True
    default_action: str = "Allow"
    ip_rules: list[str] = field(default_factory=list)
    ip_rules_before: list[str] | None = None
    trusted_services: bool = True
    cache_rules: list[CacheRule] = field(default_factory=list)
    private_endpoints: list[PrivateEndpoint] = field(default_factory=list)
    firewall_at_challenge: bool = False
    abac: bool = False
    arm_audience_accepted: bool = True
    data_endpoint_enabled: bool = False
    regional_endpoints: bool = False
    replicas: list[str] = field(default_factory=list)
    nearest: str = ""
    on_their_way: set[str] = field(default_factory=set)
    login_throttled: bool = False
    silence: int = 27
    caught_up: bool = False
    reads_throttled: bool = False
    full: bool = False
    failing: bool = False
    key_lost: bool = False
    repositories: dict[str, Repository] = field(default_factory=dict)
    scope_maps: dict[str, ScopeMap] = field(default_factory=dict)
    tokens: dict[str, ScopeMapToken] = field(default_factory=dict)

    @property
    def label(self) -> str:
        """The first word of its host names, by which it is the only one."""
        return f"{self.name}-{self.scope_hash}" if self.scope_hash else self.name

    @property
    def login_server(self) -> str:
        return self.label + _SUFFIX

    @property
    def data_endpoint(self) -> str:
        """The dedicated data endpoint's host name in its own region, in use only when it is enabled."""
        return self.data_endpoint_in(self.location)

    @property
    def data_endpoints(self) -> list[str]:
        """The host names of its dedicated data endpoints, its own region's first."""
        return [self.data_endpoint_in(region) for region in (self.location, *self.replicas)]

    @property
    def regional_hosts(self) -> list[str]:
        """The host names of its regional endpoints, its own region's first; none where they are not enabled."""
        regions = (self.location, *self.replicas) if self.regional_endpoints else ()
        return [f"{self.label}.{region}.geo{_SUFFIX}" for region in regions]

    @property
    def login_servers(self) -> list[str]:
        """Every host name that it answers at."""
        return [self.login_server, *self.regional_hosts]

    def data_endpoint_in(self, region: str) -> str:
        return f"{self.label}.{region}.data{_SUFFIX}"

    def fill(self, name: str) -> None:
        """Let the artifact cache fill a repository that is asked for, where a rule says so and it can."""
        closed = not self.public_network_access or self.default_action == "Deny"
        for rule in self.cache_rules:
            if rule.upstream.name == name and rule.healthy and (self.trusted_services or not closed):
                self.repositories.setdefault(name, rule.upstream.copy())

    @property
    def resource_id(self) -> str:
        group = f"/subscriptions/{self.subscription_id}/resourceGroups/{self.resource_group}"
        return f"{group}/providers/Microsoft.ContainerRegistry/registries/{self.name}"

    @property
    def container(self) -> str:
        """The storage container its blobs live in."""
        return uuid.uuid5(uuid.NAMESPACE_DNS, self.login_server).hex

    def open_to_all(self, now: float) -> bool:
        """Whether callers without a credential may pull."""
        before = None if self.caught_up else self.anonymous_pull_before
        return self.anonymous_pull if before is None or now >= self.modified + _RULE_PROPAGATION else before

    def admits(self, address: str, arrived_at: str, now: float) -> bool:
        """Whether the firewall lets in a caller with this egress address, who came to ``arrived_at``."""
        if any(arrived_at == each.address and each.status == "Approved" for each in self.private_endpoints):
            return True
        if not self.public_network_access:
            return False
        rules = self.ip_rules
        if self.ip_rules_before is not None and now < self.modified + _RULE_PROPAGATION:
            rules = self.ip_rules_before
        caller = ipaddress.ip_address(address)
        return self.default_action == "Allow" or any(caller in ipaddress.ip_network(rule) for rule in rules)


@dataclass(frozen=True)
class RoleAssignment:
    """A role given to a principal (object id) on a resource id and everything below it, under a condition if any."""

    principal_id: str
    role: str
    scope: str
    condition: str = ""
    created: float = 0.0

    @property
    def id(self) -> str:
        """Its own resource id, the same for as long as nothing of it changes."""
        name = uuid.uuid5(uuid.NAMESPACE_OID, f"{self.principal_id} {self.role} {self.scope} {self.condition}")
        return f"{self.scope}/providers/Microsoft.Authorization/roleAssignments/{name}"

    def reaches(self, resource_id: str) -> bool:
        """Whether a resource is what it was given on, or below."""
        return self.place in upwards(resource_id)

    @cached_property
    def place(self) -> str:
        """What it was given on, in the one spelling in which places are compared."""
        return self.scope.lower().rstrip("/")


@dataclass(frozen=True)
class DenyAssignment:
    """What is taken from some principals (object ids, or everybody's) and not from others, whatever their roles.

    It holds at its scope, and below unless ``below`` is False.
    """

    name: str
    scope: str
    principals: tuple[str, ...]
    excluded: tuple[str, ...] = ()
    actions: tuple[str, ...] = ()
    not_actions: tuple[str, ...] = ()
    data_actions: tuple[str, ...] = ()
    not_data_actions: tuple[str, ...] = ()
    below: bool = True

    def takes(self, right: str, resource_id: str, *, data: bool = False) -> bool:
        """Whether it takes a right on a resource from those that it is for."""
        place = self.scope.lower().rstrip("/")
        if place != resource_id.lower() and not (self.below and place in upwards(resource_id)):
            return False
        denied, spared = (self.data_actions, self.not_data_actions) if data else (self.actions, self.not_actions)
        return matches(right, denied) and not matches(right, spared)


def upwards(resource_id: str) -> Iterator[str]:
    """Yield the places at which a role reaches a resource: itself, then one after the other what it lies in."""
    place = resource_id.lower().rstrip("/")
    while place:
        yield place
        place = place.rpartition("/")[0]
    yield ""


@dataclass
class Cloud:
    """Azure: its subscriptions, registries, Entra tenants and applications, who holds which role.

    ``registries`` are by their labels. ``clock`` is the services'. ``blobs_admit`` tells whether the storage behind
    the registries admits this network. ``directory_readers`` are the object ids that may
    read the directory through Graph, ``groups`` the members of groups, both by object id. ``assertion_issuers`` are
    those whose keys Entra can fetch, ``rules`` its tenants', and ``looping`` the applications that asked it too often;
    ``used_up`` are the object ids whose allowance of requests to ARM is. ``paged`` tells whether lists come in pages of
    one, behind an empty one.
    ``jobs`` are those of CI systems that can be asked for id tokens, by the host where. ``elsewhere`` is the Entra of
    another cloud.
    """

    registries: dict[str, Registry]
    subscriptions: dict[str, Subscription]
    tenants: set[str]
    applications: dict[str, Application]
    assignments: list[RoleAssignment]
    blob_host: str
    users: list[User] = field(default_factory=list)
    groups: dict[str, set[str]] = field(default_factory=dict)
    directory_readers: set[str] = field(default_factory=set)
    custom_roles: dict[str, Role] = field(default_factory=dict)
    denials: list[DenyAssignment] = field(default_factory=list)
    blobs_admit: bool = True
    assertion_issuers: dict[str, Signer] = field(default_factory=dict)
    jobs: dict[str, Job] = field(default_factory=dict)
    rules: Rules = field(default_factory=Rules)
    looping: set[str] = field(default_factory=set)
    used_up: set[str] = field(default_factory=set)
    paged: bool = False
    entra: Signer = field(default_factory=Signer)
    elsewhere: Signer = field(default_factory=Signer)
    token_server: Signer = field(default_factory=Signer)
    clock: Callable[[], float] = time.time
    _indexed: list[RoleAssignment] = field(default_factory=list, init=False, repr=False)
    _held: dict[tuple[str, str], list[RoleAssignment]] = field(default_factory=dict, init=False, repr=False)

    def now(self) -> float:
        """Return the services' time, seconds since the epoch."""
        return self.clock()

    def registry_at(self, host: str) -> Registry | None:
        """Return the registry with this login server, which can be that of one of its regions."""
        found = self.registries.get(host.partition(".")[0])
        return found if found is not None and host in found.login_servers else None

    def stores_at(self, host: str) -> bool:
        """Whether blobs are read from a host: the shared one, or a registry's dedicated data endpoint."""
        found = self.registries.get(host.partition(".")[0])
        return host == self.blob_host or (found is not None and host in found.data_endpoints)

    @property
    def roles(self) -> dict[str, Role]:
        """Every role definition there is, by name."""
        return BUILT_IN | self.custom_roles

    def _known_as(self, object_id: str) -> set[str]:
        """Return the object ids to which a role is given where it is given to a principal: its own, its groups'."""
        return {object_id, *(group for group, members in self.groups.items() if object_id in members)}

    def assigned(self, object_id: str) -> Iterable[RoleAssignment]:
        """Return the assignments of a principal, its groups' included."""
        held = self._known_as(object_id)
        return (assignment for assignment in self.assignments if assignment.principal_id in held)

    def reaching(self, object_id: str, resource_id: str) -> Iterator[RoleAssignment]:
        """Yield what a principal holds on a resource, then what it holds above; its groups' included."""
        # The list may have changed in any way. To compare it is quick, to go through it for every request is not.
        if self._indexed != self.assignments:
            self._indexed, self._held = list(self.assignments), {}
            for each in self._indexed:
                self._held.setdefault((each.principal_id, each.place), []).append(each)
        holders, held = self._known_as(object_id), self._held
        return (each for place in upwards(resource_id) for holder in holders for each in held.get((holder, place), ()))

    def denied(self, object_id: str, right: str, resource_id: str, *, data: bool = False) -> bool:
        """Whether a deny assignment takes a right on a resource from a principal."""
        known = {*self._known_as(object_id), EVERYBODY}
        return any(
            each.takes(right, resource_id, data=data)
            for each in self.denials
            if known & set(each.principals) and not known & set(each.excluded)
        )

    def in_force(self, assignment: RoleAssignment) -> bool:
        """Whether the registries' token servers know of an assignment already; ARM knows at once."""
        return self.now() >= assignment.created + _ROLE_PROPAGATION

    def may(self, object_id: str, action: str, scope: str) -> bool:
        """Whether a principal may do something on the management plane."""
        roles = self.roles
        allowed = any(roles[assignment.role].allows(action) for assignment in self.reaching(object_id, scope))
        return allowed and not self.denied(object_id, action, scope)

    def principal(self, application: Application, tenant: str) -> Principal:
        """Return an application's service principal in a tenant. Raises KeyError where it has none."""
        found = application.principals[tenant]
        return Principal(found, tenant, application.client_id, resource_id=application.resource_id)
