"""What several symptoms look for in an answer, or in the reason why there is none."""

from __future__ import annotations

import re
from collections.abc import Callable

from pytest_acrauth.catalogue import facts
from pytest_acrauth.catalogue.shape import Break, Words
from pytest_acrauth.model.observation import Entra, Reply, Trouble

#: Why a peer gave no answer: the way to it broke, wherever.
UNREACHED = {
    Trouble.TIMEOUT,
    Trouble.REFUSED,
    Trouble.UNREACHABLE,
    Trouble.RESET,
    Trouble.CLOSED,
    Trouble.CERTIFICATE,
    Trouble.TLS,
    Trouble.NAME,
    Trouble.PROXY,
}
_GENERIC = re.compile("authentication required", re.IGNORECASE)


def generic_401(reply: Reply | None) -> bool:
    """Whether an answer is the 401 that ACR gives for many causes: without words, or with the general ones."""
    if reply is None or reply.status != 401 or reply.code not in {"", "UNAUTHORIZED"}:
        return False
    return not (reply.message or reply.body).strip() or bool(_GENERIC.search(f"{reply.message} {reply.body}"))


def said_here(texts: tuple[Words, ...]) -> Callable[[Break], bool]:
    """Return the condition that a program or service of this machine gave no credential, in one of these words."""

    def said(broken: Break) -> bool:
        observation = broken.observation
        if facts.trouble(broken) is not Trouble.UNAVAILABLE or (isinstance(observation, Entra) and observation.codes):
            return False
        text = " ".join(facts.trouble_text(broken).split())
        return any(words.pattern.search(text) for words in texts)

    return said
