"""The table that the benchmarks print: what was measured, and the goal beside it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

_HEAD = ("what", "medians", "result", "goal", "")


class Row(NamedTuple):
    """One line: the goal is the most that the result may be.

    ``unit`` is what both are in, "" for a ratio; ``medians`` are the times behind the result, in seconds. The
    result is None where something could not be measured; ``note`` then says why.
    """

    about: str
    goal: float
    unit: str
    result: float | None = None
    medians: Mapping[str, float] = {}
    note: str = ""

    @property
    def met(self) -> bool | None:
        """Whether the goal is reached; None where nothing was measured."""
        return None if self.result is None else self.result <= self.goal

    def cells(self) -> tuple[str, ...]:
        """Return the row as the table shows it."""
        medians = ", ".join(f"{name} {shown(value, 'ms')}" for name, value in self.medians.items())
        result = "" if self.result is None else shown(self.result, self.unit)
        verdict = {None: "not measured", True: "met", False: "missed"}[self.met]
        note = f"{verdict}: {self.note}" if self.note else verdict
        return self.about, medians, result, shown(self.goal, self.unit), note


def shown(value: float, unit: str) -> str:
    """Return a value in its unit, in as many digits as say something; times are given in seconds."""
    match unit:
        case "":
            return f"{value:.2f}"
        case "ms":
            return f"{1000 * value:.{0 if value >= 0.1 else 1}f} ms"
        case "s":
            return f"{value:.1f} s"
    return f"{value:.0f} {unit}"


def ratio(figures: Mapping[str, float], one: str, other: str) -> float | None:
    """Return how many times the one takes what the other does; None where either was not measured."""
    return figures[one] / figures[other] if {one, other} <= figures.keys() else None


def share(figures: Mapping[str, float], more: str, less: str, whole: str) -> float | None:
    """Return what one takes beyond another, as a share of a third; None where one of them was not measured."""
    return (figures[more] - figures[less]) / figures[whole] if {more, less, whole} <= figures.keys() else None


def further(figures: Mapping[str, float], many: str, one: str) -> float | None:
    """Return what each further one of so many takes beyond the first; None where either was not measured."""
    return (figures[many] - figures[one]) / (int(many) - int(one)) if {many, one} <= figures.keys() else None


def written(rows: Iterable[Row]) -> str:
    """Return the table as Markdown, its columns aligned."""
    lines: Sequence[tuple[str, ...]] = [_HEAD, *(row.cells() for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(_HEAD))]
    head, *others = (" | ".join(map(str.ljust, line, widths)) for line in lines)
    return "\n".join(f"| {line} |" for line in (head, " | ".join("-" * width for width in widths), *others))
