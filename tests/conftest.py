"""What the whole test tree shares: inner pytest runs on the emulator, away from this machine's own configuration."""

from __future__ import annotations

import asyncio
import gc
import os
import re
from collections.abc import Iterator, Mapping

# An inner run in this process forgets the modules it was the first to load. Loaded twice, the exceptions that one
# copy raises are not those that the other one catches.
import azure.identity
import azure.mgmt.containerregistry  # noqa: F401
import dns.resolver  # noqa: F401
import hypothesis
import pytest

import pytest_acrauth.diagnosis.text
import pytest_acrauth.emulator
import pytest_acrauth.plugin.activation
import pytest_acrauth.probes.management.looks
import pytest_acrauth.probes.programs.clients
import pytest_acrauth.report.text  # noqa: F401

pytest_plugins = ["pytester", "corpus", "thoroughness", "gallery"]

# A slow machine is no failure; what hangs is ended by the limit that every test has.
hypothesis.settings.register_profile("unhurried", deadline=None)
# For a run that has to say of a change, and of nothing else, whether it is right.
hypothesis.settings.register_profile("repeatable", deadline=None, derandomize=True)
hypothesis.settings.load_profile("unhurried")

_LINE = re.compile(
    r"^(?:\[gw\d+\] \[ *\d+%\] )?(?:(?P<before>[A-Z]+) )?(?P<id>\S+::\S+)(?: (?P<after>[A-Z]+))?",
)


#: How the variables begin by which somebody signs in, the jobs of CI systems among them.
_OF_IDENTITIES = ("ACR_", "ACTIONS_", "AZURE", "GITHUB_ACTIONS", "PYTEST_ACR_", "SYSTEM_", "TF_BUILD")


@pytest.fixture
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """Take away every variable that the plugin, pytest or Azure's tools would read from this machine."""
    for name in os.environ:
        if name.startswith(_OF_IDENTITIES) or name in {"CI", "BUILD_NUMBER", "PYTEST_ADDOPTS"}:
            monkeypatch.delenv(name)
    return monkeypatch


def without(*plugins: str) -> tuple[str, ...]:
    """Return the arguments that keep plugins out of a run."""
    return tuple(argument for name in plugins for argument in ("-p", f"no:{name}"))


class Inner:
    """Runs pytest in a folder of its own, as a user would, and reads what it says."""

    def __init__(self, pytester: pytest.Pytester) -> None:
        self.pytester = pytester
        # Other plugins' deprecations, random orders and slow starts are not what these tests are about.
        self.always = without("asyncio", "randomly", "hypothesispytest")

    def run(self, *args: str) -> pytest.RunResult:
        """Run in this process."""
        # pytest-rerunfailures keeps a socket and a thread of every run under xdist for as long as the process lives,
        # and a process of these tests runs a thousand; many machines allow it 1,024 open files.
        unasked = () if any(arg.startswith("--reruns") for arg in args) else without("rerunfailures")
        return self.pytester.runpytest_inprocess(*self.always, *unasked, *args)

    def apart(self, *args: str) -> pytest.RunResult:
        """Run in a process of its own."""
        return self.pytester.runpytest_subprocess(*self.always, *args)

    def emulate(self, scenario: str, *args: str, registry: str = "myacr") -> pytest.RunResult:
        """Run the checks of a registry against the emulator, verbosely."""
        return self.run("-v", "--acr-registry", registry, "--acr-emulate", scenario, *args)


@pytest.fixture
def inner(pytester: pytest.Pytester, clean_environment: pytest.MonkeyPatch) -> Inner:
    """Deliver inner runs with an empty configuration file."""
    pytester.makeini("[pytest]\n")
    clean_environment.setenv("COLUMNS", "200")
    return Inner(pytester)


@pytest.fixture
def inner_with_asyncio(inner: Inner) -> Iterator[Inner]:
    """Deliver inner runs that have pytest-asyncio."""
    inner.always = without("randomly", "hypothesispytest")
    inner.pytester.makeini("[pytest]\nasyncio_default_fixture_loop_scope = function\n")
    # It asks for this thread's event loop, to put it back in the end. One that is made because it asks is closed by
    # nobody, and what is open is told of in whichever test runs when it is collected.
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    yield inner
    asyncio.set_event_loop(None)
    loop.close()


def outcomes(result: pytest.RunResult) -> Mapping[str, str]:
    """Return the outcome of every test of a verbose run by its node id, in the order in which they ended."""
    found: dict[str, str] = {}
    for line in result.outlines:
        match = _LINE.match(line)
        if match and (word := match["before"] or match["after"]) and match["id"] not in found:
            found[match["id"]] = word
    return found


@pytest.fixture(autouse=True)
def _thawed():
    """Let what inner runs of this process froze be collected: there are thousands of them."""
    yield
    gc.unfreeze()
