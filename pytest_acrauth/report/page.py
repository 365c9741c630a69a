"""The catalogue's own entries as plain text for a terminal. No I/O."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from pytest_acrauth.report.entries import CauseEntry, FamilyEntry, SymptomEntry, Titled, entry, families
from pytest_acrauth.report.lines import by_hand, labelled, wrap


def describe(name: str) -> str:
    """Return what the catalogue says of one cause, symptom or family. Raises LookupError with the closest ids."""
    match entry(name):
        case CauseEntry() as found:
            lines = _cause(found)
        case SymptomEntry() as found:
            lines = _symptom(found)
        case FamilyEntry() as found:
            lines = iter([f"{name}: a family of causes", *_titles(sorted(found.causes))])
    return "\n".join(lines)


def listing() -> str:
    """Return every cause with its title, family by family in the order of a climb."""
    return "\n".join(line for family in families() for line in (family.id, *_titles(sorted(family.causes))))


def _cause(found: CauseEntry) -> Iterator[str]:
    yield f"{found.cause.id}: {found.cause.title}"
    yield from wrap(found.cause.meaning)
    yield f"Seen as: {', '.join(symptom.id for symptom in found.symptoms)}"
    if found.questions:
        yield "What decides"
        yield from (line for question in found.questions for line in by_hand(question.asked))
    yield "What to do"
    yield from labelled(found.cause.steps, "  ")
    if found.transient:
        yield "It can pass by itself."
    if found.az_code:
        yield f"az acr check-health calls it {found.az_code}."
    yield f"Documentation: {found.cause.link}"


def _symptom(found: SymptomEntry) -> Iterator[str]:
    yield f"{found.id}: a symptom {_place(found)}"
    yield from wrap(found.says)
    yield "Possible causes"
    yield from _titles(found.causes) if found.causes else ["  none is known"]


def _place(symptom: SymptomEntry) -> str:
    if symptom.stages:
        return f"at {', '.join(symptom.stages)}"
    return "of a client" if symptom.of_a_client else "in what other programs print"


def _titles(causes: Iterable[Titled]) -> Iterator[str]:
    yield from (f"  {cause.id}: {cause.title}" for cause in causes)
