"""An identity's credential, read from the environment and from the files its variables name.

Nothing here contacts anything or runs anything.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import urlsplit

from pytest_acrauth.auth.certificates import BadCertificate, read_certificate
from pytest_acrauth.auth.detection import METADATA_SECRETS, METADATA_SIGNS, azure_login, look, metadata_source
from pytest_acrauth.auth.docker_config import config_path, stored_login
from pytest_acrauth.auth.methods import BadAuth, method_named, missing, variables
from pytest_acrauth.model.claims import claims, expiry_of, shape_of, text_of
from pytest_acrauth.model.credential import CredentialFacts, Kind, SecretShape
from pytest_acrauth.model.observation import Trouble
from pytest_acrauth.model.secret import Secret, Secrets
from pytest_acrauth.model.target import GUID, NULL_GUID, Flow, Identity, Registry

_LARGEST = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Credential:
    """An identity's credential: the showable facts, and what is sent.

    ``secret`` is None where there is none to send, or where it is got later: from Entra, or from the credential
    helper that ``helper`` names. ``trouble`` and ``text`` tell why the helper gave none.
    """

    facts: CredentialFacts
    user: str = ""
    secret: Secret | None = None
    helper: str = ""
    trouble: Trouble | None = None
    text: str = ""


def credential(identity: Identity, registry: Registry, environ: Mapping[str, str], secrets: Secrets) -> Credential:
    """Read an identity's credential from the environment and register its secret. Raises `BadAuth` if it is gone."""
    own = _read(identity, registry, environ, secrets)
    others = [found.identity.method for found in look(environ, [registry])[0]]
    also = tuple(method for method in others if not _same(identity, method))
    return replace(own, facts=replace(own.facts, also=also))


def _same(identity: Identity, found: str) -> bool:
    """Whether a method that was found reads the very variables of this identity."""
    mine, other = method_named(identity.method), method_named(found)
    if identity.prefix != other.prefix:
        return False
    return mine.name == other.name or (bool(mine.variables) and mine.variables == other.variables)


def _read(identity: Identity, registry: Registry, environ: Mapping[str, str], secrets: Secrets) -> Credential:
    _require_variables(identity, environ)
    match identity.flow:
        case Flow.ANONYMOUS:
            return Credential(CredentialFacts(kind=Kind.ANONYMOUS, declared=True))
        case Flow.ENTRA:
            return _of_entra(identity, environ, secrets)
    if identity.method == "docker-config":
        return _of_docker(registry, environ, secrets)
    user, password = (environ[name] for name in variables(identity))
    return login_with(user, password, registry, secrets, kind=method_named(identity.method).declares)


def login_with(
    user: str, password: str, registry: Registry, secrets: Secrets, *, kind: Kind | None = None, source: str = ""
) -> Credential:
    """Return the credential of a user name and a password; without a declared kind the user name tells it."""
    found = claims(password) or {}
    told = kind or _kind_of(user, registry)
    facts = CredentialFacts(
        kind=told,
        declared=kind is not None,
        user_name=user,
        client_id=user if told is Kind.SERVICE_PRINCIPAL else "",
        secret=shape_of(password),
        secret_audience=text_of(found, "aud"),
        secret_expires=expiry_of(found),
        source=source,
    )
    return Credential(facts, user, secrets.add(password, user=user))


def _of_docker(registry: Registry, environ: Mapping[str, str], secrets: Secrets) -> Credential:
    stored = stored_login(environ, registry.login_server)
    if stored is None:
        raise nothing_stored([registry], environ)
    if stored.secret is None:
        source = f"{stored.helper}, named in {stored.path}"
        return Credential(CredentialFacts(kind=Kind.STORED, source=source), helper=stored.helper)
    return login_with(stored.user, stored.secret.reveal(), registry, secrets, source=stored.path)


