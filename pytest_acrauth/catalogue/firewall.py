"""Family ``firewall``: the registry's own network rules refuse the caller."""

from __future__ import annotations

from pytest_acrauth import facts
from pytest_acrauth.catalogue import pages
from pytest_acrauth.catalogue.questions import CLIENT_IP, NETWORK, PRIVATE_ENDPOINTS, is_private, possible
from pytest_acrauth.failure import FailureMode, Symptom
from pytest_acrauth.stage import Stage

DENIED_WITH_IP = Symptom(
    id="denied-with-ip",
    stages=(Stage.CHALLENGE, Stage.EXCHANGE, Stage.ACCESS_TOKEN, Stage.OPERATION, Stage.DATA),
    when=facts.firewall_spoke,
    says="The registry's firewall refused the address {client_ip} at the {stage} request.",
)

FIREWALL_IP_DENIED = FailureMode(
    id="firewall-ip-denied",
    family="firewall",
    shows=(DENIED_WITH_IP,),
    asks=(NETWORK,),
    proof=None,
    title="{client_ip} is in no network rule of {registry}",
    meaning="The registry admits selected networks only. The address is the one the registry saw: behind a NAT, a"
    " proxy or a hosted build agent it is not this machine's own and may change.",
    remedies=(
        "az acr network-rule add --name {registry} --ip-address {client_ip}",
        "Where the address changes, connect through a private endpoint instead.",
    ),
    link=pages.TROUBLESHOOT + "client-ip-address-not-allowed-access",
    az_code="CONNECTIVITY_FORBIDDEN_ERROR",
    transient=False,
    since="0.1",
)
FIREWALL_PUBLIC_ACCESS_DISABLED = FailureMode(
    id="firewall-public-access-disabled",
    family="firewall",
    shows=(DENIED_WITH_IP,),
    asks=(NETWORK,),
    proof=None,
    title="{registry} admits no public network at all",
    meaning="Public network access is disabled, which overrides every address rule; only a private endpoint leads in.",
    remedies=(
        "az acr update --name {registry} --public-network-enabled true",
        "Where it must stay disabled, run from a network that has a private endpoint of the registry.",
    ),
    link=pages.ACR + "container-registry-access-selected-networks#disable-public-network-access",
    az_code="CONNECTIVITY_FORBIDDEN_ERROR",
    transient=False,
    since="0.1",
)
FIREWALL_RULE_PROPAGATING = FailureMode(
    id="firewall-rule-propagating",
    family="firewall",
    shows=(DENIED_WITH_IP,),
    asks=(NETWORK,),
    proof=None,
    title="a network rule that admits {client_ip} may not be in effect yet",
    meaning="A changed rule takes some minutes until every front end of the registry follows it.",
    remedies=("Wait a few minutes after the last change of the rules, then check again.",),
    link=pages.ACR + "container-registry-access-selected-networks",
    az_code="CONNECTIVITY_FORBIDDEN_ERROR",
    transient=True,
    since="0.1",
)
FIREWALL_SERVICE_ENDPOINT = FailureMode(
    id="firewall-service-endpoint",
    family="firewall",
    shows=(DENIED_WITH_IP,),
    asks=(CLIENT_IP, NETWORK, PRIVATE_ENDPOINTS),
    # Through a service endpoint the registry sees the virtual network's own, private addresses.
    proof=lambda a: possible(a[CLIENT_IP].holds(is_private)),
    title="the virtual network of {client_ip} is no longer admitted through its service endpoint",
    meaning="The request came through a service endpoint, and the rule for its subnet is missing, or public access was"
    " disabled or a private endpoint added, which both end access through service endpoints.",
    remedies=(
        'az acr show -n {registry} --query "[publicNetworkAccess,privateEndpointConnections]"',
        "Add the subnet's rule again, or move the network to a private endpoint.",
    ),
    link=pages.ACR + "container-registry-vnet",
    az_code="CONNECTIVITY_FORBIDDEN_ERROR",
    transient=False,
    since="0.1",
)
