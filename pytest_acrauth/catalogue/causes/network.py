"""Family ``network``: name resolution, connections, TLS and proxies on the way to the login server."""

from __future__ import annotations

from pytest_acrauth.catalogue import facts, pages
from pytest_acrauth.catalogue.questions.climb import ADDRESSES, ALIASES
from pytest_acrauth.catalogue.questions.management import PRIVATE_ENDPOINTS, passed_by
from pytest_acrauth.catalogue.questions.verdicts import excluded, possible, proven
from pytest_acrauth.catalogue.shape import Break, Command, FailureMode, Question
from pytest_acrauth.catalogue.symptoms import challenge, dns, exchange, tcp, tls
from pytest_acrauth.catalogue.symptoms.addresses import through_private_link
from pytest_acrauth.model.evidence import Need

NO_REGISTRY = "none: nobody has the name"


def _login_server(broken: Break) -> str | None:
    look = broken.transcript.evidence.registry
    if look is None or look.value is None:
        return None
    if look.value.found:
        return look.value.login_server or None
    return NO_REGISTRY if look.value.name_free else None


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
PROXY: Question[str] = Question(
    id="proxy",
    asks="Which proxy do requests to the registry take?",
    by_hand="Look at HTTPS_PROXY and NO_PROXY.",
    read=lambda broken: broken.transcript.proxy or "none",
)
FIREWALL_SPOKE: Question[bool] = Question(
    id="firewall-spoke",
    asks="Did the registry's own firewall refuse, naming an address?",
    by_hand="Read the answer's body.",
    read=facts.firewall_spoke,
)
CLOUD: Question[str] = Question(
    id="registry-cloud",
    asks="In which cloud does the registry live?",
    by_hand=Command("az cloud show --query name -o tsv"),
)

