"""From a readiness file to what a run does: its settings, and the targets and refusals that it declares.

A flag wins over the file, the file over environment and configuration file; ``--acr-registry`` selects from it.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from pytest_acrauth.auth import BadAuth, Chosen, choose, method_named
from pytest_acrauth.auth.files import read_regular
from pytest_acrauth.model.expiry import POINTLESS, Limits
from pytest_acrauth.model.target import Apart, BadName, Flow, Identity, Registry, Rights, Target
from pytest_acrauth.plugin.asked import values
from pytest_acrauth.plugin.asked.readiness import (
    Access,
    BadFile,
    Environment,
    NamedIdentity,
    NamedRegistry,
    Refusal,
    read,
)
from pytest_acrauth.plugin.asked.refusals import PUSH, SETTINGS, SHUT_OUT, Expectation
from pytest_acrauth.plugin.asked.settings import Setting, Settings, where

_LARGEST = 1024 * 1024  # bytes of a readiness file


@dataclass(frozen=True, slots=True)
class Refused:
    """A refusal that must happen: to whom, and as what it counts."""

    target: Target
    expectation: Expectation


@dataclass(frozen=True, slots=True)
class Declared:
    """A readiness file with the registries that are checked of it, each read."""

    environment: Environment
    registries: Mapping[str, Registry]

    @property
    def entries(self) -> Iterator[tuple[NamedRegistry, Registry]]:
        """The file's registries that are checked."""
        return (
            (each, self.registries[each.key]) for each in self.environment.registries if each.key in self.registries
        )


@dataclass(frozen=True, slots=True)
class WhatToCheck:
    """What a readiness file has a run do; ``expiry`` are the limits of identities by their names."""

    chosen: tuple[Chosen, ...]
    targets: tuple[Target, ...]
    refusals: tuple[Refused, ...]
    expiry: Mapping[str, Limits]


def load(settings: Settings, config: pytest.Config, environ: Mapping[str, str]) -> tuple[Declared | None, Settings]:
    """Read the readiness file that is named, and return it with the settings that hold with it; None without one.

    Raises `pytest.UsageError` for one that cannot be read or meant, and for a registry that is not in it.
    """
    setting = settings["config"]
    if not setting.value:
        return None, settings
    path = values.path(setting, setting.value, config)
    try:
        text = read_regular(path, _LARGEST).decode("utf-8-sig")
        environment = read(Path(setting.value).name, text, environ, settings["config-variables"].values)
    except BadFile as error:
        raise pytest.UsageError(*str(error).splitlines()) from None
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is no UTF-8 text"
        raise pytest.UsageError(f"{where('config', setting)}: cannot read {setting.value!r}: {reason}") from error
    environment = replace(environment, identities=_identities(environment, settings["auth"]))
    found = dict(settings)
    for name, (texts, place) in environment.run.items():
        if not settings[name].on_command_line:
            # A path in the file is relative to it.
            given = tuple(str(path.parent / text) for text in texts) if name == "ca-bundle" else texts
            found[name] = Setting(given, place.origin)
    declared = _select(environment, _registries(environment, found), found, config)
    return declared, found | dict(_shown(declared, settings))


def _registries(environment: Environment, settings: Settings) -> dict[str, Registry]:
    """Return the file's registries by their tables' names."""
    found: dict[str, Registry] = {}
    wrong: list[str] = []
    for entry in environment.registries:
        try:
            registry = values.registry(entry.name, settings)
        except BadName as error:
            wrong.append(f"{entry.place}: {error}")
            continue
        if registry.login_server in {other.login_server for other in found.values()}:
            wrong.append(f"{entry.place}: {registry.login_server} stands twice")
        found[entry.key] = registry
    if wrong:
        raise pytest.UsageError(*wrong)
    return found


def _select(
    environment: Environment, every: Mapping[str, Registry], settings: Settings, config: pytest.Config
) -> Declared:
    """Return what the command line selects of a file: registries by their tables' names or by their own."""
    setting = settings["registry"]
    if not setting.on_command_line:
        return Declared(environment, every)
    chosen: set[str] = set()
    for text in values.names(setting, config):
        called = {key for key, registry in every.items() if text in {key, registry.name, registry.login_server}}
        try:
            called = called or {key for key, each in every.items() if each == values.registry(text, settings)}
        except BadName:
            called = set()
        if not called:
            known = {*every, *(each.name for each in every.values())}
            close = difflib.get_close_matches(text, sorted(known), n=2)
            meant = f"did you mean {' or '.join(close)}?" if close else f"it has {', '.join(every)}"
            raise pytest.UsageError(f"{where('registry', setting)}: {text!r} is not in {environment.file}; {meant}")
        chosen |= called
    return Declared(environment, {key: registry for key, registry in every.items() if key in chosen})


