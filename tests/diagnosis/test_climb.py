"""Conclusions from transcripts: candidates, verdicts, what is ruled out, and what stays open."""

from __future__ import annotations

from dataclasses import replace

import pytest
from factories import (
    AUDIENCE,
    BASIC,
    CLIENT_ID,
    HOST,
    SERVICE_PRINCIPAL,
    STARTED,
    climb,
    credential,
    denied_with_ip,
    generic_401,
    observation,
    reply,
    target,
)
from for_each import for_each
from hypothesis import assume, given
from hypothesis import strategies as st
from specimens import SPECIMENS, granted, tcp

from pytest_acrauth.catalogue.shape import Verdict
from pytest_acrauth.catalogue.symptoms.climb import UNRECOGNISED
from pytest_acrauth.catalogue.tables import MODES, SYMPTOMS
from pytest_acrauth.diagnosis.climb import NOT_ASKED, NOT_RECORDED, diagnose, symptoms
from pytest_acrauth.diagnosis.conclusion import Diagnosis
from pytest_acrauth.model.credential import CredentialFacts, Kind, SecretShape
from pytest_acrauth.model.machine import Resolution, Resolved
from pytest_acrauth.model.observation import (
    AccessToken,
    Attempt,
    Dns,
    Entra,
    EntraClaims,
    Exchange,
    RefreshClaims,
    Reply,
    Tcp,
    Trouble,
)
from pytest_acrauth.model.stage import Stage
from pytest_acrauth.model.target import NULL_GUID, Flow
from pytest_acrauth.model.transcript import Transcript
from pytest_acrauth.report.explanation import headline
from pytest_acrauth.report.text import explain


def one(transcript: Transcript) -> Diagnosis:
    """Return the only diagnosis of a transcript."""
    (found,) = diagnose(transcript)
    return found


def ids(diagnosis: Diagnosis) -> set[str]:
    """Return the ids of the causes still possible."""
    return {mode.id for mode in diagnosis.candidates}


def excluded(diagnosis: Diagnosis) -> set[str]:
    """Return the ids of the causes ruled out."""
    return {mode.id for mode in diagnosis.ruled_out}


def basic(answer: Reply, **own: object) -> Diagnosis:
    """Return what a refused user name and password mean."""
    facts = replace(credential(BASIC), **own)  # type: ignore[arg-type]
    return one(climb(Stage.ACCESS_TOKEN, AccessToken(reply=answer), chosen=target(BASIC), own=facts))


def test_a_healthy_climb_has_no_diagnosis() -> None:
    """Nothing broken, nothing to say."""
    assert diagnose(climb()) == ()


@for_each("symptom", sorted(SPECIMENS))
def test_every_specimen_is_diagnosed_as_its_symptom(symptom: str) -> None:
    """A broken rung gives one diagnosis, with its symptom and all of its causes judged, the likeliest first."""
    diagnosis = one(SPECIMENS[symptom].transcript)
    assert diagnosis.symptom.id == symptom
    judged = [finding.mode for finding in diagnosis.findings]
    assert {mode.id for mode in judged} == {mode.id for mode in MODES.values() if SYMPTOMS[symptom] in mode.seen}
    assert judged == sorted(judged, key=lambda mode: (mode.occurs, list(MODES).index(mode.id)))


@pytest.mark.parametrize(
    ("symptom", "mode"),
    [
        ("tcp-timeout", "registry-tcp-blocked"),
        ("connection-refused", "tcp-refused"),
        ("untrusted-issuer", "registry-tls-intercepted"),
        ("certificate-dates-by-clock", "clock-skew"),
        ("no-route", "no-route-from-here"),
        ("proxy-unreached", "proxy-unreachable"),
        ("proxy-wants-login", "proxy-login-required"),
        ("proxy-refused", "proxy-blocks-registry"),
        ("proxy-silent", "proxy-no-answer"),
        ("registry-silent", "registry-no-answer"),
        ("certificate-name", "tls-hostname-mismatch"),
        ("no-challenge", "challenge-missing"),
        ("other-scheme", "challenge-not-bearer"),
        ("realm-elsewhere", "challenge-foreign-realm"),
        ("aadsts-7000215", "entra-sp-secret-wrong"),
        ("aadsts-7000222", "entra-sp-secret-expired"),
        ("aadsts-700016", "entra-app-not-found"),
        ("aadsts-90002", "entra-tenant-not-found"),
        ("login-throttled", "exchange-throttled"),
        ("rights-excess", "permission-excess"),
        ("storage-unreached", "data-endpoint-blocked"),
        ("redirect-elsewhere", "data-redirect-foreign"),
        ("out-of-time", "climb-timeout"),
    ],
)
def test_a_symptom_that_decides_names_its_cause(symptom: str, mode: str) -> None:
    """Where one cause remains, it is the mode."""
    diagnosis = one(SPECIMENS[symptom].transcript)
    assert diagnosis.mode is MODES[mode]


