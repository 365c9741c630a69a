"""What each answer of evidence proves, and what it leaves open: from facts, without I/O."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from factories import (
    BASIC,
    CLIENT_ID,
    DATA_HOST,
    HOST,
    OBJECT_ID,
    SERVICE_PRINCIPAL,
    STARTED,
    TENANT_ID,
    broken_at,
    climb,
    credential,
    denied_with_ip,
    generic_401,
    observation,
    reply,
    target,
)
from specimens import SPECIMENS

from pytest_acrauth.catalogue.questions.role_conditions import lets_through
from pytest_acrauth.diagnosis.climb import diagnose, needed
from pytest_acrauth.diagnosis.conclusion import Diagnosis
from pytest_acrauth.model.credential import Kind
from pytest_acrauth.model.evidence import (
    ApplicationFacts,
    EntraFacts,
    Evidence,
    Look,
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
    Attempt,
    Connection,
    Data,
    Dns,
    Entra,
    EntraClaims,
    Exchange,
    RefreshClaims,
    Tcp,
    Trouble,
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


def roles(*assignments: Assigned, denials: tuple[str, ...] | None = ()) -> Any:
    """Return a look at roles."""
    return looked(RoleFacts(principal_id=OBJECT_ID, assignments=assignments, denials=denials))


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
        ({"registry": record(), "roles": roles(role(), denials=("locked",))}, ["deny-assignment"]),
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
    ],
)
def test_conditions_have_three_verdicts(condition: str, right: str, repository: str, *, verdict: bool | None) -> None:
    """A condition lets through, does not, or is not understood."""
    full = f"Microsoft.ContainerRegistry/registries/repositories/{right}"
    assert lets_through(condition, full, repository) is verdict


DENIED = climb(Stage.EXCHANGE, Exchange(reply=denied_with_ip()))
LINKED = (HOST, "myacr.privatelink.azurecr.io")


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        ({"default_action": "Deny", "ip_rules": ("20.1.2.0/25",)}, []),
        (
            {"default_action": "Deny", "ip_rules": ("20.1.2.0/25",), "modified": iso(STARTED - MINUTE)},
            ["firewall-rule-propagating"],
        ),
        ({"default_action": "Deny", "ip_rules": ("20.1.2.4", "nonsense")}, ["firewall-ip-denied"]),
        ({"public_network_access": "Disabled", "ip_rules": ("20.1.2.3",)}, ["firewall-public-access-disabled"]),
    ],
)
def test_rules_are_compared_with_the_address_the_registry_saw(parts: dict[str, Any], expected: list[str]) -> None:
    """An address in a range is admitted, public access overrides rules, and a fresh rule may be on its way."""
    assert with_evidence(DENIED, registry=record(**parts)) == expected


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
    ("status", "expected"),
    [
        (("Pending",), ["private-endpoint-pending"]),
        (("Pending", "Approved"), ["private-endpoint-unreachable"]),
        ((), ["registry-tcp-blocked"]),
    ],
)
def test_a_private_address_that_is_silent_is_explained_by_its_endpoints(
    status: tuple[str, ...], expected: list[str]
) -> None:
    """An endpoint that is not approved carries no traffic; with an approved one the way is missing."""
    endpoints = tuple(PrivateEndpoint(name="pe", status=each) for each in status)
    transcript = replace(
        SPECIMENS["private-tcp-timeout"].transcript,
        dns=Dns(host=HOST, resolution=Resolution(Resolved.FOUND, ("10.1.2.3",), LINKED[:1] if not status else LINKED)),
    )
    assert with_evidence(transcript, registry=record(private_endpoints=endpoints)) == expected


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
            ["entra-sp-secret-expired", "entra-sp-secret-wrong"],
        ),
        (ApplicationFacts(found=True, secrets=(GOOD,)), 7000215, ["entra-sp-secret-wrong"]),
        (ApplicationFacts(found=True, secrets=(GOOD, ENDED)), 7000222, ["entra-sp-secret-expired"]),
        (ApplicationFacts(found=True, certificates=(GOOD,)), 7000215, ["sp-certificate-with-docker-login"]),
        (None, 7000222, ["entra-sp-secret-expired"]),
        (None, 7000215, ["entra-sp-secret-wrong"]),
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
    looks = {"scope_map": looked(ScopeMapFacts(found=True, name="m", actions=actions))}
    assert with_evidence(transcript, **looks) == expected


@pytest.mark.parametrize(
    ("host", "resolved", "chain", "parts", "expected"),
    [
        (DATA_HOST, True, None, {"data_endpoint_enabled": True}, ["data-endpoint-switched"]),
        (
            "myacr.northeurope.data.azurecr.io",
            True,
            None,
            {"data_endpoint_enabled": True},
            ["data-endpoint-replica-missing"],
        ),
        (
            DATA_HOST,
            False,
            LINKED,
            {"private_endpoints": (PrivateEndpoint(name="pe", status="Approved"),)},
            ["private-dns-data-endpoint-missing"],
        ),
    ],
)
def test_a_data_endpoint_is_explained_by_the_registrys_own_list(
    host: str, *, resolved: bool, chain: tuple[str, ...] | None, parts: dict[str, Any], expected: list[str]
) -> None:
    """Region, list and names tell which rule or record is missing."""
    outcome = Resolution(Resolved.FOUND if resolved else Resolved.NO_SUCH_NAME, ("20.0.0.9",) if resolved else ())
    lost = Tcp(host=host, port=443, attempts=(Attempt("20.0.0.9", Trouble.TIMEOUT),)) if resolved else None
    way = Connection(host=host, dns=Dns(host=host, resolution=outcome), tcp=lost)
    trouble = Trouble.TIMEOUT if resolved else Trouble.NAME
    seen = broken_at(Stage.DATA, Data(redirect=host, trouble=trouble, connection=way))
    found = Resolution(Resolved.FOUND, ("20.0.0.1",), chain or (HOST,))
    transcript = replace(seen.transcript, dns=Dns(host=HOST, resolution=found))
    assert with_evidence(transcript, registry=record(**parts)) == expected


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
    assert "enabled; password1 made 2025-06-14 15:06 UTC, ends 2025-06-15 15:05 UTC (from service principal x)" in text
