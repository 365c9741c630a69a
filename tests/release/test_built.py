"""What is published: what it holds, and what somebody meets who has it and nothing else."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import zipfile
from email.parser import Parser
from pathlib import Path

import pytest

import pytest_acrauth

ROOT = Path(__file__).parents[2]
VERSION = pytest_acrauth.__version__
INFO = f"pytest_acrauth-{VERSION}.dist-info"
README = (ROOT / "README.md").read_text(encoding="utf-8")
INSTALL = (ROOT / "docs" / "how-to" / "install.md").read_text(encoding="utf-8")
SERVED = ("-m", "pytest_acrauth.emulator", "--scenario", "entra-sp-secret-expired", "--exec")


@pytest.fixture
def wheel(built):
    """Deliver the wheel, opened."""
    with zipfile.ZipFile(built / "dist" / f"pytest_acrauth-{VERSION}-py3-none-any.whl") as opened:
        yield opened


@pytest.fixture
def alone(tmp_path, clean_environment):
    """Run in an empty folder, with a home and caches that are empty, and with no index to ask."""
    home = tmp_path / "home"
    home.mkdir()
    for name, value in {"HOME": home, "COLUMNS": 200, "PYTHONDONTWRITEBYTECODE": ""}.items():
        clean_environment.setenv(name, str(value))
    for name in ("XDG_CACHE_HOME", "XDG_DATA_HOME", "VIRTUAL_ENV", "PYTHONPATH"):
        clean_environment.delenv(name, raising=False)
    folder = tmp_path / "here"
    folder.mkdir()
    clean_environment.chdir(folder)
    return folder


def said(*command: object) -> subprocess.CompletedProcess[str]:
    """Return what a command printed."""
    return subprocess.run([str(word) for word in command], capture_output=True, text=True, check=False)


def test_the_wheel_holds_the_package_and_nothing_else(wheel) -> None:
    """What git has of the package is in it, with its marker for type checkers; no test, no page, nothing left over."""
    names = {name for name in wheel.namelist() if not name.startswith(INFO)}
    package = {path.relative_to(ROOT).as_posix() for path in (ROOT / "pytest_acrauth").rglob("*") if path.is_file()}
    assert names == {name for name in package if "__pycache__" not in name}
    assert "pytest_acrauth/py.typed" in names
    described = {name.removeprefix(f"{INFO}/") for name in wheel.namelist() if name.startswith(INFO)}
    assert described == {"METADATA", "RECORD", "WHEEL", "entry_points.txt", "licenses/LICENSE"}


def test_the_wheel_says_what_it_is(wheel) -> None:
    """Its page on an index is README; its licence is there; the one entry point is pytest's."""
    told = Parser().parsestr(wheel.read(f"{INFO}/METADATA").decode())
    assert (told["Name"], told["Version"], told["License-Expression"]) == ("pytest-acrauth", VERSION, "MIT")
    assert told.get_payload() == README
    assert wheel.read(f"{INFO}/licenses/LICENSE") == (ROOT / "LICENSE").read_bytes()
    assert wheel.read(f"{INFO}/entry_points.txt").decode().split() == [
        "[pytest11]",
        "acrauth",
        "=",
        "pytest_acrauth.plugin",
    ]


def test_the_source_archive_has_what_the_tests_need(built) -> None:
    """Whoever packages it for a distribution can run the tests, and read the pages."""
    with tarfile.open(built / "dist" / f"pytest_acrauth-{VERSION}.tar.gz") as archive:
        parts = {name.split("/")[1] for name in archive.getnames()}
    assert parts == {
        "pytest_acrauth", "tests", "docs", "benchmarks", "release", "tox.ini", "pyproject.toml", "README.md",
        "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md", "LICENSE", "PKG-INFO", ".gitignore",
    }  # fmt: skip


def test_the_bill_of_materials_names_what_was_installed(built) -> None:
    """Each distribution of an install is in it, with its version and where it came from; and so is what wants them."""
    bill = json.loads((built / "pytest-acrauth.cdx.json").read_text(encoding="utf-8"))
    root = bill["metadata"]["component"]
    assert (bill["bomFormat"], root["name"], root["version"]) == ("CycloneDX", "pytest-acrauth", VERSION)

    def normal(name: str, version: str) -> tuple[str, str]:
        return re.sub(r"[-_.]+", "-", name).lower(), version

    listed = {normal(each["name"], each["version"]) for each in bill["components"]}
    found = (built / "installed").glob("lib/python*/site-packages/*.dist-info")
    there = {normal(*path.name.removesuffix(".dist-info").split("-")) for path in found}
    assert listed == there - {("pytest-acrauth", VERSION)}
    assert all(each["purl"].startswith("pkg:pypi/") for each in bill["components"])


def test_the_demo_runs_where_there_is_no_index(built, alone) -> None:
    """The suite that README shows passes with the installed wheel alone, and fails as README says."""
    shutil.copytree(ROOT / "docs" / "examples", alone, dirs_exist_ok=True)
    pytest_there = built / "installed" / "bin" / "pytest"
    well = said(pytest_there, "-v", "--acr-registry", "myacr", "--acr-emulate", "healthy")
    assert (well.returncode, "13 passed" in well.stdout) == (0, True), well.stdout
    (shown,) = re.findall(r"<!-- shown: entra-sp-secret-expired -->\n```text\n(.*?)\nWhat to do", README, re.DOTALL)
    ill = said(pytest_there, "--acr-registry", "myacr", "--acr-emulate", "entra-sp-secret-expired")
    assert ill.returncode == 1
    assert f"{shown}\nWhat to do\n" in ill.stdout


def test_reports_are_written_with_the_wheel_alone(built, alone) -> None:
    """Templates and whatever else is no Python came along, for each kind of report."""
    kinds = ("json", "md", "html", "prom")
    reports = [f"--acr-report=readiness.{kind}" for kind in kinds]
    there = built / "installed" / "bin" / "pytest"
    assert said(there, "--acr-registry=myacr", "--acr-emulate=healthy", *reports).returncode == 0
    assert {path.name for path in alone.glob("readiness.*")} == {f"readiness.{kind}" for kind in kinds}


@pytest.mark.parametrize("program", ["uvx", "pipx"])
def test_it_runs_without_being_installed(program, built, alone, monkeypatch) -> None:
    """The first line of the installing page leads to an explained failure, with the wheel in the place of an index."""
    line = next(line for line in INSTALL.splitlines() if line.startswith(f"$ {program} "))
    own = {
        "UV_OFFLINE": "1", "UV_FIND_LINKS": str(built / "wheels"), "UV_PYTHON_DOWNLOADS": "never",
        "UV_CACHE_DIR": str(alone / "uv"), "PIPX_HOME": str(alone / "pipx"),
    }  # fmt: skip
    for name, value in own.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("PATH", os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]))
    result = said(sys.executable, *SERVED, *line.removeprefix("$ ").split())
    assert result.returncode == 1, result.stderr
    assert "\nentra-sp-secret-expired: the secret of the application has expired\n" in result.stdout
