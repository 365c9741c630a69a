"""Every target is climbed once, before the first test, in whatever process: counted at the emulator."""

from __future__ import annotations

import json
import stat
import threading
from collections.abc import Sequence
from pathlib import Path

import factories
import pytest
from conftest import Inner, outcomes

from pytest_acrauth.model.client_record import ClientRecord, Ran
from pytest_acrauth.model.evidence import EvidenceChoice
from pytest_acrauth.model.observation import Dns, Exchange
from pytest_acrauth.model.stage import Stage
from pytest_acrauth.model.target import Target
from pytest_acrauth.model.transcript import Transcript
from pytest_acrauth.plugin.barrier import Climbs, Handover, Needs
from pytest_acrauth.plugin.configuration import Plan
from pytest_acrauth.probes.machine import RealMachine
from pytest_acrauth.run import Run

COUNT = """
import json
from pytest_acrauth.plugin.emulation import EMULATOR

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


@pytest.mark.parametrize("where", WHERE)
def test_two_registries_share_the_identity(counted: Inner, where: tuple[str, ...]) -> None:
    """The Entra token is asked for once, whatever the number of registries."""
    result = counted.emulate("healthy", "--acr-registry", "otheracr", *where)
    result.assert_outcomes(passed=14)
    assert counts(counted) == (1 + 2 * 3, 1 + 2)


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


def test_the_folder_of_the_workers(counted: Inner) -> None:
    """What workers read lies in a folder for this user only, which is gone when the run is over."""
    counted.pytester.makeconftest(
        """
        import json, os
        import pytest
        from pytest_acrauth.plugin.barrier import FOLDER

        seen = {}

        @pytest.hookimpl(trylast=True)
        def pytest_configure_node(node):
            folder = node.workerinput[FOLDER]
            seen[folder] = os.stat(folder).st_mode

        def pytest_sessionfinish(session):
            if seen:
                (session.config.rootpath / "folders.json").write_text(json.dumps(seen))
        """
    )
    counted.emulate("healthy", "-n", "2").assert_outcomes(passed=7)
    ((folder, mode),) = json.loads((counted.pytester.path / "folders.json").read_text()).items()
    assert stat.S_IMODE(mode) == 0o700
    assert not Path(folder).exists()


class Scripted(Run):
    """A run whose climbs are written down beforehand."""

    def __init__(self, *transcripts: Transcript) -> None:
        super().__init__(RealMachine())
        self._coming = list(transcripts)

    def check(self, targets: Sequence[Target], _progress: object = None) -> tuple[Transcript, ...]:
        return tuple(self._coming.pop(0) for _ in targets)


def test_a_second_climb_replaces_the_first_only_if_it_broke_nothing_new() -> None:
    """Checks still to come are judged on a later climb only where those already judged would have passed on it."""
    healthy = factories.climb()
    target = healthy.target
    no_dns, no_exchange = (
        factories.climb(stage, broken)
        for stage, broken in (
            (Stage.DNS, Dns(host="myacr.azurecr.io", resolution=None)),
            (Stage.EXCHANGE, Exchange()),
        )
    )
    plan = Plan((target,), (), RealMachine(), EvidenceChoice(), 30.0, 1, ())
    climbs = Climbs(plan, Scripted(no_exchange, no_dns, healthy))
    assert climbs.of(target) is no_exchange
    assert climbs.again(target) is no_dns
    assert climbs.of(target) is no_exchange
    assert climbs.again(target) is healthy
    assert climbs.of(target) is healthy


def test_workers_and_controller_meet_in_the_folder(tmp_path: Path) -> None:
    """A worker's needs reach the controller, and the records come back as they were."""
    handover = Handover(tmp_path)
    target = factories.target()
    other = factories.target(factories.BASIC)
    handover.request("gw0", Needs((target,), ("docker",)))
    assert handover.requested("gw0", [other, target]) == Needs((target,), ("docker",))
    assert handover.requested("gw1", [other, target]) == Needs()
    transcript = factories.climb(chosen=target)
    record = ClientRecord(client="docker", checked_at=1.0, runs=(Ran(arguments=("ps",), exit_code=0),))
    handover.publish([transcript], [record])
    assert handover.receive(60.0) == ([transcript], [record])


def test_a_worker_elsewhere_is_on_its_own(tmp_path: Path) -> None:
    """Without the folder, or when its time is over, a worker receives nothing and will climb itself."""
    elsewhere = Handover(tmp_path / "on-another-machine")
    elsewhere.request("gw0", Needs((factories.target(),)))
    assert elsewhere.receive(60.0) == ([], [])
    assert Handover(tmp_path).receive(0.0) == ([], [])


def test_a_worker_stops_waiting_when_the_run_is_over(tmp_path: Path) -> None:
    """A worker that waits for transcripts ends when the main process takes the folder away."""
    folder = tmp_path / "shared"
    folder.mkdir()
    remover = threading.Timer(0.1, folder.rmdir)
    remover.start()
    with pytest.raises(pytest.exit.Exception):
        Handover(folder).receive(60.0)
    remover.join()


def test_distributed_checks_say_the_same(inner: Inner) -> None:
    """The explanation that a worker prints is the one that is printed without workers."""
    alone = inner.emulate("entra-sp-secret-wrong", "-k", "entra")
    spread = inner.emulate("entra-sp-secret-wrong", "-k", "entra", "-n", "2")
    first = "entra-sp-secret-wrong: *"
    alone.stdout.fnmatch_lines([first, "*AADSTS7000215*", "What to do", "FAILED *"])
    spread.stdout.fnmatch_lines([first, "*AADSTS7000215*", "What to do", "FAILED *"])
    assert outcomes(alone) == outcomes(spread)
