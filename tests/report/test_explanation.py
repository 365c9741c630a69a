"""An explanation as a value: what is in it, that it has no layout, and that the text leaves none of it out."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

from factories import CLIENT_ID, climb, reply
from for_each import for_each
from layout import squeezed
from specimens import CLIENT_SPECIMENS, SPECIMENS

from pytest_acrauth.catalogue.facts import FACTS, Row
from pytest_acrauth.catalogue.shape import Verdict
from pytest_acrauth.catalogue.tables import MODES
from pytest_acrauth.diagnosis.client import diagnose_client
from pytest_acrauth.diagnosis.climb import HERE, NOT_ASKED, diagnose
from pytest_acrauth.diagnosis.conclusion import Diagnosis
from pytest_acrauth.diagnosis.text import recognise
from pytest_acrauth.model.observation import Exchange
from pytest_acrauth.model.stage import Stage
from pytest_acrauth.report.explanation import MAY_BE_NONE, explanation, filled, headline, in_one_line
from pytest_acrauth.report.text import explain

DENIED = "denied: client with IP '20.1.2.3' is not allowed access. Refer https://aka.ms/acr/firewall to grant access."
VAGUE = "unauthorized: authentication required, visit https://aka.ms/acr/authorization for more information."

#: Every kind of thing that a diagnosis is about, by a name for each.
DIAGNOSES = {
    **{f"climb-{symptom}": diagnose(seen.transcript)[0] for symptom, seen in SPECIMENS.items()},
    **{f"client-{symptom}": diagnose_client(record)[0] for symptom, record in CLIENT_SPECIMENS.items()},
    **{f"text-{name}": recognise(mode.samples[0])[0] for name, mode in MODES.items() if mode.samples},
    "text-denied": recognise(DENIED)[0],
    "text-vague": recognise(VAGUE)[0],
}

every_diagnosis = for_each("diagnosis", DIAGNOSES.values(), ids=DIAGNOSES)


def strings(value: object) -> Iterator[str]:
    """Return every text in a value, however deep."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, tuple):
        yield from (text for part in value for text in strings(part))
    elif dataclasses.is_dataclass(value):
        yield from (text for field in dataclasses.fields(value) for text in strings(getattr(value, field.name)))


@every_diagnosis
def test_nothing_is_laid_out(diagnosis: Diagnosis) -> None:
    """Every text of an explanation is one line as long as it is: not wrapped, indented or numbered."""
    told = list(strings(explanation(diagnosis)))
    assert [text for text in told if not text.isprintable() or text != text.strip()] == []
    assert [text for text in told if text.endswith("\\") or text.startswith(("1.", "- "))] == []


def test_a_long_command_stays_whole() -> None:
    """A command that the text breaks over lines is one text in the value."""
    steps = [step for cause in explanation(DIAGNOSES["climb-exchange-refused"]).causes for step in cause.steps]
    assert max(len(step.text) for step in steps if step.command) > 120


@every_diagnosis
def test_the_text_leaves_nothing_out(diagnosis: Diagnosis) -> None:
    """Every fact, step, answer, excluded cause and open question of an explanation stands in the text."""
    told = explanation(diagnosis)
    text = squeezed(explain(diagnosis, full=True))
    told_parts = [
        told.headline,
        told.says,
        told.meaning,
        told.proof,
        *(row.label + row.text for row in told.seen if row.text),
        *(step.text for step in told.steps),
        *(f"{answer.question.label}: {answer.value}" for answer in told.evidence),
        *(f"(read by {answer.who})" for answer in told.evidence if answer.who != HERE),
        *(name for group in told.ruled_out for name in group.causes),
        *(answer.question.label for group in told.ruled_out for answer in group.because),
        *(part for group in told.unanswered for part in (group.why, *(one.text for one in group.questions))),
        *told.links,
    ]
    assert [part for part in told_parts if squeezed(part) not in text] == []


@every_diagnosis
def test_each_of_several_causes_stands_in_the_text(diagnosis: Diagnosis) -> None:
    """The causes told are those that remain; of several, the text has each, and what would decide by hand."""
    told = explanation(diagnosis)
    assert [cause.id for cause in told.causes] == [mode.id for mode in diagnosis.candidates]
    if len(told.causes) < 2:
        return
    text = squeezed(explain(diagnosis, full=True))
    entries = [squeezed(f"{cause.id}:{cause.title}") for cause in told.causes]
    assert [entry for entry in entries if entry not in text] == []
    assert [cause.id for cause in told.causes if squeezed(cause.id) not in squeezed(explain(diagnosis))] == []
    by_hand = [question.by_hand.text for group in told.unanswered for question in group.questions]
    assert [command for command in by_hand if squeezed(command) not in text] == []


def test_many_causes_stand_by_their_kinds_of_credential() -> None:
    """The likeliest have a line of their own; the others are named, by what they can be about."""
    many = explanation(DIAGNOSES["text-vague"])
    assert len(many.causes) > 12
    lines = explain(DIAGNOSES["text-vague"]).splitlines()
    also = [line for line in lines if line.startswith("  also possible")]
    assert any(line.startswith("  also possible with a scope-map token: ") for line in also)
    assert [f"  {cause.id}: {cause.title}" for cause in many.causes[:5]] == [
        line for line in lines if line.startswith(tuple(f"  {cause.id}: " for cause in many.causes))
    ]


