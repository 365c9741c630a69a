"""No selection, rerun or distribution turns a selected stage that is broken or not reached into exit code 0."""

from __future__ import annotations

import pytest
from conftest import Inner, outcomes

BASE = "acr::myacr.azurecr.io::service-principal"
STAGES = ("dns", "tcp", "tls", "challenge", "entra", "exchange", "access_token")


def stages(result: pytest.RunResult) -> dict[str, str]:
    """Return the outcome of each stage of the only target."""
    return {nodeid.removeprefix(f"{BASE}::"): word for nodeid, word in outcomes(result).items()}


@pytest.mark.broad(of=2)
@pytest.mark.parametrize(
    ("scenario", "broken"),
    [("registry-dns-nxdomain", "dns"), ("entra-sp-secret-expired", "entra"), ("exchange-no-role", "exchange")],
)
def test_every_single_stage_selected_by_id(inner: Inner, scenario: str, broken: str) -> None:
    """A stage selected alone passes if it comes before the break, and fails if it is the break or needs it."""
    needs = {"dns": {"tcp", "tls", "challenge", "exchange", "access_token"}}
    behind = needs.get(broken, {"exchange", "access_token"}) | {broken}
    for stage in STAGES:
        result = inner.emulate(scenario, f"{BASE}::{stage}")
        expected = "FAILED" if stage in behind else "PASSED"
        assert stages(result) == {stage: expected}
        assert result.ret == (pytest.ExitCode.TESTS_FAILED if stage in behind else pytest.ExitCode.OK)


def test_everything_selected(inner: Inner) -> None:
    """The first broken stage fails, the ones before it pass, the ones behind it say why they were not reached."""
    result = inner.emulate("entra-sp-secret-expired", "-rs")
    passed = dict.fromkeys(STAGES[:4], "PASSED")
    assert stages(result) == passed | {"entra": "FAILED", "exchange": "SKIPPED", "access_token": "SKIPPED"}
    result.stdout.fnmatch_lines([f"SKIPPED [[]2] {BASE}: not reached: entra failed (entra-sp-secret-expired)"])


def test_a_probable_cause_is_none_in_the_reason_of_a_skip(inner: Inner) -> None:
    """What nothing confirmed is hedged wherever its id stands."""
    result = inner.emulate("firewall-rule-propagating", "-rs")
    result.stdout.fnmatch_lines(["SKIPPED *: not reached: exchange failed (probably firewall-rule-propagating)"])


def test_both_legs_fail_side_by_side(inner: Inner) -> None:
    """A break in each leg is a failure of its own; the join was not reached because of both."""
    result = inner.emulate("tcp-refused,entra-sp-secret-expired", "-rs")
    assert {stage for stage, word in stages(result).items() if word == "FAILED"} == {"tcp", "entra"}
    result.stdout.fnmatch_lines(["*not reached: tcp failed (tcp-refused), entra failed (entra-sp-secret-expired)*"])


def test_deselected_stage_has_a_stand_in(inner: Inner) -> None:
    """With the broken stage deselected the first stage that needs it fails, and says for whom."""
    result = inner.emulate("entra-sp-secret-expired", "--deselect", f"{BASE}::entra")
    assert stages(result)["exchange"] == "FAILED"
    assert stages(result)["access_token"] == "SKIPPED"
    result.stdout.fnmatch_lines(["(fails in the place of acr::*::entra, not selected)"])
    result.stdout.fnmatch_lines(["FAILED *::exchange - entra-sp-secret*"])


def test_selection_by_keyword(inner: Inner) -> None:
    """``-k`` picks stages, and a picked stage that was not reached fails."""
    result = inner.emulate("registry-dns-nxdomain", "-k", "tls or entra")
    assert stages(result) == {"tls": "FAILED", "entra": "PASSED"}


