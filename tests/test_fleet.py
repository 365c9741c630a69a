"""Many registries in one run: what is counted does not grow with their number, or grows with it and no faster."""

from __future__ import annotations

import re
import ssl
import threading
from collections import Counter
from unittest import mock

import pytest

from pytest_acrauth.auth import choose
from pytest_acrauth.diagnosis.climb import diagnose
from pytest_acrauth.emulator import Emulator
from pytest_acrauth.emulator.world.cloud import AUTHORITY
from pytest_acrauth.model.secret import Secret, Secrets
from pytest_acrauth.model.target import Reference, Registry, Target
from pytest_acrauth.probes.http.shared_work import THREADS
from pytest_acrauth.running.run import Run

SIZES = (1, 50, 200)
JOBS = 16
LIMIT = 120.0  # seconds; what is counted here is not how fast the machine is


class Watched:
    """A machine that counts the threads of ours whenever a connection is opened."""

    def __init__(self, machine):
        self._machine = machine
        self._others = set(threading.enumerate())  # of an earlier run, on their way out
        self.most_threads = 0

    def __getattr__(self, name):
        return getattr(self._machine, name)

    def dial(self, address, port, timeout):
        ours = [each for each in threading.enumerate() if each.name.startswith(THREADS) and each not in self._others]
        self.most_threads = max(self.most_threads, len(ours))
        return self._machine.dial(address, port, timeout)


class Remembering(Secrets):
    """A register that remembers, for the test alone, what was added."""

    def __init__(self):
        super().__init__()
        self.values: set[str] = set()

    def add(self, value: str, *, user: str | None = None) -> Secret:
        self.values.add(value)
        return super().add(value, user=user)


def names(size):
    """Return the names of so many registries."""
    return tuple(f"fleet{number:03}" for number in range(size))


def targets(size, environ):
    """Return a target at each of so many registries, for the service principal."""
    (chosen,) = choose(["service-principal"], environ)
    return [Target(Registry.parse(name), chosen.identity, (Reference.parse("team/app"),)) for name in names(size)]


@pytest.mark.broad(of=3)
@pytest.mark.parametrize("size", SIZES)
def test_requests_and_connections_of_a_healthy_fleet(size):
    """Six requests on two connections for each registry, and one on one for the identity that they share."""
    with Emulator(registries=names(size)) as emulator:
        seen = Run(emulator.machine, timeout=LIMIT).check(targets(size, emulator.environ))
        assert [rung for each in seen for rung in each.broken()] == []
        asked = Counter(request.host for request in emulator.requests)
        assert asked.pop(AUTHORITY.removeprefix("https://")) == 1
        assert sum(asked.values()) == 6 * size
        assert len(emulator.connections) == 2 * size + 1


@pytest.mark.thorough
@pytest.mark.parametrize("size", SIZES)
def test_threads_and_contexts_do_not_grow(size):
    """As many threads as climb at once and a few, and one TLS context for all connections."""
    with (
        Emulator(registries=names(size)) as emulator,
        mock.patch.object(ssl, "create_default_context", wraps=ssl.create_default_context) as making,
    ):
        machine = Watched(emulator.machine)
        Run(machine, timeout=LIMIT, jobs=JOBS).check(targets(size, emulator.environ))
        assert making.call_count == 1
        assert machine.most_threads <= min(JOBS, size) + 16 + 1


def test_no_pattern_is_compiled_for_a_registry():
    """What is compiled in a run is compiled for one registry as for fifty."""
    compiled = []
    for size in (1, 1, 50):  # the first run imports
        with (
            Emulator(registries=names(size)) as emulator,
            mock.patch.object(re, "compile", wraps=re.compile) as compiling,
        ):
            Run(emulator.machine, timeout=LIMIT).check(targets(size, emulator.environ))
            compiled.append(compiling.call_count)
    assert compiled[1] == compiled[2]


def test_a_broken_identity_is_asked_once():
    """However many registries share an identity that Entra refuses, Entra is asked once, and all are told the cause."""
    with Emulator("entra-sp-secret-expired", registries=names(50)) as emulator:
        seen = Run(emulator.machine, timeout=LIMIT).check(targets(50, emulator.environ))
        assert [request.path for request in emulator.requests if request.method == "POST"].count(
            f"/{emulator.environ['AZURE_TENANT_ID']}/oauth2/v2.0/token"
        ) == 1
        found = {diagnosis.mode.id for each in seen for diagnosis in diagnose(each)}
        assert found == {"entra-sp-secret-expired"}


@pytest.mark.thorough
def test_every_secret_of_a_fleet_is_masked():
    """Two hundred registries issue their own tokens; none is in a transcript, and all are masked in a text."""
    with Emulator(registries=names(200)) as emulator:
        run = Run(emulator.machine, timeout=LIMIT)
        secrets = run.secrets = Remembering()
        seen = run.check(targets(200, emulator.environ))
        written = "".join(each.to_json() for each in seen)
    assert len(secrets.values) > 400  # a refresh token and an access token of each, and the identity's own
    assert [value for value in secrets.values if value in written] == []
    text = " and ".join(secrets.values)
    assert secrets.scrub(text) == " and ".join(["***"] * len(secrets.values))
