"""Worlds that differ in what Entra and the registry say of a credential: secrets, passwords, applications, tenants."""

from __future__ import annotations

from pytest_acrauth.emulator.scenarios.scenario import Scenario

LOOK_ALIKES: tuple[Scenario, ...] = ()
