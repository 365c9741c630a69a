"""A defect of this package as the subject of a diagnosis: where it was, in a line and in labelled rows."""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from dataclasses import dataclass

from pytest_acrauth.catalogue.facts import Row
from pytest_acrauth.catalogue.shape import Break
from pytest_acrauth.model.defect import Defect


@dataclass(frozen=True, slots=True)
class Defective:
    """A defect that speaks for itself: of what was seen before it, nothing is read that could fail again."""

    defect: Defect
    broken: Break | None = None

    quoted = False
    assured = True

    @property
    def facts(self) -> dict[str, str]:
        return {"stage": str(self.broken.stage)} if self.broken is not None else {}

    @property
    def answer(self) -> str:
        """What was being done, and the exception."""
        at = f" (stage reached: {self.broken.rung})" if self.broken is not None else ""
        return f"{self.defect.words}, while {self.defect.doing}{at}; please report it"

    @property
    def rows(self) -> tuple[Row, ...]:
        return tuple(self._rows())

    def _rows(self) -> Iterator[Row]:
        if self.broken is not None:
            target = self.broken.transcript.target
            yield Row("registry", target.registry.login_server)
            yield Row("identity", target.identity.name)
            yield Row("stage reached", str(self.broken.rung))
        yield Row("while", self.defect.doing)
        yield Row("exception", self.defect.words)
        yield from (Row("traceback" if number == 0 else "", frame) for number, frame in enumerate(self.defect.trace))

    @property
    def shared_by(self) -> tuple[Hashable, ...] | None:
        """The exception and its place: what goes wrong in the same line for each registry is told once."""
        return (self.defect.error, self.defect.trace[-1:])
