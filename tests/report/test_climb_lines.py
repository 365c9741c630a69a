"""How a registry stands for an identity, in one line."""

from __future__ import annotations

from factories import CLIENT_ID, climb, target

from pytest_acrauth.report.climb_lines import ready


def test_the_facts_of_a_sound_climb() -> None:
    """Where it connected to, who signed in, and what was granted."""
    assert ready(climb()) == (
        f"myacr.azurecr.io service-principal: ready; address 20.0.0.1; signed in as service principal {CLIENT_ID}; "
        "granted pull on team/app"
    )


def test_without_a_repository_no_right_is_claimed() -> None:
    """It says that none was proven."""
    assert ready(climb(chosen=target())).endswith("; no right was proven: no repository was named")
