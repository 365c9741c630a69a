"""What symptoms and questions read of a broken rung, and the keys of the names that fill the catalogue's texts."""

from __future__ import annotations

import re
from collections.abc import Iterable
from ipaddress import ip_address
from typing import NamedTuple

from pytest_acrauth.catalogue.shape import Break
from pytest_acrauth.model.observation import Answered, Data, Dns, Entra, Reply, Tcp, Tls, Trouble

#: Every key of the format strings, and the placeholder, as in a manual page, for a value that was not shown.
PLACEHOLDERS = {
    # what the user configured
    "registry": "<registry>",
    "login_server": "<login server>",
    "cloud": "<cloud>",
    "identity": "<identity>",
    "kind": "<kind of credential>",
    "user_name": "<user name>",
    "client_id": "<client id>",
    "tenant_id": "<tenant id>",
    "limit": "<limit>",
    "proxy": "<proxy>",
    # what the rung is about
    "stage": "<stage>",
    "repository": "<repository>",
    "version": "<tag or digest>",
    "authority": "<authority>",
    "host": "<host>",
    "addresses": "<addresses>",
    "role": "<role>",
    "abac_role": "<role>",
    "wanted": "<actions>",
    "scope_map_actions": "<actions>",
    "missing": "<missing actions>",
    "excess": "<actions>",
    "granted": "<granted actions>",
    # what was answered
    "answer": "<answer>",
    "status": "<status>",
    "correlation_id": "<correlation id>",
    "retry_after": "<seconds>",
    "client_ip": "<client address>",
    "object_id": "<object id>",
    "realm": "<realm>",
    "scheme": "<scheme>",
    "redirect": "<data host>",
    "trust": "<trust store>",
    "issuer": "<issuer>",
    "subject": "<subject>",
    "names": "<names>",
    "not_before": "<date>",
    "not_after": "<date>",
    "elapsed": "<seconds>",
    # what a client check saw
    "program": "docker",
    "endpoint": "<endpoint>",
    "answers": "<yes or no>",
    "helper": "<credential helper>",
    "config": "<docker config>",
}

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


class Row(NamedTuple):
    """Something that was seen, and the label it stands under."""

    label: str
    text: str


def one_line(text: str, limit: int = 300) -> str:
    """Return text as one printable line of at most ``limit`` characters, so that no peer can shape our layout."""
    line = " ".join("".join(char if char.isprintable() else " " for char in text[: limit * 4]).split())
    return line if len(line) <= limit else line[: limit - 1] + "…"


def reply(seen: Break) -> Reply | None:
    """Return the HTTP answer of a rung, None where there was none."""
    observation = seen.observation
    return observation.reply if isinstance(observation, Answered) else None


def registry_spoke(answered: Reply) -> bool:
    """Whether an answer has a header or an error body of the registry's; on a refusal, a device between has neither."""
    return answered.from_registry or bool(answered.code)


def trouble(seen: Break) -> Trouble | None:
    """Return why the rung got no usable answer: its own trouble, else that of the connection it needed."""
    observation = seen.observation
    own = observation.trouble if isinstance(observation, (Dns, Tcp, Tls, Answered)) else None
    if own is None and isinstance(observation, (Entra, Data)) and observation.connection is not None:
        part = observation.connection.broken
        if part is not None:
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
    """Return the actions that a rung is about: those an access token lacks, else all that must be held."""
    token = seen.access.access_token if seen.access else seen.transcript.access_token
    return (token and (token.missing or token.must)) or seen.transcript.target.must


def scope_map_actions(actions: Iterable[str]) -> tuple[str, ...]:
    """Return what a scope map has to list for these actions."""
    return tuple(dict.fromkeys(part for name in actions for part in _SCOPE_MAP_ACTIONS.get(name, ())))


def trouble_text(seen: Break) -> str:
    """Return what the machine said of a rung's trouble, as it said it."""
    observation = seen.observation
    if isinstance(observation, Tcp):
        return "; ".join(f"{a.address}: {a.text}" for a in observation.attempts if a.text)
    if isinstance(observation, (Entra, Data)) and observation.connection is not None and not observation.text:
        return getattr(observation.connection.broken, "text", "")
    return getattr(observation, "text", "")
