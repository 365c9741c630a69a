"""Work that several climbs need and that is done once: begun by the first that asks, waited for by the others."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable
from typing import Any, Generic, TypeVar

from pytest_acrauth.probes.http.deadline import Deadline

T = TypeVar("T")
#: How the names of all threads of ours begin.
THREADS = "acrauth"


class SharedWork(Generic[T]):
    """One piece of work, done in a daemon thread of its own from the moment it is made."""

    def __init__(self, work: Callable[[], T], name: str) -> None:
        self._finished = threading.Event()
        self._outcome: list[T] = []
        self._error: BaseException | None = None

        def run() -> None:
            try:
                self._outcome.append(work())
            except BaseException as error:  # noqa: BLE001 - raised again where the result is waited for
                self._error = error
            finally:
                self._finished.set()

        threading.Thread(target=run, name=f"{THREADS}-{name}", daemon=True).start()

    def result(self, deadline: Deadline) -> T | None:
        """Return what came of the work, or None when whoever waits for it has no time left."""
        return self.within(deadline.left())

    def within(self, seconds: float) -> T | None:
        """Return what came of the work, or None when it takes longer; its thread never holds the process."""
        if not self._finished.wait(seconds):
            return None
        if self._error is not None:
            raise self._error
        return self._outcome[0]


class Memo:
    """Every piece of work of one run, by a key that says what it is about."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._begun: dict[Hashable, SharedWork[Any]] = {}

    def once(self, key: Hashable, work: Callable[[], T], name: str) -> SharedWork[T]:
        """Return the work of this key, beginning it where nobody has."""
        with self._lock:
            if key not in self._begun:
                self._begun[key] = SharedWork(work, name)
            return self._begun[key]
