"""Climbs side by side: no more than this process may open files for."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from pytest_acrauth.emulator import Emulator
from pytest_acrauth.probes.descriptors import as_many

resource = pytest.importorskip("resource", reason="this system has no limit of open files")


@pytest.mark.parametrize(
    ("limit", "jobs", "expected"),
    [(1, 128, 1), (64, 128, 7), (256, 128, 55), (1024, 128, 128), (1024, 4, 4), (resource.RLIM_INFINITY, 128, 128)],
)
def test_a_low_limit_of_open_files_lets_fewer_climb(
    monkeypatch: pytest.MonkeyPatch, limit: int, jobs: int, expected: int
) -> None:
    """What is open already is not there for climbs, and one climbs whatever the limit is."""
    monkeypatch.setattr(resource, "getrlimit", lambda _: (limit, limit))
    monkeypatch.setattr(Path, "iterdir", lambda _: iter(range(12)))
    assert as_many(jobs) == expected


def test_open_files_that_cannot_be_counted_are_some(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the system does not list them, a few are taken for open."""

    def fail(_folder: Path) -> Iterator[Path]:
        raise FileNotFoundError

    monkeypatch.setattr(resource, "getrlimit", lambda _: (64, 64))
    monkeypatch.setattr(Path, "iterdir", fail)
    assert as_many(128) == 6


FLEET = """
import resource, sys
from pytest_acrauth.auth import choose
from pytest_acrauth.emulator import EmulatedMachine
from pytest_acrauth.model.target import Reference, Registry, Target
from pytest_acrauth.running.run import Run

machine = EmulatedMachine.from_json(sys.stdin.read())
(chosen,) = choose(["service-principal"], machine.environ)
images = (Reference.parse("team/app"), Reference.parse("team/multi"))
targets = [Target(Registry.parse(f"fleet{number}"), chosen.identity, images) for number in range(40)]
resource.setrlimit(resource.RLIMIT_NOFILE, (48, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
for seen in Run(machine).check(targets):
    print(seen.target.registry.name, *(seen.at(rung) for rung in seen.broken()))
"""


def test_a_fleet_is_climbed_with_few_descriptors() -> None:
    """Forty registries, and fewer descriptors than they would need at once: each is found ready."""
    with Emulator(registries=[f"fleet{number}" for number in range(40)]) as emulator:
        given = emulator.machine.to_json()
        ran = subprocess.run([sys.executable, "-c", FLEET], input=given, capture_output=True, text=True, check=True)
    assert ran.stdout.split() == [f"fleet{number}" for number in range(40)]