@pytest.mark.parametrize(
    ("symptom", "modes"),
    [
        (
            "nxdomain",
            {"registry-dns-nxdomain", "registry-dnl-hash-missing", "registry-wrong-cloud"}
            | {"registry-name-unknown-here", "no-public-dns"},
        ),
        ("certificate-dates", {"tls-certificate-expired", "clock-skew"}),
        (
            "private-tcp-timeout",
            {"private-endpoint-unreachable", "private-endpoint-pending", "private-endpoint-rejected"}
            | {"private-endpoint-disconnected", "private-dns-stale-record", "registry-tcp-blocked"},
        ),
        ("denied-with-ip", {"firewall-ip-denied", "firewall-public-access-disabled", "firewall-rule-propagating"}),
        (
            "manifest-unknown",
            {"image-not-found", "quarantined-image", "cache-rule-credentials", "cache-network-restricted"},
        ),
        ("anonymous-refused", {"anonymous-pull-disabled", "anonymous-pull-propagating"}),
        (
            "rights-missing",
            {
                *("scope-not-granted", "role-propagation-delay", "rbac-repository-role-ineffective"),
                *("custom-role-wildcard", "deny-assignment"),
            },
        ),
    ],
)
def test_a_symptom_that_does_not_decide_names_all(symptom: str, modes: set[str]) -> None:
    """Where several causes remain there is no mode, and each of them is a candidate."""
    transcript = SPECIMENS[symptom].transcript
    if symptom == "private-tcp-timeout":
        transcript = replace(transcript, dns=Dns(host=HOST, resolution=Resolution(Resolved.FOUND, ("10.1.2.3",))))
    diagnosis = one(transcript)
    assert diagnosis.mode is None
    assert ids(diagnosis) == modes


def test_a_refused_exchange_keeps_what_only_evidence_decides() -> None:
    """The causes that a fresh token for the registry's audience and its own answer exclude go; the others stay."""
    diagnosis = one(SPECIMENS["exchange-refused"].transcript)
    assert "exchange-no-role" in ids(diagnosis)
    assert excluded(diagnosis) == {
        "answered-on-the-way",
        "abac-mode-switch-stale-credential",
        "entra-token-stale",
        "exchange-arm-audience-rejected",
        "exchange-wrong-audience",
        "exchange-token-other-cloud",
        "exchange-token-expired",
    }


def test_a_management_audience_keeps_its_cause() -> None:
    """An Entra token for the management plane makes a refusal for its audience possible."""
    claims = EntraClaims(audience="https://management.azure.com/")
    entra = observation(Stage.ENTRA)
    assert isinstance(entra, Entra)
    found = one(climb(Stage.EXCHANGE, Exchange(reply=generic_401()), entra=replace(entra, claims=claims)))
    assert "exchange-arm-audience-rejected" in ids(found)


def test_a_token_for_the_registry_is_not_blamed_for_its_audience() -> None:
    """The words 'token validation failed' alone do not outweigh an audience that is right."""
    answer = reply(401, "UNAUTHORIZED", "token validation failed")
    entra = observation(Stage.ENTRA)
    assert isinstance(entra, Entra)
    assert entra.claims is not None
    assert entra.claims.audience == AUDIENCE
    assert one(climb(Stage.EXCHANGE, Exchange(reply=answer))).symptom is UNRECOGNISED[Stage.EXCHANGE]


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        (Kind.ADMIN, {"admin-user-disabled", "admin-password-not-current"}),
        (
            Kind.SCOPE_MAP_TOKEN,
            {f"scope-map-token-{end}" for end in ("disabled", "no-password", "password-expired")}
            | {"scope-map-token-password-propagating", "scope-map-token-password-wrong"},
        ),
        (
            Kind.SERVICE_PRINCIPAL,
            {"sp-lacks-role", "role-propagation-delay", "abac-legacy-role-ineffective", "custom-role-wildcard"}
            | {"rbac-repository-role-ineffective"}
            | {"deny-assignment"},
        ),
    ],
)
def test_the_kind_of_user_decides_what_a_refusal_can_mean(kind: Kind, expected: set[str]) -> None:
    """The generic 401 leaves the causes of the credential's own kind, and rules the others out."""
    diagnosis = basic(generic_401(), kind=kind)
    assert ids(diagnosis) == expected
    assert excluded(diagnosis).isdisjoint(expected)
    assert excluded(diagnosis)


