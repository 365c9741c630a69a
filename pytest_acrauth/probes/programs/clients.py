"""Client checks: run docker, podman or az as a user would, read only, and read the stored logins of a docker config.

A program is run by its absolute path, found by the machine's PATH and never in the current folder, without a shell
and for a limited time. A stored secret is looked at for its shape and end only, and never asked of a helper.
"""

from __future__ import annotations

import base64
import binascii
import contextlib
import hashlib
import json
import os
import re
import socket
import stat
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pytest_acrauth.auth.docker_config import config_path
from pytest_acrauth.auth.programs import find_program
from pytest_acrauth.model.claims import claims, expiry_of, shape_of
from pytest_acrauth.model.client_record import (
    CLIENTS,
    ClientRecord,
    Daemon,
    DockerConfig,
    Helper,
    Ran,
    Socket,
    StoredLogin,
)
from pytest_acrauth.model.credential import SecretShape
from pytest_acrauth.model.machine import Machine
from pytest_acrauth.model.secret import Secrets, clean
from pytest_acrauth.model.target import NULL_GUID, Registry
from pytest_acrauth.probes.http.deadline import Deadline
from pytest_acrauth.probes.programs.running import run_program

_LARGEST = 4 * 1024 * 1024
_MOST_LOGINS = 200
_QUIET = {"AZURE_CORE_COLLECT_TELEMETRY": "0", "AZURE_CORE_NO_COLOR": "1", "AZURE_CORE_SURVEY_MESSAGE": "0"}
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_DEFAULT_SOCKET = "unix:///var/run/docker.sock"
_DEFAULT_PIPE = "npipe:////./pipe/docker_engine"


def check_client(name: str, machine: Machine, limit: float, registries: Sequence[Registry] = ()) -> ClientRecord:
    """Check one client on a machine within ``limit`` seconds; what is wrong is in the record, never raised.

    ``registries`` are those whose record az should show and whose logins a docker config should hold; for docker and
    podman they are names for the remedies only. Raises
    ValueError, naming the choices, for a client that is none of `pytest_acrauth.model.client_record.CLIENTS`.
    """
    if name not in CLIENTS:
        raise ValueError(f"unknown client {name!r}; choose one of {', '.join(CLIENTS)}")
    deadline = Deadline(limit)
    if name == "docker-config":
        servers = tuple(registry.login_server for registry in registries)
        found = _docker_config(machine.environ, deadline)
        return ClientRecord(client=name, checked_at=machine.now(), config=found, login_servers=servers)
    if name == "az":
        return _az(machine, deadline, registries)
    return _containers(name, machine, deadline, registries)


def _containers(name: str, machine: Machine, deadline: Deadline, registries: Sequence[Registry]) -> ClientRecord:
    environ = machine.environ
    # As az: DOCKER_COMMAND is what stands for docker, whatever it really is.
    wanted = environ.get("DOCKER_COMMAND", "") or name if name == "docker" else name
    command, refused = _find(wanted, environ)
    shell = bool(environ.get("ACC_CLOUD"))
    runs: list[Ran] = []
    if command:
        for arguments in (("ps",), ("version", "--format", "json")):
            runs.append(_run(command, arguments, environ, deadline))
            if not runs[-1].ok:
                break
        runs = [_judged_version(ran) for ran in runs]
    return ClientRecord(
        client=name,
        checked_at=machine.now(),
        wanted=wanted,
        command=command,
        refused=refused,
        cloud_shell=shell,
        runs=tuple(runs),
        daemon=_daemon(environ) if name == "docker" else None,
        login_servers=tuple(registry.login_server for registry in registries),
    )


def _judged_version(ran: Ran) -> Ran:
    """Keep of a version's document whether there was one; its many fields are nobody's evidence."""
    if "version" not in ran.arguments or not ran.ok:
        return ran
    if isinstance(_json(ran.stdout.encode()), dict):
        return Ran(arguments=ran.arguments, exit_code=0, stderr=ran.stderr)
    return Ran(arguments=ran.arguments, exit_code=1, stdout=ran.stdout, stderr="what it printed is no JSON document")


def _az(machine: Machine, deadline: Deadline, registries: Sequence[Registry]) -> ClientRecord:
    environ = {**machine.environ, **_QUIET}
    command, refused = _find("az", environ)
    runs: list[Ran] = []
    if command:
        asked = [("version", "--output", "json"), ("account", "show", "--query", "id", "--output", "tsv")]
        asked += [
            ("acr", "show", "--name", registry.name, "--query", "id", "--output", "tsv") for registry in registries
        ]
        for arguments in asked:
            runs.append(_run(command, arguments, environ, deadline))
            if not runs[-1].ok and "acr" not in arguments:
                break  # what follows needs this
    return ClientRecord(
        client="az",
        checked_at=machine.now(),
        wanted="az",
        command=command,
        refused=refused,
        runs=tuple(runs),
        login_servers=tuple(registry.login_server for registry in registries),
    )


def _find(wanted: str, environ: Mapping[str, str]) -> tuple[str, str]:
    """Return a program's absolute path, or the one that was found in the current folder and will not be run."""
    here = Path.cwd()
    if Path(wanted).name != wanted:
        path = Path(wanted)
        if not path.is_absolute() or path.parent.resolve() == here.resolve():
            return "", str(path)
        return (str(path), "") if os.access(path, os.X_OK) else ("", "")
    if found := find_program(wanted, environ):
        return found, ""
    looked = [Path(part or ".") for part in environ.get("PATH", "").split(os.pathsep)]
    in_folder = any((here / part).resolve() == here.resolve() for part in looked) and os.access(here / wanted, os.X_OK)
    return "", str(here / wanted) if in_folder else ""


