"""Worlds in which a credential still works, and its end is near."""

from __future__ import annotations

import base64

from pytest_acrauth.emulator.azure.login import TokenServer
from pytest_acrauth.emulator.azure.rights import Caller, Kind
from pytest_acrauth.emulator.scenarios.changes import NULL_GUID, puller
from pytest_acrauth.emulator.scenarios.variants import with_certificate
from pytest_acrauth.emulator.world import Change, World
from pytest_acrauth.emulator.world.cloud import DAY, MINUTE, Registry
from pytest_acrauth.emulator.world.healthy import CLIENT, PRINCIPAL

_SOON = 5 * DAY + 60 * MINUTE
_YEAR = 365 * DAY


def secret_ends(world: World) -> None:
    """Let every secret of the application end soon."""
    for secret in world.cloud.applications[CLIENT].secrets:
        secret.ends = world.cloud.now() + _SOON


def _with_certificate(world: World, starts: float | None = None) -> None:
    """Register a certificate, which is used where that is asked for; the secret stays beside it."""
    before = dict(world.machine.environ)
    with_certificate(world, starts)
    world.machine.environ |= before


def registration_ends(world: World) -> None:
    """Register a certificate for a shorter time than it is valid itself."""
    _with_certificate(world)
    world.cloud.applications[CLIENT].certificates[-1].until = world.cloud.now() + _SOON


def certificate_ends(world: World) -> None:
    """Sign in with a certificate that ends soon, as somebody who may not read the directory."""
    _with_certificate(world, world.cloud.now() + _SOON - _YEAR)
    world.cloud.directory_readers.discard(PRINCIPAL)


def password_ends(registry: Registry, now: float) -> None:
    """Let both of the scope-map token's passwords end soon."""
    for password in registry.tokens["puller"].passwords:
        password.ends = now + _SOON


def logged_in(ago: float) -> Change:
    """Let docker keep what az acr login stored some seconds ago: a refresh token for each registry."""

    def change(world: World) -> None:
        caller, issued = Caller(Kind.PRINCIPAL, PRINCIPAL), world.cloud.now() - ago
        logins: dict[str, dict[str, str]] = {}
        for registry in world.cloud.registries.values():
            token = TokenServer(world).refresh_token(registry, caller, issued)
            encoded = base64.b64encode(f"{NULL_GUID}:{token}".encode()).decode()
            logins |= {host: {"auth": encoded} for host in registry.login_servers}
        world.machine.docker_config["auths"] = logins

    return change


SCOPE_MAP_PASSWORD_ENDS = puller(password_ends)
LOGIN_ENDS = logged_in(169.5 * MINUTE)
