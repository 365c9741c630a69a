"""What can be asked of the management plane to tell causes apart, by more than one family of them.

``by_hand`` is a format string over the facts, like every text here.
"""

from __future__ import annotations

from dataclasses import dataclass

from pytest_acrauth.catalogue import facts
from pytest_acrauth.catalogue.facts import registry_record, role_mode
from pytest_acrauth.catalogue.questions.climb import PUBLIC_ADDRESS, THROUGH_PRIVATE_LINK
from pytest_acrauth.catalogue.questions.records import DataHosts, Dialled, Endpoints, Networks, date, when
from pytest_acrauth.catalogue.questions.rights import Rights
from pytest_acrauth.catalogue.shape import Break, Command, Question
from pytest_acrauth.catalogue.steps import LIST_ENDPOINTS, LIST_ROLES
from pytest_acrauth.model.evidence import Need
from pytest_acrauth.model.observation import AccessToken, Data, Exchange, Tcp


def _endpoints(broken: Break) -> Endpoints | None:
    return Endpoints(record) if (record := registry_record(broken)) else None


def _networks(broken: Break) -> Networks | None:
    return Networks(record) if (record := registry_record(broken)) else None


def _admitted(broken: Break) -> bool | None:
    rules = _networks(broken)
    if rules is None:
        return None
    # Rules that nothing has judged the caller by yet tell of nobody, unless they let nobody in.
    return rules.admits(facts.client_ip(broken)) if facts.firewall_spoke(broken) or not rules.public else None


def data_hosts(broken: Break) -> DataHosts | None:
    """Return the registry's data endpoints, None where nobody could look or the record does not tell."""
    record = registry_record(broken)
    return DataHosts(record) if record is not None and record.data_endpoint_enabled is not None else None


def dialled(broken: Break) -> Dialled | None:
    """Return whose the addresses are that were dialled, None where nobody looked yet.

    They are those of the host that the broken rung is about.
    """
    part: object = broken.observation
    if isinstance(part, Data) and part.connection is not None and part.connection.tcp is not None:
        part = part.connection.tcp
    elif facts.at_login_server(broken):
        part = broken.transcript.tcp
    record, look = registry_record(broken), broken.transcript.evidence.endpoint_addresses
    if record is None or not isinstance(part, Tcp) or (look is None and record.private_endpoints):
        return None
    known = look.value if look is not None and look.value is not None else ()
    return Dialled(record, tuple(attempt.address for attempt in part.attempts), known)


def rights_of(broken: Break) -> Rights | None:
    """Return what the identity's roles are worth, None where nobody could look or the registry's mode decides."""
    look = broken.transcript.evidence.roles
    if look is None or look.value is None:
        return None
    mode = role_mode(broken)
    if mode is None and look.value.assignments:
        return None
    repository = broken.access.reference.repository if broken.access else ""
    token = broken.observation if isinstance(broken.observation, AccessToken) else None
    login = isinstance(broken.observation, Exchange) or (token is not None and not token.scope)
    return Rights(look.value, facts.wanted(broken), repository, mode, facts.service_time(broken.transcript), login)


@dataclass(frozen=True, slots=True)
class Tenants:
    """The tenant that issued the Entra token, and that of the registry's subscription."""

    issuer: str
    registry: str

    @property
    def differ(self) -> bool:
        return self.issuer.lower() != self.registry.lower()

    def __str__(self) -> str:
        if not self.differ:
            return f"yes, both are {self.registry}"
        return f"no, the registry's is {self.registry}, the Entra token's is {self.issuer}"


def _tenants(broken: Break) -> Tenants | None:
    claims = broken.transcript.entra.claims if broken.transcript.entra else None
    look = broken.transcript.evidence.tenant
    if claims is None or not claims.tenant_id or look is None or look.value is None:
        return None
    return Tenants(claims.tenant_id, look.value)


@dataclass(frozen=True, slots=True)
class LastChange:
    """When a record was last changed (ISO 8601), and how long that was ago, in seconds."""

    moment: str
    ago: float

    def __str__(self) -> str:
        return date(self.moment)


def _last_change(broken: Break) -> LastChange | None:
    record, now = registry_record(broken), facts.service_time(broken.transcript)
    changed = when(record.modified) if record else None
    return LastChange(record.modified, now - changed) if record and now is not None and changed is not None else None


def _anonymous_pull(broken: Break) -> bool | None:
    return record.anonymous_pull_enabled if (record := registry_record(broken)) else None


PRIVATE_ENDPOINTS: Question[Endpoints] = Question(
    id="private-endpoints",
    asks="Does the registry have private endpoints, and are they approved?",
    shows="private endpoints",
    by_hand=LIST_ENDPOINTS,
    needs=Need.REGISTRY,
    read=_endpoints,
)
ENDPOINT_APPROVED = PRIVATE_ENDPOINTS.where("yes, and one is approved", lambda found: found.approved)
NETWORK: Question[Networks] = Question(
    id="network-rules",
    asks="Which networks may reach the registry, and since when?",
    shows="network rules",
    by_hand=Command(
        'az acr show -n {registry} --query "[publicNetworkAccess,networkRuleSet,systemData.lastModifiedAt]"'
    ),
    needs=Need.REGISTRY,
    read=_networks,
)
SELECTED_NETWORKS = NETWORK.where("selected public ones", lambda rules: rules.selected)
ADMITTED: Question[bool] = Question(
    id="address-admitted",
    asks="Do the network rules admit the address?",
    shows="address admitted by the rules",
    by_hand=Command("az acr network-rule list -n {registry}"),
    needs=Need.REGISTRY,
    compares=True,
    read=_admitted,
)
ANONYMOUS_PULL: Question[bool] = Question(
    id="anonymous-pull",
    asks="Does the registry allow anonymous pull?",
    shows="anonymous pull allowed",
    by_hand=Command("az acr show -n {registry} --query anonymousPullEnabled -o tsv"),
    needs=Need.REGISTRY,
    read=_anonymous_pull,
)
#: All hold: the registry has a private endpoint, and its name does not lead there from here.
PASSED_BY = (THROUGH_PRIVATE_LINK, PUBLIC_ADDRESS, ENDPOINT_APPROVED)
TENANTS: Question[Tenants] = Question(
    id="tenants",
    asks="Does the registry belong to the tenant that issued the Entra token?",
    shows="same tenant",
    by_hand=Command("az account show --query tenantId -o tsv"),
    needs=Need.TENANT,
    compares=True,
    read=_tenants,
)
LAST_CHANGE: Question[LastChange] = Question(
    id="last-change",
    asks="When were the registry's settings last changed?",
    shows="settings last changed",
    by_hand=Command("az acr show -n {registry} --query systemData.lastModifiedAt -o tsv"),
    needs=Need.REGISTRY,
    read=_last_change,
)
ROLES: Question[Rights] = Question(
    id="roles",
    asks="Which roles does the identity hold on the registry, since when, on which conditions?",
    shows="roles on the registry",
    by_hand=LIST_ROLES,
    needs=Need.ROLES,
    compares=True,
    read=rights_of,
)
NO_ROLE = ROLES.where("none that gives a right to images", lambda rights: rights.nothing)
