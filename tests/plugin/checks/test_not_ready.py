"""How a test that asked fails: by `pytest_acrauth.NotReady`, an AssertionError, with the text alone."""

from __future__ import annotations

import re

import pytest
from conftest import Inner

BROKEN = "entra-sp-secret-expired"
PLAIN = """
    def test_it(acr):
        acr.require()
"""
IN_UNITTEST = """
    import unittest
    import pytest

    class TestIt(unittest.TestCase):
        @pytest.fixture(autouse=True)
        def registry(self, acr):
            self.acr = acr

        def test_it(self):
            self.acr.require()
"""
MARKED = """
    import pytest

    @pytest.mark.acr_ready
    def test_it():
        raise ValueError("nobody gets here")
"""
MARKED_IN_UNITTEST = """
    import unittest
    import pytest

    @pytest.mark.acr_ready
    class TestIt(unittest.TestCase):
        def test_it(self):
            raise ValueError("nobody gets here")
"""
IN_ASYNCIO = """
    import pytest

    @pytest.mark.asyncio
    async def test_it(acr):
        acr.require()
"""
MARKED_IN_ASYNCIO = """
    import pytest

    @pytest.mark.asyncio
    @pytest.mark.acr_ready
    async def test_it():
        raise ValueError("nobody gets here")
"""
IN_A_TASK_GROUP = """
    import asyncio
    import pytest

    async def ask(acr):
        acr.require()

    @pytest.mark.asyncio
    async def test_it(acr):
        async with asyncio.TaskGroup() as group:
            group.create_task(ask(acr))
            group.create_task(ask(acr))
"""
IN_ANYIO = """
    import pytest

    @pytest.fixture
    def anyio_backend():
        return "asyncio"

    @pytest.mark.anyio
    async def test_it(acr, anyio_backend):
        acr.require()
"""
IN_A_FIXTURE = """
    import pytest

    @pytest.fixture
    def image(acr):
        acr.require()

    def test_it(image):
        raise ValueError("nobody gets here")
"""


@pytest.mark.broad(of=4)
@pytest.mark.parametrize(
    "text",
    [PLAIN, IN_UNITTEST, MARKED, MARKED_IN_UNITTEST, IN_ASYNCIO, MARKED_IN_ASYNCIO, IN_A_TASK_GROUP, IN_ANYIO],
    ids=["plain", "unittest", "marked", "marked-unittest", "asyncio", "marked-asyncio", "task-group", "anyio"],
)
@pytest.mark.parametrize("style", ["auto", "long", "native"])
def test_a_test_of_any_kind_fails_in_plain_words(inner_with_asyncio: Inner, text: str, style: str) -> None:
    """The text, its first line in the summary, and nothing of code, of frames, or of the name of a class."""
    inner_with_asyncio.pytester.makepyfile(text)
    result = inner_with_asyncio.emulate(BROKEN, "--acr-checks", "none", "--tb", style, "--showlocals")
    result.assert_outcomes(failed=1)
    printed = result.stdout.str()
    (line,) = [line for line in result.outlines if line.startswith("FAILED ")]
    assert line.partition(" - ")[2] == f"{BROKEN}: the secret of the application has expired"
    assert not re.search(r"Error|NotReady|Traceback|\.py:\d|acr\.require", printed)
    assert result.outlines.count("What to do") == 1


def test_in_a_fixture_it_is_an_error(inner: Inner) -> None:
    """A fixture of one's own that asks fails as fixtures do, and says the same."""
    inner.pytester.makepyfile(IN_A_FIXTURE)
    result = inner.emulate(BROKEN, "--acr-checks", "none")
    result.assert_outcomes(errors=1)
    (line,) = [line for line in result.outlines if line.startswith("ERROR ")]
    assert line.partition(" - ")[2].startswith(f"{BROKEN}: ")
    assert "NotReady" not in result.stdout.str()


def test_it_is_an_assertion_error(inner: Inner) -> None:
    """Whoever expects one gets one, with its text."""
    inner.pytester.makepyfile(
        """
        import pytest
        import pytest_acrauth

        def test_it(acr):
            with pytest.raises(AssertionError, match="^entra-sp-secret-expired: ") as failed:
                acr.require()
            assert isinstance(failed.value, pytest_acrauth.NotReady)
        """
    )
    inner.emulate(BROKEN, "--acr-checks", "none").assert_outcomes(passed=1)


def test_with_another_failure_it_is_one_of_a_group(inner: Inner) -> None:
    """A group that holds something else is shown as pytest shows groups."""
    inner.pytester.makepyfile(
        """
        import pytest

        def test_it(acr):
            try:
                acr.require()
            except AssertionError as failed:
                raise ExceptionGroup("both", [failed, ValueError("the other one")])
        """
    )
    result = inner.emulate(BROKEN, "--acr-checks", "none")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*ExceptionGroup: both*", "*ValueError: the other one*"])


def test_a_case_is_not_opened_with_an_id_that_is_missing(inner: Inner) -> None:
    """What nobody recognises is told with its correlation id where the answer had one, and never else."""
    said = " ".join(inner.emulate("anonymous-refused-though-open").stdout.str().split())
    assert "open a support case with the time and what was answered." in said
    assert "correlation id" not in said
