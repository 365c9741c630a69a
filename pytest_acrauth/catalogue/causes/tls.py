"""Family ``tls``: certificates and handshakes at the login server, at Entra and at the hosts of layers."""

from __future__ import annotations

from pytest_acrauth.catalogue import facts, pages
from pytest_acrauth.catalogue.shape import Command, FailureMode, Occurs, Question
from pytest_acrauth.catalogue.steps import COMPARE_HOST
from pytest_acrauth.catalogue.symptoms import tls

CERTIFICATE_HOLDS: Question[bool] = Question(
    id="certificate-by-other-clocks",
    asks="Is the certificate within its dates by the clock of the services that answered?",
    shows="valid by the services' clock",
    by_hand=Command("date -u"),
    read=facts.certificate_holds,
)

_CURL = Command("curl -sSv -o /dev/null --max-time 20 https://{host}/")
REGISTRY_TLS_INTERCEPTED = FailureMode(
    id="registry-tls-intercepted",
    title="the certificate's issuer is not trusted here",
    brief="untrusted certificate issuer",
    seen=(tls.UNTRUSTED_ISSUER,),
    signs=(tls.UNTRUSTED_ISSUER,),
    certain="The verification failed by the issuer alone (OpenSSL's codes 2 and 18 to 21); the host was reached.",
    means="{host} was reached. Azure's certificates come from public authorities. This one was issued by {issuer}, most"
    " often that of a proxy that opens TLS and whose authority this machine does not know.",
    look=(
        _CURL,
        "Ask who runs the network whether that issuer belongs to a proxy that inspects TLS here.",
    ),
    fix=(
        (
            "If so, install its certificate for each client: docker and az (REQUESTS_CA_BUNDLE) look in different"
            " places, these checks in the system's store and --acr-ca-bundle."
        ),
        (
            "If it is a public authority (DigiCert, Microsoft), update this machine's store, in a container the package"
            " ca-certificates."
        ),
        "If neither, do not connect, and tell who runs the network: something reads the traffic.",
    ),
    instead=("Whoever runs the proxy exempts {host} from inspection, beside the other hosts of the registry.",),
    page=pages.HEALTH + "#connectivity_ssl_error",
    az_code="CONNECTIVITY_SSL_ERROR",
    unlike=("Get https://vault.example.com/v1/sys/health: x509: certificate signed by unknown authority",),
)
TLS_CERTIFICATE_EXPIRED = FailureMode(
    id="tls-certificate-expired",
    title="the certificate of {host} is not valid today",
    brief="certificate out of its dates",
    seen=(tls.CERTIFICATE_DATES,),
    when=(CERTIFICATE_HOLDS.is_(False),),
    occurs=Occurs.OFTEN,
    means="Its dates are {not_before} to {not_after}. Azure renews its certificates long before their end, so"
    " something else answers with an old one, or one that an old authority signed: its issuer is {issuer}.",
    look=COMPARE_HOST,
    fix=(
        "If the addresses differ, remove what overrides the right one: a hosts file, a private zone.",
        "If a proxy that inspects TLS answers, whoever runs it renews its certificates.",
    ),
    page=pages.HEALTH + "#connectivity_ssl_error",
    az_code="CONNECTIVITY_SSL_ERROR",
    unlike=("Get https://vault.example.com/: x509: certificate has expired or is not yet valid",),
)
TLS_HOSTNAME_MISMATCH = FailureMode(
    id="tls-hostname-mismatch",
    title="the certificate at {host} is for {names}",
    brief="certificate for another name",
    seen=(tls.OTHER_NAME,),
    signs=(tls.OTHER_NAME,),
    certain="The verification failed by the name alone (OpenSSL's code 62); issuer and dates were accepted.",
    means="{host} was reached, and a trusted server answers that is another: the name leads to another address than"
    " Azure's, or a proxy or a custom domain stands in front.",
    look=COMPARE_HOST,
    fix=(
        "Remove what overrides the address: a line of the hosts file, a record of a private zone.",
        "Instead of a custom domain or an alias, give --acr-registry the registry's own login server.",
    ),
    page=pages.HEALTH + "#connectivity_ssl_error",
    az_code="CONNECTIVITY_SSL_ERROR",
    unlike=("tls: x509: certificate is valid for *.docker.com, not registry-1.docker.io",),
)
TLS_HANDSHAKE_FAILED = FailureMode(
    id="tls-handshake-failed",
    title="no TLS session with {host} came about",
    brief="TLS handshake broken off",
    seen=(tls.HANDSHAKE_BROKEN,),
    signs=(tls.HANDSHAKE_BROKEN,),
    certain="The connection stood, and the handshake on it ended without a certificate that could be judged.",
    # A handshake that nobody answers is here and no silence of the host: what drops it stands in between, such as a
    # device that filters by the name in the first message, or a link that loses large packets.
    means="The connection stands, but both sides found no common protocol, or the handshake was broken off or never"
    " answered. A device or a proxy that inspects or filters TLS does this, also one that has opened the way before, a"
    " link that loses large packets (its MTU), and a port that speaks no TLS.",
    look=(
        "See on which way, and where in the handshake, it ends (the proxy variables count):",
        _CURL,
    ),
    fix=(
        "Whoever runs the network exempts {host} from TLS inspection, or repairs what is between.",
        "If other Azure hosts fail as well, look at this machine's own TLS: Azure wants 1.2 at least.",
    ),
    page=pages.HEALTH + "#connectivity_ssl_error",
    az_code="CONNECTIVITY_SSL_ERROR",
    unlike=("net/http: TLS handshake timeout: Get https://registry-1.docker.io/v2/",),
)
