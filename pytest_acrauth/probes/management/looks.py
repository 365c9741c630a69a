"""Who looks, and each look at most once: the evidence of one run.

Nothing here is imported unless a climb broke and more than one cause is left.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from pytest_acrauth.auth import BadAuth, Credential, choose, credential
from pytest_acrauth.auth.detection import look
from pytest_acrauth.model.claims import entra_claims
from pytest_acrauth.model.credential import CredentialFacts, Kind
from pytest_acrauth.model.evidence import (
    AUTO,
    ApplicationFacts,
    EntraFacts,
    EvidenceChoice,
    Look,
    Need,
    RegistryFacts,
    RoleFacts,
    ScopeMapFacts,
    ScopeMapTokenFacts,
)
from pytest_acrauth.model.observation import Entra
from pytest_acrauth.model.secret import Secret, clean
from pytest_acrauth.model.target import GUID, Flow, Identity, Registry
from pytest_acrauth.model.transcript import Transcript
from pytest_acrauth.probes.entra.methods import ask_as, ask_entra
from pytest_acrauth.probes.http.client import Http
from pytest_acrauth.probes.http.deadline import Deadline
from pytest_acrauth.probes.http.network import Connector
from pytest_acrauth.probes.http.once import Memo, Once
from pytest_acrauth.probes.management import arm as management
from pytest_acrauth.probes.management import graph as directory
from pytest_acrauth.probes.management.plane import CouldNotLook, Plane

T = TypeVar("T")
NO_LOGIN = "no Azure login in this environment"
#: Where ``auto`` looks for a login, in this order.
_LOGINS = ("service-principal", "service-principal-certificate", "workload-identity", "managed-identity", "azure-cli")


@dataclass(frozen=True, slots=True)
class Asker:
    """An identity that may look, how it is called in a text, and its token for one audience (None: and why)."""

    who: str = ""
    token: Secret | None = None
    why: str = ""


class Looks:
    """The looks of one run. ``limit`` is what one look, and one climb's waiting for all of its looks, may take."""

    def __init__(self, connector: Connector, choice: EvidenceChoice, limit: float) -> None:
        self._connector = connector
        self._choice = choice
        self._limit = limit
        self._memo = Memo()

    def answer(self, needs: Iterable[Need], transcript: Transcript, deadline: Deadline) -> dict[str, Look[Any]]:
        """Return a look for every need, side by side; what is not there at the deadline could not be looked at."""
        begun = {str(need): self._begin(need, transcript) for need in sorted(needs)}
        late: Look[Any] = Look(why="the climb's time was over before the answer came")
        return {name: once.result(deadline) or late for name, once in begun.items()}

    def _begin(self, need: Need, transcript: Transcript) -> Once[Look[Any]]:
        begin: Mapping[Need, Callable[[Transcript], Once[Look[Any]]]] = {
            Need.REGISTRY: self._registry,
            Need.SCOPE_MAP_TOKEN: self._scope_map_token,
            Need.SCOPE_MAP: self._scope_map,
            Need.ROLES: self._roles,
            Need.APPLICATION: self._application,
            Need.ENTRA_DIRECT: self._entra_direct,
            Need.TENANT: self._tenant,
        }
        return begin[need](transcript)

    def _look(self, key: Hashable, transcript: Transcript, work: Callable[[Plane, Deadline], T]) -> Once[Look[T]]:
        """Begin a look of this key at the management plane, as whoever may ask for this transcript's identity."""
        registry, tested = transcript.target.registry, self._tested(transcript)
        cloud = registry.cloud

        def run() -> Look[T]:
            try:
                return looked()
            except Exception as error:  # noqa: BLE001 - it must not take the place of the failure it was to explain
                return Look(
                    why=f"looking ended in {type(error).__name__}: {clean(self._connector.secrets.scrub(str(error)))}"
                )

        def looked() -> Look[T]:
            deadline = Deadline(self._limit, wait=self._limit)
            asker = self._asker(registry, cloud.arm_audience, tested, deadline)
            if asker.token is None:
                return Look(who=asker.who, why=asker.why)

            def token(audience: str) -> Secret:
                found = self._asker(registry, audience, tested, deadline)
                if found.token is None:
                    raise CouldNotLook(found.why)
                return found.token

            with Http(self._connector, deadline) as http:
                try:
                    value = work(Plane(http, cloud, self._connector.secrets, token), deadline)
                except CouldNotLook as refused:
                    return Look(who=asker.who, why=str(refused))
            return Look(value=value, who=asker.who, why=_missing(value))

        return self._memo.once((cloud.name, tested, *_tuple(key)), run, "look")

    def _tested(self, transcript: Transcript) -> Identity | None:
        """Return the identity under test where it is the one that looks."""
        tested = transcript.target.identity
        return tested if self._choice.method == AUTO and tested.flow is Flow.ENTRA else None

    def _asker(self, registry: Registry, audience: str, tested: Identity | None, deadline: Deadline) -> Asker:
        key = (registry.cloud.name, tested, audience)
        once = self._memo.once(key, lambda: self._log_in(registry, audience, tested), "evidence")
        return once.result(deadline) or Asker(why="there was no time left to log in")

    def _log_in(self, registry: Registry, audience: str, tested: Identity | None) -> Asker:
        """Log in as the first identity that gets a token; where none does, the first one's refusal is the reason."""
        refused: Asker | None = None
        try:
            for identity in self._identities(tested):
                asker = self._try(identity, registry, audience)
                if asker.token is not None:
                    return asker
                refused = refused or asker
        except BadAuth as error:
            return Asker(why=str(error))
        return refused or Asker(why=NO_LOGIN)

    def _identities(self, tested: Identity | None) -> list[Identity]:
        environ, named = self._connector.machine.environ, self._choice.method
        if tested is not None:
            return [tested]
        if named != AUTO:
            spec = f"{named}:{self._choice.prefix}" if self._choice.prefix else named
            return [choose([spec], environ)[0].identity]
        found = {each.identity.method: each.identity for each in look(environ, ())[0]}
        return [found[method] for method in _LOGINS if method in found]

    def _try(self, identity: Identity, registry: Registry, audience: str) -> Asker:
        own = credential(identity, registry, self._connector.machine.environ, self._connector.secrets)
        deadline = Deadline(self._limit, wait=self._limit)
        entra, token = ask_as(identity, registry.cloud, own, self._connector, deadline, audience)
        who = _who(identity, entra)
        if token is not None:
            return Asker(who, token)
        words = f"AADSTS{entra.codes[0]}" if entra.codes else f"{entra.trouble or ''} {entra.text or entra.error}"
        return Asker(who, why=f"no token for it: {clean(words, 200)}")

    def _registry(self, transcript: Transcript) -> Once[Look[RegistryFacts]]:
        wanted = transcript.target.registry
        return self._look(
            (Need.REGISTRY, wanted),
            transcript,
            lambda plane, _: management.registry(plane, wanted, self._choice),
        )

    def _record(self, transcript: Transcript, deadline: Deadline) -> RegistryFacts:
        """Return the registry's record, for a look that builds on it. Raises `CouldNotLook`."""
        look = self._registry(transcript).result(deadline)
        if look is None or look.value is None or not look.value.resource_id:
            raise CouldNotLook(look.why if look else "there was no time left to find the registry")
        return look.value

    def _scope_map_token(self, transcript: Transcript) -> Once[Look[ScopeMapTokenFacts]]:
        name = transcript.credential.user_name
        return self._look(
            (Need.SCOPE_MAP_TOKEN, transcript.target.registry, name),
            transcript,
            lambda plane, deadline: management.scope_map_token(plane, self._record(transcript, deadline), name),
        )

    def _scope_map(self, transcript: Transcript) -> Once[Look[ScopeMapFacts]]:
        def work(plane: Plane, deadline: Deadline) -> ScopeMapFacts:
            look = self._scope_map_token(transcript).result(deadline)
            if look is None or look.value is None:
                raise CouldNotLook(look.why if look else "there was no time left to read the scope-map token")
            if not look.value.scope_map:
                return ScopeMapFacts(found=False)
            return management.scope_map(plane, self._record(transcript, deadline), look.value.scope_map)

        key = (Need.SCOPE_MAP, transcript.target.registry, transcript.credential.user_name)
        return self._look(key, transcript, work)

    def _roles(self, transcript: Transcript) -> Once[Look[RoleFacts]]:
        def work(plane: Plane, deadline: Deadline) -> RoleFacts:
            record = self._record(transcript, deadline)
            principal = self._principal(transcript, deadline)

            def definition(role_id: str) -> Mapping[str, Any]:
                once = self._memo.once(
                    (Need.ROLES, role_id),
                    lambda: management.role_definition(plane, record.resource_id, role_id),
                    "role",
                )
                found = once.result(deadline)
                if found is None:
                    raise CouldNotLook("there was no time left to read the roles")
                return found

            return management.roles(plane, record, principal, definition)

        own = transcript.entra.claims.object_id if transcript.entra and transcript.entra.claims else ""
        key = (Need.ROLES, transcript.target.registry, own or transcript.credential.client_id)
        return self._look(key, transcript, work)

    def _principal(self, transcript: Transcript, deadline: Deadline) -> str:
        """Return the object id that roles are assigned to: the Entra token's, else Entra's, else Graph's."""
        claims = transcript.entra.claims if transcript.entra else None
        if claims is not None and GUID.fullmatch(claims.object_id):
            return claims.object_id
        if transcript.credential.kind is not Kind.SERVICE_PRINCIPAL:
            raise CouldNotLook(f"who stands behind the {transcript.credential.kind} is not known")
        entra = self._entra_direct(transcript).result(deadline)
        if entra is not None and entra.value is not None and GUID.fullmatch(entra.value.object_id):
            return entra.value.object_id
        graph = self._application(transcript).result(deadline)
        if graph is None or graph.value is None or not GUID.fullmatch(graph.value.object_id):
            raise CouldNotLook(graph.why if graph and graph.why else "the service principal's object id is not known")
        return graph.value.object_id

    def _application(self, transcript: Transcript) -> Once[Look[ApplicationFacts]]:
        client = transcript.credential.client_id or transcript.credential.user_name

        def work(plane: Plane, _: Deadline) -> ApplicationFacts:
            if not GUID.fullmatch(client):
                raise CouldNotLook(f"{client!r} is no application's id")
            return directory.application(plane, client)

        return self._look((Need.APPLICATION, client), transcript, work)

    def _tenant(self, transcript: Transcript) -> Once[Look[str]]:
        def work(plane: Plane, deadline: Deadline) -> str:
            named = management.subscription_of(transcript.target.registry, self._choice)
            return management.tenant(plane, named or self._record(transcript, deadline).subscription_id)

        return self._look((Need.TENANT, transcript.target.registry), transcript, work)

    def _entra_direct(self, transcript: Transcript) -> Once[Look[EntraFacts]]:
        """Repeat a Basic service principal's secret as a client-credentials request: at Entra's authority only."""
        target = transcript.target
        cloud = target.registry.cloud

        def run() -> Look[EntraFacts]:
            deadline = Deadline(self._limit, wait=self._limit)
            tenant = self._entra_tenant(transcript, deadline)
            if not GUID.fullmatch(transcript.credential.user_name):
                return Look(why="the user name is no application's id")
            if not tenant:
                return Look(why="the tenant is not known")
            own = credential(target.identity, target.registry, self._connector.machine.environ, self._connector.secrets)
            facts = CredentialFacts(kind=Kind.SERVICE_PRINCIPAL, client_id=own.user, tenant_id=tenant)
            with Http(self._connector, deadline) as http:
                entra, _ = ask_entra(http, cloud, Credential(facts, own.user, own.secret), self._connector.secrets)
            if not entra.issued and not entra.codes:
                return Look(who=cloud.authority, why=f"{cloud.authority}: {entra.trouble or 'no number in the answer'}")
            object_id = entra.claims.object_id if entra.claims else ""
            value = EntraFacts(issued=entra.issued, codes=entra.codes, tenant_id=tenant, object_id=object_id)
            return Look(value=value, who=cloud.authority)

        return self._memo.once((Need.ENTRA_DIRECT, target.registry, target.identity), run, "look")

    def _entra_tenant(self, transcript: Transcript, deadline: Deadline) -> str:
        """Return the registry's tenant, else the one that the environment names, else the asker's own."""
        look = self._tenant(transcript).result(deadline)
        if look is not None and look.value:
            return look.value
        environ, identity = self._connector.machine.environ, transcript.target.identity
        named = environ.get(f"{identity.prefix}_TENANT_ID") or environ.get("AZURE_TENANT_ID")
        if named:
            return named
        registry = transcript.target.registry
        asker = self._asker(registry, registry.cloud.arm_audience, self._tested(transcript), deadline)
        claims = entra_claims(asker.token.reveal()) if asker.token else None
        return claims.tenant_id if claims else ""


def _tuple(key: Hashable) -> tuple[Hashable, ...]:
    return key if isinstance(key, tuple) else (key,)


def _missing(value: object) -> str:
    """Say why a value that was found does not tell everything."""
    if isinstance(value, RegistryFacts) and not value.found:
        if not value.readable or value.name_free is False:
            return "the registry exists, and this identity may not read its record"
        return "this identity is shown no registry of that name"
    return ""


def _who(identity: Identity, entra: Entra) -> str:
    """Name who looks, as in a text: the method, and the principal where it is known."""
    if identity.method == "azure-cli":
        return "the login of azure-cli"
    principal = entra.client_id or (entra.claims.client_id or entra.claims.object_id if entra.claims else "")
    method = identity.method.removesuffix("-certificate").replace("-", " ")
    return clean(f"{method} {principal}", 100).strip()
