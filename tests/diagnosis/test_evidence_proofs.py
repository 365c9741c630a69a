"""What each answer of evidence proves, and what it leaves open: from facts, without I/O."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from email.utils import formatdate
from typing import Any

import pytest
from factories import (
    ANONYMOUS,
    AUDIENCE,
    BASIC,
    BLOB_HOST,
    CLIENT_ID,
    HOST,
    OBJECT_ID,
    SERVICE_PRINCIPAL,
    STARTED,
    TENANT_ID,
    climb,
    credential,
    denied_with_ip,
    generic_401,
    observation,
    reply,
    target,
)
from specimens import SPECIMENS, operation

from pytest_acrauth.catalogue.facts import RoleMode
from pytest_acrauth.catalogue.questions.rights import Rights
from pytest_acrauth.catalogue.questions.role_conditions import lets_through
from pytest_acrauth.diagnosis.climb import diagnose, needed
from pytest_acrauth.diagnosis.conclusion import Certainty, Diagnosis
from pytest_acrauth.model.credential import Kind, SecretShape
from pytest_acrauth.model.evidence import (
    EVERYBODY,
    ApplicationFacts,
    CacheRule,
    Denial,
    EntraFacts,
    Evidence,
    Look,
    Named,
    NameFacts,
    Need,
    PasswordFacts,
    PrivateEndpoint,
    RegistryFacts,
    RoleFacts,
    ScopeMapFacts,
    ScopeMapTokenFacts,
    SecretFacts,
)
from pytest_acrauth.model.evidence import RoleAssignment as Assigned
from pytest_acrauth.model.machine import Resolution, Resolved
from pytest_acrauth.model.observation import (
    AccessToken,
    Answered,
    Data,
    Dns,
    Entra,
    EntraClaims,
    Exchange,
    Operation,
    RefreshClaims,
)
from pytest_acrauth.model.stage import Stage
from pytest_acrauth.model.target import Registry
from pytest_acrauth.model.transcript import Transcript
from pytest_acrauth.plugin.failures import shared_cause
from pytest_acrauth.report.text import explain

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
READER = ("Microsoft.ContainerRegistry/registries/repositories/content/read",)


def roles(*assignments: Assigned, denials: tuple[Denial, ...] | None = (), **parts: Any) -> Any:
    """Return a look at roles."""
    return looked(RoleFacts(principal_id=OBJECT_ID, assignments=assignments, denials=denials, **parts))


def denial(*actions: str, to: tuple[Named, ...] = (Named(EVERYBODY),), **parts: Any) -> Denial:
    """Return a deny assignment at the registry, for everybody, but for what is given."""
    usual: dict[str, Any] = {"name": "stack", "scope": RESOURCE_ID, "principals": to, "actions": actions}
    return Denial(**(usual | parts))


def role(**parts: Any) -> Assigned:
    """Return an assignment of AcrPull, long ago, but for what is given."""
    usual: dict[str, Any] = {"role": "AcrPull", "role_id": "x", "scope": RESOURCE_ID, "actions": PULL}
    return Assigned(**({**usual, "created": iso(STARTED - 9 * DAY)} | parts))


CONDITION = (
    "((!(ActionMatches{'Microsoft.ContainerRegistry/registries/repositories/content/read'})) OR "
    "(@Request[Microsoft.ContainerRegistry/registries/repositories:name] StringStartsWithIgnoreCase 'team/app/'))"
)
BY_REPOSITORY = {"role": "Container Registry Repository Reader", "actions": (), "data_actions": READER}
ABAC = record(role_assignment_mode="AbacRepositoryPermissions")


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


REGISTRIES = "Microsoft.ContainerRegistry/registries/"
PUSH, DELETE = (f"{REGISTRIES}push/write",), (f"{REGISTRIES}artifacts/delete",)
YOUNG = iso(STARTED - MINUTE)
OTHERS, OURS = "0f0f0f0f-1234-1234-1234-123412341234", "9d9d9d9d-1234-1234-1234-123412341234"


# What a role can be that could not be read, where deny assignments were.
_OPEN = [
    *("scope-not-granted", "role-propagation-delay"),
    *("rbac-repository-role-ineffective", "custom-role-wildcard"),
]


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


@pytest.mark.parametrize("audience", ["https://[/x", "//[", "https://[::1/x"])
def test_an_audience_that_is_no_address_tells_nothing(audience: str) -> None:
    """What a token says is data: no cause is concluded from it, and nothing breaks."""
    entra = observation(Stage.ENTRA)
    assert isinstance(entra, Entra)
    shown = replace(entra, claims=EntraClaims(tenant_id=TENANT_ID, object_id=OBJECT_ID, audience=audience))
    (found,) = diagnose(climb(Stage.EXCHANGE, Exchange(reply=generic_401()), entra=shown))
    assert found.symptom.id == "exchange-refused"
    assert "exchange-no-role" in ids(found)


@pytest.mark.parametrize(
    ("parts", "ended"),
    [
        ({"audience": "https://graph.microsoft.com"}, "exchange-wrong-audience"),
        ({"audience": "https://management.core.chinacloudapi.cn/"}, "exchange-token-other-cloud"),
        ({"audience": AUDIENCE, "expires": STARTED - 1}, "exchange-token-expired"),
    ],
)
@pytest.mark.parametrize("message", ["token validation failed", "authentication required"])
def test_an_invalid_entra_token_says_itself_what_is_wrong_with_it(
    parts: dict[str, Any], ended: str, message: str
) -> None:
    """A token for another service, of another cloud, or past its end by the registry's clock is refused for that."""
    entra, when = observation(Stage.ENTRA), formatdate(STARTED, usegmt=True)
    assert isinstance(entra, Entra)
    shown = replace(entra, claims=EntraClaims(tenant_id=TENANT_ID, object_id=OBJECT_ID, **parts))
    own = replace(credential(), kind=Kind.USER, secret=SecretShape.NONE)
    answer = reply(401, "UNAUTHORIZED", message, date=when)
    (found,) = diagnose(climb(Stage.EXCHANGE, Exchange(reply=answer), entra=shown, own=own))
    assert ids(found) == [ended]
    assert found.certainty is Certainty.PROVEN


