"""A run as one document: what was climbed and checked, what it means, and what became of each check.

Every report is made of it; as JSON it is kept, compared with a later one, and explained again elsewhere. Its fields are
the format: `VERSION` changes when a reader of an older one would misread it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from math import floor
from typing import Self

from pytest_acrauth.catalogue.defective import Defective
from pytest_acrauth.catalogue.ending import date
from pytest_acrauth.catalogue.symptoms.climb import PLUGIN_DEFECT
from pytest_acrauth.diagnosis.client import diagnose_client
from pytest_acrauth.diagnosis.climb import diagnose
from pytest_acrauth.diagnosis.conclusion import Diagnosis
from pytest_acrauth.diagnosis.expiry import diagnose_expiry
from pytest_acrauth.model import codec
from pytest_acrauth.model.client_record import ClientRecord
from pytest_acrauth.model.defect import Defect
from pytest_acrauth.model.expiry import DAY, Dated
from pytest_acrauth.model.foreign_json import load_foreign_json
from pytest_acrauth.model.observation import NotObserved
from pytest_acrauth.model.outlook import Outlook, Verdict
from pytest_acrauth.model.stage import Rung
from pytest_acrauth.model.transcript import Transcript
from pytest_acrauth.report.expiry import lines
from pytest_acrauth.report.explanation import Explanation, explanation

VERSION = 1
#: What the ids of built-in checks begin with.
OURS = "acr::"
_REFUSED = "::refused::"


class State(StrEnum):
    """How far a stage came."""

    PASSED = "passed"
    BROKEN = "broken"
    NOT_REACHED = "not reached"
    NOT_OBSERVED = "not observed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reached:
    """One stage of a climb, for one repository where there is one for each: its state, and when it was under way.

    ``begins`` and ``seconds`` are in seconds from the climb's beginning; ``begins`` is when all that it needs was over.
    """

    stage: str
    repository: str
    state: State
    begins: float
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnosed:
    """One diagnosis: its certainty, the stage and repository that it is about, '' where none, and all of its words."""

    certainty: str
    stage: str
    repository: str
    correlation_id: str
    explanation: Explanation


@dataclass(frozen=True, slots=True, kw_only=True)
class Climbed:
    """One registry as one identity sees it. ``expected`` tells that a refusal is what has to happen there."""

    registry: str
    identity: str
    method: str
    ready: bool
    expected: bool
    stages: tuple[Reached, ...]
    diagnoses: tuple[Diagnosed, ...]
    transcript: Transcript


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """One client of this machine."""

    name: str
    ready: bool
    diagnoses: tuple[Diagnosed, ...]
    record: ClientRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One test item: its node id, what became of it, how long it took, and why it failed or was skipped, in a line."""

    id: str
    outcome: str
    seconds: float
    why: str = ""

    @property
    def failed(self) -> bool:
        """Whether it failed, in its call or around it."""
        return self.outcome in {"failed", "error"}

    @property
    def ours(self) -> bool:
        """Whether it is a built-in check, which is told by what it is about."""
        return self.id.startswith(OURS)

    @property
    def of_refusal(self) -> bool:
        """Whether it is the built-in check of a refusal that must happen."""
        return self.ours and _REFUSED in self.id


@dataclass(frozen=True, slots=True, kw_only=True)
class End:
    """When one of a credential's values ends: ISO 8601, UTC, and the days that are left, '' and None for no end.

    ``id`` is what Azure calls it by, '' for none. ``in_question`` tells that it is in use, or may be; ``near`` that the
    end is within a limit.
    """

    name: str
    ends: str
    days_left: float | None
    in_question: bool
    near: bool
    id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Credential:
    """One credential of an identity, by the words of its check's id: its verdict, the lines about it, and its ends.

    ``lines`` begin with one for each of its ``ends``. ``warn`` and ``fail`` are the limits in days, None where there is
    none. ``diagnoses`` tell what an end means whose check fails for it.
    """

    id: str
    identity: str
    verdict: str
    lines: tuple[str, ...]
    ends: tuple[End, ...]
    warn: float | None
    fail: float | None
    diagnoses: tuple[Diagnosed, ...] = ()


