"""The table of authentication methods: how each is named, what it reads from the environment, how it is detected.

A method is one row. Nothing here contacts anything.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from pytest_acrauth.observation import CredentialFacts, Kind, SecretShape
from pytest_acrauth.secret import Secret, Secrets
from pytest_acrauth.target import GUID, NULL_GUID, BadName, Flow, Identity, Registry
from pytest_acrauth.tokens import claims, expiry_of, shape_of, text_of


class BadAuth(ValueError):
    """An identity that cannot be used as asked; the text names the option or variable and what to do."""


class Method(NamedTuple):
    """One way to authenticate: its option value, its flow, its variables behind a prefix, the kind it declares."""

    name: str
    flow: Flow
    prefix: str
    variables: tuple[str, ...]
    declares: Kind | None
    detected: bool
    summary: str


_PAIR = ("USERNAME", "PASSWORD")

#: In the order in which ``default`` looks; only rows marked ``detected`` are looked for.
METHODS = (
    Method("basic", Flow.BASIC, "ACR", _PAIR, None, True, "user name and password; the user name tells the kind"),
    Method("admin", Flow.BASIC, "ACR", _PAIR, Kind.ADMIN, False, "the registry's admin user"),
    Method("scope-map-token", Flow.BASIC, "ACR", _PAIR, Kind.SCOPE_MAP_TOKEN, False, "a scope-map token's password"),
    Method(
        "service-principal",
        Flow.ENTRA,
        "AZURE",
        ("TENANT_ID", "CLIENT_ID", "CLIENT_SECRET"),
        Kind.SERVICE_PRINCIPAL,
        True,
        "a service principal's client secret, through Entra",
    ),
    Method("anonymous", Flow.ANONYMOUS, "", (), Kind.ANONYMOUS, False, "no credential at all"),
)
DEFAULT = "default"
CHOICES = (DEFAULT, *(method.name for method in METHODS))

_SPEC = re.compile(r"(?:(?P<name>[A-Za-z0-9][A-Za-z0-9._-]*)=)?(?P<method>[^:=]+)(?::(?P<prefix>.*))?")
_PREFIX = re.compile(r"[A-Z][A-Z0-9_]*")


def method_named(name: str) -> Method:
    """Return a method's row. Raises `BadAuth` naming the choices."""
    for method in METHODS:
        if method.name == name:
            return method
    raise BadAuth(f"unknown auth method {name!r}; choose one of {', '.join(CHOICES)}")


@dataclass(frozen=True, slots=True)
class Chosen:
    """An identity that was chosen, and what else was seen on the way: lines for the header."""

    identity: Identity
    notes: tuple[str, ...] = ()


def choose(specs: Sequence[str], environ: Mapping[str, str]) -> tuple[Chosen, ...]:
    """Turn ``[NAME=]METHOD[:PREFIX]`` texts into identities whose variables are all set.

    Raises `BadAuth` for an unknown method, a bad prefix, two equal names, missing variables, or a ``default`` that
    finds nothing.
    """
    chosen: list[Chosen] = []
    for spec in specs:
        match = _SPEC.fullmatch(spec.strip())
        if match is None:
            raise BadAuth(f"{spec!r} is not [NAME=]METHOD[:PREFIX]; methods are {', '.join(CHOICES)}")
        found = _detect(environ) if match["method"] == DEFAULT else Chosen(_identity(match["method"], match["prefix"]))
        if match["method"] == DEFAULT and match["prefix"] is not None:
            raise BadAuth(f"{spec!r}: {DEFAULT} looks in fixed places and takes no prefix; name a method instead")
        identity = found.identity
        _require(identity, environ)
        name = match["name"] or identity.name
        chosen.append(Chosen(Identity(name, identity.method, identity.flow, identity.prefix), found.notes))
    names = [each.identity.name for each in chosen]
    for name in names:
        if names.count(name) > 1:
            raise BadAuth(f"two identities are called {name!r}: name them apart, NAME=METHOD[:PREFIX]")
    return tuple(chosen)


def _identity(name: str, prefix: str | None = None) -> Identity:
    method = method_named(name)
    if prefix is not None:
        if not method.variables:
            raise BadAuth(f"{name} reads no variables and takes no prefix")
        if not _PREFIX.fullmatch(prefix):
            raise BadAuth(f"{prefix!r} is no prefix of environment variables: capitals, digits and '_', as in ACR_CI")
    return Identity(name, name, method.flow, method.prefix if prefix is None else prefix)


def variables(identity: Identity) -> tuple[str, ...]:
    """Return the environment variables an identity reads."""
    return tuple(f"{identity.prefix}_{suffix}" for suffix in method_named(identity.method).variables)


def _missing(identity: Identity, environ: Mapping[str, str]) -> list[str]:
    return [name for name in variables(identity) if not environ.get(name)]


def _require(identity: Identity, environ: Mapping[str, str]) -> None:
    if missing := _missing(identity, environ):
        raise BadAuth(f"{identity.method} needs the environment variables {', '.join(missing)}; set and export them")


