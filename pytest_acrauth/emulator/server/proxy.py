"""A CONNECT proxy that leads the real host names to the emulator, for programs that know nothing of it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from http import HTTPStatus

from pytest_acrauth.emulator.server.machine import LOOPBACK, EmulatedMachine
from pytest_acrauth.emulator.world.network import ForwardProxy


class Proxy:
    """Tunnels connections as the machine would make them; answers 502 where it could not.

    ``manners`` returns how the network's own proxy behaves, None for one that only leads to the emulator.
    """

    def __init__(self, machine: EmulatedMachine, manners: Callable[[], ForwardProxy | None] = lambda: None) -> None:
        self._machine = machine
        self._manners = manners

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Handle one client connection."""
        try:
            with suppress(OSError, EOFError, asyncio.LimitOverrunError, asyncio.CancelledError):
                await self._tunnel(reader, writer)
        finally:
            writer.transport.abort()

    async def _tunnel(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        method, _, rest = head.partition(" ")
        host, _, port = rest.partition(" ")[0].rpartition(":")
        if (own := self._manners()) is not None and not await _lets_through(own, host, (reader, writer)):
            return
        if method != "CONNECT" or not port.isdecimal():
            await _say(writer, "405 Method Not Allowed")
            return
        try:
            service = await self._dial(host, int(port))
        except OSError:
            await _say(writer, "502 Bad Gateway")
        else:
            await self._relay((reader, writer), service)

    async def _relay(
        self,
        client: tuple[asyncio.StreamReader, asyncio.StreamWriter],
        service: tuple[asyncio.StreamReader, asyncio.StreamWriter],
    ) -> None:
        try:
            await _say(client[1], "200 Connection established")
            await asyncio.gather(_copy(client[0], service[1]), _copy(service[0], client[1]))
        finally:
            service[1].transport.abort()

    async def _dial(self, host: str, port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        addresses = self._machine.resolve(host).addresses
        if not addresses:
            raise OSError(host)
        door, said = self._machine.way(addresses[0], port)
        reader, writer = await asyncio.open_connection(LOOPBACK, door)
        writer.write(said)
        return reader, writer


async def _lets_through(
    own: ForwardProxy, host: str, client: tuple[asyncio.StreamReader, asyncio.StreamWriter]
) -> bool:
    """Behave as the network's own proxy does; return whether it opens a way."""
    reader, writer = client
    if own.silent:
        await reader.read()  # until the client gives up
    elif own.says is not None:
        writer.write(own.says)
        await writer.drain()
    elif status := next((status for end, status in own.forbids.items() if host.endswith(end)), None):
        await _say(writer, f"{status} {HTTPStatus(status).phrase}")
    else:
        return True
    return False


async def _say(writer: asyncio.StreamWriter, status: str) -> None:
    length = "" if status.startswith("200") else "Content-Length: 0\r\nConnection: close\r\n"
    writer.write(f"HTTP/1.1 {status}\r\n{length}\r\n".encode())
    await writer.drain()


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(65536):
        writer.write(data)
        await writer.drain()
    with suppress(OSError):
        writer.write_eof()
