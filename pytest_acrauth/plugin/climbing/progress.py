"""What a run says while it climbs, and while it waits."""

from __future__ import annotations

import time
from typing import Any, Self

import pytest

_NOW_AND_THEN = 10.0  # seconds between two lines where lines cannot be written over


class Progress:
    """Says how far a run is: on one line of a terminal, now and then elsewhere."""

    def __init__(self, config: pytest.Config) -> None:
        self._terminal: Any = config.pluginmanager.getplugin("terminalreporter")
        self._said = time.monotonic()

    def __enter__(self) -> Self:
        return self

    def __call__(self, done: int, every: int) -> None:
        """Say how many climbs of how many are done."""
        self._say(f"climbing {done}/{every}")

    def waiting(self, targets: int, seconds: float) -> None:
        """Say how many targets are waited for, and for how many seconds more that can go on."""
        self._say(f"waiting for {targets} to take effect, {seconds:.0f} s more at most")

    def _say(self, text: str) -> None:
        if self._terminal is None:
            return
        if self._terminal.isatty:
            self._terminal.rewrite(text, erase=True)
        elif time.monotonic() - self._said > _NOW_AND_THEN:
            self._said = time.monotonic()
            self._terminal.write_line(text)

    def __exit__(self, *_: object) -> None:
        if self._terminal is not None and self._terminal.isatty:
            self._terminal.rewrite("", erase=True)
            self._terminal.write("\r")
