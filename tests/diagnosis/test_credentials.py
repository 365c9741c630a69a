"""Which secret, password, number and clock is meant: what each answer proves of the very thing, and what it leaves."""

from __future__ import annotations

from dataclasses import replace
from email.utils import formatdate
from typing import Any

import pytest
from factories import BASIC, CLIENT_ID, STARTED, climb, credential, generic_401, observation, reply, target
from looks import DAY, MINUTE, ids, iso, looked, one

from pytest_acrauth.catalogue.questions.directory import Trusted
from pytest_acrauth.diagnosis.climb import needed
from pytest_acrauth.diagnosis.conclusion import Certainty, Diagnosis
from pytest_acrauth.diagnosis.text import recognise
from pytest_acrauth.model.credential import Kind, SecretShape
from pytest_acrauth.model.evidence import (
    ApplicationFacts,
    EntraFacts,
    Evidence,
    FederatedFacts,
    Look,
    Need,
    PasswordFacts,
    RegistryFacts,
    ScopeMapTokenFacts,
    SecretFacts,
)
from pytest_acrauth.model.observation import AccessToken, Assertion, Challenge, Entra
from pytest_acrauth.model.stage import Stage

HOUR = 60 * MINUTE
ISSUER, SUBJECT, AUDIENCE = "https://issuer.example/", "repo:team/app:ref:main", "api://AzureADTokenExchange"
NOBODY: Any = Look(why="busy")


def refused_secret(**looks: Any) -> Diagnosis:
    """Conclude from an application's secret that was refused as a password."""
    answer = reply(401, "UNAUTHORIZED", "Invalid clientid or client secret.")
    own = replace(credential(BASIC), kind=Kind.SERVICE_PRINCIPAL, user_name=CLIENT_ID, client_id=CLIENT_ID)
    transcript = climb(Stage.ACCESS_TOKEN, AccessToken(reply=answer), chosen=target(BASIC), own=own)
    return one(replace(transcript, evidence=Evidence(**looks)))


def by_entra(
    number: int,
    words: str = "",
    shape: SecretShape = SecretShape.OPAQUE,
    *,
    ahead: float = 0.0,
    shown: Assertion | None = None,
    **looks: Any,
) -> Diagnosis:
    """Conclude from a refusal of Entra's; this machine's clock is some seconds ahead of the services'."""
    token, first = observation(Stage.ENTRA), observation(Stage.CHALLENGE)
    assert isinstance(token, Entra)
    assert isinstance(first, Challenge)
    said = reply(400, "invalid_client", f"AADSTS{number}: {words}", from_registry=False)
    seen = replace(token, issued=False, claims=None, codes=(number,), reply=said, assertion=shown)
    dated = replace(first, reply=generic_401(date=formatdate(STARTED - ahead, usegmt=True)))
    transcript = climb(Stage.ENTRA, seen, own=replace(credential(), secret=shape), challenge=dated)
    return one(replace(transcript, evidence=Evidence(**looks)))


def by_password(kind: Kind, user_name: str, *, declared: bool = False, dated: bool = True, **looks: Any) -> Diagnosis:
    """Conclude from the general refusal of a user name and password."""
    own = replace(credential(BASIC), kind=kind, user_name=user_name, declared=declared)
    transcript = climb(Stage.ACCESS_TOKEN, AccessToken(reply=generic_401()), chosen=target(BASIC), own=own)
    if not dated:
        first = observation(Stage.CHALLENGE)
        assert isinstance(first, Challenge)
        transcript = replace(transcript, challenge=replace(first, reply=generic_401()))
    return one(replace(transcript, evidence=Evidence(**looks)))


def token(*passwords: PasswordFacts, enabled: bool = True) -> Any:
    """Return a look at a scope-map token."""
    return looked(ScopeMapTokenFacts(found=True, enabled=enabled, passwords=passwords))


