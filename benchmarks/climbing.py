"""The process that is measured for fleets: imports the product, then checks registries and says how long that took.

Usage: climbing.py FILE COUNT, where the file says in JSON how the emulated Azure is reached. Of the product and of
Python it loads nothing but what `pytest_acrauth.check` needs.
"""

from __future__ import annotations

import json
import socket
import ssl
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from pytest_acrauth import Identity, Reference, Registry, Target, Transcript, check
from pytest_acrauth.model.machine import Resolution, Resolved
from pytest_acrauth.model.target import Flow


@dataclass(frozen=True)
class FarMachine:
    """A machine that finds every name at once; ``ways`` say which port stands for an address, and what to say there."""

    names: dict[str, str]
    ways: dict[str, tuple[int, str]]
    environ: dict[str, str]
    authority: str
    trust: str = "the emulator's own certificate authority"

    def now(self) -> float:
        """Return this machine's time."""
        return time.time()

    def ssl_context(self) -> ssl.SSLContext:
        """Return a context that trusts the emulator alone."""
        return ssl.create_default_context(cadata=self.authority)

    def resolve(self, name: str) -> Resolution:
        """Return the name's address."""
        return Resolution(Resolved.FOUND, (self.names[name],), (name,))

    def dial(self, address: str, port: int, timeout: float) -> socket.socket:
        """Connect to the port that stands for an address."""
        port, said = self.ways[address]
        connection = socket.create_connection(("127.0.0.1", port), timeout)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection.sendall(said.encode())
        return connection


def main(file: str, count: int) -> None:
    """Check so many registries down to the data endpoint; say how long that took and what was not ready."""
    machine = FarMachine(**json.loads(Path(file).read_text(encoding="utf-8")))
    identity = Identity("service-principal", "service-principal", Flow.ENTRA, "AZURE")
    references = (Reference.parse("team/app"),)
    targets = [Target(Registry.parse(f"fleet{number:04}"), identity, references) for number in range(count)]
    began = time.perf_counter()
    seen = check(targets, machine)
    seconds = time.perf_counter() - began
    print(json.dumps({"seconds": seconds, "broken": [text for each in seen if (text := _broken(each))]}))


def _broken(seen: Transcript) -> str:
    """Return where a climb stopped, and why; '' if it is complete."""
    found = ((rung, seen.at(rung)) for rung in seen.target.rungs)
    return next((f"{seen.target.id} at {rung}: {what}" for rung, what in found if what is None or not what.ok), "")


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
