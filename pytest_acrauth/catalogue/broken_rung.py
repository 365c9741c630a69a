"""A broken rung of a climb as the subject of a diagnosis: what it shows by name, in a line, and in labelled rows."""

from __future__ import annotations

import re
import shlex
from collections.abc import Hashable, Iterable, Iterator

from pytest_acrauth.catalogue.facts import (
    RoleMode,
    Row,
    broken_part,
    client_ip,
    layer_hosts,
    login_name,
    looked_up_id,
    one_line,
    peer,
    registry_record,
    reply,
    role_mode,
    scope_map_actions,
    service_time,
    shared_hosts,
    trouble,
    trouble_text,
    wanted,
    zone_record,
)
from pytest_acrauth.catalogue.questions.management import dialled, rights_of
from pytest_acrauth.catalogue.questions.records import TokenState, date
from pytest_acrauth.catalogue.questions.rights import permissions
from pytest_acrauth.catalogue.shape import Break
from pytest_acrauth.catalogue.symptoms.addresses import rule_address
from pytest_acrauth.catalogue.symptoms.proxy import NO_CONNECTION_OF_ITS_OWN
from pytest_acrauth.catalogue.symptoms.tls import UNKNOWN_ISSUER
from pytest_acrauth.model.credential import CredentialFacts, Kind
from pytest_acrauth.model.machine import Resolved
from pytest_acrauth.model.observation import (
    AccessToken,
    Certificate,
    Challenge,
    Data,
    Dns,
    Entra,
    NotObserved,
    Reply,
    Tcp,
    Tls,
    Trouble,
)
from pytest_acrauth.model.stage import Rung
from pytest_acrauth.model.target import GUID, Flow, Identity, Reference
from pytest_acrauth.model.transcript import Transcript

# Who was asked for an id token, in the words of `pytest_acrauth.probes.entra.ci_tokens`.
_OF_ID_TOKENS = re.compile(r"id token request .{0,40}?(?:from|by) ([\w.-]+)")
# What is the same to a shell and in JSON, quoted or not.
_PLAIN = re.compile(r"[\w:/.@+,=-]{1,200}", re.ASCII)
_HELPER = re.compile(r"docker-credential-[\w.-]{1,60}(?=\W|$)")
# The ids that services write into what they say, and the times beside them.
_IDS = re.compile(
    r" *\b(?:CorrelationId|Correlation ID|Trace ID|Request ?Id|Timestamp): ?[\w:.-]{1,60}(?: \d\d:\d\d:\d\dZ)?\.?",
    re.IGNORECASE,
)

# The smallest built-in role that allows an action, in either role assignment mode. Without a mode's own part, push
# includes pull and nothing includes delete but itself; in ABAC mode each includes those before it. No built-in role
# allows to read or restore what is soft-deleted
# (https://learn.microsoft.com/azure/container-registry/container-registry-rbac-built-in-roles-overview).
_ROLES = {
    "pull": "AcrPull",
    "metadata_read": "AcrPull",
    "push": "AcrPush",
    "metadata_write": "AcrPush",
    "delete": "AcrDelete",
}
_ABAC_ROLES = {
    "pull": "Reader",
    "metadata_read": "Reader",
    "push": "Writer",
    "metadata_write": "Writer",
    "delete": "Contributor",
}
# Who holds no role, whatever is assigned: rights of the admin user and of scope-map tokens come from elsewhere.
_WITHOUT_ROLES = {Kind.ANONYMOUS, Kind.ADMIN, Kind.SCOPE_MAP_TOKEN}
# Where a right comes from that no role gave.
_SOURCES = {
    Kind.ADMIN: "as the admin user, who can do everything",
    Kind.SCOPE_MAP_TOKEN: "from its scope map",
    Kind.REFRESH_TOKEN: "from a role of whoever logged in",
    Kind.ANONYMOUS: "as everybody has it",
}
_PRINCIPAL_TYPES = {
    Kind.SERVICE_PRINCIPAL: "ServicePrincipal",
    Kind.MANAGED_IDENTITY: "ServicePrincipal",
    Kind.USER: "User",
}


