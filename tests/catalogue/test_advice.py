"""What a cause advises by what is known: which roles, to whom, on what, and which password is renewed."""

from __future__ import annotations

from dataclasses import replace

import pytest
from factories import (
    ANONYMOUS,
    BASIC,
    CLIENT_ID,
    OBJECT_ID,
    SERVICE_PRINCIPAL,
    climb,
    credential,
    generic_401,
    reply,
    target,
)

from pytest_acrauth.catalogue.shape import Verdict
from pytest_acrauth.diagnosis.climb import diagnose
from pytest_acrauth.model.credential import Kind
from pytest_acrauth.model.evidence import (
    EVERYBODY,
    Denial,
    Evidence,
    Look,
    Named,
    PasswordFacts,
    RegistryFacts,
    RoleAssignment,
    RoleFacts,
    ScopeMapFacts,
    ScopeMapTokenFacts,
)
from pytest_acrauth.model.observation import AccessToken, Exchange, RefreshClaims
from pytest_acrauth.model.stage import Stage
from pytest_acrauth.model.transcript import Transcript
from pytest_acrauth.report.explanation import Step, cause, filled, headline

SCOPE = "/subscriptions/s/resourceGroups/g/providers/Microsoft.ContainerRegistry/registries/myacr"
ENDED, LASTING = "2025-01-01T00:00:00+00:00", "2099-01-01T00:00:00+00:00"


def lacking(*must: str, abac: bool | None = None, kind: Kind = Kind.SERVICE_PRINCIPAL) -> Transcript:
    """Return a climb whose access token for team/app grants nothing, of a registry whose mode is told or not."""
    mode = {None: "", True: "AbacRepositoryPermissions", False: "LegacyRegistryPermissions"}[abac]
    identity = ANONYMOUS if kind is Kind.ANONYMOUS else SERVICE_PRINCIPAL
    token = AccessToken(scope="repository:team/app:x", must=must, issued=True, granted=(), reply=reply(200))
    looks = Evidence(
        registry=Look(value=RegistryFacts(found=True, resource_id=SCOPE, role_assignment_mode=mode)),
        roles=Look(value=RoleFacts(principal_id=OBJECT_ID, denials=())) if identity is SERVICE_PRINCIPAL else None,
    )
    own = replace(credential(identity), kind=kind)
    changes = {"evidence": looks, "exchange": Exchange(issued=True, claims=RefreshClaims(), reply=reply(200))}
    return climb(Stage.ACCESS_TOKEN, token, chosen=target(identity, "team/app", must=must), own=own, **changes)


def steps(transcript: Transcript, mode: str) -> tuple[Step, ...]:
    """Return what the only diagnosis of a transcript advises for one of its causes."""
    (diagnosis,) = diagnose(transcript)
    found = next(each.mode for each in diagnosis.findings if each.mode.id == mode and each.verdict is not Verdict.NO)
    return cause(found, filled(diagnosis.seen)).steps


def assignments(transcript: Transcript) -> list[str]:
    """Return the commands that assign a role."""
    return [step.text for step in steps(transcript, "scope-not-granted") if "assignment create" in step.text]


def roles(transcript: Transcript) -> list[str]:
    """Return the roles that are advised."""
    return [command.split('--role "')[1].split('"')[0] for command in assignments(transcript)]


REPOSITORY = "Container Registry Repository "


@pytest.mark.parametrize(
    ("must", "wide", "narrow"),
    [
        (("pull",), ["AcrPull"], "Reader"),
        (("pull", "push"), ["AcrPush"], "Writer"),
        (("pull", "delete"), ["AcrPull", "AcrDelete"], "Contributor"),
        (("push", "delete"), ["AcrPush", "AcrDelete"], "Contributor"),
        (("metadata_read", "metadata_write"), ["AcrPush"], "Writer"),
    ],
)
def test_the_roles_are_for_all_that_lacks_by_the_registrys_mode(must: tuple[str, ...], wide: list[str], narrow: str):
    """Every action asked for is in the roles advised, which are those of the registry's mode, or of either."""
    assert roles(lacking(*must, abac=False)) == wide
    assert roles(lacking(*must, abac=True)) == [REPOSITORY + narrow]
    assert roles(lacking(*must)) == [*wide, REPOSITORY + narrow]


