"""Failures of other tests whose text carries a known error get the diagnosis appended."""

from __future__ import annotations

import pytest
from conftest import Inner

_DOCKER = (
    'Error response from daemon: Get "https://myacr.azurecr.io/v2/": unauthorized: Invalid clientid or client secret.'
)


def test_a_known_error_is_explained(inner: Inner) -> None:
    """The section stands in the terminal and in the JUnit file, below the test's own failure."""
    inner.pytester.makepyfile(f"def test_deploys():\n    raise RuntimeError({_DOCKER!r})")
    result = inner.emulate("healthy", "--junitxml=junit.xml")
    result.stdout.fnmatch_lines(["*what this says about Azure Container Registry*", "invalid-clientid: one of *"])
    assert "entra-sp-secret-expired" in (inner.pytester.path / "junit.xml").read_text()


def test_what_the_test_printed_counts(inner: Inner) -> None:
    """An error that the test only printed, as output of a program it ran, is explained too."""
    inner.pytester.makepyfile(f"def test_deploys():\n    print({_DOCKER!r})\n    assert False")
    inner.emulate("healthy", "-n", "2").stdout.fnmatch_lines(["invalid-clientid: one of *"])


@pytest.mark.parametrize(
    "body",
    [
        f"print({_DOCKER!r})",
        "assert 1 == 2",
        "raise RuntimeError('denied: requested access to ghcr.io/team/app is denied')",
    ],
    ids=["passes", "its own", "another registry"],
)
def test_other_tests_are_left_alone(inner: Inner, body: str) -> None:
    """A test that passes, or fails for reasons of its own, gets nothing appended."""
    inner.pytester.makepyfile(f"def test_own():\n    {body}")
    assert "what this says about" not in inner.emulate("healthy").stdout.str()


def test_an_inactive_run_is_left_alone(inner: Inner) -> None:
    """Without a registry the plugin adds nothing to anybody's failure."""
    inner.pytester.makepyfile(f"def test_deploys():\n    raise RuntimeError({_DOCKER!r})")
    assert "what this says about" not in inner.run().stdout.str()
