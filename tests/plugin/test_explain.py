"""``--acr-explain`` prints what an id means, in place of a test run."""

from __future__ import annotations

import sys

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


DOCKER = (
    'Error response from daemon: Get "https://myacr.azurecr.io/v2/": denied: '
    "client with IP '203.0.113.9' is not allowed access."
)


def test_a_file(inner: Inner) -> None:
    """The text in a file is diagnosed, with the names it shows filled in."""
    inner.pytester.path.joinpath("ci.log").write_text(f"step 1\n{DOCKER}\n")
    result = inner.run("--acr-explain", "ci.log")
    assert result.ret == pytest.ExitCode.OK
    result.stdout.fnmatch_lines(["denied-with-ip: one of *firewall-ip-denied*", "*line 2*", "*203.0.113.9*"])


def test_standard_input(inner: Inner) -> None:
    """``-`` reads what another program pipes in."""
    result = inner.pytester.run(
        sys.executable, "-m", "pytest", "-p", "no:asyncio", "--acr-explain", "-", stdin=DOCKER.encode()
    )
    assert result.ret == pytest.ExitCode.OK
    result.stdout.fnmatch_lines(["denied-with-ip: one of *"])


def test_a_text_about_something_else(inner: Inner) -> None:
    """A text that proves nothing about this registry says so, and guesses nothing."""
    inner.pytester.path.joinpath("ci.log").write_text("fatal: could not read from remote repository\n")
    result = inner.run("--acr-explain", "ci.log")
    assert result.ret == pytest.ExitCode.OK
    assert result.outlines == ["nothing in this text is about authenticating to an Azure Container Registry"]


def test_a_folder(inner: Inner) -> None:
    """What cannot be read is a usage error that says why."""
    inner.pytester.mkdir("logs")
    result = inner.run("--acr-explain", "logs")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*cannot read 'logs'*"])
