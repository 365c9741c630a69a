"""The network leg below HTTP: look a host up, connect, shake hands, and record each with its exact cause."""

from __future__ import annotations

import base64
import errno
import re
import socket
import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from ipaddress import ip_address
from typing import Any
from urllib.parse import unquote

from pytest_acrauth.model.machine import Machine, Resolution
from pytest_acrauth.model.observation import Attempt, Certificate, Connection, Dns, Tcp, Tls, Trouble, Tunnel
from pytest_acrauth.model.secret import Secret, Secrets, as_bytes
from pytest_acrauth.probes.http.certificates import certificate_of
from pytest_acrauth.probes.http.deadline import Deadline
from pytest_acrauth.probes.http.manners import Silences
from pytest_acrauth.probes.http.proxies import BadProxy, address_of, proxy_for, without_user
from pytest_acrauth.probes.http.resolver import Resolver

_PORT = 443
_MOST_ADDRESSES = 16
_STATUS = re.compile(r"[1-9][0-9]{2}")
_UNREACHABLE = {errno.EHOSTUNREACH, errno.ENETUNREACH, errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT}


def trouble_of(error: Exception) -> Trouble:
    """Name what ended a connection; the one place where the socket's and OpenSSL's exceptions are read."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return Trouble.CERTIFICATE
    if isinstance(error, ssl.SSLEOFError | ssl.SSLZeroReturnError):
        return Trouble.CLOSED
    if isinstance(error, ssl.SSLError):
        return Trouble.TLS
    if isinstance(error, TimeoutError):
        return Trouble.TIMEOUT
    if isinstance(error, ConnectionRefusedError):
        return Trouble.REFUSED
    if isinstance(error, ConnectionError):
        return Trouble.RESET
    return Trouble.UNREACHABLE if isinstance(error, OSError) and error.errno in _UNREACHABLE else Trouble.CLOSED


@dataclass(frozen=True, slots=True)
class Connector:
    """What the ways to all hosts of a run share: the machine, its resolver, one SSL context, secrets, manners."""

    machine: Machine
    context: ssl.SSLContext
    secrets: Secrets
    resolver: Resolver
    #: For httpcore, which sets options of the one it is given for each connection, while others shake hands.
    unused: ssl.SSLContext
    silences: Silences = field(default_factory=Silences)

    @classmethod
    def of(cls, machine: Machine, secrets: Secrets) -> Connector:
        """Return the connector of a run on a machine, whose trust store is read now, and once."""
        context = machine.ssl_context()
        context.set_alpn_protocols(["http/1.1"])
        return cls(machine, context, secrets, Resolver(machine.resolve), ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT))

    def reach(
        self, host: str, deadline: Deadline, note: Callable[[Connection], object]
    ) -> tuple[Connection, ssl.SSLSocket | None]:
        """Open the connection to a host, directly or through the environment's proxy; the socket is None if broken.

        ``note`` is told how far it came before each further stage, in case a defect of ours ends it there.
        """
        proxy = proxy_for(host, self.machine)
        if proxy:
            tcp, plain = self._tunnel(proxy, host, deadline)
            connection = Connection(host=host, proxy=without_user(proxy, self.secrets), tcp=None if plain else tcp)
        else:
            dns = self.look_up(host, deadline)
            connection = Connection(host=host, dns=dns)
            if not dns.ok or dns.resolution is None:
                return connection, None
            note(connection)
            tcp, plain = self._connect(host, _PORT, dns.resolution.addresses, deadline)
            connection = connection._replace(tcp=tcp)
        if plain is None:
            return connection, None
        note(connection)
        try:
            tls, secured = self._handshake(host, plain, deadline)
        except BaseException:
            plain.close()
            raise
        if tls.trouble is Trouble.CERTIFICATE:

            def again(wait: float) -> socket.socket | None:
                if proxy:
                    return self._tunnel(proxy, host, deadline)[1]
                return self.machine.dial(tcp.attempts[-1].address, _PORT, wait)

            tls = replace(tls, certificate=self._look_at_certificate(host, again, deadline.next_wait()))
        return connection._replace(tls=tls), secured

    def reach_plain(self, host: str, port: int, deadline: Deadline) -> tuple[Connection, socket.socket | None]:
        """Open a connection without TLS and past any proxy, as instance metadata wants it."""
        try:
            ip_address(host)
        except ValueError:
            dns = self.look_up(host, deadline)
            addresses = dns.resolution.addresses if dns.resolution is not None else ()
            connection = Connection(host=host, dns=dns)
        else:
            addresses, connection = (host,), Connection(host=host)
        if connection.broken is not None:
            return connection, None
        tcp, plain = self._connect(host, port, addresses, deadline)
        return connection._replace(tcp=tcp), plain

    def look_up(self, host: str, deadline: Deadline) -> Dns:
        """Resolve a name within the deadline's next wait."""
        began = time.monotonic()
        resolution = self.resolver.look_up(host, deadline.next_wait())
        trouble = deadline.trouble() if resolution is None else None
        if resolution is not None:
            cleaned = tuple(self.secrets.clean(name, 255) for name in (resolution.chain or ())[:_MOST_ADDRESSES])
            resolution = Resolution(
                resolution.outcome,
                resolution.addresses[:_MOST_ADDRESSES],
                cleaned if resolution.chain is not None else None,
                self.secrets.clean(resolution.text),
            )
        return Dns(host=host, resolution=resolution, trouble=trouble, elapsed=time.monotonic() - began)

    def _connect(
        self, host: str, port: int, addresses: tuple[str, ...], deadline: Deadline
    ) -> tuple[Tcp, socket.socket | None]:
        began = time.monotonic()
        limit = began + deadline.next_wait()
        attempts: list[Attempt] = []
        connected: socket.socket | None = None
        for position, address in enumerate(addresses):
            # All addresses share one limit; each gets an even part of what is left of it.
            share = max(0.001, (limit - time.monotonic()) / (len(addresses) - position))
            try:
                connected = self.machine.dial(address, port, share)
            except OSError as error:
                trouble = trouble_of(error)
                if trouble is Trouble.TIMEOUT:
                    trouble = deadline.trouble()
                text = self.secrets.clean(error.strerror or str(error))
                attempts.append(Attempt(address=address, trouble=trouble, text=text))
            else:
                attempts.append(Attempt(address=address))
                break
        return Tcp(host=host, port=port, attempts=tuple(attempts), elapsed=time.monotonic() - began), connected

    def _handshake(self, host: str, plain: socket.socket, deadline: Deadline) -> tuple[Tls, ssl.SSLSocket | None]:
        began = time.monotonic()
        facts = Tls(host=host, trust=self.secrets.clean(self.machine.trust))
        plain.settimeout(deadline.next_wait())
        try:
            # The handshake comes after the wrapping: truststore wraps under a lock that all connections share.
            secured = self.context.wrap_socket(plain, server_hostname=host, do_handshake_on_connect=False)
        except (OSError, ValueError) as error:
            plain.close()
            return replace(facts, trouble=trouble_of(error), text=self.secrets.clean(str(error))), None
        try:
            secured.do_handshake()
        except (OSError, ValueError) as error:
            secured.close()
            trouble = trouble_of(error)
            broken = replace(
                facts,
                trouble=deadline.trouble() if trouble is Trouble.TIMEOUT else trouble,
                verify_code=getattr(error, "verify_code", None),
                text=self.secrets.clean(
                    getattr(error, "verify_message", "") or getattr(error, "reason", "") or str(error)
                ),
                elapsed=time.monotonic() - began,
            )
            return broken, None
        return replace(facts, version=secured.version() or "", elapsed=time.monotonic() - began), secured

    def _look_at_certificate(
        self, host: str, again: Callable[[float], socket.socket | None], wait: float
    ) -> Certificate | None:
        """Fetch the certificate that was refused: over a second connection, unverified, over which nothing is sent.

        Connecting and handshake together take no longer than ``wait`` seconds.
        """
        limit = time.monotonic() + wait
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        try:
            if (plain := again(wait)) is None:
                return None
            with plain:
                plain.settimeout(max(0.001, limit - time.monotonic()))
                with context.wrap_socket(plain, server_hostname=host) as secured:
                    encoded = secured.getpeercert(binary_form=True)
        except (OSError, ValueError):
            return None
        return certificate_of(encoded, self.secrets) if encoded else None

    def _tunnel(self, proxy: str, host: str, deadline: Deadline) -> tuple[Tcp, socket.socket | None]:
        """Ask a proxy for a tunnel. Whatever breaks here is the proxy's part: the host never spoke."""
        began = time.monotonic()
        tunnel = Tunnel("proxy")

        def ended(*attempts: Attempt, **parts: Any) -> Tcp:
            spent = time.monotonic() - began
            return Tcp(host=host, port=_PORT, attempts=attempts, tunnel=tunnel._replace(**parts), elapsed=spent)

        try:
            parts = address_of(proxy)
        except BadProxy as error:
            text = self.secrets.clean(f"the environment's proxy {error}")
            return ended(Attempt(tunnel.proxy, Trouble.PROXY, text)), None
        name = parts.hostname or ""
        port = parts.port or 80
        tunnel = Tunnel(self.secrets.clean(f"{name}:{port}"))
        if parts.scheme != "http":
            text = f"a {self.secrets.clean(parts.scheme, 20)} proxy is not supported; give an http:// one"
            return ended(Attempt(tunnel.proxy, Trouble.PROXY, text)), None
        dns = self.look_up(name, deadline)
        if not dns.ok or dns.resolution is None:
            text = dns.resolution.text if dns.resolution else "its name was not resolved in time"
            return ended(Attempt(tunnel.proxy, dns.trouble or Trouble.NAME, text)), None
        tcp, plain = self._connect(name, port, dns.resolution.addresses, deadline)
        if plain is None:
            return ended(*tcp.attempts), None
        plain.settimeout(deadline.next_wait())
        try:
            password = None if parts.password is None else Secret(parts.password)
            plain.sendall(self._connect_request(host, parts.username, password))
            status, reason = _read_connect_answer(plain, deadline)
        except (OSError, ValueError) as error:
            plain.close()
            trouble = trouble_of(error) if isinstance(error, OSError) else Trouble.MALFORMED
            trouble = deadline.trouble() if trouble is Trouble.TIMEOUT else trouble
            return ended(Attempt(tunnel.proxy, trouble, self.secrets.clean(str(error))), connected=True), None
        if not 200 <= status < 300:
            plain.close()
            text = self.secrets.clean(f"answered CONNECT with {status} {reason}".strip())
            return ended(Attempt(tunnel.proxy, Trouble.PROXY, text), connected=True, status=status), None
        return ended(Attempt(tunnel.proxy), connected=True, status=status), plain

    def _connect_request(self, host: str, user: str | None, password: Secret | None) -> bytes:
        head = f"CONNECT {host}:{_PORT} HTTP/1.1\r\nHost: {host}:{_PORT}\r\n"
        if user is None:
            return f"{head}\r\n".encode()
        name = unquote(user)
        secret = self.secrets.add(unquote(password.reveal()) if password is not None else "", user=name)
        basic = Secret(base64.b64encode(as_bytes(Secret(f"{name}:{secret.reveal()}"))).decode())
        return f"{head}Proxy-Authorization: Basic {basic.reveal()}\r\n\r\n".encode()


def _read_connect_answer(plain: socket.socket, deadline: Deadline) -> tuple[int, str]:
    """Read a proxy's answer up to its empty line, byte by byte: what follows belongs to the tunnel.

    Raises OSError where none comes, and ValueError for something that is none.
    """
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        plain.settimeout(deadline.next_wait())
        if deadline.left() <= 0.0:
            raise TimeoutError("out of time")
        byte = plain.recv(1)
        if not byte or len(head) > 16_384:
            raise ConnectionResetError("closed the connection instead of answering CONNECT")
        head += byte
    version, _, rest = head.split(b"\r\n", 1)[0].decode("latin-1").partition(" ")
    status, _, reason = rest.partition(" ")
    if not version.startswith("HTTP/1.") or not _STATUS.fullmatch(status):
        raise ValueError("answered CONNECT with something that is no HTTP")
    return int(status), reason
