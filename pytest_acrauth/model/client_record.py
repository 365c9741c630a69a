"""What a client check records: programs that ran, a daemon's socket, stored logins. Plain data without secrets."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple, Self

from pytest_acrauth.model import codec
from pytest_acrauth.model.credential import SecretShape
from pytest_acrauth.model.defect import Defect
from pytest_acrauth.model.evidence import Look, RegistryFacts


class Ran(NamedTuple):
    """One program that was run: what was asked of it, and what it said. ``exit_code`` is None where it did not end.

    ``trouble`` is what kept it from starting; where that is empty too, its time was over.
    """

    arguments: tuple[str, ...]
    exit_code: int | None
    stdout: str = ""
    stderr: str = ""
    trouble: str = ""

    @property
    def ok(self) -> bool:
        return self.exit_code == 0

    @property
    def started(self) -> bool:
        return not self.trouble


class Socket(StrEnum):
    """How a daemon's socket was found."""

    NOT_LOCAL = "not a local socket"
    MISSING = "missing"
    FORBIDDEN = "this user may not open it"
    SILENT = "nothing listens"
    LISTENS = "something listens"


class Daemon(NamedTuple):
    """Where a client looks for its daemon (``source`` says who told it so), and how the socket there was found."""

    endpoint: str
    source: str
    socket: Socket


class Helper(NamedTuple):
    """A credential helper that a docker config names: where it is ('' if nowhere), and how ``list`` went."""

    name: str
    command: str
    listed: Ran | None = None

    @property
    def ok(self) -> bool:
        return self.listed is not None and self.listed.ok


class StoredLogin(NamedTuple):
    """One login in a docker config: its key as written, and what may be shown of the credential.

    ``expires`` is the end of a token, in seconds since the epoch.
    """

    key: str
    user_name: str = ""
    secret: SecretShape = SecretShape.NONE
    expires: float | None = None


class DockerConfig(NamedTuple):
    """A docker ``config.json``: its path, why it could not be read ('' if it was), its helpers and stored logins.

    ``keys`` are the servers that the helpers hold a login for.
    """

    path: str
    found: bool = False
    trouble: str = ""
    helpers: tuple[Helper, ...] = ()
    logins: tuple[StoredLogin, ...] = ()
    keys: tuple[str, ...] = ()


class RecordLook(NamedTuple):
    """A look at the record of a registry, taken as evidence is for a climb."""

    login_server: str
    look: Look[RegistryFacts]


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientRecord:
    """One client check. A part that the client does not have is None.

    ``wanted`` is the program's name as looked for, ``command`` its absolute path ('' where there is none that may be
    run), ``refused`` a path that was found and not run because it lies in the current folder. ``used_by_az`` is whether
    az is on this machine, too, and logs in with this very program. ``runs`` are in order:
    docker and podman ``ps`` and ``version``, az ``version``, ``account show`` and one ``acr show`` for each registry.
    ``looks`` are of registries that az did not show, or whose stored login has ended, where somebody was asked.
    ``checked_at`` is the wall clock, seconds since the epoch. ``defect`` is what this package did wrong in the check;
    nothing else is told of that then.
    """

    client: str
    checked_at: float
    wanted: str = ""
    command: str = ""
    refused: str = ""
    cloud_shell: bool = False
    used_by_az: bool = False
    runs: tuple[Ran, ...] = ()
    daemon: Daemon | None = None
    config: DockerConfig | None = None
    login_servers: tuple[str, ...] = ()
    looks: tuple[RecordLook, ...] = ()
    defect: Defect | None = None

    @property
    def lacking(self) -> tuple[str, ...]:
        """The login servers that the docker config holds no login for, under whichever key."""
        stored = {_meant_by(key) for key in self._keys}
        return tuple(server for server in self.login_servers if server not in stored)

    @property
    def misspelt(self) -> tuple[str, ...]:
        """The keys that are meant for a login server, where none is its plain name or an address of it in the file.

        Where they find no key that is the name itself, clients take the host out of the file's keys that are addresses,
        as older ones wrote them; a credential helper is asked for the name alone.
        """
        addresses = {host_of_key(each.key) for each in self._logins if "://" in each.key}
        missing = {server for server in self.login_servers if server not in addresses.union(self._keys)}
        return tuple(key for key in self._keys if _meant_by(key) in missing)

    @property
    def ended(self) -> tuple[StoredLogin, ...]:
        """The stored logins for the login servers whose token was past its end when they were read."""
        return tuple(
            login
            for login in self._logins
            if _meant_by(login.key) in self.login_servers
            if login.expires is not None and login.expires < self.checked_at
        )

    @property
    def ended_at(self) -> tuple[str, ...]:
        """The login servers of `ended`."""
        return tuple(dict.fromkeys(_meant_by(login.key) for login in self.ended))

    @property
    def _logins(self) -> tuple[StoredLogin, ...]:
        return self.config.logins if self.config is not None else ()

    @property
    def _keys(self) -> tuple[str, ...]:
        return (*(login.key for login in self._logins), *(self.config.keys if self.config is not None else ()))

    def run(self, word: str) -> Ran | None:
        """Return the first run whose arguments hold a word, None where there was none."""
        return next((ran for ran in self.runs if word in ran.arguments), None)

    @property
    def unshown(self) -> tuple[tuple[str, Ran], ...]:
        """The registries whose record az did not show, by login server, and how each of these runs went."""
        asked = [ran for ran in self.runs if "acr" in ran.arguments]
        return tuple((server, ran) for server, ran in zip(self.login_servers, asked, strict=False) if not ran.ok)

    def to_json(self) -> str:
        """Return the record as JSON text; `from_json` reads it back."""
        return codec.to_json(self)

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Rebuild a record from `to_json`'s text. Raises ValueError, TypeError or KeyError for other text."""
        return codec.from_json(cls, text)


def host_of_key(key: str) -> str:
    """Return the host that a key of a docker config is meant for, as it is written there."""
    return key.removeprefix("https://").removeprefix("http://").partition("/")[0]


def _meant_by(key: str) -> str:
    """Return the login server that somebody who wrote a key had in mind."""
    return host_of_key(key).lower().removesuffix(":443")
