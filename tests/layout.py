"""What a text says, whatever its layout."""

from __future__ import annotations


def squeezed(text: str) -> str:
    """Return a text without white space and without the backslashes at line ends, so that wrapping is no difference."""
    return "".join(text.replace("\\\n", "").split())
