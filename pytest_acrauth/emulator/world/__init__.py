"""The world that the emulator answers for, as plain data that a change may change: cloud, network and machine.

It holds causes (a date, a role, a rule, a route), never what a client gets to see of them.
"""

from __future__ import annotations

from collections.abc import Callable
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


#: Something that happens to a world.
Change = Callable[[World], None]
