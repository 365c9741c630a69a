"""The probes on the protocol, with respx standing in for every peer."""

from __future__ import annotations

from base64 import b64decode
from dataclasses import replace

import httpx
import pytest
import respx
from kept import check_kept
from standing_in import (
    ANONYMOUS,
    BASE,
    BASIC,
    CREDENTIALS,
    DIGEST,
    LOGIN_SERVER,
    SERVICE_PRINCIPAL,
    NoNetwork,
    access_token,
    climb,
    target,
)

from pytest_acrauth.auth import BadAuth
from pytest_acrauth.model.observation import Challenge, NotObserved, Trouble
from pytest_acrauth.model.stage import Rung, Stage
from pytest_acrauth.model.target import Registry
from pytest_acrauth.model.transcript import Transcript
from pytest_acrauth.probes.registry import parse_challenge
from pytest_acrauth.running.run import Run


def test_a_healthy_climb_sends_seven_requests_and_passes(cloud: respx.MockRouter) -> None:
    """Every stage passes, each peer is asked once, and what stands above the connection is not taken for observed."""
    seen = climb(target(SERVICE_PRINCIPAL, "team/app"))
    assert list(seen.broken()) == []
    assert all(seen.at(rung) is not None for rung in seen.target.rungs)
    assert isinstance(seen.tcp, NotObserved)
    assert len(cloud.calls) == 7


def test_a_transcript_survives_json_and_holds_no_secret(cloud: respx.MockRouter) -> None:
    """Whatever was sent or received as a secret is in no transcript, and JSON gives back the same transcript."""
    seen = climb(target(SERVICE_PRINCIPAL, "team/app"))
    text = seen.to_json()
    assert Transcript.from_json(text) == seen
    for secret in ("planted-client-secret", "planted-entra-token", "planted-refresh", "planted-signature", "eyJ"):
        assert secret not in text


@pytest.mark.parametrize(
    ("header", "scheme", "parameters"),
    [
        ('Bearer realm="https://a/t",service="a",scope="repository:x:pull,push"', "bearer",
         {"realm": "https://a/t", "service": "a", "scope": "repository:x:pull,push"}),
        ('Basic realm="a", Bearer realm="https://b/t",service="b"', "bearer", {"realm": "https://b/t", "service": "b"}),
        ('bearer   REALM="https://a/t"', "bearer", {"realm": "https://a/t"}),
        ('Basic realm="say, bearer of news"', "basic", {"realm": "say, bearer of news"}),
        ("Negotiate", "negotiate", {}),
        ("", "", {}),
    ],
)  # fmt: skip
def test_challenges_are_read_with_their_quotes(header: str, scheme: str, parameters: dict[str, str]) -> None:
    """A comma inside quotes ends no parameter, and a Bearer challenge is found beside another one."""
    assert parse_challenge(header) == (scheme, parameters)


@pytest.mark.parametrize(
    "realm",
    [
        "https://evil.example/oauth2/token",
        f"http://{LOGIN_SERVER}/oauth2/token",
        f"https://{LOGIN_SERVER}:8443/oauth2/token",
        f"https://{LOGIN_SERVER}@evil.example/oauth2/token",
        f"https://{LOGIN_SERVER}.evil.example/oauth2/token",
        "//evil.example/token",
        "https://[broken/token",
    ],
)
def test_nothing_is_sent_to_a_realm_elsewhere(cloud: respx.MockRouter, realm: str) -> None:
    """The realm must be the very login server over https: otherwise no credential leaves, to nobody."""
    header = f'Bearer realm="{realm}",service="{LOGIN_SERVER}"'
    cloud["challenge"].respond(401, headers={"Www-Authenticate": header})
    for identity in (SERVICE_PRINCIPAL, BASIC):
        seen = climb(target(identity, "team/app"))
        assert Rung(Stage.CHALLENGE) in set(seen.broken())
        assert seen.accesses == ()
    hosts = {call.request.url.host for call in cloud.calls}
    assert hosts == {LOGIN_SERVER, "login.microsoftonline.com"}
    assert not cloud["exchange"].called
    assert not cloud["get_token"].called


