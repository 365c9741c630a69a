"""The emulator as a context: a world, changed by scenarios, and served while the context lasts."""

from __future__ import annotations

from collections.abc import Iterable, MutableMapping
from types import TracebackType
from typing import Self

from pytest_acrauth.emulator.fleet import wanted
from pytest_acrauth.emulator.scenarios.entries import UnknownScenario, choose
from pytest_acrauth.emulator.server.front import LoggedRequest
from pytest_acrauth.emulator.server.machine import EmulatedMachine
from pytest_acrauth.emulator.server.serve import Server
from pytest_acrauth.emulator.world import Change, World
from pytest_acrauth.emulator.world.healthy import healthy_world
from pytest_acrauth.model.target import Registry


class Emulator:
    """A healthy world changed by scenarios, by the ids of the failure modes, served while the context lasts.

    ``registries`` are those it has beside `REGISTRIES`: by name, login server or resource id. The environment's
    passwords are those of the first one, else of the first of `REGISTRIES`.

    Raises `UnknownScenario` for an id that is none, and `BadName` for a registry that no public cloud can have.
    Contacts nothing outside loopback and reads nothing of the real environment::

        with Emulator(registries=("thirdacr",)) as emulator:
            emulator.machine.resolve("thirdacr.azurecr.io")
    """

    def __init__(self, *scenarios: str, registries: Iterable[str | Registry] = ()) -> None:
        chosen = choose(scenarios)
        own = (scenario.options["registry"] for scenario in chosen if "registry" in scenario.options)
        self.world: World = healthy_world(*map(wanted, (*registries, *own)))
        for scenario in chosen:
            scenario.change(self.world)

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
        """Every request answered so far, in order."""
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

    def apply(self, *scenarios: str) -> None:
        """Change the running world by more scenarios. Raises `UnknownScenario`, and then changes nothing."""
        __tracebackhide__ = True  # in a test, what is misspelt is in the test
        try:
            chosen = choose(scenarios)
        except UnknownScenario as error:
            raise error.with_traceback(None) from None
        self.change(*(scenario.change for scenario in chosen))

    def change(self, *changes: Change) -> None:
        """Change the running world by functions of it, and bring listeners, programs and files up to that."""
        for change in changes:
            change(self.world)
        self._server.follow()
