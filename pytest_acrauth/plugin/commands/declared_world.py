"""``--acr-emulate declared``: the world in which everything that a run declares is so, and what is changed in it."""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from pytest_acrauth.model.target import ACTIONS, Apart, BadName, Reference, Rights, Target
from pytest_acrauth.plugin.asked.naming import NotChecked
from pytest_acrauth.plugin.asked.plan import Plan
from pytest_acrauth.plugin.asked.refusals import PUSH, Expectation
from pytest_acrauth.plugin.asked.settings import Setting, Settings, where
from pytest_acrauth.plugin.climbing.distribution import FOLDER
from pytest_acrauth.plugin.written.markers import BadMark, Expect, Permissions, Ready, marks, read, targets_of

if TYPE_CHECKING:
    from xdist.workermanage import WorkerController

    from pytest_acrauth.emulator import Emulator
    from pytest_acrauth.emulator.rehearsal import Broken, Unbreakable

DECLARED = "declared"
#: What the header says of it.
TOLD = "rehearsal: the declared world, played offline; no credential, registry or network of yours is used"
_GRAMMAR = f"write {DECLARED}, and behind it REGISTRY=ID or REGISTRY/IDENTITY=ID, with commas between them"


class Aim(NamedTuple):
    """One change by name: the scenario that happens, to a registry, or to one identity there ('' for all)."""

    registry: str
    identity: str
    scenario: str

    @classmethod
    def parse(cls, text: str, asked: str) -> Aim:
        """Read ``REGISTRY[/IDENTITY]=ID``. Raises `pytest.UsageError` that says what can be written."""
        whom, equals, scenario = text.partition("=")
        registry, slash, identity = whom.partition("/")
        if not (equals and registry and scenario) or (slash and not identity):
            raise pytest.UsageError(f"{asked}: {text!r} changes nothing in the declared world: {_GRAMMAR}")
        return cls(registry, identity, scenario)


class MadeUp(Mapping[str, str]):
    """An environment in which every variable is set, to a text made of its name: what a rehearsal reads instead."""

    def __getitem__(self, name: str) -> str:
        return "".join(each for each in name.lower() if each.isalnum())

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        return 0


def is_declared(settings: Settings) -> bool:
    """Whether the declared world is asked for, changed or not."""
    return DECLARED in settings["emulate"].values


def rehearsing(settings: Settings, config: pytest.Config) -> Settings:
    """Return settings in which a rehearsal has the declared world.

    Raises `pytest.UsageError` for another world, and for a run that is shared out.
    """
    if settings["rehearse"].values and config.getoption("numprocesses", default=None):
        raise pytest.UsageError(f"{where('rehearse', settings['rehearse'])} runs in one process: leave out -n")
    if not settings["rehearse"].values or settings["emulate"].values == (DECLARED,):
        return settings
    if settings["emulate"].values:
        raise pytest.UsageError(
            f"{where('rehearse', settings['rehearse'])} breaks {DECLARED} alone: leave out --acr-emulate"
        )
    return {**settings, "emulate": Setting((DECLARED,), settings["rehearse"].origin)}


def split(settings: Settings) -> tuple[Settings, tuple[Aim, ...]]:
    """Return settings that start a healthy world, and the changes by name. Raises `pytest.UsageError`."""
    setting = settings["emulate"]
    asked = where("emulate", setting)
    aims = tuple(Aim.parse(each, asked) for each in setting.values if each != DECLARED)
    return {**settings, "emulate": Setting(("healthy",), setting.origin)}, aims


class Wish(NamedTuple):
    """What a marker asks for: of a target by its id, rights on a repository, or a refusal by its names."""

    target: str
    repository: str = ""
    must: tuple[str, ...] = ()
    expect: tuple[str, ...] = ()


