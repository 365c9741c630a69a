"""How long the catalogue's words are: what stands in one line fits in it, and a failure's text on a small screen."""

from __future__ import annotations

from typing import Any

from for_each import for_each

from pytest_acrauth.catalogue.shape import FailureMode, Question
from pytest_acrauth.catalogue.tables import MODES
from pytest_acrauth.report.explanation import NO_NAMES, Kind, cause
from pytest_acrauth.report.lines import labelled

COLUMNS = 80
#: Characters of the few words for a cause, and of those for an answer.
MOST_BRIEF, MOST_LABEL = 36, 30
#: Lines of looks and fixes, where the whole text has sixteen.
MOST_STEPS = 7

QUESTIONS = {question.id: question for mode in MODES.values() for question in mode.questions}


@for_each("mode", MODES.values(), ids=MODES)
def test_id_and_cause_stand_in_the_first_eighty_columns(mode: FailureMode) -> None:
    """Even hedged; longer names than the plain words that stand for them go elsewhere."""
    title = mode.title.format_map(NO_NAMES.said)
    assert len(f"{mode.id}: probably {title}") <= COLUMNS
    assert not title.endswith(".")


@for_each("mode", MODES.values(), ids=MODES)
def test_a_cause_has_a_name_in_a_few_plain_words(mode: FailureMode) -> None:
    """It is no sentence, has no names to fill in, and is not the id again."""
    assert 0 < len(mode.brief) <= MOST_BRIEF
    assert "{" not in mode.brief
    assert mode.brief != mode.id
    assert not mode.brief.endswith(".")


def test_no_two_causes_share_their_few_words() -> None:
    """In a list of what was ruled out, each means one."""
    assert len({mode.brief for mode in MODES.values()}) == len(MODES)


@for_each("mode", MODES.values(), ids=MODES)
def test_what_to_do_fits_beside_the_rest(mode: FailureMode) -> None:
    """Looks and fixes take few lines, sentences wrapped and commands whole."""
    steps = [step for step in cause(mode, NO_NAMES).steps if step.kind is not Kind.OR]
    assert len(list(labelled(steps, "  "))) <= MOST_STEPS


@for_each("question", QUESTIONS.values(), ids=QUESTIONS)
def test_an_answer_has_a_label(question: Question[Any]) -> None:
    """It is no question."""
    assert 0 < len(question.shows) <= MOST_LABEL
    assert "?" not in question.shows