def test_a_valid_token_that_is_called_invalid_has_no_known_cause() -> None:
    """Where the policy accepts the management plane's tokens, nothing known explains that one is refused."""
    entra = observation(Stage.ENTRA)
    assert isinstance(entra, Entra)
    claims = EntraClaims(audience="https://management.azure.com/", tenant_id=TENANT_ID, object_id=OBJECT_ID)
    answer = reply(401, "UNAUTHORIZED", "token validation failed. CorrelationId: 1")
    transcript = climb(Stage.EXCHANGE, Exchange(reply=answer), entra=replace(entra, claims=claims))
    found = one(replace(transcript, evidence=Evidence(registry=record(arm_audience="enabled"))))
    assert found.symptom.id == "exchange-unrecognised"


@pytest.mark.parametrize(("status", "code"), [(401, "UNAUTHORIZED"), (403, "DENIED")])
def test_retrieving_permissions_failed_is_a_refusal_with_either_status(status: int, code: str) -> None:
    """The words decide, not the number."""
    answer = reply(status, code, "retrieving permissions failed")
    assert one(climb(Stage.EXCHANGE, Exchange(reply=answer))).symptom.id == "exchange-refused"


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


@pytest.mark.parametrize(
    ("quarantine", "expected", "certainty"),
    [
        ("disabled", ["image-not-found"], Certainty.PROVEN),
        ("enabled", ["image-not-found", "quarantined-image"], Certainty.ONE_OF),
        ("", ["image-not-found", "quarantined-image"], Certainty.ONE_OF),
    ],
)
def test_an_image_is_not_there_unless_quarantine_may_hide_it(
    quarantine: str, expected: list[str], certainty: Certainty
) -> None:
    """A 404 of the registry is absence here and now, where nothing hides what is there."""
    looks = Evidence(registry=record(quarantine=quarantine), cache=looked(()))
    found = one(replace(SPECIMENS["manifest-unknown"].transcript, evidence=looks))
    assert (ids(found), found.certainty) == (expected, certainty)