@pytest.mark.parametrize(
    ("expires", "audience", "mode"),
    [
        (STARTED - 1, HOST, "refresh-token-expired"),
        (STARTED + 1, "other.azurecr.io", "refresh-token-other-registry"),
    ],
)
def test_a_refresh_token_tells_its_own_fault(expires: float, audience: str, mode: str) -> None:
    """A refresh token used as a password is judged by its own end date and login server."""
    diagnosis = basic(
        generic_401(),
        kind=Kind.REFRESH_TOKEN,
        user_name=NULL_GUID,
        secret=SecretShape.ACR_REFRESH_TOKEN,
        secret_expires=expires,
        secret_audience=audience,
    )
    assert diagnosis.mode is MODES[mode]


def test_a_token_of_the_registry_beside_another_name_is_recognised() -> None:
    """The shape of the password confirms what the text leaves open."""
    answer = reply(401, "UNAUTHORIZED", "Application not registered with AAD.")
    diagnosis = basic(answer, secret=SecretShape.ACR_REFRESH_TOKEN)
    assert diagnosis.mode is MODES["client-null-guid-not-used"]


def test_an_entra_token_as_password_is_recognised() -> None:
    """An Entra token explains the refusal of a client secret."""
    answer = reply(401, "UNAUTHORIZED", "Invalid clientid or client secret.")
    assert basic(answer, secret=SecretShape.ENTRA_TOKEN).mode is MODES["client-entra-token-as-password"]
    assert ids(basic(answer)) == {
        "entra-app-disabled",
        "entra-sp-secret-expired",
        "entra-sp-secret-wrong",
        "sp-certificate-with-docker-login",
    }


_UNKNOWN = "basic-username-unknown"


@pytest.mark.parametrize(
    ("user_name", "kind", "declared", "expected"),
    [
        ("puler", Kind.SCOPE_MAP_TOKEN, False, {_UNKNOWN, "admin-username-wrong", "scope-map-token-not-found"}),
        ("puler", Kind.SCOPE_MAP_TOKEN, True, {_UNKNOWN, "scope-map-token-not-found"}),
        ("me@example.org", Kind.ADMIN, False, {_UNKNOWN, "admin-username-wrong"}),
        ("me@example.org", Kind.ADMIN, True, {"admin-username-wrong"}),
        (CLIENT_ID, Kind.SERVICE_PRINCIPAL, False, {_UNKNOWN, "entra-app-not-found", "entra-sp-missing"}),
    ],
)
def test_an_unknown_user_name_is_judged_by_its_shape(
    user_name: str, kind: Kind, *, declared: bool, expected: set[str]
) -> None:
    """What the name looks like, and what it was declared to be, narrow what it can have been meant for."""
    answer = reply(401, "UNAUTHORIZED", "Application not registered with AAD.")
    diagnosis = basic(answer, user_name=user_name, kind=kind, declared=declared)
    assert ids(diagnosis) == expected


def test_unreadable_facts_rule_nothing_out() -> None:
    """Could not look is not no: without the chain, addresses and claims every candidate stays."""
    transcript = replace(
        climb(Stage.EXCHANGE, Exchange(reply=denied_with_ip("fe80::1"))),
        dns=Dns(host=HOST, resolution=Resolution(Resolved.FOUND, ())),
        proxy="http://proxy:3128",
    )
    diagnosis = one(transcript)
    assert {"private-dns-resolves-public", "proxy-blocks-registry"} <= ids(diagnosis)
    unread = {each.why for finding in diagnosis.findings for each in finding.answers if each.value is None}
    assert unread == {NOT_ASKED, NOT_RECORDED}


@pytest.mark.parametrize("shown", ["'<masked>'", "<>", r"\u002710.0.0.1\u0027", "'20.1.2.3'"])
def test_the_firewalls_refusal_is_recognised_whatever_address_it_shows(shown: str) -> None:
    """The firewall's words decide; an address that cannot be read excludes nothing."""
    answer = reply(403, "DENIED", f"client with IP {shown} is not allowed access. Refer https://aka.ms/acr/firewall")
    diagnosis = one(climb(Stage.EXCHANGE, Exchange(reply=answer)))
    assert diagnosis.symptom.id == "denied-with-ip"
    assert ("firewall-service-endpoint" in ids(diagnosis)) is ("20.1.2.3" not in shown)


