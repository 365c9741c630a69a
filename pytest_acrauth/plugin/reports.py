"""What an active run does to every report: first lines, explanations of foreign failures, and no secrets."""

from __future__ import annotations

import warnings
from collections.abc import Generator

import pytest

from pytest_acrauth.model.secret import Secrets
from pytest_acrauth.plugin.failures import NotReady

_TITLE = "what this says about Azure Container Registry"


class Reports:
    """Hooks that finish every report of an active run, in whatever process makes it."""

    def __init__(self, secrets: Secrets) -> None:
        self._secrets = secrets

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_makereport(
        self, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        report = yield
        if call.excinfo is not None and isinstance(call.excinfo.value, NotReady):
            # Left alone, the short summary prints the whole text where CI is set, and JUnit keeps it twice.
            crash = getattr(report.longrepr, "reprcrash", None)
            if crash is not None:
                crash.message = str(call.excinfo.value).partition("\n")[0]
        elif call.excinfo is not None and report.failed:
            self._explain_foreign(report)
        self._clean(report)
        return report

    def _explain_foreign(self, report: pytest.TestReport) -> None:
        """Add to the failure of any other test what the catalogue says about an error in its text."""
        from pytest_acrauth.diagnosis.text import recognise
        from pytest_acrauth.report.text import explain

        printed = "\n".join([str(report.longrepr), *(text for _, text in report.sections)])
        found = [diagnosis for diagnosis in recognise(printed) if not diagnosis.note]
        if not found:
            return
        # A section of the report would be missing from JUnit files.
        if (add_section := getattr(report.longrepr, "addsection", None)) is not None:
            add_section(_TITLE, explain(found[0]))
        else:
            report.longrepr = f"{report.longrepr}\n{_TITLE}\n{explain(found[0])}"

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_make_collect_report(self) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
        report = yield
        self._clean(report)
        return report

    @pytest.hookimpl(tryfirst=True)
    def pytest_warning_recorded(self, warning_message: warnings.WarningMessage) -> None:
        """Clean a warning before the terminal, or a worker's message to the controller, gets it."""
        told = str(warning_message.message)
        if (cleaned := self._secrets.scrub(told)) != told:
            warning_message.message = Warning(cleaned)

    def _clean(self, report: pytest.TestReport | pytest.CollectReport) -> None:
        report.longrepr = self._secrets.scrub_object(report.longrepr)
        report.sections = self._secrets.scrub_object(report.sections)
        if isinstance(report, pytest.TestReport):
            report.user_properties = self._secrets.scrub_object(report.user_properties)
