"""A broken rung of a climb as the subject of a diagnosis: what it shows by name, in a line, and in labelled rows."""

from __future__ import annotations

import re
import shlex
from collections.abc import Hashable, Iterable, Iterator

from pytest_acrauth.catalogue.facts import (
    PLACEHOLDERS,
    Row,
    client_ip,
    one_line,
    reply,
    scope_map_actions,
    trouble,
    trouble_text,
    wanted,
)
from pytest_acrauth.catalogue.shape import Break
from pytest_acrauth.model.credential import Kind
from pytest_acrauth.model.machine import Resolved
from pytest_acrauth.model.observation import (
    AccessToken,
    Certificate,
    Challenge,
    Data,
    Dns,
    Entra,
    NotObserved,
    Tcp,
    Tls,
)
from pytest_acrauth.model.stage import Rung
from pytest_acrauth.model.target import GUID, Flow
from pytest_acrauth.model.transcript import Transcript

_HELPER = re.compile(r"docker-credential-[\w.-]{1,60}(?=\W|$)")
_NO_RIGHT = "none was proven: no repository was named"

# The smallest built-in role for an action in either role assignment mode, from small to large
# (https://learn.microsoft.com/azure/container-registry/container-registry-rbac-built-in-roles-overview).
_ROLES = {
    "pull": ("AcrPull", "Reader"),
    "metadata_read": ("AcrPull", "Reader"),
    "push": ("AcrPush", "Writer"),
    "metadata_write": ("AcrPush", "Writer"),
    "delete": ("AcrDelete", "Contributor"),
}


class BrokenRung(Break):
    """A break that speaks for itself."""

    __slots__ = ()
    quoted = False

    @property
    def broken(self) -> Break:
        return self

    @property
    def facts(self) -> dict[str, str]:
        return {
            **_configured(self.transcript),
            **_repository(self),
            **_answered(self),
            **_connection(self),
            "stage": str(self.stage),
            "elapsed": f"{self.observation.elapsed:.1f}",
            "helper": found[0] if (found := _HELPER.search(trouble_text(self))) else "",
        }

    @property
    def answer(self) -> str:
        """Status, code and message, else the trouble and its text, in one line."""
        found = reply(self)
        parts = [str(found.status), found.words] if found else []
        if (why := trouble(self)) is not None:
            parts += [str(why), trouble_text(self)]
        observation = self.observation
        if isinstance(observation, Dns) and observation.resolution is not None:
            parts += [str(observation.resolution.outcome), observation.resolution.text]
        if isinstance(observation, Entra) and observation.codes:
            parts.insert(1, f"AADSTS{observation.codes[0]}")
        if isinstance(observation, AccessToken) and observation.unjudged:
            parts.append("the access token cannot be read, so its rights cannot be judged")
        return one_line(" ".join(filter(None, parts))) or "no answer"

    @property
    def rows(self) -> tuple[Row, ...]:
        return (*_exchange(self), *_who(self), *_way(self), *_stages(self))

    @property
    def shared_by(self) -> tuple[Hashable, ...] | None:
        """The identity that Entra refuses, or nothing further for a resolver that answers for no name."""
        match self.observation:
            case Entra() as entra:
                return (self.transcript.target.identity, entra.authority)
            case Dns(resolution=resolution) if resolution is None or resolution.outcome is Resolved.RESOLVER_FAILED:
                return ()
        return None


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


def _answered(seen: BrokenRung) -> dict[str, str]:
    found = reply(seen)
    observation = seen.observation
    values = {"answer": seen.answer, "client_ip": client_ip(seen) or ""}
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


