"""The world the emulator answers for: cloud, network and machine, as plain data that a scenario may change.

It holds causes (a date, a role, a rule, a route), never what a client gets to see of them.
"""

from __future__ import annotations

from dataclasses import dataclass

from pytest_acrauth.emulator.world.cloud import Cloud
from pytest_acrauth.emulator.world.network import Network
from pytest_acrauth.emulator.world.workplace import Workplace


@dataclass
class World:
    """Everything there is."""

    cloud: Cloud
    network: Network
    machine: Workplace
