"""What symptoms and questions read of a broken rung, and the keys of the names that fill the catalogue's texts."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Iterator
from datetime import datetime
from email.utils import parsedate_to_datetime
from enum import StrEnum
from ipaddress import ip_address
from typing import NamedTuple
from urllib.parse import urlsplit

from pytest_acrauth.catalogue.shape import Break
from pytest_acrauth.model.evidence import RegistryFacts
from pytest_acrauth.model.observation import Answered, Data, Dns, Entra, Reply, Tcp, Tls, Trouble
from pytest_acrauth.model.outlook import CLOCKS_AGREE
from pytest_acrauth.model.secret import without_commands
from pytest_acrauth.model.stage import Stage
from pytest_acrauth.model.target import ACTIONS, CLOUDS, Registry, cloud_of
from pytest_acrauth.model.transcript import Transcript


class Fact(NamedTuple):
    """What stands for a value that is not known: a word in capitals in a command, plain words in a sentence."""

    typed: str
    said: str


#: Every key of the format strings of the catalogue, and what stands there while nothing was seen that tells the value.
FACTS = {
    # what the user configured
    "registry": Fact("REGISTRY", "the registry"),
    "login_server": Fact("LOGIN_SERVER", "the login server"),
    "login_name": Fact("REGISTRY", "the registry"),
    "cloud": Fact("CLOUD", "the one that was asked"),
    "identity": Fact("IDENTITY", "the identity"),
    "kind": Fact("KIND", "the credential"),
    "unused": Fact("METHOD", "other methods"),
    "person": Fact("USER", "a user"),  # whom some advice is for alone
    "user_name": Fact("USER_NAME", "the user name"),
    "client_id": Fact("CLIENT_ID", "the application"),
    "tenant_id": Fact("TENANT_ID", "the tenant"),
    "limit": Fact("SECONDS", "the allowed"),
    "proxy": Fact("PROXY", "in use"),
    # what the rung is about
    "stage": Fact("STAGE", "failing"),
    "repository": Fact("REPOSITORY", "the repository"),
    "version": Fact("TAG", "the tag or digest"),
    "image": Fact("REPOSITORY:TAG", "the image"),
    "authority": Fact("https://login.microsoftonline.com", "Entra"),
    "host": Fact("HOST", "the host"),
    "addresses": Fact("ADDRESS", "its addresses"),
    "record": Fact("RECORD", "the record"),
    "role": Fact("ROLE", "the role it needs"),
    "role_in_abac_mode": Fact("ROLE", "the role it needs in ABAC mode"),
    "beyond_roles": Fact("ACTIONS", "the right to soft-deleted artifacts"),
    "permissions": Fact("PERMISSIONS", "every action that is wanted"),
    "assignee": Fact("--assignee CLIENT_ID", "the identity"),
    "holder": Fact("--assignee CLIENT_ID", "the identity"),
    "registry_id": Fact("REGISTRY_RESOURCE_ID", "the registry"),
    "wanted": Fact("ACTIONS", "what was asked for"),
    "scope_map_actions": Fact("ACTIONS", "the actions"),
    "unassigned": Fact("ACTIONS", "what was asked for"),
    "right_from": Fact("SOURCE", "from a role, from a scope map, or as the admin user"),
    "missing": Fact("ACTIONS", "an action"),
    "excess": Fact("ACTIONS", "an action"),
    "granted": Fact("ACTIONS", "what it granted"),
    "opening": Fact("OPENING", "the registry lets in what should be refused"),
    # what was answered
    "answer": Fact("ANSWER", "an answer"),
    "status": Fact("STATUS", "an error"),
    "correlation_id": Fact("CORRELATION_ID", "the correlation id of the answer"),
    "retry_after": Fact("SECONDS", "some"),
    "client_ip": Fact("ADDRESS", "the caller's address"),
    "rule_address": Fact("ADDRESS", "the caller's address"),
    "object_id": Fact("OBJECT_ID", "the identity"),
    "realm": Fact("REALM", "another address"),
    "scheme": Fact("SCHEME", "another scheme"),
    "ci_host": Fact("CI_HOST", "the CI system"),
    "aadsts": Fact("NUMBER", "its number"),
    "presented_issuer": Fact("ISSUER", "its issuer"),
    "presented_subject": Fact("SUBJECT", "its subject"),
    "presented_audience": Fact("AUDIENCE", "its audience"),
    "redirect": Fact("DATA_HOST", "the data host"),
    "layer_hosts": Fact("DATA_HOST", "the hosts of the layers"),
    "ruled_host": Fact("", ""),  # told only of a host that keeps a registry's network rules
    "shared_hosts": Fact("", ""),  # told only where layers come from storage that many registries share
    "trust": Fact("TRUST_STORE", "the trust store"),
    "issuer": Fact("ISSUER", "an unknown issuer"),
    "subject": Fact("SUBJECT", "an unknown subject"),
    "names": Fact("NAMES", "other names"),
    "not_before": Fact("DATE", "its first day"),
    "not_after": Fact("DATE", "its last day"),
    "elapsed": Fact("SECONDS", "some"),
    # what was looked up
    "scope_map": Fact("SCOPE_MAP", "the scope map"),
    "spare_password": Fact("", ""),  # which is replaced is never left to chance
    "conditional_role": Fact("ROLE", "the role"),
    "custom_role": Fact("CUSTOM_ROLE", "the custom role"),
    "registry_subscription": Fact("SUBSCRIPTION", "another subscription"),
    "registry_tenant": Fact("REGISTRY_TENANT_ID", "the registry's tenant"),
    "pending_connections": Fact("CONNECTION", "a connection"),
    # what a text says
    "action": Fact("ACTION", "this"),
    "scope": Fact("SCOPE", "that scope"),
    "region": Fact("REGION", "the region that was asked for"),
    "pull_secret": Fact("SECRET", "the secret"),
    # what follows from the cloud
    "private_zone": Fact("privatelink.azurecr.io", "privatelink.azurecr.io"),
    "blob_hosts": Fact("*.blob.core.windows.net", "*.blob.core.windows.net"),
    # what a client check saw
    "program": Fact("docker", "docker"),
    "endpoint": Fact("ENDPOINT", "its usual place"),
    "socket": Fact("/var/run/docker.sock", "its socket"),
    "other_keys": Fact("OTHER_KEY", "another key"),
    "answers": Fact("ANSWER", "unknown"),
    "helper": Fact("CREDENTIAL_HELPER", "the credential helper"),
    "config": Fact("~/.docker/config.json", "the docker config"),
    # what was seen of a credential's end
    "ends": Fact("DATE", "is about to end"),
    "kept": Fact("FILE", "where this caller reads it"),
}

# The right that a registry's refusal names beside its words.
_REFUSED = re.compile(r'"Action": ?"(?P<action>[a-z_]{1,30})"')
_REGISTRY_CODE = re.compile(r"[A-Z_]+")
_DENIED = re.compile(r"client with IP (?:\\u0027|')?(?P<ip>[^ ]{0,60}?)(?:\\u0027|')? is not allowed access")

# What a scope map has to list for an action
# (https://learn.microsoft.com/azure/container-registry/container-registry-token-based-repository-permissions).
_SCOPE_MAP_ACTIONS = {
    "pull": ("content/read",),
    "push": ("content/read", "content/write"),
    "delete": ("content/delete",),
    "metadata_read": ("metadata/read",),
    "metadata_write": ("metadata/write",),
}


class RoleMode(StrEnum):
    """How a registry judges roles: ABAC registries ignore the older registry-wide ones."""

    RBAC = "RBAC"
    ABAC = "ABAC"


class Row(NamedTuple):
    """Something that was seen, and the label it stands under; ``detail`` tells that a short text does without it."""

    label: str
    text: str
    detail: bool = False


def one_line(text: str, limit: int = 300) -> str:
    """Return text as one printable line of at most ``limit`` characters, so that no peer can shape our layout."""
    cut = text[: limit * 4]
    if not cut.isprintable():
        cut = "".join(char if char.isprintable() else " " for char in cut)
    line = without_commands(" ".join(cut.split()))
    return line if len(line) <= limit else line[: limit - 1] + "…"


def word(text: str) -> str:
    """Quote a name that appears in commands, where a shell would need it."""
    return shlex.quote(one_line(text)) if text else ""


def told_once(what: str, words: str) -> str:
    """Return a trouble and the words about it, without the trouble where they say it."""
    if not words:
        return what
    said = what == Trouble.TIMEOUT and "timed out" in words
    return words if said or what.lower() in words.lower() else f"{what}: {words}"


def reply(seen: Break) -> Reply | None:
    """Return the HTTP answer of a rung, None where there was none."""
    observation = seen.observation
    return observation.reply if isinstance(observation, Answered) else None


def registry_spoke(answered: Reply) -> bool:
    """Whether an answer has a header or an error body of a registry's; on a refusal, most devices between have neither.

    The codes of registries are capitals and underscores (OCI distribution specification, "Error Codes"); gateways that
    answer in JSON have words there.
    """
    return answered.from_registry or bool(_REGISTRY_CODE.fullmatch(answered.code))


def service_time(transcript: Transcript) -> float | None:
    """Return when a climb began by the clock of the services (seconds since the epoch), None where no answer told."""
    return None if (off := clock_off(transcript)) is None else transcript.started - off


def clock_off(transcript: Transcript) -> float | None:
    """Return by how many seconds this machine's clock is ahead of the services', None where no answer told.

    Good to some seconds: the ``Date`` of an answer (RFC 9110, 6.6.1), which holds whole ones, is compared with the
    moment when the answer came. The registry's is believed first, as a run asks Entra once for many registries.
    """
    for answered, moment in _dated(transcript):
        try:
            return moment - parsedate_to_datetime(answered.date).timestamp()
        except (ValueError, OverflowError):
            continue
    return None


def _dated(transcript: Transcript) -> Iterator[tuple[Reply, float]]:
    """Yield the answers of the registry and of Entra itself, each with when it came by this machine's clock."""
    moment = transcript.started
    for part in (transcript.dns, transcript.tcp, transcript.tls, transcript.challenge):
        moment += part.elapsed if part is not None else 0.0
    first = transcript.challenge
    if first is not None and first.reply is not None and registry_spoke(first.reply):
        yield first.reply, moment
    entra = transcript.entra
    if entra is not None and entra.reply is not None and (entra.issued or entra.codes):
        yield entra.reply, transcript.started + entra.elapsed


