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


FLEET = tuple(f"fleet{number:02d}" for number in range(50))


def test_a_fleet_is_healthy(inner: Inner) -> None:
    """Fifty registries in a file are all there and all pass, down to the layer, with one token for the identity."""
    (inner.pytester.path / "fleet.txt").write_text("\n".join(FLEET))
    inner.pytester.makepyfile(
        """
        from pytest_acrauth.plugin.emulation import EMULATOR

        def test_counts(request):
            emulator = request.config.stash[EMULATOR]
            assert [each.host for each in emulator.requests].count("login.microsoftonline.com") == 1
            assert len(emulator.connections) == 1 + 2 * 50
        """
    )
    fleet = ("--acr-registry=@fleet.txt", "--acr-emulate", "healthy", "--acr-repository", "team/app")
    inner.run(*fleet).assert_outcomes(passed=50 * 9 + 1)


def test_a_scenario_is_every_registrys(inner: Inner) -> None:
    """What is emulated happens to each registry that is configured, and each says so."""
    result = inner.run("--acr-registry", ",".join(FLEET[:5]), "--acr-emulate", "firewall-ip-denied")
    failed = re.findall(
        r"^FAILED acr::(\w+)\.azurecr\.io::\S+::exchange - firewall-ip-denied: ", result.stdout.str(), re.MULTILINE
    )
    assert failed == list(FLEET[:5])


@pytest.mark.parametrize(
    "scenario", ["admin-user-disabled", "scope-map-token-disabled", "refresh-token-expired", "admin-username-wrong"]
)
def test_passwords_are_of_the_registry_that_is_named(inner: Inner, scenario: str) -> None:
    """A registry under any name has the passwords of the environment, so that a scenario about them shows."""
    result = inner.run("--acr-registry", "thirdacr", "--acr-emulate", scenario)
    result.stdout.fnmatch_lines([f"FAILED acr::thirdacr.azurecr.io::*::access_token - {scenario}: *"])


ID = "/subscriptions/0f1e2d3c-4b5a-4968-8776-95a4b3c2d1e0/resourceGroups/Team"


@pytest.mark.parametrize(
    "named", ["myacr-abc123.azurecr.io", f"{ID}/providers/Microsoft.ContainerRegistry/registries/thirdacr"]
)
def test_a_cause_is_found_however_a_registry_is_named(inner: Inner, named: str) -> None:
    """Domain name labels and resource ids lead evidence to the record as a name does."""
    result = inner.run("--acr-registry", named, "--acr-emulate", "firewall-ip-denied")
    result.stdout.fnmatch_lines(["FAILED *::exchange - firewall-ip-denied: *"])


def test_a_registry_that_is_not_named_does_not_exist(inner: Inner) -> None:
    """Beside the emulator's own two there are those on the command line, and no other."""
    inner.pytester.makepyfile(
        """
        from pytest_acrauth.plugin import CLIMBS

        def test_names(acr, request):
            machine = request.config.stash[CLIMBS].plan.machine
            assert machine.resolve("thirdacr.azurecr.io").addresses
            assert not machine.resolve("fourthacr.azurecr.io").addresses
        """
    )
    inner.run("--acr-registry", "thirdacr", "--acr-emulate", "healthy", "--acr-checks", "none").assert_outcomes(
        passed=1
    )
