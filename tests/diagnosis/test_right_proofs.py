"""What roles, denials, conditions, scope maps and stored logins prove of a right: from facts, without I/O."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from factories import (
    ANONYMOUS,
    BASIC,
    OBJECT_ID,
    SERVICE_PRINCIPAL,
    STARTED,
    TENANT_ID,
    climb,
    credential,
    generic_401,
    reply,
    target,
)
from looks import (
    DAY,
    MINUTE,
    PULL,
    PUSH,
    REGISTRIES,
    RESOURCE_ID,
    YOUNG,
    ids,
    iso,
    looked,
    one,
    record,
    role,
    roles,
    with_evidence,
)

from pytest_acrauth.catalogue.facts import RoleMode
from pytest_acrauth.catalogue.questions.rights import Rights
from pytest_acrauth.catalogue.questions.role_conditions import lets_through
from pytest_acrauth.diagnosis.climb import diagnose
from pytest_acrauth.model.credential import Kind, SecretShape
from pytest_acrauth.model.evidence import EVERYBODY, Denial, Evidence, Look, Named, RoleFacts, ScopeMapFacts
from pytest_acrauth.model.observation import AccessToken, Exchange, Operation, RefreshClaims
from pytest_acrauth.model.stage import Stage
from pytest_acrauth.report.text import explain

DELETE = (f"{REGISTRIES}artifacts/delete",)
READER = ("Microsoft.ContainerRegistry/registries/repositories/content/read",)
CONDITION = (
    "((!(ActionMatches{'Microsoft.ContainerRegistry/registries/repositories/content/read'})) OR "
    "(@Request[Microsoft.ContainerRegistry/registries/repositories:name] StringStartsWithIgnoreCase 'team/app/'))"
)
BY_REPOSITORY = {"role": "Container Registry Repository Reader", "actions": (), "data_actions": READER}
ABAC = record(role_assignment_mode="AbacRepositoryPermissions")
OTHERS, OURS = "0f0f0f0f-1234-1234-1234-123412341234", "9d9d9d9d-1234-1234-1234-123412341234"


def denial(*actions: str, to: tuple[Named, ...] = (Named(EVERYBODY),), **parts: Any) -> Denial:
    """Return a deny assignment at the registry, for everybody, but for what is given."""
    usual: dict[str, Any] = {"name": "stack", "scope": RESOURCE_ID, "principals": to, "actions": actions}
    return Denial(**(usual | parts))


@pytest.mark.parametrize(
    ("looks", "expected"),
    [
        ({"registry": record(), "roles": roles()}, ["exchange-no-role"]),
        ({"registry": record(), "roles": roles(role(actions=("Microsoft.Storage/*",)))}, ["exchange-no-role"]),
        ({"registry": record(), "roles": roles(role(created=iso(STARTED - MINUTE)))}, ["role-propagation-delay"]),
        (
            {
                "registry": record(),
                "roles": roles(role(custom=True, actions=("Microsoft.ContainerRegistry/registries/*",))),
            },
            ["custom-role-wildcard"],
        ),
        ({"registry": record(), "roles": roles(role(), denials=(denial(*PULL),))}, ["deny-assignment"]),
        ({"registry": record(), "roles": roles(role(), denials=None)}, ["deny-assignment"]),
        ({"registry": record(), "roles": roles(role(), denials=())}, []),
        ({"registry": ABAC, "roles": roles(role())}, ["abac-legacy-role-ineffective"]),
        ({"registry": ABAC, "roles": roles(role(role="Owner", actions=("*",)))}, ["abac-legacy-role-ineffective"]),
        ({"registry": record(), "roles": roles(role(role="Reader", actions=("*/read",)), denials=())}, []),
        ({"registry": record(), "tenant": looked("another-tenant"), "roles": roles()}, ["exchange-cross-tenant"]),
        ({"registry": record(), "tenant": looked(TENANT_ID.upper()), "roles": roles()}, ["exchange-no-role"]),
    ],
)
def test_roles_are_judged_as_the_registry_does(looks: dict[str, Any], expected: list[str]) -> None:
    """A refused exchange has the one cause that the roles, their age, the mode and the tenants leave."""
    transcript = climb(Stage.EXCHANGE, Exchange(reply=generic_401()), chosen=target())
    told = {"tenant": looked(TENANT_ID)} | looks
    assert with_evidence(transcript, **told) == expected


def lacking(look: Any, *must: str, granted: tuple[str, ...] = ("pull",), abac: bool = False) -> list[list[str]]:
    """Return the causes of each diagnosis where an access token lacks what is wanted, by a look at roles."""
    chosen = target(SERVICE_PRINCIPAL, "team/app", must=must)
    scope = f"repository:team/app:{','.join(must)}"
    token = AccessToken(scope=scope, must=must, issued=True, granted=granted, reply=reply(200))
    claims = RefreshClaims(aad_identity=True) if abac else RefreshClaims(permissions=("read",))
    exchange = Exchange(issued=True, claims=claims, reply=reply(200))
    transcript = climb(Stage.ACCESS_TOKEN, token, chosen=chosen, exchange=exchange)
    return [ids(each) for each in diagnose(replace(transcript, evidence=Evidence(roles=look)))]


@pytest.mark.parametrize(
    ("look", "expected"),
    [
        (roles(role()), [["scope-not-granted"]]),
        # Rights on what repositories hold count in ABAC mode alone.
        (
            roles(role(), role(actions=(), data_actions=(f"{REGISTRIES}repositories/content/write",))),
            [["rbac-repository-role-ineffective"]],
        ),
        # The age of the role that gives what is missing counts, not that of another.
        (roles(role(), role(actions=PUSH, created=YOUNG)), [["role-propagation-delay"]]),
        (roles(role(created=YOUNG), role(actions=PUSH)), []),
        # Somewhat older, changed since, of no known date, or through a group: nobody can say.
        (roles(role(actions=PUSH, created=iso(STARTED - 20 * MINUTE))), [["role-propagation-delay"]]),
        (roles(role(actions=PUSH, changed=YOUNG)), [["role-propagation-delay"]]),
        (roles(role(actions=PUSH, created="")), [["role-propagation-delay"]]),
        (roles(role(actions=PUSH, holder=OURS)), [["role-propagation-delay"]]),
        (roles(role(actions=PUSH, holder=OBJECT_ID)), []),
        (roles(role(custom=True, actions=(f"{REGISTRIES}*",))), [["custom-role-wildcard"]]),
        # Two that are missing for two reasons are two diagnoses.
        (roles(role(), denials=(denial(*PUSH),)), [["scope-not-granted"], ["deny-assignment"]]),
        # What could not be read excludes nothing.
        (
            roles(role(), role(readable=False, actions=())),
            [
                [
                    "scope-not-granted",
                    "role-propagation-delay",
                    "rbac-repository-role-ineffective",
                    "custom-role-wildcard",
                ]
            ],
        ),
        (
            roles(role(), whole=False),
            [
                [
                    "scope-not-granted",
                    "role-propagation-delay",
                    "rbac-repository-role-ineffective",
                    "custom-role-wildcard",
                ]
            ],
        ),
        (roles(role(actions=PUSH), denials=None), [["deny-assignment"]]),
        # Roles below the registry.
        (roles(role(actions=PUSH, scope=f"{RESOURCE_ID}/repositories/team/other")), [["scope-not-granted"]]),
        (roles(role(actions=PUSH, scope=f"{RESOURCE_ID}/tokens/puller")), [["scope-not-granted"]]),
        (roles(role(actions=PUSH, scope="/subscriptions/s", created=YOUNG)), [["role-propagation-delay"]]),
    ],
)
def test_what_is_missing_is_judged_by_its_own_role(look: Any, expected: list[list[str]]) -> None:
    """An action that an access token lacks has the cause that the roles for this very action leave."""
    found = lacking(look, "pull", "push")
    assert found == (expected or [[]])


def test_what_is_missing_for_two_reasons_is_told_twice() -> None:
    """Pushing is on its way, and nothing lets it delete: both are proven, each with the role that is really lacking."""
    look = roles(role(), role(actions=PUSH, created=YOUNG))
    assert lacking(look, "pull", "push", "delete") == [["scope-not-granted"], ["role-propagation-delay"]]
    chosen = target(SERVICE_PRINCIPAL, "team/app", must=("pull", "push", "delete"))
    token = AccessToken(scope="x", must=chosen.must, issued=True, granted=("pull",), reply=reply(200))
    transcript = climb(Stage.ACCESS_TOKEN, token, chosen=chosen, evidence=Evidence(roles=look))
    first, _ = diagnose(transcript)
    text = explain(first)
    assert first.seen.facts["unassigned"] == "delete"
    assert "AcrDelete" in text
    assert '--role "AcrPush"' not in text


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (denial(*PUSH), ["deny-assignment"]),
        (denial("*"), ["deny-assignment"]),
        (denial("*", not_actions=(f"{REGISTRIES}push/*",)), []),
        (denial(*DELETE), []),
        (denial(data_actions=("*",)), []),
        (denial(*PUSH, to=(Named(OBJECT_ID),)), ["deny-assignment"]),
        (denial(*PUSH, to=(Named(OTHERS),)), []),
        # Of which groups it is a member is not known, but for those that hold its roles.
        (denial(*PUSH, to=(Named(OURS, group=True),)), ["deny-assignment"]),
        (denial(*PUSH, to=(Named(OTHERS, group=True),)), ["deny-assignment?"]),
        (denial(*PUSH, excluded=(Named(OBJECT_ID),)), []),
        (denial(*PUSH, excluded=(Named(OURS, group=True),)), []),
        (denial(*PUSH, excluded=(Named(OTHERS, group=True),)), ["deny-assignment?"]),
        (denial(*PUSH, scope="/subscriptions/s"), ["deny-assignment"]),
        (denial(*PUSH, scope="/subscriptions/s", below=False), []),
        (denial(*PUSH, below=False), ["deny-assignment"]),
        (denial(*PUSH, condition="@Resource[x] StringEquals 'y'"), ["deny-assignment?"]),
    ],
)
def test_a_denial_counts_if_it_takes_what_is_wanted_from_this_identity(found: Denial, expected: list[str]) -> None:
    """What it denies, to whom, whom it spares and where it stands: each can make it count for nothing."""
    look = roles(role(holder=OURS), role(actions=PUSH, holder=OBJECT_ID), denials=(found,))
    (seen,) = lacking(look, "pull", "push")
    assert seen == [each.removesuffix("?") for each in expected]
    for word in expected:
        rights = Rights(look.value, ("push",), "team/app", RoleMode.RBAC, STARTED)
        assert rights.denied is (None if word.endswith("?") else True)


@pytest.mark.parametrize(
    ("held", "expected"),
    [
        ([BY_REPOSITORY], [["scope-not-granted"]]),
        (["AcrPush"], [["abac-legacy-role-ineffective"]]),
        ([BY_REPOSITORY, "AcrPush"], [["abac-legacy-role-ineffective"]]),
        ([{"scope": f"{RESOURCE_ID}/repositories/team/app", "data_actions": (f"{READER[0][:-4]}write",)}], [[]]),
        ([{"scope": f"{RESOURCE_ID}/repositories/team%2Fapp", "data_actions": (f"{READER[0][:-4]}write",)}], [[]]),
        (
            [{"scope": f"{RESOURCE_ID}/repositories/team", "data_actions": (f"{READER[0][:-4]}write",)}],
            [["scope-not-granted"]],
        ),
    ],
)
def test_in_abac_mode_a_role_counts_by_repository(held: list[Any], expected: list[list[str]]) -> None:
    """Legacy roles count for nothing, and a role on one repository for that alone."""
    made = [
        role(actions=PUSH, role=each) if isinstance(each, str) else role(**{"actions": (), **each}) for each in held
    ]
    assert lacking(roles(*made), "pull", "push", abac=True) == expected


@pytest.mark.parametrize(
    ("parts", "must", "expected"),
    [
        ({"anonymous_pull_enabled": False}, ("pull",), ["anonymous-pull-disabled"]),
        ({"anonymous_pull_enabled": True, "modified": iso(STARTED - DAY)}, ("pull",), []),
        ({"anonymous_pull_enabled": True, "modified": YOUNG}, ("pull",), ["anonymous-pull-propagating"]),
        ({"anonymous_pull_enabled": None}, ("pull",), ["anonymous-pull-disabled", "anonymous-pull-propagating"]),
        ({"anonymous_pull_enabled": True}, ("push",), ["anonymous-pull-only"]),
        ({"anonymous_pull_enabled": False}, ("push",), ["anonymous-pull-only"]),
    ],
)
def test_a_caller_without_a_name_is_refused_by_a_setting(
    parts: dict[str, Any], must: tuple[str, ...], expected: list[str]
) -> None:
    """The record says whether anonymous pull is on; where it is, and long since, nothing known explains a refusal."""
    chosen = target(ANONYMOUS, "team/app", must=must)
    token = AccessToken(scope="x", must=must, reply=generic_401())
    assert with_evidence(climb(Stage.ACCESS_TOKEN, token, chosen=chosen), registry=record(**parts)) == expected


def test_the_right_that_a_refusal_names_is_the_one_that_is_judged() -> None:
    """A refused pull is judged by pulling, though pushing is wanted as well; the refusal's own detail says it."""
    chosen = target(SERVICE_PRINCIPAL, "team/app", must=("pull", "push"))
    detail = '[{"Type": "repository", "Name": "team/app", "Action": "metadata_read"}]'
    for shown, right in ((detail, "metadata_read"), ("", "pull")):
        answer = generic_401(detail=shown, authenticate='Bearer error="insufficient_scope"')
        transcript = climb(Stage.OPERATION, Operation(reply=answer), chosen=chosen)
        found = one(replace(transcript, evidence=Evidence(roles=roles(role(actions=PUSH)))))
        assert ids(found) == ["scope-not-granted"]
        assert found.seen.facts["wanted"] == right


