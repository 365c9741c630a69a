"""The only home of sockets, ssl and httpx: one climb from a target to its transcript.

Probes record facts; what they mean is the catalogue's business, which is never imported here.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from pytest_acrauth.auth import BadAuth, Credential
from pytest_acrauth.model.credential import Kind
from pytest_acrauth.model.defect import Defect
from pytest_acrauth.model.observation import AccessToken, Entra, HeldBack, NotObserved, Trouble
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
from pytest_acrauth.probes.registry import Login, ask_challenge, read_layer, read_manifest, try_upload

__all__ = ["Connector", "EntraLeg", "SignedIn", "ask_again", "climb", "climb_to_entra"]

#: Waits for the identity leg at most until the given deadline; None when it has not come by then.
EntraLeg = Callable[[Deadline], "tuple[Entra, Secret | None] | None"]


@dataclass(frozen=True, slots=True)
class SignedIn:
    """What a climb leaves behind once the registry took the identity: all that another access token is asked with.

    ``transcript`` is what was seen until then. ``refresh_token`` is None where none is issued: for Basic credentials,
    and without any.
    """

    transcript: Transcript
    credential: Credential
    refresh_token: Secret | None


def climb_to_entra(
    target: Target, credential: Credential, connector: Connector, limit: float
) -> tuple[Entra, Secret | None]:
    """Climb the identity leg within ``limit`` seconds: what one run does once per identity and cloud."""
    return ask_entra(EntraRequest(target.identity, target.registry.cloud, credential, connector, Deadline(limit)))


def climb(
    target: Target,
    credential: Credential,
    connector: Connector,
    limit: float,
    entra_leg: EntraLeg | None,
    *,
    tokens_only: bool = False,
    keep: Callable[[SignedIn], None] | None = None,
) -> Transcript:
    """Climb one target within ``limit`` seconds and return what was seen. ``tokens_only`` stops at the access tokens.

    ``entra_leg`` is the identity leg, begun elsewhere and side by side with this one; None where there is none.
    ``keep`` is given what the registry took, if it did. An exception that this package did not expect is in the
    transcript, as a defect at the stage that was reached.
    """
    climbing = _Climb(target, credential, connector, Deadline(limit))
    return climbing.seen_by(lambda: climbing.run(entra_leg, tokens_only=tokens_only, keep=keep))


def ask_again(
    signed_in: SignedIn, target: Target, connector: Connector, limit: float
) -> tuple[Transcript, tuple[Secret, ...]]:
    """Ask for access tokens for a target's repositories, and for nothing else, as an identity that is signed in.

    The transcript has what was seen when it signed in, and within ``limit`` seconds what the registry answers now;
    beside it are the tokens that were issued.
    """
    climbing = _Climb(target, signed_in.credential, connector, Deadline(limit))
    before = signed_in.transcript
    climbing.seen = replace(before, target=target, access_token=None, accesses=(), started=climbing.seen.started)
    return climbing.seen_by(lambda: climbing.go_on(signed_in)), tuple(climbing.issued)


class _Climb:
    """One climb under way: ``seen`` is what was recorded so far, and stays when something of ours fails."""

    def __init__(self, target: Target, credential: Credential, connector: Connector, deadline: Deadline) -> None:
        host = target.registry.login_server
        self._target = target
        self._credential = credential
        self._connector = connector
        self._deadline = deadline
        self.issued: list[Secret] = []
        self.seen = Transcript(
            target=target,
            credential=credential.facts,
            started=connector.machine.now(),
            limit=deadline.limit,
            proxy=without_user(proxy_for(host, connector.machine), connector.secrets),
        )

    def seen_by(self, doing: Callable[[], None]) -> Transcript:
        """Do something and return all that was seen then, a defect of ours included."""
        began = time.monotonic()
        try:
            doing()
        except BadAuth:
            raise
        except Exception as error:  # noqa: BLE001 - a defect of ours, which must not end the climbs of other targets
            self.fail(error)
        return replace(self.seen, elapsed=time.monotonic() - began)

    def run(self, entra_leg: EntraLeg | None, *, tokens_only: bool, keep: Callable[[SignedIn], None] | None) -> None:
        """Climb both legs, and what follows where they join."""
        with Http(self._connector, self._deadline) as http:
            try:
                self._ask_challenge(http)
                token: Secret | None = None
                if entra_leg is not None:
                    entra, token = entra_leg(self._deadline) or (self._no_time(), None)
                    self._record(entra=entra)
                    self._use(_with_claims(self._credential, entra))
                if self.seen.challenge is not None and self.seen.challenge.ok:
                    if self._credential.helper:
                        self._use(ask_helper(self._credential, self._target.registry, self._connector, self._deadline))
                    self._ask_registry(http, token, tokens_only=tokens_only, keep=keep)
            finally:
                self._record(held_back=tuple(HeldBack(*each) for each in http.held_back.items()))

    def fail(self, error: Exception) -> None:
        """Record a defect at the first rung that was not recorded and that nothing broken stands before."""
        broken = {*self.seen.broken()}
        rungs = self._target.rungs
        reached = (rung for rung in rungs if self.seen.at(rung) is None and broken.isdisjoint(self._target.needs(rung)))
        rung = next(reached, rungs[-1])
        self._record(defect=Defect.of(error, "climbing", secrets=self._connector.secrets, rung=rung))

    def _record(self, **seen: Any) -> None:
        self.seen = replace(self.seen, **seen)

    def _use(self, credential: Credential) -> None:
        self._credential = credential
        self._record(credential=credential.facts)

    def _ask_challenge(self, http: Http) -> None:
        """Record the network leg: the way to the login server as far as it went, and the challenge if it was asked."""
        registry = self._target.registry
        try:
            challenge = ask_challenge(http, registry)
        finally:
            if (way := http.connections.get(registry.login_server)) is not None:
                through = NotObserved(reason=f"done by the proxy {way.proxy}") if way.proxy else None
                self._record(dns=way.dns or through, tcp=way.tcp or through, tls=way.tls)
        if way is None and not (challenge.trouble is Trouble.OUT_OF_TIME and challenge.reply is None):
            above = NotObserved("the request was answered above the connection, by something that stands in for it")
            self._record(dns=above, tcp=above, tls=above)
        if way is None or way.broken is None:
            self._record(challenge=challenge)

    def _no_time(self) -> Entra:
        facts = self._credential.facts
        return Entra(
            authority=self._target.registry.cloud.authority,
            tenant_id=facts.tenant_id,
            client_id=facts.client_id,
            trouble=self._deadline.trouble(),
            elapsed=self._deadline.limit - self._deadline.left(),
        )

    def _ask_registry(
        self,
        http: Http,
        entra_token: Secret | None,
        *,
        tokens_only: bool,
        keep: Callable[[SignedIn], None] | None,
    ) -> None:
        """Record what follows the join of the legs: the exchange, and each repository's access."""
        target, credential, challenge = self._target, self._credential, self.seen.challenge
        if challenge is None:
            return
        login = Login(http, challenge, credential, self._connector.secrets)
        if target.identity.flow is Flow.ENTRA:
            if entra_token is None:
                return
            exchange = login.exchange(entra_token)
            self._record(exchange=exchange)
            if not exchange.ok:
                return
        if credential.trouble is not None:
            self._without_credential()
            return
        if keep is not None:
            keep(SignedIn(self.seen, credential, login.refresh_token))
        if not target.references:
            self._record(access_token=login.ask_access_token()[0])
        self._ask_for_repositories(http, login, tokens_only=tokens_only)

    def go_on(self, signed_in: SignedIn) -> None:
        """Record what the registry grants an identity that is signed in, on each repository."""
        if (challenge := self.seen.challenge) is None:
            return
        with Http(self._connector, self._deadline) as http:
            login = Login(http, challenge, self._credential, self._connector.secrets, signed_in.refresh_token)
            self._ask_for_repositories(http, login, tokens_only=True)

    def _ask_for_repositories(self, http: Http, login: Login, *, tokens_only: bool) -> None:
        target = self._target
        for reference in target.references:
            rights = target.rights(reference.text)
            access_token, token = login.ask_access_token(reference, rights.must, rights.must_not)
            access = Access(reference=reference, access_token=access_token)
            self._enter(access)
            self.issued += [token] if token is not None else []
            if not access_token.ok or token is None or tokens_only:
                continue
            if rights.pulls:
                self._read_image(http, access, token)
            if rights.pushes:
                access = next(each for each in self.seen.accesses if each.reference == reference)
                self._enter(replace(access, upload=try_upload(http, target.registry, reference, token)))

    def _enter(self, access: Access) -> None:
        """Record what is known of one repository now, in the place of what was known before."""
        others = (each for each in self.seen.accesses if each.reference != access.reference)
        self._record(accesses=(*others, access))

    def _without_credential(self) -> None:
        """Record that nothing was asked: the credential helper gave no login."""
        target = self._target
        nothing = AccessToken(trouble=self._credential.trouble, text=self._credential.text)
        if not target.references:
            self._record(access_token=nothing)
        every = [(one, target.rights(one.text)) for one in target.references]
        self._record(
            accesses=tuple(
                Access(reference=one, access_token=replace(nothing, must=rights.must, must_not=rights.must_not))
                for one, rights in every
            )
        )

    def _read_image(self, http: Http, access: Access, token: Secret) -> None:
        registry = self._target.registry
        operation = read_manifest(http, registry, access.reference, token)
        access = replace(access, operation=operation)
        self._enter(access)
        if operation.ok:
            self._enter(replace(access, data=read_layer(http, registry, access.reference, operation.blob, token)))


def _with_claims(credential: Credential, entra: Entra) -> Credential:
    """Fill in what only the token tells of an identity that no variable names: its tenant, and which one it is."""
    if entra.claims is None:
        return credential
    facts = replace(credential.facts, tenant_id=credential.facts.tenant_id or entra.claims.tenant_id)
    if facts.kind is Kind.MANAGED_IDENTITY:
        facts = replace(facts, client_id=facts.client_id or entra.claims.client_id)
    return replace(credential, facts=facts)
