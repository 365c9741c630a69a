"""A run as a page for a browser: what it shows, and that nothing that peers said is more than text."""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Callable, Iterator
from dataclasses import fields, is_dataclass, replace
from hashlib import sha256
from typing import Any
from xml.etree.ElementTree import Element

import html5lib
import pytest
from pages import broken, healthy, many

from pytest_acrauth.model.defect import Defect
from pytest_acrauth.model.stage import Rung, Stage
from pytest_acrauth.report.browser_page import Came, browser_page
from pytest_acrauth.report.document import Document, Reached, State, climbed
from pytest_acrauth.report.html import html

HOSTILE = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    '"><svg onload=alert(1)><script>alert(1)</script></svg>',
    "' onmouseover='alert(1)",
    "</style><style>*{display:none}</style>",
    "</title></head><body onload=alert(1)>",
    "<!-- hidden",
    "--></td></tr></table></details>",
    "<base href=https://evil.example/><form action=x><input autofocus onfocus=alert(1)>",
    "]]><![CDATA[<b>",
    "javascript:alert(1) https://evil.example/",
    "{{ 7 * 7 }} {% raw %}",
    "&lt;b&gt; &#0; &amp;lt;",
    "\x00\x08\x1b[31m\x7f\x85",
    "\u202egnp.exe\u2066 \u200b\ufeff\U000e0041",
    "\ud800 \udfff \ufffe",
    "مرحبا שלום",
]


@pytest.fixture(scope="module")
def well(tmp_path_factory: pytest.TempPathFactory) -> Document:
    """Deliver a run in which all is well."""
    return healthy(tmp_path_factory.mktemp("healthy"))


@pytest.fixture(scope="module")
def ill(tmp_path_factory: pytest.TempPathFactory) -> Document:
    """Deliver a run with all that a page can show."""
    return broken(tmp_path_factory.mktemp("broken"))


def parsed(page: str) -> Element:
    """Return a page as a browser understands it, which finds no error in it."""
    parser = html5lib.HTMLParser(html5lib.getTreeBuilder("etree"), namespaceHTMLElements=False)
    tree: Element = parser.parse(page)
    assert parser.errors == []
    return tree


def shape(tree: Element) -> list[tuple[str, ...]]:
    """Return the elements of a page in their order, each with the names of its attributes.

    But for the places where a long name may be broken into lines, which are behind its dots.
    """
    return [(str(each.tag), *sorted(map(str, each.attrib))) for each in tree.iter() if each.tag != "wbr"]


def words(tree: Element) -> str:
    """Return what a page says."""
    return " ".join("".join(tree.itertext()).split())


def changed(value: Any, change: Callable[[str], str]) -> Any:
    """Return a record with every text in it changed that its page can show and that decides nothing."""
    if type(value) is str:
        return change(value)
    if is_dataclass(value) and not isinstance(value, type):
        kept = {"transcript", "record", "stage", "outcome", "verdict"}
        kept |= {"repository"} if isinstance(value, Reached) else set()
        parts = [each.name for each in fields(value) if each.name not in kept]
        return replace(value, **{name: changed(getattr(value, name), change) for name in parts})
    if isinstance(value, tuple):
        made = [changed(each, change) for each in value]
        return type(value)(*made) if hasattr(value, "_fields") else tuple(made)
    return value


@pytest.fixture(scope="module")
def harmless(ill: Document) -> list[tuple[str, ...]]:
    """Deliver the shape of a page on which every text is harmless."""
    return shape(parsed(html(changed(ill, lambda before: f"{before}harmless"))))


@pytest.mark.broad(of=4)
@pytest.mark.parametrize("text", HOSTILE)
def test_what_peers_say_is_text(ill: Document, harmless: list[tuple[str, ...]], text: str) -> None:
    """A page has the elements and attributes of a harmless one, and its reader sees what was said."""
    tree = parsed(html(changed(ill, lambda before: f"{before}{text}")))
    assert shape(tree) == harmless
    seen = "".join(char if char.isprintable() else "\ufffd" for char in text)
    assert seen in words(tree)


def test_what_is_invisible_is_shown(ill: Document) -> None:
    """No control character, no invisible one, none that turns the direction of others, and no half one is left."""
    page = html(changed(ill, lambda before: f"{before}{''.join(HOSTILE)}"))
    assert {char for char in page if not char.isprintable()} == {"\n"}
    page.encode()


