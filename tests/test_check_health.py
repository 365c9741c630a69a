"""The page about ``az acr check-health``: each of its codes, with the modes that the catalogue gives that code."""

from __future__ import annotations

import re
from pathlib import Path

from pytest_acrauth.catalogue.tables import MODES
from pytest_acrauth.diagnosis.text import recognise
from pytest_acrauth.report.entries import code_entry

PAGE = (Path(__file__).parents[1] / "docs" / "reference" / "check-health.md").read_text(encoding="utf-8")
ROWS = dict(re.findall(r"^\| `([A-Z_]+)` \| (.*?) \|", PAGE, re.MULTILINE))


def test_every_code_of_the_catalogue_is_on_the_page() -> None:
    """A row names every mode with its code, and no mode that does not exist."""
    for mode in MODES.values():
        assert not mode.az_code or f"[{mode.id}](" in ROWS[mode.az_code], mode.id
    assert set(re.findall(r"failure-modes/([a-z0-9-]+)\.md", PAGE)) <= set(MODES)


def test_every_code_is_recognised_as_its_row_says() -> None:
    """A code alone, as az prints it, has the modes of its row among its causes."""
    for code, modes in ROWS.items():
        (found, *_) = recognise(f"2026-01-01 00:00:00.000000 An error occurred: {code}")
        named = set(re.findall(r"\[([a-z0-9-]+)\]", modes))
        assert named & {mode.id for mode in found.candidates}, code


def test_every_code_can_be_explained_as_its_row_says() -> None:
    """Typed after ``--acr-explain``, in any case, a code has its row's modes; those of other programs say so."""
    assert len(ROWS) == 20
    for code, modes in ROWS.items():
        for written in (code, code.lower()):
            found = code_entry(written)
            named = set(re.findall(r"\[([a-z0-9-]+)\]", modes))
            assert named & {cause.id for cause in found.causes}, code
            assert found.note == all(name.startswith("note-") for name in named), code


def test_a_code_has_every_mode_that_is_called_by_it() -> None:
    """What the catalogue gives a code to is among the code's causes."""
    for mode in MODES.values():
        if mode.az_code:
            assert mode.id in {cause.id for cause in code_entry(mode.az_code).causes}
