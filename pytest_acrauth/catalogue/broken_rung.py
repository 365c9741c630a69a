"""A broken rung of a climb as the subject of a diagnosis: what it shows by name and in a line."""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterable

from pytest_acrauth.catalogue.broken_rung_rows import rows_of
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
    ruled_host,
    scope_map_actions,
    service_time,
    shared_hosts,
    told_once,
    trouble,
    trouble_text,
    wanted,
    word,
    zone_record,
)
from pytest_acrauth.catalogue.questions.management import dialled, rights_of
from pytest_acrauth.catalogue.questions.records import TokenState, date
from pytest_acrauth.catalogue.questions.rights import permissions
from pytest_acrauth.catalogue.shape import Break
from pytest_acrauth.catalogue.symptoms.addresses import rule_address
from pytest_acrauth.catalogue.symptoms.proxy import found_no_way
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
    Tcp,
    Tls,
    Trouble,
)
from pytest_acrauth.model.target import GUID, Reference
from pytest_acrauth.model.transcript import Transcript

# Who was asked for an id token, in the words of `pytest_acrauth.probes.entra.ci_tokens`.
_OF_ID_TOKENS = re.compile(r"id token request .{0,40}?(?:from|by) ([\w.-]+)")
# What is the same to a shell and in JSON, quoted or not.
_PLAIN = re.compile(r"[\w:/.@+,=-]{1,200}", re.ASCII)
_HELPER = re.compile(r"docker-credential-[\w.-]{1,60}(?=\W|$)")
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
            parts.append(told_once(str(why), trouble_text(self)))
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
        return tuple(rows_of(self))

    @property
    def shared_by(self) -> tuple[Hashable, ...] | None:
        """What is on the way to whichever host, such as a proxy or the resolver, or the identity that Entra refuses."""
        match broken_part(self), self.observation:
            case Tcp(tunnel=tunnel), _ if tunnel is not None:
                return None if found_no_way(tunnel.status) else (tunnel.proxy,)
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
        "user_name": word(credential.user_name),
        "client_id": word(_application(credential)),
        "tenant_id": word(credential.tenant_id),
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
    where = {"registry_id": word(known) if known else looked_up_id(registry)}
    if credential.kind in _WITHOUT_ROLES:
        return where | {"assignee": ""}
    if object_id := _object_id(transcript):
        holder = f"--assignee-object-id {object_id}"
        kind = _PRINCIPAL_TYPES.get(credential.kind)
        assignee = f"{holder} --assignee-principal-type {kind}" if kind else holder
        return where | {"assignee": assignee, "holder": holder}
    if application := _application(credential):
        return where | dict.fromkeys(("assignee", "holder"), f"--assignee {word(application)}")
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
    return {"pending_connections": _join(word(each.name) for each in asking if each.status == "Pending")}


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
        return f"from its scope map {word(found.name)}"
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
        values |= {"scope_map": word(token.scope_map), "spare_password": state.spare}
    if evidence.scope_map and (found := evidence.scope_map.value) and found.found:
        values["scope_map"] = word(found.name)
    if (rights := rights_of(seen)) is not None:
        values["custom_role"] = next(iter(rights.wildcard_roles), "")
        values["conditional_role"] = next(iter(rights.conditional_roles), "")
    if evidence.tenant and evidence.tenant.value:
        values["registry_tenant"] = word(evidence.tenant.value)
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
        values["ci_host"] = word(asked[1])
    if isinstance(observation, Entra) and observation.assertion is not None:
        shown = observation.assertion
        parts = {"issuer": shown.issuer, "subject": shown.subject, "audience": shown.named_audience}
        # In a command they stand between quotes of two kinds.
        values |= {f"presented_{name}": part for name, part in parts.items() if _PLAIN.fullmatch(part)}
    if isinstance(observation, Challenge):
        values |= {"realm": observation.realm, "scheme": observation.scheme}
    if isinstance(observation, Data) and (host := observation.redirect):
        values |= {"redirect": word(host), "record": word(zone_record(host))}
        values |= {"layer_hosts": layer_hosts(host), "shared_hosts": shared_hosts(host)}
    return values


def _connection(seen: Break) -> dict[str, str]:
    """Return the facts of the connection that broke: the rung's own, or the one to the host that it asked."""
    part = broken_part(seen)
    values = {"host": word(peer(seen)), "ruled_host": ruled_host(word(peer(seen)))}
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
