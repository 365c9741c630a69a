"""Worlds that differ in the programs of the machine, and in the logins that docker keeps."""

from __future__ import annotations

import base64
from collections.abc import Callable
from itertools import islice

from pytest_acrauth.emulator.azure.login import TokenServer
from pytest_acrauth.emulator.azure.rights import Caller, Kind
from pytest_acrauth.emulator.scenarios import changes
from pytest_acrauth.emulator.scenarios.changes import docker
from pytest_acrauth.emulator.scenarios.scenario import READY, Scenario
from pytest_acrauth.emulator.world import Change, World
from pytest_acrauth.emulator.world.cloud import MINUTE, Registry
from pytest_acrauth.emulator.world.healthy import PRINCIPAL
from pytest_acrauth.emulator.world.workplace import Docker, Helper

_AZ = {"client": "az"}
_DOCKER = {"client": "docker"}
_CONFIG = {"client": "docker-config"}
_AS_DOCKER = {"auth": "docker-config"}
_LOCKED = "Cannot autolaunch D-Bus without X11 $DISPLAY\n"
_NULL_GUID = "00000000-0000-0000-0000-000000000000"


# Docker, and what stands for it.


def _named(command: str) -> Change:
    """Let the environment name the program that stands for docker."""

    def change(world: World) -> None:
        world.machine.environ["DOCKER_COMMAND"] = command

    return change


def _filtered(machine: Docker) -> None:
    """Put a filter before the daemon, as for a container that may only look what runs."""
    machine.lists_only = True


def _old(machine: Docker) -> None:
    """Have the release of a distribution some years old."""
    machine.version = "20.10.24"


def _no_az(world: World) -> None:
    """Install no Azure CLI."""
    world.machine.az = None


def _logged_out(world: World) -> None:
    """Let nobody be logged in to the Azure CLI."""
    if world.machine.az is not None:
        world.machine.az.user = None


# Stored logins.


def _kept_by(helper: Helper | None, *, all_of_them: bool = True) -> Change:
    """Let docker keep logins with a helper, None for one that is not installed."""

    def change(world: World) -> None:
        machine = world.machine
        if helper is not None:
            servers = [each for registry in world.cloud.registries.values() for each in registry.login_servers]
            logins = dict.fromkeys(servers if all_of_them else (), ("puller", "kept-by-the-helper"))
            machine.helpers["desktop"] = Helper(logins, helper.fault)
        machine.docker_config = {"auths": {}, "credsStore": "desktop"}

    return change


def _cut(world: World) -> None:
    """Let the disk have been full when docker wrote its config."""
    world.machine.docker_config_cut = True


def _keyed(spell: Callable[[str], str]) -> Change:
    """Keep each login under a key of another spelling."""

    def change(world: World) -> None:
        logins = world.machine.docker_config["auths"]
        assert isinstance(logins, dict)  # noqa: S101 - as the healthy world has it
        world.machine.docker_config["auths"] = {spell(server): login for server, login in logins.items()}

    return change


def _other_logins_only(world: World) -> None:
    """Keep a login for another registry than Azure's alone."""
    world.machine.docker_config["auths"] = {"https://index.docker.io/v1/": {"auth": _login("team", "hub-password")}}


def _of_this_morning(world: World) -> None:
    """Keep a refresh token of hours ago for the first registry."""
    caller, issued = Caller(Kind.PRINCIPAL, PRINCIPAL), world.cloud.now() - 240 * MINUTE
    logins = world.machine.docker_config["auths"]
    assert isinstance(logins, dict)  # noqa: S101 - as the healthy world has it
    for registry in islice(world.cloud.registries.values(), 1):
        token = TokenServer(world).refresh_token(registry, caller, issued)
        for server in registry.login_servers:
            logins[server] = {"auth": _login(_NULL_GUID, token)}


def _login(user: str, password: str) -> str:
    return base64.b64encode(f"{user}:{password}".encode()).decode()


def _open(registry: Registry) -> None:
    """Let anybody pull."""
    registry.anonymous_pull = True


def _old_login_at_open_registries(world: World) -> None:
    """Keep a login that has ended, where none is needed to pull."""
    _of_this_morning(world)
    changes.every_registry(_open)(world)


LOOK_ALIKES = (
    Scenario("client-docker-binary-in-cwd", _named("./docker"), _DOCKER, like="client-docker-missing"),
    Scenario(
        "client-docker-command-gone",
        _named("/opt/container-tools/docker"),
        _DOCKER,
        diagnosed="client-docker-missing",
        like="client-docker-binary-in-cwd",
    ),
    Scenario("client-docker-version-unreadable", docker(_filtered), _DOCKER, like="client-docker-daemon-down"),
    Scenario("docker-of-years-ago", docker(_old), _DOCKER, diagnosed=READY, like="client-docker-version-unreadable"),
    Scenario("client-az-not-installed", _no_az, _AZ, like="client-az-not-logged-in"),
    Scenario("client-az-not-logged-in", _logged_out, _AZ, like="client-az-not-installed"),
    Scenario("client-credential-store-broken", _kept_by(None), _CONFIG, like="anonymous-instead-of-credentials"),
    Scenario(
        "credential-store-locked",
        _kept_by(Helper(fault=_LOCKED)),
        _CONFIG,
        diagnosed="client-credential-store-broken",
        like="credential-store-empty",
    ),
    Scenario(
        "credential-store-empty",
        _kept_by(Helper(), all_of_them=False),
        _CONFIG,
        diagnosed="anonymous-instead-of-credentials",
        like="client-credential-store-broken",
    ),
    Scenario(
        "credential-store-at-work",
        _kept_by(Helper()),
        _CONFIG,
        diagnosed=READY,
        like="client-credential-store-broken",
    ),
    Scenario(
        "login-in-locked-store",
        _kept_by(Helper(fault=_LOCKED)),
        _AS_DOCKER,
        diagnosed="client-credential-store-broken",
        like="login-in-empty-store",
    ),
    Scenario(
        "login-in-empty-store",
        _kept_by(Helper(), all_of_them=False),
        _AS_DOCKER,
        diagnosed="anonymous-instead-of-credentials",
        like="login-in-locked-store",
    ),
    Scenario("client-docker-config-unreadable", _cut, _CONFIG, like="anonymous-instead-of-credentials"),
    Scenario("anonymous-instead-of-credentials", _other_logins_only, _CONFIG, like="docker-config-key-mismatch"),
    Scenario(
        "docker-config-key-mismatch",
        _keyed(lambda server: f"{server}:443"),
        _CONFIG,
        like="anonymous-instead-of-credentials",
    ),
    Scenario(
        "docker-config-key-is-an-address",
        _keyed(lambda server: f"https://{server}/v1/"),
        _CONFIG,
        diagnosed=READY,
        like="docker-config-key-mismatch",
    ),
    Scenario(
        "docker-config-key-in-capitals",
        _keyed(str.capitalize),
        _CONFIG,
        diagnosed="docker-config-key-mismatch",
        like="anonymous-instead-of-credentials",
    ),
    Scenario(
        "client-stale-stored-credentials", _old_login_at_open_registries, _CONFIG, like="stored-login-of-this-morning"
    ),
    Scenario(
        "stored-login-of-this-morning",
        _of_this_morning,
        _CONFIG,
        diagnosed="refresh-token-expired",
        like="client-stale-stored-credentials",
    ),
    Scenario(
        "stored-login-at-open-registry",
        changes.every_registry(_open),
        _CONFIG,
        diagnosed=READY,
        like="client-stale-stored-credentials",
    ),
)
