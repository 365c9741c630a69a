"""Instructions that several causes share."""

from __future__ import annotations

from dataclasses import replace

from pytest_acrauth.catalogue.shape import Command, Given, Instruction

LIST_ROLES = Command(
    "az role assignment list {holder} --include-inherited --include-groups --scope {registry_id}"
    ' --query "[].{{role:roleDefinitionName,since:createdOn,scope:scope,condition:condition}}"'
)
SHOW_ROLE_MODE = Command("az acr show -n {registry} --query roleAssignmentMode -o tsv")
#: The role for what was asked for that counts in ABAC mode, on the one repository.
ASSIGN_IN_ABAC_MODE: tuple[Instruction, ...] = (
    Given(
        "In ABAC mode (roleAssignmentMode AbacRepositoryPermissions), which ignores AcrPull and its like, whoever may"
        " assign roles there gives this, for the one repository:",
        "role_in_abac_mode",
    ),
    Command(
        'az role assignment create {assignee} --role "{role_in_abac_mode}" --scope {registry_id} --condition'
        " \"@Request[Microsoft.ContainerRegistry/registries/repositories:name] StringEqualsIgnoreCase '{repository}'\"",
        each="role_in_abac_mode",
    ),
)
#: The roles for what was asked for, as the registry's mode counts them; where the mode is not known, those of either.
ASSIGN_ROLES: tuple[Instruction, ...] = (
    Given(
        "Whoever may assign roles there, such as the Owner, gives this; it counts within ten minutes:",
        "role",
    ),
    Command('az role assignment create {assignee} --role "{role}" --scope {registry_id}', each="role"),
    *ASSIGN_IN_ABAC_MODE,
    Given(
        "No role for images has {beyond_roles}: a custom role can list it, without a wildcard, and counts outside ABAC"
        " mode; for ABAC mode none is documented.",
        "beyond_roles",
    ),
)


def into_vault(command: str) -> Command:
    """Return the command that puts what a command prints into a key vault, and shows it nowhere.

    Nothing is made anew before the vault has answered, nothing empty is stored, and what the vault refuses in the end
    is still in ``$value`` of that shell. ``command`` is a format string.
    """
    return Command(
        f'az keyvault secret list --vault-name VAULT -o none && value=$({command}) && test -n "$value"'
        ' && printf %s "$value" | az keyvault secret set --vault-name VAULT --name SECRET_NAME --file /dev/stdin'
        " -o none"
    )


#: What is told beside it.
VAULT_FIRST = "That wants the right to write secrets there; what the vault then refuses is still in $value."
#: A new password goes straight to where its clients read it, here a key vault, and is never printed.
GENERATE_SPARE_PASSWORD = replace(
    into_vault(
        "az acr token credential generate -n {user_name} -r {registry} --{spare_password} --expiration-in-days 30"
        " --query \"passwords[?name=='{spare_password}'].value | [0]\" -o tsv"
    ),
    each="spare_password",
)
GENERATE_PASSWORD: tuple[Instruction, ...] = (
    (
        "Whoever manages the registry's scope-map tokens generates the password that no client uses (az acr token"
        " credential generate, --password1 or --password2); the other stays good."
    ),
    Given(
        "Nobody can be using {spare_password}; the new one ends in 30 days, and goes straight to where clients read it,"
        " here a key vault:",
        "spare_password",
    ),
    GENERATE_SPARE_PASSWORD,
    Given(VAULT_FIRST, "spare_password"),
)
#: A new secret beside the others, none of which it ends.
ADD_SECRET: tuple[Instruction, ...] = (
    (
        "The application's owner or an Application Administrator adds a secret beside the others, straight into where"
        " it is read, here a key vault:"
    ),
    into_vault(
        "az ad app credential reset --id {client_id} --append --display-name CALLER --years 1 --query password -o tsv"
    ),
    VAULT_FIRST,
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
#: Where a host's name leads from here, and where it should.
COMPARE_HOST: tuple[Instruction, ...] = (
    "Compare what this machine believes (its hosts file included) with what its name server says:",
    Command("getent hosts {host}"),
    Command("nslookup {host}"),
)
AZ_LOGIN_AS_PODMAN = Command("DOCKER_COMMAND=podman az acr login -n {login_name}")
