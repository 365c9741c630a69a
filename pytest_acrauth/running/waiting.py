"""Waiting for what was changed to take effect: broken targets are climbed again, side by side, until they hold."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any, NamedTuple, Protocol

from pytest_acrauth.model.observation import Reply
from pytest_acrauth.model.target import Target
from pytest_acrauth.model.transcript import Transcript, Waited
from pytest_acrauth.probes.http.manners import seconds_asked

#: Seconds before the second attempt; each pause is twice the one before it, and at most so long.
FIRST_PAUSE, LONGEST_PAUSE = 1.0, 30.0
_TICK = 1.0  # seconds between two words about how long the wait still is


class Clock(NamedTuple):
    """What time it is, in seconds since some moment, and how to let it pass."""

    now: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep


class Watcher(Protocol):
    """Whoever is told how a run is getting on, in the thread that runs it."""

    def __call__(self, done: int, every: int) -> None:
        """Hear how many climbs of how many are done."""

    def waiting(self, targets: int, seconds: float) -> None:
        """Hear that these many targets are waited for, and how many seconds the wait can still last."""


def wait(
    transcripts: Sequence[Transcript],
    climb: Callable[[Sequence[Target]], Sequence[Transcript]],
    limit: float,
    clock: Clock,
    watcher: Watcher | None = None,
) -> tuple[Transcript, ...]:
    """Climb what is broken and can be a delay again, for ``limit`` seconds, and return the last transcripts, in order.

    Pauses grow, and are as long as any answer's Retry-After asks; the last attempt comes at the end of the wait.
    ``climb`` climbs targets side by side, each afresh. What was broken at first says in its transcript what became of
    the wait.
    """
    began = clock.now()
    last, due = list(transcripts), dict[int, float]()

    def judge(number: int, transcript: Transcript, seconds: float) -> None:
        """Keep a transcript of an attempt that began after so many seconds, and see when another one follows."""
        waited = _counted(last[number].waited or Waited(limit=limit, attempts=0), transcript, seconds)
        due.pop(number, None)
        if any(transcript.broken()):
            waited, following = _next(waited, transcript, clock.now() - began)
            due.update({} if following is None else {number: following})
        last[number] = replace(transcript, waited=waited)

    for number, transcript in enumerate(transcripts):
        if any(transcript.broken()):
            judge(number, transcript, 0.0)
    while due:
        _let_pass(clock, began, min(due.values()), limit, len(due), watcher)
        seconds = clock.now() - began
        now = [number for number, when in due.items() if when <= seconds]
        for number, transcript in zip(now, climb([last[number].target for number in now]), strict=True):
            judge(number, transcript, seconds)
    return tuple(last)


def _counted(before: Waited, transcript: Transcript, seconds: float) -> Waited:
    """Return what became of the wait by one more attempt."""
    broken = [rung.stage.of_network for rung in transcript.broken()]
    since = seconds if before.network is None else before.network
    return replace(
        before,
        attempts=before.attempts + 1,
        seconds=seconds,
        network=None if any(broken) else since,
        permission=None if broken else seconds,
    )


def _next(waited: Waited, transcript: Transcript, seconds: float) -> tuple[Waited, float | None]:
    """Return when a broken target is tried again; None where it is not, and why in what became of the wait."""
    from pytest_acrauth.diagnosis.delay import no_delay  # where all is well, nothing of the catalogue is loaded

    left = waited.limit - seconds
    if why := no_delay(transcript):
        return replace(waited, no_delay=why), None
    if left <= 0.0:
        return waited, None
    asked = max(map(seconds_asked, _replies(transcript)), default=0.0)
    if asked > left:
        return replace(waited, asked=asked), None
    pause = min(FIRST_PAUSE * 2.0 ** (waited.attempts - 1), LONGEST_PAUSE)
    return waited, min(seconds + max(pause, asked), waited.limit)


def _let_pass(clock: Clock, began: float, due: float, limit: float, targets: int, watcher: Watcher | None) -> None:
    """Sleep until so many seconds are over, in short pieces."""
    while (passed := clock.now() - began) < due:
        if watcher is not None:
            watcher.waiting(targets, limit - passed)
        clock.sleep(min(due - passed, _TICK))


def _replies(record: Any) -> Iterator[Reply]:
    """Yield every answer that is recorded anywhere in a record."""
    if isinstance(record, Reply):
        yield record
    elif dataclasses.is_dataclass(record):
        for field in dataclasses.fields(record):
            yield from _replies(getattr(record, field.name))
    elif isinstance(record, tuple):
        for each in record:
            yield from _replies(each)
