"""Telling each cause once: with the first failure that is reported; whoever else fails by it refers to that one.

In the process that prints. A failure's explanations travel with its report, so that whoever made it does not matter.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any, NamedTuple

import pytest
from _pytest._code.code import ExceptionRepr, ReprEntry, ReprFileLocation, ReprTraceback

from pytest_acrauth.plugin.checks.failures import DiagnosisText
from pytest_acrauth.plugin.keys import ABOUT, CAUSES

_TITLE = "what this says about Azure Container Registry"


class _Crash(ReprFileLocation):
    """What a failure is known by in short, and where; there is no line of code that tells more."""

    def __str__(self) -> str:
        return self.message


class Explained(ExceptionRepr):
    """The text of a failure, as pytest and its plugins ask for it; ``shown`` is what a terminal gets of it."""

    def __init__(self, crash: _Crash, text: str, shown: str) -> None:
        entry = ReprEntry(text.splitlines(), None, None, crash, "value")
        super().__init__(reprcrash=crash, reprtraceback=ReprTraceback([entry], None, "value"))
        self._text = text
        self._shown = shown

    def __str__(self) -> str:
        return self._text

    def toterminal(self, tw: Any) -> None:
        """Write what a terminal gets, which is all that ``--tb`` wants."""
        for line in self._shown.splitlines():
            tw.line(line)


class _Words(NamedTuple):
    """What is written of one cause at one failure: in files, and on a terminal with ``--tb=short`` and without."""

    whole: str
    short: str
    shown: str


class FailureTexts:
    """Finishes the reports of one session as they come in."""

    def __init__(self, config: pytest.Config) -> None:
        self._style: str = config.getoption("tbstyle", "auto")
        self._config = config
        self._full = config.getoption("verbose", 0) > 0
        self._told_at: dict[str, str] = {}

    def finish(self, report: pytest.TestReport) -> None:
        """Give a failed report the text of its causes, or add to another one what its own text is about."""
        if not report.failed:  # a try that is run again is not shown
            return
        if causes := texts_of(report, CAUSES):
            words = [self._words(told, report.nodeid) for told in causes]
            crash = _Crash(*self._place(report), "; ".join(told.headline for told in causes))
            report.longrepr = Explained(crash, _joined(words, "whole"), self._shown(crash, words, report))
        elif about := texts_of(report, ABOUT):
            words = [self._words(told, report.nodeid) for told in about]
            text = "\n".join(told.headline for told in about) if self._style == "line" else _joined(words, self._which)
            if (add_section := getattr(report.longrepr, "addsection", None)) is not None:
                # A section of the report would be missing from JUnit files.
                add_section(_TITLE, text)
            else:
                report.longrepr = f"{report.longrepr}\n{_TITLE}\n{text}"

    def _place(self, report: pytest.TestReport) -> tuple[str, int]:
        """Return a file that exists, and its line: a built-in check's is where the checks are configured."""
        path, line, _ = report.location
        root = self._config.rootpath
        if not (root / path).exists():
            path, line = os.path.relpath(self._config.inipath or root, root), 0
        return path, (line or 0) + 1

    def _words(self, told: DiagnosisText, nodeid: str) -> _Words:
        note = f"\n({told.note})" if told.note else ""
        if (first := self._told_at.get(told.cause)) is not None:
            at = f"explained at {first}"
            return _Words(f"{told.headline}\n{told.look}\n{at}", *[f"{told.headline}\n{at}"] * 2)
        self._told_at[told.cause] = nodeid
        text = told.full if self._full else told.text
        return _Words(text + note, f"{told.headline}\n{told.to_do}{note}", text + note)

    def _shown(self, crash: _Crash, words: Sequence[_Words], report: pytest.TestReport) -> str:
        if self._style == "line":  # pytest itself writes the line of what fails in its call
            return "" if report.when == "call" else crash.message
        return _joined(words, self._which)

    @property
    def _which(self) -> str:
        return "short" if self._style == "short" else "shown"


def texts_of(report: pytest.TestReport, name: str) -> tuple[DiagnosisText, ...]:
    """Return what a report carries under one of these names, of equal causes the first."""
    every = [DiagnosisText(**told) for told in getattr(report, name, ())]
    return tuple({told.cause: told for told in reversed(every)}.values())[::-1]


def _joined(words: Sequence[_Words], which: str) -> str:
    return "\n\n".join(getattr(each, which) for each in words)
