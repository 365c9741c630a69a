"""An emulator and a visitor to it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from emulator.visiting import Visitor

from pytest_acrauth.emulator import Emulator


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    """Serve a healthy world."""
    with Emulator() as running:
        yield running


@pytest.fixture
def visitor(emulator: Emulator) -> Iterator[Visitor]:
    """Visit the healthy world."""
    visiting = Visitor(emulator)
    with visiting.http:
        yield visiting