@pytest.mark.parametrize(
    ("host", "realm", "place"),
    [
        ("myacr.eastus.geo.azurecr.io", "myacr.eastus.geo.azurecr.io", "own"),
        ("myacr.eastus.geo.azurecr.io", "myacr.azurecr.io", "own"),
        ("myacr.eastus.geo.azurecr.io", "otheracr.azurecr.io", "foreign"),
        ("myacr.eastus.geo.azurecr.io", "myacr.westus.geo.azurecr.io", "foreign"),
        ("myacr.azurecr.io", "myacr.eastus.geo.azurecr.io", "foreign"),
        ("myacr.eastus.geo.evil.example", "myacr.evil.example", "foreign"),
    ],
)
def test_a_regional_endpoint_may_name_its_registrys_global_one(host: str, realm: str, place: str) -> None:
    """The realm of either is the registry's own; that of another region or registry is not."""
    assert Challenge(host=host, realm=f"https://{realm}/oauth2/token").realm_is_own is (place == "own")


@pytest.mark.parametrize(
    "location",
    [
        "https://evil.example/layer",
        "http://store.blob.core.windows.net/layer",
        "https://store.blob.core.windows.net:8443/layer",
        "https://user@store.blob.core.windows.net/layer",
        "https://blob.core.windows.net.evil.example/layer",
        "https://[broken/layer",
    ],
)
def test_a_redirect_elsewhere_is_not_followed(cloud: respx.MockRouter, location: str) -> None:
    """Only https to the login server or Azure's data hosts is followed; the record says why it was not."""
    cloud["blob"].respond(307, headers={"Location": location})
    before = len(cloud.calls)
    data = climb(target(SERVICE_PRINCIPAL, "team/app")).accesses[0].data
    assert data is not None
    assert data.trouble is Trouble.WITHHELD
    assert data.refused
    assert len(cloud.calls) - before == 6


@pytest.mark.parametrize("host", ["store.blob.core.windows.net", "myacr.eastus.data.azurecr.io", LOGIN_SERVER])
def test_the_redirect_is_followed_without_authorization(cloud: respx.MockRouter, host: str) -> None:
    """Where a redirect may be followed, the access token stays behind."""
    cloud["blob"].respond(307, headers={"Location": f"https://{host}/somewhere/else"})
    route = cloud.get(f"https://{host}/somewhere/else").respond(206, content=b"layer")
    assert list(climb(target(SERVICE_PRINCIPAL, "team/app")).broken()) == []
    assert "authorization" not in route.calls.last.request.headers


def test_a_blob_served_by_the_login_server_passes(cloud: respx.MockRouter) -> None:
    """A registry that serves layers itself needs no data endpoint."""
    cloud["blob"].respond(200, content=b"layer")
    data = climb(target(SERVICE_PRINCIPAL, "team/app")).accesses[0].data
    assert data is not None
    assert (data.received, data.redirect) == (5, "")


def test_must_and_must_not_are_asked_in_one_request(cloud: respx.MockRouter) -> None:
    """One request asks for all actions, and the token's own list is what is judged."""
    cloud["post_token"].respond(200, json=access_token("pull", "push"))
    seen = climb(target(SERVICE_PRINCIPAL, "team/app", must=("pull",), must_not=("push", "delete")))
    token = seen.accesses[0].access_token
    assert token is not None
    assert token.excess == ("push",)
    assert not token.ok
    assert cloud["post_token"].call_count == 1


_REFUSAL = {"errors": [{"code": "UNAUTHORIZED", "message": "authentication required"}]}


