"""Annotations of a job in GitHub Actions and Azure Pipelines: each cause once, where the job shows its errors."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import NamedTuple

import pytest

from pytest_acrauth.model.secret import Secrets
from pytest_acrauth.plugin.cleaning.text import TextCleaner
from pytest_acrauth.plugin.keys import CAUSES
from pytest_acrauth.plugin.told.failure_texts import texts_of

#: As many errors of one step GitHub shows; there is no use in more.
_MOST = 10


class Annotation(NamedTuple):
    """What is annotated: a file that exists, a title, and a line of text."""

    file: str
    title: str
    text: str


def _github(note: Annotation) -> str:
    """Return it as https://docs.github.com/actions/reference/workflow-commands-for-github-actions has it."""

    def value(text: str) -> str:
        return _data(text).replace(":", "%3A").replace(",", "%2C")

    return f"::error file={value(note.file)},line=1,title={value(note.title)}::{_data(note.text)}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _azure_pipelines(note: Annotation) -> str:
    """Return it as https://learn.microsoft.com/azure/devops/pipelines/scripts/logging-commands has it."""

    def value(text: str) -> str:
        return _whole(text).replace(";", "%3B").replace("]", "%5D")

    where = f"sourcepath={value(note.file)};linenumber=1"
    return f"##vso[task.logissue type=error;{where}]{_whole(note.title)}: {_whole(note.text)}"


def _whole(text: str) -> str:
    return text.replace("%", "%AZP25").replace("\r", "%0D").replace("\n", "%0A")


#: How a CI system is told apart, by a variable that it sets, and how it is told of an error.
_SYSTEMS = (("GITHUB_ACTIONS", _github), ("TF_BUILD", _azure_pipelines))
#: The plugin that annotates every failure of pytest's by itself.
_OTHER = "pytest_github_actions_annotate_failures"


def annotating(config: pytest.Config, environ: Mapping[str, str] = os.environ) -> Callable[[Annotation], str] | None:
    """Return how the CI system that this run is in is told of an error, None outside of one.

    None, too, where another plugin annotates all failures, ours among them.
    """
    if any(name.startswith(_OTHER) for name, _ in config.pluginmanager.list_name_plugin()):
        return None
    return next((tell for name, tell in _SYSTEMS if environ.get(name, "").lower() == "true"), None)


class Annotations:
    """Takes down the causes of failures as they are reported, and prints an annotation for each in the end."""

    def __init__(self, config: pytest.Config, cleaner: TextCleaner, tell: Callable[[Annotation], str]) -> None:
        self._file = os.path.relpath(config.inipath or config.rootpath, config.rootpath)
        self._cleaner = cleaner
        self._tell = tell
        self._found: dict[str, Annotation] = {}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        for told in texts_of(report, CAUSES) if report.failed else ():
            who = " as ".join(filter(None, [told.registry, told.identity]))
            self._found.setdefault(told.cause, Annotation(self._file, who or told.id, told.headline))

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        clean = Secrets().clean  # no other command of a CI system hides in what is told
        for note in list(self._found.values())[:_MOST]:
            shown = Annotation(note.file, *(clean(self._cleaner.clean(each)) for each in note[1:]))
            terminalreporter.write_line(self._tell(shown))
