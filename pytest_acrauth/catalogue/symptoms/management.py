"""What the management plane and the directory answer, as az, Terraform and the SDKs print it."""

from __future__ import annotations

from pytest_acrauth.catalogue.symptoms.words import anywhere, in_print

_ABOUT_US = (
    r"(?:Microsoft\.ContainerRegistry|Microsoft\.Authorization/roleAssignments|Microsoft\.Resources/subscriptions)"
)

ARM_NOT_FOUND = in_print(
    "arm-not-found",
    "The management plane found no registry {registry} where it was looked for.",
    anywhere(
        r"resource with name '(?P<registry>[A-Za-z0-9-]{1,50})' and type 'Microsoft\.ContainerRegistry/registries'"
        r" could not be found in subscription",
        r"type 'Microsoft\.ContainerRegistry/registries' could not be found in subscription",
        r"The Resource 'Microsoft\.ContainerRegistry/registries/(?P<registry>[A-Za-z0-9-]{1,50})' under resource group"
        r" '.{1,90}?' was not found",
        r"\bResourceGroupNotFound\b|Resource group '.{1,90}?' could not be found",
        r"parent resource '.{0,300}?/registries/(?P<registry>[A-Za-z0-9]{5,50})' could not be found",
    ),
)
SUBSCRIPTION_UNKNOWN = in_print(
    "subscription-unknown",
    "The management plane knows no such subscription for this login.",
    anywhere(
        r"[Tt]he subscription (?:of )?'.{1,120}?' (?:doesn't exist|could not be found|not recognized)",
        r"[Ss]ubscription '.{1,120}?' not (?:found|recognized)",
        r"\bSubscriptionNotFound\b",
        r"\bReadOnlyDisabledSubscription\b|[Ss]ubscription '.{1,120}?' is disabled",
        r"[Nn]o subscriptions? found for",
        r"subscription identifier '.{1,120}?' is malformed or invalid",
    ),
)
ARM_FORBIDDEN = in_print(
    "arm-forbidden",
    "The management plane refused what the caller asked.",
    anywhere(
        r"does not have authorization to perform action '(?!Microsoft\.ContainerRegistry/registries/listCredentials)"
        + _ABOUT_US,
        r"\bLinkedAuthorizationFailed\b.{0,200}?Microsoft\.ContainerRegistry",
        r"does not have authorization to perform action '(?!Microsoft\.ContainerRegistry/registries/listCredentials)"
        r"[^']{1,160}' over scope '[^']{0,300}?Microsoft\.ContainerRegistry/registries/(?P<registry>[A-Za-z0-9]{5,50})",
    ),
)
LIST_CREDENTIALS_FORBIDDEN = in_print(
    "list-credentials-forbidden",
    "az asked for the admin user's password and was refused.",
    anywhere(
        r"perform action 'Microsoft\.ContainerRegistry/registries/listCredentials/action'",
    ),
)
ADMIN_DISABLED = in_print(
    "admin-user-disabled-said",
    "az asked for the admin user's password, and the admin user is disabled.",
    anywhere(
        r"Admin user is disabled|as admin user is disabled",
        r"\bUnAuthorizedForCredentialOperations\b",
        r"--admin-enabled true'? to enable admin first",
    ),
)
LOGIN_SERVER_UNKNOWN = in_print(
    "login-server-unknown",
    "az could not make out the registry's login server.",
    anywhere(
        r"(?<!CONNECTIVITY_)\bLOGIN_SERVER_ERROR\b",
        r"retrieving the login server for registry '(?P<registry>[A-Za-z0-9-]{1,50})'",
    ),
)
DUPLICATE_NAME = in_print(
    "several-registries",
    "az found several registries of that name.",
    anywhere(r"More than one resources with type 'Microsoft\.ContainerRegistry/registries'"),
)
PROVIDER_UNREGISTERED = in_print(
    "provider-unregistered",
    "The subscription does not use the registry's resource provider.",
    anywhere(
        r"not registered to use namespace '?Microsoft\.ContainerRegistry",
        r"\bMissingSubscriptionRegistration\b(?=.{0,200}?Microsoft\.ContainerRegistry)",
    ),
)
SKU_UNSUPPORTED = in_print(
    "tier-unsupported",
    "The registry's tier does not have what was asked for.",
    anywhere(
        r"only supported for managed registries",
        r"\bClassicSkuDeprecated\b|Classic SKU is now deprecated",
        r"not supported (?:for|in|by|on) (?:the )?(?:SKU|sku|tier) '?(?:Basic|Standard)|\bsku .{0,40}? not supported",
        r"[Pp]remium (?:SKU|sku|tier).{0,80}?(?:required|only)",
    ),
)
NAME_UNUSABLE = in_print(
    "registry-name-unusable",
    "The registry's name cannot be used as it was given.",
    anywhere(
        r"names may contain (?:only )?alpha ?numeric characters .{0,40}?between 5 and 50",
        r"Registry name must use only lowercase|Registry name .{0,60}?cannot contain dashes",
        r"The registry DNS name .{1,100}? is already in use",
        r"login server suffix is not valid for the current cloud",
        r"registry name .{0,60}?(?:is invalid|is not valid|must conform)",
    ),
)
ARM_TOKEN_UNUSABLE = in_print(
    "arm-token-refused-said",
    "The management plane did not accept the caller's Entra token.",
    anywhere(
        r"\bInvalidAuthenticationTokenTenant\b|access token is from the wrong issuer",
        r"\bInvalidAuthenticationToken(?:Audience|Signature)?\b(?!Tenant)",
    ),
)
ARM_TOKEN_ENDED = in_print(
    "arm-token-ended",
    "The management plane was shown an Entra token that had ended.",
    anywhere(r"\bExpiredAuthenticationToken\b", r"[Tt]he access token expiry UTC time"),
)
ARM_THROTTLED_SAID = in_print(
    "arm-requests-throttled",
    "The management plane has too many requests of this caller to serve.",
    anywhere(r"\bSubscriptionRequestsThrottled\b|\bTenantRequestsThrottled\b"),
)
GRAPH_FORBIDDEN = in_print(
    "graph-forbidden",
    "The directory does not let the caller read what was asked.",
    anywhere(
        r"\bAuthorization_RequestDenied\b|\bDirectory_?PermissionDenied\b",
        r"Insufficient privileges to complete the operation",
    ),
)
PRINCIPAL_UNKNOWN = in_print(
    "principal-unknown",
    "The management plane knows no principal of the id that a role was to be given.",
    anywhere(
        r"\bPrincipalNotFound\b|Principal [0-9a-f]{32} does not exist in the directory",
        r"Cannot find user or service principal in graph database",
    ),
)
CMK_MISSING = in_print(
    "key-identity-missing",
    "The identity that reads the registry's encryption key is gone.",
    anywhere(r"\bCMK_ERROR\b", r"identity used for registry '.{1,60}?' encryption doesn't exist"),
)
CMK_INACTIVE = in_print(
    "key-identity-inactive",
    "The registry cannot use the identity that reads its encryption key.",
    anywhere(r"identity associated with the registry is inactive"),
)
