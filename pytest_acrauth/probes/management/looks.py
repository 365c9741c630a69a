"""What is looked up, each thing at most once: the evidence of one run.

Nothing here is imported unless a climb broke and more than one cause is left.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping
from contextlib import suppress
from hmac import compare_digest
from typing import Any, TypeVar

from pytest_acrauth.auth import BadAuth, Credential, read_credential
from pytest_acrauth.model.claims import claims, entra_claims, text_of
from pytest_acrauth.model.credential import CredentialFacts, Kind
from pytest_acrauth.model.defect import Defect
from pytest_acrauth.model.evidence import (
    ApplicationFacts,
    CacheRule,
    EndpointAddresses,
    EntraFacts,
    EvidenceChoice,
    FederatedFacts,
    Look,
    NameFacts,
    Need,
    RegistryFacts,
    RoleFacts,
    ScopeMapFacts,
    ScopeMapTokenFacts,
)
from pytest_acrauth.model.machine import Resolved
from pytest_acrauth.model.observation import RefreshClaims
from pytest_acrauth.model.secret import Secret
from pytest_acrauth.model.target import GUID, Flow, Target
from pytest_acrauth.model.transcript import Transcript
from pytest_acrauth.probes.entra.client_secret import ask_with_secret
from pytest_acrauth.probes.entra.request import EntraRequest
from pytest_acrauth.probes.http.client import Http
from pytest_acrauth.probes.http.deadline import Deadline
from pytest_acrauth.probes.http.network import Connector
from pytest_acrauth.probes.http.shared_work import Memo, SharedWork
from pytest_acrauth.probes.management import arm, graph
from pytest_acrauth.probes.management.askers import Askers
from pytest_acrauth.probes.management.plane import CouldNotLook, Plane

T = TypeVar("T")
_LATE: Look[Any] = Look(why="the climb's time was over before the answer came")
# Entra's answers that are about the tenant it was asked in: another one answers otherwise.
_OF_THE_TENANT = {700016, 7000229, 90002, 900023}


class Looks:
    """The looks of one run.

    ``limit`` is what one look, and one climb's waiting for all of its looks, may take, in seconds.
    """

    def __init__(self, connector: Connector, choice: EvidenceChoice, limit: float) -> None:
        self._connector = connector
        self._choice = choice
        self._limit = limit
        self._askers = Askers(connector, choice, limit)
        self._memo = Memo()

    def answer(self, needs: Iterable[Need], transcript: Transcript, deadline: Deadline) -> dict[str, Look[Any]]:
        """Return a look for every need, side by side; what is not there at the deadline could not be looked at."""
        begun = {str(need): self._begin(need, transcript) for need in sorted(needs)}
        return {name: once.result(deadline) or _LATE for name, once in begun.items()}

    def records(self, transcripts: Iterable[Transcript], deadline: Deadline) -> dict[str, Look[RegistryFacts]]:
        """Return a look at the record of each transcript's registry, by login server; all begin at once."""
        begun = {each.target.registry.login_server: self._look_at_registry(each) for each in transcripts}
        return {server: once.result(deadline) or _LATE for server, once in begun.items()}

    def each(self, wanted: Iterable[tuple[Need, Transcript]], deadline: Deadline) -> tuple[Look[Any], ...]:
        """Return a look for every pair, in their order; all begin at once."""
        begun = [self._begin(need, transcript) for need, transcript in wanted]
        return tuple(once.result(deadline) or _LATE for once in begun)

    def _begin(self, need: Need, transcript: Transcript) -> SharedWork[Look[Any]]:
        begin: Mapping[Need, Callable[[Transcript], SharedWork[Look[Any]]]] = {
            Need.REGISTRY: self._look_at_registry,
            Need.ENDPOINT_ADDRESSES: self._look_at_endpoints,
            Need.REPLICAS: self._look_at_replicas,
            Need.CACHE: self._look_at_cache,
            Need.SCOPE_MAP_TOKEN: self._look_at_scope_map_token,
            Need.SCOPE_MAP: self._look_at_scope_map,
            Need.ROLES: self._look_at_roles,
            Need.APPLICATION: self._look_at_application,
            Need.FEDERATED: self._look_at_federated,
            Need.ENTRA_DIRECT: self._ask_entra_directly,
            Need.TENANT: self._look_at_tenant,
            Need.NAMES: self._look_names_up,
        }
        return begin[need](transcript)

    def _look(self, key: Hashable, transcript: Transcript, work: Callable[[Plane, Deadline], T]) -> SharedWork[Look[T]]:
        """Begin a look of this key at the management plane, as whoever may ask for this transcript's identity."""
        registry, tested = transcript.target.registry, self._askers.tested(transcript.target.identity)
        cloud = registry.cloud

        def looked() -> Look[T]:
            deadline = Deadline(self._limit, wait=self._limit)
            asker = self._askers.log_in(registry, cloud.arm_audience, tested, deadline)
            if asker.token is None:
                return Look(who=asker.who, why=asker.why)

            def token(audience: str) -> Secret:
                found = self._askers.log_in(registry, audience, tested, deadline)
                if found.token is None:
                    raise CouldNotLook(found.why)
                return found.token

            with Http(self._connector, deadline) as http:
                try:
                    value = work(Plane(http, cloud, self._connector.secrets, token), deadline)
                except CouldNotLook as refused:
                    return Look(who=asker.who, why=str(refused))
            return Look(value=value, who=asker.who, why=_missing(value))

        return self._begin_once((cloud.name, tested, *_tuple(key)), looked)

    def _begin_once(self, key: Hashable, looked: Callable[[], Look[T]]) -> SharedWork[Look[T]]:
        """Begin a look where nobody has. What it raises is why nobody could look."""

        def run() -> Look[T]:
            try:
                return looked()
            except (BadAuth, CouldNotLook) as error:
                return Look(why=self._connector.secrets.clean(str(error)))
            except Exception as error:  # noqa: BLE001 - a defect of ours never takes the place of what it was to explain
                return Look(why=Defect.of(error, "looking", secrets=self._connector.secrets).why)

        return self._memo.once(key, run, "look")

    def _look_at_registry(self, transcript: Transcript) -> SharedWork[Look[RegistryFacts]]:
        wanted = transcript.target.registry
        return self._look(
            (Need.REGISTRY, wanted),
            transcript,
            lambda plane, _: arm.read_registry(plane, wanted, self._choice),
        )

    def _await_record(self, transcript: Transcript, deadline: Deadline) -> RegistryFacts:
        """Return the registry's record, for a look that builds on it. Raises `CouldNotLook`."""
        look = self._look_at_registry(transcript).result(deadline)
        if look is None or look.value is None or not look.value.resource_id:
            raise CouldNotLook(look.why if look else "there was no time left to find the registry")
        if look.value.is_namesake(transcript.target.registry.global_endpoint):
            raise CouldNotLook(f"the registry of that name that is shown is another one, {look.value.login_server}")
        return look.value

    def _look_at_endpoints(self, transcript: Transcript) -> SharedWork[Look[tuple[EndpointAddresses, ...]]]:
        return self._look(
            (Need.ENDPOINT_ADDRESSES, transcript.target.registry),
            transcript,
            lambda plane, deadline: arm.read_endpoint_addresses(plane, self._await_record(transcript, deadline)),
        )

    def _look_at_replicas(self, transcript: Transcript) -> SharedWork[Look[tuple[str, ...]]]:
        return self._look(
            (Need.REPLICAS, transcript.target.registry),
            transcript,
            lambda plane, deadline: arm.read_replicas(plane, self._await_record(transcript, deadline)),
        )

    def _look_at_cache(self, transcript: Transcript) -> SharedWork[Look[tuple[CacheRule, ...]]]:
        return self._look(
            (Need.CACHE, transcript.target.registry),
            transcript,
            lambda plane, deadline: arm.read_cache_rules(plane, self._await_record(transcript, deadline)),
        )

    def _look_at_scope_map_token(self, transcript: Transcript) -> SharedWork[Look[ScopeMapTokenFacts]]:
        name = transcript.credential.user_name
        return self._look(
            (Need.SCOPE_MAP_TOKEN, transcript.target.registry, name),
            transcript,
            lambda plane, deadline: arm.read_scope_map_token(plane, self._await_record(transcript, deadline), name),
        )

    def _look_at_scope_map(self, transcript: Transcript) -> SharedWork[Look[ScopeMapFacts]]:
        def work(plane: Plane, deadline: Deadline) -> ScopeMapFacts:
            look = self._look_at_scope_map_token(transcript).result(deadline)
            if look is None or look.value is None:
                raise CouldNotLook(look.why if look else "there was no time left to read the scope-map token")
            if not look.value.scope_map:
                return ScopeMapFacts(found=False)
            return arm.read_scope_map(plane, self._await_record(transcript, deadline), look.value.scope_map)

        key = (Need.SCOPE_MAP, transcript.target.registry, transcript.credential.user_name)
        return self._look(key, transcript, work)

    def _look_at_roles(self, transcript: Transcript) -> SharedWork[Look[RoleFacts]]:
        def work(plane: Plane, deadline: Deadline) -> RoleFacts:
            record = self._await_record(transcript, deadline)
            principal = self._find_principal(plane, transcript, deadline)

            def definition(role_id: str) -> Mapping[str, Any]:
                once = self._memo.once(
                    (Need.ROLES, role_id),
                    lambda: arm.read_role_definition(plane, record.resource_id, role_id),
                    "role",
                )
                found = once.result(deadline)
                if found is None:
                    raise CouldNotLook("there was no time left to read the roles")
                return found

            return arm.read_roles(plane, record, principal, definition)

        own = transcript.entra.claims.object_id if transcript.entra and transcript.entra.claims else ""
        login = transcript.credential.login
        stored = login.subject if login is not None else ""
        key = (Need.ROLES, transcript.target.registry, own or transcript.credential.client_id or stored)
        return self._look(key, transcript, work)

    def _find_principal(self, plane: Plane, transcript: Transcript, deadline: Deadline) -> str:
        """Return the object id that roles are assigned to: the Entra token's, else Entra's, else Graph's.

        That of a stored login is the asker's own, where it is the asker's.
        """
        own = transcript.entra.claims if transcript.entra else None
        if own is not None and GUID.fullmatch(own.object_id):
            return own.object_id
        if transcript.credential.kind is Kind.REFRESH_TOKEN and (login := transcript.credential.login) is not None:
            return self._same_person(plane, login)
        if transcript.credential.kind is not Kind.SERVICE_PRINCIPAL:
            raise CouldNotLook(f"who stands behind the {transcript.credential.kind} is not known")
        entra = self._ask_entra_directly(transcript).result(deadline)
        if entra is not None and entra.value is not None and GUID.fullmatch(entra.value.object_id):
            return entra.value.object_id
        known = self._look_at_application(transcript).result(deadline)
        if known is None or known.value is None or not GUID.fullmatch(known.value.object_id):
            raise CouldNotLook(known.why if known and known.why else "the service principal's object id is not known")
        return known.value.object_id

    def _same_person(self, plane: Plane, login: RefreshClaims) -> str:
        """Return the asker's object id. Raises `CouldNotLook` where somebody else's login is stored."""
        secrets = self._connector.secrets
        asker = claims(plane.token(plane.cloud.arm_audience)) or {}
        names = {text_of(asker, secrets, name).lower() for name in ("upn", "unique_name", "preferred_username")}
        if not login.subject or login.subject.lower() not in names:
            raise CouldNotLook("the stored login is not known to be that of whoever looks")
        return text_of(asker, secrets, "oid")

    def _look_at_application(self, transcript: Transcript) -> SharedWork[Look[ApplicationFacts]]:
        client, target = transcript.credential.client_id or transcript.credential.user_name, transcript.target

        def work(plane: Plane, deadline: Deadline) -> ApplicationFacts:
            if not GUID.fullmatch(client):
                raise CouldNotLook(f"{client!r} is no application's id")
            self._check_directory(plane, transcript, deadline)
            return graph.read_application(plane, client, self._begins(target))

        # Whether a secret is the one that is held is told of one identity, at one registry where it has one for each.
        holder = target.identity if target.identity.flow is Flow.ENTRA else target
        return self._look((Need.APPLICATION, client, self._wanted_tenant(transcript), holder), transcript, work)

    def _begins(self, target: Target) -> Callable[[str], bool] | None:
        """Return what tells whether the secret that a target's identity holds begins with a text; None without one."""
        with suppress(BadAuth):
            environ, secrets = self._connector.machine.environ, self._connector.secrets
            secret = read_credential(target.identity, target.registry, environ, secrets).secret
            if secret is not None:
                return lambda text: compare_digest(secret.reveal()[: len(text)].encode(), text.encode())
        return None

    def _look_at_federated(self, transcript: Transcript) -> SharedWork[Look[tuple[FederatedFacts, ...]]]:
        client = transcript.credential.client_id

        def work(plane: Plane, deadline: Deadline) -> tuple[FederatedFacts, ...]:
            if not GUID.fullmatch(client):
                raise CouldNotLook("the application's id is not known")
            self._check_directory(plane, transcript, deadline)
            return graph.read_federated(plane, client)

        return self._look((Need.FEDERATED, client, self._wanted_tenant(transcript)), transcript, work)

    @staticmethod
    def _wanted_tenant(transcript: Transcript) -> Hashable:
        """Return what decides in which tenant an identity is looked up: the tenant itself, else the registry's."""
        return transcript.credential.tenant_id.lower() or transcript.target.registry

    def _check_directory(self, plane: Plane, transcript: Transcript, deadline: Deadline) -> None:
        """Raise `CouldNotLook` for an asker of another tenant than the identity's: Graph shows each its own only."""
        found = entra_claims(plane.token(plane.cloud.arm_audience), self._connector.secrets)
        wanted = transcript.credential.tenant_id or self._tenant_of_registry(transcript, deadline)
        signed_in = transcript.entra.claims if transcript.entra else None
        if not GUID.fullmatch(wanted) and signed_in is not None:  # a tenant can be named by one of its domains
            wanted = signed_in.tenant_id
        if not GUID.fullmatch(wanted) or found is None or not found.tenant_id:
            raise CouldNotLook("in which tenant to look is not known")
        if found.tenant_id.lower() != wanted.lower():
            raise CouldNotLook(f"whoever looks belongs to another tenant ({found.tenant_id}) than {wanted}")

    def _look_at_tenant(self, transcript: Transcript) -> SharedWork[Look[str]]:
        def work(plane: Plane, deadline: Deadline) -> str:
            named = arm.subscription_of(transcript.target.registry, self._choice)
            look = self._look_at_registry(transcript).result(deadline) if named else None
            # Whoever named it may be wrong: it counts where nothing was to be read there, not where the registry was
            # looked for and is not what was found.
            if named and (look is None or look.value is None or not look.value.readable):
                return arm.read_tenant(plane, named)
            return arm.read_tenant(plane, self._await_record(transcript, deadline).subscription_id)

        return self._look((Need.TENANT, transcript.target.registry), transcript, work)

    def _look_names_up(self, transcript: Transcript) -> SharedWork[Look[NameFacts]]:
        """Ask the machine's own resolver for names that every public resolver knows, and for those of other clouds."""
        registry = transcript.target.registry

        def run() -> Look[NameFacts]:
            deadline = Deadline(self._limit)
            looked = [self._connector.look_up(host, deadline) for host in registry.cloud.public_hosts]
            unknown = [each.resolution and each.resolution.outcome is Resolved.NO_SUCH_NAME for each in looked]
            public = True if any(each.ok for each in looked) else False if all(unknown) else None
            elsewhere = tuple(host for host in registry.elsewhere if self._connector.look_up(host, deadline).ok)
            why = "" if public is not None else "the resolver failed for every name"
            return Look(NameFacts(public, elsewhere), who="this machine's resolver", why=why)

        return self._begin_once((Need.NAMES, registry), run)

    def _ask_entra_directly(self, transcript: Transcript) -> SharedWork[Look[EntraFacts]]:
        """Repeat a Basic service principal's secret as a client-credentials request: at Entra's authority only."""
        target = transcript.target
        cloud = target.registry.cloud

        def run() -> Look[EntraFacts]:
            deadline = Deadline(self._limit, wait=self._limit)
            if not GUID.fullmatch(transcript.credential.user_name):
                return Look(why="the user name is no application's id")
            tenant = self._find_tenant(transcript, deadline)
            if not tenant:
                return Look(why="the tenant is not known")
            environ, secrets = self._connector.machine.environ, self._connector.secrets
            shown = read_credential(target.identity, target.registry, environ, secrets)
            facts = CredentialFacts(kind=Kind.SERVICE_PRINCIPAL, client_id=shown.user, tenant_id=tenant)
            application = Credential(facts, shown.user, shown.secret)
            entra, _ = ask_with_secret(EntraRequest(target.identity, cloud, application, self._connector, deadline))
            if not entra.issued and not entra.codes:
                return Look(who=cloud.authority, why=f"{cloud.authority}: {entra.trouble or 'no number in the answer'}")
            told = self._tenant_of_registry(transcript, deadline)
            if not told and not _OF_THE_TENANT.isdisjoint(entra.codes):
                return Look(who=cloud.authority, why=f"{tenant}, where it was asked, may not be the registry's tenant")
            object_id = entra.claims.object_id if entra.claims else ""
            value = EntraFacts(issued=entra.issued, codes=entra.codes, tenant_id=tenant, object_id=object_id)
            return Look(value=value, who=cloud.authority)

        return self._begin_once((Need.ENTRA_DIRECT, target.registry, target.identity), run)

    def _tenant_of_registry(self, transcript: Transcript, deadline: Deadline) -> str:
        look = self._look_at_tenant(transcript).result(deadline)
        return look.value if look is not None and look.value else ""

    def _find_tenant(self, transcript: Transcript, deadline: Deadline) -> str:
        """Return the registry's tenant, else the one that the environment names, else the asker's own."""
        if told := self._tenant_of_registry(transcript, deadline):
            return told
        environ, identity = self._connector.machine.environ, transcript.target.identity
        named = environ.get(f"{identity.prefix}_TENANT_ID") or environ.get("AZURE_TENANT_ID")
        if named:
            return self._connector.secrets.clean(named, 200)
        registry, tested = transcript.target.registry, self._askers.tested(identity)
        asker = self._askers.log_in(registry, registry.cloud.arm_audience, tested, deadline)
        claims = entra_claims(asker.token, self._connector.secrets) if asker.token else None
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
