"""The catalogue: one namespace, every symptom shown by a specimen, every text filled in from it."""

from __future__ import annotations

import re
from string import Formatter

import pytest
from factories import observation
from for_each import for_each
from instructions import instructions, text_of
from specimens import CLIENT_SPECIMENS, SPECIMENS

from pytest_acrauth.catalogue import tables
from pytest_acrauth.catalogue.facts import FACTS
from pytest_acrauth.catalogue.shape import Command, FailureMode, Symptom
from pytest_acrauth.catalogue.symptoms.climb import UNRECOGNISED
from pytest_acrauth.catalogue.symptoms.entra import NUMBERED
from pytest_acrauth.catalogue.tables import FAMILIES, MODES, SYMPTOMS, causes, family_of
from pytest_acrauth.diagnosis.climb import symptoms
from pytest_acrauth.model.stage import Stage

UNRECOGNISED_IDS = {symptom.id for symptom in UNRECOGNISED.values()}

#: Facts that a peer can choose and that no validation bounds to names, dates or numbers.
FROM_THE_NETWORK = {
    "answer",
    "realm",
    "scheme",
    "issuer",
    "subject",
    "names",
    "not_before",
    "not_after",
    "granted",
    "correlation_id",
}


def _texts(mode: FailureMode) -> list[str]:
    return [mode.title, mode.means, mode.page, *(text_of(one) for one in instructions(mode))]


def _fields(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name is not None}


def test_ids_share_one_namespace() -> None:
    """No mode, symptom or family has the id of another, and none was lost to one of the same id."""
    entries = [
        value
        for family in (*tables._FAMILIES, *tables._SYMPTOMS)
        for value in vars(family).values()
        if isinstance(value, (FailureMode, Symptom))
    ]
    distinct = {id(entry): entry.id for entry in entries}
    ids = [*distinct.values(), *(each.id for each in NUMBERED), *FAMILIES, *UNRECOGNISED_IDS]
    assert sorted(ids) == sorted(set(ids))


def test_every_symptom_has_a_specimen() -> None:
    """Each symptom is shown by a transcript, a client check or a text of this suite, and by no other name."""
    assert set(SPECIMENS) == {symptom.id for symptom in SYMPTOMS.values() if symptom.stages}
    checked = {symptom.id for symptom in SYMPTOMS.values() if symptom.client is not None}
    assert set(CLIENT_SPECIMENS) == checked | {"client-unrecognised"}
    asked = {"let-in", "could-not-look"}  # which a test's own expectation shows: checks/test_refusals.py
    asked |= {symptom.id for mode in MODES.values() if family_of(mode) == "expiry" for symptom in mode.seen}
    others = {symptom.id for symptom in SYMPTOMS.values() if not symptom.stages and not symptom.texts}
    assert others <= {*CLIENT_SPECIMENS, *asked}


@for_each("symptom", sorted(set(SPECIMENS) - UNRECOGNISED_IDS))
def test_a_specimen_shows_its_own_symptom_only(symptom: str) -> None:
    """Conditions are disjoint: what shows one symptom shows no other."""
    assert [shown.id for shown in symptoms(SPECIMENS[symptom])] == [symptom]


@pytest.mark.parametrize("stage", Stage)
def test_an_unknown_answer_shows_no_symptom(stage: Stage) -> None:
    """What no condition describes is left to the stage's unrecognised symptom."""
    assert symptoms(SPECIMENS[f"{stage}-unrecognised"]) == ()


@for_each("symptom", sorted(SYMPTOMS))
def test_a_symptom_has_causes_unless_it_is_the_unrecognised_one(symptom: str) -> None:
    """Every recognised symptom has a cause; an unrecognised one, a defect and a look nobody could take have none."""
    unrecognised = UNRECOGNISED_IDS | {"client-unrecognised", "plugin-defect", "could-not-look"}
    assert bool(causes(SYMPTOMS[symptom])) is (symptom not in unrecognised)


@for_each("mode", MODES.values(), ids=lambda mode: mode.id)
def test_a_mode_is_complete(mode: FailureMode) -> None:
    """Each cause has an id in kebab case, a symptom, texts, a page, and the family whose module it stands in."""
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)+", mode.id)
    assert family_of(mode) in FAMILIES
    assert mode in vars(getattr(tables, family_of(mode))).values()
    assert mode.seen
    assert all([mode.title, mode.means, mode.fix])
    assert mode.page.startswith("https://")
    assert not mode.title.endswith(".")


@for_each("mode", MODES.values(), ids=lambda mode: mode.id)
def test_a_cause_says_how_it_is_known(mode: FailureMode) -> None:
    """A cause that is concluded without a question says why, and one that nothing proves; all others have conditions.

    A sign is a symptom that no other cause shows.
    """
    assert bool(mode.signs) is bool(mode.certain)
    assert mode.signs or mode.when or mode.unprovable
    assert not (mode.signs and mode.unprovable)
    assert set(mode.signs) <= set(mode.seen)
    assert [causes(sign) for sign in mode.signs] == [(mode,)] * len(mode.signs)
    for reason in filter(None, (mode.certain, mode.unprovable)):
        assert reason.endswith(".")
        assert len(reason) > 30


def test_no_two_causes_are_certain_for_the_same_reason() -> None:
    """Why a sign is a proof is said of that very sign."""
    reasons = [mode.certain for mode in MODES.values() if mode.certain]
    assert sorted(reasons) == sorted(set(reasons))


@for_each("mode", MODES.values(), ids=lambda mode: mode.id)
def test_texts_name_documented_facts_only(mode: FailureMode) -> None:
    """A format string uses keys of the documented set, so that filling it in cannot fail."""
    for text in _texts(mode):
        assert _fields(text) <= set(FACTS)


@for_each("mode", MODES.values(), ids=lambda mode: mode.id)
def test_commands_are_not_filled_with_what_a_peer_says(mode: FailureMode) -> None:
    """A command to paste holds configured or validated names only."""
    commands = [one.text for one in instructions(mode) if isinstance(one, Command)]
    assert not FROM_THE_NETWORK & {name for command in commands for name in _fields(command)}


@for_each("mode", MODES.values(), ids=lambda mode: mode.id)
def test_a_mode_names_no_other_mode(mode: FailureMode) -> None:
    """A text never brings in the cause of another symptom."""
    words = set(re.findall(r"[a-z0-9-]+", " ".join(_texts(mode))))
    assert not words & (set(MODES) - {mode.id})


@pytest.mark.parametrize("stage", Stage)
def test_the_factories_are_healthy(stage: Stage) -> None:
    """The observations that specimens are derived from are those of a stage that passed."""
    assert observation(stage).ok