RULE = CacheRule("mirror", "registry.example.com/app", "team/*", "upstream", unhealthy=True)
CLOSED = {"default_action": "Deny", "bypass": "None"}


@pytest.mark.parametrize(
    ("rules", "parts", "expected", "certainty"),
    [
        ((RULE,), {}, ["cache-rule-credentials"], Certainty.PROVEN),
        ((RULE._replace(target="team/app"),), {}, ["cache-rule-credentials"], Certainty.PROVEN),
        ((RULE._replace(target="team"),), CLOSED, ["image-not-found"], Certainty.PROVEN),
        ((RULE._replace(target="other/*"),), CLOSED, ["image-not-found"], Certainty.PROVEN),
        ((RULE._replace(unhealthy=False),), {}, ["image-not-found"], Certainty.PROBABLE),
        ((RULE._replace(unhealthy=None),), {}, ["image-not-found", "cache-rule-credentials"], Certainty.ONE_OF),
        ((RULE, RULE._replace(target="team/app", unhealthy=False)), {}, ["image-not-found"], Certainty.PROBABLE),
        ((RULE._replace(unhealthy=False),), CLOSED, ["cache-network-restricted"], Certainty.PROVEN),
        ((RULE._replace(unhealthy=False),), CLOSED | {"bypass": "AzureServices"}, ["image-not-found"], "probable"),
        ((RULE._replace(unhealthy=False),), {"bypass": "None"}, ["image-not-found"], Certainty.PROBABLE),
    ],
)
def test_an_image_that_a_cache_did_not_fetch(
    rules: tuple[CacheRule, ...], parts: dict[str, Any], expected: list[str], certainty: Certainty
) -> None:
    """The narrowest rule for the repository counts; where one is there, absence alone proves nothing."""
    looks = Evidence(registry=record(quarantine="disabled", **parts), cache=looked(rules))
    found = one(replace(SPECIMENS["manifest-unknown"].transcript, evidence=looks))
    assert (ids(found), found.certainty) == (expected, certainty)


@pytest.mark.parametrize(
    ("words", "quarantine", "expected"),
    [
        ("The operation is disallowed.", "enabled", ["quarantined-image"]),
        ("The operation is disallowed.", "disabled", ["operation-disallowed"]),
        ("The operation is disallowed.", "", ["operation-disallowed", "quarantined-image"]),
        ("The operation is disallowed on this registry, repository or image.", "enabled", ["operation-disallowed"]),
    ],
)
def test_what_is_disallowed_is_locked_or_in_quarantine(words: str, quarantine: str, expected: list[str]) -> None:
    """The registry's short words are those for an image in quarantine that is asked for by its digest."""
    seen = operation(reply(405, "REGISTRY_DISALLOWED_OPERATION", words)).transcript
    assert with_evidence(seen, registry=record(quarantine=quarantine)) == expected


@pytest.mark.parametrize("status", [401, 429, 500, 503])
def test_what_has_no_mark_of_the_registry_is_not_held_against_it(status: int) -> None:
    """A refusal or failure without the registry's headers is probably something else's; with them it is its own."""
    bare = climb(Stage.OPERATION, Operation(reply=reply(status, from_registry=False)))
    found = one(bare)
    assert (ids(found), found.certainty) == (["answered-on-the-way"], Certainty.PROBABLE)
    assert "answered-on-the-way" not in ids(one(climb(Stage.OPERATION, Operation(reply=reply(status)))))


