"""Instructions that several causes share."""

from __future__ import annotations

from pytest_acrauth.catalogue.shape import Command, Given, Instruction

LIST_ROLES = Command(
    "az role assignment list {holder} --include-inherited --include-groups --scope {registry_id} -o table"
)
#: The roles for what was asked for, as the registry's mode counts them; where the mode is not known, those of either.
ASSIGN_ROLES: tuple[Instruction, ...] = (
    "Whoever may assign roles on the registry (Owner, User Access Administrator) gives this identity the role:",
    Command('az role assignment create {assignee} --role "{role}" --scope {registry_id}', each="role"),
    Given(
        "If the registry is in ABAC mode (roleAssignmentMode), that role does not count, but this one:",
        "role_in_abac_mode",
    ),
    Command(
        'az role assignment create {assignee} --role "{role_in_abac_mode}" --scope {registry_id}',
        each="role_in_abac_mode",
    ),
)
