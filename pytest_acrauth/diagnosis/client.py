"""From what a client check recorded to what it means. No I/O."""

from __future__ import annotations

from typing import Any

from pytest_acrauth.catalogue.checked_client import CheckedClient
from pytest_acrauth.catalogue.shape import Answer, Question
from pytest_acrauth.catalogue.symptoms.client import CLIENT_UNRECOGNISED
from pytest_acrauth.catalogue.tables import SYMPTOMS
from pytest_acrauth.diagnosis.conclusion import Diagnosis, conclude
from pytest_acrauth.diagnosis.text import recognise
from pytest_acrauth.model.client_record import ClientRecord

NOT_LOOKED = "a client check does not look at it"


def diagnose_client(record: ClientRecord) -> tuple[Diagnosis, ...]:
    """Conclude what a client check means; empty where the client works.

    What az printed is read as any other text; a program that failed in a way that no cause explains gives
    ``client-unrecognised``.
    """
    seen = CheckedClient(record)
    own = [symptom for symptom in SYMPTOMS.values() if symptom.client is not None and symptom.client(record)]
    found = [conclude(seen, symptom, _not_looked) for symptom in own]
    if not found and record.client == "az":
        failed = [ran for ran in record.runs if not ran.ok]
        found = [each for ran in failed for each in recognise(ran.stderr)[:1]]
    if not found and any(not ran.ok for ran in record.runs):
        found = [conclude(seen, CLIENT_UNRECOGNISED, _not_looked)]
    return tuple(found)


def _not_looked(question: Question[Any]) -> Answer[Any]:
    return Answer(question, None, why=NOT_LOOKED)
