"""What the log of requests tells, and what it keeps to itself."""

from __future__ import annotations

import httpx
import pytest
from emulator.visiting import PULL, Visitor

from pytest_acrauth.emulator import Emulator, LoggedRequest

HOST = "myacr.azurecr.io"
REGISTRY = f"https://{HOST}"
#: Connected in its own time, a caller waits a moment for the answer.
GIVES_UP = httpx.Timeout(10.0, read=0.2)


def test_query_and_form_are_logged_by_what_they_ask(emulator: Emulator, visitor: Visitor) -> None:
    """What says what is wanted is there with its value, in order; what may be a secret by its name alone."""
    visitor.http.get(
        f"{REGISTRY}/oauth2/token", params=[("service", HOST), ("scope", PULL), ("scope", "x"), ("why", "y")]
    )
    visitor.http.post(
        f"{REGISTRY}/oauth2/exchange",
        data={"grant_type": "access_token", "service": HOST, "tenant": "contoso", "access_token": "eyJhbGci.secret"},
    )
    assert emulator.requests == [
        LoggedRequest(
            HOST,
            "GET",
            "/oauth2/token",
            401,
            query=(("service", HOST), ("scope", PULL), ("scope", "x"), ("why", "…")),
        ),
        LoggedRequest(
            HOST,
            "POST",
            "/oauth2/exchange",
            401,
            form=(("grant_type", "access_token"), ("service", HOST), ("tenant", "contoso"), ("access_token", "…")),
        ),
    ]


def test_every_secret_of_every_way_in_is_left_out(emulator: Emulator, visitor: Visitor) -> None:
    """Passwords, Entra, refresh and access tokens go through, and none of them is in the log, however it is shown."""
    entra = visitor.entra().json()["access_token"]
    form = {"grant_type": "access_token", "service": HOST, "access_token": entra}
    refresh = visitor.http.post(f"{REGISTRY}/oauth2/exchange", data=form).json()["refresh_token"]
    form = {"grant_type": "refresh_token", "service": HOST, "scope": PULL, "refresh_token": refresh}
    access = visitor.http.post(f"{REGISTRY}/oauth2/token", data=form).json()["access_token"]
    headers = {"Authorization": f"Bearer {access}"}
    visitor.http.get(f"{REGISTRY}/v2/team/app/manifests/latest", headers=headers)
    login = (emulator.environ["ACR_PULLER_USERNAME"], emulator.environ["ACR_PULLER_PASSWORD"])
    visitor.http.get(f"{REGISTRY}/oauth2/token", auth=login)
    assert [each.status for each in emulator.requests] == [200] * 5
    secrets = [entra, refresh, access, login[1], emulator.environ["AZURE_CLIENT_SECRET"]]
    shown = repr([vars(each) for each in emulator.requests]) + repr(emulator.requests)
    assert [secret for secret in secrets if secret in shown] == []
    assert "authorization" in emulator.requests[3].headers
    assert ("client_secret", "…") in emulator.requests[0].form
    assert dict(emulator.requests[0].form)["grant_type"] == "client_credentials"


