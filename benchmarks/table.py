"""The table that the benchmarks print: what was measured, and the goal beside it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from statistics import median
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


#: What each process took in each turn, by the process's name.
Figures = Mapping[str, Sequence[float]]


def medians(figures: Figures) -> dict[str, float]:
    """Return the median of each process."""
    return {name: median(turns) for name, turns in figures.items()}


def ratio(figures: Figures, one: str, other: str) -> float | None:
    """Return how many times the one takes what the other does in the same turn; None where either is missing."""
    return _middle(figures, (one, other), lambda one, other: one / other)


def share(figures: Figures, more: str, less: str, whole: str) -> float | None:
    """Return what one takes beyond another, as a share of a third; None where one of them is missing."""
    return _middle(figures, (more, less, whole), lambda more, less, whole: (more - less) / whole)


def further(figures: Figures, many: str, one: str) -> float | None:
    """Return what each further one of so many takes beyond the first; None where either is missing."""
    return _middle(figures, (many, one), lambda all_of_them, first: (all_of_them - first) / (int(many) - int(one)))


def _middle(figures: Figures, names: Sequence[str], result: Callable[..., float]) -> float | None:
    """Return the median, over all turns, of what is worked out within one: a machine's slow minutes then cancel out."""
    if not all(figures.get(name) for name in names):
        return None
    return median(map(result, *(figures[name] for name in names)))


def written(rows: Iterable[Row]) -> str:
    """Return the table as Markdown, its columns aligned."""
    lines: Sequence[tuple[str, ...]] = [_HEAD, *(row.cells() for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(_HEAD))]
    head, *others = (" | ".join(map(str.ljust, line, widths)) for line in lines)
    return "\n".join(f"| {line} |" for line in (head, " | ".join("-" * width for width in widths), *others))
