"""The names that words of other programs show: found around them, checked, and completed by what follows from them.

The keys are those of `pytest_acrauth.catalogue.facts`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from ipaddress import ip_address

from pytest_acrauth.catalogue.facts import layer_hosts, login_name, looked_up_id, shared_hosts, zone_record
from pytest_acrauth.catalogue.symptoms.addresses import rule_address
from pytest_acrauth.model.target import GUID, BadName, Reference, Registry

# Who somebody logged in as at a registry; az login, which is a login at Entra, is not meant.
_LOGIN_AS = (
    r"\b(?:docker|podman|buildah|skopeo|oras|nerdctl|helm registry|az acr) login\b[^|;&]{0,120}?"
    r"(?:-u|--username)[ =][\"']?(?P<user_name>[\w-]{1,80})"
)
_NAMES = tuple(
    re.compile(pattern)
    for pattern in (
        rf"(?:[Dd]irectory|[Tt]enant(?: id)?):? ?'(?P<tenant_id>{GUID.pattern})'",
        rf"(?:[Aa]pp|[Aa]pplication|[Cc]lient)(?: with identifier| id)?:? ?'(?P<client_id>{GUID.pattern})'",
        rf"object id '(?P<object_id>{GUID.pattern})'",
        r"scope=repository(?:%3A|:)(?P<repository>[\w./%-]{1,255}?)(?:%3A|:)",
        r"/v2/(?P<repository>[\w./-]{1,255}?)/(?:manifests|blobs|tags)/",
        r"azurecr\.[\w.-]{2,30}?/(?!v2/|oauth2/)(?P<repository>[\w./-]{1,255}?):(?P<version>[\w.-]{1,128})",
        _LOGIN_AS,
        r"\bregistry '(?P<registry>[A-Za-z0-9]{5,50})'",
        r"\baz acr [\w -]{1,80}?(?:--name|--registry|-n|-r) (?P<registry>[A-Za-z0-9]{5,50})\b",
    )
)


def named_in(near: str) -> list[tuple[str, str]]:
    """Return every name in a piece of text, unchecked, with its key."""
    found = [named for pattern in _NAMES if (named := pattern.search(near)) is not None]
    return [pair for each in found for pair in each.groupdict().items()]


def checked(name: str, value: str) -> str:
    """Return a name as it may stand in a command, '' where the text does not really hold one."""
    try:
        return _CHECKS[name](value) if name in _CHECKS else ""
    except ValueError:  # `BadName` and the address parser's
        return ""


def _login_server(value: str) -> str:
    return Registry.parse(value).login_server if "." in value else ""


def _repository(value: str) -> str:
    return Reference.parse(re.sub("%2[Ff]", "/", value)).repository


def _matching(pattern: str) -> Callable[[str], str]:
    return lambda value: value if re.fullmatch(pattern, value) else ""


_CHECKS: Mapping[str, Callable[[str], str]] = {
    "login_server": _login_server,
    "redirect": _matching(r"(?:[\w-]+\.)+[a-z]+"),
    "registry": lambda value: Registry.parse(value).name,
    "client_ip": lambda value: str(ip_address(value)),
    "client_id": _matching(GUID.pattern),
    "tenant_id": _matching(GUID.pattern),
    "object_id": _matching(GUID.pattern),
    "person": _matching(r"[\w.+#-]{1,100}@[\w.-]{1,100}"),
    "user_name": _matching(r"\w[\w-]{0,79}"),
    "aadsts": _matching(r"\d{5,8}"),
    "repository": _repository,
    "version": _matching(r"[\w.-]{1,128}"),
    "endpoint": _matching(r"[\w:/.-]{1,200}"),
    "helper": _matching(r"docker-credential-[\w.-]{1,60}"),
    "action": _matching(r"[\w./]{1,200}"),
    "scope": _matching(r"/[\w./-]{1,400}"),
    "region": _matching(r"\w{1,60}"),
    "pull_secret": _matching(r"[a-z0-9][a-z0-9.-]{0,252}"),
    "config": _matching(r"/[\w./-]{1,200}"),
}


def completed(names: Mapping[str, str]) -> Mapping[str, str]:
    """Add what follows from the names of a text."""
    return {**names, **_of_caller(names), **_of_registry(names), **_of_address(names), **_of_layer(names)}


def _of_registry(names: Mapping[str, str]) -> dict[str, str]:
    """Return what follows from a login server or a registry's name; a name alone lives in the public cloud."""
    try:
        registry = Registry.parse(names.get("login_server") or names.get("registry") or "")
    except BadName:
        return {}
    known = {
        "registry": registry.name,
        "login_name": login_name(registry),
        "registry_id": looked_up_id(registry),
        "cloud": registry.cloud.name,
        "authority": registry.cloud.authority,
        "private_zone": f"privatelink{registry.cloud.registry_suffix}",
        "blob_hosts": f"*{registry.cloud.storage_suffix}",
    }
    if "login_server" in names:
        known |= {
            "host": registry.login_server,
            "ruled_host": registry.login_server,
            "record": zone_record(registry.login_server),
        }
    return known


def _of_address(names: Mapping[str, str]) -> dict[str, str]:
    return {"rule_address": rule_address(names["client_ip"])} if "client_ip" in names else {}


def _of_layer(names: Mapping[str, str]) -> dict[str, str]:
    host = names.get("redirect", "")
    if not host:
        return {}
    return {"layer_hosts": layer_hosts(host), "shared_hosts": shared_hosts(host), "record": zone_record(host)}


def _of_caller(names: Mapping[str, str]) -> dict[str, str]:
    """Return who a refusal of the management plane is about, and the role that allows what was refused, if it reads."""
    found = {}
    if "object_id" in names:
        holder = f"--assignee-object-id {names['object_id']}"
        kind = "ServicePrincipal" if "client_id" in names else "User" if "person" in names else ""
        found = {"holder": holder, "assignee": f"{holder} --assignee-principal-type {kind}" if kind else holder}
    if names.get("action", "").endswith("/read"):
        found["role"] = "Reader"
    return found
