"""What was let in although a refusal was expected, as the subject of a diagnosis."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass

from pytest_acrauth.catalogue.facts import Row
from pytest_acrauth.model.transcript import Transcript


@dataclass(frozen=True, slots=True)
class MoreOpen:
    """A registry that is more open than somebody expects: what was expected, how it was found open, and from where.

    ``opening`` is what is open, in a few words with the registry's name.
    """

    transcript: Transcript
    expected: str
    found: str
    reached: str
    opening: str

    quoted = False
    assured = True
    broken = None
    shared_by: tuple[Hashable, ...] | None = None

    @property
    def facts(self) -> dict[str, str]:
        target = self.transcript.target
        return {
            "registry": target.registry.name,
            "login_server": target.registry.login_server,
            "identity": target.identity.name,
            "answer": self.answer,
            "opening": self.opening,
        }

    @property
    def answer(self) -> str:
        """What was found, and what it is at odds with."""
        return f"{self.found[:1].upper()}{self.found[1:]}, where {self.expected} is expected"

    @property
    def rows(self) -> tuple[Row, ...]:
        target = self.transcript.target
        return (
            Row("expected", self.expected),
            Row("found", self.found),
            Row("reached", self.reached),
            Row("registry", target.registry.login_server),
            Row("identity", target.identity.name),
        )
