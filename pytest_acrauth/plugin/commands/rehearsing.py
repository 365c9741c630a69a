"""``--acr-rehearse``: each declared promise made false in the declared world, one by one, and which check notices."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Generator, Iterable, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Literal, NamedTuple

import pytest

from pytest_acrauth.model.outlook import Verdict
from pytest_acrauth.model.stage import Rung
from pytest_acrauth.model.target import Target
from pytest_acrauth.plugin.asked.plan import Plan
from pytest_acrauth.plugin.asked.settings import runs_nothing
from pytest_acrauth.plugin.checks.attribution import answers_for
from pytest_acrauth.plugin.checks.expiry import ExpiryCheck, outlook_of
from pytest_acrauth.plugin.checks.failures import DiagnosisText, NotReady, diagnoses_of, tell
from pytest_acrauth.plugin.checks.items import ROOT, Check, ClientCheck, RefusalCheck
from pytest_acrauth.plugin.checks.refusals import outcome
from pytest_acrauth.plugin.cleaning.text import TextCleaner
from pytest_acrauth.plugin.climbing.climbs import Climbs, run_of
from pytest_acrauth.plugin.commands.declared_world import World
from pytest_acrauth.plugin.written.markers import judge, marks, needs

if TYPE_CHECKING:
    from pytest_acrauth.emulator.rehearsal import Broken, Unbreakable

_TITLE = "Would it notice?"


class Found(NamedTuple):
    """What became of one change: the first check that noticed, '' for nobody, and the id by which it did."""

    broken: Broken
    by: str = ""
    as_: str = ""

    @property
    def wrong_cause(self) -> bool:
        """Whether it was noticed as something else than what was changed."""
        named = self.as_.replace(",", " ").replace(":", " ").split()
        return bool(self.by and self.broken.causes) and not set(self.broken.causes) & set(named)


class Rehearsal:
    """Hooks that break promises behind the tests of a run, and tell at its end who noticed."""

    def __init__(self, world: World, climbs: Climbs, cleaner: TextCleaner) -> None:
        self._world = world
        self._climbs = climbs
        self._cleaner = cleaner
        self._found: list[Found] = []
        self._unbreakable: list[Unbreakable] = []

    @pytest.hookimpl(wrapper=True)
    def pytest_runtestloop(self, session: pytest.Session) -> Generator[None, object, object]:
        result = yield
        if not (session.testsfailed or runs_nothing(session.config)):
            self._rehearse(session)
        return result

    def _rehearse(self, session: pytest.Session) -> None:
        from pytest_acrauth.emulator.rehearsal import Broken

        every = [*self._world.breaks()]
        self._unbreakable = [each for each in every if not isinstance(each, Broken)]
        changes = [each for each in every if isinstance(each, Broken)]
        reporter = session.config.pluginmanager.get_plugin("terminalreporter")
        for number, each in enumerate(changes, start=1):
            if reporter is not None and reporter.isatty:
                reporter.rewrite(f"rehearsing {number} of {len(changes)} changes ", erase=True)
            with self._world.changed(each):
                self._found.append(Found(each, *_first(session.items, each.about, self._anew())))
        if reporter is not None and reporter.isatty:
            reporter.rewrite("", erase=True)
        session.testscollected += len(self._found)
        for one in self._found:
            for report in _reports(one, self._cleaner):
                session.config.hook.pytest_runtest_logreport(report=report)

    def _anew(self) -> Climbs:
        """Return climbs of the same plan that know nothing yet, and wait for nothing."""
        ours = replace(self._climbs.plan, wait=0.0)
        return Climbs(ours, run_of(ours, self._climbs.run.secrets), self._climbs.expiring)

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        terminalreporter.write_sep("=", _TITLE)
        for line in self._lines(verbose=terminalreporter.config.option.verbose > 0):
            terminalreporter.write_line(self._cleaner.clean(line))

    def _lines(self, *, verbose: bool) -> Iterator[str]:
        if not self._found:
            yield "nothing was rehearsed: the suite has to be green in the declared world first"
            return
        yield "promise · change · noticed by · as"
        unnoticed = [each for each in self._found if not each.by]
        for each in unnoticed:
            yield f"{each.broken.promise} · {each.broken.change} · nobody"
            if each.broken.advice:
                yield f"    would notice it: {each.broken.advice}"
        for each in self._found:
            if each.by and (verbose or each.wrong_cause):
                wrong = f" (by a wrong cause: {' or '.join(each.broken.causes)} is true)" if each.wrong_cause else ""
                yield f"{each.broken.promise} · {each.broken.change} · {each.by} · {each.as_}{wrong}"
        for promise, reason in self._unbreakable:
            yield f"not rehearsed: {promise}: {reason}"
        yield f"noticed: {len(self._found) - len(unnoticed)} of {len(self._found)}"


def _reports(found: Found, cleaner: TextCleaner) -> Iterator[pytest.TestReport]:
    """Yield the reports of a change as a test, for whatever counts tests or writes them down: unnoticed, it failed."""
    promise, change, advice = found.broken.promise, found.broken.change, found.broken.advice
    said = cleaner.clean(f"nobody notices: {promise} · {change}" + (f"\nwould notice it: {advice}" if advice else ""))
    nodeid = cleaner.clean(f"{ROOT}::rehearsal::{promise} · {change}")
    place = (ROOT, None, nodeid)
    noticed: list[tuple[str, object]] = [("acr_noticed_by", found.by), ("acr_noticed_as", found.as_)]
    phases: tuple[Literal["call", "teardown"], ...] = ("call", "teardown")
    for when in phases:
        failed = when == "call" and not found.by
        yield pytest.TestReport(
            nodeid,
            place,
            {ROOT: 1},
            "failed" if failed else "passed",
            said if failed else None,
            when,
            user_properties=noticed if found.by else (),
        )


def _first(items: Sequence[pytest.Item], about: Sequence[Target], climbs: Climbs) -> tuple[str, str]:
    """Return the first check of those about some targets that fails now, and as what; two '' where none does."""
    ids = {target.id for target in about}
    climbs.gather(target for target in climbs.plan.every_target if target.id in ids)
    selected: dict[Target, list[Rung]] = defaultdict(list)
    for item in items:
        if isinstance(item, Check):
            selected[item.target].append(item.rung)
    for item in items:
        if any(target.id in ids for target in _about(item, climbs.plan)):
            told = _fails(item, selected, climbs)
            if told is not None:
                return item.nodeid, told
    return "", ""


def _about(item: pytest.Item, plan: Plan) -> Iterable[Target]:
    if isinstance(item, Check | RefusalCheck):
        return (item.target,)
    if isinstance(item, ExpiryCheck):
        return (target for target in plan.every_target if target.identity == item.expiring.target.identity)
    return () if isinstance(item, ClientCheck) else needs(item, plan)


def _fails(item: pytest.Item, selected: dict[Target, list[Rung]], climbs: Climbs) -> str | None:
    """Return the id as which an item fails, None where it does not."""
    try:
        if isinstance(item, Check):
            transcript = climbs.of(item.target)
            broken = answers_for(transcript, selected[item.target]).get(item.rung, ())
            found = [each for each in diagnoses_of(transcript) if each.broken.rung in broken]
            return _named(tell(found[0])) if found else None
        if isinstance(item, RefusalCheck):
            against = outcome(item.expectation, item.target, climbs).against
            return _named(against[0]) if against else None
        if isinstance(item, ExpiryCheck):
            from pytest_acrauth.diagnosis.expiry import diagnose_expiry

            outlook = outlook_of(climbs, climbs.ahead(item.expiring))
            return _named(tell(diagnose_expiry(outlook))) if outlook.verdict is Verdict.FAILS else None
        failure = judge(item, marks(item), climbs).failure
    except NotReady as error:  # what nobody could read
        failure = error
    if failure is None:
        return None
    return _named(failure.told[0]) if failure.told else str(failure).partition("\n")[0]


def _named(told: DiagnosisText) -> str:
    """Return the ids that a failure's first line names, without the title of one that is proven."""
    own, _, rest = told.headline.partition(": ")
    return f"{own}: {rest}" if rest.startswith("one of ") else own
