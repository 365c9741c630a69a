"""What a run says while it climbs and waits: one line that goes away again on a terminal, next to nothing elsewhere."""

from __future__ import annotations

import pytest

from pytest_acrauth.plugin.climbing.progress import Progress


class Terminal:
    """Stands in for pytest's reporter and keeps what it is told."""

    def __init__(self, *, isatty: bool) -> None:
        self.isatty = isatty
        self.told: list[str] = []

    def rewrite(self, text: str, *, erase: bool) -> None:
        assert erase
        self.told.append(text)

    def write(self, text: str) -> None:
        self.told.append(text)

    def write_line(self, text: str) -> None:
        self.told.append(text)


def told(pytester: pytest.Pytester, *, isatty: bool) -> list[str]:
    """Return what a reporter is told while two climbs are done, and two targets are waited for."""
    terminal = Terminal(isatty=isatty)
    config = pytester.parseconfig()
    config.pluginmanager.register(terminal, "terminalreporter")
    with Progress(config) as progress:
        progress(1, 2)
        progress(2, 2)
        progress.waiting(2, 41.6)
    return terminal.told


def test_a_terminal_shows_one_line_and_nothing_in_the_end(pytester: pytest.Pytester) -> None:
    """The count is written over itself and then wiped away."""
    assert told(pytester, isatty=True) == [
        "climbing 1/2",
        "climbing 2/2",
        "waiting for 2 to take effect, 42 s more at most",
        "",
        "\r",
    ]


def test_a_log_stays_empty_while_climbs_are_quick(pytester: pytest.Pytester) -> None:
    """Where lines cannot be written over, two quick climbs are not worth one."""
    assert told(pytester, isatty=False) == []