def test_one_cause_is_explained_itself() -> None:
    """With one cause, meaning, steps and link are the cause's."""
    told = explanation(DIAGNOSES["climb-aadsts-7000222"])
    (cause,) = told.causes
    assert cause.id == "entra-sp-secret-expired"
    assert (told.meaning, told.steps, told.links) == (cause.meaning, cause.steps, (cause.link,))
    assert any(step.command and f"--id {CLIENT_ID}" in step.text for step in told.steps)


def test_several_causes_are_explained_each() -> None:
    """With several causes nothing is stated of them together: each has its own meaning, steps and link."""
    told = explanation(DIAGNOSES["climb-denied-with-ip"])
    assert (told.meaning, told.steps, told.links) == ("", (), ())
    assert len(told.causes) > 1
    assert all(cause.meaning and cause.steps and cause.link for cause in told.causes)


def test_without_a_cause_there_is_something_to_do() -> None:
    """An answer that nothing explains has steps and a page, and no meaning that would be a guess."""
    told = explanation(DIAGNOSES["climb-exchange-unrecognised"])
    assert (told.causes, told.meaning) == ((), "")
    assert told.steps
    assert told.links


@every_diagnosis
def test_the_three_verdicts_are_kept_apart(diagnosis: Diagnosis) -> None:
    """A cause is either still possible or ruled out, and a question either answered or open."""
    told = explanation(diagnosis)
    no = {finding.mode.id for finding in diagnosis.findings if finding.verdict is Verdict.NO}
    assert {name for group in told.ruled_out for name in group.causes} == no
    assert not no & {cause.id for cause in told.causes}
    answered = {answer.question.id for answer in told.evidence}
    assert not answered & {question.id for group in told.unanswered for question in group.questions}


def test_an_open_question_says_why_nobody_looked() -> None:
    """Questions that nobody could look at stand together by the reason, each with what a person can do."""
    (group,) = explanation(DIAGNOSES["climb-denied-with-ip"]).unanswered
    assert group.why == NOT_ASKED
    assert all(question.by_hand.command for question in group.questions)


def test_what_a_peer_says_is_bounded_in_the_value() -> None:
    """However much a peer says, and in whatever characters, a row of the value is one printable line."""
    hostile = "\x1b[31m{registry}\r\n\u202e" + "A" * 5_000
    answer = reply(418, hostile, hostile, detail=hostile, correlation_id=hostile, url=hostile)
    (found,) = diagnose(climb(Stage.EXCHANGE, Exchange(reply=answer)))
    told = list(strings(explanation(found)))
    assert all(text.isprintable() for text in told)
    assert max(map(len, told)) <= 600


def test_a_quoted_line_needs_no_sentence_with_gaps() -> None:
    """A line that lacks a name stands without the sentence about it; a climb always gets its sentence."""
    denied = explanation(DIAGNOSES["text-denied"])
    assert (denied.says, denied.seen) == ("", (Row("line 1", DENIED),))
    refused = recognise("Access to registry 'myacr.azurecr.io' was denied. Response code: 401.")[0]
    assert "myacr.azurecr.io" in explanation(refused).says
    (throttled,) = diagnose(climb(Stage.EXCHANGE, Exchange(reply=reply(429))))
    assert FACTS["retry_after"].said in explanation(throttled).says


@every_diagnosis
def test_every_fact_has_a_value(diagnosis: Diagnosis) -> None:
    """Every documented key can be filled in, whatever a diagnosis is about, and no other one is known."""
    for values in filled(diagnosis.seen):
        assert set(values) == set(FACTS)
        assert all(value for key, value in values.items() if key not in MAY_BE_NONE)
    assert set(diagnosis.seen.facts) <= set(FACTS)


def test_facts_hold_the_real_names() -> None:
    """Names that the climb knows replace their placeholders."""
    values = filled(DIAGNOSES["climb-exchange-refused"].seen).typed
    assert (values["registry"], values["login_server"], values["client_id"]) == ("myacr", "myacr.azurecr.io", CLIENT_ID)
    assert filled(DIAGNOSES["climb-denied-with-ip"].seen).typed["client_ip"] == "20.1.2.3"
    assert filled(DIAGNOSES["climb-rights-missing"].seen).typed["role"] == "AcrPush"
    nobody = filled(DIAGNOSES["climb-no-challenge"].seen)
    assert (nobody.typed["client_ip"], nobody.said["client_ip"]) == FACTS["client_ip"]


@every_diagnosis
def test_the_headline_is_the_same_alone(diagnosis: Diagnosis) -> None:
    """The line that other failures refer to is the first line of the explanation."""
    assert explain(diagnosis).splitlines()[0] == headline(diagnosis) == explanation(diagnosis).headline


def test_a_cause_is_told_with_every_name() -> None:
    """However long the line gets."""
    found = DIAGNOSES["climb-aadsts-7000222"]
    assert in_one_line(found).startswith("entra-sp-secret-expired: ")
    assert CLIENT_ID in in_one_line(found)


def test_several_causes_are_named() -> None:
    """As the headline does."""
    found = DIAGNOSES["climb-denied-with-ip"]
    assert in_one_line(found).startswith("denied-with-ip: one of firewall-ip-denied, ")
