"""What programs print of the hosts of layers: the same words as of a login server, and another host's are another's."""

from __future__ import annotations

import pytest
from for_each import for_each

from pytest_acrauth.diagnosis.text import recognise

HOSTS = ["myacr.westeurope.data.azurecr.io", "weumanaged15.blob.core.windows.net", "wus2managed3.blob.core.windows.net"]
STATE = "sttfstate.blob.core.windows.net"
PATH = "/0123456789abcdef0123456789abcdef-ab//docker/registry/v2/blobs/sha256/4b/4b2f/data?se=2"
GO = 'Get "https://{host}{path}": '
POOL = "HTTPSConnectionPool(host='{host}', port=443): Max retries exceeded with url: {path} (Caused by "
STATUS = "unexpected status code https://{host}{path}: "

UNREACHED = {"storage-unreached", "data-endpoint-unreached"}
WORDS = [
    (GO + "dial tcp 20.60.1.2:443: i/o timeout", UNREACHED),
    (GO + "dial tcp 20.60.1.2:443: connect: connection refused", {"connection-refused"}),
    (GO + "dial tcp 20.60.1.2:443: connect: no route to host", {"no-route"}),
    (GO + "dial tcp 20.60.1.2:443: connect: network is unreachable", {"no-route"}),
    (GO + "dial tcp: lookup {host} on 10.0.0.2:53: no such host", {"data-host-unresolved"}),
    (GO + "dial tcp: lookup {host} on 10.0.0.2:53: server misbehaving", {"resolver-failed"}),
    (GO + "dial tcp: lookup {host} on 10.0.0.2:53: read udp 10.0.0.1:3->10.0.0.2:53: i/o timeout", {"resolver-failed"}),
    (GO + "unexpected EOF", {"layer-cut-off"}),
    (GO + "read tcp 10.0.0.1:3->20.60.1.2:443: read: connection reset by peer", {"layer-cut-off"}),
    (GO + "net/http: TLS handshake timeout", {"handshake-broken"}),
    (GO + "context deadline exceeded (Client.Timeout exceeded while awaiting headers)", {"layers-unreached"}),
    (GO + "Forbidden", {"proxy-refused"}),
    ("curl: (28) Failed to connect to {host} port 443 after 130000 ms: Connection timed out", UNREACHED),
    ("curl: (7) Failed to connect to {host} port 443 after 3 ms: Connection refused", {"connection-refused"}),
    ("curl: (6) Could not resolve host: {host}", {"data-host-unresolved"}),
    ("curl: (35) OpenSSL SSL_connect: Connection reset by peer in connection to {host}:443", {"layer-cut-off"}),
    (POOL + "ConnectTimeoutError(1, 'Connection to {host} timed out. (connect timeout=300)'))", UNREACHED),
    (
        POOL + "NameResolutionError(\"1: Failed to resolve '{host}' (Name or service not known)\"))",
        {"data-host-unresolved"},
    ),
    (
        POOL + "NewConnectionError('1: Failed to establish a new connection: Connection refused'))",
        {"connection-refused"},
    ),
    ("java.net.UnknownHostException: {host}", {"data-host-unresolved"}),
    ("Connect to {host}:443 [{host}/20.1.2.3] failed: Connection timed out (Connection timed out)", UNREACHED),
    ("Connect to {host}:443 [{host}/20.1.2.3] failed: Connection refused (Connection refused)", {"connection-refused"}),
    ("getaddrinfo ENOTFOUND {host}", {"data-host-unresolved"}),
    ("connect ETIMEDOUT 20.1.2.3:443 https://{host}{path}", UNREACHED),
    ("connect ECONNREFUSED 20.1.2.3:443 https://{host}{path}", {"connection-refused"}),
    ("read ECONNRESET https://{host}{path}", {"layer-cut-off"}),
    ("No such host is known. ({host}:443)", {"data-host-unresolved"}),
    ("The SSL connection could not be established, see inner exception. ({host}:443)", {"no-secure-connection"}),
    (STATUS + "403 Server failed to authenticate the request. Make sure the value of", {"storage-refused"}),
    (STATUS + "403 This request is not authorized to perform this operation.", {"storage-forbids"}),
    (STATUS + "403 Forbidden", {"layer-refused"}),
    (STATUS + "404 The specified blob does not exist.", {"blob-unknown"}),
    (STATUS + "400 Authentication information is not given in the correct format.", {"authorization-forwarded"}),
    (STATUS + "503 The server is busy.", {"server-error"}),
    (
        "failed to copy: httpReadSeeker: failed open: content at https://{host}{path} not found: not found",
        {"blob-unknown"},
    ),
    ("requests.exceptions.HTTPError: 403 Client Error: Forbidden for url: https://{host}{path}", {"layer-refused"}),
]


