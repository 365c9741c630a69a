"""``--acr-emulate list``: every scenario of the emulator, for a person to choose from."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from pytest_acrauth.emulator import lacking
from pytest_acrauth.plugin.asked.options import named
from pytest_acrauth.report.entries import families
from pytest_acrauth.report.entry_text import heading
from pytest_acrauth.report.lines import wrap

if TYPE_CHECKING:
    from pytest_acrauth.emulator import Scenario


_BELOW = " " * 6


def listing() -> str:
    """Return the scenarios by families of causes, with what they set, and apart those that look alike or pass.

    Raises `pytest.UsageError` without the emulator's dependencies.
    """
    try:
        from pytest_acrauth.emulator import DELAYS, LOOK_ALIKES, SCENARIOS
    except ImportError as error:
        raise pytest.UsageError(f"{named('emulate').flag}: {lacking(error)}") from error
    width = max(map(len, SCENARIOS))
    lines = [_row("healthy", "nothing is broken", width)]
    for family in families():
        titles = {cause.id: cause.title for cause in sorted(family.causes) if cause.id in SCENARIOS}
        if titles:
            lines += ["", *heading(family, len(titles))]
            lines += [line for name, title in titles.items() for line in _scenario(SCENARIOS[name], title, width)]
    lines += ["", f"Worlds that look like another, and are diagnosed otherwise ({len(LOOK_ALIKES)})"]
    lines += [line for name in sorted(LOOK_ALIKES) for line in _look_alike(LOOK_ALIKES[name])]
    lines += ["", f"Worlds in which a change takes effect while one waits ({len(DELAYS)})"]
    lines += [line for name in sorted(DELAYS) for line in _delay(DELAYS[name])]
    count = len(SCENARIOS) + len(LOOK_ALIKES) + len(DELAYS)
    return "\n".join([*lines, "", f"{count} scenarios. What they set holds where you give no value of your own."])


def _row(name: str, title: str, width: int) -> str:
    return "\n".join(wrap(title, f"  {name:<{width}}  ", " " * (width + 4)))


def _scenario(scenario: Scenario, title: str, width: int) -> Iterator[str]:
    yield _row(scenario.id, title, width)
    yield from _sets(scenario)


def _look_alike(scenario: Scenario) -> Iterator[str]:
    yield f"  {scenario.id}"
    yield from wrap(f"diagnosed as {scenario.cause}; looks like {scenario.like}", _BELOW)
    yield from _sets(scenario)


def _delay(scenario: Scenario) -> Iterator[str]:
    yield f"  {scenario.id}"
    yield from wrap(f"{scenario.like} at first, and ready after some attempts", _BELOW)
    yield from _sets(scenario)


def _sets(scenario: Scenario) -> Iterator[str]:
    if scenario.options:
        options = ", ".join(f"{named(name).flag} {value}" for name, value in scenario.options.items())
        yield from wrap(f"sets {options}", _BELOW)
