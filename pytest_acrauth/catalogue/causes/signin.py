"""Family ``signin``: Entra refuses a person or an application for reasons of policy, state or consent."""

from __future__ import annotations

from functools import partial

from pytest_acrauth.catalogue import pages
from pytest_acrauth.catalogue.causes.entra import aadsts_symptom
from pytest_acrauth.catalogue.shape import asking_nothing

_SIGN_IN = "az login --tenant {tenant_id} --scope https://containerregistry.azure.net/.default"

AADSTS_50076 = aadsts_symptom(
    50076,
    50072,
    50074,
    50078,
    50079,
    50158,
    53004,
    phrases=(
        r"you must use multi-factor authentication to access",
        r"you must enroll in multi-factor authentication",
    ),
)
AADSTS_53003 = aadsts_symptom(
    53003,
    *(50005, 50097, 50131, 53000, 53001, 53002, 53011),
    *(530001, 530002, 530003, 530004, 530005, 530021, 530032, 530034, 530035),
    phrases=(
        r"blocked by Conditional Access policies",
        r"Your device is required to be managed",
        r"\bDevice is not in required device state",
    ),
)
AADSTS_700082 = aadsts_symptom(
    700082,
    *(700084, 70008, 70043, 50173, 50132, 50133, 50089),
    phrases=(
        r"[Tt]he refresh token has expired",
        r"provided grant has expired due to it being revoked",
        r"refresh token has expired or is invalid due to sign-in frequency",
    ),
)
AADSTS_50126 = aadsts_symptom(
    50126,
    *(50053, 50055, 50056, 50057),
    phrases=(r"Error validating credentials due to invalid username or password",),
)
AADSTS_50020 = aadsts_symptom(
    50020,
    *(50034, 500021, 500022, 500212, 500213, 90072, 16000, 51004),
    phrases=(
        r"from identity provider '?.{1,120}?'? does not exist in tenant",
        r"[Tt]he user account .{1,120}? does not exist in the .{1,120}? directory",
    ),
)
AADSTS_65001 = aadsts_symptom(65001, 90094, phrases=(r"has not consented to use the application",))
AADSTS_500011 = aadsts_symptom(
    500011,
    *(50001, 650052, 650057, 70011),
    phrases=(
        r"resource principal named .{1,200}? was not found in the tenant",
        r"The resource is disabled or does not exist",
    ),
)
AADSTS_7000112 = aadsts_symptom(7000112, phrases=(r"Application '[0-9a-f-]{36}'\(.{0,120}?\) is disabled",))
AADSTS_700027 = aadsts_symptom(
    700027,
    *(700030, 700021, 700023, 50027, 50048),
    phrases=(
        r"[Cc]lient assertion (?:contains an invalid signature|failed signature validation)",
        r"certificate used to sign the client assertion",
    ),
)
AADSTS_50013 = aadsts_symptom(50013, 500133)
AADSTS_50196 = aadsts_symptom(50196, 90055, 90033, 90006)
AADSTS_90038 = aadsts_symptom(90038, 900382, 900432, 1000104)


_refusal = partial(asking_nothing, family="signin", link=pages.ENTRA_CODES)


