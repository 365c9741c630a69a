"""What the catalogue says of its own entries, without any climb: causes, symptoms and families in words. No I/O."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from typing import Any, NamedTuple

from pytest_acrauth.catalogue.shape import Condition, FailureMode, Question, Symptom
from pytest_acrauth.catalogue.tables import FAMILIES, MODES, SYMPTOMS, causes, family_of
from pytest_acrauth.model.evidence import Need
from pytest_acrauth.model.stage import Stage
from pytest_acrauth.report.explanation import NO_NAMES, Asked, Cause, asked, cause

#: Where evidence finds the answers to a question.
_LOOKS = {
    Need.REGISTRY: "the registry's record",
    Need.ENDPOINT_ADDRESSES: "the network interfaces of its private endpoints",
    Need.REPLICAS: "the list of the registry's replicas",
    Need.SCOPE_MAP_TOKEN: "the scope-map token's record",
    Need.SCOPE_MAP: "the scope map's record",
    Need.ROLES: "role assignments, role definitions and deny assignments",
    Need.APPLICATION: "Microsoft Graph",
    Need.FEDERATED: "Microsoft Graph",
    Need.ENTRA_DIRECT: "Entra, asked with the same secret",
    Need.TENANT: "the record of the registry's subscription",
    Need.NAMES: "the machine's own resolver",
}


class Titled(NamedTuple):
    """A cause by its id and title."""

    id: str
    title: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SymptomEntry:
    """A symptom: where it is seen (at stages, of a client, in other programs' words), and the causes that show it."""

    id: str
    says: str
    stages: tuple[Stage, ...]
    of_a_client: bool
    printed: bool
    causes: tuple[Titled, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FamilyEntry:
    """A family of causes, in the catalogue's order."""

    id: str
    about: str
    causes: tuple[Titled, ...]


class ToldCondition(NamedTuple):
    """A condition in words: a question, and the answer that fulfils it."""

    question: str
    answer: str


class Decisive(NamedTuple):
    """A question that decides a cause, and what answers it besides a person."""

    asked: Asked
    told_by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CauseEntry:
    """A cause, its symptoms, and what tells it from its neighbours.

    ``signs`` are the symptoms that prove it by themselves, as ``certain`` says. ``certain_when``, ``excluded_when`` and
    ``open_when`` are its conditions in words; ``unprovable`` is the reason why none can prove it. ``samples`` are other
    programs' words for it.
    """

    cause: Cause
    family: str
    symptoms: tuple[SymptomEntry, ...]
    signs: tuple[str, ...]
    certain: str
    unprovable: str
    questions: tuple[Decisive, ...]
    certain_when: tuple[ToldCondition, ...]
    excluded_when: tuple[ToldCondition, ...]
    open_when: tuple[ToldCondition, ...]
    az_code: str
    transient: bool
    samples: tuple[str, ...]

    @property
    def related(self) -> dict[str, str]:
        """The causes that can look the same, sorted by id, each with a symptom that they share."""
        shared = {other.id: symptom.id for symptom in self.symptoms for other in symptom.causes}
        return {other: symptom for other, symptom in sorted(shared.items()) if other != self.cause.id}


Entry = CauseEntry | SymptomEntry | FamilyEntry


def entry(name: str) -> Entry:
    """Return a cause, symptom or family by its id. Raises LookupError with the closest ids."""
    if name in MODES:
        return cause_entry(MODES[name])
    if name in SYMPTOMS:
        return symptom_entry(SYMPTOMS[name])
    if name in FAMILIES:
        return family_entry(name)
    close = difflib.get_close_matches(name, [*MODES, *SYMPTOMS, *FAMILIES], n=4, cutoff=0.4)
    hint = f"close to it: {', '.join(close)}" if close else "none is close to it"
    raise LookupError(f"no failure mode, symptom or family is called {name!r}; {hint}. 'all' lists them")


def cause_entry(mode: FailureMode) -> CauseEntry:
    """Put a cause of the catalogue into words, with placeholders for names."""
    return CauseEntry(
        cause=cause(mode, NO_NAMES),
        family=family_of(mode),
        symptoms=tuple(map(symptom_entry, mode.seen)),
        questions=tuple(Decisive(asked(question, NO_NAMES), _told_by(question)) for question in mode.questions),
        signs=tuple(symptom.id for symptom in mode.signs),
        certain=mode.certain,
        unprovable=mode.unprovable,
        certain_when=() if mode.unprovable else tuple(map(_condition, mode.when)),
        excluded_when=tuple(map(_condition, mode.not_when)),
        open_when=tuple(map(_condition, mode.open_when)),
        az_code=mode.az_code,
        transient=mode.transient,
        samples=mode.samples,
    )


def symptom_entry(symptom: Symptom) -> SymptomEntry:
    """Put a symptom of the catalogue into words, with placeholders for names."""
    return SymptomEntry(
        id=symptom.id,
        says=symptom.says.format_map(NO_NAMES.said),
        stages=symptom.stages,
        of_a_client=symptom.client is not None,
        printed=bool(symptom.texts),
        causes=tuple(map(_titled, causes(symptom))),
    )


def family_entry(family: str) -> FamilyEntry:
    """Put a family of the catalogue into words."""
    return FamilyEntry(
        id=family,
        about=FAMILIES[family].partition(": ")[2],
        causes=tuple(_titled(mode) for mode in MODES.values() if family_of(mode) == family),
    )


def families() -> tuple[FamilyEntry, ...]:
    """Return every family, in the order of a climb."""
    return tuple(map(family_entry, FAMILIES))


def symptoms() -> tuple[SymptomEntry, ...]:
    """Return every symptom, sorted by id."""
    return tuple(symptom_entry(SYMPTOMS[name]) for name in sorted(SYMPTOMS))


def _titled(mode: FailureMode) -> Titled:
    return Titled(mode.id, mode.title.format_map(NO_NAMES.said))


def _condition(condition: Condition) -> ToldCondition:
    return ToldCondition(condition.question.asks, condition.words)


def _told_by(question: Question[Any]) -> str:
    if not question.looks:
        return "The climb itself tells it where it can"
    return f"Evidence tells it, from {', or else from '.join(_LOOKS[need] for need in question.looks)}"
