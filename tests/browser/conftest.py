"""A real browser without a window, in which the report's pages are looked at."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from pages import broken, healthy, many

if TYPE_CHECKING:
    from playwright.sync_api import Browser

#: Chromium as distributions name it.
NAMES = ("chromium", "chromium-browser", "google-chrome")
#: It talks to nobody by itself.
QUIET = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option; it exists where this folder is named on the command line."""
    parser.addoption("--require-browser", action="store_true", help="a browser that is missing fails its tests")


def missing(config: pytest.Config, reason: str) -> None:
    """End the test because something is not there: as a failure where it is required."""
    end: Callable[[str], None] = pytest.fail if config.getoption("require_browser", default=False) else pytest.skip
    end(f"{reason}: tox run -e browser brings it")


@pytest.fixture(scope="session")
def browser(pytestconfig: pytest.Config) -> Iterator[Browser]:
    """Run a browser, with a profile that is thrown away."""
    path = next(filter(None, map(shutil.which, NAMES)), None)
    if path is None:
        missing(pytestconfig, "no Chromium on this machine")
    try:
        import axe_playwright_python  # noqa: F401 - it judges the pages
        from playwright.sync_api import sync_playwright
    except ImportError as error:
        missing(pytestconfig, f"{error.name} is not installed")
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=path, args=[*QUIET])
        yield running
        running.close()


@pytest.fixture(scope="session")
def folder(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Deliver a folder with a page of each kind; none is made where nobody can look at it."""
    from pytest_acrauth.report.html import html

    made = tmp_path_factory.mktemp("pages")
    well, ill = healthy(made / "well"), broken(made / "ill")
    for name, document in (
        ("healthy-1", well),
        ("healthy-200", many(well, 200)),
        ("broken-1", many(ill, 1)),
        ("broken", ill),
        ("broken-200", many(ill, 200)),
    ):
        (made / f"{name}.html").write_text(html(document), "utf-8")
    return made
