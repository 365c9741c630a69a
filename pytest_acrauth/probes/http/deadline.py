"""How long a climb may take, and how long it may wait for one peer."""

from __future__ import annotations

import time

from pytest_acrauth.model.observation import Trouble

_LONGEST_WAIT = 10.0  # seconds


class Deadline:
    """The end of one climb, ``limit`` seconds from now.

    ``wait`` is the limit for one peer, in seconds too: a third of the whole, at most ten.
    """

    def __init__(self, limit: float, *, wait: float | None = None) -> None:
        self.limit = limit
        self.wait = min(limit / 3 if wait is None else wait, _LONGEST_WAIT)
        self._end = time.monotonic() + limit

    def left(self) -> float:
        """Seconds until the end, never negative."""
        return max(0.0, self._end - time.monotonic())

    def next_wait(self) -> float:
        """Seconds that a wait beginning now may last; a blocking call that wants a positive number gets one."""
        return max(0.001, min(self.wait, self.left()))

    def trouble(self) -> Trouble:
        """Whose limit a wait that just ended has hit: the climb's or the peer's."""
        return Trouble.OUT_OF_TIME if self.left() <= 0.0 else Trouble.TIMEOUT
