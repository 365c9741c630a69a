"""What a request meets on its way in: the log, devices between machine and service, and the service of its host."""

from __future__ import annotations

import asyncio

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
from pytest_acrauth.emulator.server.inbox import Inbox
from pytest_acrauth.emulator.server.log import LoggedRequest, noted
from pytest_acrauth.emulator.world import World
from pytest_acrauth.emulator.world.cloud import ARM, AUTHORITY, GRAPH
from pytest_acrauth.emulator.world.network import Device


class Front:
    """The ASGI application at every address. A request's state holds the ``address`` that its connection reached.

    The log gets every request when it comes, and its status when it is answered.
    """

    def __init__(self, world: World, log: list[LoggedRequest]) -> None:
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
        inbox, place = Inbox(receive), len(self._log)
        self._log.append(noted(host, scope))
        try:
            self._log[place] = self._log[place].with_form(await inbox.form(scope))
            device = self._world.network.devices.get(host, Device())
            swallowed = scope["path"].startswith(device.swallows)
            if swallowed or await inbox.left_within(self._world.delay(host)):
                self._world.answered(host, scope["path"])
                await inbox.left()
                return
            added = [(name.lower().encode(), value.encode()) for name, value in device.asks_with.items()]
            asked = {**scope, "headers": [*scope["headers"], *added]}
            answering = _through(device, self._answering(scope, host, place, send))
            await self._service(host, device, scope["path"])(asked, inbox, answering)
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

    def _answering(self, scope: Scope, host: str, place: int, send: Send) -> Send:
        async def answering(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._log[place] = self._log[place].with_status(message["status"])
                self._world.answered(host, scope["path"])  # before whoever asked can ask again
            await send(message)

        return answering


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