def test_a_refused_request_is_repeated_for_each_alone(cloud: respx.MockRouter) -> None:
    """A registry that refuses the unwanted actions outright is asked for the needed ones, and again for the others."""
    refusal = httpx.Response(401, json=_REFUSAL)
    cloud["post_token"].side_effect = [refusal, httpx.Response(200, json=access_token("pull")), refusal]
    seen = climb(target(SERVICE_PRINCIPAL, "team/app", must=("pull",), must_not=("push",)))
    token = seen.accesses[0].access_token
    assert token is not None
    assert token.must_alone
    assert token.ok
    assert list(seen.broken()) == []
    assert cloud["post_token"].call_count == 3


@pytest.mark.parametrize("first", [401, 403])
def test_what_was_refused_for_a_moment_is_held_all_the_same(cloud: respx.MockRouter, first: int) -> None:
    """A refusal that does not come again hides no right that is too many."""
    granted = [httpx.Response(200, json=access_token(*held)) for held in (("pull",), ("push",))]
    cloud["post_token"].side_effect = [httpx.Response(first, json=_REFUSAL), *granted]
    seen = climb(target(SERVICE_PRINCIPAL, "team/app", must=("pull",), must_not=("push",)))
    token = seen.accesses[0].access_token
    assert token is not None
    assert (token.granted, token.excess) == (("pull", "push"), ("push",))
    assert list(seen.broken()) == [Rung(Stage.ACCESS_TOKEN, "team/app")]


@pytest.mark.parametrize(
    "last",
    [
        httpx.Response(403, html="<html>Blocked</html>"),
        httpx.Response(401),
        httpx.Response(429, json=_REFUSAL),
        httpx.Response(200, html="<html>Welcome</html>"),
        httpx.ConnectError("gone"),
    ],
    ids=["page", "nothing", "throttled", "portal", "gone"],
)
def test_nobody_but_the_registry_says_that_a_right_is_not_held(
    cloud: respx.MockRouter, last: httpx.Response | Exception
) -> None:
    """What else is answered for the unwanted actions is what broke."""
    refusal = httpx.Response(401, json=_REFUSAL)
    cloud["post_token"].side_effect = [refusal, httpx.Response(200, json=access_token("pull")), last]
    seen = climb(target(SERVICE_PRINCIPAL, "team/app", must=("pull",), must_not=("push",)))
    token = seen.accesses[0].access_token
    assert token is not None
    assert not token.issued
    assert list(seen.broken()) == [Rung(Stage.ACCESS_TOKEN, "team/app")]


@pytest.mark.parametrize(("must", "passes"), [(("pull",), True), (("pull", "push"), False)])
def test_an_unreadable_access_token_proves_only_the_pull(
    cloud: respx.MockRouter, must: tuple[str, ...], *, passes: bool
) -> None:
    """The operation proves a pull; a right that only the token could show is not taken for granted."""
    cloud["post_token"].respond(200, json={"access_token": "opaque"})
    seen = climb(target(SERVICE_PRINCIPAL, "team/app", must=must))
    assert (list(seen.broken()) == []) is passes


def test_an_unreadable_token_cannot_show_the_absence_of_a_right(cloud: respx.MockRouter) -> None:
    """Least privilege that could not be looked at is not fine."""
    cloud["post_token"].respond(200, json={"access_token": "opaque"})
    seen = climb(target(SERVICE_PRINCIPAL, "team/app", must=("pull",), must_not=("push",)))
    assert list(seen.broken()) == [Rung(Stage.ACCESS_TOKEN, "team/app")]


def test_basic_credentials_go_to_the_realm_and_nowhere_else(cloud: respx.MockRouter) -> None:
    """A password is sent to the login server's realm only; API requests carry the access token."""
    assert list(climb(target(BASIC, "team/app")).broken()) == []
    carriers = [call.request for call in cloud.calls if "authorization" in call.request.headers]
    basic = [request for request in carriers if request.headers["authorization"].startswith("Basic ")]
    assert [(request.url.host, request.url.path) for request in basic] == [(LOGIN_SERVER, "/oauth2/token")]
    assert not cloud["entra"].called


