"""``--acr-config-write``: at the end of a run, a readiness file of what it found healthy."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from pytest_acrauth.plugin.asked import values
from pytest_acrauth.plugin.asked.options import OPTIONS
from pytest_acrauth.plugin.asked.readiness.shape import key_of
from pytest_acrauth.plugin.asked.readiness.writing import written
from pytest_acrauth.plugin.asked.settings import Settings, where
from pytest_acrauth.plugin.checks.failures import diagnoses_of, in_short
from pytest_acrauth.plugin.climbing.climbs import Climbs


def check_path(settings: Settings, config: pytest.Config) -> Path | None:
    """Return where to write, None where nothing is to be written.

    Raises `pytest.UsageError` for a file that is there, and for a folder that cannot be written to.
    """
    setting = settings["config-write"]
    if not setting.value:
        return None
    path = values.path(setting, setting.value, config)
    name = where("config-write", setting)
    if os.path.lexists(path):
        raise pytest.UsageError(f"{name}: {setting.value!r} is there already, and is never written over")
    if not values.writable(path):
        raise pytest.UsageError(f"{name}: {setting.value!r} cannot be written: a folder above it is closed, or none")
    return path


class ConfigWriter:
    """Writes the file, in the process that prints, and says what became of it."""

    def __init__(self, climbs: Climbs, settings: Settings, path: Path) -> None:
        self._climbs = climbs
        self._settings = settings
        self._path = path

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        climbed = self._climbs.climbed
        ready = [each.target for each in climbed if not any(each.broken())]
        if not ready:
            terminalreporter.write_line(f"acr: nothing was found ready, so {self._path.name} is not written")
            return
        left_out = [
            (each.target, ", ".join(map(in_short, diagnoses_of(each)))) for each in climbed if any(each.broken())
        ]
        text = written(ready, left_out, self._run(), self._climbs.plan.expiry, self._climbs.plan.machine.now())
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with self._path.open("x", encoding="utf-8") as file:
                try:
                    file.write(text)
                    file.flush()
                except BaseException:  # half of it would keep the next run from writing all of it
                    self._path.unlink()
                    raise
        except OSError as error:
            terminalreporter.write_line(f"acr: {self._path.name} could not be written: {error.strerror}")
            return
        terminalreporter.write_line(
            f"acr: {self._path.name} written, with {len(ready)} of {len(climbed)} that were ready"
        )

    def _run(self) -> dict[str, tuple[str, ...]]:
        """Return what somebody set of the options that a file can hold."""
        given = {option: self._settings[option.name] for option in OPTIONS if option.in_file}
        return {
            key_of(option): setting.values
            for option, setting in given.items()
            if setting.given and setting.values and setting.origin != "from scenario"
        }
