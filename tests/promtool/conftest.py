"""Prometheus's own program."""

from __future__ import annotations

import shutil
from collections.abc import Callable

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option; it exists where this folder is named on the command line."""
    parser.addoption("--require-promtool", action="store_true", help="promtool fails its tests where it is missing")


@pytest.fixture
def promtool(pytestconfig: pytest.Config) -> str:
    """Deliver the program; where it is missing the test ends, as a failure if it is required."""
    found = shutil.which("promtool")
    if found is None:
        required = pytestconfig.getoption("require_promtool", default=False)
        end: Callable[[str], None] = pytest.fail if required else pytest.skip
        end("promtool is not installed: it is in Debian's package prometheus")
    return found
