"""What an active run does to every report: first lines, properties, explanations of foreign failures, clean words."""

from __future__ import annotations

import warnings
from collections.abc import Generator, Iterable
from typing import Any

import pytest
from _pytest.junitxml import xml_key

from pytest_acrauth.model.defect import Defect
from pytest_acrauth.model.secret import Secrets
from pytest_acrauth.plugin.checks.failures import DiagnosisText, not_ready, tell
from pytest_acrauth.plugin.checks.items import Check
from pytest_acrauth.plugin.cleaning.logs import clean_logs
from pytest_acrauth.plugin.cleaning.reports import ReportCleaner
from pytest_acrauth.plugin.cleaning.text import TextCleaner
from pytest_acrauth.plugin.keys import ABOUT, CAUSES
from pytest_acrauth.plugin.told.failure_texts import FailureTexts, texts_of

#: What a cause says of itself in the properties of a failure.
_PROPERTIES = ("id", "certainty", "stage", "registry", "identity", "correlation_id")
#: What a check says beside that where its target was waited for.
_WAITED = ("attempts", "waited_seconds", "network_seconds", "permission_seconds")
_PREFIX = "acr_"
#: What a report and the session's own records know a test by, and must stay the same.
_IDENTITY = ("nodeid", "_id", "location")
#: Of a report of the collection: the collected nodes, which are no text.
_NODES = "result"


