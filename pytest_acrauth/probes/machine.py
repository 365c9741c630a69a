"""The real machine: this process's environment, its resolver, trust store and routes."""

from __future__ import annotations

import os
import platform
import socket
import ssl
import time
from collections.abc import Mapping
from pathlib import Path

from pytest_acrauth.auth.files import read_regular
from pytest_acrauth.model.machine import Resolution, Resolved
from pytest_acrauth.probes.http.shared_work import SharedWork

_LARGEST = 16 * 1024 * 1024  # bytes of a CA bundle


#: What the system's TLS opens by itself, and waits for whoever is at the other end of a pipe.
_OPENED = ("SSL_CERT_FILE", "SSLKEYLOGFILE")


class BadVariable(ValueError):
    """A variable of the environment that nothing can be done with; the text names it."""


class RealMachine:
    """This machine: the process environment, the system's resolver, trust store and routes.

    ``ca_bundle`` is a PEM file trusted beside the system's store. Raises `OSError` when it cannot be read,
    `ssl.SSLError` when it holds no certificate, and `BadVariable` where a variable of the system's TLS names a pipe,
    all at construction.
    """

    def __init__(self, ca_bundle: Path | None = None) -> None:
        for name in _OPENED:
            if os.environ.get(name) and Path(os.environ[name]).is_fifo():
                raise BadVariable(f"{name} names a pipe; give it a file, or unset it")
        self._ca_bundle = ca_bundle
        self._authorities = ""
        if ca_bundle is not None:
            # What stands beside the certificates, such as names of authorities, may be in any letters.
            self._authorities = read_regular(ca_bundle, _LARGEST).decode("ascii", "ignore")
            if not self._authorities:
                raise ssl.SSLError("the file is empty")
            ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(cadata=self._authorities)

    @property
    def environ(self) -> Mapping[str, str]:
        return os.environ

    @property
    def trust(self) -> str:
        store = "the system's trust store"
        return f"{store} and {self._ca_bundle}" if self._ca_bundle else store

    def now(self) -> float:
        return time.time()

    def ssl_context(self) -> ssl.SSLContext:
        paths = ssl.get_default_verify_paths()
        context: ssl.SSLContext
        if platform.system() in {"Darwin", "Windows"} or not (paths.cafile or paths.capath):
            import truststore

            context = truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        else:
            # The same store, read once: truststore reads the file again for every connection, some 8 ms each.
            context = ssl.create_default_context()
        if self._authorities:
            context.load_verify_locations(cadata=self._authorities)
        return context

    def resolve(self, name: str) -> Resolution:
        aliases = SharedWork(lambda: _look_up_aliases(name), "aliases")  # at the same time: either asks a name server
        try:
            found = socket.getaddrinfo(name, None, type=socket.SOCK_STREAM)
        except socket.gaierror as error:
            return _ask_why_not_found(name, error)
        except UnicodeError as error:
            return Resolution(Resolved.NO_SUCH_NAME, text=str(error))
        addresses = tuple(dict.fromkeys(str(entry[4][0]) for entry in found))
        return Resolution(Resolved.FOUND, addresses, aliases.within(_ALIASES_WAIT))

    def dial(self, address: str, port: int, timeout: float) -> socket.socket:
        connection = socket.create_connection((address, port), timeout)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return connection


#: Seconds that the aliases may take beyond the addresses: they tell more of a failure, and decide nothing alone.
_ALIASES_WAIT = 2.0


def _look_up_aliases(name: str) -> tuple[str, ...] | None:
    """Return the chain of names behind ``name``; None where the resolver keeps it to itself (IPv6-only names)."""
    try:
        canonical, aliases, _ = socket.gethostbyname_ex(name)
    except (OSError, UnicodeError):
        return None
    return tuple(dict.fromkeys((name, *aliases, canonical)))


def _ask_why_not_found(name: str, error: socket.gaierror) -> Resolution:
    """Tell a missing name from a dangling alias and a broken resolver, which the system's resolver reports alike."""
    import dns.exception
    import dns.rdatatype
    import dns.resolver

    text = f"{error.strerror} (code {error.errno})"
    missing = error.errno in {socket.EAI_NONAME, getattr(socket, "EAI_NODATA", socket.EAI_NONAME)}
    outcome = Resolved.NO_SUCH_NAME if missing else Resolved.RESOLVER_FAILED
    try:
        response = dns.resolver.resolve(name, "A", lifetime=2.0, raise_on_no_answer=False).response
        outcome = Resolved.NO_ADDRESS if missing else outcome
    except dns.resolver.NXDOMAIN as nxdomain:
        outcome = Resolved.NO_SUCH_NAME
        response = next(iter(nxdomain.kwargs["responses"].values()))
    except (dns.exception.DNSException, OSError):
        return Resolution(outcome, text=text)
    cnames = [record for rrset in response.answer if rrset.rdtype == dns.rdatatype.CNAME for record in rrset]
    chain = (name, *(str(record.target).rstrip(".") for record in cnames))
    return Resolution(outcome, chain=chain, text=text)
