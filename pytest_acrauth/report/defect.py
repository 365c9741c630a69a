"""A defect of this package in plain words, where nothing else of it may be relied on. No I/O."""

from __future__ import annotations

from pytest_acrauth.model.defect import ID, Defect


def told(defect: Defect) -> str:
    """Return a defect as text; its first line is what the short summary shows."""
    return "\n".join(
        (
            f"{ID}: {defect.words}, while {defect.doing}; please report it",
            "That is a defect of pytest-acrauth, and says nothing about the registry or the identity.",
            *(f"  {frame}" for frame in defect.trace),
        )
    )
