"""From options to a plan: which targets are checked, on which machine, within which limits.

Whatever is wrong with the configuration is a `pytest.UsageError` raised here, before anything is contacted.
"""

from __future__ import annotations

import math
import ssl
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from pytest_acrauth.auth import METHODS, BadAuth, Chosen, choose, pair, variables
from pytest_acrauth.model.evidence import AUTO, OFF, EvidenceChoice
from pytest_acrauth.model.machine import Machine
from pytest_acrauth.model.target import (
    ACTIONS,
    CLOUDS,
    BadName,
    Cloud,
    Flow,
    Identity,
    Reference,
    Registry,
    Target,
    cloud_of,
)
from pytest_acrauth.plugin.options import Setting, Settings, where
from pytest_acrauth.probes.machine import RealMachine

_SHOWN = 5  # registries named in the header before the rest is counted


@dataclass(frozen=True, slots=True)
class Plan:
    """What a run does, and the lines for the header that say so.

    ``targets`` are in the order of the registries given; ``clients`` must work beside them; ``evidence`` says who may
    be asked why a check failed.
    """

    targets: tuple[Target, ...]
    clients: tuple[str, ...]
    machine: Machine
    evidence: EvidenceChoice
    timeout: float
    jobs: int
    header: tuple[str, ...]

    @property
    def registries(self) -> tuple[Registry, ...]:
        return tuple(dict.fromkeys(target.registry for target in self.targets))


def plan(settings: Settings, machine: Machine, config: pytest.Config) -> Plan:
    """Turn settings into a plan; credentials are looked for in the machine's environment.

    Raises `pytest.UsageError` naming the option or variable, its value and the choices.
    """
    timeout, jobs = _positive(settings, "timeout"), _positive(settings, "jobs")
    if jobs != int(jobs):
        raise pytest.UsageError(f"{where('jobs', settings['jobs'])}: {settings['jobs'].value!r} is no whole number")
    cloud = _cloud(settings)
    registries = _registries(settings, cloud, config)
    references = _references(settings, registries)
    must, must_not = _actions(settings, "must"), _actions(settings, "must-not")
    _consistent(settings, must, must_not)
    chosen, pairs = _pairs(settings, registries, machine) if registries else ((), ())
    targets = tuple(Target(registry, identity, references[registry], must, must_not) for registry, identity in pairs)
    _one_authority(targets, machine)
    clients = tuple(dict.fromkeys(settings["client"].values))
    evidence = _evidence(settings, machine)
    header = tuple(_header(settings, chosen, targets))
    return Plan(targets, clients, machine, evidence, timeout, int(jobs), header)


def _pairs(
    settings: Settings, registries: Sequence[Registry], machine: Machine
) -> tuple[tuple[Chosen, ...], tuple[tuple[Registry, Identity], ...]]:
    try:
        chosen = choose(settings["auth"].values, machine.environ, registries)
        return chosen, pair(registries, chosen, machine.environ)
    except BadAuth as error:
        raise pytest.UsageError(f"{where('auth', settings['auth'])}: {error}") from error


def _evidence(settings: Settings, machine: Machine) -> EvidenceChoice:
    """Return who may be asked for evidence; a method that is named must have what it needs."""
    setting = settings["evidence"]
    method, _, prefix = setting.value.partition(":")
    if setting.value not in {AUTO, OFF}:
        entra = [each.name for each in METHODS if each.flow is Flow.ENTRA]
        if method not in entra:
            choices = ", ".join([AUTO, OFF, *entra])
            raise pytest.UsageError(
                f"{where('evidence', setting)}: {setting.value!r} cannot be asked; choose one of {choices}"
            )
        try:
            choose([setting.value], machine.environ)
        except BadAuth as error:
            raise pytest.UsageError(f"{where('evidence', setting)}: {error}") from error
    return EvidenceChoice(
        method=method,
        prefix=prefix,
        subscription=settings["subscription"].value,
        resource_group=settings["resource-group"].value,
    )


