"""``--acr-emulate``: the emulator of a run, and what its scenarios set for options that nobody gave."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, suppress
from typing import TYPE_CHECKING

import pytest

from pytest_acrauth.auth import BadAuth
from pytest_acrauth.emulator import lacking
from pytest_acrauth.model.evidence import AUTO, OFF
from pytest_acrauth.model.machine import Machine
from pytest_acrauth.model.target import BadName, Flow, Registry
from pytest_acrauth.plugin.asked.declared import Declared, gets_in
from pytest_acrauth.plugin.asked.options import LIST, named
from pytest_acrauth.plugin.asked.plan import Plan
from pytest_acrauth.plugin.asked.settings import Setting, Settings, where
from pytest_acrauth.plugin.asked.values import registries

if TYPE_CHECKING:
    from pytest_acrauth.emulator import Emulator, SignIn

#: The emulator of an active run, where there is one: in the main process only, never in a worker.
EMULATOR: pytest.StashKey[Emulator] = pytest.StashKey()

_FROM_SCENARIO = "from scenario"

#: What a worker's ``workerinput`` holds: the emulated machine as JSON.
MACHINE = "acr_machine"


def with_defaults(settings: Settings) -> Settings:
    """Return the settings with the scenarios' values for options that nobody gave.

    Raises `pytest.UsageError` for an unknown scenario, without a registry, without the emulator's dependencies, and
    where a given option lacks what a scenario is about, so that nothing of it would be seen.
    """
    asked = where("emulate", settings["emulate"])
    wanted = _wanted(settings)
    if not settings["registry"].values:
        raise pytest.UsageError(f"{asked} needs --acr-registry; whichever you name, the emulator has it")
    found = dict(settings)
    for name, values in wanted.items():
        if not settings[name].given:
            found[name] = Setting(values, _FROM_SCENARIO)
        elif lacking := _lacking(name, values, settings[name].values):
            raise pytest.UsageError(
                f"{where(name, settings[name])} hides what {asked} shows: add {', '.join(lacking)}, or leave it out"
            )
    return found


def _wanted(settings: Settings) -> dict[str, tuple[str, ...]]:
    """Return the options' values without which the scenarios are not seen.

    Of an option that takes several, all that any scenario wants; of any other, what the first one wants.
    """
    asked = where("emulate", settings["emulate"])
    try:
        from pytest_acrauth.emulator import Emulator, UnknownScenario, choose  # noqa: F401 - all of it must be there
    except ImportError as error:
        raise pytest.UsageError(f"{asked}: {lacking(error)}") from error
    try:
        scenarios = choose(settings["emulate"].values)
    except UnknownScenario as error:
        raise pytest.UsageError(f"{asked}: {error}. {named('emulate').flag} {LIST} prints all") from error
    found: dict[str, tuple[str, ...]] = {}
    for name, text in (option for scenario in scenarios for option in scenario.options.items()):
        if named(name).many:
            found[name] = tuple(dict.fromkeys([*found.get(name, ()), *text.split(",")]))
        else:
            found.setdefault(name, (text,))
    if len(auth := found.get("auth", ())) > 1:
        raise pytest.UsageError(f"{asked}: these need different identities ({', '.join(auth)}); emulate one at a time")
    return found


def _lacking(name: str, wanted: tuple[str, ...], given: tuple[str, ...]) -> list[str]:
    """Return what is wanted of an option of several values and not given; whoever asks is judged in `fits`."""
    if name == "auth" or not named(name).many:
        return []
    if name == "repository":
        given = tuple(text if ":" in text.rpartition("/")[2] else f"{text}:latest" for text in given)
        return [text for text in wanted if not any(f"/{other}".endswith(f"/{text}") for other in given)]
    return [text for text in wanted if text not in given]


def start(settings: Settings, config: pytest.Config, declared: Declared | None = None) -> Machine:
    """Start the emulator with every registry that is configured, for as long as pytest runs; return its machine.

    The machine has what every identity reads that somebody named, in options or in a readiness file. Raises
    `pytest.UsageError` for a registry that no emulator has, before anything is started, and for identities that no
    machine has side by side.
    """
    from pytest_acrauth.emulator import Emulator

    there = registries(settings, config)
    try:
        identities = [*_named(settings, there, declared)]
        emulator = Emulator(*settings["emulate"].values, registries=there, identities=identities)
    except BadName as error:
        raise pytest.UsageError(f"{where('registry', settings['registry'])}: {error}") from error
    except BadAuth as error:
        raise pytest.UsageError(f"{where('auth', settings['auth'])}: {error}") from error
    with ExitStack() as stack:
        try:
            stack.enter_context(emulator)
        except OSError as error:  # no place for a file, no port, no descriptor left
            reason = error.strerror or str(error)
            raise pytest.UsageError(f"{where('emulate', settings['emulate'])}: cannot be served: {reason}") from error
        config.add_cleanup(stack.pop_all().close)
    config.stash[EMULATOR] = emulator
    return emulator.machine


def _named(settings: Settings, there: Sequence[Registry], declared: Declared | None) -> Iterator[SignIn]:
    """Yield the identities that are named; what is wrong with one is told where it is chosen.

    Passwords of several registries go round: the first identity with variables of its own has one of the first
    registry, the second one of the second. In a readiness file, each has one of the registry that it must get into,
    and who is only to be refused is given nothing.
    """
    from pytest_acrauth.emulator import SignIn

    in_file = declared is not None and bool(declared.environment.identities)
    prefixes, turn = {""}, 0
    for spec in settings["auth"].values if _by_user(settings, "auth") else ():
        own = _let_in(declared, spec.partition("=")[0]) if in_file else None
        try:
            wanted = SignIn.parse(spec)
        except BadAuth:
            continue
        prefixes.add(wanted.prefix)
        if in_file and own is None:
            continue
        if wanted.row.flow is Flow.BASIC and there:
            at = own or there[turn % len(there)]
            turn += not wanted.usual
            wanted = wanted._replace(registry=at.login_server)
        yield wanted
    evidence = settings["evidence"].value
    if _by_user(settings, "evidence") and evidence not in {AUTO, OFF}:
        with suppress(BadAuth):
            wanted = SignIn.parse(evidence)
            yield wanted._replace(apart=not wanted.usual and wanted.prefix not in prefixes)


def _by_user(settings: Settings, name: str) -> bool:
    """Whether a user set an option: what a scenario sets it brings along."""
    return settings[name].given and settings[name].origin != _FROM_SCENARIO


def _let_in(declared: Declared | None, name: str) -> Registry | None:
    """Return the first registry that an identity of a readiness file must get into."""
    entries = declared.entries if declared is not None else ()
    return next((registry for entry, registry in entries if gets_in(entry, name)), None)


def rebuild(workerinput: Mapping[str, str]) -> Machine:
    """Return, in a worker, the machine of the emulator that runs in the main process."""
    from pytest_acrauth.emulator import EmulatedMachine

    return EmulatedMachine.from_json(workerinput[MACHINE])


def fits(plan: Plan, settings: Settings) -> None:
    """Raise `pytest.UsageError` where no identity is one in which a scenario shows."""
    from pytest_acrauth.emulator import choose

    signed_in_by = {target.identity.method for target in plan.every_target}
    for scenario in choose(settings["emulate"].values):
        if signed_in_by.isdisjoint(scenario.methods):
            raise pytest.UsageError(
                f"{where('auth', settings['auth'])} hides what {where('emulate', settings['emulate'])} shows: leave "
                f"it out, or choose one by which {scenario.id} shows: {', '.join(scenario.methods)}"
            )
