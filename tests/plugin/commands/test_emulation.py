"""``--acr-emulate``: every scenario through the whole plugin, and fleets."""

from __future__ import annotations

import re

import pytest
from conftest import Inner, outcomes

from pytest_acrauth.auth import METHODS
from pytest_acrauth.catalogue.shape import FailureMode
from pytest_acrauth.catalogue.tables import MODES
from pytest_acrauth.emulator import DELAYS, LOOK_ALIKES, SCENARIOS
from pytest_acrauth.emulator.world.healthy import AUDITOR

WORLDS = SCENARIOS | LOOK_ALIKES


def told(mode: FailureMode) -> str:
    """Return a test's name: the cause, and why only others' words show it where no world does."""
    return f"{mode.id} in print, for: {mode.not_emulated}" if mode.not_emulated else mode.id


@pytest.mark.broad(of=24)
@pytest.mark.parametrize("mode", MODES.values(), ids=map(told, MODES.values()))
def test_every_cause_through_the_whole_plugin(inner: Inner, mode: FailureMode) -> None:
    """A world of its id fails the run as itself with no other option; without one, it is read from what others print.

    Such a world says what it set, and a cause without one says why it has none.
    """
    assert bool(mode.not_emulated) is (mode.id not in WORLDS)
    if mode.not_emulated:
        for text in mode.samples:
            inner.pytester.path.joinpath("ci.log").write_text(text)
            result = inner.run("--acr-explain", "ci.log")
            assert result.ret == pytest.ExitCode.OK
            assert mode.id in re.findall(r"[a-z][a-z0-9-]+", result.stdout.str())
        assert mode.samples
        return
    scenario = WORLDS[mode.id]
    options = dict(scenario.options)
    result = inner.emulate(scenario.id, registry=options.pop("registry", "myacr"))
    printed = result.stdout.str()
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    lines = re.findall(r"^FAILED \S+ - (.*)", printed, re.MULTILINE)
    if scenario.undecided:
        (line,) = lines
        assert set(line.partition(": one of ")[2].split(", ")) == {scenario.id, *scenario.undecided}
    else:
        assert {line.partition(": ")[0] for line in lines} == {scenario.id, scenario.beside} - {""}
    assert len(re.findall(r"\(from scenario[;)]", printed)) >= len(options)


def test_a_healthy_world_passes(inner: Inner) -> None:
    """Nothing is told where nothing is broken."""
    assert inner.emulate("healthy").ret == pytest.ExitCode.OK


@pytest.mark.parametrize("method", [row.name for row in METHODS])
def test_every_method_can_be_tried_healthy(inner: Inner, method: str) -> None:
    """A method that is named finds what it reads, whatever the registry is called, and nothing else is set for it."""
    result = inner.emulate("healthy", "--acr-auth", method, "--acr-repository", "team/app", registry="thirdacr")
    assert result.ret == pytest.ExitCode.OK
    assert {nodeid.split("::")[2] for nodeid in outcomes(result)} == {method}
    assert set(outcomes(result).values()) == {"PASSED"}


def test_named_identities_are_tried_side_by_side(inner: Inner) -> None:
    """Each by variables that begin as is said, also in a worker."""
    named = ("a=admin:ACR_A", "b=workload-identity:ACR_B", "c=scope-map-token:C", "d=workload-identity:D", "anonymous")
    auth = [part for each in named for part in ("--acr-auth", each)]
    for more in ((), ("-n", "2")):
        result = inner.emulate("healthy", *auth, *more)
        assert result.ret == pytest.ExitCode.OK
        assert {nodeid.split("::")[2] for nodeid in outcomes(result)} == {"a", "b", "c", "d", "anonymous"}


def test_passwords_go_round_the_registries(inner: Inner) -> None:
    """The first pair is of the first registry, the second of the second; a registry that is left is told as ever."""
    both = inner.emulate("healthy", "--acr-auth=a=admin:A", "--acr-auth=b=admin:B", registry="thirdacr,fourthacr")
    assert both.ret == pytest.ExitCode.OK
    assert {tuple(nodeid.split("::")[1:3]) for nodeid in outcomes(both)} == {
        ("thirdacr.azurecr.io", "a"),
        ("fourthacr.azurecr.io", "b"),
    }
    alone = inner.emulate("healthy", "--acr-auth=a=admin:A", registry="thirdacr,fourthacr")
    assert alone.ret == pytest.ExitCode.USAGE_ERROR
    alone.stderr.fnmatch_lines(["ERROR: --acr-auth: no identity is left for fourthacr.azurecr.io*"])


@pytest.mark.parametrize(
    ("auth", "words"),
    [
        (("admn",), "unknown auth method 'admn'"),
        (("admin:x",), "what stands behind admin: is no prefix of environment variables"),
        (("anonymous:X",), "anonymous reads no variables and takes no prefix"),
        (("admin", "scope-map-token"), "admin and scope-map-token both read ACR_PASSWORD"),
    ],
)
def test_what_is_wrong_with_an_identity_is_told(inner: Inner, auth: tuple[str, ...], words: str) -> None:
    """As without the emulator, or where two need one variable."""
    result = inner.emulate("healthy", *(f"--acr-auth={each}" for each in auth))
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    (line,) = [line for line in result.errlines if line.startswith("ERROR: ")]
    assert line.startswith("ERROR: --acr-auth: ")
    assert words in line


