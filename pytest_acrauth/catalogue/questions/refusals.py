"""What Entra's own words tell where its number does not: what a refusal is about, and which times it compares."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from pytest_acrauth.catalogue.facts import clock_off, reply, trouble_text
from pytest_acrauth.catalogue.questions.records import date, when
from pytest_acrauth.catalogue.shape import Break
from pytest_acrauth.model.credential import SecretShape
from pytest_acrauth.model.observation import Entra


class Topic(StrEnum):
    """What a refusal is about, where one number is said of several things."""

    KEY_ENDED = "a certificate that has ended"
    DATES = "the times of an assertion"
    SECRET = "a client secret"  # noqa: S105 - what a message is about
    SIGNATURE = "the signature or certificate of an assertion"
    MALFORMED = "a token that cannot be read"
    ABSENT = "an application that is not in the directory"
    DISABLED = "something that is disabled"
    ADDRESS = "the address of the caller"
    LOCKED = "a locked account"
    SCOPE = "the scope"


# The first that fits decides: what is more special stands before what is often named beside it.
_TOPICS = {
    Topic.KEY_ENDED: r"the key used is expired|certificate\b.{0,80}?\b(?:has|is) expired",
    Topic.DATES: r"valid time range",
    Topic.SECRET: r"client[ _]secret",
    Topic.MALFORMED: r"\bmalformed\b|unable to decode|IDX1[02]\d{3}",
    Topic.SIGNATURE: r"signature|signing certificate|certificate chain|thumbprint"
    r"|not registered on application|audience claim does not match",
    Topic.ABSENT: r"was not found in the directory",
    Topic.DISABLED: r"\b(?:is|been) disabled",
    Topic.ADDRESS: r"malicious",
    Topic.LOCKED: r"\blocked\b",
    Topic.SCOPE: r"\bscope\b",
}
_PATTERNS = {topic: re.compile(pattern, re.IGNORECASE) for topic, pattern in _TOPICS.items()}
# How far clocks may differ before a refusal follows from it; Entra and this machine each round to seconds.
_CLOCKS_AGREE = 60.0
_TIMES = {
    name: re.compile(rf"{words}:? (?P<at>\d{{4}}-\d\d-\d\dT\d\d:\d\d:\d\d)", re.IGNORECASE)
    for name, words in {
        "now": "current time",
        "starts": "valid from",
        "ends": "expiry time of assertion",
    }.items()
}


def topic_of(words: str) -> Topic | None:
    """Return what Entra's words are about, None where they do not tell."""
    return next((topic for topic, pattern in _PATTERNS.items() if pattern.search(words)), None)


def words_of(broken: Break) -> str:
    """Return what Entra said at a rung, '' where it was not asked there."""
    observation = broken.observation
    if not isinstance(observation, Entra):
        return ""
    found = reply(broken)
    return found.message or found.body if found is not None else trouble_text(broken)


@dataclass(frozen=True, slots=True)
class Times:
    """The times that Entra compared, in seconds since the epoch: its own, and those of an assertion.

    ``starts`` is None where it was not told. ``made_here`` tells that the assertion was signed in this very climb; it
    is None where it came in it from somebody who may have kept it. ``ahead`` is by how many seconds this machine's
    clock is ahead of the services', None where that is not known.
    """

    now: float
    starts: float | None
    ends: float
    made_here: bool | None
    ahead: float | None

    @property
    def ended(self) -> bool:
        """Whether the assertion is past its end, by Entra's time."""
        return self.now >= self.ends

    @property
    def by_clock(self) -> bool | None:
        """Whether a wrong clock explains it: not begun yet; or ended though just made, or by this clock still good.

        None for an ended one that just came: whoever issued it has a wrong clock, or handed out an old one.
        """
        if not self.ended:
            return self.starts is not None and self.now < self.starts
        if self.made_here is None:
            return None
        slow = self.ahead is not None and self.ahead < -_CLOCKS_AGREE
        return self.made_here or (slow and self.now + (self.ahead or 0.0) < self.ends)

    def __str__(self) -> str:
        started = f"{_said(self.starts)} to " if self.starts is not None else "until "
        here = f"this machine's clock is {_off(self.ahead)}; " if self.ahead is not None else ""
        return f"{here}Entra's time is {_said(self.now)}, the assertion counts {started}{_said(self.ends)}"


def _said(seconds: float) -> str:
    return date(datetime.fromtimestamp(seconds, UTC).isoformat())


def _off(ahead: float) -> str:
    if abs(ahead) <= _CLOCKS_AGREE:
        return "right"
    return f"{abs(ahead) / 60:.0f} minutes {'ahead' if ahead > 0 else 'behind'}"


def times_in(words: str, *, made_here: bool | None = False, ahead: float | None = None) -> Times | None:
    """Return the times that Entra's words name, None where they do not."""
    found = {name: pattern.search(words) for name, pattern in _TIMES.items()}
    read = {name: when(f"{match['at']}+00:00") if match else None for name, match in found.items()}
    if read["now"] is None or read["ends"] is None:
        return None
    return Times(read["now"], read["starts"], read["ends"], made_here, ahead)


def times(broken: Break) -> Times | None:
    """Return the times that Entra compared at a rung, None where its answer names none."""
    secret = broken.transcript.credential.secret
    made_here = None if secret is SecretShape.REQUEST_TOKEN else secret is SecretShape.CERTIFICATE
    return times_in(words_of(broken), made_here=made_here, ahead=clock_off(broken.transcript))
