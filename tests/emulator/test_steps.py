"""Sequences: worlds that are others for so many requests, for who tests what tries again."""

from __future__ import annotations

from collections.abc import Callable

import httpx
import pytest
from emulator.visiting import PULL, Visitor, client

from pytest_acrauth.emulator import DELAYS, BadSequence, Emulator, UnknownScenario

CHALLENGE = "https://myacr.azurecr.io/v2/"
OTHER = "https://otheracr.azurecr.io"


@pytest.fixture
def token(emulator: Emulator, visitor: Visitor) -> Callable[..., int]:
    """Deliver a way to log in as a scope-map token does: the challenge first, then the access token; its status."""
    login = (emulator.environ["ACR_PULLER_USERNAME"], emulator.environ["ACR_PULLER_PASSWORD"])

    def ask(registry: str = "https://myacr.azurecr.io") -> int:
        visitor.http.get(f"{registry}/v2/")
        return visitor.http.get(f"{registry}/oauth2/token", params={"scope": PULL}, auth=login).status_code

    return ask


def once(emulator: Emulator, url: str) -> str:
    """Return what comes of one request over a connection of its own: a status, or the error's class."""
    with client(emulator) as http:
        try:
            return str(http.get(url).status_code)
        except httpx.TransportError as error:
            return type(error).__name__


def test_it_fails_twice_and_then_works(emulator: Emulator, token: Callable[..., int]) -> None:
    """The requests count at which the scenario is met; what is asked in between moves nothing."""
    emulator.apply("exchange-throttled", times=2)
    assert [token() for _ in range(4)] == [429, 429, 200, 200]


def test_steps_follow_one_another(emulator: Emulator, token: Callable[..., int]) -> None:
    """The last one stays; what is healthy in between is so for one request of the kind that follows."""
    emulator.sequence(["healthy", "exchange-throttled", "healthy", ("scope-map-token-disabled",)])
    assert [token() for _ in range(6)] == [200, 429, 200, 401, 401, 401]


def test_steps_can_be_several_scenarios_on_top_of_what_is_there(emulator: Emulator, token: Callable[..., int]) -> None:
    """A step adds to the world as it is, and the end is that world and not a healthy one."""
    emulator.apply("scope-map-token-disabled")
    emulator.sequence([("exchange-throttled", "image-not-found"), "healthy"])
    assert [token() for _ in range(3)] == [429, 401, 401]


def test_a_host_counts_by_itself(emulator: Emulator, token: Callable[..., int]) -> None:
    """Requests to another registry meet the same world, and leave the count as it is."""
    emulator.apply("exchange-throttled", times=2, host="otheracr.*", path="/oauth2/*")
    assert [token(), token(), token(OTHER), token(), token(OTHER), token()] == [429, 429, 429, 429, 429, 200]


@pytest.mark.parametrize(
    ("kind", "told"),
    [
        ({"host": "myacr.azurecr.io"}, [429, 200]),  # the challenge counts too
        ({"host": "MyAcr.*"}, [429, 200]),
        ({"path": "/v2/"}, [200, 200]),
        ({"path": "/oauth2/t*"}, [429, 429]),
        ({"path": "/oauth2/exchange"}, [429, 429]),
    ],
)
def test_whoever_says_what_counts_is_heeded(
    emulator: Emulator, token: Callable[..., int], kind: dict[str, str], told: list[int]
) -> None:
    """Any request that fits counts, and no other, as many as there are."""
    emulator.apply("exchange-throttled", times=1 if "/v2/" in kind.values() else 3, **kind)
    assert [token(), token()] == told


@pytest.mark.parametrize(
    "scenario",
    [
        "registry-dns-nxdomain",
        "registry-dns-resolver-broken",
        "tcp-refused",
        "tls-certificate-expired",
        "tls-handshake-failed",
        "challenge-missing",
    ],
)
def test_what_never_becomes_a_request_counts(emulator: Emulator, scenario: str) -> None:
    """A connection that fails is one request of its host, so that what tries to connect again is tried as well."""
    emulator.apply(scenario, times=2)
    found = [once(emulator, CHALLENGE) for _ in range(4)]
    assert found[2:] == ["401", "401"]
    assert "401" not in found[:2]


