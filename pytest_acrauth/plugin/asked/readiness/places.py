"""Where the keys of a TOML document stand. The parser of the standard library tells what they hold, and no line."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from itertools import accumulate

#: A key's place: its names from the outside in, and numbers for the tables of lists.
Path = tuple[str | int, ...]

_PART = r"""(?:[A-Za-z0-9_-]+|"(?:[^"\\\n]|\\.)*"|'[^'\n]*')"""
_KEY = re.compile(rf"[ \t]*({_PART}(?:[ \t]*\.[ \t]*{_PART})*)[ \t]*=")
_HEADER = re.compile(rf"[ \t]*(\[\[?)[ \t]*({_PART}(?:[ \t]*\.[ \t]*{_PART})*)[ \t]*\]")
#: Texts and comments, in which brackets and dots mean nothing. One that lacks its end goes on to where it has to be.
_TEXT = (
    r'"""(?:[^\\]|\\.)*?(?:"{3,5}|\Z)|'
    r"'''.*?(?:'{3,5}|\Z)|"
    r""""(?:[^"\\\n]|\\.)*+"?|'[^'\n]*+'?|#[^\n]*+"""
)
#: What a value is made of: texts and comments; brackets; line ends; the rest.
_TOKEN = re.compile(rf"""{_TEXT}|[\[{{]|[\]}}]|\n|[^"'#\[\]{{}}\n]+|.""", re.DOTALL)
#: Names of a dotted key and levels of brackets: a readiness file has a handful, and parsers take the square of them.
_DEEPEST = 32
_TEXTS = re.compile(_TEXT, re.DOTALL)
_DEEP_KEY = re.compile(rf"(?<![\w-])(?:[\w-]++[ \t]*+\.[ \t]*+){{{_DEEPEST}}}")
_NO_BRACKETS = re.compile(r"[^\[\]{}]+")
_SHOWN = 80  # characters of a name


def is_too_deep(text: str) -> bool:
    """Whether any key of a document has more names, or any value more levels, than its parser could take for long."""
    bare = _TEXTS.sub("_", text)
    depths = accumulate(1 if bracket in "[{" else -1 for bracket in _NO_BRACKETS.sub("", bare))
    return _DEEP_KEY.search(bare) is not None or any(depth > _DEEPEST for depth in depths)


class Places:
    """The lines of a document's keys, from 1 on. In a document that is no TOML, as far as they can be told."""

    def __init__(self, text: str) -> None:
        self._lines: dict[Path, int] = {}
        self._last: dict[int, Path] = {}
        for path, line in _keys(text):
            self._lines.setdefault(path, line)
            self._last[line] = path

    def line(self, path: Path) -> int:
        """Return the line of a key, or of the table or list that it is in; 1 where none of it is known."""
        while path and path not in self._lines:
            path = path[:-1]
        return self._lines.get(path, 1)

    def key_at(self, line: int) -> Path:
        """Return the key that stands in a line, () where none does."""
        return self._last.get(line, ())


def dotted(path: Path) -> str:
    """Return a key as a person reads it: ``registry.shop.access[2].must``, counted from one."""
    text = ""
    for part in path:
        name = "" if isinstance(part, int) else part if len(part) <= _SHOWN else f"{part[:_SHOWN]}…"
        text += f"[{part + 1}]" if isinstance(part, int) else f".{name}" if text else name
    return text


def _keys(text: str) -> Iterator[tuple[Path, int]]:
    table: Path = ()
    lists: dict[Path, int] = {}
    at, line = 0, 1
    while at < len(text):
        if header := _HEADER.match(text, at):
            table = _within(_parts(header[2]), lists)
            if header[1] == "[[":
                lists[table] = lists.get(table, -1) + 1
                table = (*table, lists[table])
            yield from ((table[:length], line) for length in range(1, len(table) + 1))
            at, line, _ = _statement(text, header.end(), line)
        elif key := _KEY.match(text, at):
            path = (*table, *_parts(key[1]))
            yield path, line
            at, line, tables = _statement(text, key.end(), line)
            yield from (((*path, number), begins) for number, begins in enumerate(tables))
        else:
            at, line, _ = _statement(text, at, line)


def _within(path: Path, lists: dict[Path, int]) -> Path:
    """Return a header's path with the numbers of the lists that it goes through: always their last table."""
    found: Path = ()
    for number, part in enumerate(path):
        found = (*found, part)
        if found in lists and number + 1 < len(path):
            found = (*found, lists[found])
    return found


def _parts(key: str) -> Path:
    """Return the names of a dotted key. A quoted one is read as the parser does."""
    found = []
    for part in re.findall(_PART, key):
        try:
            found.append(next(iter(tomllib.loads(f"{part} = 0"))))
        except tomllib.TOMLDecodeError:
            found.append(part)
    return tuple(found)


def _statement(text: str, at: int, line: int) -> tuple[int, int, list[int]]:
    """Return where the next statement begins, its line, and in which lines the tables of a list begin in this one.

    It ends with the line in which all brackets are closed again.
    """
    depth, tables = 0, []
    while (token := _TOKEN.match(text, at)) is not None:
        if token[0] == "{" and depth == 1:
            tables.append(line)
        at = token.end()
        line += token[0].count("\n")
        depth += (token[0] in "[{") - (token[0] in "]}")
        if token[0] == "\n" and depth <= 0:
            break
    return at, line, tables
