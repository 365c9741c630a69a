"""A registry that az does not find: where evidence says it is, and that nothing is claimed where nobody looked."""

from __future__ import annotations

from dataclasses import replace

import pytest
from conftest import Inner
from emulator.climbing import checked, prepared
from rules import broken_rules
from test_evidence_scenarios import busy

from pytest_acrauth.catalogue.symptoms.management import ARM_NOT_FOUND
from pytest_acrauth.catalogue.tables import causes
from pytest_acrauth.diagnosis.client import diagnose_client, unplaced
from pytest_acrauth.diagnosis.climb import NOT_ASKED
from pytest_acrauth.diagnosis.conclusion import Certainty, Diagnosis
from pytest_acrauth.diagnosis.text import recognise
from pytest_acrauth.emulator import LOOK_ALIKES, READY, SCENARIOS, Emulator, Scenario
from pytest_acrauth.emulator.scenarios.changes import unseen
from pytest_acrauth.emulator.world import World
from pytest_acrauth.emulator.world.cloud import ARM, SUBSCRIPTION
from pytest_acrauth.emulator.world.healthy import OTHER_SUBSCRIPTION
from pytest_acrauth.model.client_record import ClientRecord, Ran, RecordLook
from pytest_acrauth.model.evidence import OFF, EvidenceChoice, Look, RegistryFacts
from pytest_acrauth.report.explanation import explanation
from pytest_acrauth.report.text import explain
from pytest_acrauth.running.run import Run

AZ = [each for each in SCENARIOS.values() if each.client == "az"]
NOT_FOUND, WRONG, NO_READ = (
    f"arm-{name}" for name in ("registry-not-found-in-subscription", "wrong-subscription", "no-read")
)
ALL = {NOT_FOUND, WRONG, NO_READ}
NOW = 1_800_000_000.0
BEFORE = "2026-01-01T00:00:00+00:00"
HERE = RegistryFacts(
    found=True,
    subscription_id=SUBSCRIPTION,
    resource_id=f"/subscriptions/{SUBSCRIPTION}/resourceGroups/g/providers/Microsoft.ContainerRegistry/registries/myacr",
    login_server="myacr.azurecr.io",
    created=BEFORE,
)
FREE = RegistryFacts(found=False, subscription_id=SUBSCRIPTION, name_free=True, all_readable=True)
WORDS = (
    "ERROR: The resource with name 'myacr' and type 'Microsoft.ContainerRegistry/registries' could not be found in"
    f" subscription 'registries ({SUBSCRIPTION})'."
)


def one(record: ClientRecord) -> Diagnosis:
    """Return the only diagnosis of a client check, whose texts keep every rule."""
    (found,) = diagnose_client(record)
    assert broken_rules(found) == []
    return found


def candidates(diagnosis: Diagnosis) -> set[str]:
    """Return the ids of the causes that remain."""
    return {mode.id for mode in diagnosis.candidates}


def unshown(look: Look[RegistryFacts] | None, server: str = "myacr.azurecr.io") -> ClientRecord:
    """Return the check of an az that finds no myacr in its subscription, and what a look at the registry told."""
    account = Ran(arguments=("az", "account", "show"), exit_code=0, stdout=SUBSCRIPTION)
    show = Ran(arguments=("az", "acr", "show", "--name", "myacr"), exit_code=3, stderr=WORDS)
    looks = (RecordLook(server, look),) if look is not None else ()
    record = ClientRecord(client="az", checked_at=NOW, command="/usr/bin/az", runs=(account, show))
    return replace(record, login_servers=(server,), looks=looks)


@pytest.mark.parametrize("scenario", AZ, ids=lambda each: each.id)
def test_with_evidence_it_is_proven(scenario: Scenario) -> None:
    """One look finds out what az's words leave open; only who may read is asked, and nothing but reading."""
    with Emulator(scenario.id) as emulator:
        record = checked(emulator, scenario)
    found = one(record)
    assert (candidates(found), found.certainty) == ({scenario.id}, Certainty.PROVEN)
    assert f"service principal {emulator.environ['AZURE_CLIENT_ID']}" in " ".join(explain(found, full=True).split())
    assert ClientRecord.from_json(record.to_json()) == record


@pytest.mark.parametrize("scenario", AZ, ids=lambda each: each.id)
def test_without_evidence_nothing_is_proven(scenario: Scenario) -> None:
    """Nobody is asked, and every cause of these words remains."""
    with Emulator(scenario.id) as emulator:
        found = one(checked(emulator, scenario, EvidenceChoice(method=OFF)))
        assert ARM not in {each.host for each in emulator.requests}
    assert candidates(found) == {mode.id for mode in causes(found.symptom)}
    assert found.certainty is not Certainty.PROVEN
    assert f"Could not look: {NOT_ASKED}" in " ".join(explain(found).split())


