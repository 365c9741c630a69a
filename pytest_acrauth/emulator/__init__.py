"""A small Azure on loopback: registries, Entra and a data endpoint over real TLS, answering for a world you can change.

Needs the extra ``pytest-acrauth[emulator]``; without it using a name of this package raises ImportError. Every name is
fetched from its module at first use.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pytest_acrauth.emulator.emulator import Emulator as Emulator
    from pytest_acrauth.emulator.identities import SignIn as SignIn
    from pytest_acrauth.emulator.scenarios.delays import DELAYS as DELAYS
    from pytest_acrauth.emulator.scenarios.entries import SCENARIOS as SCENARIOS
    from pytest_acrauth.emulator.scenarios.entries import UnknownScenario as UnknownScenario
    from pytest_acrauth.emulator.scenarios.entries import choose as choose
    from pytest_acrauth.emulator.scenarios.look_alikes import LOOK_ALIKES as LOOK_ALIKES
    from pytest_acrauth.emulator.scenarios.scenario import READY as READY
    from pytest_acrauth.emulator.scenarios.scenario import Scenario as Scenario
    from pytest_acrauth.emulator.server.log import LoggedRequest as LoggedRequest
    from pytest_acrauth.emulator.server.machine import EmulatedMachine as EmulatedMachine
    from pytest_acrauth.emulator.steps import BadSequence as BadSequence
    from pytest_acrauth.emulator.world import Change as Change
    from pytest_acrauth.emulator.world import Coming as Coming
    from pytest_acrauth.emulator.world import World as World
    from pytest_acrauth.emulator.world.healthy import REGISTRIES as REGISTRIES

_HOMES = {
    "BadSequence": "steps",
    "LOOK_ALIKES": "scenarios.look_alikes",
    "READY": "scenarios.scenario",
    "REGISTRIES": "world.healthy",
    "SCENARIOS": "scenarios.entries",
    "Change": "world",
    "Coming": "world",
    "DELAYS": "scenarios.delays",
    "EmulatedMachine": "server.machine",
    "Emulator": "emulator",
    "LoggedRequest": "server.log",
    "Scenario": "scenarios.scenario",
    "SignIn": "identities",
    "UnknownScenario": "scenarios.entries",
    "World": "world",
    "choose": "scenarios.entries",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *_HOMES])


def lacking(error: ImportError) -> str:
    """Say in a line what to install for an ImportError of a name of this package; raise it on if that is no help."""
    missing = (error.name or "its dependencies").partition(".")[0]
    if missing == "pytest_acrauth":
        raise error
    return f"the emulator needs {missing}; install it with: pip install 'pytest-acrauth[emulator]'"