def test_a_public_address_behind_a_private_link_alias_stays_possible() -> None:
    """An alias into the private link zone that ends at a public address keeps its cause; a private address ends it."""
    alias = (HOST, "myacr.privatelink.azurecr.io")
    for address, possible in (("20.0.0.1", True), ("10.0.0.4", False)):
        found = Resolution(Resolved.FOUND, (address,), alias)
        transcript = climb(Stage.EXCHANGE, Exchange(reply=denied_with_ip()), dns=Dns(host=HOST, resolution=found))
        assert ("private-dns-resolves-public" in ids(one(transcript))) is possible


def test_an_abac_registry_keeps_its_causes() -> None:
    """Without the caller's actions in the refresh token the registry's mode decides nothing; ABAC keeps its causes."""
    transcript = granted("pull", must=("pull", "push")).transcript
    abac = replace(transcript, exchange=Exchange(issued=True, claims=RefreshClaims(aad_identity=True)))
    always = {"scope-not-granted", "role-propagation-delay", "custom-role-wildcard", "deny-assignment"}
    assert ids(one(abac)) == always | {"abac-condition-excludes-repo", "abac-legacy-role-ineffective"}
    assert ids(one(transcript)) == always | {"rbac-repository-role-ineffective"}


def test_a_scope_map_that_grants_something_is_not_missing() -> None:
    """For a scope-map token the granted actions tell whether the repository is in its map at all."""
    for actions, expected in (
        (("pull",), {"scope-map-lacks-action", "scope-map-propagating"}),
        (
            (),
            {"scope-map-lacks-action", "scope-map-lacks-repository", "scope-map-missing", "scope-map-propagating"},
        ),
    ):
        chosen = target(BASIC, "team/app", must=("pull", "push"))
        token = AccessToken(scope="repository:team/app:pull,push", must=chosen.must, issued=True, granted=actions)
        assert ids(one(climb(Stage.ACCESS_TOKEN, token, chosen=chosen))) == expected


def test_missing_and_excess_rights_are_two_diagnoses() -> None:
    """A token that grants too little and too much at once is explained twice."""
    seen = granted("delete", must=("pull",), must_not=("delete",))
    assert [found.symptom.id for found in diagnose(seen.transcript)] == ["rights-missing", "rights-excess"]


def test_an_unreadable_token_is_not_called_too_small() -> None:
    """Rights that cannot be read are unrecognised, neither missing nor in excess."""
    chosen = target(SERVICE_PRINCIPAL, "team/app", must=("pull", "push"), must_not=("delete",))
    token = AccessToken(
        scope="repository:team/app:pull,push,delete", must=chosen.must, must_not=("delete",), issued=True
    )
    assert one(climb(Stage.ACCESS_TOKEN, token, chosen=chosen)).symptom is UNRECOGNISED[Stage.ACCESS_TOKEN]


def test_a_token_that_holds_the_action_is_not_blamed() -> None:
    """An operation refused although the token grants it has other causes, unless the registry calls it insufficient."""
    assert "scope-not-granted" in excluded(one(SPECIMENS["operation-refused"].transcript))
    answer = generic_401(authenticate='Bearer realm="x",error="insufficient_scope"')
    operation = replace(observation(Stage.OPERATION), reply=answer, blob="")  # type: ignore[type-var]
    assert "scope-not-granted" in ids(one(climb(Stage.OPERATION, operation)))


def test_all_ruled_out_is_unrecognised_and_keeps_the_reasons() -> None:
    """When every cause is excluded none is named, and what excluded them stays."""
    diagnosis = basic(
        generic_401(),
        kind=Kind.REFRESH_TOKEN,
        user_name=NULL_GUID,
        secret_expires=STARTED - 1,
        secret_audience=HOST,
    )
    assert diagnosis.mode is MODES["refresh-token-expired"]
    anonymous = basic(generic_401(), kind=Kind.ANONYMOUS)
    assert anonymous.symptom is UNRECOGNISED[Stage.ACCESS_TOKEN]
    assert anonymous.candidates == ()
    assert "sp-lacks-role" in excluded(anonymous)


def test_the_three_verdicts_are_kept_apart() -> None:
    """Yes, no and could not look all occur, and only yes and could not look leave a candidate."""
    diagnosis = basic(generic_401(), kind=Kind.REFRESH_TOKEN, user_name=NULL_GUID, secret=SecretShape.OTHER_JWT)
    verdicts = {finding.mode.id: finding.verdict for finding in diagnosis.findings}
    assert verdicts["client-null-guid-other-password"] is Verdict.YES
    assert verdicts["admin-user-disabled"] is Verdict.NO
    assert verdicts["deny-assignment"] is Verdict.UNKNOWN