class Kind(StrEnum):
    """What a change is, the worst first."""

    FAILING = "newly failing"
    OTHERWISE = "failing otherwise"
    REPAIRED = "repaired"
    CHANGED = "changed"
    NEW = "new"
    GONE = "gone"


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One change: about whom or what, and what it is, in words."""

    kind: Kind
    about: str
    what: str = ""

    @property
    def words(self) -> str:
        """The change in a line."""
        return f"{self.kind}: {self.about}{f', {self.what}' if self.what else ''}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A run. ``began`` and ``ended`` are ISO 8601, UTC.

    ``complete`` is False for a run that was ended early, or of which a part was selected that asks about fewer
    registries or clients.
    ``settings`` are the lines of the header. What was climbed is in the order of registries and identities, checks in
    that of their ids. ``credentials`` are those whose end was looked at. ``compared_with`` is when the run began that
    ``changes`` are told from, '' where there is none.
    """

    version: int
    plugin: str
    began: str
    ended: str
    outcome: str
    complete: bool
    settings: tuple[str, ...]
    climbed: tuple[Climbed, ...]
    clients: tuple[Client, ...]
    checks: tuple[Check, ...]
    credentials: tuple[Credential, ...] = ()
    compared_with: str = ""
    changes: tuple[Change, ...] = ()

    def to_json(self) -> str:
        """Return the document as JSON text; `from_json` reads it back."""
        return codec.to_json(self)

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Rebuild a document. Raises ValueError, TypeError or KeyError for other text, or another version."""
        return codec.from_json(cls, text)


def document_of(text: str) -> Document | None:
    """Return the document that a text is, None for any other text, and for a document of another version."""
    if not text.lstrip().startswith("{"):
        return None
    try:
        found = load_foreign_json(text)
        return Document.from_json(text) if found.get("version") == VERSION else None
    except (ValueError, TypeError, KeyError, AttributeError):
        return None


def moment(seconds: float) -> str:
    """Return a moment, in seconds since the epoch, as the document has it."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def climbed(transcripts: Iterable[Transcript], expected: Iterable[str] = ()) -> tuple[Climbed, ...]:
    """Return what is told of climbs; ``expected`` are the ids of targets that have to be refused."""
    refused = set(expected)
    found = [_climbed(each, expected=each.target.id in refused) for each in transcripts]
    return tuple(sorted(found, key=lambda each: (each.registry, each.identity)))


def clients(records: Iterable[ClientRecord]) -> tuple[Client, ...]:
    """Return what is told of clients."""
    return tuple(_client(each) for each in sorted(records, key=lambda record: record.client))


def credentials(outlooks: Iterable[Outlook]) -> tuple[Credential, ...]:
    """Return what is told of the ends of credentials."""
    found = [
        Credential(
            id=each.record.id,
            identity=each.record.target.identity.name,
            verdict=str(each.verdict),
            lines=tuple(lines(each, every=True)),
            ends=tuple(_end(one, each) for one in each.record.found),
            warn=each.limits.warn,
            fail=each.limits.fail,
            diagnoses=(diagnosed(diagnose_expiry(each)),) if each.verdict is Verdict.FAILS else (),
        )
        for each in outlooks
    ]
    return tuple(sorted(found, key=lambda each: each.id))


def _end(one: Dated, outlook: Outlook) -> End:
    # One that no calendar holds is none that can be told.
    at = one.ends if one.ends is not None and date(one.ends) else None
    return End(
        name=one.name or one.id,
        ends="" if at is None else moment(at),
        days_left=None if at is None else floor((at - outlook.moment) / DAY * 10) / 10,
        in_question=one in outlook.in_question,
        near=one in outlook.told,
        id=one.id,
    )


def _climbed(transcript: Transcript, *, expected: bool) -> Climbed:
    target = transcript.target
    found = diagnose(transcript)
    return Climbed(
        registry=target.registry.login_server,
        identity=target.identity.name,
        method=target.identity.method,
        ready=not found,
        expected=expected,
        stages=tuple(_reached(transcript)),
        diagnoses=tuple(map(diagnosed, found)),
        transcript=transcript,
    )


def _client(record: ClientRecord) -> Client:
    found = [each for each in diagnose_client(record) if not each.note]
    return Client(name=record.client, ready=not found, diagnoses=tuple(map(diagnosed, found)), record=record)


def diagnosed(diagnosis: Diagnosis) -> Diagnosed:
    """Return what is told of a diagnosis; a defect of ours in telling it is told in its place."""
    broken = diagnosis.seen.broken
    return Diagnosed(
        certainty=str(diagnosis.certainty),
        stage=str(broken.stage) if broken is not None else "",
        repository=(broken.rung.reference or "") if broken is not None else "",
        correlation_id=diagnosis.seen.facts.get("correlation_id", ""),
        explanation=_explanation(diagnosis),
    )


def _explanation(diagnosis: Diagnosis) -> Explanation:
    try:
        return explanation(diagnosis)
    except Exception as error:  # noqa: BLE001 - a defect of ours, which must not take the other registries' report away
        defect = Defective(Defect.of(error, "putting a diagnosis into words"))
        return explanation(Diagnosis(seen=defect, symptom=PLUGIN_DEFECT, findings=()))


def _reached(transcript: Transcript) -> Iterator[Reached]:
    """Yield the stages, each beginning when everything that it needs is over: the two legs run side by side."""
    over: dict[Rung, float] = {}
    for rung in transcript.target.rungs:
        seen = transcript.at(rung)
        begins = max((over[each] for each in transcript.target.needs(rung)), default=0.0)
        seconds = seen.elapsed if seen is not None else 0.0
        over[rung] = begins + seconds
        yield Reached(
            stage=str(rung.stage),
            repository=rung.reference or "",
            state=_state(transcript, rung),
            begins=round(begins, 4),
            seconds=round(seconds, 4),
        )


def _state(transcript: Transcript, rung: Rung) -> State:
    seen = transcript.at(rung)
    if rung in tuple(transcript.broken()):
        return State.BROKEN
    if seen is None:
        return State.NOT_REACHED
    return State.NOT_OBSERVED if isinstance(seen, NotObserved) else State.PASSED