@pytest.mark.parametrize("stage", [Stage.ENTRA, Stage.EXCHANGE, Stage.ACCESS_TOKEN, Stage.OPERATION, Stage.DATA])
@pytest.mark.parametrize(
    ("status", "body", "expected", "certainty"),
    [
        (200, "", "page-on-the-way", Certainty.PROVEN),
        (302, "", "page-on-the-way", Certainty.PROVEN),
        (403, "<html>blocked</html>", "proxy-blocks-registry", Certainty.PROVEN),
        (404, "<html>no such page</html>", "answered-on-the-way", Certainty.PROBABLE),
        (503, "<html>busy</html>", "answered-on-the-way", Certainty.PROBABLE),
    ],
)
def test_at_each_host_an_answer_without_its_mark_is_told_from_its_own(
    stage: Stage, status: int, body: str, expected: str, certainty: Certainty
) -> None:
    """A page in the place of a token, a manifest or a layer is somebody else's, at Entra and at the storage, too."""
    foreign = reply(status, body=body, content_type="text/html", from_registry=False)._replace(correlation_id="")
    answered: dict[Stage, Answered] = {
        Stage.ENTRA: Entra(authority="https://login.microsoftonline.com", tenant_id="", client_id="", reply=foreign),
        Stage.EXCHANGE: Exchange(reply=foreign),
        Stage.ACCESS_TOKEN: AccessToken(reply=foreign),
        Stage.OPERATION: Operation(reply=foreign),
        Stage.DATA: Data(reply=foreign, redirect=BLOB_HOST),
    }
    found = one(climb(stage, answered[stage]))
    assert (ids(found), found.certainty) == ([expected], certainty)
    own = foreign._replace(correlation_id="3c7f-01", from_registry=True)
    marked = one(climb(stage, replace(answered[stage], reply=own)))
    assert not {"page-on-the-way", "answered-on-the-way"} & set(ids(marked))


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


DENIED = climb(Stage.EXCHANGE, Exchange(reply=denied_with_ip()))
LINKED = (HOST, "myacr.privatelink.azurecr.io")


@pytest.mark.parametrize(
    ("status", "expected"),
    [("Approved", ["private-dns-resolves-public"]), ("Pending", ["firewall-public-access-disabled"])],
)
def test_an_approved_private_endpoint_makes_it_a_matter_of_names(status: str, expected: list[str]) -> None:
    """A registry with an endpoint that could be used is reached past it; one that is not approved leads nowhere."""
    found = Resolution(Resolved.FOUND, ("20.0.0.1",), LINKED)
    transcript = replace(DENIED, dns=Dns(host=HOST, resolution=found))
    looks = record(public_network_access="Disabled", private_endpoints=(PrivateEndpoint(name="pe", status=status),))
    assert with_evidence(transcript, registry=looks) == expected


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ({"found": True, "login_server": "myacr-h8k2x9.azurecr.io"}, ["registry-dnl-hash-missing"]),
        ({"found": True, "login_server": HOST}, ["registry-name-unknown-here"]),
        ({"found": False, "name_free": True, "all_readable": True}, ["registry-dns-nxdomain"]),
        ({"found": False, "name_free": True}, ["registry-dns-nxdomain", "registry-dnl-hash-missing"]),
        (
            {"found": False, "name_free": False},
            ["registry-dns-nxdomain", "registry-dnl-hash-missing", "registry-name-unknown-here"],
        ),
    ],
)
def test_a_name_without_address_is_explained_by_the_record(facts: dict[str, Any], expected: list[str]) -> None:
    """ARM knows the registry, under this name or another, or sees that there is none.

    That a name is free says nothing of login servers with a hash behind it, and a name that is taken proves nothing.
    """
    look = Look(value=RegistryFacts(**facts), who="x", why="not shown")
    names = looked(NameFacts(public=True))
    assert with_evidence(SPECIMENS["nxdomain"].transcript, registry=look, names=names) == expected


