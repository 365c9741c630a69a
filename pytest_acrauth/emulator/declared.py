"""The declared world: one in which whatever somebody declared of registries and identities is so.

It is made of the healthy world and of targets, and knows neither files nor options. The services never know of it.
"""

from __future__ import annotations

import re
import secrets
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from pytest_acrauth.auth import method_named
from pytest_acrauth.emulator.aiming import Holder, aimed
from pytest_acrauth.emulator.scenarios.entries import SCENARIOS
from pytest_acrauth.emulator.scenarios.obstacles import other_addresses_only, private_only
from pytest_acrauth.emulator.scenarios.variants import BY_AZ, BY_HOST
from pytest_acrauth.emulator.world import World
from pytest_acrauth.emulator.world.cloud import DAY, Registry, RoleAssignment, ScopeMap, ScopeMapToken
from pytest_acrauth.emulator.world.content import Repository
from pytest_acrauth.emulator.world.directory import Application, Password
from pytest_acrauth.emulator.world.healthy import CLIENT, OPERATOR, PRINCIPAL, TENANT, entitle
from pytest_acrauth.emulator.world.roles import EVIDENCE, REGISTRIES, Role
from pytest_acrauth.model.target import Flow, Identity, Reference, Target

_LIFE = 335.0  # days that a credential has left, where no limit asks for more
_FIREWALL = {"firewall-public-access-disabled": private_only, "firewall-ip-denied": other_addresses_only}
#: Causes that are there as soon as nothing is granted.
_NOTHING_GRANTED = {"exchange-no-role", "sp-lacks-role", "admin-user-disabled", "anonymous-pull-disabled"}
_ALSO = {"pull": "metadata_read", "push": "metadata_write"}
_BY_ROLE = {
    "pull": "pull/read",
    "push": "push/write",
    "delete": "artifacts/delete",
    "deleted_read": "deleted/read",
    "deleted_restore": "deleted/restore/action",
    "metadata_read": "pull/read",
    "metadata_write": "push/write",
}
_BY_CONTENT = {
    "pull": "content/read",
    "push": "content/write",
    "delete": "content/delete",
    "metadata_read": "metadata/read",
    "metadata_write": "metadata/write",
}
_BUILT_IN = {
    frozenset({"pull"}): ("AcrPull",),
    frozenset({"pull", "push"}): ("AcrPush",),
    frozenset({"pull", "delete"}): ("AcrPull", "AcrDelete"),
    frozenset({"pull", "push", "delete"}): ("AcrPush", "AcrDelete"),
}


class CannotDeclare(ValueError):
    """Something declared that no world of the emulator's can hold; the text says what."""


class Refusal(NamedTuple):
    """A refusal that is declared: to whom, by which names, which causes these stand for, and on which repository."""

    target: Target
    names: tuple[str, ...]
    causes: frozenset[str]
    repository: str | None = None


def declare(
    world: World, allowed: Sequence[Target], refused: Sequence[Refusal] = (), days: float = 0.0
) -> Mapping[str, Holder]:
    """Make a world in which the targets hold their rights and no more, and the refused are refused.

    The machine must have a credential of each identity already. No credential ends within ``days``.
    Returns whom each identity's name stands for. Raises `CannotDeclare`.
    """
    every = [*allowed, *(each.target for each in refused)]
    world.cloud.assignments[:] = [each for each in world.cloud.assignments if each.role in {EVIDENCE, "Reader"}]
    for target in every:
        at = registry_of(world, target)
        at.admin_enabled = at.anonymous_pull = False
        at.public_network_access, at.default_action = True, "Allow"
    holders = {identity.name: _holder(world, identity, every) for identity in {each.identity: 0 for each in every}}
    for login_server in {each.registry.login_server: 0 for each in allowed}:
        _grant(world, [each for each in allowed if each.registry.login_server == login_server], holders)
    for target in every:
        for reference in target.references:
            _image(registry_of(world, target), reference)
    for refusal in refused:
        _refuse(world, refusal, holders)
    passwords = [each for application in world.cloud.applications.values() for each in application.all_secrets]
    tokens = (token for at in world.cloud.registries.values() for token in at.tokens.values())
    passwords += [each for token in tokens for each in token.passwords]
    for password in passwords:
        if password.ends is not None:
            password.ends = max(password.ends, world.cloud.now() + max(_LIFE, days + 30) * DAY)
    return holders