class Reports:
    """Hooks that finish every report of an active run, in whatever process makes it.

    ``failure_texts`` are there in the process that prints. What a worker sends is clean of secrets; ids get their
    stand-ins where the reports of all workers come together.
    """

    def __init__(self, secrets: Secrets, cleaner: TextCleaner, failure_texts: FailureTexts | None) -> None:
        self._secrets = secrets
        self._cleaner = cleaner
        self._failure_texts = failure_texts

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionstart(self, session: pytest.Session) -> None:
        """Clean what is logged from here on: pytest has made its handlers by now."""
        clean_logs(session.config, self._cleaner)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        if call.when == "setup":  # of a test that is run again, too
            _begin_properties(item)
        report = yield
        failure = not_ready(call.excinfo.value) if call.excinfo is not None else None
        if failure is not None:
            setattr(report, CAUSES, [told.to_report() for told in failure.told])
            _add_properties(item, report, failure.told)
        elif call.excinfo is not None and report.failed and not hasattr(report, ABOUT):
            self._explain_foreign(report, item.config)
        if not report.passed:  # a failure is shown by --pdb, for one, before it is reported
            self._clean(report)
        return report

    def _explain_foreign(self, report: pytest.TestReport, config: pytest.Config) -> None:
        """Let the failure of any other test carry what the catalogue says about an error in its text."""
        try:
            setattr(report, ABOUT, [told.to_report() for told in _recognised(report, config)])
        except Exception as error:  # noqa: BLE001 - a defect of ours never takes the place of a failure that is not
            from pytest_acrauth.report.defect import told

            text = told(Defect.of(error, "reading what this test printed", secrets=self._secrets))
            report.sections.append(("a defect of pytest-acrauth", text))

    @pytest.hookimpl(wrapper=True, tryfirst=True)  # others show a report at once, too, and may be registered later
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> Generator[None, None, None]:
        """Clean what other plugins added to a report, or made of it, before any of them shows it or sends it away.

        Where it is shown, it gets its text.
        """
        self._clean(report)
        if self._failure_texts is not None:
            self._failure_texts.finish(report)
        return (yield)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_make_collect_report(self) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
        report = yield
        self._clean(report)
        return report

    @pytest.hookimpl(tryfirst=True)
    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        self._clean(report)

    @pytest.hookimpl(tryfirst=True)
    def pytest_make_parametrize_id(self, val: object) -> str | None:
        """Mask a secret that is a test's parameter where the test gets its name: everything tells the test by it."""
        text = val if isinstance(val, str) else val.decode("ascii", "replace") if isinstance(val, bytes) else ""
        masked = self._secrets.scrub(text)
        return None if masked == text else masked.encode("unicode_escape").decode("ascii")

    @pytest.hookimpl(tryfirst=True)
    def pytest_warning_recorded(self, warning_message: warnings.WarningMessage) -> None:
        """Clean a warning before the terminal, or a worker's message to the controller, gets it."""
        cleaned = ReportCleaner(self._cleaner).of(warning_message.message)
        if cleaned is not warning_message.message:
            warning_message.message = cleaned if isinstance(cleaned, Warning) else Warning(cleaned)

    @pytest.hookimpl(tryfirst=True)
    def pytest_internalerror(self, excrepr: Any) -> None:
        """Clean the traceback that ends a run."""
        ReportCleaner(self._cleaner).of(excrepr)

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Clean what fixtures recorded of the whole run, before pytest writes it into its JUnit file."""
        if (junit := session.config.stash.get(xml_key, None)) is not None:
            junit.global_properties[:] = ReportCleaner(self._cleaner).of(junit.global_properties)

    def _clean(self, report: pytest.TestReport | pytest.CollectReport) -> None:
        if self._cleaner.masking is not None and isinstance(report, pytest.TestReport):
            for told in (*texts_of(report, CAUSES), *texts_of(report, ABOUT)):
                self._cleaner.masking.keep(told.correlation_id)
        apart = (*_IDENTITY, _NODES) if isinstance(report, pytest.CollectReport) else _IDENTITY
        ReportCleaner(self._cleaner).attributes(report, apart=apart)


def _begin_properties(item: pytest.Item) -> None:
    """Tell of a check what it is about, whatever becomes of it, and no longer what it failed by before."""
    ours = {f"{_PREFIX}{name}" for name in (*_PROPERTIES, *_WAITED)}
    item.user_properties[:] = [pair for pair in item.user_properties if pair[0] not in ours]
    if isinstance(item, Check):
        about: dict[str, object] = {
            "stage": str(item.rung.stage),
            "registry": item.target.registry.login_server,
            "identity": item.target.identity.name,
            **_waited_for(item),
        }
        item.user_properties += [(f"{_PREFIX}{name}", value) for name, value in about.items()]


def _waited_for(check: Check) -> dict[str, object]:
    """Return how long a check's target was waited for, if it was; a leg that never held has no seconds."""
    from pytest_acrauth.plugin.climbing.stash import CLIMBS

    seen = check.config.stash[CLIMBS].seen(check.target)
    waited = seen.waited if seen is not None else None
    if waited is None or waited.attempts == 1:
        return {}
    values = (waited.attempts, waited.seconds, waited.network, waited.permission)
    return {name: round(value, 1) for name, value in zip(_WAITED, values, strict=True) if value is not None}


def _add_properties(item: pytest.Item, report: pytest.TestReport, told: Iterable[DiagnosisText]) -> None:
    """Tell of the causes in properties, which JUnit files and other reports keep."""
    found: dict[str, dict[str, None]] = {}
    for each in told:
        for name in _PROPERTIES:
            if value := getattr(each, name):
                found.setdefault(f"{_PREFIX}{name}", {})[value] = None
    properties: list[tuple[str, object]] = [(name, ", ".join(values)) for name, values in found.items()]
    for holder in (item, report):
        holder.user_properties[:] = [pair for pair in holder.user_properties if pair[0] not in found] + properties


def _recognised(report: pytest.TestReport, config: pytest.Config) -> list[DiagnosisText]:
    """Return what is told of the best that the catalogue knows in a failure's text; nothing where it knows nothing."""
    from pytest_acrauth.diagnosis.text import recognise
    from pytest_acrauth.plugin.climbing.stash import CLIMBS

    climbs = config.stash.get(CLIMBS, None)
    printed = "\n".join([str(report.longrepr), *(text for _, text in report.sections)])
    found = recognise(printed, climbed=climbs.climbed if climbs is not None else (), overheard=True)
    return [tell(diagnosis) for diagnosis in found if not diagnosis.note][:1]
