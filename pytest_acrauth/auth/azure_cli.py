"""The Azure CLI's login, as its profile tells it. Nothing here runs az."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pytest_acrauth.auth.files import read_regular
from pytest_acrauth.auth.programs import find_program, home_of, shown
from pytest_acrauth.auth.shape import Credential, Place, Variables
from pytest_acrauth.model.credential import CredentialFacts, Kind
from pytest_acrauth.model.foreign_json import load_foreign_json
from pytest_acrauth.model.secret import Secrets
from pytest_acrauth.model.target import Registry

_LARGEST = 4 * 1024 * 1024  # bytes of a profile


@dataclass(frozen=True, slots=True)
class AzureLogin:
    """The account that az is signed in with, as its profile tells; empty where that says nothing."""

    path: str
    kind: Kind = Kind.USER
    client_id: str = ""
    tenant_id: str = ""


def profile_path(environ: Mapping[str, str]) -> Path:
    """Return where az keeps what it may show of its login, whether it exists or not."""
    folder = environ.get("AZURE_CONFIG_DIR")
    return (Path(folder) if folder else (home_of(environ) or Path()) / ".azure") / "azureProfile.json"


def read_azure_login(environ: Mapping[str, str]) -> AzureLogin | None:
    """Return the login that az would use, None where it is not signed in or its profile cannot be read."""
    path = profile_path(environ)
    try:
        found = load_foreign_json(read_regular(path, _LARGEST))
    except (OSError, ValueError):
        return None
    entries = found.get("subscriptions") if isinstance(found, dict) else None
    accounts = [entry for entry in entries if isinstance(entry, dict)] if isinstance(entries, list) else []
    account = next((entry for entry in accounts if entry.get("isDefault")), None)
    if account is None:
        return None
    user = account.get("user")
    user = user if isinstance(user, dict) else {}
    name, kind, client_id = str(user.get("name", "")), Kind.USER, ""
    if name in {"systemAssignedIdentity", "userAssignedIdentity"}:  # what az writes after az login --identity
        kind = Kind.MANAGED_IDENTITY
    elif user.get("type") == "servicePrincipal":
        kind, client_id = Kind.SERVICE_PRINCIPAL, name
    return AzureLogin(shown(path), kind, client_id, str(account.get("tenantId", "")))


def read_login(variables: Variables, _registry: Registry, secrets: Secrets) -> Credential:
    """Read whose login az has; a tenant that a variable names stands before the login's own."""
    login = read_azure_login(variables.environ) or AzureLogin("")
    facts = CredentialFacts(
        kind=login.kind,
        declared=True,
        client_id=secrets.clean(login.client_id, 200),
        tenant_id=secrets.clean(variables.value("TENANT_ID") or login.tenant_id, 200),
        source=login.path,
    )
    return Credential(facts)


def _find(environ: Mapping[str, str], _registries: Sequence[Registry]) -> str:
    return _read_path(environ) if find_program("az", environ) else ""


def _read_path(environ: Mapping[str, str]) -> str:
    login = read_azure_login(environ)
    return login.path if login is not None else ""


PROFILE = Place(
    find=_find,
    words=lambda environ: f"az on PATH, signed in by {shown(profile_path(environ))}",
    note=_read_path,
)
