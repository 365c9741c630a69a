"""Every scenario shows where it should, to a client that knows nothing of scenarios."""

from __future__ import annotations

import ssl
from collections.abc import Iterator

import httpx
import jwt
import pytest

from pytest_acrauth.emulator import SCENARIOS, Emulator
from pytest_acrauth.emulator.world.cloud import SUBSCRIPTION
from pytest_acrauth.emulator.world.healthy import CLIENT, TENANT
from pytest_acrauth.emulator.world.roles import EVIDENCE
from pytest_acrauth.model.machine import Resolved

AUDIENCE = "https://containerregistry.azure.net"
HEALTHY_CHALLENGE = 'Bearer realm="https://myacr.azurecr.io/oauth2/token",service="myacr.azurecr.io"'


def reach(emulator: Emulator, host: str) -> Iterator[str]:
    """Resolve a host, connect and shake hands; yield what is wrong."""
    found = emulator.machine.resolve(host)
    if found.outcome is not Resolved.FOUND:
        yield f"dns: {found.outcome}"
        return
    try:
        raw = emulator.machine.dial(found.addresses[0], 443, 0.2)
    except OSError as error:
        yield f"tcp: {type(error).__name__}"
        return
    with raw:
        raw.settimeout(2.0)
        try:
            emulator.machine.ssl_context().wrap_socket(raw, server_hostname=host).close()
        except ssl.SSLCertVerificationError as error:
            yield f"tls: {error.verify_code}"
        except OSError as error:
            yield f"tls: {type(error).__name__}"


def errors(response: httpx.Response) -> str:
    """Return status and the registry's own words, without what differs from answer to answer."""
    message = response.json()["errors"][0]["message"].partition(" CorrelationId")[0]
    return f"{response.status_code} {message}"


class Climber:
    """Asks for one thing after the other as a plain client would, and yields what is wrong at the first that fails."""

    def __init__(self, emulator: Emulator, http: httpx.Client) -> None:
        self.emulator, self.environ, self.http = emulator, emulator.environ, http

    def climb(self, auth: str) -> Iterator[str]:
        yield from reach(self.emulator, "myacr.azurecr.io")
        yield from self.challenge()
        yield from self.identity() if auth == "service-principal" else self.password(auth)
        yield from self.pull()

    def challenge(self) -> Iterator[str]:
        with self.http.stream("GET", "https://myacr.azurecr.io/v2/") as response:
            first = next(response.iter_raw())
            if len(first) < int(response.headers["Content-Length"]):
                yield "challenge: drips"
                return
        found = response.headers.get("WWW-Authenticate")
        if (response.status_code, found) != (401, HEALTHY_CHALLENGE):
            yield f"challenge: {response.status_code} {found}"

    def identity(self) -> Iterator[str]:
        yield from (f"entra {line}" for line in reach(self.emulator, "login.microsoftonline.com"))
        names = ("grant_type", "client_id", "client_secret", "scope")
        secrets = (self.environ["AZURE_CLIENT_ID"], self.environ["AZURE_CLIENT_SECRET"])
        form = dict(zip(names, ("client_credentials", *secrets, f"{AUDIENCE}/.default"), strict=True))
        authority = f"https://login.microsoftonline.com/{self.environ['AZURE_TENANT_ID']}"
        entra = self.http.post(f"{authority}/oauth2/v2.0/token", data=form)
        if entra.status_code != 200:
            yield f"entra: {entra.json()['error_codes'][0]}"
            return
        form = {"grant_type": "access_token", "service": "myacr.azurecr.io", **entra.json()}
        exchange = self.http.post("https://myacr.azurecr.io/oauth2/exchange", data=form)
        if exchange.status_code != 200:
            yield f"exchange: {errors(exchange)}"
            return
        self.credentials = httpx.BasicAuth("00000000-0000-0000-0000-000000000000", exchange.json()["refresh_token"])

    def password(self, auth: str) -> Iterator[str]:
        credentials = (self.environ.get("ACR_USERNAME", ""), self.environ.get("ACR_PASSWORD", ""))
        self.credentials = None if auth == "anonymous" else httpx.BasicAuth(*credentials)
        token = self.http.get("https://myacr.azurecr.io/oauth2/token", auth=self.credentials)
        if token.status_code != 200:
            yield f"access_token: {errors(token)}"

    def pull(self) -> Iterator[str]:
        query = {"scope": "repository:team/app:pull,push"}
        token = self.http.get("https://myacr.azurecr.io/oauth2/token", params=query, auth=self.credentials)
        headers = {"Authorization": f"Bearer {token.json()['access_token']}"}
        self.actions = jwt.decode(token.json()["access_token"], options={"verify_signature": False})["access"]
        repository = "https://myacr.azurecr.io/v2/team/app"
        manifest = self.http.get(f"{repository}/manifests/latest", headers=headers)
        if manifest.status_code != 200:
            yield f"operation: {errors(manifest)}"
            return
        blob = self.http.get(f"{repository}/blobs/{manifest.json()['layers'][0]['digest']}", headers=headers)
        location = httpx.URL(blob.headers["Location"])
        yield from (f"data {line}" for line in reach(self.emulator, location.host))
        if self.http.get(location).status_code != 200:
            yield "data: no blob"


