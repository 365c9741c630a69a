"""The one HTTP stack: httpx over connections that the network leg opened, with an own deadline on every read.

One `Http` belongs to one climb (or one identity's Entra request): no connection is shared between hosts, no request
is sent twice, and nothing is read beyond its bound.
"""

from __future__ import annotations

import selectors
import socket
import ssl
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from http.cookiejar import CookieJar
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlencode

import httpcore
import httpx

from pytest_acrauth.model.observation import Connection, Reply, Trouble
from pytest_acrauth.model.secret import Secret, as_bytes
from pytest_acrauth.probes.http.deadline import Deadline
from pytest_acrauth.probes.http.logs import quiet_loggers
from pytest_acrauth.probes.http.manners import seconds_asked
from pytest_acrauth.probes.http.network import Connector, trouble_of
from pytest_acrauth.probes.http.replies import read_reply, urlsplit_host

_MOST_BYTES = 4 * 1024 * 1024  # the largest manifest a registry accepts
#: Bytes of an answer that holds a token and little else; tokens are some thousand.
TOKEN_BYTES = 128 * 1024
_KEEP_ALIVE = 60.0  # seconds


class _Ended(httpcore.NetworkError):
    """A connection that could not be opened or read, with the cause in our words."""

    def __init__(self, trouble: Trouble, text: str = "") -> None:
        super().__init__(text)
        self.trouble = trouble
        self.text = text


class _Stream(httpcore.NetworkStream):
    """A connection that is already open; every read and write is bounded by the climb's deadline."""

    def __init__(self, connected: socket.socket, deadline: Deadline) -> None:
        self._connected = connected
        self._deadline = deadline
        self.ended = False

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ARG002 - the deadline decides
        self._arm()
        try:
            received = self._connected.recv(max_bytes)
        except OSError as error:
            raise self._ended(error) from error
        self.ended = not received
        return received

    def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ARG002 - the deadline decides
        self._arm()
        try:
            self._connected.sendall(buffer)
        except OSError as error:
            raise self._ended(error) from error

    def close(self) -> None:
        self._connected.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,  # noqa: ARG002 - the handshake is over
        server_hostname: str | None = None,  # noqa: ARG002
        timeout: float | None = None,  # noqa: ARG002
    ) -> httpcore.NetworkStream:
        return self

    def get_extra_info(self, info: str) -> Any:
        if info == "ssl_object":
            return self._connected if isinstance(self._connected, ssl.SSLSocket) else None
        if info == "is_readable":  # asked before a connection is used again: readable while idle means closed
            return _readable(self._connected)
        return None

    def _arm(self) -> None:
        if self._deadline.left() <= 0.0:
            raise _Ended(Trouble.OUT_OF_TIME)
        self._connected.settimeout(self._deadline.next_wait())

    def _ended(self, error: OSError) -> _Ended:
        trouble = trouble_of(error)
        if trouble is Trouble.TIMEOUT and self._deadline.trouble() is Trouble.OUT_OF_TIME:
            return _Ended(Trouble.OUT_OF_TIME)  # whether the end came within a wait or between two is chance
        return _Ended(trouble, getattr(error, "reason", None) or str(error))


class _Backend(httpcore.NetworkBackend):
    """Opens connections by the connector, and keeps what each one's way looked like."""

    def __init__(
        self, connector: Connector, deadline: Deadline, seen: dict[str, Connection], plain: frozenset[tuple[str, int]]
    ) -> None:
        self._connector = connector
        self._deadline = deadline
        self._seen = seen
        self._plain = plain
        self._stream: _Stream | None = None
        self.broken: Connection | None = None  # the way that did not come about, of the latest request

    @property
    def closed_by_peer(self) -> bool:
        """Whether the latest connection was ended by the peer."""
        return self._stream is not None and self._stream.ended

    def connect_tcp(
        self,
        host: str,
        port: int,  # 443, or a place that speaks plain http: other ports are refused before
        timeout: float | None = None,  # noqa: ARG002 - the deadline decides
        local_address: str | None = None,  # noqa: ARG002
        socket_options: Iterable[Any] | None = None,  # noqa: ARG002
    ) -> httpcore.NetworkStream:
        connected: socket.socket | None
        first = host not in self._seen
        if (host, port) in self._plain:
            connection, connected = self._connector.reach_plain(host, port, self._deadline)
        else:
            note = partial(self._seen.__setitem__, host) if first else _forget
            connection, connected = self._connector.reach(host, self._deadline, note)
        # The first way is the one that the stages report; a reconnect after an idle close only adds its failure.
        if first or connection.broken is not None:
            self._seen[host] = connection
        if connected is None:
            self.broken = connection
            raise _Ended(*_cause(connection))
        self._stream = _Stream(connected, self._deadline)
        return self._stream


