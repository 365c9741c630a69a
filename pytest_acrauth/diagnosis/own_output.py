"""This package's own words in a text: what was concluded there, and a text without them. No I/O.

A first line says the cause and how sure it is; the lines below it say why, quote what was answered, and tell what to
do about causes, which all would be read as what another program printed. The forms are those of
`pytest_acrauth.report`; a first line that a terminal cut says too little to count.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from string import Formatter

from pytest_acrauth.catalogue.shape import FailureMode, Symptom
from pytest_acrauth.catalogue.tables import MODES, SYMPTOMS, causes
from pytest_acrauth.diagnosis.conclusion import Certainty
from pytest_acrauth.diagnosis.printed import unescaped
from pytest_acrauth.model.stage import Stage


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """A conclusion that stands in a text: its first line, and the line's number, counted from 1.

    ``modes`` are the causes that remain, as far as the text names them. ``names`` are the words in the places of
    the title's names, the best first and not yet validated, and ``why`` is what stands there of the reasons and of
    what was seen, and last what stands before the first line.
    """

    number: int
    text: str
    symptom: Symptom
    certainty: Certainty
    modes: tuple[FailureMode, ...]
    names: tuple[tuple[str, str], ...]
    why: str


@dataclass(frozen=True, slots=True)
class _Head:
    """A first line: from where to where it stands in its piece of a line, and what it says."""

    start: int
    end: int
    text: str
    symptom: Symptom | None
    modes: tuple[FailureMode, ...]
    certainty: Certainty
    more: int
    names: tuple[tuple[str, str], ...]

    @property
    def key(self) -> tuple[object, ...]:
        """What is equal for first lines that say the same."""
        return self.symptom and self.symptom.id, tuple(mode.id for mode in self.modes), self.certainty, self.more


#: Line ends inside a document inside a line: of JSON, of XML attributes, of a CI system's commands.
_ENDS = re.compile(r"((?:\\{1,16}[rn]|%0[AD]|&#(?:10|13|x0?[aAdD]);){1,16})")
_ID = re.compile(r"(?<![\w-])(?P<id>[a-z][a-z0-9_]{0,40}(?:-[a-z0-9]{1,40}){0,12}): (?=\S)")
_ONE_OF = re.compile(r"one of (?P<ids>[a-z0-9-]{1,60}(?:, [a-z0-9-]{1,60}){1,8})(?: and (?P<more>\d{1,3}) more)?")
_END = 8  # characters of an id; none is shorter
_CUT = re.compile(r"[\w-]|,| and |\.\.|\s?…")  # what stands behind a list of which the rest is missing
_PROBABLY = "probably "
_UNRECOGNISED = "-unrecognised"
_ANSWER = re.compile(r"[^\"<]{1,80}")
_OUR_TEST = re.compile(r"\bacr::\S{1,300} - $")
_INDENTED = re.compile(r"\s\s$")

_TO_DO = re.compile(r"^(?P<before>.{0,300}?)What to do\s*$")
_LABELLED = r"  (?:look|fix |or  )  \S"
_BELOW = r"(?:  +\S|Why  |Seen  |Evidence$|Ruled out$|Could not look: |Documentation: |In full: |explained at )"
_REASONS = re.compile(r"(?:Why|Seen) {2,}\S")
_LAST = "In full: pytest --acr-explain "
_NEAR = 300  # how far before a first line names its test and registry
_MOST = 400  # lines of a text with the whole reasoning
_ALSO = re.compile(r"also possible(?: [^:]{1,200})?: (?P<ids>[a-z0-9-]{1,60}(?:, [a-z0-9-]{1,60}){0,99})")
#: A record that somebody prints: it quotes every answer, refusals that belong to a healthy sign-in as well.
_RECORD = re.compile(r"\b(?:Transcript\(target=Target\(|Reply\(method=').*")
_NAME = r"[^\"<>;]{1,200}?"
_LAST_NAME = _NAME + r"(?=[\"<>;]|\. |\.?$)"


def read(text: str) -> tuple[tuple[Said, ...], str]:
    """Return what this package's own words in a text concluded, each once, and the text without these words.

    Lines keep their numbers. A conclusion is told from the place where the text says most about it.
    """
    text = _RECORD.sub("", text)
    pieces = _pieces(text)
    if not pieces:
        return (), text
    found: dict[tuple[object, ...], list[tuple[_Head, int, Sequence[str]]]] = {}
    taken: dict[int, str] = {}
    at = 0
    while at < len(pieces):
        below: range = range(at + 1, at + 1)
        if heads := list(_heads(pieces, at)):
            prefix, below = _block(pieces, at, heads[-1].start)
            body = [_without(pieces[number].plain, prefix) for number in below]
            for head in heads:
                found.setdefault(head.key, []).append((head, at, body if head is heads[-1] else ()))
            taken[at] = _cut_out(pieces[at].plain, heads)
            taken |= dict.fromkeys(below, "")
        at = max(at, below.stop - 1) + 1
    if not found:
        return (), text
    said = [_said(pieces, *max(places, key=lambda place: len(place[2]))) for places in found.values()]
    return tuple(said), _joined(pieces, taken)


@dataclass(frozen=True, slots=True)
class _Piece:
    """A part of a line between two ends of lines: as it stands, without escapes, what ended it, the line's number.

    Lines that can hold no conclusion, and stand below none, are one piece together, and need no plain form.
    """

    raw: str
    plain: str
    end: str
    number: int


def _pieces(text: str) -> list[_Piece]:
    """Return a text in pieces: only the lines that can hold a conclusion, and those below, need to be looked at."""
    lines = text.split("\n")
    found: list[_Piece] = []
    done = 0
    for number in _naming(text):
        begin, end = max(number, done), min(number + 1 + _MOST, len(lines))
        if done < begin:
            found.append(_Piece("\n".join(lines[done:begin]), "", "\n", done + 1))
        for at in range(begin, end):
            parts = _ENDS.split(lines[at])
            ends = [*parts[1::2], "\n"]
            found += (_Piece(raw, _plain(raw), end, at + 1) for raw, end in zip(parts[::2], ends, strict=True))
        done = max(done, end)
    return [*found, _Piece("\n".join(lines[done:]), "", "\n", done + 1)] if found and done < len(lines) else found


def _naming(text: str) -> Iterator[int]:
    """Yield the numbers, from 0, of the lines in which ": " stands behind what may be the end of a cause's id."""
    ends = _ends()
    for number, line in enumerate(unescaped(text).split("\n")):
        parts = (html.unescape(line) if "&" in line else line).split(": ")
        if len(parts) > 1 and not ends.isdisjoint([part[-_END:] for part in parts]):
            yield number


