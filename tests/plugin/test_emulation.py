"""``--acr-emulate``: every scenario through the whole plugin, and fleets."""

from __future__ import annotations

import re

import pytest
from conftest import Inner

from pytest_acrauth.emulator import SCENARIOS, Scenario


@pytest.mark.parametrize("scenario", SCENARIOS.values(), ids=SCENARIOS)
def test_a_scenario_alone_shows_itself(inner: Inner, scenario: Scenario) -> None:
    """With no other option than its id a scenario fails the run with its own cause, and says what it set."""
    result = inner.emulate(scenario.id)
    printed = result.stdout.str()
    if scenario.id == "healthy":
        assert result.ret == pytest.ExitCode.OK
        return
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    lines = re.findall(r"^FAILED \S+ - (.*)", printed, re.MULTILINE)
    assert {line.partition(": ")[0] for line in lines} == {scenario.id} or (
        # What the Azure CLI prints leaves it open which of its causes it is.
        scenario.client == "az" and all(scenario.id in re.split(", | one of ", line) for line in lines)
    )
    assert printed.count("(from scenario)") >= len(scenario.options)