@pytest.mark.parametrize("host", ["myacr-h8k2x9.azurecr.io", "myacr-wrong1.azurecr.io"])
def test_a_free_name_proves_nothing_of_a_host_with_a_hash(host: str) -> None:
    """The check is about the name alone: whether the host with a hash exists stays open."""
    seen = SPECIMENS["nxdomain"].transcript
    assert isinstance(seen.dns, Dns)
    seen = replace(seen, target=replace(seen.target, registry=Registry.parse(host)), dns=replace(seen.dns, host=host))
    looks = {"names": looked(NameFacts(public=True))}
    shown = Look(value=RegistryFacts(found=False, name_free=True), who="x", why="not shown")
    expected = ["registry-dns-nxdomain", "registry-name-unknown-here"]
    assert with_evidence(seen, registry=shown, **looks) == expected
    known = record(login_server="myacr-h8k2x9.azurecr.io")
    expected = ["registry-name-unknown-here" if "h8k2x9" in host else "registry-dns-nxdomain"]
    assert with_evidence(seen, registry=known, **looks) == expected


@pytest.mark.parametrize(
    ("elsewhere", "expected"),
    [
        ((), ["registry-dns-nxdomain"]),
        (("myacr.azurecr.cn",), ["registry-dns-nxdomain", "registry-wrong-cloud"]),
    ],
)
def test_a_registry_of_the_same_name_in_another_cloud_can_be_somebody_elses(
    elsewhere: tuple[str, ...], expected: list[str]
) -> None:
    """Where another cloud has the name, neither cause is proven; where none has, there is no wrong cloud."""
    gone = looked(RegistryFacts(found=False, name_free=True, all_readable=True))
    names = looked(NameFacts(public=True, elsewhere=elsewhere))
    found = with_evidence(SPECIMENS["nxdomain"].transcript, registry=gone, names=names)
    assert found == expected


def test_a_resolver_without_public_names_is_no_missing_registry() -> None:
    """Entra's name, which everybody can look up, tells one from the other; so does a look at other names."""
    seen = SPECIMENS["nxdomain"].transcript
    assert with_evidence(seen, names=looked(NameFacts(public=False))) == ["no-public-dns"]
    both = replace(seen, entra=SPECIMENS["authority-name-unknown"].transcript.entra)
    assert [ids(found) for found in diagnose(both)] == [["no-public-dns"], ["no-public-dns"]]
    shared = {shared_cause(found) for found in diagnose(both)}
    assert len(shared) == 1
    assert None not in shared


@pytest.mark.parametrize(
    ("policy", "expected"), [("disabled", ["exchange-arm-audience-rejected"]), ("enabled", ["exchange-no-role"])]
)
def test_a_token_for_the_management_plane_is_refused_where_the_policy_says_so(policy: str, expected: list[str]) -> None:
    """The registry's policy decides whether a token's audience can be the cause."""
    entra = observation(Stage.ENTRA)
    assert isinstance(entra, Entra)
    claims = EntraClaims(audience="https://management.azure.com/", tenant_id=TENANT_ID, object_id=OBJECT_ID)
    transcript = climb(Stage.EXCHANGE, Exchange(reply=generic_401()), entra=replace(entra, claims=claims))
    held = roles() if policy == "enabled" else roles(role(), denials=())
    looks = {"registry": record(arm_audience=policy), "tenant": looked(TENANT_ID), "roles": held}
    assert with_evidence(transcript, **looks) == expected


def refused(message: str, user_name: str = CLIENT_ID, kind: Kind = Kind.SERVICE_PRINCIPAL) -> Transcript:
    """Return a climb with user name and password that the registry refused in these words."""
    answer = reply(401, "UNAUTHORIZED", message)
    own = replace(credential(BASIC), kind=kind, user_name=user_name, client_id=user_name)
    return climb(Stage.ACCESS_TOKEN, AccessToken(reply=answer), chosen=target(BASIC), own=own)


INVALID = "Invalid clientid or client secret."
ENDED = SecretFacts(end=iso(STARTED - DAY))
GOOD = SecretFacts(end=iso(STARTED + DAY))


