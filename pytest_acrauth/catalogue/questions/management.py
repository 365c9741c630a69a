"""What can be asked of the management plane to tell causes apart, by more than one family of them.

``by_hand`` is a format string over the facts, like every text here.
"""

from __future__ import annotations

from pytest_acrauth.catalogue import facts
from pytest_acrauth.catalogue.facts import registry_record, role_mode
from pytest_acrauth.catalogue.questions.climb import ADDRESSES, ALIASES
from pytest_acrauth.catalogue.questions.records import Endpoints
from pytest_acrauth.catalogue.questions.rights import Rights
from pytest_acrauth.catalogue.questions.verdicts import proven
from pytest_acrauth.catalogue.shape import Answers, Break, Command, Question, Verdict
from pytest_acrauth.catalogue.steps import LIST_ROLES
from pytest_acrauth.catalogue.symptoms.addresses import is_private, through_private_link
from pytest_acrauth.model.evidence import Need


def _endpoints(broken: Break) -> Endpoints | None:
    return Endpoints(record) if (record := registry_record(broken)) else None


def _rights(broken: Break) -> Rights | None:
    look = broken.transcript.evidence.roles
    if look is None or look.value is None:
        return None
    mode = role_mode(broken)
    if mode is None and look.value.assignments:
        return None
    repository = broken.access.reference.repository if broken.access else ""
    return Rights(look.value, facts.wanted(broken), repository, mode, broken.transcript.started)


PRIVATE_ENDPOINTS: Question[Endpoints] = Question(
    id="private-endpoints",
    asks="Does the registry have private endpoints, and are they approved?",
    by_hand=Command("az acr private-endpoint-connection list --registry-name {registry} -o table"),
    needs=Need.REGISTRY,
    read=_endpoints,
)
ROLES: Question[Rights] = Question(
    id="roles",
    asks="Which roles does the identity hold on the registry, since when, on which conditions?",
    by_hand=LIST_ROLES,
    needs=Need.ROLES,
    read=_rights,
)


def passed_by(answers: Answers) -> Verdict:
    """Judge whether the registry has a private endpoint that its name does not lead to from here."""
    return proven(
        answers[ALIASES].holds(through_private_link),
        answers[ADDRESSES].holds(lambda addresses: not all(map(is_private, addresses))),
        answers[PRIVATE_ENDPOINTS].holds(lambda found: found.approved),
    )
