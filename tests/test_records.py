"""What is kept of any world, hostile ones included, may be printed and written by anybody."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import quote

import httpx
import jwt
import pytest
import respx
from factories import reply
from gallery import Gallery
from kept import check_kept, every_value
from standing_in import ANONYMOUS, BASE, BASIC, DIGEST, REALM, SERVICE_PRINCIPAL, NoNetwork, target

from pytest_acrauth.diagnosis.climb import diagnose
from pytest_acrauth.emulator import LOOK_ALIKES, SCENARIOS, Scenario
from pytest_acrauth.model.evidence import OFF, EvidenceChoice, Look, RegistryFacts
from pytest_acrauth.model.expiry import ExpiryRecord
from pytest_acrauth.model.secret import Secret, Secrets
from pytest_acrauth.model.target import CLOUDS, NULL_GUID, Registry, Target
from pytest_acrauth.model.transcript import Transcript
from pytest_acrauth.probes.http.client import Response
from pytest_acrauth.probes.management import arm, graph
from pytest_acrauth.probes.management.plane import CouldNotLook, Plane
from pytest_acrauth.report.expiry import lines, properties
from pytest_acrauth.report.text import explain
from pytest_acrauth.running.run import Run

KNOWN = SCENARIOS | LOOK_ALIKES


@pytest.mark.parametrize("scenario", KNOWN.values(), ids=KNOWN)
def test_no_world_leaves_what_must_not_be_kept(gallery: Gallery, scenario: Scenario) -> None:
    """Every field of every record, evidence included, its JSON and all that is said of it are free of secrets.

    The JSON of what is told of an end reads back as it was.
    """
    exhibit = gallery.of(scenario)
    assert len(exhibit.secrets) >= 3
    told = [*map(explain, exhibit.diagnoses)]
    if exhibit.transcript is not None:
        assert check_kept(exhibit.transcript, exhibit.secrets, *told) > 50
    if exhibit.record is not None:
        assert check_kept(exhibit.record, exhibit.secrets, *told) > 5
    assert bool(exhibit.outlooks) is bool(scenario.ahead)
    for outlook in exhibit.outlooks:
        ends = [*lines(outlook, every=True), *properties(outlook).values()]
        assert check_kept(outlook.record, exhibit.secrets, *ends, *told) > 20
        assert ExpiryRecord.from_json(outlook.record.to_json()) == outlook.record


TOKEN = jwt.encode({"sub": "somebody"}, "a-key-of-enough-letters-for-this-test")
ISSUED = ["planted-entra-token", "planted-refresh-token", "planted-access"]
OWN = {SERVICE_PRINCIPAL: "planted-client-secret", BASIC: "planted-password", ANONYMOUS: ""}
SIGNATURE = "planted+signature/of=a=layer"
#: What a peer says wherever it may say something; in a header, in JSON, and longer than anything is kept.
IN_HEADER = "planted-client-secret planted-password \x1b[31m \x9f ##vso[task.complete] ::error::x"
HOSTILE = f"{IN_HEADER} \ud800 \r\n::set-output name=x\u202e {'planted-password' * 3} {quote('planted-password')}"
LONG = "\x00" * 3990 + "planted-client-secret planted-password"
WORDS = (HOSTILE, "::error file=x" + "y" * 9000 + "::", LONG)
ERRORS = [{"errors": [{"code": word, "message": word, "detail": [word] if word is LONG else word}]} for word in WORDS]
ENTRA = [
    {"error": word, "error_description": word, "trace_id": word, "correlation_id": word, "error_codes": [word, 7000215]}
    for word in WORDS
]
CORRELATION = ("X-Ms-Correlation-Request-Id", "X-Ms-Request-Id", "Docker-Distribution-Api-Version")
HEADERS = {
    name: IN_HEADER.encode("latin-1")
    for name in ("Content-Type", "Server", "Retry-After", "Date", "Www-Authenticate", *CORRELATION)
}


def without_secrets(word: str) -> str:
    """Return a hostile word without anybody's secret."""
    return word.replace("planted-client-secret", "words").replace("planted-password", "words")


