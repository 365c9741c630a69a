"""A test that compared granted actions and fails gets the explanation of what it compared."""

from __future__ import annotations

import pytest
from conftest import Inner

from pytest_acrauth.plugin.written.comparing import Granted

NO_CHECKS = ("--acr-checks", "none")
SECTION = "what this says about Azure Container Registry"


@pytest.mark.parametrize(
    ("compare", "missing", "excess"),
    [
        (lambda granted: granted == {"pull"}, set(), {"metadata_read"}),
        (lambda granted: granted != {"pull", "push"}, {"push"}, {"metadata_read"}),
        (lambda granted: granted >= {"push"}, {"push"}, set()),
        (lambda granted: granted > {"push"}, {"push"}, set()),
        (lambda granted: granted.issuperset(["push"]), {"push"}, set()),
        (lambda granted: granted <= {"pull"}, set(), {"metadata_read"}),
        (lambda granted: granted < {"pull"}, set(), {"metadata_read"}),
        (lambda granted: granted.issubset(["pull"]), set(), {"metadata_read"}),
        (lambda granted: "push" in granted, {"push"}, set()),
        (lambda granted: granted & {"pull", "push"}, set(), {"pull"}),
        (lambda granted: granted - {"pull"}, set(), {"metadata_read"}),
        (lambda granted: granted.isdisjoint({"pull"}), set(), {"pull"}),
    ],
)
def test_every_comparison_is_noted(compare: object, missing: set[str], excess: set[str]) -> None:
    """And means what it means for a frozenset."""
    noted: list[tuple[frozenset[str], frozenset[str]]] = []
    plain = frozenset({"pull", "metadata_read"})
    granted = Granted.noting(plain, lambda less, more: noted.append((frozenset(less), frozenset(more))))
    assert compare(granted) == compare(plain)  # type: ignore[operator]
    assert noted[0] == (missing, excess)
    assert isinstance(granted, frozenset)
    assert hash(granted) == hash(plain)
    assert repr(granted) == repr(plain)


def failing(inner: Inner, body: str, scenario: str, *args: str) -> pytest.RunResult:
    """Run one test that fails."""
    inner.pytester.makepyfile(f"def test_it(acr):\n    {body}\n")
    result = inner.emulate(scenario, *NO_CHECKS, *args)
    result.assert_outcomes(failed=1)
    return result


@pytest.mark.parametrize(
    ("body", "scenario", "told"),
    [
        ("assert acr.permissions('team/app') == {'pull', 'push'}", "healthy", ["scope-not-granted: "]),
        ("assert 'push' in acr.permissions('team/app')", "healthy", ["scope-not-granted: "]),
        ("assert acr.permissions('team/app') >= {'pull'}", "abac-condition-excludes-repo", ["abac-condition-"]),
        (
            "assert acr.permissions('team/app') <= {'pull', 'metadata_read'}",
            "permission-excess",
            ["permission-excess: "],
        ),
        ("assert not acr.permissions('team/app') & {'push'}", "permission-excess", ["permission-excess: "]),
        (
            "assert acr.permissions('team/app') == {'pull', 'metadata_read', 'delete'}",
            "permission-excess",
            ["scope-not-granted: no role allows delete", "permission-excess: "],
        ),
    ],
)
def test_the_explanation_stands_beside_the_tests_own_words(
    inner: Inner, body: str, scenario: str, told: list[str]
) -> None:
    """What is missing has its cause, what is too many what it is, and the assertion stays."""
    result = failing(inner, body, scenario)
    text = result.stdout.str()
    assert f"{SECTION}" in text
    assert "assert " in text
    for each in told:
        assert any(line.startswith(each) for line in result.outlines), each


def test_what_a_test_compared_before_is_not_about_another_one(inner: Inner) -> None:
    """Nor is it told where the test fails for another reason that is told already."""
    inner.pytester.makepyfile(
        """
        def test_first(acr):
            assert "push" not in acr.permissions("team/app")

        def test_second(acr):
            assert 1 == 2

        def test_third(acr):
            acr.permissions("team/app") == set()
            acr.require("repository:team/app:delete")
        """
    )
    result = inner.emulate("healthy", *NO_CHECKS)
    result.assert_outcomes(passed=1, failed=2)
    assert SECTION not in result.stdout.str()


def test_a_word_that_is_no_action_explains_nothing(inner: Inner) -> None:
    """A misspelt one is the test's own mistake."""
    result = failing(inner, "assert 'pulll' in acr.permissions('team/app')", "healthy")
    assert SECTION not in result.stdout.str()
