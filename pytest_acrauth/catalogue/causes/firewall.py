"""Family ``firewall``: the registry's own network rules refuse the caller."""

from __future__ import annotations

from pytest_acrauth.catalogue import facts, pages
from pytest_acrauth.catalogue.facts import registry_record
from pytest_acrauth.catalogue.questions.climb import ADDRESSES, ALIASES
from pytest_acrauth.catalogue.questions.management import PRIVATE_ENDPOINTS, passed_by
from pytest_acrauth.catalogue.questions.records import Networks
from pytest_acrauth.catalogue.questions.verdicts import possible, proven
from pytest_acrauth.catalogue.shape import Answers, Break, Command, FailureMode, Question, Verdict
from pytest_acrauth.catalogue.symptoms import challenge
from pytest_acrauth.catalogue.symptoms.addresses import is_private
from pytest_acrauth.model.evidence import Need


def _networks(broken: Break) -> Networks | None:
    return Networks(record, broken.transcript.started) if (record := registry_record(broken)) else None


CLIENT_IP: Question[str] = Question(
    id="client-ip",
    asks="From which address did the registry see the request come?",
    by_hand="Read the address in the message.",
    read=facts.client_ip,
)
NETWORK: Question[Networks] = Question(
    id="network-rules",
    asks="Which networks may reach the registry, and since when?",
    by_hand=Command(
        'az acr show -n {registry} --query "[publicNetworkAccess,networkRuleSet,systemData.lastModifiedAt]"'
    ),
    needs=Need.REGISTRY,
    read=_networks,
)


def _closed(answers: Answers) -> Verdict:
    """Judge whether the registry admits no public network."""
    return answers[NETWORK].holds(lambda rules: not rules.public)


FIREWALL_IP_DENIED = FailureMode(
    id="firewall-ip-denied",
    title="{client_ip} is in no network rule of {registry}",
    seen=(challenge.DENIED_WITH_IP,),
    asks=(CLIENT_IP, NETWORK),
    proof=lambda a: proven(
        a[CLIENT_IP].holds(lambda ip: not is_private(ip)),
        a[NETWORK].holds(lambda rules: rules.public and not rules.admits(a[CLIENT_IP].value or "")),
    ),
    means="The registry admits selected networks only. The address is the one the registry saw: behind a NAT, a"
    " proxy or a hosted build agent it is not this machine's own and may change.",
    fix=(
        Command("az acr network-rule add --name {registry} --ip-address {client_ip}"),
        "Where the address changes, connect through a private endpoint instead.",
    ),
    page=pages.TROUBLESHOOT + "client-ip-address-not-allowed-access",
    az_code="CONNECTIVITY_FORBIDDEN_ERROR",
)
FIREWALL_PUBLIC_ACCESS_DISABLED = FailureMode(
    id="firewall-public-access-disabled",
    title="{registry} admits no public network at all",
    seen=(challenge.DENIED_WITH_IP,),
    asks=(NETWORK, ALIASES, ADDRESSES, PRIVATE_ENDPOINTS),
    proof=lambda a: possible(_closed(a)) if passed_by(a) is Verdict.YES else proven(_closed(a)),
    means="Public network access is disabled, which overrides every address rule; only a private endpoint leads in.",
    fix=(
        Command("az acr update --name {registry} --public-network-enabled true"),
        "Where it must stay disabled, run from a network that has a private endpoint of the registry.",
    ),
    page=pages.ACR + "container-registry-access-selected-networks#disable-public-network-access",
    az_code="CONNECTIVITY_FORBIDDEN_ERROR",
)
FIREWALL_RULE_PROPAGATING = FailureMode(
    id="firewall-rule-propagating",
    title="a network rule that admits {client_ip} may not be in effect yet",
    seen=(challenge.DENIED_WITH_IP,),
    asks=(CLIENT_IP, NETWORK),
    proof=lambda a: proven(
        a[NETWORK].holds(lambda rules: rules.admits(a[CLIENT_IP].value or "") and rules.changed_lately)
    ),
    means="A changed rule takes some minutes until every front end of the registry follows it.",
    fix=("Wait a few minutes after the last change of the rules, then check again.",),
    page=pages.ACR + "container-registry-access-selected-networks",
    az_code="CONNECTIVITY_FORBIDDEN_ERROR",
    transient=True,
)
FIREWALL_SERVICE_ENDPOINT = FailureMode(
    id="firewall-service-endpoint",
    title="the virtual network of {client_ip} is no longer admitted through its service endpoint",
    seen=(challenge.DENIED_WITH_IP,),
    asks=(CLIENT_IP, NETWORK, PRIVATE_ENDPOINTS),
    proof=lambda a: possible(a[CLIENT_IP].holds(is_private)),
    means="The request came through a service endpoint, and the rule for its subnet is missing, or public access"
    " was disabled or a private endpoint added, which both end access through service endpoints.",
    fix=(
        Command('az acr show -n {registry} --query "[publicNetworkAccess,privateEndpointConnections]"'),
        "Add the subnet's rule again, or move the network to a private endpoint.",
    ),
    page=pages.ACR + "container-registry-vnet",
    az_code="CONNECTIVITY_FORBIDDEN_ERROR",
)
