"""By which methods a scenario shows: by each that is taken something is seen to be wrong, and no other is taken."""

from __future__ import annotations

from dataclasses import replace

import pytest
from emulator.climbing import climbed, looked_ahead, near_ends

from pytest_acrauth.auth import METHODS
from pytest_acrauth.diagnosis.climb import diagnose
from pytest_acrauth.emulator import LOOK_ALIKES, SCENARIOS, Emulator, Scenario
from pytest_acrauth.emulator.scenarios.scenario import READY
from pytest_acrauth.emulator.scenarios.variants import USUAL
from pytest_acrauth.model.evidence import OFF, EvidenceChoice

#: One of each flow: enough where a scenario says that no method hides it, and needs no repository for that.
_ONE_OF_EACH_FLOW = (USUAL, "basic", "anonymous")
#: Who needs neither Entra nor a role, and is known to no registry.
_NOBODY = "anonymous"


def wrong(scenario: Scenario, method: str) -> bool:
    """Whether something is seen to be wrong in a scenario's world by who signs in by a method."""
    shorter = {"timeout": "1"} if "timeout" in scenario.options else {}  # what waits is wrong whenever that ends
    by_it = replace(scenario, options={**scenario.options, **shorter, "auth": method})
    with Emulator(scenario.id, identities=[method]) as emulator:
        if scenario.ahead:
            return bool(near_ends(looked_ahead(emulator, by_it)))
        return bool(diagnose(climbed(emulator, by_it, EvidenceChoice(OFF))))


def breaking(scenarios: dict[str, Scenario]) -> list[Scenario]:
    """Return the scenarios in which something is wrong that concerns who signs in."""
    broken = (each for each in scenarios.values() if each.id != "healthy" and each.diagnosed != READY)
    return [each for each in broken if not each.client]


def id_of(scenario: Scenario) -> str:
    """Return the id of a scenario."""
    return scenario.id


@pytest.mark.broad(of=6)
@pytest.mark.parametrize("scenario", breaking(SCENARIOS), ids=id_of)
def test_a_scenario_shows_by_every_method_that_is_taken(scenario: Scenario) -> None:
    """Whoever asks for a scenario by one of its methods sees it: a run in which nothing shows would be green."""
    everybody = len(scenario.methods) == len(METHODS)
    asked = _ONE_OF_EACH_FLOW if everybody and "repository" not in scenario.options else scenario.methods
    assert [method for method in asked if not wrong(scenario, method)] == []


@pytest.mark.broad(of=6)
@pytest.mark.parametrize(
    "scenario", [each for each in breaking(LOOK_ALIKES) if _NOBODY in each.methods and not each.ahead], ids=id_of
)
def test_what_everybody_sees_is_seen_by_nobody_in_particular(scenario: Scenario) -> None:
    """A look-alike that is about Entra, a role or a credential says by which methods it shows."""
    assert wrong(scenario, _NOBODY)


def test_the_method_of_its_options_is_among_its_methods() -> None:
    """What a scenario brings along is taken, and so is the usual identity where it brings none."""
    known = {method.name for method in METHODS}
    for scenario in (SCENARIOS | LOOK_ALIKES).values():
        assert scenario.options.get("auth", USUAL) in scenario.methods, scenario.id
        assert set(scenario.methods) <= known, scenario.id
