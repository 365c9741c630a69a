"""The section at the end of a run: who is not ready and why, each in one line; with ``-v`` the facts of who is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from pytest_acrauth.model.defect import Defect
from pytest_acrauth.model.observation import Upload
from pytest_acrauth.model.transcript import Transcript
from pytest_acrauth.plugin.asked.naming import NOT_CHECKED
from pytest_acrauth.plugin.checks.expiry import lines_of
from pytest_acrauth.plugin.checks.failures import diagnoses_of, failures_of
from pytest_acrauth.plugin.checks.items import refusal_id
from pytest_acrauth.plugin.cleaning.text import TextCleaner
from pytest_acrauth.plugin.climbing.climbs import Climbs
from pytest_acrauth.plugin.keys import CAUSES, EXPECTED
from pytest_acrauth.plugin.told.failure_texts import texts_of
from pytest_acrauth.report.climb_lines import left_open, ready, ready_in_short, waited_in_vain

if TYPE_CHECKING:
    from pytest_acrauth.diagnosis.conclusion import Diagnosis

_TITLE = "Azure Container Registry"


class Summary:
    """Writes the section, in the process that prints. Lines are as long as they are: no terminal cuts them."""

    def __init__(self, climbs: Climbs, cleaner: TextCleaner) -> None:
        self._climbs = climbs
        self._cleaner = cleaner
        self._unchecked: Counter[str] = Counter()
        self._refusals = {refusal_id(each): each for each in climbs.plan.refusals}
        self._refused: dict[str, str] = {}
        self._not_refused: dict[str, str] = {}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Note what became of refusals, and count tests that were skipped because their registry is not checked."""
        if report.nodeid in self._refusals and report.when == "call":
            self._refused.pop(report.nodeid, None)
            self._not_refused.pop(report.nodeid, None)
            if report.failed:
                self._not_refused[report.nodeid] = "; ".join(told.headline for told in texts_of(report, CAUSES))
            elif report.passed:
                self._refused[report.nodeid] = "; ".join(
                    str(note) for name, note in report.user_properties if name == EXPECTED
                )
        if report.skipped and isinstance(report.longrepr, tuple):
            _, found, rest = report.longrepr[2].partition(NOT_CHECKED)
            self._unchecked.update([found + rest] if found else [])

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        lines = list(self._lines(verbose=terminalreporter.config.option.verbose > 0))
        if lines:
            terminalreporter.write_sep("=", _TITLE)
        for line in lines:
            terminalreporter.write_line(self._cleaner.clean(line))

    def _lines(self, *, verbose: bool) -> Iterator[str]:
        sound: list[Transcript] = []
        for transcript in self._climbs.climbed:
            found = diagnoses_of(transcript)
            who = f"{transcript.target.registry.login_server} {transcript.target.identity.name}"
            if found:
                waited = waited_in_vain(transcript.waited, verbose=verbose)
                yield f"{who}: {'; '.join(map(_sentence, found))}{waited}"
            else:
                sound.append(transcript)
            yield from _left_open(transcript)
        yield from lines_of(self._climbs, every=verbose)
        for record in self._climbs.checked:
            if wrong := failures_of(record):
                yield f"client {record.client}: {'; '.join(map(_sentence, wrong))}"
        if sound and verbose:
            yield from map(ready, sound)
        elif sound:
            yield from (ready_in_short(transcript) for transcript in sound if transcript.waited is not None)
            yield f"ready: {len(sound)} of {len(self._climbs.climbed)}"
        yield from self._refusal_lines(verbose=verbose)
        for why, count in sorted(self._unchecked.items()):
            yield f"skipped, {count} test{'s' if count > 1 else ''}: {why}"

    def _refusal_lines(self, *, verbose: bool) -> Iterator[str]:
        for nodeid, said in self._not_refused.items():
            yield f"{self._who(nodeid)}: {said or 'it could not be told whether it is refused'}"
        if verbose:
            yield from (f"{self._who(nodeid)}: {said}" for nodeid, said in self._refused.items())
        elif self._refused:
            yield f"refused as expected: {len(self._refused)} of {len(self._refused) + len(self._not_refused)}"

    def _who(self, nodeid: str) -> str:
        target = self._refusals[nodeid].target
        return f"{target.registry.login_server} {target.identity.name}"


def _left_open(transcript: Transcript) -> Iterator[str]:
    for rung in transcript.target.rungs:
        seen = transcript.at(rung)
        if isinstance(seen, Upload) and seen.left_open:
            yield left_open(transcript.target, rung, seen)


def _sentence(diagnosis: Diagnosis) -> str:
    from pytest_acrauth.report.explanation import in_one_line  # a run in which all is well never loads the catalogue

    try:
        return in_one_line(diagnosis)
    except Exception as error:  # noqa: BLE001 - a defect of ours, which must not end the run
        return f"{diagnosis.symptom.id} ({Defect.of(error, 'telling it in a line').words})"