LOGIN = RefreshClaims(permissions=("read",), issued=STARTED - 60 * MINUTE, subject="me@contoso.example")


def by_login(
    token: AccessToken, login: RefreshClaims | None, must: tuple[str, ...] = ("pull", "push"), **looks: Any
) -> list[str]:
    """Return what remains where a stored login is refused, or lacks a right."""
    own = replace(
        credential(BASIC), kind=Kind.REFRESH_TOKEN, user_name="", secret=SecretShape.ACR_REFRESH_TOKEN, login=login
    )
    return with_evidence(
        climb(Stage.ACCESS_TOKEN, token, chosen=target(BASIC, "team/app", must=must), own=own), **looks
    )


PUSHER = {"role": "AcrPush", "actions": (f"{REGISTRIES}pull/read", f"{REGISTRIES}push/write")}


@pytest.mark.parametrize(
    ("login", "given", "expected"),
    [
        (LOGIN, STARTED - 40 * MINUTE, ["refresh-token-older-than-role"]),
        (LOGIN, STARTED - 90 * MINUTE, []),
        (LOGIN, None, ["scope-not-granted"]),
        # What the login itself says that it may do is no matter of its age.
        (LOGIN._replace(permissions=("read", "write")), STARTED - 40 * MINUTE, []),
        # Where rights are given by repository, no login says what it may do.
        (LOGIN._replace(permissions=(), aad_identity=True), STARTED - 40 * MINUTE, ["refresh-token-older-than-role"]),
    ],
)
def test_a_login_keeps_to_what_it_said(login: RefreshClaims, given: float | None, expected: list[str]) -> None:
    """A role given since the login explains a right that lacks; one given before it does not."""
    token = AccessToken(scope="x", must=("pull", "push"), issued=True, granted=("pull",), reply=reply(200))
    held = [role()] + ([role(**PUSHER, created=iso(given))] if given is not None else [])
    old = record(modified=iso(STARTED - DAY))
    assert by_login(token, login, registry=old, roles=roles(*held)) == expected


