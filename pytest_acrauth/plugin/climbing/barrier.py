"""The barrier before the first test: what tests need of climbs is there before one of them runs.

Nothing of a climb then runs beside the tests, where their warning filters, patches, timeouts and log capture would
reach it.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable

import pytest

from pytest_acrauth.auth import BadAuth
from pytest_acrauth.plugin.asked.plan import Plan
from pytest_acrauth.plugin.asked.settings import runs_nothing
from pytest_acrauth.plugin.cleaning.text import TextCleaner
from pytest_acrauth.plugin.climbing.climbs import Climbs, Needs
from pytest_acrauth.plugin.climbing.distribution import Worker
from pytest_acrauth.plugin.climbing.progress import Progress

#: Says what tests need, of a plan.
WhatIsNeeded = Callable[[Iterable[pytest.Item], Plan], Needs]


class Barrier:
    """Hooks of a process that runs tests itself: before the first of them it climbs.

    A worker takes what the controller recorded, and climbs only what is missing then.
    """

    def __init__(self, climbs: Climbs, cleaner: TextCleaner, needs: WhatIsNeeded, worker: Worker | None = None) -> None:
        self._climbs = climbs
        self._cleaner = cleaner
        self._needs = needs
        self._worker = worker

    @pytest.hookimpl(tryfirst=True)  # before the worker tells the controller that it has collected
    def pytest_collection_finish(self, session: pytest.Session) -> None:
        if self._worker is not None:
            self._worker.request(self._needed(session))

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> Generator[None, object, object]:
        gives_up = session.testsfailed and not session.config.option.continue_on_collection_errors
        needed = self._needed(session)
        if any(needed) and not (runs_nothing(session.config) or gives_up):
            if self._worker is not None:
                self._worker.receive(needed)
            with Progress(session.config) as progress:
                try:
                    self._climbs.gather_all(needed, progress)
                except BadAuth as error:  # it was fit to be used when the run began
                    raise pytest.UsageError(self._cleaner.clean(str(error))) from error
        return (yield)

    def _needed(self, session: pytest.Session) -> Needs:
        return self._needs(session.items, self._climbs.plan)
