"""Family ``management``: the management plane does not find the registry, or does not let the caller look or act."""

from __future__ import annotations

from pytest_acrauth.catalogue import pages
from pytest_acrauth.catalogue.causes.management_questions import ELSEWHERE, HERE, NOWHERE
from pytest_acrauth.catalogue.shape import Command, FailureMode, Occurs
from pytest_acrauth.catalogue.symptoms import client, management

_ARM = "https://learn.microsoft.com/azure/azure-resource-manager/troubleshooting/"
_NOT_FOUND_TEXT = (
    "The resource with name 'myacr' and type 'Microsoft.ContainerRegistry/registries' could not be found in"
    " subscription 'Production (11111111-2222-3333-4444-555555555555)'."
)
_OTHER_NOT_FOUND = _NOT_FOUND_TEXT.replace("ContainerRegistry/registries", "KeyVault/vaults")
_ONLY_CHANGES = "Only a change of the registry's settings is refused so, and no check makes one."
_ACCOUNTS = Command('az account list --all --query "[].{{name:name,id:id,state:state,tenant:tenantId}}" -o table')
_TIER = Command("az acr show -n {registry} --query sku.name -o tsv")
ARM_REGISTRY_NOT_FOUND_IN_SUBSCRIPTION = FailureMode(
    id="arm-registry-not-found-in-subscription",
    title="{registry} does not exist",
    brief="no registry of this name",
    seen=(management.ARM_NOT_FOUND,),
    when=(NOWHERE,),
    means="No registry of the active subscription has this name: it is misspelt, or the registry was deleted. The"
    " management plane gives the same answer for a registry that the caller is not allowed to read.",
    look=(
        Command("az account show --query name -o tsv"),
        Command('az acr list --query "[].{{name:name,group:resourceGroup,loginServer:loginServer}}" -o table'),
        "If this finds an address, the registry exists somewhere:",
        Command("nslookup {login_server}"),
    ),
    fix=("Correct the name, or the resource group given with it. A registry that was deleted is gone.",),
    page=pages.AUTHENTICATION_ERRORS,
    samples=(_NOT_FOUND_TEXT,),
    unlike=(_OTHER_NOT_FOUND,),
)
ARM_WRONG_SUBSCRIPTION = FailureMode(
    id="arm-wrong-subscription",
    title="{registry} is in another subscription",
    brief="other subscription",
    seen=(management.ARM_NOT_FOUND, management.SUBSCRIPTION_UNKNOWN),
    when=(ELSEWHERE,),
    means="az looks a registry up by its name in the active subscription only, and goes on without its record when it"
    " is not there.",
    look=(
        Command("az account show --query name -o tsv"),
        _ACCOUNTS,
        "Look into each that it can be in:",
        Command("az acr list --subscription {registry_subscription} --query \"[?name=='{registry}'].id\" -o tsv"),
    ),
    fix=(
        "Name the subscription in the command:",
        Command("az acr login -n {registry} --subscription {registry_subscription}"),
    ),
    instead=(
        "Make it the active one, for everything that uses this login of az:",
        Command("az account set --subscription {registry_subscription}"),
    ),
    page=pages.AUTHENTICATION_ERRORS,
    samples=(_NOT_FOUND_TEXT,),
    unlike=(_OTHER_NOT_FOUND, "NOT_FOUND: Subscription does not exist (resource=orders-sub)."),
)
ARM_NO_READ = FailureMode(
    id="arm-no-read",
    title="no role in effect lets the caller do {action} on {registry}",
    brief="no role on the management plane",
    seen=(management.ARM_FORBIDDEN, management.ARM_NOT_FOUND, management.SUBSCRIPTION_UNKNOWN),
    when=(HERE,),
    means="The management plane keeps the settings of registries, and wants a role for each look at them and each"
    " change. A login and a pull need no such role: az goes on with the registry's name alone.",
    look=(
        "Who may read role assignments sees what roles the caller has there:",
        Command("az role assignment list {holder} --include-inherited --include-groups --scope {scope} -o table"),
    ),
    fix=(
        (
            "If a role was assigned minutes ago, sign in again. Otherwise whoever may assign roles there, such as the"
            " Owner, gives one. Reader allows what ends in /read, Contributor all but assigning roles:"
        ),
        Command('az role assignment create {assignee} --role "{role}" --scope {scope}'),
    ),
    page=_ARM + "error-authorization-failed",
    samples=(
        (
            "(AuthorizationFailed) The client 'x' with object id 'y' does not have authorization to perform action"
            " 'Microsoft.ContainerRegistry/registries/read' over scope '/subscriptions/s' or the scope is invalid."
        ),
    ),
    unlike=(
        "does not have authorization to perform action 'Microsoft.Storage/storageAccounts/read' over scope '/s'",
        _OTHER_NOT_FOUND,
    ),
)
ARM_LIST_CREDENTIALS_FORBIDDEN = FailureMode(
    id="arm-list-credentials-forbidden",
    title="no role lets az read the admin password",
    brief="no right to the admin password",
    seen=(management.LIST_CREDENTIALS_FORBIDDEN,),
    signs=(management.LIST_CREDENTIALS_FORBIDDEN,),
    certain="The refused action is named, listCredentials, which is nothing but reading the admin user's passwords.",
    means="az acr login tries the admin user when the login through Entra was refused. That refusal, further up, is the"
    " cause; this one only ends the command.",
    fix=(
        (
            "Repair what the lines before this one name. No login needs the admin user; a role that lets az read its"
            " password would only hide that the login through Entra is broken."
        ),
    ),
    page=pages.AUTHENTICATION_ERRORS,
    not_emulated="No check asks for the admin user's password; az acr login does.",
    samples=(
        (
            "(AuthorizationFailed) The client 'x' with object id 'y' does not have authorization to perform action"
            " 'Microsoft.ContainerRegistry/registries/listCredentials/action' over scope '/subscriptions/s'"
        ),
    ),
    unlike=("not authorized to perform action 'Microsoft.Storage/storageAccounts/listKeys/action' over scope '/s'",),
)
ARM_LOGIN_SERVER_UNRESOLVABLE = FailureMode(
    id="arm-login-server-unresolvable",
    title="az finds no login server of {registry}",
    brief="unknown login server",
    seen=(management.LOGIN_SERVER_UNKNOWN,),
    signs=(management.LOGIN_SERVER_UNKNOWN,),
    certain="LOGIN_SERVER_ERROR is the code that check-health has for this, and for nothing else.",
    means="The registry cannot be read in the active subscription, and az's cloud has no registry suffix to make"
    " its login server from, or az is too old to know it.",
    look=(
        Command("az cloud show --query suffixes.acrLoginServerEndpoint -o tsv"),
        Command("az account show -o table"),
        _ACCOUNTS,
    ),
    fix=(
        "Name the subscription of the registry in the command. Its login server can be read there:",
        Command("az acr show -n {registry} --subscription SUBSCRIPTION --query loginServer -o tsv"),
    ),
    instead=(
        "If az is set to another cloud than the registry's, choose that; it needs a login of its own there:",
        Command("az cloud set -n CLOUD"),
    ),
    page=pages.HEALTH + "#login_server_error",
    az_code="LOGIN_SERVER_ERROR",
    not_emulated="Only az acr check-health says so, and no check runs it.",
    samples=(
        (
            "An error occurred: LOGIN_SERVER_ERROR\n"
            "An error occurred while retrieving the login server for registry 'myacr'."
        ),
    ),
    unlike=("An error occurred: CONNECTIVITY_REFRESH_TOKEN_ERROR",),
)
ARM_DUPLICATE_NAME = FailureMode(
    id="arm-duplicate-name",
    title="az sees several registries of this name",
    brief="several registries of one name",
    seen=(management.DUPLICATE_NAME,),
    signs=(management.DUPLICATE_NAME,),
    certain="az counted the registries of that name which the subscription shows, and found more than one.",
    means="The active subscription shows more than one registry called {registry}, and az does not choose.",
    look=(
        Command(
            "az acr list --query \"[?name=='{registry}'].{{group:resourceGroup,loginServer:loginServer}}\" -o table"
        ),
    ),
    fix=("Name the resource group in the command:", Command("az acr login -n {registry} -g RESOURCE_GROUP")),
    page=pages.ACR + "container-registry-get-started-azure-cli#dns-name-implications-of-dnl-options",
    samples=(
        "More than one resources with type 'Microsoft.ContainerRegistry/registries' are found with name 'myacr'.",
    ),
    unlike=("More than one resources with type 'Microsoft.Web/sites' are found with name 'myacr'.",),
)
ARM_PROVIDER_NOT_REGISTERED = FailureMode(
    id="arm-provider-not-registered",
    title="the subscription is not set up for ACR yet",
    brief="subscription not set up for ACR",
    seen=(management.PROVIDER_UNREGISTERED,),
    signs=(management.PROVIDER_UNREGISTERED,),
    certain="The management plane names the service that the subscription has not registered.",
    means="A subscription has to register a service, by its resource provider, before it can hold resources of it.",
    look=(Command("az provider show -n Microsoft.ContainerRegistry --query registrationState -o tsv"),),
    fix=(
        (
            "If the registry is in another subscription, name that one. Otherwise a Contributor or Owner registers"
            " Azure Container Registry in this one, which costs nothing:"
        ),
        Command("az provider register -n Microsoft.ContainerRegistry --wait"),
    ),
    page=_ARM + "error-register-resource-provider",
    not_emulated="Looking is not refused so, and no check makes or changes a registry.",
    samples=("The subscription is not registered to use namespace 'Microsoft.ContainerRegistry'.",),
    unlike=("The subscription is not registered to use namespace 'Microsoft.ContainerService'.",),
)
ARM_CLASSIC_SKU = FailureMode(
    id="arm-classic-sku",
    title="{registry} is of the Classic tier, which is retired",
    brief="Classic tier",
    seen=(management.SKU_UNSUPPORTED,),
    unprovable="The words say that a tier lacks something, and not always which tier the registry has.",
    means="Classic registries are not supported any more. Such a registry has to be moved to Basic, Standard or"
    " Premium, and cannot be moved back.",
    look=(_TIER,),
    fix=(
        "Whoever manages the registry moves it to one of today's tiers, which are billed by the day:",
        Command("az acr update -n {registry} --sku Standard"),
    ),
    page=pages.ACR + "container-registry-skus#change-registry-sku",
    not_emulated=_ONLY_CHANGES,
    samples=("This operation is only supported for managed registries.",),
    unlike=("The classic deployment model is deprecated for Microsoft.ClassicCompute.",),
)
FIREWALL_NOT_PREMIUM = FailureMode(
    id="firewall-not-premium",
    title="{registry}'s tier lacks what was asked for",
    brief="tier below Premium",
    seen=(management.SKU_UNSUPPORTED,),
    unprovable="The words say that a tier lacks something; a registry of the retired Classic tier is told the same.",
    means="Network rules, private endpoints, data endpoints and replicas are for Premium registries only.",
    look=(_TIER,),
    fix=(
        (
            "Do without it, or ask who pays for the registry: Premium costs more, and going back takes its features"
            " away again:"
        ),
        Command("az acr update -n {registry} --sku Premium"),
    ),
    page=pages.ACR + "container-registry-skus#sku-features-and-limits",
    not_emulated=_ONLY_CHANGES,
    samples=("Network rules are only supported for managed registries in Premium SKU.",),
    unlike=("Private endpoints are not available for this storage account.",),
)
REGISTRY_NAME_INVALID = FailureMode(
    id="registry-name-invalid",
    title="the registry's name cannot be used as given",
    brief="unusable registry name",
    seen=(management.NAME_UNUSABLE,),
    signs=(management.NAME_UNUSABLE,),
    certain="The name itself is refused, for its form or because another registry has it.",
    means="A name has 5 to 50 letters and digits. A login server, which has a dot and sometimes a dash, is not the"
    " name, and belongs to one registry only.",
    look=(
        Command('az acr list --query "[].{{name:name,loginServer:loginServer}}" -o table'),
        "Whether a name for a new registry is free:",
        Command("az acr check-name -n NEW_NAME"),
    ),
    fix=("Give the name alone, as the list shows it; a new registry needs one that is free.",),
    page=pages.ACR + "container-registry-get-started-azure-cli#configure-parameters-for-a-container-registry",
    not_emulated="A name that az refuses is refused as a value of --acr-registry, too.",
    samples=("Registry names may contain only alpha numeric characters and must be between 5 and 50 characters",),
    unlike=("Storage account name must be between 3 and 24 characters in length and use numbers and letters only.",),
)
ARM_TOKEN_REFUSED = FailureMode(
    id="arm-token-refused",
    title="the Entra token is for another tenant or service",
    brief="Entra token not for management",
    seen=(management.ARM_TOKEN_UNUSABLE, management.ARM_TOKEN_OTHER_TENANT, management.SUBSCRIPTION_UNKNOWN),
    signs=(management.ARM_TOKEN_OTHER_TENANT,),
    certain="InvalidAuthenticationTokenTenant names both tenants: the Entra token's, and the subscription's.",
    means="It was issued by another tenant than the subscription's, for something else than Azure's management, or in"
    " another cloud. A subscription that was just moved to another tenant is told so, too, for up to an hour; that"
    " stands in the message itself, and on no page.",
    look=(
        Command("az account show --query tenantId -o tsv"),
        Command("az cloud show --query name -o tsv"),
        _ACCOUNTS,
    ),
    fix=("Sign in to the tenant of the subscription:", Command("az login --tenant {tenant_id}")),
    page=_ARM + "overview",
    samples=('{"error":{"code":"InvalidAuthenticationTokenTenant","message":"The access token is from the wrong"}}',),
    unlike=("InvalidAuthenticationInfo: Server failed to authenticate the request.",),
)
ARM_TOKEN_EXPIRED = FailureMode(
    id="arm-token-expired",
    title="the Entra token for the management plane has expired",
    brief="expired Entra token for management",
    seen=(management.ARM_TOKEN_ENDED,),
    signs=(management.ARM_TOKEN_ENDED,),
    certain="The management plane compared the Entra token's own end with its clock, and names both.",
    means="A program kept its Entra token for longer than it counts, or the clock of this machine is wrong.",
    look=("Compare with a clock that is right:", Command("date -u")),
    fix=(
        "If it is wrong, who administers this machine sets it. Otherwise start the program again, or sign in:",
        Command("az login"),
    ),
    page=_ARM + "overview",
    samples=('{"error":{"code":"ExpiredAuthenticationToken","message":"The access token expiry UTC time"}}',),
    unlike=("ExpiredToken: The security token included in the request is expired",),
)
ARM_SUBSCRIPTION_DISABLED = FailureMode(
    id="arm-subscription-disabled",
    title="the subscription is disabled",
    brief="disabled subscription",
    seen=(management.SUBSCRIPTION_UNKNOWN, management.SUBSCRIPTION_DISABLED),
    signs=(management.SUBSCRIPTION_DISABLED,),
    certain="The management plane names the subscription, and its state: disabled, so that it can only be read.",
    occurs=Occurs.SELDOM,
    means="A subscription whose credit or contract has ended is disabled: what is in it can be read, and not changed."
    " Some time later it is deleted, and is not found any more.",
    look=(_ACCOUNTS,),
    fix=("If its state is Disabled, ask its account administrator to activate it again.",),
    page="https://learn.microsoft.com/azure/cost-management-billing/manage/subscription-states",
    not_emulated="What is in a disabled subscription can be read, and no check changes anything.",
    samples=(
        (
            "(ReadOnlyDisabledSubscription) The subscription '11111111-2222-3333-4444-555555555555' is disabled and"
            " therefore marked as read only."
        ),
    ),
    unlike=("Your subscription to the newsletter has expired.",),
)
ARM_THROTTLED = FailureMode(
    id="arm-throttled",
    title="the caller asked the management plane too often",
    brief="too many management requests",
    seen=(management.ARM_THROTTLED_SAID, management.ARM_BUSY),
    signs=(management.ARM_THROTTLED_SAID,),
    certain="The code names whose allowance is used up: the subscription's or the tenant's.",
    means="Everything that asks as the same identity about the same subscription shares one allowance: jobs that run"
    " side by side, loops that wait, refreshes of Terraform. The registry counts logins and pulls apart from that.",
    fix=(
        (
            "Wait as long as the answer's Retry-After says, then try again. Let jobs ask once and hand on what they"
            " learnt, and run fewer at a time."
        ),
    ),
    page="https://learn.microsoft.com/azure/azure-resource-manager/management/request-limits-and-throttling",
    transient=True,
    samples=("(SubscriptionRequestsThrottled) Number of requests for subscription exceeded the limit.",),
    unlike=("ThrottlingException: Rate exceeded",),
)
ARM_GRAPH_FORBIDDEN = FailureMode(
    id="arm-graph-forbidden",
    title="the directory does not let the caller do this",
    brief="no right in the directory",
    seen=(management.GRAPH_FORBIDDEN,),
    unprovable="The directory says so of any object, and does not name what it is about.",
    means="The directory, Entra's list of users and applications, has permissions of its own: a role on a registry or a"
    " subscription does not count there. Without one, nobody is told when an application's secrets end or whose an id"
    " is, and nobody makes a new secret.",
    fix=(
        (
            "Ask an owner of the application to look or to make the change. A program needs Application.Read.All to"
            " look, which an administrator of the directory grants."
        ),
    ),
    page="https://learn.microsoft.com/graph/permissions-reference#applicationreadall",
    not_emulated="No check lets az look into the directory or change it.",
    samples=("No role assignment: Authorization_RequestDenied: Insufficient privileges to complete the operation.",),
    unlike=("ORA-01031: insufficient privileges",),
)
ARM_PRINCIPAL_NOT_FOUND = FailureMode(
    id="arm-principal-not-found",
    title="the id that is to get the role is unknown here",
    brief="unknown id for a role",
    seen=(management.PRINCIPAL_UNKNOWN,),
    signs=(management.PRINCIPAL_UNKNOWN,),
    certain="The management plane looked the id up in its tenant's directory, and names it as unknown.",
    means="It is a client id where an object id was wanted, belongs to another tenant, was deleted, or was made a"
    " moment ago, so that the directory does not show it everywhere yet.",
    look=(
        "An application's object id, from its client id (for a user: az ad user show):",
        Command("az ad sp show --id {client_id} --query id -o tsv"),
        Command("az account show --query tenantId -o tsv"),
    ),
    fix=(
        (
            "Whoever may assign roles on the registry gives that object id, with its type (User, Group or"
            " ServicePrincipal), so that the directory is not asked; one made a moment ago needs a few minutes:"
        ),
        Command(
            "az role assignment create --assignee-object-id OBJECT_ID --assignee-principal-type ServicePrincipal"
            ' --role "{role}" --scope {registry_id}'
        ),
    ),
    page="https://learn.microsoft.com/azure/role-based-access-control/troubleshooting",
    transient=True,
    not_emulated="No check gives anybody a role.",
    samples=("(PrincipalNotFound) Principal 0123456789abcdef0123456789abcdef does not exist in the directory contoso",),
    unlike=("Principal 'app' could not be found or this principal type is not supported.",),
)
ARM_UNREACHABLE = FailureMode(
    id="arm-unreachable",
    title="the management plane cannot be reached from here",
    brief="management plane out of reach",
    seen=(client.PLANE_UNREACHED,),
    signs=(client.PLANE_UNREACHED,),
    certain="The host of the management plane is named, and that no connection to it came about.",
    means="az asks the management plane for a registry's settings, at a host of its own. A network that lets this"
    " machine out to the registry and to Entra only stops it. A login and a pull do not need it.",
    look=(
        "The host that az asks, and the names of the variables that send az through a proxy:",
        Command("az cloud show --query endpoints.resourceManager -o tsv"),
        Command("env | grep -o -i '^https*_proxy'"),
    ),
    fix=("Ask who runs the network, or the proxy, to let this machine through to that host on port 443.",),
    instead=(
        "Without it, log in with a service principal or a scope-map token, whose name and password need no settings:",
        Command("docker login {login_server} -u USER_NAME --password-stdin < PASSWORD_FILE"),
    ),
    page="https://learn.microsoft.com/cli/azure/azure-cli-endpoints#endpoints",
    samples=(
        (
            "ERROR: HTTPSConnection(host='management.azure.com', port=443): Failed to resolve 'management.azure.com'"
            " ([Errno -2] Name or service not known), in: az acr show -n myacr"
        ),
    ),
    unlike=(
        "HTTPSConnection(host='management.example.com', port=443): Failed to resolve 'management.example.com'",
        (
            "az vm list: HTTPSConnection(host='management.azure.com', port=443): Failed to establish a new connection:"
            " [Errno 111] Connection refused"
        ),
    ),
)
