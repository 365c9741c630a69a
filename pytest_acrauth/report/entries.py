"""What the catalogue says of its own entries, without any climb: causes, symptoms and families in words. No I/O."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, NamedTuple

from pytest_acrauth.catalogue.entra_numbers import NUMBERS
from pytest_acrauth.catalogue.shape import Condition, FailureMode, Question, Symptom
from pytest_acrauth.catalogue.symptoms.entra import refusal
from pytest_acrauth.catalogue.tables import FAMILIES, MODES, SYMPTOMS, causes, family_of
from pytest_acrauth.model.evidence import Need
from pytest_acrauth.model.stage import Stage
from pytest_acrauth.report.explanation import NO_NAMES, Asked, Cause, asked, cause

_LEAST_PART, _MOST_CLOSE = 4, 4
#: Where evidence finds the answers to a question.
_LOOKS = {
    Need.REGISTRY: "the registry's record",
    Need.ENDPOINT_ADDRESSES: "the network interfaces of its private endpoints",
    Need.REPLICAS: "the list of the registry's replicas",
    Need.CACHE: "the rules of the registry's artifact cache",
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
    programs' words for it, and ``not_emulated`` says why the emulator cannot bring it about.
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
    not_emulated: str

    @property
    def related(self) -> dict[str, str]:
        """The causes that can look the same, sorted by id, each with a symptom that they share."""
        shared = {other.id: symptom.id for symptom in self.symptoms for other in symptom.causes}
        return {other: symptom for other, symptom in sorted(shared.items()) if other != self.cause.id}


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeEntry:
    """A code of another program, and the causes that it can stand for, the likeliest first.

    ``of`` says whose it is, and ``says`` in short what it says, '' where that is not known. ``note`` tells that it is
    about neither the registry nor a login. ``link`` is the page on which its owner explains it, '' where there is none
    for it alone.
    """

    code: str
    of: str
    causes: tuple[Titled, ...]
    says: str = ""
    note: bool = False
    link: str = ""


Entry = CauseEntry | SymptomEntry | FamilyEntry

# Entra's own page for a number (https://learn.microsoft.com/entra/identity-platform/reference-error-codes).
_ENTRA_PAGE = "https://login.microsoftonline.com/error?code="
_ENTRA_NUMBER = re.compile(r"(?:AADSTS ?)?(?P<number>\d{5,8})", re.IGNORECASE)
_AZ_END = "_ERROR"


def entry(name: str) -> Entry:
    """Return a cause, symptom or family by its id. Raises LookupError with the closest ids."""
    if name in MODES:
        return cause_entry(MODES[name])
    if name in SYMPTOMS:
        return symptom_entry(SYMPTOMS[name])
    if name in FAMILIES:
        return family_entry(name)
    raise LookupError(f"no failure mode, symptom or family is called {name!r}; {near(name)}")


def named_in(line: str) -> list[str]:
    """Return the causes and symptoms that a line is about which a run of this plugin has printed.

    The one that it begins with, or that stands behind a node id; else those that it names anywhere. At the end of a
    line that was cut, as the short summary cuts it, those whose ids begin so.
    """
    every = [*MODES, *SYMPTOMS]
    words = [word for word in re.findall(r"[a-z0-9_-]+", line) if "-" in word]
    leading = re.search(r"(?:^| - )(?:probably )?([a-z0-9_-]+):", line)
    if leading and leading[1] in every:
        return [leading[1]]
    if named := list(dict.fromkeys(word for word in words if word in every)):
        return named
    cut = re.search(r"(?:^| - )([a-z0-9_]+-[a-z0-9_-]*)(?:\.\.\.|…)$", line.rstrip())
    return [each for each in every if cut and each.startswith(cut[1])]


def near(name: str, others: Iterable[str] = ()) -> str:
    """Say which ids, or ``others``, are close to what somebody wrote: those it holds, those that hold it, the alike."""
    known = dict.fromkeys([*MODES, *SYMPTOMS, *FAMILIES, *others])
    return f"close to it: {', '.join(close)}" if (close := close_to(name, known)) else "none is close to it"


def close_to(name: str, known: Iterable[str]) -> list[str]:
    """Return up to four known names that are in what somebody wrote, or that it is part of, or that look like it."""
    wanted, every = name.lower(), list(known)
    words = set(re.findall(r"[a-z0-9_-]+", wanted))
    found = [each for each in every if each in words]
    found += [each for each in every if len(wanted) >= _LEAST_PART and wanted in each]
    found += difflib.get_close_matches(wanted, every, n=_MOST_CLOSE, cutoff=0.5)
    return list(dict.fromkeys(found))[:_MOST_CLOSE]


def code_entry(text: str) -> CodeEntry:
    """Return what a number of Entra's (``AADSTS7000222``, ``7000222``) or a code of ``az acr check-health`` means.

    Upper or lower case. Raises LookupError for what is neither.
    """
    if (number := _ENTRA_NUMBER.fullmatch(text)) is not None:
        return number_entry(int(number["number"]))
    code = text.upper()
    coded = [mode for mode in MODES.values() if mode.az_code]
    # Not every one is a cause's own: two are other words for one that is.
    of_az = code.endswith(_AZ_END) and code.partition("_")[0] in {mode.az_code.partition("_")[0] for mode in coded}
    shown = _shown_by(f"An error occurred: {code}") if of_az else []
    told = {mode.id for mode in shown}
    modes = [*shown, *(mode for mode in coded if mode.az_code == code and mode.id not in told)]
    if not modes:
        raise LookupError(f"{text!r} is no number of Entra's and no code of az acr check-health")
    note = all(family_of(mode) == "notes" for mode in modes)
    return CodeEntry(code=code, of="a code of az acr check-health", causes=_titled_each(modes), note=note)


def numbers() -> tuple[CodeEntry, ...]:
    """Return every number of Entra's that is known here, in their order as numbers."""
    return tuple(number_entry(number) for number in sorted(NUMBERS))


def number_entry(number: int) -> CodeEntry:
    """Return what a number of Entra's says and stands for; one that is not known here has no causes."""
    told = NUMBERS.get(number)
    return CodeEntry(
        code=f"AADSTS{number}",
        of="a number of Entra's",
        causes=_titled_each(causes(refusal(number))) if told else (),
        says=told.says if told else "",
        link=f"{_ENTRA_PAGE}{number}",
    )


def _shown_by(text: str) -> list[FailureMode]:
    """Return the causes that a code alone leaves open, as it stands in a text."""
    from pytest_acrauth.diagnosis.text import recognise  # no other entry needs what reads texts

    found = (mode for diagnosis in recognise(text, overheard=True) for mode in diagnosis.candidates)
    return list({mode.id: mode for mode in found}.values())


def _titled_each(modes: Iterable[FailureMode]) -> tuple[Titled, ...]:
    return tuple(map(_titled, modes))


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
        not_emulated=mode.not_emulated,
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
