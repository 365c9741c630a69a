"""How diagnoses become the text of a failed test; a cause that several of them share is explained once."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from pytest_acrauth.auth import BadAuth
from pytest_acrauth.model.defect import Defect
from pytest_acrauth.model.secret import Secrets
from pytest_acrauth.model.target import BadName
from pytest_acrauth.model.transcript import Transcript

if TYPE_CHECKING:
    from pytest_acrauth.diagnosis.conclusion import Diagnosis


class NotReady(pytest.fail.Exception):  # type: ignore[misc,name-defined] # pytest declares it as a variable
    """Fails a test with a text and without a traceback; the text's first line is what the short summary shows."""

    def __init__(self, text: str) -> None:
        super().__init__(text, pytrace=False)


@contextmanager
def own_defects(doing: str, secrets: Secrets) -> Iterator[None]:
    """Fail the test with the text of a defect where something of ours goes wrong; a wrong argument is raised on."""
    __tracebackhide__ = True
    try:
        yield
    except (BadAuth, BadName):
        raise
    except Exception as error:  # noqa: BLE001 - never an internal error of pytest, which would end the run
        from pytest_acrauth.report.defect import told

        raise NotReady(told(Defect.of(error, doing, secrets=secrets))) from None


def diagnoses_of(transcript: Transcript) -> tuple[Diagnosis, ...]:
    """Return what is wrong; a transcript in which nothing is broken does not even load the catalogue."""
    if not any(transcript.broken()):
        return ()
    from pytest_acrauth.diagnosis.climb import diagnose

    return diagnose(transcript)


def in_short(diagnosis: Diagnosis) -> str:
    """Return what is known of a cause, for a line about something else: its id, hedged unless it is proven.

    While several causes remain, or none, the id of the symptom.
    """
    from pytest_acrauth.report.explanation import hedge

    if diagnosis.mode is None:
        return diagnosis.symptom.id
    return f"{hedge(diagnosis)}{diagnosis.mode.id}"


def explain_all(diagnoses: Iterable[Diagnosis]) -> str:
    """Return the explanations one below the other; of a cause that several registries share, the first one only."""
    from pytest_acrauth.report.explanation import headline
    from pytest_acrauth.report.text import explain

    told: set[Hashable] = set()
    parts: list[str] = []
    for diagnosis in diagnoses:
        key = shared_cause(diagnosis)
        if key in told:
            parts.append(
                f"{diagnosis.broken.transcript.target.registry.login_server}: {headline(diagnosis)} (as above)"
            )
        else:
            parts.append(explain(diagnosis))
        told |= {key} if key is not None else set()
    return "\n\n".join(parts)


def shared_cause(diagnosis: Diagnosis) -> Hashable | None:
    """Return what a cause that lies outside the registry is told by, equal for all registries it breaks; else None."""
    shared = diagnosis.seen.shared_by
    named = tuple(mode.id for mode in diagnosis.candidates) or diagnosis.symptom.id
    return None if shared is None else (named, diagnosis.certainty, *shared)
