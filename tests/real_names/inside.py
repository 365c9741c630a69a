"""Runs inside a network namespace of its own: serves the emulator under the real names on port 443, then pytest.

Usage: inside.py FOLDER SCENARIO[,SCENARIO] NAMESERVER -- PYTEST-ARGUMENTS
The names come from a small name server on loopback; NAMESERVER is its address, or one where nobody answers.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path

import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset

from pytest_acrauth.emulator import Emulator
from pytest_acrauth.machine import Machine, Resolved

NAMES = (
    "myacr.azurecr.io",
    "otheracr.azurecr.io",
    "login.microsoftonline.com",
    "eusmanaged1.blob.core.windows.net",
)


def forward(machine: Machine, name: str, address: str) -> None:
    """Listen on port 443 of an address and carry every connection to where the emulator serves the name."""
    listener = socket.create_server((address, 443))
    behind = machine.resolve(name).addresses[0]

    def pump(source: socket.socket, sink: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(65_536):
                sink.sendall(data)
        with suppress(OSError):
            sink.shutdown(socket.SHUT_WR)

    def accept() -> None:
        while True:
            near, _ = listener.accept()
            try:
                far = machine.dial(behind, 443, 5.0)
            except OSError:
                near.close()
                continue
            far.settimeout(None)
            for pair in ((near, far), (far, near)):
                threading.Thread(target=pump, args=pair, daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()


def serve_names(names: dict[str, str]) -> None:
    """Answer A questions for the names given, NXDOMAIN for every other."""
    server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    server.bind(("127.0.0.53", 53))

    def answer() -> None:
        while True:
            data, peer = server.recvfrom(4096)
            query = dns.message.from_wire(data)
            question = query.question[0]
            reply = dns.message.make_response(query)
            reply.flags |= dns.flags.RA
            address = names.get(question.name.to_text(omit_final_dot=True).lower())
            if address is None:
                reply.set_rcode(dns.rcode.NXDOMAIN)
            elif question.rdtype == dns.rdatatype.A:
                reply.answer.append(dns.rrset.from_text(question.name, 60, "IN", "A", address))
            server.sendto(reply.to_wire(), peer)

    threading.Thread(target=answer, daemon=True).start()


def main() -> int:
    """Build the little internet, run pytest in it, and return its exit code."""
    folder, scenarios, nameserver, _, *arguments = sys.argv[1:]
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    resolv = Path(folder, "resolv.conf")
    resolv.write_text(f"nameserver {nameserver}\noptions timeout:1 attempts:1\n", encoding="ascii")
    subprocess.run(["mount", "--bind", str(resolv), "/etc/resolv.conf"], check=True)
    with Emulator(*scenarios.split(",")) as emulator:
        served = [name for name in NAMES if emulator.machine.resolve(name).outcome is Resolved.FOUND]
        addresses = {name: f"127.0.1.{number}" for number, name in enumerate(served, 1)}
        serve_names(addresses)
        for name, address in addresses.items():
            forward(emulator.machine, name, address)
        bundle = Path(folder, "authority.pem")
        bundle.write_text(emulator.ca_pem, encoding="ascii")
        command = [sys.executable, "-m", "pytest", "--acr-ca-bundle", str(bundle), *arguments]
        environ = {"PATH": os.environ["PATH"], "HOME": folder, **emulator.environ}
        return subprocess.run(command, cwd=folder, env=environ, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
