"""What roles are worth on a repository: by the registry's role assignment mode, by scope, condition, age and denials.

Roles and modes: https://learn.microsoft.com/azure/container-registry/container-registry-rbac-abac-repository-permissions
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum
from fnmatch import fnmatchcase
from urllib.parse import unquote

from pytest_acrauth.catalogue.facts import RoleMode
from pytest_acrauth.catalogue.questions.records import date, when
from pytest_acrauth.catalogue.questions.role_conditions import lets_through
from pytest_acrauth.model.evidence import EVERYBODY, Denial, Named, RoleAssignment, RoleFacts

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
# Documented as "up to ten minutes", without a promise: what is somewhat older may still be on its way.
_ROLES_TRAVEL = 10 * 60
_ROLES_MAY_TRAVEL = 30 * 60
_BELOW = re.compile(r"/registries/[^/]+/(?P<kind>[^/]+)/(?P<name>.+)", re.IGNORECASE)
_ITSELF = re.compile(r"/registries/[^/]+/?$", re.IGNORECASE)


class Standing(IntEnum):
    """How an action stands by a role; by all of them it stands as by that of the smallest number."""

    HELD = 0
    SINCE = 1  # a role gives it, and nobody can say whether since long enough
    YOUNG = 2  # a role gives it that is so new that the registry may not know of it
    EXCLUDED = 3  # a role gives it, and its condition leaves the repository out
    UNCLEAR = 4  # a role gives it, on a condition that is not understood
    LEGACY = 5  # a role would give it that the registry's mode ignores
    WILDCARD = 6  # a custom role would give it by a wildcard
    UNREAD = 7  # a role could not be read, or it is not known whether it counts
    NONE = 8  # no role gives it


def permissions(actions: Iterable[str], mode: RoleMode | None) -> tuple[str, ...]:
    """Return what a custom role has to list for these actions, as the registry's mode counts it."""
    known = _known(mode)
    return tuple(dict.fromkeys(_REGISTRIES + known[action] for action in actions if action in known))


