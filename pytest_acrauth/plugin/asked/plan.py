"""From options to a plan: which targets are checked, on which machine, within which limits.

Whatever is wrong with the configuration is a `pytest.UsageError` raised here, before anything is contacted.
"""

from __future__ import annotations

import ssl
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import pytest

from pytest_acrauth.auth import METHODS, BadAuth, Chosen, choose, pair
from pytest_acrauth.model.evidence import AUTO, OFF, EvidenceChoice
from pytest_acrauth.model.expiry import POINTLESS, Limits
from pytest_acrauth.model.machine import Machine
from pytest_acrauth.model.target import Flow, Identity, Registry, Target
from pytest_acrauth.plugin.asked import header, values
from pytest_acrauth.plugin.asked.declared import Declared, Refused, WhatToCheck, resolve
from pytest_acrauth.plugin.asked.settings import Setting, Settings, check, where
from pytest_acrauth.probes.http.proxies import BadProxy, check_proxy
from pytest_acrauth.probes.machine import BadVariable, RealMachine


@dataclass(frozen=True, slots=True)
class Plan:
    """What a run does, and the lines for the header that say so.

    ``targets`` are in the order of the registries given, and ``refusals`` what a readiness file wants to be
    refused; ``clients`` must work beside them; ``evidence`` says who may be asked why a check failed, and
    ``on_missing`` what becomes of a test that needs a registry which is not checked. ``expiry`` has the limits of
    each identity, by its name, whose credentials are looked at ahead of their end; ``wait`` is how many seconds
    what may be a delay is tried again.
    """

    targets: tuple[Target, ...]
    refusals: tuple[Refused, ...]
    clients: tuple[str, ...]
    machine: Machine
    evidence: EvidenceChoice
    timeout: float
    jobs: int
    header: tuple[str, ...]
    on_missing: str = "skip"
    expiry: Mapping[str, Limits] = field(default_factory=dict)
    wait: float = 0.0

    @property
    def every_target(self) -> tuple[Target, ...]:
        """The targets, and those that must be refused."""
        return tuple(dict.fromkeys([*self.targets, *(each.target for each in self.refusals)]))

    @property
    def registries(self) -> tuple[Registry, ...]:
        return tuple(dict.fromkeys(target.registry for target in self.every_target))


def plan(settings: Settings, machine: Machine, config: pytest.Config, declared: Declared | None = None) -> Plan:
    """Turn settings, and a readiness file where there is one, into a plan.

    Credentials are looked for in the machine's environment. Raises `pytest.UsageError` naming the option or variable,
    or the place in the file, its value and the choices.
    """
    check(settings)
    found = resolve(declared, settings, machine.environ) if declared else _given(settings, machine, config)
    ours = Plan(
        targets=found.targets,
        refusals=found.refusals,
        clients=tuple(dict.fromkeys(settings["client"].values)),
        machine=machine,
        evidence=_evidence(settings, machine),
        timeout=float(settings["timeout"].value),
        jobs=int(float(settings["jobs"].value)),
        header=(),
        on_missing=settings["on-missing"].value,
        expiry=found.expiry,
        wait=float(settings["wait"].value or 0),
    )
    _one_authority(ours.every_target, machine)
    _usable_proxy(machine)
    return replace(ours, header=tuple(header.lines(settings, found.chosen, ours.every_target)))


def _given(settings: Settings, machine: Machine, config: pytest.Config) -> WhatToCheck:
    """Return what options say that is to be checked."""
    registries = values.registries(settings, config)
    references = values.references(settings, registries)
    must, must_not = values.actions(settings, "must"), values.actions(settings, "must-not")
    _consistent(settings, must, must_not)
    chosen, pairs = _pairs(settings, registries, machine) if registries else ((), ())
    proven = bool(settings["prove-push"].values)
    targets = tuple(
        Target(registry, identity, references[registry], must, must_not, prove_push=proven)
        for registry, identity in pairs
    )
    return WhatToCheck(chosen, targets, (), _expiry(settings, [each.identity for each in chosen]))


def _pairs(
    settings: Settings, registries: Sequence[Registry], machine: Machine
) -> tuple[tuple[Chosen, ...], tuple[tuple[Registry, Identity], ...]]:
    try:
        chosen = choose(settings["auth"].values, machine.environ, registries)
        return chosen, pair(registries, chosen, machine.environ)
    except BadAuth as error:
        raise pytest.UsageError(f"{where('auth', settings['auth'])}: {error}") from error


def _expiry(settings: Settings, identities: Iterable[Identity]) -> dict[str, Limits]:
    """Return within which limits each identity's credentials are looked at; empty where no limit is set."""
    warn, fail = (settings[name] for name in ("expiry-warn", "expiry-fail"))
    limits = Limits(_number(warn), _number(fail))
    if limits.pointless:
        raise pytest.UsageError(f"{where('expiry-warn', warn)} and {where('expiry-fail', fail)}: {POINTLESS}")
    return {identity.name: limits for identity in identities} if limits else {}


def _number(setting: Setting) -> float | None:
    return float(setting.value) if setting.value else None


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
    try:
        return RealMachine(values.path(setting, setting.value, config) if setting.value else None)
    except BadVariable as error:
        raise pytest.UsageError(str(error)) from error
    except (OSError, ssl.SSLError) as error:
        reason = "it holds no certificate in PEM form" if isinstance(error, ssl.SSLError) else error.strerror
        raise pytest.UsageError(f"{where('ca-bundle', setting)}: cannot use {setting.value!r}: {reason}") from error


def _usable_proxy(machine: Machine) -> None:
    """Refuse a variable that names a proxy and holds no address: no registry is to blame for it."""
    try:
        check_proxy(machine.environ)
    except BadProxy as error:
        raise pytest.UsageError(str(error)) from error


def _consistent(settings: Settings, must: tuple[str, ...], must_not: tuple[str, ...]) -> None:
    for name in ("must", "must-not"):
        if settings[name].given and not settings["repository"].values:
            raise pytest.UsageError(
                f"{where(name, settings[name])}: actions are held on repositories; name one with --acr-repository"
            )
    if settings["prove-push"].values and not (settings["repository"].values and "push" in must):
        raise pytest.UsageError(
            f"{where('prove-push', settings['prove-push'])}: push is proven where it must be held; name a repository"
            " with --acr-repository, and push with --acr-must"
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
