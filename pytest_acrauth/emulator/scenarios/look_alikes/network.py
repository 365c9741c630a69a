"""Worlds that differ on the way to the login server, and to Entra: names, proxies, certificates, silences, clocks."""

from __future__ import annotations

from pytest_acrauth.emulator.scenarios.scenario import Scenario

LOOK_ALIKES: tuple[Scenario, ...] = ()
