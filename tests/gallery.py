"""Every world climbed once: what the plugin saw in it, for all tests that judge that.

The first test that wants a world climbs in it; the others of this run, in whatever process, take what it saw.
"""

from __future__ import annotations

import os
import pickle
import time
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from emulator.climbing import checked, climbed, looked_ahead, near_ends

from pytest_acrauth.diagnosis.client import diagnose_client
from pytest_acrauth.diagnosis.climb import diagnose
from pytest_acrauth.diagnosis.conclusion import Diagnosis
from pytest_acrauth.emulator import READY, Emulator, Scenario
from pytest_acrauth.emulator.server.log import LoggedRequest
from pytest_acrauth.model.client_record import ClientRecord
from pytest_acrauth.model.evidence import OFF, Evidence, EvidenceChoice
from pytest_acrauth.model.outlook import Outlook
from pytest_acrauth.model.transcript import Transcript

_GLANCE = 0.02  # seconds between two looks whether another process is done
#: Seconds for a climb in a world in which somebody waits in vain; each peer has a third of them.
_IN_VAIN = "4"


@dataclass(frozen=True, slots=True, kw_only=True)
class Exhibit:
    """What was seen in a world with evidence, and what was there: who signed in, its secrets, and what was asked.

    A world about a client has a ``record`` in the place of a transcript; one about ends has ``outlooks``, and
    ``unasked`` are those where nobody was asked.
    """

    client_id: str
    secrets: tuple[str, ...]
    requests: tuple[LoggedRequest, ...]
    transcript: Transcript | None = None
    record: ClientRecord | None = None
    outlooks: tuple[Outlook, ...] = ()
    unasked: tuple[Outlook, ...] = ()

    @property
    def diagnoses(self) -> tuple[Diagnosis, ...]:
        """What is concluded from all that was seen."""
        if self.record is not None:
            return diagnose_client(self.record)
        return near_ends(self.outlooks) if self.transcript is None else diagnose(self.transcript)

    @property
    def without_evidence(self) -> tuple[Diagnosis, ...]:
        """What is concluded where nobody was asked."""
        if self.record is not None:
            return diagnose_client(replace(self.record, looks=()))
        return (
            near_ends(self.unasked)
            if self.transcript is None
            else diagnose(replace(self.transcript, evidence=Evidence()))
        )


def secrets_of(emulator: Emulator) -> tuple[str, ...]:
    """Return every secret of an emulator's world."""
    cloud = emulator.world.cloud
    found = [value for name, value in emulator.environ.items() if name.endswith(("SECRET", "PASSWORD", "HEADER"))]
    found += [each.value for application in cloud.applications.values() for each in application.secrets]
    for registry in cloud.registries.values():
        found += [
            *registry.admin_passwords,
            *(one.value for token in registry.tokens.values() for one in token.passwords),
        ]
    return tuple(found)


def seen_in(scenario: Scenario) -> Exhibit:
    """Climb in a world, or check the client or look at the ends that it is about."""
    if "timeout" in scenario.options and scenario.cause != READY:  # the same is seen whenever that ends
        scenario = replace(scenario, options={**scenario.options, "timeout": _IN_VAIN})
    with Emulator(scenario.id) as emulator:
        found = Exhibit(
            client_id=emulator.environ.get("AZURE_CLIENT_ID", ""), secrets=secrets_of(emulator), requests=()
        )
        if scenario.client:
            found = replace(found, record=checked(emulator, scenario))
        elif scenario.ahead:
            unasked = looked_ahead(emulator, scenario, EvidenceChoice(method=OFF))
            found = replace(found, outlooks=looked_ahead(emulator, scenario), unasked=unasked)
        else:
            found = replace(found, transcript=climbed(emulator, scenario))
        return replace(found, requests=tuple(emulator.requests))


class Gallery:
    """The exhibits of a test run, kept in a folder that its processes share."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._seen: dict[str, Exhibit] = {}

    def of(self, scenario: Scenario) -> Exhibit:
        """Return what was seen in a scenario's world, looking where nobody did yet."""
        if scenario.id not in self._seen:
            self._seen[scenario.id] = self._shared(scenario)
        return self._seen[scenario.id]

    def _shared(self, scenario: Scenario) -> Exhibit:
        """Take what another process saw, waiting for one that is looking; else look, and leave it to the others."""
        kept, looking = self._folder / f"{scenario.id}.pickle", self._folder / f"{scenario.id}.looking"
        try:
            looking.mkdir()
        except FileExistsError:
            while looking.exists() and not kept.exists():
                time.sleep(_GLANCE)
            if kept.exists():
                return pickle.loads(kept.read_bytes())  # noqa: S301 - this run's own
            return seen_in(scenario)  # where looking failed it fails here, too
        try:
            found = seen_in(scenario)
            own = kept.with_suffix(".new")
            own.write_bytes(pickle.dumps(found))
            own.replace(kept)
        except BaseException:
            looking.rmdir()
            raise
        return found


@pytest.fixture(scope="session")
def gallery(tmp_path_factory: pytest.TempPathFactory) -> Gallery:
    """Deliver what was seen in each world."""
    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "gallery"
    folder.mkdir(exist_ok=True)
    return Gallery(folder)
