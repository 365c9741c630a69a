"""The names and numbers that fill the catalogue's format strings, taken from one broken rung of a transcript.

Every key is always there. What the climb did not show is a placeholder in angle brackets, as in a manual page.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Mapping
from ipaddress import ip_address

from pytest_acrauth.catalogue.client_facts import client_facts
from pytest_acrauth.catalogue.shape import Break, Line
from pytest_acrauth.model.client_record import ClientRecord
from pytest_acrauth.model.credential import Kind
from pytest_acrauth.model.observation import (
    AccessToken,
    Answered,
    Certificate,
    Challenge,
    Data,
    Dns,
    Entra,
    Reply,
    Tcp,
    Tls,
    Trouble,
)
from pytest_acrauth.model.target import GUID
from pytest_acrauth.model.transcript import Transcript

#: Every key of the format strings, and the placeholder that stands where the climb did not show a value.
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

_HELPER = re.compile(r"docker-credential-[\w.-]{1,60}(?=\W|$)")
_DENIED = re.compile(r"client with IP (?:\\u0027|')?(?P<ip>[^ ]{0,60}?)(?:\\u0027|')? is not allowed access")

# The smallest built-in role for an action in either role assignment mode, from small to large
# (https://learn.microsoft.com/azure/container-registry/container-registry-rbac-built-in-roles-overview).
_ROLES = {
    "pull": ("AcrPull", "Reader"),
    "metadata_read": ("AcrPull", "Reader"),
    "push": ("AcrPush", "Writer"),
    "metadata_write": ("AcrPush", "Writer"),
    "delete": ("AcrDelete", "Contributor"),
}

# What a scope map has to list for an action
# (https://learn.microsoft.com/azure/container-registry/container-registry-token-based-repository-permissions).
_SCOPE_MAP_ACTIONS = {
    "pull": ("content/read",),
    "push": ("content/read", "content/write"),
    "delete": ("content/delete",),
    "metadata_read": ("metadata/read",),
    "metadata_write": ("metadata/write",),
}


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


def answer(seen: Break) -> str:
    """Say in one line what a rung got: status, code and message, else the trouble and its text."""
    found = reply(seen)
    parts = [str(found.status), found.words] if found else []
    if (why := trouble(seen)) is not None:
        parts += [str(why), trouble_text(seen)]
    observation = seen.observation
    if isinstance(observation, Dns) and observation.resolution is not None:
        parts += [str(observation.resolution.outcome), observation.resolution.text]
    if isinstance(observation, Entra) and observation.codes:
        parts.insert(1, f"AADSTS{observation.codes[0]}")
    if isinstance(observation, AccessToken) and observation.unjudged:
        parts.append("the access token cannot be read, so its rights cannot be judged")
    return one_line(" ".join(filter(None, parts))) or "no answer"


def trouble_text(seen: Break) -> str:
    """Return what the machine said of a rung's trouble, as it said it."""
    observation = seen.observation
    if isinstance(observation, Tcp):
        return "; ".join(f"{a.address}: {a.text}" for a in observation.attempts if a.text)
    if isinstance(observation, (Entra, Data)) and observation.connection is not None and not observation.text:
        return getattr(observation.connection.broken, "text", "")
    return getattr(observation, "text", "")


def facts(seen: Break | Line | ClientRecord) -> dict[str, str]:
    """Return a value for every key of `PLACEHOLDERS`; text that a peer chose is one bounded, printable line."""
    known = shown(seen)
    return {key: one_line(known.get(key, "")) or placeholder for key, placeholder in PLACEHOLDERS.items()}


def shown(seen: Break | Line | ClientRecord) -> Mapping[str, str]:
    """Return the values that a climb, a text or a client check really shows; others are missing or empty."""
    if isinstance(seen, Line):
        return seen.names
    if isinstance(seen, ClientRecord):
        return client_facts(seen)
    return {
        **_configured(seen.transcript),
        **_repository(seen),
        **_answered(seen),
        **_connection(seen),
        "stage": str(seen.stage),
        "elapsed": f"{seen.observation.elapsed:.1f}",
        "helper": found[0] if (found := _HELPER.search(trouble_text(seen))) else "",
    }


def _configured(transcript: Transcript) -> dict[str, str]:
    registry, credential = transcript.target.registry, transcript.credential
    claims = transcript.entra.claims if transcript.entra else None
    application = credential.user_name if credential.kind is Kind.SERVICE_PRINCIPAL else ""
    return {
        "registry": registry.name,
        "login_server": registry.login_server,
        "cloud": registry.cloud.name,
        "authority": transcript.entra.authority if transcript.entra else registry.cloud.authority,
        "identity": transcript.target.identity.name,
        "kind": str(credential.kind),
        "host": registry.login_server,
        "user_name": _word(credential.user_name),
        "client_id": _word(credential.client_id or application),
        "tenant_id": _word(credential.tenant_id),
        "object_id": claims.object_id if claims and GUID.fullmatch(claims.object_id) else "",
        "limit": f"{transcript.limit:g}",
        "proxy": transcript.proxy,
    }


def _word(text: str) -> str:
    """Quote a name that appears in commands, where a shell would need it."""
    return shlex.quote(one_line(text)) if text else ""


def _repository(seen: Break) -> dict[str, str]:
    access = seen.access
    token = access.access_token if access else seen.transcript.access_token
    needed = wanted(seen)
    action = next((name for name in reversed(_ROLES) if name in needed), "pull")
    role, abac_role = _ROLES[action]
    return {
        "repository": access.reference.repository if access else "",
        "version": access.reference.version if access else "",
        "role": role,
        "abac_role": f"Container Registry Repository {abac_role}",
        "wanted": ", ".join(needed),
        "scope_map_actions": " ".join(scope_map_actions(needed)),
        "missing": ", ".join(token.missing) if token else "",
        "excess": ", ".join(token.excess) if token else "",
        "granted": ", ".join(token.granted or ()) or "nothing" if token else "",
    }


def _answered(seen: Break) -> dict[str, str]:
    found = reply(seen)
    observation = seen.observation
    values = {"answer": answer(seen), "client_ip": client_ip(seen) or ""}
    if found is not None:
        values |= {
            "status": str(found.status),
            "correlation_id": found.correlation_id,
            "retry_after": found.retry_after if found.retry_after.isdigit() else "",
        }
    if isinstance(observation, Challenge):
        values |= {"realm": observation.realm, "scheme": observation.scheme, "host": observation.host}
    if isinstance(observation, Data):
        values["redirect"] = _word(observation.redirect)
    return values


def _connection(seen: Break) -> dict[str, str]:
    """Return the facts of the connection that broke: the rung's own, or the one to the authority or data host."""
    part: object = seen.observation
    if isinstance(part, (Entra, Data)) and part.connection is not None:
        part = part.connection.broken
    if isinstance(part, Dns):
        return {"host": part.host, "addresses": _join(part.resolution.addresses if part.resolution else ())}
    if isinstance(part, Tcp):
        return {"host": part.host, "addresses": _join(attempt.address for attempt in part.attempts)}
    if isinstance(part, Tls):
        return {"host": part.host, "trust": part.trust, **_certificate(part.certificate)}
    return {}


def _certificate(certificate: Certificate | None) -> dict[str, str]:
    if certificate is None:
        return {}
    return {
        "issuer": certificate.issuer,
        "subject": certificate.subject,
        "names": _join(certificate.names),
        "not_before": certificate.not_before,
        "not_after": certificate.not_after,
    }


def _join(parts: Iterable[str]) -> str:
    return ", ".join(parts)