class BrokenRung(Break):
    """A break that speaks for itself."""

    __slots__ = ()
    quoted = False
    assured = True

    @property
    def broken(self) -> Break:
        return self

    @property
    def facts(self) -> dict[str, str]:
        return {
            **_configured(self.transcript),
            **_repository(self),
            **_looked_up(self),
            **_pending(self),
            **_answered(self),
            **_connection(self),
            "stage": self.stage.words,
            "elapsed": f"{self.observation.elapsed:.1f}",
            "helper": found[0] if (found := _HELPER.search(trouble_text(self))) else "",
        }

    @property
    def answer(self) -> str:
        """Status, code and message, else the trouble and its text, in one line."""
        found = reply(self)
        parts = [str(found.status), found.words] if found else []
        if (why := trouble(self)) is not None:
            parts.append(_told_once(str(why), trouble_text(self)))
        observation = self.observation
        if isinstance(observation, Dns) and observation.resolution is not None:
            parts.append(observation.resolution.text or str(observation.resolution.outcome))
        if isinstance(observation, Entra) and observation.codes:
            parts.insert(1, f"AADSTS{observation.codes[0]}")
        if isinstance(observation, AccessToken) and observation.unjudged:
            parts.append("the access token cannot be read, so its rights cannot be judged")
        return one_line(" ".join(filter(None, parts))) or "no answer"

    @property
    def rows(self) -> tuple[Row, ...]:
        return (*_exchange(self), *_waited(self), *_way(self), *_who(self), *_stages(self))

    @property
    def shared_by(self) -> tuple[Hashable, ...] | None:
        """What is on the way to whichever host, such as a proxy or the resolver, or the identity that Entra refuses."""
        match broken_part(self), self.observation:
            case Tcp(tunnel=tunnel), _ if tunnel is not None:
                return None if tunnel.status in NO_CONNECTION_OF_ITS_OWN else (tunnel.proxy,)
            case Tcp(trouble=Trouble.UNREACHABLE), _ if _all_unreachable(self.transcript):
                return ()
            case Tls(verify_code=code, certificate=Certificate(issuer=issuer)), _ if issuer and code in UNKNOWN_ISSUER:
                return (issuer,)
            case Dns(), _ if _resolver_fails(self.transcript):
                return ()
            case _, Entra() as entra:
                return (self.transcript.target.identity, entra.authority)
        return None


def _all_unreachable(transcript: Transcript) -> bool:
    """Whether no route leads to the registry, nor to Entra: then it is this machine's network that is not there."""
    entra = transcript.entra.connection if transcript.entra else None
    tried = (transcript.tcp, entra.tcp if entra else None)
    return all(isinstance(each, Tcp) and each.trouble is Trouble.UNREACHABLE for each in tried)


def _resolver_fails(transcript: Transcript) -> bool:
    """Whether it is the resolver that every look-up fails by: it does not answer, or not even Entra's name is known."""
    names = transcript.evidence.names
    if names is not None and names.value is not None and names.value.public is False:
        return True
    entra = transcript.entra.connection if transcript.entra else None
    looked = [each for each in (transcript.dns, entra.dns if entra else None) if isinstance(each, Dns)]
    outcomes = {each.resolution.outcome if each.resolution else Resolved.RESOLVER_FAILED for each in looked}
    return Resolved.RESOLVER_FAILED in outcomes or (len(looked) > 1 and outcomes == {Resolved.NO_SUCH_NAME})


