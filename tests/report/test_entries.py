"""The catalogue's entries as values: nothing is lost on the way to them, nor from them to the text."""

from __future__ import annotations

import re

import pytest
from for_each import for_each
from layout import squeezed

from pytest_acrauth.catalogue.entra_numbers import NUMBERS
from pytest_acrauth.catalogue.tables import FAMILIES, MODES, SYMPTOMS, causes
from pytest_acrauth.report.entries import (
    CauseEntry,
    FamilyEntry,
    SymptomEntry,
    cause_entry,
    close_to,
    code_entry,
    entry,
    families,
    symptom_entry,
    symptoms,
)
from pytest_acrauth.report.entry_text import describe, describe_code, listing


@for_each("name", sorted(MODES))
def test_the_text_of_a_cause_leaves_nothing_out(name: str) -> None:
    """A cause described has its meaning, symptoms, questions, steps and page."""
    found = cause_entry(MODES[name])
    text = squeezed(describe(name))
    parts = [
        found.cause.title,
        found.cause.meaning,
        *(symptom.id for symptom in found.symptoms),
        *(part for question in found.questions for part in (question.asked.text, question.asked.by_hand.text)),
        *(step.text for step in found.cause.steps),
        found.cause.link,
    ]
    assert [part for part in parts if squeezed(part).lower() not in text.lower()] == []


@for_each("name", sorted(SYMPTOMS))
def test_the_text_of_a_symptom_leaves_nothing_out(name: str) -> None:
    """A symptom described has its sentence, its stages and every cause."""
    found = symptom_entry(SYMPTOMS[name])
    text = squeezed(describe(name))
    parts = [found.says, *found.stages, *(f"{cause.id}{cause.title}" for cause in found.causes)]
    assert [part for part in parts if squeezed(part) not in text] == []


def test_an_id_leads_to_the_entry_of_its_kind() -> None:
    """Causes, symptoms and families are found by their ids alone."""
    assert isinstance(entry("firewall-ip-denied"), CauseEntry)
    assert isinstance(entry("denied-with-ip"), SymptomEntry)
    assert isinstance(entry("firewall"), FamilyEntry)


def test_every_entry_is_listed_once() -> None:
    """Families hold every cause once, and the symptoms are complete and sorted."""
    listed = [cause.id for family in families() for cause in family.causes]
    assert sorted(listed) == sorted(MODES)
    assert [family.id for family in families()] == list(FAMILIES)
    assert [symptom.id for symptom in symptoms()] == sorted(SYMPTOMS)
    assert all(family.about and family.id in listing() for family in families())


@for_each("name", sorted(MODES))
def test_related_are_those_that_can_look_the_same(name: str) -> None:
    """A cause is related to every other cause of its symptoms, each with the symptom, and not to itself."""
    found = cause_entry(MODES[name])
    others = {cause.id for symptom in found.symptoms for cause in symptom.causes} - {name}
    assert list(found.related) == sorted(others)
    for other, shared in found.related.items():
        assert MODES[other] in causes(SYMPTOMS[shared])


def test_a_sign_is_told_with_the_reason_why_it_is_one() -> None:
    """What only one cause can show stands apart, because seeing it decides."""
    found = cause_entry(MODES["entra-sp-secret-expired"])
    assert found.signs == ("aadsts-7000222",)
    assert found.certain == MODES["entra-sp-secret-expired"].certain
    assert cause_entry(MODES["firewall-ip-denied"]).signs == ()


def test_a_question_says_what_answers_it() -> None:
    """A question is told by the climb, or by evidence with its source."""
    told = {question.told_by for mode in MODES.values() for question in cause_entry(mode).questions}
    assert "The climb itself tells it where it can" in told
    assert "Evidence tells it, from the registry's record" in told


def test_the_list_has_each_cause_beside_its_title_in_one_column() -> None:
    """Families stand with what they are about and how many causes they have; the last line counts all."""
    lines = listing().splitlines()
    rows = [
        found for line in lines if (found := re.match(r"  (?P<id>\S+) +", line)) is not None and found["id"] in MODES
    ]
    assert sorted(row["id"] for row in rows) == sorted(MODES)
    assert len({row.end() for row in rows}) == 1
    for family in families():
        assert any(line.startswith(f"{family.id} ({len(family.causes)}): ") for line in lines)
    assert lines[-1].startswith(f"{len(MODES)} causes in {len(FAMILIES)} families")
    assert max(map(len, lines)) <= 100


WRITTEN = {
    "AADSTS7000222": {"entra-sp-secret-expired"},
    "aadsts700016": {"entra-app-not-found"},
    "7000215": {"entra-sp-secret-wrong"},
    "AADSTS 50076": {"entra-mfa-required"},
}


@pytest.mark.parametrize(("text", "causes"), WRITTEN.items(), ids=WRITTEN)
def test_a_number_of_entras_has_its_causes(text: str, causes: set[str]) -> None:
    """Written in any way, with Entra's own page for it; a single cause is told whole."""
    found = code_entry(text)
    number = text.upper().removeprefix("AADSTS").strip()
    assert causes <= {cause.id for cause in found.causes}
    assert found.code == f"AADSTS{number}"
    assert found.link.endswith(f"code={number}")
    assert all(name in describe_code(text) for name in causes)


@for_each("number", sorted(NUMBERS))
def test_every_number_of_the_table_is_told(number: int) -> None:
    """Whoever asks for a number reads what it says, and each of its causes; a single one is told whole."""
    text = squeezed(describe_code(f"AADSTS{number}"))
    told = NUMBERS[number]
    assert squeezed(told.says) in text
    assert {cause.id for cause in code_entry(str(number)).causes} == set(told.causes)
    assert [cause for cause in told.causes if cause not in text] == []


def test_a_number_without_a_cause_is_not_guessed_at() -> None:
    """Its owner's page is all that is told."""
    assert code_entry("AADSTS999999").causes == ()
    assert "code=999999" in describe_code("999999")


@pytest.mark.parametrize(
    "text", ["NAME_UNKNOWN", "MANIFEST_UNKNOWN", "UNAUTHORIZED", "CONNECTIVITY_SOME_ERROR", "1234", "AADSTS", ""]
)
def test_what_is_no_code_of_these_is_none(text: str) -> None:
    """A registry's own codes are words of a text, and are told as such."""
    with pytest.raises(LookupError):
        code_entry(text)


def test_close_are_those_held_those_that_hold_and_the_alike() -> None:
    """Ids inside a line come first, and no more than four are named."""
    known = [*MODES, *SYMPTOMS]
    assert close_to("FAILED acr::x - entra-sp-secret-expired:...", known)[0] == "entra-sp-secret-expired"
    assert close_to("entra-sp-secret-expird", known)[0] == "entra-sp-secret-expired"
    assert all("throttled" in name for name in close_to("throttled", known))
    assert len(close_to("entra", known)) == 4
    assert close_to("zzzzzzzzzz", known) == []
