"""Worlds that look the same at first sight: told apart where somebody may look, and never guessed where nobody may."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from emulator.climbing import checked, climbed, looked_ahead, near_ends
from gallery import Gallery
from rules import broken_rules

from pytest_acrauth.catalogue.symptoms.climb import UNRECOGNISED
from pytest_acrauth.catalogue.tables import MODES
from pytest_acrauth.diagnosis.client import diagnose_client
from pytest_acrauth.diagnosis.climb import diagnose
from pytest_acrauth.diagnosis.conclusion import Certainty, Diagnosis
from pytest_acrauth.emulator import LOOK_ALIKES, READY, SCENARIOS, Emulator, Scenario
from pytest_acrauth.emulator.scenarios.changes import no_role, nothing, unseen
from pytest_acrauth.emulator.scenarios.look_alikes import identities, rights
from pytest_acrauth.emulator.scenarios.look_alikes.neighbours import bare_refusal
from pytest_acrauth.emulator.scenarios.look_alikes.rights import given, repository
from pytest_acrauth.emulator.scenarios.obstacles import device, no_names, no_registry, unknown_registries
from pytest_acrauth.emulator.scenarios.variants import IDENTITIES
from pytest_acrauth.emulator.world import Change, World
from pytest_acrauth.emulator.world.cloud import ARM, GRAPH, SUBSCRIPTION, Subscription
from pytest_acrauth.emulator.world.healthy import OTHER_SUBSCRIPTION, OTHER_TENANT
from pytest_acrauth.emulator.world.network import Device, Page
from pytest_acrauth.emulator.world.roles import EVIDENCE
from pytest_acrauth.model.evidence import OFF, EvidenceChoice

NO_CAUSE = {symptom.id for symptom in UNRECOGNISED.values()}
KNOWN = SCENARIOS | LOOK_ALIKES


def told(diagnoses: tuple[Diagnosis, ...]) -> list[str]:
    """Return what each diagnosis says: its causes, or the symptom that none explains."""
    names = [mode.id for each in diagnoses for mode in each.candidates]
    return names + [each.symptom.id for each in diagnoses if not each.candidates]


def test_an_entry_names_its_like() -> None:
    """Each look-alike stands beside a scenario that is diagnosed otherwise, and says a known answer."""
    assert not set(SCENARIOS) & set(LOOK_ALIKES)
    for scenario in LOOK_ALIKES.values():
        assert scenario.like in KNOWN, scenario.id
        assert scenario.cause != KNOWN[scenario.like].cause, scenario.id
        assert scenario.cause in {*MODES, *NO_CAUSE, READY}, scenario.id


@pytest.mark.parametrize("scenario", LOOK_ALIKES.values(), ids=LOOK_ALIKES)
def test_with_evidence_it_is_told_from_its_like(gallery: Gallery, scenario: Scenario) -> None:
    """It is diagnosed as what it is: proven, unless nothing proves that cause or none is known; or it is ready.

    Where nobody can tell it from others, it is one of these.
    """
    found = gallery.of(scenario).diagnoses
    assert sorted(told(found)) == ([] if scenario.cause == READY else sorted([scenario.cause, *scenario.undecided]))
    for diagnosis in found:
        assert broken_rules(diagnosis) == []
        sure = Certainty.PROBABLE if diagnosis.mode and diagnosis.mode.unprovable else Certainty.PROVEN
        sure = Certainty.ONE_OF if scenario.undecided else sure
        assert diagnosis.certainty is (Certainty.UNRECOGNISED if scenario.cause in NO_CAUSE else sure)


@pytest.mark.parametrize("scenario", LOOK_ALIKES.values(), ids=LOOK_ALIKES)
def test_without_evidence_nothing_is_claimed_that_the_climb_does_not_show(gallery: Gallery, scenario: Scenario) -> None:
    """Its own cause stays possible, unless none is known; what is stated as a fact is right."""
    for diagnosis in gallery.of(scenario).without_evidence:
        assert broken_rules(diagnosis) == []
        if scenario.cause in MODES:
            assert scenario.cause in told((diagnosis,))
        assert diagnosis.certainty is not Certainty.PROVEN or told((diagnosis,)) == [scenario.cause]


@pytest.mark.broad(of=16)
@pytest.mark.parametrize("scenario", KNOWN.values(), ids=KNOWN)
def test_nobody_is_asked_where_nobody_may_be(gallery: Gallery, scenario: Scenario) -> None:
    """Evidence that is switched off is as evidence that nobody took: the same is concluded, and no request is sent."""
    without = EvidenceChoice(method=OFF)
    with Emulator(scenario.id) as emulator:
        if scenario.client:
            found = diagnose_client(checked(emulator, scenario, without))
        elif scenario.ahead:
            found = near_ends(looked_ahead(emulator, scenario, without))
        else:
            found = diagnose(climbed(emulator, scenario, without))
        assert not [each for each in emulator.requests if each.host in {ARM, GRAPH}]
    assert told(found) == told(gallery.of(scenario).without_evidence)


def test_a_host_with_a_hash_that_nobody_may_read_stays_open() -> None:
    """That a name is free says nothing of login servers with a hash behind it: the true cause stays among several."""
    hidden = LOOK_ALIKES["registry-dnl-hash-missing"]
    with Emulator(hidden.id) as emulator:
        emulator.change(unseen)
        (found,) = diagnose(climbed(emulator, hidden, EvidenceChoice(method="azure-cli")))
    assert found.certainty is Certainty.ONE_OF
    assert hidden.cause in told((found,))


def test_a_subscription_that_lacks_the_registry_does_not_say_that_there_is_none() -> None:
    """It was named by whoever looks, who may be wrong: somebody has the name, and its registry may be elsewhere."""
    hidden = LOOK_ALIKES["registry-name-unknown-here"]
    with Emulator() as emulator:
        emulator.change(unknown_registries)
        choice = EvidenceChoice(method="azure-cli", subscription=OTHER_SUBSCRIPTION)
        (found,) = diagnose(climbed(emulator, hidden, choice))
    assert found.certainty is Certainty.ONE_OF
    assert hidden.cause in told((found,))


def test_what_a_closed_resolver_does_not_know_may_also_not_exist() -> None:
    """That no public name resolves says nothing of the registry, and so rules no missing one out."""
    closed = LOOK_ALIKES["no-public-dns"]
    with Emulator() as emulator:
        emulator.change(no_registry, no_names)
        (found,) = diagnose(climbed(emulator, closed))
    assert told((found,)) == ["no-public-dns"]
    assert not {"registry-dns-nxdomain", "registry-dnl-hash-missing"} & {mode.id for mode in found.ruled_out}


def _unread(what: str) -> Change:
    """Let nobody who looks read this."""

    def change(world: World) -> None:
        role = world.cloud.custom_roles[EVIDENCE]
        actions = tuple(each for each in role.actions if not each.endswith(f"{what}/read"))
        world.cloud.custom_roles[EVIDENCE] = replace(role, actions=actions)

    return change


def _directory_unread(world: World) -> None:
    """Let nobody who looks read the directory."""
    world.cloud.directory_readers.clear()


def test_a_cache_that_nobody_may_read_stays_a_reason_for_a_missing_image() -> None:
    """What would explain the answers as well, and could not be looked at, keeps a cause from being proven."""
    cached = LOOK_ALIKES["cache-rule-credentials"]
    with Emulator(cached.id) as emulator:
        emulator.change(_unread("cacheRules"))
        (found,) = diagnose(climbed(emulator, cached))
    assert found.certainty is Certainty.ONE_OF
    assert {cached.cause, "image-not-found"} <= set(told((found,)))


@pytest.mark.broad(of=6)
@pytest.mark.parametrize(
    ("scenario", "blinded"),
    [
        *((each, _directory_unread) for each in identities.LOOK_ALIKES),
        *((each, _unread("roleDefinitions")) for each in rights.LOOK_ALIKES),
        *((each, _unread("denyAssignments")) for each in rights.LOOK_ALIKES),
    ],
    ids=lambda value: value.id if isinstance(value, Scenario) else "",
)
def test_where_less_may_be_read_less_is_claimed(scenario: Scenario, blinded: Callable[[World], None]) -> None:
    """What could not be looked at keeps the world's own cause possible, and no other one is stated as a fact."""
    with Emulator(scenario.id) as emulator:
        emulator.change(blinded)
        found = diagnose(climbed(emulator, scenario))
    assert bool(found) is (scenario.cause != READY)
    for diagnosis in found:
        assert broken_rules(diagnosis) == []
        if scenario.cause in MODES:
            assert scenario.cause in told((diagnosis,))
        assert diagnosis.certainty is not Certainty.PROVEN or told((diagnosis,)) == [scenario.cause]


