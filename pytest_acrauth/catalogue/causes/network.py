"""Family ``network``: names and connections on the ways to the login server, to Entra and to the layers."""

from __future__ import annotations

from pytest_acrauth.catalogue import pages
from pytest_acrauth.catalogue.questions.climb import ALIASES, PRIVATE_ADDRESS, THROUGH_PRIVATE_LINK
from pytest_acrauth.catalogue.questions.management import (
    ADMITTED,
    ENDPOINT_APPROVED,
    PASSED_BY,
    PRIVATE_ENDPOINTS,
    SELECTED_NETWORKS,
    dialled,
)
from pytest_acrauth.catalogue.questions.network import HOST_EXISTS, PUBLIC_NAMES, hashed, known, record_of
from pytest_acrauth.catalogue.questions.records import Dialled
from pytest_acrauth.catalogue.shape import Break, Command, FailureMode, Given, Occurs, Question
from pytest_acrauth.catalogue.steps import COMPARE_HOST, ENDPOINT_ADDRESSES, LIST_ENDPOINTS
from pytest_acrauth.catalogue.symptoms import challenge, client, data, dns, entra, private_link, proxy, requests, tcp
from pytest_acrauth.catalogue.symptoms.addresses import in_private_zone
from pytest_acrauth.model.evidence import Need


def _missing_hash(broken: Break) -> bool | None:
    record, host = record_of(broken), broken.transcript.target.registry.global_endpoint
    if hashed(host):
        return False
    if record is None:
        return None
    if record.found:
        return hashed(record.login_server) if record.login_server else None
    return False if record.all_readable else None


def _regional(broken: Break) -> str | None:
    registry, record = broken.transcript.target.registry, record_of(broken)
    if not registry.region:
        return "none was asked"
    if record is not None and not record.found and known(broken) is False:
        return "none, as there is no registry"
    if record is None or record.regional_hosts is None:
        return None
    if not record.regional_hosts:
        return "switched off"
    return "one is there" if registry.login_server in record.regional_hosts else "not in this region"


def _elsewhere(broken: Break) -> tuple[str, ...] | None:
    look = broken.transcript.evidence.names
    return look.value.elsewhere if look is not None and look.value is not None else None


HOST: Question[str] = Question(
    id="login-server-host",
    asks="Which login server was asked?",
    shows="login server that was asked",
    by_hand="Read the host name in the configuration.",
    read=lambda broken: broken.transcript.target.registry.login_server,
)
MISSING_HASH: Question[bool] = Question(
    id="login-server-hash",
    asks="Does the registry's login server have a hash in its name that the one asked lacks?",
    shows="hash lacking in the name",
    by_hand=Command("az acr show -n {registry} --query loginServer -o tsv"),
    needs=Need.REGISTRY,
    read=_missing_hash,
)
KNOWN: Question[bool] = Question(
    id="login-server-exists",
    asks="Is there a registry with the login server that was asked?",
    shows="such a login server exists",
    by_hand=Command('az acr list --query "[].loginServer" -o tsv'),
    needs=Need.REGISTRY,
    read=known,
)
REGIONAL_ENDPOINT: Question[str] = Question(
    id="regional-endpoint",
    asks="Does the registry have a regional endpoint in the region that was asked?",
    shows="regional endpoint",
    by_hand=Command("az acr show-endpoints -n {registry}"),
    needs=Need.REGISTRY,
    read=_regional,
)
OTHER_CLOUDS: Question[tuple[str, ...]] = Question(
    id="registry-cloud",
    asks="Under which other cloud's suffix does the registry's name resolve?",
    shows="name found in other clouds",
    by_hand=Command("az cloud list -o table"),
    needs=Need.NAMES,
    read=_elsewhere,
)
_CURL = Command("curl -sSv -o /dev/null --max-time 20 https://{login_server}/v2/")

