"""Whole runs in processes of their own, by every way in which their results are told, in three worlds: no canary sings.

The worlds: a healthy one, one that refuses, and one in which this package itself has a defect while it holds a secret.
"""

from __future__ import annotations

import json
import sys
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

import pytest
from bugs import TOKEN
from canaries import HANDS_OVER, LOUD, SPILL, TAKE, TELLS, search
from conftest import Inner

PLANT = f"""
import sys
sys.path.insert(0, {str(Path(__file__).parents[1])!r})
from bugs import plant
plant(pytest.MonkeyPatch(), "pytest_acrauth.probes.registry:Login.exchange")
"""
WORLDS = {"healthy": ("healthy", ""), "broken": ("exchange-no-role", ""), "defective": ("healthy", PLANT)}
HAS_SUBTESTS = int(version("pytest").partition(".")[0]) >= 9

#: Every way of telling results, and whether a test's own words go straight out, so that tests have to be silent.
OUTPUTS = {
    "short": ((), False),
    "verbose": (("-v", "-l"), False),
    "loud": (LOUD, False),
    "native": (("--tb=native", "-vvv", "-rA"), False),
    "uncaptured": ((*LOUD, "-s"), True),
    "live logs": ((*LOUD, "-o", "log_cli=true", "--log-cli-level=DEBUG"), True),
    "log file": ((*LOUD, "--log-file=log.txt", "--log-file-level=DEBUG"), True),
    "debug": ((*LOUD, "--debug"), True),
    "junit": (("--junitxml=junit.xml", "-o", "junit_logging=all"), False),
    "html": (("--html=report.html", "--self-contained-html"), False),
    "json": (("--json-report", "--json-report-file=report.json"), False),
    "reruns": ((*LOUD, "--reruns=1"), False),
    "workers": ((*LOUD, "-n", "2", "--junitxml=junit.xml", "--dist=load"), False),
    "set-up": ((*LOUD, "--collect-only"), False),
}


#: What a healthy run, which says little, is told by.
TELLING = {"loud", "uncaptured", "debug", "workers"}


@pytest.fixture(params=["broken", "defective"])
def world(request: pytest.FixtureRequest) -> str:
    """Deliver the worlds in which much is said."""
    return str(request.param)


def prepared(inner: Inner, world: str, *, silent: bool) -> tuple[str, ...]:
    """Write the tests of a run in a world, and return its arguments."""
    scenario, planted = WORLDS[world]
    inner.pytester.makeconftest(TAKE + TELLS + planted)
    inner.pytester.makepyfile(test_hands_over=HANDS_OVER, **({} if silent else {"test_spills": SPILL}))
    asked = ("--acr-registry", "myacr,otheracr", "--acr-emulate", scenario, "--acr-repository", "team/app")
    return (*asked, *(() if HAS_SUBTESTS else ("--deselect", "test_hands_over.py::test_subtests")))


def searched(inner: Inner, world: str, result: pytest.RunResult) -> str:
    """Search all that a run left, for what bugs say, too, and return what it printed."""
    search(inner.pytester.path, result)
    printed = result.stdout.str() + result.stderr.str()
    assert TOKEN not in printed
    assert ("plugin-defect" in printed) is (world == "defective")
    return printed


@pytest.mark.parametrize(
    ("world", "output"),
    [(world, output) for world in WORLDS for output in OUTPUTS if world != "healthy" or output in TELLING],
)
def test_every_output(inner: Inner, world: str, output: str) -> None:
    """Neither the terminal nor any file holds a secret or a token, however loud the run is."""
    if output == "json" and find_spec("pytest_jsonreport") is None:
        pytest.skip("pytest-json-report is not installed")
    arguments, silent = OUTPUTS[output]
    asked = prepared(inner, world, silent=silent)
    result = inner.apart(*asked, *arguments)
    if output == "set-up":
        search(inner.pytester.path, result)
        assert "test_named_after_it[***]" in result.stdout.str()
        return
    printed = searched(inner, world, result)
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    assert "INTERNALERROR" not in printed
    assert "***" in printed
    assert list(inner.pytester.path.glob("told-*.jsonl"))
    for name in ("junit.xml", "report.html", "report.json", "pytestdebug.log", "log.txt"):
        wanted = any(name in argument for argument in arguments) or (name, output) == ("pytestdebug.log", "debug")
        assert inner.pytester.path.joinpath(name).exists() is wanted


def test_the_trace_of_hooks(inner: Inner, world: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """PYTEST_DEBUG tells every hook's arguments."""
    monkeypatch.setenv("PYTEST_DEBUG", "1")
    result = inner.apart(*prepared(inner, world, silent=True))
    searched(inner, world, result)
    assert "pytest_runtest_makereport" in result.stderr.str()


def test_the_debugger(inner: Inner, world: str) -> None:
    """The debugger shows the failure that it stops at; what is asked of it then is the business of who asks."""
    asked = prepared(inner, world, silent=True)
    command = (sys.executable, "-m", "pytest", *inner.always, *asked, *LOUD, "--pdb")
    result = inner.pytester.run(*command, stdin=b"where\nc\n" * 40)
    printed = searched(inner, world, result)
    assert "(Pdb)" in printed


@pytest.mark.skipif(not HAS_SUBTESTS, reason="this pytest has no subtests")
@pytest.mark.parametrize("workers", [(), ("-n", "2")], ids=["one process", "workers"])
def test_subtests(inner: Inner, workers: tuple[str, ...]) -> None:
    """A subtest's name and parameters are told with a mask."""
    asked = prepared(inner, "healthy", silent=True)
    result = inner.apart(*asked, "-k", "test_subtests", "-v", *workers)
    assert "SUBFAILED[[]***]" in searched(inner, "healthy", result) or "[***] (password='***')" in result.stdout.str()


def test_the_search_finds(inner: Inner) -> None:
    """What a test prints straight to the terminal is found: a search that finds nothing would be no proof."""
    asked = prepared(inner, "healthy", silent=False)
    result = inner.apart(*asked, "-s")
    with pytest.raises(AssertionError):
        search(inner.pytester.path, result)
    assert json.loads(inner.pytester.path.joinpath("planted.json").read_text())
