"""From a credential whose end is near to what that means, and from a climb to how far this machine's clock is off."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from pytest_acrauth.catalogue.facts import clock_off
from pytest_acrauth.model.expiry import Ending, ExpiryRecord
from pytest_acrauth.model.outlook import Outlook, Verdict
from pytest_acrauth.model.transcript import Transcript

if TYPE_CHECKING:
    from pytest_acrauth.catalogue.shape import Answer, Question
    from pytest_acrauth.diagnosis.conclusion import Diagnosis


def by_the_clock(record: ExpiryRecord, climbed: Transcript) -> ExpiryRecord:
    """Return a record with how far this machine's clock was off in the climb of its target."""
    return replace(record, off=clock_off(climbed))


def diagnose_expiry(outlook: Outlook) -> Diagnosis:
    """Conclude what the near end of a credential means. Raises LookupError for one whose check does not fail."""
    if outlook.verdict is not Verdict.FAILS or outlook.record.kind is None:
        raise LookupError(f"the check of {outlook.record.id} does not fail")
    # Where no end is near, nothing of the catalogue is loaded.
    from pytest_acrauth.catalogue.ending import EndingCredential
    from pytest_acrauth.catalogue.symptoms import expiry
    from pytest_acrauth.diagnosis.conclusion import conclude

    symptoms = {
        Ending.CLIENT_SECRET: expiry.SECRET_ENDS,
        Ending.CERTIFICATE: expiry.CERTIFICATE_ENDS,
        Ending.CERTIFICATE_FILE: expiry.CERTIFICATE_FILE_ENDS,
        Ending.SCOPE_MAP_PASSWORD: expiry.PASSWORD_ENDS,
        Ending.REFRESH_TOKEN: expiry.LOGIN_ENDS,
    }
    return conclude(EndingCredential(outlook), symptoms[outlook.record.kind], _never_asked)


def _never_asked(question: Question[object]) -> Answer[object]:
    raise LookupError(f"an end that is near leaves no question open: {question.id}")
