"""The shape of the catalogue: symptoms (what can be seen), failure modes (causes), questions, and a diagnosis."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Generic, TypeVar

from pytest_acrauth.observation import Access, Observation, Transcript
from pytest_acrauth.stage import Rung, Stage

T = TypeVar("T")


class Verdict(StrEnum):
    """How a cause stands after its questions were answered. UNKNOWN is "could not look", never "fine"."""

    YES = "yes"
    NO = "no"
    UNKNOWN = "could not look"


@dataclass(frozen=True, slots=True)
class Seen:
    """One broken rung of a transcript: what symptoms are recognised on and texts are filled in from."""

    transcript: Transcript
    rung: Rung

    @property
    def stage(self) -> Stage:
        return self.rung.stage

    @property
    def observation(self) -> Observation:
        observation = self.transcript.at(self.rung)
        if observation is None:
            raise LookupError(f"{self.rung} was not reached")
        return observation

    @property
    def access(self) -> Access | None:
        """The repository's part of the climb, where the rung is about one."""
        wanted = self.rung.reference
        return next((access for access in self.transcript.accesses if access.reference.text == wanted), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Symptom:
    """What can be seen at a stage, before any cause is named.

    ``when`` is the condition on the recorded observation; ``says`` the sentence for "what was seen", a format string
    over the facts of `pytest_acrauth.facts`.
    """

    id: str
    stages: tuple[Stage, ...]
    when: Callable[[Seen], bool]
    says: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Question(Generic[T]):
    """Something whose answer tells causes apart. Read only, asked at most once per run.

    ``read`` answers from what the climb recorded, None where that does not tell; a question without it needs the
    management plane or Entra. ``by_hand`` is what a person can do to answer it.
    """

    id: str
    asks: str
    by_hand: str
    read: Callable[[Seen], T | None] | None = None


@dataclass(frozen=True, slots=True)
class Answer(Generic[T]):
    """The answer to a question: its value and who said so; or no value, and why nobody could look."""

    question: Question[T]
    value: T | None
    who: str = ""
    why: str = ""

    def holds(self, condition: Callable[[T], bool]) -> Verdict:
        """Judge a condition on the value: UNKNOWN where there is none."""
        if self.value is None:
            return Verdict.UNKNOWN
        return Verdict.YES if condition(self.value) else Verdict.NO


class Answers:
    """The answers to a mode's questions, looked up by the question itself."""

    def __init__(self, answers: tuple[Answer[Any], ...]) -> None:
        self._answers = {answer.question.id: answer for answer in answers}

    def __getitem__(self, question: Question[T]) -> Answer[T]:
        return self._answers[question.id]


@dataclass(frozen=True, slots=True, kw_only=True)
class FailureMode:
    """One documented cause.

    ``shows`` are the symptoms it can cause; ``asks`` the questions that decide it, and ``proof`` the verdict over
    their answers (None: nothing here decides it yet). ``title``, ``meaning`` and ``remedies`` are format strings over
    the facts of `pytest_acrauth.facts`. ``az_code`` is what ``az acr check-health`` prints for it; ``transient``
    tells whether it can be a propagation delay.
    """

    id: str
    family: str
    shows: tuple[Symptom, ...]
    asks: tuple[Question[Any], ...]
    proof: Callable[[Answers], Verdict] | None
    title: str
    meaning: str
    remedies: tuple[str, ...]
    link: str
    az_code: str | None
    transient: bool
    since: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """How one candidate cause stands, and the answers that say so."""

    mode: FailureMode
    verdict: Verdict
    answers: tuple[Answer[Any], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnosis:
    """What a broken rung means: the symptom, the causes still possible, and those ruled out.

    ``findings`` holds every cause of the symptom with its verdict, sorted by id.
    """

    seen: Seen
    symptom: Symptom
    findings: tuple[Finding, ...]

    @property
    def candidates(self) -> tuple[FailureMode, ...]:
        """The causes that remain: the confirmed ones if there are any, else all that were not ruled out."""
        confirmed = tuple(f.mode for f in self.findings if f.verdict is Verdict.YES)
        return confirmed or tuple(f.mode for f in self.findings if f.verdict is Verdict.UNKNOWN)

    @property
    def ruled_out(self) -> tuple[FailureMode, ...]:
        """The causes that an answer excluded."""
        return tuple(f.mode for f in self.findings if f.verdict is Verdict.NO)

    @property
    def mode(self) -> FailureMode | None:
        """The cause, if exactly one remains."""
        return self.candidates[0] if len(self.candidates) == 1 else None
