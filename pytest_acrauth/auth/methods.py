"""The table of authentication methods: how each is named, what it reads, what gives it away, who it is for.

A method is one row here, one function in `pytest_acrauth.probes.entra.methods` if it is one of the Entra flow, and
one in `pytest_acrauth.emulator.scenarios.variants`. Nothing else asks for a method's name.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from types import MappingProxyType

from pytest_acrauth.auth import (
    azure_cli,
    basic,
    docker_login,
    federation,
    jobs,
    managed_identity,
    pull_secret,
    service_principal,
)
from pytest_acrauth.auth.shape import BadAuth, Credential, Evidence, Method, Variables
from pytest_acrauth.model.credential import CredentialFacts, Kind
from pytest_acrauth.model.secret import Secrets
from pytest_acrauth.model.target import Flow, Identity, Registry


def _anonymous(_variables: Variables, _registry: Registry, _secrets: Secrets) -> Credential:
    return Credential(CredentialFacts(kind=Kind.ANONYMOUS, declared=True))


_AZURE = service_principal.PREFIX
_APPLICATION = service_principal.APPLICATION
_pair = partial(
    Method,
    flow=Flow.BASIC,
    prefix=basic.PREFIX,
    variables=basic.PAIR,
    serves=basic.only_its_registry,
)

#: In the order in which ``default`` looks; only rows marked ``detected`` are looked for.
METHODS = (
    _pair(
        name="basic",
        summary="user name and password; the user name tells the kind",
        signs=basic.PAIR,
        detected=True,
        read=basic.read_pair,
    ),
    _pair(
        name="admin",
        summary="the registry's admin user",
        read=partial(basic.read_pair, kind=Kind.ADMIN),
    ),
    _pair(
        name="scope-map-token",
        summary="a scope-map token's password",
        read=partial(basic.read_pair, kind=Kind.SCOPE_MAP_TOKEN),
    ),
    Method(
        name="workload-identity",
        flow=Flow.ENTRA,
        summary="a federated token, in a file as Kubernetes provides it or as it is as in GitLab, through Entra",
        prefix=_AZURE,
        variables=_APPLICATION,
        either=(federation.FILE, federation.TOKEN),
        signs=(federation.FILE, federation.TOKEN),
        detected=True,
        read=federation.read_assertion,
        check=federation.check_assertion,
        evidence=Evidence(turn=3, called="workload identity {principal}"),
    ),
    Method(
        name="github-actions",
        flow=Flow.ENTRA,
        summary="the id token of a job of GitHub Actions that has permissions: id-token: write, through Entra",
        prefix=_AZURE,
        variables=_APPLICATION,
        given=jobs.ACTIONS_GIVEN,
        job=jobs.ACTIONS,
        signs=_APPLICATION,
        detected=True,
        read=partial(jobs.read_request_token, name=jobs.ACTIONS_GIVEN[1]),
        check=partial(jobs.check_address, name=jobs.ACTIONS_GIVEN[0]),
        evidence=Evidence(turn=4, called="the job's identity {principal}"),
    ),
    Method(
        name="azure-pipelines",
        flow=Flow.ENTRA,
        summary="the id token that a job of Azure Pipelines gets for a service connection, through Entra",
        prefix=jobs.PIPELINES_PREFIX,
        variables=(*_APPLICATION, jobs.CONNECTION),
        given=jobs.PIPELINES_GIVEN,
        job=jobs.PIPELINES,
        signs=(*_APPLICATION, jobs.CONNECTION),
        detected=True,
        read=partial(jobs.read_request_token, name=jobs.PIPELINES_GIVEN[1]),
        check=partial(jobs.check_address, name=jobs.PIPELINES_GIVEN[0]),
        evidence=Evidence(turn=5, called="the service connection's identity {principal}"),
    ),
    Method(
        name="service-principal",
        flow=Flow.ENTRA,
        summary="a service principal's client secret, through Entra",
        prefix=_AZURE,
        variables=(*_APPLICATION, service_principal.SECRET),
        signs=(*_APPLICATION, service_principal.SECRET),
        detected=True,
        read=service_principal.read_secret,
        evidence=Evidence(turn=1, called="service principal {principal}"),
    ),
    Method(
        name="service-principal-certificate",
        flow=Flow.ENTRA,
        summary="a service principal's certificate with its private key (PEM or PKCS #12), through Entra",
        prefix=_AZURE,
        variables=(*_APPLICATION, service_principal.CERTIFICATE),
        optional=(service_principal.CERTIFICATE_PASSWORD,),
        signs=(service_principal.CERTIFICATE,),
        detected=True,
        read=service_principal.read_certificate,
        check=service_principal.check_certificate,
        evidence=Evidence(turn=2, called="service principal {principal}"),
    ),
    Method(
        name="managed-identity",
        flow=Flow.ENTRA,
        summary="the identity of the Azure host this runs on; a client id chooses a user-assigned one",
        prefix=_AZURE,
        optional=("CLIENT_ID",),
        detected=True,
        place=managed_identity.HOST,
        read=managed_identity.read_host,
        check=managed_identity.check_endpoints,
        evidence=Evidence(turn=6, called="managed identity {principal}"),
    ),
    Method(
        name="azure-cli",
        flow=Flow.ENTRA,
        summary="whoever is signed in with az on this machine",
        prefix=_AZURE,
        optional=("TENANT_ID",),
        detected=True,
        place=azure_cli.PROFILE,
        read=azure_cli.read_login,
        evidence=Evidence(turn=7, called="the login of azure-cli", has_home=True),
    ),
    Method(
        name="docker-config",
        flow=Flow.BASIC,
        summary="what docker login stored for the registry on this machine; with a prefix, a Kubernetes pull secret",
        prefixed=(pull_secret.FILE,),
        detected=True,
        place=docker_login.CONFIG,
        read=docker_login.read_stored,
        check=docker_login.check_stored,
        serves=docker_login.find_registries,
    ),
    Method(name="anonymous", flow=Flow.ANONYMOUS, summary="no credential at all", read=_anonymous),
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


def variables(identity: Identity, environ: Mapping[str, str] = MappingProxyType({})) -> tuple[str, ...]:
    """Return the environment variables an identity needs; of those of which it needs one, the first that is set."""
    return tuple(next((name for name in names if environ.get(name)), names[0]) for names in needed(identity))


def needed(identity: Identity) -> tuple[tuple[str, ...], ...]:
    """Return the environment variables an identity needs, each with those that can stand in its place."""
    method = method_named(identity.method)
    prefixed = method.prefixed if identity.prefix else ()
    alone = [(f"{identity.prefix}_{suffix}",) for suffix in (*method.variables, *prefixed)]
    either = tuple(f"{identity.prefix}_{suffix}" for suffix in method.either)
    return (*alone, *([either] if either else []), *((name,) for name in method.given))


def missing(identity: Identity, environ: Mapping[str, str]) -> list[str]:
    """Return the variables an identity needs that are not set, or empty."""
    return [" or ".join(names) for names in needed(identity) if not any(map(environ.get, names))]
