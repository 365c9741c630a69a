"""From the text of a readiness file to values of the kinds that its keys have; whatever is wrong is told at once."""

from __future__ import annotations

import difflib
import re
import tomllib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from pytest_acrauth.model.secret import Secrets
from pytest_acrauth.plugin.asked.options import MOST
from pytest_acrauth.plugin.asked.readiness.places import Path, Places, dotted, is_too_deep
from pytest_acrauth.plugin.asked.readiness.shape import NAME, SECRET, Form, Kind, Table, Value

_REFERENCE = re.compile(r"\$\{([^{}]*)\}")
_NOT_TOML = re.compile(r"(?P<why>.*) \(at (?:line (?P<line>\d+), column (?P<column>\d+)|end of document)\)")
_TWICE = re.compile(r"Cannot (?:overwrite a value|declare)|Duplicate inline table key")
_LONG_NUMBER = re.compile(r"[0-9_]{4000}")
_SHOWN = 80  # characters of a value
_LINE = 2000  # characters of what is told of one mistake
#: Mistakes of a file: more of them have one reason.
TOLD = 50


class BadFile(ValueError):
    """A readiness file that cannot be meant; the text has one line for each mistake, with file, line and key."""


class Place(NamedTuple):
    """Where something stands: the file, the line and the key."""

    file: str
    line: int
    key: str

    def __str__(self) -> str:
        return f"{self.file}, line {self.line}: {self.key}"

    @property
    def origin(self) -> str:
        """The place, as what an option is set to tells who set it."""
        return f"from {self.key} in {self.file}, line {self.line}"


#: Returns what is wrong with reading an environment variable here, '' where it may be read.
Forbids = Callable[[str], str]


