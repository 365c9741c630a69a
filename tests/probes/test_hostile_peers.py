"""What peers can do below HTTP: real sockets, real TLS, hostile bytes. Any of it ends in a record, within the limit."""

from __future__ import annotations

import socket
import ssl
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from functools import partial
from types import SimpleNamespace
from unittest import mock

import pytest
import trustme
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pytest_acrauth.model.machine import Resolution, Resolved
from pytest_acrauth.model.observation import Challenge, Tcp, Tls, Trouble
from pytest_acrauth.model.secret import Secrets
from pytest_acrauth.model.stage import Rung, Stage
from pytest_acrauth.model.target import Flow, Identity, Registry, Target
from pytest_acrauth.model.transcript import Transcript
from pytest_acrauth.probes.http import network
from pytest_acrauth.probes.http.client import Http
from pytest_acrauth.probes.http.deadline import Deadline
from pytest_acrauth.probes.http.network import Connector
from pytest_acrauth.probes.machine import RealMachine
from pytest_acrauth.running.run import Run

#: Seconds for a climb, a third of it for a peer: more than a machine stands still for while others are busy on it.
LIMIT = 9.0
ANONYMOUS = Target(Registry.parse("myacr"), Identity("anonymous", "anonymous", Flow.ANONYMOUS))
Peer = Callable[[socket.socket], None]


@dataclass
class Loopback(RealMachine):
    """A machine on which every name leads to one port of loopback."""

    port: int
    authority: trustme.CA
    addresses: tuple[str, ...] = ("127.0.0.1",)

    @property
    def environ(self) -> dict[str, str]:
        return {}

    @property
    def trust(self) -> str:
        return "the test's own authority"

    def ssl_context(self) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        self.authority.configure_trust(context)
        return context

    def resolve(self, name: str) -> Resolution:
        return Resolution(Resolved.FOUND, self.addresses, (name,))

    def dial(self, address: str, port: int, timeout: float) -> socket.socket:  # noqa: ARG002 - one port for all
        return socket.create_connection((address, self.port), timeout)


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    """Return the authority that the machine trusts."""
    return trustme.CA()


@pytest.fixture
def serve(authority: trustme.CA) -> Iterator[Callable[[Peer], Loopback]]:
    """Start a peer: it gets each accepted socket in a thread, and closes it at the end."""
    with ExitStack() as stack:

        def start(peer: Peer) -> Loopback:
            listener = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
            address = listener.getsockname()
            ended = threading.Event()

            def handle(accepted: socket.socket) -> None:
                with accepted, suppress(OSError):
                    peer(accepted)

            def accept() -> None:
                while not ended.is_set():
                    accepted, _ = listener.accept()
                    threading.Thread(target=handle, args=(accepted,), daemon=True).start()

            accepting = threading.Thread(target=accept, daemon=True)
            accepting.start()

            def end() -> None:
                # Whoever still accepts when this is closed may do so at the next one, which gets the same number.
                ended.set()
                socket.create_connection(address).close()
                accepting.join()

            stack.callback(end)
            return Loopback(address[1], authority)

        yield start


