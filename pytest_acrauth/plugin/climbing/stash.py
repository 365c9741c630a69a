"""Under which key pytest's stash keeps the climbs of an active run; imported at every start, when nothing else is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pytest_acrauth.plugin.climbing.climbs import Climbs

CLIMBS: pytest.StashKey[Climbs] = pytest.StashKey()
