"""What a caller may do on a registry: roles and their conditions, scope maps, the admin user, anonymous pull.

What roles mean in both role assignment modes: learn.microsoft.com, the registry's pages on its built-in roles and on
repository permissions.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from pytest_acrauth.emulator.world.cloud import Cloud, Registry, RoleAssignment
from pytest_acrauth.emulator.world.conditions import lets_through
from pytest_acrauth.emulator.world.roles import REGISTRIES, Role

ALL = frozenset({"pull", "push", "delete", "metadata_read", "metadata_write", "deleted_read", "deleted_restore"})

_BY_ACTION = {
    "pull/read": ("pull", "metadata_read"),
    "push/write": ("push", "metadata_write"),
    "artifacts/delete": ("delete",),
    "deleted/read": ("deleted_read",),
    "deleted/restore/action": ("deleted_restore",),
}
#: The words in which a refresh token tells, outside ABAC mode, what its holder may do.
PERMISSIONS = {
    "read": frozenset({"pull", "metadata_read"}),
    "write": frozenset({"push", "metadata_write"}),
    "delete": frozenset({"delete"}),
    "*": ALL,
}
_BY_CONTENT = {
    "content/read": "pull",
    "content/write": "push",
    "content/delete": "delete",
    "metadata/read": "metadata_read",
    "metadata/write": "metadata_write",
}


class Kind(StrEnum):
    """Whom a registry knows."""

    PRINCIPAL = "principal"
    ADMIN = "admin"
    TOKEN = "token"  # noqa: S105 - a kind of caller
    NOBODY = "nobody"


@dataclass(frozen=True)
class Caller:
    """Somebody whose credential a registry accepted: ``name`` is an object id, or the token's or admin's name.

    ``login`` is what a refresh token says that its holder may do, which no role adds to; None where nothing says it.
    """

    kind: Kind
    name: str = ""
    login: frozenset[str] | None = None


def _held(cloud: Cloud, registry: Registry, caller: Caller) -> list[tuple[RoleAssignment, Role]]:
    """Return what a principal holds on the registry, above or below it, as far as the token servers know of it."""
    if caller.kind is not Kind.PRINCIPAL:
        return []
    roles, reaching = cloud.roles, [*cloud.reaching(caller.name, registry.resource_id)]
    if registry.abac:  # a role can be given on one repository alone
        below = f"{registry.resource_id.lower()}/repositories/"
        reaching += [each for each in cloud.assigned(caller.name) if each.place.startswith(below)]
    return [(each, roles[each.role].as_counted) for each in reaching if registry.caught_up or cloud.in_force(each)]


def roles_of(cloud: Cloud, registry: Registry, caller: Caller) -> list[Role]:
    """Return the roles a principal holds on the registry or above it, control-plane ones too."""
    return [role for _, role in _held(cloud, registry, caller)]


def known(cloud: Cloud, registry: Registry, caller: Caller) -> bool:
    """Whether the registry gives this caller a token at all, be it one that holds no right."""
    if caller.kind is Kind.NOBODY:
        return registry.open_to_all(cloud.now())
    if caller.kind is not Kind.PRINCIPAL:
        return True
    # Roles of the control plane are documented to log in; whether one that reads settings alone does is not known.
    roles, place = roles_of(cloud, registry, caller), registry.resource_id
    ways = [f"{REGISTRIES}/{way}" for way in (*_BY_ACTION, "listCredentials/action")]
    rights = [f"{REGISTRIES}/repositories/{right}" for right in _BY_CONTENT]
    return any(
        any(role.allows(way) for role in roles) and not cloud.denied(caller.name, way, place) for way in ways
    ) or any(
        any(role.allows_data(right) for role in roles) and not cloud.denied(caller.name, right, place, data=True)
        for right in rights
    )


def actions_on(cloud: Cloud, registry: Registry, caller: Caller, repository: str) -> frozenset[str]:
    """Return the registry actions the caller holds on a repository; ``*`` asks for all repositories."""
    match caller.kind:
        case Kind.ADMIN:
            return ALL
        case Kind.NOBODY:
            return frozenset({"pull", "metadata_read"}) if registry.open_to_all(cloud.now()) else frozenset()
        case Kind.TOKEN:
            return _by_scope_map(registry, caller.name, repository, cloud.now())
    if not registry.abac:
        roles = roles_of(cloud, registry, caller)
        held = [
            actions
            for right, actions in _BY_ACTION.items()
            if any(role.allows(f"{REGISTRIES}/{right}") for role in roles)
            and not cloud.denied(caller.name, f"{REGISTRIES}/{right}", registry.resource_id)
        ]
        actions = frozenset(action for actions in held for action in actions)
        return actions if caller.login is None else actions & caller.login
    if repository == "*":  # a wildcard is ignored, not refused, where rights are given by repository
        return frozenset()
    return frozenset(
        action
        for right, action in _BY_CONTENT.items()
        if _on_repository(cloud, registry, caller, f"{REGISTRIES}/repositories/{right}", repository)
    )


def _on_repository(cloud: Cloud, registry: Registry, caller: Caller, right: str, repository: str) -> bool:
    if cloud.denied(caller.name, right, registry.resource_id, data=True):
        return False
    own = f"{registry.resource_id}/repositories/{repository}".lower()
    return any(
        role.allows_data(right)
        and lets_through(assignment.condition, right, repository)
        and (assignment.reaches(registry.resource_id) or assignment.place == own)
        for assignment, role in _held(cloud, registry, caller)
    )


def lists_catalog(cloud: Cloud, registry: Registry, caller: Caller) -> bool:
    """Whether the caller may list repositories; scope-map tokens never may."""
    if caller.kind is Kind.ADMIN:
        return True
    if caller.kind is Kind.NOBODY:
        return registry.open_to_all(cloud.now())
    roles = roles_of(cloud, registry, caller)
    if registry.abac:
        return any(role.allows_data(f"{REGISTRIES}/catalog/read") for role in roles)
    return any(role.allows(f"{REGISTRIES}/pull/read") for role in roles)


def _by_scope_map(registry: Registry, token: str, repository: str, now: float) -> frozenset[str]:
    scope_map = registry.scope_maps.get(registry.tokens[token].scope_map)
    held = set()
    for right in scope_map.in_force(now, caught_up=registry.caught_up) if scope_map else ():
        name, verb, what = right.removeprefix("repositories/").rsplit("/", 2)
        covers = name in {repository, "*"} or (name.endswith("/*") and repository.startswith(name[:-1]))
        if covers and f"{verb}/{what}" in _BY_CONTENT:
            held.add(_BY_CONTENT[f"{verb}/{what}"])
    return frozenset(held)