def broken_part(seen: Break) -> Dns | Tcp | Tls | None:
    """Return the part of a connection that broke at a rung, None where a connection stood or was not needed."""
    observation = seen.observation
    if isinstance(observation, (Dns, Tcp, Tls)):
        return observation
    if not isinstance(observation, Answered) or observation.trouble is Trouble.UNAVAILABLE:
        return None  # a metadata service's connection is a matter of the machine that it belongs to
    return observation.connection.broken if observation.connection is not None else None


def certificate_holds(broken: Break) -> bool | None:
    """Whether the certificate that was refused is within its dates by the clock of the services that answered.

    None where none of them told the time, or where its own dates are not what it was refused for.
    """
    transcript, tls = broken.transcript, broken_part(broken)
    service, off = service_time(transcript), clock_off(transcript)
    if service is None or off is None or not isinstance(tls, Tls):
        return None
    if abs(off) <= CLOCKS_AGREE:
        return False
    shown = tls.certificate
    if shown is None:
        return None
    begins, ends = (datetime.fromisoformat(date).timestamp() for date in (shown.not_before, shown.not_after))
    return begins <= service <= ends if not begins <= transcript.started <= ends else None


def at_storage(seen: Break) -> bool:
    """Whether a rung's answer is that of the storage of the layers, to which a registry's redirect leads."""
    observation = seen.observation
    return isinstance(observation, Data) and bool(observation.redirect) and not observation.refused


