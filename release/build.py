"""Makes what a release is made of, in a folder of its own: archives, an environment of them, and its bill of materials.

Usage: ``python release/build.py FOLDER``, in a checkout or in an unpacked source archive. The folder then has

- ``dist``: wheel and source archive, built twice, the second time from the first source archive, elsewhere;
- ``wheels``: the wheel, and all that it wants with every extra;
- ``installed``: an environment made of ``wheels``, with no index;
- ``pytest-acrauth.cdx.json``: what an install resolves to, in CycloneDX.

Ends with an error where the two builds differ.
"""

from __future__ import annotations

import filecmp
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import tomllib
from collections.abc import Iterable
from pathlib import Path

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
WANTED = f"{PROJECT['name']}[{','.join(sorted(PROJECT['optional-dependencies']))}]"
MATERIALS = f"{PROJECT['name']}.cdx.json"


def run(*command: str | Path) -> None:
    """Run a command; raise `subprocess.CalledProcessError` where it fails."""
    subprocess.run([str(word) for word in command], check=True)


def dated() -> None:
    """Let files in archives have the time of the commit; without a repository they have the build backend's own."""
    asked = ["git", "-C", str(ROOT), "log", "-1", "--format=%ct"]
    if "SOURCE_DATE_EPOCH" not in os.environ and (ROOT / ".git").exists():
        told = subprocess.run(asked, check=True, capture_output=True, text=True)
        os.environ["SOURCE_DATE_EPOCH"] = told.stdout.strip()


def archives(dist: Path) -> None:
    """Build wheel and source archive into a folder; raise `SystemExit` where a second build gives others."""
    build = (sys.executable, "-m", "build", "--outdir")
    run(*build, dist, ROOT)
    (source,) = dist.glob("*.tar.gz")
    with tempfile.TemporaryDirectory() as elsewhere:
        with tarfile.open(source) as archive:
            archive.extractall(elsewhere, filter="data")
        again = Path(elsewhere, "again")
        run(*build, again, Path(elsewhere, source.name.removesuffix(".tar.gz")))
        names = {path.name for folder in (dist, again) for path in folder.iterdir()}
        different(names - set(filecmp.cmpfiles(dist, again, names, shallow=False)[0]))


def different(names: Iterable[str]) -> None:
    """Raise `SystemExit` that names the archives that differ, if there are any."""
    if named := ", ".join(sorted(names)):
        raise SystemExit(f"built twice, and not the same: {named}")


def installed(folder: Path) -> None:
    """Fetch what the wheel wants, and install it into an environment that has no index and nothing else in it."""
    dist, wheels, environment = folder / "dist", folder / "wheels", folder / "installed"
    run(sys.executable, "-m", "pip", "download", "--quiet", "--only-binary=:all:", f"--dest={wheels}",
        f"--find-links={dist}", WANTED)  # fmt: skip
    for wheel in dist.glob("*.whl"):
        shutil.copy(wheel, wheels)  # not a namesake's from the index
    run(sys.executable, "-m", "venv", "--without-pip", environment)
    python = environment / "bin" / "python"
    run(sys.executable, "-m", "pip", f"--python={python}", "install", "--quiet", "--no-index", f"--find-links={wheels}",
        WANTED)  # fmt: skip
    run("cyclonedx-py", "environment", python, "--output-reproducible", "--mc-type=library",
        f"--pyproject={ROOT / 'pyproject.toml'}", f"--output-file={folder / MATERIALS}")  # fmt: skip


if __name__ == "__main__":
    asked = Path(sys.argv[1]).absolute()
    dated()
    archives(asked / "dist")
    installed(asked)
