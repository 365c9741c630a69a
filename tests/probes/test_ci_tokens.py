"""Where the secrets of CI jobs go: the request token to its own address, the id token to Entra, nothing elsewhere."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import httpx
import jwt
import pytest
import respx
from standing_in import NoNetwork

from pytest_acrauth.auth import choose, read_credential
from pytest_acrauth.model.observation import Entra, Trouble
from pytest_acrauth.model.secret import Secret, Secrets
from pytest_acrauth.model.target import CLOUDS, Registry
from pytest_acrauth.probes.entra.methods import ask_entra
from pytest_acrauth.probes.entra.request import EntraRequest
from pytest_acrauth.probes.http.deadline import Deadline
from pytest_acrauth.probes.http.network import Connector

TENANT, CLIENT = "3f0c8a52-6d1e-4b7a-9a55-0e8d2c41b6f7", "c1a9e3b4-7d25-4f60-8b1c-5a6e9d0f2b38"
CONNECTION = "d95e2f07-3b48-4c61-9a1f-e06c7d5b8243"
REQUEST_TOKEN = "planted-request-token"
SUBJECT = "repo:contoso/app:ref:refs/heads/main"
ID_TOKEN = jwt.encode(
    {"iss": "https://token.example", "sub": SUBJECT, "aud": "api://AzureADTokenExchange", "exp": 2_000_000_000},
    "k" * 32,
)


class System(NamedTuple):
    """A CI system as its job sees it."""

    environ: Mapping[str, str]
    variable: str
    host: str
    field: str


SYSTEMS = {
    "github-actions": System(
        {
            "AZURE_TENANT_ID": TENANT,
            "AZURE_CLIENT_ID": CLIENT,
            "ACTIONS_ID_TOKEN_REQUEST_URL": "https://run.actions.githubusercontent.com/7//idtoken/1?api-version=2.0",
            "ACTIONS_ID_TOKEN_REQUEST_TOKEN": REQUEST_TOKEN,
        },
        "ACTIONS_ID_TOKEN_REQUEST_URL",
        "run.actions.githubusercontent.com",
        "value",
    ),
    "azure-pipelines": System(
        {
            "AZURESUBSCRIPTION_TENANT_ID": TENANT,
            "AZURESUBSCRIPTION_CLIENT_ID": CLIENT,
            "AZURESUBSCRIPTION_SERVICE_CONNECTION_ID": CONNECTION,
            "SYSTEM_OIDCREQUESTURI": "https://dev.azure.com/contoso/1/oidctoken",
            "SYSTEM_ACCESSTOKEN": REQUEST_TOKEN,
        },
        "SYSTEM_OIDCREQUESTURI",
        "dev.azure.com",
        "oidcToken",
    ),
}
every_system = pytest.mark.parametrize("method", SYSTEMS)


@pytest.fixture
def net() -> Iterator[respx.MockRouter]:
    """Every peer that anybody could be sent to; a test says what the CI system answers."""
    with respx.mock(assert_all_called=False) as router:
        for cloud in CLOUDS:
            root = f"{cloud.authority}/{TENANT}"
            issuer = root.replace("login.chinacloudapi.cn", "login.partner.microsoftonline.cn")
            for each in {root, issuer}:
                configuration = {
                    "token_endpoint": f"{each}/oauth2/v2.0/token",
                    "authorization_endpoint": f"{each}/oauth2/v2.0/authorize",
                    "issuer": f"{each}/v2.0",
                }
                router.get(f"{each}/v2.0/.well-known/openid-configuration").respond(200, json=configuration)
                router.post(f"{each}/oauth2/v2.0/token").respond(
                    200, json={"access_token": "planted-entra-token", "expires_in": 3599, "token_type": "Bearer"}
                )
        for system in SYSTEMS.values():
            router.route(host=system.host, name=system.host).respond(200, json={system.field: ID_TOKEN})
        router.route(name="elsewhere").respond(200, json={"value": ID_TOKEN, "oidcToken": ID_TOKEN})
        yield router


class Asked:
    """One identity asked for an Entra token, and what it left behind."""

    def __init__(
        self, method: str, *, cloud: int = 0, later: Mapping[str, str] | None = None, limit: float = 10.0
    ) -> None:
        environ = dict(SYSTEMS[method].environ)
        machine, self.secrets = NoNetwork(environ), Secrets()
        (chosen,) = choose([method], environ)
        credential = read_credential(chosen.identity, Registry.parse("myacr"), environ, self.secrets)
        environ |= later or {}
        connector = Connector.of(machine, self.secrets)
        request = EntraRequest(chosen.identity, CLOUDS[cloud], credential, connector, Deadline(limit))
        seen: tuple[Entra, Secret | None] = ask_entra(request)
        self.entra, self.token = seen


def sent(router: respx.MockRouter, what: str) -> list[str]:
    """Return the origins that a secret went to, in a header, an address or a body."""
    calls = [call.request for call in router.calls]
    return [
        f"{each.url.scheme}://{each.url.host}"
        for each in calls
        if what in f"{each.url} {each.headers} {dict(each.headers)} {each.content.decode()}"
    ]


@every_system
def test_each_secret_goes_to_its_own_place(net: respx.MockRouter, method: str) -> None:
    """The request token goes to the system, once; the id token to Entra, once; the Entra token comes of it."""
    asked = Asked(method)
    assert asked.token is not None
    assert asked.token.reveal() == "planted-entra-token"
    assert sent(net, REQUEST_TOKEN) == [f"https://{SYSTEMS[method].host}"]
    assert sent(net, ID_TOKEN) == ["https://login.microsoftonline.com"]
    assert asked.entra.assertion is not None
    assert asked.entra.assertion.subject == SUBJECT
    for secret in (REQUEST_TOKEN, ID_TOKEN, "planted-entra-token"):
        assert secret not in asked.secrets.scrub(f"<{secret}>")
        assert secret not in repr(asked.entra)


def test_what_github_is_asked(net: respx.MockRouter) -> None:
    """As its own toolkit asks: the audience behind the address as it is."""
    Asked("github-actions")
    request = net["run.actions.githubusercontent.com"].calls[0].request
    assert (request.method, request.headers["authorization"]) == ("GET", f"bearer {REQUEST_TOKEN}")
    assert str(request.url).partition("?")[2] == "api-version=2.0&audience=api%3A%2F%2FAzureADTokenExchange"
    assert request.url.path == "/7//idtoken/1"


@pytest.mark.parametrize(
    ("cloud", "audience", "authority"),
    [
        (0, "api://AzureADTokenExchange", "https://login.microsoftonline.com"),
        (1, "api://AzureADTokenExchangeChina", "https://login.partner.microsoftonline.cn"),
        (2, "api://AzureADTokenExchangeUSGov", "https://login.microsoftonline.us"),
    ],
)
def test_an_id_token_is_made_for_the_registrys_cloud(
    net: respx.MockRouter, cloud: int, audience: str, authority: str
) -> None:
    """Its audience is that cloud's, and it is shown to no other cloud's Entra."""
    assert Asked("github-actions", cloud=cloud).token is not None
    request = net["run.actions.githubusercontent.com"].calls[0].request
    assert request.url.params["audience"] == audience
    (shown_to,) = sent(net, ID_TOKEN)
    assert shown_to in {authority, CLOUDS[cloud].authority}


@every_system
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize(
    "location", ["https://elsewhere.example/idtoken", "http://{host}/idtoken", "https://{host}/signin", "/here", ""]
)
def test_no_redirect_is_followed(net: respx.MockRouter, method: str, status: int, location: str) -> None:
    """Neither elsewhere nor to the system itself: the request token is sent once, and nothing behind it."""
    system = SYSTEMS[method]
    headers = {"Location": location.format(host=system.host)} if location else {}
    net[system.host].respond(status, headers=headers, json={system.field: ID_TOKEN})
    asked = Asked(method)
    assert asked.token is None
    assert [call.request.url.host for call in net.calls] == [system.host]
    assert asked.entra.trouble is Trouble.UNAVAILABLE
    assert asked.entra.text.startswith(f"id token request redirected ({status}) by {system.host} to ")
    assert ID_TOKEN not in repr(asked.entra)


@every_system
@pytest.mark.parametrize(
    "address", ["http://{host}/idtoken", "https://{host}:8443/idtoken", "https://ci@{host}/idtoken", "ftp://x", ""]
)
def test_an_address_that_changed_since(net: respx.MockRouter, method: str, address: str) -> None:
    """What was an https address when the run began, and is none any more, gets nothing."""
    system = SYSTEMS[method]
    asked = Asked(method, later={system.variable: address.format(host=system.host)})
    assert (asked.token, list(net.calls)) == (None, [])
    assert system.variable in asked.entra.text
    assert "the request token is not sent there" in asked.entra.text


@every_system
@pytest.mark.parametrize(
    "answer",
    [
        {"status_code": 200, "json": {}},
        {"status_code": 200, "json": {"value": None, "oidcToken": None}},
        {"status_code": 200, "json": {"value": ["x"], "oidcToken": {"x": 1}}},
        {"status_code": 200, "json": {"value": "", "oidcToken": ""}},
        {"status_code": 200, "json": {"value": REQUEST_TOKEN, "oidcToken": REQUEST_TOKEN}},
        {"status_code": 200, "json": dict.fromkeys(("value", "oidcToken"), f"see {REQUEST_TOKEN} there")},
        {"status_code": 200, "json": [ID_TOKEN]},
        {"status_code": 200, "text": ID_TOKEN},
        {"status_code": 200, "html": f"<html>{ID_TOKEN}</html>"},
        {"status_code": 200, "text": "[" * 100_000},
        {"status_code": 200, "text": "x" * 200_000},
        {"status_code": 201, "json": {"value": ID_TOKEN, "oidcToken": ID_TOKEN}},
        {"status_code": 401, "json": {"message": f"no {REQUEST_TOKEN}", "value": ID_TOKEN, "oidcToken": ID_TOKEN}},
        {"status_code": 500, "text": f"::error::{REQUEST_TOKEN}\n##vso[task.setvariable]"},
    ],
    ids=range(14),
)
def test_an_answer_without_an_id_token(net: respx.MockRouter, method: str, answer: dict[str, Any]) -> None:
    """Nothing is shown to Entra, nothing of a token is kept, and no word of it is a command."""
    net[SYSTEMS[method].host].respond(**answer)
    asked = Asked(method)
    assert asked.token is None
    assert sent(net, ID_TOKEN) == []
    assert sent(net, REQUEST_TOKEN) == [f"https://{SYSTEMS[method].host}"]
    assert asked.entra.trouble is Trouble.UNAVAILABLE
    assert asked.entra.text.startswith("id token request ")
    for secret in (REQUEST_TOKEN, ID_TOKEN):
        assert secret not in repr(asked.entra)
    assert "::error" not in asked.entra.text
    assert "##vso" not in asked.entra.text


@every_system
def test_nobody_answers(net: respx.MockRouter, method: str) -> None:
    """A connection that ends is told in words; one that outlasts the climb is a matter of its limit."""
    net[SYSTEMS[method].host].mock(side_effect=httpx.ConnectError("no way"))
    asked = Asked(method)
    assert (asked.token, asked.entra.trouble) == (None, Trouble.UNAVAILABLE)
    assert asked.entra.text.startswith(f"id token request without an answer from {SYSTEMS[method].host}: ")
    late = Asked(method, limit=0.0)
    assert (late.token, late.entra.trouble) == (None, Trouble.OUT_OF_TIME)


@every_system
def test_entra_sends_the_id_token_elsewhere(net: respx.MockRouter, method: str) -> None:
    """An authority's redirect is not followed with an id token, and its configuration leads to itself only."""
    root = f"https://login.microsoftonline.com/{TENANT}"
    net.post(f"{root}/oauth2/v2.0/token").respond(307, headers={"Location": "https://elsewhere.example/token"})
    assert Asked(method).token is None
    assert set(sent(net, ID_TOKEN)) == {"https://login.microsoftonline.com"}
    configuration = {
        "token_endpoint": "https://elsewhere.example/token",
        "authorization_endpoint": "https://elsewhere.example/authorize",
        "issuer": f"{root}/v2.0",
    }
    net.get(f"{root}/v2.0/.well-known/openid-configuration").respond(200, json=configuration)
    assert Asked(method).token is None
    assert set(sent(net, ID_TOKEN)) <= {"https://login.microsoftonline.com"}
    assert not net["elsewhere"].called
