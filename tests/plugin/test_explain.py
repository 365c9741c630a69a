"""``--acr-explain`` prints what an id means, in place of a test run."""

from __future__ import annotations

import pytest
from conftest import Inner


@pytest.mark.parametrize("entry", ["entra-sp-secret-expired", "nxdomain", "entra"])
def test_an_entry(inner: Inner, entry: str) -> None:
    """A cause, a symptom or a family is described, no test runs, and the exit code is 0."""
    inner.pytester.makepyfile("def test_own(): raise RuntimeError")
    result = inner.run("--acr-explain", entry)
    assert result.ret == pytest.ExitCode.OK
    assert result.outlines[0].startswith(f"{entry}: ")
    assert "test session starts" not in result.stdout.str()


def test_all(inner: Inner) -> None:
    """``all`` lists every cause with its title."""
    result = inner.run("--acr-explain", "all")
    assert result.ret == pytest.ExitCode.OK
    result.stdout.fnmatch_lines(["*entra-sp-secret-expired: *", "*image-not-found: *"])
