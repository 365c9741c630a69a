"""From what a client check recorded to what it means. No I/O."""

from __future__ import annotations

from typing import Any

from pytest_acrauth.catalogue.checked_client import CheckedClient
from pytest_acrauth.catalogue.defective import Defective
from pytest_acrauth.catalogue.shape import Answer, Question
from pytest_acrauth.catalogue.symptoms.client import CLIENT_UNRECOGNISED
from pytest_acrauth.catalogue.symptoms.climb import PLUGIN_DEFECT
from pytest_acrauth.catalogue.tables import SYMPTOMS
from pytest_acrauth.diagnosis.conclusion import Diagnosis, conclude
from pytest_acrauth.diagnosis.text import recognise
from pytest_acrauth.model.client_record import ClientRecord
from pytest_acrauth.model.defect import Defect

NOT_LOOKED = "a client check does not look at it"


def diagnose_client(record: ClientRecord) -> tuple[Diagnosis, ...]:
    """Conclude what a client check means; empty where the client works.

    What az printed is read as any other text; a program that failed in a way that no cause explains gives
    ``client-unrecognised``. Where this package itself failed, in the check or in judging it here, that is told as
    ``plugin-defect``.
    """
    if record.defect is not None:
        return (_defective(record.defect),)
    try:
        return _judge(record)
    except Exception as error:  # noqa: BLE001 - a defect of ours, told as one
        return (_defective(Defect.of(error, f"judging what the check of {record.client} showed")),)


def _defective(defect: Defect) -> Diagnosis:
    return Diagnosis(seen=Defective(defect), symptom=PLUGIN_DEFECT, findings=())


def _judge(record: ClientRecord) -> tuple[Diagnosis, ...]:
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
