"""A run as Markdown: what peers said is shown as it stands, and means nothing."""

from __future__ import annotations

import re
from html import unescape

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from pytest_acrauth.catalogue.facts import Row
from pytest_acrauth.report.document import Climbed, Diagnosed, Document, Reached, State
from pytest_acrauth.report.explanation import Explanation, Kind, Step
from pytest_acrauth.report.markdown import markdown, plain

#: GitHub's flavour: tables, strikethrough, and addresses that become links by themselves. Of names without a scheme
#: GitHub takes those behind ``www.`` alone, this parser those of any top-level domain or none.
GITHUB = MarkdownIt("gfm-like")
assert GITHUB.linkify is not None
GITHUB.linkify.set({"fuzzy_link": False})
HOSTILE = [
    "[click](javascript:alert(1))",
    "<img src=x onerror=alert(1)>",
    "<!-- hidden",
    "see https://evil.example/x and www.evil.example",
    "mail a@evil.example",
    "**bold** __bold__ *it* ~~gone~~ `code`",
    "| a | b |",
    "# heading",
    "- item",
    "+ item",
    "1. item",
    "12) item",
    "> quote",
    "    code",
    "===",
    "---",
    "\\* &amp; &#42; &lt;",
    "![x](http://evil.example)",
    "[ref]: http://evil.example",
    "$x$ and :tada: and #12 and @somebody and !34 and %5",
    "```\nfence",
    "~~~",
    "::error::x",
    "ftp://evil.example/ HTTPS://EVIL.EXAMPLE",
]


def shown(text: str) -> tuple[str, set[str]]:
    """Return the words that a reader sees of a text behind others in a paragraph, and the elements that it made."""
    assert "www." not in plain(text).lower()
    made = GITHUB.render(f"x\n\n{plain(text)}\n")
    body = made.removeprefix("<p>x</p>\n")
    return " ".join(unescape(re.sub(r"<[^>]*>", "", body)).split()), set(re.findall(r"<(\w+)", body))


@given(st.text(alphabet=st.characters(exclude_categories=["C"]), max_size=60))
def test_any_text_is_shown_as_it_stands(text: str) -> None:
    """No link, no markup, no other words."""
    words, elements = shown(text)
    assert words == " ".join(text.split())
    assert elements <= {"p"}


@pytest.mark.parametrize("text", HOSTILE)
def test_what_somebody_hides_in_a_text_is_shown(text: str) -> None:
    """Each is a way to make Markdown do something."""
    words, elements = shown(text)
    assert words == " ".join(text.split())
    assert elements == {"p"}


def explained(text: str) -> Explanation:
    """Return an explanation in which every text is this one."""
    step = Step(Kind.LOOK, text, command=False)
    command = Step(Kind.FIX, text, command=True)
    return Explanation(
        id=text,
        headline=text,
        title=text,
        says=text,
        seen=(Row(text, text),),
        causes=(),
        meaning=text,
        proof=text,
        proofs=(),
        evidence=(),
        ruled_out=(),
        not_these=(),
        unanswered=(),
        steps=(step, command),
        links=(),
    )


def document(text: str, transcript: object) -> Document:
    """Return a run in which everything that somebody else can choose is this text."""
    diagnosed = Diagnosed(
        certainty="proven", stage="dns", repository="", correlation_id="", explanation=explained(text)
    )
    stages = (Reached(stage="dns", repository="", state=State.BROKEN, begins=0, seconds=1),)
    climbed = Climbed(
        registry=text,
        identity=text,
        method="x",
        ready=False,
        expected=False,
        stages=stages,
        diagnoses=(diagnosed,),
        transcript=transcript,  # type: ignore[arg-type]
    )
    return Document(
        version=1,
        plugin="0",
        began="2026-01-02T03:04:05Z",
        ended="",
        outcome="failed",
        complete=True,
        settings=(),
        climbed=(climbed,),
        clients=(),
        checks=(),
    )


@pytest.mark.parametrize("text", HOSTILE)
def test_a_whole_page_has_the_markup_of_this_package_alone(text: str) -> None:
    """Whatever the answers hold, it is made of the elements that a harmless one is made of."""
    harmless, hostile = (GITHUB.render(markdown(document(each, None))) for each in ("harmless", text))
    of = [
        re.findall(r"</?(\w+)", re.sub(r"<pre>.*?</pre>", "<pre>", each, flags=re.DOTALL))
        for each in (harmless, hostile)
    ]
    assert of[0] == of[1]
    code = re.findall(r"<pre><code[^>]*>(.*?)</code></pre>", hostile, re.DOTALL)
    assert [unescape(each).rstrip("\n") for each in code] == [text, f"{text}: {text}"]


@given(st.integers(0, 9))
@example(3)
def test_no_text_ends_a_fence(count: int) -> None:
    """A fence is longer than any in the text that it holds."""
    text = f"a\n{'`' * count}\nb"
    code = re.findall(r"<pre><code[^>]*>(.*?)</code></pre>", GITHUB.render(markdown(document(text, None))), re.DOTALL)
    assert len(code) == 2
