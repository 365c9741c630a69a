"""Family ``network``: name resolution, connections, TLS and proxies on the way to the login server."""

from __future__ import annotations

from pytest_acrauth.catalogue import facts, pages
from pytest_acrauth.catalogue.causes.challenge import FOREIGN_403
from pytest_acrauth.catalogue.causes.exchange import BARE_403
from pytest_acrauth.catalogue.causes.firewall import DENIED_WITH_IP, passed_by
from pytest_acrauth.catalogue.questions.climb import (
    ADDRESSES,
    ALIASES,
    FIREWALL_SPOKE,
    HOST,
    PROXY,
    excluded,
    is_private,
    possible,
    proven,
    through_private_link,
)
from pytest_acrauth.catalogue.questions.management import CLOUD, LOGIN_SERVER, NO_REGISTRY, PRIVATE_ENDPOINTS
from pytest_acrauth.catalogue.shape import Break, FailureMode, Symptom
from pytest_acrauth.catalogue.symptoms.words import at_registry, not_elsewhere
from pytest_acrauth.model.machine import Resolved
from pytest_acrauth.model.observation import Dns, Tcp, Tls, Trouble
from pytest_acrauth.model.stage import Stage

# OpenSSL's verify codes: x509_vfy.h.
_UNKNOWN_ISSUER = {2, 18, 19, 20, 21}
_OUT_OF_DATES = {9, 10}
_WRONG_NAME = {62}
_PRIVATE_PEER = r"(?:10\.|192\.168\.|172\.(?:1[6-9]|2\d|3[01])\.)"
# A proxy's own trouble is no answer about the registry.
_DIAL = r"(?<!proxyconnect tcp: )dial tcp "
_LOST_WORDS = r"(?:i/o timeout|connect: connection timed out|connect: no route)"
_LOST = {Trouble.TIMEOUT, Trouble.UNREACHABLE}
_BROKEN_OFF = {Trouble.TIMEOUT, Trouble.RESET, Trouble.CLOSED, Trouble.TLS}


def _unresolved(broken: Break, *outcomes: Resolved, private_link: bool) -> bool:
    dns = broken.observation
    if not isinstance(dns, Dns) or dns.trouble is not None or dns.resolution is None:
        return False
    aliased = through_private_link(dns.resolution.chain or ())
    return dns.resolution.outcome in outcomes and aliased is private_link


def _resolver_failed(broken: Break) -> bool:
    dns = broken.observation
    if not isinstance(dns, Dns) or dns.trouble is not None:
        return facts.trouble(broken) is Trouble.TIMEOUT
    return dns.resolution is not None and dns.resolution.outcome is Resolved.RESOLVER_FAILED


def _lost(broken: Break, *, private: bool) -> bool:
    tcp = broken.observation
    if not isinstance(tcp, Tcp) or not tcp.attempts or not {a.trouble for a in tcp.attempts} <= _LOST:
        return False
    return all(is_private(attempt.address) for attempt in tcp.attempts) is private


def _refused(broken: Break) -> bool:
    tcp = broken.observation
    if not isinstance(tcp, Tcp) or tcp.trouble is Trouble.OUT_OF_TIME:
        return False
    return any(attempt.trouble is Trouble.REFUSED for attempt in tcp.attempts)


def _rejected(broken: Break, codes: set[int]) -> bool:
    tls = broken.observation
    return isinstance(tls, Tls) and tls.trouble is Trouble.CERTIFICATE and tls.verify_code in codes


