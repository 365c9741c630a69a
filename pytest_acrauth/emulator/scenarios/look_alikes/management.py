"""Worlds in which the management plane does not tell the Azure CLI of a registry, or its owner's key is lost."""

from __future__ import annotations

from dataclasses import replace

from pytest_acrauth.emulator.azure.issuing import LIFE
from pytest_acrauth.emulator.scenarios import changes
from pytest_acrauth.emulator.scenarios.scenario import READY, SHORT, Scenario
from pytest_acrauth.emulator.world import Change, World
from pytest_acrauth.emulator.world.cloud import ARM, MINUTE, SUBSCRIPTION, Registry
from pytest_acrauth.emulator.world.healthy import OPERATOR, OTHER_SUBSCRIPTION, OTHER_TENANT
from pytest_acrauth.emulator.world.network import Route

_AZ = {"client": "az"}
_IMAGE = {"repository": "team/app:latest"}


def _unseen_elsewhere(world: World) -> None:
    """Choose another subscription for a login that may not see the registries in their own, either."""
    changes.unseen(world)
    changes.other_subscription(world)


def _moved(world: World) -> None:
    """Move the active subscription to another tenant; the Azure CLI has it in its list from before."""
    changes.other_subscription(world)
    world.cloud.subscriptions[OTHER_SUBSCRIPTION].tenant_id = OTHER_TENANT
    if world.machine.az is not None:
        world.machine.az.remembered.add(OTHER_SUBSCRIPTION)


def _holding(seconds: float) -> Change:
    """Let the Azure CLI hold on to the Entra token that it was issued some time ago."""

    def change(world: World) -> None:
        if world.machine.az is not None:
            world.machine.az.kept = seconds

    return change


def _used_up(world: World) -> None:
    """Use up the allowance of whoever is logged in to the Azure CLI."""
    world.cloud.used_up.add(OPERATOR.object_id)


def _twins(group: str) -> Change:
    """Make a registry of the same name beside each, with a hash in its login server, in a resource group."""

    def change(world: World) -> None:
        cloud = world.cloud
        for registry in [each for each in cloud.registries.values() if not each.scope_hash]:
            twin = replace(registry, scope_hash="d4e5f6a7", resource_group=group, tokens={}, private_endpoints=[])
            cloud.registries[twin.label] = twin
            cloud.assignments += [
                replace(each, scope=twin.resource_id)
                for each in cloud.assignments
                if each.scope == registry.resource_id
            ]

    return change


def _plane_is(route: Route) -> Change:
    """Change the way to the management plane."""

    def change(world: World) -> None:
        for address in world.network.names[ARM].addresses:
            world.network.routes[address] = route

    return change


def _plane_unknown(world: World) -> None:
    """Let this network's resolver know no name of the management plane."""
    del world.network.names[ARM]


def _disabled(world: World) -> None:
    """Let the subscription's credit have ended: what is in it can still be read."""
    world.cloud.subscriptions[SUBSCRIPTION].state = "Disabled"


def _without_key(registry: Registry) -> None:
    """Have taken away, months ago, the identity that reads the registry's encryption key."""
    registry.key_lost = True


def _lost_key_and_role(world: World) -> None:
    """Lose the key, for an identity that may not pull, either."""
    changes.every_registry(_without_key)(world)
    changes.no_role(world)


LOOK_ALIKES = (
    Scenario(
        "arm-unlisted",
        changes.unseen,
        _AZ,
        diagnosed="arm-no-read",
        like="arm-registry-not-found-in-subscription",
        record=403,
    ),
    Scenario(
        "arm-unlisted-in-named-subscription",
        changes.unseen,
        _AZ | {"subscription": SUBSCRIPTION},
        diagnosed="arm-no-read",
        like="arm-registry-not-found-in-subscription",
        record=403,
    ),
    Scenario(
        "arm-unlisted-elsewhere",
        _unseen_elsewhere,
        _AZ,
        diagnosed="arm-wrong-subscription",
        like="arm-unlisted",
        record=403,
    ),
    Scenario("arm-duplicate-name", _twins("rg-other"), _AZ, like="arm-registry-not-found-in-subscription"),
    Scenario("arm-token-refused", _moved, _AZ, like="arm-wrong-subscription"),
    Scenario("arm-token-expired", _holding(LIFE + 10 * MINUTE), _AZ, like="arm-token-refused"),
    Scenario("arm-token-held", _holding(30 * MINUTE), _AZ, diagnosed=READY, like="arm-token-expired"),
    Scenario("arm-throttled", _used_up, _AZ, like="arm-no-read"),
    Scenario("arm-unreachable", _plane_is(Route.FILTERED), _AZ | SHORT, like="arm-no-read"),
    Scenario("arm-name-unknown", _plane_unknown, _AZ | SHORT, diagnosed="arm-unreachable", like="arm-no-read"),
    Scenario("subscription-disabled", _disabled, _AZ, diagnosed=READY, like="arm-wrong-subscription"),
    Scenario(
        "cmk-identity-inactive",
        changes.every_registry(_without_key),
        _IMAGE,
        like="abac-condition-excludes-repo",
    ),
    Scenario(
        "key-lost-and-no-role",
        _lost_key_and_role,
        _IMAGE,
        diagnosed="exchange-no-role",
        like="cmk-identity-inactive",
    ),
)