REGISTRY_DNS_NXDOMAIN = FailureMode(
    id="registry-dns-nxdomain",
    title="there is no registry at {login_server}",
    seen=(dns.NXDOMAIN,),
    asks=(LOGIN_SERVER,),
    proof=lambda a: a[LOGIN_SERVER].holds(lambda server: server == NO_REGISTRY),
    means="The name is misspelt, or the registry was deleted.",
    fix=(
        Command('az acr list --query "[].loginServer" -o tsv'),
        Command("nslookup {login_server}"),
    ),
    page=pages.HEALTH + "#connectivity_dns_error",
    az_code="CONNECTIVITY_DNS_ERROR",
)
REGISTRY_DNL_HASH_MISSING = FailureMode(
    id="registry-dnl-hash-missing",
    title="the login server of {registry} has a hash in its name that is missing here",
    seen=(dns.NXDOMAIN,),
    asks=(HOST, LOGIN_SERVER),
    proof=lambda a: proven(
        a[HOST].holds(lambda host: "-" not in host.split(".")[0]),
        a[LOGIN_SERVER].holds(lambda server: "-" in server.split(".")[0] and server != a[HOST].value),
    ),
    means="A registry with a domain name label has a login server of the form name-hash, and no other name leads"
    " to it.",
    fix=(
        Command("az acr show -n {registry} --query loginServer -o tsv"),
        "Give that login server to --acr-registry, verbatim.",
    ),
    page=pages.ACR + "container-registry-get-started-azure-cli#configure-domain-name-label-dnl-option",
    az_code="CONNECTIVITY_DNS_ERROR",
)
REGISTRY_WRONG_CLOUD = FailureMode(
    id="registry-wrong-cloud",
    title="{registry} may live in another cloud than {cloud}",
    seen=(dns.NXDOMAIN,),
    asks=(LOGIN_SERVER, CLOUD),
    proof=lambda a: possible(a[LOGIN_SERVER].holds(lambda server: server == NO_REGISTRY)),
    means="Each cloud has a login server suffix of its own, and a registry exists under one of them only.",
    fix=(
        Command("az cloud list -o table"),
        "Give the full login server, with its cloud's suffix, to --acr-registry.",
    ),
    page=pages.HEALTH + "#connectivity_dns_error",
)
PRIVATE_DNS_STALE_ZONE = FailureMode(
    id="private-dns-stale-zone",
    title="this network's private zone has no address for {login_server}",
    seen=(dns.NXDOMAIN, dns.DANGLING_ALIAS),
    asks=(ALIASES, PRIVATE_ENDPOINTS),
    proof=lambda a: possible(a[ALIASES].holds(through_private_link)),
    means="The network is linked to a private zone for registries, but the record is missing: the private"
    " endpoint was deleted and the link was kept, or the endpoint's record was never made. Other networks"
    " resolve the name.",
    fix=(
        Command("az network private-dns link vnet list -g <resource group> -z privatelink.azurecr.io -o table"),
        "Without a private endpoint here, remove this network's link; with one, add its record to the zone.",
    ),
    page=pages.ACR + "container-registry-private-endpoints",
    az_code="CONNECTIVITY_DNS_ERROR",
)
REGISTRY_DNS_RESOLVER_BROKEN = FailureMode(
    id="registry-dns-resolver-broken",
    title="this machine's resolver could not look up {login_server}",
    seen=(dns.RESOLVER_FAILED,),
    means="The name server did not answer, or answered with a failure. That says nothing about the registry.",
    fix=(
        Command("nslookup {login_server}"),
        Command("nslookup {login_server} 168.63.129.16"),
        "If only the second answers (it is Azure's own resolver, reachable inside Azure), repair this machine's DNS.",
    ),
    page=pages.TROUBLESHOOT + "context-deadline-exceeded",
    az_code="CONNECTIVITY_DNS_ERROR",
)
REGISTRY_TCP_BLOCKED = FailureMode(
    id="registry-tcp-blocked",
    title="something drops connections to {login_server}, port 443",
    seen=(tcp.TCP_TIMEOUT, tcp.PRIVATE_TCP_TIMEOUT),
    asks=(ALIASES,),
    proof=lambda a: possible(a[ALIASES].holds(lambda chain: not through_private_link(chain))),
    means="The name resolves, and packets to its address get no answer. A firewall, a network security group or a"
    " route on the way drops them; a closed port would have refused.",
    fix=(
        Command("nc -vz {login_server} 443"),
        "Allow port 443 to {login_server} from this machine (service tag AzureContainerRegistry).",
    ),
    page=pages.TROUBLESHOOT + "request-canceled-waiting-connection-timeout-exceeded",
    az_code="CONNECTIVITY_CHALLENGE_ERROR",
)
TCP_REFUSED = FailureMode(
    id="tcp-refused",
    title="{login_server} refuses connections to port 443 at {addresses}",
    seen=(tcp.CONNECTION_REFUSED,),
    means="The address belongs to a machine that runs, and nothing listens there. A registry never refuses, so"
    " the name leads elsewhere, or a firewall on the way answers for it.",
    fix=(
        Command("nslookup {login_server}"),
        "Remove what overrides the address (a hosts file, a private zone), or let the firewall pass port 443.",
    ),
    page=pages.ACR + "container-registry-troubleshoot-access",
    az_code="CONNECTIVITY_CHALLENGE_ERROR",
)
PRIVATE_ENDPOINT_UNREACHABLE = FailureMode(
    id="private-endpoint-unreachable",
    title="there is no way from here to the private endpoint at {addresses}",
    seen=(tcp.PRIVATE_TCP_TIMEOUT,),
    asks=(PRIVATE_ENDPOINTS,),
    proof=lambda a: a[PRIVATE_ENDPOINTS].holds(lambda found: found.approved),
    means="DNS is right and routing is not: a peering between the networks is missing or disconnected, or a"
    " firewall in a hub has no rule for the endpoint.",
    fix=(
        Command("az network vnet peering list -g <resource group> --vnet-name <network> -o table"),
        "Allow port 443 to {addresses} along the route.",
    ),
    page=pages.AKS + "cannot-pull-image-from-acr-to-aks-cluster#443timeouterror",
    az_code="CONNECTIVITY_CHALLENGE_ERROR",
)
PRIVATE_ENDPOINT_PENDING = FailureMode(
    id="private-endpoint-pending",
    title="the private endpoint connection of {registry} may not be approved",
    seen=(tcp.PRIVATE_TCP_TIMEOUT,),
    asks=(PRIVATE_ENDPOINTS,),
    proof=lambda a: a[PRIVATE_ENDPOINTS].holds(lambda found: found.any and not found.approved),
    means="Until the registry's owner approves the connection, its address resolves and carries no traffic.",
    fix=(Command("az acr private-endpoint-connection approve --registry-name {registry} -n <connection>"),),
    page=pages.ACR + "container-registry-private-endpoints",
    az_code="CONNECTIVITY_CHALLENGE_ERROR",
)
PRIVATE_DNS_RESOLVES_PUBLIC = FailureMode(
    id="private-dns-resolves-public",
    title="{login_server} resolves to its public address, not to the private endpoint",
    seen=(challenge.DENIED_WITH_IP,),
    asks=(ALIASES, ADDRESSES, PRIVATE_ENDPOINTS),
    proof=passed_by,
    means="The registry has a private endpoint, and this network's DNS does not lead to it: the private zone is"
    " not linked, or a custom name server does not forward to Azure.",
    fix=(
        Command(
            "az network private-dns link vnet create -g <resource group> -z privatelink.azurecr.io -n <link> -v"
            " <network> --registration-enabled false"
        ),
        "With a name server of your own, forward to 168.63.129.16.",
    ),
    page=pages.TROUBLESHOOT + "cant-resolve-container-registry-fqdn-private-ip-address",
    az_code="CONNECTIVITY_FORBIDDEN_ERROR",
)
REGISTRY_TLS_INTERCEPTED = FailureMode(
    id="registry-tls-intercepted",
    title="the certificate at {login_server} comes from an authority that is not trusted here",
    seen=(tls.UNTRUSTED_ISSUER,),
    means="Azure's certificates come from public authorities. This one was issued by {issuer} for {subject}: most"
    " often by a proxy that opens TLS and whose authority this machine does not know. {trust} decided.",
    fix=(
        "If the proxy is yours, install its authority's certificate, or name it with --acr-ca-bundle.",
        "Docker, Python and az look in different places for authorities: install it for each client.",
        "If it is not, do not connect: something reads the traffic.",
    ),
    page=pages.HEALTH + "#connectivity_ssl_error",
    az_code="CONNECTIVITY_SSL_ERROR",
)
TLS_CERTIFICATE_EXPIRED = FailureMode(
    id="tls-certificate-expired",
    title="the certificate at {login_server} is out of its dates ({not_before} to {not_after})",
    seen=(tls.CERTIFICATE_DATES,),
    means="Azure renews a registry's certificate long before its end. Either something else answers with an old"
    " one (its issuer is {issuer}), or this machine's clock is wrong.",
    fix=(
        Command("date -u"),
        "If the clock is right, find out who answers at {login_server}: a proxy, a hosts file, a private zone.",
    ),
    page=pages.HEALTH + "#connectivity_ssl_error",
    az_code="CONNECTIVITY_SSL_ERROR",
)
TLS_HOSTNAME_MISMATCH = FailureMode(
    id="tls-hostname-mismatch",
    title="the certificate at {login_server} is for {names}",
    seen=(tls.OTHER_NAME,),
    means="A trusted server answers, but it is not this registry: the name leads to another address than Azure's,"
    " or a proxy or a custom domain stands in front.",
    fix=(
        Command("nslookup {login_server}"),
        "Remove what overrides the address, or use the login server that the certificate is for.",
    ),
    page=pages.HEALTH + "#connectivity_ssl_error",
    az_code="CONNECTIVITY_SSL_ERROR",
)
TLS_HANDSHAKE_FAILED = FailureMode(
    id="tls-handshake-failed",
    title="no TLS session with {login_server} could be made",
    seen=(tls.HANDSHAKE_BROKEN,),
    means="The connection stands, but both sides found no common protocol, or the handshake was broken off or"
    " never answered. A device that inspects TLS does this, and so does a port that speaks no TLS.",
    fix=(
        Command("openssl s_client -connect {login_server}:443 -servername {login_server}"),
        "Exempt {login_server} from TLS inspection on this network.",
    ),
    page=pages.HEALTH + "#connectivity_ssl_error",
    az_code="CONNECTIVITY_SSL_ERROR",
)
PROXY_BLOCKS_REGISTRY = FailureMode(
    id="proxy-blocks-registry",
    title="a proxy stands between this machine and {login_server} and is not let through",
    seen=(tcp.PROXY_REFUSED, challenge.FOREIGN_403, exchange.BARE_403, challenge.DENIED_WITH_IP),
    asks=(FIREWALL_SPOKE, PROXY),
    proof=lambda a: excluded(a[FIREWALL_SPOKE].holds(bool), a[PROXY].holds(lambda proxy: proxy == "none")),
    means="Either the proxy refuses or cannot reach the registry, or the registry's network rules refuse the"
    " address from which the proxy's requests come. The proxy configured here: {proxy}.",
    fix=(
        "Allow {login_server} in the proxy, or exempt it with NO_PROXY.",
        "Where the registry's rules refuse it, add the proxy's public address to them.",
    ),
    page=pages.ACR + "container-registry-access-selected-networks#access-behind-https-proxy",
    az_code="CONNECTIVITY_FORBIDDEN_ERROR",
)