@pytest.mark.parametrize(
    ("auth", "held"), [("admin", "admin-password-not-current"), ("scope-map-token", "scope-map-token-password-wrong")]
)
def test_a_refusal_that_nothing_marks_as_the_registrys_proves_no_password_wrong(auth: str, held: str) -> None:
    """Everything else about the user is right, so either the password is not, or something in between refused it."""
    with Emulator() as emulator:
        emulator.change(IDENTITIES[auth], bare_refusal("/oauth2/token"))
        (found,) = diagnose(climbed(emulator, Scenario(auth, nothing, {"auth": auth, "evidence": "azure-cli"})))
    assert found.certainty is Certainty.ONE_OF
    assert told((found,)) == [held, "answered-on-the-way"]


@pytest.mark.parametrize(
    ("path", "status", "code", "held"),
    [
        ("/oauth2/exchange", 429, "TOOMANYREQUESTS", "exchange-throttled"),
        ("/manifests/", 429, "TOOMANYREQUESTS", "registry-throttled"),
        ("/manifests/", 503, "UNAVAILABLE", "exchange-server-error"),
        ("/manifests/", 404, "MANIFEST_UNKNOWN", "image-not-found"),
        ("/blobs/", 404, "BLOB_UNKNOWN", "blob-missing"),
    ],
)
def test_a_failure_that_nothing_marks_as_the_registrys_may_be_a_mirrors(
    path: str, status: int, code: str, held: str
) -> None:
    """A mirror before the registry reports its own failures in the same JSON."""
    body = f'{{"errors":[{{"code":"{code}","message":"the mirror cannot serve this"}}]}}'
    page = Page(status, {"Content-Type": "application/json", "Retry-After": "30"}, body.encode())
    with Emulator() as emulator:
        emulator.change(device(lambda _host: Device(page, only=path)))
        (found,) = diagnose(climbed(emulator, Scenario(held, nothing, {"repository": "team/app"})))
    assert found.certainty is Certainty.ONE_OF
    assert told((found,)) == [held, "answered-on-the-way"]


