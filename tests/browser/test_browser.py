"""The report as a browser shows it: readable on any screen and without one, quiet, and led by links alone."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

PAGES = ("healthy-1", "healthy-200", "broken-1", "broken", "broken-200")
PHONE, DESK = 320, 1280
OPEN_ALL = "document.querySelectorAll('details').forEach(each => each.open = true)"

pytestmark = pytest.mark.timeout(300)


class Looked(NamedTuple):
    """A page in a browser, what its console said, and what it asked for."""

    page: Page
    console: list[str]
    requests: list[str]


@pytest.fixture
def look(browser: Browser, folder: Path) -> Iterator[object]:
    """Deliver what opens a page, by name, at a width and in a scheme of colours."""
    contexts = []

    def opened(name: str, width: int = DESK, scheme: str = "light") -> Looked:
        context = browser.new_context(viewport={"width": width, "height": 800}, color_scheme=scheme)
        contexts.append(context)
        found = Looked(context.new_page(), [], [])
        found.page.on("console", lambda message: found.console.append(message.text))
        found.page.on("pageerror", lambda error: found.console.append(str(error)))
        found.page.on("request", lambda request: found.requests.append(request.url))
        found.page.goto((folder / f"{name}.html").as_uri())
        return found

    yield opened
    for context in contexts:
        context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [PHONE, DESK])
@pytest.mark.parametrize("name", PAGES)
def test_an_accessibility_checker_finds_nothing(look, name, width, scheme):
    """As it is opened, and all of it opened; and it says nothing to the console and asks for nothing else.

    What two hundred registries hide when it is opened is what a few hide.
    """
    from axe_playwright_python.sync_playwright import Axe

    page, console, requests = look(name, width, scheme)
    assert "Azure Container Registry" in page.title()
    for script in ("0",) if name.endswith("200") else ("0", OPEN_ALL):
        page.evaluate(script)
        found = Axe().run(page).response
        assert found["passes"]
        assert [(each["id"], each["nodes"][0]["html"]) for each in found["violations"]] == []
    assert requests == [page.url]
    assert console == []


@pytest.mark.parametrize("name", PAGES)
def test_a_phone_shows_it_without_scrolling_sideways(look, name):
    """All of it opened: only tables in regions of their own are wider than the screen."""
    page = look(name, PHONE).page
    page.evaluate(OPEN_ALL)
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE
    wide = page.evaluate(
        """[...document.querySelectorAll('main *')]
        .filter(each => !each.closest('.scroll') && each.getBoundingClientRect().right > innerWidth)
        .map(each => each.outerHTML.slice(0, 200))"""
    )
    assert wide == []


@pytest.mark.parametrize("name", ["broken-1", "broken", "broken-200"])
def test_a_click_on_a_cell_shows_the_explanation(look, name):
    """What it leads to was closed, is opened by the browser itself, and stands on the screen."""
    page = look(name).page
    page.evaluate("document.querySelectorAll('details').forEach(each => each.open = false)")
    cells = page.locator(".matrix td a")
    number = cells.count()
    assert number >= 4
    for index in sorted({0, 1, number // 2, number - 1}):
        cell = cells.nth(index)
        target = page.locator(cell.get_attribute("href"))
        cell.click()
        assert target.is_visible()
        assert target.evaluate("each => each.matches(':target')")
        box = target.bounding_box()
        assert 0 <= box["y"] < 800
        assert "What to do" in target.inner_text() or "Stages of the climb" in target.inner_text()


def test_a_registry_leads_to_its_times(look):
    """Whether it is ready or not."""
    page = look("broken-200").page
    link = page.locator(".matrix th a").nth(150)
    link.click()
    assert page.locator(link.get_attribute("href")).locator("svg").first.is_visible()


@pytest.mark.parametrize("name", ["healthy-1", "broken"])
def test_the_keyboard_reaches_everything(look, name):
    """Every link, everything that opens, and the regions that scroll; each shows that it is reached."""
    page = look(name).page
    wanted = page.locator("a[href], summary, .scroll").count()
    page.evaluate("window.seen = new Set()")
    for _ in range(2 * wanted):
        page.keyboard.press("Tab")
        state = page.evaluate(
            """() => {
                const at = document.activeElement;
                if (at === document.body) return "over";
                window.seen.add(at);
                const shown = getComputedStyle(at);
                if (shown.outlineStyle === "none" || shown.outlineWidth === "0px") return "unseen";
                return at.tagName === "SUMMARY" && !at.parentElement.open ? "closed" : "";
            }"""
        )
        assert state != "unseen"
        if state == "over":
            break
        if state == "closed":
            page.keyboard.press("Enter")
    missed = page.evaluate(
        """[...document.querySelectorAll('a[href], summary, .scroll')]
        .filter(each => !window.seen.has(each)).map(each => each.outerHTML.slice(0, 100))"""
    )
    assert missed == []


def test_the_skip_link_leads_past_the_navigation(look):
    """It is the first thing that the keyboard reaches, and is seen then."""
    page = look("broken").page
    page.keyboard.press("Tab")
    skip = page.locator(".skip")
    assert skip.evaluate("each => each === document.activeElement")
    assert skip.bounding_box()["x"] >= 0
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.closest('main') !== null")


def test_a_click_takes_a_command_whole(look):
    """And nothing beside it."""
    page = look("broken-1").page
    page.evaluate(OPEN_ALL)
    command = page.locator("pre code").first
    command.click()
    assert page.evaluate("getSelection().toString()") == command.text_content()
    assert command.text_content().startswith("az ")


def test_paper_shows_what_is_closed(look):
    """Nobody can open anything there."""
    page = look("broken").page
    page.evaluate("document.querySelectorAll('details').forEach(each => each.open = false)")
    inside = page.locator("details details pre").first
    assert not inside.is_visible()
    page.emulate_media(media="print")
    assert inside.is_visible()
    assert inside.bounding_box()["height"] > 0
    assert not page.locator("nav").is_visible()


def test_nothing_that_got_in_would_run(look):
    """The page's own policy stands behind everything else: a script, a style or an image in it does nothing."""
    page, console, _ = look("broken")
    with socket.create_server(("127.0.0.1", 0)) as peer:
        failed = []
        page.on("requestfailed", lambda request: failed.append(request.failure))
        page.evaluate(
            """address => {
                const script = document.createElement("script");
                script.textContent = "window.ran = true";
                document.body.append(script);
                document.body.insertAdjacentHTML("beforeend",
                    `<img src='${address}'><p id=styled style='color: rgb(1, 2, 3)'>x</p>`);
                return new Promise(done => { document.querySelector("img").onerror = done; }).then(() => null);
            }""",
            f"http://127.0.0.1:{peer.getsockname()[1]}/",
        )
        peer.setblocking(False)
        with pytest.raises(BlockingIOError):
            peer.accept()
    assert failed == ["csp"]
    assert page.evaluate("window.ran") is None
    assert page.evaluate("getComputedStyle(document.getElementById('styled')).color") != "rgb(1, 2, 3)"
    assert len([text for text in console if "Content Security Policy" in text]) >= 3
