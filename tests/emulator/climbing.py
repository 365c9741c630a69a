"""Climbing in a scenario's world as the plugin does, with the options that the scenario needs."""

from __future__ import annotations

from pytest_acrauth.auth import choose
from pytest_acrauth.emulator import Emulator, Scenario
from pytest_acrauth.model.client_record import ClientRecord
from pytest_acrauth.model.evidence import AUTO, EvidenceChoice
from pytest_acrauth.model.target import Reference, Registry, Target
from pytest_acrauth.model.transcript import Transcript
from pytest_acrauth.run import Run


def climbed(emulator: Emulator, scenario: Scenario, evidence: EvidenceChoice | None = None) -> Transcript:
    """Climb to myacr as the scenario needs it, else as the service principal, with evidence unless told otherwise."""
    run, target = prepared(emulator, scenario, evidence)
    return run.check([target])[0]


def checked(emulator: Emulator, scenario: Scenario, evidence: EvidenceChoice | None = None) -> ClientRecord:
    """Check the client that a scenario is about, on the same terms."""
    run, target = prepared(emulator, scenario, evidence)
    return run.check_client(scenario.client, [target])


def prepared(emulator: Emulator, scenario: Scenario, evidence: EvidenceChoice | None) -> tuple[Run, Target]:
    """Return a run in a scenario's world, and its target."""
    needs = {"auth": "service-principal", "must": "pull", "timeout": "20"} | dict(scenario.options)
    (chosen,) = choose([needs["auth"]], emulator.environ)
    references = tuple(Reference.parse(text) for text in listed(needs, "repository"))
    actions = (listed(needs, "must"), listed(needs, "must-not"))
    target = Target(Registry.parse(needs.get("registry", "myacr")), chosen.identity, references, *actions)
    evidence = evidence or EvidenceChoice(needs.get("evidence", AUTO), subscription=needs.get("subscription", ""))
    return Run(emulator.machine, timeout=float(needs["timeout"]), evidence=evidence), target


def listed(options: dict[str, str], name: str) -> tuple[str, ...]:
    """Return the values of an option of several."""
    return tuple(options[name].split(",")) if name in options else ()
