"""The world that the emulator answers for, as plain data that a change may change: cloud, network and machine.

It holds causes (a date, a role, a rule, a route), never what a client gets to see of them.
"""

from __future__ import annotations

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

    ``host`` and ``path`` are patterns (``*`` for anything) of the requests that count.
    """

    change: Change
    after: int
    host: str = "*"
    path: str = "*"

    def counts(self, host: str, path: str) -> bool:
        """Whether a request is one of its kind."""
        return fnmatchcase(host, self.host) and fnmatchcase(path, self.path)


@dataclass
class World:
    """Everything there is, and what is coming."""

    cloud: Cloud
    network: Network
    machine: Workplace
    coming: list[Coming] = field(default_factory=list)

    def answered(self, host: str, path: str) -> None:
        """Take note of a request that was answered by this world, and change into what follows on it."""
        counting = [each for each in self.coming if each.counts(host, path)]
        for each in counting:
            each.after -= 1
        for each in [each for each in counting if each.after <= 0]:
            self.coming.remove(each)
            each.change(self)
