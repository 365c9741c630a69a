"""Under xdist the controller climbs, once for all workers: how it is told what to climb, and hands over what it saw.

Workers hold no secrets of the controller; what they are handed is free of them.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Self

import pytest

from pytest_acrauth.model.client_record import ClientRecord
from pytest_acrauth.model.expiry import Expiring, ExpiryRecord
from pytest_acrauth.model.target import Target
from pytest_acrauth.model.transcript import Transcript
from pytest_acrauth.plugin.climbing.climbs import Climbs, Needs
from pytest_acrauth.plugin.climbing.progress import Progress

if TYPE_CHECKING:
    from xdist.workermanage import WorkerController

#: What controller and workers agree on in ``workerinput``: where transcripts are handed over.
FOLDER = "acr_folder"
_GRACE = 10.0  # seconds a worker waits beyond what all climbs may take
_GLANCE = 0.02  # seconds between two looks into the folder


class Recorded(NamedTuple):
    """What was recorded for the workers; empty where nothing was handed over."""

    transcripts: Sequence[Transcript] = ()
    clients: Sequence[ClientRecord] = ()
    ahead: Sequence[ExpiryRecord] = ()


class Handover:
    """The private folder in which workers say what they need and the controller leaves what was recorded."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._records = folder / "records.json"

    def request(self, worker: str, needs: Needs) -> None:
        """Say what a worker's tests need; without the folder (another machine) nobody is asked."""
        with suppress(OSError):
            wanted = {"targets": [target.id for target in needs.targets], "clients": needs.clients}
            wanted["expiring"] = [each.id for each in needs.expiring]
            self._write(self._request_of(worker), wanted)

    def requested(self, worker: str, targets: Iterable[Target], expiring: Iterable[Expiring] = ()) -> Needs:
        """Return what a worker said it needs, of the targets and of the credentials those that are given."""
        try:
            wanted = json.loads(self._request_of(worker).read_text("utf-8"))
        except OSError:
            return Needs()
        return Needs(
            tuple(one for one in targets if one.id in wanted["targets"]),
            tuple(wanted["clients"]),
            tuple(one for one in expiring if one.id in wanted["expiring"]),
        )

    def publish(
        self,
        transcripts: Iterable[Transcript],
        clients: Iterable[ClientRecord],
        ahead: Iterable[ExpiryRecord] = (),
    ) -> None:
        """Leave what was recorded, all at once, for every worker."""
        climbed, checked = [one.to_json() for one in transcripts], [one.to_json() for one in clients]
        looked = [one.to_json() for one in ahead]
        self._write(self._records, {"transcripts": climbed, "clients": checked, "ahead": looked})

    def receive(self, seconds: float) -> Recorded:
        """Wait for the records; what has not come after so many seconds, the worker climbs and checks itself.

        Ends the worker's session when the folder goes away meanwhile: then the main process has given up.
        """
        deadline = time.monotonic() + seconds
        if not self._folder.is_dir():
            return Recorded()
        while time.monotonic() < deadline:
            with suppress(OSError):
                found = json.loads(self._records.read_text("utf-8"))
                return Recorded(
                    [Transcript.from_json(text) for text in found["transcripts"]],
                    [ClientRecord.from_json(text) for text in found["clients"]],
                    [ExpiryRecord.from_json(text) for text in found["ahead"]],
                )
            if not self._folder.is_dir():
                pytest.exit("the main process has ended the run")
            time.sleep(_GLANCE)
        return Recorded()

    def _request_of(self, worker: str) -> Path:
        return self._folder / f"needs-{worker}.json"

    def _write(self, path: Path, value: Any) -> None:
        unfinished = path.with_suffix(".tmp")
        unfinished.write_text(json.dumps(value), "utf-8")
        os.replace(unfinished, path)  # noqa: PTH105 - the point is that it is one step


class Worker:
    """A worker's end of the hand-over: it says what its tests need, and takes what was recorded."""

    def __init__(self, handover: Handover, name: str, climbs: Climbs) -> None:
        self._handover = handover
        self._name = name
        self._climbs = climbs

    @classmethod
    def of(cls, config: pytest.Config, climbs: Climbs) -> Self | None:
        """Return this process's end; None for one that is no worker, or whose controller climbs nothing."""
        given: dict[str, Any] = getattr(config, "workerinput", {})
        return cls(Handover(Path(given[FOLDER])), given["workerid"], climbs) if FOLDER in given else None

    def request(self, needs: Needs) -> None:
        """Say what this worker's tests need."""
        self._handover.request(self._name, needs)

    def receive(self, needs: Needs) -> None:
        """Wait for the records, as long as the controller may take for these needs, and keep them."""
        recorded = self._handover.receive(self._climbs.longest(needs) + _GRACE)
        self._climbs.keep(recorded.transcripts)
        self._climbs.keep_clients(recorded.clients)
        self._climbs.keep_ahead(recorded.ahead)


class Controller:
    """Hooks of xdist's controller: it climbs once for all workers, when the first of them has collected."""

    def __init__(self, climbs: Climbs, config: pytest.Config, extra: Mapping[str, str]) -> None:
        self._climbs = climbs
        self._config = config
        self._extra = extra
        self._folder: Path | None = None
        self._published = False

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: WorkerController) -> None:
        if self._folder is None:
            self._folder = Path(tempfile.mkdtemp(prefix="pytest-acr-"))  # for this user only
            self._config.add_cleanup(self.pytest_sessionfinish)
        node.workerinput.update({FOLDER: str(self._folder), **self._extra})

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_node_collection_finished(self, node: WorkerController) -> None:
        if self._published:
            return
        self._published = True
        handover = Handover(Path(node.workerinput[FOLDER]))
        needed = handover.requested(node.workerinput["workerid"], self._climbs.plan.every_target, self._climbs.expiring)
        with Progress(self._config) as progress:
            self._climbs.gather_all(needed, progress)
        handover.publish(
            map(self._climbs.of, needed.targets),
            map(self._climbs.client, needed.clients),
            map(self._climbs.ahead, needed.expiring),
        )

    @pytest.hookimpl(tryfirst=True)  # before xdist waits for its workers, which may be waiting for the transcripts
    def pytest_sessionfinish(self) -> None:
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)
