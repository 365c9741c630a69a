"""Every scenario shows where it should, to a client that knows nothing of scenarios."""

from __future__ import annotations

import base64
import ssl
from collections.abc import Iterator

import httpx
import jwt
import pytest
from emulator.visiting import client
from for_each import for_each

from pytest_acrauth.emulator import SCENARIOS, Emulator
from pytest_acrauth.emulator.scenarios.variants import BY_CERTIFICATE
from pytest_acrauth.emulator.world.healthy import CLIENT, TENANT
from pytest_acrauth.emulator.world.roles import EVIDENCE
from pytest_acrauth.model.machine import Resolved
from pytest_acrauth.plugin.asked.options import OPTIONS

AUDIENCE = "https://containerregistry.azure.net"


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
        raw.settimeout(5.0)
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

    def __init__(self, emulator: Emulator, http: httpx.Client, host: str) -> None:
        self.emulator, self.environ, self.http, self.host = emulator, emulator.environ, http, host

    def climb(self, auth: str) -> Iterator[str]:
        yield from reach(self.emulator, self.host)
        yield from self.challenge()
        yield from self.identity() if auth == "service-principal" else self.password(auth)
        yield from self.pull()

    def challenge(self) -> Iterator[str]:
        with self.http.stream("GET", f"https://{self.host}/v2/") as response:
            first = next(response.iter_raw())
            if len(first) < int(response.headers["Content-Length"]):
                yield "challenge: drips"
                return
        found = response.headers.get("WWW-Authenticate")
        healthy = f'Bearer realm="https://{self.host}/oauth2/token",service="{self.host}"'
        if (response.status_code, found) != (401, healthy):
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
        form = {"grant_type": "access_token", "service": self.host, **entra.json()}
        exchange = self.http.post(f"https://{self.host}/oauth2/exchange", data=form)
        if exchange.status_code != 200:
            yield f"exchange: {errors(exchange)}"
            return
        self.credentials = httpx.BasicAuth("00000000-0000-0000-0000-000000000000", exchange.json()["refresh_token"])

    def password(self, auth: str) -> Iterator[str]:
        credentials = (self.environ.get("ACR_USERNAME", ""), self.environ.get("ACR_PASSWORD", ""))
        self.credentials = None if auth == "anonymous" else httpx.BasicAuth(*credentials)
        token = self.http.get(f"https://{self.host}/oauth2/token", auth=self.credentials)
        if token.status_code != 200:
            yield f"access_token: {errors(token)}"

    def pull(self) -> Iterator[str]:
        query = {"scope": "repository:team/app:pull,push"}
        token = self.http.get(f"https://{self.host}/oauth2/token", params=query, auth=self.credentials)
        headers = {"Authorization": f"Bearer {token.json()['access_token']}"}
        self.actions = jwt.decode(token.json()["access_token"], options={"verify_signature": False})["access"]
        repository = f"https://{self.host}/v2/team/app"
        manifest = self.http.get(f"{repository}/manifests/latest", headers=headers)
        if manifest.status_code != 200:
            yield f"operation: {errors(manifest)}"
            return
        blob = self.http.get(f"{repository}/blobs/{manifest.json()['layers'][0]['digest']}", headers=headers)
        location = httpx.URL(blob.headers["Location"])
        yield from (f"data {line}" for line in reach(self.emulator, location.host))
        if self.http.get(location).status_code != 200:
            yield "data: no blob"


def met(emulator: Emulator, auth: str, host: str = "myacr.azurecr.io") -> str:
    """Return what is first wrong, or the actions granted where nothing is."""
    with client(emulator) as http:
        climber = Climber(emulator, http, host)
        trouble = next(climber.climb(auth), None)
        if trouble is not None:
            return trouble
        return f"granted {','.join(action for entry in climber.actions for action in entry['actions'])}"


#: Those that a plain client meets: it has a secret, or user name and password, and neither certificate nor config.
PLAIN = [each for each in SCENARIOS.values() if each.options.get("auth") not in {BY_CERTIFICATE, "docker-config"}]


@pytest.mark.parametrize("scenario", PLAIN, ids=lambda each: each.id)
def test_scenario_shows(scenario):
    """With its own identity, a plain client meets first what the scenario's entry says."""
    with Emulator(scenario.id) as emulator:
        assert met(emulator, scenario.options.get("auth", "service-principal")) == scenario.shows


