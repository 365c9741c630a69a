"""Asking why a climb broke: the looks of one check, shared by its climbs and limited in time."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from pytest_acrauth.model.defect import Defect
from pytest_acrauth.model.evidence import OFF, EvidenceChoice, Look, Need, RegistryFacts
from pytest_acrauth.model.transcript import Transcript
from pytest_acrauth.probes.http.deadline import Deadline
from pytest_acrauth.probes.http.network import Connector

if TYPE_CHECKING:
    from pytest_acrauth.probes.management.looks import Looks

_EVIDENCE_PART = 3  # of a climb's limit, its evidence may take one
_LOOK_PART = 0.9  # of that, one look may take so much: its own reason comes before the waiting ends


class SharedLooks:
    """The looks of one check, taken for climbs that broke; until then nothing of them is loaded."""

    def __init__(self, connector: Connector, choice: EvidenceChoice, limit: float) -> None:
        self._connector = connector
        self._choice = choice
        self._limit = limit
        self._lock = threading.Lock()
        self._looks: Looks | None = None

    def add(self, transcript: Transcript) -> Transcript:
        """Return the transcript with every look that its open causes need: a third of the climb's limit at most.

        A defect of ours on the way is in the transcript too, and takes nothing of what was seen away.
        """
        rung = next(transcript.broken(), None)
        if self._choice.method == OFF or rung is None:
            return transcript
        try:
            return self._add(transcript)
        except Exception as error:  # noqa: BLE001 - a defect of ours, which must not take the place of what broke
            defect = Defect.of(error, "judging what was answered", secrets=self._connector.secrets, rung=rung)
            return replace(transcript, defect=transcript.defect or defect)

    def _add(self, transcript: Transcript) -> Transcript:
        from pytest_acrauth.diagnosis.climb import needed

        part = self._limit / _EVIDENCE_PART
        began, left = time.monotonic(), min(part, self._limit - transcript.elapsed)
        deadline = Deadline(max(0.0, left), wait=part)
        while needs := needed(transcript):
            found: dict[str, Look[Any]]
            try:
                found = self._shared(_LOOK_PART * part).answer(needs, transcript, deadline)
            except Exception as error:  # noqa: BLE001 - a defect of ours: then nobody could look
                why = Defect.of(error, "looking", secrets=self._connector.secrets).why
                found = {str(need): Look(why=why) for need in needs}
            transcript = replace(transcript, evidence=transcript.evidence._replace(**found))
        return replace(transcript, elapsed=transcript.elapsed + time.monotonic() - began)

    def look_at(self, transcripts: Sequence[Transcript], seconds: float) -> Mapping[str, Look[RegistryFacts]]:
        """Return a look at the record of each transcript's registry, by login server."""
        if not transcripts:
            return {}
        part = self._limit / _EVIDENCE_PART
        deadline = Deadline(max(0.0, min(part, seconds)), wait=part)
        try:
            return self._shared(_LOOK_PART * part).records(transcripts, deadline)
        except Exception as error:  # noqa: BLE001 - a defect of ours: then nobody could look
            why = Defect.of(error, "looking", secrets=self._connector.secrets).why
            return {each.target.registry.login_server: Look(why=why) for each in transcripts}

    def look_ahead(self, wanted: Sequence[tuple[Need, Transcript]]) -> tuple[Look[Any], ...]:
        """Return a look for every pair, within the limit of one climb."""
        try:
            return self._shared(_LOOK_PART * self._limit).each(wanted, Deadline(self._limit, wait=self._limit))
        except Exception as error:  # noqa: BLE001 - a defect of ours: then nobody could look
            why = Defect.of(error, "looking ahead", secrets=self._connector.secrets).why
            return (Look(why=why),) * len(wanted)

    def _shared(self, limit: float) -> Looks:
        with self._lock:
            if self._looks is None:
                from pytest_acrauth.probes.management.looks import Looks

                self._looks = Looks(self._connector, self._choice, limit)
            return self._looks
