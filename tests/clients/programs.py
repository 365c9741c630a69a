"""The real programs: where they are, which versions ran, and how one is run away from this machine's own settings."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

#: What each program is asked for its version with. The Azure CLI is looked for where ACR_AZ says, if it does.
VERSION = {
    "az": ("version", "--query", '"azure-cli"', "--output", "tsv"),
    "docker": ("version", "--format", "client {{.Client.Version}}"),
    "dockerd": ("--version",),
    "docker-registry": ("--version",),
    "oras": ("version",),
    "podman": ("--version",),
    "skopeo": ("--version",),
}
LIMIT = 60


@dataclass(frozen=True)
class Printed:
    """What a program printed, and its exit code."""

    code: int
    out: str
    err: str

    @property
    def text(self) -> str:
        """Everything, as a terminal shows it."""
        return self.out + self.err


class Programs:
    """Finds programs; one that is missing ends the test, as a failure where all are required."""

    def __init__(self, *, required: bool) -> None:
        self._required = required
        self.ran: dict[str, str] = {}

    def find(self, name: str, environ: Mapping[str, str]) -> str:
        """Return a program's path, and note its version."""
        path = (name == "az" and os.environ.get("ACR_AZ")) or shutil.which(name)
        if path is None or not os.access(path, os.X_OK):
            self.missing(f"{name} is not on this machine")
        if name not in self.ran:
            done = subprocess.run([path, *VERSION[name]], capture_output=True, text=True, check=False, env=environ)
            first = next(iter(done.stdout.splitlines()), "")
            self.ran[name] = first.removeprefix("Version:").strip() or "version unknown"
        return path

    def missing(self, reason: str) -> None:
        """End the test because something is not there."""
        if self._required:
            pytest.fail(f"--require-clients: {reason}", pytrace=False)
        pytest.skip(reason)


class Shell:
    """Runs programs with a home and settings of their own, and the emulator's authority as the only one they trust."""

    def __init__(self, programs: Programs, folder: Path, authority: str) -> None:
        self._programs = programs
        self.folder = folder
        self._bundle = folder / "authority.pem"
        self.environ = {
            "PATH": os.environ["PATH"],
            "HOME": str(folder),
            "SSL_CERT_FILE": str(self._bundle),
            "REQUESTS_CA_BUNDLE": str(self._bundle),
            "TMPDIR": str(folder),
        }
        self.trust(authority)

    def trust(self, authorities: str) -> None:
        """Trust these authorities (PEM) and no other."""
        self._bundle.write_text(authorities, encoding="ascii")

    def find(self, program: str) -> str:
        """Return a program's path."""
        return self._programs.find(program, self.environ)

    def beside(self, program: str, name: str) -> str:
        """Return the path of what lies beside a program, such as the interpreter that it is installed for."""
        path = Path(self.find(program)).parent / name
        if not os.access(path, os.X_OK):
            self._programs.missing(f"no {name} beside {program}")
        return str(path)

    def run(self, program: str, *arguments: str, given: str = "") -> Printed:
        """Run a program to its end; ``given`` is its standard input."""
        done = subprocess.run(
            [self.find(program), *arguments],
            input=given,
            capture_output=True,
            text=True,
            check=False,
            timeout=LIMIT,
            env=self.environ,
            cwd=self.folder,
        )
        return Printed(done.returncode, done.stdout, done.stderr)
