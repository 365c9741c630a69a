"""Under xdist the controller climbs for all workers: what it is told, what it hands over, and what is left of it."""

from __future__ import annotations

import json
import stat
import threading
from pathlib import Path

import factories
import pytest
from conftest import Inner, outcomes

from pytest_acrauth.model.client_record import ClientRecord, Ran
from pytest_acrauth.plugin.climbing.climbs import Needs
from pytest_acrauth.plugin.climbing.distribution import Handover, Recorded


def test_the_folder_of_the_workers(inner: Inner) -> None:
    """What workers read lies in a folder for this user only, which is gone when the run is over."""
    inner.pytester.makeconftest(
        """
        import json, os
        import pytest
        from pytest_acrauth.plugin.climbing.distribution import FOLDER, Recorded

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
    inner.emulate("healthy", "-n", "2").assert_outcomes(passed=7)
    ((folder, mode),) = json.loads((inner.pytester.path / "folders.json").read_text()).items()
    assert stat.S_IMODE(mode) == 0o700
    assert not Path(folder).exists()


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
    assert handover.receive(60.0) == ([transcript], [record], [])


def test_a_worker_elsewhere_is_on_its_own(tmp_path: Path) -> None:
    """Without the folder, or when its time is over, a worker receives nothing and will climb itself."""
    elsewhere = Handover(tmp_path / "on-another-machine")
    elsewhere.request("gw0", Needs((factories.target(),)))
    assert elsewhere.receive(60.0) == Recorded()
    assert Handover(tmp_path).receive(0.0) == Recorded()


def test_a_worker_stops_waiting_when_the_run_is_over(tmp_path: Path) -> None:
    """A worker that waits for transcripts ends when the main process takes the folder away."""
    folder = tmp_path / "shared"
    folder.mkdir()
    remover = threading.Timer(0.1, folder.rmdir)
    remover.start()
    with pytest.raises(pytest.exit.Exception):
        Handover(folder).receive(60.0)
    remover.join()


@pytest.mark.thorough
def test_distributed_checks_say_the_same(inner: Inner) -> None:
    """The explanation that a worker prints is the one that is printed without workers."""
    alone = inner.emulate("entra-sp-secret-wrong", "-k", "entra")
    spread = inner.emulate("entra-sp-secret-wrong", "-k", "entra", "-n", "2")
    first = "entra-sp-secret-wrong: *"
    alone.stdout.fnmatch_lines([first, "What to do", "Seen*AADSTS7000215*", "FAILED *"])
    spread.stdout.fnmatch_lines([first, "What to do", "Seen*AADSTS7000215*", "FAILED *"])
    assert outcomes(alone) == outcomes(spread)
