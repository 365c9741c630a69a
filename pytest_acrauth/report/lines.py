"""Lines of plain text for a terminal: what is wrapped, what never is, and how steps stand. No I/O."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from pytest_acrauth.report.explanation import Asked, Kind, Step

WIDTH = 100
_UNBREAKABLE = 50  # characters of a word that no line has to make room for
_MORE = " …"
_LABEL = max(map(len, Kind)) + 2


def wrap(text: str, first: str = "", later: str = "", most: int | None = None) -> list[str]:
    """Wrap a text, of which ``most`` lines are shown.

    An address, an id or a path is never broken; what is longer than a line stands on, behind the words before it.
    """
    lines, later = [first], later or first
    for number, word in enumerate(text.split()):
        line = f"{lines[-1]} {word}" if number else f"{first}{word}"
        if number == 0 or len(line) <= WIDTH or (len(word) > _UNBREAKABLE and len(lines[-1]) < WIDTH // 2):
            lines[-1] = line
        else:
            lines.append(later + word)
    if most is not None and len(lines) > most:
        lines = [*lines[: most - 1], _cut(lines[most - 1])] if most else []
    return lines


def _cut(line: str) -> str:
    while len(line) > WIDTH - len(_MORE) and " " in line.strip() and len(line.rpartition(" ")[2]) <= _UNBREAKABLE:
        line = line.rpartition(" ")[0]
    return line + _MORE


def labelled(steps: Iterable[Step], indent: str) -> Iterator[str]:
    """Yield steps behind the word for their kind, which stands once before those that share it."""
    told: Kind | None = None
    for step in steps:
        label = "" if step.kind is told else str(step.kind)
        yield from done(step, f"{indent}{label:<{_LABEL}}", indent + " " * _LABEL)
        told = step.kind


def by_hand(question: Asked) -> Iterator[str]:
    """Yield a question and how a person looks for its answer."""
    yield from wrap(question.text, "  ", "    ")
    yield from done(question.by_hand, "    ", "    ")


def done(step: Step, first: str, later: str) -> Iterator[str]:
    """Wrap a step; a command never, so that it can be pasted as it stands."""
    yield from [first + step.text] if step.command else wrap(step.text, first, later)
