"""What may be shown of a credential: its kind, whose it is, and the shape of its secret; never the secret."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from pytest_acrauth.model.observation import RefreshClaims
from pytest_acrauth.model.target import GUID, NULL_GUID


class Kind(StrEnum):
    """What a credential is; Basic ones are told by their user name, as docs/how-to/authentication.md lists."""

    SERVICE_PRINCIPAL = "service principal"
    MANAGED_IDENTITY = "managed identity"
    USER = "user"
    STORED = "stored login"  # its credential helper has not told what it is
    ADMIN = "admin user"
    SCOPE_MAP_TOKEN = "scope-map token"  # noqa: S105 - the name of a kind
    REFRESH_TOKEN = "refresh token"  # noqa: S105 - the name of a kind
    ANONYMOUS = "anonymous"
    UNREAD = "credential that was not read"


class SecretShape(StrEnum):
    """What a secret looks like, without telling it: a JWT says who issued it."""

    NONE = "none"
    OPAQUE = "opaque"
    ACR_REFRESH_TOKEN = "ACR refresh token"  # noqa: S105 - the name of a shape
    ACR_ACCESS_TOKEN = "ACR access token"  # noqa: S105 - the name of a shape
    ENTRA_TOKEN = "Entra token"  # noqa: S105 - the name of a shape
    OTHER_JWT = "JWT of another issuer"
    CERTIFICATE = "certificate"
    ASSERTION = "federated token"
    REQUEST_TOKEN = "request token of a CI job"  # noqa: S105 - the name of a shape


@dataclass(frozen=True, slots=True, kw_only=True)
class CredentialFacts:
    """What may be shown of the credential used. ``declared`` tells whether the method fixed the kind.

    ``source`` is where it was read, if not from variables: a file, a program, a variable that names an endpoint.
    ``variables`` are those of the environment that it was read from.
    ``also`` are the other methods that the environment holds a credential for. ``secret_expires`` is in seconds since
    the epoch. ``login`` is what a refresh token says that is used as a password, None for any other secret.
    """

    kind: Kind
    declared: bool = False
    user_name: str = ""
    client_id: str = ""
    tenant_id: str = ""
    secret: SecretShape = SecretShape.NONE
    secret_audience: str = ""
    secret_expires: float | None = None
    login: RefreshClaims | None = None
    source: str = ""
    variables: tuple[str, ...] = ()
    also: tuple[str, ...] = ()


def kind_of_user(name: str, registry: str) -> Kind:
    """Return what a user name tells of a Basic credential for a registry of this name."""
    if name == NULL_GUID:
        return Kind.REFRESH_TOKEN
    if GUID.fullmatch(name):
        return Kind.SERVICE_PRINCIPAL
    return Kind.ADMIN if name.lower() == registry.lower() else Kind.SCOPE_MAP_TOKEN
