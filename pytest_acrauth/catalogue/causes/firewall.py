"""Family ``firewall``: the registry's own network rules refuse the caller."""

from __future__ import annotations

from pytest_acrauth.catalogue import facts, pages
from pytest_acrauth.catalogue.facts import registry_record
from pytest_acrauth.catalogue.questions.management import PASSED_BY
from pytest_acrauth.catalogue.questions.records import Networks
from pytest_acrauth.catalogue.shape import Break, Command, FailureMode, Given, Question
from pytest_acrauth.catalogue.steps import LIST_ENDPOINTS
from pytest_acrauth.catalogue.symptoms import challenge
from pytest_acrauth.catalogue.symptoms.addresses import is_private
from pytest_acrauth.model.evidence import Need


def _networks(broken: Break) -> Networks | None:
    return Networks(record, broken.transcript.started) if (record := registry_record(broken)) else None


def _admitted(broken: Break) -> bool | None:
    rules = _networks(broken)
    return rules.admits(facts.client_ip(broken)) if rules is not None else None


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
ADMITTED: Question[bool] = Question(
    id="address-admitted",
    asks="Do the network rules admit the address?",
    by_hand=Command("az acr network-rule list -n {registry}"),
    needs=Need.REGISTRY,
    read=_admitted,
)

_LOOK_AT_RULES = Command('az acr show -n {registry} --query "[publicNetworkAccess,networkRuleSet]"')

FIREWALL_IP_DENIED = FailureMode(
    id="firewall-ip-denied",
    title="{client_ip} is in no network rule of {registry}",
    seen=(challenge.DENIED_WITH_IP,),
    when=(
        CLIENT_IP.where("a public one", lambda address: not is_private(address)),
        NETWORK.where("selected public ones", lambda rules: rules.public),
        ADMITTED.is_(False),
    ),
    means="The registry admits selected networks only. The address is the one the registry saw: behind a NAT, a"
    " proxy or a hosted build agent it is not this machine's own and may change.",
    look=(
        "Find out whose address that is. A proxy, a hosted build agent and an Azure service share theirs with others.",
        _LOOK_AT_RULES,
    ),
    fix=(
        "Run this from a network that the rules admit, or by a private endpoint of {registry}.",
        Given("If {rule_address} is yours alone and stays yours, the registry's owner can admit it:", "rule_address"),
        Command("az acr network-rule add -n {registry} --ip-address {rule_address}", each="rule_address"),
    ),
    instead=(
        "Where the address is shared or changes, use a build agent of your own with a fixed address.",
        "An Azure service (ACR Tasks, Defender) gets in by the registry's settings for tasks and trusted services.",
        "Rules hold public IPv4 addresses only: over IPv6, connect over IPv4, or by a private endpoint.",
    ),
    page=pages.TROUBLESHOOT + "client-ip-address-not-allowed-access",
    az_code="CONNECTIVITY_FORBIDDEN_ERROR",
    unlike=(
        "Client with IP address '203.0.113.9' is not allowed to access the server mydb.database.windows.net.",
        "Request originated from IP 203.0.113.9 through public internet. This is blocked by your Cosmos DB firewall.",
        "Client address is not authorized and caller is not a trusted service. Client address: 203.0.113.9",
    ),
)
FIREWALL_PUBLIC_ACCESS_DISABLED = FailureMode(
    id="firewall-public-access-disabled",
    title="{registry} admits no public network, only private endpoints",
    seen=(challenge.DENIED_WITH_IP,),
    when=(NETWORK.where("no public one", lambda rules: not rules.public),),
    open_when=PASSED_BY,
    means="Public network access is switched off. No address rule counts until it is on again.",
    look=(
        _LOOK_AT_RULES,
        LIST_ENDPOINTS,
    ),
    fix=("Run this from a network with a private endpoint of {registry}, where {login_server} has a private address.",),
    instead=(
        "Without --default-action Deny, switching public access on lets every network in. The rules count again, too.",
        Given("If {rule_address} is yours alone, the registry's owner can open it to that one:", "rule_address"),
        Command(
            "az acr update -n {registry} --public-network-enabled true --default-action Deny",
            each="rule_address",
        ),
        Command("az acr network-rule add -n {registry} --ip-address {rule_address}", each="rule_address"),
    ),
    page=pages.ACR + "container-registry-access-selected-networks#disable-public-network-access",
    az_code="CONNECTIVITY_FORBIDDEN_ERROR",
)
FIREWALL_RULE_PROPAGATING = FailureMode(
    id="firewall-rule-propagating",
    title="the network rule that admits {client_ip} is too new to be in effect everywhere",
    seen=(challenge.DENIED_WITH_IP,),
    when=(
        ADMITTED.is_(True),
        NETWORK.where("changed within the last minutes", lambda rules: rules.changed_lately),
    ),
    means="A changed rule takes some minutes until every front end of the registry follows it.",
    look=(NETWORK.by_hand,),
    fix=("Wait a few minutes after the last change of the rules, then check again. Change nothing meanwhile.",),
    page=pages.ACR + "container-registry-access-selected-networks#add-network-rule-to-registry",
    az_code="CONNECTIVITY_FORBIDDEN_ERROR",
    transient=True,
)
FIREWALL_SERVICE_ENDPOINT = FailureMode(
    id="firewall-service-endpoint",
    title="the virtual network of {client_ip} is no longer admitted through its service endpoint",
    seen=(challenge.DENIED_WITH_IP,),
    when=(CLIENT_IP.where("a private one", is_private),),
    unprovable="TODO",
    means="The request came through a service endpoint (a virtual network's own way to Azure's public addresses). The"
    " rule for its subnet is missing, or public access was switched off or a private endpoint added, which both end"
    " this way in.",
    look=(
        _LOOK_AT_RULES,
        LIST_ENDPOINTS,
    ),
    fix=("Connect the network by a private endpoint: service endpoints for registries never left preview.",),
    instead=("With public access on and no private endpoint, the registry's owner can add the subnet's rule again.",),
    page=pages.ACR + "container-registry-vnet",
    az_code="CONNECTIVITY_FORBIDDEN_ERROR",
)