ENDED, GOOD = SecretFacts(end=iso(STARTED - DAY)), SecretFacts(end=iso(STARTED + DAY))
LASTING = PasswordFacts("password1", created=iso(STARTED - DAY))
OVER = PasswordFacts("password2", created=iso(STARTED - DAY), expiry=iso(STARTED - HOUR))
NEW = PasswordFacts("password1", created=iso(STARTED - MINUTE))


@pytest.mark.parametrize(
    ("secrets", "certainty", "expected"),
    [
        ((ENDED, ENDED), Certainty.PROVEN, ["entra-sp-secret-expired"]),
        (
            (ENDED, GOOD),  # the second may be the service principal's, and mistyped
            Certainty.ONE_OF,
            ["entra-sp-secret-expired", "entra-sp-secret-wrong"],
        ),
        ((), Certainty.ONE_OF, ["entra-sp-secret-expired", "entra-sp-secret-wrong"]),
    ],
)
def test_dates_prove_nothing_of_one_secret_among_others(
    secrets: Any, certainty: Certainty, expected: list[str]
) -> None:
    """Only where every secret that there is has ended, it does not matter which one was used."""
    facts = ApplicationFacts(found=True, enabled=True, secrets=secrets)
    found = refused_secret(application=looked(facts), entra_direct=NOBODY)
    assert (found.certainty, ids(found)) == (certainty, expected)


def test_what_could_not_be_read_is_not_absent() -> None:
    """Of a foreign tenant's application the own secrets are not shown: its certificates alone say nothing."""
    facts = ApplicationFacts(found=True, enabled=True, certificates=(GOOD,), home=False)
    found = refused_secret(application=looked(facts), entra_direct=NOBODY)
    assert {"entra-sp-secret-wrong", "sp-certificate-with-docker-login"} <= set(ids(found))


def test_a_disabled_application_explains_a_refused_password() -> None:
    """What switches an application off at Entra does so through the registry too, whoever says it."""
    by_graph = {"application": looked(ApplicationFacts(found=True, enabled=False)), "entra_direct": NOBODY}
    by_number = {"application": NOBODY, "entra_direct": looked(EntraFacts(issued=False, codes=(7000112,)))}
    for looks in (by_graph, by_number):
        found = refused_secret(**looks)
        assert (found.certainty, ids(found)) == (Certainty.PROVEN, ["entra-app-disabled"])


@pytest.mark.parametrize(("enabled", "symptom"), [(False, "aadsts-7000112"), (True, "entra-unrecognised")])
def test_graph_can_contradict_that_an_application_is_disabled(*, enabled: bool, symptom: str) -> None:
    """Where Graph says the opposite, nothing known explains the number."""
    found = by_entra(7000112, application=looked(ApplicationFacts(found=True, enabled=enabled)))
    assert found.symptom.id == symptom
    assert by_entra(7000112).certainty is Certainty.PROBABLE


@pytest.mark.parametrize("shape", [SecretShape.CERTIFICATE, SecretShape.ASSERTION])
@pytest.mark.parametrize("number", [7000215, 7000222])
def test_a_number_about_secrets_fits_no_identity_without_one(shape: SecretShape, number: int) -> None:
    """An identity that shows an assertion has no secret that could be wrong or old."""
    found = by_entra(number, "Invalid client secret provided.", shape)
    assert found.symptom.id == "entra-unrecognised"
    assert str(number) in found.seen.answer


