"""Family ``management``: the management plane does not find the registry, or does not let the caller look or act."""

from __future__ import annotations

from pytest_acrauth.catalogue import pages
from pytest_acrauth.catalogue.shape import Command, FailureMode
from pytest_acrauth.catalogue.symptoms import management

_ARM = "https://learn.microsoft.com/azure/azure-resource-manager/troubleshooting/"
_ERRORS = pages.TROUBLESHOOT + "acr-authentication-errors"
_NOT_FOUND_TEXT = (
    "The resource with name 'myacr' and type 'Microsoft.ContainerRegistry/registries' could not be found in"
    " subscription 'Production (11111111-2222-3333-4444-555555555555)'."
)

ARM_REGISTRY_NOT_FOUND_IN_SUBSCRIPTION = FailureMode(
    id="arm-registry-not-found-in-subscription",
    title="there is no registry {registry} in the active subscription",
    seen=(management.ARM_NOT_FOUND,),
    means="The name is misspelt, or the registry was deleted. The management plane gives the same answer for a"
    " registry that the caller may not read.",
    fix=(
        Command('az acr list --query "[].{{name:name,group:resourceGroup}}" -o table'),
        Command("nslookup {login_server}"),
    ),
    page=pages.TROUBLESHOOT + "acr-authentication-errors",
    samples=(
        (
            "The resource with name 'myacr' and type 'Microsoft.ContainerRegistry/registries' could not be found in"
            " subscription 'Production (11111111-2222-3333-4444-555555555555)'."
        ),
    ),
)
ARM_WRONG_SUBSCRIPTION = FailureMode(
    id="arm-wrong-subscription",
    title="the registry {registry} may be in another subscription than the one that is active",
    seen=(management.ARM_NOT_FOUND, management.SUBSCRIPTION_UNKNOWN),
    means="az looks a registry up by its name in one subscription only, and goes on without its record when it is"
    " not there.",
    fix=(
        Command("az account list -o table"),
        Command("az account set --subscription <subscription>"),
    ),
    page=pages.TROUBLESHOOT + "acr-authentication-errors",
    samples=(
        (
            "The resource with name 'myacr' and type 'Microsoft.ContainerRegistry/registries' could not be found in"
            " subscription 'Production (11111111-2222-3333-4444-555555555555)'."
        ),
    ),
)
ARM_NO_READ = FailureMode(
    id="arm-no-read",
    title="the caller has no role in the management plane that allows this on {registry}",
    seen=(management.ARM_FORBIDDEN, management.ARM_NOT_FOUND),
    means="Looking at a registry, or changing its roles, needs a role in the management plane. A login and a pull"
    " need none of it: az goes on with the name alone.",
    fix=(
        Command("az role assignment create --assignee <object id> --role Reader --scope <registry's resource id>"),
        "If the role was assigned minutes ago, sign in again.",
    ),
    page="https://learn.microsoft.com/azure/azure-resource-manager/troubleshooting/error-authorization-failed",
    samples=(
        (
            "(AuthorizationFailed) The client 'x' with object id 'y' does not have authorization to perform action"
            " 'Microsoft.ContainerRegistry/registries/read' over scope '/subscriptions/s' or the scope is invalid."
        ),
    ),
)
ARM_LIST_CREDENTIALS_FORBIDDEN = FailureMode(
    id="arm-list-credentials-forbidden",
    title="the caller may not read the admin user's password of {registry}",
    seen=(management.LIST_CREDENTIALS_FORBIDDEN,),
    means="az tries the admin user when the Entra login was refused. That refusal, further up, is the cause; this"
    " one only ends the command.",
    fix=("Repair what the lines before this one name; the admin user is not needed for a login.",),
    page=pages.TROUBLESHOOT + "acr-authentication-errors",
    samples=(
        (
            "(AuthorizationFailed) The client 'x' with object id 'y' does not have authorization to perform action"
            " 'Microsoft.ContainerRegistry/registries/listCredentials/action' over scope '/subscriptions/s'"
        ),
    ),
)
ARM_LOGIN_SERVER_UNRESOLVABLE = FailureMode(
    id="arm-login-server-unresolvable",
    title="az cannot tell the login server of {registry}",
    seen=(management.LOGIN_SERVER_UNKNOWN,),
    means="The registry cannot be read in the active subscription, and az's cloud has no registry suffix to make"
    " its login server from.",
    fix=(
        Command("az cloud show --query suffixes.acrLoginServerEndpoint -o tsv"),
        Command("az account show -o table"),
    ),
    page=pages.HEALTH + "#login_server_error",
    az_code="LOGIN_SERVER_ERROR",
    samples=(
        (
            "An error occurred: LOGIN_SERVER_ERROR\n"
            "An error occurred while retrieving the login server for registry 'myacr'."
        ),
    ),
)
ARM_DUPLICATE_NAME = FailureMode(
    id="arm-duplicate-name",
    title="the active subscription shows several registries called {registry}",
    seen=(management.DUPLICATE_NAME,),
    means="az takes the name alone, and does not choose between them.",
    fix=(Command("az acr show -n {registry} -g <resource group>"),),
    page=pages.ACR + "container-registry-get-started-azure-cli",
    samples=(
        "More than one resources with type 'Microsoft.ContainerRegistry/registries' are found with name 'myacr'.",
    ),
)
ARM_PROVIDER_NOT_REGISTERED = FailureMode(
    id="arm-provider-not-registered",
    title="the subscription does not use Azure Container Registry yet",
    seen=(management.PROVIDER_UNREGISTERED,),
    means="A subscription has to register a service's resource provider before its resources can be made or ruled.",
    fix=(Command("az provider register -n Microsoft.ContainerRegistry --wait"),),
    page="https://learn.microsoft.com/azure/azure-resource-manager/troubleshooting/error-register-resource-provider",
    samples=("The subscription is not registered to use namespace 'Microsoft.ContainerRegistry'.",),
)
ARM_CLASSIC_SKU = FailureMode(
    id="arm-classic-sku",
    title="{registry} may be of the Classic tier, which was retired",
    seen=(management.SKU_UNSUPPORTED,),
    means="A Classic registry lacks most of what the others have, and cannot be changed into one of them any more.",
    fix=(
        Command("az acr show -n {registry} --query sku.name -o tsv"),
        "Make a new registry and copy the images.",
    ),
    page=pages.ACR + "container-registry-skus",
    samples=("This operation is only supported for managed registries.",),
)
FIREWALL_NOT_PREMIUM = FailureMode(
    id="firewall-not-premium",
    title="the tier of {registry} may not have what was asked for",
    seen=(management.SKU_UNSUPPORTED,),
    means="Network rules, private endpoints, data endpoints and replicas are for Premium registries only.",
    fix=(
        Command("az acr show -n {registry} --query sku.name -o tsv"),
        Command("az acr update -n {registry} --sku Premium"),
    ),
    page=pages.ACR + "container-registry-skus",
    samples=("Network rules are only supported for managed registries in Premium SKU.",),
)
REGISTRY_NAME_INVALID = FailureMode(
    id="registry-name-invalid",
    title="the registry's name cannot be used as it was given",
    seen=(management.NAME_UNUSABLE,),
    means="A name has 5 to 50 letters and digits, no dot and no dash, and exists once in its cloud. Often a login"
    " server was given where the name was wanted.",
    fix=(
        Command('az acr list --query "[].name" -o tsv'),
        Command("az acr check-name -n <registry>"),
    ),
    page=pages.ACR + "container-registry-get-started-azure-cli",
    samples=("Registry names may contain only alpha numeric characters and must be between 5 and 50 characters",),
)
ARM_TOKEN_REFUSED = FailureMode(
    id="arm-token-refused",
    title="the Entra token is not one that this subscription's management plane takes",
    seen=(management.ARM_TOKEN_UNUSABLE,),
    means="It was issued by another tenant than the subscription's, for another audience, or in another cloud.",
    fix=(
        Command("az login --tenant <tenant id>"),
        Command("az account show --query tenantId -o tsv"),
    ),
    page="https://learn.microsoft.com/azure/azure-resource-manager/troubleshooting/overview",
    samples=('{"error":{"code":"InvalidAuthenticationTokenTenant","message":"The access token is from the wrong"}}',),
)
ARM_TOKEN_EXPIRED = FailureMode(
    id="arm-token-expired",
    title="the Entra token shown to the management plane had ended",
    seen=(management.ARM_TOKEN_ENDED,),
    means="A program kept a token for longer than it counts, or the clock of this machine is wrong.",
    fix=(
        Command("az account get-access-token --query expiresOn -o tsv"),
        Command("date -u"),
        "Sign in again.",
    ),
    page="https://learn.microsoft.com/azure/azure-resource-manager/troubleshooting/overview",
    samples=('{"error":{"code":"ExpiredAuthenticationToken","message":"The access token expiry UTC time"}}',),
)
ARM_SUBSCRIPTION_DISABLED = FailureMode(
    id="arm-subscription-disabled",
    title="the subscription may be disabled, or of another tenant",
    seen=(management.SUBSCRIPTION_UNKNOWN,),
    means="A disabled subscription can be read at most, and one of another tenant does not exist for this login.",
    fix=(Command('az account list --all --query "[].{{name:name,state:state,tenant:tenantId}}" -o table'),),
    page="https://learn.microsoft.com/azure/cost-management-billing/manage/subscription-states",
    samples=("(SubscriptionNotFound) The subscription '11111111-2222-3333-4444-555555555555' could not be found.",),
)
ARM_THROTTLED = FailureMode(
    id="arm-throttled",
    title="the management plane limits the rate of this caller's requests",
    seen=(management.ARM_THROTTLED_SAID,),
    means="That is no limit of the registry: logins and pulls are counted apart.",
    fix=("Wait, then look again; ask less often.",),
    page="https://learn.microsoft.com/azure/azure-resource-manager/management/request-limits-and-throttling",
    transient=True,
    samples=("(SubscriptionRequestsThrottled) Number of requests for subscription exceeded the limit.",),
)
ARM_GRAPH_FORBIDDEN = FailureMode(
    id="arm-graph-forbidden",
    title="the caller may not read the directory",
    seen=(management.GRAPH_FORBIDDEN,),
    means="When an application's secrets end, and to whom an id belongs, is only told to who may read applications.",
    fix=("Ask an owner of the application, or use an identity with the permission Application.Read.All.",),
    page="https://learn.microsoft.com/graph/permissions-reference",
    samples=("Authorization_RequestDenied: Insufficient privileges to complete the operation.",),
)
ARM_PRINCIPAL_NOT_FOUND = FailureMode(
    id="arm-principal-not-found",
    title="the id that a role was to be given to is unknown in this tenant, or was made a moment ago",
    seen=(management.PRINCIPAL_UNKNOWN,),
    means="It is a client id where an object id was wanted, belongs to another tenant, was deleted, or the"
    " directory does not show it everywhere yet.",
    fix=(
        Command("az ad sp show --id <client id> --query id -o tsv"),
        "Give that object id with --assignee-object-id and --assignee-principal-type ServicePrincipal.",
    ),
    page="https://learn.microsoft.com/azure/role-based-access-control/troubleshooting",
    transient=True,
    samples=("(PrincipalNotFound) Principal 0123456789abcdef0123456789abcdef does not exist in the directory contoso",),
)
CMK_IDENTITY_MISSING = FailureMode(
    id="cmk-identity-missing",
    title="the identity that reads the encryption key of {registry} does not exist any more",
    seen=(management.CMK_MISSING,),
    means="The registry is encrypted with a key of its owner's, and reads it as that identity.",
    fix=(
        Command("az acr encryption show -n {registry}"),
        "Make the identity again or assign another one to the key.",
    ),
    page=pages.ACR + "tutorial-troubleshoot-customer-managed-keys",
    az_code="CMK_ERROR",
    samples=("An error occurred: CMK_ERROR\nThe identity used for registry 'myacr' encryption doesn't exist.",),
)
CMK_IDENTITY_INACTIVE = FailureMode(
    id="cmk-identity-inactive",
    title="{registry} cannot reach its encryption key, and refuses every image",
    seen=(management.CMK_INACTIVE,),
    means="The identity was taken away from the registry, or its key or vault was deleted, disabled or closed.",
    fix=(
        Command("az acr encryption show -n {registry}"),
        "Assign the identity again, and restore the key.",
    ),
    page=pages.ACR + "tutorial-troubleshoot-customer-managed-keys",
    samples=("The identity associated with the registry is inactive. Reassign the identity manually.",),
)
