"""Text made searchable: the fast reading finds what a straightforward one finds, and looks no further than it must."""

from __future__ import annotations

import re
import sys

import pytest
from corpus import rows
from for_each import for_each
from hypothesis import given
from hypothesis import strategies as st

from pytest_acrauth.catalogue.shape import Words
from pytest_acrauth.catalogue.tables import MODES, SYMPTOMS
from pytest_acrauth.diagnosis import printed
from pytest_acrauth.diagnosis.hosts import Host, hosts_in
from pytest_acrauth.diagnosis.literals import ALIKE, needs
from pytest_acrauth.diagnosis.printed import Printed
from pytest_acrauth.diagnosis.text import recognise

#: Each pattern once, wherever it counts.
WORDS = sorted({words.written: words for symptom in SYMPTOMS.values() for words in symptom.texts}.values())
SAMPLES = [text for mode in MODES.values() for text in mode.samples]
CORPUS = [value["text"] for row in rows("errors-dev.jsonl") for value in row.values if value is not None]
TEXTS = [*SAMPLES, *CORPUS]
windows = st.builds(
    lambda parts, between, begin, length: between.join(parts)[begin : begin + length],
    st.lists(st.sampled_from(TEXTS), min_size=1, max_size=25),
    st.sampled_from(["\n", " ", "\r\n", "\t", "\\n"]),
    st.integers(0, 2000),
    st.integers(0, 20_000),
)


def slow_flat(text: str) -> str:
    """Return a text flattened line by line and match by match."""
    unseen = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2028\u2029\u2066-\u2069\ufeff\s]+")
    lines = (unseen.sub(" ", printed.unescaped(line)).strip() for line in text.split("\n"))
    return " ".join(filter(None, lines))


def all_hosts(flat: str) -> list[Host]:
    """Return the hosts of a text, looked for at once from its beginning to its end."""
    return list(hosts_in(flat, 0, len(flat)))


@given(windows)
def test_every_pattern_matches_where_it_matches_in_the_whole_text(text: str) -> None:
    """Trying a pattern only beside its literals gives what trying it everywhere gives."""
    read = Printed(text)
    assert read.flat == slow_flat(text)
    for words in WORDS:
        slow = [match.span() for match in words.pattern.finditer(read.flat)]
        assert [match.span() for match in read.matches(words)] == slow, words.written


@given(windows, st.floats(0, 1), st.integers(0, 400))
def test_the_host_beside_words_is_that_of_the_whole_text(text: str, place: float, length: int) -> None:
    """Hosts that are looked for in parts of a text are those of the whole, and so is the one that words are about."""
    read = Printed(text)
    hosts, start = all_hosts(read.flat), int(place * len(read.flat))
    end = start + length
    inside = [host for host in hosts if start <= host.start < end]
    before = [host for host in hosts if host.start < start and start - host.start <= 2000]
    behind = [host for host in hosts if end <= host.start <= end + 160]
    meant = [host for host in behind[:1] if printed._ABOUT.fullmatch(read.flat, end, host.start)]
    assert read.nearest(start, end) == next(iter((*inside, *meant, *before[::-1], *behind)), None)


@pytest.mark.parametrize("pad", range(4070, 4100))
def test_no_host_is_lost_where_two_parts_meet(pad: int) -> None:
    """A host keeps what leads to it, wherever in a text it stands."""
    for words in ("lookup some.internal.host", "to server some.internal.host", "https://some.internal.host/v2/"):
        read = Printed("x" * (pad - 1) + " " + words + " or so")
        assert all_hosts(read.flat)
        assert read.nearest(len(read.flat) - 2, len(read.flat)) == all_hosts(read.flat)[0]


@given(windows)
def test_a_line_is_told_from_its_offset(text: str) -> None:
    """Every word of a text is found again in the line that its offset leads to."""
    read = Printed(text)
    for match in list(re.finditer(r"\w{4,}", read.flat))[:20]:
        number, _ = read.line(match.start())
        assert match[0] in slow_flat(text.split("\n")[number - 1])


def test_white_space_is_what_python_takes_for_it() -> None:
    """Every character of white space becomes a space, whatever alphabet is written around it."""
    for each in map(chr, range(sys.maxunicode + 1)):
        if each.isspace():
            assert Printed(f"a{each}b").flat == Printed(f"a{each}b\u00e9").flat[:-1] == "a b"


