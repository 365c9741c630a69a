"""A conclusion: what was seen, its symptom, and how each cause of that stands. No I/O."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol

from pytest_acrauth.catalogue.facts import Row
from pytest_acrauth.catalogue.shape import Answer, Answers, Break, FailureMode, Question, Symptom, Verdict
from pytest_acrauth.catalogue.tables import causes, family_of


class Subject(Protocol):
    """What a diagnosis is about: a broken rung of a climb, a line of a text, or a client check's record.

    Whatever a peer or a program chose is in here as it was said: bounding it is up to whoever shows it.
    """

    @property
    def facts(self) -> Mapping[str, str]:
        """What it really shows, by the keys of `pytest_acrauth.catalogue.facts.PLACEHOLDERS`; the rest is missing."""
        ...

    @property
    def answer(self) -> str:
        """What was answered, in one line."""
        ...

    @property
    def rows(self) -> tuple[Row, ...]:
        """All that was observed."""
        ...

    @property
    def quoted(self) -> bool:
        """Whether the rows are the very words, which need no sentence about them where that would have gaps."""
        ...

    @property
    def assured(self) -> bool:
        """Whether it is surely about an Azure registry or its clients, so that a sign in it is a proof."""
        ...

    @property
    def broken(self) -> Break | None:
        """The broken rung; None outside a climb."""
        ...

    @property
    def shared_by(self) -> tuple[Hashable, ...] | None:
        """What a cause outside the registry is told by, equal for all registries it breaks; None for any other."""
        ...


class Certainty(StrEnum):
    """How sure a diagnosis is. Only what is proven is stated as a fact."""

    PROVEN = "proven"  # the cause's own evidence says yes
    PROBABLE = "probable"  # one known cause is left, and nothing confirmed it
    ONE_OF = "one of"  # several are
    UNRECOGNISED = "unrecognised"  # none is


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """How one candidate cause stands, and the answers that say so."""

    mode: FailureMode
    verdict: Verdict
    answers: tuple[Answer[Any], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnosis:
    """What something seen means: the symptom, the causes still possible, and those ruled out.

    ``seen`` is the broken rung of a climb, a line of a text, or a client check. ``findings`` holds every cause of the
    symptom with its verdict, the likeliest first.
    """

    seen: Subject
    symptom: Symptom
    findings: tuple[Finding, ...]

    @property
    def broken(self) -> Break:
        """The broken rung. Raises LookupError for the diagnosis of a text or of a client, which have none."""
        if (broken := self.seen.broken) is None:
            raise LookupError(f"{self.symptom.id} was not seen in a climb")
        return broken

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
    def note(self) -> bool:
        """Whether this is no failure of the registry or the login: a message that only looks like one."""
        return bool(self.candidates) and all(family_of(mode) == "notes" for mode in self.candidates)

    @property
    def mode(self) -> FailureMode | None:
        """The cause, if exactly one remains; `certainty` tells whether it is proven."""
        return self.candidates[0] if len(self.candidates) == 1 else None

    @property
    def certainty(self) -> Certainty:
        """Whether the cause is proven, only left over, one of several, or unknown."""
        if self.mode is None:
            return Certainty.ONE_OF if self.candidates else Certainty.UNRECOGNISED
        proven = any(finding.verdict is Verdict.YES for finding in self.findings)
        return Certainty.PROVEN if proven else Certainty.PROBABLE


def conclude(seen: Subject, symptom: Symptom, answer: Callable[[Question[Any]], Answer[Any]]) -> Diagnosis:
    """Judge every cause of a symptom by the answers to its questions, each asked once."""
    modes = causes(symptom)
    asked = {question.id: answer(question) for mode in modes for question in mode.questions}
    sign = symptom if seen.assured else None
    findings = tuple(_judge(mode, sign, tuple(asked[question.id] for question in mode.questions)) for mode in modes)
    return Diagnosis(seen=seen, symptom=symptom, findings=findings)


def _judge(mode: FailureMode, sign: Symptom | None, answers: tuple[Answer[Any], ...]) -> Finding:
    return Finding(mode=mode, verdict=mode.judge(Answers(answers), sign), answers=answers)
