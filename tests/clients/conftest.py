"""Real programs against the emulator, in a network namespace that this run of pytest moves into."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from clients.azure_cli import Az
from clients.engines import Daemon, Docker, Engine, Oras, Podman, Skopeo
from clients.programs import Programs, Shell
from internet import Internet, namespace

from pytest_acrauth.emulator import Emulator

#: Holds, inside, the network namespace that the run came from.
OUTSIDE = "ACR_CLIENTS_OUTSIDE"
_PROGRAMS = pytest.StashKey[Programs]()


def network() -> str:
    """Return which network namespace this is."""
    return str(Path("/proc/self/ns/net").readlink())


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option; it exists where this folder is named on the command line."""
    parser.addoption("--require-clients", action="store_true", help="a real program that is missing fails its tests")


def pytest_configure(config: pytest.Config) -> None:
    """Keep what ran for the summary."""
    config.stash[_PROGRAMS] = Programs(required=config.getoption("require_clients", default=False))


def pytest_cmdline_main(config: pytest.Config) -> int | None:
    """Run the same again inside a namespace of its own, where this machine can make one.

    Raises `pytest.UsageError` for a run with workers: there is one name server and one port 443 in it.
    """
    if getattr(config.option, "numprocesses", None):
        raise pytest.UsageError("tests/clients runs in one network of its own: leave out -n")
    enter, reason = namespace()
    if OUTSIDE in os.environ or reason:
        return None
    command = [*enter, sys.executable, "-m", "pytest", *config.invocation_params.args]
    environ = os.environ | {OUTSIDE: network()}
    return subprocess.run(command, check=False, env=environ).returncode


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Name the programs that ran."""
    for name, version in sorted(config.stash[_PROGRAMS].ran.items()):
        terminalreporter.write_line(f"ran {name}: {version}")


@pytest.fixture(scope="session")
def programs(pytestconfig: pytest.Config) -> Programs:
    """Deliver the finder of programs."""
    return pytestconfig.stash[_PROGRAMS]


@pytest.fixture(scope="session")
def internet(programs: Programs, tmp_path_factory: pytest.TempPathFactory) -> Internet:
    """Set the namespace up; without one nothing runs, because a real program could reach the real Azure."""
    if os.environ.get(OUTSIDE, "") in {"", network()}:
        programs.missing(namespace()[1] or "real programs run in a namespace of their own: tox run -e clients")
    return Internet(tmp_path_factory.mktemp("internet"))


@pytest.fixture
def emulator(request: pytest.FixtureRequest, internet: Internet) -> Iterator[Emulator]:
    """Serve a world under Azure's names: a healthy one, unless a test's parameter names a scenario."""
    with Emulator(getattr(request, "param", "healthy")) as running:
        internet.show(running.machine, running.world.network.names)
        yield running


@pytest.fixture
def shell(programs: Programs, emulator: Emulator, tmp_path: Path) -> Shell:
    """Run programs that trust the emulator."""
    return Shell(programs, tmp_path, emulator.ca_pem)


@pytest.fixture(scope="session")
def daemon(internet: Internet, programs: Programs, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    """Run a docker daemon."""
    running = Daemon(programs, tmp_path_factory.mktemp("docker"))
    yield running
    running.stop()


@pytest.fixture
def docker(shell: Shell, daemon: Daemon, emulator: Emulator) -> Docker:
    """Deliver docker with a daemon that trusts the emulator."""
    daemon.trust(emulator.ca_pem, *(each.login_server for each in emulator.world.cloud.registries.values()))
    return Docker(shell, daemon)


@pytest.fixture(params=["docker", "podman", "skopeo", "oras"])
def engine(request: pytest.FixtureRequest, shell: Shell) -> Engine:
    """Deliver, one after the other, the programs that log in, pull and push."""
    if request.param == "docker":
        found: Engine = request.getfixturevalue("docker")
        return found
    return {"podman": Podman, "skopeo": Skopeo, "oras": Oras}[request.param](shell)


@pytest.fixture
def az(shell: Shell) -> Az:
    """Deliver the Azure CLI, logged out."""
    return Az(shell)
