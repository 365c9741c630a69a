"""Suites as teams write them: every marker in every place, with the plugins and options that stand beside them."""

from __future__ import annotations

import pytest
from conftest import Inner, without

NO_CHECKS = ("--acr-checks", "none")
SUITE = """
    import unittest

    import pytest

    pytestmark = pytest.mark.acr_ready


    @pytest.mark.acr_permissions("team/app", must="pull", must_not="push")
    class TestRights:
        def test_method(self, acr):
            acr.require("repository:team/app:pull")

        @pytest.mark.parametrize(
            "action",
            ["pull", pytest.param("push", marks=pytest.mark.acr_expect("push-denied", repository="team/app"))],
        )
        def test_parameter(self, acr, action):
            assert (action in acr.permissions("team/app")) is (action == "pull")


    @pytest.mark.acr_expect("anonymous-pull-off")
    class TestCase(unittest.TestCase):
        def test_it(self):
            self.assertTrue(True)


    @pytest.mark.asyncio
    @pytest.mark.acr_permissions("team/multi", must="pull")
    async def test_asyncio(acr):
        acr.require("repository:team/multi:pull")


    @pytest.mark.acr_expect("push-denied", repository="team/multi")
    def test_function():
        pass
"""
NEIGHBOURS = {
    "alone": (),
    "xdist": ("-n", "2"),
    "xdist by file": ("-n", "2", "--dist", "loadfile"),
    "stop at the first": ("-x",),
    "warnings are errors": ("-W", "error"),
    "random order": ("-p", "randomly", "-p", "no:cacheprovider"),
    "time limit": ("--timeout", "60"),
    "reruns": ("--reruns", "1"),
    "strict": ("--strict-markers", "--strict-config"),
    "no terminal": ("-p", "no:terminal"),
    "verbose": ("-vv", "--showlocals", "-rA"),
    "quiet": ("-qq",),
    "traceback": ("--tb", "native", "--full-trace"),
}


@pytest.fixture
def suite(inner_with_asyncio: Inner) -> Inner:
    """Deliver inner runs of the suite, in orders of pytest-randomly."""
    inner_with_asyncio.always = without("hypothesispytest")
    inner_with_asyncio.pytester.makepyfile(SUITE)
    return inner_with_asyncio


@pytest.mark.broad(of=4)
@pytest.mark.parametrize("options", NEIGHBOURS.values(), ids=NEIGHBOURS)
def test_every_marker_in_every_place(suite: Inner, options: tuple[str, ...]) -> None:
    """A healthy registry passes, with the built-in checks beside, whatever else is loaded."""
    result = suite.run("--acr-registry", "myacr", "--acr-emulate", "healthy", *options)
    assert result.ret == pytest.ExitCode.OK
    if "no:terminal" not in options and "-qq" not in options:
        result.assert_outcomes(passed=13)


@pytest.mark.broad(of=2)
@pytest.mark.parametrize("options", [(), ("-n", "2"), ("-p", "randomly")], ids=["alone", "xdist", "random"])
def test_one_fault_fails_all_that_depend_on_it(suite: Inner, options: tuple[str, ...]) -> None:
    """By one id, told once in full, and by no error, no exception's name, and no traceback."""
    result = suite.run("--acr-registry", "myacr", "--acr-emulate", "entra-sp-secret-expired", *options, *NO_CHECKS)
    result.assert_outcomes(failed=6)
    failed = [line for line in result.outlines if line.startswith("FAILED ")]
    assert all(" - entra-sp-secret-expired" in line for line in failed)
    assert result.outlines.count("What to do") == 1
    assert "NotReady" not in result.stdout.str()


def test_what_is_only_collected_asks_nobody(suite: Inner) -> None:
    """``--co`` lists the tests, and nothing is contacted."""
    suite.pytester.makeconftest(
        """
        from pytest_acrauth.plugin.commands.emulation import EMULATOR

        def pytest_sessionfinish(session):
            assert not session.config.stash[EMULATOR].requests
        """
    )
    result = suite.run("--acr-registry", "myacr", "--acr-emulate", "healthy", "--co", "-q")
    assert result.ret == pytest.ExitCode.OK
    assert len([line for line in result.outlines if "::" in line]) == 13


def test_failed_first_and_last_failed(suite: Inner) -> None:
    """What failed is run again alone, and passes when the cause is gone."""
    first = suite.run("--acr-registry", "myacr", "--acr-emulate", "entra-sp-secret-expired", *NO_CHECKS)
    first.assert_outcomes(failed=6)
    again = suite.run("--acr-registry", "myacr", "--acr-emulate", "healthy", "--lf", *NO_CHECKS)
    again.assert_outcomes(passed=6)


def test_the_environment_names_the_registry(inner: Inner, clean_environment: pytest.MonkeyPatch) -> None:
    """As CI systems do it: the checks are collected as if it stood on the command line."""
    clean_environment.setenv("PYTEST_ACR_REGISTRY", "myacr")
    clean_environment.setenv("PYTEST_ACR_EMULATE", "healthy")
    inner.run().assert_outcomes(passed=7)


def test_a_cause_that_is_only_probable_is_said_to_be(inner: Inner) -> None:
    """It satisfies, and the test says that it was not proven: in its output and in its properties."""
    inner.pytester.makepyfile(
        """
        import pytest

        @pytest.mark.acr_expect("anonymous-pull-propagating")
        def test_it():
            pass
        """
    )
    result = inner.emulate("anonymous-pull-propagating", "-rP", "--junitxml", "out.xml", *NO_CHECKS)
    result.assert_outcomes(passed=1)
    said = "refused as expected (anonymous-pull-propagating, probably: not proven)"
    assert said in result.stdout.str()
    assert f'name="acr_expected" value="{said}"' in (inner.pytester.path / "out.xml").read_text()
