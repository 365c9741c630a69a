"""The only home of sockets, ssl and httpx: one climb from a target to its transcript.

Probes record facts; what they mean is the catalogue's business, which is never imported here.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from pytest_acrauth.auth import Credential
from pytest_acrauth.model.credential import Kind
from pytest_acrauth.model.observation import AccessToken, Challenge, Connection, Entra, HeldBack, NotObserved, Trouble
from pytest_acrauth.model.secret import Secret
from pytest_acrauth.model.target import Flow, Target
from pytest_acrauth.model.transcript import Access, Transcript
from pytest_acrauth.probes.entra.methods import ask_entra
from pytest_acrauth.probes.entra.request import EntraRequest
from pytest_acrauth.probes.http.client import Http
from pytest_acrauth.probes.http.deadline import Deadline
from pytest_acrauth.probes.http.network import Connector
from pytest_acrauth.probes.http.proxies import proxy_for, without_user
from pytest_acrauth.probes.programs.helper import ask_helper
from pytest_acrauth.probes.registry import Login, ask_challenge, read_layer, read_manifest

__all__ = ["Connector", "EntraLeg", "climb", "climb_to_entra"]

#: Waits for the identity leg at most until the given deadline; None when it has not come by then.
EntraLeg = Callable[[Deadline], "tuple[Entra, Secret | None] | None"]


def climb_to_entra(
    target: Target, credential: Credential, connector: Connector, limit: float
) -> tuple[Entra, Secret | None]:
    """Climb the identity leg within ``limit`` seconds: what one run does once per identity and cloud."""
    return ask_entra(EntraRequest(target.identity, target.registry.cloud, credential, connector, Deadline(limit)))


@dataclass(frozen=True, slots=True)
class _Climb:
    """What the parts of one climb share."""

    target: Target
    http: Http
    connector: Connector
    credential: Credential


def climb(
    target: Target,
    credential: Credential,
    connector: Connector,
    limit: float,
    entra_leg: EntraLeg | None,
    *,
    tokens_only: bool = False,
) -> Transcript:
    """Climb one target within ``limit`` seconds and return what was seen. ``tokens_only`` stops at the access tokens.

    ``entra_leg`` is the identity leg, begun elsewhere and side by side with this one; None where there is none.
    """
    began = time.monotonic()
    deadline = Deadline(limit)
    host = target.registry.login_server
    seen = Transcript(
        target=target,
        credential=credential.facts,
        started=connector.machine.now(),
        limit=limit,
        proxy=without_user(proxy_for(host, connector.machine), connector.secrets),
    )
    with Http(connector, deadline) as http:
        challenge = ask_challenge(http, target.registry)
        seen = _with_network(seen, http.connections.get(host), challenge)
        token: Secret | None = None
        if entra_leg is not None:
            entra, token = entra_leg(deadline) or (_no_time(target, credential, deadline), None)
            credential = _with_claims(credential, entra)
            seen = replace(seen, entra=entra, credential=credential.facts)
        if seen.challenge is not None and seen.challenge.ok:
            if credential.helper:
                credential = ask_helper(credential, target.registry, connector, deadline)
                seen = replace(seen, credential=credential.facts)
            parts = _Climb(target, http, connector, credential)
            seen = _ask_registry(seen, parts, token, tokens_only=tokens_only)
    held_back = tuple(HeldBack(*each) for each in http.held_back.items())
    return replace(seen, held_back=held_back, elapsed=time.monotonic() - began)


def _with_network(seen: Transcript, way: Connection | None, challenge: Challenge) -> Transcript:
    """Enter the network leg: the way to the login server as far as it went, and the challenge if it was asked."""
    if way is None:
        if challenge.trouble is Trouble.OUT_OF_TIME and challenge.reply is None:
            return replace(seen, challenge=challenge)
        above = NotObserved(reason="the request was answered above the connection, by something that stands in for it")
        return replace(seen, dns=above, tcp=above, tls=above, challenge=challenge)
    through = NotObserved(reason=f"done by the proxy {way.proxy}") if way.proxy else None
    seen = replace(seen, dns=way.dns or through, tcp=way.tcp or through, tls=way.tls)
    return seen if way.broken is not None else replace(seen, challenge=challenge)


def _no_time(target: Target, credential: Credential, deadline: Deadline) -> Entra:
    return Entra(
        authority=target.registry.cloud.authority,
        tenant_id=credential.facts.tenant_id,
        client_id=credential.facts.client_id,
        trouble=deadline.trouble(),
        elapsed=deadline.limit - deadline.left(),
    )


def _with_claims(credential: Credential, entra: Entra) -> Credential:
    """Fill in what only the token tells of an identity that no variable names: its tenant, and which one it is."""
    if entra.claims is None:
        return credential
    facts = replace(credential.facts, tenant_id=credential.facts.tenant_id or entra.claims.tenant_id)
    if facts.kind is Kind.MANAGED_IDENTITY:
        facts = replace(facts, client_id=facts.client_id or entra.claims.client_id)
    return replace(credential, facts=facts)


def _ask_registry(seen: Transcript, parts: _Climb, entra_token: Secret | None, *, tokens_only: bool) -> Transcript:
    """Enter what follows the join of the legs: the exchange, and each repository's access."""
    if seen.challenge is None:
        return seen
    login = Login(parts.http, seen.challenge, parts.credential, parts.connector.secrets)
    if parts.target.identity.flow is Flow.ENTRA:
        if entra_token is None:
            return seen
        exchange = login.exchange(entra_token)
        seen = replace(seen, exchange=exchange)
        if not exchange.ok:
            return seen
    if parts.credential.trouble is not None:
        return _without_credential(seen, parts)
    if not parts.target.references:
        return replace(seen, access_token=login.ask_access_token()[0])
    accesses: list[Access] = []
    for reference in parts.target.references:
        access_token, token = login.ask_access_token(reference, parts.target.must, parts.target.must_not)
        access = Access(reference=reference, access_token=access_token)
        if access_token.ok and token is not None and parts.target.pulls and not tokens_only:
            access = _read_image(access, parts, token)
        accesses.append(access)
    return replace(seen, accesses=tuple(accesses))


def _without_credential(seen: Transcript, parts: _Climb) -> Transcript:
    """Enter that nothing was asked: the credential helper gave no login."""
    target = parts.target
    nothing = AccessToken(trouble=parts.credential.trouble, text=parts.credential.text)
    if not target.references:
        return replace(seen, access_token=nothing)
    each = replace(nothing, must=target.must, must_not=target.must_not)
    return replace(seen, accesses=tuple(Access(reference=one, access_token=each) for one in target.references))


def _read_image(access: Access, parts: _Climb, token: Secret) -> Access:
    registry = parts.target.registry
    operation = read_manifest(parts.http, registry, access.reference, token)
    access = replace(access, operation=operation)
    if not operation.ok:
        return access
    return replace(access, data=read_layer(parts.http, registry, access.reference, operation.blob, token))