@for_each("words", WORDS, ids=lambda one: one.written[:60])
def test_a_pattern_never_matches_without_its_literals(words: Words) -> None:
    """Each real text or sample that a pattern matches has one literal of every clause, inside the match."""
    needed = needs(words.written)
    for text in TEXTS:
        for match in words.pattern.finditer(slow_flat(text)):
            held = match[0].encode("ascii", "replace").lower()
            assert all(any(literal in held for literal in clause) for clause in needed.clauses)
            assert len(match[0]) <= needed.reach


@pytest.mark.parametrize(
    ("pattern", "clauses", "reach"),
    [
        (r"no such host", [{b"no such host"}], 12),
        (r"\b[Nn]o (?:such|known) host\b", [{b"no such host", b"no known host"}], 13),
        (r"(?i:DENIED): (?P<who>\w{1,9}) at", [{b"denied: "}, {b" at"}], 20),
        (r"lost.{0,9}?(?!a{0,7}b)(?:x?y)z", [{b"lost"}, {b"yz", b"xyz"}], 24),
        (r"one|(?:two){2}|threefour?", [{b"one", b"two", b"threefou", b"threefour"}], 9),
    ],
)
def test_literals_come_from_the_parse_tree(pattern: str, clauses: list[set[bytes]], reach: int) -> None:
    """Runs of letters, one of each choice, and how far a match and what it looks at can reach."""
    needed = needs(pattern)
    assert [set(clause) for clause in needed.clauses] == clauses
    assert needed.reach == reach


def test_a_pattern_without_a_literal_is_no_pattern_for_texts() -> None:
    """What could match anywhere is refused, and not searched for everywhere."""
    with pytest.raises(ValueError, match="no literal"):
        needs(r"\d{3}|[ab]")


@pytest.mark.thorough
def test_letters_are_alike_for_a_pattern_and_for_its_literals() -> None:
    """What a pattern takes for an ASCII letter in either case is that letter when literals are looked for."""
    letters = "abcdefghijklmnopqrstuvwxyz"
    taken = {
        each: letter
        for letter in letters
        for each in re.findall(f"(?i){letter}", "".join(map(chr, range(0x80, sys.maxunicode + 1))))
    }
    assert taken == ALIKE


class Counting:
    """Words whose pattern counts how much of a text it is tried on."""

    def __init__(self, pattern: str) -> None:
        self._pattern = re.compile(pattern)
        self.written, self.pattern = pattern, self
        self.runs = self.tried = 0

    def finditer(self, text, begin, end):
        """Count a run, and make it."""
        self.runs += 1
        self.tried += min(end, len(text)) - begin
        return self._pattern.finditer(text, begin, end)


def test_a_text_without_a_patterns_literals_is_not_searched() -> None:
    """Nothing is tried where a word is missing, or where the words stand in another order."""
    for text in ("certificate valid " * 9000, "unknown authority signed by certificate " * 9000):
        counting = Counting("certificate signed by unknown authority")
        assert list(Printed(text).matches(counting)) == []
        assert counting.runs == 0


@pytest.mark.parametrize("words", ["lookup a ", "lookup ", "lookup a: i/o timeout lookup "])
def test_a_pattern_is_tried_on_no_more_than_twice_a_text(words: str) -> None:
    """However often a literal stands in a text, the work grows with the text and not faster."""
    tried = []
    for times in (2000, 4000):
        counting = Counting(r"lookup [a-z]{1,200}(?: on [\w.:]{1,60})?: (?:i/o timeout|Try again)")
        read = Printed(words * times + "i/o timeout Try again")
        assert len(list(read.matches(counting))) == len(list(counting._pattern.finditer(read.flat)))
        assert counting.tried <= 2.1 * len(read.flat) + 2000
        tried.append(counting.tried)
    assert tried[1] <= 2.1 * tried[0]


def test_words_far_inside_a_large_text_are_found_with_their_line() -> None:
    """A failure deep in a log has its line's number, as one at its beginning."""
    noise = "2026-11-26T03:00:01Z INFO pulling layer from registry.example.com, 200 OK\n" * 60_000
    (found,) = recognise(f"{noise}denied: client with IP '20.1.2.3' is not allowed access\n{noise}")
    assert found.seen.number == 60_001
