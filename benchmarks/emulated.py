"""The emulated Azure as the benchmarks meet it: served and delayed by processes of its own, on loopback."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from forwarder import LOOPBACK
from measuring import environment

HERE = Path(__file__).parent


class Counts(NamedTuple):
    """What the emulator saw so far, and the processor time that it and its forwarder spent, in seconds."""

    requests: int
    connections: int
    cpu: float


class Azure:
    """An emulated Azure behind a forwarder. ``bundle`` holds the authority to trust, ``environ`` who one is there.

    ``machine`` is a file that tells climbing.py how all this is reached.
    """

    def __init__(self, served: Process, forwarder: Process, found: dict[str, Any], folder: Path) -> None:
        self._served, self._forwarder, self._round_trip = served, forwarder, 0.0
        self.environ: dict[str, str] = found["environ"]
        self.bundle, self.machine = folder / "authority.pem", folder / "machine.json"
        self.bundle.write_text(found["authority"], encoding="ascii")
        self.machine.write_text(json.dumps(found), encoding="utf-8")

    def delay(self, round_trip: float) -> None:
        """Set the round-trip time, in seconds."""
        self._round_trip = round_trip
        self._forwarder.ask(str(round_trip))

    def counts(self) -> Counts:
        """Return what was seen and spent so far."""
        seen = Counts(**self._served.ask(""))
        return seen._replace(cpu=seen.cpu + self._forwarder.ask(str(self._round_trip)))


@contextmanager
def serve(count: int, folder: Path, *, real_names: bool = False) -> Iterator[Azure]:
    """Serve so many registries, with ``real_names`` under Azure's names on port 443, which needs a namespace."""
    with talk("served.py", str(count)) as served:
        found = served.listen()
        (target,) = {port for port, _ in found["ways"].values()}
        if real_names:
            show(found["names"], folder)
            ways = [(address, 443, target, said) for address, (_, said) in found["ways"].items()]
        else:
            ways = [(LOOPBACK, 0, target, "")]
        with talk("forwarder.py", json.dumps(ways)) as forwarder:
            near = forwarder.listen()[0]
            found["ways"] = {address: (near, said) for address, (_, said) in found["ways"].items()}
            yield Azure(served, forwarder, found, folder)


class Process(NamedTuple):
    """A process of ours that answers each line with one of JSON."""

    running: subprocess.Popen[str]

    def ask(self, line: str) -> Any:
        """Say a line and return the answer."""
        assert self.running.stdin is not None
        print(line, file=self.running.stdin, flush=True)
        return self.listen()

    def listen(self) -> Any:
        """Return what it says next."""
        assert self.running.stdout is not None
        return json.loads(self.running.stdout.readline())


@contextmanager
def talk(script: str, *arguments: str) -> Iterator[Process]:
    """Run one of our scripts; at the end its standard input closes, and it ends by itself."""
    command, pipe = [sys.executable, str(HERE / script), *arguments], subprocess.PIPE
    with subprocess.Popen(command, env=environment(), stdin=pipe, stdout=pipe, text=True) as running:
        yield Process(running)


def namespace() -> tuple[tuple[str, ...], str]:
    """Return the start of a command that runs in a new network and mount namespace, and what this machine lacks."""
    if missing := [tool for tool in ("unshare", "ip", "mount") if shutil.which(tool) is None]:
        return (), f"no {', '.join(missing)} on this machine"
    reason = ""
    for command in (("unshare", "-nm"), ("unshare", "-nm", "--user", "--map-root-user")):
        probe = [*command, "ip", "link", "set", "lo", "up"]
        done = subprocess.run(probe, capture_output=True, text=True, check=False)
        if not done.returncode:
            return command, ""
        reason = f"no network namespace here: {done.stderr.strip()}"
    return (), reason


def show(names: Mapping[str, str], folder: Path) -> None:
    """Inside a namespace: give loopback these addresses, and lead the names there by a hosts file of its own."""
    for address in set(names.values()):
        subprocess.run(["ip", "address", "add", f"{address}/32", "dev", "lo"], check=True)
    hosts = [f"{address} {host}\n" for host, address in names.items()]
    for name, text in {"hosts": "127.0.0.1 localhost\n" + "".join(hosts), "resolv.conf": ""}.items():
        own = folder / name
        own.write_text(text, encoding="ascii")
        subprocess.run(["mount", "--bind", str(own), f"/etc/{name}"], check=True)
