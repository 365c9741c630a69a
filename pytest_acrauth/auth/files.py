"""Reading a file that somebody named: a regular one, to a limit, and never waiting for who would write to it."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path
from typing import BinaryIO

_NO_FILE = "it is no regular file"
# A pipe without a writer is opened at once, a terminal does not become this process's own.
_FLAGS = os.O_RDONLY | sum(getattr(os, name, 0) for name in ("O_NONBLOCK", "O_NOCTTY", "O_CLOEXEC", "O_BINARY"))


def open_regular(path: Path) -> BinaryIO:
    """Open a file for reading, at once.

    Raises `OSError`, whose ``strerror`` says why, for what is missing or no regular file, and `ValueError` for what can
    be no path.
    """
    descriptor = os.open(path, _FLAGS)
    mode = os.fstat(descriptor).st_mode
    if not stat.S_ISREG(mode):
        os.close(descriptor)
        folder = stat.S_ISDIR(mode)
        raise OSError(errno.EISDIR, os.strerror(errno.EISDIR)) if folder else OSError(errno.EINVAL, _NO_FILE)
    return os.fdopen(descriptor, "rb")


def read_regular(path: Path, limit: int) -> bytes:
    """Return what a file holds, at most ``limit`` bytes. Raises as `open_regular`, and `OSError` for more."""
    with open_regular(path) as file:
        content = file.read(limit + 1)
    if content is None:  # a file of the system's own that is regular by its name only, such as its log
        raise OSError(errno.EAGAIN, os.strerror(errno.EAGAIN))
    if len(content) > limit:
        raise OSError(errno.EFBIG, f"it is larger than {limit} bytes")
    return content
