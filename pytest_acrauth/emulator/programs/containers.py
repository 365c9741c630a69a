"""What docker, podman and docker's credential helpers answer in each state of the machine.

Texts as of docker 29 and podman 5; the helpers' protocol is that of github.com/docker/docker-credential-helpers.
"""

from __future__ import annotations

import json
from typing import Any

from pytest_acrauth.emulator.programs.outcome import Call, Ran
from pytest_acrauth.emulator.world.workplace import Docker, Helper, Podman

_HEADINGS = "CONTAINER ID   IMAGE     COMMAND   CREATED   STATUS    PORTS     NAMES\n"


def docker(machine: Docker, call: Call) -> Ran:
    """Answer as docker does; what it says beside goes to standard error, whatever else happens."""
    ran = _docker(machine, call)
    return ran._replace(err=machine.says + ran.err)


def _major(version: str) -> int:
    return int(version.partition(".")[0])


def _docker(machine: Docker, call: Call) -> Ran:
    build = machine.version.replace(".", "")
    if call.begins("--version") or call.begins("-v"):
        return Ran(0, f"Docker version {machine.version}, build e{build}f\n")
    if not call.arguments or call.begins("--help") or call.begins("help"):
        return Ran(0, "Usage:  docker [OPTIONS] COMMAND\n\nA self-sufficient runtime for containers\n")
    trouble = _trouble(machine, call)
    failed = Ran(1, err=f"{trouble}\n") if trouble else None
    match call.arguments[0]:
        case "ps":
            return failed or Ran(0, _HEADINGS)
        case "version":
            return _docker_version(machine, call, trouble)
        case "info":
            return _docker_info(machine, call, trouble)
        case "context":
            return _docker_context(machine, call)
        case "login":
            return Ran(0, "Login Succeeded\n")
        case "pull" | "images" | "run":
            return failed or Ran(0)
    text = f"docker: unknown command: docker {call.arguments[0]}\n\nRun 'docker --help' for more information\n"
    return Ran(1, err=text)


def _trouble(machine: Docker, call: Call) -> str:
    """Say why the daemon cannot be talked to, '' where it can."""
    endpoint = call.environ.get("DOCKER_HOST") or machine.endpoint
    if not machine.running:
        path = endpoint.removeprefix("unix://")
        return (
            f"failed to connect to the docker API at {endpoint}; check if the path is correct and if the daemon is "
            f"running: dial unix {path}: connect: no such file or directory"
        )
    if not machine.socket_allowed:
        return f"permission denied while trying to connect to the docker API at {endpoint}"
    if machine.lists_only and not call.begins("ps"):
        return (
            "Error response from daemon: <html><body><h1>403 Forbidden</h1>\n"
            "Request forbidden by administrative rules.\n</body></html>"
        )
    return ""


def _docker_version(machine: Docker, call: Call, trouble: str) -> Ran:
    client = {
        "Platform": {"Name": "Docker Engine - Community"},
        "Version": machine.version,
        "ApiVersion": "1.52",
        "DefaultAPIVersion": "1.52",
        "GitCommit": "e9ca97b",
        "GoVersion": "go1.25.4",
        "Os": "linux",
        "Arch": "amd64",
        "BuildTime": "Fri Nov 14 16:20:39 2025",
        "Context": "default",
    }
    server = None if trouble else {**client, "MinAPIVersion": "1.44", "KernelVersion": "6.8.0", "Components": []}
    shown = {"Client": client, "Server": server}
    lines = "".join(f"{side}:\n Version:           {machine.version}\n" for side, about in shown.items() if about)
    # The word json is a format since docker 23; before, it is a text that is printed as it stands.
    old = _major(machine.version) < 23 and call.option("--format", "-f") == "json"
    return Ran(1 if trouble else 0, "json\n" if old else _formatted(call, shown, lines), trouble and f"{trouble}\n")


