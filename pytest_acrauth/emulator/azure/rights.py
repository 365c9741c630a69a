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
    """Somebody whose credential a registry accepted: ``name`` is an object id, or the token's or admin's name."""

    kind: Kind
    name: str = ""


def _held(cloud: Cloud, registry: Registry, caller: Caller) -> list[tuple[RoleAssignment, Role]]:
    """Return what a principal holds on the registry or above it, as far as the token servers know of it."""
    if caller.kind is not Kind.PRINCIPAL:
        return []
    roles, reaching = cloud.roles, cloud.reaching(caller.name, registry.resource_id)
    return [(assignment, roles[assignment.role]) for assignment in reaching if cloud.in_force(assignment)]


def roles_of(cloud: Cloud, registry: Registry, caller: Caller) -> list[Role]:
    """Return the roles a principal holds on the registry or above it, control-plane ones too."""
    return [role for _, role in _held(cloud, registry, caller)]


def known(cloud: Cloud, registry: Registry, caller: Caller) -> bool:
    """Whether the registry gives this caller a token at all, be it one that holds no right."""
    if caller.kind is Kind.NOBODY:
        return registry.anonymous_pull
    roles = roles_of(cloud, registry, caller)
    return caller.kind is not Kind.PRINCIPAL or any(_logs_in(role) for role in roles)


def _logs_in(role: Role) -> bool:
    # Roles of the control plane are documented to log in; whether one that reads settings alone does is not known.
    ways = (*_BY_ACTION, "listCredentials/action")
    return bool(role.data_actions) or any(role.allows(f"{REGISTRIES}/{way}") for way in ways)


def actions_on(cloud: Cloud, registry: Registry, caller: Caller, repository: str) -> frozenset[str]:
    """Return the registry actions the caller holds on a repository; ``*`` asks for all repositories."""
    match caller.kind:
        case Kind.ADMIN:
            return ALL
        case Kind.NOBODY:
            return frozenset({"pull", "metadata_read"}) if registry.anonymous_pull else frozenset()
        case Kind.TOKEN:
            return _by_scope_map(registry, caller.name, repository)
    if not registry.abac:
        roles = roles_of(cloud, registry, caller)
        held = [
            actions
            for right, actions in _BY_ACTION.items()
            if any(role.allows(f"{REGISTRIES}/{right}") for role in roles)
        ]
        return frozenset(action for actions in held for action in actions)
    if repository == "*":  # a wildcard is ignored, not refused, where rights are given by repository
        return frozenset()
    return frozenset(
        action
        for right, action in _BY_CONTENT.items()
        if _on_repository(cloud, registry, caller, f"{REGISTRIES}/repositories/{right}", repository)
    )


def _on_repository(cloud: Cloud, registry: Registry, caller: Caller, right: str, repository: str) -> bool:
    return any(
        role.allows_data(right) and lets_through(assignment.condition, right, repository)
        for assignment, role in _held(cloud, registry, caller)
    )


def lists_catalog(cloud: Cloud, registry: Registry, caller: Caller) -> bool:
    """Whether the caller may list repositories; scope-map tokens and anonymous callers never may."""
    if caller.kind is Kind.ADMIN:
        return True
    roles = roles_of(cloud, registry, caller)
    if registry.abac:
        return any(role.allows_data(f"{REGISTRIES}/catalog/read") for role in roles)
    return any(role.allows(f"{REGISTRIES}/pull/read") for role in roles)


def _by_scope_map(registry: Registry, token: str, repository: str) -> frozenset[str]:
    scope_map = registry.scope_maps.get(registry.tokens[token].scope_map)
    held = set()
    for right in scope_map.actions if scope_map else ():
        name, verb, what = right.removeprefix("repositories/").rsplit("/", 2)
        covers = name in {repository, "*"} or (name.endswith("/*") and repository.startswith(name[:-1]))
        if covers and f"{verb}/{what}" in _BY_CONTENT:
            held.add(_BY_CONTENT[f"{verb}/{what}"])
    return frozenset(held)
