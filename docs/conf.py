"""How Sphinx builds the documentation."""

from __future__ import annotations

project = "pytest-acrauth"
author = "pytest-acrauth contributors"
copyright = "2026, pytest-acrauth contributors"  # noqa: A001 - Sphinx's name for it

extensions = ["myst_parser"]
myst_heading_anchors = 3
nitpicky = True

html_theme = "furo"
html_title = "pytest-acrauth"
exclude_patterns = ["_build", "examples"]
