"""How near an end is: dates as Azure writes them, which credential is in use, and what becomes of its check."""

from __future__ import annotations

import factories
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_acrauth.model.credential import CredentialFacts, Kind, SecretShape
from pytest_acrauth.model.expiry import DAY, Dated, Ending, ExpiryRecord, Limits, SignIn, dated, kinds_of
from pytest_acrauth.model.outlook import Outlook, Verdict
from pytest_acrauth.model.target import Flow

NOW = 1_780_000_000.0
FAIL = Limits(fail=14)
SOON, LATER, OVER = (NOW + days * DAY for days in (5, 100, -1))


def outlook(*found: Dated, limits: Limits = FAIL, kind: Ending = Ending.CLIENT_SECRET, **changes: object) -> Outlook:
    """Return what is seen of these credentials by an identity that signed in, unless the changes say otherwise."""
    record = ExpiryRecord(
        parts=("ci", kind),
        target=factories.target(),
        asked=kind,
        now=NOW,
        kind=kind,
        found=found,
        sign_in=SignIn.PASSED,
    )
    for name, value in changes.items():
        object.__setattr__(record, name, value)
    return Outlook(record, limits)


@pytest.mark.parametrize(
    ("text", "ends", "readable"),
    [
        ("", None, True),
        ("2026-05-28T20:26:40Z", NOW, True),
        ("2026-05-28T20:26:40", NOW, True),
        ("2026-05-28T20:26:40.1234567Z", NOW + 0.123456, True),
        ("2026-05-28T22:26:40+02:00", NOW, True),
        ("9999-12-31T23:59:59Z", None, True),
        ("9999-12-31T23:59:59.9999999-12:00", None, True),
        ("9999-12-31T23:59:59+14:00", None, True),
        ("0001-01-01T00:00:00Z", None, False),
        ("0001-01-01T00:00:00+14:00", None, False),
        ("10000-01-01T00:00:00Z", None, False),
        ("2026-02-30T00:00:00Z", None, False),
        ("soon", None, False),
    ],
)
def test_dates_as_azure_writes_them(text: str, ends: float | None, readable: bool) -> None:  # noqa: FBT001
    """The year 9999 is no end; what no calendar has, and what stands for no date at all, is not known."""
    found = dated("ci", "", text)
    assert (found.ends, found.readable) == (pytest.approx(ends) if ends is not None else None, readable)


@given(st.text(max_size=40))
def test_no_text_is_too_strange_for_a_date(text: str) -> None:
    """Whatever a directory writes is a moment, none, or not readable."""
    found = dated("ci", text, text)
    assert found.readable or found.ends is None


def test_one_that_ends_soon_fails_and_one_that_does_not_passes() -> None:
    """At the limit itself it fails; without a limit for failing, nothing does."""
    assert outlook(Dated("a", ends=SOON)).verdict is Verdict.FAILS
    assert outlook(Dated("a", ends=NOW + 14 * DAY)).verdict is Verdict.FAILS
    assert outlook(Dated("a", ends=NOW + 14 * DAY + 1)).verdict is Verdict.PASSES
    assert outlook(Dated("a", ends=None)).verdict is Verdict.PASSES
    warned = outlook(Dated("a", ends=SOON), limits=Limits(warn=30))
    assert warned.verdict is Verdict.PASSES
    assert [each.name for each in warned.told] == ["a"]


def test_where_it_cannot_be_told_all_of_them_must_end() -> None:
    """One of several that ends later may be the one in use: then it is only told."""
    found = outlook(Dated("a", ends=SOON), Dated("b", ends=LATER))
    assert (found.verdict, found.in_use) == (Verdict.PASSES, None)
    assert [each.name for each in found.told] == ["a"]
    assert outlook(Dated("a", ends=SOON), Dated("b", ends=SOON)).verdict is Verdict.FAILS


def test_the_one_that_is_held_decides() -> None:
    """Whatever the others do; what is certainly not held is not asked."""
    assert outlook(Dated("a", ends=SOON, held=True), Dated("b", ends=LATER)).verdict is Verdict.FAILS
    assert outlook(Dated("a", ends=SOON), Dated("b", ends=LATER, held=True)).verdict is Verdict.PASSES
    assert outlook(Dated("a", ends=SOON), Dated("b", ends=LATER, held=False)).verdict is Verdict.FAILS
    assert outlook(Dated("a", ends=SOON, held=False), Dated("b", ends=LATER)).verdict is Verdict.PASSES


def test_who_signs_in_uses_none_that_has_ended_or_not_begun() -> None:
    """And who has not signed in may: then what has ended counts as past the limit."""
    over, unborn = Dated("a", ends=OVER), Dated("c", starts=NOW + DAY, ends=LATER)
    last = outlook(over, Dated("b", ends=SOON), unborn)
    assert last.verdict is Verdict.FAILS
    assert last.in_use is not None
    assert last.in_use.name == "b"
    assert [each.name for each in last.told] == ["b"]
    assert outlook(over, Dated("b", ends=LATER)).verdict is Verdict.PASSES
    assert outlook(over, Dated("b", ends=SOON), sign_in=SignIn.NOT_REACHED).verdict is Verdict.FAILS
    assert outlook(over).verdict is Verdict.UNSEEN