ENTRA_MFA_REQUIRED = _refusal(
    "entra-mfa-required",
    AADSTS_50076,
    title="Entra asks the user for a second factor, which nobody gave",
    meaning="A policy wants multi-factor authentication for this resource. A person can give it in a browser; a"
    " pipeline cannot, and needs an identity of its own instead of a user's.",
    remedies=(_SIGN_IN, "For automation, use a service principal, a managed identity or a federated credential."),
)
ENTRA_CONDITIONAL_ACCESS_BLOCKED = _refusal(
    "entra-conditional-access-blocked",
    AADSTS_53003,
    title="a Conditional Access policy blocks this sign-in",
    meaning="The policy covers the registry's application, or all of them, and the place, the device or the client is"
    " not one that it admits.",
    remedies=(
        _SIGN_IN,
        "Find the policy in Entra's sign-in log by the correlation id; satisfy it, or have this caller excluded.",
    ),
    link=pages.ACR + "container-registry-configure-conditional-access",
)
ENTRA_USER_SESSION_EXPIRED = _refusal(
    "entra-user-session-expired",
    AADSTS_700082,
    title="the login that is stored here has ended; a person has to sign in again",
    meaning="It was not used for too long, its password was changed, or a policy limits how long it counts. No retry"
    " renews it.",
    remedies=(_SIGN_IN, "For automation, use an identity that needs no person."),
)
ENTRA_USER_CREDENTIALS = _refusal(
    "entra-user-credentials",
    AADSTS_50126,
    title="Entra does not accept the user's name and password",
    meaning="The password is wrong or has expired, or the account is locked or disabled; the number says which.",
    remedies=(
        "Sign in at https://myaccount.microsoft.com to see what is asked of the account.",
        "For automation, use an identity that is no person's.",
    ),
)
ENTRA_GUEST_OR_TENANT_RESTRICTION = _refusal(
    "entra-guest-or-tenant-restriction",
    AADSTS_50020,
    title="the account does not exist in tenant {tenant_id}, or may not sign in to it",
    meaning="The account belongs to another tenant and is no guest in this one, the name is misspelt, or the network"
    " restricts which tenants may be used.",
    remedies=(
        "az login --tenant <tenant id>",
        "Give the tenant that the account belongs to, or have the account invited to the registry's tenant.",
    ),
)
ENTRA_CONSENT_MISSING = _refusal(
    "entra-consent-missing",
    AADSTS_65001,
    title="nobody has consented to the application in this tenant",
    meaning="An application may act for users, or in another tenant, once an administrator there has agreed to it.",
    remedies=("az ad app permission admin-consent --id {client_id}",),
)
ENTRA_ACR_RESOURCE_UNAVAILABLE = _refusal(
    "entra-acr-resource-unavailable",
    AADSTS_500011,
    title="tenant {tenant_id} has no application for the resource that was asked for",
    meaning="The scope is misspelt, the request went to another cloud, or the tenant has switched off the application"
    " Azure Container Registry, which every Entra token for a registry is made for.",
    remedies=(
        "az ad sp list --filter \"displayName eq 'Azure Container Registry'\" -o table",
        "Ask for the scope https://containerregistry.azure.net/.default, at the authority of the registry's cloud.",
    ),
)
ENTRA_APP_DISABLED = _refusal(
    "entra-app-disabled",
    AADSTS_7000112,
    title="application {client_id} is disabled",
    meaning="An administrator, or Microsoft, has switched it off in this tenant. Its secrets are not looked at.",
    remedies=("az ad sp update --id {client_id} --set accountEnabled=true",),
)
ENTRA_SP_CERTIFICATE_INVALID = _refusal(
    "entra-sp-certificate-invalid",
    AADSTS_700027,
    AADSTS_50013,
    title="Entra does not accept what application {client_id} signed with its certificate",
    meaning="The certificate was never uploaded to the application, was replaced since or has expired, or the assertion"
    " names another application or audience.",
    remedies=(
        "az ad app credential list --id {client_id} --cert -o table",
        "az ad app credential reset --id {client_id} --cert @certificate.pem --append",
    ),
    link=pages.ACR + "container-registry-auth-service-principal#use-credentials-with-azure-services",
)
ENTRA_THROTTLED = _refusal(
    "entra-throttled",
    AADSTS_50196,
    title="Entra limits the rate of this caller's requests, or has a passing fault",
    meaning="The same client asked the same thing in a loop, or Entra asks to come back later.",
    remedies=("Wait, then check again.", "Let clients keep a token until it ends instead of asking for each use."),
    transient=True,
)
ENTRA_NATIONAL_CLOUD_MISMATCH = _refusal(
    "entra-national-cloud-mismatch",
    AADSTS_90038,
    title="the identity belongs to another cloud than {authority}",
    meaning="Each cloud has an Entra of its own, and none of them knows the identities of another.",
    remedies=("az cloud list -o table", "Set AZURE_AUTHORITY_HOST, or the cloud of az, to the identity's own."),
)
