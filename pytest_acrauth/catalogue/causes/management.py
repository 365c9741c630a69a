"""Family ``management``: the management plane does not find the registry, or does not let the caller look or act."""

from __future__ import annotations

from functools import partial

from pytest_acrauth.catalogue import pages
from pytest_acrauth.catalogue.shape import asking_nothing
from pytest_acrauth.catalogue.symptoms import management

_ARM = "https://learn.microsoft.com/azure/azure-resource-manager/troubleshooting/"
_ERRORS = pages.TROUBLESHOOT + "acr-authentication-errors"
_NOT_FOUND_TEXT = (
    "The resource with name 'myacr' and type 'Microsoft.ContainerRegistry/registries' could not be found in"
    " subscription 'Production (11111111-2222-3333-4444-555555555555)'."
)
_mode = partial(asking_nothing, family="management")

ARM_REGISTRY_NOT_FOUND_IN_SUBSCRIPTION = _mode(
    "arm-registry-not-found-in-subscription",
    management.ARM_NOT_FOUND,
    title="there is no registry {registry} in the active subscription",
    meaning="The name is misspelt, or the registry was deleted. The management plane gives the same answer for a"
    " registry that the caller may not read.",
    remedies=(
        'az acr list --query "[].{{name:name,group:resourceGroup}}" -o table',
        "nslookup {login_server}",
    ),
    link=_ERRORS,
    samples=(_NOT_FOUND_TEXT,),
)
ARM_WRONG_SUBSCRIPTION = _mode(
    "arm-wrong-subscription",
    management.ARM_NOT_FOUND,
    management.SUBSCRIPTION_UNKNOWN,
    title="the registry {registry} may be in another subscription than the one that is active",
    meaning="az looks a registry up by its name in one subscription only, and goes on without its record when it is"
    " not there.",
    remedies=("az account list -o table", "az account set --subscription <subscription>"),
    link=_ERRORS,
    samples=(_NOT_FOUND_TEXT,),
)
ARM_NO_READ = _mode(
    "arm-no-read",
    management.ARM_FORBIDDEN,
    management.ARM_NOT_FOUND,
    title="the caller has no role in the management plane that allows this on {registry}",
    meaning="Looking at a registry, or changing its roles, needs a role in the management plane. A login and a pull"
    " need none of it: az goes on with the name alone.",
    remedies=(
        "az role assignment create --assignee <object id> --role Reader --scope <registry's resource id>",
        "If the role was assigned minutes ago, sign in again.",
    ),
    link=_ARM + "error-authorization-failed",
    samples=(
        (
            "(AuthorizationFailed) The client 'x' with object id 'y' does not have authorization to perform action"
            " 'Microsoft.ContainerRegistry/registries/read' over scope '/subscriptions/s' or the scope is invalid."
        ),
    ),
)
ARM_LIST_CREDENTIALS_FORBIDDEN = _mode(
    "arm-list-credentials-forbidden",
    management.LIST_CREDENTIALS_FORBIDDEN,
    title="the caller may not read the admin user's password of {registry}",
    meaning="az tries the admin user when the Entra login was refused. That refusal, further up, is the cause; this"
    " one only ends the command.",
    remedies=("Repair what the lines before this one name; the admin user is not needed for a login.",),
    link=_ERRORS,
    samples=(
        (
            "(AuthorizationFailed) The client 'x' with object id 'y' does not have authorization to perform action"
            " 'Microsoft.ContainerRegistry/registries/listCredentials/action' over scope '/subscriptions/s'"
        ),
    ),
)
ARM_LOGIN_SERVER_UNRESOLVABLE = _mode(
    "arm-login-server-unresolvable",
    management.LOGIN_SERVER_UNKNOWN,
    title="az cannot tell the login server of {registry}",
    meaning="The registry cannot be read in the active subscription, and az's cloud has no registry suffix to make"
    " its login server from.",
    remedies=("az cloud show --query suffixes.acrLoginServerEndpoint -o tsv", "az account show -o table"),
    link=pages.HEALTH + "#login_server_error",
    az_code="LOGIN_SERVER_ERROR",
    samples=(
        (
            "An error occurred: LOGIN_SERVER_ERROR\nAn error occurred while retrieving the login server for registry"
            " 'myacr'."
        ),
    ),
)
ARM_DUPLICATE_NAME = _mode(
    "arm-duplicate-name",
    management.DUPLICATE_NAME,
    title="the active subscription shows several registries called {registry}",
    meaning="az takes the name alone, and does not choose between them.",
    remedies=("az acr show -n {registry} -g <resource group>",),
    link=pages.ACR + "container-registry-get-started-azure-cli",
    samples=(
        "More than one resources with type 'Microsoft.ContainerRegistry/registries' are found with name 'myacr'.",
    ),
)
ARM_PROVIDER_NOT_REGISTERED = _mode(
    "arm-provider-not-registered",
    management.PROVIDER_UNREGISTERED,
    title="the subscription does not use Azure Container Registry yet",
    meaning="A subscription has to register a service's resource provider before its resources can be made or ruled.",
    remedies=("az provider register -n Microsoft.ContainerRegistry --wait",),
    link=_ARM + "error-register-resource-provider",
    samples=("The subscription is not registered to use namespace 'Microsoft.ContainerRegistry'.",),
)
ARM_CLASSIC_SKU = _mode(
    "arm-classic-sku",
    management.SKU_UNSUPPORTED,
    title="{registry} may be of the Classic tier, which was retired",
    meaning="A Classic registry lacks most of what the others have, and cannot be changed into one of them any more.",
    remedies=("az acr show -n {registry} --query sku.name -o tsv", "Make a new registry and copy the images."),
    link=pages.ACR + "container-registry-skus",
    samples=("This operation is only supported for managed registries.",),
)
FIREWALL_NOT_PREMIUM = _mode(
    "firewall-not-premium",
    management.SKU_UNSUPPORTED,
    title="the tier of {registry} may not have what was asked for",
    meaning="Network rules, private endpoints, data endpoints and replicas are for Premium registries only.",
    remedies=("az acr show -n {registry} --query sku.name -o tsv", "az acr update -n {registry} --sku Premium"),
    link=pages.ACR + "container-registry-skus",
    samples=("Network rules are only supported for managed registries in Premium SKU.",),
)
REGISTRY_NAME_INVALID = _mode(
    "registry-name-invalid",
    management.NAME_UNUSABLE,
    title="the registry's name cannot be used as it was given",
    meaning="A name has 5 to 50 letters and digits, no dot and no dash, and exists once in its cloud. Often a login"
    " server was given where the name was wanted.",
    remedies=('az acr list --query "[].name" -o tsv', "az acr check-name -n <registry>"),
    link=pages.ACR + "container-registry-get-started-azure-cli",
    samples=("Registry names may contain only alpha numeric characters and must be between 5 and 50 characters",),
)
ARM_TOKEN_REFUSED = _mode(
    "arm-token-refused",
    management.ARM_TOKEN_UNUSABLE,
    title="the Entra token is not one that this subscription's management plane takes",
    meaning="It was issued by another tenant than the subscription's, for another audience, or in another cloud.",
    remedies=("az login --tenant <tenant id>", "az account show --query tenantId -o tsv"),
    link=_ARM + "overview",
    samples=('{"error":{"code":"InvalidAuthenticationTokenTenant","message":"The access token is from the wrong"}}',),
)
ARM_TOKEN_EXPIRED = _mode(
    "arm-token-expired",
    management.ARM_TOKEN_ENDED,
    title="the Entra token shown to the management plane had ended",
    meaning="A program kept a token for longer than it counts, or the clock of this machine is wrong.",
    remedies=("az account get-access-token --query expiresOn -o tsv", "date -u", "Sign in again."),
    link=_ARM + "overview",
    samples=('{"error":{"code":"ExpiredAuthenticationToken","message":"The access token expiry UTC time"}}',),
)
ARM_SUBSCRIPTION_DISABLED = _mode(
    "arm-subscription-disabled",
    management.SUBSCRIPTION_UNKNOWN,
    title="the subscription may be disabled, or of another tenant",
    meaning="A disabled subscription can be read at most, and one of another tenant does not exist for this login.",
    remedies=('az account list --all --query "[].{{name:name,state:state,tenant:tenantId}}" -o table',),
    link="https://learn.microsoft.com/azure/cost-management-billing/manage/subscription-states",
    samples=("(SubscriptionNotFound) The subscription '11111111-2222-3333-4444-555555555555' could not be found.",),
)
ARM_THROTTLED = _mode(
    "arm-throttled",
    management.ARM_THROTTLED_SAID,
    title="the management plane limits the rate of this caller's requests",
    meaning="That is no limit of the registry: logins and pulls are counted apart.",
    remedies=("Wait, then look again; ask less often.",),
    link="https://learn.microsoft.com/azure/azure-resource-manager/management/request-limits-and-throttling",
    transient=True,
    samples=("(SubscriptionRequestsThrottled) Number of requests for subscription exceeded the limit.",),
)
ARM_GRAPH_FORBIDDEN = _mode(
    "arm-graph-forbidden",
    management.GRAPH_FORBIDDEN,
    title="the caller may not read the directory",
    meaning="When an application's secrets end, and to whom an id belongs, is only told to who may read applications.",
    remedies=("Ask an owner of the application, or use an identity with the permission Application.Read.All.",),
    link="https://learn.microsoft.com/graph/permissions-reference",
    samples=("Authorization_RequestDenied: Insufficient privileges to complete the operation.",),
)
ARM_PRINCIPAL_NOT_FOUND = _mode(
    "arm-principal-not-found",
    management.PRINCIPAL_UNKNOWN,
    title="the id that a role was to be given to is unknown in this tenant, or was made a moment ago",
    meaning="It is a client id where an object id was wanted, belongs to another tenant, was deleted, or the directory"
    " does not show it everywhere yet.",
    remedies=(
        "az ad sp show --id <client id> --query id -o tsv",
        "Give that object id with --assignee-object-id and --assignee-principal-type ServicePrincipal.",
    ),
    link="https://learn.microsoft.com/azure/role-based-access-control/troubleshooting",
    transient=True,
    samples=("(PrincipalNotFound) Principal 0123456789abcdef0123456789abcdef does not exist in the directory contoso",),
)
CMK_IDENTITY_MISSING = _mode(
    "cmk-identity-missing",
    management.CMK_MISSING,
    title="the identity that reads the encryption key of {registry} does not exist any more",
    meaning="The registry is encrypted with a key of its owner's, and reads it as that identity.",
    remedies=("az acr encryption show -n {registry}", "Make the identity again or assign another one to the key."),
    link=pages.ACR + "tutorial-troubleshoot-customer-managed-keys",
    az_code="CMK_ERROR",
    samples=("An error occurred: CMK_ERROR\nThe identity used for registry 'myacr' encryption doesn't exist.",),
)
CMK_IDENTITY_INACTIVE = _mode(
    "cmk-identity-inactive",
    management.CMK_INACTIVE,
    title="{registry} cannot reach its encryption key, and refuses every image",
    meaning="The identity was taken away from the registry, or its key or vault was deleted, disabled or closed.",
    remedies=("az acr encryption show -n {registry}", "Assign the identity again, and restore the key."),
    link=pages.ACR + "tutorial-troubleshoot-customer-managed-keys",
    samples=("The identity associated with the registry is inactive. Reassign the identity manually.",),
)