@pytest.mark.parametrize(
    ("number", "words", "expected"),
    [
        (50012, "Invalid client secret is provided.", ["entra-sp-secret-wrong"]),
        (50012, "Client assertion contains an invalid signature.", ["entra-sp-certificate-invalid"]),
        (70001, "The application 'x' was not found in the directory 'y'.", ["entra-app-not-found"]),
        (70001, "The application is disabled.", ["entra-app-disabled"]),
        (50027, "JWT token is invalid or malformed.", ["entra-assertion-malformed"]),
        (50053, "Your account is locked.", ["entra-user-credentials"]),
        (50053, "The sign-in came from an IP address with malicious activity.", ["entra-address-blocked"]),
        (700023, "Client assertion audience claim does not match Realm issuer.", ["entra-sp-certificate-invalid"]),
        (700027, "Reason - The key used is expired., Thumbprint of key: 'A'", ["entra-sp-certificate-expired"]),
        (700027, "Reason - The key was not found., Thumbprint of key: 'A'", ["entra-sp-certificate-invalid"]),
        (530035, "Access has been blocked by security defaults.", ["entra-security-defaults"]),
        (53011, "User blocked due to risk on home tenant.", ["entra-account-at-risk"]),
        (650057, "Invalid resource.", ["entra-resource-not-listed"]),
    ],
)
def test_words_decide_where_a_number_is_said_of_several_things(number: int, words: str, expected: list[str]) -> None:
    """The sentence behind such a number tells which of its causes it is."""
    found = by_entra(number, words)
    assert ids(found) == expected
    assert found.certainty is (Certainty.PROBABLE if expected == ["entra-app-disabled"] else Certainty.PROVEN)


@pytest.mark.parametrize("number", [50012, 70001, 50027, 50013, 700023, 70011, 50097, 50053, 50158, 7000112, 70021])
def test_such_a_number_alone_is_no_proof(number: int) -> None:
    """Without words that tell, none of its causes is stated as a fact."""
    assert by_entra(number, "no.").certainty in {Certainty.PROBABLE, Certainty.ONE_OF}


def times(now: float, starts: float, ends: float) -> str:
    """Return Entra's sentence about an assertion's times, in seconds after the climb began."""
    current, first, last = (f"{iso(STARTED + each)[:19]}.4567890Z" for each in (now, starts, ends))
    return (
        f"Client assertion is not within its valid time range. Current time: {current}, assertion valid from {first},"
        f" expiry time of assertion {last}."
    )


@pytest.mark.parametrize(
    ("message", "shape", "ahead", "expected"),
    [
        (times(0, -2 * HOUR, -HOUR), SecretShape.ASSERTION, 0, "entra-fic-assertion-expired"),
        (times(0, -2 * HOUR, -HOUR), SecretShape.ASSERTION, 2 * HOUR, "entra-fic-assertion-expired"),
        (times(0, HOUR, 2 * HOUR), SecretShape.ASSERTION, 0, "clock-skew"),
        # By this machine's clock, which is behind, the assertion was still good.
        (times(2 * HOUR, 0, HOUR), SecretShape.ASSERTION, -2 * HOUR, "clock-skew"),
        # A certificate signs anew each time: what has ended at once was dated by a wrong clock.
        (times(2 * HOUR, 0, HOUR), SecretShape.CERTIFICATE, -2 * HOUR, "clock-skew"),
        (times(-2 * HOUR, 0, HOUR), SecretShape.CERTIFICATE, 2 * HOUR, "clock-skew"),
    ],
)
@pytest.mark.parametrize("number", [700024, 50013, 500133])
def test_an_old_assertion_is_told_from_a_wrong_clock(
    message: str, shape: SecretShape, ahead: float, expected: str, number: int
) -> None:
    """Entra's time, those of the assertion and the services' clock decide together."""
    found = by_entra(number, message, shape, ahead=ahead)
    assert (found.certainty, ids(found)) == (Certainty.PROVEN, [expected])


def test_a_text_tells_the_times_as_well() -> None:
    """What another program printed names the same times."""
    for message, expected in (
        (times(0, -HOUR, -MINUTE), "entra-fic-assertion-expired"),
        (times(0, HOUR, 2 * HOUR), "clock-skew"),
    ):
        assert ids(recognise(f"ERROR: AADSTS700024: {message}")[0]) == [expected]


