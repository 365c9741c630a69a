"""What tokens say of themselves: whatever a peer puts into one ends as plain, printable data."""

from __future__ import annotations

import base64
import json

import pytest

from pytest_acrauth.model.claims import (
    aadsts_codes,
    claims,
    entra_claims,
    expiry_of,
    granted_actions,
    refresh_claims,
    shape_of,
)
from pytest_acrauth.model.credential import SecretShape
from pytest_acrauth.model.secret import Secret, Secrets

HOSTILE = "a-planted-password \ud800\x1b[1m ##vso[task.complete] ::error::x"


def token(payload: str) -> Secret:
    """Return a token with a payload, which need not be one that a JSON library would write."""
    encoded = base64.urlsafe_b64encode(payload.encode()).decode().rstrip("=")
    return Secret(f"eyJhbGciOiJub25lIn0.{encoded}.signature")


@pytest.mark.parametrize(
    "number",
    ["1" + "0" * 400, "1e999", "-1e999", "NaN", "Infinity", "-1", "253402300800", "true", '"soon"', "null", "[]"],
)
def test_an_end_outside_the_calendar_is_none(number):
    """A number that no calendar has, and what is no number, is no end."""
    found = claims(token(f'{{"exp": {number}}}'))
    assert found is not None
    assert expiry_of(found) is None


@pytest.mark.parametrize("number", ["0", "1750000000", "1750000000.5", "253370764799"])
def test_an_end_within_it_is_kept(number):
    """Whole numbers and fractions are seconds since the epoch."""
    found = claims(token(f'{{"exp": {number}}}'))
    assert found is not None
    assert expiry_of(found) == float(number)


@pytest.mark.parametrize("actions", ["5", "true", '"pull"', '{"pull": 1}', "[5, null, {}]", "null"])
def test_actions_of_another_shape_are_none(actions):
    """Where a list of names should be, anything may be."""
    access = f'{{"access": [{{"type": "repository", "name": "hello", "actions": {actions}}}, 5, null]}}'
    assert granted_actions(token(access), "hello", Secrets()) == ()
    assert refresh_claims(token(f'{{"permissions": {{"actions": {actions}}}}}'), Secrets()) is not None


@pytest.mark.parametrize("payload", ["[" * 100_000, '{"a":' * 100_000, "5", "", "{", '{"exp": ' + "9" * 5000 + "}"])
def test_what_is_no_payload_says_nothing(payload):
    """Nesting of any depth, numbers of any length and halves of documents are a token that keeps to itself."""
    assert claims(token(payload)) is None
    assert shape_of(token(payload)) is SecretShape.OPAQUE


def test_claims_pass_the_door():
    """A secret, half a character, control characters and commands to CI systems are in no claim that is kept."""
    secrets = Secrets()
    secrets.add("a-planted-password")
    said = dict.fromkeys(("aud", "oid", "appid", "tid", "iss", "grant_type"), HOSTILE)
    access = [{"type": "repository", "name": "hello", "actions": [HOSTILE]}]
    hostile = token(json.dumps({**said, "permissions": {"actions": [HOSTILE]}, "access": access}))
    entra, refresh = entra_claims(hostile, secrets), refresh_claims(hostile, secrets)
    granted = granted_actions(hostile, "hello", secrets)
    assert entra is not None
    assert refresh is not None
    assert granted is not None
    kept = [entra.audience, entra.object_id, entra.client_id, entra.tenant_id, *refresh.permissions, *granted]
    assert len(kept) == 6
    for text in kept:
        assert text == "*** \ufffd [1m # #vso[task.complete] : :error::x"


@pytest.mark.parametrize(
    ("listed", "codes"), [([7000215, True, -1, 10**50, "7", 1.5], (7000215,)), ("7000215", ()), (None, ()), ({}, ())]
)
def test_numbers_of_entra_are_numbers_of_entra(listed, codes):
    """What cannot be a number of Entra's is left out."""
    assert aadsts_codes({"error_codes": listed}) == codes
