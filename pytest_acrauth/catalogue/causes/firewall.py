"""Family ``firewall``: the registry's own network rules refuse the caller."""

from __future__ import annotations

from pytest_acrauth.catalogue import facts, pages
from pytest_acrauth.catalogue.questions.climb import (
    ADDRESSES,
    ALIASES,
    CLIENT_IP,
    is_private,
    possible,
    proven,
    through_private_link,
)
from pytest_acrauth.catalogue.questions.management import NETWORK, PRIVATE_ENDPOINTS
from pytest_acrauth.catalogue.shape import Answers, FailureMode, Symptom, Verdict
from pytest_acrauth.catalogue.symptoms.words import anywhere
from pytest_acrauth.model.stage import Stage

DENIED_WITH_IP = Symptom(
    id="denied-with-ip",
    stages=(Stage.CHALLENGE, Stage.EXCHANGE, Stage.ACCESS_TOKEN, Stage.OPERATION, Stage.DATA),
    # Where a later wait failed, that is what is seen.
    when=lambda broken: facts.firewall_spoke(broken) and facts.trouble(broken) is None,
    says="The registry's firewall refused the address {client_ip} at the {stage} request.",
    texts=anywhere(
        r"client with IP ?'?(?P<client_ip>[0-9A-Fa-f:.]{3,45})'? is not allowed access",
        r"client with IP .{0,60}?is not allowed access",
        r"aka\.ms/acr/firewall",
    ),
)


def closed(answers: Answers) -> Verdict:
    """Judge whether the registry admits no public network."""
    return answers[NETWORK].holds(lambda rules: not rules.public)


def passed_by(answers: Answers) -> Verdict:
    """Judge whether the registry has a private endpoint that its name does not lead to from here."""
    return proven(
        answers[ALIASES].holds(through_private_link),
        answers[ADDRESSES].holds(lambda addresses: not all(map(is_private, addresses))),
        answers[PRIVATE_ENDPOINTS].holds(lambda found: found.approved),
    )


FIREWALL_IP_DENIED = FailureMode(
    id="firewall-ip-denied",
    family="firewall",
    shows=(DENIED_WITH_IP,),
    questions=(CLIENT_IP, NETWORK),
    proof=lambda a: proven(
        a[CLIENT_IP].holds(lambda ip: not is_private(ip)),
        a[NETWORK].holds(lambda rules: rules.public and not rules.admits(a[CLIENT_IP].value or "")),
    ),
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
    questions=(NETWORK, ALIASES, ADDRESSES, PRIVATE_ENDPOINTS),
    proof=lambda a: possible(closed(a)) if passed_by(a) is Verdict.YES else proven(closed(a)),
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
    questions=(CLIENT_IP, NETWORK),
    proof=lambda a: proven(
        a[NETWORK].holds(lambda rules: rules.admits(a[CLIENT_IP].value or "") and rules.changed_lately)
    ),
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
    questions=(CLIENT_IP, NETWORK, PRIVATE_ENDPOINTS),
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
