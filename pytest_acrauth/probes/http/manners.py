"""Hosts that have asked for silence (429 with Retry-After), and until when: what the climbs of a run owe them."""

from __future__ import annotations

import threading
import time
from email.utils import parsedate_to_datetime

from pytest_acrauth.model.observation import Reply

_MOST = 3600.0  # seconds: whoever asks for more is taken to mean no climb of this run


class Silences:
    """The silences that hosts of one run have asked for. Safe between threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._until: dict[str, float] = {}

    def heed(self, host: str, reply: Reply) -> None:
        """Take note of a 429's Retry-After; of any other answer, and of one that names no time, there is nothing."""
        if reply.status != 429 or not (seconds := seconds_asked(reply)):
            return
        with self._lock:
            self._until[host] = max(self._until.get(host, 0.0), time.monotonic() + seconds)

    def left(self, host: str) -> float:
        """Return for how many seconds a host still wants no request, 0.0 where it does not say so."""
        return max(0.0, self._until.get(host, 0.0) - time.monotonic())


def seconds_asked(reply: Reply) -> float:
    """Return the seconds that a Retry-After asks for (RFC 9110, 10.2.3); a date counts from that of the answer."""
    text = reply.retry_after.strip()
    if text.isascii() and text.isdigit():
        return min(float(text[:6]), _MOST)
    try:
        asked = parsedate_to_datetime(text) - parsedate_to_datetime(reply.date)
    except (TypeError, ValueError, OverflowError):
        return 0.0
    return min(max(0.0, asked.total_seconds()), _MOST)