@pytest.mark.parametrize(
    "address", ["javascript:alert(1)", "http://evil.example/", "data:text/html,x", "//evil.example"]
)
def test_other_addresses_are_text(ill: Document, address: str) -> None:
    """Links are those of the catalogue: https alone."""
    tree = parsed(html(changed(ill, lambda before: address if before.startswith("https://") else before)))
    assert {link.get("href", "")[0] for link in tree.iter("a")} == {"#"}
    assert address in words(tree)


ACTIVE = {"script", "link", "base", "form", "iframe", "object", "embed", "img", "image", "use", "input", "video"}


def pages(well: Document, ill: Document) -> Iterator[Element]:
    """Yield pages of every kind."""
    for document in (well, ill, many(ill, 20), replace(well, climbed=(), checks=())):
        yield parsed(html(document))


def test_nothing_is_fetched_or_run(well: Document, ill: Document) -> None:
    """By the page's own policy, which allows its one style by what it is and nothing else."""
    for tree in pages(well, ill):
        names = {each.tag for each in tree.iter()}
        assert not names & {
            "script",
            "link",
            "base",
            "form",
            "iframe",
            "object",
            "embed",
            "img",
            "image",
            "use",
            "input",
        }
        attributes = {str(name) for each in tree.iter() for name in each.attrib}
        assert not [
            name for name in attributes if name.startswith("on") or name in {"style", "src", "srcset", "action"}
        ]
        (style,) = tree.iter("style")
        assert style.text is not None
        assert not re.search(r"url\(|@import|expression", style.text)
        digest = b64encode(sha256(style.text.encode()).digest()).decode()
        head = [meta for meta in tree.iter("meta") if meta.get("http-equiv") == "Content-Security-Policy"]
        assert [meta.get("content") for meta in head] == [
            f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
        ]


def test_every_anchor_is_there_once(well: Document, ill: Document) -> None:
    """Whatever leads to something on the page finds it."""
    for tree in pages(well, ill):
        ids = [each.get("id") for each in tree.iter() if each.get("id")]
        assert len(ids) == len(set(ids))
        wanted = {link.get("href", "")[1:] for link in tree.iter("a") if link.get("href", "").startswith("#")}
        wanted |= {each.get("aria-labelledby", "") for each in tree.iter("section")}
        assert wanted <= set(ids)


def explanation_of(tree: Element, anchor: str) -> str:
    """Return the words that an anchor stands at."""
    (found,) = [each for each in tree.iter() if each.get("id") == anchor]
    return words(found)


def test_a_cell_leads_to_its_explanation(ill: Document) -> None:
    """With a headline, what to do, why, what was seen and where to read on, or the way to what others share."""
    tree = parsed(html(ill))
    shown = browser_page(ill)
    stopped = [cell for line in shown.lines for cell in line.cells if cell.state in {State.BROKEN, State.NOT_REACHED}]
    assert len(stopped) > 10
    for cell in stopped:
        told = explanation_of(tree, cell.anchor)
        assert "What to do" in told
        assert "Seen" in told
        assert "Documentation" in told or "for all of them" in told or "What each means" in told


def test_commands_stand_whole(ill: Document) -> None:
    """One element for each, with nothing else in it."""
    commands = {words(code) for code in parsed(html(ill)).iter("code")}
    steps = [
        step
        for one in ill.climbed
        for each in one.diagnoses
        for cause in each.explanation.causes
        for step in cause.steps
        if step.command
    ]
    assert steps
    assert {" ".join(step.text.split()) for step in steps} <= commands


def test_the_head_line_counts(well: Document, ill: Document) -> None:
    """What is not as it should be comes first; a refusal that has to happen is none of it."""
    assert browser_page(well).counts == ((Came.READY, 1),)
    assert dict(browser_page(ill).counts) == {Came.NOT_READY: 4, Came.NOT_REFUSED: 1, Came.REFUSED: 1}
    title = "Azure Container Registry: 4 not ready, 1 not refused as expected, 1 refused as expected"
    tree = parsed(html(ill))
    assert [words(each) for name in ("title", "h1") for each in tree.iter(name)] == [title, title]
    unjudged = replace(ill, checks=())
    assert dict(browser_page(unjudged).counts) == {Came.NOT_READY: 4, Came.UNKNOWN: 2}
    assert "nothing was climbed" in words(parsed(html(replace(well, climbed=()))))


