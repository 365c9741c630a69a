"""Evidence: who looks, what is asked and how often, and what each answer proves."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from typing import Any, ClassVar

import pytest
import trustme
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from factories import (
    reply,
)

from pytest_acrauth.auth import choose
from pytest_acrauth.diagnosis.climb import diagnose
from pytest_acrauth.diagnosis.conclusion import Diagnosis
from pytest_acrauth.emulator import Emulator, World
from pytest_acrauth.emulator.scenarios.obstacles import through_proxy
from pytest_acrauth.emulator.world.cloud import (
    ARM,
    AUTHORITY,
    GRAPH,
    NETWORKS,
    SUBSCRIPTION,
    PrivateEndpoint,
    RoleAssignment,
)
from pytest_acrauth.emulator.world.directory import Application, ClientCertificate, Password
from pytest_acrauth.emulator.world.healthy import CLIENT, PRINCIPAL, TENANT
from pytest_acrauth.emulator.world.network import Device, Name, Page, Route
from pytest_acrauth.emulator.world.roles import EVIDENCE
from pytest_acrauth.model.evidence import EvidenceChoice, Look, RegistryFacts
from pytest_acrauth.model.evidence import PrivateEndpoint as PrivateEndpointFacts
from pytest_acrauth.model.secret import Secret, Secrets
from pytest_acrauth.model.target import CLOUDS, Flow, Identity, Reference, Registry, Target
from pytest_acrauth.model.transcript import Transcript
from pytest_acrauth.probes.http.client import Response
from pytest_acrauth.probes.http.deadline import Deadline
from pytest_acrauth.probes.management import arm
from pytest_acrauth.probes.management.askers import NO_LOGIN
from pytest_acrauth.probes.management.plane import MOST_PAGES, CouldNotLook, Listed, Plane
from pytest_acrauth.report.text import explain
from pytest_acrauth.running.run import Run

MANAGEMENT = {ARM, GRAPH}
RESOURCE_ID = (
    f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg-registries/providers/Microsoft.ContainerRegistry/registries/myacr"
)
MINUTE, DAY = 60.0, 86400.0


def in_world(
    change: Callable[[World], None],
    auth: str = "service-principal",
    *references: str,
    must: tuple[str, ...] = ("pull",),
    choice: EvidenceChoice | None = None,
    registry: str = "myacr",
    timeout: float = 120.0,
    scenario: str = "healthy",
) -> tuple[Transcript, Emulator]:
    """Climb once in a changed world; return the transcript, and the emulator with its log."""
    emulator = Emulator(scenario)
    change(emulator.world)
    with emulator:
        wanted = Registry.parse(registry)
        identity = choose([auth], emulator.environ, [wanted])[0].identity
        aims = Target(wanted, identity, tuple(Reference.parse(text) for text in references), must)
        (seen,) = Run(emulator.machine, timeout=timeout, evidence=choice).check([aims])
    return seen, emulator


def one(transcript: Transcript) -> Diagnosis:
    """Return the only diagnosis of a transcript."""
    (found,) = diagnose(transcript)
    return found


def ids(diagnosis: Diagnosis) -> list[str]:
    """Return the ids of the causes still possible."""
    return [mode.id for mode in diagnosis.candidates]


def asked(emulator: Emulator, *hosts: str) -> list[str]:
    """Return the last part of every path that was asked for at these hosts."""
    return [each.path.rpartition("/")[2] for each in emulator.requests if each.host in (hosts or MANAGEMENT)]


def basic(world: World, user: str, password: str) -> None:
    """Put a user name and a password into the environment."""
    world.machine.environ |= {"ACR_USERNAME": user, "ACR_PASSWORD": password}


def no_admin(world: World) -> None:
    """Use the admin user, which is disabled."""
    basic(world, "myacr", world.cloud.registries["myacr"].admin_passwords[0])
    world.cloud.registries["myacr"].admin_enabled = False


def no_login(world: World) -> None:
    """Leave no Azure login in the environment."""
    no_admin(world)
    world.machine.az = None
    for name in ("AZURE_TENANT_ID", "AZURE_CLIENT_ID", "AZURE_CLIENT_SECRET"):
        del world.machine.environ[name]


# Who looks.


def test_a_healthy_climb_asks_nobody_and_loads_no_azure() -> None:
    """Evidence costs a healthy run nothing: no request, no import of Azure's SDKs or of the catalogue."""
    code = (
        "import sys\n"
        "from pytest_acrauth.running.run import check\n"
        "from pytest_acrauth.emulator import Emulator\n"
        "from pytest_acrauth.model.target import Flow, Identity, Registry, Target\n"
        "with Emulator() as emulator:\n"
        "    me = Identity('service-principal', 'service-principal', Flow.ENTRA, 'AZURE')\n"
        "    (seen,) = check([Target(Registry.parse('myacr'), me)], emulator.machine)\n"
        "    assert not list(seen.broken()), seen\n"
        "    hosts = {request.host for request in emulator.requests}\n"
        f"assert hosts == {{'myacr.azurecr.io', {AUTHORITY!r}}}, hosts\n"
        "loaded = {name for name in sys.modules if name.split('.')[0] in {'azure', 'msal', 'dns'}}\n"
        "assert not loaded, loaded\n"
        "assert not [name for name in sys.modules if name.startswith('pytest_acrauth.catalogue')]\n"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr


def test_a_password_is_looked_into_by_the_environments_login() -> None:
    """Where the identity under test is none of Entra's, the Azure login that is there looks, and is named."""
    seen, _ = in_world(no_admin, "basic")
    assert seen.evidence.registry is not None
    assert seen.evidence.registry.who == f"service principal {CLIENT}"
    assert ids(one(seen)) == ["admin-user-disabled"]


def test_without_any_login_nobody_could_look() -> None:
    """No login is a reason, not an answer."""
    seen, emulator = in_world(no_login, "basic")
    assert seen.evidence.registry == Look(why=NO_LOGIN)
    assert ids(one(seen)) == ["admin-password-not-current", "admin-user-disabled"]
    assert not asked(emulator, ARM, GRAPH, AUTHORITY)


def test_a_login_that_entra_refuses_is_named_with_its_number() -> None:
    """Why the login could not look is Entra's own number, beside who tried."""

    def change(world: World) -> None:
        no_admin(world)
        world.machine.az = None
        world.cloud.applications[CLIENT].secrets[0].ends = world.cloud.now() - DAY

    seen, _ = in_world(change, "basic")
    assert seen.evidence.registry == Look(who=f"service principal {CLIENT}", why="no token for it: AADSTS7000222")


def test_a_named_login_looks_instead_of_the_identity_under_test() -> None:
    """A method with a prefix says who looks; the tested identity, which may not, is not asked to."""

    def change(world: World) -> None:
        auditor = "7a0c3e52-1111-4222-8333-944455556666"
        secret = Password("auditors-secret", 0.0)
        world.cloud.applications[auditor] = Application(auditor, [secret], {TENANT: auditor})
        world.cloud.assignments[:] = [
            RoleAssignment(auditor, EVIDENCE, registry.resource_id) for registry in world.cloud.registries.values()
        ]
        world.machine.environ |= {
            "AUDIT_TENANT_ID": TENANT,
            "AUDIT_CLIENT_ID": auditor,
            "AUDIT_CLIENT_SECRET": secret.value,
        }

    choice = EvidenceChoice(method="service-principal", prefix="AUDIT")
    seen, _ = in_world(change, choice=choice)
    assert seen.evidence.roles is not None
    assert seen.evidence.roles.who == "service principal 7a0c3e52-1111-4222-8333-944455556666"
    assert ids(one(seen)) == ["exchange-no-role"]
    missing, _ = in_world(change, choice=choice._replace(prefix="NOBODY"))
    assert missing.evidence.roles is not None
    assert "NOBODY_CLIENT_SECRET" in missing.evidence.roles.why


def test_the_identity_under_test_looks_for_itself() -> None:
    """An Entra identity that may not read its registry says so; nobody else's login is used in its place."""

    def change(world: World) -> None:
        world.cloud.assignments[:] = [each for each in world.cloud.assignments if each.principal_id != PRINCIPAL]

    seen, _ = in_world(change)
    assert seen.evidence.roles is not None
    assert seen.evidence.roles.who == f"service principal {CLIENT}"
    assert seen.evidence.roles.value is None
    assert "exchange-no-role" in ids(one(seen))
    assert len(ids(one(seen))) > 1


# What is asked, and how often.


def test_what_climbs_share_is_asked_once() -> None:
    """Several climbs at one registry find it once; several registries share one login and one role definition."""
    with Emulator() as emulator:
        emulator.world.cloud.assignments[:] = [
            each for each in emulator.world.cloud.assignments if each.role != "AcrPull"
        ]
        me = Identity("service-principal", "service-principal", Flow.ENTRA, "AZURE")
        one_of_them = Target(Registry.parse("myacr"), me)
        aims = [one_of_them, replace(one_of_them, must=("push",)), Target(Registry.parse("otheracr"), me)]
        seen = Run(emulator.machine).check(aims)
        counted = Counter(asked(emulator))
        logins = len(asked(emulator, AUTHORITY))
    assert [ids(one(each)) for each in seen] == [["exchange-no-role"]] * 3
    assert counted["resources"] == 2
    assert counted["roleAssignments"] == 2
    assert counted[emulator.world.cloud.roles[EVIDENCE].id] == 1
    assert logins == 2  # for the registries, and for the management plane


@pytest.mark.parametrize(
    ("registry", "choice", "expected"),
    [
        (RESOURCE_ID, EvidenceChoice(), ["myacr"]),
        ("myacr", EvidenceChoice(subscription=SUBSCRIPTION, resource_group="rg-registries"), ["myacr"]),
        ("myacr", EvidenceChoice(subscription=SUBSCRIPTION), ["registries", "myacr"]),
        ("myacr", EvidenceChoice(), ["resources", "myacr"]),
    ],
)
def test_the_registry_is_found_the_shortest_way(registry: str, choice: EvidenceChoice, expected: list[str]) -> None:
    """A resource id or a group leads straight to the record, a subscription by its list, a name by Resource Graph."""
    seen, emulator = in_world(no_admin, "basic", choice=choice, registry=registry)
    assert ids(one(seen)) == ["admin-user-disabled"]
    assert asked(emulator) == expected


def test_without_resource_graph_the_subscriptions_are_searched() -> None:
    """Where Resource Graph refuses, the asker's own subscriptions are listed, a bounded number of them."""
    requests: list[str] = []

    def send(method: str, url: str, **_: Any) -> Any:
        path = url.removeprefix("https://management.azure.com").partition("?")[0]
        requests.append(f"{method} {path}")
        if path.endswith("/resources"):
            return Response(reply(403, method=method, url=url), b"{}")
        if path == "/subscriptions":
            listed = ", ".join(f'{{"subscriptionId": "s{number}"}}' for number in range(20))
            return Response(reply(200), f'{{"value": [{listed}]}}'.encode())
        return Response(reply(200), b'{"value": []}', headers={"content-type": "application/json"})

    http = type("Stub", (), {"send": staticmethod(send)})()
    plane = Plane(http, CLOUDS[0], Secrets(), lambda _: Secret("token"))
    with pytest.raises(CouldNotLook, match=f"more subscriptions than the {arm.MOST_SUBSCRIPTIONS} that were searched"):
        arm.read_registry(plane, Registry.parse("myacr"), EvidenceChoice())
    lists = [each for each in requests if each.endswith("/registries")]
    assert len(lists) == arm.MOST_SUBSCRIPTIONS
    assert len(requests) <= 3 + 2 * arm.MOST_SUBSCRIPTIONS


LIST = f"https://management.azure.com/subscriptions/{SUBSCRIPTION}/providers/Microsoft.ContainerRegistry/registries"


def listing(pages: dict[str, tuple[list[str], str]]) -> tuple[Plane, list[str]]:
    """Return a plane whose list of registries has these pages, and what was asked of it.

    Each is under what its address holds, the first that fits: the names on it, and the next one's address or ''.
    """
    requests: list[str] = []

    def send(method: str, url: str, **_: Any) -> Any:
        requests.append(url)
        names, further = next(page for part, page in pages.items() if part in url)
        listed = [{"name": name, "id": f"{LIST}/{name}".removeprefix("https://management.azure.com")} for name in names]
        body = json.dumps({"value": listed} | ({"nextLink": further} if further else {})).encode()
        return Response(reply(200, method=method, url=url), body, headers={"content-type": "application/json"})

    http = type("Stub", (), {"send": staticmethod(send)})()
    return Plane(http, CLOUDS[0], Secrets(), lambda _: Secret("token")), requests


def found_by_list(plane: Plane) -> str:
    """Return the id that is found for myacr in the lists of the subscription."""
    return arm._find_in_lists(plane, Registry.parse("myacr"), (SUBSCRIPTION,))


@pytest.mark.parametrize(
    ("pages", "asked_for"),
    [
        ({"": (["otheracr", "MyAcr"], f"{LIST}?more=1")}, 1),
        ({"more=1": (["myacr"], f"{LIST}?more=2"), "": (["otheracr"], f"{LIST}?more=1")}, 2),
        ({"more=2": (["myacr"], ""), "more=1": ([], f"{LIST}?more=2"), "": ([], f"{LIST}?more=1")}, 3),
    ],
)
def test_a_registry_is_found_on_any_page_of_a_list(pages: dict[str, tuple[list[str], str]], asked_for: int) -> None:
    """The list is followed to the page that has it, empty ones included, and no further."""
    plane, requests = listing(pages)
    assert found_by_list(plane).lower().endswith("/registries/myacr")
    assert len(requests) == asked_for


def test_a_list_that_ends_without_the_registry_has_none() -> None:
    """Every page is read before a registry is taken not to be there."""
    plane, requests = listing({"more=1": (["thirdacr"], ""), "": (["otheracr"], f"{LIST}?more=1")})
    assert found_by_list(plane) == ""
    assert len(requests) == 2


@pytest.mark.parametrize(
    "further",
    [
        LIST.replace("azure.com", "azure.com.example") + "?more=1",
        LIST.replace("https", "http") + "?more=1",
        LIST.replace("azure.com", "azure.com:8443") + "?more=1",
        "https://graph.example/?more=1",
    ],
)
def test_a_list_that_goes_on_elsewhere_is_not_followed(further: str) -> None:
    """Another origin gets no request and no token; and that the registry is not there, nobody can say then."""
    plane, requests = listing({"more=1": (["myacr"], ""), "": (["otheracr"], further)})
    with pytest.raises(CouldNotLook):
        found_by_list(plane)
    assert len(requests) == 1


def test_a_list_without_end_is_given_up() -> None:
    """So many pages are read, and then it is not known whether the registry is there."""
    plane, requests = listing({"": (["otheracr"], f"{LIST}?more=1")})
    with pytest.raises(CouldNotLook, match=f"than {MOST_PAGES} pages hold"):
        found_by_list(plane)
    assert len(requests) == MOST_PAGES


def paged(world: World) -> None:
    """Let every list come in pages, of which the first is empty."""
    no_admin(world)
    world.cloud.paged = True


@pytest.mark.parametrize("choice", [EvidenceChoice(), EvidenceChoice(subscription=SUBSCRIPTION)])
def test_an_empty_first_page_hides_no_registry(choice: EvidenceChoice) -> None:
    """In Resource Graph and in a subscription's list alike, the pages behind it are read."""
    seen, _ = in_world(paged, "basic", choice=choice)
    assert ids(one(seen)) == ["admin-user-disabled"]


def test_an_empty_first_page_hides_no_role() -> None:
    """Roles and denials are read to their end, and what is proven by their absence stays so."""

    def change(world: World) -> None:
        paged(world)
        world.cloud.assignments[:] = [each for each in world.cloud.assignments if each.role != "AcrPull"]

    seen, _ = in_world(change, "service-principal", "team/app")
    assert seen.evidence.roles is not None
    assert seen.evidence.roles.value is not None
    assert seen.evidence.roles.value.whole
    assert EVIDENCE in [each.role for each in seen.evidence.roles.value.assignments]


def pages_of(answers: list[Response]) -> tuple[Plane, list[str]]:
    """Return a plane that is given these answers one after the other, the last one again and again."""
    requests: list[str] = []

    def send(_method: str, url: str, **_: Any) -> Response:
        requests.append(url)
        return answers[min(len(requests), len(answers)) - 1]

    http = type("Stub", (), {"send": staticmethod(send), "deadline": Deadline(30.0)})()
    return Plane(http, CLOUDS[0], Secrets(), lambda _: Secret("token")), requests


def page(**content: Any) -> Response:
    """Return an answer in JSON."""
    return Response(reply(200), json.dumps(content).encode(), headers={"content-type": "application/json"})


def test_a_list_is_whole_only_where_it_ends() -> None:
    """A bound that is met is told, in lists by address and by token; the usual port in an address is no other place."""
    further = "https://management.azure.com:443/x?more=1"
    plane, requests = pages_of([page(value=[], nextLink=further), page(value=[{"id": "x"}])])
    assert plane.list_arm("/x", "1") == ([{"id": "x"}], True)
    assert requests[1] == further
    plane, requests = pages_of([page(value=[], nextLink=further)])
    assert plane.list_arm("/x", "1") == ([], False)
    assert len(requests) == MOST_PAGES
    plane, requests = pages_of([page(data=[], **{"$skipToken": "more"})])
    assert plane.find_resources("Resources") == ([], False)
    assert len(requests) == MOST_PAGES
    plane, requests = pages_of([page(value=[], **{"@odata.nextLink": further})])
    assert plane.list_graph("/x") == ([], False)
    assert len(requests) == 1


def test_a_registry_that_may_be_in_the_rest_is_not_said_to_be_nowhere() -> None:
    """Where Resource Graph goes on beyond what is read, nobody has looked."""
    plane, _ = pages_of([page(data=[], **{"$skipToken": "more"})])
    with pytest.raises(CouldNotLook, match="more than"):
        arm.read_registry(plane, Registry.parse("myacr"), EvidenceChoice())


def test_silence_that_is_asked_for_ends_no_look() -> None:
    """A 429 with Retry-After is asked again as long as the limit allows; one without, or for too long, is the end."""
    silent = Response(reply(429)._replace(retry_after="1"), b"{}", headers={})
    plane, requests = pages_of([silent, silent, page(value=[])])
    assert plane.list_arm("/x", "1").whole
    assert len(requests) == 3
    for after in ("", "3600"):
        refused = Response(reply(429)._replace(retry_after=after), b"{}", headers={})
        plane, requests = pages_of([refused, page(value=[])])
        with pytest.raises(CouldNotLook, match="answered 429"):
            plane.list_arm("/x", "1")
        assert len(requests) == 1


def test_a_record_that_may_not_be_read_says_nothing_about_its_registry() -> None:
    """Where ARM answers that the right is missing, that is the reason, and nothing is concluded."""

    def change(world: World) -> None:
        no_admin(world)
        world.cloud.assignments[:] = [each for each in world.cloud.assignments if each.role != EVIDENCE]

    seen, _ = in_world(change, "basic", registry=RESOURCE_ID)
    look = seen.evidence.registry
    assert look is not None
    assert look.value is not None
    assert (look.value.found, look.value.readable) == (False, False)
    assert "may not read its record" in look.why
    assert len(ids(one(seen))) == 2


@pytest.mark.parametrize(
    ("method", "url"),
    [
        ("POST", "https://management.azure.com/x/registries/myacr/listCredentials"),
        ("POST", "https://management.azure.com/x/registries/myacr/generateCredentials"),
        ("PUT", "https://management.azure.com/x/registries/myacr"),
        ("DELETE", "https://management.azure.com/x"),
        ("PATCH", "https://graph.microsoft.com/v1.0/applications/x"),
        ("GET", "https://management.azure.com.example/x"),
        ("GET", "http://management.azure.com/x"),
        ("GET", "https://management.azure.com:8443/x"),
        ("GET", "https://myacr.azurecr.io/v2/"),
    ],
)
def test_only_reading_requests_leave_and_only_for_the_management_plane(method: str, url: str) -> None:
    """What changes something, hands out a password, or is elsewhere cannot be sent, by the SDK either."""
    plane = Plane(object(), CLOUDS[0], Secrets(), lambda _: Secret("token"))  # type: ignore[arg-type]
    assert not plane.allows(method, url)


@pytest.mark.parametrize("route", [Route.CLOSED, Route.FILTERED, Route.RESET])
def test_a_management_plane_that_is_not_reached_is_a_reason(route: Route) -> None:
    """No way to ARM leaves the causes as they were, within the climb's own limit."""

    def change(world: World) -> None:
        no_admin(world)
        world.network.route_all(ARM, route)

    seen, _ = in_world(change, "basic", timeout=12.0)
    look = seen.evidence.registry
    assert look is not None
    assert look.value is None
    assert look.why.startswith(f"{ARM}: ")
    assert ids(one(seen)) == ["admin-password-not-current", "admin-user-disabled"]
    assert seen.elapsed <= seen.limit


@pytest.mark.parametrize(
    "body",
    [b"", b"[]", b"null", b"{", b'{"data": 1}', b'{"data": [1, {"id": 2}]}', b'{"data": [{"id": "/x"}]}', b"\xff" * 9],
)
def test_any_bytes_of_the_management_plane_are_no_traceback(body: bytes) -> None:
    """Whatever ARM and Graph answer, the climb ends in its diagnosis."""

    def change(world: World) -> None:
        no_admin(world)
        for host in MANAGEMENT:
            world.network.devices[host] = Device(Page(200, {"Content-Type": "application/json"}, body))

    seen, _ = in_world(change, "basic")
    assert ids(one(seen)) == ["admin-password-not-current", "admin-user-disabled"]
    assert seen.evidence.registry is not None
    assert seen.evidence.registry.why


def test_evidence_survives_json_and_holds_no_secret() -> None:
    """What was looked up can be shown: it converts to JSON and back, without a secret or a token."""
    seen, emulator = in_world(
        lambda world: setattr(world.cloud.registries["myacr"], "abac", True), "service-principal", "team/app"
    )
    assert seen.evidence.roles is not None
    text = seen.to_json()
    assert Transcript.from_json(text) == seen
    assert emulator.environ["AZURE_CLIENT_SECRET"] not in text
    assert "eyJ" not in text


# A secret asked of Entra itself.


def wrong_secret(world: World) -> None:
    """Use the service principal with another value than its secret's."""
    basic(world, CLIENT, "the-id-instead-of-the-value")


def expired_secret(world: World) -> None:
    """Use the service principal with a secret that has ended; another one is good."""
    ended = Password("a-secret-of-last-year", 0.0, world.cloud.now() - DAY)
    world.cloud.applications[CLIENT].secrets.append(ended)
    basic(world, CLIENT, ended.value)


def certificate_only(world: World) -> None:
    """Use an application that has a certificate and no secret."""
    other = "1d2c3b4a-9999-4888-8777-666655554444"
    pem = next(iter(_certificates())).public_bytes(Encoding.PEM).decode()
    application = Application(other, [], {TENANT: other})
    application.certificates.append(ClientCertificate(pem))
    world.cloud.applications[other] = application
    basic(world, other, "/etc/ssl/ci.pem")


def _certificates() -> list[Any]:
    issued = trustme.CA().issue_cert("ci.example")
    return [x509.load_pem_x509_certificate(issued.cert_chain_pems[0].bytes())]


def unknown_application(world: World) -> None:
    """Use an application's id that no tenant knows."""
    basic(world, "00112233-4455-6677-8899-aabbccddeeff", "a-secret")


@pytest.mark.parametrize(
    ("change", "mode"),
    [
        (wrong_secret, "entra-sp-secret-wrong"),
        (expired_secret, "entra-sp-secret-expired"),
        (certificate_only, "sp-certificate-with-docker-login"),
        (unknown_application, "entra-app-not-found"),
    ],
)
def test_what_the_registry_hides_of_a_secret_entra_tells(change: Callable[[World], None], mode: str) -> None:
    """A Basic service principal's secret is asked of Entra once, and goes to the registry and Entra only."""
    seen, emulator = in_world(change, "basic")
    assert ids(one(seen)) == [mode]
    direct = seen.evidence.entra_direct
    assert direct is not None
    assert direct.who == CLOUDS[0].authority
    assert direct.value is not None
    assert direct.value.tenant_id == TENANT
    assert len(asked(emulator, AUTHORITY)) <= 3  # the login's two tokens, and the secret once


def test_without_a_login_entra_is_asked_in_the_tenant_that_is_named() -> None:
    """The number needs no login: a tenant in the environment is enough."""

    def change(world: World) -> None:
        expired_secret(world)
        world.machine.az = None
        for name in ("AZURE_CLIENT_ID", "AZURE_CLIENT_SECRET"):
            del world.machine.environ[name]

    seen, _ = in_world(change, "basic")
    assert seen.evidence.application == Look(why=NO_LOGIN)
    assert ids(one(seen)) == ["entra-sp-secret-expired"]


# Causes that only records tell apart, in their worlds.


def puller(world: World) -> None:
    """Use the first registry's scope-map token."""
    basic(world, "puller", world.machine.environ["ACR_PULLER_PASSWORD"])


def new_password(world: World) -> None:
    """Generate the token's passwords anew, this minute, and use an old one."""
    puller(world)
    now = world.cloud.now()
    token = world.cloud.registries["myacr"].tokens["puller"]
    token.passwords[:] = [Password("generated-just-now", now - MINUTE / 2, now + DAY)]


def one_of_two_ended(world: World) -> None:
    """Let one of the token's two passwords end, and use neither."""
    basic(world, "puller", "neither-of-the-two")
    world.cloud.registries["myacr"].tokens["puller"].passwords[0].ends = world.cloud.now() - DAY


def other_repository(world: World) -> None:
    """Let the token's scope map name another repository only."""
    puller(world)
    world.cloud.registries["myacr"].scope_maps["app-pull"].actions[:] = ["repositories/team/multi/content/read"]


def no_scope_map(world: World) -> None:
    """Delete the token's scope map."""
    puller(world)
    del world.cloud.registries["myacr"].scope_maps["app-pull"]


def data_endpoint(world: World) -> None:
    """Stop what goes to data endpoints that have been enabled for as long as the registry is."""
    registry = world.cloud.registries["myacr"]
    registry.data_endpoint_enabled = True
    world.network.route_all(registry.data_endpoint, Route.FILTERED)


def new_data_endpoint(world: World) -> None:
    """Enable dedicated data endpoints an hour ago, where the network lets their traffic through nowhere."""
    data_endpoint(world)
    world.cloud.registries["myacr"].modified = world.cloud.now() - 3600.0


def layers_on_their_way(world: World) -> None:
    """Push an image in the registry's own region, and ask in that of a replica."""
    registry = world.cloud.registries["myacr"]
    registry.replicas, registry.nearest = ["westeurope"], "westeurope"
    registry.on_their_way = set(registry.repositories["team/app"].blobs)


def endpoint_of_others(status: str, address: str = "10.1.0.5") -> Callable[[World], None]:
    """Let a name lead to an endpoint in a network whose resources nobody here may read, one of two."""

    def change(world: World) -> None:
        registry = world.cloud.registries["myacr"]
        registry.private_endpoints = [PrivateEndpoint("here", address, status), PrivateEndpoint("there", "10.2.0.5")]
        world.network.names[registry.login_server] = Name((address,), ("myacr.privatelink.azurecr.io",))
        world.network.routes[address] = Route.FILTERED
        world.cloud.assignments[:] = [each for each in world.cloud.assignments if not each.scope.endswith(NETWORKS)]

    return change


@pytest.mark.thorough
@pytest.mark.parametrize(
    ("change", "auth", "references", "expected"),
    [
        (
            new_password,
            "scope-map-token",
            (),
            ["scope-map-token-password-wrong", "scope-map-token-password-propagating"],
        ),
        (
            one_of_two_ended,
            "scope-map-token",
            (),
            ["scope-map-token-password-expired", "scope-map-token-password-wrong"],
        ),
        (other_repository, "scope-map-token", ("team/app",), ["scope-map-lacks-repository"]),
        (no_scope_map, "scope-map-token", ("team/app",), ["scope-map-missing"]),
        (data_endpoint, "service-principal", ("team/app",), ["data-endpoint-blocked"]),
        (
            new_data_endpoint,
            "service-principal",
            ("team/app",),
            ["data-endpoint-blocked", "data-endpoint-switched"],
        ),
        (layers_on_their_way, "service-principal", ("team/app",), ["blob-not-replicated", "blob-missing"]),
        (
            endpoint_of_others("Pending"),
            "service-principal",
            (),
            ["private-endpoint-unreachable", "private-endpoint-pending", "private-dns-stale-record"],
        ),
        (
            endpoint_of_others("Approved"),
            "service-principal",
            (),
            ["private-endpoint-unreachable", "private-dns-stale-record"],
        ),
    ],
)
def test_a_world_is_diagnosed_as_what_was_changed_in_it(
    change: Callable[[World], None], auth: str, references: tuple[str, ...], expected: list[str]
) -> None:
    """The records tell one cause, or say that two are left because ARM cannot tell which password is held."""
    seen, _ = in_world(change, auth, *references)
    assert ids(one(seen)) == expected


@pytest.mark.thorough
def test_all_endpoints_take_one_request() -> None:
    """However many endpoints a registry has, their addresses are one query, asked once the record names them."""

    def many(world: World) -> None:
        endpoint_of_others("Approved")(world)
        registry = world.cloud.registries["myacr"]
        registry.private_endpoints += [PrivateEndpoint(f"more-{n}", f"10.3.0.{n}") for n in range(10)]

    _, emulator = in_world(many)
    graph = [each for each in emulator.requests if each.path.endswith("Microsoft.ResourceGraph/resources")]
    assert len(graph) == 2
    assert len([each for each in emulator.requests if each.host in {ARM, GRAPH, AUTHORITY}]) <= 12


@pytest.mark.parametrize(
    "row",
    [
        {},
        {"properties": []},
        {"properties": {"privateEndpoint": "x", "ipConfigurations": [1, {"properties": {"privateIPAddress": 7}}]}},
    ],
)
def test_a_graph_of_any_shape_tells_no_address(row: dict[str, Any]) -> None:
    """A row of another shape is an endpoint without addresses, and ids that are none are not asked for."""

    class Asked:
        queries: ClassVar[list[str]] = []

        def find_resources(self, query: str) -> Listed:
            self.queries.append(query)
            return Listed([row], whole=True)

    odd = PrivateEndpointFacts("odd", "Approved", "/subscriptions/x') | project secrets //")
    good = PrivateEndpointFacts("good", "Approved", "/subscriptions/s/resourceGroups/g/providers/Y/privateEndpoints/pe")
    plane: Any = Asked()
    assert arm.read_endpoint_addresses(plane, RegistryFacts(found=True, private_endpoints=(odd,))) == ()
    (found,) = arm.read_endpoint_addresses(plane, RegistryFacts(found=True, private_endpoints=(odd, good)))
    assert found.addresses == ()
    (query,) = Asked.queries
    assert "in ('/subscriptions/s/resourcegroups/g/providers/y/privateendpoints/pe')" in query


@pytest.mark.parametrize(("host", "advised"), [("myacr.azurecr.io", True), (AUTHORITY, False)])
def test_advice_about_network_rules_is_for_who_keeps_them(host: str, *, advised: bool) -> None:
    """A proxy that opens no way to Entra has nothing to do with the registry's addresses."""

    def change(world: World) -> None:
        through_proxy(forbids={host: 403})(world)

    seen, _ = in_world(change, choice=EvidenceChoice(method="off"))
    blocked = [found for found in diagnose(seen) if ids(found) == ["proxy-blocks-registry"]]
    assert blocked
    assert [host in explain(found) for found in blocked] == [True] * len(blocked)
    assert [("network rules" in explain(found, full=True)) for found in blocked] == [advised] * len(blocked)


@pytest.mark.parametrize("scenario", ["exchange-no-role", "firewall-ip-denied", "deny-assignment"])
def test_who_was_asked_is_told_whole_or_not_at_all(scenario: str) -> None:
    """No line of *Why* ends within the bracket that names who was asked."""
    seen, _ = in_world(lambda _: None, scenario=scenario)
    texts = [" ".join(explain(found, full=full).split()) for found in diagnose(seen) for full in (False, True)]
    assert any("(read by" in text for text in texts)
    for text in texts:
        brackets = text.split("(read by")[1:]
        assert all("…" not in each.partition(")")[0] and ")" in each for each in brackets)
