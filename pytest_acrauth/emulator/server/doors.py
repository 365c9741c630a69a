"""Listening sockets on loopback, and what is behind them for each state that the way to an address can be in."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import Callable
from contextlib import suppress

from pytest_acrauth.emulator.server.machine import LOOPBACK

_BACKLOG = 1024  # as many as dial at once


class Door(socket.socket):
    """A listening socket that tells of every connection it accepts."""

    def __init__(self, entered: Callable[[socket.socket], None]) -> None:
        # The protocol is named: asyncio switches Nagle's algorithm off only for sockets that say they are TCP.
        super().__init__(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        self._entered = entered
        self.bind((LOOPBACK, 0))
        self.listen(_BACKLOG)
        self.setblocking(False)

    @property
    def port(self) -> int:
        """The port it listens on."""
        return int(self.getsockname()[1])

    def accept(self) -> tuple[socket.socket, object]:
        """Accept a connection and tell of it."""
        connection, peer = super().accept()
        self._entered(connection)
        return connection, peer


class ClosedPort(socket.socket):
    """A port that is taken and where nobody listens: connections are refused."""

    def __init__(self) -> None:
        super().__init__(socket.AF_INET, socket.SOCK_STREAM)
        self.bind((LOOPBACK, 0))


class BlackHole:
    """A port where connections are never answered: a listener with its queue filled drops what comes after."""

    def __init__(self) -> None:
        self._listener = socket.create_server((LOOPBACK, 0), backlog=0)
        self.port = int(self._listener.getsockname()[1])
        self._callers = [socket.socket() for _ in range(4)]
        for caller in self._callers:
            caller.setblocking(False)
            with suppress(BlockingIOError):
                caller.connect((LOOPBACK, self.port))

    def close(self) -> None:
        """Give the port back."""
        for each in (self._listener, *self._callers):
            each.close()


class Reset(asyncio.Protocol):
    """Breaks a connection off as soon as the client has said something, so that connecting itself succeeds."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def data_received(self, _data: bytes) -> None:
        """Close without lingering, which sends a reset."""
        assert isinstance(self._transport, asyncio.Transport)  # noqa: S101 - what a TCP server gives
        connection = self._transport.get_extra_info("socket")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._transport.abort()


class Cut(asyncio.Protocol):
    """Ends a connection in good order when something was asked: the client reads an end and no answer."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def data_received(self, _data: bytes) -> None:
        """Close, with TLS's own farewell where there is TLS."""
        self._transport.close()