class Document:
    """The values of a file by their keys, and where these stand. Raises `BadFile` for a text that is no TOML.

    ``wrong`` collects mistakes; `close` raises all of them.
    """

    def __init__(self, file: str, text: str, environ: Mapping[str, str], forbids: Forbids) -> None:
        self._file = file = _clean(file)
        self._environ = environ
        self._forbids = forbids
        self._wrong: list[tuple[int, str]] = []
        if is_too_deep(text):
            raise BadFile(f"{file}: this is no readiness file: it is nested too deeply")
        self._places = Places(text)
        try:
            self._content = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            # Not chained: the parser's exception holds the document.
            raise BadFile(self._no_toml(str(error), text)) from None
        except ValueError:  # of a number, from Python's own limit
            line = text.count("\n", 0, found.start()) + 1 if (found := _LONG_NUMBER.search(text)) else 1
            raise BadFile(self._at(line, "this is no TOML: a number has too many digits")) from None

    def read(self, table: Table) -> dict[str, Any]:
        """Return the content as that table has it; what is of another kind is left out, and told when it is closed."""
        return self._table(table, self._content, ())

    def place(self, path: Path) -> Place:
        """Return where a key stands."""
        return Place(self._file, self._places.line(path), dotted(path) or "the file")

    def wrong(self, path: Path, said: str) -> None:
        """Note a mistake."""
        place = self.place(path)
        self._wrong.append((place.line, _clean(f"{place}: {said}")))

    @property
    def mistakes(self) -> int:
        """How many there are so far."""
        return len(self._wrong)

    def close(self) -> None:
        """Raise `BadFile` if there is any mistake."""
        if not self._wrong:
            return
        told = [said for _, said in sorted(dict.fromkeys(self._wrong), key=lambda each: each[0])]
        more = [f"{self._file}: and {len(told) - TOLD} more mistakes"] if len(told) > TOLD else []
        raise BadFile("\n".join([*told[:TOLD], *more]))

    def _no_toml(self, said: str, text: str) -> str:
        found = _NOT_TOML.fullmatch(said)
        line = int(found["line"]) if found and found["line"] else text.count("\n") + 1
        key = dotted(self._places.key_at(line))
        if key and _TWICE.match(said):
            return f"{self._file}, line {line}: {key}: it stands twice"
        return self._at(line, f"this is no TOML: {found['why'] if found else said}")

    def _at(self, line: int, said: str) -> str:
        key = dotted(self._places.key_at(line))
        return _clean(f"{self._file}, line {line}: " + (f"{key}: " if key else "") + said)

    def _table(self, table: Table, found: Mapping[str, Any], path: Path) -> dict[str, Any]:
        for name in found:
            if name not in table.keys:
                self.wrong((*path, name), self._unknown(name, table))
        for name, row in table.keys.items():
            if isinstance(row, Value) and row.required and name not in found:
                self.wrong(path, f"{name} is missing: {row.summary}")
        return {name: self._value(row, found[name], (*path, name)) for name, row in table.keys.items() if name in found}

    def _unknown(self, name: str, table: Table) -> str:
        if SECRET.search(name):
            return (
                "no secret is ever read from a file: put it into an environment variable, and let prefix say how that "
                "begins"
            )
        close = difflib.get_close_matches(name, table.keys, n=2)
        meant = f"did you mean {' or '.join(close)}?" if close else f"choose from {', '.join(table.keys)}"
        return f"there is no such key; {meant}"

    def _value(self, row: Value | Table, found: object, path: Path) -> Any:
        if isinstance(row, Table):
            return self._tables(row, found, path)
        if row.kind is Kind.TEXTS:
            if not isinstance(found, list) or not all(isinstance(each, str) for each in found):
                self.wrong(path, f"{row.kind} is expected")
                return ()
            texts = [self._text(row, each, path) for each in found]
            if twice := [text for text, times in Counter(texts).items() if times > 1]:
                self.wrong(path, f"{', '.join(twice)} stands twice")
            if not texts:
                self.wrong(path, "it is empty: leave it out, or say what is meant")
            return tuple(texts)
        fits = {
            Kind.TEXT: isinstance(found, str),
            Kind.FLAG: isinstance(found, bool),
            Kind.NUMBER: isinstance(found, int | float) and not isinstance(found, bool) and 0 < found <= MOST,
        }
        if not fits[row.kind]:
            large = row.kind is Kind.NUMBER and isinstance(found, int | float) and MOST < found < float("inf")
            self.wrong(path, f"it is more than {MOST}" if large else f"{row.kind} is expected")
            return None
        return self._text(row, found, path) if isinstance(found, str) else found

    def _tables(self, row: Table, found: object, path: Path) -> Any:
        if row.form is Form.LIST:
            if not isinstance(found, list) or not all(isinstance(each, dict) for each in found):
                self.wrong(path, f"{row.form} is expected: write [[{dotted(path)}]]")
                return ()
            return tuple(self._table(row, each, (*path, number)) for number, each in enumerate(found))
        if not isinstance(found, dict):
            self.wrong(path, f"{row.form} is expected: write [{dotted(path)}{'.NAME' * (row.form is Form.NAMED)}]")
            return {}
        if row.filled and not found:
            inside = "a table for each NAME" if row.form is Form.NAMED else " or ".join(row.keys)
            self.wrong(path, f"it is empty: give {inside}, or leave it out")
        if row.form is Form.ONE:
            return self._table(row, found, path)
        return dict(self._named(row, found, path))

    def _named(self, row: Table, found: Mapping[str, Any], path: Path) -> Iterator[tuple[str, Any]]:
        for name, inner in found.items():
            if not isinstance(inner, dict):
                expected = f"{Form.ONE} is expected: write [{dotted((*path, name))}]"
                self.wrong((*path, name), self._unknown(name, row) if SECRET.search(name) else expected)
            elif not NAME.fullmatch(name):
                self.wrong((*path, name), "a name has letters, digits and . _ -, and begins with a letter or digit")
            elif rest := _rest_of_name(inner, row):
                self.wrong((*path, name), f'a name with dots stands in quotes: [{dotted(path)}."{name}.{rest}"]')
            else:
                yield name, self._table(row, inner, (*path, name))

    def _text(self, row: Value, found: str, path: Path) -> str:
        mistakes = self.mistakes
        text = _REFERENCE.sub(lambda reference: self._variable(reference[1], path), found).strip()
        if self.mistakes > mistakes:
            return text
        if not text:
            self.wrong(path, "it is empty: leave it out, or say what is meant")
        elif row.choices and text not in row.choices:
            close = difflib.get_close_matches(text, row.choices, n=1)
            meant = f"did you mean {close[0]}?" if close else f"choose from {', '.join(row.choices)}"
            # As it is written: a variable that it names may hold what no output should.
            self.wrong(path, f"{found[:_SHOWN]!r} is none of its values; {meant}")
        return text

    def _variable(self, name: str, path: Path) -> str:
        """Return an environment variable's value, '' where it cannot be read."""
        if said := self._forbids(name):
            self.wrong(path, said)
        elif value := self._environ.get(name, ""):
            return value
        else:
            self.wrong(path, f"the environment variable {name} is not set: set and export it")
        return ""


def _clean(said: str) -> str:
    """Return what is told as one line that any terminal and any CI system may get: names in a file can be anything."""
    return Secrets().clean(said, _LINE)


def _rest_of_name(inner: Mapping[str, Any], row: Table) -> str:
    """Return what a table's name goes on with, where its dots were taken for those of a path; else ''."""
    name, table = next(iter(inner.items()), ("", None))
    if not isinstance(table, dict) or name in row.keys or SECRET.search(name):
        return ""
    if difflib.get_close_matches(name, row.keys):
        return ""
    rest = _rest_of_name(table, row)
    return f"{name}.{rest}" if rest else name
