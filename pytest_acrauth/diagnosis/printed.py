"""Text of other programs, made searchable: one flat line without escapes, the lines it came from, its hosts.

Nothing here knows a symptom. Text is data: it is bounded, and cleaned before any of it is shown.
"""

from __future__ import annotations

import bisect
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from itertools import accumulate

from pytest_acrauth.catalogue.shape import Words
from pytest_acrauth.diagnosis.hosts import Host, Place, hosts_in, start_of
from pytest_acrauth.diagnosis.literals import ALIKE, needs
from pytest_acrauth.model.secret import Secrets

#: How much of a text is looked at, in characters.
LIMIT = 16 * 1024 * 1024
_LINE = 600  # what is shown of one line, at most
_BEFORE, _AFTER = 2000, 160  # how far from the words a host counts
_NEAR = 600  # how far before a host the words count that lead to it
_BLOCK = 4096  # of a text, in which hosts are looked for at once
_SAMPLE = 256 * 1024  # of a text, which tells how often a literal is met
_PASTED = 64 * 1024  # of a text that somebody may have copied from a terminal
_NARROW = 40  # characters, which no terminal is narrower than
_STRIDE = 64  # how far a pattern is tried at least behind the place of its literal

_ESCAPES = re.compile(r"\x1b\[[0-9;?]{0,30}[ -/]{0,5}[@-~]|\x1b[@-Z\\-_]")
# White space but the space, and what has no shape.
_UNSEEN = re.compile("[\x00-\x1f\x7f-\xa0\u1680\u2000-\u200f\u2028-\u202f\u205f\u2066-\u2069\u3000\ufeff]")
_UNSEEN_ASCII = dict.fromkeys((*range(0x20), 0x7F), " ")
# Documents inside documents: each JSON around a text adds backslashes, and some writers turn quotes into numbers.
_QUOTED = re.compile(r"\\\\{0,15}+(?:(?P<char>[\"'/`])|u00(?P<code>2[267]|3[cCeE])|[rn](?![a-z]))")
_TYPOGRAPHIC = {"\u2018": "'", "\u2019": "'", "\u201c": '"', "\u201d": '"'}
# Whoever copies from the source of a page has these, too.
_ENTITIES = {"&quot;": '"', "&#39;": "'", "&#x27;": "'", "&lt;": "<", "&gt;": ">", "&amp;": "&"}
# What stands before each line of a text that somebody quotes or comments out, or that Terraform frames.
_MARK = re.compile(r"\A[ \t]{0,40}(?:[#>|│]|//)[ \t]")
_LETTERS = bytes(each if chr(each) in "abcdefghijklmnopqrstuvwxyz" else 0x20 for each in range(256))
# The address of a layer, as registries of Azure sign it.
_LAYER = re.compile(r"[\w.-]{1,253}/[0-9a-f]{32}(?:-\w{1,30})?/{1,2}(?:docker/)?registry/v2/")
# The accounts in which Azure's registries keep them, whatever is left of the address.
_MANAGED = re.compile(r"[a-z]{2,8}\d?managed\d{1,4}\.blob\.core\.")
# What is left of it where names were taken out.
_REDACTED = re.compile(r"[\w.*-]{1,253}(?::443)?/(?:[0-9a-f]{32}|[^ ]{0,200}?\bregistry/v2/|[.*<{…$])")
# What leads to a host of layers whose address is not shown.
_PULLING = re.compile(
    r"\bhttpReadSeeker\b|pulling image configuration|initiating layer download|[Ff]ailed to (?:pull|copy)\b"
    r"|\b(?:[Cc]opying|[Ff]etching|[Rr]eading) blob\b|\bPulling from\b"
)
_LEADS = (  # what a host may stand behind and keep, space included
    *("lookup ", "to ", "server ", "at ", "name ", "resolve ", "resolve: ", "host ", "host: ", "hostname "),
    *("hostname: ", "npm ", "address ", "resolving ", "resolved: ", "ENOTFOUND ", "EAI_AGAIN ", "Exception: ", "find "),
)
# What leads from words to the host that they say they are about: "… Unauthorized for url: https://".
_ABOUT = re.compile(
    r"[ :,;()'\"-]{0,4}(?:\w{1,20} )?(?:for (?:url:? )?|from |GET |POST |PUT |PATCH |HEAD )['\"]?(?:https?://)?"
    r"|:? \(?https?://"
)


