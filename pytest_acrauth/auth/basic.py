"""User name and password from variables: how the pair is read, what the user name tells, whose registry it is for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pytest_acrauth.auth.shape import BadAuth, Credential, Variables
from pytest_acrauth.model.claims import claims, expiry_of, refresh_claims, shape_of, text_of
from pytest_acrauth.model.credential import CredentialFacts, Kind, SecretShape, kind_of_user
from pytest_acrauth.model.secret import Secret, Secrets
from pytest_acrauth.model.target import BadName, Identity, Registry

PREFIX = "ACR"
PAIR = ("USERNAME", "PASSWORD")


def read_pair(variables: Variables, registry: Registry, secrets: Secrets, *, kind: Kind | None = None) -> Credential:
    """Read the two variables; a method that declares the ``kind`` is believed, whatever the user name looks like."""
    name, password = PAIR
    return login_with(variables.value(name), Secret(variables.value(password)), registry, secrets, kind=kind)


def login_with(
    user: str, password: Secret, registry: Registry, secrets: Secrets, *, kind: Kind | None = None, source: str = ""
) -> Credential:
    """Return the credential of a user name and a password; without a declared kind the user name tells it."""
    secrets.add(password, user=user)
    found = claims(password) or {}
    shape = shape_of(password)
    told = kind or kind_of_user(user, registry.name)
    facts = CredentialFacts(
        kind=told,
        declared=kind is not None,
        user_name=secrets.clean(user, 200),
        client_id=user if told is Kind.SERVICE_PRINCIPAL else "",
        secret=shape,
        secret_audience=text_of(found, secrets, "aud"),
        secret_expires=expiry_of(found),
        login=refresh_claims(password, secrets) if shape is SecretShape.ACR_REFRESH_TOKEN else None,
        source=source,
    )
    return Credential(facts, user, password)


def only_its_registry(
    identity: Identity, registries: Sequence[Registry], environ: Mapping[str, str]
) -> Sequence[Registry]:
    """Return the one registry that a password belongs to: the only one, else the one of ``<PREFIX>_REGISTRY``.

    A password is never sent to another registry. Raises `BadAuth` where the variable is missing, or names none of
    the registries.
    """
    if len(registries) < 2:
        return registries
    variables = Variables(identity.prefix, environ)
    named = variables.value("REGISTRY") if identity.prefix != PREFIX else ""
    if not named:
        raise BadAuth(
            f"{' and '.join(map(variables.name, PAIR))} serve exactly one registry, and {len(registries)} are "
            "configured: one registry's password is never sent to another. Give each registry a named identity, for "
            f"example --acr-auth puller={identity.method}:ACR_PULLER, with ACR_PULLER_USERNAME, ACR_PULLER_PASSWORD "
            "and ACR_PULLER_REGISTRY (the registry it belongs to)"
        )
    try:
        wanted = Registry.parse(named)
    except BadName as error:
        raise BadAuth(f"{variables.name('REGISTRY')}: {error}") from error
    for registry in registries:
        if wanted.login_server == registry.login_server:
            return (registry,)
    known = ", ".join(registry.login_server for registry in registries)
    raise BadAuth(f"{variables.name('REGISTRY')} names {named!r}, which is none of the registries under test: {known}")
