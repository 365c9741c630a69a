"""``--acr-emulate list``: every scenario of the emulator, for a person to choose from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

import pytest

from pytest_acrauth.emulator import lacking
from pytest_acrauth.plugin.options import named
from pytest_acrauth.report.entries import families
from pytest_acrauth.report.lines import wrap

if TYPE_CHECKING:
    from pytest_acrauth.emulator import Scenario


def listing() -> str:
    """Return the scenarios by the families of their causes, with what they set, and apart those that only look alike.

    Raises `pytest.UsageError` without the emulator's dependencies.
    """
    try:
        from pytest_acrauth.emulator import LOOK_ALIKES, SCENARIOS
    except ImportError as error:
        raise pytest.UsageError(f"{named('emulate').flag}: {lacking(error)}") from error
    width, width_apart = max(map(len, SCENARIOS)), max(map(len, LOOK_ALIKES))
    lines = list(_row(SCENARIOS["healthy"], "nothing is broken", width))
    for family in families():
        titles = {cause.id: cause.title for cause in sorted(family.causes) if cause.id in SCENARIOS}
        if titles:
            lines += ["", *wrap(f"{family.id}: {family.about.rstrip('.')} ({len(titles)})")]
            lines += [line for name, title in titles.items() for line in _row(SCENARIOS[name], title, width)]
    lines += ["", *wrap(f"Worlds that look like another, and are diagnosed otherwise ({len(LOOK_ALIKES)})")]
    lines += [line for name in sorted(LOOK_ALIKES) for line in _look_alike(LOOK_ALIKES[name], width_apart)]
    count = len(SCENARIOS) + len(LOOK_ALIKES)
    lines += ["", *wrap(f"{count} scenarios. What stands behind 'sets' holds where you give no value of your own.")]
    return "\n".join(lines)


def _row(scenario: Scenario, words: str, width: int) -> Iterator[str]:
    later = " " * (width + 4)
    yield from wrap(words, f"  {scenario.id:<{width}}  ", later)
    yield from wrap(_sets(scenario.options), later, later + "  ") if scenario.options else ()


def _look_alike(scenario: Scenario, width: int) -> Iterator[str]:
    yield from _row(scenario, f"{scenario.cause}, looks like {scenario.like}", width)


def _sets(options: Mapping[str, str]) -> str:
    return f"sets {', '.join(f'{named(name).flag} {value}' for name, value in options.items())}"
