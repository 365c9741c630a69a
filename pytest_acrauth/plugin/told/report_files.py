"""``--acr-report`` and ``--acr-compare``: a run kept in files, and what changed since an earlier one."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from pytest_acrauth.auth.files import read_regular
from pytest_acrauth.model import codec
from pytest_acrauth.model.secret import Secrets, whole
from pytest_acrauth.plugin.asked import values
from pytest_acrauth.plugin.asked.settings import Setting, Settings, runs_nothing, where
from pytest_acrauth.plugin.checks.expiry import outlooks
from pytest_acrauth.plugin.cleaning.reports import ReportCleaner
from pytest_acrauth.plugin.cleaning.text import TextCleaner
from pytest_acrauth.plugin.climbing.climbs import Climbs
from pytest_acrauth.plugin.keys import CAUSES
from pytest_acrauth.plugin.told.failure_texts import texts_of
from pytest_acrauth.report.changes import changes
from pytest_acrauth.report.document import VERSION, Check, Document, clients, climbed, credentials, document_of, moment
from pytest_acrauth.report.markdown import markdown

_LARGEST = 256 * 1024 * 1024  # bytes of an earlier report
_LONGEST = 4000  # characters of a test's id, and of why it failed


def _html(document: Document) -> str:
    from pytest_acrauth.report.html import html

    return html(document)


def _metrics(document: Document) -> str:
    from pytest_acrauth.report.metrics import metrics

    return metrics(document)


#: How a document becomes the text of a file, by the file's suffix.
FORMATS: Mapping[str, Callable[[Document], str]] = {
    ".html": _html,
    ".json": Document.to_json,
    ".md": markdown,
    ".prom": _metrics,
}
#: Formats that need what an extra brings: how each is called, the extra, and the module that needs it.
_NEEDS_EXTRA = {
    ".html": ("a report in HTML", "report", "pytest_acrauth.report.html"),
    ".prom": ("a report in Prometheus's format", "metrics", "pytest_acrauth.report.metrics"),
}
_ENDED = {
    pytest.ExitCode.OK: "passed",
    pytest.ExitCode.TESTS_FAILED: "failed",
    pytest.ExitCode.INTERRUPTED: "interrupted",
    pytest.ExitCode.NO_TESTS_COLLECTED: "no tests",
}


class File(NamedTuple):
    """A file to write, and how it is called in messages."""

    path: Path
    name: str

    @property
    def format(self) -> Callable[[Document], str]:
        return FORMATS[self.path.suffix.lower()]


def files(settings: Settings, config: pytest.Config) -> tuple[File, ...]:
    """Return the files to write.

    Raises `pytest.UsageError` for a suffix that says no format, and for a place that cannot be written to.
    """
    setting = settings["report"]
    return tuple(_file(setting, text, config) for text in dict.fromkeys(setting.values))


def _file(setting: Setting, text: str, config: pytest.Config) -> File:
    path, name = values.path(setting, text, config), where("report", setting)
    if path.suffix.lower() not in FORMATS:
        raise pytest.UsageError(f"{name}: {text!r} says no format: let it end in one of {', '.join(FORMATS)}")
    if path.suffix.lower() in _NEEDS_EXTRA:
        what, extra, module = _NEEDS_EXTRA[path.suffix.lower()]
        if missing := _lacking(module):
            raise pytest.UsageError(
                f"{name}: {what} needs {missing}; install it with: pip install 'pytest-acrauth[{extra}]'"
            )
    if os.path.exists(path) and not os.path.isfile(path):  # noqa: PTH110, PTH113 - a long name is no error here
        raise pytest.UsageError(f"{name}: {text!r} is no file")
    if not values.writable(path):
        raise pytest.UsageError(f"{name}: {text!r} cannot be written: it or a folder above it is closed, or no folder")
    return File(path, text)


def _lacking(module: str) -> str:
    """Return the name of what a format's module cannot be loaded without, '' where all of it is there."""
    try:
        import_module(module)
    except ImportError as error:
        missing = (error.name or "").partition(".")[0]
        if missing == "pytest_acrauth":
            raise
        return missing or "what cannot be imported"
    return ""


def earlier(settings: Settings, config: pytest.Config) -> Document | None:
    """Return the run to compare with, None where none is named.

    Raises `pytest.UsageError` for a file that cannot be read, and for one that is no report of this version.
    """
    setting = settings["compare"]
    if not setting.value:
        return None
    name = f"{where('compare', setting)}: {setting.value!r}"
    try:
        text = read_regular(values.path(setting, setting.value, config), _LARGEST).decode("utf-8-sig")
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is no UTF-8 text, or too large"
        raise pytest.UsageError(f"{name} cannot be read: {reason}") from error
    if (found := document_of(text)) is None:
        raise pytest.UsageError(f"{name} is no report in JSON of --acr-report, or of another version than {VERSION}")
    return found


