"""Serves an emulated Azure with any number of registries, in a process of its own.

Usage: served.py COUNT. Prints, as JSON, what another process needs to find it; each line on standard input is answered
with the requests and connections so far and the processor time spent; its end is the end.
"""

from __future__ import annotations

import json
import logging
import sys
import time
from dataclasses import replace

from pytest_acrauth.emulator.server.serve import Server
from pytest_acrauth.emulator.world.cloud import SUBSCRIPTION, RoleAssignment
from pytest_acrauth.emulator.world.healthy import PRINCIPAL, healthy_world
from pytest_acrauth.emulator.world.network import Route
from pytest_acrauth.emulator.world.world import World


def fleet(count: int) -> World:
    """Return the healthy world with registries ``fleet0000`` and so on, made like myacr and at its address."""
    world = healthy_world()
    cloud, model = world.cloud, world.cloud.registries["myacr"]
    for number in range(count):
        registry = cloud.registries[f"fleet{number:04}"] = replace(model, name=f"fleet{number:04}")
        world.network.names[registry.login_server] = world.network.names[model.login_server]
    cloud.assignments.insert(0, RoleAssignment(PRINCIPAL, "AcrPull", f"/subscriptions/{SUBSCRIPTION}"))
    return world


def main(count: int) -> None:
    """Serve until standard input ends."""
    # A client that took too long is ended in the middle of its requests, which is no error of the server's.
    logging.getLogger("uvicorn.error").setLevel(logging.CRITICAL)
    server = Server(fleet(count))
    server.start()
    machine = server.machine
    first = {host: name.addresses[0] for host, name in machine.network.names.items()}
    hosts = {host: (address, machine.ports[address][Route.OPEN]) for host, address in first.items()}
    print(json.dumps({"hosts": hosts, "environ": dict(machine.environ), "authority": machine.ca_pem}), flush=True)
    while sys.stdin.readline():
        counts = {"requests": len(server.requests), "connections": len(server.connections)}
        print(json.dumps({**counts, "cpu": time.process_time()}), flush=True)
    server.stop()


if __name__ == "__main__":
    main(int(sys.argv[1]))
