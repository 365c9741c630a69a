"""A network namespace of its own in which the emulator is found under Azure's names, on port 443.

Whatever runs in there, real programs included, has a loopback interface, a name server on it, and nowhere else to go.
"""

from __future__ import annotations

import select
import shutil
import socket
import struct
import subprocess
import threading
from collections.abc import Iterable
from contextlib import suppress
from functools import cache
from itertools import pairwise
from pathlib import Path

import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdatatype
import dns.rrset

from pytest_acrauth.model.machine import Machine, Resolved

NAMESERVER = "127.0.0.53"
_PORT = 443
_WAIT = 5.0
_PLAIN = ("unshare", "--net", "--mount")
_MAPPED = (*_PLAIN, "--user", "--map-root-user")
_OUTCOMES = {Resolved.NO_SUCH_NAME: dns.rcode.NXDOMAIN, Resolved.RESOLVER_FAILED: dns.rcode.SERVFAIL}


@cache
def namespace() -> tuple[tuple[str, ...], str]:
    """Return the start of a command that runs in a new network and mount namespace, and what this machine lacks if ''.

    As root no user namespace is made, because a docker daemon does not run in one.
    """
    if missing := [tool for tool in ("unshare", "ip", "mount") if shutil.which(tool) is None]:
        return (), f"no {', '.join(missing)} on this machine"
    reason = ""
    for command in (_PLAIN, _MAPPED):
        probe = [*command, "ip", "link", "set", "lo", "up"]
        done = subprocess.run(probe, capture_output=True, text=True, check=False)
        if not done.returncode:
            return command, ""
        reason = f"no network namespace here: {done.stderr.strip()}"
    return (), reason


class Internet:
    """Inside such a namespace: name server and port 443 lead to whichever emulated machine is shown last."""

    def __init__(self, folder: Path, nameserver: str = NAMESERVER) -> None:
        """Set the namespace up once; ``folder`` takes its files. At another ``nameserver`` nobody answers."""
        self._machine: Machine | None = None
        self._addresses: set[str] = set()
        self._listeners: list[tuple[socket.socket, threading.Thread]] = []
        subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
        files = {
            "/etc/resolv.conf": f"nameserver {nameserver}\noptions timeout:1 attempts:1\n",
            "/etc/hosts": "127.0.0.1 localhost\n",
        }
        for path, text in files.items():
            own = folder / Path(path).name
            own.write_text(text, encoding="ascii")
            subprocess.run(["mount", "--bind", str(own), path], check=True)
        server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        server.bind((NAMESERVER, 53))
        threading.Thread(target=self._answer, args=(server,), daemon=True).start()

    def show(self, machine: Machine, names: Iterable[str]) -> None:
        """Lead these names, from now on, where the machine finds them; where it is refused, so is whoever comes."""
        self.hide()
        self._machine = machine
        for address in sorted({address for name in names for address in machine.resolve(name).addresses}):
            if address not in self._addresses:
                subprocess.run(["ip", "address", "add", f"{address}/32", "dev", "lo"], check=True)
                self._addresses.add(address)
            try:
                machine.dial(address, _PORT, _WAIT).close()
            except ConnectionRefusedError:
                continue
            except TimeoutError:
                pass  # told to whoever comes, and after as long a wait
            listener = socket.create_server((address, _PORT), backlog=64)
            thread = threading.Thread(target=self._forward, args=(listener, address), daemon=True)
            thread.start()
            self._listeners.append((listener, thread))

    def hide(self) -> None:
        """Let nobody be found any more."""
        self._machine = None
        while self._listeners:
            listener, thread = self._listeners.pop()
            listener.shutdown(socket.SHUT_RDWR)  # closed only, it would listen on while its thread waits
            thread.join()  # closed before, its number may be that of the next, where the thread would go on
            listener.close()

    def _answer(self, server: socket.socket) -> None:
        while True:
            data, peer = server.recvfrom(4096)
            query = dns.message.from_wire(data)
            question = query.question[0]
            reply = dns.message.make_response(query)
            reply.flags |= dns.flags.RA
            reply.set_rcode(dns.rcode.NXDOMAIN)
            if (machine := self._machine) is not None:
                found = machine.resolve(question.name.to_text(omit_final_dot=True))
                reply.set_rcode(_OUTCOMES.get(found.outcome, dns.rcode.NOERROR))
                if found.outcome is Resolved.FOUND:
                    reply.answer = _chain(question.name, found.chain or (), found.addresses, question.rdtype)
            server.sendto(reply.to_wire(), peer)

    def _forward(self, listener: socket.socket, address: str) -> None:
        with suppress(OSError):  # closed, because something else is shown
            while True:
                near, _ = listener.accept()
                threading.Thread(target=self._tunnel, args=(near, address), daemon=True).start()

    def _tunnel(self, near: socket.socket, address: str) -> None:
        try:
            if (machine := self._machine) is None:
                raise ConnectionResetError
            far = machine.dial(address, _PORT, _WAIT)
        except OSError:
            _break_off(near)
            return
        far.settimeout(None)
        try:
            _relay(near, far)
        except OSError:
            for end in (near, far):
                _break_off(end)
        for end in (near, far):
            end.close()


def _relay(near: socket.socket, far: socket.socket) -> None:
    """Carry both directions in one thread: a socket that another one waits on could not be broken off."""
    talking = {near, far}
    while talking:
        for source in select.select(talking, (), ())[0]:
            sink = far if source is near else near
            if data := source.recv(65_536):
                sink.sendall(data)
            else:
                talking.remove(source)
                sink.shutdown(socket.SHUT_WR)


def _break_off(connection: socket.socket) -> None:
    """Close without lingering, which sends a reset."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def _chain(
    name: dns.name.Name, chain: tuple[str, ...], addresses: tuple[str, ...], kind: dns.rdatatype.RdataType
) -> list[dns.rrset.RRset]:
    """Return the aliases from a name on, and the addresses at their end where those are asked for."""
    owners = [name, *(dns.name.from_text(alias) for alias in chain[1:])]
    found = [dns.rrset.from_text(owner, 60, "IN", "CNAME", alias.to_text()) for owner, alias in pairwise(owners)]
    if kind == dns.rdatatype.A:
        found.append(dns.rrset.from_text(owners[-1], 60, "IN", "A", *addresses))
    return found