def at_login_server(seen: Break) -> bool:
    """Whether a rung is about the login server itself, not about Entra or another host of the layers."""
    return peer(seen) == seen.transcript.target.registry.login_server


def peer(seen: Break) -> str:
    """Return the host that a rung is about: Entra's, that of a layer once it is known, else the login server."""
    observation = seen.observation
    if (part := broken_part(seen)) is not None:
        return part.host
    if isinstance(observation, Entra):
        return urlsplit(observation.authority).hostname or ""
    if isinstance(observation, Data) and at_storage(seen):
        return observation.redirect
    return seen.transcript.target.registry.login_server


def trouble(seen: Break) -> Trouble | None:
    """Return why the rung got no usable answer: its own trouble, else that of the connection it needed."""
    observation = seen.observation
    own = observation.trouble if isinstance(observation, (Dns, Tcp, Tls, Answered)) else None
    part = broken_part(seen)
    if own is None and part is not None and part is not observation:
        return part.trouble or Trouble.NAME
    return own


def firewall_spoke(seen: Break) -> bool:
    """Whether the answer is the registry firewall's, which says the address it saw."""
    return _denied(seen) is not None


def client_ip(seen: Break) -> str | None:
    """Return the caller's address as the registry's firewall saw it, None where the answer holds none."""
    denied = _denied(seen)
    try:
        return str(ip_address(denied["ip"])) if denied else None
    except ValueError:
        return None


