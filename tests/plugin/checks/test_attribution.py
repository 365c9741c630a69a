"""Who fails, for every selection and every break: the pure part of the promise about selection."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import factories
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_acrauth.model.observation import Dns, NotObserved
from pytest_acrauth.model.stage import Rung, Stage
from pytest_acrauth.model.target import Target
from pytest_acrauth.model.transcript import Access, Transcript
from pytest_acrauth.plugin.checks.attribution import answers_for, around, broken_before, fails_again

DNS, TCP, CHALLENGE, ENTRA, EXCHANGE = map(Rung, (Stage.DNS, Stage.TCP, Stage.CHALLENGE, Stage.ENTRA, Stage.EXCHANGE))
TARGETS = (
    factories.target(),
    factories.target(factories.SERVICE_PRINCIPAL, "team/app"),
    factories.target(factories.SERVICE_PRINCIPAL, "team/app", "team/other:1"),
    factories.target(factories.SERVICE_PRINCIPAL, "team/app", "team/other:1", must=("push",)),
    factories.target(factories.BASIC, "team/app"),
    factories.target(factories.ANONYMOUS),
)
BROKEN = Dns(host="broken", resolution=None)  # any observation that is not ok


def climb(target: Target, broken: Iterable[Rung]) -> Transcript:
    """Return a climb in which these rungs broke, where they were reached at all."""
    wanted = set(broken)
    seen = {
        rung: BROKEN if rung in wanted else factories.observation(rung.stage, chosen=target)
        for rung in target.rungs
        if not wanted & target.needs(rung)
    }
    accesses = tuple(
        Access(reference=reference, **{r.stage: each for r, each in seen.items() if r.reference == reference.text})
        for reference in target.references
    )
    shared = {rung.stage: each for rung, each in seen.items() if rung.reference is None}
    return Transcript(
        target=target, credential=factories.credential(), started=0.0, limit=30.0, accesses=accesses, **shared
    )


@st.composite
def situations(draw: st.DrawFn) -> tuple[Transcript, frozenset[Rung], frozenset[Rung]]:
    """Draw a climb, a selection, and what of it failed in an earlier run."""
    target = draw(st.sampled_from(TARGETS))
    rungs = st.frozensets(st.sampled_from(target.rungs))
    return climb(target, draw(rungs)), draw(rungs), draw(rungs)


@given(situations())
def test_a_selected_stage_that_is_broken_or_not_reached_means_a_failure(
    situation: tuple[Transcript, frozenset[Rung], frozenset[Rung]],
) -> None:
    """Whatever is selected and whatever broke: where a selected stage did not pass, a selected check fails."""
    transcript, selected, before = situation
    troubled = [rung for rung in selected if (seen := transcript.at(rung)) is None or not seen.ok]
    fails = answers_for(transcript, selected, before)
    assert fails.keys() <= selected
    assert bool(fails) or not troubled
    for rung in troubled:
        for broken in broken_before(transcript, rung):
            assert any(broken in answered for answered in fails.values())


@given(situations())
def test_nothing_fails_without_a_break(situation: tuple[Transcript, frozenset[Rung], frozenset[Rung]]) -> None:
    """A check fails only for something that really broke, and never when all went well."""
    transcript, selected, before = situation
    broken = set(transcript.broken())
    assert all(set(answered) <= broken and answered for answered in answers_for(transcript, selected, before).values())


@given(situations())
def test_every_break_is_answered_by_one_check(
    situation: tuple[Transcript, frozenset[Rung], frozenset[Rung]],
) -> None:
    """Without a history one check fails per break, no two for the same."""
    transcript, selected, _ = situation
    answered = [broken for each in answers_for(transcript, selected).values() for broken in each]
    assert len(answered) == len(set(answered))


@given(situations())
def test_a_check_run_again_passes_only_if_all_that_concerns_it_is_whole(
    situation: tuple[Transcript, frozenset[Rung], frozenset[Rung]],
) -> None:
    """A check that passes when it is run again leaves no stage that needs it broken or not reached."""
    transcript, selected, _ = situation
    for rung in selected:
        if not fails_again(transcript, rung):
            for other in around(transcript.target, rung):
                seen = transcript.at(other)
                assert seen is not None
                assert seen.ok


def test_the_broken_stage_answers_for_itself() -> None:
    """With everything selected only the broken stage fails."""
    transcript = climb(TARGETS[1], [EXCHANGE])
    assert answers_for(transcript, TARGETS[1].rungs) == {EXCHANGE: (EXCHANGE,)}


def test_the_first_selected_stage_behind_the_break_stands_in() -> None:
    """Without the broken stage the first selected one that needs it fails, and the next is left alone."""
    transcript = climb(TARGETS[1], [CHALLENGE])
    token, data = Rung(Stage.ACCESS_TOKEN, "team/app"), Rung(Stage.DATA, "team/app")
    assert answers_for(transcript, {DNS, data, token}) == {token: (CHALLENGE,)}


def test_one_check_stands_in_for_both_legs() -> None:
    """Where both legs broke and neither stage is selected, the join fails for the two."""
    transcript = climb(TARGETS[0], [TCP, ENTRA])
    assert answers_for(transcript, {DNS, EXCHANGE}) == {EXCHANGE: (TCP, ENTRA)}


def test_stages_before_the_break_ask_only_about_themselves() -> None:
    """Selecting what comes before the break passes."""
    assert answers_for(climb(TARGETS[0], [EXCHANGE]), {DNS, CHALLENGE, ENTRA}) == {}


def test_what_failed_last_time_fails_for_a_later_break() -> None:
    """A stage that failed in an earlier run and holds now still fails while a stage behind it is broken."""
    transcript = climb(TARGETS[0], [EXCHANGE])
    assert answers_for(transcript, {DNS, CHALLENGE}, failed_before={DNS}) == {DNS: (EXCHANGE,)}


def test_history_adds_nothing_where_the_broken_stage_is_selected() -> None:
    """What failed in an earlier run does not fail for a break that is answered for anyway."""
    transcript = climb(TARGETS[0], [EXCHANGE])
    assert answers_for(transcript, {DNS, EXCHANGE}, failed_before={DNS}) == {EXCHANGE: (EXCHANGE,)}


def test_repositories_do_not_answer_for_each_other() -> None:
    """A break in one repository is none of another's business, not even when that is run again."""
    target = TARGETS[2]
    broken, other = Rung(Stage.OPERATION, "team/app"), Rung(Stage.OPERATION, "team/other:1")
    transcript = climb(target, [broken])
    assert answers_for(transcript, {other}) == {}
    assert fails_again(transcript, other) == ()
    assert fails_again(transcript, Rung(Stage.ACCESS_TOKEN, "team/app")) == (broken,)


@pytest.mark.parametrize("rung", [ENTRA, DNS])
def test_the_other_leg_counts_when_a_check_is_run_again(rung: Rung) -> None:
    """A stage run again fails for the other leg, because the stages at the join need both."""
    other = {ENTRA: CHALLENGE, DNS: ENTRA}[rung]
    assert fails_again(climb(TARGETS[0], [other]), rung) == (other,)


def test_a_leg_that_was_given_up_answers_for_the_break() -> None:
    """A stage that was not reached although nothing it needs broke fails for what did break."""
    transcript = replace(climb(TARGETS[0], [DNS]), entra=None)
    assert answers_for(transcript, {ENTRA}) == {ENTRA: (DNS,)}


def test_a_stage_that_was_not_observed_breaks_nothing() -> None:
    """Not observed is neither broken nor the cause of anything."""
    transcript = replace(climb(TARGETS[0], []), tls=NotObserved(reason="a proxy did it"))
    assert answers_for(transcript, TARGETS[0].rungs) == {}
    assert broken_before(transcript, Rung(Stage.TLS)) == ()