@dataclass(frozen=True, slots=True)
class Rights:
    """A principal's roles, and what they are worth for the actions that a broken rung is about.

    ``repository`` is '' where none was named, ``mode`` None where it is not known and there is no role to judge by it.
    ``moment`` is when the climb began by the services' clock, None where no answer told. ``login`` tells whether the
    identity was not let in at all, for which any right that counts would have been enough.
    """

    roles: RoleFacts
    wanted: tuple[str, ...]
    repository: str
    mode: RoleMode | None
    moment: float | None
    login: bool = False

    def standing(self, action: str) -> Standing:
        """Return how an action stands by all roles."""
        each = [_Counted(self, assignment).standing(action) for assignment in self.roles.assignments]
        return min([*each, Standing.NONE if self.roles.whole else Standing.UNREAD])

    @property
    def standings(self) -> frozenset[Standing]:
        """How the actions stand that the rung is about; where nobody was let in, those that a role is about."""
        own = {self.standing(action) for action in self.wanted}
        if not self.login:
            return frozenset(own)
        every = self._every
        if min(every) <= Standing.SINCE:
            return frozenset({min(every)})
        return frozenset((own - {Standing.NONE}) or (every - {Standing.NONE}) or {Standing.NONE})

    @property
    def granted(self) -> frozenset[str]:
        """The actions that the roles give, be it since a moment."""
        return frozenset(action for action in _known(self.mode) if self.standing(action) <= Standing.YOUNG)

    @property
    def enough(self) -> bool | None:
        """Whether the roles give all of it since long enough; None where a role does not tell."""
        found = self.standings
        if found <= {Standing.HELD, Standing.SINCE}:
            return True
        return None if found & {Standing.UNREAD, Standing.UNCLEAR} else False

    def given_after(self, moment: float) -> bool | None:
        """Whether the roles give all of it, and something of it since a moment only; None where that is not known."""
        each = [self._first_given(action) for action in self.wanted]
        if None in each:
            return None if self.standings & {Standing.UNREAD, Standing.UNCLEAR} else False
        if any(moment < first for first in each if first is not None):
            return True
        # Since when a group has its member nobody can say.
        return None if any(own.holder not in {"", self.roles.principal_id} for own in self.roles.assignments) else False

    def _first_given(self, action: str) -> float | None:
        """Return since when a role gives an action, None where none does."""
        giving = (each for each in self.roles.assignments if _Counted(self, each).standing(action) <= Standing.YOUNG)
        return min((made for each in giving if (made := when(each.created)) is not None), default=None)

    @property
    def nothing(self) -> bool | None:
        """Whether no role has anything to do with images, in whatever mode; None where one does not tell."""
        every = self._every - {Standing.NONE}
        return None if every == {Standing.UNREAD} else not every

    @property
    def _every(self) -> frozenset[Standing]:
        return frozenset(self.standing(action) for action in _known(self.mode))

    @property
    def unassigned(self) -> tuple[str, ...]:
        """What is wanted and given by no role at all."""
        return tuple(action for action in self.wanted if self.standing(action) is Standing.NONE)

    @property
    def to_assign(self) -> tuple[str, ...]:
        """What is wanted and needs another role: nothing that has one which only is young, or conditional."""
        return tuple(a for a in self.wanted if self.standing(a) in {Standing.NONE, Standing.LEGACY})

    @property
    def wildcard_roles(self) -> tuple[str, ...]:
        """The roles that allow something that is wanted by a wildcard, and so not at all."""
        return self._held_as(Standing.WILDCARD)

    @property
    def conditional_roles(self) -> tuple[str, ...]:
        """The roles that allow something that is wanted, on a condition that keeps it from this repository."""
        return self._held_as(Standing.EXCLUDED, Standing.UNCLEAR)

    def granting(self, actions: Iterable[str]) -> tuple[str, ...]:
        """Return in words the assignments that give one of these actions."""
        wanted = tuple(actions)
        return tuple(
            _worded(each, self.roles.principal_id)
            for each in self.roles.assignments
            if any(_Counted(self, each).standing(action) <= Standing.YOUNG for action in wanted)
        )

    def _held_as(self, *standings: Standing) -> tuple[str, ...]:
        return tuple(
            each.role
            for each in self.roles.assignments
            if any(_Counted(self, each).standing(action) in standings for action in self.wanted)
        )

    @property
    def denied(self) -> bool | None:
        """Whether a deny assignment takes something of it from this principal; None where that was not readable."""
        if self.roles.denials is None:
            return None
        verdicts = [self._denies(each, action) for each in self.roles.denials for action in self.wanted]
        return True if True in verdicts else None if None in verdicts else False

    def _denies(self, denial: Denial, action: str) -> bool | None:
        if not denial.below and not _ITSELF.search(denial.scope):
            return False
        meant, spared = self._names(denial.principals), self._names(denial.excluded)
        taken = self._takes(denial, action)
        if spared or meant is False or taken is False:
            return False
        return None if None in {meant, spared, taken} else True

    def _names(self, named: tuple[Named, ...]) -> bool | None:
        """Whether the principal is among those named; None where it may be by a group."""
        groups = {each.holder for each in self.roles.assignments if each.holder}
        if {each.object_id for each in named} & {self.roles.principal_id, EVERYBODY, *groups}:
            return True
        return None if any(each.group for each in named) else False

    def _takes(self, denial: Denial, action: str) -> bool | None:
        """Whether an action is among those denied, as the registry's mode counts it."""
        by_action, by_content = _BY_ACTION.get(action, ""), _BY_CONTENT.get(action, "")
        plain = _matches(by_action, denial.actions) and not _matches(by_action, denial.not_actions)
        data = _matches(by_content, denial.data_actions) and not _matches(by_content, denial.not_data_actions)
        if self.mode is None:
            return None if plain or data else False
        if self.mode is RoleMode.RBAC:
            return None if plain and denial.condition else plain
        if not data or not denial.condition:
            return data
        return lets_through(denial.condition, _REGISTRIES + by_content, self.repository) if self.repository else None

    def __str__(self) -> str:
        # Those that bear on what is wanted come first: a long list is cut off.
        bearing = sorted(self.roles.assignments, key=self._idle)
        roles = [_worded(each, self.roles.principal_id) for each in bearing]
        if not self.roles.whole:
            roles.append("more that were not read")
        parts = ["; ".join(roles) or "none"]
        if self.roles.denials is None:
            parts.append("deny assignments not readable")
        elif self.denied is not False:
            parts.append(f"denied by {', '.join(each.name for each in self._bearing(self.roles.denials))}")
        return "; ".join(parts)

    def _idle(self, assignment: RoleAssignment) -> bool:
        return all(_Counted(self, assignment).standing(action) is Standing.NONE for action in self.wanted)

    def _bearing(self, denials: Iterable[Denial]) -> list[Denial]:
        return [each for each in denials if any(self._denies(each, action) is not False for action in self.wanted)]


