"""Whether pytest took the value of one of our options for a path of tests, and so chose its rootdir by it.

pytest looks for its configuration beside every argument that exists as a path, before it knows the options of plugins:
the value of ``--acr-ca-bundle /etc/ssl/ca.pem`` moves the rootdir to ``/etc/ssl``, and the suite loses its own
configuration. Written with ``=``, no argument is a path.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterable
from itertools import pairwise
from pathlib import Path

import pytest
from _pytest.config.findpaths import determine_setup

from pytest_acrauth.plugin.asked.settings import arguments


def stand_still(config: pytest.Config, flags: Iterable[str]) -> None:
    """Raise `pytest.UsageError` where the value of one of these flags moved the rootdir, or hid the configuration."""
    ours = frozenset(flags)
    paths = [pair for pair in pairwise(arguments(config)) if pair[0] in ours and _exists(config, pair[1])]
    if not paths:
        return
    option = config.known_args_namespace
    known = {
        "inifile": option.inifilename,
        "override_ini": option.override_ini,
        "args": option.file_or_dir,
        "rootdir_cmd_arg": option.rootdir or None,
        "invocation_dir": config.invocation_params.dir,
    }
    parameters = inspect.signature(determine_setup).parameters  # some came with later versions of pytest
    rootpath, inipath, *_ = determine_setup(**{name: value for name, value in known.items() if name in parameters})
    if (rootpath, inipath) != (config.rootpath, config.inipath):
        flag, value = paths[0]
        raise pytest.UsageError(
            f"{flag} {value}: pytest takes a path that stands by itself for one of tests, and looks there for its"
            f" configuration (rootdir {config.rootpath} instead of {rootpath}); write {flag}={value}"
        )


def _exists(config: pytest.Config, value: str) -> bool:
    try:
        return not value.startswith("-") and (config.invocation_params.dir / Path(value)).exists()
    except (OSError, ValueError):  # what cannot be a path
        return False