@pytest.mark.parametrize(
    ("number", "trusted", "expected"),
    [
        (70021, ("https://other.example/", SUBJECT, AUDIENCE), "entra-fic-issuer-mismatch"),
        (70021, (ISSUER, SUBJECT.upper(), AUDIENCE), "entra-fic-subject-mismatch"),
        (70021, (ISSUER, SUBJECT, "api://other"), "entra-fic-audience-mismatch"),
        (70021, (ISSUER, SUBJECT, AUDIENCE), "entra-fic-propagating"),
        (700213, (ISSUER, "repo:team/other", AUDIENCE), "entra-fic-subject-mismatch"),
        (700213, (ISSUER, SUBJECT, AUDIENCE), "entra-fic-propagating"),
        (700211, (ISSUER.rstrip("/"), SUBJECT, AUDIENCE), "entra-fic-issuer-mismatch"),
        (700211, (ISSUER, SUBJECT, AUDIENCE), "entra-fic-propagating"),
    ],
)
def test_the_presented_token_is_compared_with_what_is_trusted(
    number: int, trusted: tuple[str, str, str], expected: str
) -> None:
    """The first part that differs is the cause; where none does, Entra does not know of the credential yet."""
    look = looked((FederatedFacts(trusted[0], trusted[1], (trusted[2],)),))
    shown = Assertion(ISSUER, SUBJECT, AUDIENCE)
    found = by_entra(number, "no.", SecretShape.ASSERTION, shown=shown, federated=look)
    assert (found.certainty, ids(found)) == (Certainty.PROVEN, [expected])


@pytest.mark.parametrize(
    ("trusted", "expected"),
    [
        ([], "none"),
        (
            [("https://other.example/", SUBJECT, AUDIENCE)],
            f"for the issuer https://other.example/; presented: {ISSUER}",
        ),
        (
            [("https://other.example/", SUBJECT, AUDIENCE), (ISSUER, "repo:team/other", AUDIENCE)],
            f"for the subject repo:team/other; presented: {SUBJECT}",
        ),
        ([(ISSUER, "", "api://other")], f"for the audience api://other; presented: {AUDIENCE}"),
        ([(ISSUER, "", AUDIENCE)], f"for the subject an expression; presented: {SUBJECT}"),
        ([(ISSUER, SUBJECT, AUDIENCE)], f"for the subject {SUBJECT}; presented: {SUBJECT}"),
    ],
)
def test_what_is_trusted_is_told_by_the_part_that_differs(trusted: list[tuple[str, str, str]], expected: str) -> None:
    """Of the credentials that come nearest to what was presented, only what does not fit is said."""
    known = tuple(FederatedFacts(issuer, subject, (audience,)) for issuer, subject, audience in trusted)
    assert str(Trusted(known, Assertion(ISSUER, SUBJECT, AUDIENCE))) == expected


def test_a_flexible_credential_keeps_the_subject_open() -> None:
    """Graph does not show the expression of one: it may take the subject, or not."""
    look, shown = looked((FederatedFacts(ISSUER, "", (AUDIENCE,)),)), Assertion(ISSUER, SUBJECT, AUDIENCE)
    found = by_entra(700213, "no.", SecretShape.ASSERTION, shown=shown, federated=look)
    assert found.certainty is Certainty.ONE_OF
    assert ids(found) == ["entra-fic-subject-mismatch", "entra-fic-propagating"]


@pytest.mark.parametrize(
    ("passwords", "expected"),
    [
        ((OVER,), ["scope-map-token-password-expired"]),
        ((LASTING,), ["scope-map-token-password-wrong"]),
        ((LASTING, OVER), ["scope-map-token-password-expired", "scope-map-token-password-wrong"]),
        ((NEW,), ["scope-map-token-password-wrong", "scope-map-token-password-propagating"]),
        (
            (NEW, OVER),
            [
                "scope-map-token-password-expired",
                "scope-map-token-password-wrong",
                "scope-map-token-password-propagating",
            ],
        ),
        ((), ["scope-map-token-no-password"]),
    ],
)
def test_of_two_passwords_nothing_tells_which_is_held(
    passwords: tuple[PasswordFacts, ...], expected: list[str]
) -> None:
    """A cause is proven where it is so of each; one that is new has a predecessor that may be held."""
    found = by_password(Kind.SCOPE_MAP_TOKEN, "puller", scope_map_token=token(*passwords))
    assert ids(found) == expected
    assert (found.certainty is Certainty.PROVEN) is (len(expected) == 1)


