"""What was looked up to tell causes apart: read-only looks at the management plane, Entra, Graph and DNS.

Each look is a value with who looked, or why nobody could. "Could not look" is never "fine". Nothing here is a secret.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Generic, NamedTuple, TypeVar

T = TypeVar("T")


class Need(StrEnum):
    """The looks there are, each the name of its field in `Evidence`."""

    REGISTRY = "registry"
    ENDPOINT_ADDRESSES = "endpoint_addresses"
    REPLICAS = "replicas"
    SCOPE_MAP_TOKEN = "scope_map_token"  # noqa: S105 - the name of a look
    SCOPE_MAP = "scope_map"
    ROLES = "roles"
    APPLICATION = "application"
    FEDERATED = "federated"
    ENTRA_DIRECT = "entra_direct"
    CACHE = "cache"
    TENANT = "tenant"
    NAMES = "names"


AUTO = "auto"
OFF = "off"


class EvidenceChoice(NamedTuple):
    """Who may be asked to look, and where.

    ``method`` is ``auto`` (the identity under test if it is an Entra one, else the Azure login that the environment
    already has), ``off``, or an Entra method, whose variables are behind ``prefix`` (default: the method's own).
    ``subscription`` and ``resource_group`` narrow where a registry is looked for.
    """

    method: str = AUTO
    prefix: str = ""
    subscription: str = ""
    resource_group: str = ""


class Look(NamedTuple, Generic[T]):
    """One look: the value and who looked, or no value and why.

    A value with a ``why`` does not tell everything: it says why the rest is missing.
    """

    value: T | None = None
    who: str = ""
    why: str = ""


class PrivateEndpoint(NamedTuple):
    """One private endpoint connection of a registry, and the resource id of the endpoint, '' where it was not told.

    ``status`` is Approved, Pending, Rejected or Disconnected: only an approved one carries traffic.
    """

    name: str
    status: str
    endpoint: str = ""


class EndpointAddresses(NamedTuple):
    """The addresses that a private endpoint (its resource id) has in its network."""

    endpoint: str
    addresses: tuple[str, ...]


class NameFacts(NamedTuple):
    """What the machine's resolver knows beside the login server's name.

    ``public`` tells whether it knows any of the cloud's own public names, None where it only failed. ``elsewhere`` are
    the login servers of a registry of the same name in other clouds.
    """

    public: bool | None
    elsewhere: tuple[str, ...] = ()


class CacheRule(NamedTuple):
    """One rule by which a registry fills repositories from another registry, as that and its own are named.

    ``unhealthy`` tells that the credentials it uses do not work, by the registry's own word; None where it uses none,
    or that was not told.
    """

    name: str
    source: str
    target: str
    credentials: str = ""
    unhealthy: bool | None = None


class RegistryFacts(NamedTuple):
    """The registry's own record in ARM. ``found`` is False where no such registry is readable.

    ``readable`` is False where ARM answered that the asker may not read it (AuthorizationFailed), which says nothing
    about whether it exists. ``name_free`` tells whether nobody has the name, where that was asked; ``all_readable``
    whether the asker may read every registry of the subscription in which this one was said to be
    (``subscription_id``), so that what is not found there is not there. ``bypass`` names who passes its network rules.
    ``created`` is when the registry was made, ``modified`` when its record last changed (ISO 8601). ``regional_hosts``
    are the hosts of its regional endpoints, read where one of them was asked. None or '' stands for a property that the
    answer did not hold.
    """

    found: bool
    readable: bool = True
    subscription_id: str = ""
    resource_id: str = ""
    login_server: str = ""
    admin_user_enabled: bool | None = None
    anonymous_pull_enabled: bool | None = None
    public_network_access: str = ""
    default_action: str = ""
    bypass: str = ""
    ip_rules: tuple[str, ...] = ()
    role_assignment_mode: str = ""
    arm_audience: str = ""
    data_endpoint_enabled: bool | None = None
    data_hosts: tuple[str, ...] = ()
    private_endpoints: tuple[PrivateEndpoint, ...] = ()
    quarantine: str = ""
    location: str = ""
    created: str = ""
    modified: str = ""
    regional_hosts: tuple[str, ...] | None = None
    name_free: bool | None = None
    all_readable: bool = False

    def is_namesake(self, host: str) -> bool:
        """Whether it is the record of another registry than the one with this login server.

        Two can have one name, where one of them has a hash in its login server.
        """
        return self.login_server not in {"", host}


class PasswordFacts(NamedTuple):
    """One of a scope-map token's two passwords: its name and dates (ISO 8601, '' for none)."""

    name: str
    created: str = ""
    expiry: str = ""


class ScopeMapTokenFacts(NamedTuple):
    """A scope-map token's record in ARM; ``found`` is False where there is no token of that name.

    ``name`` is how ARM spells it, which itself tells no capitals from small letters. ``created`` is when it was made
    (ISO 8601).
    """

    found: bool
    enabled: bool = False
    scope_map: str = ""
    passwords: tuple[PasswordFacts, ...] = ()
    name: str = ""
    created: str = ""


class ScopeMapFacts(NamedTuple):
    """A scope map's actions, such as ``repositories/team/app/content/read``, and when it was changed (ISO 8601)."""

    found: bool
    name: str = ""
    actions: tuple[str, ...] = ()
    modified: str = ""


class RoleAssignment(NamedTuple):
    """One role assignment that reaches the registry, or something below it: its role, scope, condition and age.

    ``created`` is when it was made, ``changed`` when it or its custom role was changed last (ISO 8601, '' where that
    was not told). ``holder`` is the object id that holds it: the principal's own, or a group's. ``custom`` tells
    whether the role is none of Azure's own, ``readable`` whether what the role allows could be read.
    """

    role: str
    role_id: str
    scope: str
    actions: tuple[str, ...] = ()
    not_actions: tuple[str, ...] = ()
    data_actions: tuple[str, ...] = ()
    not_data_actions: tuple[str, ...] = ()
    condition: str = ""
    condition_version: str = ""
    created: str = ""
    changed: str = ""
    holder: str = ""
    custom: bool = False
    readable: bool = True


class Named(NamedTuple):
    """Whom a denial names: an object id, and whether it is a group's."""

    object_id: str
    group: bool = False


class Denial(NamedTuple):
    """One deny assignment at the registry or above: what it denies, to whom, and where.

    ``principals`` has `EVERYBODY` where it is for all; ``excluded`` are spared. ``below`` tells whether it holds below
    its scope, too.
    """

    name: str
    scope: str
    principals: tuple[Named, ...] = ()
    excluded: tuple[Named, ...] = ()
    actions: tuple[str, ...] = ()
    not_actions: tuple[str, ...] = ()
    data_actions: tuple[str, ...] = ()
    not_data_actions: tuple[str, ...] = ()
    condition: str = ""
    below: bool = True


#: By this object id a denial names everybody
#: (https://learn.microsoft.com/azure/role-based-access-control/deny-assignments).
EVERYBODY = "00000000-0000-0000-0000-000000000000"


class RoleFacts(NamedTuple):
    """What roles a principal holds on the registry, groups and parents included, and what is denied there.

    ``whole`` tells whether these are all of its roles. ``denials`` are of anybody; None where they were not readable.
    """

    principal_id: str
    assignments: tuple[RoleAssignment, ...] = ()
    denials: tuple[Denial, ...] | None = None
    whole: bool = True


class SecretFacts(NamedTuple):
    """The dates of one client secret or certificate of an application (ISO 8601, '' for none), and what it is called.

    ``thumbprints`` are a certificate's, in small hexadecimal digits. ``held`` tells whether a secret begins as the one
    does that the identity under test holds, None where that is not known.
    """

    start: str = ""
    end: str = ""
    name: str = ""
    key_id: str = ""
    thumbprints: tuple[str, ...] = ()
    held: bool | None = None


class ApplicationFacts(NamedTuple):
    """An application and its service principal in Graph; ``found`` is False where the tenant has none of the latter.

    ``secrets`` and ``certificates`` are those of both. ``home`` tells whether the application itself, and so its own
    credentials, could be read in this tenant.
    """

    found: bool
    enabled: bool | None = None
    object_id: str = ""
    secrets: tuple[SecretFacts, ...] = ()
    certificates: tuple[SecretFacts, ...] = ()
    home: bool = True


class FederatedFacts(NamedTuple):
    """One federated credential of an application: whose tokens it takes. A flexible one has no ``subject``."""

    issuer: str = ""
    subject: str = ""
    audiences: tuple[str, ...] = ()


class EntraFacts(NamedTuple):
    """What Entra itself says of a service principal's secret that was sent as Basic credentials.

    ``tenant_id`` is the tenant it was asked in, ``object_id`` the principal's, where a token was issued.
    """

    issued: bool
    codes: tuple[int, ...] = ()
    tenant_id: str = ""
    object_id: str = ""


class Evidence(NamedTuple):
    """All looks of one climb; None is a look that was not needed or not asked.

    ``endpoint_addresses`` has an entry for each private endpoint of the registry whose addresses were readable,
    ``replicas`` the regions that the registry is in, its home among them.
    """

    registry: Look[RegistryFacts] | None = None
    endpoint_addresses: Look[tuple[EndpointAddresses, ...]] | None = None
    replicas: Look[tuple[str, ...]] | None = None
    cache: Look[tuple[CacheRule, ...]] | None = None
    scope_map_token: Look[ScopeMapTokenFacts] | None = None
    scope_map: Look[ScopeMapFacts] | None = None
    roles: Look[RoleFacts] | None = None
    application: Look[ApplicationFacts] | None = None
    federated: Look[tuple[FederatedFacts, ...]] | None = None
    entra_direct: Look[EntraFacts] | None = None
    tenant: Look[str] | None = None
    names: Look[NameFacts] | None = None
