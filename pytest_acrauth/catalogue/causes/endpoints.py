"""Family ``endpoints``: private endpoints of the registry, and the private names that lead to them."""

from __future__ import annotations

from pytest_acrauth.catalogue import pages
from pytest_acrauth.catalogue.questions.climb import PRIVATE_ADDRESS, THROUGH_PRIVATE_LINK
from pytest_acrauth.catalogue.questions.management import (
    ADMITTED,
    ENDPOINT_APPROVED,
    PASSED_BY,
    PRIVATE_ENDPOINTS,
    SELECTED_NETWORKS,
    dialled,
)
from pytest_acrauth.catalogue.questions.records import Dialled
from pytest_acrauth.catalogue.shape import Command, FailureMode, Given, Occurs, Question
from pytest_acrauth.catalogue.steps import ENDPOINT_ADDRESSES, LIST_ENDPOINTS
from pytest_acrauth.catalogue.symptoms import challenge, data, dns, private_link, tcp
from pytest_acrauth.model.evidence import Need

#: Judged by addresses alone: which endpoint was dialled, no name and no state of another one tells.
ENDPOINT_DIALLED: Question[Dialled] = Question(
    id="endpoint-dialled",
    asks="Which private endpoint of the registry has the address that was dialled?",
    shows="endpoint with that address",
    by_hand=ENDPOINT_ADDRESSES,
    needs=Need.ENDPOINT_ADDRESSES,
    failing_that=Need.REGISTRY,
    compares=True,
    read=dialled,
)
#: A private address that does not answer: the login server's, or that of a data endpoint.
_SILENT_ENDPOINT = (tcp.PRIVATE_TCP_TIMEOUT, data.PRIVATE_DATA_UNREACHED)
PRIVATE_DNS_STALE_ZONE = FailureMode(
    id="private-dns-stale-zone",
    title="the private DNS zone lacks {login_server}",
    brief="no record in the private DNS zone",
    seen=(dns.NXDOMAIN, dns.DANGLING_ALIAS),
    signs=(dns.DANGLING_ALIAS,),
    certain="In public, an alias into the private link zone ends at an address; only a private zone leaves it open.",
    when=(THROUGH_PRIVATE_LINK,),
    occurs=Occurs.SELDOM,
    means="The network is linked to a private zone for registries, but the record is missing: the private"
    " endpoint was deleted and the link was kept, or the endpoint's record was never made. Other networks"
    " resolve the name.",
    look=(
        "Look for an endpoint of {registry} in this network, and for the zone's link to it (LINK):",
        LIST_ENDPOINTS,
        Command("az network private-dns link vnet list -g RESOURCE_GROUP -z {private_zone} -o table"),
    ),
    fix=(
        "With an endpoint here, whoever runs the zone adds the record, with the endpoint's address:",
        Command(
            "az network private-dns record-set a add-record -g RESOURCE_GROUP -z {private_zone} -n {record} -a ADDRESS"
        ),
        "Without one, they let names that the zone lacks be looked up publicly; its others stay:",
        Command(
            "az network private-dns link vnet update -g RESOURCE_GROUP -z {private_zone} -n LINK"
            " --resolution-policy NxDomainRedirect"
        ),
    ),
    instead=("Remove this network's link to the zone, if no other registry in it is reached from this network.",),
    page=pages.ACR + "container-registry-private-endpoints#manage-private-endpoint-connections",
    az_code="CONNECTIVITY_DNS_ERROR",
)
PRIVATE_ENDPOINT_UNREACHABLE = FailureMode(
    id="private-endpoint-unreachable",
    title="no network path to the private endpoint",
    brief="no path to the private endpoint",
    seen=_SILENT_ENDPOINT,
    when=(ENDPOINT_DIALLED.where("an approved one", lambda found: found.is_("Approved")), ENDPOINT_APPROVED),
    occurs=Occurs.OFTEN,
    means="The endpoint is approved and has this address, and nothing comes back from it: a peering between the"
    " networks is missing or disconnected, or a firewall in a hub or a security group has no rule for it. If this"
    " network has an endpoint of its own, DNS names another network's.",
    look=(
        "See whether the peerings of this network (NETWORK) are Connected:",
        Command("az network vnet peering list -g RESOURCE_GROUP --vnet-name NETWORK -o table"),
    ),
    fix=(
        "Whoever runs the networks repairs the peering or the route to {addresses}.",
        "They let port 443 through along it, in each firewall and security group.",
    ),
    page=pages.AKS + "cannot-pull-image-from-acr-to-aks-cluster#cause-4-io-timeout-error",
    az_code="CONNECTIVITY_CHALLENGE_ERROR",
)
PRIVATE_ENDPOINT_PENDING = FailureMode(
    id="private-endpoint-pending",
    title="the private endpoint waits for approval",
    brief="private endpoint not approved",
    seen=_SILENT_ENDPOINT,
    when=(
        ENDPOINT_DIALLED.where("a pending one", lambda found: found.is_("Pending")),
        PRIVATE_ENDPOINTS.where("yes, and one is pending", lambda found: found.has("Pending")),
    ),
    means="Until the registry's owner approves the connection, its address resolves and carries no traffic.",
    look=(LIST_ENDPOINTS,),
    fix=(
        Given(
            "Whoever manages {registry} looks whose network asks, and approves it if it is to come in:",
            "pending_connections",
        ),
        Command(
            "az acr private-endpoint-connection approve --registry-name {registry} -n {pending_connections}",
            each="pending_connections",
        ),
        "They approve no other: each connection is a network of its own.",
    ),
    page=pages.ACR + "container-registry-private-endpoints#manage-private-endpoint-connections",
    az_code="CONNECTIVITY_CHALLENGE_ERROR",
)
PRIVATE_ENDPOINT_REJECTED = FailureMode(
    id="private-endpoint-rejected",
    title="the registry's owner rejected the endpoint",
    brief="private endpoint rejected",
    seen=_SILENT_ENDPOINT,
    when=(
        ENDPOINT_DIALLED.where("a rejected one", lambda found: found.is_("Rejected")),
        PRIVATE_ENDPOINTS.where("yes, and one is rejected", lambda found: found.has("Rejected")),
    ),
    occurs=Occurs.SELDOM,
    means="Somebody who manages the registry refused the connection. Its address stays and carries no traffic.",
    look=(LIST_ENDPOINTS,),
    fix=(
        "Ask the registry's owner why.",
        "If this network is to come in after all, make a new endpoint, which the owner approves.",
    ),
    instead=("Run this from a network with an endpoint that is approved.",),
    page=pages.ACR + "container-registry-private-endpoints#validate-private-link-connection",
    az_code="CONNECTIVITY_CHALLENGE_ERROR",
)
PRIVATE_ENDPOINT_DISCONNECTED = FailureMode(
    id="private-endpoint-disconnected",
    title="{registry} ended the connection",
    brief="private endpoint disconnected",
    seen=_SILENT_ENDPOINT,
    when=(
        ENDPOINT_DIALLED.where("a disconnected one", lambda found: found.is_("Disconnected")),
        PRIVATE_ENDPOINTS.where("yes, and one is disconnected", lambda found: found.has("Disconnected")),
    ),
    occurs=Occurs.SELDOM,
    means="The connection was removed at the registry. The endpoint is only a remainder: it has its address, leads"
    " nowhere, and cannot be connected again.",
    look=(LIST_ENDPOINTS,),
    fix=(
        "Ask the registry's owner why. If this network is to come in, they approve a new endpoint.",
        "Whoever runs the private zone then gives the record the new endpoint's address.",
    ),
    instead=("Run this from a network with an endpoint that is approved.",),
    page=pages.ACR + "container-registry-private-endpoints#create-a-private-endpoint-for-an-existing-registry",
    az_code="CONNECTIVITY_CHALLENGE_ERROR",
)
PRIVATE_DNS_STALE_RECORD = FailureMode(
    id="private-dns-stale-record",
    title="DNS leads to no endpoint of {registry}",
    brief="stale private DNS record",
    seen=(*_SILENT_ENDPOINT, private_link.ROUTED_ELSEWHERE),
    when=(ENDPOINT_DIALLED.where("none of its endpoints", lambda found: found.nobodys),),
    unprovable="Whose that address is nobody could ask: a gateway or a proxy can be meant to be there.",
    means="DNS leads here to {addresses}. Most often the endpoint that had this was deleted, or made again with another"
    " address, and a record in this network's private zone, or a line in a hosts file, was left behind. It can be a"
    " gateway or a proxy of the company's as well, which does not answer.",
    look=(
        "Ask who runs the zone whose address that is; endpoints have these (ENDPOINT_ID: last one):",
        LIST_ENDPOINTS,
        ENDPOINT_ADDRESSES,
    ),
    fix=(
        "If it is nobody's now, they add the endpoint's, and take this out for all linked networks:",
        Command(
            "az network private-dns record-set a add-record -g RESOURCE_GROUP -z {private_zone} -n {record} -a ADDRESS"
        ),
        Command(
            "az network private-dns record-set a remove-record -g RESOURCE_GROUP -z {private_zone} -n {record}"
            " -a OLD_ADDRESS --keep-empty-record-set"
        ),
    ),
    instead=(
        "If a hosts file has it, correct that; if it is a gateway's, its owner repairs the gateway.",
        "Where no endpoint is left for this network, its owner makes a new one, and the registry's approves it.",
    ),
    page=pages.ACR + "container-registry-private-endpoints#get-endpoint-ip-configuration",
    az_code="CONNECTIVITY_CHALLENGE_ERROR",
)
PRIVATE_DNS_RESOLVES_PUBLIC = FailureMode(
    id="private-dns-resolves-public",
    title="DNS here leads past the private endpoint",
    brief="DNS past the private endpoint",
    seen=(challenge.DENIED_WITH_IP, tcp.PUBLIC_TCP_TIMEOUT, private_link.ROUTED_PUBLICLY),
    signs=(private_link.ROUTED_PUBLICLY,),
    certain="az asked the network's private endpoint for its address, and the resolver here for the same name.",
    when=(*PASSED_BY, ADMITTED.is_(False)),
    open_when=(SELECTED_NETWORKS,),
    means="{login_server} resolves here to its public address, and that way in is closed to this network. Either it"
    " reaches the registry's private endpoint and its DNS does not lead there (zone not linked, names not forwarded to"
    " Azure), or it reaches none.",
    look=(
        "See whether this network has an endpoint, and whether the zone is linked to it:",
        LIST_ENDPOINTS,
        Command("az network private-dns link vnet list -g RESOURCE_GROUP -z {private_zone} -o table"),
    ),
    fix=(
        "If this network reaches an endpoint, whoever runs it links the zone, for every registry:",
        Command(
            "az network private-dns link vnet create -g RESOURCE_GROUP -z {private_zone} -n LINK -v NETWORK"
            " --registration-enabled false"
        ),
        "A name server of the network's own has to forward these names to 168.63.129.16 (Azure's).",
    ),
    instead=("Without an endpoint for this network, run this from one that has it.",),
    page=pages.TROUBLESHOOT + "cant-resolve-container-registry-fqdn-private-ip-address",
    az_code="CONNECTIVITY_FORBIDDEN_ERROR",
)
PRIVATE_DNS_ELSEWHERE = FailureMode(
    id="private-dns-elsewhere",
    title="DNS leads to no endpoint of {registry}",
    brief="private address of no endpoint",
    seen=(challenge.DENIED_WITH_IP, private_link.ROUTED_ELSEWHERE),
    when=(PRIVATE_ADDRESS, ENDPOINT_DIALLED.where("none of its endpoints", lambda found: found.nobodys)),
    unprovable="Whose that address is nobody could ask: a gateway or a proxy can be meant to be there.",
    occurs=Occurs.SELDOM,
    means="Network rules do not hold for what comes through a private endpoint of the registry, so the private address"
    " that was asked is something else: another registry's endpoint, a record of one that is gone, or a gateway or"
    " proxy of the company's, which goes on to the registry by the address that this saw, {client_ip}.",
    look=(
        "Ask who runs the zone whose address that is; endpoints have these (ENDPOINT_ID: last one):",
        LIST_ENDPOINTS,
        ENDPOINT_ADDRESSES,
    ),
    fix=(
        "If nobody means it, they give the name the address of the right endpoint.",
        (
            "If a gateway is meant, {registry} has to admit it: by a private endpoint, or, where selected networks are"
            " admitted, by a rule for its public address."
        ),
    ),
    page=pages.ACR + "container-registry-private-endpoints#validate-private-link-connection",
    az_code="CONNECTIVITY_FORBIDDEN_ERROR",
)
PRIVATE_ENDPOINT_DUPLICATE = FailureMode(
    id="private-endpoint-duplicate",
    title="two private endpoints share one network",
    brief="two private endpoints in one network",
    seen=(private_link.SEVERAL_ENDPOINTS,),
    signs=(private_link.SEVERAL_ENDPOINTS,),
    certain="az counted the private endpoints of that network in the registry's own record.",
    occurs=Occurs.SELDOM,
    means="Each private endpoint has an address of its own, and a private zone keeps one of them under the name:"
    " whichever wrote last. When that endpoint is deleted, or was never approved, the name leads nowhere although the"
    " other works.",
    look=(
        "See which endpoints there are, their states, and their addresses (ENDPOINT_ID: last column):",
        LIST_ENDPOINTS,
        ENDPOINT_ADDRESSES,
    ),
    fix=(
        "Whoever runs the network keeps one that is approved, and points the zone's records to it.",
        "Then they ask who uses the other, and delete it if nobody does: its address may be in hosts files.",
    ),
    page=pages.ACR + "container-registry-private-endpoints#manage-private-endpoint-connections",
    samples=(
        (
            'Registry "myacr" has more than one private endpoint in the vnet of "/subscriptions/s/resourceGroups/g/'
            'providers/Microsoft.Network/virtualNetworks/v". DNS routing will be unreliable'
        ),
    ),
    not_emulated="A registry answers by either endpoint; only who lists a network's endpoints sees two.",
    unlike=('Storage account "data" has more than one private endpoint in the vnet of "v".',),
)
PRIVATE_ENDPOINT_NOT_IN_NETWORK = FailureMode(
    id="private-endpoint-not-in-network",
    title="that network has no private endpoint",
    brief="network without a private endpoint",
    seen=(private_link.NO_ENDPOINT,),
    signs=(private_link.NO_ENDPOINT,),
    certain="az compared the network that it was told with those of the registry's private endpoints.",
    occurs=Occurs.SELDOM,
    means="az acr check-health --vnet looked for a private endpoint in one network and found none there. The endpoint"
    " is in another one, often a hub that this network is peered with, or there is none.",
    look=("See which endpoints there are, and in which networks:", LIST_ENDPOINTS),
    fix=(
        "Run the command again with the network that has the endpoint (NETWORK_ID):",
        Command("az acr check-health -n {registry} --vnet NETWORK_ID --ignore-errors --yes"),
        "If there is none, this network needs one: whoever runs it makes it, and the owner approves it.",
    ),
    page=pages.ACR + "container-registry-check-health#check-registry-access-in-a-virtual-network",
    samples=('Registry "myacr" doesn\'t have private endpoints in the vnet of "v". Please make sure you provided',),
    not_emulated="It is about the network that somebody names to az, and not about the way to the registry.",
    unlike=('Storage account "data" doesn\'t have private endpoints in the vnet of "v".',),
)
