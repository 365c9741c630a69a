"""The distribution registry, which knows its users by the emulator's access tokens, and one origin over both."""

from __future__ import annotations

import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass

import httpx
import pytest
import trustme
import uvicorn
from clients.programs import Shell
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from pytest_acrauth.emulator import Emulator
from pytest_acrauth.model.machine import Machine, Resolution

HOST = "myacr.azurecr.io"
_LOOPBACK, _PORT = "127.0.0.1", 5000
_PLACE = f"{_LOOPBACK}:{_PORT}"
_LOOKS = 100  # at a registry that starts, a tenth of a second apart
_HOP = {b"connection", b"content-length", b"transfer-encoding"}
_SETTINGS = """
version: 0.1
log: {{level: warn}}
storage: {{filesystem: {{rootdirectory: {folder}/content}}}}
http: {{addr: {place}, host: "https://{host}"}}
auth:
  token:
    realm: https://{host}/oauth2/token
    service: {host}
    issuer: Azure Container Registry
    rootcertbundle: {folder}/token.pem
"""


@dataclass(frozen=True)
class Origin:
    """One host for both: ``/oauth2/`` is the emulator's, everything else the registry program's."""

    emulator: httpx.Client
    registry: httpx.Client

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand one request on, and its answer back."""
        request = Request(scope, receive)
        path = f"{request.url.path}?{request.url.query}".removesuffix("?")
        behind = self.emulator if path.startswith("/oauth2/") else self.registry
        headers = [(name, value) for name, value in request.headers.raw if name not in _HOP]
        asked = behind.build_request(request.method, path, headers=headers, content=await request.body())
        found = behind.send(asked, stream=True)
        answer = Response(b"".join(found.iter_raw()), found.status_code)
        told = [(name, value) for name, value in found.headers.raw if name.lower() not in _HOP]
        length = found.headers.get("content-length", "") if request.method == "HEAD" else str(len(answer.body))
        answer.raw_headers = [*told, (b"content-length", length.encode())] if length else told
        await answer(scope, receive, send)


@dataclass(frozen=True)
class Fronted:
    """The emulator's machine, with another program's port at the registry's address."""

    behind: Machine
    port: int

    def resolve(self, name: str) -> Resolution:
        return self.behind.resolve(name)

    def dial(self, address: str, port: int, timeout: float) -> socket.socket:
        if address in self.behind.resolve(HOST).addresses:
            return socket.create_connection((_LOOPBACK, self.port), timeout)
        return self.behind.dial(address, port, timeout)


@contextmanager
def served(shell: Shell, emulator: Emulator) -> Iterator[tuple[Fronted, str]]:
    """Run the registry program behind an origin, and deliver a machine on which it is found, and whom to trust."""
    authority = trustme.CA(organization_name="Front of a registry")
    certificate = authority.issue_cert(HOST)
    pem = shell.folder / "front.pem"
    certificate.private_key_and_cert_chain_pem.write_to_path(str(pem))
    with ExitStack() as stack:
        stack.enter_context(_registry(shell, emulator))
        emulated = httpx.Client(
            base_url=f"https://{HOST}", proxy=emulator.proxy_url, verify=emulator.machine.ssl_context(), trust_env=False
        )
        plain = httpx.Client(base_url=f"http://{_PLACE}", trust_env=False)
        origin = Origin(stack.enter_context(emulated), stack.enter_context(plain))
        config = uvicorn.Config(
            origin, lifespan="off", log_config=None, ssl_certfile=pem, timeout_graceful_shutdown=1, server_header=False
        )
        server = uvicorn.Server(config)
        door = stack.enter_context(socket.create_server((_LOOPBACK, 0)))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [door]})
        thread.start()
        stack.callback(thread.join)
        stack.callback(setattr, server, "should_exit", True)
        yield Fronted(emulator.machine, door.getsockname()[1]), authority.cert_pem.bytes().decode()


@contextmanager
def _registry(shell: Shell, emulator: Emulator) -> Iterator[None]:
    """Run the registry program, empty, for as long as the context lasts."""
    folder = shell.folder / "registry"
    folder.mkdir()
    (folder / "token.pem").write_text(emulator.world.cloud.token_server.certificate(), encoding="ascii")
    settings, log = folder / "config.yml", folder / "log"
    settings.write_text(_SETTINGS.format(folder=folder, place=_PLACE, host=HOST), encoding="utf-8")
    command = [shell.find("docker-registry"), "serve", str(settings)]
    with log.open("w") as out, subprocess.Popen(command, stdout=out, stderr=out, env=shell.environ) as running:
        try:
            for _ in range(_LOOKS):
                with suppress(OSError), socket.create_connection((_LOOPBACK, _PORT), 1):
                    break
                time.sleep(0.1)
            else:
                pytest.fail(f"docker-registry does not serve:\n{log.read_text()[-2000:]}")
            yield
        finally:
            running.terminate()