@pytest.fixture
def over_tls(authority: trustme.CA) -> Callable[[Peer], Peer]:
    """Put a peer behind a good handshake."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("myacr.azurecr.io").configure_cert(context)

    def wrap(peer: Peer) -> Peer:
        def speak(accepted: socket.socket) -> None:
            with context.wrap_socket(accepted, server_side=True) as secured:
                secured.recv(65_536)
                peer(secured)

        return speak

    return wrap


def climb(machine: Loopback) -> Transcript:
    """Climb once, anonymously."""
    return Run(machine, timeout=LIMIT).check([ANONYMOUS])[0]


def hold(accepted: socket.socket) -> None:
    """Wait for the other side to go."""
    accepted.settimeout(5)
    while accepted.recv(65_536):
        pass


def says(data: bytes, *, then: Peer = hold) -> Peer:
    """Return a peer that says something at once."""

    def speak(accepted: socket.socket) -> None:
        accepted.sendall(data)
        then(accepted)

    return speak


def forever(data: bytes, pause: float = 0.0) -> Peer:
    """Return a peer that never stops saying something."""

    def speak(accepted: socket.socket) -> None:
        never = threading.Event()
        while True:
            accepted.sendall(data)
            never.wait(pause)

    return speak


def reset(accepted: socket.socket) -> None:
    """Break the connection off in the middle of the handshake."""
    accepted.recv(1)  # the handshake has begun
    accepted.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


@pytest.mark.broad(of=4)
@pytest.mark.parametrize(
    ("peer", "trouble"),
    [
        pytest.param(hold, Trouble.TIMEOUT, id="mute"),
        pytest.param(says(b"HTTP/1.1 401 Unauthorized\r\n"), Trouble.TIMEOUT, id="stops in the headers"),
        pytest.param(lambda _: None, Trouble.CLOSED, id="closes"),
        pytest.param(says(b"SSH-2.0-OpenSSH_9.9\r\n\r\n"), Trouble.MALFORMED, id="another protocol"),
        pytest.param(says(b"HTTP/1.1 99999 x\r\n\r\n"), Trouble.MALFORMED, id="no status"),
        pytest.param(says(b"HTTP/1.1 401 x\r\nA: " + b"b" * 300_000), Trouble.MALFORMED, id="endless header"),
        pytest.param(
            says(b"HTTP/1.1 401 x\r\nContent-Length: 9000000\r\n\r\n" + b"x" * 5_000_000), Trouble.TOO_LARGE, id="huge"
        ),
        pytest.param(forever(b"HTTP/1.1 100 Continue\r\n\r\n", 0.01), Trouble.OUT_OF_TIME, id="only informs"),
    ],
)
def test_a_peer_that_breaks_http_breaks_the_challenge(
    serve: Callable[[Peer], Loopback], over_tls: Callable[[Peer], Peer], peer: Peer, trouble: Trouble
) -> None:
    """The stage that waited records what happened, in the words of its cause."""
    seen = climb(serve(over_tls(peer)))
    assert list(seen.broken()) == [Rung(Stage.CHALLENGE)]
    assert isinstance(seen.challenge, Challenge)
    assert seen.challenge.trouble is trouble


@pytest.mark.thorough
def test_a_drip_ends_with_the_climb(serve: Callable[[Peer], Loopback], over_tls: Callable[[Peer], Peer]) -> None:
    """A peer that always says a little more is ended by the climb's own limit, not by its peer's."""
    seen = climb(serve(over_tls(says(b"HTTP/1.1 401 x\r\nX-Drip: ", then=forever(b"a", 0.05)))))
    assert isinstance(seen.challenge, Challenge)
    assert seen.challenge.trouble is Trouble.OUT_OF_TIME


@pytest.mark.broad(of=3)
@pytest.mark.parametrize(
    ("peer", "troubles"),
    [
        pytest.param(hold, {Trouble.TIMEOUT}, id="mute"),
        pytest.param(reset, {Trouble.RESET}, id="resets"),
        pytest.param(lambda _: None, {Trouble.CLOSED, Trouble.RESET}, id="closes"),
        pytest.param(says(b"HTTP/1.1 400 Bad Request\r\n\r\n"), {Trouble.TLS}, id="plain http"),
    ],
)
def test_a_peer_that_breaks_the_handshake_breaks_tls(
    serve: Callable[[Peer], Loopback], peer: Peer, troubles: set[Trouble]
) -> None:
    """The connection passed, the handshake did not: that is what the record says."""
    seen = climb(serve(peer))
    assert list(seen.broken()) == [Rung(Stage.TLS)]
    assert isinstance(seen.tls, Tls)
    assert seen.tls.trouble in troubles


def test_every_address_is_tried_and_recorded(
    serve: Callable[[Peer], Loopback], over_tls: Callable[[Peer], Peer]
) -> None:
    """An address that refuses is followed by the next, and both stay in the record."""
    machine = serve(over_tls(says(b"HTTP/1.1 401 x\r\nContent-Length: 0\r\n\r\n")))
    machine.addresses = ("127.0.0.2", "127.0.0.1")
    tcp = climb(machine).tcp
    assert isinstance(tcp, Tcp)
    assert [(attempt.address, attempt.trouble) for attempt in tcp.attempts] == [
        ("127.0.0.2", Trouble.REFUSED),
        ("127.0.0.1", None),
    ]


def test_an_untrusted_certificate_is_shown_and_nothing_is_sent(authority: trustme.CA) -> None:
    """The refused certificate's issuer is in the record; not one byte of a request reaches its holder."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA(organization_name="Inspecting Proxy").issue_cert("myacr.azurecr.io").configure_cert(context)
    received: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def accept() -> None:
            for _ in range(2):
                accepted, _ = listener.accept()
                with suppress(OSError), context.wrap_socket(accepted, server_side=True) as secured:
                    received.append(secured.recv(1024))

        thread = threading.Thread(target=accept, daemon=True)
        thread.start()
        seen = climb(Loopback(listener.getsockname()[1], authority))
        thread.join(5)
    assert isinstance(seen.tls, Tls)
    assert seen.tls.verify_code in {19, 20, 21}
    assert seen.tls.certificate is not None
    assert "Inspecting Proxy" in seen.tls.certificate.issuer
    assert b"".join(received) == b""


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(head=st.sampled_from([b"", b"HTTP/1.1 401 x\r\n", b"HTTP/1.1 200 OK\r\n\r\n"]), data=st.binary(max_size=400))
def test_any_bytes_end_in_a_transcript(
    serve: Callable[[Peer], Loopback], over_tls: Callable[[Peer], Peer], head: bytes, data: bytes
) -> None:
    """Whatever a server sends, the climb returns: no exception, no hang."""
    seen = climb(serve(over_tls(says(head + data, then=lambda _: None))))
    assert next(seen.broken()).stage is Stage.CHALLENGE


