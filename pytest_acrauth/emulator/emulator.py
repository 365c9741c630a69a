"""The emulator as a context: a world, changed by scenarios, and served while the context lasts."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, MutableMapping, Sequence
from fnmatch import fnmatchcase
from types import TracebackType
from typing import Self

from pytest_acrauth.emulator.azure.metadata import ADDRESS
from pytest_acrauth.emulator.fleet import wanted
from pytest_acrauth.emulator.identities import SignIn, sign_in
from pytest_acrauth.emulator.scenarios.entries import UnknownScenario, choose
from pytest_acrauth.emulator.server.log import LoggedRequest
from pytest_acrauth.emulator.server.machine import EmulatedMachine
from pytest_acrauth.emulator.server.serve import Server
from pytest_acrauth.emulator.steps import BadSequence, Steps
from pytest_acrauth.emulator.world import Change, World
from pytest_acrauth.emulator.world.healthy import healthy_world
from pytest_acrauth.model.target import Registry

LONGEST_LATENCY = 60.0  # seconds
_MOST_HOSTS = 20  # that a line names


class Emulator:
    """A healthy world changed by scenarios, by the ids of the failure modes, served while the context lasts.

    ``registries`` are those it has beside `REGISTRIES`: by name, login server or resource id. The environment's
    passwords are those of the first one, else of the first of `REGISTRIES`. ``identities`` are those that its machine
    has credentials of, beside or in the place of the usual ones: ``METHOD``, under the variables that the method
    reads, or ``METHOD:PREFIX``, under others, as ``--acr-auth`` takes them.

    Raises `UnknownScenario` for an id that is none, `BadName` for a registry that no public cloud can have, and
    `BadAuth` for an identity that is none, or that has no place beside another one.
    Contacts nothing outside loopback and reads nothing of the real environment::

        with Emulator(registries=("thirdacr",)) as emulator:
            emulator.machine.resolve("thirdacr.azurecr.io")
    """

    def __init__(
        self,
        *scenarios: str,
        registries: Iterable[str | Registry] = (),
        identities: Iterable[str | SignIn] = (),
    ) -> None:
        chosen = choose(scenarios)
        own = (scenario.options["registry"] for scenario in chosen if "registry" in scenario.options)
        self.world: World = healthy_world(*map(wanted, (*registries, *own)))
        self._hosts = frozenset(self.world.network.names)  # a scenario may take some away for a while
        self.identities = [SignIn.parse(each) if isinstance(each, str) else each for each in identities]
        sign_in(self.world, self.identities, chosen)
        self._played: Steps | None = None

    def __enter__(self) -> Self:
        self._server = Server(self.world)
        self._server.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the context: no port is listened on any more."""
        self._server.stop()

    @property
    def machine(self) -> EmulatedMachine:
        """The machine of this world, on which a climb runs."""
        return self._server.machine

    @property
    def environ(self) -> MutableMapping[str, str]:
        """The machine's environment variables, never the real ones."""
        return self.world.machine.environ

    @property
    def requests(self) -> list[LoggedRequest]:
        """Every request so far, in the order in which they came."""
        return self._server.requests

    @property
    def connections(self) -> list[str]:
        """The host name reached by every TCP connection accepted so far, in order."""
        return self._server.connections

    @property
    def ca_pem(self) -> str:
        """The certificate of the authority to trust."""
        return self.machine.ca_pem

    @property
    def proxy_url(self) -> str:
        """A CONNECT proxy through which unmodified programs reach the emulator under the real host names."""
        return self._server.proxy_url

    @property
    def latency(self) -> dict[str, float]:
        """By how many seconds answers take longer, by host; to set it for every host, a number is enough.

        A host may be a pattern, ``*.azurecr.io``; of several that fit, the first one counts. Whoever gives up before
        that time is over gets no answer: such a request has no status in `requests`, and counts as one all the same.
        Raises ValueError for less than 0, for more than `LONGEST_LATENCY`, and for a host that there is none, and then
        changes nothing.
        """
        return dict(self.world.latency)

    @latency.setter
    def latency(self, seconds: float | Mapping[str, float]) -> None:
        wanted = dict(seconds) if isinstance(seconds, Mapping) else {"*": seconds}
        for host, each in wanted.items():
            if not (math.isfinite(each) and 0 <= each <= LONGEST_LATENCY):
                raise ValueError(f"latency of {host}: {each!r} is not between 0 and {LONGEST_LATENCY:g} seconds")
            self._look_for(host)
        self.world.latency = {host.lower(): float(each) for host, each in wanted.items()}

    def _look_for(self, pattern: str) -> None:
        """Raise ValueError for a pattern that fits no host; that of the metadata service is an address."""
        known = sorted(self._hosts | self.world.network.names.keys())
        if not any(fnmatchcase(host, pattern.lower()) for host in (*known, ADDRESS)):
            more = f" and {len(known) - _MOST_HOSTS} more" if len(known) > _MOST_HOSTS else ""
            raise ValueError(
                f"latency of {pattern}: the emulated world has no such host, but {', '.join(known[:_MOST_HOSTS])}{more}"
            )

    def apply(self, *scenarios: str, times: int | None = None, host: str = "", path: str = "") -> None:
        """Change the running world by more scenarios: for good, or for the next requests, as many as ``times`` says.

        Which requests count, ``host`` and ``path`` say; see `sequence`. Raises `UnknownScenario`, and `BadSequence`
        where that cannot be; then nothing is changed.
        """
        __tracebackhide__ = True  # in a test, what is misspelt is in the test
        if times is not None:
            if times < 1:
                raise BadSequence(f"times={times!r}: how many requests, 1 at least")
            self.sequence([scenarios] * times + [()], host=host, path=path)
            return
        if host or path:
            raise BadSequence("host and path say which requests count: say with times how many")
        try:
            chosen = choose(scenarios)
        except UnknownScenario as error:
            raise error.with_traceback(None) from None
        self.change(*(scenario.change for scenario in chosen))

    def sequence(self, steps: Sequence[str | Sequence[str]], *, host: str = "", path: str = "") -> None:
        """Answer one request in the world of each step, and all that follow in the last one's.

        A step is the id of a scenario, or several ids at once, on top of the world as it is now; ``healthy`` is that
        world itself::

            emulator.sequence([twice, twice, "healthy"])

        Without ``host`` and ``path`` those requests count at which a step's scenario is met, such as
        those for tokens, on whichever registry; others are answered in between and move nothing. With one of
        them or both, patterns with ``*`` for anything, all requests count that fit. A connection that fails counts as
        a request to its host. Raises `UnknownScenario`; and `BadSequence` for fewer than two steps, for a scenario that
        changes the machine, and while another sequence is going on. Then nothing is changed.
        """
        __tracebackhide__ = True
        if isinstance(steps, str):
            raise BadSequence(f"steps={steps!r}: a list of steps, one for each request")
        self._between_sequences()
        try:
            played = Steps(self.world, [(each,) if isinstance(each, str) else each for each in steps], host, path)
        except (UnknownScenario, BadSequence) as error:
            raise error.with_traceback(None) from None
        self._played = played
        played.begin()

    def change(self, *changes: Change) -> None:
        """Change the running world by functions of it, and bring listeners, programs and files up to that.

        Raises `BadSequence` while a sequence is going on, whose end would undo it.
        """
        __tracebackhide__ = True
        self._between_sequences()
        for change in changes:
            change(self.world)
        self._server.follow()

    def _between_sequences(self) -> None:
        __tracebackhide__ = True
        if self._played is not None and (left := len(self._played)):
            raise BadSequence(f"a sequence is going on: {left} more of its requests have to come before its last step")
