"""Every peer of a climb, over real TLS in one process: what a sound world answers, with hostile answers among it.

A connection is a pair of sockets: the machine of a climb keeps one end, the peers get the other with the climb that it
belongs to. So thousands of climbs share one small world, and none sees what another one's peers do.
"""

from __future__ import annotations

import asyncio
import logging
import re
import socket
import ssl
import struct
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import trustme

from hostile.mutations import CLOSE, HOLD, RESET, Answer, Hand, Step, hostile
from pytest_acrauth.emulator.server.front import Front
from pytest_acrauth.emulator.server.log import LoggedRequest
from pytest_acrauth.emulator.world import World
from pytest_acrauth.model.machine import Resolution, Resolved
from pytest_acrauth.probes.machine import RealMachine

PROXY = "proxy.example"
_HTTPS, _PROXY_PORT = 443, 3128
_MOST = 4 * 1024 * 1024
_HOLD = 60.0
_TOKEN = re.compile(rb"eyJ[\w-]{10,}\.[\w-]{10,}\.[\w-]{10,}")


@dataclass(frozen=True)
class Received:
    """What reached a host: the bytes of a request, or of what came in its place."""

    host: str
    secured: bool
    data: bytes


@dataclass
class Climbing:
    """One climb as its peers see it.

    ``turns`` are the requests, counted over all hosts, that are answered in a hostile way; ``tunnel`` is whether the
    proxy's answer is. ``canaries`` grow with every token that a peer hands out. ``request_token`` is a CI job's.
    """

    hand: Hand
    turns: frozenset[int]
    world: str = ""
    tunnel: bool = False
    asked: int = 0
    played: list[str] = field(default_factory=list)
    received: list[Received] = field(default_factory=list)
    canaries: list[str] = field(default_factory=list)
    request_token: str = ""
    hosts: dict[str, str] = field(default_factory=dict)


class Forgotten(list[LoggedRequest]):
    """A log that keeps only what it was given last: a hundred thousand requests would be memory that grows."""

    def append(self, each: LoggedRequest) -> None:
        self[:] = [each]

    def __getitem__(self, place: Any) -> Any:
        return super().__getitem__(-1)

    def __setitem__(self, place: Any, each: Any) -> None:
        super().__setitem__(slice(None), [each] if isinstance(each, LoggedRequest) else each)


