"""A TCP forwarder that makes loopback as slow as a network with a round-trip time.

Usage: forwarder.py WAYS, a list in JSON of the arguments of `Forwarder.lead`. Prints the ports that are listened on;
each line on standard input is a new round-trip time in seconds, answered with the processor time spent so far; its end
is the end.
"""

from __future__ import annotations

import asyncio
import json
import math
import socket
import sys
import time
from collections.abc import Sequence
from functools import partial

LOOPBACK = "127.0.0.1"
_BACKLOG = 2048
_TICK = 1e-6  # between two batches that are due at once: asyncio's timers keep no order among equals


class Forwarder:
    """Holds back what it forwards: half a round trip in each direction, and a whole one for setting a connection up.

    The system answers a connect() at once all the same. So what the client says first is not sent on before the round
    trip is over that the connection would have taken. ``crossing`` is the shortest time, in seconds, that any bytes
    were really held, ``setting_up`` the shortest from a connection to its first bytes at the other end.
    """

    def __init__(self, round_trip: float = 0.0) -> None:
        self.round_trip = round_trip
        self.crossing = math.inf
        self.setting_up = math.inf

    async def lead(self, host: str, port: int, target: int, said: str = "") -> asyncio.Server:
        """Listen there, and forward every connection to the target port on loopback, where ``said`` is said first."""
        loop = asyncio.get_running_loop()
        near = partial(_Near, self, target, said.encode())
        return await loop.create_server(near, host, port, backlog=_BACKLOG)


class _End(asyncio.Protocol):
    """One end of a forwarded connection; what it receives leaves at the other end, later and in the same order."""

    other: _End

    def __init__(self, forwarder: Forwarder) -> None:
        self._forwarder = forwarder
        self._loop = asyncio.get_running_loop()
        self._last = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)  # what a TCP connection has
        transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        """Put a batch under way."""
        came = self._loop.time()
        self._loop.call_at(self._due(), self._arrive, data, came)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - an end is an end
        self._loop.call_at(self._due(), self.other.transport.close)

    def _due(self) -> float:
        """Return when what is sent on now arrives."""
        self._last = max(self._loop.time() + self._forwarder.round_trip / 2, self._last + _TICK)
        return self._last

    def _arrive(self, data: bytes, came: float) -> None:
        self._forwarder.crossing = min(self._forwarder.crossing, self._loop.time() - came)
        self.other.transport.write(data)


class _Near(_End):
    """The end that a client connected to; it opens the far one, and listens when that is open."""

    def __init__(self, forwarder: Forwarder, target: int, said: bytes) -> None:
        super().__init__(forwarder)
        self._target = target
        self._said = said
        self._opened = self._loop.time()
        self._last = self._opened + 3 * forwarder.round_trip / 2
        self._spoken = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self.transport.pause_reading()
        self._opening = self._loop.create_task(self._open())

    async def _open(self) -> None:
        self.other = _End(self._forwarder)
        self.other.other = self
        await self._loop.create_connection(lambda: self.other, LOOPBACK, self._target)
        self.other.transport.write(self._said)
        self.transport.resume_reading()

    def _arrive(self, data: bytes, came: float) -> None:
        if not self._spoken:
            self._forwarder.setting_up = min(self._forwarder.setting_up, self._loop.time() - self._opened)
            self._spoken = True
        super()._arrive(data, came)


async def main(ways: Sequence[tuple[str, int, int, str]]) -> None:
    """Forward until standard input ends."""
    forwarder, loop = Forwarder(), asyncio.get_running_loop()
    servers = [await forwarder.lead(*way) for way in ways]
    print(json.dumps([server.sockets[0].getsockname()[1] for server in servers]), flush=True)
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        forwarder.round_trip = float(line)
        print(time.process_time(), flush=True)


if __name__ == "__main__":
    asyncio.run(main(json.loads(sys.argv[1])))
