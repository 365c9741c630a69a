"""Worlds that differ in what an identity may do: roles and their scopes, denials, scope maps, anonymous pull."""

from __future__ import annotations

from pytest_acrauth.emulator.scenarios.scenario import Scenario

LOOK_ALIKES: tuple[Scenario, ...] = ()