def hostile_token(name: str, words: Sequence[str] = tuple(map(without_secrets, WORDS))) -> str:
    """Return a token all of whose claims are hostile, and which carries itself behind the last dot."""
    access = [{"type": "repository", "name": "team/app", "actions": ["pull", *words]}]
    text = dict.fromkeys(("aud", "oid", "appid", "azp", "tid", "iss", "grant_type", "sub"), words[0])
    found = {**text, "exp": 10**400, "permissions": {"actions": [*words, 5]}, "access": access}
    payload = jwt.utils.base64url_encode(json.dumps(found).encode()).decode()
    return f"eyJhbGciOiJub25lIn0.{payload}.{name}"


@pytest.fixture
def cloud() -> Iterator[respx.MockRouter]:
    """Stand in for a registry, Entra and storage whose tokens are hostile; a test replaces the route it is about."""
    with respx.mock(assert_all_called=False) as router:
        router.get(f"{BASE}/v2/", name="challenge").respond(401, headers={"Www-Authenticate": f"Bearer {REALM}"})
        entra = "https://login.microsoftonline.com/contoso.example/oauth2/v2.0/token"
        router.post(entra, name="entra").respond(200, json={"access_token": hostile_token("planted-entra-token")})
        refresh = {"refresh_token": hostile_token("planted-refresh-token")}
        router.post(f"{BASE}/oauth2/exchange", name="exchange").respond(200, json=refresh)
        access = {"access_token": hostile_token("planted-access")}
        router.post(f"{BASE}/oauth2/token", name="post_token").respond(200, json=access)
        router.get(f"{BASE}/oauth2/token", name="get_token").respond(200, json=access)
        manifest = {"layers": [{"digest": DIGEST}]}
        router.get(f"{BASE}/v2/team/app/manifests/latest", name="manifest").respond(200, json=manifest)
        address = f"https://store.blob.core.windows.net/layer?se=2&sig={quote(SIGNATURE, safe='')}&sv=1"
        router.get(f"{BASE}/v2/team/app/blobs/{DIGEST}", name="blob").respond(307, headers={"Location": address})
        router.get("https://store.blob.core.windows.net/layer", name="data").respond(206, content=b"layer")
        yield router


def alone() -> Run:
    """Return a run without a network and without evidence."""
    return Run(NoNetwork(), evidence=EvidenceChoice(method=OFF))


def climb(what: Target, run: Run | None = None) -> Transcript:
    """Climb where nothing but what stands in can answer, and check all that is kept and told."""
    (seen,) = (run or alone()).check([what])
    check_kept(seen, [OWN[what.identity], *ISSUED, SIGNATURE], *map(explain, diagnose(seen)))
    return seen


def issued(seen: Transcript) -> list[bool]:
    """Return of every request for an access token whether one was issued."""
    found = (seen.access_token, *(access.access_token for access in seen.accesses))
    return [each.issued for each in found if each is not None]


TARGETS = [target(SERVICE_PRINCIPAL, "team/app"), target(SERVICE_PRINCIPAL), target(BASIC, "team/app"), target(BASIC)]


@pytest.mark.parametrize("what", TARGETS)
def test_hostile_claims(cloud: respx.MockRouter, what: Target) -> None:
    """Whatever the tokens say of themselves, they are carried on to the last stage, and nothing of it is kept."""
    assert issued(climb(what)) == [True]
    assert cloud["manifest"].called == bool(what.references)


@pytest.mark.parametrize("what", TARGETS)
@pytest.mark.parametrize("route", ["entra", "exchange", "post_token", "get_token"])
def test_claims_that_hold_what_was_sent(cloud: respx.MockRouter, route: str, what: Target) -> None:
    """A token whose claims hold the secret of whom it is for is carried no further, and nothing of it is kept."""
    token = hostile_token("planted-access", WORDS)
    cloud[route].respond(200, json={"access_token": token, "refresh_token": token})
    assert any(issued(climb(what))) != cloud[route].called
    assert cloud["manifest"].called == (bool(what.references) and not cloud[route].called)


def test_a_claim_that_holds_what_was_sent_is_masked(cloud: respx.MockRouter) -> None:
    """What base64 hides at two of three places is carried on, as a token is, and masked where its claims are kept."""
    carried = []
    for place in range(3):
        found = json.dumps({"aud": f"{'x' * place}planted-client-secret", "exp": 10**10})
        token = f"eyJhbGciOiJub25lIn0.{jwt.utils.base64url_encode(found.encode()).decode()}.planted-access"
        cloud["entra"].respond(200, json={"access_token": token})
        seen = climb(target(SERVICE_PRINCIPAL, "team/app"))
        if issued(seen):
            carried.append("***" in seen.to_json())
    assert carried == [True, True]


