"""The look-ahead: one test item for each credential that has an end, where somebody set a limit."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from pytest_acrauth.auth import Credentials
from pytest_acrauth.model.expiry import Ending, Expiring, ExpiryRecord, kinds_of
from pytest_acrauth.model.outlook import Outlook, Verdict
from pytest_acrauth.model.secret import Secrets
from pytest_acrauth.model.stage import Rung, Stage
from pytest_acrauth.model.target import Flow, Target
from pytest_acrauth.plugin.asked.plan import Plan
from pytest_acrauth.plugin.checks.failures import (
    DiagnosisText,
    NotReady,
    could_not_look,
    defective,
    diagnoses_of,
    in_short,
    own_defects,
    tell,
)
from pytest_acrauth.plugin.checks.items import DECISIONS, ROOT, Make, OwnItem, at_no_line, check_id
from pytest_acrauth.plugin.climbing.climbs import Climbs

if TYPE_CHECKING:
    from pytest_acrauth.diagnosis.conclusion import Diagnosis

EXPIRY = "expiry"
_OUTLOOK: pytest.StashKey[Outlook] = pytest.StashKey()
_PREFIX = "acr_"


def expiry_id(one: Expiring) -> str:
    """Return the node id of a credential's check."""
    return "::".join((ROOT, EXPIRY, *one.parts))


def expiring(plan: Plan, secrets: Secrets) -> tuple[Expiring, ...]:
    """Return the credentials whose ends are looked at, each once; nobody is asked, so every process finds the same."""
    credentials = Credentials(plan.machine.environ, secrets)
    found: dict[str, Expiring] = {}
    for target in plan.every_target:
        if plan.expiry.get(target.identity.name):
            # One that cannot be read is told of elsewhere, before anything is contacted or by the climb.
            with suppress(Exception):
                facts = credentials.read(target.identity, target.registry).facts
                for kind in kinds_of(facts, target.identity.flow):
                    one = Expiring(target, kind)
                    found.setdefault(one.id, one)
    return tuple(found.values())


def checks(climbs: Climbs) -> Iterator[tuple[str, Make]]:
    """Return the id of every credential's check and how it is made."""
    for one in climbs.expiring:
        yield expiry_id(one), partial(_make, one, climbs)


def _make(one: Expiring, climbs: Climbs, parent: pytest.Collector, name: str) -> pytest.Item:
    return ExpiryCheck.from_parent(parent, name=name, expiring=one, climbs=climbs)


def outlook_of(climbs: Climbs, record: ExpiryRecord) -> Outlook:
    """Return a record beside the limits of its identity."""
    return Outlook(record, climbs.plan.expiry[record.target.identity.name])


