"""What a climb records: one frozen, secret-free observation per stage, collected in a `Transcript`.

Observations hold facts under their own names. They conclude nothing beyond their own ``ok``, hold no secret, and
convert to JSON and back. Every ``elapsed`` is in seconds, every ``expires`` in seconds since the epoch.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple, Protocol
from urllib.parse import urlsplit

from pytest_acrauth.model.machine import Resolution, Resolved
from pytest_acrauth.model.target import global_endpoint

# One resource, in two spellings: as credentials name it, and as the id of its application in Entra's own tokens
# (https://learn.microsoft.com/entra/workload-id/workload-identity-federation-config-app-trust-managed-identity).
_EXCHANGE, _EXCHANGE_ID = "api://AzureADTokenExchange", "fb60f99c-7a34-4190-8149-302f77469936"


class Trouble(StrEnum):
    """Why a wait or a connection ended without a usable answer."""

    TIMEOUT = "timeout"  # the peer's own limit
    OUT_OF_TIME = "out of time"  # the climb's limit
    REFUSED = "refused"
    UNREACHABLE = "unreachable"
    RESET = "reset"
    CLOSED = "closed"
    CERTIFICATE = "certificate"
    TLS = "tls"
    MALFORMED = "malformed"  # bytes that are no HTTP, or no body that the protocol allows
    TOO_LARGE = "too large"
    NAME = "name"  # the host name was not resolved
    PROXY = "proxy"  # the proxy refused or broke the tunnel
    WITHHELD = "withheld"  # the request was not sent, because its destination may not have what it carries
    UNAVAILABLE = (
        "unavailable"  # what the method needs on this machine gave no credential: a program, a metadata service
    )


class Observation(Protocol):
    """What every stage's record has in common."""

    @property
    def ok(self) -> bool:
        """Whether the stage passed."""

    @property
    def elapsed(self) -> float:
        """Seconds spent in the stage."""


class NotObserved(NamedTuple):
    """A stage that was passed without being seen, and why: not a failure. ``elapsed`` is in seconds."""

    reason: str
    elapsed: float = 0.0

    @property
    def ok(self) -> bool:
        return True


@dataclass(frozen=True, slots=True, kw_only=True)
class Dns:
    """The look-up of a host name, ``elapsed`` in seconds.

    ``trouble`` is TIMEOUT or OUT_OF_TIME where the resolver never answered.
    """

    host: str
    resolution: Resolution | None
    trouble: Trouble | None = None
    elapsed: float = 0.0

    @property
    def ok(self) -> bool:
        return self.resolution is not None and self.resolution.outcome is Resolved.FOUND


class Attempt(NamedTuple):
    """One try to connect to one address; ``trouble`` is None for the one that succeeded."""

    address: str
    trouble: Trouble | None = None
    text: str = ""


class Tunnel(NamedTuple):
    """What became of the wish for a way through a proxy: whether it was connected to, and what it answered.

    ``proxy`` is its name and port, without a user. ``status`` is that of its answer to CONNECT (RFC 9110, 9.3.6), None
    where none came.
    """

    proxy: str
    connected: bool = False
    status: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Tcp:
    """The connection to a host, ``elapsed`` in seconds: the addresses tried, in order, up to one that answered.

    Where the way leads through a proxy, ``tunnel`` says how far it came, and the addresses are the proxy's.
    """

    host: str
    port: int
    attempts: tuple[Attempt, ...]
    tunnel: Tunnel | None = None
    elapsed: float = 0.0

    @property
    def ok(self) -> bool:
        return bool(self.attempts) and self.attempts[-1].trouble is None

    @property
    def trouble(self) -> Trouble | None:
        """What kept every address away, the most telling first; None when one answered."""
        if self.ok:
            return None
        seen = {attempt.trouble for attempt in self.attempts}
        telling = (
            *(Trouble.PROXY, Trouble.NAME, Trouble.MALFORMED, Trouble.REFUSED, Trouble.RESET, Trouble.CLOSED),
            *(Trouble.TIMEOUT, Trouble.UNREACHABLE),
        )
        return next((trouble for trouble in telling if trouble in seen), Trouble.OUT_OF_TIME)


