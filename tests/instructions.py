"""What the catalogue tells a person to do, for tests that read all of it."""

from __future__ import annotations

from pytest_acrauth.catalogue.shape import FailureMode, Instruction


def instructions(mode: FailureMode) -> list[Instruction]:
    """Everything a cause tells a person to do, the ways to answer its questions included."""
    return [*mode.look, *mode.fix, *mode.instead, *(question.by_hand for question in mode.questions)]


def text_of(instruction: Instruction) -> str:
    """Return the words of an instruction, its names not filled in."""
    return instruction if isinstance(instruction, str) else instruction.text
