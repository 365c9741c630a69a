"""Worlds that look the same at first sight: told apart where somebody may look, and never guessed where nobody may."""

from __future__ import annotations

from dataclasses import replace

import pytest
from emulator.climbing import checked, climbed, looked_ahead, near_ends
from rules import broken_rules

from pytest_acrauth.catalogue.symptoms.climb import UNRECOGNISED
from pytest_acrauth.catalogue.tables import MODES
from pytest_acrauth.diagnosis.client import diagnose_client
from pytest_acrauth.diagnosis.climb import diagnose
from pytest_acrauth.diagnosis.conclusion import Certainty, Diagnosis
from pytest_acrauth.emulator import LOOK_ALIKES, READY, SCENARIOS, Emulator, Scenario
from pytest_acrauth.emulator.scenarios.changes import unseen
from pytest_acrauth.emulator.scenarios.obstacles import unknown_registries
from pytest_acrauth.emulator.world import World
from pytest_acrauth.emulator.world.healthy import OTHER_SUBSCRIPTION
from pytest_acrauth.emulator.world.roles import EVIDENCE
from pytest_acrauth.model.evidence import OFF, EvidenceChoice

NO_CAUSE = {symptom.id for symptom in UNRECOGNISED.values()}
KNOWN = SCENARIOS | LOOK_ALIKES


def diagnosed(scenario: Scenario, evidence: EvidenceChoice | None = None) -> tuple[Diagnosis, ...]:
    """Climb in a world, or check the client that it is about, and conclude."""
    with Emulator(scenario.id) as emulator:
        if scenario.client:
            return diagnose_client(checked(emulator, scenario, evidence))
        if scenario.ahead:
            return near_ends(looked_ahead(emulator, scenario, evidence))
        return diagnose(climbed(emulator, scenario, evidence))


def told(diagnoses: tuple[Diagnosis, ...]) -> list[str]:
    """Return what each diagnosis says: its causes, or the symptom that none explains."""
    names = [mode.id for each in diagnoses for mode in each.candidates]
    return names + [each.symptom.id for each in diagnoses if not each.candidates]


def test_an_entry_names_its_like() -> None:
    """Each look-alike stands beside a scenario that is diagnosed otherwise, and says a known answer."""
    assert not set(SCENARIOS) & set(LOOK_ALIKES)
    for scenario in LOOK_ALIKES.values():
        assert scenario.like in KNOWN, scenario.id
        assert scenario.cause != KNOWN[scenario.like].cause, scenario.id
        assert scenario.cause in {*MODES, *NO_CAUSE, READY}, scenario.id


@pytest.mark.parametrize("scenario", LOOK_ALIKES.values(), ids=LOOK_ALIKES)
def test_with_evidence_it_is_told_from_its_like(scenario: Scenario) -> None:
    """It is diagnosed as what it is: proven, unless nothing proves that cause or none is known; or it is ready."""
    found = diagnosed(scenario)
    assert told(found) == ([] if scenario.cause == READY else [scenario.cause])
    for diagnosis in found:
        assert broken_rules(diagnosis) == []
        sure = Certainty.PROBABLE if diagnosis.mode and diagnosis.mode.unprovable else Certainty.PROVEN
        assert diagnosis.certainty is (Certainty.UNRECOGNISED if scenario.cause in NO_CAUSE else sure)


@pytest.mark.parametrize("scenario", LOOK_ALIKES.values(), ids=LOOK_ALIKES)
def test_without_evidence_nothing_is_claimed_that_the_climb_does_not_show(scenario: Scenario) -> None:
    """Its own cause stays possible, unless none is known; what is stated as a fact is right."""
    for diagnosis in diagnosed(scenario, EvidenceChoice(method=OFF)):
        assert broken_rules(diagnosis) == []
        if scenario.cause in MODES:
            assert scenario.cause in told((diagnosis,))
        assert diagnosis.certainty is not Certainty.PROVEN or told((diagnosis,)) == [scenario.cause]


def test_a_host_with_a_hash_that_nobody_may_read_stays_open() -> None:
    """That a name is free says nothing of login servers with a hash behind it: the true cause stays among several."""
    hidden = LOOK_ALIKES["registry-dnl-hash-missing"]
    with Emulator(hidden.id) as emulator:
        emulator.change(unseen)
        (found,) = diagnose(climbed(emulator, hidden, EvidenceChoice(method="azure-cli")))
    assert found.certainty is Certainty.ONE_OF
    assert hidden.cause in told((found,))


def test_a_subscription_that_lacks_the_registry_does_not_say_that_there_is_none() -> None:
    """It was named by whoever looks, who may be wrong: somebody has the name, and its registry may be elsewhere."""
    hidden = LOOK_ALIKES["registry-name-unknown-here"]
    with Emulator() as emulator:
        emulator.change(unknown_registries)
        choice = EvidenceChoice(method="azure-cli", subscription=OTHER_SUBSCRIPTION)
        (found,) = diagnose(climbed(emulator, hidden, choice))
    assert found.certainty is Certainty.ONE_OF
    assert hidden.cause in told((found,))


def _cache_unread(world: World) -> None:
    """Let nobody who looks read cache rules."""
    role = world.cloud.custom_roles[EVIDENCE]
    actions = tuple(each for each in role.actions if not each.endswith("cacheRules/read"))
    world.cloud.custom_roles[EVIDENCE] = replace(role, actions=actions)


def test_a_cache_that_nobody_may_read_stays_a_reason_for_a_missing_image() -> None:
    """What would explain the answers as well, and could not be looked at, keeps a cause from being proven."""
    cached = LOOK_ALIKES["cache-rule-credentials"]
    with Emulator(cached.id) as emulator:
        emulator.change(_cache_unread)
        (found,) = diagnose(climbed(emulator, cached))
    assert found.certainty is Certainty.ONE_OF
    assert {cached.cause, "image-not-found"} <= set(told((found,)))


def test_what_no_world_brings_about_says_why() -> None:
    """It is a sentence of its own."""
    for mode in MODES.values():
        assert not mode.not_emulated or mode.not_emulated.endswith("."), mode.id
