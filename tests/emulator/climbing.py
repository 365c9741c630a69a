"""Climbing in a scenario's world as the plugin does, with the options that the scenario needs."""

from __future__ import annotations

from pytest_acrauth.auth import choose, read_credential
from pytest_acrauth.diagnosis.conclusion import Diagnosis
from pytest_acrauth.diagnosis.expiry import by_the_clock, diagnose_expiry
from pytest_acrauth.emulator import Emulator, Scenario
from pytest_acrauth.model.client_record import ClientRecord
from pytest_acrauth.model.evidence import AUTO, EvidenceChoice
from pytest_acrauth.model.expiry import Expiring, Limits, kinds_of
from pytest_acrauth.model.outlook import Outlook, Verdict
from pytest_acrauth.model.secret import Secrets
from pytest_acrauth.model.target import Reference, Registry, Target
from pytest_acrauth.model.transcript import Transcript
from pytest_acrauth.running.run import Run


def climbed(emulator: Emulator, scenario: Scenario, evidence: EvidenceChoice | None = None) -> Transcript:
    """Climb to myacr as the scenario needs it, else as the service principal, with evidence unless told otherwise."""
    run, target = prepared(emulator, scenario, evidence)
    return run.check([target])[0]


def checked(emulator: Emulator, scenario: Scenario, evidence: EvidenceChoice | None = None) -> ClientRecord:
    """Check the client that a scenario is about, on the same terms."""
    run, target = prepared(emulator, scenario, evidence)
    return run.check_client(scenario.client, [target])


def looked_ahead(
    emulator: Emulator, scenario: Scenario, evidence: EvidenceChoice | None = None, limits: Limits | None = None
) -> tuple[Outlook, ...]:
    """Climb, and look when each credential of the scenario's identity ends, on the same terms."""
    run, target = prepared(emulator, scenario, evidence)
    limits = limits or Limits(fail=float(scenario.options["expiry-fail"]))
    (climbed,) = run.check([target])
    kinds = kinds_of(
        read_credential(target.identity, target.registry, emulator.environ, Secrets()).facts, target.identity.flow
    )
    found = run.look_ahead([(Expiring(target, kind), climbed) for kind in kinds])
    return tuple(Outlook(by_the_clock(record, climbed), limits) for record in found)


def near_ends(outlooks: tuple[Outlook, ...]) -> tuple[Diagnosis, ...]:
    """Return the diagnoses of those whose check fails."""
    return tuple(diagnose_expiry(each) for each in outlooks if each.verdict is Verdict.FAILS)


def prepared(emulator: Emulator, scenario: Scenario, evidence: EvidenceChoice | None) -> tuple[Run, Target]:
    """Return a run in a scenario's world, and its target."""
    needs = {"auth": "service-principal", "must": "pull", "timeout": "60"} | dict(scenario.options)
    (chosen,) = choose([needs["auth"]], emulator.environ)
    references = tuple(Reference.parse(text) for text in listed(needs, "repository"))
    actions = (listed(needs, "must"), listed(needs, "must-not"))
    target = Target(Registry.parse(needs.get("registry", "myacr")), chosen.identity, references, *actions)
    evidence = evidence or EvidenceChoice(needs.get("evidence", AUTO), subscription=needs.get("subscription", ""))
    return Run(emulator.machine, timeout=float(needs["timeout"]), evidence=evidence), target


def listed(options: dict[str, str], name: str) -> tuple[str, ...]:
    """Return the values of an option of several."""
    return tuple(options[name].split(",")) if name in options else ()
