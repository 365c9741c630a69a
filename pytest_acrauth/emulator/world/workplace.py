"""The machine, as plain data: environment and clock, what is installed, where it runs, what it keeps in files."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum


@dataclass
class Docker:
    """The docker client, and the daemon it wants to reach; ``says`` is what it prints beside every answer.

    ``lists_only`` is a daemon behind a filter that lets through who asks for the list of containers, and nothing else.
    """

    version: str = "29.0.1"
    running: bool = True
    socket_allowed: bool = True
    endpoint: str = "unix:///var/run/docker.sock"
    says: str = ""
    lists_only: bool = False


@dataclass
class Podman:
    """Podman, which needs no daemon."""

    version: str = "5.4.2"


@dataclass
class Az:
    """The Azure CLI: who is logged in (a user's name, None for nobody), and the id of the active subscription.

    ``resource`` is what its tokens are made for whatever it is asked, as by a wrapper ('': what it is asked).
    ``kept`` is how many seconds ago the token was issued that its cache hands out. ``remembered`` are the ids of
    subscriptions that it lists as the user's tenant's own since the login, and that are not any more.
    """

    user: str | None
    subscription: str
    version: str = "2.91.0"
    resource: str = ""
    kept: float = 0.0
    remembered: set[str] = field(default_factory=set)


@dataclass
class Helper:
    """A docker credential helper: what it keeps, by server; ``fault`` is all it says where it is broken."""

    kept: dict[str, tuple[str, str]] = field(default_factory=dict)
    fault: str = ""


class Host(StrEnum):
    """Where in Azure the machine runs, which decides how it is told of its managed identities."""

    VIRTUAL_MACHINE = "virtual machine"
    APP_SERVICE = "app service"


@dataclass
class Workplace:
    """The machine.

    ``clock_offset`` is by how many seconds its clock is wrong. ``host`` is None outside Azure; inside, ``identities``
    are the client ids of the managed identities assigned to it, the system's own among them if it has one.
    ``files`` are texts by the environment variable that names the file. ``docker_config`` is what docker keeps in its
    folder, and ``docker_config_cut`` tells that the disk was full while it was written; ``helpers`` are by the name
    that it uses for them.
    """

    environ: dict[str, str]
    clock_offset: float = 0.0
    docker: Docker | None = None
    podman: Podman | None = None
    az: Az | None = None
    helpers: dict[str, Helper] = field(default_factory=dict)
    docker_config: dict[str, object] = field(default_factory=dict)
    docker_config_cut: bool = False
    files: dict[str, str] = field(default_factory=dict)
    host: Host | None = None
    identities: list[str] = field(default_factory=list)
