"""The one file for machines without an index: on a Python that has nothing, with no network and no home to speak of."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from internet import namespace


@pytest.fixture(scope="module")
def bare(onefile, tmp_path_factory):
    """Deliver what runs the file on a bare Python, with an empty home, and loopback as the only network."""
    enter, reason = namespace()
    if reason:
        pytest.fail(f"there is no way to take the network away: {reason}")
    folder = tmp_path_factory.mktemp("bare")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder / "python"], check=True)
    (folder / "home").mkdir()
    environ = {"HOME": str(folder / "home"), "PATH": os.environ["PATH"], "COLUMNS": "200"}

    def run(*words: str) -> subprocess.CompletedProcess[str]:
        inside = 'ip link set lo up && exec "$@"'
        command = [*enter, "sh", "-c", inside, "sh", folder / "python" / "bin" / "python", onefile, *words]
        return subprocess.run(command, capture_output=True, text=True, check=False, env=environ)

    return run


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def test_it_shows_that_it_works(bare) -> None:
    """The emulator is inside: a healthy world passes, and a broken one is explained."""
    well = bare("--acr-registry", "myacr", "--acr-emulate", "healthy")
    assert (well.returncode, "ready: 1 of 1" in well.stdout) == (0, True), well.stdout + well.stderr
    ill = bare("--acr-registry", "myacr", "--acr-emulate", "entra-sp-secret-expired")
    assert ill.returncode == 1
    assert "\nentra-sp-secret-expired: the secret of the application has expired\n" in ill.stdout


def test_it_explains_the_machine_that_it_is_on(bare) -> None:
    """A real registry fails for the real reason: nobody here answers what its address is."""
    alone = bare("--acr-registry", "myacr", "--acr-auth", "anonymous")
    assert alone.returncode == 1
    assert "\nregistry-dns-resolver-broken: " in alone.stdout


def test_it_writes_every_kind_of_report(bare) -> None:
    """Whatever an extra brings is inside, too."""
    names = {f"readiness.{kind}" for kind in ("json", "md", "html", "prom")}
    assert (
        bare("--acr-registry=myacr", "--acr-emulate=healthy", *(f"--acr-report={name}" for name in names)).returncode
        == 0
    )
    assert {path.name for path in Path().glob("readiness.*")} == names


def test_it_runs_no_test_that_lies_around(bare) -> None:
    """It checks registries: the current folder's tests are somebody's suite, and what they need is not there."""
    Path("test_own.py").write_text("import numpy\n")
    assert bare("--acr-registry=myacr", "--acr-emulate=healthy").returncode == 0


def test_it_says_what_to_give_it(bare) -> None:
    """Without a registry it is a usage error, and what needs none works."""
    nothing = bare()
    assert (nothing.returncode, "--acr-registry" in nothing.stderr) == (4, True), nothing.stderr
    explained = bare("--acr-explain", "AADSTS7000222")
    assert (explained.returncode, explained.stdout.splitlines()[0]) == (0, "AADSTS7000222: a number of Entra's")