@pytest.mark.parametrize(
    ("made", "expected"),
    [
        (STARTED - MINUTE, ["scope-map-token-password-propagating"]),
        (STARTED - HOUR, ["scope-map-token-password-wrong", "scope-map-token-password-propagating"]),
    ],
)
def test_a_token_that_is_new_itself_had_no_password_before(made: float, expected: list[str]) -> None:
    """Then a refusal says nothing of the password yet; it is never more than probable."""
    look = looked(ScopeMapTokenFacts(found=True, enabled=True, passwords=(NEW,), created=iso(made)))
    found = by_password(Kind.SCOPE_MAP_TOKEN, "puller", scope_map_token=look)
    assert ids(found) == expected
    assert found.certainty is not Certainty.PROVEN


def test_this_machines_clock_alone_ends_no_password() -> None:
    """Without the date of an answer nobody says whether the end has passed."""
    found = by_password(Kind.SCOPE_MAP_TOKEN, "puller", dated=False, scope_map_token=token(OVER))
    assert {"scope-map-token-password-expired", "scope-map-token-password-wrong"} <= set(ids(found))


@pytest.mark.parametrize(
    ("modified", "certainty"), [(STARTED - DAY, Certainty.PROVEN), (STARTED - MINUTE, Certainty.PROBABLE)]
)
def test_an_admin_user_that_was_switched_lately_may_not_be_in_effect(modified: float, certainty: Certainty) -> None:
    """An enabled admin user's refusal is about the password, unless the registry was changed a moment ago."""
    look = looked(RegistryFacts(found=True, admin_user_enabled=True, modified=iso(modified)))
    found = by_password(Kind.ADMIN, "myacr", registry=look)
    assert (found.certainty, ids(found)) == (certainty, ["admin-password-not-current"])


def test_the_name_decides_whom_the_registry_takes_somebody_for() -> None:
    """A scope-map token's name that was declared the admin user's is judged as the token; a shared name stays open."""
    looks = {"registry": looked(RegistryFacts(found=True, admin_user_enabled=True)), "scope_map_token": token(OVER)}
    found = by_password(Kind.ADMIN, "puller", declared=True, **looks)
    assert ids(found) == ["scope-map-token-password-expired"]
    both = by_password(Kind.SCOPE_MAP_TOKEN, "myacr", declared=True, **looks)
    assert {"scope-map-token-password-expired", "admin-password-not-current"} <= set(ids(both))
    assert both.certainty is Certainty.ONE_OF


@pytest.mark.parametrize(
    "text",
    [
        "panic: failed to get identity from request context",
        "failed to find identity provider 'keycloak'",
        "failed to get identity bindings token credential for image x",
    ],
)
def test_words_about_identities_in_general_say_nothing(text: str) -> None:
    """An identity is not therefore a managed one."""
    assert "msi-identity-not-found" not in {mode.id for found in recognise(text) for mode in found.candidates}


def test_a_managed_identity_that_failed_somehow_is_not_decided() -> None:
    """Without the reason it is one of those that have words of their own."""
    (found,) = recognise("MSI: Failed to acquire tokens after 12 times")
    assert found.certainty is Certainty.ONE_OF


def test_a_federated_refusal_asks_whose_tokens_are_taken() -> None:
    """The look is wanted where it can decide, and where the application's credentials can."""
    seen = by_entra(700213, "no.", SecretShape.ASSERTION, shown=Assertion(ISSUER, SUBJECT, AUDIENCE))
    assert needed(seen.broken.transcript) == {Need.FEDERATED}
