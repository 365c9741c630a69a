"""What the emulated Entra answers."""

from __future__ import annotations

import re

import jwt
import pytest

from pytest_acrauth.emulator.world.directory import Password
from pytest_acrauth.emulator.world.healthy import PRINCIPAL, TENANT

LOGIN = "https://login.microsoftonline.com"
UNKNOWN = "99999999-2222-4333-8444-555555555555"


def test_token_tells_who_asked_for_what(visitor):
    """A token names audience, application, principal and tenant, and lives for an hour."""
    response = visitor.entra()
    body = response.json()
    assert (body["token_type"], body["expires_in"], body["ext_expires_in"]) == ("Bearer", 3599, 3599)
    claims = jwt.decode(body["access_token"], options={"verify_signature": False})
    assert claims["aud"] == "https://containerregistry.azure.net"
    assert (claims["oid"], claims["tid"]) == (PRINCIPAL, TENANT)
    assert claims["appid"] == visitor.emulator.environ["AZURE_CLIENT_ID"]
    assert response.headers["x-ms-clitelem"] == "1,0,0,,"


def expired(cloud, client):
    """End the secret."""
    cloud.applications[client].secrets[0].ends = cloud.now()


def not_yet_valid(cloud, client):
    """Start the secret later."""
    cloud.applications[client].secrets[0].starts = cloud.now() + 3600


def disabled(cloud, client):
    """Disable the application."""
    cloud.applications[client].enabled = False


def disabled_just_now(cloud, client):
    """Disable the application a moment ago: not every part of Entra knows."""
    cloud.applications[client].enabled, cloud.applications[client].changed = False, cloud.now()


def enabled_just_now(cloud, client):
    """Enable the application again a moment ago."""
    cloud.applications[client].changed = cloud.now()


def deleted(cloud, client):
    """Delete the application."""
    del cloud.applications[client]


def looping(cloud, client):
    """Let the application have asked too often."""
    cloud.looping.add(client)


def without_registries(cloud, _client):
    """Let the tenant lack the application of registries."""
    cloud.rules.absent.add("https://containerregistry.azure.net")


def for_the_assigned(cloud, _client):
    """Let the application of registries admit those alone who are assigned to it."""
    cloud.rules.assigned_only.add("https://containerregistry.azure.net")


def unchanged(cloud, client):
    """Leave the cloud as it is."""


@pytest.mark.parametrize(
    ("change", "fields", "status", "error", "code"),
    [
        (unchanged, {"client_secret": "wrong"}, 401, "invalid_client", 7000215),
        (not_yet_valid, {}, 401, "invalid_client", 7000215),
        (expired, {}, 401, "invalid_client", 7000222),
        (expired, {"client_secret": "wrong"}, 401, "invalid_client", 7000215),
        (deleted, {}, 400, "unauthorized_client", 700016),
        (unchanged, {"client_id": UNKNOWN}, 400, "unauthorized_client", 700016),
        (disabled, {}, 400, "unauthorized_client", 7000112),
        (looping, {}, 400, "invalid_grant", 50196),
        (without_registries, {}, 400, "invalid_resource", 500011),
        (for_the_assigned, {}, 400, "invalid_grant", 501051),
        (enabled_just_now, {}, 400, "unauthorized_client", 7000112),
        (unchanged, {"tenant": UNKNOWN}, 400, "invalid_request", 90002),
        (unchanged, {"grant_type": "password"}, 400, "unsupported_grant_type", 70003),
        (unchanged, {"scope": "https://containerregistry.azure.net"}, 400, "invalid_scope", 1002012),
        (unchanged, {"scope": "https://unknown.example/.default"}, 400, "invalid_resource", 500011),
    ],
)
def test_refusals_carry_their_number(visitor, change, fields, status, error, code):
    """Each refusal has its status, its OAuth error and its number, in the list, the text and the link alike."""
    change(visitor.emulator.world.cloud, visitor.emulator.environ["AZURE_CLIENT_ID"])
    response = visitor.entra(**fields)
    body = response.json()
    assert (response.status_code, body["error"], body["error_codes"]) == (status, error, [code])
    lines = body["error_description"].split("\r\n")
    assert lines[0].startswith(f"AADSTS{code}: ")
    assert lines[1:] == [
        f"Trace ID: {body['trace_id']}",
        f"Correlation ID: {body['correlation_id']}",
        f"Timestamp: {body['timestamp']}",
    ]
    assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ", body["timestamp"])
    assert body["error_uri"] == f"{LOGIN}/error?code={code}"
    assert response.headers["x-ms-request-id"] == body["trace_id"]
    assert response.headers["x-ms-clitelem"] == f"1,{code},0,,"


def test_a_service_principals_own_secret_counts_as_well(visitor):
    """A secret of either object proves the application, and a switch takes minutes until it is in effect."""
    cloud, client = visitor.emulator.world.cloud, visitor.emulator.environ["AZURE_CLIENT_ID"]
    own = Password("the-service-principals", ends=cloud.now() + 60)
    cloud.applications[client].principal_secrets.append(own)
    assert visitor.entra(client_secret=own.value).status_code == 200
    assert visitor.entra().status_code == 200
    disabled_just_now(cloud, client)
    assert visitor.entra().status_code == 200


def test_discovery_leads_to_the_token_endpoint(visitor):
    """A tenant's configuration names its token endpoint; an unknown tenant has none."""
    document = "v2.0/.well-known/openid-configuration"
    found = visitor.http.get(f"{LOGIN}/{TENANT}/{document}").json()
    assert found["token_endpoint"] == f"{LOGIN}/{TENANT}/oauth2/v2.0/token"
    assert found["issuer"] == f"{LOGIN}/{TENANT}/v2.0"
    missing = visitor.http.get(f"{LOGIN}/{UNKNOWN}/{document}")
    assert (missing.status_code, missing.json()["error"], missing.json()["error_codes"]) == (
        400,
        "invalid_tenant",
        [90002],
    )


def test_secrets_of_two_emulators_differ(visitor):
    """Every world has secrets of its own, so that none is worth stealing or writing down."""
    from pytest_acrauth.emulator.world.healthy import healthy_world

    other = healthy_world().machine.environ
    ours = visitor.emulator.environ
    secret = {name for name in ours if name.endswith(("SECRET", "PASSWORD"))}
    assert secret == {"AZURE_CLIENT_SECRET", "ACR_SP_PASSWORD", "ACR_ADMIN_PASSWORD", "ACR_PULLER_PASSWORD"}
    assert all(ours[name] != other[name] for name in secret)
