"""The entrance to every address: one listening socket, whatever the number of registries."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Callable
from contextlib import suppress
from typing import NamedTuple

from pytest_acrauth.emulator.server.doors import Door
from pytest_acrauth.emulator.server.machine import SAID

_PAUSE = 0.05  # seconds until it is tried again to let somebody in


class Behind(NamedTuple):
    """What is at an address: a protocol for each connection, over TLS where there is a context for it."""

    protocol: Callable[[], asyncio.BaseProtocol]
    tls: ssl.SSLContext | None = None


class Entrance:
    """Where all connections arrive; each says first which address it is for.

    ``accepted`` is told of every socket, ``reach`` of every address that is said, and returns what is there;
    ``missed`` is told of the address of a connection that came to nothing.
    """

    def __init__(
        self,
        accepted: Callable[[socket.socket], None],
        reach: Callable[[str], Behind],
        missed: Callable[[str], None],
    ) -> None:
        self._door = Door(accepted)
        self._reach, self._missed = reach, missed
        self._inside: set[asyncio.Task[None]] = set()
        self.port = self._door.port

    async def keep(self) -> None:
        """Let in whoever comes, side by side, until cancelled."""
        loop, knocked = asyncio.get_running_loop(), asyncio.Event()
        loop.add_reader(self._door, knocked.set)
        try:
            while await knocked.wait():
                knocked.clear()
                try:
                    # Not the loop's own way to accept: cancelled, it could lose a connection without closing it.
                    connection, _ = self._door.accept()
                except BlockingIOError:  # gone again
                    continue
                except OSError:  # no file descriptor is left just now: whoever comes has to wait
                    await asyncio.sleep(_PAUSE)
                    continue
                connection.setblocking(False)
                task = loop.create_task(self._let_in(connection))
                self._inside.add(task)  # asyncio holds it weakly
                task.add_done_callback(self._inside.discard)
        finally:
            loop.remove_reader(self._door)

    async def _let_in(self, connection: socket.socket) -> None:
        """Hand a connection to what is at the address that it is for."""
        address = ""
        try:
            address = await _heard(connection)
        finally:
            if not address:
                connection.close()
        if address:
            behind = self._reach(address)
            loop = asyncio.get_running_loop()
            try:
                await loop.connect_accepted_socket(behind.protocol, connection, ssl=behind.tls)
            except OSError:  # a handshake
                self._missed(address)

    def close(self) -> None:
        """Give the port back."""
        self._door.close()


async def _heard(connection: socket.socket) -> str:
    """Return the address that is said, '' where whoever came leaves before."""
    loop, said = asyncio.get_running_loop(), b""
    with suppress(OSError):
        while len(said) < SAID and (part := await loop.sock_recv(connection, SAID - len(said))):
            said += part
    return said.decode(errors="replace").strip() if len(said) == SAID else ""