class Peers:
    """All peers, in one daemon thread, until `close`."""

    def __init__(self, worlds: Mapping[str, World]) -> None:
        self.authority = trustme.CA()
        self._contexts: dict[str, ssl.SSLContext] = {}
        self._context = self._made("myacr.azurecr.io")
        self._context.sni_callback = self._show
        self._fronts = {name: Front(world, Forgotten()) for name, world in worlds.items()}
        self._known = {host for world in worlds.values() for host in world.network.names}
        self._loop = asyncio.new_event_loop()
        self._closing = threading.Lock()
        self._closed = False
        logging.getLogger("asyncio").setLevel(logging.CRITICAL)  # it tells of every peer that left
        self._thread = threading.Thread(target=self._loop.run_forever, name="hostile-peers", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """End all connections and the thread."""

        async def end() -> None:
            # A connection that is made while others end is another task, and what it leaves open would be told of in
            # another test.
            while tasks := asyncio.all_tasks() - {asyncio.current_task()}:
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)
                await asyncio.sleep(0)

        with self._closing:
            self._closed = True
        asyncio.run_coroutine_threadsafe(end(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def is_sound(self, host: str) -> bool:
        """Whether a host belongs to the world, and not to whoever wants to be sent something."""
        return host in self._known

    def connect(self, climbing: Climbing, host: str, port: int) -> socket.socket:
        """Return a connection to a host, which belongs to a climb."""
        with self._closing:
            if self._closed:  # a thread of a climb that was given up may come so late
                raise ConnectionRefusedError
            near, far = socket.socketpair()
            asyncio.run_coroutine_threadsafe(self._accept(climbing, host, port, far), self._loop)
        return near

    async def _accept(self, climbing: Climbing, host: str, port: int, far: socket.socket) -> None:
        """Serve one connection until it ends."""
        far.setblocking(False)
        streams: asyncio.Future[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = self._loop.create_future()
        protocol = asyncio.StreamReaderProtocol(
            asyncio.StreamReader(_MOST, self._loop), lambda *both: streams.set_result(both), self._loop
        )
        await self._loop.connect_accepted_socket(lambda: protocol, far)
        await self._serve(climbing, host, port, *await streams)

    def _made(self, host: str) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.authority.issue_cert(host).configure_cert(context)
        return context

    def _show(self, connection: ssl.SSLObject, host: str | None, _: ssl.SSLContext) -> None:
        """Show everybody a certificate of the host that is asked for: whoever strays is not stopped by TLS."""
        if host:
            try:
                if host not in self._contexts:
                    self._contexts[host] = self._made(host)
                connection.context = self._contexts[host]
            except (ValueError, ssl.SSLError):  # no name that a certificate can be for
                return

    async def _serve(
        self, climbing: Climbing, host: str, port: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        try:
            if port == _PROXY_PORT:
                asked = await self._heard(reader)
                climbing.received.append(Received(PROXY, secured=False, data=asked))
                host = asked.split(b" ")[1].partition(b":")[0].decode("ascii", "replace") if b" " in asked else ""
                opened = Answer(200, [], b"")
                if climbing.tunnel:
                    await _play(hostile(opened, climbing.hand), writer)
                    return
                writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
                await writer.drain()
            elif port != _HTTPS:
                climbing.received.append(Received(host, secured=False, data=await reader.read(65_536)))
                return
            await writer.start_tls(self._context)
            while asked := await self._heard(reader):
                climbing.received.append(Received(host, secured=True, data=asked))
                answer = await self._answered(climbing, host, asked)
                climbing.canaries += [found.decode() for found in _TOKEN.findall(answer.body)]
                turn = climbing.asked
                climbing.asked += 1
                if turn in climbing.turns:
                    climbing.played.append(
                        f"{asked.split(b'?')[0].split(b' HTTP')[0].decode('ascii', 'replace')} at {host}"
                    )
                    if not await _play(hostile(answer, climbing.hand), writer):
                        return
                else:
                    await _play([answer.encoded()], writer)
        except (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, ValueError):
            return
        finally:
            writer.transport.abort()

    async def _heard(self, reader: asyncio.StreamReader) -> bytes:
        """Return one request with its body, b"" at the end."""
        try:
            head = await reader.readuntil(b"\r\n\r\n")
        except asyncio.IncompleteReadError as rest:
            return rest.partial
        length = re.search(rb"\r\ncontent-length: *(\d+)", head, re.IGNORECASE)
        return head + (await reader.readexactly(int(length[1])) if length else b"")

    async def _answered(self, climbing: Climbing, host: str, asked: bytes) -> Answer:
        """Return the sound answer to a request, by the services of the climb's world."""
        if not self.is_sound(host):
            return Answer(200, [("Content-Type", "application/octet-stream")], b"x" * 64)
        head, _, body = asked.partition(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").split("\r\n")
        method, target, _ = first.split(" ")
        path, _, query = target.partition("?")
        headers = [tuple(line.encode("latin-1").split(b": ", 1)) for line in lines if ": " in line]
        scope: dict[str, Any] = {
            "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": method, "scheme": "https",
            "path": path, "raw_path": path.encode(), "query_string": query.encode(), "root_path": "",
            "headers": [(name.lower(), value) for name, value in headers], "client": None, "server": (host, _HTTPS),
            "state": {"address": "198.18.0.1"},
        }  # fmt: skip
        answer = Answer(500, [], b"")

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: Any) -> None:
            if message["type"] == "http.response.start":
                answer.status = message["status"]
                answer.headers = [
                    (name.decode("latin-1"), value.decode("latin-1")) for name, value in message["headers"]
                ]
            else:
                answer.body += message.get("body", b"")

        await self._fronts[climbing.world](scope, receive, send)
        return answer


async def _play(steps: list[Step], writer: asyncio.StreamWriter) -> bool:
    """Do what a peer does; return whether the connection is left open."""
    for step in steps:
        match step:
            case bytes():
                writer.write(step)
                await writer.drain()
            case float():
                await asyncio.sleep(step)
            case _ if step == HOLD:
                await asyncio.sleep(_HOLD)
                return False
            case _ if step == RESET:
                if (below := writer.transport.get_extra_info("socket")) is not None:
                    below.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                return False
            case _ if step == CLOSE:
                return False
    return True


@dataclass
class OwnMachine(RealMachine):
    """The machine of one climb: every name resolves, and every connection leads to that climb's peers."""

    peers: Peers
    climbing: Climbing
    variables: Mapping[str, str]

    @property
    def environ(self) -> Mapping[str, str]:
        return self.variables

    @property
    def trust(self) -> str:
        return "the test's own authority"

    def ssl_context(self) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        self.peers.authority.configure_trust(context)
        return context

    def resolve(self, name: str) -> Resolution:
        hosts = self.climbing.hosts
        address = hosts.setdefault(name, f"198.18.{len(hosts) // 250}.{len(hosts) % 250 + 1}")
        return Resolution(Resolved.FOUND, (address,), (name,))

    def dial(self, address: str, port: int, timeout: float) -> socket.socket:  # noqa: ARG002 - it is there at once
        host = next((name for name, own in list(self.climbing.hosts.items()) if own == address), address)
        return self.peers.connect(self.climbing, host, port)