def test_a_proxy_that_refuses_is_named(serve: Callable[[Peer], Loopback]) -> None:
    """Behind a proxy the proxy's own answer is recorded as the proxy's, and its password is in no record."""

    def refuse(accepted: socket.socket) -> None:
        accepted.recv(65_536)
        accepted.sendall(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n")

    class Behind(Loopback):
        @property
        def environ(self) -> dict[str, str]:
            return {"HTTPS_PROXY": "http://someone:planted-password@proxy.example:3128"}

    direct = serve(refuse)
    seen = climb(Behind(direct.port, direct.authority))
    assert list(seen.broken()) == [Rung(Stage.TCP)]
    assert isinstance(seen.tcp, Tcp)
    assert seen.tcp.trouble is Trouble.PROXY
    assert "407" in seen.tcp.attempts[0].text
    assert "planted-password" not in seen.to_json()


def test_a_proxy_that_tunnels_is_passed_through(
    serve: Callable[[Peer], Loopback], over_tls: Callable[[Peer], Peer]
) -> None:
    """Behind a proxy the name is the proxy's to resolve: the first two stages are not observed, the rest is."""
    inner = over_tls(says(b"HTTP/1.1 401 x\r\nContent-Length: 0\r\n\r\n"))

    def tunnel(accepted: socket.socket) -> None:
        accepted.recv(65_536)
        accepted.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
        inner(accepted)

    class Behind(Loopback):
        @property
        def environ(self) -> dict[str, str]:
            return {"https_proxy": "http://proxy.example:3128", "no_proxy": "other.example"}

    direct = serve(tunnel)
    seen = climb(Behind(direct.port, direct.authority))
    assert list(seen.broken()) == [Rung(Stage.CHALLENGE)]
    assert seen.proxy == "proxy.example:3128"
    assert isinstance(seen.tls, Tls)
    assert not isinstance(seen.tcp, Tcp)


@pytest.mark.parametrize(
    "answer",
    [b"HTTP/1.1 " + b"2" * 5000 + b" x\r\n\r\n", b"HTTP/1.1 2 x\r\n\r\n", b"HTTP/1.1 abc\r\n\r\n", b"SSH-2.0\r\n\r\n"],
    ids=["5000 digits", "one digit", "letters", "another protocol"],
)
def test_a_proxys_unreadable_answer_is_the_proxys(serve: Callable[[Peer], Loopback], answer: bytes) -> None:
    """What a proxy answers with is its connection's trouble, and the challenge was never asked."""

    def refuse(accepted: socket.socket) -> None:
        accepted.recv(65_536)
        accepted.sendall(answer)

    class Behind(Loopback):
        @property
        def environ(self) -> dict[str, str]:
            return {"HTTPS_PROXY": "http://proxy.example:3128"}

    direct = serve(refuse)
    seen = climb(Behind(direct.port, direct.authority))
    assert list(seen.broken()) == [Rung(Stage.TCP)]
    assert isinstance(seen.tcp, Tcp)
    assert seen.tcp.trouble is Trouble.MALFORMED
    assert seen.tcp.tunnel is not None
    assert seen.tcp.tunnel.connected


def test_a_mistyped_proxy_is_the_proxys_failure(authority: trustme.CA) -> None:
    """Without the plugin's own look at the configuration, it is recorded where the proxy would have been reached."""

    class Behind(Loopback):
        @property
        def environ(self) -> dict[str, str]:
            return {"HTTPS_PROXY": "http://someone:planted-password"}

    seen = climb(Behind(9, authority))
    assert list(seen.broken()) == [Rung(Stage.TCP)]
    assert "planted-password" not in seen.to_json()


@pytest.mark.thorough
def test_many_open_files_change_nothing(serve: Callable[[Peer], Loopback], over_tls: Callable[[Peer], Peer]) -> None:
    """A connection that is used again is looked at whatever its number is: an idle close is answered by a new one."""
    resource = pytest.importorskip("resource")
    if resource.getrlimit(resource.RLIMIT_NOFILE)[0] < 1200:
        pytest.skip("this process may not open so many files")
    machine = serve(over_tls(says(b"HTTP/1.1 401 x\r\nContent-Length: 0\r\n\r\n")))
    with ExitStack() as stack:
        for _ in range(1100):
            stack.enter_context(socket.socket())
        with Http(Connector.of(machine, Secrets()), Deadline(LIMIT)) as http:
            answers = [http.send("GET", "https://myacr.azurecr.io/v2/") for _ in range(2)]
    assert [answer.trouble for answer in answers] == [None, Trouble.TIMEOUT]


def test_no_cookie_is_read_or_sent(serve: Callable[[Peer], Loopback], over_tls: Callable[[Peer], Peer]) -> None:
    """What a host wants to be told again is told to nobody, and what is no cookie is not looked at."""
    heard: list[bytes] = []
    cookies = b"Set-Cookie: a=b; Domain=.azurecr.io\r\nSet-Cookie: c=d; expires=Wed, 01-Jan-" + b"9" * 5000 + b"\r\n"

    def answer(accepted: socket.socket) -> None:
        accepted.sendall(b"HTTP/1.1 401 x\r\nContent-Length: 0\r\n" + cookies + b"\r\n")
        heard.append(accepted.recv(65_536))
        accepted.sendall(b"HTTP/1.1 401 x\r\nContent-Length: 0\r\n\r\n")
        hold(accepted)

    machine = serve(over_tls(answer))
    with Http(Connector.of(machine, Secrets()), Deadline(LIMIT)) as http:
        answers = [http.send("GET", "https://myacr.azurecr.io/v2/") for _ in range(2)]
    assert [answer.reply is not None for answer in answers] == [True, True]
    assert b"GET /v2/" in heard[0]
    assert b"cookie" not in heard[0].lower()


def test_looking_at_a_certificate_is_one_wait(authority: trustme.CA) -> None:
    """Connecting and handshake of the second look share a wait: what the first took is missing to the second."""
    timeouts: list[float] = []

    class Slow(Loopback):
        def dial(self, address: str, port: int, timeout: float) -> socket.socket:  # noqa: ARG002
            timeouts.append(timeout)
            one, other = socket.socketpair()
            others.append(other)
            clock.append(timeout)  # all of it is gone
            return one

    clock: list[float] = []
    others: list[socket.socket] = []
    machine = Slow(9, authority)
    connector = Connector.of(machine, Secrets())
    with mock.patch.object(network, "time", SimpleNamespace(monotonic=lambda: sum(clock))):
        again = partial(machine.dial, "192.0.2.1", 443)
        assert connector._look_at_certificate("myacr.azurecr.io", again, LIMIT / 3) is None
    others[0].settimeout(5)
    assert others[0].recv(65_536)  # the handshake began, and nobody waited for its end
    assert timeouts == [pytest.approx(LIMIT / 3)]
    others[0].close()
