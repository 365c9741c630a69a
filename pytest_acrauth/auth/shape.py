"""The shape of an authentication method: what its row says, and the credential that is read by it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from pytest_acrauth.auth.files import read_regular
from pytest_acrauth.model.credential import CredentialFacts
from pytest_acrauth.model.observation import Trouble
from pytest_acrauth.model.secret import Secret, Secrets
from pytest_acrauth.model.target import Flow, Identity, Registry

_LARGEST = 1024 * 1024  # bytes of a file that a variable names


class BadAuth(ValueError):
    """An identity that cannot be used as asked; the text names the option or variable and what to do."""

    __module__ = "pytest_acrauth"  # its public home, which tracebacks name


@dataclass(frozen=True, slots=True)
class Credential:
    """An identity's credential: the showable facts, and what is sent.

    ``secret`` is None where there is none to send, or where it is got later: from Entra, or from the credential
    helper that ``helper`` names. ``trouble`` and ``text`` tell why the helper gave none.
    """

    facts: CredentialFacts
    user: str = ""
    secret: Secret | None = None
    helper: str = ""
    trouble: Trouble | None = None
    text: str = ""


@dataclass(frozen=True, slots=True)
class Variables:
    """The environment variables of one identity: those of a machine behind the identity's prefix."""

    prefix: str
    environ: Mapping[str, str]

    def name(self, suffix: str) -> str:
        """Return the whole name of a variable."""
        return f"{self.prefix}_{suffix}"

    def value(self, suffix: str) -> str:
        """Return a variable's value, '' where it is not set."""
        return self.environ.get(self.name(suffix), "")

    def read_file(self, suffix: str) -> bytes:
        """Read the file that a variable names. Raises `BadAuth` with variable, path and reason."""
        try:
            return read_regular(Path(self.value(suffix)), _LARGEST)
        except (OSError, ValueError) as error:
            reason = error.strerror if isinstance(error, OSError) else "that is no path"
            raise BadAuth(f"{self.name(suffix)}: cannot read {self.value(suffix)!r}: {reason}") from error


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a machine keeps a credential that no variable of an identity holds; all three get its environment.

    ``find`` returns where the credential for these registries is, '' where there is none. ``words`` says where that
    is looked for. ``note`` is what the header tells where the method was asked for by name, '' for nothing.
    """

    find: Callable[[Mapping[str, str], Sequence[Registry]], str]
    words: Callable[[Mapping[str, str]], str]
    note: Callable[[Mapping[str, str]], str]


class Evidence(NamedTuple):
    """How an Entra identity is asked for evidence: its turn among a machine's logins, and its name in a text.

    ``called`` is a format string over the ``principal``'s id. ``has_home`` tells that its login is stored for a tenant,
    whichever one variables name.
    """

    turn: int
    called: str
    has_home: bool = False


class Job(NamedTuple):
    """The system of whose jobs a method is: the variable by which each says so, and what an incomplete one lacks.

    ``lacks`` gets the environment and the names of the variables that are not set, and returns what to add to the job.
    """

    sign: str
    lacks: Callable[[Mapping[str, str], Sequence[str]], str]


def _nothing_more(_variables: Variables) -> None:
    """Ask no more of an identity than that its variables are set."""


def _everywhere(_identity: Identity, registries: Sequence[Registry], _environ: Mapping[str, str]) -> Sequence[Registry]:
    """Let an identity be used at every registry."""
    return registries


@dataclass(frozen=True, slots=True, kw_only=True)
class Method:
    """One way to authenticate. Raises `ValueError` for a row that says too little, when it is made.

    ``prefix`` begins the ``variables`` it needs, those of which it needs one (``either``: the first that is set is
    read), the ones it needs where a prefix was given (``prefixed``), and the ``optional`` ones it reads where they are
    set. ``given`` are whole names, which the system of a ``job`` sets whatever the prefix is. ``signs`` are those that
    only this method is meant by, in such a job: one of them without the rest is worth a note. ``detected`` methods are
    looked for by ``default``: by their variables, or in their ``place``.

    ``read`` returns the credential and registers its secret; it raises `BadAuth` where that is gone. ``check`` raises
    `BadAuth` for variables that are set and cannot be used. ``serves`` returns the registries that an identity is
    used at, or raises `BadAuth`; a Basic method has to say it, for one registry's password is never sent to another.
    ``evidence`` is there for every method of the Entra flow.
    """

    name: str
    flow: Flow
    summary: str
    read: Callable[[Variables, Registry, Secrets], Credential]
    prefix: str = ""
    variables: tuple[str, ...] = ()
    either: tuple[str, ...] = ()
    prefixed: tuple[str, ...] = ()
    optional: tuple[str, ...] = ()
    given: tuple[str, ...] = ()
    job: Job | None = None
    signs: tuple[str, ...] = ()
    detected: bool = False
    place: Place | None = None
    check: Callable[[Variables], None] = _nothing_more
    serves: Callable[[Identity, Sequence[Registry], Mapping[str, str]], Sequence[Registry]] = _everywhere
    evidence: Evidence | None = None

    def __post_init__(self) -> None:
        if self.detected and not self.variables and self.place is None:
            raise ValueError(f"{self.name} is detected, and has neither variables nor a place to be found by")
        if (self.flow is Flow.ENTRA) != (self.evidence is not None):
            raise ValueError(f"{self.name}: the methods of the Entra flow, and no others, say how they are asked")
        if self.flow is Flow.BASIC and self.serves is _everywhere:
            raise ValueError(f"{self.name}: a password is for one registry, so a row says which registries it serves")

    @property
    def takes_prefix(self) -> bool:
        """Whether it reads variables, which then may begin with another prefix."""
        return bool(self.variables or self.prefixed or self.optional)

    @property
    def suffixes(self) -> tuple[str, ...]:
        """All that a prefix begins for it, whether it has to be set or not."""
        return (*self.variables, *self.either, *self.prefixed, *self.optional)