NXDOMAIN = Symptom(
    id="nxdomain",
    stages=(Stage.DNS,),
    when=lambda broken: _unresolved(broken, Resolved.NO_SUCH_NAME, private_link=False),
    says="The resolver knows no name {login_server}.",
    texts=at_registry(
        r"no such host",
        r"Name or service not known",
        r"Could not resolve host",
        r"getaddrinfo (?:ENOTFOUND|failed)|\bENOTFOUND\b",
        r"nodename nor servname provided",
        r"No such host is known",
        r"remote name could not be resolved",
        r"\bNXDOMAIN\b|Non-existent domain",
        r"unresolvable host",
    ),
)
DANGLING_ALIAS = Symptom(
    id="dangling-alias",
    stages=(Stage.DNS,),
    when=lambda broken: _unresolved(broken, Resolved.NO_SUCH_NAME, Resolved.NO_ADDRESS, private_link=True),
    says="{login_server} is an alias into the private link zone, where it has no address.",
    texts=(),
)
RESOLVER_FAILED = Symptom(
    id="resolver-failed",
    stages=(Stage.DNS,),
    when=_resolver_failed,
    says="The resolver gave no usable answer for {login_server}.",
    texts=at_registry(
        r"Temporary failure in name resolution",
        r"\bEAI_AGAIN\b",
        r"server misbehaving",
        r"lookup [\w.*-]{1,253}(?: on [\[\]\w.:]{1,60})?: (?:read|dial|write) udp .{0,80}?: ",
        r"lookup [\w.*-]{1,253}(?: on [\[\]\w.:]{1,60})?: (?:i/o timeout|Try again|connection refused)",
        r"lookup [\w.*-]{1,253}(?: on [\[\]\w.:]{1,60})?: device or resource busy",
        r"Name resolution timed out|DNS request timed out",
        r"Temporary failure resolving",
    ),
)
TCP_TIMEOUT = Symptom(
    id="tcp-timeout",
    stages=(Stage.TCP,),
    when=lambda broken: _lost(broken, private=False),
    says="No connection to {login_server}, port 443: nothing answered at {addresses}.",
    texts=at_registry(
        rf"{_DIAL}(?!{_PRIVATE_PEER})[\[\]\w.:]{{1,60}}:\d{{1,5}}: {_LOST_WORDS}",
        rf"connect to [\w.*-]{{1,253}} \(?(?!{_PRIVATE_PEER}).{{0,60}}?timed out",
    ),
)
PRIVATE_TCP_TIMEOUT = Symptom(
    id="private-tcp-timeout",
    stages=(Stage.TCP,),
    when=lambda broken: _lost(broken, private=True),
    says="No connection to {login_server}, port 443: nothing answered at the private address {addresses}.",
    texts=at_registry(
        rf"{_DIAL}{_PRIVATE_PEER}[\d.]{{3,15}}:\d{{1,5}}: {_LOST_WORDS}",
    ),
)
CONNECTION_REFUSED = Symptom(
    id="connection-refused",
    stages=(Stage.TCP,),
    when=_refused,
    says="The connection to {login_server}, port 443, was refused at {addresses}.",
    texts=at_registry(
        rf"{_DIAL}[\[\]\w.:]{{1,60}}:\d{{1,5}}: connect: connection refused",
        r"(?<!udp )\bECONNREFUSED\b",
        r"Failed to establish a new connection: .{0,40}?[Cc]onnection refused",
        r"actively refused",
        r"Failed to connect to [\w.*-]{1,253} port \d{1,5}.{0,40}?: Connection refused",
    ),
)
PROXY_REFUSED = Symptom(
    id="proxy-refused",
    stages=(Stage.TCP,),
    when=lambda broken: facts.trouble(broken) is Trouble.PROXY,
    says="The proxy made no way to {login_server}.",
    texts=at_registry(
        r"proxyconnect tcp:",
        r"Proxy Authentication Required",
        r"(?:Unable|Cannot) (?:to )?connect to proxy",
        r"Tunnel connection failed",
        r"CONNECT tunnel failed",
    ),
)
UNTRUSTED_ISSUER = Symptom(
    id="untrusted-issuer",
    stages=(Stage.TLS,),
    when=lambda broken: _rejected(broken, _UNKNOWN_ISSUER),
    says="{trust} does not trust the issuer of the certificate at {host}.",
    texts=not_elsewhere(
        r"certificate signed by unknown authority",
    )
    + at_registry(
        r"unable to get local issuer certificate",
        r"self[- ]signed certificate",
        r"\b(?:DEPTH_ZERO_SELF_SIGNED_CERT|SELF_SIGNED_CERT_IN_CHAIN|UNABLE_TO_GET_ISSUER_CERT_LOCALLY)\b",
        r"unable to verify the first certificate",
        r"certificate is not trusted",
        r"PKIX path building failed",
    ),
)
CERTIFICATE_DATES = Symptom(
    id="certificate-dates",
    stages=(Stage.TLS,),
    when=lambda broken: _rejected(broken, _OUT_OF_DATES),
    says="The certificate at {host} is valid from {not_before} to {not_after}, and not now.",
    texts=not_elsewhere(r"x509: certificate has expired or is not yet valid")
    + at_registry(
        r"certificate (?:has expired|is not yet valid)",
        r"\bCERT_HAS_EXPIRED\b",
    ),
)
OTHER_NAME = Symptom(
    id="certificate-name",
    stages=(Stage.TLS,),
    when=lambda broken: _rejected(broken, _WRONG_NAME),
    says="The certificate at {host} is for {names}.",
    texts=at_registry(
        r"x509: certificate is (?:valid for|not valid for)",
        r"x509: cannot validate certificate for",
        r"[Hh]ostname mismatch|hostname .{1,253}? doesn't match",
        r"\bERR_TLS_CERT_ALTNAME_INVALID\b",
        r"certificate is not valid for any names",
    ),
)
HANDSHAKE_BROKEN = Symptom(
    id="handshake-broken",
    stages=(Stage.TLS,),
    when=lambda broken: isinstance(broken.observation, Tls) and broken.observation.trouble in _BROKEN_OFF,
    says="The TLS handshake with {host} did not come to an end.",
    texts=at_registry(
        r"TLS handshake timeout",
        r"server gave HTTP response to HTTPS client",
        r"first record does not look like a TLS handshake",
        r"\bWRONG_VERSION_NUMBER\b",
        r"\b(?:tls|ssl|SSL|TLS)[: ].{0,40}?handshake failure",
        r"\bSSL_ERROR_SYSCALL\b",
        r"tls: (?:protocol version not supported|no supported versions)",
        r"EOF occurred in violation of protocol",
    ),
)

