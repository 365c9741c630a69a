"""Hostile answers at every stage end in a diagnosis, in time, and no secret goes anywhere it should not."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hostile.mutations import Hand
from hostile.peers import Climbing, Peers
from hostile.trial import tried, worlds

#: Climbs of each of the runs below, about as many hostile answers.
CLIMBS = 250
Trial = Callable[[Random], list[str]]


@pytest.fixture(scope="module")
def trial() -> Iterator[Trial]:
    """Deliver a climb among peers that all climbs of this module share."""
    made = worlds()
    peers = Peers(made)

    def climb(chance: Random) -> list[str]:
        before = chance.getstate()
        found = tried(peers, made, chance)[1]
        if any(each.startswith("late") for each in found):
            # A machine that stood still is late, too; what an answer holds up, it holds up again.
            chance.setstate(before)
            found = tried(peers, made, chance)[1]
        return found

    yield climb
    peers.close()


def test_peers_that_end_leave_nothing_open() -> None:
    """Connections that begin and speak while all of them end are told of in no other test."""
    peers = Peers({})
    for port in [443, 3128, 80] * 20:
        peers.connect(Climbing(Hand(Random(0)), frozenset()), "myacr.azurecr.io", port).close()
    peers.close()
    with pytest.raises(ConnectionRefusedError):
        peers.connect(Climbing(Hand(Random(0)), frozenset()), "myacr.azurecr.io", 443)
    gc.collect()  # what was open would fail this test: pytest makes an error of such a warning


@pytest.mark.thorough
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
def test_whatever_an_answer_holds(trial: Trial, run: int, seed: int) -> None:
    """Nothing escapes, leaks, strays or comes late, and the record can be written and shown."""
    assert trial(Random(run << 33 | seed)) == []  # seeds of its own for each run, where they are the same each time too


def found_with(trial: Trial, seeds: int, kind: str) -> int:
    """Return how many of so many climbs find something of a kind."""
    return sum(any(each.startswith(kind) for each in trial(Random(seed))) for seed in range(seeds))


@pytest.mark.broad(of=3)
@pytest.mark.parametrize(
    ("place", "kind"),
    [
        ("pytest_acrauth.probes.registry.granted_actions", "defect"),
        ("pytest_acrauth.probes.management.arm.read_registry", "defect"),
        ("pytest_acrauth.diagnosis.climb.conclude", "defect"),
        ("pytest_acrauth.running.run.climb", "defect"),
    ],
)
def test_a_bug_is_found(trial: Trial, monkeypatch: pytest.MonkeyPatch, place: str, kind: str) -> None:
    """A trial is no test if it does not see what it is for."""

    def fail(*_: object, **__: object) -> None:
        raise KeyError("planted")

    monkeypatch.setattr(place, fail)
    assert found_with(trial, 40, kind)


@pytest.mark.thorough
def test_a_leak_is_found(trial: Trial, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the masking, what peers say again of a secret shows."""
    monkeypatch.setattr("pytest_acrauth.model.secret.Secrets._spans", lambda *_: [])
    assert found_with(trial, 120, "leaked")


@pytest.mark.thorough
def test_a_credential_that_strays_is_found(trial: Trial, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever believes any realm sends credentials away."""
    monkeypatch.setattr("pytest_acrauth.model.observation.Challenge.realm_is_own", True)
    assert found_with(trial, 400, "strayed")