def test_a_check_marked_to_be_skipped_answers_for_nothing(inner: Inner) -> None:
    """A conftest that skips the broken stage's check does not hide the break."""
    inner.pytester.makeconftest(
        """
        import pytest

        def pytest_collection_modifyitems(items):
            for item in items:
                if item.name == "exchange":
                    item.add_marker(pytest.mark.skip(reason="not now"))
        """
    )
    result = inner.emulate("exchange-no-role")
    assert stages(result)["exchange"] == "SKIPPED"
    assert stages(result)["access_token"] == "FAILED"


def test_stop_at_the_first_failure(inner: Inner) -> None:
    """``-x`` ends the run at the broken stage."""
    result = inner.emulate("registry-dns-nxdomain", "-x")
    assert stages(result) == {"dns": "FAILED"}
    assert result.ret == pytest.ExitCode.TESTS_FAILED


def test_last_failed_with_the_cause_still_there(inner: Inner) -> None:
    """``--lf`` runs the check that failed, climbs again, and fails again."""
    inner.emulate("exchange-no-role")
    result = inner.emulate("exchange-no-role", "--lf")
    assert stages(result) == {"exchange": "FAILED"}


def test_last_failed_with_the_cause_gone(inner: Inner) -> None:
    """``--lf`` passes when the whole climb holds now, and forgets the failure."""
    inner.emulate("exchange-no-role")
    assert stages(inner.emulate("healthy", "--lf")) == {"exchange": "PASSED"}
    assert stages(inner.emulate("healthy", "--lf")) == dict.fromkeys(STAGES, "PASSED")


@pytest.mark.parametrize("now", ["exchange-no-role", "entra-sp-secret-expired", "registry-dns-nxdomain"])
def test_last_failed_with_another_cause_now(inner: Inner, now: str) -> None:
    """``--lf`` of a stage that holds now fails for any break that it, or a stage that needs it, depends on."""
    inner.emulate("tcp-refused")
    result = inner.emulate(now, "--lf")
    assert stages(result) == {"tcp": "FAILED"}
    result.stdout.fnmatch_lines(["(fails in the place of acr::*, not selected)"])


def test_last_failed_of_a_stand_in(inner: Inner) -> None:
    """A check that stood in is what ``--lf`` runs, and it stands in again."""
    inner.emulate("exchange-no-role", f"{BASE}::dns", f"{BASE}::access_token")
    result = inner.emulate("exchange-no-role", "--lf")
    assert stages(result) == {"access_token": "FAILED"}


def test_failed_first_keeps_every_break(inner: Inner) -> None:
    """``--ff`` changes the order and nothing else."""
    inner.emulate("exchange-no-role")
    result = inner.emulate("exchange-no-role", "--ff")
    assert next(iter(stages(result))) == "exchange"
    assert {stage for stage, word in stages(result).items() if word == "FAILED"} == {"exchange"}


def test_a_rerun_with_the_cause_still_there(inner: Inner) -> None:
    """Running the failed check again climbs again, and fails again."""
    result = inner.emulate("exchange-no-role", "--reruns", "1")
    result.assert_outcomes(passed=5, failed=1, skipped=1)
    assert "1 rerun" in result.stdout.str()


# The hooks of conftest files are not called for the checks; the terminal's are.
CHANGE_BETWEEN_RUNS = """
from pytest_acrauth.plugin.commands.emulation import EMULATOR
from pytest_acrauth.emulator.world.healthy import healthy_world

def pytest_report_teststatus(report, config):
    if report.outcome == "rerun":
        cloud = config.stash[EMULATOR].world.cloud
        {change}
"""


def test_a_rerun_with_the_cause_gone(inner: Inner) -> None:
    """When the cause goes away between the two runs, the check passes, and so do the stages behind it."""
    grant = "cloud.assignments[:] = healthy_world().cloud.assignments"
    inner.pytester.makeconftest(CHANGE_BETWEEN_RUNS.format(change=grant))
    result = inner.emulate("exchange-no-role", "--reruns", "1")
    assert "1 rerun" in result.stdout.str()
    assert stages(result) == dict.fromkeys(STAGES, "PASSED") | {"exchange": "RERUN"}
    assert result.ret == pytest.ExitCode.OK