@cache
def _ends() -> frozenset[str]:
    return frozenset(each[-_END:] for each in (*MODES, *SYMPTOMS))


def _plain(raw: str) -> str:
    plain = unescaped(raw)
    return (html.unescape(plain) if "&" in plain else plain).removesuffix("\r")


def _joined(pieces: Sequence[_Piece], taken: Mapping[int, str]) -> str:
    parts = (f"{taken.get(at, piece.raw)}{piece.end}" for at, piece in enumerate(pieces))
    return "".join(parts).removesuffix("\n")


def _cut_out(plain: str, heads: Iterable[_Head]) -> str:
    """Return what is left of a line: whatever stood around the first lines in it is somebody else's."""
    kept, end = [], 0
    for head in heads:
        kept.append(plain[end : head.start])
        end = head.end
    return " ".join([*kept, plain[end:]])


def _heads(pieces: Sequence[_Piece], at: int) -> Iterator[_Head]:
    """Yield the first lines of conclusions in a piece of a line."""
    plain = pieces[at].plain
    end = 0
    for match in _ID.finditer(plain):
        if match.start() < end:
            continue
        followed = at + 1 < len(pieces) and _TO_DO.search(pieces[at + 1].plain) is not None
        head = _head(plain, match, followed=followed)
        if head is not None:
            end = head.end
            yield head


def _head(plain: str, match: re.Match[str], *, followed: bool) -> _Head | None:
    """Return what a first line says that begins with an id; None for what is none.

    The words behind a cause's id are its title, unless an explanation stands below, or the line is of our own test: in
    a log of another version they may be others. Behind more space it is a line of a list, and no conclusion.
    """
    name, begin = match["id"], match.end()
    before = plain[max(0, match.start() - _NEAR - 20) : match.start()]
    if not followed and _INDENTED.search(before):
        return None
    if (mode := MODES.get(name)) is not None:
        probable = plain.startswith(_PROBABLY, begin)
        begin += len(_PROBABLY) * probable
        title = _title(name).match(plain, begin)
        ours = followed or (_OUR_TEST.search(before) is not None and not plain.endswith(("...", "…")))
        if title is None and not ours:
            return None
        end = len(plain.rstrip()) if title is None else title.end()
        certainty = Certainty.PROBABLE if probable else Certainty.PROVEN
        names = () if title is None else tuple(title.groupdict().items())
        return _Head(match.start(), end, plain[match.start() : end], None, (mode,), certainty, 0, names)
    if (symptom := SYMPTOMS.get(name)) is None:
        return None
    if name.endswith(_UNRECOGNISED) and (answer := _ANSWER.match(plain, begin)) is not None:
        return _Head(match.start(), answer.end(), answer[0].strip(), symptom, (), Certainty.UNRECOGNISED, 0, ())
    listed = _ONE_OF.match(plain, begin)
    if listed is None or _CUT.match(plain, listed.end()):
        return None
    ids = listed["ids"].split(", ")
    if any(each not in MODES for each in ids):
        return None
    modes, more = tuple(MODES[each] for each in ids), int(listed["more"] or 0)
    text = plain[match.start() : listed.end()]
    return _Head(match.start(), listed.end(), text, symptom, modes, Certainty.ONE_OF, more, ())


