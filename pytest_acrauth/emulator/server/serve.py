"""Serving a world: what is at every address, TLS, the CONNECT proxy, in one daemon thread."""

from __future__ import annotations

import asyncio
import secrets
import socket
import ssl
import threading
import weakref
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from contextlib import ExitStack, suppress
from functools import partial

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.server import ServerState

from pytest_acrauth.emulator.azure.metadata import ADDRESS, APP_SERVICE_PATH
from pytest_acrauth.emulator.programs.home import Home
from pytest_acrauth.emulator.server.certificates import Authorities
from pytest_acrauth.emulator.server.doors import BlackHole, ClosedPort, Cut, Door, Reset
from pytest_acrauth.emulator.server.entrance import Behind, Entrance
from pytest_acrauth.emulator.server.front import Front
from pytest_acrauth.emulator.server.log import LoggedRequest
from pytest_acrauth.emulator.server.machine import LOOPBACK, PROXY, EmulatedMachine
from pytest_acrauth.emulator.server.proxy import Proxy
from pytest_acrauth.emulator.world import World
from pytest_acrauth.emulator.world.network import Route
from pytest_acrauth.emulator.world.workplace import Host

_KEEP_ALIVE = 75
_CLOSING = 200  # turns of the loop, a millisecond each, in which connections must have ended

#: Handles one connection of a stream server.
Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Coroutine[None, None, None]]


