"""Texts of the tables as Markdown."""

from __future__ import annotations

import re


def prose(text: str) -> str:
    """Return a text as Markdown."""
    return re.sub(r"([\\`*_<\[\]$])", r"\\\1", text)


def sentence(text: str) -> str:
    """Return a text as a Markdown sentence."""
    words = prose(text.rstrip("."))
    return f"{words[:1].upper()}{words[1:]}."


def cell(text: str) -> str:
    """Return a text as Markdown for a table's cell."""
    return prose(text).replace("|", r"\|")
