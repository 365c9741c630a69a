"""How diagnoses become a failed test: its text, its line in the short summary, and reports without secrets."""

from __future__ import annotations

import warnings
from collections.abc import Generator, Hashable, Iterable
from typing import TYPE_CHECKING

import pytest

from pytest_acrauth.model.machine import Resolved
from pytest_acrauth.model.observation import Dns, Entra
from pytest_acrauth.model.secret import Secrets
from pytest_acrauth.model.transcript import Transcript

if TYPE_CHECKING:
    from pytest_acrauth.catalogue.shape import Diagnosis

_TITLE = "what this says about Azure Container Registry"


class NotReady(pytest.fail.Exception):  # type: ignore[misc,name-defined] # pytest declares it as a variable
    """Fails a test with a text and without a traceback; the text's first line is what the short summary shows."""

    def __init__(self, text: str) -> None:
        super().__init__(text, pytrace=False)


def diagnoses_of(transcript: Transcript) -> tuple[Diagnosis, ...]:
    """Return what is wrong; a transcript in which nothing is broken does not even load the catalogue."""
    if not any(transcript.broken()):
        return ()
    from pytest_acrauth.diagnosis.climb import diagnose

    return diagnose(transcript)


def cause_id(diagnosis: Diagnosis) -> str:
    """Return the id of the cause, or of the symptom while several causes remain."""
    return diagnosis.mode.id if diagnosis.mode is not None else diagnosis.symptom.id


def explain_all(diagnoses: Iterable[Diagnosis]) -> str:
    """Return the explanations one below the other; of a cause that several registries share, the first one only."""
    from pytest_acrauth.report.text import explain, headline

    told: set[Hashable] = set()
    parts: list[str] = []
    for diagnosis in diagnoses:
        key = shared_cause(diagnosis)
        if key in told:
            parts.append(
                f"{diagnosis.broken.transcript.target.registry.login_server}: {headline(diagnosis)} (as above)"
            )
        else:
            parts.append(explain(diagnosis))
        told |= {key} if key is not None else set()
    return "\n\n".join(parts)


def shared_cause(diagnosis: Diagnosis) -> Hashable | None:
    """Return what a cause that lies outside the registry is told by, equal for all registries it breaks; else None.

    Those are an identity that Entra refuses, and a resolver that answers for no name.
    """
    from pytest_acrauth.catalogue.shape import Break

    seen = diagnosis.seen
    if not isinstance(seen, Break):
        return None
    match seen.observation:
        case Entra() as entra:
            return (cause_id(diagnosis), seen.transcript.target.identity, entra.authority)
        case Dns(resolution=resolution) if resolution is None or resolution.outcome is Resolved.RESOLVER_FAILED:
            return (cause_id(diagnosis),)
    return None


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