class Server:
    """The emulated services on loopback ports; `start` and `stop` once each."""

    def __init__(self, world: World) -> None:
        self.requests: list[LoggedRequest] = []
        self.connections: list[str] = []
        self._world = world
        self._authorities = Authorities()
        self._context = self._authorities.context(world.network.certificate_for)
        self._servers: list[asyncio.Server] = []
        self._handling: set[asyncio.Task[None] | None] = set()
        self._accepted: weakref.WeakSet[socket.socket] = weakref.WeakSet()
        self._entrance = Entrance(self._accepted.add, self._reach, self._missed)
        self._closed, self._hole = ClosedPort(), BlackHole()
        self._ports: dict[str, int] = {
            Route.OPEN: self._entrance.port,
            Route.CLOSED: int(self._closed.getsockname()[1]),
            Route.FILTERED: self._hole.port,
        }
        self._own_proxy = Door(self._accepted.add)
        self._ports[PROXY] = self._own_proxy.port
        self._state = ServerState()
        self._ready: Future[None] = Future()
        self._thread = threading.Thread(target=self._run, name="acr-emulator", daemon=True)
        self.machine = EmulatedMachine(
            world.network,
            world.machine,
            self._ports,
            self._authorities.trusted_pem,
            lambda host: world.answered(host, None),
        )
        self._proxy = Door(self._accepted.add)
        self.proxy_url = f"http://{LOOPBACK}:{self._proxy.port}"
        self._programs = Door(self._accepted.add)

    def start(self) -> None:
        """Serve from a thread; returns when connections are accepted, raises what kept that from happening."""
        with ExitStack() as undone:
            undone.callback(self._close_ports)
            self._home = Home(self._world, LOOPBACK, self._programs.port)
            undone.callback(self._home.close)
            self._home.furnish()
            self._thread.start()
            self._ready.result()
            undone.pop_all()

    def stop(self) -> None:
        """End all connections, give every port back and leave no file."""
        self._loop.call_soon_threadsafe(self._end.set)
        self._thread.join()
        self._home.close()

    def follow(self) -> None:
        """Bring files, environment and the instance metadata up to what came into the world since it is served."""
        asyncio.run_coroutine_threadsafe(self._open(), self._loop).result()
        self._home.follow()

    def _run(self) -> None:
        try:
            asyncio.run(self._serve())
        except BaseException as error:  # noqa: BLE001 - whatever it is, whoever starts the server is told
            self._ready.set_exception(error)

    async def _serve(self) -> None:
        self._loop, self._end = asyncio.get_running_loop(), asyncio.Event()
        config = uvicorn.Config(
            Front(self._world, self.requests),
            http=H11Protocol,
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            proxy_headers=False,
            server_header=False,
            date_header=False,
            timeout_keep_alive=_KEEP_ALIVE,
        )
        config.load()
        self._config = config
        keeper = self._loop.create_task(self._entrance.keep())
        try:
            await self._open()
            self._servers.append(await asyncio.start_server(self._held(Proxy(self.machine).serve), sock=self._proxy))
            own = Proxy(self.machine, lambda: self._world.network.proxy)
            self._servers.append(await asyncio.start_server(self._held(own.serve), sock=self._own_proxy))
            self._servers.append(await asyncio.start_server(self._held(self._home.serve), sock=self._programs))
            self._ready.set_result(None)
            await self._end.wait()
        finally:
            keeper.cancel()
            await asyncio.wait([keeper])
            await self._close()

    def _reach(self, address: str) -> Behind:
        self._count(address)
        route = self._world.network.routes.get(address, Route.OPEN)
        if route in {Route.MUTE, Route.RESET, Route.CUT}:
            self._missed(address)
        match route:
            case Route.MUTE:
                return Behind(asyncio.Protocol)
            case Route.RESET:
                return Behind(Reset)
            case Route.CUT:
                return Behind(Cut, self._context)
        return Behind(self._http(address), self._shown_at(address))

    def _missed(self, address: str) -> None:
        """Take note of a connection to an address over which no request came."""
        self._world.answered(self._world.network.host_at(address) or address, None)

    def _shown_at(self, address: str) -> ssl.SSLContext:
        """Return what shows the certificate of the host that is asked for, or of the one that is at the address."""
        own = self._world.network.host_at(address)
        if own is None or not self._world.network.is_believed(address):
            return self._context
        return self._authorities.context(lambda _asked: self._world.network.certificate_for(own))

    def _http(self, address: str) -> Callable[[], asyncio.Protocol]:
        # uvicorn's own server would poll for its end; it makes its protocols the same way.
        return partial(H11Protocol, self._config, self._state, {"address": address})

    def _count(self, address: str) -> None:
        self.connections.append(self._world.network.host_at(address) or address)

    def _held(self, handle: Handler) -> Handler:
        """Keep each connection's task: asyncio holds it weakly, and would let it be collected while it waits."""

        async def held(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            task = asyncio.current_task()
            self._handling.add(task)
            try:
                await handle(reader, writer)
            finally:
                self._handling.discard(task)

        return held

    async def _open(self) -> None:
        if self._world.machine.host is not None:
            await self._open_metadata(self._world.machine.host)

    async def _open_metadata(self, host: Host) -> None:
        """Serve the machine's instance metadata, over plain HTTP as everywhere, and name it in the environment."""
        if ADDRESS not in self._ports:
            door = Door(self._came_for_metadata)
            self._servers.append(await self._loop.create_server(self._http(ADDRESS), sock=door))
            self._ports[ADDRESS] = door.port
        root, environ = f"http://{LOOPBACK}:{self._ports[ADDRESS]}", self._world.machine.environ
        for name in ("AZURE_POD_IDENTITY_AUTHORITY_HOST", "IDENTITY_ENDPOINT"):
            environ.pop(name, None)
        if host is Host.VIRTUAL_MACHINE:
            environ["AZURE_POD_IDENTITY_AUTHORITY_HOST"] = root
        else:
            environ["IDENTITY_ENDPOINT"] = f"{root}{APP_SERVICE_PATH}"
            environ.setdefault("IDENTITY_HEADER", secrets.token_hex(16))

    def _came_for_metadata(self, connection: socket.socket) -> None:
        self._count(ADDRESS)
        self._accepted.add(connection)

    def _close_ports(self) -> None:
        for held in (self._entrance, self._proxy, self._own_proxy, self._programs, self._closed, self._hole):
            held.close()

    async def _close(self) -> None:
        for server in self._servers:
            server.close()
        self._close_ports()
        # The sockets are shut down below whatever uses them: each layer above then ends by itself, a handshake too.
        for connection in list(self._accepted):
            with suppress(OSError):  # it ended by itself
                connection.shutdown(socket.SHUT_RDWR)
        for _ in range(_CLOSING):
            if not any(connection.fileno() >= 0 for connection in list(self._accepted)):
                break
            await asyncio.sleep(0.001)