@dataclass(frozen=True, slots=True)
class _Counted:
    """One role assignment, as the registry counts it."""

    rights: Rights
    assignment: RoleAssignment

    def standing(self, action: str) -> Standing:
        """Return how an action stands by this role alone."""
        own, abac = self.assignment, self.rights.mode is RoleMode.ABAC
        here = self._reaches()
        if here is False or action not in _known(self.rights.mode):
            return Standing.NONE
        if not own.readable:
            return Standing.UNREAD
        if self._gives(action, by_content=abac):
            return self._since(action) if here else Standing.UNREAD
        if self._gives(action, by_content=abac, wildcards=True):
            return Standing.WILDCARD
        # By a wildcard or not: what the other mode counts is ignored in this one.
        return Standing.LEGACY if self._gives(action, by_content=not abac, wildcards=True) else Standing.NONE

    def _reaches(self) -> bool | None:
        """Whether its scope holds the repository; None where it is not known whether such a scope counts."""
        limited = _BELOW.search(self.assignment.scope)
        if limited is None:
            return True
        if limited["kind"].lower() != "repositories":
            return False
        if self.rights.repository and unquote(limited["name"]).strip("/").lower() != self.rights.repository:
            return False
        # One repository as a scope is documented for registries in ABAC mode.
        return True if self.rights.mode is RoleMode.ABAC else None

    def _gives(self, action: str, *, by_content: bool, wildcards: bool = False) -> bool:
        own = self.assignment
        known = _BY_CONTENT if by_content else _BY_ACTION
        patterns, excepted = (own.data_actions, own.not_data_actions) if by_content else (own.actions, own.not_actions)
        # A registry honours the wildcards of Azure's own roles, and in most tenants none of a custom one.
        counted = [pattern for pattern in patterns if wildcards or not own.custom or "*" not in pattern]
        right = known.get(action, "")
        return _matches(right, counted) and not _matches(right, excepted)

    def _since(self, action: str) -> Standing:
        """Return how an action stands that this role gives: by the role's condition, then by its age."""
        own, rights = self.assignment, self.rights
        if own.condition and rights.mode is RoleMode.ABAC and rights.repository:
            known = own.condition_version in {"", "2.0"}
            reached = (
                lets_through(own.condition, _REGISTRIES + _BY_CONTENT[action], rights.repository) if known else None
            )
            if reached is not True:
                return Standing.UNCLEAR if reached is None else Standing.EXCLUDED
        if (made := when(own.created)) is None or rights.moment is None:
            return Standing.SINCE
        if rights.moment - made < _ROLES_TRAVEL:
            return Standing.YOUNG
        # What it was before it was changed is not known, nor since when a group has its member.
        latest = max(made, when(own.changed) or made)
        by_group = own.holder not in {"", rights.roles.principal_id}
        return Standing.SINCE if by_group or rights.moment - latest < _ROLES_MAY_TRAVEL else Standing.HELD


def _known(mode: RoleMode | None) -> dict[str, str]:
    return _BY_CONTENT if mode is RoleMode.ABAC else _BY_ACTION


def _matches(right: str, patterns: Iterable[str]) -> bool:
    return bool(right) and any(fnmatchcase((_REGISTRIES + right).lower(), each.lower()) for each in patterns)


def _worded(assignment: RoleAssignment, principal: str) -> str:
    words = [assignment.role]
    if not assignment.readable:
        words.append("which could not be read")
    if limited := _BELOW.search(assignment.scope):
        words.append(f"on {unquote(limited['name'])} alone")
    if assignment.condition:
        words.append("under a condition")
    if assignment.holder not in {"", principal}:
        words.append("through a group")
    if assignment.created:
        words.append(f"assigned {date(assignment.created)}")
    return ", ".join(words)
