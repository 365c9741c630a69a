"""Running another program: by its absolute path, without a shell, for a limited time, reading a limited answer."""

from __future__ import annotations

import atexit
import contextlib
import os
import signal
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import IO

from pytest_acrauth.probes.http.once import THREADS

_MOST_BYTES = 1024 * 1024  # of what a program prints


@dataclass(frozen=True, slots=True)
class Ended:
    """How a program ended: its exit code and what it printed; None where it could not start or its time was over.

    ``trouble`` is what kept it from starting, '' where it was only too slow.
    """

    exit_code: int | None
    out: bytes = b""
    err: bytes = b""
    trouble: str = ""

    @property
    def timed_out(self) -> bool:
        return self.exit_code is None and not self.trouble


def run_program(command: Sequence[str], environ: Mapping[str, str], limit: float, *, given: bytes = b"") -> Ended:
    """Run a program whose first word is its absolute path, in an environment, with text ``given`` on its input.

    It runs in its own folder: one that was started in a checkout could load what lies there. What it leaves running
    when its time, ``limit`` seconds, is over is ended with it, and so is the program when this process ends.
    """
    deadline = time.monotonic() + limit
    try:
        process = subprocess.Popen(  # noqa: S603 - an absolute path, no shell
            list(command),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=Path(command[0]).parent,
            env=dict(environ),
            start_new_session=True,
        )
    except OSError as error:
        return Ended(None, trouble=error.strerror or str(error))
    # Ctrl-C ends this process without waiting for the program, and must not leave it behind.
    leave_nothing = partial(_kill, process)
    atexit.register(leave_nothing)
    try:
        return _watch(process, given, deadline)
    finally:
        atexit.unregister(leave_nothing)


def _watch(process: subprocess.Popen[bytes], given: bytes, deadline: float) -> Ended:
    out: list[bytes] = []
    err: list[bytes] = []
    readers = [_start_reading(process.stdout, out), _start_reading(process.stderr, err)]
    with contextlib.suppress(OSError):  # it may have ended without reading
        if process.stdin is not None:
            process.stdin.write(given)
            process.stdin.close()
    for reader in readers:
        reader.join(max(0.0, deadline - time.monotonic()))
    try:
        code: int | None = process.wait(max(0.0, deadline - time.monotonic()))
    except subprocess.TimeoutExpired:
        code = None
    if code is None or any(reader.is_alive() for reader in readers):
        _end(process)
        return Ended(None, b"".join(out), b"".join(err))
    return Ended(code, b"".join(out), b"".join(err))


def _start_reading(stream: IO[bytes] | None, into: list[bytes]) -> threading.Thread:
    def read() -> None:
        if stream is not None:
            with stream:
                into.append(stream.read(_MOST_BYTES))

    thread = threading.Thread(target=read, name=f"{THREADS}-program", daemon=True)
    thread.start()
    return thread


def _end(process: subprocess.Popen[bytes]) -> None:
    """End a program and what it started: its children hold the pipes open."""
    _kill(process)
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(1.0)


def _kill(process: subprocess.Popen[bytes]) -> None:
    with contextlib.suppress(OSError):
        if hasattr(os, "killpg"):
            os.killpg(process.pid, signal.SIGKILL)
        else:
            process.kill()
