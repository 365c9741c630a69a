"""A run as one page for a browser: no script, nothing fetched, and of what peers said nothing but text.

Needs the extra ``pytest-acrauth[report]``; importing this module without it raises ImportError.
"""

from __future__ import annotations

import unicodedata
from base64 import b64encode
from hashlib import sha256
from importlib.resources import files

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from pytest_acrauth.diagnosis.climb import HERE
from pytest_acrauth.report.browser_page import browser_page
from pytest_acrauth.report.document import Document


def html(document: Document) -> str:
    """Return the run as HTML, in a single file."""
    style = files("pytest_acrauth.report").joinpath("templates/page.css").read_text("utf-8").strip()
    digest = b64encode(sha256(style.encode()).digest()).decode()
    page = _environment().get_template("page.html.j2")
    # The style is this package's own, and has no character that ends it.
    return page.render(page=browser_page(document), style=Markup(style), digest=digest)  # noqa: S704


def _environment() -> Environment:
    made = Environment(
        loader=PackageLoader("pytest_acrauth.report"),
        autoescape=True,
        finalize=_printable,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters["seconds"] = _seconds
    made.filters["breaking"] = _breaking
    made.tests["ours"] = _ours
    made.globals["here"] = HERE
    return made


def _printable(value: object) -> object:
    """Return a text as anybody sees it: what is invisible, or turns the direction of others, has a sign instead."""
    if not isinstance(value, str) or isinstance(value, Markup) or value.isprintable():
        return value
    return "".join(map(_visible, value))


def _visible(char: str) -> str:
    if char.isprintable() or char == "\n":
        return char
    return " " if unicodedata.category(char) == "Zs" or char == "\t" else "\N{REPLACEMENT CHARACTER}"


def _seconds(value: float) -> str:
    """Return a time as it is read beside others: to the hundredth below ten seconds."""
    return f"{value:.2f} s" if value < 10 else f"{value:.1f} s"


def _breaking(name: str) -> Markup:
    """Return a host name that may be broken into lines behind its dots."""
    return escape(_printable(name)).replace(".", Markup(".<wbr>"))


def _ours(link: str) -> bool:
    """Whether an address is one that the catalogue can have: every other one stays text."""
    return link.startswith("https://")