def ids(text: str) -> set[str]:
    """Return the symptoms that a text shows."""
    return {diagnosis.symptom.id for diagnosis in recognise(text)}


@for_each(("said", "symptoms"), WORDS, ids=[said[-60:] for said, _ in WORDS])
@for_each("host", HOSTS)
def test_the_hosts_of_layers_fail_in_all_the_ways_of_a_login_server(host: str, said: str, symptoms: set[str]) -> None:
    """A proxy, a resolver, a connection and a certificate are told wherever a client was sent to."""
    assert ids(said.format(host=host, path=PATH)) & symptoms


@for_each("said", [said for said, _ in WORDS], ids=[said[-60:] for said, _ in WORDS])
@for_each("before", ["", "docker push myacr.azurecr.io/app:1\n"])
def test_a_file_in_somebodys_storage_is_no_layer(before: str, said: str) -> None:
    """Whatever was asked of a registry before, as the state of Terraform is read in the same job."""
    read = f"GET https://{STATE}/tfstate/prod.tfstate "
    assert ids(before + read + said.format(host=STATE, path="/tfstate/prod.tfstate?sv=1")) == set()


@pytest.mark.parametrize(
    "said",
    [
        "403 This request is not authorized to perform this operation using this permission.",
        "409 Public access is not permitted on this storage account.",
    ],
)
def test_a_role_at_storage_is_not_what_a_registry_redirects_with(said: str) -> None:
    """A signed address needs no role: what says so is not about the network, as storage's shorter words are."""
    assert ids(f"unexpected status code https://{HOSTS[1]}{PATH}: {said}") <= {"layer-refused"}


@pytest.mark.parametrize(
    ("text", "symptom"),
    [
        (
            "failed open: content at https://myacr.azurecr.io/v2/app/blobs/sha256:0a1b2c not found: not found",
            "blob-unknown",
        ),
        (
            "reading blob sha256:0a: <Error><Code>AuthorizationFailure</Code> podman pull myacr.azurecr.io/app:1",
            "storage-forbids",
        ),
    ],
)
def test_a_layer_is_told_where_the_login_server_alone_is_named(text: str, symptom: str) -> None:
    """Clients write the address that they asked first, or the image alone."""
    assert symptom in ids(text)
    assert ids(text.replace("myacr.azurecr.io", "registry.example.com")) == set()


@pytest.mark.parametrize(
    "asked",
    [
        "Failed to pull image 'myacr.azurecr.io/app:1': failed to copy: dial tcp: lookup {host}: no such host",
        "docker pull myacr.azurecr.io/app:1 app: Pulling from app curl: (6) Could not resolve host: {host}",
    ],
)
def test_a_pull_leads_to_the_storage_whose_address_is_not_shown(asked: str) -> None:
    """An account of any name, such as one that somebody made up: the words before it tell what was fetched there."""
    assert ids(asked.format(host="layers.blob.core.windows.net")) == {"data-host-unresolved"}
    assert ids(asked.format(host="layers.blob.core.windows.net/tfstate/prod.tfstate")) == set()
    assert ids("az storage blob list myacr.azurecr.io: Could not resolve host: st.blob.core.windows.net") == set()