@pytest.mark.parametrize("address", ["127.0.0.1", "192.0.2.1", "198.51.100.7", "::1", "not an address"])
def test_only_private_networks_make_a_private_timeout(address: str) -> None:
    """Loopback and documentation addresses are not taken for a private endpoint's."""
    assert one(tcp(Trouble.TIMEOUT, address).transcript).symptom.id == "tcp-timeout"


def test_a_refusal_at_any_address_is_a_refusal() -> None:
    """An address that refuses tells more than another one that is silent."""
    attempts = (Attempt(address="20.0.0.1", trouble=Trouble.REFUSED), Attempt(address="::2", trouble=Trouble.TIMEOUT))
    transcript = climb(Stage.TCP, Tcp(host=HOST, port=443, attempts=attempts))
    assert one(transcript).mode is MODES["tcp-refused"]


def test_both_legs_are_diagnosed() -> None:
    """A registry that cannot be resolved and an identity that Entra refuses are two diagnoses, in the climb's order."""
    transcript = replace(SPECIMENS["nxdomain"].transcript, entra=SPECIMENS["aadsts-7000222"].transcript.entra)
    assert [found.symptom.id for found in diagnose(transcript)] == ["nxdomain", "aadsts-7000222"]


WORDS = st.one_of(
    st.text(max_size=60),
    st.sampled_from(
        [
            "",
            "UNAUTHORIZED",
            "DENIED",
            "authentication required",
            "token validation failed",
            "retrieving permissions failed",
            "Invalid clientid or client secret.",
            "Application not registered with AAD.",
            "client with IP '20.1.2.3' is not allowed access",
            "The operation is disallowed on this registry",
            "404 page not found",
            "AuthenticationFailed",
        ]
    ),
)
REPLIES = st.builds(
    reply,
    st.sampled_from([200, 302, 307, 400, 401, 403, 404, 418, 429, 500]),
    WORDS,
    WORDS,
    body=WORDS,
    authenticate=WORDS,
    retry_after=WORDS,
    from_registry=st.booleans(),
)
TROUBLES = st.one_of(st.none(), st.sampled_from(Trouble))


def can_be(answer: Reply | None, trouble: Trouble | None) -> bool:
    """Whether probes record the two together: a wait that failed leaves no answer, only a redirect is withheld.

    An answer's body is recorded only where it holds no error that could be read.
    """
    if answer is not None and answer.body and (answer.code or answer.message):
        return False
    if answer is None or trouble is None:
        return True
    statuses = {Trouble.WITHHELD: range(300, 400), Trouble.MALFORMED: (200,), Trouble.TOO_LARGE: range(100, 600)}
    return answer.status in statuses.get(trouble, ())


ANSWERING = [Stage.CHALLENGE, Stage.ENTRA, Stage.EXCHANGE, Stage.ACCESS_TOKEN, Stage.OPERATION, Stage.DATA]
TOGETHER = {"rights-missing", "rights-excess"}


@given(
    st.sampled_from(ANSWERING),
    st.one_of(st.none(), REPLIES),
    TROUBLES,
    WORDS,
    st.sampled_from([Flow.ENTRA, Flow.BASIC]),
)
def test_any_answer_gives_a_diagnosis(
    stage: Stage, answer: Reply | None, trouble: Trouble | None, text: str, flow: Flow
) -> None:
    """Whatever is answered at whichever stage, there is a diagnosis with one symptom and a text."""
    assume(can_be(answer, trouble))
    basic_flow = flow is Flow.BASIC and stage not in {Stage.ENTRA, Stage.EXCHANGE}
    chosen = target(BASIC if basic_flow else SERVICE_PRINCIPAL, "team/app")
    empty = {
        Stage.ENTRA: {"issued": False},
        Stage.EXCHANGE: {"issued": False},
        Stage.ACCESS_TOKEN: {"issued": False},
        Stage.OPERATION: {"blob": ""},
        Stage.DATA: {"received": 0, "redirect": text},
        Stage.CHALLENGE: {"scheme": text},
    }[stage]
    broken = replace(observation(stage, chosen=chosen), reply=answer, trouble=trouble, text=text, **empty)  # type: ignore[type-var, arg-type]
    found = diagnose(climb(stage, broken, chosen=chosen))
    assert len(found) == 1
    assert len(symptoms(found[0].seen)) <= 1
    assert explain(found[0]).startswith(headline(found[0]))


def test_a_credential_without_facts_is_explained() -> None:
    """Nothing known of a credential is no reason to fail."""
    bare = CredentialFacts(kind=Kind.SERVICE_PRINCIPAL)
    assert "exchange-no-role" in explain(one(climb(Stage.EXCHANGE, Exchange(reply=generic_401()), own=bare)))
