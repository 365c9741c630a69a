"""Conditions on role assignments, and the queries of the graph of resources: the little language each has here."""

from __future__ import annotations

import pytest

from pytest_acrauth.emulator.azure.kusto import BadQuery, names, run
from pytest_acrauth.emulator.world.conditions import lets_through

PREFIX = "Microsoft.ContainerRegistry/registries/repositories"
READ = f"{PREFIX}/content/read"


def documented(comparison):
    """Return a condition in the form that the registry's pages document."""
    actions = f"!(ActionMatches{{'{READ}'}}) AND !(ActionMatches{{'{PREFIX}/metadata/read'}})"
    return f"(({actions}) OR (@Request[{PREFIX}:name] {comparison}))"


@pytest.mark.parametrize(
    ("comparison", "repository", "expected"),
    [
        ("StringEqualsIgnoreCase 'team/app'", "team/app", True),
        ("StringEqualsIgnoreCase 'Team/App'", "team/app", True),
        ("StringEquals 'Team/App'", "team/app", False),
        ("StringEqualsIgnoreCase 'team/app'", "team/app2", False),
        ("StringStartsWithIgnoreCase 'team/'", "team/app", True),
        ("StringStartsWithIgnoreCase 'team/app/'", "team/app", False),
        ("StringLike 'team/*'", "team/app", True),
        ("StringNotEqualsIgnoreCase 'team/app'", "team/app", False),
        ("ForAnyOfAnyValues:StringEqualsIgnoreCase {'a', 'team/app'}", "team/app", True),
    ],
)
def test_condition_compares_the_repository(comparison, repository, expected):
    """A documented condition lets exactly the repositories through that its comparison holds for."""
    assert lets_through(documented(comparison), READ, repository) is expected


def test_condition_is_about_its_actions_alone():
    """An action that the condition does not name is let through, whatever the repository."""
    condition = documented("StringEqualsIgnoreCase 'team/other'")
    assert lets_through(condition, f"{PREFIX}/content/write", "team/app")
    assert lets_through("", READ, "team/app")


@pytest.mark.parametrize(
    "condition",
    [
        "(",
        "@Request[other:name] StringEquals 'x'",
        f"@Request[{PREFIX}:name] StringSoundsLike 'x'",
        documented("StringEquals 'x'") + " 'more'",
        "% 'x'",
    ],
)
def test_unknown_conditions_are_errors(condition):
    """What is not understood grants nothing silently: it is an error of the world."""
    with pytest.raises(ValueError, match="condition"):
        lets_through(condition, READ, "team/app")


ROWS = [{"name": "MyAcr", "properties": {"loginServer": "myacr.azurecr.io"}}, {"name": "other", "properties": {}}]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("Resources | where name =~ 'myacr' | project name", [{"name": "MyAcr"}]),
        ("resources | where name == 'myacr'", []),
        ("Resources | where tolower(name) == 'myacr' | project n = name", [{"n": "MyAcr"}]),
        ("Resources | where name in~ ('MYACR', 'x') and name != 'x' | project name", [{"name": "MyAcr"}]),
        (
            "Resources | where properties.loginServer =~ 'myacr.azurecr.io' | project properties.loginServer",
            [{"properties_loginServer": "myacr.azurecr.io"}],
        ),
        ("Resources | project name | limit 1", [{"name": "MyAcr"}]),
    ],
)
def test_queries_find_rows(query, expected):
    """Comparison, folding, lists, paths, columns and limits mean what they mean in Kusto."""
    assert run(query, ROWS) == expected


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("Resources | where type =~ 'x' | where name =~ 'MyAcr' | project id", {"myacr"}),
        ("Resources | where name in~ ('a', 'B') and name == 'b'", {"b"}),
        ("Resources | where name != 'a'", None),
        ("Resources | project name = kind | where name == 'a'", None),
    ],
)
def test_names_that_a_query_is_about(query, expected):
    """A query that goes by name can be answered from the registries of these names, and any other cannot."""
    assert names(query) == expected


@pytest.mark.parametrize("query", ["Tables", "Resources | where name contains 'x'", "Resources | join x", ""])
def test_unknown_queries_are_errors(query):
    """A query that is not understood finds nothing silently: it is refused."""
    with pytest.raises(BadQuery):
        run(query, ROWS)