def _exchange(seen: Break) -> Iterator[Row]:
    found = reply(seen)
    if found is not None:
        yield Row("request", f"{found.method} {found.url}")
        yield Row("answer", f"{found.status} {found.words}")
        if found.detail:
            yield Row("detail", found.detail)
        if found.correlation_id:
            yield Row("correlation id", found.correlation_id)
    if (why := trouble(seen)) is not None:
        yield Row("trouble", f"{why} {trouble_text(seen)}")
    if isinstance(seen.observation, Entra) and seen.observation.codes:
        yield Row("authority", seen.observation.authority)
        yield Row("Entra codes", ", ".join(f"AADSTS{code}" for code in seen.observation.codes))
        yield Row("Entra trace id", seen.observation.trace_id or "none")


def _who(seen: Break) -> Iterator[Row]:
    transcript = seen.transcript
    registry, identity, credential = transcript.target.registry, transcript.target.identity, transcript.credential
    yield Row("registry", f"{registry.login_server} ({registry.cloud.name})")
    parts = [str(credential.kind)]
    if credential.user_name:
        parts.append(f"user name {credential.user_name}")
    if credential.client_id:
        parts.append(f"client id {credential.client_id}")
    if identity.flow is Flow.ENTRA:
        parts.append(f"tenant {one_line(_word(credential.tenant_id)) or PLACEHOLDERS['tenant_id']}")
    method = identity.method if identity.name == identity.method else f"{identity.name} ({identity.method})"
    if credential.source:
        parts.append(f"read from {one_line(credential.source)}")
    yield Row("identity", f"{method}: {', '.join(parts)}")
    if credential.also:
        yield Row("not used", f"the environment also holds a credential for {', '.join(credential.also)}")
    if not transcript.target.references:
        yield Row("rights", _NO_RIGHT)
    if transcript.proxy:
        yield Row("proxy", transcript.proxy)
    for host, seconds in transcript.held_back:
        yield Row("held back", f"{seconds:.1f} s: {host} had asked for silence before")


def _way(seen: Break) -> Iterator[Row]:
    part: object = seen.observation
    if isinstance(part, (Entra, Data)):
        if isinstance(part, Data) and part.redirect:
            yield Row("redirected to", f"{part.redirect} {part.refused}")
        part = part.connection.broken if part.connection else None
    if isinstance(part, Dns) and part.resolution is not None:
        yield Row("look-up", f"{part.host}: {part.resolution.outcome} {part.resolution.text}")
        if part.resolution.chain is not None:
            yield Row("aliases", " → ".join(part.resolution.chain))
    if isinstance(part, Tcp):
        tried = [f"{attempt.address} ({attempt.trouble or 'connected'})" for attempt in part.attempts]
        yield Row("tried", f"{part.host} port {part.port}: {', '.join(tried) or 'no address'}")
    if isinstance(part, Tls):
        yield Row("trust store", part.trust)
        if part.verify_code is not None:
            yield Row("verification", f"code {part.verify_code}")
        if part.certificate is not None:
            shown = part.certificate
            yield Row("certificate", f"for {', '.join(shown.names) or shown.subject}, from {shown.issuer}")
            yield Row("valid", f"{shown.not_before} to {shown.not_after}")


def _stages(seen: Break) -> Iterator[Row]:
    """Yield how far the climb came: the shared stages, and those of the repository that this is about."""
    transcript = seen.transcript
    groups: dict[str, list[str]] = {"passed": [], "broken": [], "not reached": [], "not observed": []}
    for rung in transcript.target.rungs:
        if seen.rung.reference is None or rung.reference in {None, seen.rung.reference}:
            group, text = _stage(transcript, rung)
            groups[group].append(text)
    yield from (Row(label, ", ".join(dict.fromkeys(texts))) for label, texts in groups.items() if texts)


def _stage(transcript: Transcript, rung: Rung) -> tuple[str, str]:
    observation = transcript.at(rung)
    if observation is None:
        return "not reached", str(rung.stage)
    if isinstance(observation, NotObserved):
        return "not observed", f"{rung.stage} ({observation.reason})"
    return "passed" if observation.ok else "broken", f"{rung.stage} {observation.elapsed:.2f}s"
