"""What the product asks of the management plane while it looks for causes: reading, and never a secret."""

from __future__ import annotations

import pytest
from emulator.climbing import climbed

from pytest_acrauth.catalogue.tables import MODES
from pytest_acrauth.emulator import SCENARIOS, Emulator

MANAGEMENT = {"management.azure.com", "graph.microsoft.com"}
#: Reads that have a body.
READING_POSTS = ("/providers/Microsoft.ResourceGraph/resources", "/checkNameAvailability")
#: Those about a climb; of those that take their time, one would show no more than the others.
CLIMBS = [each for each in SCENARIOS.values() if not (each.client or each.ahead) and "timeout" not in each.options]


@pytest.mark.broad(of=3)
@pytest.mark.parametrize("scenario", CLIMBS, ids=lambda scenario: scenario.id)
def test_the_product_only_reads(scenario):
    """In no scenario does a check list credentials, or send ARM or Graph anything that is no reading."""
    with Emulator(scenario.id) as emulator:
        climbed(emulator, scenario)
        asked = [request for request in emulator.requests if request.host in MANAGEMENT]
    assert not [request for request in asked if "credential" in request.path.rpartition("/")[2].lower()]
    assert not [
        request
        for request in asked
        if request.method != "GET" and not (request.method == "POST" and request.path.endswith(READING_POSTS))
    ]
    told = bool(MODES[scenario.id].tells) if scenario.id in MODES else False
    assert bool(asked) is (scenario.needs_evidence or told)  # without any request, the promise above would be empty
