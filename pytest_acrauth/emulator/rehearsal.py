"""The changes of a declared world that each make one promise false. What notices them is none of its business."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import replace
from functools import partial
from typing import NamedTuple

from pytest_acrauth.auth import method_named
from pytest_acrauth.emulator.aiming import Holder, aimed
from pytest_acrauth.emulator.declared import Refusal, declare, registry_of
from pytest_acrauth.emulator.scenarios.entries import SCENARIOS
from pytest_acrauth.emulator.world import Change, World
from pytest_acrauth.emulator.world.cloud import DAY
from pytest_acrauth.emulator.world.network import Route
from pytest_acrauth.model.target import Apart, Flow, Rights, Target

#: Credentials that end, are wrong or are no longer there, by scenarios that a method can show.
_CREDENTIALS = (
    "entra-sp-secret-expired",
    "entra-sp-secret-wrong",
    "entra-app-not-found",
    "scope-map-token-password-expired",
    "scope-map-token-disabled",
    "admin-user-disabled",
)
_IN_THE_WAY = ("tcp-refused", "registry-dns-nxdomain", "firewall-ip-denied")
EXCESS = ("permission-excess", "more-open-than-expected", "challenge-open")
EXPIRES = ("expiry-sp-secret", "expiry-sp-certificate", "expiry-certificate-file", "expiry-scope-map-password")


class Broken(NamedTuple):
    """One promise made false: the promise and the change in words, how it comes about, and by what it may be told.

    ``about`` are the targets that can notice. ``causes`` are the ids under which it is noticed rightly, () for any.
    ``advice`` is what would notice it.
    """

    promise: str
    change: str
    about: tuple[Target, ...]
    apply: Change
    causes: tuple[str, ...] = ()
    advice: str = ""


class Unbreakable(NamedTuple):
    """A promise that this emulator cannot make false, and why."""

    promise: str
    reason: str


class Declaration(NamedTuple):
    """What is declared: who gets in, who is refused, and within how many days credentials must not end, by name."""

    allowed: tuple[Target, ...]
    refused: tuple[Refusal, ...]
    fails: Mapping[str, float]


class Kept:
    """A world as it is now, to go back to."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._cloud, self._network = deepcopy(world.cloud), deepcopy(world.network)
        self._environ = dict(world.machine.environ)
        self._files = dict(world.machine.files)

    def restore(self) -> None:
        """Let everything be as it was; in place, because services and machines hold these very objects."""
        vars(self._world.cloud).update(vars(deepcopy(self._cloud)))
        vars(self._world.network).update(vars(deepcopy(self._network)))
        self._world.machine.environ.clear()
        self._world.machine.environ.update(self._environ)
        self._world.machine.files = dict(self._files)


def every_break(declared: Declaration, holders: Mapping[str, Holder]) -> Iterator[Broken | Unbreakable]:
    """Yield every promise of a declaration with a change that makes it false, or with the reason why there is none."""
    for target in declared.allowed:
        yield from _rights(declared, target)
        yield from _images(target)
    for label, targets in _by(declared.allowed, lambda each: each.registry.login_server.partition(".")[0]).items():
        for cause in _IN_THE_WAY:
            yield Broken(
                f"{targets[0].registry.name} is reached from here",
                cause,
                targets,
                aimed(SCENARIOS[cause].change, label),
                (cause,),
            )
    for name, targets in _by(declared.allowed, lambda each: each.identity.name).items():
        yield from _credentials(declared, targets, holders[name])
    for refusal in declared.refused:
        yield from _opened(declared, refusal)


def _by(targets: Sequence[Target], key: Callable[[Target], str]) -> dict[str, tuple[Target, ...]]:
    found: dict[str, tuple[Target, ...]] = {}
    for target in targets:
        found[key(target)] = (*found.get(key(target), ()), target)
    return found


def _who(target: Target) -> str:
    return f"{target.identity.name} at {target.registry.name}"


def _rights(declared: Declaration, target: Target) -> Iterator[Broken | Unbreakable]:
    """Take each right away, and give each that must not be held; where none is named, the next one up."""
    fixed = target.identity.method in {"admin", "anonymous"}
    for reference in target.references:
        rights, repository = target.rights(reference.text), reference.repository
        nobody_said = () if rights.must_not else tuple(each for each in ("push", "delete") if each not in rights.must)
        for action in rights.must:
            promise = f"{_who(target)} has {action} on {repository}"
            if fixed:
                yield Unbreakable(promise, f"{target.identity.method} has all of its rights, or does not get in")
                continue
            less = replace(rights, must=tuple(each for each in rights.must if each != action))
            apply = partial(_again, declared, target, _having(target, reference.text, less))
            yield Broken(promise, f"{action} is taken away", (target,), apply)
        for action in rights.must_not or nobody_said[:1]:
            promise = f"{_who(target)} has no {action} on {repository}"
            if fixed:
                yield Unbreakable(promise, f"{target.identity.method} cannot be given {action}")
                continue
            more = replace(rights, must=(*rights.must, action), must_not=())
            apply = partial(_again, declared, target, _having(target, reference.text, more))
            advice = f'must_not = ["{action}"] in the access of {target.identity.name} to {target.registry.name}'
            yield Broken(promise, f"{action} is given", (target,), apply, EXCESS, advice)


