"""Whatever a report holds is masked, and whatever a test handed over stays as it was."""

from __future__ import annotations

import enum
import json
import uuid
from collections import OrderedDict, UserDict, deque, namedtuple
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType, SimpleNamespace
from typing import Any, NamedTuple

import pytest

from pytest_acrauth.model.secret import Secrets
from pytest_acrauth.plugin.cleaning.reports import ReportCleaner
from pytest_acrauth.plugin.cleaning.text import TextCleaner

SECRET = "planted/secret+0123456789"


@dataclass(frozen=True, slots=True)
class Frozen:
    """A record that cannot be assigned to."""

    name: str
    others: tuple[str, ...] = ()


@dataclass
class Open:
    """A record whose representation says nothing."""

    name: str = field(repr=False)


class Named(NamedTuple):
    """A named tuple."""

    user: str
    password: str


class Word(enum.StrEnum):
    """A text that is no plain one."""

    SECRET = SECRET


class Teller:
    """An object that reports know by its text alone."""

    def __str__(self) -> str:
        return f"told {SECRET}"


class Hidden:
    """An object that says so only to whoever looks closely."""

    def __repr__(self) -> str:
        return f"<hidden {SECRET}>"


class Mute:
    """An object that does not let itself be looked at."""

    def __str__(self) -> str:
        raise ValueError(SECRET)

    __repr__ = __str__


class Closed(Mapping[str, str]):
    """A mapping that does not let itself be looked at."""

    def __getitem__(self, key: str) -> str:
        raise KeyError(SECRET)

    def __iter__(self) -> Iterator[str]:
        raise RuntimeError(SECRET)

    def __len__(self) -> int:
        return 1


class Choosy(list[str]):
    """A list that can be made in its own way only."""

    def __init__(self, first: str, second: str) -> None:
        super().__init__([first, second])


def loop() -> list[Any]:
    """Return a list that holds itself."""
    found: list[Any] = [SECRET]
    found.append(found)
    return found


def deep() -> Any:
    """Return what lies as deep as anything is likely to."""
    found: Any = SECRET
    for _ in range(100):
        found = {"in": [found]}
    return found


MADE: dict[str, Callable[[], Any]] = {
    "a text": lambda: f"with {SECRET}",
    "bytes": SECRET.encode,
    "other bytes": lambda: b"\xff" + SECRET.encode() + b"\xfe",
    "a bytearray": lambda: bytearray(SECRET.encode()),
    "a dict": lambda: {"password": SECRET, SECRET: 1},
    "a nested dict": lambda: {"env": {"list": [("a", {SECRET})]}},
    "an ordered dict": lambda: OrderedDict(password=SECRET),
    "a user's dict": lambda: UserDict(password=SECRET),
    "a read-only dict": lambda: MappingProxyType({"password": SECRET}),
    "a list": lambda: [1, SECRET],
    "a tuple": lambda: (1, SECRET),
    "a set": lambda: {SECRET},
    "a frozenset": lambda: frozenset({SECRET}),
    "a deque": lambda: deque([SECRET]),
    "a named tuple": lambda: Named("puller", SECRET),
    "an old named tuple": lambda: namedtuple("Old", "password")(SECRET),  # noqa: PYI024
    "a frozen record": lambda: Frozen(SECRET, (SECRET,)),
    "an open record": lambda: Open(SECRET),
    "a namespace": lambda: SimpleNamespace(password=SECRET),
    "an exception": lambda: ValueError("no", {"password": SECRET}),
    "an enum": lambda: Word.SECRET,
    "a path": lambda: Path("/") / SECRET,
    "an object by its text": Teller,
    "an object by its representation": Hidden,
    "a list of its own kind": lambda: Choosy(SECRET, SECRET),
    "a loop": loop,
    "something deep": deep,
}


def everything(value: Any, met: set[int] | None = None) -> Iterator[str]:
    """Yield all that could be read in a value, the way plugins read it: texts, parts, attributes."""
    met = set() if met is None else met
    if id(value) in met:
        return
    met.add(id(value))
    if isinstance(value, bytes | bytearray):
        yield bytes(value).decode("latin-1")
    yield str(value)
    yield repr(value)
    if isinstance(value, Mapping):
        for key, entry in value.items():
            yield from everything(key, met)
            yield from everything(entry, met)
    elif isinstance(value, list | tuple | set | frozenset | deque):
        for entry in value:
            yield from everything(entry, met)
    for name in (*getattr(value, "__dict__", ()), *getattr(value, "__dataclass_fields__", ())):
        yield from everything(getattr(value, name), met)


@pytest.fixture
def secrets() -> Secrets:
    """Deliver a register that knows the secret."""
    known = Secrets()
    known.add(SECRET)
    return known


@pytest.mark.parametrize("made", MADE)
def test_every_kind_of_value(secrets: Secrets, made: str) -> None:
    """No part of it holds the secret any more, and the value that somebody goes on using is as it was."""
    value = MADE[made]()
    before = list(everything(value))
    assert any(SECRET in text for text in before)
    cleaned = ReportCleaner(TextCleaner(secrets)).of(value)
    assert not [text for text in everything(cleaned) if SECRET in text]
    assert list(everything(value)) == before


@pytest.mark.parametrize("made", sorted({*MADE} - {"an object by its text", "an object by its representation"}))
def test_a_value_without_a_secret_is_itself(made: str) -> None:
    """What needs no mask is not copied, whatever it is."""
    other = Secrets()
    other.add("something-else-0123456789")
    value = MADE[made]()
    assert ReportCleaner(TextCleaner(other)).of(value) is value


@pytest.mark.parametrize("value", [Mute(), [Mute()], {"a": Closed()}, Closed()], ids=["object", "part", "deep", "dict"])
def test_what_does_not_let_itself_be_looked_at(secrets: Secrets, value: Any) -> None:
    """It is no reason to fail."""
    ReportCleaner(TextCleaner(secrets)).of(value)


def test_kinds_stay_what_they_are(secrets: Secrets) -> None:
    """A copy is of the same kind where there can be one."""
    clean = ReportCleaner(TextCleaner(secrets)).of
    assert clean(SECRET.encode()) == b"***"
    assert clean(b"\xff" + SECRET.encode()) == b"\xff***"
    assert clean(Named("puller", SECRET)) == Named("puller", "***")
    assert clean(Frozen(SECRET)) == Frozen("***")
    assert clean({"n": 1, "p": [SECRET]}) == {"n": 1, "p": ["***"]}
    assert json.dumps(clean([("env", {"p": SECRET})])) == '[["env", {"p": "***"}]]'
    assert clean(uuid.UUID(int=1)) == uuid.UUID(int=1)


def test_a_report_is_cleaned_in_place(pytester: pytest.Pytester, secrets: Secrets) -> None:
    """Every string that a report's representation holds is scrubbed: text, locals, sections, messages."""
    pytester.makepyfile(
        """
        def test_fails(capsys):
            local = "planted/secret+0123456789"
            print("planted/secret+0123456789")
            assert local == {"key": "planted/secret+0123456789"}, "planted/secret+0123456789"
        """
    )
    recorded = pytester.inline_run("--showlocals", "-p", "no:asyncio", "-p", "no:randomly")
    (report,) = recorded.getfailures()
    assert "planted/secret+0123456789" in report.longreprtext
    ReportCleaner(TextCleaner(secrets)).attributes(report)
    assert "planted/secret+0123456789" not in report.longreprtext
    assert "planted/secret+0123456789" not in str(report.longrepr.reprcrash)
    assert "planted/secret+0123456789" not in str(report.sections)
