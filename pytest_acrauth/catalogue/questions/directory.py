"""What Microsoft Graph and Entra itself have told, read by the questions of more than one family of causes."""

from __future__ import annotations

from pytest_acrauth.catalogue.questions.records import AppCredentials
from pytest_acrauth.catalogue.shape import Break

TOKEN_ISSUED = "a token"  # noqa: S105 - what Entra gives for a right secret
WRONG_SECRET = "AADSTS7000215"  # noqa: S105 - what Entra answers to one
ENDED_SECRET = "AADSTS7000222"  # noqa: S105 - what Entra answers to one
NO_APPLICATION = "AADSTS700016"


def app_credentials(broken: Break) -> AppCredentials | None:
    """Return the application's credentials, None where nobody could look or it belongs to another tenant."""
    look = broken.transcript.evidence.application
    if look is None or look.value is None or not look.value.found or not look.value.home:
        return None
    return AppCredentials(look.value, broken.transcript.started)


def entra_answer(broken: Break) -> str | None:
    """Return what Entra answered to the client id and secret, None where nobody could ask it."""
    look = broken.transcript.evidence.entra_direct
    if look is None or look.value is None:
        return None
    return TOKEN_ISSUED if look.value.issued else f"AADSTS{look.value.codes[0]}"
