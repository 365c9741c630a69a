"""How diagnoses become the failure of a test: what is told of each cause, in whichever process the test runs."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

import pytest

from pytest_acrauth.auth import BadAuth
from pytest_acrauth.model.client_record import ClientRecord
from pytest_acrauth.model.defect import ID, Defect
from pytest_acrauth.model.secret import Secrets
from pytest_acrauth.model.target import BadName, Target
from pytest_acrauth.model.transcript import Transcript

if TYPE_CHECKING:
    from pytest_acrauth.diagnosis.conclusion import Diagnosis


@dataclass(frozen=True, slots=True, kw_only=True)
class DiagnosisText:
    """What is told of one diagnosis, as plain texts, which a report can carry from a worker to the main process.

    ``cause`` is equal for whatever fails by the same cause. ``look`` is the first thing to do, ``to_do`` are all, each
    with its heading; ``text`` and ``full`` are the explanation, short and with the reasoning. ``note`` says why it is
    this test that fails, '' where that is plain.
    """

    cause: str
    headline: str
    look: str
    to_do: str
    text: str
    full: str
    id: str
    certainty: str
    stage: str = ""
    registry: str = ""
    identity: str = ""
    correlation_id: str = ""
    link: str = ""
    note: str = ""

    def to_report(self) -> dict[str, Any]:
        """Return it as a report's attribute, which xdist sends from process to process."""
        return asdict(self)


class NotReady(AssertionError):
    """Fails a test with a text and without a traceback; the text's first line is what the short summary shows.

    ``told`` are the causes that the text is about, () where it is about none, such as a marker that cannot be meant.
    """

    __module__ = "pytest_acrauth"  # its public home, which tracebacks name

    def __init__(self, text: str, told: Iterable[DiagnosisText] = ()) -> None:
        super().__init__(text)
        self.told = tuple(told)

    @classmethod
    def by(cls, diagnoses: Iterable[Diagnosis]) -> NotReady:
        """Return the failure of a test by these diagnoses."""
        return cls.telling(map(tell, diagnoses))

    @classmethod
    def telling(cls, told: Iterable[DiagnosisText]) -> NotReady:
        """Return the failure of a test by what is told."""
        every = tuple(told)
        return cls("\n\n".join(each.text for each in every), every)


def could_not_look(what: str, to_do: Sequence[str], target: Target) -> NotReady:
    """Return the failure of a test that had to look at something of a target, where nobody could.

    ``what`` says at what, and why not; ``to_do`` is what helps.
    """
    from pytest_acrauth.report.text import of_a_look

    headline, heading, steps = of_a_look(what, to_do)
    told = _plain(headline.partition(":")[0], f"{headline}\n{heading}\n{steps}")
    about = {"registry": target.registry.login_server, "identity": target.identity.name}
    return NotReady.telling([replace(told, look=steps, to_do=f"{heading}\n{steps}", **about)])


def defective(defect: Defect) -> NotReady:
    """Return the failure of a test by a defect of this package."""
    from pytest_acrauth.report.defect import told

    return NotReady.telling([_plain(ID, told(defect))])


def _plain(name: str, text: str) -> DiagnosisText:
    """Return what is told of something that is no diagnosis; the text's first line begins with its id."""
    headline = text.partition("\n")[0]
    return DiagnosisText(
        cause=repr((name, text)), headline=headline, look="", to_do="", text=text, full=text, id=name, certainty=""
    )


def not_ready(error: BaseException) -> NotReady | None:
    """Return the failure that an exception is, or that a group of nothing else is, as task groups raise; else None."""
    if isinstance(error, NotReady):
        return error
    if not isinstance(error, BaseExceptionGroup):
        return None
    found = [not_ready(each) for each in error.exceptions]
    every = [each for each in found if each is not None]
    if len(every) < len(found):
        return None
    return NotReady("\n\n".join(map(str, every)), [told for each in every for told in each.told])


