"""The shape of the catalogue: symptoms (what can be seen), failure modes (causes), questions and their answers."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum, StrEnum
from functools import cache
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


class Occurs(IntEnum):
    """How often a cause is met, among those that look the same: the order in which they are named."""

    OFTEN = 0
    AT_TIMES = 1
    SELDOM = 2


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
    NOT_ELSEWHERE = "not elsewhere"  # the nearest host is a login server or the management plane's, or none is named
    NOT_AT_SERVICE = "not at a service"  # the nearest host is not that of another service of Azure
    SIGN_IN = "sign-in"  # nothing around shows that the token was wanted for something else than a registry
    MANAGEMENT = "management"  # the nearest host is the management plane's or the directory's
    AUTHORITY = "authority"  # the nearest host is an Entra authority
    DATA = "data"  # the nearest host is a data endpoint
    STORAGE = "storage"  # the nearest host is blob storage: a login server is named before, or a layer behind
    LAYERS = "layers"  # the nearest host is either of these two


class Words(NamedTuple):
    """What foreign programs print for a symptom: a pattern over text with single spaces, and where it counts.

    Named groups are keys of `catalogue.facts`. Patterns are bounded, so that no text makes them slow. ``written`` is
    the pattern as it is written.
    """

    written: str
    where: Where

    @property
    def pattern(self) -> re.Pattern[str]:
        """The pattern, compiled when it is first used: no text needs more than a few of all that there are."""
        return _compiled(self.written)


@cache  # of the module re, which would keep fewer than there are
def _compiled(written: str) -> re.Pattern[str]:
    return re.compile(written)


@dataclass(frozen=True, slots=True, kw_only=True)
class Symptom:
    """What can be seen, before any cause is named: at a stage, of a client, or in what another program printed.

    ``when`` is the condition on the observation recorded at one of ``stages``, ``client`` that on a client check's
    record; ``texts`` are the words of foreign programs, () where none prints any. ``says`` is the sentence for "what
    was seen", a format string over the keys of `catalogue.facts`. ``either`` are the symptoms that this one
    could be, where words keep apart less than a climb does: it has their causes beside its own. ``several`` tells that
    it can be about more than one thing at once, such as rights that are missing: each proven cause is told by itself.
    """

    id: str
    stages: tuple[Stage, ...]
    when: Callable[[Break], bool]
    says: str
    texts: tuple[Words, ...]
    client: Callable[[ClientRecord], bool] | None = None
    either: tuple[Symptom, ...] = ()
    several: bool = False


def unseen(_: object) -> bool:
    """Hold never: the condition of a symptom that no climb can see."""
    return False


@dataclass(frozen=True, slots=True)
class Command:
    """A command for a shell that a person can paste; every other instruction is a sentence.

    ``text`` is a format string. ``each`` names a fact that lists several values with commas: the command is told once
    for each of them, and not at all where there is none.
    """

    text: str
    each: str = ""


@dataclass(frozen=True, slots=True)
class Given:
    """A sentence that is told only where a fact is known."""

    text: str
    fact: str


#: Something to do: a sentence, or a command. A format string over the keys of `catalogue.facts`.
Instruction = str | Command | Given


@dataclass(frozen=True, slots=True, kw_only=True)
class Question(Generic[T]):
    """Something whose answer tells causes apart. Read only, asked at most once per run.

    ``read`` answers from the transcript, None where that does not tell. ``needs`` names the look in the transcript's
    `Evidence` that tells it where the climb itself does not, ``failing_that`` the one that tells it where nobody could
    take the first. ``compares`` says that the answer holds what was looked up against the request that broke: what it
    dialled, asked or showed, or who made it. ``by_hand`` is what a person can do. ``shows`` names the answer in a few
    words, a label before it.
    """

    id: str
    asks: str
    shows: str
    by_hand: Instruction
    read: Callable[[Break], T | None]
    needs: Need | None = None
    failing_that: Need | None = None
    compares: bool = False

    @property
    def of_request(self) -> bool:
        """Whether the answer is a fact of the request that broke, and not of a setting alone, which is no event."""
        return self.needs is None or self.compares

    @property
    def looks(self) -> tuple[Need, ...]:
        """The looks that can tell it, the one that is believed first."""
        return tuple(need for need in (self.needs, self.failing_that) if need is not None)

    def where(self, words: str, holds: Callable[[T], bool | None]) -> Condition:
        """Return the condition that the answer is of a kind; ``words`` say it as an answer to the question.

        ``holds`` returns None where a value does not tell.
        """
        return Condition(self, words, holds)

    def is_(self, *values: T) -> Condition:
        """Return the condition that the answer is one of these values."""
        words = " or ".join("yes" if value is True else "no" if value is False else str(value) for value in values)
        return self.where(words, lambda value: value in values)

    def is_not(self, *values: T) -> Condition:
        """Return the condition that the answer is none of these values."""
        words = " nor ".join(map(str, values))
        return self.where(f"not {words}", lambda value: value not in values)


@dataclass(frozen=True, slots=True)
class Answer(Generic[T]):
    """The answer to a question: its value and who said so; or no value, and why nobody could look."""

    question: Question[T]
    value: T | None
    who: str = ""
    why: str = ""


class Answers:
    """The answers to a mode's questions, looked up by the question itself."""

    def __init__(self, answers: tuple[Answer[Any], ...]) -> None:
        self._answers = {answer.question.id: answer for answer in answers}

    def __getitem__(self, question: Question[T]) -> Answer[T]:
        return self._answers[question.id]


