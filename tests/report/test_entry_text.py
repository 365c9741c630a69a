"""An entry of the catalogue as its own page in plain text."""

from __future__ import annotations

import pytest
from for_each import for_each

from pytest_acrauth.catalogue.tables import FAMILIES, MODES, SYMPTOMS
from pytest_acrauth.report.entry_text import describe


@for_each("entry", sorted([*MODES, *SYMPTOMS, *FAMILIES]))
def test_every_id_can_be_described(entry: str) -> None:
    """Modes, symptoms and families explain themselves without a climb, placeholders where names would stand."""
    assert describe(entry).startswith(f"{entry}: ")


def test_a_mode_described() -> None:
    """A described cause has its meaning, its symptoms, its remedies and its page."""
    text = describe("firewall-ip-denied")
    assert "Seen as: denied-with-ip" in text
    assert "az acr network-rule add" in text
    assert "--ip-address ADDRESS" in text
    assert text.endswith(MODES["firewall-ip-denied"].page)


def test_an_unknown_id_names_the_close_ones() -> None:
    """A misspelt id is an error that names what is close to it."""
    with pytest.raises(LookupError, match="exchange-no-role"):
        describe("exchange-no-rol")
    with pytest.raises(LookupError, match="none is close"):
        describe("zzzzzzzzzz")
