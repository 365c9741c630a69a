"""Processes that are measured: what each took, and the environment that keeps this machine's own settings out."""

from __future__ import annotations

import os
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

LIMIT = 120.0


class Failed(Exception):
    """A process that was to be measured did not end as it should; the text says how."""


class Spent(NamedTuple):
    """What one process took: seconds, seconds of processor, most memory at once in MB; and what it printed."""

    wall: float
    cpu: float
    peak: float
    out: str


def environment(**more: str) -> dict[str, str]:
    """Return a child's environment: a path and, if there is one, where Python looks; nothing else of ours.

    So Python may write its compiled files, without which pytest compiles plugins anew at each start.
    """
    kept = {name: os.environ[name] for name in ("PATH", "PYTHONPATH") if name in os.environ}
    return kept | more


def run(command: Sequence[str], environ: Mapping[str, str], folder: Path, limit: float = LIMIT) -> Spent:
    """Run one process to its end. Raises `Failed` if it takes too long or ends with another code than 0."""
    with tempfile.TemporaryFile("w+") as printed:
        began = time.perf_counter()
        process = subprocess.Popen(command, env=environ, cwd=folder, stdout=printed, stderr=subprocess.STDOUT)
        ending = threading.Timer(limit, process.send_signal, [signal.SIGKILL])
        ending.start()
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - began
        ending.cancel()
        process.returncode = os.waitstatus_to_exitcode(status)
        printed.seek(0)
        text = printed.read()
    if process.returncode == -signal.SIGKILL:
        raise Failed(f"not done within {limit:g} s")
    if process.returncode:
        raise Failed(f"exit code {process.returncode}: {text[-500:]}")
    return Spent(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, text)


class Taken(NamedTuple):
    """What several processes took, by their names, and why some could not be measured."""

    spent: dict[str, list[Spent]]
    failed: dict[str, str]

    def figures(self, of: Callable[[Spent], float]) -> dict[str, list[float]]:
        """Return one figure of every turn, for each process that could be measured."""
        return {name: [of(spent) for spent in turns] for name, turns in self.spent.items() if name not in self.failed}

    @property
    def why(self) -> str:
        """Why figures are missing, if they are."""
        return "; ".join(f"{name}: {reason}" for name, reason in self.failed.items())


def alternate(runs: int, take: Mapping[str, Callable[[], Spent]]) -> Taken:
    """Take turns, there and back, so that whatever else this machine does meets all alike; return what each took.

    A first turn warms up and does not count.
    """
    taken = Taken({name: [] for name in take}, {})
    for turn in range(-1, runs):
        left = [name for name in take if name not in taken.failed]
        for name in reversed(left) if turn % 2 else left:
            try:
                spent = take[name]()
            except Failed as failed:
                taken.failed[name] = str(failed)
            else:
                taken.spent[name] += [spent] if turn >= 0 else []
    return taken
