"""The climbs of a run, all before its first test: in this process, or in xdist's controller for every worker.

Nothing of a climb then runs beside the tests, where their warning filters, patches, timeouts and log capture would
reach it.
"""

from __future__ import annotations

import json
import math
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Self

import pytest

from pytest_acrauth.model.client_record import ClientRecord
from pytest_acrauth.model.target import Target
from pytest_acrauth.model.transcript import Transcript
from pytest_acrauth.plugin.configuration import Plan
from pytest_acrauth.run import Run

if TYPE_CHECKING:
    from xdist.workermanage import WorkerController

#: What controller and workers agree on in ``workerinput``: where transcripts are handed over.
FOLDER = "acr_folder"
_GRACE = 10.0  # seconds a worker waits beyond what all climbs may take
_GLANCE = 0.02


class Needs(NamedTuple):
    """What tests need before they run: targets climbed, and clients checked."""

    targets: tuple[Target, ...] = ()
    clients: tuple[str, ...] = ()


class Climbs:
    """The transcripts of a run: climbed on demand, kept, and climbed again when a failed check is run again."""

    def __init__(self, plan: Plan, run: Run) -> None:
        self.plan = plan
        self.run = run
        self._transcripts: dict[str, Transcript] = {}
        self._clients: dict[str, ClientRecord] = {}
        self._asked: dict[tuple[Target, str, tuple[str, ...]], Transcript] = {}

    def of(self, target: Target) -> Transcript:
        """Return a target's transcript, climbing if nobody did yet."""
        self.gather([target])
        return self._transcripts[target.id]

    def gather_all(self, needs: Needs, progress: Callable[[int, int], None] | None = None) -> None:
        """Climb the targets and check the clients that tests need, as far as nobody did yet."""
        self.gather(needs.targets, progress)
        for name in needs.clients:
            self.client(name)

    def gather(self, targets: Iterable[Target], progress: Callable[[int, int], None] | None = None) -> None:
        """Climb those of the targets that were not climbed yet, side by side."""
        missing = [target for target in dict.fromkeys(targets) if target.id not in self._transcripts]
        if missing:
            self.keep(self.run.check(missing, progress))

    def keep(self, transcripts: Iterable[Transcript]) -> None:
        """Take over transcripts, in the place of older ones."""
        self._transcripts |= {transcript.target.id: transcript for transcript in transcripts}

    def client(self, name: str) -> ClientRecord:
        """Return what the check of a client recorded, checking it if nobody did yet."""
        if name not in self._clients:
            from pytest_acrauth.probes.programs.clients import check_client

            self._clients[name] = check_client(name, self.plan.machine, self.plan.timeout, self.plan.registries)
        return self._clients[name]

    def client_again(self, name: str) -> ClientRecord:
        """Check a client once more and return what was seen now."""
        self._clients.pop(name, None)
        return self.client(name)

    def keep_clients(self, records: Iterable[ClientRecord]) -> None:
        """Take over what client checks recorded."""
        self._clients |= {record.client: record for record in records}

    def ask(self, target: Target, repository: str, actions: tuple[str, ...]) -> Transcript:
        """Ask the registry, live, for actions on a repository; once for the same question."""
        question = (target, repository, actions)
        if question not in self._asked:
            self._asked[question] = self.run.ask(target, repository, actions)
        return self._asked[question]

    def again(self, target: Target) -> Transcript:
        """Climb once more and return what was seen; it replaces the old transcript only where it broke nothing new.

        Checks that were judged on the old one relied on others to fail, and these may be over.
        """
        before = set(self.of(target).broken())
        self._asked = {asked: answer for asked, answer in self._asked.items() if asked[0] != target}
        (transcript,) = self.run.check([target])
        if before >= set(transcript.broken()):
            self.keep([transcript])
        return transcript


