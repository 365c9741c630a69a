"""The Azure CLI, with settings of its own and without telemetry."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

from clients.programs import LIMIT, Printed, Shell

from pytest_acrauth.emulator import Emulator

#: What gives commands to az's parser.
PARSER = Path(__file__).with_name("az_parser.py")


class Az:
    """Runs az; it keeps logins and tokens in the test's folder."""

    def __init__(self, shell: Shell) -> None:
        self.shell = shell
        config = {"AZURE_CONFIG_DIR": str(shell.folder / "azure"), "AZURE_CORE_COLLECT_TELEMETRY": "0"}
        shell.environ |= config

    def run(self, *arguments: str) -> Printed:
        """Run one command."""
        return self.shell.run("az", *arguments)

    def read(self, *arguments: str) -> Any:
        """Run a command that must succeed, and return the value it prints."""
        printed = self.run(*arguments, "--output", "json")
        assert printed.code == 0, printed.text
        return json.loads(printed.out)

    def refused(self, commands: list[tuple[str, ...]]) -> dict[tuple[str, ...], str]:
        """Return the commands that az's own parser does not take, and its first words about each; none of them runs."""
        done = subprocess.run(
            [self.shell.beside("az", "python"), str(PARSER)],
            input=json.dumps(commands),
            capture_output=True,
            text=True,
            check=False,
            timeout=3 * LIMIT,
            env=self.shell.environ,
            cwd=self.shell.folder,
        )
        assert done.returncode == 0, done.stderr
        said = zip(commands, json.loads(done.stdout), strict=True)
        return {each: words.splitlines()[0] for each, words in said if words}

    def login(self, emulator: Emulator) -> Printed:
        """Log in with the service principal of the world's environment."""
        environ = emulator.environ
        # A password may begin with a dash, which az takes for an option of its own.
        who = ("--username", environ["AZURE_CLIENT_ID"], f"--password={environ['AZURE_CLIENT_SECRET']}")
        tenant = ("--tenant", environ["AZURE_TENANT_ID"])
        return self.run("login", "--service-principal", *who, *tenant, "--output", "none")
