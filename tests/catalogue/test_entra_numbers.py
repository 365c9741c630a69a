"""The table of Entra's numbers: what is concluded from one, in a climb or in print, is what the table says."""

from __future__ import annotations

import re

import pytest
from for_each import for_each
from specimens import aadsts

from pytest_acrauth.catalogue.entra_numbers import NUMBERS
from pytest_acrauth.catalogue.symptoms.entra import NUMBERED, proofs, refusal, refusals
from pytest_acrauth.catalogue.tables import MODES, SYMPTOMS, causes
from pytest_acrauth.diagnosis.climb import diagnose, symptoms
from pytest_acrauth.diagnosis.text import recognise


@for_each("number", NUMBERS)
def test_a_number_has_causes_and_words(number: int) -> None:
    """Each cause exists; what is said in short is one clause that fits in a table, without the number again."""
    told = NUMBERS[number]
    assert set(told.causes) <= set(MODES)
    assert len(set(told.causes)) == len(told.causes) > 0
    assert re.fullmatch(r"[^\n]{10,110}[^.,; \n]", told.says)
    assert not re.search(r"AADSTS|\b\d{5,}\b", told.says)


@for_each("number", [number for number, told in NUMBERS.items() if not told.in_print])
def test_a_climb_that_meets_a_number_leaves_its_causes(number: int) -> None:
    """The number alone leaves them open, all but a scope that this check did not send."""
    seen = aadsts(number)
    assert [symptom.id for symptom in symptoms(seen)] == [refusal(number).id]
    (found,) = diagnose(seen.transcript)
    assert {mode.id for mode in found.candidates} == set(NUMBERS[number].causes) - {"entra-scope-invalid"}


@pytest.mark.parametrize("number", [number for number, told in NUMBERS.items() if told.in_print])
def test_a_request_that_no_check_makes_is_none_of_ours(number: int) -> None:
    """Where Entra says it in a climb all the same, nothing known explains it."""
    (found,) = diagnose(aadsts(number).transcript)
    assert found.symptom.id == "entra-unrecognised"


@for_each("number", NUMBERS)
def test_a_number_in_print_leaves_its_causes(number: int) -> None:
    """However a client prints it; a number that names a resource counts with the description only."""
    bare = (f'"error_codes":[{number}]', f"https://login.microsoftonline.com/error?code={number}")
    for text in (f"AADSTS{number}: no.", *(() if NUMBERS[number].of_resource else bare)):
        found = [mode.id for diagnosis in recognise(text) for mode in diagnosis.candidates]
        assert set(found) == set(NUMBERS[number].causes), text


@pytest.mark.parametrize("number", [number for number, told in NUMBERS.items() if told.of_resource])
def test_a_number_about_another_resource_is_nothing_of_a_registry(number: int) -> None:
    """The resource that the message names tells whether a registry is meant."""
    for words in (
        "The resource principal named {} was not found in the tenant.",
        "has requested access to resource {}.",
    ):
        assert recognise(f"AADSTS{number}: {words.format('https://vault.azure.net')}") == ()
        assert recognise(f"AADSTS{number}: {words.format('https://containerregistry.azure.net')}") != ()


def test_a_number_without_a_row_is_left_to_its_words() -> None:
    """No number is taken for another that it begins with, or is begun by."""
    for number in NUMBERS:
        for other in (number * 10 + 7, number // 10):
            if other not in NUMBERS:
                assert recognise(f"AADSTS{other}: no.") == (), other


def test_symptoms_derive_from_the_table() -> None:
    """One symptom for all numbers with the same causes; the causes show what the table says, and nothing else of it."""
    assert {symptom.id for symptom in NUMBERED} <= set(SYMPTOMS)
    for symptom in NUMBERED:
        (told,) = {NUMBERS[number].causes for number in NUMBERS if refusal(number) is symptom}
        assert {mode.id for mode in causes(symptom)} == set(told)
    for mode in MODES.values():
        listed = {symptom.id for symptom in refusals(mode.id)}
        assert listed == {symptom.id for symptom in mode.seen if symptom.id.startswith("aadsts-")}
        assert {symptom.id for symptom in proofs(mode.id)} == {
            symptom.id for symptom in mode.signs if symptom.id.startswith("aadsts-")
        }