def _configured(transcript: Transcript) -> dict[str, str]:
    registry, credential = transcript.target.registry, transcript.credential
    return {
        "registry": registry.name,
        "login_server": registry.login_server,
        "login_name": login_name(registry),
        "cloud": registry.cloud.name,
        "authority": transcript.entra.authority if transcript.entra else registry.cloud.authority,
        "identity": transcript.target.identity.name,
        "kind": str(credential.kind),
        "unused": _join(credential.also),
        "person": str(credential.kind) if credential.kind is Kind.USER else "",
        "host": registry.login_server,
        "user_name": _word(credential.user_name),
        "client_id": _word(_application(credential)),
        "tenant_id": _word(credential.tenant_id),
        "object_id": _object_id(transcript),
        "limit": f"{transcript.limit:g}",
        "proxy": transcript.proxy,
        "private_zone": f"privatelink{registry.cloud.registry_suffix}",
        "blob_hosts": f"*{registry.cloud.storage_suffix}",
        "record": zone_record(registry.login_server),
        **_assignment(transcript),
    }


def _assignment(transcript: Transcript) -> dict[str, str]:
    """Return who a role is assigned to and on what, as `az role assignment create` takes them.

    ``holder`` is who, as `az role assignment list` takes it.
    """
    registry, credential = transcript.target.registry, transcript.credential
    look = transcript.evidence.registry
    record = look.value if look and look.value and not look.value.is_namesake(registry.global_endpoint) else None
    known = (record.resource_id if record else "") or registry.resource_id
    where = {"registry_id": _word(known) if known else looked_up_id(registry)}
    if credential.kind in _WITHOUT_ROLES:
        return where | {"assignee": ""}
    if object_id := _object_id(transcript):
        holder = f"--assignee-object-id {object_id}"
        kind = _PRINCIPAL_TYPES.get(credential.kind)
        assignee = f"{holder} --assignee-principal-type {kind}" if kind else holder
        return where | {"assignee": assignee, "holder": holder}
    if application := _application(credential):
        return where | dict.fromkeys(("assignee", "holder"), f"--assignee {_word(application)}")
    return where


def _application(credential: CredentialFacts) -> str:
    """Return the id of the application that signs in, '' where that is not known or it is none."""
    return credential.client_id or (credential.user_name if credential.kind is Kind.SERVICE_PRINCIPAL else "")


def _object_id(transcript: Transcript) -> str:
    """Return the object id that roles are assigned to, as the Entra token or a look tells it; '' where none does."""
    evidence = transcript.evidence
    found = (
        transcript.entra.claims.object_id if transcript.entra and transcript.entra.claims else "",
        evidence.roles.value.principal_id if evidence.roles and evidence.roles.value else "",
        evidence.entra_direct.value.object_id if evidence.entra_direct and evidence.entra_direct.value else "",
        evidence.application.value.object_id if evidence.application and evidence.application.value else "",
    )
    return next((each for each in found if GUID.fullmatch(each)), "")


def _pending(seen: Break) -> dict[str, str]:
    """Return the private endpoint connections that wait for approval, '' for none; nothing where nobody looked.

    Where it is known which endpoint was dialled, no other is named.
    """
    record, found = registry_record(seen), dialled(seen)
    if record is None:
        return {}
    asking = found.own if found is not None and found.own else record.private_endpoints
    return {"pending_connections": _join(_word(each.name) for each in asking if each.status == "Pending")}


def _word(text: str) -> str:
    """Quote a name that appears in commands, where a shell would need it."""
    return shlex.quote(one_line(text)) if text else ""


def _repository(seen: Break) -> dict[str, str]:
    access, named = seen.access, seen.transcript.target.references
    token = access.access_token if access else seen.transcript.access_token
    reference = access.reference if access else named[0] if len(named) == 1 else None
    needed, rights = wanted(seen), rights_of(seen)
    # Where a role is there, and only young, or on a condition, no second one is told.
    lacking = (rights and rights.to_assign) or needed
    return {
        "repository": reference.repository if reference else "",
        "version": reference.version if reference else "",
        "image": _image(reference) if reference else "",
        **_roles(() if seen.transcript.credential.kind in _WITHOUT_ROLES else lacking, role_mode(seen)),
        "permissions": _join(permissions(needed, role_mode(seen))),
        "wanted": ", ".join(needed),
        "unassigned": ", ".join((rights and rights.unassigned) or needed),
        "right_from": _source(seen, token.excess if token else ()),
        "scope_map_actions": " ".join(scope_map_actions(needed)),
        "missing": ", ".join(token.missing) if token else "",
        "excess": ", ".join(token.excess) if token else "",
        "granted": ", ".join(token.granted or ()) or "nothing" if token else "",
    }