#: Judged by addresses alone: which endpoint was dialled, no name and no state of another one tells.
ENDPOINT_DIALLED: Question[Dialled] = Question(
    id="endpoint-dialled",
    asks="Which private endpoint of the registry has the address that was dialled?",
    shows="endpoint with that address",
    by_hand=ENDPOINT_ADDRESSES,
    needs=Need.ENDPOINT_ADDRESSES,
    failing_that=Need.REGISTRY,
    read=dialled,
)
#: A private address that does not answer: the login server's, or that of a data endpoint.
_SILENT_ENDPOINT = (tcp.PRIVATE_TCP_TIMEOUT, data.PRIVATE_DATA_UNREACHED)
_COMPARE_NAMES = (
    "Compare what this machine believes (its hosts file included) with what its name server says:",
    Command("getent hosts {login_server}"),
    Command("nslookup {login_server}"),
)
_ELSEWHERE = OTHER_CLOUDS.where("one of them", bool)
_NO_SUCH_REGION = REGIONAL_ENDPOINT.is_("switched off", "not in this region")
REGIONAL_ENDPOINT_MISSING = FailureMode(
    id="regional-endpoint-missing",
    title="the registry has no regional endpoint there",
    brief="no such regional endpoint",
    seen=(dns.NXDOMAIN, proxy.PROXY_WITHOUT_WAY, challenge.NOT_FOUND, client.REGIONAL_LOGIN),
    signs=(client.REGIONAL_LOGIN,),
    certain="az read which endpoints the registry has, and the region's was not among them.",
    when=(_NO_SUCH_REGION,),
    means="A regional endpoint is the login server of one replica, NAME.REGION.geo.azurecr.io. They are off unless"
    " somebody switched them on, and there is one for each region that has a replica.",
    look=(
        Command("az acr show-endpoints -n {registry}"),
        Command('az acr show -n {registry} --query "{{tier:sku.name,regionalEndpoints:regionalEndpoints}}"'),
    ),
    fix=(
        "Use a region of that list, or the registry's global endpoint, which needs no region.",
        "Clients keep a login for each host: log in there, too.",
    ),
    instead=(
        (
            "Who manages the registry can switch regional endpoints on. They are a preview, need the Premium tier,"
            " which costs more, and give every replica a host that firewalls of clients have to admit:"
        ),
        Command("az acr update -n {registry} --regional-endpoints Enabled"),
    ),
    page=pages.ACR + "container-registry-geo-replication#authenticate-and-use-regional-endpoints",
    unlike=("Endpoint for region 'eastus' not found: Microsoft.CognitiveServices/accounts",),
)
REGISTRY_DNS_NXDOMAIN = FailureMode(
    id="registry-dns-nxdomain",
    title="there is no registry at {login_server}",
    brief="no such registry",
    seen=(dns.NXDOMAIN, proxy.PROXY_WITHOUT_WAY, challenge.NOT_FOUND),
    when=(KNOWN.is_(False), MISSING_HASH.is_(False)),
    not_when=(HOST_EXISTS.is_(True), PUBLIC_NAMES.is_(False), _NO_SUCH_REGION),
    open_when=(_ELSEWHERE,),
    occurs=Occurs.OFTEN,
    means="The name is misspelt, or the registry was deleted. Nobody has the name in this cloud; where it still leads"
    " to an address, a name server or a hosts file keeps what was true before.",
    look=(
        Command('az acr list --query "[].loginServer" -o tsv'),
        Command("nslookup {login_server}"),
    ),
    fix=("Give the login server as the list has it to --acr-registry, and to the client that failed.",),
    page=pages.HEALTH + "#connectivity_dns_error",
    az_code="CONNECTIVITY_DNS_ERROR",
    unlike=(
        "dial tcp: lookup mydb.database.windows.net on 10.0.0.2:53: no such host",
        "dial tcp: lookup registry-1.docker.io: no such host",
    ),
)
REGISTRY_DNL_HASH_MISSING = FailureMode(
    id="registry-dnl-hash-missing",
    title="{login_server} lacks the hash in its name",
    brief="login server without its hash",
    seen=(dns.NXDOMAIN, proxy.PROXY_WITHOUT_WAY),
    when=(
        HOST.where("one without a hash behind the name", lambda host: not hashed(host)),
        MISSING_HASH.is_(True),
    ),
    not_when=(HOST_EXISTS.is_(True), PUBLIC_NAMES.is_(False)),
    means="{registry} was made with a domain name label. Its login server has the form name-hash, and no other name"
    " leads to it.",
    look=(Command("az acr show -n {registry} --query loginServer -o tsv"),),
    fix=(
        "Give that login server to --acr-registry and to every client, as it stands there.",
        "Where az is not let read the registry's record, it leaves the hash out, unless it is told:",
        Command("az acr login -n {registry} --suffix HASH"),
    ),
    page=pages.ACR + "container-registry-get-started-azure-cli#configure-domain-name-label-dnl-option",
    az_code="CONNECTIVITY_DNS_ERROR",
)
REGISTRY_WRONG_CLOUD = FailureMode(
    id="registry-wrong-cloud",
    title="{registry} belongs to another Azure cloud",
    brief="registry in another cloud",
    seen=(dns.NXDOMAIN, requests.OTHER_CLOUDS_SUFFIX),
    when=(KNOWN.is_(False), _ELSEWHERE),
    unprovable="A registry of the same name in another cloud can be somebody else's.",
    occurs=Occurs.SELDOM,
    means="Each Azure cloud (public, China, US Government) has a login server suffix of its own, and a registry exists"
    " under one of them only. The name resolves under another cloud's suffix, and there is no such registry in"
    " {cloud}.",
    look=(
        Command("az cloud list -o table"),
        Command("az cloud show --query suffixes.acrLoginServerEndpoint -o tsv"),
    ),
    fix=("Give the full login server, with its cloud's suffix, to --acr-registry, and an identity of that cloud.",),
    page=pages.HEALTH + "#connectivity_dns_error",
    samples=(
        "ERROR: The login server suffix is not valid for the current cloud. Please try again using '.azurecr.io'.",
    ),
    not_emulated="Whose the registry of that name in the other cloud is no world can show, so that a missing registry"
    " stays possible beside it.",
    unlike=("ERROR: The hostname suffix is not valid for the current environment: app.example.com",),
)
NO_PUBLIC_DNS = FailureMode(
    id="no-public-dns",
    title="this machine's resolver knows no public names of Azure",
    brief="no public DNS",
    seen=(dns.NXDOMAIN, entra.AUTHORITY_UNKNOWN),
    when=(PUBLIC_NAMES.is_(False),),
    occurs=Occurs.SELDOM,
    means="Entra's name, which every machine on the internet resolves, is unknown here as well. The name server answers"
    " for its own zones only: a closed network's, a cluster's, or one that filters. That says nothing about the"
    " registry.",
    look=(
        "See which name server this machine asks, and whether it knows any public name:",
        Command("cat /etc/resolv.conf"),
        Command("nslookup {host}"),
    ),
    fix=(
        "Whoever runs the name server lets it forward the names of Azure to one that knows them.",
        "In a network that only a proxy leads out of, give this machine that proxy: HTTPS_PROXY.",
    ),
    page=pages.TROUBLESHOOT + "context-deadline-exceeded",
    az_code="CONNECTIVITY_DNS_ERROR",
)
REGISTRY_NAME_UNKNOWN_HERE = FailureMode(
    id="registry-name-unknown-here",
    title="{login_server} exists; DNS here lacks it",
    brief="name unknown to this resolver",
    seen=(dns.NXDOMAIN,),
    when=(KNOWN.is_(True), PUBLIC_NAMES.is_(True)),
    occurs=Occurs.SELDOM,
    means="The registry's record has this very login server, and other public names resolve here. So the name server"
    " that this machine asks leaves this one out: it filters, or it has a zone of its own for these names and no"
    " record in it.",
    look=(
        Command("nslookup {login_server}"),
        "Ask Azure's own resolver, which only machines in Azure can reach:",
        Command("nslookup {login_server} 168.63.129.16"),
    ),
    fix=(
        "Whoever runs the name server adds the record that its zone lacks, or forwards these names.",
        "If the registry was made minutes ago, check again later: name servers keep 'unknown' awhile.",
    ),
    page=pages.TROUBLESHOOT + "context-deadline-exceeded",
    az_code="CONNECTIVITY_DNS_ERROR",
    transient=True,
)
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
REGISTRY_DNS_RESOLVER_BROKEN = FailureMode(
    id="registry-dns-resolver-broken",
    title="no usable DNS answer for {host}",
    brief="resolver out of order",
    seen=(dns.RESOLVER_FAILED,),
    signs=(dns.RESOLVER_FAILED,),
    certain="It stayed silent, or told a failure of its own, which is no answer about the name.",
    means="The name server did not answer, or answered with a failure. Nothing is said about the host itself.",
    look=(
        Command("nslookup {host}"),
        "Ask Azure's own resolver, which only machines in Azure can reach:",
        Command("nslookup {host} 168.63.129.16"),
    ),
    fix=(
        "Repair this machine's (or container's) name servers, or try again if they were busy.",
        "If only Azure's resolver answers, whoever runs the name server forwards to 168.63.129.16.",
    ),
    page=pages.TROUBLESHOOT + "context-deadline-exceeded",
    az_code="CONNECTIVITY_DNS_ERROR",
    unlike=("dial tcp: lookup registry-1.docker.io on 10.0.0.2:53: server misbehaving",),
)
REGISTRY_TCP_BLOCKED = FailureMode(
    id="registry-tcp-blocked",
    title="connections to {login_server} time out",
    brief="connection blocked on the way",
    seen=(tcp.TCP_TIMEOUT, tcp.PUBLIC_TCP_TIMEOUT, tcp.PRIVATE_TCP_TIMEOUT),
    signs=(tcp.TCP_TIMEOUT,),
    certain="Nothing came back from any of these public addresses: no answer, and no refusal.",
    not_when=(ALIASES.where("into the private link zone, and no further", in_private_zone),),
    means="The name resolves, and from its address nothing comes back. A firewall, a network security group or a route"
    " on the way drops the packets (a closed port would have refused), or the address is not the registry's: a hosts"
    " file or a private zone has an old one.",
    look=(*_COMPARE_NAMES, _CURL),
    fix=(
        "Whoever runs the network allows port 443 to {login_server} and to the hosts of its layers.",
        "In Azure, the service tag AzureContainerRegistry stands for the login servers.",
        "If only a proxy leads out, set HTTPS_PROXY, and keep {login_server} out of NO_PROXY.",
    ),
    page=pages.TROUBLESHOOT + "request-canceled-waiting-connection-timeout-exceeded",
    az_code="CONNECTIVITY_CHALLENGE_ERROR",
    unlike=("dial tcp 52.1.2.3:443: i/o timeout while pulling from registry-1.docker.io",),
)
NO_ROUTE_FROM_HERE = FailureMode(
    id="no-route-from-here",
    title="no route from here to {host} at {addresses}",
    brief="no route",
    seen=(tcp.NO_ROUTE,),
    signs=(tcp.NO_ROUTE,),
    certain="That is the system's own refusal, for every address; a host that is only silent ends in a timeout.",
    means="The request did not leave this network: the machine has no network or no default route, has no IPv6 where"
    " the address is one, or lost the tunnel (VPN) behind which a private address lies; where the words are 'no route"
    " to host', a router nearby said so.",
    look=(
        "See which routes and which addresses this machine knows; on Linux:",
        Command("ip route list"),
        Command("ip -6 route list"),
        Command("getent ahosts {host}"),
    ),
    fix=(
        "Connect the network or tunnel (VPN) that leads there, or give this machine a default route.",
        "If only a proxy leads out, set HTTPS_PROXY, and keep {host} out of NO_PROXY.",
    ),
    page=pages.TROUBLESHOOT + "request-canceled-waiting-connection-timeout-exceeded",
    az_code="CONNECTIVITY_CHALLENGE_ERROR",
    unlike=("dial tcp 10.0.0.5:5432: connect: network is unreachable",),
)
TCP_REFUSED = FailureMode(
    id="tcp-refused",
    title="port 443 of {host} refuses connections at {addresses}",
    brief="connection refused",
    seen=(tcp.CONNECTION_REFUSED,),
    signs=(tcp.CONNECTION_REFUSED,),
    certain="A refusal is an answer, unlike silence: nothing listens at that address, or a firewall says so.",
    means="The address belongs to a machine that runs, and nothing listens there. Azure's hosts never refuse, so"
    " the name leads elsewhere, or a firewall on the way answers for it.",
    look=COMPARE_HOST,
    fix=(
        "Remove what overrides the address: a line of the hosts file, a record of a private zone.",
        "If the address is right, whoever runs the network lets port 443 pass to it.",
    ),
    page=pages.ACR + "container-registry-troubleshoot-access",
    az_code="CONNECTIVITY_CHALLENGE_ERROR",
    unlike=("dial tcp 127.0.0.1:5432: connect: connection refused",),
)
PRIVATE_ENDPOINT_UNREACHABLE = FailureMode(
    id="private-endpoint-unreachable",
    title="no network path to the private endpoint",
    brief="no path to the private endpoint",
    seen=_SILENT_ENDPOINT,
    when=(ENDPOINT_DIALLED.where("an approved one", lambda found: found.is_("Approved")), ENDPOINT_APPROVED),
    occurs=Occurs.OFTEN,
    means="The endpoint is approved and has this address, so DNS is right and routing is not: a peering between the"
    " networks is missing or disconnected, or a firewall in a hub or a security group has no rule for it.",
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
    title="its connection to {registry} was ended",
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
    title="no private endpoint has the address in DNS",
    brief="stale private DNS record",
    seen=(*_SILENT_ENDPOINT, private_link.ROUTED_ELSEWHERE),
    when=(ENDPOINT_DIALLED.where("none of its endpoints", lambda found: found.nobodys),),
    means="DNS leads here to {addresses}. The endpoint that had this was deleted, or made again with another address,"
    " and the record in this network's private zone, or a line in a hosts file, was left behind.",
    look=(
        "See which addresses the endpoints have (ENDPOINT_ID: the last column of the first list):",
        LIST_ENDPOINTS,
        ENDPOINT_ADDRESSES,
    ),
    fix=(
        "Whoever runs the zone adds the address for this network, then takes the old one out:",
        Command(
            "az network private-dns record-set a add-record -g RESOURCE_GROUP -z {private_zone} -n {record} -a ADDRESS"
        ),
        Command(
            "az network private-dns record-set a remove-record -g RESOURCE_GROUP -z {private_zone} -n {record}"
            " -a OLD_ADDRESS --keep-empty-record-set"
        ),
        "All linked networks follow. If a hosts file here has the old one, correct it there instead.",
    ),
    instead=("Where no endpoint is left for this network, its owner makes a new one, and the registry's approves it.",),
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
    title="DNS leads to somebody else's private address",
    brief="foreign private address",
    seen=(challenge.DENIED_WITH_IP, private_link.ROUTED_ELSEWHERE),
    when=(PRIVATE_ADDRESS, ENDPOINT_DIALLED.where("none of its endpoints", lambda found: found.nobodys)),
    occurs=Occurs.SELDOM,
    means="Network rules do not hold for what comes through a private endpoint of the registry, so the private address"
    " that was asked is something else: another registry's endpoint, or a gateway with an address of its own.",
    look=(
        Command("getent hosts {login_server}"),
        LIST_ENDPOINTS,
        ENDPOINT_ADDRESSES,
        Command("az network private-dns record-set a show -g RESOURCE_GROUP -z {private_zone} -n {record}"),
    ),
    fix=(
        "Whoever runs the zone, or the hosts file, gives the name the address of the right endpoint.",
        "A gateway that is meant to be there has to reach {registry} by a private endpoint.",
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
        "Then they delete the other: clients that have its address in a hosts file lose their way in.",
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
