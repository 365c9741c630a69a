"""Managed identities: by which variables an Azure host says where it gives out their tokens.

A virtual machine says nothing: there the method has to be named.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from urllib.parse import urlsplit

from pytest_acrauth.auth.shape import BadAuth, Credential, Place, Variables
from pytest_acrauth.model.credential import CredentialFacts, Kind
from pytest_acrauth.model.secret import Secrets
from pytest_acrauth.model.target import Registry

#: The variables that name a host's metadata endpoint (https://github.com/Azure/azure-sdk-for-python, azure-identity's
#: ``azure/identity/_credentials/managed_identity.py``).
ENDPOINTS = ("IDENTITY_ENDPOINT", "MSI_ENDPOINT", "AZURE_POD_IDENTITY_AUTHORITY_HOST")
#: What a host's metadata endpoint wants to be shown.
SHOWN_TO_ENDPOINTS = ("IDENTITY_HEADER", "MSI_SECRET")


def endpoint_variable(environ: Mapping[str, str]) -> str:
    """Return the variable that names where managed identities get tokens, '' for a machine whose link would tell."""
    return next((name for name in ENDPOINTS if environ.get(name)), "")


def check_endpoints(variables: Variables) -> None:
    """Raise `BadAuth` for a metadata endpoint that is no address."""
    for name in ENDPOINTS:
        address = variables.environ.get(name)
        if address and not _is_address(address):
            raise BadAuth(f"{name} is {address!r}, which is no http address")


def _is_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


def read_host(variables: Variables, _registry: Registry, secrets: Secrets) -> Credential:
    """Read which identity of the host is meant, and register what its endpoint wants to be shown."""
    check_endpoints(variables)
    for name in SHOWN_TO_ENDPOINTS:
        secrets.add(variables.environ.get(name, ""))
    facts = CredentialFacts(
        kind=Kind.MANAGED_IDENTITY,
        declared=True,
        client_id=secrets.clean(variables.value("CLIENT_ID"), 200),
        source=endpoint_variable(variables.environ),
    )
    return Credential(facts, facts.client_id)


def _find(environ: Mapping[str, str], _registries: Sequence[Registry]) -> str:
    return endpoint_variable(environ)


HOST = Place(
    find=_find,
    words=lambda _environ: ", ".join(ENDPOINTS),
    note=lambda environ: endpoint_variable(environ) or "the metadata service of a virtual machine",
)
