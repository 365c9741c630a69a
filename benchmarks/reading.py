"""The process that is measured for logs: imports the product, reads one log and says how long that took.

Usage: reading.py KIND MEGABYTES. ``plain`` is a CI log that is about no registry; ``pulls`` a node's log with a login
server, a time and an id of its own in every line; ``hostile`` repeats the literals that patterns begin with.
"""

from __future__ import annotations

import json
import random
import sys
import time
from collections.abc import Callable, Mapping
from uuid import UUID

from pytest_acrauth.diagnosis.text import recognise

_MEGABYTE = 1_000_000
_WORDS = (
    *(
        "INFO",
        "step",
        "build",
        "running",
        "docker",
        "pull",
        "layer",
        "cache",
        "hit",
        "https://registry.example.com/v2/",
    ),
    *(
        "error",
        "warning",
        "timeout",
        "GET",
        "/api/v1/items",
        "200",
        "OK",
        "kubelet",
        "pod",
        "default/web-7d",
        "Pulling",
    ),
    *("image", "nginx:1.25", "denied", "unauthorized", "connection", "reset", "by", "peer"),
)
_PARTS = (
    "failed to fetch oauth token: unexpected status",
    "status: 40",
    "lookup a",
    "dial tcp 1.2.3.4:443:",
    "container registry",
    "certificate is",
    "https://myacr.azurecr.io/v2/",
    "\\\\\\'",
)


def plain(_: int) -> str:
    """Return a line of words."""
    return " ".join(random.choices(_WORDS, k=14))


def pulls(number: int) -> str:
    """Return a line about a pull that succeeded."""
    return (
        f"2026-11-26T03:{number // 60 % 60:02}:{number % 60:02}.{random.randrange(10**6):06}Z"
        f" {UUID(int=random.getrandbits(128))} GET https://myacr.azurecr.io/v2/app-{number % 900}/manifests/v{number}"
        " status: 200, authentication was required, the connection to the server timed out once, certificate verified"
    )


def hostile(_: int) -> str:
    """Return beginnings of what patterns match, in any order."""
    return " ".join(random.choices(_PARTS, k=12))


KINDS: Mapping[str, Callable[[int], str]] = {"plain": plain, "pulls": pulls, "hostile": hostile}


def log(kind: str, size: int) -> str:
    """Return a log of so many characters, the same in each run."""
    random.seed(1)
    lines, length = list[str](), 0
    while length < size:
        lines.append(KINDS[kind](len(lines)))
        length += len(lines[-1]) + 1
    return "\n".join(lines)[:size]


def main(kind: str, megabytes: int) -> None:
    """Read a log once, as a process does that was started for it; say how long that took."""
    text = log(kind, megabytes * _MEGABYTE)
    began = time.perf_counter()
    recognise(text)
    print(json.dumps({"seconds": time.perf_counter() - began}))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
