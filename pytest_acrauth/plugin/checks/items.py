"""The built-in checks: one test item per stage for every registry and identity, and how each is decided."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Generator, Iterable, Iterator, Mapping
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any, NoReturn

import pytest

from pytest_acrauth.model.observation import NotObserved, Upload
from pytest_acrauth.model.stage import Rung
from pytest_acrauth.model.target import Target
from pytest_acrauth.model.transcript import Transcript
from pytest_acrauth.plugin.asked.declared import Refused
from pytest_acrauth.plugin.checks.attribution import answers_for, broken_before, fails_again
from pytest_acrauth.plugin.checks.failures import NotReady, diagnoses_of, failures_of, in_short, own_defects, tell
from pytest_acrauth.plugin.checks.refusals import outcome
from pytest_acrauth.plugin.climbing.climbs import Climbs
from pytest_acrauth.plugin.keys import EXPECTED
from pytest_acrauth.report.climb_lines import left_open

if TYPE_CHECKING:
    from pytest_acrauth.diagnosis.conclusion import Diagnosis

ROOT = "acr"
DECISIONS: pytest.StashKey[Decisions] = pytest.StashKey()


def check_id(target: Target, rung: Rung) -> str:
    """Return the node id of a built-in check."""
    return f"{ROOT}::{target.registry.login_server}::{target.identity.name}::{rung}"


def client_id(name: str) -> str:
    """Return the node id of a client's check."""
    return f"{ROOT}::client::{name}"


def refusal_id(refused: Refused) -> str:
    """Return the node id of the check of a refusal."""
    target = refused.target
    return f"{ROOT}::{target.registry.login_server}::{target.identity.name}::refused::{refused.expectation.id}"


#: Makes a check under a collector, by a name.
Make = Callable[[pytest.Collector, str], pytest.Item]


class _Hooks:
    """The hooks of a check: those of reports are the rootdir's conftest's as well, and no others are a conftest's.

    What a conftest does with reports it does with those of the checks; what it does with tests expects Python's.
    """

    _OF_REPORTS = frozenset({"pytest_runtest_makereport", "pytest_runtest_logreport"})

    def __init__(self, session: pytest.Session) -> None:
        self._session = session
        # No conftest is responsible for a path that does not exist. The nodes' own exists: plugins look at it.
        self._path = session.config.rootpath / f"<{ROOT}>"

    def __getattr__(self, name: str) -> Any:
        # Asked for each time: a conftest that is loaded later would be in what was asked for before.
        path = self._session.config.rootpath if name in self._OF_REPORTS else self._path
        return getattr(self._session.gethookproxy(path), name)


