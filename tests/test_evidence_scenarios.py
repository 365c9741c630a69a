"""Every scenario three ways: with evidence, without any, and with a management plane that fails."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from instructions import too_wide

from pytest_acrauth.auth import choose
from pytest_acrauth.diagnosis.climb import NOT_ASKED, diagnose
from pytest_acrauth.diagnosis.conclusion import Diagnosis
from pytest_acrauth.emulator import SCENARIOS, Emulator, World
from pytest_acrauth.emulator.world.cloud import ARM, AUTHORITY, GRAPH
from pytest_acrauth.emulator.world.network import Device, Page
from pytest_acrauth.model.evidence import OFF, EvidenceChoice
from pytest_acrauth.model.target import Reference, Registry, Target
from pytest_acrauth.report.explanation import explanation, headline
from pytest_acrauth.report.text import explain
from pytest_acrauth.run import Run

#: Requests to the management plane and Entra that one climb's evidence may take, its two logins included.
MOST_REQUESTS = 12

#: Scenarios whose cause the climb alone leaves open.
OPEN = {
    "abac-condition-excludes-repo",
    "abac-legacy-role-ineffective",
    "admin-password-not-current",
    "admin-user-disabled",
    "admin-username-wrong",
    "basic-username-unknown",
    "exchange-cross-tenant",
    "exchange-no-role",
    "firewall-ip-denied",
    "firewall-public-access-disabled",
    "firewall-rule-propagating",
    "image-not-found",
    "private-dns-resolves-public",
    "registry-dns-nxdomain",
    "role-propagation-delay",
    "scope-map-token-disabled",
    "scope-map-token-no-password",
    "scope-map-token-not-found",
    "scope-map-token-password-expired",
    "scope-map-token-password-wrong",
    "sp-lacks-role",
}
#: Scenarios that are not about a climb.
ELSEWHERE = {scenario for scenario in SCENARIOS if scenario.startswith(("client-", "arm-"))} | {"healthy"}
CLIMBS = sorted(set(SCENARIOS) - ELSEWHERE)


def busy(world: World) -> None:
    """Let Resource Manager and Graph answer that they cannot answer."""
    for host in (ARM, GRAPH):
        world.network.devices[host] = Device(Page(503, {"Content-Type": "text/html"}, b"busy"))


def diagnosed(
    scenario: str, choice: EvidenceChoice, change: Callable[[World], None] = lambda _: None
) -> tuple[Diagnosis, Emulator]:
    """Climb in a scenario's world and return its one diagnosis, and the emulator with its log."""
    defaults = SCENARIOS[scenario].defaults
    emulator = Emulator(scenario)
    change(emulator.world)
    with emulator:
        registry = Registry.parse("myacr")
        chosen = choose([defaults.auth or "service-principal"], emulator.environ, [registry])[0]
        must_not = tuple(defaults.must_not.split(",")) if defaults.must_not else ()
        references = tuple(Reference.parse(text) for text in defaults.repository)
        target = Target(registry, chosen.identity, references, tuple((defaults.must or "pull").split(",")), must_not)
        run = Run(emulator.machine, timeout=defaults.timeout or 20.0, evidence=choice)
        (found,) = diagnose(run.check([target])[0])
    return found, emulator


def asked(emulator: Emulator) -> list[str]:
    """Return the requests to the management plane, as method and path."""
    return [f"{each.method} {each.path}" for each in emulator.requests if each.host in {ARM, GRAPH}]


@pytest.mark.parametrize("scenario", CLIMBS)
def test_with_evidence_a_scenario_is_diagnosed_as_itself(scenario: str) -> None:
    """Exactly one cause remains and it is the scenario's; what was sent for it only reads, and is bounded."""
    subscription = SCENARIOS[scenario].defaults.subscription or ""
    diagnosis, emulator = diagnosed(scenario, EvidenceChoice(subscription=subscription))
    assert [mode.id for mode in diagnosis.candidates] == [scenario]
    assert bool(asked(emulator)) is (scenario in OPEN)
    elsewhere = [each for each in emulator.requests if each.host in {ARM, GRAPH, AUTHORITY}]
    assert len(elsewhere) <= MOST_REQUESTS
    reading = ("Microsoft.ResourceGraph/resources", "checkNameAvailability", "/oauth2/v2.0/token")
    assert all(each.method == "GET" or (each.method == "POST" and each.path.endswith(reading)) for each in elsewhere)
    assert not any("listcredentials" in each.path.lower() for each in emulator.requests)
    text = explain(diagnosis).splitlines()
    assert len(text) <= 48
    assert too_wide(text, explanation(diagnosis)) == []
    if scenario in OPEN:
        assert f"from service principal {emulator.environ['AZURE_CLIENT_ID']}" in " ".join(" ".join(text).split())


@pytest.mark.parametrize("scenario", CLIMBS)
def test_without_evidence_it_is_one_of_several_or_what_the_climb_decides(scenario: str) -> None:
    """Switched off, nobody is asked; a cause that only evidence decides stays one of several, and none is guessed."""
    diagnosis, emulator = diagnosed(scenario, EvidenceChoice(method=OFF))
    assert not asked(emulator)
    assert scenario in {mode.id for mode in diagnosis.candidates}
    assert (diagnosis.mode is None) is (scenario in OPEN)
    if scenario in OPEN:
        assert ": one of " in headline(diagnosis)
        assert f"could not look: {NOT_ASKED}" in explain(diagnosis)


@pytest.mark.parametrize("scenario", sorted(OPEN))
def test_where_nobody_can_answer_the_reason_is_said(scenario: str) -> None:
    """A management plane that fails is "could not look" with its answer, and rules nothing out."""
    diagnosis, _ = diagnosed(scenario, EvidenceChoice(), busy)
    without, _ = diagnosed(scenario, EvidenceChoice(method=OFF))
    assert diagnosis.mode is None
    assert diagnosis.candidates == without.candidates
    text = " ".join(explain(diagnosis).split())
    assert "could not look: management.azure.com answered 503, as service principal" in text
