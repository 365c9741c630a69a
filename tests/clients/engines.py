"""Docker, podman, skopeo and oras behind one face: log in, pull, push."""

from __future__ import annotations

import base64
import json
import subprocess
import time
from abc import ABC, abstractmethod
from pathlib import Path

from clients.programs import Printed, Programs, Shell

HOST = "myacr.azurecr.io"
_ETC = Path("/etc/docker")
_PATIENCE = 30  # seconds for a daemon to end
_LOOKS = 300  # at a daemon that starts, a tenth of a second apart


class Engine(ABC):
    """A program that moves images, with a file of logins of its own."""

    #: Whether its login shows the registry's words; where not, they come with the first pull.
    outspoken = True

    def __init__(self, shell: Shell) -> None:
        self.shell = shell
        self.logins = shell.folder / "logins" / "config.json"
        self.logins.parent.mkdir()

    @abstractmethod
    def login(self, user: str, password: str) -> Printed:
        """Log in to the registry."""

    @abstractmethod
    def pull(self, reference: str) -> Printed:
        """Read an image down to its layers."""

    @abstractmethod
    def push(self, target: str) -> Printed:
        """Write the image that was pulled last under another name."""

    def remember(self, user: str, password: str) -> None:
        """Keep a login as one that succeeded some time ago."""
        entry = {"auth": base64.b64encode(f"{user}:{password}".encode()).decode()}
        self.logins.write_text(json.dumps({"auths": {HOST: entry}}), encoding="ascii")


class Daemon:
    """A docker daemon of its own, with nothing to do with one that this machine may run."""

    def __init__(self, programs: Programs, folder: Path) -> None:
        """Start it, and wait until it answers. Its settings hide this machine's, in this namespace only."""
        _ETC.mkdir(exist_ok=True)
        subprocess.run(["mount", "-t", "tmpfs", "tmpfs", str(_ETC)], check=True)
        shell = Shell(programs, folder, "")
        self.socket = f"unix://{folder}/socket"
        command = [
            programs.find("dockerd", shell.environ),
            *("--iptables=false", "--ip6tables=false", "--bridge=none", "--storage-driver=vfs"),
            *("--data-root", str(folder / "data"), "--exec-root", str(folder / "exec")),
            *("--pidfile", str(folder / "pid"), "--host", self.socket),
        ]
        log = folder / "log"
        with log.open("w") as writing:
            self._process = subprocess.Popen(command, stdout=writing, stderr=writing, env=shell.environ)
        for _ in range(_LOOKS):
            if not shell.run("docker", "--host", self.socket, "version").code:
                return
            if self._process.poll() is not None:
                break
            time.sleep(0.1)
        self.stop()
        programs.missing(f"no docker daemon runs here:\n{log.read_text()[-2000:]}")

    def trust(self, authority: str, *hosts: str) -> None:
        """Let it trust an authority for these registries; it looks anew for every request."""
        for host in hosts:
            folder = _ETC / "certs.d" / host
            folder.mkdir(parents=True, exist_ok=True)
            (folder / "ca.crt").write_text(authority, encoding="ascii")

    def stop(self) -> None:
        """End it, and what it started."""
        self._process.terminate()
        try:
            self._process.wait(_PATIENCE)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


class Docker(Engine):
    """The docker client and a daemon."""

    def __init__(self, shell: Shell, daemon: Daemon) -> None:
        super().__init__(shell)
        shell.environ |= {"DOCKER_HOST": daemon.socket, "DOCKER_CONFIG": str(self.logins.parent)}
        shell.run("docker", "image", "prune", "--all", "--force")  # the daemon keeps what other tests pulled

    def login(self, user: str, password: str) -> Printed:
        return self.shell.run("docker", "login", "--username", user, "--password-stdin", HOST, given=password)

    def pull(self, reference: str) -> Printed:
        self._pulled = f"{HOST}/{reference}"
        return self.shell.run("docker", "pull", self._pulled)

    def push(self, target: str) -> Printed:
        self.shell.run("docker", "tag", self._pulled, f"{HOST}/{target}")
        return self.shell.run("docker", "push", f"{HOST}/{target}")


class Podman(Engine):
    """Podman, its images in the test's folder."""

    outspoken = False

    def __init__(self, shell: Shell) -> None:
        super().__init__(shell)
        shell.environ["REGISTRY_AUTH_FILE"] = str(self.logins)
        self._where = (
            *("--root", str(shell.folder / "images"), "--runroot", str(shell.folder / "run")),
            *("--storage-driver", "vfs", "--cgroup-manager", "cgroupfs", "--events-backend", "none"),
        )

    def login(self, user: str, password: str) -> Printed:
        return self._run("login", "--username", user, "--password-stdin", HOST, given=password)

    def pull(self, reference: str) -> Printed:
        self._pulled = f"{HOST}/{reference}"
        return self._run("pull", "--retry", "0", self._pulled)

    def push(self, target: str) -> Printed:
        return self._run("push", "--retry", "0", self._pulled, f"{HOST}/{target}")

    def _run(self, *arguments: str, given: str = "") -> Printed:
        return self.shell.run("podman", *self._where, *arguments, given=given)


class Skopeo(Engine):
    """Skopeo, which copies between a registry and a folder."""

    outspoken = False

    def __init__(self, shell: Shell) -> None:
        super().__init__(shell)
        shell.environ["REGISTRY_AUTH_FILE"] = str(self.logins)
        self._kept = f"dir:{shell.folder / 'image'}"

    def login(self, user: str, password: str) -> Printed:
        return self.shell.run("skopeo", "login", "--username", user, "--password-stdin", HOST, given=password)

    def pull(self, reference: str) -> Printed:
        return self.shell.run("skopeo", "copy", f"docker://{HOST}/{reference}", self._kept)

    def push(self, target: str) -> Printed:
        return self.shell.run("skopeo", "copy", self._kept, f"docker://{HOST}/{target}")


class Oras(Engine):
    """Oras, which copies between a registry and a folder in OCI layout."""

    def __init__(self, shell: Shell) -> None:
        super().__init__(shell)
        self._kept = f"{shell.folder / 'layout'}:image"

    def login(self, user: str, password: str) -> Printed:
        command = ("login", "--username", user, "--password-stdin", "--registry-config", str(self.logins), HOST)
        return self.shell.run("oras", *command, given=password)

    def pull(self, reference: str) -> Printed:
        source = ("--from-registry-config", str(self.logins), f"{HOST}/{reference}")
        return self.shell.run("oras", "copy", *source, "--to-oci-layout", self._kept)

    def push(self, target: str) -> Printed:
        place = ("--to-registry-config", str(self.logins), f"{HOST}/{target}")
        return self.shell.run("oras", "copy", "--from-oci-layout", self._kept, *place)