def _source(seen: Break, excess: tuple[str, ...]) -> str:
    """Return in words where an identity has a right from, by name where that was looked up."""
    kind, evidence = seen.transcript.credential.kind, seen.transcript.evidence
    if (rights := rights_of(seen)) is not None and (giving := rights.granting(excess)):
        return f"from {' and '.join(giving)}"
    if kind is Kind.SCOPE_MAP_TOKEN and evidence.scope_map and (found := evidence.scope_map.value) and found.found:
        return f"from its scope map {_word(found.name)}"
    return _SOURCES.get(kind, "from one of its roles")


def _image(reference: Reference) -> str:
    """Return an image as az takes it; a digest has a colon, and no tag has."""
    return f"{reference.repository}{'@' if ':' in reference.version else ':'}{reference.version}"


def _roles(needed: tuple[str, ...], mode: RoleMode | None) -> dict[str, str]:
    """Return the roles for images that allow these actions: outside ABAC mode, and in it; '' where there is none.

    Where the mode is known, the roles of the other one are ''. ``beyond_roles`` is what none of them allows.
    """
    wide = [name for name in dict.fromkeys(_ROLES.get(action, "") for action in needed) if name]
    if "AcrPush" in wide and "AcrPull" in wide:
        wide.remove("AcrPull")
    narrow = next((_ABAC_ROLES[name] for name in reversed(_ABAC_ROLES) if name in needed), "")
    narrow = f"Container Registry Repository {narrow}" if narrow else ""
    return {
        "role": "" if mode is RoleMode.ABAC else _join(wide),
        "role_in_abac_mode": "" if mode is RoleMode.RBAC else narrow,
        "beyond_roles": _join(permissions((action for action in needed if action not in _ROLES), RoleMode.RBAC)),
    }


def _looked_up(seen: Break) -> dict[str, str]:
    """Return the names that the looks found."""
    evidence = seen.transcript.evidence
    values: dict[str, str] = {}
    if evidence.scope_map_token and (token := evidence.scope_map_token.value):
        state = TokenState(token, service_time(seen.transcript))
        values |= {"scope_map": _word(token.scope_map), "spare_password": state.spare}
    if evidence.scope_map and (found := evidence.scope_map.value) and found.found:
        values["scope_map"] = _word(found.name)
    if (rights := rights_of(seen)) is not None:
        values["custom_role"] = next(iter(rights.wildcard_roles), "")
        values["conditional_role"] = next(iter(rights.conditional_roles), "")
    if evidence.tenant and evidence.tenant.value:
        values["registry_tenant"] = _word(evidence.tenant.value)
    return values


def _answered(seen: BrokenRung) -> dict[str, str]:
    found = reply(seen)
    observation = seen.observation
    values = {"answer": seen.answer}
    if address := client_ip(seen):
        # By a proxy it is the address of that, and whoever else goes by it has the same.
        own = "" if seen.transcript.proxy else rule_address(address)
        values |= {"client_ip": address, "rule_address": own}
    if found is not None:
        values |= {
            "status": str(found.status),
            "correlation_id": found.correlation_id,
            "retry_after": found.retry_after if found.retry_after.isdigit() else "",
        }
    if isinstance(observation, Entra) and observation.codes:
        values["aadsts"] = str(observation.codes[0])
    if asked := _OF_ID_TOKENS.search(trouble_text(seen)):
        values["ci_host"] = _word(asked[1])
    if isinstance(observation, Entra) and observation.assertion is not None:
        shown = observation.assertion
        parts = {"issuer": shown.issuer, "subject": shown.subject, "audience": shown.named_audience}
        # In a command they stand between quotes of two kinds.
        values |= {f"presented_{name}": part for name, part in parts.items() if _PLAIN.fullmatch(part)}
    if isinstance(observation, Challenge):
        values |= {"realm": observation.realm, "scheme": observation.scheme}
    if isinstance(observation, Data) and (host := observation.redirect):
        values |= {"redirect": _word(host), "record": _word(zone_record(host))}
        values |= {"layer_hosts": layer_hosts(host), "shared_hosts": shared_hosts(host)}
    return values