def test_a_connection_that_fails_counts_on_the_machine_too(emulator: Emulator) -> None:
    """Whoever dials by the machine itself meets the same."""
    (address,) = emulator.machine.resolve("myacr.azurecr.io").addresses
    emulator.apply("tcp-refused", times=1)
    with pytest.raises(ConnectionRefusedError):
        emulator.machine.dial(address, 443, 5.0)
    emulator.machine.dial(address, 443, 5.0).close()


def test_a_secret_is_wrong_for_a_while(emulator: Emulator, visitor: Visitor) -> None:
    """What the environment holds comes and goes with the step, for whoever reads it at each try."""
    emulator.apply("entra-sp-secret-wrong", times=1)
    assert [visitor.entra().status_code for _ in range(2)] == [401, 200]


def test_the_world_is_the_very_one_it_was(emulator: Emulator, token: Callable[..., int]) -> None:
    """What somebody holds of the world before is of the world after, and nothing of the step is left."""
    cloud, registry = emulator.world.cloud, emulator.world.cloud.registries["myacr"]
    environ = dict(emulator.environ)
    emulator.apply("scope-map-token-disabled", times=1)
    token()
    assert emulator.world.cloud is cloud
    assert cloud.registries["myacr"] is registry
    assert registry.tokens["puller"].enabled
    assert emulator.environ == environ
    assert emulator.world.coming == []


def test_it_is_over_before_another_change(emulator: Emulator, token: Callable[..., int]) -> None:
    """What a sequence's end would undo is refused, and so is another sequence; afterwards both can be."""
    emulator.apply("exchange-throttled", times=2)
    token()
    for late in (
        lambda: emulator.apply("image-not-found"),
        lambda: emulator.apply("image-not-found", times=1),
        lambda: emulator.change(lambda _world: None),
    ):
        with pytest.raises(BadSequence, match="a sequence is going on: 1 more of its requests"):
            late()
    assert [token(), token()] == [429, 200]
    emulator.apply("scope-map-token-disabled", times=1)
    assert [token(), token()] == [401, 200]
    emulator.apply("scope-map-token-disabled")
    assert token() == 401


BAD: dict[str, tuple[Callable[[Emulator], None], str]] = {
    "no time": (lambda one: one.apply("exchange-throttled", times=0), "times=0: how many requests, 1 at least"),
    "no list": (lambda one: one.sequence("exchange-throttled"), "'exchange-throttled': a list of steps"),
    "one step": (lambda one: one.sequence(["exchange-throttled"]), "two steps at least"),
    "nothing": (lambda one: one.sequence([]), "two steps at least"),
    "no times": (lambda one: one.apply("exchange-throttled", path="/v2/"), "say with times how many"),
    "programs": (lambda one: one.apply("client-docker-missing", times=1), "client-docker-missing: what this changes"),
    "files": (lambda one: one.apply("entra-fic-missing", times=1), "entra-fic-missing: what this changes is on the m"),
}


@pytest.mark.parametrize("bad", BAD)
def test_a_bad_use_is_told(emulator: Emulator, token: Callable[..., int], bad: str) -> None:
    """In words that say what to do, and nothing is changed."""
    use, words = BAD[bad]
    with pytest.raises(BadSequence, match=words.replace("[", r"\[")):
        use(emulator)
    assert token() == 200
    assert emulator.world.coming == []


def test_an_unknown_scenario_is_told(emulator: Emulator) -> None:
    """As where it is applied for good, before the steps that are known are entered."""
    with pytest.raises(UnknownScenario, match="close to it: exchange-no-role"):
        emulator.sequence(["exchange-throttled", "exchange-no-rol", "healthy"])
    assert emulator.world.coming == []


@pytest.mark.parametrize("delay", DELAYS)
def test_what_ends_by_itself_is_no_step(emulator: Emulator, delay: str) -> None:
    """Two counts of the same requests would be in each other's way."""
    with pytest.raises(BadSequence, match=f"{delay} ends by itself"):
        emulator.apply(delay, times=1)


def test_a_large_fleet_has_sequences_too() -> None:
    """A step is one world for all registries."""
    with Emulator(registries=[f"fleet{number}" for number in range(50)]) as emulator:
        emulator.apply("exchange-throttled", times=1, path="/v2/")
        assert emulator.world.cloud.registries["fleet49"].login_throttled
        assert once(emulator, CHALLENGE) == "401"
        assert not emulator.world.cloud.registries["fleet49"].login_throttled
