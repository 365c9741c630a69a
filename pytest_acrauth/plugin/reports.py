"""What an active run does to every report: first lines, explanations of foreign failures, and no secrets."""

from __future__ import annotations

import warnings
from collections.abc import Generator
from typing import Any

import pytest

from pytest_acrauth.model.defect import Defect
from pytest_acrauth.model.secret import Secrets
from pytest_acrauth.plugin.cleaning import Cleaning
from pytest_acrauth.plugin.failures import NotReady

_TITLE = "what this says about Azure Container Registry"
#: What a report and the session's own records know a test by, and must stay the same.
_IDENTITY = ("nodeid", "location")
#: Of a report of the collection: the collected nodes, which are no text.
_NODES = "result"


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
        if not report.passed:  # a failure is shown by --pdb, for one, before it is reported
            self._clean(report)
        return report

    def _explain_foreign(self, report: pytest.TestReport) -> None:
        """Add to the failure of any other test what the catalogue says about an error in its text."""
        try:
            text = _recognised(report)
        except Exception as error:  # noqa: BLE001 - a defect of ours never takes the place of a failure that is not
            from pytest_acrauth.report.defect import told

            text = told(Defect.of(error, "reading what this test printed", secrets=self._secrets))
        # A section of the report would be missing from JUnit files.
        if text and (add_section := getattr(report.longrepr, "addsection", None)) is not None:
            add_section(_TITLE, text)
        elif text:
            report.longrepr = f"{report.longrepr}\n{_TITLE}\n{text}"

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Clean what other plugins added to a report, or made of it, before any of them shows it or sends it away."""
        self._clean(report)

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
        cleaned = Cleaning(self._secrets).of(warning_message.message)
        if cleaned is not warning_message.message:
            warning_message.message = cleaned if isinstance(cleaned, Warning) else Warning(cleaned)

    @pytest.hookimpl(tryfirst=True)
    def pytest_internalerror(self, excrepr: Any) -> None:
        """Clean the traceback that ends a run."""
        Cleaning(self._secrets).of(excrepr)

    def _clean(self, report: pytest.TestReport | pytest.CollectReport) -> None:
        apart = (*_IDENTITY, _NODES) if isinstance(report, pytest.CollectReport) else _IDENTITY
        Cleaning(self._secrets).attributes(report, apart=apart)


def _recognised(report: pytest.TestReport) -> str:
    """Return the explanation of the best of what the catalogue knows in a failure's text; '' where it knows nothing."""
    from pytest_acrauth.diagnosis.text import recognise
    from pytest_acrauth.report.text import explain

    printed = "\n".join([str(report.longrepr), *(text for _, text in report.sections)])
    found = [diagnosis for diagnosis in recognise(printed) if not diagnosis.note]
    return explain(found[0]) if found else ""
