"""Worlds in which the Azure CLI says of a registry what it says of one that does not exist."""

from __future__ import annotations

from pytest_acrauth.emulator.scenarios import changes
from pytest_acrauth.emulator.scenarios.scenario import Scenario
from pytest_acrauth.emulator.world import World
from pytest_acrauth.emulator.world.cloud import SUBSCRIPTION

_AZ = {"client": "az"}


def _unseen_elsewhere(world: World) -> None:
    """Choose another subscription for a login that may not see the registries in their own, either."""
    changes.unseen(world)
    changes.other_subscription(world)


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
)
