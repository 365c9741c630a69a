"""A cause on the way to every host breaks both legs of a climb: each is told, and none as the other's cause."""

from __future__ import annotations

import pytest
from emulator.climbing import climbed

from pytest_acrauth.catalogue.facts import broken_part
from pytest_acrauth.diagnosis.climb import diagnose
from pytest_acrauth.diagnosis.conclusion import Certainty
from pytest_acrauth.emulator import Change, Emulator, Scenario, World
from pytest_acrauth.emulator.scenarios import obstacles
from pytest_acrauth.emulator.scenarios.obstacles import through_proxy
from pytest_acrauth.emulator.scenarios.scenario import SHORT
from pytest_acrauth.emulator.world.cloud import AUTHORITY
from pytest_acrauth.emulator.world.network import Route
from pytest_acrauth.model.observation import Tls
from pytest_acrauth.model.stage import Stage
from pytest_acrauth.plugin.checks.failures import shared_cause, tell


@pytest.mark.parametrize(
    ("change", "stage", "mode"),
    [
        (obstacles.proxy_down, Stage.TCP, "proxy-unreachable"),
        (through_proxy(forbids={"": 407}), Stage.TCP, "proxy-login-required"),
        (through_proxy(forbids={"": 403}), Stage.TCP, "proxy-blocks-registry"),
        (through_proxy(silent=True), Stage.TCP, "proxy-no-answer"),
        (through_proxy(says=b"SSH-2.0-x\r\n\r\n"), Stage.TCP, "proxy-ends-connection"),
        (obstacles.no_names, Stage.DNS, "no-public-dns"),
        (lambda world: world.network.silent_zones.update({"io", "com"}), Stage.DNS, "registry-dns-resolver-broken"),
    ],
    ids=["down", "407", "403", "silent", "no-proxy", "no-names", "no-resolver"],
)
def test_one_cause_on_two_legs_is_explained_once(change: Change, stage: Stage, mode: str) -> None:
    """The login server's leg and Entra's are both diagnosed as it, and share the explanation."""
    with Emulator() as emulator:
        emulator.change(change)
        found = diagnose(climbed(emulator, Scenario("both", change, SHORT)))
    assert [(each.broken.stage, each.mode and each.mode.id) for each in found] == [(stage, mode), (Stage.ENTRA, mode)]
    assert [each.certainty for each in found] == [Certainty.PROVEN] * 2
    assert len({shared_cause(each) for each in found}) == 1
    assert shared_cause(found[0]) is not None
    assert len({tell(each).cause for each in found}) == 1


def test_two_causes_on_two_legs_are_told_apart() -> None:
    """A certificate that ended at the registry does not explain a connection that Entra's host refuses."""

    def change(world: World) -> None:
        obstacles.certificate(obstacles.inspected)(world)
        obstacles.route_to(AUTHORITY, Route.CLOSED)(world)

    with Emulator() as emulator:
        emulator.change(change)
        found = diagnose(climbed(emulator, Scenario("both", change)))
    assert [each.mode and each.mode.id for each in found] == ["registry-tls-intercepted", "tcp-refused"]


@pytest.mark.parametrize(
    "change", [obstacles.certificate(obstacles.ended), obstacles.clock_behind], ids=["old", "clock"]
)
def test_without_another_clock_neither_certificate_nor_clock_is_blamed(change: Change) -> None:
    """Where nobody who was asked tells the time, this machine's clock alone decides nothing."""
    with Emulator() as emulator:
        emulator.change(change)
        (found,) = diagnose(climbed(emulator, Scenario("both", change, {"auth": "docker-config"})))
    assert found.certainty is Certainty.ONE_OF
    assert {mode.id for mode in found.candidates} == {"tls-certificate-expired", "clock-skew"}


def test_a_certificate_is_looked_at_through_a_proxy_too() -> None:
    """What is refused behind a proxy is recorded as it is without one: who issued it, for whom, until when."""

    def change(world: World) -> None:
        through_proxy()(world)
        obstacles.certificate(obstacles.inspected)(world)

    with Emulator() as emulator:
        emulator.change(change)
        (found,) = diagnose(climbed(emulator, Scenario("both", change)))
    part = broken_part(found.broken)
    assert isinstance(part, Tls)
    assert part.certificate is not None
    assert "TLS inspection" in part.certificate.issuer
    assert found.mode is not None
    assert found.mode.id == "registry-tls-intercepted"


@pytest.mark.parametrize(("status", "shared"), [(403, True), (502, False), (504, False)])
def test_a_host_that_a_proxy_finds_no_way_to_is_that_hosts_own_matter(status: int, *, shared: bool) -> None:
    """What a proxy forbids it forbids for all of them; that it reaches one host not says nothing of another."""
    change = through_proxy(forbids={"azurecr.io": status})
    with Emulator() as emulator:
        emulator.change(change)
        (found,) = diagnose(climbed(emulator, Scenario("both", change, SHORT)))
    assert (shared_cause(found) is not None) is shared