@pytest.mark.parametrize("scenario", AZ, ids=lambda each: each.id)
def test_where_nobody_can_answer_the_reason_is_said(scenario: Scenario) -> None:
    """A management plane that fails is "could not look" with its answer, and rules nothing out."""
    with Emulator(scenario.id) as emulator:
        emulator.change(busy)
        found = one(checked(emulator, scenario, EvidenceChoice()))
    assert candidates(found) == {mode.id for mode in causes(found.symptom)}
    assert found.certainty is not Certainty.PROVEN
    text = " ".join(explain(found).split())
    assert "Could not look: management.azure.com answered 503, as service principal" in text


def test_a_client_that_works_is_looked_at_no_further() -> None:
    """Nobody is asked for evidence about a registry that az shows."""
    with Emulator("healthy") as emulator:
        run, target = prepared(emulator, SCENARIOS["healthy"], None)
        assert run.check_client("az", [target]).looks == ()
        assert ARM not in {each.host for each in emulator.requests}


def test_without_a_registry_nothing_is_looked_up() -> None:
    """A client that is checked alone is not asked for any registry."""
    with Emulator(WRONG) as emulator:
        assert Run(emulator.machine).check_client("az").looks == ()
        assert ARM not in {each.host for each in emulator.requests}


def test_each_registry_is_looked_at_once() -> None:
    """Two registries, one with two identities: a look for each, as one login."""
    with Emulator(WRONG) as emulator:
        run, target = prepared(emulator, SCENARIOS[WRONG], None)
        other = replace(target, registry=replace(target.registry, name="otheracr", login_server="otheracr.azurecr.io"))
        record = run.check_client("az", [target, other, replace(target, references=())])
        asked = [each.path for each in emulator.requests if each.host == ARM]
    assert [each.login_server for each in record.looks] == ["myacr.azurecr.io", "otheracr.azurecr.io"]
    assert len([path for path in asked if "ResourceGraph" in path]) == 2
    assert len(asked) == 4
    assert [candidates(found) for found in diagnose_client(record)] == [{WRONG}, {WRONG}]


def test_a_climbs_look_is_not_taken_again() -> None:
    """What the climb of the same run looked up is what the client's check goes by."""
    scenario = SCENARIOS[NOT_FOUND]
    with Emulator(NOT_FOUND) as emulator:
        run, target = prepared(emulator, scenario, None)
        climbed = run.check([target])
        before = len([each for each in emulator.requests if each.host == ARM])
        record = run.check_client("az", [target], climbed)
        assert len([each for each in emulator.requests if each.host == ARM]) == before > 0
    assert record.looks[0].look is climbed[0].evidence.registry
    assert candidates(one(record)) == {NOT_FOUND}


def test_the_whole_plugin_looks_once(inner: Inner) -> None:
    """A climb that broke and a client that failed go by one look."""
    inner.pytester.makepyfile(
        """
        from pytest_acrauth.plugin.commands.emulation import EMULATOR

        def test_counts(request):
            asked = [each.path for each in request.config.stash[EMULATOR].requests]
            assert len([path for path in asked if path.endswith("checkNameAvailability")]) == 1
        """
    )
    result = inner.emulate(NOT_FOUND)
    result.assert_outcomes(failed=2, passed=2, skipped=5)


@pytest.mark.broad(of=8)
@pytest.mark.parametrize("where", [(), ("-n", "2")], ids=["here", "workers"])
@pytest.mark.parametrize(
    "scenario",
    [*AZ, *(each for each in LOOK_ALIKES.values() if each.client and each.cause != READY)],
    ids=lambda each: each.id,
)
def test_the_whole_plugin_says_so(inner: Inner, scenario: Scenario, where: tuple[str, ...]) -> None:
    """The check of a client fails with its own cause as a fact, in whichever process it is judged."""
    result = inner.emulate(scenario.id, *where)
    result.stdout.fnmatch_lines([f"{scenario.cause}: *"])
    assert f"{scenario.cause}: probably" not in result.stdout.str()


def test_the_whole_plugin_without_evidence(inner: Inner) -> None:
    """Switched off, it is one of three."""
    result = inner.emulate(WRONG, "--acr-evidence", "off")
    result.stdout.fnmatch_lines([f"FAILED acr::client::az - {ARM_NOT_FOUND.id}: one of *"])


def test_a_pasted_text_stays_one_of_three() -> None:
    """The words alone do not tell; nobody is asked about a text."""
    (found,) = recognise(WORDS)
    assert candidates(found) == ALL
    assert found.certainty is Certainty.ONE_OF


