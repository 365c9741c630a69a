"""A defect of this package in a run of pytest: a failure that says so, exit code 1, and everybody else is judged."""

from __future__ import annotations

from pathlib import Path

import pytest
from bugs import ALL, TOKEN, plant
from conftest import Inner, outcomes

from pytest_acrauth.auth import BadAuth

LOUD = ("-vv", "--showlocals", "--full-trace", "-rA")
EXCHANGE = "pytest_acrauth.probes.registry:Login.exchange"
ACCESS_TOKEN = "pytest_acrauth.probes.registry:Login.ask_access_token"
TESTS = Path(__file__).parents[2]


def both(inner: Inner, *args: str, scenario: str = "healthy") -> pytest.RunResult:
    """Check myacr and otheracr, as loud as it gets; nothing of what a bug holds may be read."""
    result = inner.run("--acr-registry", "myacr,otheracr", "--acr-emulate", scenario, *LOUD, *args)
    assert TOKEN not in result.stdout.str() + result.stderr.str()
    assert "INTERNALERROR" not in result.stdout.str() + result.stderr.str()
    return result


def stages(result: pytest.RunResult, registry: str) -> dict[str, str]:
    """Return how each stage of a registry ended."""
    prefix = f"acr::{registry}.azurecr.io::service-principal::"
    return {name.removeprefix(prefix): how for name, how in outcomes(result).items() if name.startswith(prefix)}


def test_the_rung_that_was_reached_fails(inner: Inner, monkeypatch: pytest.MonkeyPatch) -> None:
    """What came before passes, what needs it is not reached, and the other registry is as ready as ever."""
    plant(monkeypatch, EXCHANGE)
    result = both(inner, "--acr-repository", "team/app")
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    mine = stages(result, "myacr")
    assert [stage for stage, how in mine.items() if how == "PASSED"] == ["dns", "tcp", "tls", "challenge", "entra"]
    assert mine["exchange"] == "FAILED"
    assert {how for stage, how in mine.items() if "team/app" in stage} == {"SKIPPED"}
    assert set(stages(result, "otheracr").values()) == {"PASSED"}
    result.stdout.fnmatch_lines(
        ["plugin-defect: RuntimeError: planted, with Authorization: [*][*][*]*", "*Report it to the maintainers*"]
    )
    assert "not reached: exchange failed (plugin-defect)" in result.stdout.str()


@pytest.mark.broad(of=3)
@pytest.mark.parametrize(
    "place",
    [
        "pytest_acrauth.running.run:climb",
        "pytest_acrauth.auth.credentials:Credentials._read",
        "pytest_acrauth.plugin.checks.items:Decisions._answers",
        "pytest_acrauth.plugin.checks.items:answers_for",
        "pytest_acrauth.plugin.checks.failures:diagnoses_of",
    ],
)
def test_wherever_it_is(inner: Inner, monkeypatch: pytest.MonkeyPatch, place: str) -> None:
    """The first check fails for it, and the run goes on to its end."""
    plant(monkeypatch, "pytest_acrauth.running.run:climb") if "diagnoses_of" in place else None
    plant(monkeypatch, place, ALL if "plugin" in place else "myacr.azurecr.io")
    result = both(inner)
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    assert stages(result, "myacr")["dns"] == "FAILED"
    assert "plugin-defect: RuntimeError: planted" in result.stdout.str()
    assert len(stages(result, "otheracr")) == len(stages(result, "myacr"))


def test_the_section_at_the_end(inner: Inner, monkeypatch: pytest.MonkeyPatch) -> None:
    """It names what it was to tell, and the run ends as its failures say."""
    plant(monkeypatch, "pytest_acrauth.report.explanation:in_one_line", ALL)
    result = inner.emulate("exchange-no-role")
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(["myacr.azurecr.io service-principal: exchange-refused (RuntimeError: planted*"])


@pytest.mark.parametrize("selected", ["access_token", "operation", "data"])
def test_selecting_only_what_was_not_reached(inner: Inner, monkeypatch: pytest.MonkeyPatch, selected: str) -> None:
    """No selection makes a defect pass."""
    plant(monkeypatch, EXCHANGE)
    result = both(inner, "--acr-repository", "team/app", "-k", selected)
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    assert list(stages(result, "myacr").values()) == ["FAILED"]
    assert list(stages(result, "otheracr").values()) == ["PASSED"]


