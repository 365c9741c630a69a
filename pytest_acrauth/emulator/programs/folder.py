"""A private temporary folder. Where its process was killed, the next one that needs such a folder takes it away."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from contextlib import suppress
from functools import cache
from pathlib import Path

if sys.platform != "win32":
    import fcntl

_PREFIX = "acr-emulator-"
#: Locked by the process that has the folder, and by the system let go with it, whatever ends that process.
_HELD = ".held"


class Folder:
    """An empty folder of this user alone, at ``path``; `close` removes it with all that is in it.

    Raises `OSError` where there is no place for one.
    """

    def __init__(self) -> None:
        _remove_left_behind()
        self.path = Path(tempfile.mkdtemp(prefix=_PREFIX))
        self._held: int | None = None
        try:
            self._hold()
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Remove the folder."""
        shutil.rmtree(self.path, ignore_errors=True)
        held, self._held = self._held, None
        if held is not None:
            os.close(held)

    def _hold(self) -> None:
        if sys.platform != "win32":
            # Under its name only once it is locked: one that somebody can lock has lost its process.
            making = self.path / f"{_HELD}-not-yet"
            self._held = os.open(making, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
            with suppress(OSError):  # a filesystem without locks: what is left behind stays
                fcntl.flock(self._held, fcntl.LOCK_EX | fcntl.LOCK_NB)
                making.rename(self.path / _HELD)


@cache
def _remove_left_behind() -> None:
    """Remove this user's folders whose processes are gone, once in a process."""
    if sys.platform != "win32":
        for folder in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
            with suppress(OSError):
                if not folder.is_symlink() and folder.stat().st_uid == os.geteuid() and _is_left(folder / _HELD):
                    shutil.rmtree(folder, ignore_errors=True)


def _is_left(held: Path) -> bool:
    """Whether nobody has a lock on a file. Raises `OSError` where that cannot be told, as for what is not there."""
    if sys.platform == "win32":
        return False
    descriptor = os.open(held, os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    finally:
        os.close(descriptor)
    return True
