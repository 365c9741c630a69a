"""Every scenario three ways: with evidence, without any, and with a management plane that fails.

Worlds that look alike are told apart in `test_look_alikes`.
"""

from __future__ import annotations

from dataclasses import replace

import pytest
from emulator.climbing import climbed
from rules import broken_rules

from pytest_acrauth.catalogue.tables import MODES
from pytest_acrauth.diagnosis.climb import NOT_ASKED, diagnose
from pytest_acrauth.diagnosis.conclusion import Certainty, Diagnosis
from pytest_acrauth.emulator import SCENARIOS, Change, Emulator, Scenario, World
from pytest_acrauth.emulator.world.cloud import ARM, AUTHORITY, GRAPH
from pytest_acrauth.emulator.world.network import Device, Page
from pytest_acrauth.model.evidence import OFF, EvidenceChoice
from pytest_acrauth.report.explanation import headline
from pytest_acrauth.report.text import explain

#: Requests to the management plane and Entra that one climb's evidence may take, its two logins included.
MOST_REQUESTS = 12

#: Those that break a climb.
CLIMBS = [each for each in SCENARIOS.values() if not (each.client or each.ahead) and each.id != "healthy"]


def busy(world: World) -> None:
    """Let Resource Manager and Graph answer that they cannot answer."""
    for host in (ARM, GRAPH):
        world.network.devices[host] = Device(Page(503, {"Content-Type": "text/html"}, b"busy"))


def diagnosed(
    scenario: Scenario, evidence: EvidenceChoice | None = None, *changes: Change
) -> tuple[Diagnosis, Emulator]:
    """Climb in a scenario's world and return its one diagnosis, and the emulator with its log."""
    with Emulator(scenario.id) as emulator:
        emulator.change(*changes)
        (found,) = diagnose(climbed(emulator, scenario, evidence))
    return found, emulator


def asked(emulator: Emulator) -> list[str]:
    """Return the requests to the management plane, as method and path."""
    return [f"{each.method} {each.path}" for each in emulator.requests if each.host in {ARM, GRAPH}]


@pytest.mark.parametrize("scenario", CLIMBS, ids=lambda each: each.id)
def test_with_evidence_a_scenario_is_diagnosed_as_itself(scenario: Scenario) -> None:
    """Its own cause remains, proven unless nothing can prove it; what was sent only reads, and is bounded."""
    diagnosis, emulator = diagnosed(scenario)
    assert [mode.id for mode in diagnosis.candidates] == [scenario.id]
    proven = not MODES[scenario.id].unprovable
    assert diagnosis.certainty is (Certainty.PROVEN if proven else Certainty.PROBABLE)
    assert bool(asked(emulator)) is (scenario.needs_evidence or bool(MODES[scenario.id].tells))
    elsewhere = [each for each in emulator.requests if each.host in {ARM, GRAPH, AUTHORITY}]
    assert len(elsewhere) <= MOST_REQUESTS
    reading = ("Microsoft.ResourceGraph/resources", "checkNameAvailability", "/oauth2/v2.0/token")
    assert all(each.method == "GET" or (each.method == "POST" and each.path.endswith(reading)) for each in elsewhere)
    assert not any("listcredentials" in each.path.lower() for each in emulator.requests)
    assert broken_rules(diagnosis) == []
    if scenario.needs_evidence:
        full = " ".join(explain(diagnosis, full=True).split())
        assert f"read by service principal {emulator.environ['AZURE_CLIENT_ID']}" in full


@pytest.mark.parametrize("scenario", CLIMBS, ids=lambda each: each.id)
def test_without_evidence_it_is_one_of_several_or_what_the_climb_decides(scenario: Scenario) -> None:
    """Switched off, nobody is asked; a cause that only evidence decides stays one of several, and none is guessed."""
    diagnosis, emulator = diagnosed(scenario, EvidenceChoice(method=OFF))
    assert not asked(emulator)
    assert scenario.id in {mode.id for mode in diagnosis.candidates}
    assert broken_rules(diagnosis) == []
    unproven = scenario.needs_evidence or bool(MODES[scenario.id].unprovable)
    assert (diagnosis.certainty is not Certainty.PROVEN) is unproven
    assert (": one of " in headline(diagnosis) or ": probably " in headline(diagnosis)) is unproven
    if scenario.needs_evidence:
        assert f"Could not look: {NOT_ASKED}" in " ".join(explain(diagnosis).split())


@pytest.mark.parametrize("scenario", [each for each in CLIMBS if each.needs_evidence], ids=lambda each: each.id)
def test_where_nobody_can_answer_the_reason_is_said(scenario: Scenario) -> None:
    """A management plane that fails is "could not look" with its answer, and rules nothing out.

    What the machine's own resolver tells is another look, which it does not keep from being taken.
    """
    diagnosis, _ = diagnosed(scenario, EvidenceChoice(), busy)
    transcript = diagnosis.broken.transcript
    (told,) = diagnose(replace(transcript, evidence=transcript.evidence._replace(names=None)))
    without, _ = diagnosed(scenario, EvidenceChoice(method=OFF))
    assert diagnosis.certainty in {Certainty.PROBABLE, Certainty.ONE_OF}
    assert told.candidates == without.candidates
    text = " ".join(explain(diagnosis).split())
    assert "Could not look: management.azure.com answered 503, as service principal" in text
