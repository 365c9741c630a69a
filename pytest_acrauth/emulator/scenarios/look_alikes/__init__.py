"""Worlds that look like another at first sight, and have another cause, or none that is known, or are healthy.

Each stands beside the scenario it is ``like``: what tells the two apart is evidence, or a fact of the climb that is
easily overlooked.
"""

from __future__ import annotations

from pytest_acrauth.emulator.scenarios.look_alikes import (
    clients,
    endings,
    gateways,
    identities,
    jobs,
    layers,
    logins,
    lookers,
    management,
    neighbours,
    network,
    registries,
    rights,
    sign_ins,
)
from pytest_acrauth.emulator.scenarios.scenario import Scenario

LOOK_ALIKES: dict[str, Scenario] = {
    scenario.id: scenario
    for scenario in (
        *network.LOOK_ALIKES,
        *identities.LOOK_ALIKES,
        *logins.LOOK_ALIKES,
        *sign_ins.LOOK_ALIKES,
        *jobs.LOOK_ALIKES,
        *rights.LOOK_ALIKES,
        *registries.LOOK_ALIKES,
        *layers.LOOK_ALIKES,
        *clients.LOOK_ALIKES,
        *management.LOOK_ALIKES,
        *endings.LOOK_ALIKES,
        *lookers.LOOK_ALIKES,
        *neighbours.LOOK_ALIKES,
        *gateways.LOOK_ALIKES,
    )
}