class World:
    """The declared world of a run: made when the run begins, and again when it is known what markers ask for."""

    def __init__(self, emulator: Emulator, settings: Settings, aims: Sequence[Aim]) -> None:
        self._emulator = emulator
        self._asked = where("emulate", settings["emulate"])
        self._aims = aims

    def play(self, plan: Plan, wishes: Iterable[Wish] = ()) -> None:
        """Let everything be as it is declared. Raises `pytest.UsageError` for what cannot be, or be changed."""
        from pytest_acrauth.emulator.declared import CannotDeclare, Refusal, declare
        from pytest_acrauth.emulator.rehearsal import Declaration

        wished = [*wishes]
        refused = [(each.target, each.expectation) for each in plan.refusals]
        by_id = {target.id: target for target in plan.every_target}
        refused += [
            (by_id[each.target], Expectation(each.expect, each.repository or None)) for each in wished if each.expect
        ]
        shut = {target for target, expectation in refused if _shuts_out(expectation)}
        allowed = [_with(target, wished) for target in plan.targets if target not in shut]
        days = max((limit for each in plan.expiry.values() for limit in (each.warn, each.fail) if limit), default=0.0)
        try:
            refusals = [Refusal(target, each.names, each.causes, each.repository) for target, each in refused]
            holders = declare(self._emulator.world, allowed, refusals, days)
        except CannotDeclare as error:
            raise pytest.UsageError(f"{self._asked}: {error}") from error
        fails = {name: each.fail for name, each in plan.expiry.items() if each.fail}
        self._declared, self._holders = Declaration(tuple(allowed), tuple(refusals), fails), holders
        for aim in self._aims:
            try:
                self._emulator.change(self._aimed(aim, plan, holders))
            except KeyError as error:  # a scenario of another kind of credential
                raise pytest.UsageError(
                    f"{self._asked}: {aim.scenario} cannot happen to {'/'.join(filter(None, aim[:2]))}"
                ) from error

    def breaks(self) -> Iterator[Broken | Unbreakable]:
        """Yield every promise with a change that makes it false, or the reason why there is none."""
        from pytest_acrauth.emulator.rehearsal import every_break

        return every_break(self._declared, self._holders)

    @contextmanager
    def changed(self, broken: Broken) -> Iterator[None]:
        """Break one promise while the context lasts."""
        from pytest_acrauth.emulator.rehearsal import Kept

        kept = Kept(self._emulator.world)
        try:
            self._emulator.change(broken.apply)
            yield
        finally:
            kept.restore()
            self._emulator.change()

    def _aimed(self, aim: Aim, plan: Plan, holders: Mapping[str, Any]) -> Any:
        from pytest_acrauth.emulator import UnknownScenario, choose
        from pytest_acrauth.emulator.aiming import aimed

        labels = {name: each.login_server.partition(".")[0] for each in plan.registries for name in _names(each)}
        self._known(aim.registry, "registry", labels)
        if aim.identity:
            self._known(aim.identity, "identity", holders)
        try:
            (scenario,) = choose([aim.scenario])
        except UnknownScenario as error:
            raise pytest.UsageError(f"{self._asked}: {error}") from error
        holder = holders[aim.identity] if aim.identity else None
        if holder is not None and holder.method not in scenario.methods:
            raise pytest.UsageError(
                f"{self._asked}: {aim.identity} signs in by {holder.method}, which {scenario.id} does not show for:"
                f" name one by {', '.join(scenario.methods)}"
            )
        return aimed(scenario.change, labels[aim.registry], holder)

    def _known(self, name: str, kind: str, choices: Mapping[str, object]) -> None:
        if name not in choices:
            close = difflib.get_close_matches(name, choices, n=1)
            meant = f"did you mean {close[0]}?" if close else f"there is {', '.join(choices)}"
            raise pytest.UsageError(f"{self._asked}: no {kind} {name!r} is declared; {meant}")


#: The declared world of a run, in the main process.
WORLD: pytest.StashKey[World] = pytest.StashKey()


def _names(registry: Any) -> tuple[str, ...]:
    return registry.name, registry.login_server


def _shuts_out(expectation: Expectation) -> bool:
    """Whether whoever is refused so does not get in at all."""
    return bool(expectation.causes) and PUSH not in expectation.names and expectation.repository is None


def _with(target: Target, wishes: Iterable[Wish]) -> Target:
    """Return a target that must hold what markers ask for, too."""
    for wish in wishes:
        if wish.target != target.id or not wish.repository or not wish.must:
            continue
        own = next((each for each in target.references if each.repository == wish.repository), None)
        if own is None:
            own = Reference.parse(wish.repository)
            added = Apart(own.text, Rights(wish.must))
            target = replace(target, references=(*target.references, own), apart=(*target.apart, added))
            continue
        rights = target.rights(own.text)
        wanted = replace(rights, must=tuple(dict.fromkeys([*rights.must, *wish.must])))
        apart = tuple(each for each in target.apart if each.reference != own.text)
        target = replace(target, apart=(*apart, Apart(own.text, wanted)))
    return target


def wishes(items: Iterable[pytest.Item], plan: Plan) -> Iterator[Wish]:
    """Yield what the markers of tests ask for; a marker that cannot be meant fails its own test."""
    for item in items:
        for mark in marks(item):
            try:
                own = read(mark)
                about = targets_of(item, own, plan)
            except (BadMark, NotChecked, BadName):
                continue
            for target in about:
                if isinstance(own, Permissions):
                    yield Wish(target.id, own.repository, own.must)
                elif isinstance(own, Expect):
                    yield Wish(target.id, own.expectation.repository or "", (), own.expectation.names)
                elif isinstance(own, Ready) and own.scope is not None:
                    _, repository, actions = own.scope.split(":")
                    yield Wish(target.id, repository, tuple(each for each in actions.split(",") if each in ACTIONS))


class Marked:
    """Hooks that play the declared world anew when it is known what markers ask for, in whichever process that is."""

    def __init__(self, world: World | None, plan: Plan, config: pytest.Config) -> None:
        self._world = world
        self._plan = plan
        self._given: dict[str, Any] = getattr(config, "workerinput", {})

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection_finish(self, session: pytest.Session) -> None:
        found = list(dict.fromkeys(wishes(session.items, self._plan)))
        if self._world is not None:
            if found:
                self._world.play(self._plan, found)
        elif FOLDER in self._given:
            _file(self._given).write_text(json.dumps(found), "utf-8")

    @pytest.hookimpl(optionalhook=True, tryfirst=True)
    def pytest_xdist_node_collection_finished(self, node: WorkerController) -> None:
        path = _file(node.workerinput)
        if self._world is not None and path.is_file():
            read_back = [
                Wish(target, repository, tuple(must), tuple(expect))
                for target, repository, must, expect in json.loads(path.read_text("utf-8"))
            ]
            self._world.play(self._plan, read_back)
            self._world = None  # every worker collects the same


def _file(workerinput: Mapping[str, Any]) -> Path:
    return Path(workerinput[FOLDER]) / f"wishes-{workerinput['workerid']}.json"