def test_the_same_defect_for_each_registry_is_explained_once(inner: Inner, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each fails; the second refers to the first."""
    plant(monkeypatch, EXCHANGE, ALL)
    text = both(inner).stdout.str()
    assert text.count("Report it to the maintainers") == 1
    assert "explained at acr::myacr.azurecr.io::service-principal::exchange" in text


def test_a_rerun_climbs_again(inner: Inner, monkeypatch: pytest.MonkeyPatch) -> None:
    """A defect that stays fails again, and no internal error comes of it."""
    plant(monkeypatch, EXCHANGE)
    result = both(inner, "--reruns", "1")
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.assert_outcomes(failed=1, passed=12, skipped=1, errors=0)


USES = """
import pytest

@pytest.mark.acr_ready(registry="myacr")
def test_marked():
    pass

@pytest.mark.acr_ready(registry="otheracr")
def test_marked_other():
    pass

def test_requires(acr):
    acr.require()

def test_requires_a_scope(acr):
    acr.require("repository:team/app:pull")

def test_permissions(acr):
    assert "pull" in acr.permissions("team/app")
"""


@pytest.mark.parametrize("place", [EXCHANGE, ACCESS_TOKEN, "pytest_acrauth.running.run:climb"])
def test_tests_that_ask(inner: Inner, monkeypatch: pytest.MonkeyPatch, place: str) -> None:
    """Markers and fixture fail the tests about that registry, before their fixtures, and no other test."""
    inner.pytester.makepyfile(USES)
    plant(monkeypatch, place)
    result = both(inner, "--acr-checks", "none")
    result.assert_outcomes(failed=4, passed=4)
    assert "plugin-defect: RuntimeError: planted" in result.stdout.str()


@pytest.mark.broad(of=2)
@pytest.mark.parametrize(
    "place", ["pytest_acrauth.plugin.written.fixture:diagnoses_of", "pytest_acrauth.plugin.climbing.climbs:Climbs.of"]
)
def test_tests_that_ask_something_defective(inner: Inner, monkeypatch: pytest.MonkeyPatch, place: str) -> None:
    """What goes wrong in the asking itself fails the test that asks, too, and is no error of its set-up."""
    inner.pytester.makepyfile(USES)
    plant(monkeypatch, place, ALL)
    result = both(inner, "--acr-checks", "none")
    assert result.parseoutcomes().get("errors", 0) == 0
    assert result.parseoutcomes()["failed"] >= 4
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    assert "plugin-defect: RuntimeError: planted" in result.stdout.str()


def test_a_wrong_argument_is_no_defect(inner: Inner) -> None:
    """A scope that is none is the test's own fault, and told as that."""
    inner.pytester.makepyfile("def test_asks(acr):\n    acr.require('nonsense')")
    result = both(inner, "--acr-checks", "none")
    assert "plugin-defect" not in result.stdout.str()
    result.stdout.fnmatch_lines(["*BadName: scope 'nonsense' is not repository:NAME:ACTIONS*"])


@pytest.mark.thorough
@pytest.mark.parametrize("workers", [("-n", "2"), ()], ids=["workers", "one process"])
def test_workers(inner: Inner, workers: tuple[str, ...]) -> None:
    """What the controller's climb ended in reaches the workers as data, and what a worker asks itself fails there."""
    inner.pytester.makeconftest(
        f"""
        import sys
        import pytest
        sys.path.insert(0, {str(TESTS)!r})
        from bugs import plant
        plant(pytest.MonkeyPatch(), {ACCESS_TOKEN!r})
        """
    )
    inner.pytester.makepyfile(USES)
    result = inner.apart("--acr-registry", "myacr,otheracr", "--acr-emulate", "healthy", *LOUD, *workers)
    assert TOKEN not in result.stdout.str() + result.stderr.str()
    assert "INTERNALERROR" not in result.stdout.str() + result.stderr.str()
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.assert_outcomes(failed=5, passed=17)


def test_a_client(inner: Inner, monkeypatch: pytest.MonkeyPatch) -> None:
    """A client's check fails for it; the registries are judged."""
    plant(monkeypatch, "pytest_acrauth.probes.programs.clients:check_client", ALL)
    result = both(inner, "--acr-client", "docker")
    result.assert_outcomes(failed=1, passed=14)
    assert outcomes(result)["acr::client::docker"] == "FAILED"
    result.stdout.fnmatch_lines(["plugin-defect: RuntimeError: planted*while checking docker*"])


def test_the_failure_of_another_test_stays(inner: Inner, monkeypatch: pytest.MonkeyPatch) -> None:
    """A defect in reading what a test printed is added to the failure, and takes nothing of it away."""
    inner.pytester.makepyfile("def test_own():\n    assert 'mine' == 'yours'")
    plant(monkeypatch, "pytest_acrauth.diagnosis.text:recognise", ALL)
    result = both(inner, "--acr-checks", "none")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*assert 'mine' == 'yours'*", "plugin-defect: RuntimeError: planted*"])
    result.stdout.fnmatch_lines(["FAILED test_the_failure*::test_own - *assert 'mine' == 'yours'*"])


@pytest.mark.parametrize(
    ("place", "wanted"),
    [
        ("pytest_acrauth.report.entry_text:describe", "exchange-no-role"),
        ("pytest_acrauth.report.entry_text:listing", "all"),
        ("pytest_acrauth.plugin.commands.printed:recognise", "printed.txt"),
    ],
)
def test_explaining(inner: Inner, monkeypatch: pytest.MonkeyPatch, place: str, wanted: str) -> None:
    """It is told in place of the explanation, with exit code 1."""
    inner.pytester.path.joinpath("printed.txt").write_text("unauthorized")
    plant(monkeypatch, place, ALL)
    result = inner.run("--acr-explain", wanted)
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    assert result.outlines[0].startswith("plugin-defect: RuntimeError: planted, with Authorization: ***, while")
    assert "Traceback" not in result.stdout.str() + result.stderr.str()


def test_a_credential_that_is_gone_when_it_is_needed(inner: Inner, monkeypatch: pytest.MonkeyPatch) -> None:
    """It was there when the run began: a usage error, as it would have been then."""
    plant(monkeypatch, EXCHANGE, error=BadAuth)
    result = inner.run("--acr-registry", "myacr,otheracr", "--acr-emulate", "healthy")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert "INTERNALERROR" not in result.stdout.str() + result.stderr.str()


@pytest.mark.parametrize("loud", [LOUD, ()], ids=["loud", "plain"])
@pytest.mark.parametrize(
    "place", ["pytest_acrauth.plugin.activation:plan", "pytest_acrauth.plugin.climbing.barrier:Barrier._needed"]
)
def test_what_escapes_all_the_same(
    inner: Inner, monkeypatch: pytest.MonkeyPatch, place: str, loud: tuple[str, ...]
) -> None:
    """The end of a run by a defect shows no value of ours, and no secret of anybody's."""
    plant(monkeypatch, place, ALL)
    result = inner.run("--acr-registry", "myacr", "--acr-emulate", "healthy", *loud)
    printed = result.stdout.str() + result.stderr.str()
    assert result.ret == pytest.ExitCode.INTERNAL_ERROR
    assert "RuntimeError: planted" in printed
    assert TOKEN not in printed


def test_an_internal_error_of_somebody_else(inner: Inner, clean_environment: pytest.MonkeyPatch) -> None:
    """A hook of the user's that fails with a registered secret in its hands shows a mask."""
    clean_environment.setenv("ACR_USERNAME", "puller")
    clean_environment.setenv("ACR_PASSWORD", "a-password-to-be-found")
    inner.pytester.makeconftest(
        """
        import os

        def pytest_collection_modifyitems(items):
            password = os.environ["ACR_PASSWORD"]
            raise LookupError(f"no {password}")
        """
    )
    result = inner.run("--acr-registry", "myacr", *LOUD)
    printed = result.stdout.str() + result.stderr.str()
    assert result.ret == pytest.ExitCode.INTERNAL_ERROR
    assert "no ***" in printed
    assert "a-password-to-be-found" not in printed