class ReportFiles:
    """Hooks of the process that prints: they take down what becomes of tests, and write the files when it is over."""

    def __init__(self, climbs: Climbs, cleaner: TextCleaner, files: tuple[File, ...], before: Document | None) -> None:
        self._climbs = climbs
        self._cleaner = cleaner
        self._files = files
        self._before = before
        self._began = climbs.plan.machine.now()
        self._checks: dict[str, Check] = {}
        self._told: list[str] = []

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Take down a test's outcome: its failure, else that of its call; a later try counts instead of an earlier."""
        if report.when == "setup":
            self._checks.pop(report.nodeid, None)
        before = self._checks.get(report.nodeid)
        outcome, why = _outcome(report)
        seconds = report.duration + (before.seconds if before is not None else 0.0)
        if before is not None and before.outcome != "passed" and outcome == "passed":
            outcome, why = before.outcome, before.why
        self._checks[report.nodeid] = Check(
            id=_shown(report.nodeid), outcome=outcome, seconds=round(seconds, 4), why=why
        )

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int | pytest.ExitCode) -> None:
        if runs_nothing(session.config):  # what an earlier run has left stays
            self._told += [f"report {file.name} not written: nothing was run" for file in self._files]
            return
        document = self.document(session, exitstatus)
        if self._before is not None:
            found = [f"  {_shown(change.words)}" for change in document.changes] or ["  nothing"]
            self._told += [f"changed since the run of {_shown(self._before.began)}:", *found]
        for file in self._files:
            try:
                _write(file.path, file.format(document))
            except OSError as error:
                self._told.append(f"report {file.name} could not be written: {error.strerror}")
                # Whoever reads the report of a green night must not find last night's in its place.
                if session.exitstatus == pytest.ExitCode.OK:
                    session.exitstatus = pytest.ExitCode.TESTS_FAILED
            else:
                self._told.append(f"report {file.name} written")

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Say what was written; the session is over by then."""
        for line in self._told:
            terminalreporter.write_line(f"acr: {self._cleaner.clean(line)}")

    def document(self, session: pytest.Session, exitstatus: int | pytest.ExitCode) -> Document:
        """Return the run as far as it went, in words that may be read."""
        plan = self._climbs.plan
        known = {target.id for target in plan.targets}
        seen = Document(
            version=VERSION,
            plugin=version("pytest-acrauth"),
            began=moment(self._began),
            ended=moment(plan.machine.now()),
            outcome=_ENDED.get(pytest.ExitCode(exitstatus), "broken off"),
            complete=not (session.shouldstop or session.shouldfail)
            and exitstatus in {0, 1, 5}
            and len(self._climbs.every) == len(plan.every_target)
            and len(self._climbs.checked) == len(plan.clients),
            settings=plan.header,
            climbed=climbed(self._climbs.every, {each.id for each in plan.every_target} - known),
            clients=clients(self._climbs.checked),
            checks=tuple(sorted(self._checks.values(), key=lambda check: check.id)),
            credentials=credentials(outlooks(self._climbs)),
        )
        if self._before is not None:
            seen = replace(seen, compared_with=self._before.began, changes=changes(self._before, seen))
        plain: Any = json.loads(seen.to_json())
        cleaned = ReportCleaner(self._cleaner).of(plain)
        return seen if cleaned is plain else codec.from_json(Document, json.dumps(cleaned))


def _outcome(report: pytest.TestReport) -> tuple[str, str]:
    """Return what one phase of a test came to, and why in a line."""
    expected = hasattr(report, "wasxfail")
    if report.failed:
        told = "; ".join(each.headline for each in texts_of(report, CAUSES))
        crash = getattr(getattr(report.longrepr, "reprcrash", None), "message", "")
        why = told or Secrets().clean(str(crash).partition("\n")[0], _LONGEST)
        return ("failed" if report.when == "call" else "error"), why
    if report.skipped:
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else ""
        return ("xfailed" if expected else "skipped"), Secrets().clean(reason.removeprefix("Skipped: "), _LONGEST)
    return ("xpassed" if expected and report.when == "call" else str(report.outcome)), ""


def _shown(words: str) -> str:
    """Return what may be anybody's, a file's or a test's, as it may be kept: ids keep their colons."""
    return "::".join(Secrets().clean(part, _LONGEST) for part in words.split("::"))


def _write(path: Path, text: str) -> None:
    """Write a file in one step: whoever reads it finds the whole of it, or what was there before. Raises `OSError`."""
    path = Path(os.path.realpath(path))  # a link stays one
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=".acr-", dir=path.parent)
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
            file.write(whole(text))
        umask = os.umask(0)
        os.umask(umask)
        Path(name).chmod(0o666 & ~umask)
        Path(name).replace(path)
    except BaseException:
        with suppress(OSError):
            Path(name).unlink()
        raise
