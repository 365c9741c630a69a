"""Look-alikes for who looks: a registry of the same name is shown, another tenant asked, the own login refused."""

from __future__ import annotations

from copy import deepcopy

from pytest_acrauth.emulator.scenarios import changes
from pytest_acrauth.emulator.scenarios.changes import basic, every_registry, together, unknown_user
from pytest_acrauth.emulator.scenarios.scenario import Scenario
from pytest_acrauth.emulator.scenarios.variants import BY_ROLES, BY_TENANT
from pytest_acrauth.emulator.world import World
from pytest_acrauth.emulator.world.cloud import Registry
from pytest_acrauth.emulator.world.healthy import OPERATOR, TENANT, entitle

_AZ, _BY_AZ = {"client": "az"}, {"evidence": "azure-cli"}
_IMAGE = {"repository": "team/app:latest"}
_MANAGEMENT = "https://management.core.windows.net/"
_NINETY_DAYS = 90 * 86400.0


def namesake(world: World) -> None:
    """Let there be another registry of the first one's name, with a hash in its login server and other settings."""
    registries = world.cloud.registries
    (first, *others) = registries.values()
    other = deepcopy(first)
    other.scope_hash, other.resource_group, other.abac = "h8k2x9d4", "rg-namesakes", True
    registries.clear()
    registries.update({each.label: each for each in (other, first, *others)})
    entitle(world.cloud, OPERATOR.object_id)


def _admin_off(world: World) -> None:
    """Switch the admin user off, of every registry but the namesake, and use it."""
    environ = world.machine.environ
    basic(world, environ["ACR_ADMIN_USERNAME"], environ["ACR_ADMIN_PASSWORD"])
    for each in world.cloud.registries.values():
        each.admin_enabled = bool(each.scope_hash)


def _off(registry: Registry) -> None:
    registry.admin_enabled = False


def _idle(world: World) -> None:
    """Let the login that az has stored not have been used for longer than it lasts."""
    world.cloud.users[:] = [
        type(each)(each.name, each.object_id, TENANT, idle=_NINETY_DAYS) for each in world.cloud.users
    ]


def _second_factor(world: World) -> None:
    """Let the tenant want a second factor of whoever manages resources."""
    world.cloud.rules.second_factor.add(_MANAGEMENT)


LOOK_ALIKES = (
    Scenario(
        "admin-off-beside-a-namesake",
        together(namesake, _admin_off),
        {"auth": "admin"} | _BY_AZ,
        diagnosed="admin-user-disabled",
        like="admin-password-not-current",
    ),
    Scenario(
        "role-missing-beside-a-namesake",
        together(namesake, changes.no_role),
        _IMAGE | _BY_AZ,
        seen_by=BY_ROLES,
        diagnosed="exchange-no-role",
        like="abac-legacy-role-ineffective",
    ),
    Scenario(
        "another-tenant-seen-from-home",
        changes.another_tenant,
        _IMAGE | _BY_AZ,
        seen_by=BY_TENANT,
        diagnosed="exchange-cross-tenant",
        like="exchange-no-role",
    ),
    Scenario(
        "admin-misnamed-and-off",
        together(changes.login_server_as_user, every_registry(_off)),
        {"auth": "admin"} | _BY_AZ,
        diagnosed="admin-username-wrong",
        like="basic-username-unknown",
    ),
    Scenario(
        "name-of-nobody-while-the-admin-is-off",
        together(unknown_user, every_registry(_off)),
        {"auth": "basic"} | _BY_AZ,
        diagnosed="basic-username-unknown",
        like="admin-misnamed-and-off",
    ),
    Scenario(
        "az-wants-a-second-factor",
        _second_factor,
        _AZ,
        diagnosed="entra-mfa-required",
        like="client-az-not-logged-in",
    ),
    Scenario(
        "az-login-of-last-season",
        _idle,
        _AZ,
        diagnosed="entra-user-session-expired",
        like="client-az-not-logged-in",
    ),
)