@pytest.mark.parametrize(
    "found",
    [
        outlook(why="nobody may"),
        outlook(),
        outlook(Dated("a", ends=SOON), sign_in=SignIn.REFUSED),
        outlook(Dated("a", readable=False)),
        outlook(Dated("a", readable=False), Dated("b", ends=SOON)),
        outlook(Dated("a", ends=SOON), unshown="others are elsewhere"),
        outlook(Dated("a", ends=LATER), unshown="others are elsewhere"),
    ],
)
def test_what_is_not_known_is_never_fine(found: Outlook) -> None:
    """No look, no credential, no sign-in, no date, or perhaps others: each says why."""
    assert found.verdict is Verdict.UNSEEN
    assert found.why


def test_what_cannot_be_read_does_not_hide_what_can() -> None:
    """One that certainly ends later may be the one in use, so that nothing fails."""
    assert outlook(Dated("a", readable=False), Dated("b", ends=LATER)).verdict is Verdict.PASSES


@pytest.mark.parametrize("kind", [Ending.REFRESH_TOKEN, Ending.FEDERATED_TOKEN])
def test_what_never_lives_as_long_as_the_limit_is_judged_by_its_own_life(kind: Ending) -> None:
    """Its last tenth is its end; a federated token, which somebody else renews, never fails."""
    life = 3 * 3600.0
    fresh = Dated("token", starts=NOW - 60, ends=NOW - 60 + life, held=True)
    late = Dated("token", starts=NOW - 0.95 * life, ends=NOW + 0.05 * life, held=True)
    assert outlook(fresh, kind=kind).told == ()
    assert outlook(late, kind=kind).told == (late,)
    fails = Verdict.FAILS if kind is Ending.REFRESH_TOKEN else Verdict.PASSES
    assert outlook(late, kind=kind).verdict is fails
    own = outlook(fresh, kind=Ending.REFRESH_TOKEN, limits=Limits(fail=0.1245))
    assert own.verdict is Verdict.FAILS  # a limit that is shorter than its life is meant as it says


def test_days_are_counted_by_the_services_clock() -> None:
    """Where this machine's differs by more than clocks do."""
    ends = Dated("a", ends=NOW + 20 * DAY)
    assert outlook(ends, off=-10 * DAY).verdict is Verdict.FAILS
    assert outlook(ends, off=-10.0).verdict is Verdict.PASSES
    assert outlook(Dated("a", ends=NOW + 5 * DAY), off=-20.0).clock_off == 0.0


@pytest.mark.parametrize(
    ("kind", "secret", "flow", "found"),
    [
        (Kind.SERVICE_PRINCIPAL, SecretShape.OPAQUE, Flow.ENTRA, [Ending.CLIENT_SECRET]),
        (Kind.SERVICE_PRINCIPAL, SecretShape.NONE, Flow.ENTRA, [Ending.CLIENT_SECRET]),
        (Kind.SERVICE_PRINCIPAL, SecretShape.OPAQUE, Flow.BASIC, [Ending.CLIENT_SECRET]),
        (Kind.SERVICE_PRINCIPAL, SecretShape.CERTIFICATE, Flow.ENTRA, [Ending.CERTIFICATE_FILE, Ending.CERTIFICATE]),
        (Kind.SERVICE_PRINCIPAL, SecretShape.ASSERTION, Flow.ENTRA, [Ending.FEDERATED_TOKEN]),
        (Kind.SERVICE_PRINCIPAL, SecretShape.OTHER_JWT, Flow.ENTRA, []),
        (Kind.SCOPE_MAP_TOKEN, SecretShape.OPAQUE, Flow.BASIC, [Ending.SCOPE_MAP_PASSWORD]),
        (Kind.REFRESH_TOKEN, SecretShape.ACR_REFRESH_TOKEN, Flow.BASIC, [Ending.REFRESH_TOKEN]),
        (Kind.ADMIN, SecretShape.OPAQUE, Flow.BASIC, []),
        (Kind.MANAGED_IDENTITY, SecretShape.NONE, Flow.ENTRA, []),
        (Kind.USER, SecretShape.NONE, Flow.ENTRA, []),
        (Kind.ANONYMOUS, SecretShape.NONE, Flow.ANONYMOUS, []),
    ],
)
def test_which_credentials_have_an_end(kind: Kind, secret: SecretShape, flow: Flow, found: list[Ending]) -> None:
    """By what is known of them before anybody is asked; of a stored login that is less."""
    assert [*kinds_of(CredentialFacts(kind=kind, secret=secret), flow)] == found
    stored = CredentialFacts(kind=kind, secret=secret, source="~/.docker/config.json")
    if flow is Flow.BASIC:
        assert [*kinds_of(stored, flow)] == ([] if kind is Kind.ADMIN else [Ending.STORED_LOGIN])
