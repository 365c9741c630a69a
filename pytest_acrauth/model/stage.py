"""The stages of a climb: one word each, the same in ids, transcripts, the emulator and the docs."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple


class Stage(StrEnum):
    """One stage. The first four are the network leg, ``entra`` is the identity leg; they join at ``exchange``."""

    DNS = "dns"
    TCP = "tcp"
    TLS = "tls"
    CHALLENGE = "challenge"
    ENTRA = "entra"
    EXCHANGE = "exchange"
    ACCESS_TOKEN = "access_token"  # noqa: S105 - the name of a stage
    OPERATION = "operation"
    DATA = "data"
    UPLOAD = "upload"

    @property
    def words(self) -> str:
        """The stage as a sentence says it."""
        return self.replace("_", " ")

    @property
    def of_network(self) -> bool:
        """Whether the stage is one of the network leg."""
        return self in {Stage.DNS, Stage.TCP, Stage.TLS, Stage.CHALLENGE}

    @property
    def per_repository(self) -> bool:
        """Whether the stage exists once per repository when repositories are named."""
        return self in {Stage.ACCESS_TOKEN, Stage.OPERATION, Stage.DATA, Stage.UPLOAD}


class Rung(NamedTuple):
    """One place in a climb: a stage, and the reference it is about where the stage exists per repository."""

    stage: Stage
    reference: str | None = None

    def __str__(self) -> str:
        return f"{self.stage}::{self.reference}" if self.reference else str(self.stage)
