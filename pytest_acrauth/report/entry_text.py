"""The catalogue's own entries as plain text for a terminal. No I/O."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from pytest_acrauth.report.entries import (
    CauseEntry,
    CodeEntry,
    FamilyEntry,
    SymptomEntry,
    Titled,
    code_entry,
    entry,
    families,
)
from pytest_acrauth.report.lines import by_hand, labelled, wrap


def describe(name: str) -> str:
    """Return what the catalogue says of one cause, symptom or family. Raises LookupError with the closest ids.

    Not in the form of a conclusion: nothing was found here.
    """
    match entry(name):
        case CauseEntry() as found:
            lines = _cause(found)
        case SymptomEntry() as found:
            lines = _symptom(found)
        case FamilyEntry() as found:
            lines = _family(found)
    return "\n".join(lines)


def describe_code(text: str) -> str:
    """Return what a number of Entra's or a code of ``az acr check-health`` stands for. Raises LookupError for another.

    A number that no cause is known for is told with the page where Entra explains it.
    """
    return "\n".join(_code(code_entry(text)))


def listing() -> str:
    """Return every cause with its title, family by family in the order of a climb, and how many there are."""
    found = families()
    width = _width(cause for family in found for cause in family.causes)
    lines: list[str] = []
    for family in found:
        lines += [*heading(family, len(family.causes)), *_titled(sorted(family.causes), width), ""]
    count = sum(len(family.causes) for family in found)
    return "\n".join([*lines, f"{count} causes in {len(found)} families; in full: pytest --acr-explain <id>"])


def _titled(rows: Iterable[Titled], width: int) -> Iterator[str]:
    """Yield ids with their titles beside them, from a common column on."""
    for row in rows:
        yield from wrap(row.title, f"  {row.id:<{width}}  ", " " * (width + 4))


def _width(rows: Iterable[Titled]) -> int:
    return max((len(row.id) for row in rows), default=0)


def heading(found: FamilyEntry, count: int) -> list[str]:
    """Return the lines above entries of a family: what it is about, and how many there are."""
    return wrap(f"{found.id} ({count}): {found.about.partition('. ')[0].rstrip('.')}")


def _family(found: FamilyEntry) -> Iterator[str]:
    yield f"{found.id}: a family of {len(found.causes)} causes"
    yield from wrap(f"{found.about[0].upper()}{found.about[1:]}")
    yield from _titled(sorted(found.causes), _width(found.causes))


def _cause(found: CauseEntry) -> Iterator[str]:
    yield f"{found.cause.id}: a cause, of the family {found.family}"
    yield from wrap(f"{found.cause.title[0].upper()}{found.cause.title[1:]}.")
    yield from wrap(found.cause.meaning)
    yield from wrap(f"Seen as: {', '.join(symptom.id for symptom in found.symptoms)}", "", "  ")
    if found.questions:
        yield "What decides"
        yield from (line for question in found.questions for line in by_hand(question.asked))
    yield "What to do"
    yield from labelled(found.cause.steps, "  ")
    if found.transient:
        yield "It can be a delay: --acr-wait tries again."
    if found.az_code:
        yield f"az acr check-health calls it {found.az_code}."
    yield f"Documentation: {found.cause.link}"


def _symptom(found: SymptomEntry) -> Iterator[str]:
    yield f"{found.id}: a symptom {_place(found)}"
    yield from wrap(found.says)
    yield "Possible causes"
    yield from _titled(found.causes, _width(found.causes)) if found.causes else ["  none is known"]


def _place(symptom: SymptomEntry) -> str:
    if symptom.stages:
        return f"at {', '.join(symptom.stages)}"
    if symptom.of_a_client:
        return "of a client"
    return "in what other programs print" if symptom.printed else "of a check that somebody asked for by name"


def _code(found: CodeEntry) -> Iterator[str]:
    yield f"{found.code}: {found.of}"
    if found.says:
        yield from wrap(f"In short: {found.says}.")
    if found.link:
        yield f"In its own words: {found.link}"
    if found.note:
        yield "It says nothing about the registry, or about logging in to it."
    match found.causes:
        case ():
            yield "No cause that is known here shows it at a registry."
        case (one,):
            yield ""
            yield describe(one.id)
        case several:
            yield "Possible causes"
            yield from _titled(several, _width(several))
            yield "In full: pytest --acr-explain <id>"
