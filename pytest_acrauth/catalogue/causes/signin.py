"""Family ``signin``: Entra refuses a person or an application for reasons of policy, state or consent."""

from __future__ import annotations

from functools import partial

from pytest_acrauth.catalogue import pages
from pytest_acrauth.catalogue.shape import asking_nothing
from pytest_acrauth.catalogue.symptoms import entra

_SIGN_IN = "az login --tenant {tenant_id} --scope https://containerregistry.azure.net/.default"
_refusal = partial(asking_nothing, family="signin", link=pages.ENTRA_CODES)

ENTRA_MFA_REQUIRED = _refusal(
    "entra-mfa-required",
    entra.AADSTS_50076,
    title="Entra asks the user for a second factor, which nobody gave",
    meaning="A policy wants multi-factor authentication for this resource. A person can give it in a browser; a"
    " pipeline cannot, and needs an identity of its own instead of a user's.",
    remedies=(_SIGN_IN, "For automation, use a service principal, a managed identity or a federated credential."),
)
ENTRA_CONDITIONAL_ACCESS_BLOCKED = _refusal(
    "entra-conditional-access-blocked",
    entra.AADSTS_53003,
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
    entra.AADSTS_700082,
    title="the login that is stored here has ended; a person has to sign in again",
    meaning="It was not used for too long, its password was changed, or a policy limits how long it counts. No retry"
    " renews it.",
    remedies=(_SIGN_IN, "For automation, use an identity that needs no person."),
)
ENTRA_USER_CREDENTIALS = _refusal(
    "entra-user-credentials",
    entra.AADSTS_50126,
    title="Entra does not accept the user's name and password",
    meaning="The password is wrong or has expired, or the account is locked or disabled; the number says which.",
    remedies=(
        "Sign in at https://myaccount.microsoft.com to see what is asked of the account.",
        "For automation, use an identity that is no person's.",
    ),
)
ENTRA_GUEST_OR_TENANT_RESTRICTION = _refusal(
    "entra-guest-or-tenant-restriction",
    entra.AADSTS_50020,
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
    entra.AADSTS_65001,
    title="nobody has consented to the application in this tenant",
    meaning="An application may act for users, or in another tenant, once an administrator there has agreed to it.",
    remedies=("az ad app permission admin-consent --id {client_id}",),
)
ENTRA_ACR_RESOURCE_UNAVAILABLE = _refusal(
    "entra-acr-resource-unavailable",
    entra.AADSTS_500011,
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
    entra.AADSTS_7000112,
    title="application {client_id} is disabled",
    meaning="An administrator, or Microsoft, has switched it off in this tenant. Its secrets are not looked at.",
    remedies=("az ad sp update --id {client_id} --set accountEnabled=true",),
)
ENTRA_SP_CERTIFICATE_INVALID = _refusal(
    "entra-sp-certificate-invalid",
    entra.AADSTS_700027,
    entra.AADSTS_50013,
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
    entra.AADSTS_50196,
    title="Entra limits the rate of this caller's requests, or has a passing fault",
    meaning="The same client asked the same thing in a loop, or Entra asks to come back later.",
    remedies=("Wait, then check again.", "Let clients keep a token until it ends instead of asking for each use."),
    transient=True,
)
ENTRA_NATIONAL_CLOUD_MISMATCH = _refusal(
    "entra-national-cloud-mismatch",
    entra.AADSTS_90038,
    title="the identity belongs to another cloud than {authority}",
    meaning="Each cloud has an Entra of its own, and none of them knows the identities of another.",
    remedies=("az cloud list -o table", "Set AZURE_AUTHORITY_HOST, or the cloud of az, to the identity's own."),
)
