"""Azure's own SDKs on the one HTTP stack: what they send, what comes back, and what is never sent."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import respx
from azure.identity import ClientSecretCredential
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from standing_in import NoNetwork

from pytest_acrauth.auth import BadAuth, Credential
from pytest_acrauth.model.credential import CredentialFacts, Kind
from pytest_acrauth.model.observation import Trouble
from pytest_acrauth.model.secret import Secrets
from pytest_acrauth.model.target import CLOUDS, Flow, Identity
from pytest_acrauth.probes.entra.azure_identity import (
    Issued,
    Maker,
    ask,
    assertion_credential,
    certificate_credential,
    host_credential,
    login_only,
)
from pytest_acrauth.probes.entra.metadata import metadata_places
from pytest_acrauth.probes.entra.request import EntraRequest
from pytest_acrauth.probes.http.azure_core import Transport, Unreached
from pytest_acrauth.probes.http.client import Http
from pytest_acrauth.probes.http.deadline import Deadline
from pytest_acrauth.probes.http.network import Connector

CLOUD = CLOUDS[0]
TENANT = "3f0c8a52-6d1e-4b7a-9a55-0e8d2c41b6f7"
AUTHORITY = f"https://login.microsoftonline.com/{TENANT}"
ENVIRON = {
    "AZURE_TENANT_ID": TENANT,
    "AZURE_CLIENT_ID": "c1a9e3b4-7d25-4f60-8b1c-5a6e9d0f2b38",
    "AZURE_CLIENT_SECRET": "planted-client-secret",
}


MAKERS: Mapping[str, Maker] = {
    "service-principal-certificate": certificate_credential,
    "workload-identity": assertion_credential,
    "managed-identity": host_credential,
}


class Asking:
    """One credential asked over the stack, and what it left behind."""

    def __init__(self, method: str, environ: Mapping[str, str] = ENVIRON, *, limit: float = 10.0) -> None:
        machine = NoNetwork(environ)
        self.secrets = Secrets()
        connector = Connector.of(machine, self.secrets)
        identity = Identity(method, method, Flow.ENTRA, "AZURE")
        nobody = Credential(CredentialFacts(kind=Kind.SERVICE_PRINCIPAL))
        request = EntraRequest(identity, CLOUD, nobody, connector, Deadline(limit))
        make = MAKERS.get(method, client_secret_credential)
        with Http(connector, request.deadline, plain=metadata_places(environ)) as http:
            self.transport = Transport(http, self.secrets, login_only(CLOUD, http.plain))
            self.issued: Issued = ask(lambda: make(request, self.transport), request.scope, self.transport)


def client_secret_credential(request: EntraRequest, transport: Transport) -> Any:
    """Return the credential that the product does without; here it stands for whatever MSAL sends."""
    parts = map(request.variables.value, ("TENANT_ID", "CLIENT_ID", "CLIENT_SECRET"))
    return ClientSecretCredential(*parts, transport=transport, disable_instance_discovery=True, retry_total=0)


@pytest.fixture
def entra() -> Iterator[respx.MockRouter]:
    """Entra that issues tokens; a test replaces the route it is about."""
    configuration = {
        "token_endpoint": f"{AUTHORITY}/oauth2/v2.0/token",
        "authorization_endpoint": f"{AUTHORITY}/oauth2/v2.0/authorize",
        "issuer": f"{AUTHORITY}/v2.0",
    }
    with respx.mock(assert_all_called=False) as router:
        router.get(f"{AUTHORITY}/v2.0/.well-known/openid-configuration", name="configuration").respond(
            200, json=configuration
        )
        router.post(f"{AUTHORITY}/oauth2/v2.0/token", name="token").respond(
            200, json={"access_token": "planted-entra-token", "expires_in": 3599, "token_type": "Bearer"}
        )
        router.get(host="169.254.169.254", path="/metadata/identity/oauth2/token", name="metadata").respond(
            200, json={"access_token": "planted-entra-token", "expires_in": "3599", "resource": "x", "token_type": "B"}
        )
        yield router


@pytest.fixture
def pem(tmp_path: Path) -> Path:
    """Return a file that holds a certificate with its private key."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(x509.oid.NameOID.COMMON_NAME, "ci")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now)
        .not_valid_after(now + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path = tmp_path / "ci.pem"
    path.write_bytes(certificate.public_bytes(serialization.Encoding.PEM) + private)
    return path


@pytest.mark.parametrize(
    ("method", "requests"),
    [
        ("client-secret", 2),
        ("service-principal-certificate", 2),
        ("workload-identity", 1),
        ("managed-identity", 1),
    ],
)
def test_azure_identity_runs_on_the_stack(
    entra: respx.MockRouter, pem: Path, tmp_path: Path, method: str, requests: int
) -> None:
    """Every credential gets its token over our connections, in as few requests as azure-identity ever makes."""
    assertion = tmp_path / "assertion"
    assertion.write_text("planted.federated.assertion", encoding="ascii")
    environ = {
        **ENVIRON,
        "AZURE_CLIENT_CERTIFICATE_PATH": str(pem),
        "AZURE_FEDERATED_TOKEN_FILE": str(assertion),
    }
    asking = Asking(method, environ)
    assert asking.issued.token is not None
    assert asking.issued.token.reveal() == "planted-entra-token"
    assert len(entra.calls) == len(asking.transport.responses) == requests
    assert asking.secrets.scrub("a planted-entra-token") == "a ***"
    sent = entra.calls.last.request.content.decode()
    assert asking.secrets.scrub(sent).count("***") == (0 if method == "managed-identity" else 1)


@pytest.mark.parametrize("code", [7000215, 7000222, 700016])
def test_entras_number_comes_from_the_answer(entra: respx.MockRouter, code: int) -> None:
    """A refusal keeps Entra's number, one request, and no secret in its words."""
    entra["token"].respond(
        401,
        json={"error": "invalid_client", "error_codes": [code], "error_description": f"AADSTS{code}: no."},
    )
    asking = Asking("client-secret")
    assert (asking.issued.token, asking.issued.codes[:1]) == (None, (code,))
    assert "planted" not in asking.issued.text
    assert entra["token"].call_count == 1


def test_the_number_that_azure_identity_loses_is_kept(entra: respx.MockRouter) -> None:
    """Of an unknown tenant azure-identity says only that there is no configuration; the answer has the number."""
    entra["configuration"].respond(
        400, json={"error": "invalid_tenant", "error_codes": [90002], "error_description": "AADSTS90002: no tenant."}
    )
    asking = Asking("client-secret")
    assert asking.issued.codes == (90002,)
    assert "90002" not in asking.issued.text


@pytest.mark.broad(of=3)
@pytest.mark.parametrize("token", [{"a": "b"}, 0.5, ["x"], True, "", None, 10**400])
@pytest.mark.parametrize("method", ["client-secret", "service-principal-certificate", "workload-identity"])
def test_what_is_no_token_is_none(
    entra: respx.MockRouter, pem: Path, tmp_path: Path, method: str, token: object
) -> None:
    """A credential hands on whatever an answer calls a token; what is no text is none, and no exception."""
    (tmp_path / "assertion").write_text("planted.federated.assertion", encoding="ascii")
    files = {
        "AZURE_CLIENT_CERTIFICATE_PATH": str(pem),
        "AZURE_FEDERATED_TOKEN_FILE": str(tmp_path / "assertion"),
    }
    entra["token"].respond(200, json={"access_token": token, "expires_in": 3599, "token_type": "Bearer"})
    asking = Asking(method, {**ENVIRON, **files})
    assert asking.issued.token is None
    assert asking.issued.text


@pytest.mark.parametrize("secret", ["planted.federated.assertion", "planted-client-secret"])
def test_a_secret_that_comes_back_is_no_token(entra: respx.MockRouter, tmp_path: Path, secret: str) -> None:
    """Entra that answers with what it was shown has issued nothing."""
    (tmp_path / "assertion").write_text("planted.federated.assertion", encoding="ascii")
    entra["token"].respond(200, json={"access_token": secret, "expires_in": 3599, "token_type": "Bearer"})
    method = "workload-identity" if "assertion" in secret else "client-secret"
    environ = {**ENVIRON, "AZURE_CLIENT_SECRET": "planted-client-secret"}
    asking = Asking(method, {**environ, "AZURE_FEDERATED_TOKEN_FILE": str(tmp_path / "assertion")})
    assert asking.issued.token is None


@pytest.mark.parametrize("status", [429, 500, 503])
def test_nothing_is_sent_twice(entra: respx.MockRouter, status: int) -> None:
    """An answer that azure-core would retry is asked for once."""
    entra["token"].respond(status, headers={"Retry-After": "0"}, text="busy")
    asking = Asking("client-secret")
    assert asking.issued.token is None
    assert entra["token"].call_count == 1


@pytest.mark.parametrize(
    "place",
    [
        "https://login.example/oauth2/v2.0/token",
        "http://login.microsoftonline.com/t",
        "https://login.microsoftonline.com:8443/t",
    ],
)
def test_a_secret_goes_to_the_authority_only(entra: respx.MockRouter, place: str) -> None:
    """Where Entra's own configuration names another place for tokens, nothing is sent there."""
    entra["configuration"].respond(
        200, json={"token_endpoint": place, "authorization_endpoint": place, "issuer": f"{AUTHORITY}/v2.0"}
    )
    elsewhere = entra.route(url=place).respond(200, json={"access_token": "x"})
    asking = Asking("client-secret")
    assert asking.issued.token is None
    assert not elsewhere.called


@pytest.mark.parametrize("body", [b"", b"null", b"[]", b"{", b'{"token_endpoint": 1}', b"\xff\xfe", b'{"error": []}'])
def test_any_bytes_are_a_refusal(entra: respx.MockRouter, body: bytes) -> None:
    """Whatever answers, there is no token and no traceback."""
    for route in ("configuration", "token"):
        entra[route].respond(200, content=body, headers={"Content-Type": "application/json"})
    assert Asking("client-secret").issued.token is None


def test_the_deadline_holds_for_azure_identity(entra: respx.MockRouter) -> None:
    """With no time left, nothing is sent."""
    asking = Asking("client-secret", limit=0.0)
    assert asking.issued.token is None
    assert asking.transport.responses[-1].trouble is Trouble.OUT_OF_TIME
    assert not entra.calls


def test_plain_http_is_for_instance_metadata_only(entra: respx.MockRouter) -> None:
    """A request over plain http leaves for a place that hands out a managed identity's tokens, and for no other."""
    machine = NoNetwork({})
    connector = Connector.of(machine, Secrets())
    with Http(connector, Deadline(5.0), plain=metadata_places({})) as http:
        refused = http.send("GET", "http://registry.example/v2/")
        allowed = http.send("GET", "http://169.254.169.254/metadata/identity/oauth2/token")
    assert refused.trouble is Trouble.WITHHELD
    assert allowed.reply is not None
    assert [call.request.url.host for call in entra.calls] == ["169.254.169.254"]


@pytest.mark.parametrize(
    ("endpoint", "place"),
    [
        ("http://localhost:42356/msi/token", ("localhost", 42356)),
        ("http://127.0.0.1:41741/msi/token/", ("127.0.0.1", 41741)),
        ("http://169.254.129.2:8081/msi/token", ("169.254.129.2", 8081)),
        ("http://tokens.example/msi/token", None),
        ("http://20.1.2.3/msi/token", None),
        ("https://localhost/msi/token", None),
        ("http://[/msi/token", None),
        ("http://localhost:99999999/msi/token", None),
    ],
)
def test_metadata_is_near(endpoint: str, place: tuple[str, int] | None) -> None:
    """Only this machine and its link are places for plain http, whatever the environment names."""
    assert metadata_places({"IDENTITY_ENDPOINT": endpoint}) - metadata_places({}) == ({place} if place else set())


def test_another_machines_credential_is_not_taken_from_this_one() -> None:
    """Where azure-identity would look at this process instead of the machine under test, it is not asked."""
    with pytest.raises(BadAuth, match="of this process"):
        Asking("managed-identity", {**ENVIRON, "IDENTITY_ENDPOINT": "http://localhost:1/"})


def test_a_response_reads_as_azure_core_wants_it(entra: respx.MockRouter) -> None:
    """Status, headers whatever their case, text, JSON and errors of an answer reach azure-core unchanged."""
    from azure.core import PipelineClient
    from azure.core.exceptions import HttpResponseError
    from azure.core.rest import HttpRequest

    entra.get("https://login.microsoftonline.com/x").respond(418, json={"a": "ü"}, headers={"X-Y": "z"})
    machine = NoNetwork({})
    secrets = Secrets()
    with Http(Connector.of(machine, secrets), Deadline(5.0)) as http:
        client: Any = PipelineClient(
            "https://login.microsoftonline.com", transport=Transport(http, secrets, login_only(CLOUD)), policies=[]
        )
        response = client.send_request(HttpRequest("GET", "https://login.microsoftonline.com/x"))
        with pytest.raises(Unreached, match="not sent"):
            client.send_request(HttpRequest("GET", "https://elsewhere.example/"))
    assert (response.status_code, response.headers["x-y"], response.json()) == (418, "z", {"a": "ü"})
    assert response.reason == "I'm a Teapot"
    assert b"".join(response.iter_bytes()) == response.read() == response.content
    assert response.text("utf-8") == response.text()
    with pytest.raises(HttpResponseError):
        response.raise_for_status()
