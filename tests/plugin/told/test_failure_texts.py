"""Each cause is told once in a run, with the first failure that is reported; every other one refers to that."""

from __future__ import annotations

import re
from xml.etree import ElementTree as ET

import pytest
from conftest import Inner

from pytest_acrauth.emulator import Emulator

SUITE = """
import pytest

@pytest.mark.acr_ready
def test_marked():
    pass

def test_requires(acr):
    acr.require()

def test_a_scope(acr):
    acr.require("repository:team/app:pull")

@pytest.fixture
def guarded(acr):
    acr.require()

def test_guarded(guarded):
    pass
"""
CHECK = "acr::myacr.azurecr.io::service-principal::exchange"
_AT = re.compile("^explained at (.*)$", re.MULTILINE)


@pytest.fixture
def suite(inner: Inner) -> Inner:
    """Deliver inner runs of a suite whose tests fail by one cause, each in its own way."""
    inner.pytester.makepyfile(SUITE)
    return inner


def run(suite: Inner, *args: str, scenario: str = "exchange-no-role") -> pytest.RunResult:
    """Run the suite, not verbosely."""
    return suite.run("--acr-registry", "myacr", "--acr-emulate", scenario, *args)


def headings(result: pytest.RunResult) -> list[str]:
    """Return the failed items whose text stands in the output."""
    found, failing = [], ""
    for line in result.outlines:
        if title := re.fullmatch(r"_{3,} (.*?) _{3,}", line):
            failing = title[1]
        elif line == "What to do":
            found.append(failing)
    return found


@pytest.mark.broad(of=2)
@pytest.mark.parametrize("workers", [(), ("-n", "2")], ids=["alone", "workers"])
def test_whoever_fails_by_it_refers_to_the_first(suite: Inner, workers: tuple[str, ...]) -> None:
    """Check, marker, fixture and setup, in one process or in several: one text, and lines that lead to it."""
    result = run(suite, *workers)
    result.assert_outcomes(failed=4, errors=1, passed=5, skipped=1)
    assert len(headings(result)) == 1
    at = _AT.findall(result.stdout.str())
    assert len(at) == 4
    (first,) = set(at)
    explained = next(line for line in result.outlines if line.startswith(("FAILED", "ERROR")) and first in line)
    assert explained.split()[1] == first
    assert result.stdout.str().count("exchange-no-role: ") >= 2 * 5


def test_without_checks_the_first_test_tells_it(suite: Inner) -> None:
    """Nothing refers to an item that did not run."""
    result = run(suite, "--acr-checks", "none")
    assert headings(result) == ["test_marked"]
    assert set(_AT.findall(result.stdout.str())) == {"test_whoever_fails_by_it.py::test_marked"} or (
        {at.rpartition("::")[2] for at in _AT.findall(result.stdout.str())} == {"test_marked"}
    )


def test_a_try_that_is_run_again_is_not_the_first(suite: Inner) -> None:
    """A rerun's text is not printed, so that nothing may refer to it."""
    result = run(suite, "--reruns", "1", "--acr-checks", "none", "-k", "requires or scope")
    assert len(headings(result)) == 1
    assert result.parseoutcomes()["rerun"] == 2


def test_other_causes_are_told_beside_it(suite: Inner) -> None:
    """What a second registry has of its own has its own text."""
    result = run(suite, "--acr-registry", "otheracr", "-k", "exchange")
    assert len(headings(result)) == 2
    assert _AT.findall(result.stdout.str()) == []


@pytest.mark.parametrize(
    ("style", "has", "lacks"),
    [
        ("long", {"What to do", "Why", "Seen"}, set()),
        ("auto", {"What to do", "Why", "Seen"}, set()),
        ("short", {"What to do"}, {"Why", "Seen"}),
        ("line", set(), {"What to do", "Why", "Seen"}),
        ("no", set(), {"What to do", "Why", "Seen"}),
    ],
)
def test_tb_says_how_much_is_shown(suite: Inner, style: str, has: set[str], lacks: set[str]) -> None:
    """All, first line and what to do, the first line, or nothing; the section at the end says it in any case."""
    result = run(suite, f"--tb={style}", "-k", "exchange")
    heads = {line.partition("  ")[0] for line in result.outlines}
    assert has <= heads
    assert not lacks & heads
    assert any(line.startswith("exchange-no-role: ") for line in result.outlines) is (style != "no")
    result.stdout.fnmatch_lines(["myacr.azurecr.io service-principal: exchange-no-role: *"])