def _shown(declared: Declared, settings: Settings) -> Iterator[tuple[str, Setting]]:
    """Yield what the file sets of the options that say what is checked, for the header and for an emulator."""
    file = declared.environment.file
    selected = settings["registry"].on_command_line
    yield (
        "registry",
        Setting(
            tuple(entry.name for entry, _ in declared.entries),
            f"of {file}, from the command line" if selected else f"from {file}",
        ),
    )
    if declared.environment.identities:
        yield "auth", Setting(tuple(each.spec for each in declared.environment.identities), f"from {file}")
    every = [access for entry, _ in declared.entries for access in entry.access]
    told = {
        "repository": [reference.text for access in every for reference in access.references],
        "must": [action for access in every if access.references for action in access.rights.must],
        "must-not": [action for access in every for action in access.rights.must_not],
        "prove-push": ["true"] * any(access.rights.prove_push for access in every),
    }
    for name, texts in told.items():
        if not settings[name].on_command_line:
            usual = Setting(("pull",)) if name == "must" else Setting(())
            yield name, Setting(tuple(dict.fromkeys(texts)), f"from {file}") if texts else usual
    for name, limit in zip(("expiry-warn", "expiry-fail"), declared.environment.limits[:2], strict=True):
        if not settings[name].on_command_line:
            yield name, Setting((f"{limit:g}",), f"from {file}") if limit is not None else Setting(())


def _identities(environment: Environment, setting: Setting) -> tuple[NamedIdentity, ...]:
    """Return the file's identities, those that the command line names in its place."""
    found = {each.name: each for each in environment.identities}
    for spec in setting.values if setting.on_command_line and found else ():
        name, equals, method = spec.partition("=")
        if not equals or name not in found:
            raise pytest.UsageError(
                f"{where('auth', setting)}: {spec!r} is none of the identities of {environment.file}; write NAME=METHOD"
                f" for one of {', '.join(found)}"
            )
        found[name] = found[name]._replace(method=method.partition(":")[0], prefix=method.partition(":")[2])
    return tuple(found.values())


def resolve(declared: Declared, settings: Settings, environ: Mapping[str, str]) -> WhatToCheck:
    """Turn what a file declares into targets and refusals; credentials are looked for in this environment.

    Raises `pytest.UsageError` with all that is wrong, each with file, line and key.
    """
    chosen, wrong = _choose(declared, settings, environ)
    if wrong:
        raise pytest.UsageError(*wrong)
    targets = {
        (entry.key, name): target
        for entry, registry in declared.entries
        for name, each in chosen.items()
        if (target := _target(entry, registry, each.identity, declared, settings)) is not None
    }
    refusals = [
        refused
        for entry, registry in declared.entries
        for refusal in entry.refusals
        for refused in _refused(refusal, entry.key, registry, chosen, targets, wrong)
    ]
    ids = [f"{each.target.id} {each.expectation.id}" for each in refusals]
    wrong += [
        f"{declared.environment.file}: the refusal {each} stands twice"
        for each in dict.fromkeys(ids)
        if ids.count(each) > 1
    ]
    if wrong:
        raise pytest.UsageError(*dict.fromkeys(wrong))
    used = {target.identity.name for target in [*targets.values(), *(each.target for each in refusals)]}
    chosen = {name: each for name, each in chosen.items() if name in used}
    return WhatToCheck(
        tuple(chosen.values()), tuple(targets.values()), tuple(refusals), _limits(declared, settings, chosen)
    )


def _choose(declared: Declared, settings: Settings, environ: Mapping[str, str]) -> tuple[dict[str, Chosen], list[str]]:
    """Return the identities that have what they need, by their names, and what is wrong with the others."""
    named = declared.environment.identities
    if not named:
        try:
            found = choose(settings["auth"].values, environ, tuple(declared.registries.values()))
        except BadAuth as error:
            raise pytest.UsageError(f"{where('auth', settings['auth'])}: {error}") from error
        return {each.identity.name: each for each in found}, []
    chosen, wrong = {}, []
    for each in named:
        used_at = [registry for entry, registry in declared.entries if _uses(entry, each.name)]
        if not used_at:
            continue
        try:
            (chosen[each.name],) = choose([each.spec], environ, used_at)
            identity = chosen[each.name].identity
            served = method_named(identity.method).serves(identity, used_at, environ)
        except BadAuth as error:
            wrong.append(f"{each.place}: {error}")
            continue
        wrong += [
            f"{each.place}: it has no credential for {left.login_server}" for left in used_at if left not in served
        ]
    return chosen, wrong


