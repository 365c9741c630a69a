"""Worlds that differ at the hosts of layers, and at private endpoints."""

from __future__ import annotations

from pytest_acrauth.emulator.scenarios.scenario import Scenario

LOOK_ALIKES: tuple[Scenario, ...] = ()
