"""When credentials end: the limits that somebody sets, which credentials have an end, and what was seen of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import NamedTuple, Self

from pytest_acrauth.model import codec
from pytest_acrauth.model.credential import CredentialFacts, Kind, SecretShape
from pytest_acrauth.model.defect import Defect
from pytest_acrauth.model.target import Flow, Target

#: Seconds of a day, which limits are counted in.
DAY = 86_400.0
#: A date of this year or later stands for "no end": .NET's last one is what Azure writes where none was given.
_NO_END = 9999
_FIRST_YEAR = 1970

#: What is wrong with limits that are pointless.
POINTLESS = "nothing is told of that does not fail anyway: tell of it more days ahead than it fails"


class Limits(NamedTuple):
    """Within how many days of its end a credential is told of, and fails its check; None where nobody said.

    ``required`` tells that somebody asked for this very identity: then not being able to look is a failure as well.
    """

    warn: float | None = None
    fail: float | None = None
    required: bool = False

    @property
    def pointless(self) -> bool:
        """Whether nothing is told of that does not fail anyway."""
        return self.warn is not None and self.fail is not None and self.warn <= self.fail

    def __bool__(self) -> bool:
        """Whether anything is to be looked at."""
        return self.warn is not None or self.fail is not None


class Ending(StrEnum):
    """The kinds of credential that have an end; each is a part of its check's id."""

    CLIENT_SECRET = "client-secret"  # noqa: S105 - the name of a kind
    CERTIFICATE = "certificate"  # as Entra's directory has it
    CERTIFICATE_FILE = "certificate-file"
    FEDERATED_TOKEN = "federated-token"  # noqa: S105 - the name of a kind
    SCOPE_MAP_PASSWORD = "scope-map-password"  # noqa: S105 - the name of a kind
    REFRESH_TOKEN = "refresh-token"  # noqa: S105 - the name of a kind
    STORED_LOGIN = "stored-login"  # what docker keeps for a registry, which may be any of several kinds


class Expiring(NamedTuple):
    """One credential whose end is looked at: the target by which its identity is known to sign in, and its kind."""

    target: Target
    kind: Ending

    @property
    def parts(self) -> tuple[str, ...]:
        """The words that tell it from every other: the identity, the kind, and of a stored login whose it is."""
        own = (self.target.registry.login_server,) if self.kind is Ending.STORED_LOGIN else ()
        return (self.target.identity.name, self.kind, *own)

    @property
    def id(self) -> str:
        """Its words in one, by which its record is kept."""
        return "::".join(self.parts)


class Dated(NamedTuple):
    """One credential with its dates, in seconds since the epoch: ``ends`` is None for one without an end.

    ``name`` is what people call it by, ``id`` what Azure does; '' for none. ``readable`` is False where an end was
    told that no calendar has: then nothing is known of it. ``held`` tells whether it is the very one that the caller
    holds, None where that cannot be told.
    """

    name: str
    id: str = ""
    starts: float | None = None
    ends: float | None = None
    readable: bool = True
    held: bool | None = None

    @property
    def life(self) -> float | None:
        """Its whole life in seconds, None where a date of it is not known."""
        return None if self.starts is None or self.ends is None else self.ends - self.starts


class SignIn(StrEnum):
    """How the identity's sign-in went, which proves a credential or not."""

    PASSED = "passed"
    REFUSED = "refused"
    NOT_REACHED = "not reached"


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpiryRecord:
    """What was seen of the end of one identity's credential, all of its kind that there are; free of secrets.

    ``parts`` are the words of its id, and ``asked`` is the kind among them.
    ``kind`` is what it is, where a stored login turned out to be one; None where it has no end, or is not known.
    ``found`` is empty where nobody could look, as ``why`` says; ``who`` looked, '' where it was read on this machine.
    ``unshown`` says why there may be more than was shown, '' where all was. ``now`` is when it was looked at, in
    seconds since the epoch by this machine's clock, and ``off`` by how much that clock is ahead of the services', None
    where no answer told. ``source`` is where the credential is kept here: a variable or a file. ``defect`` is what this
    package did wrong in looking.
    """

    parts: tuple[str, ...]
    target: Target
    asked: Ending
    now: float
    kind: Ending | None = None
    found: tuple[Dated, ...] = ()
    who: str = ""
    why: str = ""
    unshown: str = ""
    sign_in: SignIn = SignIn.NOT_REACHED
    off: float | None = None
    client_id: str = ""
    user_name: str = ""
    source: str = ""
    defect: Defect | None = None

    @property
    def id(self) -> str:
        """The id of the credential that it is about, as `Expiring` has it."""
        return "::".join(self.parts)

    def to_json(self) -> str:
        """Return the record as JSON text; `from_json` reads it back."""
        return codec.to_json(self)

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Rebuild a record from `to_json`'s text. Raises ValueError, TypeError or KeyError for other text."""
        return codec.from_json(cls, text)


def kinds_of(facts: CredentialFacts, flow: Flow) -> tuple[Ending, ...]:
    """Return what has an end of a credential, as far as can be told without contacting anybody.

    A managed identity's, an admin user's and a person's have none; whoever is anonymous has no credential.
    """
    if facts.kind in {Kind.ADMIN, Kind.ANONYMOUS, Kind.MANAGED_IDENTITY, Kind.USER, Kind.UNREAD}:
        return ()
    if flow is Flow.BASIC and facts.source:
        return (Ending.STORED_LOGIN,)
    if facts.secret is SecretShape.CERTIFICATE:
        return Ending.CERTIFICATE_FILE, Ending.CERTIFICATE
    if facts.secret is SecretShape.ASSERTION:
        return (Ending.FEDERATED_TOKEN,)
    if flow is Flow.ENTRA and facts.secret not in {SecretShape.OPAQUE, SecretShape.NONE}:
        return ()
    kind = kind_of(facts)
    return () if kind is None else (kind,)


def kind_of(facts: CredentialFacts) -> Ending | None:
    """Return which kind of those with an end a password or a secret is, None for any other."""
    kinds = {
        Kind.SERVICE_PRINCIPAL: Ending.CLIENT_SECRET,
        Kind.SCOPE_MAP_TOKEN: Ending.SCOPE_MAP_PASSWORD,
        Kind.REFRESH_TOKEN: Ending.REFRESH_TOKEN,
    }
    return kinds.get(facts.kind)


def dated(name: str, starts: str, ends: str, *, key_id: str = "", held: bool | None = None) -> Dated:
    """Return a credential whose dates Azure wrote (ISO 8601, '' for none); of an unreadable end nothing is known."""
    end, readable = _moment(ends)
    start, _ = _moment(starts)
    return Dated(name, key_id, start, end, readable=readable, held=held)


def _moment(text: str) -> tuple[float | None, bool]:
    """Return a date in seconds since the epoch, None for none; and whether it could be read."""
    if not text:
        return None, True
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None, False
    if found.year >= _NO_END:
        return None, True
    if found.year < _FIRST_YEAR:  # what .NET writes for no date at all, for one
        return None, False
    return (found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp(), True
