"""What the catalogue tells a person to do, for tests that read all of it."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from itertools import groupby

from pytest_acrauth.catalogue.shape import FailureMode, Instruction
from pytest_acrauth.report.explanation import Explanation


def instructions(mode: FailureMode) -> list[Instruction]:
    """Everything a cause tells a person to do, the ways to answer its questions included."""
    return [*mode.look, *mode.fix, *mode.instead, *(question.by_hand for question in mode.questions)]


def text_of(instruction: Instruction) -> str:
    """Return the words of an instruction, its names not filled in."""
    return instruction if isinstance(instruction, str) else instruction.text


def commands_of(told: Explanation) -> tuple[str, ...]:
    """Return every command that an explanation can show: those are never wrapped."""
    steps = [*told.steps, *(step for cause in told.causes for step in cause.steps)]
    steps += [question.by_hand for group in told.unanswered for question in group.questions]
    return tuple(step.text for step in steps if step.command)


def az_commands(command: str) -> Iterator[tuple[str, ...]]:
    """Yield the arguments of every az that a shell would start for a command: in substitutions and behind pipes, too.

    What a substitution prints is stood in for by a word.
    """
    while (start := command.find("$(")) >= 0:
        end = _closing(command, start + 1)
        yield from az_commands(command[start + 2 : end])
        command = f"{command[:start]}PRINTED{command[end + 1 :]}"
    command = re.sub(r"(?<=\s)\d(?=>)", "", command)  # the number of a stream
    words = shlex.shlex(command, posix=True, punctuation_chars="|&;<>")
    words.whitespace_split = True
    for operator, run in groupby(words, lambda word: not set(word) - set("|&;<>")):
        each = tuple(run)
        if not operator and "az" in each[:-1]:
            yield each[each.index("az") + 1 :]


def _closing(text: str, opening: int) -> int:
    """Return where the bracket that opens at an offset is closed."""
    depth = 0
    for place in range(opening, len(text)):
        depth += {"(": 1, ")": -1}.get(text[place], 0)
        if depth == 0:
            return place
    raise ValueError(f"{text!r} closes no bracket")