REGISTRY_DNS_NXDOMAIN = FailureMode(
    id="registry-dns-nxdomain",
    family="network",
    shows=(NXDOMAIN,),
    questions=(LOGIN_SERVER,),
    proof=lambda a: a[LOGIN_SERVER].holds(lambda server: server == NO_REGISTRY),
    title="there is no registry at {login_server}",
    meaning="The name is misspelt, or the registry was deleted.",
    remedies=('az acr list --query "[].loginServer" -o tsv', "nslookup {login_server}"),
    link=pages.HEALTH + "#connectivity_dns_error",
    az_code="CONNECTIVITY_DNS_ERROR",
    transient=False,
    since="0.1",
)
REGISTRY_DNL_HASH_MISSING = FailureMode(
    id="registry-dnl-hash-missing",
    family="network",
    shows=(NXDOMAIN,),
    questions=(HOST, LOGIN_SERVER),
    # Registry names have no hyphen, so one in the first label is the hash.
    proof=lambda a: proven(
        a[HOST].holds(lambda host: "-" not in host.split(".")[0]),
        a[LOGIN_SERVER].holds(lambda server: "-" in server.split(".")[0] and server != a[HOST].value),
    ),
    title="the login server of {registry} has a hash in its name that is missing here",
    meaning="A registry with a domain name label has a login server of the form name-hash, and no other name leads"
    " to it.",
    remedies=(
        "az acr show -n {registry} --query loginServer -o tsv",
        "Give that login server to --acr-registry, verbatim.",
    ),
    link=pages.ACR + "container-registry-get-started-azure-cli#configure-domain-name-label-dnl-option",
    az_code="CONNECTIVITY_DNS_ERROR",
    transient=False,
    since="0.1",
)
REGISTRY_WRONG_CLOUD = FailureMode(
    id="registry-wrong-cloud",
    family="network",
    shows=(NXDOMAIN,),
    questions=(LOGIN_SERVER, CLOUD),
    proof=lambda a: possible(a[LOGIN_SERVER].holds(lambda server: server == NO_REGISTRY)),
    title="{registry} may live in another cloud than {cloud}",
    meaning="Each cloud has a login server suffix of its own, and a registry exists under one of them only.",
    remedies=(
        "az cloud list -o table",
        "Give the full login server, with its cloud's suffix, to --acr-registry.",
    ),
    link=pages.HEALTH + "#connectivity_dns_error",
    az_code=None,
    transient=False,
    since="0.1",
)
PRIVATE_DNS_STALE_ZONE = FailureMode(
    id="private-dns-stale-zone",
    family="network",
    shows=(NXDOMAIN, DANGLING_ALIAS),
    questions=(ALIASES, PRIVATE_ENDPOINTS),
    proof=lambda a: possible(a[ALIASES].holds(through_private_link)),
    title="this network's private zone has no address for {login_server}",
    meaning="The network is linked to a private zone for registries, but the record is missing: the private endpoint"
    " was deleted and the link was kept, or the endpoint's record was never made. Other networks resolve the name.",
    remedies=(
        "az network private-dns link vnet list -g <resource group> -z privatelink.azurecr.io -o table",
        "Without a private endpoint here, remove this network's link; with one, add its record to the zone.",
    ),
    link=pages.ACR + "container-registry-private-endpoints",
    az_code="CONNECTIVITY_DNS_ERROR",
    transient=False,
    since="0.1",
)
REGISTRY_DNS_RESOLVER_BROKEN = FailureMode(
    id="registry-dns-resolver-broken",
    family="network",
    shows=(RESOLVER_FAILED,),
    questions=(),
    proof=None,
    title="this machine's resolver could not look up {login_server}",
    meaning="The name server did not answer, or answered with a failure. That says nothing about the registry.",
    remedies=(
        "nslookup {login_server}",
        "nslookup {login_server} 168.63.129.16",
        "If only the second answers (it is Azure's own resolver, reachable inside Azure), repair this machine's DNS.",
    ),
    link=pages.TROUBLESHOOT + "context-deadline-exceeded",
    az_code="CONNECTIVITY_DNS_ERROR",
    transient=False,
    since="0.1",
)
REGISTRY_TCP_BLOCKED = FailureMode(
    id="registry-tcp-blocked",
    family="network",
    shows=(TCP_TIMEOUT, PRIVATE_TCP_TIMEOUT),
    questions=(ALIASES,),
    proof=lambda a: possible(a[ALIASES].holds(lambda chain: not through_private_link(chain))),
    title="something drops connections to {login_server}, port 443",
    meaning="The name resolves, and packets to its address get no answer. A firewall, a network security group or a"
    " route on the way drops them; a closed port would have refused.",
    remedies=(
        "nc -vz {login_server} 443",
        "Allow port 443 to {login_server} from this machine (service tag AzureContainerRegistry).",
    ),
    link=pages.TROUBLESHOOT + "request-canceled-waiting-connection-timeout-exceeded",
    az_code="CONNECTIVITY_CHALLENGE_ERROR",
    transient=False,
    since="0.1",
)
TCP_REFUSED = FailureMode(
    id="tcp-refused",
    family="network",
    shows=(CONNECTION_REFUSED,),
    questions=(),
    proof=None,
    title="{login_server} refuses connections to port 443 at {addresses}",
    meaning="The address belongs to a machine that runs, and nothing listens there. A registry never refuses, so the"
    " name leads elsewhere, or a firewall on the way answers for it.",
    remedies=(
        "nslookup {login_server}",
        "Remove what overrides the address (a hosts file, a private zone), or let the firewall pass port 443.",
    ),
    link=pages.ACR + "container-registry-troubleshoot-access",
    az_code="CONNECTIVITY_CHALLENGE_ERROR",
    transient=False,
    since="0.1",
)
PRIVATE_ENDPOINT_UNREACHABLE = FailureMode(
    id="private-endpoint-unreachable",
    family="network",
    shows=(PRIVATE_TCP_TIMEOUT,),
    questions=(PRIVATE_ENDPOINTS,),
    proof=lambda a: a[PRIVATE_ENDPOINTS].holds(lambda found: found.approved),
    title="there is no way from here to the private endpoint at {addresses}",
    meaning="DNS is right and routing is not: a peering between the networks is missing or disconnected, or a firewall"
    " in a hub has no rule for the endpoint.",
    remedies=(
        "az network vnet peering list -g <resource group> --vnet-name <network> -o table",
        "Allow port 443 to {addresses} along the route.",
    ),
    link=pages.AKS + "cannot-pull-image-from-acr-to-aks-cluster#443timeouterror",
    az_code="CONNECTIVITY_CHALLENGE_ERROR",
    transient=False,
    since="0.1",
)
PRIVATE_ENDPOINT_PENDING = FailureMode(
    id="private-endpoint-pending",
    family="network",
    shows=(PRIVATE_TCP_TIMEOUT,),
    questions=(PRIVATE_ENDPOINTS,),
    proof=lambda a: a[PRIVATE_ENDPOINTS].holds(lambda found: found.any and not found.approved),
    title="the private endpoint connection of {registry} may not be approved",
    meaning="Until the registry's owner approves the connection, its address resolves and carries no traffic.",
    remedies=("az acr private-endpoint-connection approve --registry-name {registry} -n <connection>",),
    link=pages.ACR + "container-registry-private-endpoints",
    az_code="CONNECTIVITY_CHALLENGE_ERROR",
    transient=False,
    since="0.1",
)
PRIVATE_DNS_RESOLVES_PUBLIC = FailureMode(
    id="private-dns-resolves-public",
    family="network",
    shows=(DENIED_WITH_IP,),
    questions=(ALIASES, ADDRESSES, PRIVATE_ENDPOINTS),
    proof=passed_by,
    title="{login_server} resolves to its public address, not to the private endpoint",
    meaning="The registry has a private endpoint, and this network's DNS does not lead to it: the private zone is not"
    " linked, or a custom name server does not forward to Azure.",
    remedies=(
        (
            "az network private-dns link vnet create -g <resource group> -z privatelink.azurecr.io -n <link>"
            " -v <network> --registration-enabled false"
        ),
        "With a name server of your own, forward to 168.63.129.16.",
    ),
    link=pages.TROUBLESHOOT + "cant-resolve-container-registry-fqdn-private-ip-address",
    az_code="CONNECTIVITY_FORBIDDEN_ERROR",
    transient=False,
    since="0.1",
)
REGISTRY_TLS_INTERCEPTED = FailureMode(
    id="registry-tls-intercepted",
    family="network",
    shows=(UNTRUSTED_ISSUER,),
    questions=(),
    proof=None,
    title="the certificate at {login_server} comes from an authority that is not trusted here",
    meaning="Azure's certificates come from public authorities. This one was issued by {issuer} for {subject}: most"
    " often by a proxy that opens TLS and whose authority this machine does not know. {trust} decided.",
    remedies=(
        "If the proxy is yours, install its authority's certificate, or name it with --acr-ca-bundle.",
        "Docker, Python and az look in different places for authorities: install it for each client.",
        "If it is not, do not connect: something reads the traffic.",
    ),
    link=pages.HEALTH + "#connectivity_ssl_error",
    az_code="CONNECTIVITY_SSL_ERROR",
    transient=False,
    since="0.1",
)
TLS_CERTIFICATE_EXPIRED = FailureMode(
    id="tls-certificate-expired",
    family="network",
    shows=(CERTIFICATE_DATES,),
    questions=(),
    proof=None,
    title="the certificate at {login_server} is out of its dates ({not_before} to {not_after})",
    meaning="Azure renews a registry's certificate long before its end. Either something else answers with an old one"
    " (its issuer is {issuer}), or this machine's clock is wrong.",
    remedies=(
        "date -u",
        "If the clock is right, find out who answers at {login_server}: a proxy, a hosts file, a private zone.",
    ),
    link=pages.HEALTH + "#connectivity_ssl_error",
    az_code="CONNECTIVITY_SSL_ERROR",
    transient=False,
    since="0.1",
)
TLS_HOSTNAME_MISMATCH = FailureMode(
    id="tls-hostname-mismatch",
    family="network",
    shows=(OTHER_NAME,),
    questions=(),
    proof=None,
    title="the certificate at {login_server} is for {names}",
    meaning="A trusted server answers, but it is not this registry: the name leads to another address than Azure's, or"
    " a proxy or a custom domain stands in front.",
    remedies=(
        "nslookup {login_server}",
        "Remove what overrides the address, or use the login server that the certificate is for.",
    ),
    link=pages.HEALTH + "#connectivity_ssl_error",
    az_code="CONNECTIVITY_SSL_ERROR",
    transient=False,
    since="0.1",
)
TLS_HANDSHAKE_FAILED = FailureMode(
    id="tls-handshake-failed",
    family="network",
    shows=(HANDSHAKE_BROKEN,),
    questions=(),
    proof=None,
    title="no TLS session with {login_server} could be made",
    meaning="The connection stands, but both sides found no common protocol, or the handshake was broken off or never"
    " answered. A device that inspects TLS does this, and so does a port that speaks no TLS.",
    remedies=(
        "openssl s_client -connect {login_server}:443 -servername {login_server}",
        "Exempt {login_server} from TLS inspection on this network.",
    ),
    link=pages.HEALTH + "#connectivity_ssl_error",
    az_code="CONNECTIVITY_SSL_ERROR",
    transient=False,
    since="0.1",
)
PROXY_BLOCKS_REGISTRY = FailureMode(
    id="proxy-blocks-registry",
    family="network",
    shows=(PROXY_REFUSED, FOREIGN_403, BARE_403, DENIED_WITH_IP),
    questions=(FIREWALL_SPOKE, PROXY),
    # Without a proxy here, an address that the registry itself names is no proxy's that this machine goes through.
    proof=lambda a: excluded(a[FIREWALL_SPOKE].holds(bool), a[PROXY].holds(lambda proxy: proxy == "none")),
    title="a proxy stands between this machine and {login_server} and is not let through",
    meaning="Either the proxy refuses or cannot reach the registry, or the registry's network rules refuse the address"
    " from which the proxy's requests come. The proxy configured here: {proxy}.",
    remedies=(
        "Allow {login_server} in the proxy, or exempt it with NO_PROXY.",
        "Where the registry's rules refuse it, add the proxy's public address to them.",
    ),
    link=pages.ACR + "container-registry-access-selected-networks#access-behind-https-proxy",
    az_code="CONNECTIVITY_FORBIDDEN_ERROR",
    transient=False,
    since="0.1",
)
