"""Sequences: a world that is another one for so many requests, and then as it was, for who tests what tries again.

Nothing here looks at a clock: what counts are requests.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import replace
from functools import partial
from itertools import groupby
from typing import Any, NamedTuple

from pytest_acrauth.emulator.scenarios.delays import DELAYS
from pytest_acrauth.emulator.scenarios.entries import SCENARIOS, choose
from pytest_acrauth.emulator.scenarios.look_alikes import LOOK_ALIKES
from pytest_acrauth.emulator.scenarios.scenario import Scenario
from pytest_acrauth.emulator.world import Coming, World

#: The requests at which a scenario is met, by the stage that it shows first: patterns of host and path.
_MET_AT = {
    **dict.fromkeys(("dns", "tcp", "tls"), ("*.azurecr.io", "*")),
    "challenge": ("*.azurecr.io", "/v2/"),
    "entra": ("*", "*/oauth2/*"),  # where a secret serves as a password, the registry asks Entra
    "exchange": ("*", "/oauth2/*"),
    "access_token": ("*", "/oauth2/*"),
    "granted": ("*", "/oauth2/token"),
    "operation": ("*", "/v2/*/manifests/*"),
    "data": ("*", "/v2/*/blobs/*"),
}


class BadSequence(ValueError):
    """A sequence that cannot be played as it is given; the text says why."""

    __module__ = "pytest_acrauth.emulator"  # its public home, which tracebacks name


class _Step(NamedTuple):
    """Some requests alike: how many, which of them count, and the attributes of the world that answers them."""

    times: int
    host: str
    path: str
    cloud: Mapping[str, Any]
    network: Mapping[str, Any]
    environ: Mapping[str, str | None]


class Steps:
    """A sequence that is played: one step for every request that counts, and the last one for good.

    Each is a group of scenarios on top of the world as it is now; none of them is that world itself. Without ``host``
    and ``path``, patterns with ``*`` for anything, those requests count at which a step's scenarios are met first; for
    a step without a scenario, those of the next. Raises `BadSequence`, and `UnknownScenario`.
    """

    def __init__(self, world: World, steps: Sequence[Sequence[str]], host: str = "", path: str = "") -> None:
        if len(steps) < 2:
            raise BadSequence("a sequence has two steps at least; one world for good is what apply(…) is for")
        self._world = world
        chosen = [(scenarios, len([*same])) for scenarios, same in groupby(map(_chosen, steps))]
        patterns = [_met_at(scenarios) for scenarios, _ in chosen]
        self._steps = [
            _step(world, scenarios, times, _first(patterns[place:]), host, path)
            for place, (scenarios, times) in enumerate(chosen)
        ]
        names = {name for step in self._steps for name in step.environ}
        known = {name: world.machine.environ.get(name) for name in names}
        self._steps = [step._replace(environ={**known, **step.environ}) for step in self._steps]

    def begin(self) -> None:
        """Enter the first step; from then on requests lead through the others."""
        self._enter(0)

    def __len__(self) -> int:
        """Return how many requests are still to come before the last step."""
        return sum(each.after for each in self._coming()) + sum(
            each.times for each in self._steps[self._place + 1 : -1]
        )

    def _coming(self) -> list[Coming]:
        return [each for each in self._world.coming if each is self._next]

    def _enter(self, place: int, _world: World | None = None) -> None:
        step, self._place = self._steps[place], place
        # In place: services and machines hold these very objects.
        vars(self._world.cloud).update(step.cloud)
        vars(self._world.network).update(step.network)
        for name, value in step.environ.items():
            if value is None:
                self._world.machine.environ.pop(name, None)
            else:
                self._world.machine.environ[name] = value
        if place + 1 < len(self._steps):
            self._next = Coming(partial(self._enter, place + 1), step.times, step.host, step.path)
            self._world.coming.append(self._next)


def _chosen(scenarios: Sequence[str]) -> tuple[Scenario, ...]:
    healthy = SCENARIOS["healthy"]
    return tuple(each for each in choose(scenarios) if each is not healthy)


def _step(
    world: World, scenarios: Sequence[Scenario], times: int, met_at: tuple[str, str], host: str, path: str
) -> _Step:
    counted = times, host.lower() or ("*" if path else met_at[0]), path or ("*" if host else met_at[1])
    if not scenarios:
        return _Step(*counted, dict(vars(world.cloud)), dict(vars(world.network)), {})
    changed = World(deepcopy(world.cloud), deepcopy(world.network), deepcopy(world.machine))
    for scenario in scenarios:
        if scenario.id in DELAYS:
            raise BadSequence(f"{scenario.id} ends by itself after some requests, and is no step of a sequence")
        scenario.change(changed)
    before, after = world.machine.environ, changed.machine.environ
    if replace(changed.machine, environ=before) != world.machine:
        names = ", ".join(each.id for each in scenarios)
        raise BadSequence(f"{names}: what this changes is on the machine, where requests to Azure change nothing")
    differing = [name for name in {**before, **after} if before.get(name) != after.get(name)]
    environ = {name: after.get(name) for name in differing}
    return _Step(*counted, dict(vars(changed.cloud)), dict(vars(changed.network)), environ)


def _met_at(scenarios: Sequence[Scenario]) -> tuple[str, str] | None:
    """Return which requests a step's first scenario is met at; None for a step without one."""
    return _MET_AT.get(_stage(scenarios[0]), ("*", "*")) if scenarios else None


def _stage(scenario: Scenario) -> str:
    """Return the stage at which a scenario shows; a look-alike shows where the one does that it is like."""
    known = SCENARIOS | LOOK_ALIKES
    passed = [scenario.id]
    while scenario.id not in SCENARIOS and scenario.like in known and scenario.like not in passed:
        scenario = known[scenario.like]
        passed.append(scenario.id)
    return scenario.shows.replace(":", " ").partition(" ")[0]


def _first(patterns: Sequence[tuple[str, str] | None]) -> tuple[str, str]:
    return next((each for each in patterns if each is not None), ("*", "*"))