@pytest.mark.parametrize(
    ("login", "parts", "stale"),
    [
        (LOGIN, {"role_assignment_mode": "AbacRepositoryPermissions"}, True),
        (LOGIN._replace(permissions=(), aad_identity=True), {}, True),
        (LOGIN, {}, False),
        # Both changes of a mode and logins are at most three hours old.
        (LOGIN, {"role_assignment_mode": "AbacRepositoryPermissions", "modified": iso(STARTED - DAY)}, False),
    ],
)
def test_a_login_from_before_the_mode_was_changed(login: RefreshClaims, parts: dict[str, Any], *, stale: bool) -> None:
    """What a stored login says tells the mode it was made in, and the record the mode of now."""
    refused = AccessToken(scope="x", must=("pull",), reply=generic_401())
    found = by_login(refused, login, ("pull",), registry=record(**({"modified": YOUNG} | parts)))
    assert (found == ["abac-mode-switch-stale-credential"]) is stale


def test_a_stored_login_keeps_to_itself_whose_it_is() -> None:
    """Behind a refresh token stands nobody whose roles could be read, so that every cause of rights stays open."""
    own = replace(credential(BASIC), kind=Kind.REFRESH_TOKEN, secret=SecretShape.ACR_REFRESH_TOKEN)
    chosen = target(BASIC, "team/app", must=("pull", "push"))
    token = AccessToken(scope="x", must=chosen.must, issued=True, granted=("pull",), reply=reply(200))
    look = Look[RoleFacts](why="who stands behind the refresh token is not known")
    old = record(modified=iso(STARTED - DAY))
    transcript = climb(Stage.ACCESS_TOKEN, token, chosen=chosen, own=own)
    found = with_evidence(transcript, roles=look, registry=old)
    assert found == [
        *("scope-not-granted", "role-propagation-delay", "rbac-repository-role-ineffective"),
        *("refresh-token-older-than-role", "custom-role-wildcard", "deny-assignment"),
    ]
    assert "abac-mode-switch-stale-credential" in with_evidence(transcript, roles=look, registry=record(modified=YOUNG))


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        (CONDITION, ["abac-condition-excludes-repo"]),
        (
            CONDITION.replace("StringStartsWithIgnoreCase", "StringResembles"),
            ["abac-condition-excludes-repo"],
        ),
        (CONDITION.replace("'team/app/'", "'TEAM/'"), []),
        ("", []),
    ],
)
def test_a_condition_is_judged_for_the_repository(condition: str, expected: list[str]) -> None:
    """What a role's condition leaves out is the cause; one that is not understood keeps it possible."""
    chosen = target(SERVICE_PRINCIPAL, "team/app")
    token = AccessToken(scope="repository:team/app:pull", must=("pull",), issued=True, granted=(), reply=reply(200))
    abac = Exchange(issued=True, claims=RefreshClaims(aad_identity=True), reply=reply(200))
    transcript = climb(Stage.ACCESS_TOKEN, token, chosen=chosen, exchange=abac)
    held = role(**BY_REPOSITORY, condition=condition)
    assert with_evidence(transcript, roles=roles(held)) == expected


