"""The Azure CLI, with settings of its own and without telemetry."""

from __future__ import annotations

import json
from typing import Any

from clients.programs import Printed, Shell

from pytest_acrauth.emulator import Emulator


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

    def login(self, emulator: Emulator) -> Printed:
        """Log in with the service principal of the world's environment."""
        environ = emulator.environ
        # A password may begin with a dash, which az takes for an option of its own.
        who = ("--username", environ["AZURE_CLIENT_ID"], f"--password={environ['AZURE_CLIENT_SECRET']}")
        tenant = ("--tenant", environ["AZURE_TENANT_ID"])
        return self.run("login", "--service-principal", *who, *tenant, "--output", "none")