def _docker_info(machine: Docker, call: Call, trouble: str) -> Ran:
    shown: dict[str, Any] = {
        "ID": "",
        "Containers": 0,
        "ServerVersion": "" if trouble else machine.version,
        "SecurityOptions": None if trouble else ["name=apparmor"],
        "ClientInfo": {"Debug": False, "Version": machine.version, "Context": "default", "Plugins": []},
    }
    text = f"Client:\n Version:    {machine.version}\n\nServer:\n"
    if not trouble:
        return Ran(0, _formatted(call, shown, f"{text} Server Version: {machine.version}\n"))
    if call.option("--format", "-f"):
        # With a format the client prints what it has and succeeds, daemon or not.
        return Ran(0, _formatted(call, {**shown, "ServerErrors": [trouble]}, ""), f"{trouble}\n")
    return Ran(1, text, f"{trouble}\n")


def _docker_context(machine: Docker, call: Call) -> Ran:
    if call.begins("context", "show"):
        return Ran(0, "default\n")
    endpoints = {"docker": {"Host": machine.endpoint, "SkipTLSVerify": False}}
    about = {"Name": "default", "Metadata": {}, "Endpoints": endpoints, "TLSMaterial": {}}
    return Ran(0, json.dumps([about], indent=4) + "\n")


def _formatted(call: Call, shown: dict[str, Any], lines: str) -> str:
    """Return what a format asks for: JSON, one field by its path, or the lines printed without any."""
    wanted = call.option("--format", "-f")
    if wanted is None:
        return lines
    if wanted in {"json", "{{json .}}"}:
        return json.dumps(shown, separators=(",", ":")) + "\n"
    value: Any = shown
    for name in wanted.strip("{} ").removeprefix("json ").strip(".").split("."):
        value = value.get(name) if isinstance(value, dict) else None
    return (json.dumps(value) if wanted.startswith("{{json") else "<no value>" if value is None else str(value)) + "\n"


def podman(machine: Podman, call: Call) -> Ran:
    """Answer as podman does, which needs no daemon."""
    client = {
        "APIVersion": machine.version,
        "Version": machine.version,
        "GoVersion": "go1.24.4",
        "GitCommit": "",
        "BuiltTime": "Thu Jan  1 00:00:00 1970",
        "Built": 0,
        "OsArch": "linux/amd64",
        "Os": "linux",
    }
    if call.begins("--version") or call.begins("-v"):
        return Ran(0, f"podman version {machine.version}\n")
    match call.arguments[:1]:
        case ("ps",):
            return Ran(0, "CONTAINER ID  IMAGE       COMMAND     CREATED     STATUS      PORTS       NAMES\n")
        case ("version",):
            text = f"Client:       Podman Engine\nVersion:      {machine.version}\n"
            return Ran(0, _formatted(call, {"Client": client}, text))
        case ("info",):
            return Ran(0, _formatted(call, {"version": client}, f"version:\n  Version: {machine.version}\n"))
        case ("login",):
            return Ran(0, "Login Succeeded!\n")
        case ("images",) | ("pull",):
            return Ran(0)
    name = " ".join(call.arguments[:1])
    return Ran(125, err=f"Error: unrecognized command `podman {name}`\nTry 'podman --help' for more information\n")


def helper(machine: Helper, call: Call) -> Ran:
    """Answer as a credential helper does: its errors are on standard output."""
    if machine.fault:
        return Ran(1, machine.fault)
    match call.arguments:
        case ("list",):
            return Ran(0, json.dumps({server: user for server, (user, _) in machine.kept.items()}) + "\n")
        case ("get",):
            server = call.text.strip()
            if server not in machine.kept:
                return Ran(1, "credentials not found in native keychain\n")
            user, secret = machine.kept[server]
            return Ran(0, json.dumps({"ServerURL": server, "Username": user, "Secret": secret}) + "\n")
        case ("version",):
            return Ran(0, "docker-credential-helper (github.com/docker/docker-credential-helpers) v0.9.3\n")
    return Ran(1, "Usage: docker-credential-helper <store|get|erase|list|version>\n")
