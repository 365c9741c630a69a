"""The table of authentication methods: how each is named, what it reads from the environment, what gives it away.

A method is one row.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from pytest_acrauth.model.credential import Kind
from pytest_acrauth.model.target import Flow, Identity


class BadAuth(ValueError):
    """An identity that cannot be used as asked; the text names the option or variable and what to do."""


class Method(NamedTuple):
    """One way to authenticate: its option value, its flow, its variables behind a prefix, the kind it declares.

    ``optional`` are variables it reads where they are set. ``signs`` are those that only this method is meant by: one
    of them without the rest is worth a note.
    """

    name: str
    flow: Flow
    prefix: str
    variables: tuple[str, ...]
    declares: Kind | None
    detected: bool
    summary: str
    optional: tuple[str, ...] = ()
    signs: tuple[str, ...] = ()


_PAIR = ("USERNAME", "PASSWORD")
_APPLICATION = ("TENANT_ID", "CLIENT_ID")

#: In the order in which ``default`` looks; only rows marked ``detected`` are looked for.
METHODS = (
    Method(
        "basic",
        Flow.BASIC,
        "ACR",
        _PAIR,
        None,
        True,
        "user name and password; the user name tells the kind",
        signs=_PAIR,
    ),
    Method("admin", Flow.BASIC, "ACR", _PAIR, Kind.ADMIN, False, "the registry's admin user"),
    Method("scope-map-token", Flow.BASIC, "ACR", _PAIR, Kind.SCOPE_MAP_TOKEN, False, "a scope-map token's password"),
    Method(
        "workload-identity",
        Flow.ENTRA,
        "AZURE",
        (*_APPLICATION, "FEDERATED_TOKEN_FILE"),
        Kind.SERVICE_PRINCIPAL,
        True,
        "a federated token in a file, as Kubernetes and CI systems provide it, through Entra",
        signs=("FEDERATED_TOKEN_FILE",),
    ),
    Method(
        "service-principal",
        Flow.ENTRA,
        "AZURE",
        (*_APPLICATION, "CLIENT_SECRET"),
        Kind.SERVICE_PRINCIPAL,
        True,
        "a service principal's client secret, through Entra",
        signs=(*_APPLICATION, "CLIENT_SECRET"),
    ),
    Method(
        "service-principal-certificate",
        Flow.ENTRA,
        "AZURE",
        (*_APPLICATION, "CLIENT_CERTIFICATE_PATH"),
        Kind.SERVICE_PRINCIPAL,
        True,
        "a service principal's certificate with its private key (PEM or PKCS #12), through Entra",
        optional=("CLIENT_CERTIFICATE_PASSWORD",),
        signs=("CLIENT_CERTIFICATE_PATH",),
    ),
    Method(
        "managed-identity",
        Flow.ENTRA,
        "AZURE",
        (),
        Kind.MANAGED_IDENTITY,
        True,
        "the identity of the Azure host this runs on; a client id chooses a user-assigned one",
        optional=("CLIENT_ID",),
    ),
    Method(
        "azure-cli",
        Flow.ENTRA,
        "AZURE",
        (),
        Kind.USER,
        True,
        "whoever is signed in with az on this machine",
        optional=("TENANT_ID",),
    ),
    Method(
        "docker-config", Flow.BASIC, "", (), None, True, "what docker login stored for the registry on this machine"
    ),
    Method("anonymous", Flow.ANONYMOUS, "", (), Kind.ANONYMOUS, False, "no credential at all"),
)
DEFAULT = "default"
CHOICES = (DEFAULT, *(method.name for method in METHODS))


def method_named(name: str) -> Method:
    """Return a method's row. Raises `BadAuth` naming the choices."""
    for method in METHODS:
        if method.name == name:
            return method
    raise BadAuth(f"unknown auth method {name!r}; choose one of {', '.join(CHOICES)}")


def identity_of(method: Method, prefix: str | None = None) -> Identity:
    """Return the identity of a method under its own name, with its usual prefix or another one."""
    return Identity(method.name, method.name, method.flow, method.prefix if prefix is None else prefix)


def variables(identity: Identity) -> tuple[str, ...]:
    """Return the environment variables an identity needs."""
    return tuple(f"{identity.prefix}_{suffix}" for suffix in method_named(identity.method).variables)


def missing(identity: Identity, environ: Mapping[str, str]) -> list[str]:
    """Return the variables an identity needs that are not set, or empty."""
    return [name for name in variables(identity) if not environ.get(name)]
