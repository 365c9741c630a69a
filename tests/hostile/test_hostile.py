"""Hostile answers at every stage end in a diagnosis, in time, and no secret goes anywhere it should not."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hostile.peers import Peers
from hostile.trial import tried, worlds

#: Climbs of each of the runs below, about as many hostile answers.
CLIMBS = 250
Trial = Callable[[Random], list[str]]


@pytest.fixture(scope="module")
def trial() -> Iterator[Trial]:
    """Deliver a climb among peers that all climbs of this module share."""
    made = worlds()
    peers = Peers(made)
    yield lambda chance: tried(peers, made, chance)[1]
    peers.close()


@pytest.mark.timeout(600)
@pytest.mark.parametrize("run", range(8))
@settings(
    max_examples=CLIMBS,
    deadline=None,
    database=None,
    print_blob=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(seed=st.integers(0, 2**32))
def test_whatever_an_answer_holds(trial: Trial, run: int, seed: int) -> None:  # each run draws seeds of its own
    """Nothing escapes, leaks, strays or comes late, and the record can be written and shown."""
    assert trial(Random(seed)) == []