class ExpiryCheck(OwnItem):
    """The end of one credential of one identity, as a test item."""

    def __init__(self, *, expiring: Expiring, climbs: Climbs, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.expiring = expiring
        self._climbs = climbs
        self._failed = False

    def runtest(self) -> None:
        with own_defects(f"judging {self.nodeid}", self._climbs.run.secrets):
            try:
                self._judge()
            except NotReady:
                self._failed = True
                raise

    def _judge(self) -> None:
        one = self.expiring
        record = self._climbs.ahead_again(one) if self._failed else self._climbs.ahead(one)
        if record.defect is not None:
            raise defective(record.defect)
        outlook = self.stash[_OUTLOOK] = outlook_of(self._climbs, record)
        if outlook.verdict is Verdict.FAILS:
            from pytest_acrauth.diagnosis.expiry import diagnose_expiry

            raise NotReady.telling([_told(outlook, diagnose_expiry(outlook))])
        if outlook.verdict is Verdict.UNSEEN:
            self._not_seen(outlook)

    def _not_seen(self, outlook: Outlook) -> None:
        """Skip with the reason; fail where somebody must be able to look, or a sign-in that broke is told nowhere."""
        transcript = self._climbs.of(self.expiring.target)
        broken = [rung for rung in transcript.broken() if rung in _sign_in(self.expiring.target)]
        found = [each for each in diagnoses_of(transcript) if each.broken.rung in broken]
        # What an identity is refused that is there for a refusal is that refusal's own check to judge.
        meant = transcript.target not in self._climbs.plan.targets
        answered = meant or self.config.stash[DECISIONS].answered(transcript, broken)
        if found and (outlook.limits.required or not answered):
            raise NotReady.telling(_in_place(each, self.expiring.target, answered=answered) for each in found)
        from pytest_acrauth.report.expiry import not_seen, why

        if outlook.limits.required:
            raise could_not_look(*not_seen(outlook), self.expiring.target)
        reasons = [f"{each.broken.rung} failed ({in_short(each)})" for each in found]
        pytest.skip(f"could not look: {', '.join(reasons) or why(outlook)}")

    def reportinfo(self) -> tuple[Any, int, str]:
        return self.config.rootpath / ROOT, 0, f"expiry: {' '.join(self.expiring.parts)}"


class Expiry:
    """Hooks that add to the report of a credential's check what was seen of its end, whatever becomes of it."""

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        if isinstance(item, ExpiryCheck):
            _take_properties(item, call.when)
        report = yield
        if not isinstance(item, ExpiryCheck) or call.when != "call":
            return report
        if call.excinfo is not None and isinstance(call.excinfo.value, pytest.skip.Exception):
            report.longrepr = at_no_line(item, call.excinfo.value)
        if (outlook := item.stash.get(_OUTLOOK, None)) is not None and not report.failed:
            from pytest_acrauth.report.expiry import lines

            if told := list(lines(outlook)):
                report.sections.append((ROOT, "\n".join(told)))
        return report


def _take_properties(item: ExpiryCheck, when: str) -> None:
    """Tell in an item's properties what it is about, and what was seen when it ran last."""
    target, one = item.expiring.target, item.expiring
    known = {"identity": target.identity.name, "credential": str(one.kind)}
    if one.kind is Ending.STORED_LOGIN or target.identity.flow is Flow.BASIC:
        known["registry"] = target.registry.login_server
    outlook = item.stash.get(_OUTLOOK, None)
    if when == "call" and outlook is not None:
        from pytest_acrauth.report.expiry import properties

        known |= properties(outlook)
    named = {f"{_PREFIX}{name}": value for name, value in known.items()}
    item.user_properties[:] = [pair for pair in item.user_properties if pair[0] not in named] + [*named.items()]


def lines_of(climbs: Climbs, *, every: bool) -> Iterator[str]:
    """Yield the lines of the section at a run's end: of every credential that was looked at, or of those near.

    Whose credential has no check is told, too, where somebody asked for that very identity.
    """
    for outlook in outlooks(climbs):
        from pytest_acrauth.report.expiry import lines

        yield from lines(outlook, every=every)
    looked_at = {one.target.identity.name for one in climbs.expiring}
    for name, limits in climbs.plan.expiry.items():
        if name not in looked_at and (every or limits.required):
            yield f"{EXPIRY} {name}: no check: nothing that ends is known of its credential"


def outlooks(climbs: Climbs) -> Iterator[Outlook]:
    """Yield how near the ends of the credentials are that were looked at."""
    return (outlook_of(climbs, record) for record in climbs.looked_ahead if record.defect is None)


def _told(outlook: Outlook, diagnosis: Diagnosis) -> DiagnosisText:
    """Return what is told of a near end: once of a certificate and its record in Entra, and of a secret of several."""
    record, failing = outlook.record, outlook.failing
    told = replace(tell(diagnosis), identity=record.target.identity.name)
    if record.kind in {Ending.CERTIFICATE, Ending.CERTIFICATE_FILE}:
        which = [str(each.ends) for each in failing]
    else:
        which = [each.id or record.id for each in failing]
    kind = str(record.kind).removesuffix("-file")
    return replace(told, cause=repr((EXPIRY, kind, record.client_id or record.id, sorted(which))))


def _in_place(diagnosis: Diagnosis, target: Target, *, answered: bool) -> DiagnosisText:
    other = check_id(target, diagnosis.broken.rung)
    return tell(diagnosis, note="" if answered else f"fails in the place of {other}, not selected")


def _sign_in(target: Target) -> Iterable[Rung]:
    """Return the rungs that an identity's sign-in needs: at Entra, else all up to the registry's access token."""
    if target.identity.flow is Flow.ENTRA:
        return [Rung(Stage.ENTRA)]
    tokens = [rung for rung in target.rungs if rung.stage is Stage.ACCESS_TOKEN]
    return {*tokens, *(need for rung in tokens for need in target.needs(rung))}
