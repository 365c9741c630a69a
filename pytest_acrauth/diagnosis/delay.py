"""Whether what is broken can be a delay, which waiting ends. No I/O."""

from __future__ import annotations

from pytest_acrauth.catalogue.shape import Verdict
from pytest_acrauth.diagnosis.climb import diagnose
from pytest_acrauth.diagnosis.conclusion import Diagnosis
from pytest_acrauth.model.transcript import Transcript


def no_delay(transcript: Transcript) -> str:
    """Return the id of something that is wrong and that no waiting ends, a cause's or a symptom's; '' where all can be.

    What can be a delay has a cause among those that remain which is one, and none is proven that is not.
    """
    wrong = (each for each in diagnose(transcript) if not _can_pass(each))
    return next((each.mode.id if each.mode else each.symptom.id for each in wrong), "")


def _can_pass(diagnosis: Diagnosis) -> bool:
    proven = [each.mode for each in diagnosis.findings if each.verdict is Verdict.YES]
    return any(mode.transient for mode in diagnosis.candidates) and all(mode.transient for mode in proven)
