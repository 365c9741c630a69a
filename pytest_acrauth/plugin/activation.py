"""Turns an active run on: configuration, emulator, built-in checks and barrier, in whichever process this is."""

from __future__ import annotations

import difflib
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from pytest_acrauth.auth import BadAuth, Credentials
from pytest_acrauth.model.expiry import Expiring
from pytest_acrauth.model.secret import Secrets
from pytest_acrauth.model.target import Target
from pytest_acrauth.plugin.asked.declared import Declared, load
from pytest_acrauth.plugin.asked.plan import Plan, plan, real_machine
from pytest_acrauth.plugin.asked.settings import Settings, activating, where
from pytest_acrauth.plugin.checks import expiry
from pytest_acrauth.plugin.checks.items import (
    ROOT,
    Check,
    Checks,
    ClientCheck,
    RefusalCheck,
    check_id,
    client_id,
    refusal_id,
    selects,
)
from pytest_acrauth.plugin.cleaning.text import TextCleaner
from pytest_acrauth.plugin.climbing.barrier import Barrier
from pytest_acrauth.plugin.climbing.climbs import Climbs, Needs, run_of
from pytest_acrauth.plugin.climbing.distribution import Controller, Worker
from pytest_acrauth.plugin.commands import declared_world, emulation
from pytest_acrauth.plugin.told.annotations import Annotations, annotating
from pytest_acrauth.plugin.told.failure_texts import FailureTexts
from pytest_acrauth.plugin.told.other_plugins import hooks_for_other_plugins
from pytest_acrauth.plugin.told.report_hooks import Reports
from pytest_acrauth.plugin.told.summary import Summary
from pytest_acrauth.plugin.told.written_config import ConfigWriter, check_path
from pytest_acrauth.plugin.written.comparing import Comparisons
from pytest_acrauth.plugin.written.markers import needs


def activate(config: pytest.Config, settings: Settings) -> Climbs:
    """Register the hooks of an active run and return its climbs; nothing is contacted yet.

    Raises `pytest.UsageError` for whatever is wrong with the configuration. xdist's workers come here too, with the
    same command line, and with the controller's emulated machine if there is one.
    """
    settings = declared_world.rehearsing(settings, config)
    environ = declared_world.MadeUp() if declared_world.is_declared(settings) else os.environ
    declared, settings = load(settings, config, environ)
    # First of all, so that whatever goes wrong from here on is told in words that may be read.
    worker: dict[str, str] | None = getattr(config, "workerinput", None)
    is_worker = worker is not None
    secrets = Secrets()
    cleaner = TextCleaner.of(settings, secrets, place=f"{worker['workerid']}-" if worker is not None else "")
    _register(
        config,
        Reports(secrets, TextCleaner(secrets) if is_worker else cleaner, None if is_worker else FailureTexts(config)),
    )
    _mask_trace(config, cleaner)
    with _usage_errors(cleaner):
        ours = _plan(config, settings, declared)
        if cleaner.masking is not None:
            cleaner.masking.know(ours.machine.environ)
        ours = replace(ours, header=tuple(map(cleaner.clean, ours.header)))
        ending = expiry.expiring(ours, secrets)
        ids = _take_ids(config, settings, ours, map(expiry.expiry_id, ending))
        _read_credentials(ours, settings, secrets)
    climbs = Climbs(ours, run_of(ours, secrets), ending)
    config_writer = None if is_worker else check_path(settings, config)
    keep = _keeper(settings, config) if not is_worker else None
    hooks: list[object] = [Comparisons(climbs), Barrier(climbs, cleaner, _needs, Worker.of(config, climbs))]
    if _collected(config, settings, ids):
        alone = settings["checks"].value == "only"
        hooks += [expiry.Expiry(), Checks(climbs, ids, expiry.checks(climbs), alone=alone)]
    if not is_worker:
        emulator = config.stash.get(emulation.EMULATOR, None)
        machine = {emulation.MACHINE: emulator.machine.to_json()} if emulator is not None else {}
        hooks += [Controller(climbs, config, machine), Summary(climbs, cleaner)]
        hooks += hooks_for_other_plugins(config, ours, cleaner)
        if settings["rehearse"].values:
            from pytest_acrauth.plugin.commands.rehearsing import Rehearsal

            hooks.append(Rehearsal(config.stash[declared_world.WORLD], climbs, cleaner))
        if (tell := annotating(config)) is not None:
            hooks.append(Annotations(config, cleaner, tell))
    if keep is not None:
        hooks.append(keep(climbs, cleaner))
    if config_writer is not None:
        hooks.append(ConfigWriter(climbs, settings, config_writer))
    for hook in hooks:
        _register(config, hook)
    return climbs


def _keeper(settings: Settings, config: pytest.Config) -> Callable[[Climbs, TextCleaner], object] | None:
    """Return what makes the hooks that keep the run in files and compare it; None where nobody wants that.

    Only then the catalogue is loaded, which a run in which all is well does without.
    """
    if not (settings["report"].values or settings["compare"].value):
        return None
    from pytest_acrauth.plugin.told.report_files import ReportFiles, earlier, files

    return partial(ReportFiles, files=files(settings, config), before=earlier(settings, config))


