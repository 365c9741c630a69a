"""Installs the real programs that tests run: Debian's packages, and the Azure CLI in an environment of its own.

Usage: ``install.py browser``, ``install.py metrics``, or ``install.py clients FOLDER``: the Azure CLI is installed into
the folder once, and kept there. Packages are installed only as root, and where CI is set: elsewhere the machine is its
owner's.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

#: Debian's package for each program.
BROWSER = {"chromium": "chromium"}
METRICS = {"promtool": "prometheus"}
CLIENTS = {
    "docker": "docker-cli",
    "dockerd": "docker.io",
    "docker-registry": "docker-registry",
    "ip": "iproute2",
    "iptables": "iptables",
    "oras": "oras",
    "podman": "podman",
    "skopeo": "skopeo",
}


def packages(wanted: Mapping[str, str]) -> None:
    """Install the packages of the programs that are missing."""
    missing = sorted(package for program, package in wanted.items() if shutil.which(program) is None)
    if not missing:
        return
    if os.geteuid() != 0 or not os.environ.get("CI") or shutil.which("apt-get") is None:
        sys.stderr.write(f"not installed (not root, or no CI): {' '.join(missing)}\n")
        return
    environ = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    subprocess.run(["apt-get", "update", "--quiet"], check=True, env=environ)
    subprocess.run(
        ["apt-get", "install", "--yes", "--quiet", "--no-install-recommends", *missing], check=True, env=environ
    )


def azure_cli(folder: Path) -> None:
    """Install the Azure CLI."""
    if (folder / "bin" / "az").exists():
        return
    subprocess.run([sys.executable, "-m", "venv", "--clear", str(folder)], check=True)
    pip = [str(folder / "bin" / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, "azure-cli"], check=True)


if __name__ == "__main__":
    if sys.argv[1] == "browser":
        packages(BROWSER)
    elif sys.argv[1] == "metrics":
        packages(METRICS)
    else:
        packages(CLIENTS)
        azure_cli(Path(sys.argv[2]))
