"""How a registry stands for an identity, in one line."""

from __future__ import annotations

from factories import CLIENT_ID, climb, target
from specimens import SPECIMENS

from pytest_acrauth.diagnosis.climb import diagnose
from pytest_acrauth.report.standing import not_ready, ready


def test_the_facts_of_a_sound_climb() -> None:
    """Where it connected to, who signed in, and what was granted."""
    assert ready(climb()) == (
        f"myacr.azurecr.io service-principal: ready; address 20.0.0.1; signed in as service principal {CLIENT_ID}; "
        "granted pull on team/app"
    )


def test_without_a_repository_no_right_is_claimed() -> None:
    """It says that none was proven."""
    assert ready(climb(chosen=target())).endswith("; no right was proven: no repository was named")


def test_a_cause_is_told_with_every_name() -> None:
    """However long the line gets."""
    (found,) = diagnose(SPECIMENS["aadsts-7000222"].transcript)
    assert not_ready(found).startswith("entra-sp-secret-expired: ")
    assert CLIENT_ID in not_ready(found)


def test_several_causes_are_named() -> None:
    """As the headline does."""
    (found,) = diagnose(SPECIMENS["denied-with-ip"].transcript)
    assert not_ready(found).startswith("denied-with-ip: one of firewall-ip-denied, ")
