"""Family ``conditions``: a caller who has a right is refused for a policy, a second factor, or a condition."""

from __future__ import annotations

from pytest_acrauth.catalogue import pages
from pytest_acrauth.catalogue.shape import Command, FailureMode, Occurs
from pytest_acrauth.catalogue.symptoms import management

_ONLY_CHANGES = "Only a change of settings or roles is refused so, and no check makes one."
ARM_DENIED_BY_POLICY = FailureMode(
    id="arm-denied-by-policy",
    title="an Azure Policy forbids this change",
    brief="change forbidden by a policy",
    seen=(management.DENIED_BY_POLICY,),
    signs=(management.DENIED_BY_POLICY,),
    certain="Only a policy and the second factor that Azure wants for changes have this code, and the latter says so.",
    means="A rule of the subscription, or above it, does not allow what was sent. There are such rules for the"
    " admin user, anonymous pull, scope-map tokens, network rules and tiers; others set a value back later. The refusal"
    " names the resource, which can be another than the registry, such as a private endpoint of its.",
    look=(
        "The rules in force, by name; the refusal itself names the one that refused:",
        Command(
            "az policy assignment list --disable-scope-strict-match"
            ' --query "[].{{name:displayName,scope:scope,mode:enforcementMode}}" -o table'
        ),
    ),
    fix=(
        "Leave the setting as the rule wants it, and sign in another way, through Entra.",
        "If it has to change, whoever owns the rule makes an exemption for the resource that it names.",
    ),
    page=pages.ACR + "container-registry-azure-policy",
    not_emulated=_ONLY_CHANGES,
    samples=(
        (
            "(RequestDisallowedByPolicy) Resource 'myacr' was disallowed by policy. Policy identifiers:"
            ' \'[{"policyDefinition":{"name":"Container registries should have local admin account disabled."}}]\''
        ),
        (
            "az acr update -n myacr --admin-enabled true\n"
            "ERROR: (RequestDisallowedByPolicy) Resource 'myacr' was disallowed by policy."
        ),
    ),
    unlike=(
        (
            "(RequestDisallowedByPolicy) Resource 'mystore' was disallowed by policy. Policy identifiers:"
            ' \'[{"policyDefinition":{"name":"Storage accounts should restrict network access"}}]\''
        ),
        'admission webhook "validation.gatekeeper.sh" denied the request: [azurepolicy-k8sazurev2containerallowedimag]',
    ),
)
ARM_MFA_REQUIRED = FailureMode(
    id="arm-mfa-required",
    title="Azure wants a second factor for this change",
    brief="change without a second factor",
    seen=(management.FACTOR_WANTED,),
    signs=(management.FACTOR_WANTED,),
    certain="The refusal says that it is the second factor of the user that is lacking, and no rule on resources.",
    means="Azure asks a second factor of every user who creates, changes or deletes resources by az, PowerShell or"
    " another tool, whatever the tenant's own policies say. This login was made without. Reading needs none, nor does a"
    " managed identity or a service principal.",
    look=("az 2.76 and later print, above the refusal, the command that signs in as it is wanted.",),
    fix=(
        "The user signs in again in a browser with that command, whose claims are in az's output:",
        Command(
            'az login --tenant {tenant_id} --claims-challenge "CLAIMS"'
            ' --scope "$(az cloud show --query endpoints.activeDirectoryResourceId -o tsv)/.default"'
        ),
        "Where az printed none, upgrade az, and repeat the change.",
    ),
    instead=("For automation, use an identity that is no person's: a managed identity or a service principal.",),
    page="https://learn.microsoft.com/cli/azure/use-azure-cli-successfully-troubleshooting"
    "#troubleshooting-multifactor-authentication-mfa",
    not_emulated=_ONLY_CHANGES,
    samples=(
        (
            "az acr update -n myacr --admin-enabled true\nERROR: (RequestDisallowedByPolicy) Resource was disallowed by"
            " policy. Users must use MFA for Create/Update operations. Users must authenticate with multi-factor"
            " authentication to create or update resources."
        ),
        (
            "az acr create -n myacr\nUnauthorized. RequestDisallowedByPolicy. Resource was disallowed by policy."
            " Reasons: MFA is required. See error details for policy resource IDs."
        ),
    ),
    unlike=(
        (
            "az acr update -n myacr --admin-enabled true\n"
            "ERROR: (RequestDisallowedByPolicy) Resource 'myacr' was disallowed by policy."
        ),
        (
            "az vm create -n build\nUnauthorized. RequestDisallowedByPolicy. Resource was disallowed by policy."
            " Reasons: MFA is required."
        ),
    ),
)
ARM_ROLE_CONDITION = FailureMode(
    id="arm-role-condition",
    title="a condition limits the caller's role assignments",
    brief="condition on assigning roles",
    seen=(management.CONDITION_UNMET,),
    signs=(management.CONDITION_UNMET,),
    certain="The management plane says it of a role that the caller has, whose condition what was sent does not meet.",
    means="Whoever gave the caller the right to assign roles limited it: to some roles, to some principals, or to some"
    " kinds of them. Owner of a subscription can have such a condition, too, often one that leaves out the privileged"
    " roles. What is wanted here is outside it, or az did not send the kind of principal that the condition compares.",
    look=(
        "See what the condition admits; the roles in it are named by their ids:",
        Command("az role assignment list {holder} --include-inherited --include-groups --scope {scope} -o json"),
        Command('az role definition list --name "{role}" --query "[].name" -o tsv'),
    ),
    fix=(
        "If the role is among those admitted, name the kind of principal (User, Group or ServicePrincipal):",
        Command(
            "az role assignment create --assignee-object-id OBJECT_ID --assignee-principal-type ServicePrincipal"
            ' --role "{role}" --scope {registry_id}'
        ),
        "Otherwise ask somebody whose right to assign roles there has no such condition.",
    ),
    page="https://learn.microsoft.com/azure/role-based-access-control/delegate-role-assignments-overview",
    not_emulated=_ONLY_CHANGES,
    samples=(
        (
            "(AuthorizationFailed) The client 'ci' with object id '11111111-2222-3333-4444-555555555555' has an"
            " authorization with ABAC condition that is not fulfilled to perform action"
            " 'Microsoft.Authorization/roleAssignments/write' over scope '/subscriptions/s/resourceGroups/g/providers/"
            "Microsoft.ContainerRegistry/registries/myacr/providers/Microsoft.Authorization/roleAssignments/r' or the"
            " scope is invalid."
        ),
    ),
    unlike=(
        (
            "The client 'ci' has an authorization with ABAC condition that is not fulfilled to perform action"
            " 'Microsoft.Authorization/roleAssignments/write' over scope '/subscriptions/s/resourceGroups/g/providers/"
            "Microsoft.KeyVault/vaults/v/providers/Microsoft.Authorization/roleAssignments/r'"
        ),
    ),
)
ARM_ACCESS_REEVALUATED = FailureMode(
    id="arm-access-reevaluated",
    title="an Entra token was called off before its end",
    brief="token called off",
    seen=(management.REEVALUATED,),
    signs=(management.REEVALUATED,),
    certain="The service says it of the Entra token itself, by continuous access evaluation, and names the reason.",
    occurs=Occurs.SELDOM,
    means="Azure's management plane and Graph are told by Entra what happens to an account after its sign-in"
    " (continuous access evaluation). TokenIssuedBeforeRevocationTimestamp: the password was changed or reset, or an"
    " administrator ended all sign-ins. LocationConditionEvaluationSatisfied: the address that the service saw is not"
    " one that a policy admits, as with a VPN that only a part of the traffic takes. The registry was not asked.",
    look=("The line names the reason; Entra's sign-in log has the address that it saw.",),
    fix=(
        "Sign in anew, so that no token from before is used; with a location, from a network that is admitted:",
        Command("az logout; az login --tenant {tenant_id}"),
        "If it comes again at once with a location, let Entra and Azure's hosts see one and the same address.",
    ),
    instead=("For automation, use an identity that is no person's: a managed identity or a service principal.",),
    page="https://learn.microsoft.com/entra/identity/conditional-access/concept-continuous-access-evaluation"
    "#example-flow-diagrams",
    not_emulated="The emulated services take an Entra token for as long as it says itself.",
    samples=(
        (
            "az acr login -n myacr\nERROR: Continuous access evaluation resulted in challenge with result:"
            " InteractionRequired and code: TokenIssuedBeforeRevocationTimestamp"
        ),
        (
            "az role assignment create: Continuous access evaluation resulted in challenge with result:"
            " InteractionRequired and code: LocationConditionEvaluationSatisfied (scope Microsoft.ContainerRegistry)"
        ),
    ),
    unlike=("az vm list: Continuous access evaluation is enabled for this tenant",),
)