@pytest.mark.broad(of=10)
@pytest.mark.parametrize("what", [*TARGETS[:3], target(ANONYMOUS, "team/app")])
@pytest.mark.parametrize(
    "route", ["challenge", "entra", "exchange", "post_token", "get_token", "manifest", "blob", "data"]
)
@pytest.mark.parametrize("status", [200, 401, 503])
def test_hostile_answers(cloud: respx.MockRouter, route: str, status: int, what: Target) -> None:
    """In every textual place of every answer, and at every status, the same words leave nothing behind."""
    bodies: list[Any] = [*ERRORS, *ENTRA, HOSTILE, {"access_token": 0.5, "refresh_token": {"a": "b"}}]
    contents = [*(json.dumps(body).encode() for body in bodies), HOSTILE.encode("utf-8", "replace"), LONG.encode()]
    run = alone()
    for content in contents:
        cloud[route].respond(status, content=content, headers=HEADERS)
        climb(what, run)


@pytest.mark.parametrize("what", TARGETS)
@pytest.mark.parametrize("route", ["entra", "exchange", "post_token", "get_token"])
def test_an_answer_that_repeats_its_token(cloud: respx.MockRouter, route: str, what: Target) -> None:
    """A token that stands elsewhere in the answer that hands it out is masked there already."""
    for token in ("planted-access planted-refresh-token", "planted-entra-token"):
        echo = {"access_token": token, "refresh_token": token, "error": token, "correlation_id": token}
        cloud[route].respond(200, json=echo, headers={"Server": token, "X-Ms-Request-Id": token})
        climb(what)


def repeat(request: httpx.Request) -> httpx.Response:
    """Answer with what was sent: its credentials, as they are and behind a word; its form; its address and query."""
    authorization = request.headers.get("authorization", "")
    said = f"{authorization} {authorization[6:]} {request.content.decode()} {request.url}"
    said += f" {request.url.params.get('sig', '')}"
    return httpx.Response(401, json={"errors": [{"code": "X", "message": said, "detail": [said]}]})


@pytest.mark.parametrize("what", TARGETS)
@pytest.mark.parametrize("route", ["entra", "exchange", "post_token", "get_token", "manifest", "blob", "data"])
def test_what_was_sent_comes_back(cloud: respx.MockRouter, route: str, what: Target) -> None:
    """Whoever repeats what it was sent, Basic credentials of any kind and the signature of a redirect, tells nobody."""
    cloud[route].mock(side_effect=repeat)
    climb(what)


@pytest.mark.parametrize(
    "location",
    [
        "https://planted-password.blob.core.windows.net/layer",
        "https://planted-password.example/layer",
        "planted-password://store.blob.core.windows.net/layer",
        f"https://store.blob.core.windows.net/{quote('planted-password##vso[')}?sig=x",
        "https://store.blob.core.windows.net:443/\x1b[31m::error::",
        "https://##vso[task.complete]/",
    ],
)
def test_a_hostile_redirect(cloud: respx.MockRouter, location: str) -> None:
    """An address that holds a secret is shown to nobody, a name server included."""
    cloud.get(url__regex=r"https://store\.blob.*").respond(403)
    cloud["blob"].respond(307, headers={"Location": location})
    climb(target(BASIC, "team/app"))


@pytest.mark.parametrize("digest", ["x:" + "a" * 64, "planted-password:" + "a" * 64, "sha256:" + "A" * 129])
def test_a_hostile_digest(cloud: respx.MockRouter, digest: str) -> None:
    """What a manifest calls its layer is asked for and kept only if it is a digest and no secret."""
    cloud.get(url__regex=rf"{BASE}/v2/team/app/(blobs|manifests)/.*:.*").respond(404)
    for manifest in ({"layers": [{"digest": digest}]}, {"manifests": [{"digest": digest}]}):
        cloud["manifest"].respond(200, json=manifest)
        climb(target(BASIC, "team/app"))