def test_a_password_that_is_a_part_of_the_registrys_name_changes_no_realm(cloud: respx.MockRouter) -> None:
    """What is masked is masked where it is shown, and the healthy challenge is still the login server's own."""
    machine = NoNetwork({"ACR_USERNAME": "ci-puller", "ACR_PASSWORD": "myacr"})
    (seen,) = Run(machine).check([target(BASIC)])
    assert list(seen.broken()) == []
    assert cloud["get_token"].called


def test_anonymous_sends_no_credential(cloud: respx.MockRouter) -> None:
    """The anonymous token request has no Authorization, and no identity leg is climbed."""
    seen = climb(target(ANONYMOUS, "team/app"))
    assert list(seen.broken()) == []
    assert "authorization" not in cloud["get_token"].calls.last.request.headers


def test_without_a_repository_the_token_is_asked_as_docker_login_does(cloud: respx.MockRouter) -> None:
    """No scope is asked and no right judged: the refresh token goes as Basic credentials of the null GUID."""
    seen = climb(target())
    request = cloud["get_token"].calls.last.request
    assert seen.access_token is not None
    assert seen.access_token.ok
    assert "scope" not in request.url.params
    assert request.url.params["account"] == "00000000-0000-0000-0000-000000000000"


def test_a_broken_identity_leg_leaves_the_network_leg_alone(cloud: respx.MockRouter) -> None:
    """Both legs are climbed to their end; the exchange, which needs both, is not reached."""
    cloud["entra"].respond(401, json={"error": "invalid_client", "error_codes": [7000215], "error_description": "x"})
    seen = climb(target(SERVICE_PRINCIPAL, "team/app"))
    assert list(seen.broken()) == [Rung(Stage.ENTRA)]
    assert seen.entra is not None
    assert seen.entra.codes == (7000215,)
    assert seen.challenge is not None
    assert seen.challenge.ok
    assert seen.exchange is None


def test_an_index_leads_to_one_manifest(cloud: respx.MockRouter) -> None:
    """Of an index the first entry is read where none is for this platform, with one more request."""
    entry = {"digest": DIGEST, "platform": {"os": "plan9", "architecture": "vax"}}
    cloud["manifest"].respond(200, json={"manifests": [entry]})
    second = cloud.get(f"{BASE}/v2/team/app/manifests/{DIGEST}").respond(200, json={"config": {"digest": DIGEST}})
    assert list(climb(target(SERVICE_PRINCIPAL, "team/app")).broken()) == []
    assert second.call_count == 1


@pytest.mark.parametrize(
    "body",
    [b"", b"null", b"[]", b'"x"', b"{", b'{"layers": 3}', b'{"layers": [{"digest": "../../etc"}]}',
     b'{"manifests": [{}]}', b'{"config": []}', b"\xff\xfe", b"[" * 100_000],
)  # fmt: skip
def test_any_manifest_ends_in_a_record(cloud: respx.MockRouter, body: bytes) -> None:
    """A 200 with a body that is no manifest is a broken operation, never an exception or a request for nonsense."""
    cloud["manifest"].respond(200, content=body)
    seen = climb(target(SERVICE_PRINCIPAL, "team/app"))
    assert list(seen.broken()) == [Rung(Stage.OPERATION, "team/app")]


@pytest.mark.parametrize("body", [b"", b"[]", b'{"access_token": 3}', b'{"access_token": ""}', b"<html>", b"\x00"])
def test_a_200_without_a_token_is_no_token(cloud: respx.MockRouter, body: bytes) -> None:
    """Entra's and the registry's 200 count only with a token in them."""
    cloud["entra"].respond(200, content=body)
    assert list(climb(target()).broken()) == [Rung(Stage.ENTRA)]


@pytest.mark.parametrize("levels", [60, 900, 5000, 100_000])
@pytest.mark.parametrize("opening", [b"[", b'{"a":'])
def test_nesting_of_any_depth_is_an_answer(cloud: respx.MockRouter, opening: bytes, levels: int) -> None:
    """However deep an error's detail is, the answer ends in a record."""
    closing = b"]" if opening == b"[" else b"}"
    detail = opening * levels + b"1" + closing * levels
    body = b'{"errors": [{"code": "DENIED", "message": "no", "detail": %b}]}' % detail
    for route in ("entra", "exchange", "post_token", "manifest", "blob"):
        before = cloud[route].return_value
        cloud[route].respond(403, content=body)
        assert list(climb(target(SERVICE_PRINCIPAL, "team/app")).broken())
        cloud[route].return_value = before