def _run(command: str, arguments: tuple[str, ...], environ: Mapping[str, str], deadline: Deadline) -> Ran:
    ended = run_program([command, *arguments], environ, deadline.left())
    return Ran(
        arguments=(Path(command).name, *arguments),
        exit_code=ended.exit_code,
        stdout=_printed(ended.out, 8000),
        stderr=_printed(ended.err, 4000),
        trouble=ended.trouble,
    )


def _printed(output: bytes, limit: int) -> str:
    """Return a program's output by lines, each harmless to print, without what looks like a secret."""
    lines = Secrets().scrub(output[: 8 * limit].decode(errors="replace")).splitlines()
    return "\n".join(clean(line, 1000) for line in lines)[:limit].strip()


def _daemon(environ: Mapping[str, str]) -> Daemon:
    endpoint, source = _endpoint(environ)
    return Daemon(endpoint=clean(endpoint, 300), source=source, socket=_socket(endpoint))


def _endpoint(environ: Mapping[str, str]) -> tuple[str, str]:
    """Return where the docker client looks for its daemon, in its own order (docs.docker.com, "docker context")."""
    if host := environ.get("DOCKER_HOST"):
        return host, "DOCKER_HOST"
    path = config_path(environ)
    config = _read(path) if path is not None else {}
    named = environ.get("DOCKER_CONTEXT") or (config.get("currentContext") if isinstance(config, dict) else None)
    if path is not None and isinstance(named, str) and named not in {"", "default"}:
        folder = hashlib.sha256(named.encode()).hexdigest()
        meta = _read(path.parent / "contexts" / "meta" / folder / "meta.json")
        with contextlib.suppress(KeyError, TypeError):
            return str(meta["Endpoints"]["docker"]["Host"]), f"context {clean(named, 80)}"
    return (_DEFAULT_PIPE if sys.platform == "win32" else _DEFAULT_SOCKET), "default"


def _socket(endpoint: str) -> Socket:
    if not endpoint.startswith("unix://") or sys.platform == "win32":
        return Socket.NOT_LOCAL
    path = Path(endpoint.removeprefix("unix://"))
    try:
        if not stat.S_ISSOCK(path.stat().st_mode):
            return Socket.MISSING
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
            probe.settimeout(1.0)
            probe.connect(str(path))
    except PermissionError:
        return Socket.FORBIDDEN
    except (FileNotFoundError, NotADirectoryError, ValueError):
        return Socket.MISSING
    except OSError:
        return Socket.SILENT
    return Socket.LISTENS


def _docker_config(environ: Mapping[str, str], deadline: Deadline) -> DockerConfig:
    path = config_path(environ)
    if path is None:
        return DockerConfig(path="", trouble="neither DOCKER_CONFIG nor a home folder is set")
    try:
        config = _json(_content(path))
    except FileNotFoundError:
        return DockerConfig(path=str(path))
    except OSError as error:
        return DockerConfig(path=str(path), found=True, trouble=error.strerror or "it cannot be read")
    if not isinstance(config, dict):
        return DockerConfig(path=str(path), found=True, trouble="it is no JSON object")
    named = config.get("credHelpers")
    names = [config.get("credsStore"), *(named.values() if isinstance(named, dict) else ())]
    wanted = dict.fromkeys(name for name in names if isinstance(name, str) and name)
    helpers = [_helper(name, environ, deadline) for name in wanted]
    logins = config.get("auths")
    return DockerConfig(
        path=str(path),
        found=True,
        helpers=tuple(helper for helper, _ in helpers),
        logins=tuple(_login(key, entry) for key, entry in logins.items())[:_MOST_LOGINS]
        if isinstance(logins, dict)
        else (),
        keys=tuple(dict.fromkeys(key for _, keys in helpers for key in keys))[:_MOST_LOGINS],
    )


def _helper(name: str, environ: Mapping[str, str], deadline: Deadline) -> tuple[Helper, tuple[str, ...]]:
    """Return a helper, and the servers that it has a login for; ``list`` tells their names and no secret."""
    program = f"docker-credential-{name}"
    command = find_program(program, environ) if _NAME.fullmatch(name) else ""
    if not command:
        return Helper(name=clean(program, 120), command=""), ()
    ended = run_program([command, "list"], environ, deadline.left())
    listed = _json(ended.out) if ended.exit_code == 0 else None
    keys = tuple(clean(str(key), 300) for key in listed) if isinstance(listed, dict) else ()
    words = _printed(ended.err or (b"" if ended.exit_code == 0 else ended.out), 1000)
    ran = Ran(arguments=(program, "list"), exit_code=ended.exit_code, stderr=words, trouble=ended.trouble)
    return Helper(name=program, command=command, listed=ran), keys


def _login(key: str, entry: object) -> StoredLogin:
    """Return what may be shown of a stored login; of its secret only what a JWT says of itself."""
    fields: Mapping[str, Any] = entry if isinstance(entry, dict) else {}
    user, secret = str(fields.get("username") or ""), str(fields.get("password") or "")
    if isinstance(encoded := fields.get("auth"), str) and encoded:
        with contextlib.suppress(binascii.Error, ValueError):
            user, _, secret = base64.b64decode(encoded).decode().partition(":")
    if token := fields.get("identitytoken"):
        user, secret = NULL_GUID, str(token)
    return StoredLogin(
        key=clean(str(key), 300),
        user_name=clean(user, 120),
        secret=shape_of(secret) if secret else SecretShape.NONE,
        expires=expiry_of(claims(secret) or {}),
    )


def _content(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(_LARGEST)


def _read(path: Path) -> Any:
    try:
        return _json(_content(path)) or {}
    except OSError:
        return {}


def _json(content: bytes) -> Any:
    try:
        return json.loads(content)
    except (ValueError, RecursionError):
        return None
