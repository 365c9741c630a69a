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
#: A table would leave out whether the connections are approved.
LIST_ENDPOINTS = Command(
    "az acr private-endpoint-connection list --registry-name {registry}"
    ' --query "[].[name,privateLinkServiceConnectionState.status,privateEndpoint.id]" -o tsv'
)
#: The names and addresses that a private endpoint itself has, whatever DNS says.
ENDPOINT_ADDRESSES = Command(
    'az network nic show --ids $(az network private-endpoint show --ids ENDPOINT_ID --query "networkInterfaces[].id"'
    ' -o tsv) --query "ipConfigurations[].[privateIPAddress,privateLinkConnectionProperties.fqdns]"'
)
