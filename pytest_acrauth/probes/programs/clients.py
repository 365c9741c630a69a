"""Client checks: run docker, podman or az as a user would, read only, and read the stored logins of a docker config.

A program is run by its absolute path, found by the machine's PATH and never in the current folder, without a shell
and for a limited time. A stored secret is looked at for its shape and end only, and never asked of a helper.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import socket
import stat
import sys
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path

from pytest_acrauth.auth import BadAuth
from pytest_acrauth.auth.docker_config import (
    ConfigFile,
    UnreadableConfig,
    can_be_helper,
    config_path,
    helper_program,
    helper_words,
    read_config,
)
from pytest_acrauth.auth.files import read_regular
from pytest_acrauth.auth.programs import current_folder, find_program, resolved, shown
from pytest_acrauth.model.claims import claims, expiry_of, shape_of
from pytest_acrauth.model.client_record import (
    ClientRecord,
    Daemon,
    DockerConfig,
    Helper,
    Ran,
    Socket,
    StoredLogin,
)
from pytest_acrauth.model.credential import SecretShape
from pytest_acrauth.model.foreign_json import load_foreign_json
from pytest_acrauth.model.machine import Machine
from pytest_acrauth.model.secret import Secrets, as_bytes
from pytest_acrauth.model.target import Registry
from pytest_acrauth.probes.http.deadline import Deadline
from pytest_acrauth.probes.http.replies import parse_json
from pytest_acrauth.probes.programs.running import run_program

_LARGEST = 4 * 1024 * 1024  # bytes of a file
_MOST_LOGINS = 200
_MOST_HELPERS = 50
_SECRETS = ("PASSWORD", "SECRET", "TOKEN", "KEY", "IDENTITY_HEADER")  # how their variables' names end
_SHORTEST = 8  # characters: a shorter value is more likely a word
_QUIET = {"AZURE_CORE_COLLECT_TELEMETRY": "0", "AZURE_CORE_NO_COLOR": "1", "AZURE_CORE_SURVEY_MESSAGE": "0"}
_DEFAULT_SOCKET = "unix:///var/run/docker.sock"
_DEFAULT_PIPE = "npipe:////./pipe/docker_engine"


def check_client(name: str, machine: Machine, limit: float, registries: Sequence[Registry] = ()) -> ClientRecord:
    """Check one client on a machine within ``limit`` seconds; what is wrong is in the record, never raised.

    ``registries`` are those whose record az should show and whose logins a docker config should hold; for docker and
    podman they are names for the remedies only. Raises ValueError, naming the choices, for a client that is none of
    `CHECKS`.
    """
    if name not in CHECKS:
        raise ValueError(f"unknown client {name!r}; choose one of {', '.join(CHECKS)}")
    return CHECKS[name](machine, Deadline(limit), registries, _secrets_of(machine.environ))


def _secrets_of(environ: Mapping[str, str]) -> Secrets:
    """Register what an environment holds under the name of a secret: a program can print what it was given."""
    secrets = Secrets()
    for name in environ:
        if name.upper().endswith(_SECRETS) and len(environ[name]) >= _SHORTEST:
            secrets.add(environ[name])
    return secrets


def _check_containers(
    machine: Machine, deadline: Deadline, registries: Sequence[Registry], secrets: Secrets, *, name: str
) -> ClientRecord:
    environ = machine.environ
    # As az: DOCKER_COMMAND is what stands for docker, whatever it really is.
    docker = environ.get("DOCKER_COMMAND", "") or "docker"
    wanted = docker if name == "docker" else name
    command, refused = _find(wanted, environ)
    shell = bool(environ.get("ACC_CLOUD"))
    runs: list[Ran] = []
    if command:
        for arguments in (("ps",), ("version", "--format", "{{json .}}")):
            runs.append(_run(command, arguments, environ, deadline, secrets))
            if not runs[-1].ok:
                break
        runs = [_judged_version(ran) for ran in runs]
    return ClientRecord(
        client=name,
        checked_at=machine.now(),
        wanted=secrets.clean(wanted, 300),
        command=secrets.clean(command, 1000),
        refused=secrets.clean(refused, 1000),
        cloud_shell=shell,
        used_by_az=Path(wanted).name == Path(docker).name and bool(_find("az", environ)[0]),
        runs=tuple(runs),
        daemon=_look_at_daemon(environ, secrets) if name == "docker" else None,
        login_servers=tuple(registry.login_server for registry in registries),
    )


def _judged_version(ran: Ran) -> Ran:
    """Keep of a version's document whether there was one; its many fields are nobody's evidence."""
    if "version" not in ran.arguments or not ran.ok:
        return ran
    if isinstance(parse_json(ran.stdout.encode()), dict):
        return Ran(arguments=ran.arguments, exit_code=0, stderr=ran.stderr)
    return Ran(arguments=ran.arguments, exit_code=1, stdout=ran.stdout, stderr="what it printed is no JSON document")


def _check_az(machine: Machine, deadline: Deadline, registries: Sequence[Registry], secrets: Secrets) -> ClientRecord:
    environ = {**machine.environ, **_QUIET}
    command, refused = _find("az", environ)
    runs: list[Ran] = []
    if command:
        asked = [("version", "--output", "json"), ("account", "show", "--query", "id", "--output", "tsv")]
        asked += [
            ("acr", "show", "--name", registry.name, "--query", "id", "--output", "tsv") for registry in registries
        ]
        for arguments in asked:
            runs.append(_run(command, arguments, environ, deadline, secrets))
            if not runs[-1].ok and "acr" not in arguments:
                break  # what follows needs this
    return ClientRecord(
        client="az",
        checked_at=machine.now(),
        wanted="az",
        command=secrets.clean(command, 1000),
        refused=secrets.clean(refused, 1000),
        runs=tuple(runs),
        login_servers=tuple(registry.login_server for registry in registries),
    )


def _find(wanted: str, environ: Mapping[str, str]) -> tuple[str, str]:
    """Return a program's absolute path, or the one that was found in the current folder and will not be run."""
    here = current_folder()
    if Path(wanted).name != wanted:
        path = Path(wanted)
        if not path.is_absolute() or resolved(path.parent) == here:
            return "", str(path)
        return (str(path), "") if os.access(path, os.X_OK) else ("", "")
    if found := find_program(wanted, environ):
        return found, ""
    if here is None:
        return "", ""
    looked = [Path(part or ".") for part in environ.get("PATH", "").split(os.pathsep)]
    in_folder = any(resolved(here / part) == here for part in looked) and os.access(here / wanted, os.X_OK)
    return "", str(here / wanted) if in_folder else ""


