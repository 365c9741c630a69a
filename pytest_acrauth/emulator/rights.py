"""What a caller may do on a registry: built-in roles, scope maps, the admin user, anonymous pull.

Roles and their meaning in both role assignment modes: learn.microsoft.com, Azure built-in roles for containers, and
the registry's own pages on its built-in roles and on repository permissions.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from fnmatch import fnmatchcase

from pytest_acrauth.emulator.world import Cloud, Registry

_PREFIX = "Microsoft.ContainerRegistry/registries/"
ALL = frozenset({"pull", "push", "delete", "metadata_read", "metadata_write", "deleted_read", "deleted_restore"})


@dataclass(frozen=True)
class Role:
    """A role definition: what it allows on the management plane and on data, as patterns."""

    actions: tuple[str, ...] = ()
    data_actions: tuple[str, ...] = ()

    def allows(self, action: str) -> bool:
        """Whether it allows a management action, named without the registry's own prefix."""
        return any(fnmatchcase(_PREFIX + action, pattern) for pattern in self.actions)

    def allows_data(self, action: str) -> bool:
        """Whether it allows a data action, named without the registry's own prefix."""
        return any(fnmatchcase(_PREFIX + action, pattern) for pattern in self.data_actions)


def _below(*actions: str) -> tuple[str, ...]:
    return tuple(_PREFIX + action for action in actions)


_READ = ("repositories/content/read", "repositories/metadata/read")
_WRITE = (*_READ, "repositories/content/write", "repositories/metadata/write")
_DELETE = (*_WRITE, "repositories/content/delete", "repositories/metadata/delete")

ROLES = {
    "AcrPull": Role(_below("pull/read")),
    "AcrPush": Role(_below("pull/read", "push/write")),
    "AcrDelete": Role(_below("artifacts/delete")),
    "Container Registry Repository Reader": Role((), _below(*_READ)),
    "Container Registry Repository Writer": Role((), _below(*_WRITE)),
    "Container Registry Repository Contributor": Role((), _below(*_DELETE)),
    "Container Registry Repository Catalog Lister": Role((), _below("catalog/read")),
    "Owner": Role(("*",)),
    "Contributor": Role(("*",)),
    "Reader": Role(("*/read",)),
}

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


def roles_of(cloud: Cloud, registry: Registry, caller: Caller) -> list[Role]:
    """Return the roles a principal holds on the registry or above it, control-plane ones too."""
    return [
        ROLES[assignment.role]
        for assignment in cloud.assignments
        if caller.kind is Kind.PRINCIPAL
        and assignment.principal_id == caller.name
        and registry.resource_id.startswith(assignment.scope)
    ]


def known(cloud: Cloud, registry: Registry, caller: Caller) -> bool:
    """Whether the registry gives this caller a token at all, be it one that holds no right."""
    if caller.kind is Kind.NOBODY:
        return registry.anonymous_pull
    return caller.kind is not Kind.PRINCIPAL or bool(roles_of(cloud, registry, caller))


def actions_on(cloud: Cloud, registry: Registry, caller: Caller, repository: str) -> frozenset[str]:
    """Return the registry actions the caller holds on a repository; ``*`` asks for all repositories."""
    match caller.kind:
        case Kind.ADMIN:
            return ALL
        case Kind.NOBODY:
            return frozenset({"pull", "metadata_read"}) if registry.anonymous_pull else frozenset()
        case Kind.TOKEN:
            return _by_scope_map(registry, caller.name, repository)
    roles = roles_of(cloud, registry, caller)
    if not registry.abac:
        held = [actions for right, actions in _BY_ACTION.items() if any(role.allows(right) for role in roles)]
        return frozenset(action for actions in held for action in actions)
    if repository == "*":  # a wildcard is ignored, not refused, where rights are given by repository
        return frozenset()
    return frozenset(
        action
        for right, action in _BY_CONTENT.items()
        if any(role.allows_data(f"repositories/{right}") for role in roles)
    )


def lists_catalog(cloud: Cloud, registry: Registry, caller: Caller) -> bool:
    """Whether the caller may list repositories; scope-map tokens and anonymous callers never may."""
    if caller.kind is Kind.ADMIN:
        return True
    roles = roles_of(cloud, registry, caller)
    if registry.abac:
        return any(role.allows_data("catalog/read") for role in roles)
    return any(role.allows("pull/read") for role in roles)


def _by_scope_map(registry: Registry, token: str, repository: str) -> frozenset[str]:
    scope_map = registry.scope_maps.get(registry.tokens[token].scope_map)
    held = set()
    for right in scope_map.actions if scope_map else ():
        name, verb, what = right.removeprefix("repositories/").rsplit("/", 2)
        covers = name in {repository, "*"} or (name.endswith("/*") and repository.startswith(name[:-1]))
        if covers and f"{verb}/{what}" in _BY_CONTENT:
            held.add(_BY_CONTENT[f"{verb}/{what}"])
    return frozenset(held)
