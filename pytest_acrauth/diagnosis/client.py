"""From what a client check recorded to what it means. No I/O."""

from __future__ import annotations

from typing import Any

from pytest_acrauth.catalogue.causes.basic_questions import SECRET_EXPIRED
from pytest_acrauth.catalogue.causes.logins import LOGIN_ENDED
from pytest_acrauth.catalogue.causes.management_questions import PLACE, Place, place
from pytest_acrauth.catalogue.checked_client import CheckedClient
from pytest_acrauth.catalogue.defective import Defective
from pytest_acrauth.catalogue.questions.climb import USER_KIND
from pytest_acrauth.catalogue.questions.management import ANONYMOUS_PULL
from pytest_acrauth.catalogue.shape import Answer, Question
from pytest_acrauth.catalogue.symptoms.client import CLIENT_UNRECOGNISED
from pytest_acrauth.catalogue.symptoms.climb import PLUGIN_DEFECT
from pytest_acrauth.catalogue.symptoms.management import ARM_FORBIDDEN, ARM_NOT_FOUND
from pytest_acrauth.catalogue.tables import SYMPTOMS
from pytest_acrauth.diagnosis.climb import NOT_ASKED, NOT_TOLD
from pytest_acrauth.diagnosis.conclusion import Diagnosis, conclude
from pytest_acrauth.diagnosis.text import Line, named, recognise
from pytest_acrauth.model.client_record import ClientRecord
from pytest_acrauth.model.credential import Kind
from pytest_acrauth.model.defect import Defect
from pytest_acrauth.model.evidence import Look, RegistryFacts
from pytest_acrauth.model.target import NULL_GUID, global_endpoint

NOT_LOOKED = "a client check does not look at it"
STORED = "the docker config"

_BY_PLACE = (ARM_NOT_FOUND, ARM_FORBIDDEN)  # what az says of a registry whose place tells the causes apart


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


def unplaced(record: ClientRecord) -> tuple[str, ...]:
    """Return the login servers of the registries whose own record would tell causes apart.

    It tells why az did not show it, and whether it needs the stored login that has ended.
    """
    unshown = [server for server, ran in record.unshown if any(each.symptom in _BY_PLACE for each in _best(ran.stderr))]
    return (*unshown, *record.ended_at)


def _defective(defect: Defect) -> Diagnosis:
    return Diagnosis(seen=Defective(defect), symptom=PLUGIN_DEFECT, findings=())


def _judge(record: ClientRecord) -> tuple[Diagnosis, ...]:
    seen = CheckedClient(record)
    own = [symptom for symptom in SYMPTOMS.values() if symptom.client is not None and symptom.client(record)]
    found = [conclude(seen, symptom, lambda question: _of_record(record, question)) for symptom in own]
    if not found and record.client == "az":
        before = [ran for ran in record.runs if not ran.ok and "acr" not in ran.arguments]
        found = [each for ran in before for each in _best(ran.stderr)]
        found += [_placed(record, server, each) for server, ran in record.unshown for each in _best(ran.stderr)]
    if not found and any(not ran.ok for ran in record.runs):
        found = [conclude(seen, CLIENT_UNRECOGNISED, _not_looked)]
    return tuple(found)


def _best(printed: str) -> tuple[Diagnosis, ...]:
    """Return the best that is recognised in what a program printed, which nobody pasted: one diagnosis, or none."""
    return recognise(printed, overheard=True)[:1]


def _placed(record: ClientRecord, server: str, found: Diagnosis) -> Diagnosis:
    """Judge what az said of a registry again, by what the management plane told evidence of it."""
    seen = found.seen
    if found.symptom not in _BY_PLACE or not isinstance(seen, Line):
        return found
    look = next((each.look for each in record.looks if each.login_server == server), None)
    answer = _place_of(record, server, look)
    told = {each.question.id: each for finding in found.findings for each in finding.answers} | {PLACE.id: answer}
    seen = named(seen, {"login_server": server, **_names(answer.value)})
    judged = conclude(seen, found.symptom, lambda question: told[question.id])
    # Another registry of the name can be where az looked, and its record is none of this one's.
    return judged if judged.candidates else found


def _names(found: Place | None) -> dict[str, str]:
    """Return what a remedy needs: where to look, else what lets az look there."""
    if found is None or found.nowhere:
        return {}
    if found.elsewhere:
        return {"registry_subscription": found.record.subscription_id}
    return {"scope": found.record.resource_id, "role": "Reader"}


def _place_of(record: ClientRecord, server: str, look: Look[RegistryFacts] | None) -> Answer[Place]:
    if look is None:
        return Answer(PLACE, None, why=NOT_ASKED)
    account = record.run("account")
    found = None
    if look.value is not None and account is not None:
        found = place(global_endpoint(server), account.stdout, look.value, record.checked_at)
    return Answer(PLACE, found, who=look.who, why="" if found is not None else look.why or NOT_TOLD)


def _of_record(record: ClientRecord, question: Question[Any]) -> Answer[Any]:
    """Answer a question about a stored login that has ended, where somebody looked whether its registry needs one.

    Where it does, that the login has ended is the matter; where it does not, that it is sent.
    """
    if question is LOGIN_ENDED:
        return Answer(question, bool(record.ended), who=STORED)
    look = next((each.look for each in record.looks if each.login_server in record.ended_at[:1]), None)
    if look is None:
        return _not_looked(question)
    open_to_all = look.value.anonymous_pull_enabled if look.value is not None else None
    if question is ANONYMOUS_PULL:
        return Answer(question, open_to_all, who=look.who, why="" if open_to_all is not None else look.why or NOT_TOLD)
    told: dict[Question[Any], object] = {}
    if open_to_all is False and record.ended[0].user_name == NULL_GUID:
        told = {USER_KIND: Kind.REFRESH_TOKEN, SECRET_EXPIRED: True}
    return Answer(question, told[question], who=STORED) if question in told else _not_looked(question)


def _not_looked(question: Question[Any]) -> Answer[Any]:
    return Answer(question, None, why=NOT_LOOKED)