def _run(
    command: str, arguments: tuple[str, ...], environ: Mapping[str, str], deadline: Deadline, secrets: Secrets
) -> Ran:
    ended = run_program([command, *arguments], environ, deadline.left())
    return Ran(
        arguments=(secrets.clean(Path(command).name, 120), *arguments),
        exit_code=ended.exit_code,
        stdout=_printed(ended.out, 8000, secrets),
        stderr=_printed(ended.err, 4000, secrets),
        trouble=secrets.clean(ended.trouble),
    )


def _printed(output: bytes, limit: int, secrets: Secrets) -> str:
    """Return a program's output by lines, each as it may be kept, without a secret that has several."""
    lines = secrets.scrub(output.decode(errors="replace"))[: 8 * limit].splitlines()
    return "\n".join(secrets.clean(line, 1000) for line in lines)[:limit].strip()


def _look_at_daemon(environ: Mapping[str, str], secrets: Secrets) -> Daemon:
    endpoint, source = _find_endpoint(environ)
    return Daemon(
        endpoint=secrets.clean(endpoint, 300), source=secrets.clean(source, 100), socket=_try_socket(endpoint)
    )


def _find_endpoint(environ: Mapping[str, str]) -> tuple[str, str]:
    """Return where the docker client looks for its daemon, in its own order (docs.docker.com, "docker context")."""
    if host := environ.get("DOCKER_HOST"):
        return host, "DOCKER_HOST"
    config: ConfigFile | None = None
    with contextlib.suppress(UnreadableConfig):
        config = read_config(environ)
    named = environ.get("DOCKER_CONTEXT") or (config.context if config is not None else "")
    path = config_path(environ)
    if path is not None and named not in {"", "default"}:
        folder = hashlib.sha256(as_bytes(named)).hexdigest()
        with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
            meta = load_foreign_json(read_regular(path.parent / "contexts" / "meta" / folder / "meta.json", _LARGEST))
            return str(meta["Endpoints"]["docker"]["Host"]), f"context {named}"
    return (_DEFAULT_PIPE if sys.platform == "win32" else _DEFAULT_SOCKET), "default"


