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
from pytest_acrauth.plugin import emulation, expiry
from pytest_acrauth.plugin.annotations import Annotations, annotating
from pytest_acrauth.plugin.barrier import Barrier
from pytest_acrauth.plugin.checks import (
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
from pytest_acrauth.plugin.cleaning import Words
from pytest_acrauth.plugin.climbs import Climbs, Needs
from pytest_acrauth.plugin.comparing import Comparisons
from pytest_acrauth.plugin.configuration import Plan, plan, real_machine
from pytest_acrauth.plugin.declared import Declared, load
from pytest_acrauth.plugin.distribution import Controller, Worker
from pytest_acrauth.plugin.first_file import FirstFile, check_path
from pytest_acrauth.plugin.markers import needs
from pytest_acrauth.plugin.neighbours import neighbours
from pytest_acrauth.plugin.once import Once
from pytest_acrauth.plugin.reports import Reports
from pytest_acrauth.plugin.settings import Settings, activating, where
from pytest_acrauth.plugin.summary import Summary
from pytest_acrauth.run import Run


def activate(config: pytest.Config, settings: Settings) -> Climbs:
    """Register the hooks of an active run and return its climbs; nothing is contacted yet.

    Raises `pytest.UsageError` for whatever is wrong with the configuration. xdist's workers come here too, with the
    same command line, and with the controller's emulated machine if there is one.
    """
    declared, settings = load(settings, config, os.environ)
    # First of all, so that whatever goes wrong from here on is told in words that may be read.
    worker: dict[str, str] | None = getattr(config, "workerinput", None)
    is_worker = worker is not None
    secrets = Secrets()
    words = Words.of(settings, secrets, place=f"{worker['workerid']}-" if worker is not None else "")
    _register(config, Reports(secrets, Words(secrets) if is_worker else words, None if is_worker else Once(config)))
    _mask_trace(config, words)
    with _usage_errors(words):
        ours = _plan(config, settings, declared)
        if words.masking is not None:
            words.masking.know(ours.machine.environ)
        ours = replace(ours, header=tuple(map(words.scrub, ours.header)))
        ending = expiry.expiring(ours, secrets)
        ids = _take_ids(config, settings, ours, map(expiry.expiry_id, ending))
        _read_credentials(ours, settings, secrets)
    run = Run(
        ours.machine,
        timeout=ours.timeout,
        jobs=ours.jobs,
        evidence=ours.evidence,
        secrets=secrets,
        wait=ours.wait,
    )
    climbs = Climbs(ours, run, ending)
    first_file = None if is_worker else check_path(settings, config)
    keep = _keeper(settings, config) if not is_worker else None
    hooks: list[object] = [Comparisons(climbs), Barrier(climbs, words, _needs, Worker.of(config, climbs))]
    if _collected(config, settings, ids):
        alone = settings["checks"].value == "only"
        hooks += [expiry.Expiry(), Checks(climbs, ids, expiry.checks(climbs), alone=alone)]
    if not is_worker:
        emulator = config.stash.get(emulation.EMULATOR, None)
        machine = {emulation.MACHINE: emulator.machine.to_json()} if emulator is not None else {}
        hooks += [Controller(climbs, config, machine), Summary(climbs, words)]
        hooks += neighbours(config, ours, words)
        if (tell := annotating(config)) is not None:
            hooks.append(Annotations(config, words, tell))
    if keep is not None:
        hooks.append(keep(climbs, words))
    if first_file is not None:
        hooks.append(FirstFile(climbs, settings, first_file))
    for hook in hooks:
        _register(config, hook)
    return climbs


def _keeper(settings: Settings, config: pytest.Config) -> Callable[[Climbs, Words], object] | None:
    """Return what makes the hooks that keep the run in files and compare it; None where nobody wants that.

    Only then the catalogue is loaded, which a run in which all is well does without.
    """
    if not (settings["report"].values or settings["compare"].value):
        return None
    from pytest_acrauth.plugin.report_files import ReportFiles, earlier, files

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
def _usage_errors(words: Words) -> Iterator[None]:
    """Clean the words of a usage error."""
    try:
        yield
    except pytest.UsageError as error:
        raise pytest.UsageError(*(words.scrub(str(part)) for part in error.args)) from error


def _mask_trace(config: pytest.Config, words: Words) -> None:
    """Clean the record of hook calls that ``--debug`` and PYTEST_DEBUG ask for."""
    root = config.trace.root
    if (writer := getattr(root, "_writer", None)) is not None:
        root.setwriter(lambda text: writer(words.scrub(text)))


def _register(config: pytest.Config, hook: object) -> None:
    config.pluginmanager.register(hook, f"acrauth-{type(hook).__name__.lower()}")


def _plan(config: pytest.Config, settings: Settings, declared: Declared | None) -> Plan:
    real = real_machine(settings, config)
    if not settings["emulate"].values:
        return plan(settings, real, config, declared)
    settings = emulation.with_defaults(settings)
    if hasattr(config, "workerinput"):
        return plan(settings, emulation.rebuild(config.workerinput), config, declared)
    ours = plan(settings, emulation.start(settings, config, declared), config, declared)
    emulation.fits(ours, settings)
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