def _connection(seen: Break) -> dict[str, str]:
    """Return the facts of the connection that broke: the rung's own, or the one to the host that it asked."""
    part = broken_part(seen)
    values = {"host": _word(peer(seen))}
    if isinstance(part, Dns):
        values["addresses"] = _join(part.resolution.addresses if part.resolution else ())
    if isinstance(part, Tcp):
        values["addresses"] = _join(each.address for each in part.attempts if each.trouble is part.trouble)
        values |= {"proxy": part.tunnel.proxy} if part.tunnel else {}
    if isinstance(part, Tls):
        values |= {"trust": part.trust, **_certificate(part.certificate)}
    return values


def _certificate(certificate: Certificate | None) -> dict[str, str]:
    if certificate is None:
        return {}
    return {
        "issuer": certificate.issuer,
        "subject": certificate.subject,
        "names": _join(certificate.names),
        "not_before": date(certificate.not_before),
        "not_after": date(certificate.not_after),
    }


def _join(parts: Iterable[str]) -> str:
    return ", ".join(parts)


def _exchange(seen: Break) -> Iterator[Row]:
    found = reply(seen)
    if found is not None:
        yield Row("answer", f"{found.status} {_said(found)} (to {found.method} {found.url})")
        if found.detail:
            yield Row("detail", found.detail, detail=True)
        if found.correlation_id:
            yield Row("correlation id", found.correlation_id)
    if (why := trouble(seen)) is not None:
        said = _told_once(str(why), trouble_text(seen))
        waited = why in {Trouble.TIMEOUT, Trouble.OUT_OF_TIME}
        after = f" after {seen.observation.elapsed:.1f} s" if waited else ""
        yield Row("trouble", f"{seen.stage.words} at {peer(seen)}: {said}{after}")
    if isinstance(seen.observation, Entra) and seen.observation.codes:
        yield Row("authority", seen.observation.authority, detail=True)
        yield Row("Entra codes", ", ".join(f"AADSTS{code}" for code in seen.observation.codes), detail=True)
        yield Row("Entra trace id", seen.observation.trace_id or "none", detail=True)


def _waited(seen: Break) -> Iterator[Row]:
    """Yield what became of the wait for this to take effect, where one was wanted."""
    waited = seen.transcript.waited
    if waited is None:
        return
    over = f"{waited.no_delay} is no delay" if waited.no_delay else ""
    over = f"{waited.asked:g} s of silence were asked for, and less was left" if waited.asked else over
    took = f"{round(waited.seconds, 1):g} of {waited.limit:g} s, {waited.attempts} attempts"
    if waited.attempts == 1:
        yield Row("not waited", over, detail=not waited.asked)
    elif over:
        yield Row("waited", f"{took}, then no longer: {over}")
    else:
        network = f"after {round(waited.network, 1):g} s" if waited.network else "at once"
        held = "did not hold" if waited.network is None else f"held {network}, permission did not"
        yield Row("waited", f"{took}: the network {held}")


def _said(found: Reply) -> str:
    """Return what was answered; without the ids in it where one has a row of its own, so that there is one to quote."""
    return _IDS.sub("", found.words).strip() if found.correlation_id else found.words


def _told_once(what: str, words: str) -> str:
    """Return a trouble and the words about it, without the trouble where they say it."""
    if not words:
        return what
    said = what == Trouble.TIMEOUT and "timed out" in words
    return words if said or what.lower() in words.lower() else f"{what}: {words}"


