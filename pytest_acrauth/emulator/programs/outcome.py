"""What a program of the machine was called with, and what came of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple


class Call(NamedTuple):
    """A program's arguments without its name, its environment, and what it reads from standard input."""

    arguments: tuple[str, ...]
    environ: Mapping[str, str]
    text: str = ""

    def option(self, *names: str) -> str | None:
        """Return the value of an option, given as one word or two; None where it is absent."""
        for place, word in enumerate(self.arguments):
            name, mark, value = word.partition("=")
            if name in names and mark:
                return value
            if word in names and place + 1 < len(self.arguments):
                return self.arguments[place + 1]
        return None

    def begins(self, *words: str) -> bool:
        """Whether the arguments begin with these words."""
        return self.arguments[: len(words)] == words


class Ran(NamedTuple):
    """A program's exit code, and what it printed."""

    code: int
    out: str = ""
    err: str = ""
