"""How many climbs run side by side: no more than this process has file descriptors for."""

from __future__ import annotations

import sys
from pathlib import Path

_EACH = 4  # of a climb: its way to the login server, one to a data host, a look-up or a program meanwhile
_SPARE = 24  # of what climbs share, Entra and evidence, and of modules that are loaded on the way
_OPEN = 16  # where nobody can tell how many are in use


def as_many(jobs: int) -> int:
    """Return how many climbs run at once where so many may: fewer where few files can be opened, one at least."""
    return max(1, min(jobs, (_left(jobs) - _SPARE) // _EACH))


def _left(jobs: int) -> int:
    """Return how many files this process may still open, or enough for all jobs."""
    enough = jobs * _EACH + _SPARE
    if sys.platform == "win32":  # sockets are not counted there
        return enough
    import resource

    limit, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return enough if limit == resource.RLIM_INFINITY else limit - _used()


def _used() -> int:
    try:
        return sum(1 for _ in Path("/dev/fd").iterdir())
    except OSError:
        return _OPEN