def real_machine(settings: Settings, config: pytest.Config) -> RealMachine:
    """Return this machine, with the CA bundle the settings name. Raises `pytest.UsageError` if it cannot be used."""
    setting = settings["ca-bundle"]
    if not setting.value:
        return RealMachine()
    try:
        return RealMachine(_path(setting, setting.value, config))
    except (OSError, ssl.SSLError) as error:
        reason = "it holds no certificate in PEM form" if isinstance(error, ssl.SSLError) else error.strerror
        raise pytest.UsageError(f"{where('ca-bundle', setting)}: cannot use {setting.value!r}: {reason}") from error


def _path(setting: Setting, text: str, config: pytest.Config) -> Path:
    """Return a file's path: one in the ini file is relative to it, any other to where pytest was started."""
    in_ini = config.inipath is not None and setting.origin.endswith(f"in {config.inipath.name}")
    folder = config.inipath.parent if in_ini and config.inipath is not None else config.invocation_params.dir
    return folder / Path(text).expanduser()


def _positive(settings: Settings, name: str) -> float:
    setting = settings[name]
    try:
        number = float(setting.value)
    except ValueError:
        number = math.nan
    if not 0 < number < math.inf:
        raise pytest.UsageError(f"{where(name, setting)}: {setting.value!r} is no positive number")
    return number


def _cloud(settings: Settings) -> Cloud | None:
    setting = settings["cloud"]
    if not setting.value:
        return None
    for cloud in CLOUDS:
        if cloud.name.lower() == setting.value.lower():
            return cloud
    names = ", ".join(cloud.name for cloud in CLOUDS)
    raise pytest.UsageError(f"{where('cloud', setting)}: unknown cloud {setting.value!r}; choose one of {names}")


def _registries(settings: Settings, cloud: Cloud | None, config: pytest.Config) -> tuple[Registry, ...]:
    setting = settings["registry"]
    found: dict[str, Registry] = {}
    for text in _names(setting, config):
        try:
            registry = Registry.parse(text, cloud)
        except BadName as error:
            raise pytest.UsageError(f"{where('registry', setting)}: {error}") from error
        found.setdefault(registry.login_server, registry)
    return tuple(found.values())


def _names(setting: Setting, config: pytest.Config) -> Iterable[str]:
    for text in setting.values:
        if not text.startswith("@"):
            yield text
            continue
        try:
            lines = _path(setting, text[1:], config).read_text("utf-8").splitlines()
        except (OSError, ValueError) as error:
            reason = error.strerror if isinstance(error, OSError) else "it is no UTF-8 text"
            raise pytest.UsageError(f"{where('registry', setting)}: cannot read {text[1:]!r}: {reason}") from error
        names = [line.strip() for line in lines if line.strip() and not line.lstrip().startswith("#")]
        if not names:
            raise pytest.UsageError(f"{where('registry', setting)}: {text[1:]!r} names no registry")
        yield from names


def _references(settings: Settings, registries: Sequence[Registry]) -> dict[Registry, tuple[Reference, ...]]:
    """Return each registry's references: its own, and those that name no registry."""
    setting = settings["repository"]
    found: dict[Registry, dict[str, Reference]] = {registry: {} for registry in registries}
    by_server = {registry.login_server: registry for registry in registries}
    for text in setting.values:
        host, _, rest = text.partition("/")
        server = host.lower()
        if server not in by_server and cloud_of(server) is not None:
            configured = ", ".join(by_server)
            raise pytest.UsageError(
                f"{where('repository', setting)}: {text!r} is on {host}, which is not configured; "
                f"configured: {configured}"
            )
        try:
            reference = Reference.parse(rest if server in by_server else text)
        except BadName as error:
            raise pytest.UsageError(f"{where('repository', setting)}: {error}") from error
        for registry in [by_server[server]] if server in by_server else registries:
            found[registry].setdefault(reference.text, reference)
    return {registry: tuple(references.values()) for registry, references in found.items()}


