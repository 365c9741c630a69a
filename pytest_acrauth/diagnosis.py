"""From what a climb recorded to what it means: symptoms, candidate causes, answers, verdicts. No I/O."""

from __future__ import annotations

from typing import Any

from pytest_acrauth.catalogue import MODES, SYMPTOMS
from pytest_acrauth.catalogue.climb import OUT_OF_TIME, UNRECOGNISED
from pytest_acrauth.failure import Answer, Answers, Diagnosis, FailureMode, Finding, Question, Seen, Symptom, Verdict
from pytest_acrauth.observation import Transcript

HERE = "this climb"
NOT_RECORDED = "the climb did not show it"
NOT_ASKED = "the check asks the registry only"


def diagnose(transcript: Transcript) -> tuple[Diagnosis, ...]:
    """Conclude what every broken rung means, in the climb's order; empty where nothing is broken.

    A rung with several symptoms, such as rights both missing and in excess, gives one diagnosis for each. One without
    any, or whose causes are all ruled out, gives ``<stage>-unrecognised``.
    """
    return tuple(
        _conclude(seen, symptom)
        for seen in (Seen(transcript, rung) for rung in transcript.broken())
        for symptom in symptoms(seen) or (UNRECOGNISED[seen.stage],)
    )


def symptoms(seen: Seen) -> tuple[Symptom, ...]:
    """Return every symptom of the catalogue that a broken rung shows, without the unrecognised ones."""
    if OUT_OF_TIME.when(seen):
        return (OUT_OF_TIME,)  # what half an answer says is no evidence
    unrecognised = UNRECOGNISED[seen.stage]
    return tuple(
        symptom
        for symptom in SYMPTOMS.values()
        if seen.stage in symptom.stages and symptom is not unrecognised and symptom.when(seen)
    )


def _conclude(seen: Seen, symptom: Symptom) -> Diagnosis:
    modes = sorted((mode for mode in MODES.values() if symptom in mode.shows), key=lambda mode: mode.id)
    if len(modes) == 1:
        # The symptom itself decides, and nothing needs to be asked.
        finding = Finding(mode=modes[0], verdict=Verdict.YES, answers=())
        return Diagnosis(seen=seen, symptom=symptom, findings=(finding,))
    asked = {question.id: ask(question, seen) for mode in modes for question in mode.asks}
    findings = tuple(_judge(mode, tuple(asked[question.id] for question in mode.asks)) for mode in modes)
    left = any(finding.verdict is not Verdict.NO for finding in findings)
    return Diagnosis(seen=seen, symptom=symptom if left else UNRECOGNISED[seen.stage], findings=findings)


def _judge(mode: FailureMode, answers: tuple[Answer[Any], ...]) -> Finding:
    verdict = mode.proof(Answers(answers)) if mode.proof else Verdict.UNKNOWN
    return Finding(mode=mode, verdict=verdict, answers=answers)


def ask(question: Question[Any], seen: Seen) -> Answer[Any]:
    """Answer a question from the climb, or say why it could not be looked at."""
    if question.read is None:
        return Answer(question, None, why=NOT_ASKED)
    value = question.read(seen)
    if value is None:
        return Answer(question, None, why=NOT_RECORDED)
    return Answer(question, value, who=HERE)