def test_a_role_of_abac_mode_is_for_the_one_repository():
    """Where a condition can limit a role, it is advised with one."""
    (command,) = assignments(lacking("pull", abac=True))
    assert command.endswith("StringEqualsIgnoreCase 'team/app'\"")


@pytest.mark.parametrize(
    ("kind", "principal"),
    [
        (Kind.USER, "User"),
        (Kind.SERVICE_PRINCIPAL, "ServicePrincipal"),
        (Kind.MANAGED_IDENTITY, "ServicePrincipal"),
    ],
)
def test_a_role_is_assigned_by_object_id(kind: Kind, principal: str):
    """Whoever the Entra token names gets the role, on the registry's own id."""
    (command,) = assignments(lacking("pull", abac=False, kind=kind))
    assert f"--assignee-object-id {OBJECT_ID} --assignee-principal-type {principal}" in command
    assert command.endswith(f"--scope {SCOPE}")


@pytest.mark.parametrize("known", [True, False])
def test_a_look_tells_the_object_id_where_no_token_does(*, known: bool):
    """Where nobody signed in at Entra, what was looked up names the principal; else its client id does."""
    own = replace(credential(BASIC), kind=Kind.SERVICE_PRINCIPAL, user_name=CLIENT_ID)
    found = Evidence(roles=Look(value=RoleFacts(principal_id=OBJECT_ID))) if known else Evidence()
    refused = AccessToken(reply=generic_401())
    told = steps(climb(Stage.ACCESS_TOKEN, refused, chosen=target(BASIC), own=own, evidence=found), "sp-lacks-role")
    expected = f"--assignee-object-id {OBJECT_ID} " if known else f"--assignee {CLIENT_ID} "
    assert all(expected in step.text for step in told if step.command)


@pytest.mark.parametrize("abac", [True, False, None])
def test_what_no_role_has_is_said(*, abac: bool | None):
    """Where no role for images allows an action, none is advised for it, and a sentence says what would."""
    told = steps(lacking("deleted_restore", abac=abac), "scope-not-granted")
    assert assignments(lacking("deleted_restore", abac=abac)) == []
    assert any("registries/deleted/restore/action" in step.text for step in told)
    assert not any("deleted" in step.text for step in steps(lacking("pull", abac=abac), "scope-not-granted"))


def test_nobody_is_given_no_role():
    """An anonymous caller can hold no role, so none is advised, and what helps is said."""
    told = steps(lacking("push", kind=Kind.ANONYMOUS), "anonymous-pull-only")
    assert not any("role" in step.text for step in told)
    assert any("--acr-auth" in step.text for step in told)


@pytest.mark.parametrize(
    ("passwords", "renewed"),
    [
        ({}, "--password1"),
        ({"password1": ENDED, "password2": ENDED}, "--password1"),
        ({"password1": LASTING}, "--password2"),
        ({"password2": LASTING}, "--password1"),
        ({"password1": LASTING, "password2": ENDED}, "--password2"),
        ({"password1": LASTING, "password2": LASTING}, ""),
        ({"": LASTING}, ""),
    ],
)
def test_a_password_that_clients_use_is_not_replaced(passwords: dict[str, str], renewed: str):
    """The password that is generated has ended or was never made; where each can be in use, a person has to choose."""
    made = tuple(PasswordFacts(name=name, created=ENDED, expiry=end) for name, end in passwords.items())
    token = ScopeMapTokenFacts(found=True, enabled=True, passwords=made)
    own = replace(credential(BASIC), kind=Kind.SCOPE_MAP_TOKEN, user_name="puller")
    looks = Evidence(scope_map_token=Look(value=token))
    broken = climb(Stage.ACCESS_TOKEN, AccessToken(reply=generic_401()), chosen=target(BASIC), own=own, evidence=looks)
    (diagnosis,) = diagnose(broken)
    told = [step for mode in diagnosis.candidates for step in cause(mode, filled(diagnosis.seen)).steps]
    commands = [step.text for step in told if step.command and "credential generate" in step.text]
    assert bool(commands) is bool(renewed)
    assert all(f" {renewed} " in command for command in commands)


