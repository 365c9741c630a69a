"""What roles are worth on a repository: by the registry's role assignment mode, by conditions, by age.

Roles and modes: https://learn.microsoft.com/azure/container-registry/container-registry-rbac-abac-repository-permissions
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase

from pytest_acrauth.catalogue.facts import RoleMode
from pytest_acrauth.catalogue.questions.records import date, when
from pytest_acrauth.catalogue.questions.role_conditions import lets_through
from pytest_acrauth.model.evidence import RoleAssignment, RoleFacts

_REGISTRIES = "Microsoft.ContainerRegistry/registries/"
_BY_ACTION = {
    "pull": "pull/read",
    "metadata_read": "pull/read",
    "push": "push/write",
    "metadata_write": "push/write",
    "delete": "artifacts/delete",
    "deleted_read": "deleted/read",
    "deleted_restore": "deleted/restore/action",
}
_BY_CONTENT = {
    "pull": "repositories/content/read",
    "push": "repositories/content/write",
    "delete": "repositories/content/delete",
    "metadata_read": "repositories/metadata/read",
    "metadata_write": "repositories/metadata/write",
}
# Documented as "up to ten minutes", without a promise.
_ROLES_TRAVEL = 10 * 60


def permissions(actions: Iterable[str], mode: RoleMode | None) -> tuple[str, ...]:
    """Return what a custom role has to list for these actions, as the registry's mode counts it."""
    known = _BY_CONTENT if mode is RoleMode.ABAC else _BY_ACTION
    return tuple(dict.fromkeys(_REGISTRIES + known[action] for action in actions if action in known))


@dataclass(frozen=True, slots=True)
class Rights:
    """A principal's roles, and what they are worth for the actions that a climb wants on a repository.

    ``repository`` is '' where none was named, ``mode`` None where it is not known, ``moment`` when the climb began.
    """

    roles: RoleFacts
    wanted: tuple[str, ...]
    repository: str
    mode: RoleMode | None
    moment: float

    @property
    def granted(self) -> frozenset[str]:
        """The actions that the roles give."""
        return self._given(self.roles.assignments)

    @property
    def enough(self) -> bool:
        return set(self.wanted) <= self.granted

    @property
    def on_its_way(self) -> bool:
        """Whether what is wanted comes from a role so new that the registry may not know of it."""
        return self.enough and not set(self.wanted) <= self._given(
            each
            for each in self.roles.assignments
            if (made := when(each.created)) is None or self.moment - made >= _ROLES_TRAVEL
        )

    @property
    def excluded(self) -> bool:
        """Whether only the condition of a role may keep it from the repository."""
        if self.mode is not RoleMode.ABAC or self.enough:
            return False
        return set(self.wanted) <= self._given(self.roles.assignments, reaching=None)

    @property
    def unclear(self) -> bool:
        """Whether what keeps a role from the repository is a condition that is not understood."""
        return self.excluded and set(self.wanted) <= self._given(self.roles.assignments, reaching=(True, None))

    @property
    def legacy(self) -> bool:
        """Whether the roles would be enough on a registry that is not in ABAC mode."""
        if self.mode is not RoleMode.ABAC or self.enough or self.excluded:
            return False
        return set(self.wanted) <= _union(self.roles.assignments, _by_action)

    @property
    def by_wildcard(self) -> bool:
        """Whether only the wildcards of a custom role give what is wanted."""
        if self.enough or self.excluded or self.legacy:
            return False
        return set(self.wanted) <= self._given(self.roles.assignments, wildcards=True)

    @property
    def wildcard_roles(self) -> tuple[str, ...]:
        """The roles that allow something that is wanted by a wildcard, and so not at all."""
        return tuple(
            each.role
            for each in self.roles.assignments
            if set(self.wanted) & (self._given([each], wildcards=True) - self._given([each]))
        )

    @property
    def short(self) -> bool:
        """Whether the roles simply do not give what is wanted."""
        return not (self.enough or self.excluded or self.legacy or self.by_wildcard)

    @property
    def denied(self) -> bool | None:
        """Whether a deny assignment bears on the principal; None where they were not readable."""
        return bool(self.roles.denials) if self.roles.denials is not None else None

    def _given(
        self,
        assignments: Iterable[RoleAssignment],
        *,
        reaching: tuple[bool | None, ...] | None = (True,),
        wildcards: bool = False,
    ) -> frozenset[str]:
        """Return what roles give; ``reaching`` are the verdicts on a condition that count, None for any."""
        if self.mode is not RoleMode.ABAC:
            return _union(assignments, lambda each: _by_action(each, wildcards=wildcards))

        def given(each: RoleAssignment) -> frozenset[str]:
            held = _by_content(each, wildcards=wildcards)
            if reaching is None or not self.repository:
                return held
            return frozenset(action for action in held if self._verdict(each, action) in reaching)

        return _union(assignments, given)

    def _verdict(self, assignment: RoleAssignment, action: str) -> bool | None:
        return lets_through(assignment.condition, _REGISTRIES + _BY_CONTENT[action], self.repository)

    def __str__(self) -> str:
        roles = "; ".join(_worded(each) for each in self.roles.assignments) or "none"
        denials = f"; denied by {', '.join(self.roles.denials)}" if self.roles.denials else ""
        return roles + denials


def _worded(assignment: RoleAssignment) -> str:
    words = assignment.role
    if assignment.condition:
        words += " under a condition"
    return f"{words}, assigned {date(assignment.created)}" if assignment.created else words


def _union(assignments: Iterable[RoleAssignment], given: Callable[[RoleAssignment], frozenset[str]]) -> frozenset[str]:
    return frozenset(action for each in assignments for action in given(each))


def _by_action(assignment: RoleAssignment, *, wildcards: bool = False) -> frozenset[str]:
    return _held(_BY_ACTION, assignment, assignment.actions, assignment.not_actions, wildcards=wildcards)


def _by_content(assignment: RoleAssignment, *, wildcards: bool = False) -> frozenset[str]:
    return _held(_BY_CONTENT, assignment, assignment.data_actions, assignment.not_data_actions, wildcards=wildcards)


def _held(
    known: dict[str, str],
    assignment: RoleAssignment,
    patterns: tuple[str, ...],
    excepted: tuple[str, ...],
    *,
    wildcards: bool,
) -> frozenset[str]:
    # A registry honours the wildcards of Azure's own roles, and in most tenants none of a custom one.
    counted = [pattern for pattern in patterns if wildcards or not assignment.custom or "*" not in pattern]
    return frozenset(
        action for action, right in known.items() if _matches(right, counted) and not _matches(right, excepted)
    )


def _matches(right: str, patterns: Iterable[str]) -> bool:
    return any(fnmatchcase((_REGISTRIES + right).lower(), pattern.lower()) for pattern in patterns)
