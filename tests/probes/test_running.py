"""Programs and what they leave behind: ended with their time, left alone where they answered."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from pytest_acrauth.probes.programs.running import run_program

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="shell scripts, and processes that tell of others")
ENVIRON = {"PATH": "/usr/bin:/bin"}


@pytest.fixture
def script(tmp_path):
    """Make a program of shell lines and return its path."""

    def make(lines: str) -> str:
        path = tmp_path / "program"
        path.write_text(f"#!/bin/sh\n{lines}\n")
        path.chmod(0o700)
        return str(path)

    return make


def gone(pid: str) -> bool:
    """Tell whether a process has ended; killed, it may take a moment."""
    until = time.monotonic() + 10
    while time.monotonic() < until:
        asked = ["ps", "-o", "stat=", "-p", pid]
        if not subprocess.run(asked, capture_output=True, text=True, check=False).stdout.strip("Z+s< \n"):
            return True
    return False


@pytest.mark.parametrize("away", ["", "setsid"])
def test_a_grandchild_ends_with_its_programs_time(script, tmp_path, away):
    """What a program started is ended with it, in a session of its own, too."""
    inner = f"echo $$ >{tmp_path}/pid; exec sleep 600"
    program = script(f"{away} sh -c '{inner}' & while ! [ -s {tmp_path}/pid ]; do :; done; wait; sleep 600")
    ended = run_program([program], ENVIRON, 1.0)
    assert ended.timed_out
    assert gone((tmp_path / "pid").read_text().strip())


def test_what_answered_may_leave_somebody_behind(script, tmp_path):
    """The answer of a program counts although an agent that it started holds its pipes, and the agent goes on."""
    inner = f"echo $$ >{tmp_path}/pid; exec sleep 600"
    program = script(f"setsid sh -c '{inner}' & while ! [ -s {tmp_path}/pid ]; do :; done; echo answer; echo words >&2")
    ended = run_program([program], ENVIRON, 60.0)
    pid = (tmp_path / "pid").read_text().strip()
    try:
        assert (ended.exit_code, ended.out, ended.err) == (0, b"answer\n", b"words\n")
        assert Path(f"/proc/{pid}").exists()
    finally:
        os.kill(int(pid), 9)


def test_an_answer_that_comes_later_is_waited_for(script, tmp_path):
    """Where a program ends without a word and its child answers, the child is given the time there is."""
    program = script(f"(while ! [ -e {tmp_path}/go ]; do :; done; echo answer) & touch {tmp_path}/go")
    assert run_program([program], ENVIRON, 60.0).out == b"answer\n"


def test_what_a_program_prints_is_bounded(script):
    """A program that never stops printing ends with its time at the latest, and little is kept."""
    ended = run_program([script("exec cat /dev/zero")], ENVIRON, 20.0)
    assert len(ended.out) == 1024 * 1024


def test_a_path_that_is_none(script):
    """What cannot be a program's argument or environment keeps it from starting, and is no exception."""
    assert run_program([script("true"), "\0"], ENVIRON, 1.0).trouble


def test_a_program_that_is_being_written_is_waited_for(script):
    """A file that somebody has open for writing cannot be started yet; while it stays so, that is what is told."""
    path = script("echo there")
    with Path(path).open("ab") as writing:
        assert "busy" in run_program([path], ENVIRON, 0.1).trouble
        closing = threading.Timer(0.1, writing.close)
        closing.start()
        assert run_program([path], ENVIRON, 10.0).out.strip() == b"there"
        closing.join()


@pytest.mark.parametrize("error", [KeyboardInterrupt, RuntimeError])
def test_who_cannot_wait_leaves_nothing_running(script, tmp_path, monkeypatch, error):
    """Where waiting ends in an exception, Ctrl-C for one, the program ends too."""
    waits = subprocess.Popen.wait

    def broken(process, limit):
        monkeypatch.setattr(subprocess.Popen, "wait", waits)
        while not (tmp_path / "pid").is_file() or not (tmp_path / "pid").read_text().strip():
            pass
        raise error(process, limit)

    monkeypatch.setattr(subprocess.Popen, "wait", broken)
    with pytest.raises(error):
        run_program([script(f"echo $$ >{tmp_path}/pid; exec sleep 600")], ENVIRON, 60.0)
    assert gone((tmp_path / "pid").read_text().strip())
