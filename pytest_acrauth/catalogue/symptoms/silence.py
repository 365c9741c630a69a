"""What can be seen of a peer that took the connection, TLS included, and did not answer: silence, or its end."""

from __future__ import annotations

from pytest_acrauth.catalogue import facts
from pytest_acrauth.catalogue.shape import Break, Symptom
from pytest_acrauth.catalogue.symptoms.answers import ASKING
from pytest_acrauth.catalogue.symptoms.words import at_authority, at_layers, at_registry
from pytest_acrauth.model.observation import Answered, Trouble
from pytest_acrauth.model.stage import Stage


def _unanswered(broken: Break, *troubles: Trouble) -> bool:
    """Whether a request that was sent got no answer, for one of these reasons."""
    observation = broken.observation
    if not isinstance(observation, Answered) or facts.broken_part(broken) is not None:
        return False
    return observation.trouble in troubles and observation.reply is None


def _silent(broken: Break) -> bool:
    return _unanswered(broken, Trouble.TIMEOUT)


_WORDS = (r"timeout awaiting response headers", r"read tcp .{1,120}?: i/o timeout", r"Read timed out")

REGISTRY_SILENT = Symptom(
    id="registry-silent",
    stages=(Stage.CHALLENGE, Stage.EXCHANGE, Stage.ACCESS_TOKEN, Stage.OPERATION, Stage.DATA, Stage.UPLOAD),
    when=lambda broken: _silent(broken) and facts.at_login_server(broken),
    says="{login_server} took the connection, and did not answer the {stage} request in {elapsed} seconds.",
    texts=at_registry(*_WORDS),
)
ENTRA_SILENT = Symptom(
    id="entra-silent",
    stages=(Stage.ENTRA,),
    when=_silent,
    says="{host} took the connection, and did not answer the sign-in in {elapsed} seconds.",
    texts=at_authority(*_WORDS),
)
DATA_SILENT = Symptom(
    id="data-silent",
    stages=(Stage.DATA,),
    when=lambda broken: _silent(broken) and not facts.at_login_server(broken),
    says="{host} took the connection, and did not answer the request for a layer in {elapsed} seconds.",
    texts=at_layers(*_WORDS),
)
CUT_OFF = Symptom(
    id="answer-broken-off",
    stages=ASKING,
    when=lambda broken: _unanswered(broken, Trouble.RESET, Trouble.CLOSED),
    says="{host} ended the connection instead of answering the {stage} request.",
    texts=(),
)