def _read_credentials(ours: Plan, settings: Settings, secrets: Secrets) -> None:
    """Read every credential once before anything is contacted. Raises `pytest.UsageError` for one that cannot be used.

    A defect of ours in reading one is left to the climb that needs it, whose failure it is.
    """
    credentials = Credentials(ours.machine.environ, secrets)
    for target in ours.every_target:
        try:
            credentials.read(target.identity, target.registry)
        except BadAuth as error:
            raise pytest.UsageError(f"{where('auth', settings['auth'])}: {error}") from error
        except Exception:  # noqa: BLE001, S112
            continue


@contextmanager
def _usage_errors(cleaner: TextCleaner) -> Iterator[None]:
    """Clean the words of a usage error."""
    try:
        yield
    except pytest.UsageError as error:
        raise pytest.UsageError(*(cleaner.clean(str(part)) for part in error.args)) from error


def _mask_trace(config: pytest.Config, cleaner: TextCleaner) -> None:
    """Clean the record of hook calls that ``--debug`` and PYTEST_DEBUG ask for."""
    root = config.trace.root
    if (writer := getattr(root, "_writer", None)) is not None:
        root.setwriter(lambda text: writer(cleaner.clean(text)))


def _register(config: pytest.Config, hook: object) -> None:
    config.pluginmanager.register(hook, f"acrauth-{type(hook).__name__.lower()}")


def _plan(config: pytest.Config, settings: Settings, declared: Declared | None) -> Plan:
    if declared_world.is_declared(settings):  # first: nothing of this machine is read
        return _declared_plan(config, settings, declared)
    real = real_machine(settings, config)
    if not settings["emulate"].values:
        return plan(settings, real, config, declared)
    settings = emulation.with_defaults(settings)
    if hasattr(config, "workerinput"):
        return plan(settings, emulation.rebuild(config.workerinput), config, declared)
    ours = plan(settings, emulation.start(settings, config, declared), config, declared)
    emulation.fits(ours, settings)
    return ours


def _declared_plan(config: pytest.Config, settings: Settings, declared: Declared | None) -> Plan:
    """Return the plan of a rehearsal, and let the world be as it says."""
    asked = settings["emulate"]
    settings, aims = declared_world.split(settings)
    settings = emulation.with_defaults(settings)
    worker: dict[str, str] | None = getattr(config, "workerinput", None)
    machine = emulation.start(settings, config, declared) if worker is None else emulation.rebuild(worker)
    ours = plan({**settings, "emulate": asked}, machine, config, declared)
    ours = replace(ours, header=(*ours.header, declared_world.TOLD))
    world = None
    if worker is None:
        world = declared_world.World(config.stash[emulation.EMULATOR], settings, aims)
        world.play(ours)
        config.stash[declared_world.WORLD] = world
    _register(config, declared_world.Marked(world, ours, config))
    return ours


def _take_ids(config: pytest.Config, settings: Settings, ours: Plan, more: Iterable[str]) -> tuple[str, ...]:
    """Take the node ids of built-in checks out of pytest's arguments, where it would look for files of that name."""
    taken = {argument: nodeid for argument in config.args if (nodeid := _nodeid(argument, config))}
    known = [check_id(target, rung) for target in ours.targets for rung in target.rungs]
    known += [refusal_id(each) for each in ours.refusals]
    known += [*more, *map(client_id, ours.clients)]
    for argument, nodeid in taken.items():
        if settings["checks"].value == "none":
            raise pytest.UsageError(f"{where('checks', settings['checks'])} none leaves out the built-in {argument}")
        if not any(selects([nodeid], check) for check in known):
            close = ", ".join(difflib.get_close_matches(nodeid, known, cutoff=0.0))
            raise pytest.UsageError(f"there is no built-in check {argument}; close to it: {close}")
    config.args[:] = [argument for argument in config.args if argument not in taken]
    return tuple(taken.values())


def _nodeid(argument: str, config: pytest.Config) -> str | None:
    """Return a check's node id for an argument that is one: as it is printed at the root, or in a folder below it."""
    path, colons, parts = argument.partition("::")
    at_root = Path(os.path.normpath(config.invocation_params.dir / path)) == config.rootpath / ROOT
    return f"{ROOT}::{parts}".rstrip(":") if colons and (path == ROOT or at_root) else None


def _collected(config: pytest.Config, settings: Settings, ids: Sequence[str]) -> bool:
    when = settings["checks"].value
    if when != "auto":
        return when in {"all", "only"}
    named = any(setting.for_this_run for setting in activating(settings))
    single = config.args_source is pytest.Config.ArgsSource.ARGS and any("::" in argument for argument in config.args)
    return bool(ids) or (named and not single)


def _needs(items: Iterable[pytest.Item], ours: Plan) -> Needs:
    wanted: dict[Target, None] = {}
    clients: dict[str, None] = {}
    ending: dict[Expiring, None] = {}
    for item in items:
        if isinstance(item, ClientCheck):
            clients[item.name] = None
        elif isinstance(item, expiry.ExpiryCheck):
            ending[item.expiring] = wanted[item.expiring.target] = None
        elif isinstance(item, Check | RefusalCheck):
            wanted[item.target] = None
        else:
            wanted |= dict.fromkeys(needs(item, ours))
    return Needs(tuple(wanted), tuple(clients), tuple(ending))
