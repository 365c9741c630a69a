"""From what a climb recorded to what it means: symptoms, candidate causes, answers, verdicts. No I/O."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from pytest_acrauth.catalogue.broken_rung import BrokenRung
from pytest_acrauth.catalogue.defective import Defective
from pytest_acrauth.catalogue.shape import Answer, Break, Question, Symptom, Verdict
from pytest_acrauth.catalogue.symptoms.climb import OUT_OF_TIME, PLUGIN_DEFECT, UNRECOGNISED
from pytest_acrauth.catalogue.tables import SYMPTOMS
from pytest_acrauth.diagnosis.conclusion import Certainty, Diagnosis, Finding, conclude
from pytest_acrauth.model.defect import Defect
from pytest_acrauth.model.evidence import Need
from pytest_acrauth.model.stage import Rung
from pytest_acrauth.model.transcript import Transcript

HERE = "this climb"
NOT_RECORDED = "the climb did not show it"
NOT_TOLD = "the answer did not tell"
NOT_ASKED = "nobody was asked for evidence"


def diagnose(transcript: Transcript) -> tuple[Diagnosis, ...]:
    """Conclude what every broken rung means, in the climb's order; empty where nothing is broken.

    A rung with several symptoms, such as rights both missing and in excess, gives one diagnosis for each, and so does a
    symptom that can be about several things, such as two rights that are missing for different reasons: one for each
    cause that is proven. A rung without any symptom, or whose causes are all ruled out, gives
    ``<stage>-unrecognised``; one at which this package itself failed, in the climb or in judging it here, gives
    ``plugin-defect``.
    """
    return tuple(found for rung in transcript.broken() for found in _judge(transcript, rung))


def _judge(transcript: Transcript, rung: Rung) -> Iterator[Diagnosis]:
    seen = BrokenRung(transcript, rung)
    if transcript.defect is not None and transcript.defect.rung == rung:
        yield _defective(seen, transcript.defect)
    if seen.observation is transcript.defect or seen.observation.ok:
        return
    try:
        shown = symptoms(seen) or (UNRECOGNISED[seen.stage],)
        found = [diagnosis for symptom in shown for diagnosis in _conclude(seen, symptom)]
    except Exception as error:  # noqa: BLE001 - a defect of ours, which must not keep other targets from being judged
        found = [_defective(seen, Defect.of(error, "judging what was answered", rung=rung))]
    yield from found


def _defective(seen: Break, defect: Defect) -> Diagnosis:
    return Diagnosis(seen=Defective(defect, seen), symptom=PLUGIN_DEFECT, findings=())


def symptoms(seen: Break) -> tuple[Symptom, ...]:
    """Return every symptom of the catalogue that a broken rung shows, without the unrecognised ones."""
    if PLUGIN_DEFECT.when(seen):
        return (PLUGIN_DEFECT,)
    if OUT_OF_TIME.when(seen):
        return (OUT_OF_TIME,)  # what half an answer says is no evidence
    unrecognised = UNRECOGNISED[seen.stage]
    return tuple(
        symptom
        for symptom in SYMPTOMS.values()
        if seen.stage in symptom.stages and symptom is not unrecognised and symptom.when(seen)
    )


def _conclude(seen: BrokenRung, symptom: Symptom) -> tuple[Diagnosis, ...]:
    diagnosis = conclude(seen, symptom, lambda question: ask(question, seen))
    if all(finding.verdict is Verdict.NO for finding in diagnosis.findings):
        return (replace(diagnosis, symptom=UNRECOGNISED[seen.stage]),)
    proven = [finding for finding in diagnosis.findings if finding.verdict is Verdict.YES]
    if not symptom.several or len(proven) < 2:
        return (diagnosis,)
    open_ones = [finding for finding in diagnosis.findings if finding.verdict is not Verdict.YES]
    return tuple(replace(diagnosis, findings=(each, *open_ones)) for each in proven)


def ask(question: Question[Any], seen: Break) -> Answer[Any]:
    """Answer a question from the climb, or say why it could not be looked at."""
    taken = [look for need in question.looks if (look := getattr(seen.transcript.evidence, need)) is not None]
    if (value := question.read(seen)) is not None:
        return Answer(question, value, who=next((look.who for look in taken if look.value is not None), HERE))
    if not question.looks:
        return Answer(question, None, why=NOT_RECORDED)
    if not taken:
        return Answer(question, None, why=NOT_ASKED)
    return Answer(question, None, who=taken[0].who, why=taken[0].why or NOT_TOLD)


def needed(transcript: Transcript) -> frozenset[Need]:
    """Return the looks that could confirm or exclude a cause which the climb alone leaves open, or say more of it."""
    return frozenset(
        need
        for diagnosis in diagnose(transcript)
        for finding in diagnosis.findings
        for answer in finding.answers
        if answer.value is None and _open(answer.question, finding, diagnosis)
        for need in answer.question.looks
        if getattr(transcript.evidence, need) is None
    )


def _open(question: Question[Any], finding: Finding, diagnosis: Diagnosis) -> bool:
    """Whether a question's answer could still decide between causes, or belongs to what is told of one that remains."""
    if finding.verdict is Verdict.UNKNOWN and diagnosis.certainty is not Certainty.PROVEN:
        return True
    return finding.verdict is not Verdict.NO and question in finding.mode.tells