def _actions(settings: Settings, name: str) -> tuple[str, ...]:
    setting = settings[name]
    for action in setting.values:
        if action not in ACTIONS:
            raise pytest.UsageError(
                f"{where(name, setting)}: unknown action {action!r}; choose from {', '.join(ACTIONS)}"
            )
    return tuple(dict.fromkeys(setting.values))


def _consistent(settings: Settings, must: tuple[str, ...], must_not: tuple[str, ...]) -> None:
    for name in ("must", "must-not"):
        if settings[name].given and not settings["repository"].values:
            raise pytest.UsageError(
                f"{where(name, settings[name])}: actions are held on repositories; name one with --acr-repository"
            )
    if both := [action for action in must if action in must_not]:
        raise pytest.UsageError(
            f"{where('must', settings['must'])} and {where('must-not', settings['must-not'])}: "
            f"{', '.join(both)} cannot be both"
        )


def _one_authority(targets: Iterable[Target], machine: Machine) -> None:
    """Refuse AZURE_AUTHORITY_HOST where it differs: a secret goes to the registry's own cloud and nowhere else."""
    given = machine.environ.get("AZURE_AUTHORITY_HOST", "")
    host = given.lower().removeprefix("https://").rstrip("/")
    for target in targets:
        cloud = target.registry.cloud
        if given and target.identity.flow is Flow.ENTRA and host != cloud.authority.removeprefix("https://"):
            raise pytest.UsageError(
                f"AZURE_AUTHORITY_HOST is {given!r}, but {target.registry.login_server} is in {cloud.name}, whose "
                f"authority is {cloud.authority}: unset it, or set it to that"
            )


def _header(settings: Settings, chosen: Iterable[Chosen], targets: Sequence[Target]) -> Iterable[str]:
    registries = tuple(dict.fromkeys(target.registry for target in targets))
    if registries:
        yield f"registry {_list(registry.login_server for registry in registries)} ({settings['registry'].origin})"
    for identity, notes in ((each.identity, each.notes) for each in chosen):
        own = [target.registry.login_server for target in targets if target.identity == identity]
        parts = [identity.name if identity.name == identity.method else f"{identity.name} = {identity.method}"]
        parts += [f"at {_list(own)}"] if len(own) < len(registries) else []
        parts += [f"from {', '.join(variables(identity))}"] if variables(identity) else []
        yield f"identity {' '.join(parts)} ({'; '.join([settings['auth'].origin, *notes])})"
    for cloud in dict.fromkeys(registry.cloud for registry in registries):
        yield f"cloud {cloud.name} ({_cloud_origin(settings, cloud, registries)})"
    if settings["repository"].values:
        rights = [
            f"{words} {','.join(settings[name].values)} ({settings[name].origin})"
            for name, words in (("must", "must"), ("must-not", "must not"))
            if settings[name].values
        ]
        repositories = f"repository {_list(settings['repository'].values)} ({settings['repository'].origin})"
        yield "; ".join([repositories, *rights])
    for name in ("evidence", "subscription", "resource-group", "timeout", "jobs"):
        if settings[name].given or (name == "evidence" and registries):
            yield f"{name} {settings[name].value} ({settings[name].origin})"
    if settings["client"].values:
        yield f"client {', '.join(settings['client'].values)} ({settings['client'].origin})"
    if settings["emulate"].values:
        yield f"emulator {','.join(settings['emulate'].values)} ({settings['emulate'].origin})"


def _cloud_origin(settings: Settings, cloud: Cloud, registries: Iterable[Registry]) -> str:
    if any(registry.cloud == cloud and cloud_of(registry.login_server) is None for registry in registries):
        return settings["cloud"].origin
    chosen = settings["cloud"].given and settings["cloud"].value.lower() == cloud.name.lower()
    return settings["cloud"].origin if chosen else "from the login server's name"


def _list(names: Iterable[str]) -> str:
    every = list(names)
    more = f" and {len(every) - _SHOWN} more" if len(every) > _SHOWN else ""
    return ", ".join(every[:_SHOWN]) + more
