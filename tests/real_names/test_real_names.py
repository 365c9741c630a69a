"""The real machine: Azure's names from a name server, port 443, an authority named by --acr-ca-bundle."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from internet import NAMESERVER, namespace

INSIDE = Path(__file__).with_name("inside.py")
TESTS = str(Path(__file__).parents[1])


def run(folder: Path, scenario: str, *arguments: str, nameserver: str = NAMESERVER) -> subprocess.CompletedProcess[str]:
    """Run pytest in a namespace where the emulator serves the real names; skip where there can be none."""
    enter, reason = namespace()
    if reason:
        pytest.skip(reason)
    inner = ["-p", "no:cacheprovider", "--acr-timeout", "20", *arguments]
    command = [*enter, sys.executable, str(INSIDE), str(folder), scenario, nameserver, "--", *inner]
    path = os.pathsep.join(filter(None, (TESTS, os.environ.get("PYTHONPATH"))))
    environ = os.environ | {"PYTHONPATH": path}
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=100, env=environ)


def test_a_healthy_registry_is_ready_under_its_real_name(tmp_path: Path) -> None:
    """Every stage passes through the system's resolver, sockets and trust store."""
    done = run(tmp_path, "healthy", "--acr-registry", "myacr", "--acr-repository", "team/app", "-v")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "9 passed" in done.stdout


@pytest.mark.broad(of=4)
@pytest.mark.parametrize(
    ("scenario", "registry", "headline"),
    [
        ("entra-sp-secret-expired", "myacr", "entra-sp-secret-expired: "),
        ("tls-hostname-mismatch", "myacr", "tls-hostname-mismatch: "),
        ("registry-tls-intercepted", "myacr", "registry-tls-intercepted: "),
        ("healthy", "nosuchacr", "registry-dns-nxdomain"),
    ],
)
def test_a_broken_world_is_diagnosed_under_its_real_name(
    tmp_path: Path, scenario: str, registry: str, headline: str
) -> None:
    """The causes that only real names, certificates and answers show are told as in the emulator."""
    done = run(tmp_path, scenario, "--acr-registry", registry, "--acr-repository", "team/app")
    assert done.returncode == 1, done.stdout + done.stderr
    assert headline in done.stdout


def test_a_silent_name_server_is_not_a_missing_name(tmp_path: Path) -> None:
    """Where nobody answers for names, the resolver is at fault, and nothing is said of the registry."""
    done = run(tmp_path, "healthy", "--acr-registry", "myacr", nameserver="127.0.0.99")
    assert done.returncode == 1, done.stdout + done.stderr
    assert "registry-dns-resolver-broken: " in done.stdout
    assert "registry-dns-nxdomain" not in done.stdout
