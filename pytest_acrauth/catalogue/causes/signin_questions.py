"""Questions that only the family ``signin`` asks: what Entra's words are about, and whether Graph says the same."""

from __future__ import annotations

from pytest_acrauth.catalogue.questions.directory import DISABLED_APPLICATION, application, entra_answer
from pytest_acrauth.catalogue.questions.refusals import Topic, topic_of, words_of
from pytest_acrauth.catalogue.shape import Break, Command, Condition, Question
from pytest_acrauth.model.evidence import Need
from pytest_acrauth.model.target import Flow


def about(*meant: Topic, other: tuple[Topic, ...] = tuple(Topic)) -> Condition:
    """Return the condition that Entra's words are about one of these; about one of ``other`` refutes it."""
    words = " or ".join(meant)
    return SAYS.where(words, lambda topic: True if topic in meant else False if topic in other else None)


def _app_disabled(broken: Break) -> bool | None:
    """Answer by what Graph shows; where nobody could look, by what Entra says of a password's owner."""
    found = application(broken)
    if found is not None and found.enabled is not None:
        return not found.enabled
    said = entra_answer(broken)
    # Entra's refusal at its own stage is what Graph is to confirm.
    if said is None or (broken.transcript.target.identity.flow is Flow.ENTRA and said == DISABLED_APPLICATION):
        return None
    return said == DISABLED_APPLICATION


SAYS: Question[Topic] = Question(
    id="entra-says",
    asks="What is Entra's message about?",
    shows="Entra's message is about",
    by_hand="Read the sentence behind the number.",
    read=lambda broken: topic_of(words_of(broken)),
)
ASKED_HERE: Question[bool] = Question(
    id="asked-here",
    asks="Was the Entra token asked for by this check, whose scope is right?",
    shows="scope sent by this check",
    by_hand="Compare the scope that Entra repeats with https://containerregistry.azure.net/.default.",
    read=lambda broken: broken.transcript.entra is not None,
)
APP_DISABLED: Question[bool] = Question(
    id="application-disabled",
    asks="Is the application disabled in its tenant?",
    shows="application disabled",
    by_hand=Command('az ad sp show --id {client_id} --query "[displayName,accountEnabled]" -o tsv'),
    needs=Need.APPLICATION,
    failing_that=Need.ENTRA_DIRECT,
    compares=True,
    read=_app_disabled,
)