def _denied(seen: Break) -> re.Match[str] | None:
    found = reply(seen)
    # Whatever says these words with another status has not refused for an address.
    return _DENIED.search(f"{found.message} {found.body}") if found and found.status == 403 else None


def wanted(seen: Break) -> tuple[str, ...]:
    """Return the actions that a rung is about: what was refused, or is lacking, else all that must be held.

    What is refused behind the access token is what a climb tries there, or the right that the refusal names.
    """
    if seen.stage in {Stage.OPERATION, Stage.DATA, Stage.UPLOAD}:
        answered = reply(seen)
        named = _REFUSED.search(answered.detail) if answered else None
        tried = "push" if seen.stage is Stage.UPLOAD else "pull"
        return (named["action"] if named and named["action"] in ACTIONS else tried,)
    token = seen.access.access_token if seen.access else seen.transcript.access_token
    return (token and (token.missing or token.must)) or seen.transcript.target.rights(seen.rung.reference).must


def scope_map_actions(actions: Iterable[str]) -> tuple[str, ...]:
    """Return what a scope map has to list for these actions."""
    return tuple(dict.fromkeys(part for name in actions for part in _SCOPE_MAP_ACTIONS.get(name, ())))


def login_name(registry: Registry) -> str:
    """Return a registry as ``az acr login -n`` takes it: its name, and the hash of its login server if that has one.

    az leaves the hash out where it cannot read the registry's record.
    """
    _, _, behind = registry.login_server.partition(".")[0].partition("-")
    return f"{registry.name} --suffix {behind}" if behind else registry.name


def looked_up_id(registry: Registry) -> str:
    """Return what stands in a command for a registry's resource id until the shell looks it up."""
    return f"$(az acr show -n {registry.name} --query id -o tsv)"


def registry_record(broken: Break) -> RegistryFacts | None:
    """Return the registry's record, None where nobody could look, there is none, or it is that of a namesake."""
    look = broken.transcript.evidence.registry
    found = look.value if look and look.value and look.value.found else None
    return None if found is None or found.is_namesake(broken.transcript.target.registry.global_endpoint) else found


def role_mode(broken: Break) -> RoleMode | None:
    """Return how the registry judges roles: as the refresh token tells, else as its record says."""
    claims = broken.transcript.exchange.claims if broken.transcript.exchange else None
    if claims is not None and (claims.aad_identity or claims.permissions):
        return RoleMode.ABAC if claims.aad_identity else RoleMode.RBAC
    record = registry_record(broken)
    if record is None or not record.role_assignment_mode:
        return None
    return RoleMode.ABAC if record.role_assignment_mode == "AbacRepositoryPermissions" else RoleMode.RBAC


def layer_hosts(host: str) -> str:
    """Return what a network has to allow for a layer's host: a storage account is one of many, and changes."""
    return next((f"*{cloud.storage_suffix}" for cloud in CLOUDS if host.endswith(cloud.storage_suffix)), host)


def shared_hosts(host: str) -> str:
    """Return the wildcard for storage that many registries share, '' for a data endpoint of a registry's own."""
    return found if (found := layer_hosts(host)) != host else ""


def ruled_host(host: str) -> str:
    """Return a host that keeps a registry's network rules, '' for one that is no registry's, such as Entra's."""
    return host if cloud_of(host) else ""


def zone_record(host: str) -> str:
    """Return the name that a host has in the private zone of its cloud, '' for a host that is no registry's."""
    cloud = cloud_of(host)
    return host.removesuffix(cloud.registry_suffix) if cloud else ""


def trouble_text(seen: Break) -> str:
    """Return what the machine said of a rung's trouble, as it said it."""
    observation = seen.observation
    if isinstance(observation, Answered) and observation.connection is not None and not observation.text:
        observation = observation.connection.broken or observation
    if isinstance(observation, Tcp):
        return "; ".join(f"{a.address}: {a.text}" for a in observation.attempts if a.text)
    return getattr(observation, "text", "")