@pytest.mark.parametrize(
    ("application", "direct", "expected"),
    [
        (ApplicationFacts(found=True, secrets=(ENDED, ENDED)), None, ["entra-sp-secret-expired"]),
        (
            ApplicationFacts(found=True, secrets=(ENDED, GOOD)),
            None,
            ["entra-sp-secret-expired", "entra-sp-secret-wrong", "entra-app-disabled"],
        ),
        (ApplicationFacts(found=True, secrets=(GOOD,)), 7000215, ["entra-sp-secret-wrong"]),
        (ApplicationFacts(found=True, secrets=(GOOD, ENDED)), 7000222, ["entra-sp-secret-expired"]),
        (ApplicationFacts(found=True, certificates=(GOOD,)), 7000215, ["sp-certificate-with-docker-login"]),
        (None, 7000222, ["entra-sp-secret-expired"]),
        # Entra says the same of a wrong secret and of an application that has none.
        (None, 7000215, ["entra-sp-secret-wrong", "sp-certificate-with-docker-login"]),
    ],
)
def test_dates_and_numbers_tell_a_secrets_fault(
    application: ApplicationFacts | None, direct: int | None, expected: list[str]
) -> None:
    """Entra's number decides, dates where it could not be asked, and an application without secrets has another."""
    nobody = Look(why="busy")
    looks = {
        "application": looked(application) if application else nobody,
        "entra_direct": looked(EntraFacts(issued=False, codes=(direct,))) if direct else nobody,
    }
    assert with_evidence(refused(INVALID), **looks) == expected


def test_a_question_of_two_looks_is_answered_by_the_one_that_tells() -> None:
    """Both looks are asked for; the first that tells is named, the other only where the first could not look."""
    transcript = refused(INVALID)
    assert {Need.ENTRA_DIRECT, Need.APPLICATION} <= needed(transcript)
    entra = Look(value=EntraFacts(issued=False, codes=(7000222,)), who="Entra")
    graph = Look(value=ApplicationFacts(found=True, secrets=(ENDED,)), who="Graph")
    for looks, who in (((entra, graph), "Entra"), ((Look(why="busy"), graph), "Graph")):
        taken = Evidence(entra_direct=looks[0], application=looks[1])
        (finding,) = (f for f in one(replace(transcript, evidence=taken)).findings if f.mode.id.endswith("-expired"))
        assert [answer.who for answer in finding.answers] == [who]


@pytest.mark.parametrize(
    ("name", "found", "expected"),
    [("puller", False, ["basic-username-unknown"]), ("puller", True, ["admin-username-wrong"])],
)
def test_a_name_that_says_nothing_is_compared_with_what_there_is(
    name: str, *, found: bool, expected: list[str]
) -> None:
    """A plain name that is no token's is nobody's; a token's own name rules that out."""
    transcript = refused("Application not registered with AAD.", name, Kind.SCOPE_MAP_TOKEN)
    looks = {"scope_map_token": looked(ScopeMapTokenFacts(found=found)), "registry": Look(why="busy")}
    assert with_evidence(transcript, **looks) == expected


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


def test_a_decided_cause_needs_no_look() -> None:
    """What the climb decides asks nothing; what it leaves open asks for what could decide it, each look once."""
    assert needed(SPECIMENS["tcp-timeout"].transcript) == frozenset()
    assert needed(climb()) == frozenset()
    open_one = DENIED
    assert needed(open_one) == {Need.REGISTRY}
    answered = replace(open_one, evidence=Evidence(registry=Look(why="busy")))
    assert needed(answered) == frozenset()


def test_a_passwords_date_is_said_as_a_date() -> None:
    """Records are told in words, with times as dates."""
    passwords = (PasswordFacts(name="password1", created=iso(STARTED - DAY), expiry=iso(STARTED - MINUTE)),)
    look = looked(ScopeMapTokenFacts(found=True, enabled=True, passwords=passwords))
    own = replace(credential(BASIC), user_name="puller")
    transcript = climb(Stage.ACCESS_TOKEN, AccessToken(reply=generic_401()), chosen=target(BASIC), own=own)
    text = " ".join(explain(one(replace(transcript, evidence=Evidence(scope_map_token=look)))).split())
    assert "enabled; password1 ended 2025-06-15 15:05 UTC" in text