ANY_BYTES = "bytes \udcff of an environment"
ODD = f"{ANY_BYTES}\x1b[31m\u202e ##vso[task.complete]"


@pytest.mark.parametrize("name", ["AZURE_TENANT_ID", "AZURE_CLIENT_ID"])
def test_ids_that_entra_never_gives_are_refused(cloud: respx.MockRouter, name: str) -> None:
    """In words that can be printed, and before anybody is asked."""
    with pytest.raises(BadAuth, match=f"^{name} is set to 52 characters that are no ") as refused:
        Run(NoNetwork({**CREDENTIALS, name: ODD})).check([target()])
    assert str(refused.value).isprintable()
    assert not cloud.calls


def test_a_secret_of_any_characters_is_sent(cloud: respx.MockRouter) -> None:
    """A variable that is no UTF-8 ends in Entra's refusal and in a record that can be written."""
    name = "AZURE_CLIENT_SECRET"
    refusal = {"error": "invalid_request"}
    cloud["entra"].respond(400, json=refusal)
    cloud.post(url__regex="https://login.microsoftonline.com/.*").respond(400, json=refusal)
    (seen,) = Run(NoNetwork({**CREDENTIALS, name: ODD})).check([target()])
    assert seen.entra is not None
    assert seen.entra.error == "invalid_request"
    check_kept(seen, ())


@pytest.mark.parametrize("references", [(), ("team/app",)])
def test_a_user_of_any_characters_is_sent(cloud: respx.MockRouter, references: tuple[str, ...]) -> None:
    """A user name that is no UTF-8 goes out as its bytes are, in the header and in the query."""
    (seen,) = Run(NoNetwork({"ACR_USERNAME": ANY_BYTES, "ACR_PASSWORD": "x"})).check([target(BASIC, *references)])
    request = cloud["get_token"].calls.last.request
    assert b"account=bytes+%FF+of" in request.url.query
    assert b64decode(request.headers["authorization"][6:]) == b"bytes \xff of an environment:x"
    check_kept(seen, ())


def test_several_registries_share_one_entra_token(cloud: respx.MockRouter) -> None:
    """One identity is asked for once per run, however many registries it is used at."""
    other = 'Bearer realm="https://otheracr.azurecr.io/oauth2/token",service="otheracr.azurecr.io"'
    cloud.get("https://otheracr.azurecr.io/v2/").respond(401, headers={"Www-Authenticate": other})
    cloud.post("https://otheracr.azurecr.io/oauth2/exchange").respond(200, json={"refresh_token": "other-refresh"})
    cloud.get("https://otheracr.azurecr.io/oauth2/token").respond(200, json=access_token())
    both = [target(), replace(target(), registry=Registry.parse("otheracr"))]
    run = Run(NoNetwork())
    assert [list(seen.broken()) for seen in run.check(both)] == [[], []]
    assert cloud["entra"].call_count == 1
    run.check(both)
    assert cloud["entra"].call_count == 2


@pytest.mark.parametrize("password", ["bytes \udcff of an environment", "half \ud800 a character"])
def test_a_password_of_any_characters_is_sent(cloud: respx.MockRouter, password: str) -> None:
    """A password that is no UTF-8 goes out as its bytes are, and ends in a record like any other."""
    cloud.get(f"{BASE}/oauth2/token").respond(401)
    machine = NoNetwork({"ACR_USERNAME": "ci-puller", "ACR_PASSWORD": password})
    (seen,) = Run(machine).check([target(BASIC)])
    assert seen.access_token is not None
    assert seen.access_token.reply is not None
    assert seen.access_token.reply.status == 401
    assert password not in seen.to_json()