def _uses(entry: NamedRegistry, name: str) -> bool:
    listed = [*(each.identities for each in entry.access), *(each.identities for each in entry.refusals)]
    return any(name in each or not each for each in listed)


def gets_in(entry: NamedRegistry, name: str) -> bool:
    """Whether an identity must get into a registry of the file."""
    return bool(_of(entry.access, name))


def _of(entries: Iterable[Access], name: str) -> list[Access]:
    return [each for each in entries if name in each.identities or not each.identities]


def _target(
    entry: NamedRegistry, registry: Registry, identity: Identity, declared: Declared, settings: Settings
) -> Target | None:
    """Return the target of an identity that must get in, with the rights that it has on each repository."""
    access = _of(entry.access, identity.name)
    if not access:
        return None
    rights = {reference: each.rights for each in access for reference in each.references}
    file = declared.environment.file
    if _wins(settings["repository"], file):
        known = {reference.repository: each for reference, each in rights.items()}
        given = values.references(settings, tuple(declared.registries.values()))[registry]
        rights = {reference: known.get(reference.repository, Rights()) for reference in given}
    rights = {reference: _overridden(each, settings, file) for reference, each in rights.items()}
    usual = next(iter(rights.values()), Rights())
    apart = tuple(Apart(reference.text, each) for reference, each in rights.items() if each != usual)
    return Target(registry, identity, tuple(rights), usual.must, usual.must_not, usual.prove_push, apart)


def _wins(setting: Setting, file: str) -> bool:
    """Whether what an option is set to stands before the file: a flag's value, and what a scenario needs to be seen."""
    return setting.given and setting.origin != f"from {file}"


def _overridden(rights: Rights, settings: Settings, file: str) -> Rights:
    """Return the rights with those in their place that win over the file's."""
    if _wins(settings["must"], file):
        rights = replace(rights, must=values.actions(settings, "must"))
    if _wins(settings["must-not"], file):
        rights = replace(rights, must_not=values.actions(settings, "must-not"))
    if _wins(settings["prove-push"], file):
        rights = replace(rights, prove_push=bool(settings["prove-push"].values))
    return rights


def _refused(
    refusal: Refusal,
    key: str,
    registry: Registry,
    chosen: Mapping[str, Chosen],
    targets: Mapping[tuple[str, str], Target],
    wrong: list[str],
) -> Iterator[Refused]:
    who = [each.identity for name, each in chosen.items() if name in refusal.identities or not refusal.identities]
    if all(name in SETTINGS for name in refusal.expect):  # of the registry, whoever reads its record
        who = sorted(who, key=lambda identity: identity.flow is not Flow.ENTRA)[:1]
    shut_out = not refusal.repositories and set(refusal.expect) <= set(SHUT_OUT)
    for identity in who:
        if shut_out and (key, identity.name) in targets:
            wrong.append(
                f"{refusal.place}: {identity.name} must get in as well, by an access of this registry; say with"
                " identities who is refused"
            )
            continue
        target = targets.get((key, identity.name)) or Target(registry, identity)
        for repository in refusal.repositories or (None,):
            try:
                expectation = Expectation(refusal.expect, repository)
            except BadName as error:
                wrong.append(f"{refusal.place}: {error}")
                continue
            if PUSH in refusal.expect and repository is None and not target.references:
                wrong.append(f"{refusal.place}: {PUSH} needs a repository: name it with repositories")
            if unread := expectation.unread(target):
                wrong.append(f"{refusal.place}: {unread}")
            yield Refused(target, expectation)


def _limits(declared: Declared, settings: Settings, names: Iterable[str]) -> dict[str, Limits]:
    """Return the limits of each identity: the file's, or in their place those that the command line names."""
    own = {each.name: each.limits for each in declared.environment.identities}
    found = {name: own.get(name, declared.environment.limits) for name in names}
    if _wins(warn := settings["expiry-warn"], declared.environment.file):
        found = {name: limits._replace(warn=float(warn.value)) for name, limits in found.items()}
    fail = settings["expiry-fail"]
    if fail.on_command_line:
        found = {name: limits._replace(fail=float(fail.value)) for name, limits in found.items()}
    elif _wins(fail, declared.environment.file):  # what a scenario brings, where the file says nothing of its own
        filled = {name: each._replace(fail=float(fail.value)) for name, each in found.items() if each.fail is None}
        found |= {name: limits for name, limits in filled.items() if not limits.pointless}
    for limits in found.values():
        if limits.pointless:
            raise pytest.UsageError(f"{where('expiry-warn', warn)} and {where('expiry-fail', fail)}: {POINTLESS}")
    return {name: limits for name, limits in found.items() if limits}