def _forget(_: Connection) -> None:
    """Keep nothing of a way on which the stages have been reported before."""


def _cause(connection: Connection) -> tuple[Trouble, str]:
    if connection.tls is not None and connection.tls.trouble is not None:
        return connection.tls.trouble, connection.tls.text
    if connection.tcp is not None and connection.tcp.trouble is not None:
        return connection.tcp.trouble, connection.tcp.attempts[-1].text if connection.tcp.attempts else ""
    dns = connection.dns
    return (dns.trouble if dns and dns.trouble else Trouble.NAME), (
        dns.resolution.text if dns and dns.resolution else ""
    )


class NoCookies(CookieJar):
    """A jar that stays empty: nothing here needs what a host wants to be told again, by itself or by its neighbour."""

    def extract_cookies(self, response: Any, request: Any) -> None:
        """Keep nothing, and read nothing: what is no cookie is nobody's business either."""

    def add_cookie_header(self, request: Any) -> None:
        """Send nothing."""


class _Body(httpx.SyncByteStream):
    def __init__(self, stream: Any) -> None:
        self._stream = stream

    def __iter__(self) -> Iterator[bytes]:
        yield from self._stream

    def close(self) -> None:
        self._stream.close()


class Transport(httpx.BaseTransport):
    """httpx's way into a connection pool of our own (public classes of httpcore only)."""

    def __init__(self, pool: httpcore.ConnectionPool) -> None:
        self._pool = pool

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        url = httpcore.URL(
            scheme=request.url.raw_scheme,
            host=request.url.raw_host,
            port=request.url.port,
            target=request.url.raw_path,
        )
        response = self._pool.handle_request(
            httpcore.Request(request.method, url, headers=request.headers.raw, content=request.stream)
        )
        return httpx.Response(response.status, headers=response.headers, stream=_Body(response.stream))

    def close(self) -> None:
        self._pool.close()


def open_pool(connector: Connector, deadline: Deadline) -> httpcore.ConnectionPool:
    """Return a pool of connections that are opened as a climb's are, without a record of their ways."""
    return _pool(connector, _Backend(connector, deadline, {}, frozenset()))


def _pool(connector: Connector, backend: _Backend) -> httpcore.ConnectionPool:
    # Connections arrive open; without a context given, httpcore builds one for each, with a trust store read anew.
    return httpcore.ConnectionPool(ssl_context=connector.unused, keepalive_expiry=_KEEP_ALIVE, network_backend=backend)


@dataclass(frozen=True, slots=True)
class Response:
    """What came of a request: the reply with its bounded body, or the trouble that kept it away.

    ``connection`` is the one that could not be opened for it, if that was the trouble. ``elapsed`` is in seconds, those
    spent on opening the connection not among them.
    """

    reply: Reply | None
    body: bytes = b""
    location: str = ""
    trouble: Trouble | None = None
    text: str = ""
    elapsed: float = 0.0
    headers: Mapping[str, str] = field(default_factory=dict)
    connection: Connection | None = None


