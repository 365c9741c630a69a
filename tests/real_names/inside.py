"""Runs inside a network namespace of its own: serves the emulator under the real names on port 443, then pytest.

Usage: inside.py FOLDER SCENARIO[,SCENARIO] NAMESERVER -- PYTEST-ARGUMENTS
NAMESERVER is where the little internet's name server is, or an address where nobody answers.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from internet import Internet

from pytest_acrauth.emulator import Emulator


def main() -> int:
    """Build the little internet, run pytest in it, and return its exit code."""
    folder, scenarios, nameserver, _, *arguments = sys.argv[1:]
    internet = Internet(Path(folder), nameserver)
    with Emulator(*scenarios.split(",")) as emulator:
        internet.show(emulator.machine, emulator.world.network.names)
        bundle = Path(folder, "authority.pem")
        bundle.write_text(emulator.ca_pem, encoding="ascii")
        command = [sys.executable, "-m", "pytest", "--acr-ca-bundle", str(bundle), *arguments]
        environ = {"PATH": os.environ["PATH"], "HOME": folder, **emulator.environ}
        return subprocess.run(command, cwd=folder, env=environ, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