def test_the_remedy_names_the_subscription_and_the_scope() -> None:
    """What was looked up is in the commands."""
    elsewhere = one(unshown(Look(HERE._replace(subscription_id=OTHER_SUBSCRIPTION), who="x")))
    assert f"az acr login -n myacr --subscription {OTHER_SUBSCRIPTION}" in explain(elsewhere)
    here = one(unshown(Look(HERE, who="x")))
    (grant,) = [each.text for each in explanation(here).steps if "assignment create" in each.text]
    assert f'--role "Reader" --scope {HERE.resource_id}' in grant


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        (HERE, {NO_READ}),
        (HERE._replace(subscription_id=SUBSCRIPTION.upper()), {NO_READ}),
        (HERE._replace(subscription_id=OTHER_SUBSCRIPTION), {WRONG}),
        (FREE, {NOT_FOUND}),
    ],
    ids=["same", "same-in-capitals", "other", "nowhere"],
)
def test_what_a_record_proves(record: RegistryFacts, expected: set[str]) -> None:
    """The place of the record is the cause."""
    found = one(unshown(Look(record, who="x")))
    assert (candidates(found), found.certainty) == (expected, Certainty.PROVEN)


@pytest.mark.parametrize(
    ("record", "server"),
    [
        (HERE._replace(login_server="myacr-c0ffee.azurecr.io"), "myacr.azurecr.io"),
        (HERE._replace(login_server=""), "myacr.azurecr.io"),
        (RegistryFacts(found=False, readable=False, subscription_id=SUBSCRIPTION), "myacr.azurecr.io"),
        (FREE._replace(all_readable=False), "myacr.azurecr.io"),
        (FREE._replace(subscription_id=OTHER_SUBSCRIPTION), "myacr.azurecr.io"),
        (FREE._replace(name_free=None), "myacr.azurecr.io"),
        (FREE._replace(name_free=False), "myacr.azurecr.io"),
        (FREE, "myacr-c0ffee.azurecr.io"),
    ],
    ids=["namesake", "no-host", "forbidden", "not-all-seen", "not-there", "free-unknown", "taken", "free-with-hash"],
)
def test_what_a_record_does_not_prove(record: RegistryFacts, server: str) -> None:
    """Of another registry, of another subscription, or of less than all that is in it: every cause stays possible."""
    found = one(unshown(Look(record, who="x"), server))
    assert (candidates(found), found.certainty) == (ALL, Certainty.ONE_OF)


@pytest.mark.parametrize("created", ["2027-01-15T07:55:00+00:00", ""], ids=["minutes-ago", "unknown"])
def test_a_new_registry_can_be_missing_from_the_list(created: str) -> None:
    """Azure lists a new registry late, so that a missing right is only what is left."""
    found = one(unshown(Look(HERE._replace(created=created), who="x")))
    assert (candidates(found), found.certainty) == ({NO_READ}, Certainty.PROBABLE)


def test_a_refused_read_of_a_namesake_stays_what_it_is() -> None:
    """A registry of the same name where az looked is refused, whatever is known of the one that was asked for."""
    record = unshown(Look(HERE._replace(subscription_id=OTHER_SUBSCRIPTION), who="x"))
    refusal = (
        "ERROR: (AuthorizationFailed) The client 'x' with object id '2b7f9c5e-4d31-4e8a-b6c0-9a5d1e3f7086' does not"
        f" have authorization to perform action 'Microsoft.ContainerRegistry/registries/read' over scope"
        f" '{HERE.resource_id}'"
    )
    account, show = record.runs
    found = one(replace(record, runs=(account, show._replace(stderr=refusal))))
    assert (candidates(found), found.certainty) == ({NO_READ}, Certainty.PROBABLE)


def test_other_words_of_az_want_no_look() -> None:
    """Only words whose causes the registry's place tells apart are looked into."""
    record = unshown(None)
    assert unplaced(record) == ("myacr.azurecr.io",)
    account, show = record.runs
    other = show._replace(stderr=f"ERROR: (SubscriptionNotFound) The subscription '{SUBSCRIPTION}' could not be found.")
    assert unplaced(replace(record, runs=(account, other))) == ()


def test_who_may_not_look_claims_nothing() -> None:
    """An asker who is shown no registry leaves every cause open, and the text says who asked."""

    def nobody_reads(world: World) -> None:
        unseen(world)
        world.cloud.assignments[:] = [each for each in world.cloud.assignments if each.role == "AcrPull"]

    with Emulator("arm-unlisted") as emulator:
        emulator.change(nobody_reads)
        found = one(checked(emulator, LOOK_ALIKES["arm-unlisted"]))
    assert (candidates(found), found.certainty) == (ALL, Certainty.ONE_OF)
    assert "this identity is shown no registry of that name" in " ".join(explain(found).split())