def test_a_rerun_with_another_cause_now(inner: Inner) -> None:
    """When the failed stage holds now but an earlier one, long passed, broke: the check run again fails for that."""
    inner.pytester.makeconftest(CHANGE_BETWEEN_RUNS.format(change="cloud.tenants.clear()"))
    result = inner.emulate("exchange-no-role", "--reruns", "1")
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(["entra-tenant-not-found: *", "(fails in the place of acr::*::entra, not selected)"])


@pytest.mark.thorough
@pytest.mark.parametrize("scenario", ["registry-dns-nxdomain", "exchange-no-role"])
def test_distribution_decides_alike(inner: Inner, scenario: str) -> None:
    """With ``-n 2`` every check has the outcome it has without."""
    alone = stages(inner.emulate(scenario))
    spread = stages(inner.emulate(scenario, "-n", "2"))
    assert spread == alone


@pytest.mark.thorough
def test_distribution_of_a_stand_in(inner: Inner) -> None:
    """With ``-n 2`` and the broken stage not selected, exactly one check stands in."""
    result = inner.emulate("registry-dns-nxdomain", "-n", "2", "-k", "not dns")
    assert [stage for stage, word in stages(result).items() if word == "FAILED"] == ["tcp"]
    assert result.ret == pytest.ExitCode.TESTS_FAILED


def test_repositories_break_apart(inner: Inner) -> None:
    """One repository's break neither fails nor skips the checks of another."""
    result = inner.emulate("healthy", "--acr-repository", "team/app,team/app:gone")
    found = stages(result)
    assert found["operation::team/app"] == found["data::team/app"] == "PASSED"
    assert found["operation::team/app:gone"] == "FAILED"
    assert found["data::team/app:gone"] == "SKIPPED"


def test_only_the_checks(inner: Inner) -> None:
    """Whatever a repository's tests do when they are imported, ``--acr-checks only`` never gets there."""
    inner.pytester.makepyfile("raise RuntimeError('needs a cluster')")
    inner.emulate("healthy").assert_outcomes(errors=1)
    assert stages(inner.emulate("healthy", "--acr-checks", "only")) == dict.fromkeys(STAGES, "PASSED")
    inner.emulate("healthy", "--acr-checks", "only", "-n", "2").assert_outcomes(passed=len(STAGES))
    inner.emulate("exchange-no-role", "--acr-checks", "only", "-k", "dns").assert_outcomes(
        passed=1, deselected=len(STAGES) - 1
    )


def test_the_root_selects_every_check(inner: Inner) -> None:
    """``acr::`` is the tree that all checks are in, and nothing else is collected with it."""
    inner.pytester.makepyfile("raise RuntimeError('needs a cluster')")
    assert stages(inner.emulate("healthy", "acr::")) == dict.fromkeys(STAGES, "PASSED")


@pytest.mark.thorough
@pytest.mark.parametrize("workers", [(), ("-n", "2")], ids=["alone", "xdist"])
def test_new_files_first(inner: Inner, workers: tuple[str, ...]) -> None:
    """A plugin that looks at the files of tests, as pytest's own does for --nf, finds something for the checks too."""
    inner.pytester.makepyfile("def test_it(): pass")
    inner.emulate("exchange-no-role", "--nf", *workers).assert_outcomes(passed=6, failed=1, skipped=1)
    inner.pytester.makeconftest(
        "def pytest_collection_modifyitems(items): assert all(item.path.exists() for item in items)"
    )
    inner.emulate("exchange-no-role", "--nf", *workers).assert_outcomes(passed=6, failed=1, skipped=1)


def test_a_plan_contacts_nothing(inner: Inner) -> None:
    """As for every other test, --setup-plan shows what would run."""
    inner.pytester.makepyfile("import pytest\n\n@pytest.mark.acr_ready\ndef test_it(acr): acr.require()")
    result = inner.emulate("exchange-no-role", "--setup-plan")
    assert result.ret == pytest.ExitCode.OK
    result.stdout.fnmatch_lines(["*acr::myacr.azurecr.io::service-principal::exchange", "*test_it*"])
    result.stdout.no_fnmatch_line("*exchange-no-role: *")