@dataclass(frozen=True, slots=True)
class Condition:
    """A condition on the answer to one question, and the words in which it can be read."""

    question: Question[Any]
    words: str
    holds: Callable[[Any], bool | None]

    def judge(self, answers: Answers) -> Verdict:
        """Return whether it holds; UNKNOWN where there is no answer, or one that does not tell."""
        value = answers[self.question].value
        told = None if value is None else self.holds(value)
        return Verdict.UNKNOWN if told is None else Verdict.YES if told else Verdict.NO


@dataclass(frozen=True, slots=True, kw_only=True)
class FailureMode:
    """One documented cause: what is seen, when it is certain, what excludes it, what it means, and what to do.

    ``seen`` are the symptoms it can cause. It is proven where one of its ``signs`` is seen, those of ``seen`` that only
    it can cause, as ``certain`` says; and when every condition of ``when`` holds. It is excluded when one of these
    fails, or when one of ``not_when`` holds; where an answer is missing it stays open. It stays open too, whatever
    holds, while all of ``open_when`` do (something else explains the answers as well), or, without a sign, may do; and
    always where there is a reason why nothing can prove it (``unprovable``). ``occurs`` tells how likely it is beside
    the others. ``title`` (a fact, short enough to stand behind the id in 80 columns), ``means`` and the instructions
    are format strings over the keys of `catalogue.facts`. ``brief`` names it in a few words, for a list of what was
    ruled out.

    ``tells`` are questions that decide nothing, and whose answers belong to what is told.

    ``look`` only reads. ``fix`` changes something: it says who may, what it costs and what else it touches where that
    is not plain. ``instead`` are other ways, never told alone. ``page`` documents the cause. ``az_code`` is what
    ``az acr check-health`` prints for it; ``transient`` tells whether it can be a delay, which ends within the hour
    with nobody doing anything: a change that has not reached every server yet, or a service that puts callers off. A
    peer that is silent is none. ``samples`` are texts of foreign programs that show it, for a cause that nothing here
    can bring about; ``not_emulated`` says why the emulator cannot. ``unlike`` are texts that look like it and are about
    something else.
    """

    id: str
    title: str
    brief: str
    seen: tuple[Symptom, ...]
    signs: tuple[Symptom, ...] = ()
    certain: str = ""
    when: tuple[Condition, ...] = ()
    not_when: tuple[Condition, ...] = ()
    open_when: tuple[Condition, ...] = ()
    tells: tuple[Question[Any], ...] = ()
    unprovable: str = ""
    occurs: Occurs = Occurs.AT_TIMES
    means: str
    look: tuple[Instruction, ...] = ()
    fix: tuple[Instruction, ...]
    instead: tuple[Instruction, ...] = ()
    page: str
    az_code: str = ""
    transient: bool = False
    samples: tuple[str, ...] = ()
    not_emulated: str = ""
    unlike: tuple[str, ...] = ()

    @property
    def conditions(self) -> tuple[Condition, ...]:
        return (*self.when, *self.not_when, *self.open_when)

    @property
    def questions(self) -> tuple[Question[Any], ...]:
        """The questions that decide it, each once, in the order of its conditions; then those that are told."""
        deciding = {each.question.id: each.question for each in self.conditions}
        return tuple((deciding | {each.id: each for each in self.tells}).values())

    def excluded_by(self, answers: Answers) -> frozenset[str]:
        """Return the ids of the questions whose answers exclude it, each by itself."""
        failed = {each.question.id for each in self.when if each.judge(answers) is Verdict.NO}
        return frozenset(failed | {each.question.id for each in self.not_when if each.judge(answers) is Verdict.YES})

    def judge(self, answers: Answers, sign: Symptom | None) -> Verdict:
        """Return how it stands by the answers to its questions, and by the assured symptom, if there is one."""
        if self.excluded_by(answers):
            return Verdict.NO
        when = {condition.judge(answers) for condition in self.when}
        seen = sign in self.signs
        if self.unprovable or (when != {Verdict.YES} and not seen):
            return Verdict.UNKNOWN
        explained = {condition.judge(answers) for condition in self.open_when}
        # What proves itself is not undone by what nobody could look at.
        other = explained == {Verdict.YES} if seen else Verdict.NO not in explained
        return Verdict.UNKNOWN if explained and other else Verdict.YES
