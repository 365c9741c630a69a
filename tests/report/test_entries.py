"""The catalogue's entries as values: nothing is lost on the way to them, nor from them to the text."""

from __future__ import annotations

import pytest
from layout import squeezed

from pytest_acrauth.catalogue.tables import FAMILIES, MODES, SYMPTOMS, causes
from pytest_acrauth.report.entries import (
    CauseEntry,
    FamilyEntry,
    SymptomEntry,
    cause_entry,
    entry,
    families,
    symptom_entry,
    symptoms,
)
from pytest_acrauth.report.page import describe, listing


@pytest.mark.parametrize("name", sorted(MODES))
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
    assert [part for part in parts if squeezed(part) not in text] == []


@pytest.mark.parametrize("name", sorted(SYMPTOMS))
def test_the_text_of_a_symptom_leaves_nothing_out(name: str) -> None:
    """A symptom described has its sentence, its stages and every cause."""
    found = symptom_entry(SYMPTOMS[name])
    text = squeezed(describe(name))
    parts = [found.says, *found.stages, *(f"{cause.id}:{cause.title}" for cause in found.causes)]
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


@pytest.mark.parametrize("name", sorted(MODES))
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
