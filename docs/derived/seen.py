"""What a check in the emulator shows: the explanations on the pages."""

from __future__ import annotations

import re

from pytest_acrauth.auth import choose
from pytest_acrauth.catalogue.tables import MODES
from pytest_acrauth.diagnosis.client import diagnose_client
from pytest_acrauth.diagnosis.climb import diagnose
from pytest_acrauth.diagnosis.conclusion import Diagnosis
from pytest_acrauth.diagnosis.expiry import diagnose_expiry
from pytest_acrauth.emulator import LOOK_ALIKES, REGISTRIES, SCENARIOS, Emulator, Scenario
from pytest_acrauth.emulator.scenarios.variants import USUAL
from pytest_acrauth.emulator.world.cloud import SUBSCRIPTION
from pytest_acrauth.emulator.world.healthy import CLIENT, OPERATOR, OTHER_SUBSCRIPTION, OTHER_TENANT, PRINCIPAL, TENANT
from pytest_acrauth.model.client_record import ClientRecord
from pytest_acrauth.model.evidence import EvidenceChoice
from pytest_acrauth.model.expiry import Expiring, ExpiryRecord, Limits, kinds_of
from pytest_acrauth.model.outlook import Outlook, Verdict
from pytest_acrauth.model.target import GUID, Reference, Registry, Target
from pytest_acrauth.plugin.cleaning.masking import PUBLIC
from pytest_acrauth.report.text import explain
from pytest_acrauth.running.run import DEFAULT_TIMEOUT, Run

#: The ids that are the same in every run: those of the emulator's healthy world, and Azure's own.
_LASTING = (TENANT, OTHER_TENANT, SUBSCRIPTION, OTHER_SUBSCRIPTION, CLIENT, PRINCIPAL, OPERATOR.object_id, *PUBLIC)
#: What differs from run to run in an explanation, and the words that stand for it on a page.
_VARYING = (
    (re.compile(r"\d\d\d\d-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:Z|\+00:00)?"), "<time>"),
    (re.compile(r"(?<!api-version=)\d\d\d\d-\d\d-\d\d(?:\s+\d\d:\d\d(?:\s+UTC)?|\s+[\d:]+(?=…))?"), "<time>"),
    (re.compile(r"\d\d/\d\d/\d\d\d\d\s+\d\d:\d\d:\d\d [AP]M"), "<time>"),
    (re.compile(r"\b\d+\.\d+ ?s\b"), "<time>"),
    (re.compile(r"\S+/acr-emulator-\w+(?=/)"), "/home/ci"),
    (re.compile(r"sha256:[0-9a-f]+\n? *[0-9a-f]+"), "sha256:<digest>"),
    (re.compile(r"\b[0-9A-F]{40}\b"), "<thumbprint>"),
    (re.compile(r"OU=Testing cert #[\w-]+,O=trustme v[\d.]+"), "<subject>"),
    (re.compile(rf"(?!{'|'.join(_LASTING)}|[0-9a-f-]*0000-4000-8000){GUID.pattern}"), "<id>"),
)
#: The worlds that pages show: the scenarios, and what only looks like one where it is a cause of its own.
WORLDS = SCENARIOS | {name: world for name, world in LOOK_ALIKES.items() if name in MODES}
#: Where a page's reader is at home, instead of the emulator's folder of the moment.
_HOME = "/home/ci"


def seen_in_emulator(scenario: Scenario) -> str | None:
    """Check a scenario as `--acr-emulate` does and return the first explanation; None if nothing is broken."""
    with Emulator(scenario.id) as emulator:
        see = clients_checked if scenario.client else looked_ahead if scenario.ahead else climbed
        diagnoses = see(emulator, scenario)
    if not diagnoses:
        return None
    return lasting(explain(diagnoses[0]))


def lasting(text: str) -> str:
    """Return a text with words in the place of what differs from run to run."""
    for pattern, words in _VARYING:
        text = pattern.sub(words, text)
    return text


def climbed(emulator: Emulator, scenario: Scenario) -> tuple[Diagnosis, ...]:
    """Climb as the emulated machine's service principal, or as a scenario needs it, with evidence."""
    run, target = prepared(emulator, scenario)
    return diagnose(run.check([target])[0])


def prepared(emulator: Emulator, scenario: Scenario) -> tuple[Run, Target]:
    """Return a run in a scenario's world, and its target."""
    needs = scenario.options
    (chosen,) = choose([needs.get("auth", USUAL)], emulator.environ)
    target = Target(
        registry=Registry.parse(needs.get("registry", REGISTRIES[0])),
        identity=chosen.identity,
        references=tuple(map(Reference.parse, _listed(needs.get("repository", "")))),
        must=_listed(needs.get("must", "pull")),
        must_not=_listed(needs.get("must-not", "")),
    )
    evidence = EvidenceChoice(subscription=needs.get("subscription", ""))
    limit = float(needs.get("timeout", DEFAULT_TIMEOUT))
    return Run(emulator.machine, timeout=limit, evidence=evidence), target


def _listed(text: str) -> tuple[str, ...]:
    return tuple(text.split(",")) if text else ()


def clients_checked(emulator: Emulator, scenario: Scenario) -> tuple[Diagnosis, ...]:
    """Check the client that a scenario is about."""
    run, target = prepared(emulator, scenario)
    record = run.check_client(scenario.client, [target])
    at_home = record.to_json().replace(emulator.environ["HOME"], _HOME)
    return diagnose_client(ClientRecord.from_json(at_home))


def looked_ahead(emulator: Emulator, scenario: Scenario) -> tuple[Diagnosis, ...]:
    """Climb, and look when each credential of the scenario's identity ends."""
    run, target = prepared(emulator, scenario)
    (seen,) = run.check([target])
    found = run.look_ahead([(Expiring(target, kind), seen) for kind in kinds_of(seen.credential, target.identity.flow)])
    limits = Limits(fail=float(scenario.options["expiry-fail"]))
    outlooks = [
        Outlook(ExpiryRecord.from_json(each.to_json().replace(emulator.environ["HOME"], _HOME)), limits)
        for each in found
    ]
    return tuple(diagnose_expiry(each) for each in outlooks if each.verdict is Verdict.FAILS)
