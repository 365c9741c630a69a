"""One climb as data: what every stage recorded, and the evidence that was looked up; frozen and free of secrets."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Self

from pytest_acrauth.model import codec
from pytest_acrauth.model.credential import CredentialFacts
from pytest_acrauth.model.defect import Defect
from pytest_acrauth.model.evidence import Evidence
from pytest_acrauth.model.observation import (
    AccessToken,
    Challenge,
    Data,
    Dns,
    Entra,
    Exchange,
    HeldBack,
    NotObserved,
    Observation,
    Operation,
    Tcp,
    Tls,
    Upload,
)
from pytest_acrauth.model.stage import Rung
from pytest_acrauth.model.target import Reference, Target

_NOTHING_ASKED = Evidence()


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """One repository's part of a climb; a stage that was not reached is None."""

    reference: Reference
    access_token: AccessToken | None = None
    operation: Operation | None = None
    data: Data | None = None
    upload: Upload | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Waited:
    """What became of the wish to wait, up to ``limit`` seconds, for what was broken to take effect.

    ``attempts`` are climbs, the first and this last one included; ``seconds`` lie between these two. ``network`` and
    ``permission`` tell after how many seconds the network leg, and all that follows it, held for good: 0.0 at once,
    None never. ``no_delay`` is the id of what waiting would not end, so that no attempt followed ('' where there is no
    such thing), ``asked`` the seconds of silence that were asked for where these were more than were left.
    """

    limit: float
    attempts: int = 1
    seconds: float = 0.0
    network: float | None = None
    permission: float | None = None
    no_delay: str = ""
    asked: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Transcript:
    """One climb of one target: shared stages once, one `Access` per repository. None stands for *not reached*.

    ``started`` is the wall clock in seconds since the epoch, ``limit`` and ``elapsed`` are in seconds. ``defect`` is
    what this package itself did wrong in the climb or in what followed it: the place it names counts as broken.
    ``waited`` is None where nobody wanted to wait, or where nothing was broken at once.
    """

    target: Target
    credential: CredentialFacts
    started: float
    limit: float
    proxy: str = ""
    elapsed: float = 0.0
    dns: Dns | NotObserved | None = None
    tcp: Tcp | NotObserved | None = None
    tls: Tls | NotObserved | None = None
    challenge: Challenge | None = None
    entra: Entra | None = None
    exchange: Exchange | None = None
    access_token: AccessToken | None = None
    accesses: tuple[Access, ...] = ()
    evidence: Evidence = _NOTHING_ASKED
    held_back: tuple[HeldBack, ...] = ()
    defect: Defect | None = None
    waited: Waited | None = None

    def at(self, rung: Rung) -> Observation | None:
        """Return what was recorded at a rung, a defect in its place, or None where it was not reached."""
        holder: Transcript | Access | None = self
        if rung.reference is not None:
            holder = next((access for access in self.accesses if access.reference.text == rung.reference), None)
        found: Observation | None = getattr(holder, rung.stage, None)
        return self.defect if found is None and self._has_defect(rung) else found

    def broken(self) -> Iterator[Rung]:
        """Every broken rung, in the climb's order: at most one per leg and per repository."""
        for rung in self.target.rungs:
            observation = self.at(rung)
            if (observation is not None and not observation.ok) or self._has_defect(rung):
                yield rung

    def _has_defect(self, rung: Rung) -> bool:
        return self.defect is not None and self.defect.rung == rung

    def to_json(self) -> str:
        """Return the transcript as JSON text; `from_json` reads it back."""
        return codec.to_json(self)

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Rebuild a transcript from `to_json`'s text. Raises ValueError, TypeError or KeyError for other text."""
        return codec.from_json(cls, text)