def test_what_a_run_ended_early_did_not_check_is_said(well: Document, ill: Document) -> None:
    """A page that lacks something says so at its beginning."""
    said = "The run was ended early, or a part alone was selected: what is missing here was not checked."
    assert said in words(parsed(html(ill)))
    assert said not in words(parsed(html(well)))


def test_all_else_that_a_run_holds(ill: Document) -> None:
    """Settings, changes, refusals, clients, tests of one's own, waits, and stages that nobody saw."""
    text = words(parsed(html(ill)))
    for line in (*ill.settings, *(change.words for change in ill.changes)):
        assert " ".join(line.split()) in text
    assert "failed test_own.py::test_of_one_s_own: assert 1 == 2" in text
    assert "refused as expected acr::thirdacr.azurecr.io::stranger::refused::identity-kept-out" in text
    assert "failed acr::myacr.azurecr.io::stranger::refused::identity-kept-out" in text
    assert "docker-config: ready" in text
    unseen = "1 credential of which nobody could look when it ends"
    assert f"Besides: 1 credential near the end, {unseen}, 1 other test failed" in text
    assert "not observed: a proxy looked it up" in text
    rows = [[words(cell) for cell in row.iter("td")] for row in parsed(html(ill)).iter("tr")]
    assert ["after 2.00 s", "never", "4", "37.5 s of 600.0 s"] in rows


def test_credentials_stand_on_a_line_of_time(ill: Document) -> None:
    """What ends soonest comes first and leads to what that means; nothing stands where nobody could look."""
    shown = browser_page(ill)
    first, *_ = shown.endings
    assert first.about == "by-secret client-secret"
    assert first.verdict.words == "ends within the limit"
    assert first.left is not None
    assert first.fail is not None
    assert first.left < first.fail
    tree = parsed(html(ill))
    assert "expiry-sp-secret" in explanation_of(tree, "causes") + words(tree)
    assert "What to do" in explanation_of(tree, first.verdict.anchor)
    places = [each.left for each in shown.endings if each.left is not None]
    assert places == sorted(places)
    text = words(tree)
    assert all(line.partition(": ")[2] in text for credential in ill.credentials for line in credential.lines)
    assert {each.verdict.words for each in shown.endings} == {
        "ends within the limit",
        "ends soon",
        "no end within a limit",
        "could not look",
    }


def test_legs_stand_side_by_side(well: Document) -> None:
    """Both begin at once; what needs both begins behind the later one."""
    (line,) = browser_page(well).lines
    network, identity, behind = line.legs
    assert (network.name, identity.name, behind.name) == ("network leg", "identity leg", "behind both")
    assert network.bars[0].begins == identity.bars[0].begins == 0.0
    over = max(each.begins + each.seconds for each in (*network.bars, *identity.bars))
    assert behind.bars[0].begins == pytest.approx(over, abs=2e-4)  # seconds are kept to the tenth of a millisecond
    assert all(0 <= bar.left <= bar.left + bar.width <= 100.2 for leg in line.legs for bar in leg.bars)


def test_words_of_a_cause_stand_there_once(ill: Document) -> None:
    """However many registries it concerns; each has its own commands."""
    two = replace(ill, climbed=ill.climbed[2:4])
    page = html(many(two, 200))
    (meaning,) = {each.explanation.meaning for one in two.climbed for each in one.diagnoses}
    assert words(parsed(page)).count(meaning) == 1
    assert len(re.findall(r"<code>az role assignment create [^<]*registries/registry\d{3}</code>", page)) == 200
    assert len(page) < 1_300_000


def test_a_defect_of_ours_is_not_the_registry_s(well: Document) -> None:
    """It is counted as what nobody could look at."""
    (one,) = well.climbed
    broken_off = replace(one.transcript, defect=Defect.of(ValueError("x"), "looking", rung=Rung(Stage.DNS)), dns=None)
    assert browser_page(replace(well, climbed=climbed([broken_off]))).counts == ((Came.UNKNOWN, 1),)


@pytest.mark.thorough
def test_a_page_is_the_same_each_time(ill: Document) -> None:
    """Nothing in it comes from when or where it was made."""
    assert html(ill) == html(Document.from_json(ill.to_json()))
