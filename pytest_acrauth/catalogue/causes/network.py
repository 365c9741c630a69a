"""Family ``network``: names and connections on the ways to the login server, to Entra and to the layers."""

from __future__ import annotations

from pytest_acrauth.catalogue import pages
from pytest_acrauth.catalogue.questions.climb import ALIASES
from pytest_acrauth.catalogue.questions.network import HOST_EXISTS, PUBLIC_NAMES, hashed, known, record_of
from pytest_acrauth.catalogue.shape import Break, Command, FailureMode, Occurs, Question
from pytest_acrauth.catalogue.steps import COMPARE_HOST
from pytest_acrauth.catalogue.symptoms import challenge, client, dns, entra, proxy, requests, tcp
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
    compares=True,
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
    not_when=(HOST_EXISTS.is_(True), _NO_SUCH_REGION),
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
    not_when=(HOST_EXISTS.is_(True),),
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
    means="The address belongs to a machine that runs, and nothing listens there on this port. Azure's hosts do, so the"
    " name leads elsewhere, or a firewall on the way answers for it.",
    look=COMPARE_HOST,
    fix=(
        "Remove what overrides the address: a line of the hosts file, a record of a private zone.",
        "If the address is right, whoever runs the network lets port 443 pass to it.",
    ),
    page=pages.ACR + "container-registry-troubleshoot-access",
    az_code="CONNECTIVITY_CHALLENGE_ERROR",
    unlike=("dial tcp 127.0.0.1:5432: connect: connection refused",),
)
