"""Family ``network``: name resolution, connections, TLS and proxies on the way to the login server."""

from __future__ import annotations

from pytest_acrauth.catalogue import facts, pages
from pytest_acrauth.catalogue.questions.climb import THROUGH_PRIVATE_LINK
from pytest_acrauth.catalogue.questions.management import ENDPOINT_APPROVED, PASSED_BY, PRIVATE_ENDPOINTS
from pytest_acrauth.catalogue.shape import Break, Command, FailureMode, Given, Question
from pytest_acrauth.catalogue.steps import ENDPOINT_ADDRESSES, LIST_ENDPOINTS
from pytest_acrauth.catalogue.symptoms import challenge, dns, exchange, tcp, tls
from pytest_acrauth.model.evidence import Need

NO_REGISTRY = "none: nobody has the name"


def _login_server(broken: Break) -> str | None:
    look = broken.transcript.evidence.registry
    if look is None or look.value is None:
        return None
    if look.value.found:
        return look.value.login_server or None
    return NO_REGISTRY if look.value.name_free else None


def _hashed(host: str) -> bool:
    """Whether a login server's name has a hash behind the registry's, which itself has no hyphen."""
    return "-" in host.partition(".")[0]


HOST: Question[str] = Question(
    id="login-server-host",
    asks="Which login server was asked?",
    by_hand="Read the host name in the configuration.",
    read=lambda broken: broken.transcript.target.registry.login_server,
)
LOGIN_SERVER: Question[str] = Question(
    id="login-server",
    asks="Which login server does the registry have?",
    by_hand=Command('az acr list --query "[].loginServer" -o tsv'),
    needs=Need.REGISTRY,
    read=_login_server,
)
OTHER_CLOUD: Question[bool] = Question(
    id="registry-cloud",
    asks="Does the registry live in another cloud than the one that was asked?",
    by_hand=Command("az cloud list -o table"),
)
REFUSED_DIRECTLY: Question[bool] = Question(
    id="refused-directly",
    asks="Did the registry's own firewall answer, with no proxy on the way?",
    by_hand="Read whether the answer names an address, and look at HTTPS_PROXY and NO_PROXY.",
    read=lambda broken: facts.firewall_spoke(broken) and not broken.transcript.proxy,
)

_CURL = Command("curl -sSv -o /dev/null --max-time 20 https://{login_server}/v2/")