@cache
def _title(mode_id: str) -> re.Pattern[str]:
    """Return the pattern of a cause's title with any names in it."""
    parts, named = list(Formatter().parse(MODES[mode_id].title)), set[str]()
    pattern = ""
    for number, (literal, key, _, _) in enumerate(parts):
        pattern += re.escape(literal)
        if key:
            name = _LAST_NAME if number == len(parts) - 1 else _NAME
            pattern += name if key in named else f"(?P<{key}>{name})"
            named.add(key)
    return re.compile(pattern, re.IGNORECASE)  # as a sentence it begins with a capital


def _block(pieces: Sequence[_Piece], at: int, start: int) -> tuple[re.Pattern[str], range]:
    """Return which lines below a first line belong to it, and what stands before each of them, such as a time."""
    here = pieces[at].plain
    below = range(at + 1, min(at + 1 + _MOST, len(pieces)))
    if below and (heading := _TO_DO.search(pieces[at + 1].plain)) is not None:
        prefix = _alike(heading["before"])
        for number in below[1:]:
            if _LAST in pieces[number].plain:
                return prefix, range(at + 1, number + 1)
            if _TO_DO.search(pieces[number].plain):
                break
        return prefix, range(at + 1, _end(pieces, at + 2, prefix))
    for prefix in (_alike(here[:start]), _alike("")):
        if below and re.compile(prefix.pattern + _LABELLED).match(pieces[at + 1].plain):
            return prefix, range(at + 1, _end(pieces, at + 2, prefix))
    return _alike(""), range(at + 1, at + 1)


def _end(pieces: Sequence[_Piece], at: int, prefix: re.Pattern[str]) -> int:
    line = re.compile(prefix.pattern + _BELOW)
    while at < len(pieces) and line.match(pieces[at].plain):
        at += 1
    return at


def _alike(prefix: str) -> re.Pattern[str]:
    """Return the pattern of what stands before lines: numbers in it, such as those of a time, differ."""
    return re.compile(r" {0,20}\d{1,40}".join(map(re.escape, re.split(r" *\d+", prefix))))


def _without(line: str, prefix: re.Pattern[str]) -> str:
    found = prefix.match(line)
    return line[found.end() :] if found else line


def _said(pieces: Sequence[_Piece], head: _Head, at: int, body: Sequence[str]) -> Said:
    reasons = next((number for number, line in enumerate(body) if _REASONS.match(line)), len(body))
    before = pieces[at].plain[max(0, head.start - _NEAR) : head.start]
    why = " ".join(" ".join([*body[reasons:], before]).split())
    symptom = head.symptom or _likeliest(head.modes[0], f"{head.text} {why} ")
    told = _title(head.modes[0].id).search(why) if head.symptom is None else None
    return Said(
        number=pieces[at].number,
        text=head.text,
        symptom=symptom,
        certainty=head.certainty,
        modes=(*head.modes, *_others(symptom, head, body)),
        names=(*(told.groupdict().items() if told else ()), *head.names),
        why=why,
    )


def _others(symptom: Symptom, head: _Head, body: Sequence[str]) -> Iterator[FailureMode]:
    """Yield the causes that a first line only counts: those named below it, or every other one, if these are as many.

    Where neither tells, they stay away.
    """
    others = [mode for mode in causes(symptom) if mode not in head.modes]
    below = {line.partition(":")[0].strip() for line in body if line.startswith("  ")}
    below |= {each for also in _ALSO.finditer(" ".join(" ".join(body).split())) for each in also["ids"].split(", ")}
    named = [mode for mode in others if mode.id in below]
    if 0 < len(named) <= head.more:
        yield from named
    elif len(others) == head.more:
        yield from others


def _likeliest(mode: FailureMode, text: str) -> Symptom:
    """Return the symptom that a cause was seen by, as far as a text tells: by our sentence, the answer, the stage."""
    broken = {stage for stage in Stage if f"{stage} broken" in text or f"::{stage} " in text}
    return max(mode.seen, key=lambda symptom: (_tells(symptom, text), not broken.isdisjoint(symptom.stages)))


def _tells(symptom: Symptom, text: str) -> int:
    parts = Formatter().parse(symptom.says)
    says = "".join(re.escape(literal) + ("" if key is None else _NAME) for literal, key, _, _ in parts)
    return bool(re.search(says, text)) + any(words.pattern.search(text) for words in symptom.texts)
