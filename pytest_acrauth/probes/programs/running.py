"""Running another program: by its absolute path, without a shell, for a limited time, reading a limited answer."""

from __future__ import annotations

import atexit
import contextlib
import errno
import os
import secrets
import signal
import subprocess
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import IO

from pytest_acrauth.probes.http.shared_work import THREADS

_MOST_BYTES = 1024 * 1024  # of what a program prints
_BUSY = 0.02  # seconds until a program that is being written is tried again
_DRAINING = 0.5  # seconds after a program's end for what is left in its pipes
#: In a program's environment, and so in that of all it starts: the one thing they cannot leave behind by chance.
_MARK = "PYTEST_ACRAUTH_STARTED"


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
    when its time, ``limit`` seconds, is over is ended with it, and so is the program when this process ends, unless a
    signal kills that. What a program that ended by itself leaves running, an agent for example, is left alone, and its
    answer counts.
    """
    deadline = time.monotonic() + limit
    mark = secrets.token_hex(16)
    try:
        process = _start(command, {**environ, _MARK: mark}, deadline)
    except (OSError, ValueError) as error:
        return Ended(None, trouble=getattr(error, "strerror", None) or str(error))
    # Ctrl-C ends this process without waiting for the program, and must not leave it behind.
    leave_nothing = partial(_kill, process, mark)
    atexit.register(leave_nothing)
    try:
        return _watch(process, mark, given, deadline)
    except BaseException:  # Ctrl-C in the thread that waits, or no thread left to read with
        _end(process, mark)
        raise
    finally:
        atexit.unregister(leave_nothing)


def _start(command: Sequence[str], environ: Mapping[str, str], deadline: float) -> subprocess.Popen[bytes]:
    while True:
        try:
            return subprocess.Popen(  # noqa: S603 - an absolute path, no shell
                list(command),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                cwd=Path(command[0]).parent,
                env=dict(environ),
                start_new_session=True,
            )
        except OSError as error:
            # Somebody writes the program just now, or has it open for that without knowing: a process that was forked
            # meanwhile, until it starts its own.
            if error.errno != errno.ETXTBSY or time.monotonic() + _BUSY > deadline:
                raise
            time.sleep(_BUSY)


def _watch(process: subprocess.Popen[bytes], mark: str, given: bytes, deadline: float) -> Ended:
    out, err = bytearray(), bytearray()
    readers = [_start_reading(process.stdout, out), _start_reading(process.stderr, err)]
    with contextlib.suppress(OSError):  # it may have ended without reading
        if process.stdin is not None:
            process.stdin.write(given)
            process.stdin.close()
    try:
        code: int | None = process.wait(max(0.0, deadline - time.monotonic()))
    except subprocess.TimeoutExpired:
        code = None
    if code is not None:
        # All that it said is in its pipes, whoever it has left to hold them; only an answer that is not there yet is
        # waited for, because somebody it started may be about to give it.
        _join(readers, _DRAINING)
        if not out and not err:
            _join(readers, deadline - time.monotonic())
    if code is None or (not out and not err and any(reader.is_alive() for reader in readers)):
        _end(process, mark)
        return Ended(None, bytes(out), bytes(err))
    return Ended(code, bytes(out), bytes(err))


def _join(readers: Sequence[threading.Thread], seconds: float) -> None:
    end = time.monotonic() + seconds
    for reader in readers:
        reader.join(max(0.0, end - time.monotonic()))


def _start_reading(stream: IO[bytes] | None, into: bytearray) -> threading.Thread:
    def read() -> None:
        if stream is not None:
            with stream:
                while len(into) < _MOST_BYTES and (chunk := os.read(stream.fileno(), _MOST_BYTES - len(into))):
                    into.extend(chunk)

    thread = threading.Thread(target=read, name=f"{THREADS}-program", daemon=True)
    thread.start()
    return thread


def _end(process: subprocess.Popen[bytes], mark: str) -> None:
    _kill(process, mark)
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(1.0)


def _kill(process: subprocess.Popen[bytes], mark: str) -> None:
    """End a program and what it started: its children hold the pipes open, also those that left its session."""
    with contextlib.suppress(OSError):
        if hasattr(os, "killpg"):
            os.killpg(process.pid, signal.SIGKILL)
        else:
            process.kill()
    for child in _marked(mark):
        with contextlib.suppress(OSError):
            os.kill(child, signal.SIGKILL)


def _marked(mark: str) -> Iterator[int]:
    """Yield the processes whose environment has a mark, where the system shows it."""
    for entry in Path("/proc").glob("[0-9]*/environ"):
        with contextlib.suppress(OSError):
            if f"{_MARK}={mark}".encode() in entry.read_bytes().split(b"\0"):
                yield int(entry.parent.name)