@pytest.mark.parametrize("misplaced", ["s3cret-as-a-name", "%73%33cret-encoded", "a&s3cret-beside", "s3cret-x&a=b"])
def test_a_secret_without_a_name_is_none(emulator: Emulator, visitor: Visitor, misplaced: str) -> None:
    """A client that forgets to name what it sends does not make a name of it."""
    visitor.http.get(f"{REGISTRY}/v2/?{misplaced}")
    content = {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"}
    visitor.http.post(f"{REGISTRY}/oauth2/token", content=misplaced, headers=content)
    assert "cret" not in repr(emulator.requests)
    assert all(each.query or each.form for each in emulator.requests)


def test_a_line_says_all_of_it() -> None:
    """What a failed assertion shows is short, and fit to be read."""
    asked = LoggedRequest("h", "POST", "/p", 401, (("scope", "s"), ("sig", "…")), (("grant_type", "password"),), ("a",))
    assert repr(asked) == "<POST h/p?scope=s&sig=… [grant_type=password] 401>"
    assert repr(LoggedRequest("h", "GET", "/p")) == "<GET h/p unanswered>"


def test_headers_are_names_and_no_part_of_being_equal(emulator: Emulator, visitor: Visitor) -> None:
    """Libraries add headers of their own."""
    visitor.http.get(f"{REGISTRY}/v2/", headers={"X-Mine": "value"})
    assert emulator.requests == [LoggedRequest(HOST, "GET", "/v2/", 401)]
    assert "x-mine" in emulator.requests[0].headers
    assert "value" not in repr(vars(emulator.requests[0]))
    assert {emulator.requests[0]} == {LoggedRequest(HOST, "GET", "/v2/", 401)}


@pytest.mark.parametrize("length", [256 * 1024, 300 * 1024])
def test_a_form_that_is_too_large_is_answered_and_not_logged(emulator: Emulator, visitor: Visitor, length: int) -> None:
    """The log is bounded; what the service makes of the form is its own."""
    content = {"Content-Type": "application/x-www-form-urlencoded"}
    sent = visitor.http.post(f"{REGISTRY}/oauth2/token", content=b"service=" + b"x" * length, headers=content)
    (logged,) = emulator.requests
    assert (logged.form, logged.status) == ((), sent.status_code)


def test_a_form_in_pieces_is_read_as_one(emulator: Emulator, visitor: Visitor) -> None:
    """Its length need not be said before."""
    content = {"Content-Type": "application/x-www-form-urlencoded"}
    pieces = iter([b"grant_type=access_", b"token&serv", b"ice=" + HOST.encode()])
    visitor.http.post(f"{REGISTRY}/oauth2/exchange", content=pieces, headers=content)
    assert emulator.requests[0].form == (("grant_type", "access_token"), ("service", HOST))


def test_another_body_is_let_through_unread(emulator: Emulator, visitor: Visitor) -> None:
    """Only forms have fields."""
    query = {"query": "Resources | where name == 'myacr'"}
    visitor.http.post("https://management.azure.com/providers/Microsoft.ResourceGraph/resources", json=query)
    assert emulator.requests[0].form == ()


def test_latency_lets_callers_give_up(emulator: Emulator, visitor: Visitor) -> None:
    """Whoever has left before its answer got none, and others of other hosts are answered."""
    emulator.latency = {"*.azurecr.io": 60.0}
    with pytest.raises(httpx.ReadTimeout):
        visitor.http.get(f"{REGISTRY}/v2/", timeout=GIVES_UP)
    assert visitor.entra().status_code == 200
    emulator.latency = 0.0
    visitor.http.get(f"{REGISTRY}/v2/")
    assert [(each.host, each.status) for each in emulator.requests] == [
        (HOST, None),
        ("login.microsoftonline.com", 200),
        (HOST, 401),
    ]


def test_who_gave_up_counts(emulator: Emulator, visitor: Visitor) -> None:
    """A request is one of a sequence's, whether anybody waited for its answer or not."""
    emulator.apply("challenge-missing", times=1)
    emulator.latency = 60.0
    with pytest.raises(httpx.ReadTimeout):
        visitor.http.get(f"{REGISTRY}/v2/", timeout=GIVES_UP)
    emulator.latency = 0.0
    while emulator.world.coming:  # until the emulator has seen that it was left; the test's own limit ends it
        pass
    assert visitor.http.get(f"{REGISTRY}/v2/").status_code == 401


def test_the_first_pattern_that_fits_counts(emulator: Emulator) -> None:
    """One host apart from all others, and a number for all of them."""
    emulator.latency = {HOST: 0.0, "*": 3.0}
    assert [emulator.world.delay(host) for host in (HOST, "otheracr.azurecr.io")] == [0.0, 3.0]
    emulator.latency = 2
    assert emulator.latency == {"*": 2.0}


@pytest.mark.parametrize("seconds", [-0.1, 60.1, float("nan"), float("inf")])
def test_latency_is_bounded(emulator: Emulator, seconds: float) -> None:
    """A wrong one is told, and changes nothing."""
    emulator.latency = 0.5
    with pytest.raises(ValueError, match="is not between 0 and 60 seconds"):
        emulator.latency = {HOST: 0.1, "otheracr.azurecr.io": seconds}
    assert emulator.latency == {"*": 0.5}


@pytest.mark.parametrize("host", ["myacr.azurcr.io", "*.example", "azurecr.io", ""])
def test_latency_of_no_host_is_told(emulator: Emulator, host: str) -> None:
    """A pattern that nobody asks by would delay nothing; the hosts that there are help to mend it."""
    with pytest.raises(ValueError, match=r"no such host, but eusmanaged1\..*, login\.microsoftonline\.com, .*myacr"):
        emulator.latency = {host: 1.0}
    assert emulator.latency == {}


@pytest.mark.parametrize("host", ["MYACR.azurecr.io", "*.data.azurecr.io", "169.254.169.254", "log*"])
def test_latency_of_any_host_there_is(emulator: Emulator, host: str) -> None:
    """A name in any case, a pattern, the metadata service, and a name that a scenario has taken away."""
    emulator.apply("registry-dns-nxdomain")
    emulator.latency = {host: 1.0}
    assert emulator.latency == {host.lower(): 1.0}


def test_the_end_waits_for_no_latency() -> None:
    """An emulator with a request that is being delayed ends at once, as its own tests' time limit shows."""
    with Emulator() as emulator:
        emulator.latency = 60.0
        visiting = Visitor(emulator)
        with visiting.http, pytest.raises(httpx.ReadTimeout):
            visiting.http.get(f"{REGISTRY}/v2/", timeout=GIVES_UP)