class Handover:
    """The private folder in which workers say what they need and the controller leaves what was recorded."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._records = folder / "records.json"

    def request(self, worker: str, needs: Needs) -> None:
        """Say what a worker's tests need; without the folder (another machine) nobody is asked."""
        with suppress(OSError):
            wanted = {"targets": [target.id for target in needs.targets], "clients": needs.clients}
            self._write(self._request_of(worker), wanted)

    def requested(self, worker: str, targets: Iterable[Target]) -> Needs:
        """Return what a worker said it needs, of the targets those that are given."""
        try:
            wanted = json.loads(self._request_of(worker).read_text("utf-8"))
        except OSError:
            return Needs()
        return Needs(tuple(one for one in targets if one.id in wanted["targets"]), tuple(wanted["clients"]))

    def publish(self, transcripts: Iterable[Transcript], clients: Iterable[ClientRecord]) -> None:
        """Leave what was recorded, all at once, for every worker."""
        climbed, checked = [one.to_json() for one in transcripts], [one.to_json() for one in clients]
        self._write(self._records, {"transcripts": climbed, "clients": checked})

    def receive(self, seconds: float) -> tuple[list[Transcript], list[ClientRecord]]:
        """Wait for the records; what has not come after so many seconds, the worker climbs and checks itself.

        Ends the worker's session when the folder goes away meanwhile: then the main process has given up.
        """
        deadline = time.monotonic() + seconds
        if not self._folder.is_dir():
            return [], []
        while time.monotonic() < deadline:
            with suppress(OSError):
                found = json.loads(self._records.read_text("utf-8"))
                climbed = [Transcript.from_json(text) for text in found["transcripts"]]
                return climbed, [ClientRecord.from_json(text) for text in found["clients"]]
            if not self._folder.is_dir():
                pytest.exit("the main process has ended the run")
            time.sleep(_GLANCE)
        return [], []

    def _request_of(self, worker: str) -> Path:
        return self._folder / f"needs-{worker}.json"

    def _write(self, path: Path, value: Any) -> None:
        unfinished = path.with_suffix(".tmp")
        unfinished.write_text(json.dumps(value), "utf-8")
        os.replace(unfinished, path)  # noqa: PTH105 - the point is that it is one step


#: Says what tests need, of these targets.
WhatIsNeeded = Callable[[Iterable[pytest.Item], Sequence[Target]], Needs]


class Barrier:
    """Hooks of a process that runs tests itself: it climbs, or receives, before the first of them."""

    def __init__(self, climbs: Climbs, needs: WhatIsNeeded, config: pytest.Config) -> None:
        self._climbs = climbs
        self._needs = needs
        worker: dict[str, Any] = getattr(config, "workerinput", {})
        self._worker = str(worker.get("workerid", ""))
        self._handover = Handover(Path(worker[FOLDER])) if FOLDER in worker else None

    @pytest.hookimpl(tryfirst=True)  # before the worker tells the controller that it has collected
    def pytest_collection_finish(self, session: pytest.Session) -> None:
        if self._handover is not None:
            self._handover.request(self._worker, self._needs(session.items, self._climbs.plan.targets))

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> Generator[None, object, object]:
        option = session.config.option
        gives_up = session.testsfailed and not option.continue_on_collection_errors
        plan = self._climbs.plan
        needed = self._needs(session.items, plan.targets)
        if any(needed) and not (option.collectonly or gives_up):
            if self._handover is not None:
                rounds = math.ceil(len(needed.targets) / plan.jobs) + len(needed.clients)
                climbed, checked = self._handover.receive(rounds * plan.timeout + _GRACE)
                self._climbs.keep(climbed)
                self._climbs.keep_clients(checked)
            with Progress(session.config) as progress:
                self._climbs.gather_all(needed, progress)
        return (yield)


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
        needed = handover.requested(node.workerinput["workerid"], self._climbs.plan.targets)
        with Progress(self._config) as progress:
            self._climbs.gather_all(needed, progress)
        handover.publish(map(self._climbs.of, needed.targets), map(self._climbs.client, needed.clients))

    @pytest.hookimpl(tryfirst=True)  # before xdist waits for its workers, which may be waiting for the transcripts
    def pytest_sessionfinish(self) -> None:
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)


class Progress:
    """Says how many climbs are done: on one line of a terminal, now and then elsewhere."""

    def __init__(self, config: pytest.Config) -> None:
        self._terminal: Any = config.pluginmanager.getplugin("terminalreporter")
        self._said = time.monotonic()

    def __enter__(self) -> Self:
        return self

    def __call__(self, done: int, every: int) -> None:
        if self._terminal is None:
            return
        if self._terminal.isatty:
            self._terminal.rewrite(f"climbing {done}/{every}", erase=True)
        elif time.monotonic() - self._said > _GRACE:
            self._said = time.monotonic()
            self._terminal.write_line(f"climbing {done}/{every}")

    def __exit__(self, *_: object) -> None:
        if self._terminal is not None and self._terminal.isatty:
            self._terminal.rewrite("", erase=True)
            self._terminal.write("\r")