def _try_socket(endpoint: str) -> Socket:
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


def _check_docker_config(
    machine: Machine, deadline: Deadline, registries: Sequence[Registry], secrets: Secrets
) -> ClientRecord:
    return ClientRecord(
        client="docker-config",
        checked_at=machine.now(),
        config=_read_docker_config(machine.environ, deadline, secrets),
        login_servers=tuple(registry.login_server for registry in registries),
    )


def _read_docker_config(environ: Mapping[str, str], deadline: Deadline, secrets: Secrets) -> DockerConfig:
    path = config_path(environ)
    if path is None:
        return DockerConfig(path="", trouble="neither DOCKER_CONFIG nor a home folder is set")
    try:
        config = read_config(environ)
    except UnreadableConfig as unreadable:
        return DockerConfig(path=shown(path), found=True, trouble=unreadable.reason)
    if config is None:
        return DockerConfig(path=shown(path))
    logins = tuple(_stored_login(config, key, secrets) for key in config.keys[:_MOST_LOGINS])
    helpers = [_ask_for_list(name, environ, deadline, secrets) for name in config.helpers[:_MOST_HELPERS]]
    return DockerConfig(
        path=shown(path),
        found=True,
        helpers=tuple(helper for helper, _ in helpers),
        logins=logins,
        keys=tuple(dict.fromkeys(key for _, keys in helpers for key in keys))[:_MOST_LOGINS],
    )


def _ask_for_list(
    name: str, environ: Mapping[str, str], deadline: Deadline, secrets: Secrets
) -> tuple[Helper, tuple[str, ...]]:
    """Return a helper, and the servers that it has a login for; ``list`` tells their names and no secret."""
    program = helper_program(name)
    command = find_program(program, environ) if can_be_helper(name) else ""
    if not command:
        return Helper(name=secrets.clean(program, 120), command=""), ()
    ended = run_program([command, "list"], environ, deadline.left())
    listed = parse_json(ended.out) if ended.exit_code == 0 else None
    keys = tuple(secrets.clean(str(key), 300) for key in listed) if isinstance(listed, dict) else ()
    said = helper_words(ended.err) or (helper_words(ended.out) if ended.exit_code else "")
    words = _printed(said.encode(), 1000, secrets)
    trouble = secrets.clean(ended.trouble)
    ran = Ran(arguments=(program, "list"), exit_code=ended.exit_code, stderr=words, trouble=trouble)
    return Helper(name=program, command=secrets.clean(command, 1000), listed=ran), keys


def _stored_login(config: ConfigFile, key: str, secrets: Secrets) -> StoredLogin:
    """Return what may be shown of a stored login; of its secret only what a JWT says of itself."""
    user, secret = "", None
    with contextlib.suppress(BadAuth):  # whoever signs in with it is told; here it is a login that nobody can use
        user, secret = config.kept(key)
    if secret is not None:
        secrets.add(secret, user=user)
    return StoredLogin(
        key=secrets.clean(key, 300),
        user_name=secrets.clean(user, 120),
        secret=shape_of(secret) if secret is not None else SecretShape.NONE,
        expires=expiry_of(claims(secret) or {}) if secret is not None else None,
    )


#: The clients that can be required, each with its check; `--acr-client` has the same choices.
CHECKS: Mapping[str, Callable[[Machine, Deadline, Sequence[Registry], Secrets], ClientRecord]] = {
    "docker": partial(_check_containers, name="docker"),
    "podman": partial(_check_containers, name="podman"),
    "az": _check_az,
    "docker-config": _check_docker_config,
}
