"""What the registries' token server makes of an Entra token, and what the tokens say."""

from __future__ import annotations

import jwt
import pytest
from emulator.visiting import GENERIC, PULL, REGISTRY, claims, error, granted

from pytest_acrauth.emulator.world.cloud import RoleAssignment
from pytest_acrauth.emulator.world.healthy import PRINCIPAL


def test_refresh_token_tells_registry_wide_actions(visitor):
    """A registry without repository permissions puts the caller's actions into the refresh token, for three hours."""
    found = claims(visitor.exchange().json()["refresh_token"])
    assert found["permissions"] == {"actions": ["read"], "notActions": []}
    assert (found["iss"], found["aud"]) == ("Azure Container Registry", "myacr.azurecr.io")
    assert (found["grant_type"], found["version"], found["roles"]) == ("refresh_token", "1.0", [])
    assert found["exp"] - found["iat"] == 3 * 3600


def test_repository_permissions_show_in_the_tokens(visitor):
    """With repository permissions the refresh token has an identity instead of actions, and old roles grant nothing."""
    registry = visitor.emulator.world.cloud.registries["myacr"]
    registry.abac = True
    found = claims(visitor.exchange().json()["refresh_token"])
    assert found["aad_identity"] == PRINCIPAL
    assert "permissions" not in found
    assert granted(visitor.access(PULL)) == []
    reader = RoleAssignment(PRINCIPAL, "Container Registry Repository Reader", registry.resource_id)
    visitor.emulator.world.cloud.assignments.append(reader)
    assert granted(visitor.access(PULL, "repository:*:pull", "registry:catalog:*")) == [("team/app", ["pull"])]


@pytest.mark.parametrize(
    ("scopes", "expected"),
    [
        ((), []),
        (("repository:team/app:pull,push",), [("team/app", ["pull"])]),
        (("repository:team/app:push",), []),
        ((f"{PULL} repository:team/multi:metadata_read",), [("team/app", ["pull"]), ("team/multi", ["metadata_read"])]),
        ((PULL, "registry:catalog:*"), [("team/app", ["pull"]), ("catalog", ["*"])]),
        (("nonsense",), []),
    ],
)
def test_access_token_holds_what_was_asked_and_is_held(visitor, scopes, expected):
    """Scopes may be repeated or joined by spaces, or be absent as in docker login; grants are reduced, not refused."""
    response = visitor.access(*scopes)
    assert list(response.json()) == ["access_token"]
    assert granted(response) == expected


@pytest.mark.parametrize(
    ("role", "permissions", "actions"),
    [
        ("AcrPush", ["read", "write"], ["pull", "push"]),
        ("AcrDelete", ["delete"], ["delete"]),
        ("Reader", ["read"], ["pull"]),
        ("Owner", ["*"], ["pull", "push", "delete"]),
        ("Container Registry Repository Reader", [], []),
        # A role of the control plane logs in, and pulls nothing.
        ("Container Registry Configuration Reader and Data Access Configuration Reader", [], []),
    ],
)
def test_roles_grant_what_azure_documents(visitor, role, permissions, actions):
    """Each built-in role yields its documented actions on a registry without repository permissions."""
    cloud = visitor.emulator.world.cloud
    cloud.assignments[:] = [RoleAssignment(PRINCIPAL, role, cloud.registries["myacr"].resource_id)]
    assert claims(visitor.exchange().json()["refresh_token"])["permissions"]["actions"] == permissions
    found = granted(visitor.access("repository:team/app:pull,push,delete"))
    assert found == ([("team/app", actions)] if actions else [])


def test_exchange_refuses_a_principal_without_role(visitor):
    """Without any role the exchange is a 401 whose message ends in a correlation id."""
    visitor.emulator.world.cloud.assignments.clear()
    status, code, message = error(visitor.exchange())
    assert (status, code) == (401, "UNAUTHORIZED")
    assert message.startswith(f"{GENERIC} CorrelationId: ")


def test_exchange_takes_the_management_audience_unless_told_not_to(visitor):
    """An Entra token for the management plane is exchanged by default and refused with its own words by policy."""
    token = visitor.entra(scope="https://management.azure.com/.default").json()["access_token"]
    assert visitor.exchange(access_token=token).status_code == 200
    visitor.emulator.world.cloud.registries["myacr"].arm_audience_accepted = False
    status, code, message = error(visitor.exchange(access_token=token))
    assert (status, code, message.partition(". ")[0]) == (401, "UNAUTHORIZED", "token validation failed")
    assert visitor.exchange().status_code == 200


@pytest.mark.parametrize("token", ["", "no token", jwt.encode({"aud": "x"}, "k" * 32)])
def test_exchange_refuses_what_entra_did_not_sign(visitor, token):
    """Anything but a token of the emulated Entra is refused."""
    assert visitor.exchange(access_token=token).status_code == 401


def test_exchange_refuses_another_tenant(visitor):
    """A valid token of a tenant that is not the registry's is refused."""
    cloud = visitor.emulator.world.cloud
    other = "11111111-2222-4333-8444-555555555555"
    cloud.tenants.add(other)
    cloud.applications[visitor.emulator.environ["AZURE_CLIENT_ID"]].principals[other] = PRINCIPAL
    token = visitor.entra(tenant=other).json()["access_token"]
    assert visitor.exchange(access_token=token).status_code == 401


def test_exchange_is_post_only_and_knows_its_grant_types(visitor):
    """The kubelet's older grant type works, an unknown one is a 400, and GET finds nothing."""
    assert visitor.exchange(grant_type="access_token_refresh_token").status_code == 200
    assert visitor.exchange(grant_type="password").status_code == 400
    assert visitor.http.get(f"{REGISTRY}/oauth2/exchange").status_code == 404


def test_throttled_login(visitor):
    """An exhausted login bucket is a 429 that says when to come back."""
    visitor.emulator.world.cloud.registries["myacr"].login_throttled = True
    response = visitor.exchange()
    assert error(response)[:2] == (429, "TOOMANYREQUESTS")
    assert int(response.headers["Retry-After"]) > 0


def test_key_id_has_the_form_that_distribution_reads(visitor):
    """The registry's tokens name their key in twelve groups of four, as the distribution registry expects."""
    header = jwt.get_unverified_header(visitor.exchange().json()["refresh_token"])
    assert header["alg"] == "ES256"
    assert [len(group) for group in header["kid"].split(":")] == [4] * 12
