"""How the public names may be used. Type-checked and never run, so a changed type is noticed here first."""

from __future__ import annotations

import pytest

from pytest_acrauth import (
    BadAuth,
    BadName,
    Certainty,
    Diagnosis,
    FailureMode,
    Flow,
    Identity,
    Machine,
    Reference,
    Registry,
    RegistryUnderTest,
    Stage,
    Symptom,
    Target,
    Transcript,
    check,
    diagnose,
    explain,
)


def targets(name: str) -> list[Target]:
    """Name what is to be checked."""
    registry = Registry.parse(name)
    identity = Identity.of("service-principal", "ACR_CI", name="ci")
    flow: Flow = identity.flow
    assert flow is Flow.ENTRA
    return [Target(registry, identity, (Reference.parse("team/app:latest"),), must=("pull",), must_not=("push",))]


def texts(machine: Machine) -> list[str]:
    """Climb, conclude and speak without pytest, on a machine and on this one."""
    try:
        transcripts: tuple[Transcript, ...] = check(targets("myacr"), machine) + check(targets("otheracr"), timeout=20)
    except (BadName, BadAuth) as error:
        return [str(error)]
    return [explain(diagnosis) for transcript in transcripts for diagnosis in diagnose(transcript)]


def causes(diagnosis: Diagnosis) -> tuple[Stage, Symptom, FailureMode | None, list[str]]:
    """Read a conclusion."""
    remaining = [mode.id for mode in (*diagnosis.candidates, *diagnosis.ruled_out)]
    sure: bool = diagnosis.certainty is Certainty.PROVEN
    return diagnosis.broken.stage, diagnosis.symptom, diagnosis.mode if sure else None, remaining


def stored(transcript: Transcript) -> Transcript:
    """Keep a transcript as text."""
    text: str = transcript.to_json()
    return Transcript.from_json(text)


@pytest.mark.acr_ready(registry="myacr", scope="repository:team/app:pull")
def use_the_fixture(acr: RegistryUnderTest) -> None:
    """Use everything the fixture delivers."""
    acr.require()
    acr.require("repository:team/app:pull,push")
    granted: frozenset[str] = acr.permissions("team/app")
    transcript: Transcript = acr.transcript
    diagnoses: tuple[Diagnosis, ...] = acr.diagnoses
    server: str = acr.login_server
    raise AssertionError(granted, transcript, diagnoses, server, acr.target)
