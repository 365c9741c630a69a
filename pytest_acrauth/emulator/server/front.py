"""What a request meets on its way in: the log, devices between machine and service, and the service of its host."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import NamedTuple

from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from pytest_acrauth.emulator.azure.answers import Answer
from pytest_acrauth.emulator.azure.arm import Arm
from pytest_acrauth.emulator.azure.data import BlobLinks, DataHosts
from pytest_acrauth.emulator.azure.entra import Entra
from pytest_acrauth.emulator.azure.graph import Graph
from pytest_acrauth.emulator.azure.id_tokens import IdTokens
from pytest_acrauth.emulator.azure.login import TokenServer
from pytest_acrauth.emulator.azure.metadata import ADDRESS, Metadata
from pytest_acrauth.emulator.azure.registry import Registries
from pytest_acrauth.emulator.world import World
from pytest_acrauth.emulator.world.cloud import ARM, AUTHORITY, GRAPH
from pytest_acrauth.emulator.world.network import Device


class LoggedRequest(NamedTuple):
    """One request and the status it was answered with; the path is decoded and without query."""

    host: str
    method: str
    path: str
    status: int


class Front:
    """The ASGI application at every address. A request's state holds the ``address`` that its connection reached."""

    def __init__(self, world: World, log: Callable[[LoggedRequest], None]) -> None:
        self._world = world
        self._log = log
        links = BlobLinks(world)
        self._registries = Registries(world, TokenServer(world), links).app
        self._data = DataHosts(world, links)
        self._id_tokens = IdTokens(world)
        self._central: dict[str, ASGIApp] = {
            AUTHORITY: Entra(world).app,
            ARM: Arm(world),
            GRAPH: Graph(world).app,
            ADDRESS: Metadata(world).app,
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        host = Request(scope).headers.get("host", "").partition(":")[0].lower()
        host = scope["state"]["host"] = ADDRESS if scope["state"]["address"] == ADDRESS else host
        device = self._world.network.devices.get(host, Device())
        if scope["path"].startswith(device.swallows):
            await _gone(receive)
            return
        logged = self._logging(scope, host, send)
        try:
            added = [(name.lower().encode(), value.encode()) for name, value in device.asks_with.items()]
            asked = {**scope, "headers": [*scope["headers"], *added]}
            await self._service(host, device, scope["path"])(asked, receive, _through(device, logged))
        except asyncio.CancelledError:
            # Only the end of the emulator cancels; passed on, uvicorn would report it as a broken application.
            return

    def _service(self, host: str, device: Device, path: str) -> ASGIApp:
        if device.page is not None and device.only in path:
            return Answer(device.page.status, device.page.headers.items(), device.page.body)
        service = self._central.get(host)
        if service is not None:
            return service
        if host in self._world.cloud.jobs:
            return self._id_tokens
        return self._serve_data if self._world.cloud.stores_at(host) else self._registries

    async def _serve_data(self, scope: Scope, receive: Receive, send: Send) -> None:
        answer = await self._data.serve(Request(scope, receive))
        await answer(scope, receive, send)

    def _logging(self, scope: Scope, host: str, send: Send) -> Send:
        async def logged(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._log(LoggedRequest(host, scope["method"], scope["path"], message["status"]))
                self._world.answered(host, scope["path"])  # before whoever asked can ask again
            await send(message)

        return logged


async def _gone(receive: Receive) -> None:
    """Wait until whoever asked has left."""
    with suppress(asyncio.CancelledError):
        while (await receive())["type"] != "http.disconnect":
            pass


def _through(device: Device, send: Send) -> Send:
    """Return a way to send on which the device changes headers or lets the body through one byte at a time."""

    async def changed(message: Message) -> None:
        if message["type"] == "http.response.start" and (device.headers or device.rewrites):
            own = {name.lower().encode(): value.encode() for name, value in device.headers.items()}
            headers = [(name, own.get(name.lower(), value)) for name, value in message["headers"]]
            if device.rewrites is not None:
                headers = [
                    (name, device.rewrites(value.decode()).encode() if name.lower() == b"location" else value)
                    for name, value in headers
                ]
            await send({**message, "headers": headers})
        elif message["type"] == "http.response.body" and device.pause:
            await _drip(message["body"], device.pause, send)
        else:
            await send(message)

    return changed


async def _drip(body: bytes, pause: float, send: Send) -> None:
    for place in range(len(body)):
        await asyncio.sleep(pause)
        await send({"type": "http.response.body", "body": body[place : place + 1], "more_body": True})
    await send({"type": "http.response.body", "body": b""})
