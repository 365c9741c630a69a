"""What several symptoms look for in an answer, or in the reason why there is none."""

from __future__ import annotations

import re
from collections.abc import Callable
from urllib.parse import urlsplit

from pytest_acrauth.catalogue import facts
from pytest_acrauth.catalogue.shape import Break, Words
from pytest_acrauth.model.observation import Entra, Reply, Trouble
from pytest_acrauth.model.stage import Stage

#: Where a request can find that its connection does not come about, in the climb's order.
ASKING = (Stage.CHALLENGE, Stage.ENTRA, Stage.EXCHANGE, Stage.ACCESS_TOKEN, Stage.OPERATION, Stage.DATA, Stage.UPLOAD)
_GENERIC = re.compile("authentication required", re.IGNORECASE)
#: What ACR says of an Entra token, and of a user name and password.
NO_PERMISSION_WORDS = re.compile("retrieving permissions failed", re.IGNORECASE)
VALIDATION_WORDS = re.compile("token validation failed", re.IGNORECASE)
INVALID_CLIENT_WORDS = re.compile("invalid clientid or client secret", re.IGNORECASE)
NOT_REGISTERED_WORDS = re.compile("application not registered with aad|client id must be guid", re.IGNORECASE)
_ITS_OWN = re.compile(r"aka\.ms/acr|client with IP .{0,80}?is not allowed access", re.IGNORECASE)
_SAID_BY_ACR = (_ITS_OWN, NO_PERMISSION_WORDS, VALIDATION_WORDS, INVALID_CLIENT_WORDS, NOT_REGISTERED_WORDS)


def generic_401(reply: Reply | None) -> bool:
    """Whether an answer is the 401 that ACR gives for many causes: without words, or with the general ones."""
    if reply is None or reply.status != 401 or reply.code not in {"", "UNAUTHORIZED"}:
        return False
    return not (reply.message or reply.body).strip() or bool(_GENERIC.search(f"{reply.message} {reply.body}"))


def said_by_acr(reply: Reply) -> bool:
    """Whether an answer is in words that only ACR says, such as the address of a page of its own."""
    return any(words.search(reply.words) for words in _SAID_BY_ACR)


def has_its_mark(broken: Break, reply: Reply) -> bool:
    """Whether an answer has a mark of the host that was asked, which a device on the way does not put there.

    Entra and Azure Storage answer with a header for the request's id; a registry has headers of its own, an error body,
    and words. Who stands in for Entra (a metadata service, a CI system) answers in JSON.
    """
    observation = broken.observation
    if isinstance(observation, Entra):
        if urlsplit(reply.url).hostname == urlsplit(observation.authority).hostname:
            return bool(observation.codes or reply.correlation_id)
        return bool(observation.error or reply.correlation_id) or "json" in reply.content_type
    if facts.at_storage(broken):
        return bool(reply.correlation_id) or "<Code>" in reply.body
    return facts.registry_spoke(reply) or said_by_acr(reply)


def throttled(broken: Break) -> bool:
    """Whether the registry itself, not the storage of the layers, says that it has too many requests."""
    reply = facts.reply(broken)
    return reply is not None and reply.status == 429 and has_its_mark(broken, reply) and not facts.at_storage(broken)


def said_here(texts: tuple[Words, ...]) -> Callable[[Break], bool]:
    """Return the condition that a program or service of this machine gave no credential, in one of these words."""

    def said(broken: Break) -> bool:
        observation = broken.observation
        if facts.trouble(broken) is not Trouble.UNAVAILABLE or (isinstance(observation, Entra) and observation.codes):
            return False
        text = " ".join(facts.trouble_text(broken).split())
        return any(words.pattern.search(text) for words in texts)

    return said
