"""Looking names up without waiting longer than one wants: the system's resolver can block far beyond any limit."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable

from pytest_acrauth.model.machine import Resolution
from pytest_acrauth.probes.http.shared_work import THREADS

_THREADS = 16  # look-ups at once; a resolver that answers never needs more
_PATIENCE = 0.5  # seconds after which a look-up that still waits for a thread gets one of its own
_IDLE = 1.0  # seconds after which a thread without work ends


class _LookUp:
    """One name that is being looked up."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.done = threading.Event()
        self.found: Resolution | None = None
        self.error: BaseException | None = None


class Resolver:
    """A machine's resolver, asked by a few daemon threads on behalf of all climbs.

    Names that hang keep their threads, and nobody else's: whoever has waited for a thread long enough gets another.
    """

    def __init__(self, resolve: Callable[[str], Resolution]) -> None:
        self._resolve = resolve
        self._changed = threading.Condition()
        self._waiting: deque[_LookUp] = deque()
        self._threads = 0
        self._idle = 0
        self._busy = 0

    def look_up(self, name: str, seconds: float) -> Resolution | None:
        """Return what the resolver answers within so many seconds; None if it does not, and it is left behind."""
        wanted = _LookUp(name)
        with self._changed:
            self._waiting.append(wanted)
            if self._idle >= len(self._waiting):
                self._changed.notify()
            elif self._threads < _THREADS:
                self._start()
        while not wanted.done.wait(min(seconds, _PATIENCE)):
            seconds -= _PATIENCE
            if seconds <= 0.0:
                return None
            with self._changed:
                if wanted in self._waiting and self._busy == self._threads:
                    self._start()
        if wanted.error is not None:
            raise wanted.error
        return wanted.found

    def _start(self) -> None:
        self._threads += 1
        threading.Thread(target=self._work, name=f"{THREADS}-resolve", daemon=True).start()

    def _work(self) -> None:
        while (wanted := self._take()) is not None:
            try:
                wanted.found = self._resolve(wanted.name)
            except BaseException as error:  # noqa: BLE001 - raised again where the answer is waited for
                wanted.error = error
            wanted.done.set()
            with self._changed:
                self._busy -= 1

    def _take(self) -> _LookUp | None:
        """Return the next name to look up; None, and this thread counts no more, where none comes for a while."""
        with self._changed:
            self._idle += 1
            came = self._changed.wait_for(lambda: self._waiting, _IDLE)
            self._idle -= 1
            if came:
                self._busy += 1
                return self._waiting.popleft()
            self._threads -= 1
            return None