@pytest.mark.parametrize(
    ("condition", "right", "repository", "verdict"),
    [
        ("", "content/read", "team/app", True),
        (CONDITION, "content/read", "team/app/web", True),
        (CONDITION, "content/read", "team/app", False),
        (CONDITION, "content/write", "other", True),
        ("(@Request[x/registries/repositories:name] StringEquals 'a') AND (1", "content/read", "a", None),
        ("@Principal[x] StringEquals 'y'", "content/read", "a", None),
        ("@Request[x/registries/repositories:name] StringNotEquals 'a'", "content/read", "a", False),
        (
            "@Request[x/registries/repositories:name] ForAnyOfAnyValues:StringLike {'a/*', 'b/*'}",
            "content/read",
            "b/c",
            True,
        ),
        ("@Request[x/registries/repositories:name] StringEquals {'a'", "content/read", "a", None),
        ("@Request[x/registries/repositories:name] StringEquals 'a'…", "content/read", "a", None),
        (f"{'(' * 20}{CONDITION}{')' * 20}", "content/read", "team/app/web", True),
        ("(" * 1900, "content/read", "a", None),
        (f"{'(' * 400}{CONDITION}{')' * 400}", "content/read", "team/app/web", None),
        ("!" * 1900, "content/read", "a", None),
        (f"{'!' * 1900}({CONDITION})", "content/read", "team/app/web", True),
        ("{" * 1900, "content/read", "a", None),
        ("(" * 1900 + ")" * 1900, "content/read", "a", None),
        ("!(ActionMatches{'*/content/write'}) OR (@Principal[x] StringEquals 'y')", "content/read", "a", True),
        ("!(ActionMatches{'*/content/write'}) OR (@Principal[x] StringEquals 'y')", "content/write", "a", None),
        ("ActionMatches{'*/content/write'} AND (@Principal[x] StringEquals 'y')", "content/read", "a", False),
        ("@Request[x/registries/repositories:name] StringEquals @Principal[y]", "content/read", "a", None),
        ("@Request[x/registries/repositories:name] StringEquals 'a' = 'b'", "content/read", "a", None),
    ],
)
def test_conditions_have_three_verdicts(condition: str, right: str, repository: str, *, verdict: bool | None) -> None:
    """A condition lets through, does not, or is not understood."""
    full = f"Microsoft.ContainerRegistry/registries/repositories/{right}"
    assert lets_through(condition, full, repository) is verdict


@pytest.mark.parametrize(
    ("actions", "expected"),
    [
        (("repositories/*/content/read", "repositories/team/*/content/write"), []),
        (("repositories/team*/content/read",), ["scope-map-lacks-repository"]),
        (("repositories/team/app/content/read",), ["scope-map-lacks-action"]),
        ((), ["scope-map-missing"]),
    ],
)
def test_scope_maps_are_read_by_their_own_wildcard_rule(actions: tuple[str, ...], expected: list[str]) -> None:
    """A wildcard counts alone or behind a slash at a name's end, and nowhere else."""
    chosen = target(BASIC, "team/app", must=("pull", "push"))
    token = AccessToken(scope="repository:team/app:pull,push", must=chosen.must, issued=True, granted=())
    transcript = climb(Stage.ACCESS_TOKEN, token, chosen=chosen)
    looks = {"scope_map": looked(ScopeMapFacts(found=True, name="m", actions=actions, modified=iso(STARTED - DAY)))}
    assert with_evidence(transcript, **looks) == expected
