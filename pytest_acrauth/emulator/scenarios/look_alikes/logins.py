"""Worlds that differ in what a registry says of its own credentials: stored logins, tokens' passwords, admin users."""

from __future__ import annotations

from collections.abc import Callable

from pytest_acrauth.emulator.azure.login import TokenServer
from pytest_acrauth.emulator.azure.rights import Caller, Kind
from pytest_acrauth.emulator.scenarios.changes import (
    NULL_GUID,
    as_it_is,
    basic,
    expired_passwords,
    puller,
    together,
)
from pytest_acrauth.emulator.scenarios.obstacles import services_ahead
from pytest_acrauth.emulator.scenarios.scenario import READY, Scenario
from pytest_acrauth.emulator.world import Change, World
from pytest_acrauth.emulator.world.cloud import MINUTE, Registry
from pytest_acrauth.emulator.world.healthy import PRINCIPAL

_HOUR = 60 * MINUTE


def _login(hours_ago: float, host: str = "myacr.azurecr.io") -> Change:
    """Use a refresh token of a registry as the password."""

    def change(world: World) -> None:
        registry = next(each for each in world.cloud.registries.values() if each.login_server == host)
        issued = world.cloud.now() - hours_ago * _HOUR
        basic(world, NULL_GUID, TokenServer(world).refresh_token(registry, Caller(Kind.PRINCIPAL, PRINCIPAL), issued))

    return change


def _secret_as_login(world: World) -> None:
    """Use a client secret where a refresh token belongs."""
    basic(world, NULL_GUID, world.machine.environ["AZURE_CLIENT_SECRET"])


def _ended_minutes_ago(registry: Registry, now: float) -> None:
    """End the token's passwords half an hour ago."""
    for password in registry.tokens["puller"].passwords:
        password.ends = now - 30 * MINUTE


def _ends_in_minutes(registry: Registry, now: float) -> None:
    """Let the token's passwords end in half an hour."""
    for password in registry.tokens["puller"].passwords:
        password.ends = now + 30 * MINUTE


def _wrong_password(world: World) -> None:
    """Use a password that the token never had."""
    world.machine.environ["ACR_PASSWORD"] = "typed-by-hand"  # noqa: S105 - nobody's


def _as_user(change: Callable[[str], str], of: str) -> Change:
    """Use the pair of the environment that has this prefix, under a name that is a little different."""

    def apply(world: World) -> None:
        environ = world.machine.environ
        basic(world, change(environ[f"{of}_USERNAME"]), environ[f"{of}_PASSWORD"])

    return apply


_BASIC = {"auth": "basic"}
_ADMIN = {"auth": "admin"}
_PULLER = {"auth": "scope-map-token"}

LOOK_ALIKES: tuple[Scenario, ...] = (
    Scenario("refresh-token-other-registry", _login(1, "otheracr.azurecr.io"), _BASIC, like="refresh-token-expired"),
    Scenario(
        "login-ended-by-the-registrys-clock",
        together(services_ahead(_HOUR), _login(3.5)),
        _BASIC,
        diagnosed="refresh-token-expired",
        like="refresh-token-other-registry",
    ),
    Scenario(
        "login-ended-by-this-machines-clock",
        together(services_ahead(-4 * _HOUR), _login(1)),
        _BASIC,
        diagnosed=READY,
        like="refresh-token-expired",
    ),
    Scenario("client-null-guid-other-password", _secret_as_login, _BASIC, like="refresh-token-expired"),
    Scenario(
        "token-password-ended-by-the-registrys-clock",
        together(services_ahead(_HOUR), puller(_ended_minutes_ago)),
        _PULLER,
        diagnosed="scope-map-token-password-expired",
        like="scope-map-token-password-wrong",
    ),
    Scenario(
        "token-password-ended-by-this-machines-clock",
        together(services_ahead(-_HOUR), puller(_ends_in_minutes), _wrong_password),
        _PULLER,
        diagnosed="scope-map-token-password-wrong",
        like="scope-map-token-password-expired",
    ),
    Scenario(
        "token-in-capitals",
        _as_user(str.capitalize, "ACR_PULLER"),
        _PULLER,
        diagnosed="scope-map-token-not-found",
        like="scope-map-token-password-wrong",
    ),
    Scenario(
        "admin-in-capitals",
        _as_user(str.upper, "ACR_ADMIN"),
        _ADMIN,
        diagnosed="admin-username-wrong",
        like="basic-username-unknown",
    ),
    Scenario(
        "token-declared-as-admin",
        puller(expired_passwords),
        _ADMIN,
        diagnosed="scope-map-token-password-expired",
        like="admin-password-not-current",
    ),
    Scenario(
        "token-password-declared-as-admin",
        puller(as_it_is),
        _ADMIN,
        diagnosed=READY,
        like="admin-password-not-current",
    ),
)