class Printed:
    """One text: ``flat`` has every run of white space as one space, and no escapes of terminals or documents."""

    def __init__(self, text: str) -> None:
        self._text = text[:LIMIT]
        self.flat = _flatten(self._text)
        self._blocks: dict[int, Sequence[Host]] = {}
        self._has: dict[bytes, bool] = {}
        self._met: dict[bytes, int] = {}

    @cached_property
    def _lines(self) -> list[str]:
        return self._text.split("\n")

    @cached_property
    def _starts(self) -> list[int]:
        """Where each line begins in ``flat``; one without words where the next begins."""
        lengths = (len(_flatten(line)) for line in self._lines)
        return list(accumulate((length + 1 if length else 0 for length in lengths), initial=0))[:-1]

    @cached_property
    def _folded(self) -> bytes:
        """``flat`` in small letters, character for character; "?" for what is not ASCII."""
        return _replaced(self.flat, ALIKE).encode("ascii", "replace").lower()

    @cached_property
    def _words(self) -> bytes:
        """Every run of letters of the text, each once."""
        letters, found, begin = self._folded.translate(_LETTERS), set[bytes](), 0
        while begin < len(letters):
            end = letters.find(b" ", begin + 16 * _BLOCK)
            end = len(letters) if end < 0 else end
            found.update(letters[begin:end].split())
            begin = end
        return b" ".join(found)

    def matches(self, words: Words) -> Iterator[re.Match[str]]:
        """Yield what their pattern finds in ``flat``, without trying or compiling it where it cannot match.

        Raises `ValueError` for a pattern that can match without any literal.
        """
        needed = needs(words.written)
        if not needed.possible(self._holds):
            return
        anchors = min((needed.anchors, *needed.clauses), key=self._often)
        places = {literal: self._folded.find(literal) for literal in anchors}
        at = 0
        while places := {literal: place for literal, place in self._moved(places, at) if place >= 0}:
            place = min(places.values())
            begin, at = max(at, place - needed.reach), place + max(_STRIDE, needed.reach)
            for match in words.pattern.finditer(self.flat, begin, at + needed.reach):
                if match.start() >= at:
                    break
                yield match
                at = max(at, match.end())

    def _often(self, clause: frozenset[bytes]) -> int:
        """Return how often the literals of a clause are met where the text begins: the fewer, the less is tried."""
        for literal in clause - self._met.keys():
            self._met[literal] = self._folded.count(literal, 0, _SAMPLE)
        return sum(map(self._met.__getitem__, clause))

    def _holds(self, letters: bytes) -> bool:
        if letters not in self._has:
            self._has[letters] = letters in self._words
        return self._has[letters]

    def _moved(self, places: dict[bytes, int], at: int) -> Iterator[tuple[bytes, int]]:
        """Yield the first place of each literal from an offset on."""
        for literal, place in places.items():
            yield literal, self._folded.find(literal, at) if 0 <= place < at else place

    def line(self, offset: int) -> tuple[int, str]:
        """Return the number, counted from 1, and the printable text of the line that holds an offset of ``flat``."""
        index = bisect.bisect_right(self._starts, offset) - 1
        line, end = self._lines[index], self._starts[index + 1] if index + 1 < len(self._starts) else len(self.flat)
        if len(line) > _LINE:
            begin = max(self._starts[index], offset - _LINE // 3)
            line = "…" * (begin > self._starts[index]) + self.flat[begin : min(end, begin + _LINE)]
        return index + 1, Secrets().clean(_ESCAPES.sub("", line), _LINE)

    def nearest(self, start: int, end: int) -> Host | None:
        """Return the host that words are about.

        One inside them, or one that they lead to, else the last before, else the first behind.
        """
        hosts = self._hosts(start - _BEFORE, end + _AFTER)
        first = bisect.bisect_left(hosts, start, key=start_of)
        if first < len(hosts) and hosts[first].start < end:
            return hosts[first]
        if first < len(hosts) and _ABOUT.fullmatch(self.flat, end, hosts[first].start):
            return hosts[first]
        if first:
            return hosts[first - 1]
        return hosts[0] if hosts else None

    @property
    def hosts(self) -> Sequence[Host]:
        """Every host of the text, in its order."""
        return self._hosts(0, len(self.flat))

    def registry_before(self, offset: int) -> Host | None:
        """Return the last login server that is named not too far before an offset."""
        hosts = self._hosts(offset - _BEFORE, offset)[-50:]
        return next((host for host in reversed(hosts) if host.place is Place.REGISTRY), None)

    def of_registry(self, host: Host) -> bool:
        """Return whether a storage host is a registry's: by its address, or as one is named before and it pulls."""
        if _LAYER.match(self.flat, host.start) or _MANAGED.match(host.name):
            return True
        if self.registry_before(host.start) is None:
            return False
        if self.flat.startswith("/", host.start + len(host.name)):
            return _REDACTED.match(self.flat, host.start) is not None
        return _PULLING.search(self.flat, max(0, host.start - _NEAR), host.start) is not None

    def _hosts(self, begin: int, end: int) -> list[Host]:
        """Return the hosts that begin between two offsets, both of them included."""
        begin = max(0, begin)
        blocks = range(max(0, begin // _BLOCK - 1), min(end, len(self.flat)) // _BLOCK + 1)
        hosts = [host for block in blocks for host in self._block(block)]
        return hosts[bisect.bisect_left(hosts, begin, key=start_of) : bisect.bisect_right(hosts, end, key=start_of)]

    def _block(self, number: int) -> Sequence[Host]:
        if number not in self._blocks:
            self._blocks[number] = hosts_in(self.flat, self._cut(number), self._cut(number + 1))
        return self._blocks[number]

    def _cut(self, number: int) -> int:
        """Return where a block begins: not inside a host, nor between one and what leads to it."""
        begin = at = number * _BLOCK
        while number and (at := self.flat.find(" ", at, begin + _BLOCK) + 1):
            if not self.flat.endswith(_LEADS, 0, at):
                return at
        return begin


def mended(text: str) -> tuple[str, list[int]] | None:
    """Return a text as its program had printed it, and the number of each line before; None if nothing is to mend.

    Terminals cut what is too long at their width, inside a word, and copies of messages have quotes of the other kind,
    or a mark before each line.
    """
    if len(text) > _PASTED:
        return None
    lines = [line.rstrip("\r") for line in text.split("\n")]
    widths = [len(line) for line in lines]
    width = max(widths)
    # The widest line of any text is as wide as the widest: several are, or it has a width that terminals have.
    cut = width >= _NARROW and (width % 10 == 0 or widths.count(width) > 1)
    joined, numbers = [""], [1]
    for number, line in enumerate(lines, 1):
        joined[-1] += _MARK.sub("", line).replace('"', "'")
        if number < len(lines) and not (cut and len(line) == width):
            joined.append("")
            numbers.append(number + 1)
    whole = "\n".join(joined)
    return (whole, numbers) if whole != "\n".join(lines) else None


def unescaped(text: str) -> str:
    """Return a text without the escapes of terminals and documents, and with plain quotes; lines stay lines."""
    if "\x1b" in text:
        text = _ESCAPES.sub("", text)
    for entity, plain in _ENTITIES.items() if ";" in text and "&" in text else ():
        text = text.replace(entity, plain)
    return _replaced(_QUOTED.sub(_unquoted, text) if "\\" in text else text, _TYPOGRAPHIC)


def _replaced(text: str, characters: Mapping[str, str]) -> str:
    if not text.isascii():
        for character, plain in characters.items():
            text = text.replace(character, plain)
    return text


def _flatten(text: str) -> str:
    text = unescaped(text)
    text = text.translate(_UNSEEN_ASCII) if text.isascii() else _UNSEEN.sub(" ", text)
    while "  " in text:
        text = text.replace("  ", " ")
    return text.strip()


def _unquoted(match: re.Match[str]) -> str:
    if match["char"]:
        return match["char"]
    return chr(int(match["code"], 16)) if match["code"] else " "
