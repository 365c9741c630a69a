"""Lines of plain text: what is wrapped and what is not, and the words before steps."""

from __future__ import annotations

from pytest_acrauth.report.explanation import Kind, Step
from pytest_acrauth.report.lines import WIDTH, labelled, wrap

LONG = "https://login.microsoftonline.com/" + "a" * 120


def test_looks_stand_before_fixes_with_their_word_once() -> None:
    """What to do begins with looking; each kind of step has its word, before the first of them."""
    steps = (
        Step(Kind.LOOK, "az acr show -n myacr", command=True),
        Step(Kind.LOOK, "az acr list", command=True),
        Step(Kind.FIX, "Do this:", command=False),
        Step(Kind.FIX, "az acr update -n myacr", command=True),
        Step(Kind.OR, "Leave it.", command=False),
    )
    assert list(labelled(steps, "  ")) == [
        "  look  az acr show -n myacr",
        "        az acr list",
        "  fix   Do this:",
        "        az acr update -n myacr",
        "  or    Leave it.",
    ]


def test_an_address_is_never_broken() -> None:
    """What is longer than a line stands whole, behind the words before it if there are few."""
    assert wrap(f"to {LONG} and on", "  ") == [f"  to {LONG}", "  and on"]
    assert wrap(f"{'word ' * 15}{LONG}", "  ")[1:] == [f"  {LONG}"]


def test_a_text_is_cut_at_a_word() -> None:
    """What has no room is said to go on, within the width."""
    (line,) = wrap("word " * 50, "  ", most=1)
    assert line.endswith("word …")
    assert len(line) <= WIDTH
    assert wrap(f"401 {LONG} more", "  ", most=1) == [f"  401 {LONG} …"]
    assert wrap("short", "  ", most=1) == ["  short"]