def test_verbosely_the_reasoning_follows(suite: Inner) -> None:
    """With -v the text has the answers and what they rule out."""
    result = run(suite, "-v", "-k", "exchange")
    result.stdout.fnmatch_lines(["What to do", "Why *", "Seen *", "Evidence", "Ruled out", "In full: *"])
    assert "Evidence" not in run(suite, "-k", "exchange").outlines


def test_junit_has_headline_and_first_look_for_each(suite: Inner) -> None:
    """A CI system shows one test at a time."""
    run(suite, "--junitxml=junit.xml")
    cases = list(ET.parse(suite.pytester.path / "junit.xml").iter("testcase"))  # noqa: S314 - its own
    faults = [fault for case in cases for fault in [*case.iter("failure"), *case.iter("error")]]
    texts = [(fault.get("message") or "", fault.text or "") for fault in faults]
    assert len(texts) == 5
    assert sum("Documentation: " in text for _, text in texts) == 1
    for message, text in texts:
        assert "exchange-no-role: " in message
        assert "\n  fix   " in text
        assert "az role assignment create" in text


def test_what_other_tests_printed_is_explained_once(inner: Inner) -> None:
    """The section behind other failures is written in full for the first of them."""
    line = 'Get "https://myacr.azurecr.io/v2/": unauthorized: Invalid clientid or client secret.'
    inner.pytester.makepyfile(f"""
        def test_one():
            raise RuntimeError({line!r})

        def test_two():
            raise RuntimeError({line!r})
    """)
    result = run(inner, scenario="healthy")
    assert headings(result) == ["test_one"]
    (at,) = _AT.findall(result.stdout.str())
    assert at.endswith("::test_one")


def test_a_check_that_stands_in_says_for_whom(suite: Inner) -> None:
    """The broken stage's own check is not selected: the one that fails for it names it."""
    result = run(suite, "-k", "access_token")
    result.stdout.fnmatch_lines([f"(fails in the place of {CHECK}, not selected)"])


def test_a_run_without_a_terminal_ends_well(inner: Inner) -> None:
    """Nothing is asked of the plugin that prints."""
    result = inner.apart("--acr-registry", "myacr", "--acr-emulate", "exchange-no-role", "-p", "no:terminal")
    assert result.ret == pytest.ExitCode.TESTS_FAILED


def test_the_section_counts_who_is_ready(inner: Inner) -> None:
    """Those that are not have a line each, whatever the width of the terminal."""
    inner.pytester.makepyfile("def test_own(): pass")
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("COLUMNS", "60")
        result = run(inner, "--acr-registry", "otheracr")
    lines = result.outlines
    start = next(number for number, line in enumerate(lines) if "= Azure Container Registry =" in line)
    told = lines[start + 1 : start + 3]
    for name, line in zip(("myacr", "otheracr"), told, strict=True):
        assert line.startswith(f"{name}.azurecr.io service-principal: exchange-no-role: the identity")
    assert not any(line.endswith("...") for line in told)


def test_the_section_of_a_green_run(inner: Inner) -> None:
    """One line, and the facts with -v: address, who signed in, what was granted."""
    arguments = ("--acr-repository", "team/app")
    assert "ready: 1 of 1" in run(inner, *arguments, scenario="healthy").outlines
    with Emulator() as emulator:
        client = emulator.environ["AZURE_CLIENT_ID"]
    facts = f"ready; address *; signed in as service principal {client}; granted pull* on team/app"
    run(inner, "-v", *arguments, scenario="healthy").stdout.fnmatch_lines(
        [f"myacr.azurecr.io service-principal: {facts}"]
    )


def test_nothing_is_added_to_a_run_without_a_registry(inner: Inner) -> None:
    """The section is an active run's alone."""
    inner.pytester.makepyfile("def test_own(): pass")
    assert "Azure Container Registry" not in inner.run("-v").stdout.str()