def test_the_tenant_of_a_subscription_that_lacks_the_registry_is_not_the_registrys() -> None:
    """Somebody else has taken the name: that the subscription named has the right tenant says nothing of theirs."""

    def taken(world: World) -> None:
        theirs = Subscription("0d9c1f5e-6a27-4b38-8e41-f2b7a3c85d60", "theirs", OTHER_TENANT)
        registry = world.cloud.registries["myacr"]
        world.cloud.subscriptions[theirs.id] = theirs
        registry.subscription_id, registry.tenant_id = theirs.id, theirs.tenant_id

    with Emulator() as emulator:
        emulator.change(taken)
        choice = EvidenceChoice(method="azure-cli", subscription=SUBSCRIPTION)
        (found,) = diagnose(climbed(emulator, KNOWN["exchange-cross-tenant"], choice))
    assert found.certainty is Certainty.ONE_OF
    assert "exchange-cross-tenant" in told((found,))


def test_a_role_of_which_nobody_knows_whether_it_counts_may_be_none() -> None:
    """A role on one repository is documented for ABAC mode; that it opens nothing elsewhere stays possible."""
    with Emulator() as emulator:
        emulator.change(no_role, given("AcrPull", repository("team/app")))
        (found,) = diagnose(climbed(emulator, KNOWN["exchange-no-role"]))
    assert found.certainty is Certainty.ONE_OF
    assert "exchange-no-role" in told((found,))


def test_what_no_world_brings_about_says_why() -> None:
    """It is a sentence of its own."""
    for mode in MODES.values():
        assert not mode.not_emulated or mode.not_emulated.endswith("."), mode.id
