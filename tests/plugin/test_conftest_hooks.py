"""Hooks of a user's own conftest: they see the checks' reports, and are not called for what they expect of tests."""

from __future__ import annotations

import pytest
from conftest import Inner

CONFTEST = """
    import pytest

    SEEN = []

    def pytest_runtest_logreport(report):
        SEEN.append(("logreport", report.nodeid, report.when, report.outcome))

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(item, call):
        report = yield
        report.extras = [*getattr(report, "extras", []), "mine"]
        with open("made.txt", "a") as file:
            print(item.nodeid, call.when, report.outcome, file=file)
        return report

    def pytest_runtest_setup(item):
        assert item.function, "expects a Python test"

    def pytest_runtest_call(item):
        assert item.function, "expects a Python test"

    def pytest_fixture_setup(fixturedef, request):
        assert request.function

    def pytest_terminal_summary(terminalreporter):
        for kind, nodeid, when, outcome in SEEN:
            if when == "call":
                terminalreporter.write_line(f"{kind} {nodeid} {outcome}")
"""


@pytest.mark.broad(of=2)
@pytest.mark.parametrize("workers", [(), ("-n", "2")], ids=["alone", "xdist"])
def test_reports_are_seen_by_the_rootdirs_conftest(inner: Inner, workers: tuple[str, ...]) -> None:
    """Each check's report is made and logged before its eyes, once, whoever runs it."""
    inner.pytester.makeconftest(CONFTEST)
    result = inner.emulate("exchange-no-role", *workers)
    result.assert_outcomes(passed=5, failed=1, skipped=1)
    logged = [line for line in result.outlines if line.startswith("logreport ")]
    assert len(logged) == 7
    assert "logreport acr::myacr.azurecr.io::service-principal::exchange failed" in logged
    made = (inner.pytester.path / "made.txt").read_text().splitlines()
    assert made.count("acr::myacr.azurecr.io::service-principal::exchange call failed") == 1


def test_a_conftest_below_sees_its_own_tests_only(inner: Inner) -> None:
    """The checks are at the rootdir."""
    below = inner.pytester.mkdir("below")
    (below / "conftest.py").write_text(
        "def pytest_runtest_logreport(report): assert not report.nodeid.startswith('acr')\n"
    )
    (below / "test_it.py").write_text("def test_it(): pass\n")
    inner.emulate("healthy").assert_outcomes(passed=8)


def test_a_selection_does_not_depend_on_the_last_run(inner: Inner) -> None:
    """What failed before changes nothing, unless --lf asks for it."""
    inner.emulate("entra-sp-secret-expired").assert_outcomes(passed=4, failed=1, skipped=2)
    inner.emulate("registry-tcp-blocked", "-k", "entra").assert_outcomes(passed=1, deselected=6)
