"""What can be asked of the management plane to tell causes apart, by more than one family of them.

``by_hand`` is a format string over the facts, like every text here.
"""

from __future__ import annotations

from pytest_acrauth.catalogue import facts
from pytest_acrauth.catalogue.facts import registry_record, role_mode
from pytest_acrauth.catalogue.questions.climb import PUBLIC_ADDRESS, THROUGH_PRIVATE_LINK
from pytest_acrauth.catalogue.questions.records import Endpoints
from pytest_acrauth.catalogue.questions.rights import Rights
from pytest_acrauth.catalogue.shape import Break, Question
from pytest_acrauth.catalogue.steps import LIST_ENDPOINTS, LIST_ROLES
from pytest_acrauth.model.evidence import Need


def _endpoints(broken: Break) -> Endpoints | None:
    return Endpoints(record) if (record := registry_record(broken)) else None


def rights_of(broken: Break) -> Rights | None:
    """Return what the identity's roles are worth, None where nobody could look or the registry's mode decides."""
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
    by_hand=LIST_ENDPOINTS,
    needs=Need.REGISTRY,
    read=_endpoints,
)
ENDPOINT_APPROVED = PRIVATE_ENDPOINTS.where("yes, and one is approved", lambda found: found.approved)
#: All hold: the registry has a private endpoint, and its name does not lead there from here.
PASSED_BY = (THROUGH_PRIVATE_LINK, PUBLIC_ADDRESS, ENDPOINT_APPROVED)
ROLES: Question[Rights] = Question(
    id="roles",
    asks="Which roles does the identity hold on the registry, since when, on which conditions?",
    by_hand=LIST_ROLES,
    needs=Need.ROLES,
    read=rights_of,
)
