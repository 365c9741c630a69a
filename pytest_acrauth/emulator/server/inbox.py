"""What comes of one request after its head: its body, and that whoever asked has left."""

from __future__ import annotations

import asyncio
from collections import deque
from contextlib import suppress

from starlette.datastructures import Headers
from starlette.types import Message, Receive, Scope

_FORM = "application/x-www-form-urlencoded"
_LARGEST = 256 * 1024  # bytes of a form: those of Azure are smaller by far


class Inbox:
    """A request's messages; what is read ahead of the service that answers is kept for it."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._kept: deque[Message] = deque()

    async def __call__(self) -> Message:
        """Return the next message, as an ASGI application asks for it."""
        return self._kept.popleft() if self._kept else await self._receive()

    async def form(self, scope: Scope) -> bytes:
        """Return the body of a form; nothing for another body, and for a form that is too large to be one."""
        headers = Headers(scope=scope)
        if headers.get("content-type", "").partition(";")[0].strip().lower() != _FORM:
            return b""
        if not headers.get("content-length", "0").isdecimal() or int(headers.get("content-length", "0")) > _LARGEST:
            return b""
        body, more = b"", True
        while more and len(body) <= _LARGEST:
            message = await self._take()
            body += message.get("body", b"")
            more = message.get("more_body", False)
        return body if not more else b""

    async def left_within(self, seconds: float) -> bool:
        """Wait so many seconds; return sooner, and True, where whoever asked leaves meanwhile."""
        if not seconds:
            return False
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self.left()
            return True
        return False

    async def left(self) -> None:
        """Wait until whoever asked has left."""
        while not any(message["type"] == "http.disconnect" for message in self._kept):
            await self._take()

    async def _take(self) -> Message:
        message = await self._receive()
        self._kept.append(message)
        return message
