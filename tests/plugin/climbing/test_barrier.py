"""Every target is climbed once, before the first test, in whatever process: counted at the emulator."""

from __future__ import annotations

import json

import pytest
from conftest import Inner

COUNT = """
import json
from pytest_acrauth.plugin.commands.emulation import EMULATOR

def pytest_sessionfinish(session):
    emulator = session.config.stash.get(EMULATOR, None)
    if emulator is not None:
        counts = [len(emulator.requests), len(emulator.connections)]
        (session.config.rootpath / "counts.json").write_text(json.dumps(counts))
"""
WHERE = [(), ("-n", "2")]


def counts(inner: Inner) -> tuple[int, int]:
    """Return how many requests and connections the emulator of the last run had."""
    requests, connections = json.loads((inner.pytester.path / "counts.json").read_text())
    return requests, connections


@pytest.fixture
def counted(inner: Inner) -> Inner:
    """Deliver inner runs that count."""
    inner.pytester.makeconftest(COUNT)
    return inner


@pytest.mark.broad(of=2)
@pytest.mark.parametrize("where", WHERE)
def test_a_healthy_climb(counted: Inner, where: tuple[str, ...]) -> None:
    """A service principal and one image take seven requests on three connections, and no test asks again."""
    counted.pytester.makepyfile(
        """
        import pytest

        @pytest.mark.acr_ready
        def test_marked():
            pass

        def test_fixture(acr):
            acr.require()
            assert acr.transcript.accesses[0].data.ok
        """
    )
    result = counted.emulate("healthy", "--acr-repository", "team/app:latest", *where)
    result.assert_outcomes(passed=11)
    assert counts(counted) == (7, 3)


@pytest.mark.broad(of=2)
@pytest.mark.parametrize("where", WHERE)
def test_two_registries_share_the_identity(counted: Inner, where: tuple[str, ...]) -> None:
    """The Entra token is asked for once, whatever the number of registries."""
    result = counted.emulate("healthy", "--acr-registry", "otheracr", *where)
    result.assert_outcomes(passed=14)
    assert counts(counted) == (1 + 2 * 3, 1 + 2)


@pytest.mark.broad(of=2)
@pytest.mark.parametrize("where", WHERE)
def test_only_what_the_tests_need(counted: Inner, where: tuple[str, ...]) -> None:
    """A registry that no selected test is about is not climbed, and a marker's registry is."""
    counted.pytester.makepyfile(
        """
        import pytest

        @pytest.mark.acr_ready(registry="otheracr")
        @pytest.mark.parametrize("number", range(4))
        def test_marked(number):
            pass
        """
    )
    result = counted.emulate("healthy", "--acr-registry", "otheracr", "--acr-checks", "none", *where)
    result.assert_outcomes(passed=4)
    assert counts(counted) == (4, 2)


@pytest.mark.broad(of=2)
@pytest.mark.parametrize("where", WHERE)
def test_no_test_needs_it(counted: Inner, where: tuple[str, ...]) -> None:
    """Where no selected test needs a registry nothing is contacted."""
    counted.pytester.makepyfile("def test_other(): pass")
    counted.emulate("healthy", "-k", "test_other", *where).assert_outcomes(passed=1)
    assert counts(counted) == (0, 0)


@pytest.mark.parametrize("where", WHERE)
def test_collecting_contacts_nothing(counted: Inner, where: tuple[str, ...]) -> None:
    """``--collect-only`` lists the checks and asks nobody."""
    result = counted.emulate("healthy", "--collect-only", "-q", "-q", *where)
    assert result.ret == pytest.ExitCode.OK
    assert counts(counted) == (0, 0)


def test_a_failed_collection_contacts_nothing(counted: Inner) -> None:
    """When a test file cannot be imported no test runs, and nothing is contacted."""
    counted.pytester.makepyfile("import no_such_module")
    assert counted.emulate("healthy").ret == pytest.ExitCode.INTERRUPTED
    assert counts(counted) == (0, 0)


def test_a_rerun_climbs_again(counted: Inner) -> None:
    """A failed check that runs again asks again, for its target only."""
    off = ("--acr-registry", "otheracr", "--acr-evidence", "off")
    alone = counted.emulate("exchange-no-role", *off)
    once = counts(counted)
    again = counted.emulate("exchange-no-role", *off, "--reruns", "1", "-k", "myacr")
    assert (alone.ret, again.ret) == (pytest.ExitCode.TESTS_FAILED, pytest.ExitCode.TESTS_FAILED)
    assert once == (1 + 2 * 2, 1 + 2)
    assert counts(counted) == (2 * 3, 2 * 2)


@pytest.mark.thorough
def test_a_fleet_is_climbed_once_for_all_workers(counted: Inner) -> None:
    """A hundred registries and four workers: each registry is asked once in all, and Entra once."""
    names = ",".join(f"fleet{number:03}" for number in range(100))
    result = counted.run("--acr-registry", names, "--acr-emulate", "healthy", "-n", "4")
    result.assert_outcomes(passed=700)
    assert counts(counted) == (3 * 100 + 1, 100 + 1)
