"""The same causes of a right that is missing, whoever it is missing to, and more than one of them at once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from emulator.climbing import climbed

from pytest_acrauth.diagnosis.climb import diagnose
from pytest_acrauth.diagnosis.conclusion import Certainty, Diagnosis
from pytest_acrauth.emulator import Change, Emulator, Scenario, World
from pytest_acrauth.emulator.scenarios.variants import IDENTITIES
from pytest_acrauth.emulator.world.cloud import DAY, EVERYBODY, MINUTE, DenyAssignment, RoleAssignment
from pytest_acrauth.emulator.world.healthy import OPERATOR, PRINCIPAL
from pytest_acrauth.emulator.world.roles import EVIDENCE, EVIDENCE_ROLE, REGISTRIES, Role

PUSHING = {"repository": "team/app:latest", "must": "pull,push"}
WRITER = Role("3d7c51f0-86ae-4b29-a014-92c8e6f5d7b3", (f"{REGISTRIES}/push/*",), built_in=False)
#: Whoever can hold a role, and signs in to Entra or is looked up there.
HOLDERS = ("service-principal", "basic", "azure-cli", "managed-identity", "workload-identity")


def given(role: str, ago: float) -> Change:
    """Give everybody who may pull from myacr another role, so many seconds ago."""

    def change(world: World) -> None:
        cloud = world.cloud
        holders = {each.principal_id for each in cloud.assignments if each.role == "AcrPull"}
        scope = cloud.registries["myacr"].resource_id
        cloud.assignments += [RoleAssignment(each, role, scope, created=cloud.now() - ago) for each in sorted(holders)]

    return change


def with_wildcard(world: World) -> None:
    """Let a custom role's wildcard allow pushing."""
    world.cloud.custom_roles["Image Writer"] = WRITER
    given("Image Writer", DAY)(world)


def denied(world: World) -> None:
    """Let a role allow pushing, and deny it to all."""
    given("AcrPush", DAY)(world)
    scope = world.cloud.registries["myacr"].resource_id
    world.cloud.denials.append(DenyAssignment("stack", scope, (EVERYBODY,), actions=(f"{REGISTRIES}/push/write",)))


def by_repository(world: World) -> None:
    """Switch to rights by repository, where those who had a legacy role have the right one for pulling as well."""
    world.cloud.registries["myacr"].abac = True
    given("AcrPush", DAY)(world)
    given("Container Registry Repository Reader", DAY)(world)


def found(auth: str, *changes: Change, **options: str) -> tuple[Diagnosis, ...]:
    """Climb as an identity in a changed world and conclude."""
    scenario = Scenario("any", lambda _: None, {"auth": auth} | PUSHING | options)
    with Emulator() as emulator:
        emulator.change(IDENTITIES[auth], *changes)
        return diagnose(climbed(emulator, scenario))


@pytest.mark.broad(of=5)
@pytest.mark.parametrize("auth", HOLDERS)
@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (given("AcrPush", MINUTE), "role-propagation-delay"),
        (given("AcrPull", DAY), "scope-not-granted"),
        (with_wildcard, "custom-role-wildcard"),
        (denied, "deny-assignment"),
        (by_repository, "abac-legacy-role-ineffective"),
    ],
    ids=lambda each: each if isinstance(each, str) else "",
)
def test_a_missing_right_has_the_same_causes_for_every_identity(auth: str, change: Change, expected: str) -> None:
    """A reduced token is explained as a refused exchange would be, for whoever can hold a role."""
    (diagnosis,) = found(auth, change)
    assert [mode.id for mode in diagnosis.candidates] == [expected]
    assert diagnosis.certainty is Certainty.PROVEN


def test_rights_that_are_missing_for_two_reasons_are_both_told() -> None:
    """Pushing was given a minute ago, and deleting never: two diagnoses, each proven."""
    diagnoses = found("service-principal", given("AcrPush", MINUTE), must="pull,push,delete")
    assert [each.mode and each.mode.id for each in diagnoses] == ["scope-not-granted", "role-propagation-delay"]
    assert {each.certainty for each in diagnoses} == {Certainty.PROVEN}


def without(action: str) -> Callable[[World], None]:
    """Take one right to look away."""

    def change(world: World) -> None:
        left = tuple(each for each in EVIDENCE_ROLE.actions if action not in each)
        world.cloud.custom_roles[EVIDENCE] = replace(EVIDENCE_ROLE, actions=left)

    return change


def test_a_role_that_cannot_be_read_excludes_nothing() -> None:
    """What no role definition tells stays open, and the text says that it could not be read."""
    (diagnosis,) = found("service-principal", without("roleDefinitions"))
    assert {"scope-not-granted", "role-propagation-delay"} < {mode.id for mode in diagnosis.candidates}
    assert diagnosis.certainty is Certainty.ONE_OF
    told = {
        str(each.value) for finding in diagnosis.findings for each in finding.answers if each.question.id == "roles"
    }
    assert all("could not be read" in text for text in told)


def test_denials_that_cannot_be_read_are_not_none() -> None:
    """Denials that nobody could look at leave a denial probable where roles are enough; a missing role is proven."""
    (diagnosis,) = found("service-principal", denied, without("denyAssignments"))
    assert [mode.id for mode in diagnosis.candidates] == ["deny-assignment"]
    assert diagnosis.certainty is Certainty.PROBABLE
    (diagnosis,) = found("service-principal", without("denyAssignments"))
    assert (diagnosis.mode and diagnosis.mode.id, diagnosis.certainty) == ("scope-not-granted", Certainty.PROVEN)


def test_more_roles_than_are_read_leave_it_open() -> None:
    """A role beyond those that are read may be the one that counts."""

    def many(world: World) -> None:
        scope = world.cloud.registries["myacr"].resource_id
        names = [f"Custom {number}" for number in range(8)]
        ids = [f"00000000-0000-4000-8000-00000000000{number}" for number in range(8)]
        world.cloud.custom_roles |= {
            name: Role(each, (f"{REGISTRIES}/read",), built_in=False) for name, each in zip(names, ids, strict=True)
        }
        world.cloud.assignments += [RoleAssignment(PRINCIPAL, name, scope) for name in names]

    (diagnosis,) = found("service-principal", many)
    assert diagnosis.certainty is Certainty.ONE_OF


def test_an_image_in_quarantine_is_not_called_absent() -> None:
    """Where quarantine is on, a missing image and one that is held back look the same."""

    def held_back(world: World) -> None:
        registry = world.cloud.registries["myacr"]
        registry.quarantine = True
        registry.repositories["team/app"].quarantined = set(registry.repositories["team/app"].manifests)

    (diagnosis,) = found("service-principal", held_back, must="pull")
    assert [mode.id for mode in diagnosis.candidates] == ["image-not-found", "quarantined-image"]


def test_the_operator_is_another_principal() -> None:
    """Nobody's rights are taken for another's: the user of az has a role, and the service principal has none."""

    def only_operator(world: World) -> None:
        keep = {EVIDENCE, "Reader"}
        world.cloud.assignments[:] = [
            each for each in world.cloud.assignments if each.role in keep or each.principal_id == OPERATOR.object_id
        ]

    (diagnosis,) = found("service-principal", only_operator, must="pull")
    assert diagnosis.mode
    assert diagnosis.mode.id == "exchange-no-role"
    assert found("azure-cli", only_operator, must="pull") == ()
