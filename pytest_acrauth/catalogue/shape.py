"""The shape of the catalogue: symptoms (what can be seen), failure modes (causes), questions and their answers."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Generic, NamedTuple, TypeVar

from pytest_acrauth.model.client_record import ClientRecord
from pytest_acrauth.model.evidence import Need
from pytest_acrauth.model.observation import Observation
from pytest_acrauth.model.stage import Rung, Stage
from pytest_acrauth.model.transcript import Access, Transcript

T = TypeVar("T")


class Verdict(StrEnum):
    """How a cause stands after its questions were answered. UNKNOWN is "could not look", never "fine"."""

    YES = "yes"
    NO = "no"
    UNKNOWN = "could not look"


@dataclass(frozen=True, slots=True)
class Break:
    """One broken rung of a transcript: what symptoms are recognised on and questions are answered from."""

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


class Where(StrEnum):
    """What must stand around the words of a foreign program, so that they say something about an Azure registry."""

    ANYWHERE = "anywhere"  # nobody else says this
    REGISTRY = "registry"  # the nearest host is a login server
    NOT_ELSEWHERE = "not elsewhere"  # the nearest host is a login server, or none is named
    AUTHORITY = "authority"  # the nearest host is an Entra authority
    DATA = "data"  # the nearest host is a data endpoint
    STORAGE = "storage"  # the nearest host is blob storage, and a login server is named before


class Words(NamedTuple):
    """What foreign programs print for a symptom: a pattern over text with single spaces, and where it counts.

    Named groups are keys of `catalogue.facts`. Patterns are bounded, so that no text makes them slow.
    """

    pattern: re.Pattern[str]
    where: Where


@dataclass(frozen=True, slots=True, kw_only=True)
class Symptom:
    """What can be seen, before any cause is named: at a stage, of a client, or in what another program printed.

    ``when`` is the condition on the observation recorded at one of ``stages``, ``client`` that on a client check's
    record; ``texts`` are the words of foreign programs, () where none prints any. ``says`` is the sentence for "what
    was seen", a format string over the keys of `catalogue.facts`. ``either`` are the symptoms that this one
    could be, where words keep apart less than a climb does: it has their causes beside its own.
    """

    id: str
    stages: tuple[Stage, ...]
    when: Callable[[Break], bool]
    says: str
    texts: tuple[Words, ...]
    client: Callable[[ClientRecord], bool] | None = None
    either: tuple[Symptom, ...] = ()


def unseen(_: object) -> bool:
    """Hold never: the condition of a symptom that no climb can see."""
    return False


@dataclass(frozen=True, slots=True, kw_only=True)
class Question(Generic[T]):
    """Something whose answer tells causes apart. Read only, asked at most once per run.

    ``read`` answers from the transcript, None where that does not tell. ``needs`` names the look in the transcript's
    `Evidence` that tells it where the climb itself does not. ``by_hand`` is what a person can do.
    A question without ``read`` only a person can answer.
    """

    id: str
    asks: str
    by_hand: str
    needs: Need | None = None
    read: Callable[[Break], T | None] | None = None


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

    ``shows`` are the symptoms it can cause, ``questions`` what decides it, and ``proof`` is the verdict over the
    answers (None: nothing here decides it yet). ``title``, ``meaning`` and ``remedies`` are format strings over
    the keys of `catalogue.facts`. ``az_code`` is what ``az acr check-health`` prints for it; ``transient``
    tells whether it can be a propagation delay. ``samples`` are texts of foreign programs, for a cause that nothing
    here can bring about.
    """

    id: str
    family: str
    shows: tuple[Symptom, ...]
    questions: tuple[Question[Any], ...]
    proof: Callable[[Answers], Verdict] | None
    title: str
    meaning: str
    remedies: tuple[str, ...]
    link: str
    az_code: str | None
    transient: bool
    since: str
    samples: tuple[str, ...] = ()


def asking_nothing(
    name: str,
    *shows: Symptom,
    family: str,
    title: str,
    meaning: str,
    remedies: tuple[str, ...],
    link: str,
    az_code: str | None = None,
    transient: bool = False,
    samples: tuple[str, ...] = (),
) -> FailureMode:
    """Return a cause for which there is nothing to ask: its symptom tells it, or only a person can."""
    return FailureMode(
        id=name,
        family=family,
        shows=shows,
        questions=(),
        proof=None,
        title=title,
        meaning=meaning,
        remedies=remedies,
        link=link,
        az_code=az_code,
        transient=transient,
        since="0.1",
        samples=samples,
    )
