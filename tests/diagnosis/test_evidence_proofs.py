"""What each answer of evidence proves, and what it leaves open: from facts, without I/O."""

from __future__ import annotations

from dataclasses import replace
from email.utils import formatdate
from typing import Any

import pytest
from factories import (
    AUDIENCE,
    BASIC,
    BLOB_HOST,
    CLIENT_ID,
    OBJECT_ID,
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
from looks import DAY, MINUTE, ids, iso, looked, one, record, role, roles, with_evidence
from specimens import SPECIMENS, operation

from pytest_acrauth.diagnosis.climb import diagnose, needed
from pytest_acrauth.diagnosis.conclusion import Certainty
from pytest_acrauth.model.credential import Kind, SecretShape
from pytest_acrauth.model.evidence import (
    ApplicationFacts,
    CacheRule,
    EntraFacts,
    Evidence,
    Look,
    Need,
    PasswordFacts,
    ScopeMapTokenFacts,
    SecretFacts,
)
from pytest_acrauth.model.observation import AccessToken, Answered, Data, Entra, EntraClaims, Exchange, Operation
from pytest_acrauth.model.stage import Stage
from pytest_acrauth.model.transcript import Transcript
from pytest_acrauth.report.text import explain


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
        ((RULE,), {}, ["image-not-found", "cache-rule-credentials"], Certainty.ONE_OF),
        ((RULE._replace(target="team/app"),), {}, ["image-not-found", "cache-rule-credentials"], Certainty.ONE_OF),
        ((RULE._replace(target="team"),), CLOSED, ["image-not-found"], Certainty.PROVEN),
        ((RULE._replace(target="other/*"),), CLOSED, ["image-not-found"], Certainty.PROVEN),
        ((RULE._replace(unhealthy=False),), {}, ["image-not-found"], Certainty.PROBABLE),
        ((RULE._replace(unhealthy=None),), {}, ["image-not-found", "cache-rule-credentials"], Certainty.ONE_OF),
        ((RULE, RULE._replace(target="team/app", unhealthy=False)), {}, ["image-not-found"], Certainty.PROBABLE),
        ((RULE._replace(unhealthy=False),), CLOSED, ["image-not-found", "cache-network-restricted"], Certainty.ONE_OF),
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


def test_a_decided_cause_needs_no_look() -> None:
    """What the climb decides asks nothing; what it leaves open asks for what could decide it, each look once."""
    assert needed(SPECIMENS["tcp-timeout"].transcript) == frozenset()
    assert needed(climb()) == frozenset()
    open_one = climb(Stage.EXCHANGE, Exchange(reply=denied_with_ip()))
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
