"""What the product asks of the management plane while it looks for causes: reading, and never a secret."""

from __future__ import annotations

import pytest

from pytest_acrauth.auth import choose
from pytest_acrauth.emulator import SCENARIOS, Emulator
from pytest_acrauth.model.evidence import EvidenceChoice
from pytest_acrauth.model.target import Reference, Registry, Target
from pytest_acrauth.run import Run

MANAGEMENT = {"management.azure.com", "graph.microsoft.com"}
#: Reads that have a body.
READING_POSTS = ("/providers/Microsoft.ResourceGraph/resources", "/checkNameAvailability")
#: Those about a climb; of those that take their time, one would show no more than the others.
CLIMBS = [each for each in SCENARIOS.values() if not each.defaults.client and not each.defaults.timeout]


@pytest.mark.parametrize("scenario", CLIMBS, ids=lambda scenario: scenario.id)
def test_the_product_only_reads(scenario):
    """In no scenario does a check list credentials, or send ARM or Graph anything that is no reading."""
    wanted = scenario.defaults
    with Emulator(scenario.id) as emulator:
        registry = Registry.parse("myacr")
        (chosen,) = choose([wanted.auth or "service-principal"], emulator.environ)
        references = tuple(Reference.parse(text) for text in wanted.repository)
        must, must_not = ((text or "").split(",") if text else [] for text in (wanted.must or "pull", wanted.must_not))
        target = Target(registry, chosen.identity, references, tuple(must), tuple(must_not))
        evidence = EvidenceChoice(subscription=wanted.subscription or "")
        Run(emulator.machine, evidence=evidence).check([target])
        asked = [request for request in emulator.requests if request.host in MANAGEMENT]
    assert not [request for request in asked if "credential" in request.path.rpartition("/")[2].lower()]
    assert not [
        request
        for request in asked
        if request.method != "GET" and not (request.method == "POST" and request.path.endswith(READING_POSTS))
    ]
    if scenario.id == "exchange-no-role":
        assert asked  # without any request, the promise above would be empty
