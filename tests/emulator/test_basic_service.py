"""What the registries' token server makes of passwords, and of nothing."""

from __future__ import annotations

import pytest
from emulator.visiting import GENERIC, NULL_GUID, PULL, REGISTRY, challenge_of, error, granted

from pytest_acrauth.emulator.world.directory import Password


def test_admin_user_may_do_everything(visitor):
    """Both admin passwords give every action, the catalog included."""
    registry = visitor.emulator.world.cloud.registries["myacr"]
    for password in registry.admin_passwords:
        response = visitor.basic("myacr", password, "repository:team/app:*", "registry:catalog:*")
        assert granted(response) == [("team/app", ["*"]), ("catalog", ["*"])]


def test_scope_map_token_may_do_what_its_map_says(visitor):
    """A scope-map token is granted its map's actions on its repositories, wildcards included, and never the catalog."""
    registry = visitor.emulator.world.cloud.registries["myacr"]
    password = registry.tokens["puller"].passwords[1].value
    scopes = (PULL, "repository:team/multi:pull", "registry:catalog:*", "repository:team/app:push")
    assert granted(visitor.basic("puller", password, *scopes)) == [("team/app", ["pull"])]
    registry.scope_maps["app-pull"].actions.append("repositories/team/*/content/read")
    assert granted(visitor.basic("puller", password, *scopes[:2])) == [("team/app", ["pull"]), ("team/multi", ["pull"])]
    registry.scope_maps.clear()
    assert granted(visitor.basic("puller", password, PULL)) == []


def test_null_guid_brings_a_registry_token(visitor):
    """With the null GUID as user name, a refresh or access token is the password."""
    refresh = visitor.exchange().json()["refresh_token"]
    assert granted(visitor.basic(NULL_GUID, refresh, PULL)) == [("team/app", ["pull"])]
    access = visitor.access(PULL).json()["access_token"]
    assert granted(visitor.basic(NULL_GUID, access, PULL)) == [("team/app", ["pull"])]
    assert error(visitor.basic(NULL_GUID, "no token")) == (401, "UNAUTHORIZED", GENERIC)


def wrong_admin_password(cloud, environ):
    """Be the admin user with another password."""
    return "myacr", "wrong"


def admin_disabled(cloud, environ):
    """Be the admin user of a registry that has none."""
    cloud.registries["myacr"].admin_enabled = False
    return "myacr", environ["ACR_ADMIN_PASSWORD"]


def wrong_token_password(cloud, environ):
    """Be a scope-map token with another password."""
    return "puller", "wrong"


def token_disabled(cloud, environ):
    """Be a disabled scope-map token."""
    cloud.registries["myacr"].tokens["puller"].enabled = False
    return "puller", environ["ACR_PULLER_PASSWORD"]


def token_password_ended(cloud, environ):
    """Be a scope-map token past its end."""
    cloud.registries["myacr"].tokens["puller"].passwords[0].ends = cloud.now()
    return "puller", environ["ACR_PULLER_PASSWORD"]


def principal_without_role(cloud, environ):
    """Be a service principal without any role."""
    cloud.assignments.clear()
    return environ["AZURE_CLIENT_ID"], environ["AZURE_CLIENT_SECRET"]


def principal_wrong_secret(cloud, environ):
    """Be a service principal with another secret."""
    return environ["AZURE_CLIENT_ID"], "wrong"


def principal_secret_ended(cloud, environ):
    """Be a service principal past its end."""
    cloud.applications[environ["AZURE_CLIENT_ID"]].secrets[0].ends = cloud.now()
    return environ["AZURE_CLIENT_ID"], environ["AZURE_CLIENT_SECRET"]


def principal_not_in_tenant(cloud, environ):
    """Be an application that left the tenant."""
    cloud.applications[environ["AZURE_CLIENT_ID"]].principals.clear()
    return environ["AZURE_CLIENT_ID"], environ["AZURE_CLIENT_SECRET"]


def unknown_user(cloud, environ):
    """Be nobody known."""
    return "somebody", "wrong"


@pytest.mark.parametrize(
    ("credentials", "message"),
    [
        (wrong_admin_password, GENERIC),
        (admin_disabled, GENERIC),
        (wrong_token_password, GENERIC),
        (token_disabled, GENERIC),
        (token_password_ended, GENERIC),
        (principal_without_role, GENERIC),
        (principal_wrong_secret, "Invalid clientid or client secret."),
        (principal_secret_ended, "Invalid clientid or client secret."),
        (principal_not_in_tenant, "Application not registered with AAD."),
        (unknown_user, "Application not registered with AAD."),
    ],
)
def test_refused_basic_credentials(visitor, credentials, message):
    """Basic credentials are refused with the text of their kind, by GET with a header and by POST with a form alike."""
    user, password = credentials(visitor.emulator.world.cloud, visitor.emulator.environ)
    assert error(visitor.basic(user, password, PULL)) == (401, "UNAUTHORIZED", message)
    form = {"grant_type": "password", "service": "myacr.azurecr.io", "username": user, "password": password}
    assert error(visitor.http.post(f"{REGISTRY}/oauth2/token", data=form)) == (401, "UNAUTHORIZED", message)


def test_service_principal_logs_in_with_its_secret(visitor):
    """A service principal's id and current secret are Basic credentials too."""
    environ = visitor.emulator.environ
    response = visitor.basic(environ["AZURE_CLIENT_ID"], environ["AZURE_CLIENT_SECRET"], PULL)
    assert granted(response) == [("team/app", ["pull"])]


def test_basic_credentials_open_the_interface_directly(visitor):
    """Requests may carry Basic credentials instead of a token, with the same rights and the same refusals."""
    environ = visitor.emulator.environ
    puller = (environ["ACR_PULLER_USERNAME"], environ["ACR_PULLER_PASSWORD"])
    assert visitor.http.get(f"{REGISTRY}/v2/", auth=puller).status_code == 200
    assert visitor.http.get(f"{REGISTRY}/v2/team/app/tags/list", auth=puller).status_code == 200
    assert challenge_of(visitor.http.get(f"{REGISTRY}/v2/_catalog", auth=puller)).endswith('error="insufficient_scope"')
    assert error(visitor.http.get(f"{REGISTRY}/v2/", auth=("puller", "wrong"))) == (401, "UNAUTHORIZED", GENERIC)
    header = {"Authorization": "Basic no-base64"}
    assert error(visitor.http.get(f"{REGISTRY}/v2/", headers=header)) == (401, "UNAUTHORIZED", GENERIC)


def test_anonymous_callers(visitor):
    """Without credentials a token is given only where anonymous pull is on, and then for reading alone."""
    query = {"service": "myacr.azurecr.io", "scope": "repository:team/app:pull,push"}
    assert error(visitor.http.get(f"{REGISTRY}/oauth2/token", params=query)) == (401, "UNAUTHORIZED", GENERIC)
    visitor.emulator.world.cloud.registries["myacr"].anonymous_pull = True
    assert granted(visitor.http.get(f"{REGISTRY}/oauth2/token", params=query)) == [("team/app", ["pull"])]
    form = {**query, "grant_type": "password", "refresh_token": ""}
    assert granted(visitor.http.post(f"{REGISTRY}/oauth2/token", data=form)) == [("team/app", ["pull"])]


def test_password_dates_bound_its_use():
    """A password is valid from its start up to, not including, its end, and without an end for ever."""
    bounded = Password("secret", starts=10, ends=20)
    assert [bounded.valid(now) for now in (9, 10, 19, 20)] == [False, True, True, False]
    assert Password("secret").valid(1e12)