class Certificate(NamedTuple):
    """What the peer's certificate says of itself. Dates are ISO 8601, UTC."""

    subject: str
    issuer: str
    names: tuple[str, ...]
    not_before: str
    not_after: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Tls:
    """The handshake, ``elapsed`` in seconds. ``trust`` says who decided.

    ``verify_code`` is OpenSSL's: 10 expired, 18 to 21 issuer, 62 name
    (https://docs.openssl.org/master/man3/X509_STORE_CTX_get_error/).
    """

    host: str
    trust: str
    trouble: Trouble | None = None
    verify_code: int | None = None
    text: str = ""
    version: str = ""
    certificate: Certificate | None = None
    elapsed: float = 0.0

    @property
    def ok(self) -> bool:
        return self.trouble is None


class Connection(NamedTuple):
    """The way to one host: its look-up, connection and handshake; a part is None where it was not reached or seen.

    ``proxy`` names the proxy the way leads through, which then does the look-up and the connection.
    """

    host: str
    proxy: str = ""
    dns: Dns | None = None
    tcp: Tcp | None = None
    tls: Tls | None = None

    @property
    def broken(self) -> Dns | Tcp | Tls | None:
        """The part that failed, if one did."""
        return next((part for part in (self.dns, self.tcp, self.tls) if part is not None and not part.ok), None)

    @property
    def elapsed(self) -> float:
        """The seconds that its parts took together."""
        return sum(part.elapsed for part in (self.dns, self.tcp, self.tls) if part is not None)


class Reply(NamedTuple):
    """One HTTP answer, reduced to what may be evidence; texts are bounded, cleaned and free of secrets.

    ``url`` has no query. ``code``, ``message`` and ``detail`` are the first entry of the registry's ``errors`` list.
    ``body`` is the beginning of a body that was no such list. ``from_registry`` says whether a header was there that
    only the registry sends: its absence on a refusal suggests that something between spoke.
    """

    method: str
    url: str
    status: int
    code: str = ""
    message: str = ""
    detail: str = ""
    body: str = ""
    content_type: str = ""
    server: str = ""
    authenticate: str = ""
    location_host: str = ""
    correlation_id: str = ""
    retry_after: str = ""
    date: str = ""
    from_registry: bool = False

    @property
    def words(self) -> str:
        """What the peer said, in one line: the error's code and message, else the beginning of the body."""
        return " ".join(part for part in (self.code, self.message) if part) or self.body


class HeldBack(NamedTuple):
    """For how many seconds requests to a host waited, because it had asked for silence (429 with Retry-After)."""

    host: str
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """What the stages that send a request share: the answer, or why there is none; ``elapsed`` is in seconds.

    ``connection`` is the way to a host that only this stage goes to, or, at the login server, one that was opened for
    this very request and broke.
    """

    reply: Reply | None = None
    trouble: Trouble | None = None
    text: str = ""
    connection: Connection | None = None
    elapsed: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Challenge(Answered):
    """The answer to ``GET /v2/`` without credentials, and the parts of its challenge (RFC 6750, section 3)."""

    host: str
    scheme: str = ""
    realm: str = ""
    service: str = ""

    @property
    def realm_is_own(self) -> bool:
        """Whether the realm is https on the very login server: the only place credentials may go.

        A regional endpoint is its registry's own as much as the global one; which of them its challenge names is not
        documented.
        """
        try:
            realm = urlsplit(self.realm)
        except ValueError:  # an address that cannot be read leads nowhere
            return False
        own = {self.host, global_endpoint(self.host)}
        return realm.scheme == "https" and realm.netloc.lower().removesuffix(":443") in own

    @property
    def ok(self) -> bool:
        asked = self.reply is not None and self.reply.status == 401  # the healthy answer
        return asked and self.scheme == "bearer" and bool(self.service) and self.realm_is_own


class EntraClaims(NamedTuple):
    """What an Entra token says of the principal; all empty where it could not be read.

    ``expires`` is in seconds since the epoch.
    """

    audience: str = ""
    object_id: str = ""
    client_id: str = ""
    tenant_id: str = ""
    expires: float | None = None


