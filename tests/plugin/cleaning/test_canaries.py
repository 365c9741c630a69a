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
sys.path.insert(0, {str(Path(__file__).parents[2])!r})
from bugs import plant
plant(pytest.MonkeyPatch(), "pytest_acrauth.probes.registry:Login.exchange")
"""
WORLDS = {"healthy": ("healthy", ""), "broken": ("exchange-no-role", ""), "defective": ("healthy", PLANT)}
HAS_SUBTESTS = int(version("pytest").partition(".")[0]) >= 9

FILES = ("--junitxml=junit.xml", "-o", "junit_logging=all", "--html=report.html", "--self-contained-html")
JSON = ("--json-report", "--json-report-file=report.json")
LOGS = ("-o", "log_cli=true", "--log-cli-level=DEBUG", "--log-file=log.txt", "--log-file-level=DEBUG")
#: Ways of telling results, as many in one run as go together, and whether tests have to be silent, because their own
#: words go straight out.
OUTPUTS = {
    "short": (("-l",), False),
    "loud": ((*LOUD, *FILES), False),
    "straight out": ((*LOUD, "-s", *LOGS, "--debug"), True),
    "native": (("--tb=native", "-vvv", "-rA", "--reruns=1"), False),
    "workers": ((*LOUD, "-n", "2", "--junitxml=junit.xml"), False),
}


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


@pytest.mark.broad(of=10)
@pytest.mark.parametrize("world", WORLDS)
@pytest.mark.parametrize("output", OUTPUTS)
def test_every_output(inner: Inner, world: str, output: str) -> None:
    """Neither the terminal nor any file holds a secret or a token, however loud the run is."""
    arguments, silent = OUTPUTS[output]
    printed = searched(inner, world, inner.apart(*prepared(inner, world, silent=silent), *arguments))
    assert "INTERNALERROR" not in printed
    assert "***" in printed
    assert list(inner.pytester.path.glob("told-*.jsonl"))
    for name in ("junit.xml", "report.html", "log.txt"):
        wanted = any(name in argument for argument in arguments)
        assert inner.pytester.path.joinpath(name).exists() is wanted
    assert inner.pytester.path.joinpath("pytestdebug.log").exists() is ("--debug" in arguments)


@pytest.mark.thorough
@pytest.mark.skipif(find_spec("pytest_jsonreport") is None, reason="pytest-json-report is not installed")
def test_the_json_report(inner: Inner) -> None:
    """A plugin that writes whatever a report holds writes masks."""
    searched(inner, "broken", inner.apart(*prepared(inner, "broken", silent=False), *JSON))
    assert "***" in inner.pytester.path.joinpath("report.json").read_text()


def test_a_collection(inner: Inner) -> None:
    """A test that is named after a secret is listed under a mask."""
    result = inner.apart(*prepared(inner, "healthy", silent=False), "--collect-only")
    search(inner.pytester.path, result)
    assert "test_named_after_it[***]" in result.stdout.str()


@pytest.mark.thorough
def test_the_trace_of_hooks(inner: Inner, monkeypatch: pytest.MonkeyPatch) -> None:
    """PYTEST_DEBUG tells every hook's arguments."""
    monkeypatch.setenv("PYTEST_DEBUG", "1")
    result = inner.apart(*prepared(inner, "broken", silent=True))
    searched(inner, "broken", result)
    assert "pytest_runtest_makereport" in result.stderr.str()


@pytest.mark.thorough
@pytest.mark.parametrize("world", ["broken", "defective"])
def test_the_debugger(inner: Inner, world: str) -> None:
    """The debugger shows the failure that it stops at; what is asked of it then is the business of who asks."""
    asked = prepared(inner, world, silent=True)
    command = (sys.executable, "-m", "pytest", *inner.always, *asked, *LOUD, "--pdb")
    result = inner.pytester.run(*command, stdin=b"where\nc\n" * 40)
    printed = searched(inner, world, result)
    assert "(Pdb)" in printed


@pytest.mark.thorough
@pytest.mark.skipif(not HAS_SUBTESTS, reason="this pytest has no subtests")
@pytest.mark.parametrize("workers", [(), ("-n", "2")], ids=["one process", "workers"])
def test_subtests(inner: Inner, workers: tuple[str, ...]) -> None:
    """A subtest's name and parameters are told with a mask."""
    asked = prepared(inner, "healthy", silent=True)
    result = inner.apart(*asked, "-k", "test_subtests", "-v", *workers)
    assert "SUBFAILED[***] (password=" in searched(inner, "healthy", result)


def test_the_search_finds(inner: Inner) -> None:
    """What a test prints straight to the terminal is found: a search that finds nothing would be no proof."""
    asked = prepared(inner, "healthy", silent=False)
    result = inner.apart(*asked, "-s")
    with pytest.raises(AssertionError):
        search(inner.pytester.path, result)
    assert json.loads(inner.pytester.path.joinpath("planted.json").read_text())
