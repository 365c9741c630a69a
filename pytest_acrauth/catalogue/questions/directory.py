"""What Microsoft Graph and Entra itself have told, read by the questions of more than one family of causes."""

from __future__ import annotations

from dataclasses import dataclass

from pytest_acrauth.catalogue.facts import service_time
from pytest_acrauth.catalogue.questions.records import AppCredentials
from pytest_acrauth.catalogue.questions.refusals import Topic, topic_of, words_of
from pytest_acrauth.catalogue.shape import Break, Command, Question
from pytest_acrauth.model.evidence import ApplicationFacts, FederatedFacts, Need
from pytest_acrauth.model.observation import Assertion, Entra
from pytest_acrauth.model.target import Flow

TOKEN_ISSUED = "a token"  # noqa: S105 - what Entra gives for a right secret
WRONG_SECRET = "AADSTS7000215"  # noqa: S105 - what Entra answers to one
ENDED_SECRET = "AADSTS7000222"  # noqa: S105 - what Entra answers to one
NO_APPLICATION = "AADSTS700016"
NO_PRINCIPAL = "AADSTS7000229"
DISABLED_APPLICATION = "AADSTS7000112"
#: Numbers that were said of several things: what each means in such words.
_MEANT = {
    (50012, Topic.SECRET): WRONG_SECRET,
    (70002, Topic.SECRET): WRONG_SECRET,
    (70001, Topic.ABSENT): NO_APPLICATION,
    (70001, Topic.DISABLED): DISABLED_APPLICATION,
}
_SEVERAL = {50012, 70001, 70002}
#: What a token is compared by, one after the other.
_PARTS = ("issuer", "subject", "audience")
#: The place among these of the first part that Entra found in no credential, by its number; -1 where it found none.
_REFUSED_PART = {70025: -1, 700211: 0, 700213: 1, 7002131: 1, 700212: 2, 7002121: 2}


def application(broken: Break) -> ApplicationFacts | None:
    """Return what Graph shows of the application, None where nobody could look."""
    look = broken.transcript.evidence.application
    return look.value if look else None


def app_credentials(broken: Break) -> AppCredentials | None:
    """Return the application's credentials, None where nobody could look or it belongs to another tenant."""
    found = application(broken)
    if found is None or not found.found or not found.home:
        return None
    return AppCredentials(found, service_time(broken.transcript))


def entra_answer(broken: Break) -> str | None:
    """Return what Entra answered to the client id and secret, None where nobody could ask it or it was not clear.

    Of what was seen at Entra itself, only a number that is said of several things is looked at: others are signs.
    """
    observation = broken.observation
    if isinstance(observation, Entra):
        code = observation.codes[0] if observation.codes else 0
        return _meaning(code, words_of(broken)) if code in _SEVERAL else None
    look = broken.transcript.evidence.entra_direct
    if look is None or look.value is None:
        return None
    return TOKEN_ISSUED if look.value.issued else f"AADSTS{look.value.codes[0]}"


def _meaning(code: int, words: str) -> str | None:
    topic = topic_of(words)
    return None if topic is None else _MEANT.get((code, topic), f"AADSTS{code}")


def _certificate_only(broken: Break) -> bool | None:
    """Answer by what Graph shows; where nobody could look, Entra may know the secret.

    That Entra does not know the secret proves nothing: it may be mistyped.
    """
    if broken.transcript.target.identity.flow is not Flow.BASIC:
        return None
    if (found := app_credentials(broken)) is not None:
        return found.certificate_only
    return False if entra_answer(broken) in {TOKEN_ISSUED, ENDED_SECRET} else None


@dataclass(frozen=True, slots=True)
class Trusted:
    """Whose tokens an application takes, beside the token that was presented to Entra.

    ``refused`` is the number with which Entra refused it, by the credentials that it knew.
    """

    credentials: tuple[FederatedFacts, ...]
    presented: Assertion
    refused: int = 0

    def differs(self, part: str) -> bool | None:
        """Whether the token first differs in this part: ``issuer``, then ``subject``, then ``audience``.

        ``''`` is for a token that differs in none. None where a flexible credential, which Graph shows without its
        expression, may take it.
        """
        left, first = self._nearest
        return part == first if first or any(each.subject for each in left) else None

    @property
    def newer(self) -> bool | None:
        """Whether the directory has a credential that takes more of the token than any that Entra went by.

        None where a flexible credential may be all that it is.
        """
        fits = self.differs("")
        if fits is not False or self.refused not in _REFUSED_PART or not self.credentials:
            return fits
        return _PARTS.index(self._nearest[1]) > _REFUSED_PART[self.refused]

    @property
    def _nearest(self) -> tuple[tuple[FederatedFacts, ...], str]:
        """The credentials that take most of the token, and the first part that none of them takes, '' for none."""
        left = self.credentials
        for name in _PARTS:
            nearer = tuple(each for each in left if self._takes(each, name))
            if not nearer:
                return left, name
            left = nearer
        return left, ""

    def _takes(self, credential: FederatedFacts, part: str) -> bool:
        match part:
            case "issuer":
                return credential.issuer == self.presented.issuer
            case "subject":
                return credential.subject in {self.presented.subject, ""}
            case _:
                return self.presented.named_audience in credential.audiences

    def __str__(self) -> str:
        left, first = self._nearest
        if not left:
            return "none"
        match first:
            case "issuer":
                known, shown = [each.issuer for each in left], self.presented.issuer
            case "audience":
                known, shown = [name for each in left for name in each.audiences], self.presented.named_audience
            case _:
                known, shown = [each.subject or "an expression" for each in left], self.presented.subject
        return f"for the {first or 'subject'} {', '.join(dict.fromkeys(known))}; presented: {shown}"


def trusted(broken: Break) -> Trusted | None:
    """Return whose tokens the application takes, None where nobody could look or no token was presented."""
    look, entra = broken.transcript.evidence.federated, broken.transcript.entra
    if look is None or look.value is None or entra is None or entra.assertion is None or not entra.assertion.issuer:
        return None
    return Trusted(look.value, entra.assertion, entra.codes[0] if entra.codes else 0)


CERTIFICATE_ONLY: Question[bool] = Question(
    id="certificate-only",
    asks="Has the application a certificate, and no client secret?",
    shows="a certificate and no secret",
    by_hand=Command(
        "az ad app show --id {client_id}"
        ' --query "{{secrets:passwordCredentials[].endDateTime,certificates:keyCredentials[].endDateTime}}"'
    ),
    needs=Need.APPLICATION,
    failing_that=Need.ENTRA_DIRECT,
    read=_certificate_only,
)