class Http:
    """One client for one climb: `send` never raises for what a network or a peer can do.

    ``plain`` are the only hosts and ports that are spoken to in plain http, and never through a proxy: the places on
    this machine or its link where managed identities get their tokens. ``held_back`` tells for how many seconds
    requests waited because their host had asked for it.
    """

    def __init__(
        self, connector: Connector, deadline: Deadline, *, plain: frozenset[tuple[str, int]] = frozenset()
    ) -> None:
        self.deadline = deadline
        self.connections: dict[str, Connection] = {}
        self.plain = plain
        self._backend = _Backend(connector, deadline, self.connections, plain)
        pool = _pool(connector, self._backend)
        self._client = httpx.Client(
            transport=Transport(pool),
            trust_env=False,
            timeout=None,  # noqa: S113 - see deadline
            cookies=NoCookies(),
        )
        self.secrets = connector.secrets
        self._silences = connector.silences
        self.held_back: dict[str, float] = {}
        quiet_loggers()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._client.close()

    def send(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str | Secret] | None = None,
        form: Mapping[str, str | Secret] | None = None,
        content: bytes | None = None,
        first_bytes: int | None = None,
        most: int = _MOST_BYTES,
    ) -> Response:
        """Send one request and read its answer to the end, or to ``first_bytes`` of a body that is one's goal.

        An answer of more than ``most`` bytes is none. A host that has asked for silence gets it first, if it ends
        within the deadline.
        """
        self._hold_back(url)
        began = time.monotonic()
        if self.deadline.left() <= 0.0:
            return Response(None, trouble=Trouble.OUT_OF_TIME)
        self._backend.broken = None
        opened = {host: way.elapsed for host, way in self.connections.items()}
        reply: Reply | None = None
        body = b""
        location = ""
        received: Mapping[str, str] = {}
        trouble: Trouble | None = None
        text = ""
        try:
            # The body is read as it comes: asking for no encoding leaves nothing to unpack.
            plain = {"Accept-Encoding": "identity", "User-Agent": "pytest-acrauth", **_kind_of(form)}
            request = self._client.build_request(
                method,
                url,
                headers={**plain, **{name: _said(value) for name, value in (headers or {}).items()}},
                content=content if form is None else encoded(form).encode(),
            )
            if request.url.scheme != "https" and (request.url.host, request.url.port or 80) not in self.plain:
                return Response(None, trouble=Trouble.WITHHELD, text="it is no https address")
            response = self._client.send(request, stream=True)
            try:
                body, complete = _read(response, first_bytes or most, self.deadline, goal=first_bytes is not None)
                reply = read_reply(method, response, body, self.secrets)
                self._silences.heed(request.url.host, reply)
                location = response.headers.get("location", "")
                received = response.headers
                if not complete and first_bytes is None:
                    trouble, text = Trouble.TOO_LARGE, f"more than {most} bytes"
            finally:
                response.close()
        except _Ended as ended:
            trouble, text = ended.trouble, ended.text
        except httpx.TimeoutException as error:  # only something that stands in for the connection raises these two
            trouble, text = Trouble.TIMEOUT, str(error)
        except (httpx.NetworkError, httpcore.NetworkError) as error:
            trouble, text = Trouble.RESET, str(error)
        except (httpcore.ProtocolError, httpx.ProtocolError, httpx.InvalidURL, ValueError) as error:
            closed = self._backend.closed_by_peer and reply is None
            trouble, text = (Trouble.CLOSED if closed else Trouble.MALFORMED), str(error)
        connecting = sum(way.elapsed - opened.get(host, 0.0) for host, way in self.connections.items())
        elapsed = max(0.0, time.monotonic() - began - connecting)
        text = self.secrets.clean(text)
        return Response(reply, body, location, trouble, text, elapsed, received, self._backend.broken)

    def _hold_back(self, url: str) -> None:
        """Wait for the end of the silence that a request's host has asked for."""
        host = urlsplit_host(url)
        seconds = self._silences.left(host)
        if 0.0 < seconds < self.deadline.left():
            time.sleep(seconds)
            self.held_back[host] = self.held_back.get(host, 0.0) + seconds


def send_patiently(
    http: Http,
    method: str,
    url: str,
    *,
    headers: Mapping[str, str | Secret] | None = None,
    content: bytes | None = None,
) -> Response:
    """Send a request that reads, and again once the silence is over that its host has asked for, if the limit allows.

    `Http.send` waits for the end of the silence.
    """
    response = http.send(method, url, headers=headers, content=content)
    while response.reply is not None and response.reply.status == 429:
        if not 0.0 < seconds_asked(response.reply) < http.deadline.left():
            break
        response = http.send(method, url, headers=headers, content=content)
    return response


def encoded(form: Mapping[str, str | Secret]) -> str:
    """Return a form as it is sent; values of any characters go out as their bytes are."""
    return urlencode({name: as_bytes(value) for name, value in form.items()})


def _said(value: str | Secret) -> str:
    return value.reveal() if isinstance(value, Secret) else value


def _kind_of(form: Mapping[str, str | Secret] | None) -> dict[str, str]:
    return {} if form is None else {"Content-Type": "application/x-www-form-urlencoded"}


def _read(response: httpx.Response, limit: int, deadline: Deadline, *, goal: bool) -> tuple[bytes, bool]:
    """Read a body to its end or its limit; where some bytes of it are the goal, the first that come are enough."""
    body = bytearray()
    for chunk in response.iter_raw():
        if deadline.left() <= 0.0:  # what was received at once may be a thousand chunks
            raise _Ended(Trouble.OUT_OF_TIME)
        body += chunk
        if len(body) > limit or (goal and body):
            del body[limit:]
            return bytes(body), False
    return bytes(body), True


def _readable(connected: socket.socket) -> bool:
    """Whether there is something to read, in a process with any number of open files."""
    with getattr(selectors, "PollSelector", selectors.SelectSelector)() as selector:
        selector.register(connected, selectors.EVENT_READ)
        return bool(selector.select(0))
