"""What the management plane and the directory answer, as az, Terraform and the SDKs print it."""

from __future__ import annotations

from pytest_acrauth.catalogue.symptoms import operation
from pytest_acrauth.catalogue.symptoms.words import GUID, OURS, STATUS, anywhere, at_management, beside, in_print

# Whom the management plane refuses: an application by its client id, a user by a name that has an address's form.
_CALLER = (
    rf"(?:(?:client '(?:(?P<client_id>{GUID})|(?P<person>[^'@ ]{{1,100}}@[^' ]{{1,100}}))' with )?"
    rf"object id '(?P<object_id>{GUID})' )?"
)
# What it says of whatever it refuses: to whom, what, and over what.
_REFUSED = (
    rf"{_CALLER}does not have (?:authorization|permission) to perform (?:action )?"
    r"'(?!Microsoft\.ContainerRegistry/registries/listCredentials)"
)


_OF_REGISTRY = r"/registries/(?P<registry>[A-Za-z0-9]{5,50})[^']{0,200}"

ARM_NOT_FOUND = in_print(
    "arm-not-found",
    "The management plane, which keeps the registries' settings, found no {registry} where it was looked for.",
    anywhere(
        r"resource with name ['\"](?P<registry>[^'\"]{1,80})['\"] and type 'Microsoft\.ContainerRegistry/registries'"
        r" could not be found",
        r"type 'Microsoft\.ContainerRegistry/registries' could not be found",
        r"Failed to get resource ID for resource type 'Microsoft\.ContainerRegistry/registries' and resource name"
        r" ['\"](?P<registry>[^'\"]{1,80})['\"]",
        r"type Microsoft\.ContainerRegistry/registries can be found with name: (?P<registry>[A-Za-z0-9-]{1,50})",
        r"The Resource 'Microsoft\.ContainerRegistry/registries/(?P<registry>[A-Za-z0-9-]{1,50})' under resource group"
        r" '.{1,90}?' was not found",
        *beside(OURS, r"\bResourceGroupNotFound\b|Resource group '.{1,90}?' could not be found"),
        r"(?<!Schema )Registry \(Subscription: .{0,80}?Resource Group Name: \"[^\"]{1,90}\""
        r" Registry Name: \"(?P<registry>[A-Za-z0-9]{1,50})\"\)\"? was not found",
        r"Container Registry \"(?P<registry>[A-Za-z0-9-]{1,50})\" was not found in Resource Group",
        r"Registry: \(Name \"(?P<registry>[A-Za-z0-9-]{1,50})\" / Resource Group \".{1,90}?\"\) was not found",
        r"parent resource '.{0,300}?/registries/(?P<registry>[A-Za-z0-9]{5,50})' could not be found",
    ),
)
SUBSCRIPTION_UNKNOWN = in_print(
    "subscription-unknown",
    "The management plane knows no such subscription for this login.",
    anywhere(
        rf"[Tt]he subscription (?:of )?(?:'{GUID}' could not be found|'.{{1,120}}?' doesn't exist in cloud)",
        r"[Ss]ubscription '.{1,120}?' (?:not found\. Check the spelling|not recognized)",
        rf"\bSubscriptionNotFound\b.{{0,80}}?{GUID}",
        rf"No subscriptions found for (?:{GUID}|[\w.+-]{{1,80}}@)",
        r"No subscription found\. Run 'az account set'",
        r"subscription identifier '.{1,120}?' is malformed or invalid",
    ),
)
SUBSCRIPTION_DISABLED = in_print(
    "subscription-disabled",
    "The management plane says that the subscription is disabled.",
    anywhere(r"\bReadOnlyDisabledSubscription\b", rf"[Ss]ubscription '{GUID}' is disabled"),
)
ARM_FORBIDDEN = in_print(
    "arm-forbidden",
    "The management plane refused {action}: the caller has no role that allows it.",
    anywhere(
        rf"{_REFUSED}(?P<action>Microsoft\.ContainerRegistry[^']{{0,160}})"
        rf"(?:' (?:over|at) scope '(?P<scope>[^']{{0,300}}?(?:{_OF_REGISTRY})?)')?",
        r"Could not create a role assignment for ACR",
        r"\bLinkedAuthorizationFailed\b.{0,200}?Microsoft\.ContainerRegistry",
        r"not have permission to perform action '(?P<action>[^']{1,160})' on the linked scope\(s\)"
        rf" '(?P<scope>[^']{{0,300}}?Microsoft\.ContainerRegistry{_OF_REGISTRY})",
        rf"{_REFUSED}(?P<action>[^']{{1,160}})' (?:over|at) scope"
        rf" '(?P<scope>[^']{{0,300}}?Microsoft\.ContainerRegistry(?:{_OF_REGISTRY})?)",
    ),
)
LIST_CREDENTIALS_FORBIDDEN = in_print(
    "list-credentials-forbidden",
    "az asked for the admin user's password and was refused, as the caller has no role that allows it.",
    anywhere(
        r"perform (?:action )?'Microsoft\.ContainerRegistry/registries/listCredentials/action'",
    ),
)
ADMIN_DISABLED = in_print(
    "admin-user-disabled-said",
    "az asked for the admin user's password, and the admin user is disabled.",
    anywhere(
        r"Admin user is disabled|as admin user is disabled",
        r"\bUnAuthorizedForCredentialOperations\b",
        r"--admin-enabled true'? to enable admin first",
        r"admin credentials on the ACR are disabled|images from Azure Container Registries with admin enabled",
    ),
)
CREDENTIALS_NOT_FOUND = in_print(
    "credentials-not-retrieved",
    "az was given no login for the registry, looked for the admin user's, and does not say why it got none.",
    anywhere(
        r"Failed to retrieve credentials for container registry\b(?: (?P<registry>[A-Za-z0-9]{5,50})\b)?",
        r"No credential was provided to access Azure Container Registry",
        r"Unable to get admin user credentials(?! with message: \w)",
    ),
    either=(ADMIN_DISABLED, LIST_CREDENTIALS_FORBIDDEN, ARM_NOT_FOUND),
)
LOGIN_SERVER_UNKNOWN = in_print(
    "login-server-unknown",
    "az could not make out the registry's login server.",
    anywhere(
        r"(?<!CONNECTIVITY_)\bLOGIN_SERVER_ERROR\b",
        r"retrieving the login server for registry ['\"](?P<registry>[^'\"]{1,80})['\"]",
    ),
)
DUPLICATE_NAME = in_print(
    "several-registries",
    "az found several registries of that name.",
    anywhere(
        r"More than one resources with type 'Microsoft\.ContainerRegistry/registries'"
        r"(?: are found with name '(?P<registry>[A-Za-z0-9]{5,50})')?",
    ),
)
PROVIDER_UNREGISTERED = in_print(
    "provider-unregistered",
    "The subscription has not registered the service Azure Container Registry.",
    anywhere(
        r"not registered to use namespace '?Microsoft\.ContainerRegistry",
        r"\bMissingSubscriptionRegistration\b(?=.{0,200}?Microsoft\.ContainerRegistry)",
    ),
)
SKU_UNSUPPORTED = in_print(
    "tier-unsupported",
    "The registry's tier (its SKU) does not have what was asked for.",
    anywhere(
        r"only supported for managed registries",
        r"\bClassicSkuDeprecated\b|Classic SKU is now deprecated",
        r"`network_rule_set(?:_set)?` can only be specified for a Premium",
        *beside(
            OURS,
            r"not supported (?:for|in|by|on) (?:the )?(?:registry )?(?:SKU|sku|tier) '?(?:Basic|Standard)",
            r"\b(?:SKU|sku) .{0,40}? not supported|\b(?:SKU|[Ss]ku|tier) does not support\b",
            r"[Pp]remium (?:SKU|[Ss]ku|tier).{0,80}?(?:required|only)",
            r"can only be \w{3,12} (?:for|when using) (?:a |the )?(?:Standard/)?[Pp]remium (?:SKU|[Ss]ku)",
            r"\b(?:requires? (?:the )?|only (?:be |supported |available ).{0,60}?)[Pp]remium (?:SKU|[Ss]ku|tier)",
        ),
    ),
)
NAME_UNUSABLE = in_print(
    "registry-name-unusable",
    "The registry's name cannot be used as it was given.",
    anywhere(
        r"names may contain (?:only )?alpha ?numeric characters .{0,40}?between 5 and 50",
        # azurerm says it of the names of other resources, too
        *beside(OURS, r"alpha numeric characters only are allowed in \"name\""),
        r"(?:Registry|Connected registry) name must use only lowercase|Registry name .{0,60}?cannot contain dashes",
        r"The registry DNS name .{1,100}? is already in use",
        r"(?i:container registry name) .{0,60}?(?:is invalid|is not valid|must conform)",
    ),
)
ARM_TOKEN_UNUSABLE = in_print(
    "arm-token-refused-said",
    "The management plane did not accept the caller's Entra token.",
    anywhere(
        # The directory has this code too, with words of its own, and each of them for tokens that have ended.
        r"\bInvalidAuthenticationToken(?:Audience|Signature)?\b"
        r"(?!.{0,200}?(?:expir|[Ll]ifetime|CompactToken|Access token (?:is empty|validation failure)))",
        r"obtained for wrong audience or resource '.{1,200}?'\. .{0,80}?'https://management\.",
    ),
)
ARM_TOKEN_OTHER_TENANT = in_print(
    "arm-token-of-other-tenant",
    "The management plane takes Entra tokens of the subscription's own tenant, and was shown one of another.",
    anywhere(
        r"access token is from the wrong issuer.{0,200}? must match the tenant"
        rf" '[\w:/.-]{{1,60}}/(?P<tenant_id>{GUID})/'",
        r"\bInvalidAuthenticationTokenTenant\b|access token is from the wrong issuer",
    ),
)
ARM_TOKEN_ENDED = in_print(
    "arm-token-ended",
    "The management plane was shown an Entra token that had expired.",
    anywhere(r"\bExpiredAuthenticationToken\b", r"[Tt]he access token expiry UTC time"),
)
ARM_THROTTLED_SAID = in_print(
    "arm-requests-throttled",
    "The management plane had too many requests from this caller, and put this one off.",
    anywhere(r"\bSubscriptionRequestsThrottled\b|\bTenantRequestsThrottled\b"),
)
ARM_BUSY = in_print(
    "arm-answered-429",
    "The management plane answered 429: an allowance of requests is used up, and the client does not say whose.",
    at_management(r"\b429 Too Many Requests", rf"{STATUS}429\b", r"\bRESPONSE 429\b|\bTooManyRequests\b"),
)
GRAPH_FORBIDDEN = in_print(
    "graph-forbidden",
    "The directory (Microsoft Graph) does not let the caller read or change what was asked.",
    anywhere(
        r"\bDirectory_?PermissionDenied\b|Directory permission is needed for the current user",
        # Whoever writes to the directory is told so; here it is by who gives roles, and az.
        r"ERROR: (?:Graph .{0,80}?)?Insufficient privileges to complete the operation",
        *beside(
            rf"{OURS}|\baz (?:ad sp|role|aks) |[Rr]ole ?[Aa]ssignment|create-for-rbac|attach-acr",
            r"\bAuthorization_RequestDenied\b|Insufficient privileges to complete the operation",
        ),
    ),
)
PRINCIPAL_UNKNOWN = in_print(
    "principal-unknown",
    "The management plane knows nobody of the id that a role was to be given to.",
    anywhere(
        r"\bPrincipalNotFound\b|Principal [0-9a-f]{32} does not exist in the directory",
        r"Cannot find user or service principal in graph database",
    ),
)
_A_REGISTRY = (
    r"Microsoft\.ContainerRegistry\b|[Cc]ontainer [Rr]egistr(?:y|ies)\b|\baz acr\b|azurerm_container_registry\b"
)
_FACTOR = r"\bMFA is required\b|\b(?i:users must (?:use MFA|authenticate with multi-?factor authentication))\b"
DENIED_BY_POLICY = in_print(
    "denied-by-policy",
    "A policy (Azure Policy) refused a change that is about a registry, or about what belongs to one.",
    anywhere(
        *beside(
            _A_REGISTRY,
            # The second factor that Azure wants for changes is refused with the same code.
            rf"(?:\bRequestDisallowedByPolicy\b|\bwas disallowed by policy\b)(?!.{{0,500}}?(?:{_FACTOR}))",
        ),
    ),
)
FACTOR_WANTED = in_print(
    "second-factor-wanted",
    "Azure refused a change, as the user had signed in without a second factor.",
    anywhere(
        *beside(_A_REGISTRY, rf"(?:\bRequestDisallowedByPolicy\b|\bdisallowed by policy\b).{{0,300}}?(?:{_FACTOR})")
    ),
)
CONDITION_UNMET = in_print(
    "role-condition-unmet",
    "The management plane refused {action}: the caller's role has a condition that is not met.",
    anywhere(
        rf"{_CALLER}has an authorization with ABAC condition that is not fulfilled to"
        r" perform (?:action )?'(?P<action>[^']{1,160})' (?:over|at) scope"
        rf" '(?P<scope>[^']{{0,300}}?Microsoft\.ContainerRegistry(?:{_OF_REGISTRY})?)",
        *beside(r"attach-acr|\baz acr\b", r"authorization with ABAC condition that is not fulfilled"),
    ),
)
REEVALUATED = in_print(
    "access-reevaluated",
    "A service of Azure's took an Entra token no longer, for what happened since it was issued.",
    anywhere(
        *beside(
            rf"{OURS}|\baz (?:ad|role|aks|account|login) ",
            r"Continuous access evaluation resulted in (?:claims )?challenge\b.{0,80}?\bInteractionRequired\b",
        ),
    ),
)
CMK_MISSING = in_print(
    "key-identity-missing",
    "The identity that reads the registry's encryption key is gone.",
    anywhere(
        r"\bCMK_ERROR\b",
        r"identity used for registry '.{1,60}?' encryption doesn't exist",
    ),
)
KEY_REFUSED = in_print(
    "key-refused",
    "The registry has an identity for its encryption key, and could not use the key with it.",
    anywhere(
        r"Failed to access KeyId '.{1,200}?' ?\. Verify that identity .{0,500}?aka\.ms/acr/cmk",
        # Key Vault's own words, which it has for whoever asks.
        *beside(
            r"Microsoft\.ContainerRegistry\b|aka\.ms/acr/cmk|\baz acr (?:create|encryption|identity)\b"
            r"|azurerm_container_registry\b",
            r"does not have keys (?:get|wrap ?[Kk]ey|unwrap ?[Kk]ey)[\w, ]{0,60}? permission on key vault",
            r"Client address is not authorized and caller is not a trusted service",
            r"(?:wrapKey|unwrapKey|[Oo]peration (?:get|wrap|unwrap)).{0,60}? not allowed on an? (?:disabled|expired)",
        ),
    ),
)
KEY_UNREADABLE = in_print(
    "key-unreadable",
    "The registry could not use the identity that reads its encryption key.",
    anywhere(
        r"/registries/(?P<registry>[A-Za-z0-9]{5,50})' does not have access to identity",
        r"Try forcibly adding the identity to the registry",
    ),
    either=(CMK_MISSING, operation.KEY_IDENTITY_INACTIVE),
)
