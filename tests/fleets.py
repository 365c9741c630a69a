"""Worlds of several registries and identities, for the suites and files that the documentation shows."""

from __future__ import annotations

from pytest_acrauth.emulator import World
from pytest_acrauth.emulator.scenarios.obstacles import private_only
from pytest_acrauth.emulator.world.cloud import DAY, RoleAssignment
from pytest_acrauth.emulator.world.directory import Application, Password
from pytest_acrauth.emulator.world.healthy import CLIENT, TENANT
from pytest_acrauth.emulator.world.roles import EVIDENCE


def shop_base_and_vault(world: World, before: str = "") -> None:
    """Make a world of three registries, ``shopacr``, ``baseacr`` and ``vaultacr``, of which the last one is shut.

    A puller and a builder have roles there; their variables begin with ``before`` and ``PULLER_`` or ``BUILDER_``.
    """
    cloud, environ = world.cloud, world.machine.environ
    shop, base, vault = (cloud.registries[name] for name in ("shopacr", "baseacr", "vaultacr"))
    builder, principal = "9f2c7a10-4d3b-4e58-8a6f-1b0c2d3e4f50", "5d1e8b3a-72c4-4f09-9be6-0a1b2c3d4e5f"
    secret = Password("not-a-real-one-of-the-builder", starts=cloud.now() - DAY, ends=cloud.now() + DAY)
    cloud.applications[builder] = Application(builder, [secret], {TENANT: principal})
    for registry, role in ((shop, "AcrPush"), (base, "AcrPull"), (vault, "AcrPush")):
        cloud.assignments += [
            RoleAssignment(principal, each, registry.resource_id, created=cloud.now() - DAY)
            for each in (role, EVIDENCE)
        ]
    shop.admin_enabled = False
    private_only(vault)
    for prefix, client, value in (
        (f"{before}BUILDER", builder, secret.value),
        (f"{before}PULLER", CLIENT, environ["AZURE_CLIENT_SECRET"]),
    ):
        environ |= {f"{prefix}_TENANT_ID": TENANT, f"{prefix}_CLIENT_ID": client, f"{prefix}_CLIENT_SECRET": value}