def _of_entra(identity: Identity, environ: Mapping[str, str], secrets: Secrets) -> Credential:
    method = method_named(identity.method)
    values = {
        suffix: environ.get(f"{identity.prefix}_{suffix}", "") for suffix in (*method.variables, *method.optional)
    }
    client = values.get("CLIENT_ID", "")
    facts = CredentialFacts(
        kind=method.declares or Kind.SERVICE_PRINCIPAL,
        declared=True,
        client_id=client,
        tenant_id=values.get("TENANT_ID", ""),
    )
    match identity.method:
        case "service-principal":
            facts = replace(facts, secret=SecretShape.OPAQUE)
            return Credential(facts, client, secrets.add(values["CLIENT_SECRET"], user=client))
        case "service-principal-certificate":
            secrets.add(values["CLIENT_CERTIFICATE_PASSWORD"])
            expires = _certificate_expiry(identity, environ)
            facts = replace(facts, secret=SecretShape.CERTIFICATE, secret_expires=expires)
        case "workload-identity":
            found = claims(secrets.add(_assertion(identity, environ)).reveal()) or {}
            audience = text_of(found, "aud")
            facts = replace(
                facts, secret=SecretShape.ASSERTION, secret_audience=audience, secret_expires=expiry_of(found)
            )
        case "managed-identity":
            for name in METADATA_SECRETS:
                secrets.add(environ.get(name, ""))
            facts = replace(facts, source=metadata_source(environ))
        case "azure-cli":
            login = azure_login(environ)
            if login is not None:
                tenant = facts.tenant_id or login.tenant_id
                facts = replace(facts, kind=login.kind, client_id=login.client_id, tenant_id=tenant, source=login.path)
    return Credential(facts, client)


def _kind_of(user: str, registry: Registry) -> Kind:
    if user == NULL_GUID:
        return Kind.REFRESH_TOKEN
    if GUID.fullmatch(user):
        return Kind.SERVICE_PRINCIPAL
    return Kind.ADMIN if user.lower() == registry.name else Kind.SCOPE_MAP_TOKEN


def require(identity: Identity, environ: Mapping[str, str]) -> None:
    """Raise `BadAuth` where an identity's variables are not set, or name files that cannot be used."""
    _require_variables(identity, environ)
    if identity.method == "service-principal-certificate":
        _certificate_expiry(identity, environ)
    elif identity.method == "workload-identity":
        _assertion(identity, environ)


def _require_variables(identity: Identity, environ: Mapping[str, str]) -> None:
    if lacking := missing(identity, environ):
        raise BadAuth(f"{identity.method} needs the environment variables {', '.join(lacking)}; set and export them")
    if identity.method == "managed-identity":
        for name in METADATA_SIGNS:
            if environ.get(name) and not _is_address(environ[name]):
                raise BadAuth(f"{name} is {environ[name]!r}, which is no http address")


def _is_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


def _content(variable: str, environ: Mapping[str, str]) -> bytes:
    try:
        with Path(environ[variable]).open("rb") as file:
            return file.read(_LARGEST)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "that is no path"
        raise BadAuth(f"{variable}: cannot read {environ[variable]!r}: {reason}") from error


def _certificate_expiry(identity: Identity, environ: Mapping[str, str]) -> float:
    variable = f"{identity.prefix}_CLIENT_CERTIFICATE_PATH"
    password = environ.get(f"{identity.prefix}_CLIENT_CERTIFICATE_PASSWORD", "")
    try:
        return read_certificate(_content(variable, environ), password).expires
    except BadCertificate as error:
        raise BadAuth(f"{variable}: cannot use {environ[variable]!r}: {error}") from error


def _assertion(identity: Identity, environ: Mapping[str, str]) -> str:
    variable = f"{identity.prefix}_FEDERATED_TOKEN_FILE"
    assertion = _content(variable, environ).decode("utf-8", "replace").strip()
    if not assertion:
        raise BadAuth(f"{variable}: {environ[variable]!r} is empty")
    return assertion


def nothing_stored(registries: Sequence[Registry], environ: Mapping[str, str]) -> BadAuth:
    """Return what to raise where the docker config holds no login for any of the registries."""
    names = ", ".join(registry.login_server for registry in registries)
    where = config_path(environ) or "DOCKER_CONFIG and HOME, which are not set,"
    return BadAuth(f"docker-config: {where} holds no login for {names}; run docker login, or choose another method")
