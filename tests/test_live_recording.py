"""What a live run keeps of answers, whatever is in them."""

from __future__ import annotations

import json

import httpx
import pytest
from canaries import forms
from live.recording import Door, write
from shapes import parsed

from pytest_acrauth.model.secret import Secrets

SECRET = "s3cret/of+the=identity"
TENANT = "0b1f7c3a-5d2e-4c88-9a44-7e6f5d4c3b2a"
JWT = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJjYW5hcnkifQ.c2lnbmF0dXJlLWNhbmFyeQ"


@pytest.fixture
def door():
    """Deliver a door of a run that has one secret, and a tenant that is known by its domain."""
    secrets = Secrets()
    secrets.add(SECRET, user="me")
    return Door(secrets, {"LIVE_TENANT_ID": "login.contoso.example"})


def bodies() -> dict[str, bytes]:
    """Return bodies that hold what must not be kept, by what they try."""
    tries = {
        "a message": {"errors": [{"message": f"no {form}"} for form in forms(SECRET)]},
        "a key": {"a": [{SECRET: {SECRET: SECRET}}]},
        "a token": {"access_token": "opaque", "deep": {"refresh_token": "opaque", "id_token": JWT}},
        "a password": {"passwords": [{"password": "opaque", "name": "password"}], "clientSecret": "opaque"},
        "a signed address": {"link": "https://host.example/data?sv=1&sig=opaque%2Bsignature&se=2"},
        "an id": {"oid": TENANT, "scope": f"/subscriptions/{TENANT}/x", "authority": "login.contoso.example/oauth2"},
        "what lets in": {
            "a": "Bearer opaque-opaque",
            "b": "x Basic opaqueopaque=",
            "c": "AccountKey=opaqueopaqueopaque==;",
        },
        "a private key": {"pem": "-----BEGIN PRIVATE KEY-----\nopaque\n-----END PRIVATE KEY-----"},
        "an id in an address": {"next": f"https://h.example/{TENANT.replace('-', '%2D')}"},
        "a guest": {
            "upn": "me_contoso.example#EXT#@fabrikam.example",
            "in": "me%40contoso.example",
            "p": "me&#64;contoso.example",
        },
        "a person": {"createdBy": "admin@contoso.example", "ip": "203.0.113.9", "six": "2001:db8::1"},
    }
    found = {name: json.dumps(value).encode() for name, value in tries.items()}
    found["a text"] = f"<html>{SECRET} {JWT} {TENANT} 203.0.113.9 Authorization: Bearer opaque</html>".encode()
    found["no text"] = b"\xff\xfe" + SECRET.encode() + b"\x00"
    found["a deep one"] = b"[" * 5000 + json.dumps(SECRET).encode()
    return found


@pytest.mark.parametrize("body", bodies().values(), ids=bodies())
def test_nothing_of_a_secret_or_an_id_is_kept(door, body):
    """Secrets in any spelling, tokens, passwords, signatures, ids, addresses, persons are gone; JSON stays JSON."""
    kept = door.body(body)
    spilt = [*forms(SECRET), JWT, TENANT, TENANT[:8], "opaque", "203.0.113.9", "2001:db8::1", "contoso.example"]
    assert [each for each in spilt if each in kept] == []
    assert (parsed(kept) is None) == (parsed(body.decode("utf-8", "replace")) is None)


def test_headers_keep_their_names(door):
    """A cookie has none of its value, a signed address its names, a correlation id itself."""
    kept = door.headers(
        httpx.Headers(
            [
                ("Set-Cookie", "a=opaque; path=/"),
                ("Set-Cookie", "b=opaque"),
                ("Location", f"https://h.example/{TENANT}/data?se=2026-01-01&sig=opaque&skoid={TENANT}"),
                ("X-Ms-Correlation-Request-Id", TENANT),
                ("X-Ms-Tenant", TENANT),
                ("X-Echo", SECRET),
            ]
        )
    )
    assert kept == {
        "Set-Cookie": ["***", "***"],
        "Location": "https://h.example/id-1/data?se=***&sig=***&skoid=***",
        "X-Ms-Correlation-Request-Id": TENANT,
        "X-Ms-Tenant": "id-1",
        "X-Echo": "***",
    }


def test_whose_address_it_is_is_not_kept(door):
    """An address is spelt anew on its way into a record, and a person in it with it."""
    kept = door.address("https://h.example/admin@contoso.example/x?u=admin@contoso.example&v=1")
    assert kept == "https://h.example/<person>/x?u=<person>&v=1"


def test_a_challenge_stays(door):
    """What a client reads behind Bearer is no token."""
    challenge = 'Bearer realm="https://myacr.azurecr.io/oauth2/token",service="myacr.azurecr.io"'
    assert door.headers(httpx.Headers({"WWW-Authenticate": challenge})) == {"WWW-Authenticate": challenge}


def test_what_is_not_secret_stays(door):
    """Messages, codes, dates, digests and numbers are what a record is for."""
    body = {
        "errors": [{"code": "DENIED", "message": "client is not allowed access", "detail": [{"Type": "repository"}]}],
        "createdTime": "2026-01-02T03:04:05.678Z",
        "digest": f"sha256:{'0a' * 32}",
        "count": 7,
        "list": [True, None, 1.5],
    }
    assert json.loads(door.body(json.dumps(body).encode())) == body


@pytest.mark.thorough
def test_a_huge_answer_is_bounded(door):
    """What is kept does not grow with the answer."""
    body = json.dumps({"list": ["x" * 100_000] * 1000}).encode()
    assert len(door.body(body)) < 1_000_000


def test_a_record_overwrites_nothing(tmp_path):
    """What is there is somebody's own."""
    write(tmp_path, "rows.jsonl", ["{}"])
    with pytest.raises(FileExistsError):
        write(tmp_path, "rows.jsonl", ["[]"])
    assert (tmp_path / "rows.jsonl").read_text(encoding="utf-8") == "{}\n"
