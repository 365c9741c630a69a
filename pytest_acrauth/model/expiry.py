"""When credentials end: the limits that somebody sets."""

from __future__ import annotations

from typing import NamedTuple

#: What is wrong with limits that are pointless.
POINTLESS = "nothing is told of that does not fail anyway: tell of it more days ahead than it fails"


class Limits(NamedTuple):
    """Within how many days of its end a credential is told of, and fails its check; None where nobody said.

    ``required`` tells that somebody asked for this very identity: then not being able to look is a failure as well.
    """

    warn: float | None = None
    fail: float | None = None
    required: bool = False

    @property
    def pointless(self) -> bool:
        """Whether nothing is told of that does not fail anyway."""
        return self.warn is not None and self.fail is not None and self.warn <= self.fail

    def __bool__(self) -> bool:
        """Whether anything is to be looked at."""
        return self.warn is not None or self.fail is not None