class Assertion(NamedTuple):
    """What a federated token says that was shown to Entra instead of a secret; all empty where it is no JWT.

    ``expires`` is in seconds since the epoch.
    """

    issuer: str = ""
    subject: str = ""
    audience: str = ""
    expires: float | None = None

    @property
    def named_audience(self) -> str:
        """The audience as a federated credential names it: tokens of Entra itself have its application's id there."""
        return _EXCHANGE if self.audience == _EXCHANGE_ID else self.audience


@dataclass(frozen=True, slots=True, kw_only=True)
class Entra(Answered):
    """The request for an Entra token, ACR audience. ``codes`` are the AADSTS numbers, most telling first.

    ``assertion`` is the federated token that was shown, None where the identity has none or it could not be read.
    """

    authority: str
    tenant_id: str
    client_id: str
    error: str = ""
    codes: tuple[int, ...] = ()
    trace_id: str = ""
    issued: bool = False
    claims: EntraClaims | None = None
    assertion: Assertion | None = None

    @property
    def ok(self) -> bool:
        return self.issued


class RefreshClaims(NamedTuple):
    """What a refresh token says: RBAC registries put the caller's actions in, ABAC registries an ``aad_identity``.

    ``expires`` and ``issued`` are in seconds since the epoch. ``subject`` is whose it is: a person's is the name they
    sign in by.
    """

    permissions: tuple[str, ...] = ()
    aad_identity: bool = False
    expires: float | None = None
    issued: float | None = None
    subject: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange(Answered):
    """The exchange of the Entra token for a refresh token; ``claims`` is None where the token could not be read."""

    issued: bool = False
    claims: RefreshClaims | None = None

    @property
    def ok(self) -> bool:
        return self.issued


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessToken(Answered):
    """The request for an access token. Without a ``scope`` it is asked as docker login does, and proves no right.

    ``granted`` are the actions the issued token holds on the repository, or None where it could not be read.
    ``must_alone`` tells that the first request, for must and must-not together, was refused, and each asked by itself.
    """

    scope: str = ""
    must: tuple[str, ...] = ()
    must_not: tuple[str, ...] = ()
    must_alone: bool = False
    issued: bool = False
    granted: tuple[str, ...] | None = None

    @property
    def missing(self) -> tuple[str, ...]:
        """Actions that must be held and that the token does not grant; pull is left to the operation if unreadable."""
        if not self.scope or not self.issued:
            return ()
        held = {"pull"} if self.granted is None else set(self.granted)
        return tuple(action for action in self.must if action not in held and "*" not in held)

    @property
    def excess(self) -> tuple[str, ...]:
        """Actions that must not be held and that the token grants."""
        held = set(self.granted or ())
        return tuple(action for action in self.must_not if action in held or "*" in held)

    @property
    def unjudged(self) -> bool:
        """Whether rights were to be judged that an unreadable token keeps to itself."""
        return bool(self.issued and self.scope and self.granted is None and self.must_not)

    @property
    def ok(self) -> bool:
        return self.issued and not (self.missing or self.excess or self.unjudged)


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation(Answered):
    """The reading of the manifest (of an index: this platform's, else the first). ``blob`` is the layer to try next."""

    media_type: str = ""
    digest: str = ""
    blob: str = ""

    @property
    def ok(self) -> bool:
        return bool(self.blob)


@dataclass(frozen=True, slots=True, kw_only=True)
class Data(Answered):
    """The reading of a layer's first bytes: the login server's answer, and the host it redirects to, if it does.

    ``reply`` is the last answer there was. ``refused`` says why a redirect was not followed. ``received`` is in bytes.
    ``signed_until`` is when the signature of the redirect's address ends (seconds since the epoch), None where it does
    not tell.
    """

    redirect: str = ""
    refused: str = ""
    signed_until: float | None = None
    received: int = 0

    @property
    def ok(self) -> bool:
        return self.received > 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload(Answered):
    """The beginning of an upload, which proves the right to push and leaves nothing behind.

    ``opened`` tells whether the registry named a session for it. ``left_open`` says why that was not cancelled, '' if
    it was: it then ends by itself, in the registry's own time.
    """

    opened: bool = False
    left_open: str = ""

    @property
    def ok(self) -> bool:
        return self.opened