@pytest.mark.parametrize("method", ["service-principal", "service-principal-certificate", "workload-identity"])
def test_evidence_has_an_identity_of_its_own(inner: Inner, method: str) -> None:
    """As its guide shows it: whoever looks is not the one that is refused."""
    result = inner.emulate("entra-app-not-found", f"--acr-evidence={method}:AUDIT")
    result.stdout.fnmatch_lines(["FAILED *::entra - entra-app-not-found: *"])
    result = inner.emulate("scope-map-token-disabled", "--acr-auth=scope-map-token", f"--acr-evidence={method}:AUDIT")
    result.stdout.fnmatch_lines(["FAILED *::access_token - scope-map-token-disabled: *"])
    assert AUDITOR in result.stdout.str()


READINESS = """
[identity.pull]
method = "scope-map-token"
prefix = "ACR_CI"

[identity.admin]
method = "admin"
prefix = "ACR_ROOT"

[identity.deploy]
method = "workload-identity"
prefix = "ACR_DEPLOY"

[identity.stranger]
method = "anonymous"

[registry.shop]
name = "shopacr"
access = [{ identities = ["pull", "deploy"], repositories = ["team/app"] }]
refusal = [{ identities = ["stranger"], expect = ["identity-kept-out"] }]

[registry.base]
name = "baseacr"
access = [{ identities = ["admin", "deploy"] }]
"""


def test_a_readiness_file_is_tried_by_its_own_variables(inner: Inner) -> None:
    """Each password is of the registry that the file uses it at, and who must be kept out is."""
    (inner.pytester.path / "acr.toml").write_text(READINESS, encoding="utf-8")
    result = inner.run("-v", "--acr-config=acr.toml", "--acr-emulate=healthy")
    assert set(outcomes(result).values()) == {"PASSED"}
    assert {tuple(nodeid.split("::")[1:3]) for nodeid in outcomes(result)} == {
        ("shopacr.azurecr.io", "pull"),
        ("shopacr.azurecr.io", "deploy"),
        ("shopacr.azurecr.io", "stranger"),
        ("baseacr.azurecr.io", "admin"),
        ("baseacr.azurecr.io", "deploy"),
    }


FLEET = tuple(f"fleet{number:02d}" for number in range(50))


def test_a_fleet_is_healthy(inner: Inner) -> None:
    """Fifty registries in a file are all there and all pass, down to the layer, with one token for the identity."""
    (inner.pytester.path / "fleet.txt").write_text("\n".join(FLEET))
    inner.pytester.makepyfile(
        """
        from pytest_acrauth.plugin.commands.emulation import EMULATOR

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
        from pytest_acrauth.plugin.climbing.stash import CLIMBS

        def test_names(acr, request):
            machine = request.config.stash[CLIMBS].plan.machine
            assert machine.resolve("thirdacr.azurecr.io").addresses
            assert not machine.resolve("fourthacr.azurecr.io").addresses
        """
    )
    inner.run("--acr-registry", "thirdacr", "--acr-emulate", "healthy", "--acr-checks", "none").assert_outcomes(
        passed=1
    )


def listed(inner: Inner) -> list[str]:
    """Return the lines of the list of scenarios, for which neither registry nor test is needed."""
    inner.pytester.makepyfile("def test_own(): raise RuntimeError")
    result = inner.run("--acr-emulate", "list")
    assert result.ret == pytest.ExitCode.OK
    return result.outlines


def test_the_list_has_every_scenario_once(inner: Inner) -> None:
    """Those with a cause of their own stand below its family, the look-alikes apart, and all are counted."""
    lines = listed(inner)
    rows = [found["id"] for line in lines if (found := re.match(r"  (?P<id>[a-z]\S*)", line)) is not None]
    apart = next(number for number, line in enumerate(lines) if line.startswith("Worlds that look like another"))
    assert sorted(rows[: len(SCENARIOS)]) == sorted(SCENARIOS)
    assert rows[len(SCENARIOS) :] == [*sorted(LOOK_ALIKES), *sorted(DELAYS)]
    assert lines[-1].startswith(f"{len(SCENARIOS) + len(LOOK_ALIKES) + len(DELAYS)} scenarios.")
    assert max(map(len, lines)) <= 100
    families = [line for line in lines[:apart] if re.match(r"[a-z]+ \(\d+\): ", line)]
    assert sum(int(re.findall(r"\d+", line)[0]) for line in families) == len(SCENARIOS) - 1


def test_the_list_says_what_a_scenario_sets_and_is(inner: Inner) -> None:
    """Its options as they are written, what a look-alike is diagnosed as, and what it looks like."""
    told = " ".join(["", *" ".join(listed(inner)).split()])
    for scenario in (SCENARIOS | LOOK_ALIKES).values():
        sets = ", ".join(f"--acr-{name} {value}" for name, value in scenario.options.items())
        what = f"diagnosed as {scenario.cause}; looks like {scenario.like}" if scenario.id in LOOK_ALIKES else ".*?"
        assert re.search(rf" {scenario.id} {what}{f' sets {re.escape(sets)}' if sets else ''}", told), scenario.id


@pytest.mark.parametrize(
    ("wrong", "close"), [("exchange-no-rol", "exchange-no-role"), ("helthy", "healthy"), ("entra-mfa", "entra-")]
)
def test_an_unknown_scenario(inner: Inner, wrong: str, close: str) -> None:
    """A short line names what is close to it, and how all are listed."""
    result = inner.run("--acr-registry", "myacr", "--acr-emulate", wrong)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    (line,) = [line for line in result.errlines if line.startswith("ERROR: ")]
    assert line.startswith(f"ERROR: --acr-emulate: '{wrong}' is no scenario; close to it: ")
    assert close in line
    assert line.endswith(". --acr-emulate list prints all")
    assert len(line) < 240