GENERIC = "401 authentication required, visit https://aka.ms/acr/authorization for more information."
DENIED = "403 client with IP '198.51.100.7' is not allowed access. Refer https://aka.ms/acr/firewall to grant access."

#: What is first wrong in each scenario's world; None where the climb gets through.
SHOWN = {
    "healthy": None,
    "registry-dns-nxdomain": "dns: no such name",
    "registry-dns-resolver-broken": "dns: resolver failed",
    "registry-tcp-blocked": "tcp: TimeoutError",
    "tcp-refused": "tcp: ConnectionRefusedError",
    "registry-tls-intercepted": "tls: 20",
    "tls-certificate-expired": "tls: 10",
    "tls-hostname-mismatch": "tls: 62",
    "tls-handshake-failed": "tls: ConnectionResetError",
    "challenge-missing": "challenge: 302 None",
    "challenge-open": "challenge: 200 None",
    "challenge-not-bearer": 'challenge: 401 Basic realm="mirror.example"',
    "challenge-foreign-realm": (
        'challenge: 401 Bearer realm="https://mirror.example/oauth2/token",service="myacr.azurecr.io"'
    ),
    "entra-authority-unreachable": "entra tcp: TimeoutError",
    "entra-sp-secret-wrong": "entra: 7000215",
    "entra-sp-secret-expired": "entra: 7000222",
    "entra-app-not-found": "entra: 700016",
    "entra-tenant-not-found": "entra: 90002",
    "exchange-no-role": f"exchange: {GENERIC}",
    "exchange-throttled": "exchange: 429 too many requests",
    "firewall-ip-denied": f"exchange: {DENIED}",
    "firewall-public-access-disabled": f"exchange: {DENIED}",
    "firewall-rule-propagating": f"exchange: {DENIED}",
    "private-dns-resolves-public": f"exchange: {DENIED}",
    "exchange-cross-tenant": f"exchange: {GENERIC}",
    "role-propagation-delay": f"exchange: {GENERIC}",
    "basic-username-unknown": "access_token: 401 Application not registered with AAD.",
    "admin-password-not-current": f"access_token: {GENERIC}",
    "admin-user-disabled": f"access_token: {GENERIC}",
    "scope-map-token-password-wrong": f"access_token: {GENERIC}",
    "scope-map-token-password-expired": f"access_token: {GENERIC}",
    "scope-map-token-disabled": f"access_token: {GENERIC}",
    "scope-map-token-no-password": f"access_token: {GENERIC}",
    "scope-map-token-not-found": "access_token: 401 Application not registered with AAD.",
    "admin-username-wrong": "access_token: 401 Application not registered with AAD.",
    "refresh-token-expired": f"access_token: {GENERIC}",
    "scope-map-lacks-action": None,
    "abac-legacy-role-ineffective": f"operation: {GENERIC}",
    "abac-condition-excludes-repo": f"operation: {GENERIC}",
    "sp-lacks-role": f"access_token: {GENERIC}",
    "anonymous-pull-disabled": f"access_token: {GENERIC}",
    "scope-not-granted": None,
    "permission-excess": None,
    "image-not-found": 'operation: 404 manifest tagged by "latest" is not found',
    "data-endpoint-blocked": "data tcp: TimeoutError",
    "data-redirect-foreign": "data dns: no such name",
    "climb-timeout": "challenge: drips",
    # What is wrong with the machine's programs, or with what the Azure CLI sees, is no trouble for a climb.
    **dict.fromkeys((name for name, scenario in SCENARIOS.items() if scenario.defaults.client), None),
}


