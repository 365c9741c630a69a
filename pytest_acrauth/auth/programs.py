"""The programs and the home folder of a machine, by its own environment. Nothing here runs anything."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from pathlib import Path

from pytest_acrauth.model.secret import Secrets


def find_program(name: str, environ: Mapping[str, str]) -> str:
    """Return a program's absolute path by the machine's PATH, or ''; the current folder is never looked into.

    A folder of a checkout must not decide what is run, so relative parts of the PATH, and the current folder itself,
    are passed over.
    """
    here = current_folder()
    folders = [Path(part) for part in environ.get("PATH", "").split(os.pathsep) if part]
    trusted = [str(folder) for folder in folders if folder.is_absolute() and resolved(folder) != here]
    found = shutil.which(name, path=os.pathsep.join(trusted))
    # On Windows the search begins in the current folder, whatever the path says.
    return found if found and str(Path(found).parent) in trusted else ""


def current_folder() -> Path | None:
    """Return the current folder, or None where it was removed meanwhile."""
    try:
        return Path.cwd().resolve()
    except OSError:
        return None


def resolved(path: Path) -> Path:
    """Return a path without its links; what leads to itself, or is no path, is no exception, as in `Path.resolve`."""
    try:
        return Path(os.path.realpath(path))
    except (OSError, ValueError):
        return path


def home_of(environ: Mapping[str, str]) -> Path | None:
    """Return the user's home folder, or None where the environment does not name one."""
    named = environ.get("HOME") or environ.get("USERPROFILE")
    return Path(named) if named else None


def shown(path: Path | None) -> str:
    """Return a path as a line of text may have it, '' for none: the environment decides what it is made of."""
    return Secrets().clean(str(path or ""), 1000)
