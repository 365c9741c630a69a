"""The Entra directory of a world: applications and managed identities with what proves them, and users."""

from __future__ import annotations

import base64
import hashlib
import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from typing import Self

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

# Documented as "a few minutes"; not promised.
DIRECTORY_PROPAGATION = 5 * 60.0


@dataclass
class Password:
    """A secret with its dates, seconds since the epoch; ``ends`` is None where it never expires.

    ``name`` is what an application's secret is called; ``hinted`` tells whether Graph shows how it begins.
    """

    value: str
    starts: float = 0.0
    ends: float | None = None
    name: str = "ci"
    hinted: bool = True

    def valid(self, now: float) -> bool:
        """Whether the dates allow its use."""
        return self.starts <= now and (self.ends is None or now < self.ends)

    @property
    def key_id(self) -> str:
        """The id by which a directory names it."""
        return str(uuid.uuid5(uuid.NAMESPACE_OID, self.value))


@dataclass
class ClientCertificate:
    """A certificate registered on an application: its public part, as PEM.

    ``until`` is when its registration ends, where that is before its own end.
    """

    pem: str
    until: float | None = None

    def __deepcopy__(self, _memo: object) -> Self:
        """Return itself, which nothing changes; not every release of what parsed it can copy that."""
        return self

    @cached_property
    def parsed(self) -> x509.Certificate:
        """The certificate itself. Raises ValueError for text that is none."""
        return x509.load_pem_x509_certificate(self.pem.encode())

    @property
    def starts(self) -> float:
        return self.parsed.not_valid_before_utc.timestamp()

    @property
    def ends(self) -> float:
        own = self.parsed.not_valid_after_utc.timestamp()
        return own if self.until is None else min(own, self.until)

    def thumbprint(self, algorithm: str) -> bytes:
        """Return the digest of the certificate that names it: sha1 or sha256."""
        return hashlib.new(algorithm, self.parsed.public_bytes(Encoding.DER)).digest()

    @property
    def key_id(self) -> str:
        """The id by which a directory names it."""
        return str(uuid.UUID(bytes=self.thumbprint("sha256")[:16]))

    @property
    def identifier(self) -> str:
        """What Graph shows as ``customKeyIdentifier``."""
        return base64.b64encode(self.thumbprint("sha1")).decode()


@dataclass(frozen=True)
class FederatedCredential:
    """Whose assertions an application accepts instead of a secret; ``created`` is in seconds since the epoch."""

    issuer: str
    subject: str
    audience: str = "api://AzureADTokenExchange"
    created: float = 0.0


@dataclass
class Application:
    """An Entra application; ``principals`` maps each tenant it lives in to its service principal's object id.

    ``secrets`` are the application object's own, ``principal_secrets`` those of its service principals. ``changed`` is
    when it was last enabled or disabled. A managed identity is one too: ``resource_id`` is then its ARM id, for a
    system-assigned one its machine's. ``registered`` is the tenant of an application that has no service principal in
    its own.
    """

    client_id: str
    secrets: list[Password]
    principals: dict[str, str]
    enabled: bool = True
    name: str = "registry-ci"
    certificates: list[ClientCertificate] = field(default_factory=list)
    federated: list[FederatedCredential] = field(default_factory=list)
    resource_id: str = ""
    principal_secrets: list[Password] = field(default_factory=list)
    changed: float = 0.0
    registered: str = ""

    @property
    def object_id(self) -> str:
        """The application object's own id, which is none of its service principals'."""
        return str(uuid.uuid5(uuid.NAMESPACE_OID, self.client_id))

    @property
    def all_secrets(self) -> list[Password]:
        """Every secret that proves it."""
        return [*self.secrets, *self.principal_secrets]

    def admitted(self, now: float) -> bool:
        """Whether tokens are issued to it: what the directory says, once that is known everywhere."""
        return self.enabled is not (now < self.changed + DIRECTORY_PROPAGATION)

    @property
    def home(self) -> str | None:
        """The tenant that holds the application object: the first it came to live in."""
        return self.registered or next(iter(self.principals), None)


@dataclass(frozen=True)
class User:
    """A person's account in a tenant; ``idle`` is for how many seconds the login that is stored was not used."""

    name: str
    object_id: str
    tenant_id: str
    enabled: bool = True
    at_risk: bool = False
    idle: float = 0.0


@dataclass
class Rules:
    """What a tenant asks before it issues a token, by the audience of that token.

    ``absent`` are the audiences whose application the tenant lacks, ``assigned_only`` those whose application admits
    callers that are assigned to it, and here are none. Of people it can want a second factor, which none has given, or
    not admit them from here. ``enterprises`` are the organisations to whose members it limits an issuer's assertions.
    """

    absent: set[str] = field(default_factory=set)
    assigned_only: set[str] = field(default_factory=set)
    second_factor: set[str] = field(default_factory=set)
    closed_from_here: set[str] = field(default_factory=set)
    enterprises: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Principal:
    """Whoever a token is issued to: ``client`` is what ARM calls it by, an application's id or a user's name."""

    object_id: str
    tenant_id: str
    client: str
    user: bool = False
    resource_id: str = ""


def moment(seconds: float) -> str:
    """Return a time as Graph writes it."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