_COMPARE_NAMES = (
    "Compare what this machine believes (its hosts file included) with what its name server says:",
    Command("getent hosts {login_server}"),
    Command("nslookup {login_server}"),
)
REGISTRY_DNS_NXDOMAIN = FailureMode(
    id="registry-dns-nxdomain",
    title="there is no registry at {login_server}",
    seen=(dns.NXDOMAIN,),
    when=(LOGIN_SERVER.is_(NO_REGISTRY),),
    means="The name is misspelt, or the registry was deleted.",
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
    title="the login server of {registry} has a hash in its name that is missing here",
    seen=(dns.NXDOMAIN,),
    when=(
        HOST.where("one without a hash behind the name", lambda host: not _hashed(host)),
        LOGIN_SERVER.where("one with a hash behind the name", _hashed),
    ),
    means="A registry that was made with a domain name label has a login server of the form name-hash, and no other"
    " name leads to it.",
    look=(Command("az acr show -n {registry} --query loginServer -o tsv"),),
    fix=(
        "Give that login server to --acr-registry and to every client, as it stands there.",
        "Where az may not read the registry's record, it leaves the hash out by itself, unless it is told:",
        Command("az acr login -n {registry} --suffix HASH"),
    ),
    page=pages.ACR + "container-registry-get-started-azure-cli#configure-domain-name-label-dnl-option",
    az_code="CONNECTIVITY_DNS_ERROR",
)
REGISTRY_WRONG_CLOUD = FailureMode(
    id="registry-wrong-cloud",
    title="{registry} lives in another cloud than {cloud}",
    seen=(dns.NXDOMAIN,),
    when=(LOGIN_SERVER.is_(NO_REGISTRY), OTHER_CLOUD.is_(True)),
    means="Each Azure cloud (public, China, US Government) has a login server suffix of its own, and a registry exists"
    " under one of them only.",
    look=(
        Command("az cloud list -o table"),
        Command("az cloud show --query suffixes.acrLoginServerEndpoint -o tsv"),
    ),
    fix=("Give the full login server, with its cloud's suffix, to --acr-registry, and an identity of that cloud.",),
    page=pages.HEALTH + "#connectivity_dns_error",
)
PRIVATE_DNS_STALE_ZONE = FailureMode(
    id="private-dns-stale-zone",
    title="this network's private zone has no address for {login_server}",
    seen=(dns.NXDOMAIN, dns.DANGLING_ALIAS),
    signs=(dns.DANGLING_ALIAS,),
    certain="TODO",
    when=(THROUGH_PRIVATE_LINK,),
    unprovable="TODO",
    means="The network is linked to a private zone for registries, but the record is missing: the private"
    " endpoint was deleted and the link was kept, or the endpoint's record was never made. Other networks"
    " resolve the name.",
    look=(
        "Look whether the registry still has an endpoint for this network, and what the zone holds:",
        LIST_ENDPOINTS,
        Command("az network private-dns link vnet list -g RESOURCE_GROUP -z {private_zone} -o table"),
        Command("az network private-dns record-set a list -g RESOURCE_GROUP -z {private_zone} -o table"),
    ),
    fix=(
        "With an endpoint here, whoever runs the zone adds the missing record, with the endpoint's address:",
        Command(
            "az network private-dns record-set a add-record -g RESOURCE_GROUP -z {private_zone} -n {record} -a ADDRESS"
        ),
        "Without one, they let names that the zone lacks be looked up publicly, which leaves its other names alone:",
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
    title="this machine's resolver gave no usable answer for {login_server}",
    seen=(dns.RESOLVER_FAILED,),
    signs=(dns.RESOLVER_FAILED,),
    certain="TODO",
    means="The name server did not answer, or answered with a failure. That says nothing about the registry.",
    look=(
        Command("nslookup {login_server}"),
        "Ask Azure's own resolver, which only machines in Azure can reach:",
        Command("nslookup {login_server} 168.63.129.16"),
    ),
    fix=(
        "Repair this machine's name servers (in a container: those it was given), or try again if they were busy.",
        "If only Azure's resolver answers, whoever runs the name server lets it forward to 168.63.129.16.",
    ),
    page=pages.TROUBLESHOOT + "context-deadline-exceeded",
    az_code="CONNECTIVITY_DNS_ERROR",
    unlike=("dial tcp: lookup registry-1.docker.io on 10.0.0.2:53: server misbehaving",),
)
REGISTRY_TCP_BLOCKED = FailureMode(
    id="registry-tcp-blocked",
    title="nothing gets through from here to {login_server}, port 443",
    seen=(tcp.TCP_TIMEOUT, tcp.PRIVATE_TCP_TIMEOUT),
    signs=(tcp.TCP_TIMEOUT,),
    certain="TODO",
    not_when=(THROUGH_PRIVATE_LINK,),
    means="The name resolves, and its address is not reached. After a timeout, a firewall, a network security group or"
    " a route on the way drops the packets (a closed port would have refused); if the address is unreachable, this"
    " machine itself has no route, and nothing was sent.",
    look=(
        _CURL,
        "If this network lets traffic out by a proxy only, look whether HTTPS_PROXY is set for the client.",
    ),
    fix=(
        "Whoever runs the network allows port 443 from here to {login_server} and to the hosts of its layers.",
        "In Azure, the service tag AzureContainerRegistry stands for the login servers.",
    ),
    page=pages.TROUBLESHOOT + "request-canceled-waiting-connection-timeout-exceeded",
    az_code="CONNECTIVITY_CHALLENGE_ERROR",
    unlike=("dial tcp 52.1.2.3:443: i/o timeout while pulling from registry-1.docker.io",),
)
TCP_REFUSED = FailureMode(
    id="tcp-refused",
    title="{login_server} refuses connections to port 443 at {addresses}",
    seen=(tcp.CONNECTION_REFUSED,),
    signs=(tcp.CONNECTION_REFUSED,),
    certain="TODO",
    means="The address belongs to a machine that runs, and nothing listens there. A registry never refuses, so"
    " the name leads elsewhere, or a firewall on the way answers for it.",
    look=_COMPARE_NAMES,
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
    title="there is no way from here to the private endpoint at {addresses}",
    seen=(tcp.PRIVATE_TCP_TIMEOUT,),
    when=(ENDPOINT_APPROVED,),
    means="If the address is still the endpoint's, routing fails: a peering between the networks is missing or"
    " disconnected, or a firewall in a hub has no rule for it. Otherwise the private zone has an old address.",
    look=(
        "Look whether the registry's endpoints still have {addresses} (ENDPOINT_ID: the last column of the list):",
        LIST_ENDPOINTS,
        ENDPOINT_ADDRESSES,
        "Look whether the peerings of this network are Connected:",
        Command("az network vnet peering list -g RESOURCE_GROUP --vnet-name NETWORK -o table"),
    ),
    fix=(
        "Whoever runs the networks repairs the peering or the route, and allows port 443 to {addresses} along it.",
        "If the endpoint has another address now, whoever runs the private zone corrects its record.",
    ),
    page=pages.AKS + "cannot-pull-image-from-acr-to-aks-cluster#cause-4-io-timeout-error",
    az_code="CONNECTIVITY_CHALLENGE_ERROR",
)
PRIVATE_ENDPOINT_PENDING = FailureMode(
    id="private-endpoint-pending",
    title="no private endpoint connection of {registry} is approved",
    seen=(tcp.PRIVATE_TCP_TIMEOUT,),
    when=(PRIVATE_ENDPOINTS.where("yes, and none is approved", lambda found: found.any and not found.approved),),
    means="Until the registry's owner approves the connection, its address resolves and carries no traffic.",
    look=(LIST_ENDPOINTS,),
    fix=(
        Given(
            "Whoever manages the registry looks which network asks, and approves it if it may come in:",
            "pending_connections",
        ),
        Command(
            "az acr private-endpoint-connection approve --registry-name {registry} -n {pending_connections}",
            each="pending_connections",
        ),
        "Rejected: the registry's owner refused it, so ask them. Disconnected: it was removed, so make a new endpoint.",
    ),
    page=pages.ACR + "container-registry-private-endpoints#manage-private-endpoint-connections",
    az_code="CONNECTIVITY_CHALLENGE_ERROR",
)
PRIVATE_DNS_RESOLVES_PUBLIC = FailureMode(
    id="private-dns-resolves-public",
    title="{login_server} resolves to its public address, not to the private endpoint",
    seen=(challenge.DENIED_WITH_IP,),
    when=PASSED_BY,
    means="The registry has a private endpoint, and this network's DNS does not lead to it: the private zone is"
    " not linked, or a custom name server does not forward to Azure.",
    look=(
        Command("nslookup {login_server}"),
        Command("az network private-dns link vnet list -g RESOURCE_GROUP -z {private_zone} -o table"),
    ),
    fix=(
        "Whoever runs the network links it to the zone; all its lookups of registries then go through that zone:",
        Command(
            "az network private-dns link vnet create -g RESOURCE_GROUP -z {private_zone} -n LINK -v NETWORK"
            " --registration-enabled false"
        ),
        "With a name server of its own, a network has to forward these names to Azure's (168.63.129.16).",
    ),
    instead=("Run this from a network that is linked already.",),
    page=pages.TROUBLESHOOT + "cant-resolve-container-registry-fqdn-private-ip-address",
    az_code="CONNECTIVITY_FORBIDDEN_ERROR",
)
REGISTRY_TLS_INTERCEPTED = FailureMode(
    id="registry-tls-intercepted",
    title="the certificate at {login_server} comes from an authority that is not trusted here",
    seen=(tls.UNTRUSTED_ISSUER,),
    signs=(tls.UNTRUSTED_ISSUER,),
    certain="TODO",
    means="Azure's certificates come from public authorities. This one was issued by {issuer} for {subject}: most"
    " often by a proxy that opens TLS and whose authority this machine does not know. Trust was judged by {trust}.",
    look=(
        _CURL,
        "Ask who runs the network whether that issuer is the authority of a proxy that inspects TLS here.",
    ),
    fix=(
        "If it is, install its certificate for each client (docker, Python and az look in different places).",
        "These checks take it from the trust store, or from --acr-ca-bundle.",
        "If it is not, do not connect, and tell who runs the network: something reads the traffic.",
    ),
    instead=("Whoever runs the proxy exempts {login_server} and the hosts of its layers from inspection.",),
    page=pages.HEALTH + "#connectivity_ssl_error",
    az_code="CONNECTIVITY_SSL_ERROR",
    unlike=("Get https://vault.example.com/v1/sys/health: x509: certificate signed by unknown authority",),
)
TLS_CERTIFICATE_EXPIRED = FailureMode(
    id="tls-certificate-expired",
    title="the certificate at {login_server} is out of its dates ({not_before} to {not_after})",
    seen=(tls.CERTIFICATE_DATES,),
    signs=(tls.CERTIFICATE_DATES,),
    certain="TODO",
    means="Azure renews a registry's certificate long before its end. Either something else answers with an old"
    " one (its issuer is {issuer}), or this machine's clock is wrong.",
    look=(
        "Compare this machine's clock with the certificate's dates and with another clock:",
        Command("date -u"),
        Command("nslookup {login_server}"),
    ),
    fix=(
        "If the clock is wrong, set it, and let a time service keep it.",
        "If it is right, find out who answers instead (by a proxy, a hosts file, a private zone), and end that.",
    ),
    page=pages.HEALTH + "#connectivity_ssl_error",
    az_code="CONNECTIVITY_SSL_ERROR",
    unlike=("Get https://vault.example.com/: x509: certificate has expired or is not yet valid",),
)
TLS_HOSTNAME_MISMATCH = FailureMode(
    id="tls-hostname-mismatch",
    title="the certificate at {login_server} is for {names}",
    seen=(tls.OTHER_NAME,),
    signs=(tls.OTHER_NAME,),
    certain="TODO",
    means="A trusted server answers, but it is not this registry: the name leads to another address than Azure's,"
    " or a proxy or a custom domain stands in front.",
    look=_COMPARE_NAMES,
    fix=(
        "Remove what overrides the address: a line of the hosts file, a record of a private zone.",
        "With a custom domain or an alias in front, give the registry's own login server to --acr-registry.",
    ),
    page=pages.HEALTH + "#connectivity_ssl_error",
    az_code="CONNECTIVITY_SSL_ERROR",
    unlike=("tls: x509: certificate is valid for *.docker.com, not registry-1.docker.io",),
)
TLS_HANDSHAKE_FAILED = FailureMode(
    id="tls-handshake-failed",
    title="no TLS session with {login_server} came about",
    seen=(tls.HANDSHAKE_BROKEN,),
    signs=(tls.HANDSHAKE_BROKEN,),
    certain="TODO",
    means="The connection stands, but both sides found no common protocol, or the handshake was broken off or"
    " never answered. A device that inspects TLS does this, and so does a port that speaks no TLS.",
    look=(Command("openssl s_client -connect {login_server}:443 -servername {login_server} </dev/null"),),
    fix=(
        "Whoever runs the network exempts {login_server} from TLS inspection, or repairs what stands in between.",
        "If other hosts of Azure fail as well, look at this machine's own TLS: Azure wants TLS 1.2 at least.",
    ),
    page=pages.HEALTH + "#connectivity_ssl_error",
    az_code="CONNECTIVITY_SSL_ERROR",
    unlike=("net/http: TLS handshake timeout: Get https://registry-1.docker.io/v2/",),
)
PROXY_BLOCKS_REGISTRY = FailureMode(
    id="proxy-blocks-registry",
    title="requests to {login_server} do not get through a proxy on the way",
    seen=(tcp.PROXY_REFUSED, challenge.FOREIGN_403, exchange.BARE_403, challenge.DENIED_WITH_IP),
    signs=(
        tcp.PROXY_REFUSED,
        challenge.FOREIGN_403,
    ),
    certain="TODO",
    not_when=(REFUSED_DIRECTLY.is_(True),),
    means="The answer tells which of four it is. 407: the proxy wants a login of its own. A refused or lost connection:"
    " the proxy itself is not reached. 403: the proxy forbids the registry. 403 with an address: the registry answered,"
    " and its network rules do not admit the address from which the proxy sends.",
    look=(
        "Look at the way that the client takes; docker's daemon has a proxy setting of its own (docker info):",
        _CURL,
    ),
    fix=(
        "Not reached: correct the proxy's address in HTTPS_PROXY. 407: give the client the login that the proxy wants.",
        "403: whoever runs the proxy lets it connect to {login_server} and the hosts of its layers, port 443.",
        "403 with an address: take a way that the rules admit, such as a private endpoint; keep the proxy out of them.",
    ),
    instead=("Exempt {login_server} with NO_PROXY, if this network reaches it without the proxy.",),
    page=pages.ACR + "container-registry-access-selected-networks#access-behind-https-proxy",
    az_code="CONNECTIVITY_FORBIDDEN_ERROR",
    unlike=("Get https://registry-1.docker.io/v2/: proxyconnect tcp: dial tcp 10.0.0.9:3128: connection refused",),
)
