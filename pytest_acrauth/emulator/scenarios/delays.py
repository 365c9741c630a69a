"""Worlds in which what was changed takes effect while somebody waits: after some refused attempts, not after a time.

Each is like the scenario in which it does not take effect within a run.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from pytest_acrauth.emulator.scenarios.changes import every_registry, puller, role_just_given, throttled, together
from pytest_acrauth.emulator.scenarios.look_alikes.registries import made
from pytest_acrauth.emulator.scenarios.look_alikes.rights import open_since, pushing_just_added
from pytest_acrauth.emulator.scenarios.obstacles import rule_just_added
from pytest_acrauth.emulator.scenarios.scenario import READY, Scenario
from pytest_acrauth.emulator.scenarios.variants import BY_ROLES
from pytest_acrauth.emulator.world import Change, Coming, World
from pytest_acrauth.emulator.world.cloud import MINUTE, Registry

#: What a registry's token server answers, and what tells a caller whom to ask for a token.
TOKENS, CHALLENGE = "/oauth2/*", "/v2/"
_REFUSED = 2  # attempts
_WAIT = {"wait": "60"}
_PULLER = {"auth": "scope-map-token"}


def soon(change: Callable[[Registry], None], path: str = TOKENS, after: int = _REFUSED) -> Change:
    """Change each registry once it has answered so many requests of a kind."""

    def apply(world: World) -> None:
        for registry in world.cloud.registries.values():
            world.coming.append(Coming(partial(_change, change, registry), after, registry.login_server, path))

    return apply


def _change(change: Callable[[Registry], None], registry: Registry, _world: World) -> None:
    change(registry)


def caught_up(registry: Registry) -> None:
    """Let every server know of what was changed."""
    registry.caught_up = True


def rule_known(registry: Registry) -> None:
    """Let every front end know of the network rule that was changed."""
    registry.ip_rules_before = None


def at_the_door(registry: Registry) -> None:
    """Refuse callers that the firewall does not let in before anything else."""
    registry.firewall_at_challenge = True


def for_a_moment(registry: Registry) -> None:
    """Ask callers for a second of silence, no more."""
    registry.silence = 1


def calm(registry: Registry) -> None:
    """Take requests for tokens again."""
    registry.login_throttled = False


def _soon(name: str, change: Change, options: dict[str, str], like: str, seen_by: tuple[str, ...] = ()) -> Scenario:
    return Scenario(name, change, options | _WAIT, seen_by=seen_by, diagnosed=READY, like=like)


DELAYS: dict[str, Scenario] = {
    scenario.id: scenario
    for scenario in (
        _soon("role-soon", together(role_just_given, soon(caught_up)), {}, "role-propagation-delay", BY_ROLES),
        _soon(
            "firewall-rule-soon",
            together(rule_just_added, every_registry(at_the_door), soon(rule_known, CHALLENGE)),
            {},
            "firewall-rule-propagating",
        ),
        _soon("password-soon", together(made(20), soon(caught_up)), _PULLER, "scope-map-token-password-propagating"),
        _soon(
            "scope-map-soon",
            together(puller(pushing_just_added), soon(caught_up)),
            _PULLER | {"repository": "team/app:latest", "must": "pull,push"},
            "scope-map-propagating",
        ),
        _soon(
            "anonymous-pull-soon",
            together(open_since(MINUTE), soon(caught_up)),
            {"auth": "anonymous"},
            "anonymous-pull-propagating",
        ),
        _soon(
            "throttled-for-a-moment",
            together(every_registry(throttled), every_registry(for_a_moment), soon(calm)),
            {},
            "exchange-throttled",
        ),
    )
}