class Readiness(pytest.Collector):
    """One part of the checks' ids: the root, a registry, an identity, or a stage that exists once per repository."""

    def __init__(self, *, checks: Mapping[tuple[str, ...], Make], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._checks = checks

    @cached_property
    def ihook(self) -> Any:
        return _Hooks(self.session)

    def collect(self) -> Iterator[pytest.Item | pytest.Collector]:
        groups: dict[str, dict[tuple[str, ...], Make]] = {}
        for (name, *rest), check in self._checks.items():
            groups.setdefault(name, {})[tuple(rest)] = check
        for name, checks in groups.items():
            yield checks[()](self, name) if () in checks else Readiness.from_parent(self, name=name, checks=checks)


class OwnItem(pytest.Item):
    """A test item of this plugin, marked as such."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.add_marker(ROOT)

    @cached_property
    def ihook(self) -> Any:
        return _Hooks(self.session)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """Return the text alone where that is all that will be shown: writing frames down takes most of a failure."""
        if isinstance(excinfo.value, NotReady):
            return excinfo.getrepr(style="value")
        return super().repr_failure(excinfo, style)


class ClientCheck(OwnItem):
    """One client that must work on this machine, as a test item; it says nothing of any registry."""

    def __init__(self, *, climbs: Climbs, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._climbs = climbs
        self._failed = False

    def runtest(self) -> None:
        with own_defects(f"judging the check of {self.name}", self._climbs.run.secrets):
            record = self._climbs.client_again(self.name) if self._failed else self._climbs.client(self.name)
            if found := failures_of(record):
                self._failed = True
                raise NotReady.by(found)

    def reportinfo(self) -> tuple[Any, int, str]:
        return self.config.rootpath / ROOT, 0, f"client: {self.name}"


class RefusalCheck(OwnItem):
    """A refusal that must happen, as a test item."""

    def __init__(self, *, refused: Refused, climbs: Climbs, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.target = refused.target
        self.expectation = refused.expectation
        self._climbs = climbs
        self._failed = False

    def runtest(self) -> None:
        with own_defects(f"judging {self.nodeid}", self._climbs.run.secrets):
            if self._failed:
                self._climbs.forget(self.target)
            self._failed = True
            met = outcome(self.expectation, self.target, self._climbs)
            if met.against:
                raise NotReady.telling(met.against)
            self._failed = False
            for note in met.notes:
                self.add_report_section("call", ROOT, note)
            self.user_properties[:] = [(EXPECTED, note) for note in met.notes]

    def reportinfo(self) -> tuple[Any, int, str]:
        who = f"{self.target.registry.login_server}: refused ({self.target.identity.name})"
        return self.config.rootpath / ROOT, 0, who


class Check(OwnItem):
    """One stage of one target's climb, as a test item."""

    def __init__(self, *, target: Target, rung: Rung, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.target = target
        self.rung = rung

    def runtest(self) -> None:
        self.config.stash[DECISIONS].decide(self)

    def reportinfo(self) -> tuple[Any, int, str]:
        about = f" of {self.rung.reference}" if self.rung.reference else ""
        where = f"{self.target.registry.login_server}: {self.rung.stage}{about} ({self.target.identity.name})"
        return self.config.rootpath / ROOT, 0, where  # pytest insists on a line for a check marked to be skipped


class Checks:
    """Hooks that collect the built-in checks, keep their order, and finish their reports."""

    def __init__(
        self, climbs: Climbs, only: Collection[str], ahead: Iterable[tuple[str, Make]] = (), *, alone: bool
    ) -> None:
        self._climbs = climbs
        self._ahead = tuple(ahead)
        self._only = only
        self._alone = alone

    @pytest.hookimpl(wrapper=True)
    def pytest_make_collect_report(
        self, collector: pytest.Collector
    ) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
        report = yield
        if isinstance(collector, pytest.Session) and report.passed:
            checks = {
                tuple(nodeid.split("::")[1:]): make
                for nodeid, make in self._every()
                if not self._only or selects(self._only, nodeid)
            }
            path = collector.config.rootpath
            root = Readiness.from_parent(collector, name=ROOT, path=path, nodeid=ROOT, checks=checks)
            # What else was found is not imported yet, and is not: there may be tests that cannot be.
            report.result = [root] if self._alone else [root, *report.result]
        return report

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        # The climb's order, ahead of all other tests, whatever a plugin made of it.
        place = {nodeid: number for number, (nodeid, _) in enumerate(self._every())}
        items.sort(key=lambda item: place[item.nodeid] if isinstance(item, OwnItem) else len(place))

    def _every(self) -> Iterator[tuple[str, Make]]:
        """Return every check's id and how it is made, in the order in which they run."""
        plan = self._climbs.plan
        for target in plan.targets:
            for rung in target.rungs:
                yield check_id(target, rung), partial(_make_check, target, rung)
        for refused in plan.refusals:
            yield refusal_id(refused), partial(_make_refusal_check, refused, self._climbs)
        yield from self._ahead
        for name in plan.clients:
            yield client_id(name), partial(_make_client_check, self._climbs)

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        session.config.stash[DECISIONS] = Decisions(session, self._climbs)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        report = yield
        if isinstance(item, Check) and call.when == "call":
            seen = self._climbs.of(item.target).at(item.rung)
            report.duration = seen.elapsed if seen is not None else 0.0
            if call.excinfo is not None and isinstance(call.excinfo.value, pytest.skip.Exception):
                report.longrepr = at_no_line(item, call.excinfo.value)
            if isinstance(seen, Upload) and seen.left_open:
                report.sections.append(("acr", left_open(item.target, item.rung, seen)))
        return report


def at_no_line(item: pytest.Item, skipped: BaseException) -> Any:
    """Return how a report says why and where a check was skipped: there is no line. Pytest copes, its types do not."""
    return (item.parent.nodeid if item.parent else ROOT, None, str(skipped))


def _make_check(target: Target, rung: Rung, parent: pytest.Collector, name: str) -> pytest.Item:
    return Check.from_parent(parent, name=name, target=target, rung=rung)


def _make_refusal_check(refused: Refused, climbs: Climbs, parent: pytest.Collector, name: str) -> pytest.Item:
    return RefusalCheck.from_parent(parent, name=name, refused=refused, climbs=climbs)


def _make_client_check(climbs: Climbs, parent: pytest.Collector, name: str) -> pytest.Item:
    return ClientCheck.from_parent(parent, name=name, climbs=climbs)


def selects(ids: Iterable[str], nodeid: str) -> bool:
    """Whether one of the ids is this check or a part of the tree that it is in."""
    return any(nodeid == wanted or nodeid.startswith(f"{wanted}::") for wanted in ids)


class Decisions:
    """Decides each selected check of a session, from the transcripts and from what failed before."""

    def __init__(self, session: pytest.Session, climbs: Climbs) -> None:
        self._climbs = climbs
        self._selected: dict[Target, list[Rung]] = defaultdict(list)
        for item in session.items:
            # A check that somebody marks as to be skipped answers for nothing, like one that is not selected.
            if isinstance(item, Check) and item.get_closest_marker("skip") is None:
                self._selected[item.target].append(item.rung)
        # Only who asks for what failed last selects by it; any other selection means the same every time.
        cache = getattr(session.config, "cache", None) if session.config.getoption("lf", default=False) else None
        self._failed_before = frozenset(cache.get("cache/lastfailed", {}) if cache is not None else ())
        self._failed_here: set[tuple[Target, Rung]] = set()

    def decide(self, check: Check) -> None:
        """Return if the check passes; else raise what fails or skips it."""
        with own_defects(f"deciding {check.nodeid}", self._climbs.run.secrets):
            self._decide(check)

    def _decide(self, check: Check) -> None:
        target, rung = check.target, check.rung
        if (target, rung) in self._failed_here:
            transcript = self._climbs.again(target)
            answers = fails_again(transcript, rung)
        else:
            transcript = self._climbs.of(target)
            answers = self._answers(transcript).get(rung, ())
        if answers:
            self._failed_here.add((target, rung))
            self._fail(transcript, rung, answers)
        seen = transcript.at(rung)
        if isinstance(seen, NotObserved):
            pytest.skip(f"not observed: {seen.reason}")
        if seen is None:
            self._skip(transcript, rung)

    def answered(self, transcript: Transcript, rungs: Collection[Rung]) -> bool:
        """Whether a selected check fails for one of a target's broken rungs."""
        every = self._answers(transcript).values()
        return any(rung in broken for broken in every for rung in rungs)

    def _answers(self, transcript: Transcript) -> dict[Rung, tuple[Rung, ...]]:
        target = transcript.target
        before = {rung for rung in target.rungs if check_id(target, rung) in self._failed_before}
        return answers_for(transcript, self._selected[target], before)

    def _fail(self, transcript: Transcript, rung: Rung, answers: tuple[Rung, ...]) -> NoReturn:
        told = []
        for diagnosis in self._diagnoses(transcript, answers):
            other = diagnosis.broken.rung
            note = "" if other == rung else f"fails in the place of {check_id(transcript.target, other)}, not selected"
            told.append(tell(diagnosis, note=note))
        raise NotReady.telling(told)

    def _skip(self, transcript: Transcript, rung: Rung) -> NoReturn:
        because = broken_before(transcript, rung)
        if not because:
            raise LookupError(f"{check_id(transcript.target, rung)} was not reached, and nothing broke")
        found = self._diagnoses(transcript, because)
        reasons = [f"{diagnosis.broken.rung} failed ({in_short(diagnosis)})" for diagnosis in found]
        pytest.skip(f"not reached: {', '.join(reasons)}")

    def _diagnoses(self, transcript: Transcript, rungs: Collection[Rung]) -> list[Diagnosis]:
        return [diagnosis for diagnosis in diagnoses_of(transcript) if diagnosis.broken.rung in rungs]
