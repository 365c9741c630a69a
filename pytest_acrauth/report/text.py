"""Explanations and entries of the catalogue as plain text for a terminal. No I/O."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator

from pytest_acrauth.catalogue.facts import Row, one_line
from pytest_acrauth.diagnosis.climb import HERE
from pytest_acrauth.diagnosis.conclusion import Diagnosis
from pytest_acrauth.model.defect import Defect
from pytest_acrauth.model.transcript import Transcript
from pytest_acrauth.report.defect import told
from pytest_acrauth.report.entries import CauseEntry, FamilyEntry, SymptomEntry, Titled, entry, families
from pytest_acrauth.report.explanation import (
    Answered,
    Asked,
    Cause,
    Explanation,
    Kind,
    RuledOut,
    Step,
    Unanswered,
    explanation,
)

_WIDTH = 100
_LONG = 40
_FEW = 5  # causes whose first steps fit on a screen beside the rest
_LABEL = max(map(len, Kind)) + 2


def explain(diagnosis: Diagnosis) -> str:
    """Return the whole explanation as plain text that fits one screen; its first line is the headline.

    Where this package fails in explaining it, the text is about that defect, and names what was to be explained.
    """
    try:
        return "\n".join(_explanation(explanation(diagnosis)))
    except Exception as error:  # noqa: BLE001 - a defect of ours, which must not take the diagnosis with it
        about = ", ".join([diagnosis.symptom.id, *(mode.id for mode in diagnosis.candidates)])
        return told(Defect.of(error, f"explaining {about}"))


def ready(transcript: Transcript) -> str:
    """Return one line for a climb in which nothing is broken, without claiming a right that was not proven."""
    target = transcript.target
    who = f"{target.identity.name} at {target.registry.login_server}"
    if not target.references:
        return f"{who}: authenticated; no repository was named, so no right was proven"
    proven = f"{', '.join(target.must)} on {', '.join(reference.text for reference in target.references)}"
    return one_line(f"{who}: authenticated, may {proven}")


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


def _explanation(told: Explanation) -> Iterator[str]:
    several = len(told.causes) > 1
    yield told.headline
    yield from _wrap(told.says)
    yield from _table(told.seen)
    if told.meaning:
        yield "What it means"
        yield from _wrap(told.meaning, "  ")
    yield from _evidence(told.evidence)
    yield from _ruled_out(told.ruled_out, {answered.question.id for answered in told.evidence})
    yield from _would_decide(told.unanswered) if several else _could_not_look(told.unanswered)
    if several:
        yield from _possible(told.causes)
    if told.steps:
        yield "What to do"
        yield from _labelled(told.steps, "  ")
    yield from (f"Documentation: {link}" for link in told.links)
    if several:
        yield "Each cause in full, with its documentation: pytest --acr-explain <id>"


def _table(rows: tuple[Row, ...]) -> Iterator[str]:
    width = max(len(row.label) for row in rows)
    for row in rows:
        yield from _wrap(row.text, f"  {row.label:<{width}}  ", " " * (width + 4))


def _possible(causes: tuple[Cause, ...]) -> Iterator[str]:
    few = len(causes) <= _FEW
    if not few and not _kinds_in_common(causes):
        yield "Possible causes, by the kind of credential"
        for kinds, group in _by_kind(causes).items():
            yield from _wrap(f"{kinds}: {', '.join(group)}", "  ", "    ")
        return
    told = "each with what to do first" if few else "the likeliest with what to do first"
    yield f"Possible causes, {told}"
    for cause in causes:
        yield from _wrap(f"{cause.id}: {cause.title}", "  ", "    ")
        if few or cause is causes[0]:
            yield from _labelled(_first(cause.steps), "    ")


def _kinds_in_common(causes: tuple[Cause, ...]) -> set[str]:
    """Return the kinds of credential that all of these causes can be about; where it is known, it is among them."""
    told = [set(cause.kinds) for cause in causes if cause.kinds]
    return set.intersection(*told) if told else {"any"}


def _by_kind(causes: tuple[Cause, ...]) -> dict[str, list[str]]:
    """Return the ids of causes by the kinds of credential they can be about, in the order of the causes."""
    found: dict[str, list[str]] = {}
    for cause in causes:
        found.setdefault(" or ".join(cause.kinds) or "any", []).append(cause.id)
    return found


def _evidence(evidence: tuple[Answered, ...]) -> Iterator[str]:
    if evidence:
        yield "Evidence"
    for answered in evidence:
        yield from _wrap(f"{answered.question.text} {answered.value} (from {answered.who})", "  ", "    ")


def _ruled_out(ruled_out: tuple[RuledOut, ...], above: set[str]) -> Iterator[str]:
    """Name excluded causes with the answers in short; those that stand above already, by the ids of their questions."""
    if ruled_out:
        yield "Ruled out"
    for group in ruled_out:
        why = "; ".join(_reason(answered, above) for answered in group.because)
        yield from _wrap(f"{', '.join(group.causes)} ({why})", "  ", "    ")


def _reason(answered: Answered, above: set[str]) -> str:
    """Say an answer in short: who gave it, and all of a long one, only where it does not stand above."""
    name, value = answered.question.id, answered.value
    if name in above:
        return name if len(value) > _LONG else f"{name}: {value}"
    return f"{name}: {value}" if answered.who == HERE else f"{name}: {value}, from {answered.who}"


def _could_not_look(unanswered: tuple[Unanswered, ...]) -> Iterator[str]:
    for group in unanswered:
        yield from _wrap(f"Could not look: {group.why}", "", "  ")
        yield from (line for question in group.questions for line in _wrap(question.text, "  ", "    "))


def _would_decide(unanswered: tuple[Unanswered, ...]) -> Iterator[str]:
    for group in unanswered:
        yield from _wrap(f"What would decide (could not look: {group.why})", "", "  ")
        yield from (line for question in group.questions for line in _by_hand(question))


def _cause(found: CauseEntry) -> Iterator[str]:
    yield f"{found.cause.id}: {found.cause.title}"
    yield from _wrap(found.cause.meaning)
    yield f"Seen as: {', '.join(symptom.id for symptom in found.symptoms)}"
    if found.questions:
        yield "What decides"
        yield from (line for question in found.questions for line in _by_hand(question.asked))
    yield "What to do"
    yield from _labelled(found.cause.steps, "  ")
    if found.transient:
        yield "It can pass by itself."
    if found.az_code:
        yield f"az acr check-health calls it {found.az_code}."
    yield f"Documentation: {found.cause.link}"


def _symptom(found: SymptomEntry) -> Iterator[str]:
    yield f"{found.id}: a symptom {_place(found)}"
    yield from _wrap(found.says)
    yield "Possible causes"
    yield from _titles(found.causes) if found.causes else ["  none is known"]


def _place(symptom: SymptomEntry) -> str:
    if symptom.stages:
        return f"at {', '.join(symptom.stages)}"
    return "of a client" if symptom.of_a_client else "in what other programs print"


def _titles(causes: Iterable[Titled]) -> Iterator[str]:
    yield from (f"  {cause.id}: {cause.title}" for cause in causes)


def _by_hand(question: Asked) -> Iterator[str]:
    yield from _wrap(question.text, "  ", "    ")
    yield from _step(question.by_hand, "    ", "    ")


def _first(steps: tuple[Step, ...]) -> Iterator[Step]:
    """Yield the first step, which is a look where there is any, with what its sentence announces by a colon."""
    for step in steps:
        yield step
        if not step.text.endswith(":"):
            break


def _labelled(steps: Iterable[Step], indent: str) -> Iterator[str]:
    """Yield steps behind the word for their kind, which stands once before those that share it."""
    told: Kind | None = None
    for step in steps:
        label = "" if step.kind is told else str(step.kind)
        yield from _step(step, f"{indent}{label:<{_LABEL}}", indent + " " * _LABEL)
        told = step.kind


def steps_of(steps: Iterable[Step]) -> Iterator[str]:
    """Yield steps as they stand in an explanation."""
    yield from _labelled(steps, "  ")


def _step(step: Step, first: str, later: str) -> Iterator[str]:
    """Wrap a step; a command never, so that it can be pasted as it stands."""
    yield from [first + step.text] if step.command else _wrap(step.text, first, later)


def _wrap(text: str, first: str = "", later: str = "") -> list[str]:
    return textwrap.wrap(text, _WIDTH, initial_indent=first, subsequent_indent=later or first, break_on_hyphens=False)