def _having(target: Target, reference: str, rights: Rights) -> Target:
    others = tuple(each for each in target.apart if each.reference != reference)
    return replace(target, apart=(*others, Apart(reference, rights)))


def _again(declared: Declaration, target: Target, other: Target, world: World) -> None:
    """Declare the same, but for one target."""
    allowed = [other if each == target else each for each in declared.allowed]
    declare(world, allowed, declared.refused, max(declared.fails.values(), default=0.0))


def _images(target: Target) -> Iterator[Broken]:
    def gone(world: World, repository: str) -> None:
        registry_of(world, target).repositories[repository].tags.clear()

    for repository in dict.fromkeys(each.repository for each in target.references):
        if any(target.rights(each.text).pulls for each in target.references if each.repository == repository):
            promise = f"{target.registry.name} has the image of {repository} for {target.identity.name}"
            yield Broken(promise, "its tags are gone", (target,), partial(gone, repository=repository))
    advice = f'repositories = ["team/app"] in the access of {target.identity.name} to {target.registry.name}'
    promise = f"{_who(target)} reads layers"
    yield Broken(promise, "the storage behind it cannot be reached", (target,), _no_storage, (), advice)


def _no_storage(world: World) -> None:
    world.network.route_all(world.cloud.blob_host, Route.CLOSED)


def _credentials(declared: Declaration, targets: tuple[Target, ...], holder: Holder) -> Iterator[Broken | Unbreakable]:
    shown = [each for each in _CREDENTIALS if holder.method in SCENARIOS[each].methods and _is_of(each, holder)]
    label = targets[0].registry.login_server.partition(".")[0]
    promise = f"the credential of {holder.name} is good"
    for cause in shown:
        yield Broken(promise, cause, targets, aimed(SCENARIOS[cause].change, label, holder), (cause,))
    if not shown:
        yield Unbreakable(promise, f"no scenario breaks a credential of {method_named(holder.method).name} alone")
    if holder.name in declared.fails:
        promise = f"the credential of {holder.name} lasts {declared.fails[holder.name]:g} days"
        if not (holder.client or holder.token):
            yield Unbreakable(promise, f"a credential of {holder.method} has no end here")
            return
        apply = partial(_ends, holder, declared.fails[holder.name] * DAY / 2)
        advice = f"a look at the end that somebody may take: docs/how-to/expiry.md says which right {holder.name} needs"
        yield Broken(promise, "it ends in half that time", targets, apply, EXPIRES, advice)


def _is_of(cause: str, holder: Holder) -> bool:
    """Whether a cause is about the kind of credential that a holder has."""
    kinds = {"entra": bool(holder.client), "scope": bool(holder.token), "admin": holder.method == "admin"}
    return kinds[cause.partition("-")[0]]


def _ends(holder: Holder, seconds: float, world: World) -> None:
    now = world.cloud.now()
    if holder.client:
        application = world.cloud.applications[holder.client]
        for secret in application.all_secrets:
            secret.ends = now + seconds
        for certificate in application.certificates:
            certificate.until = now + seconds
    for at in world.cloud.registries.values() if holder.token else ():
        for password in at.tokens[holder.token].passwords if holder.token in at.tokens else ():
            password.ends = now + seconds


def _opened(declared: Declaration, refusal: Refusal) -> Iterator[Broken | Unbreakable]:
    target, words = refusal.target, " or ".join(refusal.names)
    promise = f"{_who(target)} is refused by {words}"
    rest = tuple(each for each in declared.refused if each != refusal)
    settings = {"admin-user-off": "admin_enabled", "anonymous-pull-off": "anonymous_pull"}
    for name in refusal.names:
        if name in settings:
            yield Broken(
                promise,
                f"{name} is no longer so",
                (target,),
                partial(_switched_on, target, settings[name]),
                EXCESS,
            )
    if not refusal.causes:
        return
    if target.identity.flow is Flow.BASIC and target.identity.method not in {"scope-map-token", "basic"}:
        yield Unbreakable(promise, f"{target.identity.method} is not let in apart from the others there")
        return
    open_target = target
    if "push-denied" in refusal.names:
        for reference in target.references:
            if refusal.repository in (None, reference.repository):
                rights = target.rights(reference.text)
                must = tuple(dict.fromkeys([*rights.must, "push"]))
                open_target = _having(open_target, reference.text, replace(rights, must=must, must_not=()))
    at_registry = tuple(each for each in rest if each.target.registry == target.registry)
    kept = tuple(each for each in rest if each not in at_registry or not each.causes & refusal.causes)

    def opened(world: World) -> None:
        allowed = [each for each in declared.allowed if each != target]
        declare(world, [*allowed, open_target], kept)

    def other_reason(world: World) -> None:
        at = registry_of(world, target)
        at.public_network_access, at.default_action = True, "Allow"
        declare(world, declared.allowed, kept)

    yield Broken(promise, "it is opened", (target,), opened, EXCESS)
    if {"firewall-public-access-disabled", "firewall-ip-denied"} & refusal.causes:
        advice = f'expect = ["network-shut-out"] alone in the refusal of {target.registry.name}'
        change = "another reason refuses"
        yield Broken(promise, change, (target,), other_reason, (), advice)


def _switched_on(target: Target, setting: str, world: World) -> None:
    setattr(registry_of(world, target), setting, True)