def in_plain_words(report: pytest.TestReport, call: pytest.CallInfo[None]) -> None:
    """Let the report of a test that failed so hold its text alone: no traceback, no name of a class, not even frames.

    Not even --full-trace and --showlocals may show frames of ours, which hold what the climb saw.
    """
    if call.excinfo is None or (failure := not_ready(call.excinfo.value)) is None or report.longrepr is None:
        return
    shown = pytest.ExceptionInfo.from_exc_info((type(failure), failure, call.excinfo.tb)).getrepr(style="value")
    # Left alone, the short summary prints the whole text where CI is set, and JUnit keeps it twice.
    if shown.reprcrash is not None:
        shown.reprcrash.message = str(failure).partition("\n")[0]
        shown.reprcrash.path, shown.reprcrash.lineno = report.location[0], (report.location[1] or 0) + 1
    report.longrepr = shown


@contextmanager
def own_defects(doing: str, secrets: Secrets) -> Iterator[None]:
    """Fail the test with the text of a defect where something of ours goes wrong; a wrong argument is raised on."""
    __tracebackhide__ = True
    try:
        yield
    except (BadAuth, BadName, NotReady):
        raise
    except Exception as error:  # noqa: BLE001 - never an internal error of pytest, which would end the run
        raise defective(Defect.of(error, doing, secrets=secrets)) from None


def diagnoses_of(transcript: Transcript) -> tuple[Diagnosis, ...]:
    """Return what is wrong; a transcript in which nothing is broken does not even load the catalogue."""
    if not any(transcript.broken()):
        return ()
    from pytest_acrauth.diagnosis.climb import diagnose

    return diagnose(transcript)


def failures_of(record: ClientRecord) -> tuple[Diagnosis, ...]:
    """Return what keeps a client from working; a note is a message that only looks like a failure."""
    from pytest_acrauth.diagnosis.client import diagnose_client

    return tuple(diagnosis for diagnosis in diagnose_client(record) if not diagnosis.note)


def in_short(diagnosis: Diagnosis) -> str:
    """Return what is known of a cause, for a line about something else: its id, hedged unless it is proven.

    While several causes remain, or none, the id of the symptom.
    """
    from pytest_acrauth.report.explanation import hedge

    if diagnosis.mode is None:
        return diagnosis.symptom.id
    return f"{hedge(diagnosis)}{diagnosis.mode.id}"


def tell(diagnosis: Diagnosis, *, note: str = "") -> DiagnosisText:
    """Return what is told of a diagnosis."""
    from pytest_acrauth.report import text
    from pytest_acrauth.report.explanation import explanation

    found = explanation(diagnosis)
    facts, broken = diagnosis.seen.facts, diagnosis.seen.broken
    target = broken.transcript.target if broken is not None else None
    to_do = "\n".join(text.to_do(found))
    key = shared_cause(diagnosis)
    if key is None:  # what is done about another repository by other commands is not explained where one is
        whose = target.id if target is not None else facts.get("program", "")
        key = (whose, diagnosis.symptom.id, found.headline, to_do)
    return DiagnosisText(
        cause=repr(key),
        headline=found.headline,
        look="\n".join(text.first_look(found)),
        to_do=to_do,
        text=text.explain(diagnosis),
        full=text.explain(diagnosis, full=True),
        id=found.id,
        certainty=str(diagnosis.certainty),
        stage=str(broken.stage) if broken is not None else "",
        registry=target.registry.login_server if target is not None else "",
        identity=target.identity.name if target is not None else "",
        correlation_id=facts.get("correlation_id", ""),
        link=found.links[0] if found.links else "",
        note=note,
    )


def shared_cause(diagnosis: Diagnosis) -> Hashable | None:
    """Return what a cause that lies outside the registry is told by, equal for all registries it breaks; else None."""
    shared = diagnosis.seen.shared_by
    named = tuple(mode.id for mode in diagnosis.candidates) or diagnosis.symptom.id
    return None if shared is None else (named, diagnosis.certainty, *shared)