def passwords(emulator: Emulator, name: str) -> list[str]:
    """Return a registry's passwords: docker's for the scope-map token, and the admin user's if there is a registry."""
    login = emulator.world.machine.docker_config["auths"][f"{name}.azurecr.io"]["auth"]
    registry = emulator.world.cloud.registries.get(name)
    return [base64.b64decode(login).decode().partition(":")[2], *(registry.admin_passwords if registry else ())]


@pytest.mark.broad(of=6)
@pytest.mark.parametrize("scenario", PLAIN, ids=lambda each: each.id)
def test_scenario_shows_at_every_registry(scenario):
    """A fleet's other registries show what the first one does, whose passwords the environment holds."""
    with Emulator(scenario.id, registries=("firstacr", "thirdacr")) as emulator:
        environ = emulator.environ
        own = dict(zip(passwords(emulator, "firstacr"), passwords(emulator, "thirdacr"), strict=True))
        given = environ.get("ACR_PASSWORD", "")
        environ["ACR_USERNAME"] = environ.get("ACR_USERNAME", "").replace("firstacr", "thirdacr")
        environ["ACR_PASSWORD"] = own.get(given, given)
        shown = met(emulator, scenario.options.get("auth", "service-principal"), "thirdacr.azurecr.io")
    assert shown == scenario.shows.replace("myacr", "thirdacr")


@for_each("scenario", SCENARIOS.values(), ids=SCENARIOS)
def test_options_are_the_plugins(scenario):
    """What a scenario needs is said in names and values of the plugin's own options, each by its one rule."""
    rows = {option.name: option for option in OPTIONS}
    for name, text in scenario.options.items():
        values = text.split(",") if rows[name].many else [text]
        assert "" not in values
        assert not rows[name].choices or set(values) <= set(rows[name].choices)


@pytest.mark.parametrize(("names", "actions"), [("ACR_ADMIN", "pull,push"), ("ACR_PULLER", "pull")])
def test_healthy_basic_identities_get_through(names, actions):
    """The credentials that Basic scenarios break are good ones in the healthy world."""
    with Emulator() as emulator:
        environ = emulator.environ
        environ |= {name: environ[f"{names}_{name[4:]}"] for name in ("ACR_USERNAME", "ACR_PASSWORD")}
        assert met(emulator, "basic") == f"granted {actions}"


def test_one_cause_shows_on_every_surface():
    """An ended secret is a number at Entra and, through Basic login, the registry's own text."""
    with Emulator("entra-sp-secret-expired") as emulator:
        environ = emulator.environ
        environ |= {"ACR_USERNAME": environ["AZURE_CLIENT_ID"], "ACR_PASSWORD": environ["AZURE_CLIENT_SECRET"]}
        assert met(emulator, "service-principal") == "entra: 7000222"
        assert met(emulator, "basic") == "access_token: 401 Invalid clientid or client secret."


def test_scenarios_are_applied_in_order():
    """Several scenarios change one world, the later ones what the earlier ones left."""
    with Emulator("permission-excess", "exchange-no-role", "challenge-missing", "tcp-refused") as emulator:
        assert {each.role for each in emulator.world.cloud.assignments} == {EVIDENCE, "Reader"}
        assert met(emulator, "service-principal") == "tcp: ConnectionRefusedError"


@pytest.mark.broad(of=8)
@pytest.mark.parametrize("first", SCENARIOS)
def test_any_scenario_can_follow_any_other(first):
    """Whatever a scenario left or took away, each other one can still be applied to it."""
    for name in SCENARIOS:
        assert Emulator(first, name).world


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


@for_each("scenario", SCENARIOS.values(), ids=SCENARIOS)
def test_a_scenario_is_asked_for_what_it_is_about(scenario):
    """What shows on an image only has a repository among its options, and what waits has a limit."""
    stage, needs = scenario.shows.partition(":")[0].split()[0], scenario.options
    if stage in {"operation", "data"} or {"must", "must-not"} & set(needs):
        assert "repository" in needs
    assert ("timeout" in needs) is scenario.shows.endswith(("TimeoutError", "drips"))