@pytest.mark.parametrize("secret", ["planted-client-secret", "planted-password"])
def test_a_secret_is_no_token(cloud: respx.MockRouter, secret: str) -> None:
    """Entra that answers with a client secret has issued nothing, and it is carried to no registry."""
    cloud["entra"].respond(200, json={"access_token": secret})
    run = Run(NoNetwork())
    run.secrets.add(secret)
    (seen,) = run.check([target()])
    assert seen.entra is not None
    assert not seen.entra.issued
    assert not cloud["exchange"].called


HOST = CLOUDS[0].arm.removeprefix("https://")
ID = "/subscriptions/s1/resourceGroups/rg/providers/Microsoft.ContainerRegistry/registries/myacr"


def everywhere(word: str) -> dict[str, Any]:
    """Return a document that says the same wherever Azure's answers about registries say something."""
    texts = ("id", "name", "value", "status", "type", "roleName", "startDateTime", "endDateTime", "creationTime")
    lists = ("actions", "notActions", "dataActions", "notDataActions", "audiences")
    inner: dict[str, Any] = dict.fromkeys(
        (*texts, "expiry", "displayName", "tenantId", "subscriptionId", "issuer", "subject"), word
    )
    inner |= {name: [word, word] for name in lists}
    properties = {
        **inner,
        **dict.fromkeys(("loginServer", "provisioningState", "publicNetworkAccess", "roleAssignmentMode"), word),
        **dict.fromkeys(
            ("roleDefinitionId", "scope", "condition", "createdOn", "denyAssignmentName", "scopeMapId"), word
        ),
        "networkRuleSet": {"defaultAction": word, "ipRules": [{"value": word, "action": word}]},
        "policies": {
            "quarantinePolicy": {"status": word},
            "azureADAuthenticationAsArmPolicy": {"status": word},
        },
        "dataEndpointHostNames": [word],
        "credentials": {"passwords": [inner]},
        "permissions": [inner],
        "principals": [{"id": NULL_GUID}],
        "privateEndpointConnections": [
            {**inner, "properties": {"privateLinkServiceConnectionState": {"status": word, "description": word}}}
        ],
    }
    entry = {**inner, "properties": properties}
    return {
        **entry,
        "id": ID,
        "location": word,
        "sku": {"name": word},
        "systemData": {"lastModifiedAt": word},
        "data": [{"id": ID}],
        "value": [entry],
        "passwordCredentials": [inner],
        "keyCredentials": [inner],
    }


@pytest.mark.broad(of=8)
@pytest.mark.parametrize("word", [*WORDS, "9999-12-31T23:59:59-12:00", "0001-01-01T00:00:00+14:00"])
@pytest.mark.parametrize("status", [200, 403, 500])
def test_hostile_management_planes(word: str, status: int) -> None:
    """Whatever Resource Manager and Graph say, in records and in refusals, nothing of it is kept."""
    register = Secrets()
    for secret in OWN.values():
        register.add(secret)
    document = everywhere(word) if status == 200 else {"error": {"code": word, "message": f"perform action '{word}'"}}

    def send(method: str, url: str, **_: Any) -> Response:
        body = json.dumps(document).encode()
        answer = reply(status, method=method, url=url)
        return Response(answer, body, headers={"content-type": "application/json"})

    http = type("Stub", (), {"send": staticmethod(send)})()
    plane = Plane(http, CLOUDS[0], register, lambda _: Secret("token"))
    wanted, record = Registry.parse("myacr"), RegistryFacts(found=True, resource_id=ID)
    for look in (
        lambda: arm.read_registry(plane, wanted, EvidenceChoice()),
        lambda: arm.read_registry(plane, wanted, EvidenceChoice(subscription="s1")),
        lambda: arm.read_scope_map_token(plane, record, "puller"),
        lambda: arm.read_scope_map(plane, record, "map"),
        lambda: arm.read_roles(plane, record, "principal", lambda role: arm.read_role_definition(plane, ID, role)),
        lambda: arm.read_tenant(plane, "s1"),
        lambda: graph.read_application(plane, "client"),
        lambda: graph.read_federated(plane, "client"),
    ):
        try:
            kept: Any = look()
        except CouldNotLook as refused:
            kept = Look(why=str(refused))
        assert list(every_value(kept))
        check_kept(kept, OWN.values())
