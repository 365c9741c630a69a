"""Our deployment gate meets what can happen to a registry, one cause at a time."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from typing import TYPE_CHECKING

import httpx
import pytest
from gate import LoginRefusedError, image_exists

if TYPE_CHECKING:
    from pytest_acrauth.emulator import Emulator

SERVER = "myacr.azurecr.io"


@pytest.fixture
def http(acr_emulator: Emulator) -> Iterator[httpx.Client]:
    """Deliver a client that reaches the emulator under the registry's real name."""
    trust = ssl.create_default_context(cadata=acr_emulator.ca_pem)
    with httpx.Client(proxy=acr_emulator.proxy_url, verify=trust, trust_env=False) as client:
        yield client


@pytest.fixture
def login(acr_emulator: Emulator) -> tuple[str, str]:
    """Deliver the scope-map token that the emulated machine has in its environment."""
    return acr_emulator.environ["ACR_PULLER_USERNAME"], acr_emulator.environ["ACR_PULLER_PASSWORD"]


def test_an_image_is_found(acr_emulator: Emulator, http: httpx.Client, login: tuple[str, str]) -> None:
    """On a healthy registry the answer is yes, and costs two requests."""
    assert image_exists(http, SERVER, "team/app", "latest", login)
    assert [request.status for request in acr_emulator.requests] == [200, 200]


@pytest.mark.parametrize("cause", ["scope-map-token-disabled", "scope-map-token-password-expired"])
def test_a_refused_login_is_told(
    acr_emulator: Emulator, http: httpx.Client, login: tuple[str, str], cause: str
) -> None:
    """A login that has ended is no missing image."""
    acr_emulator.apply(cause)
    with pytest.raises(LoginRefusedError):
        image_exists(http, SERVER, "team/app", "latest", login)


def test_a_missing_image_is_told(acr_emulator: Emulator, http: httpx.Client, login: tuple[str, str]) -> None:
    """An image that was deleted is a plain no."""
    acr_emulator.apply("image-not-found")
    assert not image_exists(http, SERVER, "team/app", "latest", login)


def test_a_firewall_is_no_answer(acr_emulator: Emulator, http: httpx.Client, login: tuple[str, str]) -> None:
    """Where the firewall refuses us, the gate does not claim to know."""
    acr_emulator.apply("firewall-ip-denied")
    with pytest.raises(httpx.HTTPStatusError, match="403"):
        image_exists(http, SERVER, "team/app", "latest", login)


def test_a_registry_that_asks_for_patience_gets_it(
    acr_emulator: Emulator, http: httpx.Client, login: tuple[str, str]
) -> None:
    """Two refusals are waited out, as long as the registry says."""
    acr_emulator.apply("exchange-throttled", times=2)
    slept: list[float] = []
    assert image_exists(http, SERVER, "team/app", "latest", login, sleep=slept.append)
    assert [request.status for request in acr_emulator.requests] == [429, 429, 200, 200]
    assert len(slept) == 2
    assert ("scope", "repository:team/app:pull") in acr_emulator.requests[0].query


def test_patience_has_an_end(acr_emulator: Emulator, http: httpx.Client, login: tuple[str, str]) -> None:
    """Whoever is refused for good is told."""
    acr_emulator.apply("exchange-throttled")
    with pytest.raises(httpx.HTTPStatusError, match="429"):
        image_exists(http, SERVER, "team/app", "latest", login, sleep=lambda _seconds: None)
    assert len(acr_emulator.requests) == 3


def test_a_slow_registry_does_not_hold_us_up(
    acr_emulator: Emulator, http: httpx.Client, login: tuple[str, str]
) -> None:
    """The client's own time-out ends it, and nothing is asked again."""
    acr_emulator.latency = 30
    http.timeout = httpx.Timeout(0.2)
    with pytest.raises(httpx.ReadTimeout):
        image_exists(http, SERVER, "team/app", "latest", login)
    assert len(acr_emulator.requests) == 1
