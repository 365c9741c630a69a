"""Every scenario three ways: with evidence, without any, and with a management plane that fails.

Worlds that look alike are told apart in `test_look_alikes`.
"""

from __future__ import annotations

from dataclasses import replace

import pytest
from emulator.climbing import climbed
from gallery import Gallery
from rules import broken_rules

from pytest_acrauth.catalogue.tables import MODES
from pytest_acrauth.diagnosis.climb import NOT_ASKED, diagnose
from pytest_acrauth.diagnosis.conclusion import Certainty
from pytest_acrauth.emulator import SCENARIOS, Emulator, Scenario, World
from pytest_acrauth.emulator.world.cloud import ARM, AUTHORITY, GRAPH
from pytest_acrauth.emulator.world.network import Device, Page
from pytest_acrauth.model.evidence import EvidenceChoice
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


@pytest.mark.parametrize("scenario", CLIMBS, ids=lambda each: each.id)
def test_with_evidence_a_scenario_is_diagnosed_as_itself(gallery: Gallery, scenario: Scenario) -> None:
    """Its own cause remains, proven unless nothing can prove it; what was sent only reads, and is bounded."""
    exhibit = gallery.of(scenario)
    (diagnosis,) = exhibit.diagnoses
    assert [mode.id for mode in diagnosis.candidates] == [scenario.id]
    proven = not MODES[scenario.id].unprovable
    assert diagnosis.certainty is (Certainty.PROVEN if proven else Certainty.PROBABLE)
    asked = [each for each in exhibit.requests if each.host in {ARM, GRAPH}]
    assert bool(asked) is (scenario.needs_evidence or bool(MODES[scenario.id].tells))
    elsewhere = [each for each in exhibit.requests if each.host in {ARM, GRAPH, AUTHORITY}]
    assert len(elsewhere) <= MOST_REQUESTS
    reading = ("Microsoft.ResourceGraph/resources", "checkNameAvailability", "/oauth2/v2.0/token")
    assert all(each.method == "GET" or (each.method == "POST" and each.path.endswith(reading)) for each in elsewhere)
    assert not any("listcredentials" in each.path.lower() for each in exhibit.requests)
    assert broken_rules(diagnosis) == []
    if scenario.needs_evidence:
        full = " ".join(explain(diagnosis, full=True).split())
        assert f"read by service principal {exhibit.client_id}" in full


@pytest.mark.parametrize("scenario", CLIMBS, ids=lambda each: each.id)
def test_without_evidence_it_is_one_of_several_or_what_the_climb_decides(gallery: Gallery, scenario: Scenario) -> None:
    """A cause that only evidence decides stays one of several where nobody was asked, and none is guessed."""
    (diagnosis,) = gallery.of(scenario).without_evidence
    assert scenario.id in {mode.id for mode in diagnosis.candidates}
    assert broken_rules(diagnosis) == []
    unproven = scenario.needs_evidence or bool(MODES[scenario.id].unprovable)
    assert (diagnosis.certainty is not Certainty.PROVEN) is unproven
    assert (": one of " in headline(diagnosis) or ": probably " in headline(diagnosis)) is unproven
    if scenario.needs_evidence:
        assert f"Could not look: {NOT_ASKED}" in " ".join(explain(diagnosis).split())


@pytest.mark.broad(of=4)
@pytest.mark.parametrize("scenario", [each for each in CLIMBS if each.needs_evidence], ids=lambda each: each.id)
def test_where_nobody_can_answer_the_reason_is_said(gallery: Gallery, scenario: Scenario) -> None:
    """A management plane that fails is "could not look" with its answer, and rules nothing out.

    What the machine's own resolver tells is another look, which it does not keep from being taken.
    """
    with Emulator(scenario.id) as emulator:
        emulator.change(busy)
        (diagnosis,) = diagnose(climbed(emulator, scenario, EvidenceChoice()))
    transcript = diagnosis.broken.transcript
    (told,) = diagnose(replace(transcript, evidence=transcript.evidence._replace(names=None)))
    (without,) = gallery.of(scenario).without_evidence
    assert diagnosis.certainty in {Certainty.PROBABLE, Certainty.ONE_OF}
    assert told.candidates == without.candidates
    text = " ".join(explain(diagnosis).split())
    assert "Could not look: management.azure.com answered 503, as service principal" in text