def registry_of(world: World, target: Target) -> Registry:
    """Return a target's registry. Raises `CannotDeclare` for one that this world has not."""
    found = world.cloud.registry_at(target.registry.login_server)
    if found is None:
        raise CannotDeclare(f"the emulator has no {target.registry.login_server}")
    return found


def _holder(world: World, identity: Identity, every: Iterable[Target]) -> Holder:
    """Give an identity a credential of its own, which is nobody else's, and return who it is."""
    row, cloud, environ = method_named(identity.method), world.cloud, world.machine.environ
    prefix = identity.prefix or row.prefix
    if identity.method == BY_AZ:
        return Holder(identity.name, identity.method, prefix, principal=OPERATOR.object_id)
    if identity.method == BY_HOST:
        client = world.machine.identities[0]
        return Holder(identity.name, identity.method, prefix, client, cloud.applications[client].principals[TENANT])
    if identity.method == "scope-map-token":
        token = re.sub(r"[^a-z0-9-]", "-", f"{identity.name.lower()}-token")
        value = secrets.token_urlsafe(30)
        for target in every:
            if target.identity == identity:
                _token(world, registry_of(world, target), token, value)
        environ |= {f"{prefix}_USERNAME": token, f"{prefix}_PASSWORD": value}
        return Holder(identity.name, identity.method, prefix, token=token)
    if identity.method == "docker-config":
        for target in every:
            if target.identity == identity:
                at = registry_of(world, target)
                at.scope_maps["app-pull"] = replace(at.scope_maps["app-pull"], actions=[])
        return Holder(identity.name, identity.method, prefix, token="puller")  # noqa: S106 - a name
    if identity.flow is Flow.ENTRA or identity.method == "basic":
        return _application(world, identity, prefix)
    return Holder(identity.name, identity.method, prefix)


def _application(world: World, identity: Identity, prefix: str) -> Holder:
    row, cloud, environ = method_named(identity.method), world.cloud, world.machine.environ
    first = cloud.applications[CLIENT]
    if identity.flow is Flow.ENTRA and prefix == row.prefix:
        return Holder(identity.name, identity.method, prefix, CLIENT, PRINCIPAL)
    client = str(uuid.uuid5(uuid.NAMESPACE_OID, f"application {prefix}"))
    principal = str(uuid.uuid5(uuid.NAMESPACE_OID, f"principal {prefix}"))
    if client not in cloud.applications:
        now = cloud.now()
        own = Password(secrets.token_urlsafe(30), now - 30 * DAY, now + _LIFE * DAY)
        cloud.applications[client] = Application(
            client,
            [own],
            {TENANT: principal},
            name=identity.name,
            certificates=[*first.certificates],
            federated=[*first.federated],
        )
        entitle(cloud, principal, EVIDENCE)
        other = {CLIENT: client, **{secret.value: own.value for secret in first.secrets}}
        named = [f"{prefix}_{end}" for end in (*row.suffixes, *row.variables)]
        environ |= {name: other.get(environ[name], environ[name]) for name in named if name in environ}
    return Holder(identity.name, identity.method, prefix, client, principal)


def _token(world: World, at: Registry, token: str, value: str) -> None:
    now = world.cloud.now()
    at.scope_maps[token] = ScopeMap(token, [], created=now - 40 * DAY)
    at.tokens[token] = ScopeMapToken(
        token, token, [Password(value, now - 5 * DAY, now + _LIFE * DAY)], created=now - 40 * DAY
    )


def _grant(world: World, targets: Sequence[Target], holders: Mapping[str, Holder]) -> None:
    """Give each target at one registry the rights that it must have: by registry or by repository."""
    at = registry_of(world, targets[0])
    by_role = [each for each in targets if holders[each.identity.name].principal]
    at.abac = not all(map(_by_registry, by_role))
    for target in targets:
        holder = holders[target.identity.name]
        if holder.principal:
            world.cloud.assignments += _roles(world, at, target, holder)
        elif holder.token:
            held = at.scope_maps[at.tokens[holder.token].scope_map].actions
            held += sorted(set(_scope_map(target)) - set(held))
        elif target.identity.flow is Flow.ANONYMOUS:
            at.anonymous_pull = True
        else:
            at.admin_enabled = True
        fixed: dict[str, set[str]] = {"anonymous": {"pull", "metadata_read"}, "admin": {*_BY_ROLE}}
        if (given := fixed.get(target.identity.method)) is None:
            continue
        for reference in target.references:
            rights = target.rights(reference.text)
            if wrong := sorted((set(rights.must) - given) | (set(rights.must_not) & given)):
                raise CannotDeclare(
                    f"{target.identity.name} at {target.registry.login_server}: {target.identity.method} cannot be "
                    f"given or denied {', '.join(wrong)} on {reference.repository}"
                )


