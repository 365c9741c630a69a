"""A program that knows nothing of the emulator reaches it with what ``python -m pytest_acrauth.emulator`` prints."""

from __future__ import annotations

import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from clients.programs import Programs, Shell
from internet import Internet


@pytest.fixture
def exporting(
    request: pytest.FixtureRequest, internet: Internet, programs: Programs, tmp_path: Path
) -> Iterator[Shell]:
    """Serve a world, and run programs with the variables to export and nothing else; no name leads there by itself."""
    internet.hide()
    command = [sys.executable, "-m", "pytest_acrauth.emulator", "--scenario", getattr(request, "param", "healthy")]
    printed = tmp_path / "environment"
    with (
        printed.open("w") as out,
        subprocess.Popen(command, stdout=out, stderr=subprocess.PIPE, text=True) as running,
    ):
        assert running.stderr is not None
        assert running.stderr.readline().startswith("serving ")
        shell = Shell(programs, tmp_path, "")
        lines = [line.removeprefix("export ").strip() for line in printed.read_text().splitlines()]
        shell.environ |= {name: shlex.split(value)[0] for name, _, value in (line.partition("=") for line in lines)}
        yield shell
        running.terminate()


def inspect(shell: Shell) -> tuple[str, ...]:
    """Return the command that looks at an image with the service principal's secret."""
    who = f"{shell.environ['AZURE_CLIENT_ID']}:{shell.environ['AZURE_CLIENT_SECRET']}"
    return ("skopeo", "inspect", "--creds", who, "docker://myacr.azurecr.io/team/app:latest")


def test_a_go_program(exporting):
    """Proxy, authority and credentials are enough for a program written in Go."""
    printed = exporting.run(*inspect(exporting))
    assert printed.code == 0, printed.text
    assert '"Name": "myacr.azurecr.io/team/app"' in printed.out


@pytest.mark.parametrize("exporting", ["entra-sp-secret-expired"], indirect=True)
def test_a_scenario(exporting):
    """What the documentation shows for a scenario is what the program prints."""
    assert "unauthorized: Invalid clientid or client secret." in exporting.run(*inspect(exporting)).err


def test_the_azure_cli(exporting):
    """They are enough for the Azure CLI, which takes its authority and its folder from variables of its own."""
    environ = exporting.environ
    exporting.environ["AZURE_CORE_COLLECT_TELEMETRY"] = "0"
    who = ("--username", environ["AZURE_CLIENT_ID"], f"--password={environ['AZURE_CLIENT_SECRET']}")
    login = exporting.run("az", "login", "--service-principal", *who, "--tenant", environ["AZURE_TENANT_ID"])
    assert login.code == 0, login.text
    listed = exporting.run("az", "acr", "repository", "list", "--name", "myacr", "--output", "tsv")
    assert listed.out.split() == ["team/app", "team/multi"], listed.text