def _who(seen: Break) -> Iterator[Row]:
    transcript = seen.transcript
    registry, identity, credential = transcript.target.registry, transcript.target.identity, transcript.credential
    yield Row("identity", one_line(_identity(identity, credential), 600))
    yield Row("registry", f"{registry.login_server} ({registry.cloud.name})", detail=True)
    if identity.flow is Flow.ENTRA and (tenant := one_line(_word(credential.tenant_id))):
        yield Row("tenant", tenant, detail=True)
    if credential.also:
        yield Row("not used", f"the environment also holds a credential for {', '.join(credential.also)}", detail=True)
    if transcript.proxy:
        yield Row("proxy", transcript.proxy)
    for host, seconds in transcript.held_back:
        yield Row("held back", f"{seconds:.1f} s: {host} had asked for silence before", detail=True)


def _identity(identity: Identity, credential: CredentialFacts) -> str:
    """Say who signs in, by which method, and from where its credential was read."""
    who = " ".join(filter(None, [str(credential.kind), credential.user_name or credential.client_id]))
    told = who if identity.name == identity.method else f"{identity.name} = {who}"
    # The secret's own variable stands last in the list of them, and tells most.
    read = credential.source or ", ".join(reversed(credential.variables))
    return f"{told}, from {read}" if read else told


def _way(seen: Break) -> Iterator[Row]:
    observation, part = seen.observation, broken_part(seen)
    if isinstance(observation, Data) and observation.redirect:
        yield Row("redirected to", f"{observation.redirect} {observation.refused}".strip())
    if isinstance(part, Dns) and part.resolution is not None:
        yield Row("look-up", f"{part.host}: {part.resolution.text or part.resolution.outcome}")
        if part.resolution.chain is not None:
            yield Row("aliases", " → ".join(part.resolution.chain), detail=True)
    if isinstance(part, Tcp):
        tried = [f"{attempt.address} ({attempt.trouble or 'connected'})" for attempt in part.attempts]
        yield Row("tried", f"{part.host} port {part.port}: {', '.join(tried) or 'no address'}")
    if isinstance(part, Tls):
        if part.certificate is not None:
            shown = part.certificate
            told = f"for {', '.join(shown.names) or shown.subject}, from {shown.issuer}"
            yield Row("certificate", told)
            yield Row("valid", f"{shown.not_before} to {shown.not_after}", detail=True)
        yield Row("trust store", part.trust, detail=True)
        if part.verify_code is not None:
            yield Row("verification", f"code {part.verify_code}", detail=True)


def _stages(seen: Break) -> Iterator[Row]:
    """Yield how far the climb came: the shared stages, and those of the repository that this is about."""
    transcript = seen.transcript
    rungs = [rung for rung in transcript.target.rungs if seen.rung.reference is None or rung.reference in _about(seen)]
    groups: dict[str, list[str]] = {"passed": [], "broken": [], "not reached": [], "not observed": []}
    for rung in rungs:
        groups[_state(transcript, rung)].append(str(rung.stage))
    told = [f"{' '.join(dict.fromkeys(stages))} {state}" for state, stages in groups.items() if stages]
    yield Row("stages", "; ".join(told))
    about = [each.text for each in transcript.target.references if seen.rung.reference in {None, each.text}]
    if not transcript.target.references:
        yield Row("rights", "none was proven: no repository was named")
    elif any("push" in each.must and not each.pushes for each in map(transcript.target.rights, about)):
        yield Row("rights", "push is judged by the access token alone; --acr-prove-push opens an upload", detail=True)
    timed = [(rung.stage, transcript.at(rung)) for rung in rungs]
    took = [f"{stage} {each.elapsed:.2f} s" for stage, each in timed if not isinstance(each, NotObserved | None)]
    yield Row("seconds", ", ".join(dict.fromkeys(took)), detail=True)
    for stage, each in timed:
        if isinstance(each, NotObserved):
            yield Row("not observed", f"{stage} ({each.reason})", detail=True)


def _about(seen: Break) -> set[str | None]:
    return {None, seen.rung.reference}


def _state(transcript: Transcript, rung: Rung) -> str:
    observation = transcript.at(rung)
    if observation is None:
        return "not reached"
    if isinstance(observation, NotObserved):
        return "not observed"
    return "passed" if observation.ok else "broken"