def _held(target: Target) -> dict[str, set[str]]:
    """Return the actions that must be held, by repository."""
    found: dict[str, set[str]] = {}
    for reference in target.references:
        found.setdefault(reference.repository, set()).update(target.rights(reference.text).must)
    return found


def _by_registry(target: Target) -> bool:
    """Whether roles on the whole registry give what must be held, and nothing that must not."""
    held = {action for actions in _held(target).values() for action in actions}
    given = held | {_ALSO[action] for action in held if action in _ALSO}
    given |= {action for action, also in _ALSO.items() if also in held}
    return all(given.isdisjoint(target.rights(each.text).must_not) for each in target.references)


def _roles(world: World, at: Registry, target: Target, holder: Holder) -> Iterator[RoleAssignment]:
    given = world.cloud.now() - 30 * DAY
    if not at.abac:
        held = frozenset(action for actions in _held(target).values() for action in actions)
        if not target.references:  # to be let in, it has to hold something
            held = frozenset({"pull"})
        if not held:
            return
        for role in _BUILT_IN.get(held) or (_custom(world, held, abac=False),):
            yield RoleAssignment(holder.principal, role, at.resource_id, created=given)
        return
    for repository, actions in (_held(target) or {"team/app": {"pull"}}).items():
        if never := sorted(actions - _BY_CONTENT.keys()):
            raise CannotDeclare(
                f"{target.registry.login_server}: {', '.join(never)} cannot be given by repository, as its other rights"
                " have to be"
            )
        if actions:
            role = _custom(world, frozenset(actions), abac=True)
            place = f"{at.resource_id}/repositories/{repository}"
            yield RoleAssignment(holder.principal, role, place, created=given)


def _custom(world: World, held: frozenset[str], *, abac: bool) -> str:
    """Return the name of a role that gives these actions alone."""
    name = f"{'Repository' if abac else 'Registry'} {' '.join(sorted(held))}"
    rights = (
        [f"{REGISTRIES}/repositories/{_BY_CONTENT[action]}" for action in sorted(held)]
        if abac
        else sorted({f"{REGISTRIES}/{_BY_ROLE[action]}" for action in held})
    )
    own = str(uuid.uuid5(uuid.NAMESPACE_OID, name))
    actions, data = ((), tuple(rights)) if abac else (tuple(rights), ())
    world.cloud.custom_roles[name] = Role(own, actions, data, built_in=False)
    return name


def _scope_map(target: Target) -> Iterator[str]:
    for repository, actions in _held(target).items():
        for action in actions:
            if action not in _BY_CONTENT:
                raise CannotDeclare(f"{target.id}: no scope map gives {action}")
            yield f"repositories/{repository}/{_BY_CONTENT[action]}"


def _image(at: Registry, reference: Reference) -> None:
    """Store an image under a tag. Raises `CannotDeclare` for a digest, whose content nobody can guess."""
    kept = at.repositories.setdefault(reference.repository, Repository(reference.repository, at.created))
    if ":" in reference.version and kept.find(reference.version) is None:
        raise CannotDeclare(
            f"{at.login_server}/{reference.text}: no image can be made for a digest; rehearse with a tag"
        )
    if kept.find(reference.version) is None:
        kept.add_image(reference.version)


def _refuse(world: World, refusal: Refusal, holders: Mapping[str, Holder]) -> None:
    """Let a refusal happen for the first of its reasons that this world can have."""
    at, holder, causes = registry_of(world, refusal.target), holders[refusal.target.identity.name], refusal.causes
    if not causes or "push-denied" in refusal.names:
        return  # a setting is off, and push is not granted, unless somebody declares that too
    for cause, close in _FIREWALL.items():
        if cause in causes:
            close(at)
            return
    if "scope-map-token-disabled" in causes and holder.token:
        at.tokens[holder.token].enabled = False
        return
    if causes & _NOTHING_GRANTED and not refusal.target.references:
        return
    if "image-not-found" in causes and refusal.repository in at.repositories:
        at.repositories[refusal.repository].tags.clear()
        return
    for cause in sorted(causes):
        scenario = SCENARIOS.get(cause)
        if scenario is not None and holder.method in scenario.methods:
            aimed(scenario.change, at.label, holder)(world)
            return
    raise CannotDeclare(
        f"{refusal.target.id}: the emulator cannot bring about {' or '.join(refusal.names)} there: rehearse without it"
    )
