"""The world that the emulator answers for, as plain data that a change may change: cloud, network and machine.

It holds causes (a date, a role, a rule, a route), never what a client gets to see of them.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

from pytest_acrauth.emulator.world.cloud import Cloud
from pytest_acrauth.emulator.world.network import Network
from pytest_acrauth.emulator.world.workplace import Workplace

#: Something that happens to a world.
Change = Callable[["World"], None]


@dataclass
class Coming:
    """A change of cloud or network that happens once ``after`` more requests of a kind were answered.

    ``host`` and ``path`` are patterns (``*`` for anything) of the requests that count. A connection that comes to
    nothing counts as a request to its host, whose path nobody got to know.
    """

    change: Change
    after: int
    host: str = "*"
    path: str = "*"

    def counts(self, host: str, path: str | None) -> bool:
        """Whether a request is one of its kind; the path is None for one that was never made."""
        return fnmatchcase(host, self.host) and (path is None or fnmatchcase(path, self.path))


@dataclass
class World:
    """Everything there is, and what is coming.

    ``latency`` is by how many seconds an answer takes longer, by patterns of hosts, the first of which counts that
    fits.
    """

    cloud: Cloud
    network: Network
    machine: Workplace
    coming: list[Coming] = field(default_factory=list)
    latency: dict[str, float] = field(default_factory=dict)
    _turn: threading.RLock = field(default_factory=threading.RLock, init=False, repr=False, compare=False)

    def answered(self, host: str, path: str | None) -> None:
        """Take note of a request that was answered by this world, and change into what follows on it.

        One whose path is None was never made: no connection came about for it.
        """
        with self._turn:  # connections fail in whichever thread makes them
            counting = [each for each in self.coming if each.counts(host, path)]
            for each in counting:
                each.after -= 1
            for each in [each for each in counting if each.after <= 0]:
                self.coming.remove(each)
                each.change(self)

    def delay(self, host: str) -> float:
        """Return by how many seconds an answer of a host takes longer."""
        return next((seconds for pattern, seconds in self.latency.items() if fnmatchcase(host, pattern)), 0.0)
