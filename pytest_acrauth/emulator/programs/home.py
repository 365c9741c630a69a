"""The machine's files in a private temporary folder: its programs on PATH, docker's and the Azure CLI's folders.

A program is a few lines that ask the emulator, so that what it answers is the world's state when it is run.
"""

from __future__ import annotations

import asyncio
import json
import socket
import sys
from contextlib import suppress
from pathlib import Path

from pytest_acrauth.emulator.programs.folder import Folder
from pytest_acrauth.emulator.programs.outcome import Call, Ran
from pytest_acrauth.emulator.world import World

_PROGRAM = """#!{interpreter} -IS
import json, os, socket, sys
name = os.path.basename(sys.argv[0])
reads = name.startswith("docker-credential-") or "--password-stdin" in sys.argv
call = [name, sys.argv[1:], dict(os.environ), sys.stdin.read() if reads else ""]
with socket.create_connection(("{host}", {port})) as link:
    link.sendall(json.dumps(call).encode())
    link.shutdown(socket.SHUT_WR)
    code, out, err = json.loads(b"".join(iter(lambda: link.recv(65536), b"")))
sys.stdout.write(out)
sys.stderr.write(err)
sys.exit(code)
"""


class Home:
    """The folder: `furnish` fills it, `follow` brings it and the environment up to the world, `close` removes it."""

    def __init__(self, world: World, host: str, port: int) -> None:
        self._world = world
        self._daemon: socket.socket | None = None
        self._kept = Folder()
        self._folder = self._kept.path
        self._program = self._folder / "program"
        self._calls = _PROGRAM.format(interpreter=sys.executable, host=host, port=port)

    def furnish(self) -> None:
        """Write what every machine has, and what this one has now."""
        self._program.write_text(self._calls, encoding="utf-8")
        self._program.chmod(0o700)
        for name in ("bin", "docker", "azure"):
            (self._folder / name).mkdir()
        self.follow()

    def follow(self) -> None:
        """Write what the machine has now, and name it in the environment."""
        machine, folder = self._world.machine, self._folder
        installed = {
            "docker": machine.docker,
            "podman": machine.podman,
            "az": machine.az,
            **{f"docker-credential-{name}": helper for name, helper in machine.helpers.items()},
        }
        for name, program in installed.items():
            link = folder / "bin" / name
            if program is not None and not link.is_symlink():
                link.symlink_to(self._program)
        for link in (folder / "bin").iterdir():
            if installed.get(link.name) is None:
                link.unlink()
        machine.environ |= {
            "PATH": str(folder / "bin"),
            "HOME": str(folder),
            "DOCKER_CONFIG": str(folder / "docker"),
            "AZURE_CONFIG_DIR": str(folder / "azure"),
        }
        self._follow_daemon()
        config = json.dumps(machine.docker_config, indent=1)
        self._write(
            folder / "docker" / "config.json", config[: -len(config) // 2 if machine.docker_config_cut else None]
        )
        self._write(folder / "azure" / "azureProfile.json", json.dumps(self._profile()))
        for variable, text in machine.files.items():
            self._write(folder / variable.lower(), text)
            machine.environ[variable] = str(folder / variable.lower())

    def _follow_daemon(self) -> None:
        """Let docker's socket be there as the daemon would have it; nobody speaks on it."""
        docker, path = self._world.machine.docker, self._folder / "docker.sock"
        # Named in any case: a client must not find the socket of the machine that the emulator runs on.
        self._world.machine.environ["DOCKER_HOST"] = f"unix://{path}"
        if docker is None or not docker.running:
            path.unlink(missing_ok=True)
            return
        if not path.exists():
            self._stop_daemon()
            self._daemon = socket.socket(socket.AF_UNIX)
            self._daemon.bind(str(path))
            self._daemon.listen()
        path.chmod(0o600 if docker.socket_allowed else 0)

    @staticmethod
    def _write(path: Path, text: str) -> None:
        path.write_text(text, encoding="utf-8")
        path.chmod(0o600)

    def _profile(self) -> dict[str, object]:
        """Return what the Azure CLI keeps of its login; the tokens are elsewhere."""
        az, cloud = self._world.machine.az, self._world.cloud
        user = next((each for each in cloud.users if az is not None and each.name == az.user), None)
        remembered = az.remembered if az is not None else set()
        subscriptions = [
            {
                "id": each.id,
                "name": each.name,
                "state": each.state,
                "user": {"name": user.name, "type": "user"},
                "isDefault": az is not None and each.id == az.subscription,
                "tenantId": each.tenant_id,
                "environmentName": "AzureCloud",
                "homeTenantId": each.tenant_id,
                "managedByTenants": [],
            }
            for each in cloud.subscriptions.values()
            if user is not None and (each.tenant_id == user.tenant_id or each.id in remembered)
        ]
        return {"installationId": "00000000-0000-4000-8000-000000000000", "subscriptions": subscriptions}

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one run of a program."""
        try:
            with suppress(OSError, ValueError, asyncio.CancelledError):
                name, arguments, environ, text = json.loads(await reader.read())
                writer.write(json.dumps(self.run(name, Call(tuple(arguments), environ, text))).encode())
                await writer.drain()
        finally:
            writer.close()

    def run(self, name: str, call: Call) -> Ran:
        """Return what a program answers."""
        # Not before a program is run: most runs need none, and every emulator would pay for the import.
        from pytest_acrauth.emulator.programs.az import az
        from pytest_acrauth.emulator.programs.containers import docker, helper, podman

        machine = self._world.machine
        if name == "az" and machine.az is not None:
            return az(self._world, call)
        if name == "docker" and machine.docker is not None:
            return docker(machine.docker, call)
        if name == "podman" and machine.podman is not None:
            return podman(machine.podman, call)
        kept = machine.helpers.get(name.removeprefix("docker-credential-"))
        return helper(kept, call) if kept is not None else Ran(127, err=f"{name}: command not found\n")

    def _stop_daemon(self) -> None:
        if self._daemon is not None:
            self._daemon.close()

    def close(self) -> None:
        """Remove the folder with all that is in it."""
        self._stop_daemon()
        self._kept.close()
