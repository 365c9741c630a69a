"""What the environment holds a credential for: how ``default`` looks, in the order of the table of methods.

Reads variables and two small files of the home folder; runs nothing and contacts nothing.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pytest_acrauth.auth.docker_config import config_path, stored_login
from pytest_acrauth.auth.methods import METHODS, BadAuth, Method, identity_of, missing, variables
from pytest_acrauth.auth.programs import find_program, home_of
from pytest_acrauth.model.credential import Kind
from pytest_acrauth.model.target import Identity, Registry

#: The variables by which an Azure host says where its managed identities get tokens
#: (azure-identity ``managed_identity.py``). A virtual machine says nothing: there the method has to be named.
METADATA_SIGNS = ("IDENTITY_ENDPOINT", "MSI_ENDPOINT", "AZURE_POD_IDENTITY_AUTHORITY_HOST")
#: What a host's metadata endpoint wants to be shown.
METADATA_SECRETS = ("IDENTITY_HEADER", "MSI_SECRET")
_LARGEST = 4 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Found:
    """An identity that the environment holds a credential for, and where that is if not in its variables."""

    identity: Identity
    where: str = ""


@dataclass(frozen=True, slots=True)
class AzureLogin:
    """The account that az is signed in with, as its profile tells; empty where that says nothing."""

    path: str
    kind: Kind = Kind.USER
    client_id: str = ""
    tenant_id: str = ""


def detect(environ: Mapping[str, str], registries: Sequence[Registry]) -> tuple[Found, tuple[str, ...]]:
    """Return the first credential there is, and notes on what else was seen.

    Raises `BadAuth` that lists where was looked when there is none.
    """
    found, notes = look(environ, registries)
    if not found:
        looked = "; ".join(f"{method.name} ({_place(method, environ)})" for method in METHODS if method.detected)
        more = f" Break: {'; '.join(notes)}." if notes else ""
        raise BadAuth(
            f"no credential found. Looked for: {looked}.{more} "
            "Set one of them, or say --acr-auth anonymous to check without a credential"
        )
    first, *others = found
    ignored = (f"also found and ignored: {other.identity.method}{_at(other)}" for other in others)
    return first, (*([first.where] if first.where else []), *notes, *ignored)


def look(environ: Mapping[str, str], registries: Sequence[Registry]) -> tuple[list[Found], list[str]]:
    """Return every credential there is, in the order of the table, and notes on those that are not complete."""
    found: list[Found] = []
    incomplete: list[tuple[Method, list[str]]] = []
    notes: list[str] = []
    for method in METHODS:
        if not method.detected:
            continue
        identity = identity_of(method)
        if not method.variables:
            try:
                where = _whereabouts(method, environ, registries)
            except BadAuth as error:
                notes.append(str(error))
                where = ""
            found += [Found(identity, where)] if where else []
        elif lacking := missing(identity, environ):
            incomplete.append((method, lacking))
        else:
            found.append(Found(identity))
    used = {name for each in found for name in _all_variables(each.identity)}
    for method, lacking in incomplete:
        signs = {f"{method.prefix}_{suffix}" for suffix in method.signs}
        if any(environ.get(name) for name in signs - used):
            notes.append(f"incomplete {method.name}: {', '.join(lacking)} not set")
    return found, notes


def metadata_source(environ: Mapping[str, str]) -> str:
    """Return the variable that names where managed identities get tokens, '' for a machine whose link would tell."""
    return next((name for name in METADATA_SIGNS if environ.get(name)), "")


def azure_login(environ: Mapping[str, str]) -> AzureLogin | None:
    """Return the login that az would use, None where it is not signed in or its profile cannot be read."""
    path = _profile(environ)
    try:
        with path.open("rb") as file:
            found = json.loads(file.read(_LARGEST).decode("utf-8-sig"))
    except (OSError, ValueError, RecursionError):
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
    return AzureLogin(str(path), kind, client_id, str(account.get("tenantId", "")))


def _whereabouts(method: Method, environ: Mapping[str, str], registries: Sequence[Registry]) -> str:
    """Return where the machine holds a credential of a method that needs no variables, '' where it holds none."""
    match method.name:
        case "managed-identity":
            return metadata_source(environ)
        case "azure-cli":
            login = azure_login(environ)
            return login.path if login is not None and find_program("az", environ) else ""
        case _:
            logins = [stored_login(environ, registry.login_server) for registry in registries]
            own = [login.path for login in logins if login is not None and login.noted]
            return own[0] if own and len(own) == len(registries) else ""


def _place(method: Method, environ: Mapping[str, str]) -> str:
    match method.name:
        case "managed-identity":
            return ", ".join(METADATA_SIGNS)
        case "azure-cli":
            return f"az on PATH, signed in by {_profile(environ)}"
        case "docker-config":
            return f"the registry's login in {config_path(environ) or 'a home folder, which is not known'}"
    return ", ".join(variables(identity_of(method)))


def _profile(environ: Mapping[str, str]) -> Path:
    folder = environ.get("AZURE_CONFIG_DIR")
    return (Path(folder) if folder else (home_of(environ) or Path()) / ".azure") / "azureProfile.json"


def _all_variables(identity: Identity) -> set[str]:
    method = next(method for method in METHODS if method.name == identity.method)
    return {f"{identity.prefix}_{suffix}" for suffix in (*method.variables, *method.optional)}


def _at(found: Found) -> str:
    return f" ({found.where})" if found.where else ""
