"""Climb among hostile answers until so many were given, and tell of every promise that was not kept, by its seed.

python -m hostile --answers 100000            from the folder tests; about an hour on two cores
python -m hostile --seed 4711 --climbs 1      once more what seed 4711 was
"""

from __future__ import annotations

import argparse
import itertools
import os
import resource
import subprocess
import sys
import threading
import time
import warnings
from collections import Counter
from pathlib import Path
from random import Random
from statistics import median

from hostile.peers import Peers
from hostile.trial import tried, worlds

_PAGE = resource.getpagesize()
_MEGABYTE = 1024 * 1024
#: What is held on to shows in what lasts: between the first and the last tenth of a run it may grow by this much.
_MOST_LASTING = 20 * _MEGABYTE
#: What answers take while they are read, over what the process holds once all is loaded, all climbs at once together.
_MOST_AT_ONCE = 150 * _MEGABYTE
_GLANCE = 0.1  # seconds between two looks at the memory
_SEEDS_APART = 10_000_000
_TOLD = 15.0  # seconds between two lines of progress


def main() -> int:
    """Run as told on the command line; return 1 where a promise was not kept."""
    parser = argparse.ArgumentParser(prog="python -m hostile", description=__doc__.splitlines()[0])
    parser.add_argument("--answers", type=int, default=100_000, help="hostile answers to give (default %(default)s)")
    parser.add_argument("--climbs", type=int, help="climbs instead of answers")
    parser.add_argument("--side-by-side", type=int, default=64, help="climbs at once (default %(default)s)")
    parser.add_argument(
        "--processes", type=int, default=os.cpu_count() or 1, help="that share them (default: one a core)"
    )
    parser.add_argument("--seed", type=int, default=0, help="of the first climb; each further one has the next")
    parser.add_argument("--no-stalls", action="store_true", help="let no peer keep others waiting")
    chosen = parser.parse_args()
    if chosen.climbs is None and chosen.processes > 1:
        return in_parts(chosen)
    warnings.simplefilter("error", UserWarning)  # what a library finds odd about an answer is nobody's to see
    return Many(chosen).run()


def in_parts(chosen: argparse.Namespace) -> int:
    """Let several processes do a part each, with seeds of their own; return 1 where one of them found something."""
    parts = chosen.processes
    command = [sys.executable, "-m", "hostile", "--processes=1", f"--answers={-(-chosen.answers // parts)}"]
    command += [f"--side-by-side={-(-chosen.side_by_side // parts)}", *["--no-stalls"] * chosen.no_stalls]
    seeds = (chosen.seed + part * _SEEDS_APART for part in range(parts))
    # The allocator keeps what threads once held, each in an arena of its own, large buffers too: with one arena, and
    # large buffers given back at once, what grows is what somebody holds on to.
    environ = os.environ | {"MALLOC_ARENA_MAX": "1", "MALLOC_MMAP_THRESHOLD_": "131072"}
    running = [subprocess.Popen([*command, f"--seed={seed}"], env=environ) for seed in seeds]
    ended = [part.wait() for part in running]
    return int(any(ended))


class Many:
    """Climbs side by side, counted together."""

    def __init__(self, chosen: argparse.Namespace) -> None:
        self._chosen = chosen
        self._worlds = worlds()
        self._peers = Peers(self._worlds)
        self._seeds = itertools.count(chosen.seed)
        self._lock = threading.Lock()
        self._answers = self._climbs = 0
        self._findings: list[tuple[int, str]] = []

    def run(self) -> int:
        """Climb until it is enough; print what was found, and return 1 for anything."""
        threads = [threading.Thread(target=self._climb, daemon=True) for _ in range(self._chosen.side_by_side)]
        began = told = time.monotonic()
        peak = _resident()
        held: list[tuple[int, int]] = []
        for thread in threads:
            thread.start()
        while any(thread.is_alive() for thread in threads):
            time.sleep(_GLANCE)
            now = _resident()
            peak = max(peak, now)
            held.append((self._answers, now))
            if time.monotonic() - told > _TOLD:
                told = time.monotonic()
                print(f"{self._answers} hostile answers in {told - began:.0f} s", flush=True)
        self._peers.close()
        first, last = (median(part) for part in _first_and_last(held))
        for seed, finding in sorted(self._findings):
            print(f"seed {seed}: {finding}")
        kinds = Counter(finding.partition(":")[0] for _, finding in self._findings)
        found = ", ".join(f"{count} {kind}" for kind, count in kinds.items()) or "nothing"
        print(
            f"{self._answers} hostile answers in {self._climbs} climbs, {time.monotonic() - began:.0f} s: found {found}"
        )
        loaded, lasting, at_once = (f"{each / _MEGABYTE:.0f} MB" for each in (first, last - first, peak - first))
        print(f"memory: {loaded} when all was loaded, {lasting} more in the end, {at_once} more at most")
        kept = last - first > _MOST_LASTING or peak - first > _MOST_AT_ONCE
        return int(bool(self._findings) or kept)

    def _enough(self) -> bool:
        if self._chosen.climbs is not None:
            return self._climbs >= self._chosen.climbs
        return self._answers >= self._chosen.answers

    def _climb(self) -> None:
        while True:
            with self._lock:
                if self._enough():
                    return
                self._climbs += 1
                seed = next(self._seeds)
            stalls = not self._chosen.no_stalls and Random(seed).random() < 0.2
            given, findings = tried(self._peers, self._worlds, Random(seed), stalls=stalls)
            with self._lock:
                self._answers += given
                self._findings += [(seed, finding) for finding in findings]


def _first_and_last(held: list[tuple[int, int]]) -> tuple[list[int], list[int]]:
    """Return what was held in the first tenth of a run, its very beginning apart, and in the last tenth."""
    every = max(answers for answers, _ in held) or 1
    begun = [memory for answers, memory in held if 0.02 * every <= answers <= 0.1 * every]
    ended = [memory for answers, memory in held if answers >= 0.9 * every]
    return begun or ended, ended


def _resident() -> int:
    """Return the bytes of memory that this process holds now."""
    return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * _PAGE


if __name__ == "__main__":
    sys.exit(main())