def first_trouble(emulator: Emulator, auth: str) -> tuple[str | None, list[str]]:
    """Return what is first wrong, and the actions granted if a token was reached."""
    context = emulator.machine.ssl_context()
    with httpx.Client(proxy=emulator.proxy_url, verify=context, trust_env=False, timeout=5.0) as http:
        climber = Climber(emulator, http)
        climber.actions = []
        trouble = next(climber.climb(auth), None)
        return trouble, [action for entry in climber.actions for action in entry["actions"]]


@pytest.mark.parametrize("scenario", SCENARIOS.values(), ids=SCENARIOS)
def test_scenario_shows(scenario):
    """With its default identity, what is first wrong in a scenario's world is what its id promises."""
    with Emulator(scenario.id) as emulator:
        trouble, actions = first_trouble(emulator, scenario.defaults.auth or "service-principal")
    assert trouble == SHOWN[scenario.id]
    if trouble is None:
        assert actions == (["pull", "push"] if scenario.id == "permission-excess" else ["pull"])


def test_healthy_basic_identities_get_through():
    """The credentials that Basic scenarios break are good ones in the healthy world."""
    for names in ("ACR_ADMIN", "ACR_PULLER"):
        with Emulator() as emulator:
            environ = emulator.environ
            environ |= {name: environ[f"{names}_{name[4:]}"] for name in ("ACR_USERNAME", "ACR_PASSWORD")}
            assert first_trouble(emulator, "basic")[0] is None


def test_one_cause_shows_on_every_surface():
    """An ended secret is a number at Entra and, through Basic login, the registry's own text."""
    with Emulator("entra-sp-secret-expired") as emulator:
        environ = emulator.environ
        environ |= {"ACR_USERNAME": environ["AZURE_CLIENT_ID"], "ACR_PASSWORD": environ["AZURE_CLIENT_SECRET"]}
        assert first_trouble(emulator, "service-principal")[0] == "entra: 7000222"
        assert first_trouble(emulator, "basic")[0] == "access_token: 401 Invalid clientid or client secret."


def test_scenarios_are_applied_in_order():
    """Several scenarios change one world, the later ones what the earlier ones left."""
    with Emulator("permission-excess", "exchange-no-role", "challenge-missing", "tcp-refused") as emulator:
        assert {each.role for each in emulator.world.cloud.assignments} == {EVIDENCE, "Reader"}
        assert first_trouble(emulator, "service-principal")[0] == "tcp: ConnectionRefusedError"


@pytest.mark.parametrize("first", ["registry-dns-nxdomain", "client-docker-missing", "entra-app-not-found"])
def test_scenarios_can_follow_what_took_something_away(first):
    """Where a registry, a program or an application is gone, a later scenario about it changes what is left."""
    for name in SCENARIOS:
        world = Emulator(first, name).world
        gone = {
            "registry-dns-nxdomain": not world.cloud.registries,
            "client-docker-missing": world.machine.docker is None,
            "entra-app-not-found": TENANT not in world.cloud.applications[CLIENT].principals,
        }
        assert gone[first]


def test_defaults_make_a_scenario_visible():
    """What a scenario is about must be asked for: repository, actions, identity, and little patience where it waits."""
    excess = SCENARIOS["permission-excess"].defaults
    assert (excess.repository, excess.must, excess.must_not) == (("team/app:latest",), "pull", "push")
    assert SCENARIOS["scope-not-granted"].defaults.must == "pull,push"
    assert SCENARIOS["anonymous-pull-disabled"].defaults.auth == "anonymous"
    assert SCENARIOS["scope-map-lacks-action"].defaults.auth == "scope-map-token"
    assert SCENARIOS["exchange-cross-tenant"].defaults.subscription == SUBSCRIPTION
    clients = {name: scenario.defaults.client for name, scenario in SCENARIOS.items() if scenario.defaults.client}
    assert set(clients.values()) == {("docker",), ("az",)}
    assert {name for name, client in clients.items() if client == ("az",)} == {
        "arm-no-read",
        "arm-registry-not-found-in-subscription",
        "arm-wrong-subscription",
    }
    patient = {name for name, shown in SHOWN.items() if shown and shown.endswith(("TimeoutError", "drips"))}
    assert {name for name, scenario in SCENARIOS.items() if scenario.defaults.timeout} == patient