def _detect(environ: Mapping[str, str]) -> Chosen:
    found: list[Identity] = []
    notes: list[str] = []
    for method in METHODS:
        if not method.detected:
            continue
        identity = _identity(method.name)
        missing = _missing(identity, environ)
        if not missing:
            found.append(identity)
        elif len(missing) < len(method.variables) and any(environ.get(name) for name in variables(identity)):
            notes.append(f"incomplete {method.name}: {', '.join(missing)} not set")
    if not found:
        looked = "; ".join(
            f"{method.name} ({', '.join(f'{method.prefix}_{suffix}' for suffix in method.variables)})"
            for method in METHODS
            if method.detected
        )
        more = f" Seen: {'; '.join(notes)}." if notes else ""
        raise BadAuth(
            f"no credential found. Looked for: {looked}.{more} "
            "Set one of them, or say --acr-auth anonymous to check without a credential"
        )
    return Chosen(found[0], (*notes, *(f"also found and ignored: {other.method}" for other in found[1:])))


def pair(
    registries: Sequence[Registry], chosen: Iterable[Chosen], environ: Mapping[str, str]
) -> tuple[tuple[Registry, Identity], ...]:
    """Return which identity is used at which registry, in the order given.

    A password belongs to one registry and is never sent to another: with several registries a Basic identity must
    say which is its own, in the variable ``<PREFIX>_REGISTRY``. Raises `BadAuth` where that is missing or unknown, or
    where a registry is left without an identity.
    """
    pairs: list[tuple[Registry, Identity]] = []
    for identity in (each.identity for each in chosen):
        own = registries
        if identity.flow is Flow.BASIC and len(registries) > 1:
            own = [_own_registry(identity, registries, environ)]
        pairs += [(registry, identity) for registry in own]
    for registry in registries:
        if all(registry != taken for taken, _ in pairs):
            raise BadAuth(f"no identity is left for {registry.login_server}: add an --acr-auth for it")
    return tuple(pairs)


def _own_registry(identity: Identity, registries: Sequence[Registry], environ: Mapping[str, str]) -> Registry:
    variable = f"{identity.prefix}_REGISTRY"
    pair_names = " and ".join(variables(identity))
    named = environ.get(variable, "") if identity.prefix != method_named(identity.method).prefix else ""
    if not named:
        raise BadAuth(
            f"{pair_names} serve exactly one registry, and {len(registries)} are configured: one registry's "
            "password is never sent to another. Give each registry a named identity, for example "
            f"--acr-auth puller={identity.method}:ACR_PULLER, with ACR_PULLER_USERNAME, ACR_PULLER_PASSWORD and "
            "ACR_PULLER_REGISTRY (the registry it belongs to)"
        )
    try:
        wanted = Registry.parse(named)
    except BadName as error:
        raise BadAuth(f"{variable}: {error}") from error
    for registry in registries:
        if wanted.login_server == registry.login_server:
            return registry
    known = ", ".join(registry.login_server for registry in registries)
    raise BadAuth(f"{variable} names {named!r}, which is none of the registries under test: {known}")


@dataclass(frozen=True, slots=True)
class Credential:
    """An identity's credential, ready to be sent: the showable facts, and the secret (None for anonymous)."""

    facts: CredentialFacts
    user: str = ""
    secret: Secret | None = None


def credential(identity: Identity, registry: Registry, environ: Mapping[str, str], secrets: Secrets) -> Credential:
    """Read an identity's credential from the environment and register its secret. Raises `BadAuth` if it is gone."""
    _require(identity, environ)
    method = method_named(identity.method)
    if identity.flow is Flow.ANONYMOUS:
        return Credential(CredentialFacts(kind=Kind.ANONYMOUS, declared=True))
    if identity.flow is Flow.ENTRA:
        tenant, client, _ = (environ[name] for name in variables(identity))
        facts = CredentialFacts(
            kind=Kind.SERVICE_PRINCIPAL,
            declared=True,
            client_id=client,
            tenant_id=tenant,
            secret=SecretShape.OPAQUE,
        )
        return Credential(facts, client, secrets.add(environ[variables(identity)[-1]], user=client))
    user, password = (environ[name] for name in variables(identity))
    kind = method.declares or _kind_of(user, registry)
    found = claims(password) or {}
    facts = CredentialFacts(
        kind=kind,
        declared=method.declares is not None,
        user_name=user,
        client_id=user if kind is Kind.SERVICE_PRINCIPAL else "",
        secret=shape_of(password),
        secret_audience=text_of(found, "aud"),
        secret_expires=expiry_of(found),
    )
    return Credential(facts, user, secrets.add(password, user=user))


def _kind_of(user: str, registry: Registry) -> Kind:
    if user == NULL_GUID:
        return Kind.REFRESH_TOKEN
    if GUID.fullmatch(user):
        return Kind.SERVICE_PRINCIPAL
    return Kind.ADMIN if user.lower() == registry.name else Kind.SCOPE_MAP_TOKEN
