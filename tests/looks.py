"""Looks of evidence, made without I/O, and what remains of a climb's causes once they were taken."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from factories import HOST, OBJECT_ID, STARTED

from pytest_acrauth.diagnosis.climb import diagnose
from pytest_acrauth.diagnosis.conclusion import Diagnosis
from pytest_acrauth.model.evidence import Denial, Evidence, Look, RegistryFacts, RoleFacts
from pytest_acrauth.model.evidence import RoleAssignment as Assigned
from pytest_acrauth.model.transcript import Transcript

RESOURCE_ID = "/subscriptions/s/resourceGroups/g/providers/Microsoft.ContainerRegistry/registries/myacr"
MINUTE, DAY = 60.0, 86400.0


def one(transcript: Transcript) -> Diagnosis:
    """Return the only diagnosis of a transcript."""
    (found,) = diagnose(transcript)
    return found


def ids(diagnosis: Diagnosis) -> list[str]:
    """Return the ids of the causes still possible."""
    return [mode.id for mode in diagnosis.candidates]


def looked(value: Any) -> Any:
    """Return a look that found something."""
    return Look(value=value, who="service principal x")


def record(**parts: Any) -> Any:
    """Return a look at a registry's record: healthy but for what is given."""
    usual: dict[str, Any] = {
        "found": True,
        "resource_id": RESOURCE_ID,
        "login_server": HOST,
        "public_network_access": "Enabled",
        "default_action": "Allow",
        "role_assignment_mode": "LegacyRegistryPermissions",
        "location": "westeurope",
        "data_endpoint_enabled": False,
    }
    return looked(RegistryFacts(**(usual | parts)))


def iso(seconds: float) -> str:
    """Return a moment as ARM writes it."""
    return datetime.fromtimestamp(seconds, UTC).isoformat()


def with_evidence(transcript: Transcript, **looks: Any) -> list[str]:
    """Return what remains of a transcript's causes once these looks were taken."""
    return ids(one(replace(transcript, evidence=Evidence(**looks))))


PULL = ("Microsoft.ContainerRegistry/registries/pull/read",)
REGISTRIES = "Microsoft.ContainerRegistry/registries/"
PUSH = (f"{REGISTRIES}push/write",)
YOUNG = iso(STARTED - MINUTE)


def roles(*assignments: Assigned, denials: tuple[Denial, ...] | None = (), **parts: Any) -> Any:
    """Return a look at roles."""
    return looked(RoleFacts(principal_id=OBJECT_ID, assignments=assignments, denials=denials, **parts))


def role(**parts: Any) -> Assigned:
    """Return an assignment of AcrPull, long ago, but for what is given."""
    usual: dict[str, Any] = {"role": "AcrPull", "role_id": "x", "scope": RESOURCE_ID, "actions": PULL}
    return Assigned(**({**usual, "created": iso(STARTED - 9 * DAY)} | parts))
