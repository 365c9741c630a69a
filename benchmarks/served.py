"""Serves an emulated Azure with any number of registries, in a process of its own.

Usage: served.py COUNT. Prints, as JSON, what another process needs to find it; each line on standard input is answered
with the requests and connections so far and the processor time spent; its end is the end.
"""

from __future__ import annotations

import json
import logging
import sys
import time

from pytest_acrauth.emulator import Emulator


def main(count: int) -> None:
    """Serve the registries fleet0000 and so on, beside those that there always are, until standard input ends."""
    # A client that took too long is ended in the middle of its requests, which is no error of the server's.
    logging.getLogger("uvicorn.error").setLevel(logging.CRITICAL)
    with Emulator(registries=[f"fleet{number:04}" for number in range(count)]) as emulator:
        machine = emulator.machine
        names = {host: name.addresses[0] for host, name in machine.network.names.items()}
        ways = {address: machine.way(address, 443) for address in names.values()}
        found = {
            "names": names,
            "ways": {address: (port, said.decode()) for address, (port, said) in ways.items()},
            "environ": dict(emulator.environ),
            "authority": emulator.ca_pem,
        }
        print(json.dumps(found), flush=True)
        while sys.stdin.readline():
            counts = {"requests": len(emulator.requests), "connections": len(emulator.connections)}
            print(json.dumps({**counts, "cpu": time.process_time()}), flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]))
