"""Where the catalogue's entries stand, and what their order may decide."""

from __future__ import annotations

import pkgutil
from collections import Counter
from dataclasses import replace
from importlib import import_module
from itertools import pairwise
from types import ModuleType

import pytest
from factories import HOST
from specimens import docker_config, stored

from pytest_acrauth.catalogue import causes, questions, symptoms
from pytest_acrauth.catalogue.shape import FailureMode, Question, Symptom
from pytest_acrauth.catalogue.symptoms.climb import UNRECOGNISED
from pytest_acrauth.catalogue.symptoms.entra import NUMBERED
from pytest_acrauth.catalogue.tables import MODES, SYMPTOMS, family_of
from pytest_acrauth.diagnosis.client import diagnose_client
from pytest_acrauth.diagnosis.text import recognise
from pytest_acrauth.model.stage import Stage


def modules(room: ModuleType) -> dict[str, ModuleType]:
    """Return every module of a room by its name."""
    return {each.name: import_module(f"{room.__name__}.{each.name}") for each in pkgutil.iter_modules(room.__path__)}


CAUSES, QUESTIONS, SYMPTOMS_BY_MODULE = modules(causes), modules(questions), modules(symptoms)


def test_an_entry_stands_in_one_module() -> None:
    """Symptoms and causes are all gathered, and named in one module each, so that no import decides their order."""
    rooms = (*CAUSES.values(), *QUESTIONS.values(), *SYMPTOMS_BY_MODULE.values())
    entries = [value for module in rooms for value in vars(module).values() if isinstance(value, Symptom | FailureMode)]
    derived = [symptom.id for symptom in (*NUMBERED, *UNRECOGNISED.values())]
    assert Counter([*(entry.id for entry in entries), *derived]) == Counter([*MODES, *SYMPTOMS])


def test_a_symptom_stands_at_the_first_of_its_stages() -> None:
    """A stage's module holds what that stage shows first; what only exists in print is in the modules for that."""
    stands = {
        name: [symptom for symptom in vars(module).values() if isinstance(symptom, Symptom)]
        for name, module in SYMPTOMS_BY_MODULE.items()
    }
    own = set(Stage) - {Stage.UPLOAD}  # an upload shows nothing that a stage before it does not
    assert own < set(stands)
    assert all(symptom.stages[:1] == (stage,) for stage in own for symptom in stands[stage])
    assert all(symptom.stages == tuple(Stage) for symptom in stands["climb"])
    printed = (*stands["text"], *stands["management"], *stands["kubernetes"])
    assert all(symptom.texts and not symptom.stages and symptom.client is None for symptom in printed)


def test_a_question_stands_beside_the_causes_it_serves() -> None:
    """Only what several families ask stands in the questions' own room."""
    asked = {(question.id, family_of(mode)) for mode in MODES.values() for question in mode.questions}
    shared = {question for question, families in Counter(question for question, _ in asked).items() if families > 1}
    own = [value for module in QUESTIONS.values() for value in vars(module).values() if isinstance(value, Question)]
    assert {question.id for question in own} == shared


SAMPLES = [sample for mode in MODES.values() for sample in mode.samples]
#: Everything on one line, where no line number tells which was first, and each beside its neighbour.
TEXTS = [" ".join(SAMPLES), *(" ".join(pair) for pair in pairwise(SAMPLES))]


def test_the_order_of_the_table_decides_nothing_of_a_text(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a text shows is ranked by the text and the causes, in whatever order the symptoms stand."""
    found = [recognise(text) for text in TEXTS]
    monkeypatch.setattr("pytest_acrauth.diagnosis.text.SYMPTOMS", dict(reversed(SYMPTOMS.items())))
    assert [recognise(text) for text in TEXTS] == found


def test_a_client_check_tells_what_it_shows_in_the_written_order() -> None:
    """A login under another key is told before the one that is missing, as the symptoms' module has them."""
    record = replace(docker_config(stored(f"{HOST}:443")), login_servers=(HOST, "otheracr.azurecr.io"))
    assert [each.symptom.id for each in diagnose_client(record)] == ["stored-login-other-key", "no-stored-login"]