def test_the_scope_map_to_widen_is_the_one_that_was_read():
    """Whichever look found the scope map's name, the command has it."""
    own = replace(credential(BASIC), kind=Kind.SCOPE_MAP_TOKEN, user_name="puller")
    actions = ("repositories/team/app/content/read",)
    looks = Evidence(scope_map=Look(value=ScopeMapFacts(found=True, name="app-pull", actions=actions)))
    token = AccessToken(scope="repository:team/app:x", must=("push",), issued=True, granted=("pull",), reply=reply(200))
    chosen = target(BASIC, "team/app", must=("push",))
    told = steps(climb(Stage.ACCESS_TOKEN, token, chosen=chosen, own=own, evidence=looks), "scope-map-lacks-action")
    (widen, *_) = (step.text for step in told if step.command)
    assert widen.startswith("az acr scope-map update -n app-pull ")


def test_the_custom_role_is_the_one_whose_wildcard_is_ignored():
    """Of several custom roles with wildcards, the one is named that would allow what is wanted."""
    usual = {"role_id": "x", "scope": SCOPE, "custom": True, "created": ENDED}
    other = RoleAssignment(role="storage", actions=("Microsoft.Storage/*",), **usual)
    meant = RoleAssignment(role="images", actions=("Microsoft.ContainerRegistry/registries/*",), **usual)
    looks = Evidence(roles=Look(value=RoleFacts(principal_id=OBJECT_ID, assignments=(other, meant), denials=())))
    refused = climb(Stage.ACCESS_TOKEN, AccessToken(scope="repository:team/app:pull", reply=generic_401()))
    (diagnosis,) = diagnose(replace(refused, evidence=looks))
    assert headline(diagnosis) == "custom-role-wildcard: images uses a wildcard, which is ignored"
    (told,) = (step.text for step in steps(diagnosis.broken.transcript, "custom-role-wildcard") if not step.command)
    assert "Microsoft.ContainerRegistry/registries/pull/read" in told


def test_the_condition_to_widen_is_that_of_the_role_that_lacks():
    """Of several roles under conditions, the file gets the one that would allow what is wanted here."""
    wanted = "Microsoft.ContainerRegistry/registries/repositories/content/write"
    elsewhere = "@Request[Microsoft.ContainerRegistry/registries/repositories:name] StringEqualsIgnoreCase 'team/b'"
    usual = {"role_id": "x", "scope": SCOPE, "condition": elsewhere, "condition_version": "2.0", "created": ENDED}
    delegating = RoleAssignment(role="User Access Administrator", actions=("*",), **usual)
    writing = RoleAssignment(role="Container Registry Repository Writer", data_actions=(wanted,), **usual)
    held = Look(value=RoleFacts(OBJECT_ID, assignments=(delegating, writing), denials=()))
    transcript = lacking("push", abac=True)
    transcript = replace(transcript, evidence=transcript.evidence._replace(roles=held))
    (listed, _) = (step.text for step in steps(transcript, "abac-condition-excludes-repo") if step.command)
    assert "roleDefinitionName=='Container Registry Repository Writer'] | [0]" in listed


def test_a_denial_is_told_whether_or_not_there_is_a_role():
    """Where both are in the way, both are said, and neither says what is not so."""
    refused = climb(Stage.EXCHANGE, Exchange(reply=generic_401()))
    denial = Denial("stack", SCOPE, (Named(EVERYBODY),), actions=("Microsoft.ContainerRegistry/registries/pull/read",))
    held = Look(value=RoleFacts(OBJECT_ID, assignments=(), denials=(denial,)))
    record = Look(value=RegistryFacts(found=True, resource_id=SCOPE, role_assignment_mode="LegacyRegistryPermissions"))
    told = diagnose(replace(refused, evidence=Evidence(roles=held, registry=record)))
    assert [headline(each) for each in told] == [
        "exchange-no-role: the identity has no role for images on myacr",
        "deny-assignment: a deny assignment forbids this, whatever the roles",
    ]


@pytest.mark.parametrize("kind", [Kind.USER, Kind.SERVICE_PRINCIPAL, Kind.MANAGED_IDENTITY])
def test_what_only_people_can_do_is_told_to_people_alone(kind: Kind) -> None:
    """Nobody activates a role for an application."""
    told = " ".join(step.text for step in steps(lacking("push", kind=kind), "scope-not-granted"))
    assert ("Privileged Identity Management" in told) is (kind is Kind.USER)
