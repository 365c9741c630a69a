"""Family ``signin``: Entra refuses a person or an application for reasons of policy, state or consent."""

from __future__ import annotations

from pytest_acrauth.catalogue import pages
from pytest_acrauth.catalogue.shape import Command, FailureMode
from pytest_acrauth.catalogue.symptoms import entra

_SIGN_IN = "az login --tenant {tenant_id} --scope https://containerregistry.azure.net/.default"

ENTRA_MFA_REQUIRED = FailureMode(
    id="entra-mfa-required",
    title="Entra asks the user for a second factor, which nobody gave",
    seen=(entra.AADSTS_50076,),
    means="A policy wants multi-factor authentication for this resource. A person can give it in a browser; a"
    " pipeline cannot, and needs an identity of its own instead of a user's.",
    fix=(
        Command("az login --tenant {tenant_id} --scope https://containerregistry.azure.net/.default"),
        "For automation, use a service principal, a managed identity or a federated credential.",
    ),
    page=pages.ENTRA_CODES,
)
ENTRA_CONDITIONAL_ACCESS_BLOCKED = FailureMode(
    id="entra-conditional-access-blocked",
    title="a Conditional Access policy blocks this sign-in",
    seen=(entra.AADSTS_53003,),
    means="The policy covers the registry's application, or all of them, and the place, the device or the client"
    " is not one that it admits.",
    fix=(
        Command("az login --tenant {tenant_id} --scope https://containerregistry.azure.net/.default"),
        "Find the policy in Entra's sign-in log by the correlation id; satisfy it, or have this caller excluded.",
    ),
    page=pages.ACR + "container-registry-configure-conditional-access",
)
ENTRA_USER_SESSION_EXPIRED = FailureMode(
    id="entra-user-session-expired",
    title="the login that is stored here has ended; a person has to sign in again",
    seen=(entra.AADSTS_700082,),
    means="It was not used for too long, its password was changed, or a policy limits how long it counts. No"
    " retry renews it.",
    fix=(
        Command("az login --tenant {tenant_id} --scope https://containerregistry.azure.net/.default"),
        "For automation, use an identity that needs no person.",
    ),
    page=pages.ENTRA_CODES,
)
ENTRA_USER_CREDENTIALS = FailureMode(
    id="entra-user-credentials",
    title="Entra does not accept the user's name and password",
    seen=(entra.AADSTS_50126,),
    means="The password is wrong or has expired, or the account is locked or disabled; the number says which.",
    fix=(
        "Sign in at https://myaccount.microsoft.com to see what is asked of the account.",
        "For automation, use an identity that is no person's.",
    ),
    page=pages.ENTRA_CODES,
)
ENTRA_GUEST_OR_TENANT_RESTRICTION = FailureMode(
    id="entra-guest-or-tenant-restriction",
    title="the account does not exist in tenant {tenant_id}, or may not sign in to it",
    seen=(entra.AADSTS_50020,),
    means="The account belongs to another tenant and is no guest in this one, the name is misspelt, or the"
    " network restricts which tenants may be used.",
    fix=(
        Command("az login --tenant <tenant id>"),
        "Give the tenant that the account belongs to, or have the account invited to the registry's tenant.",
    ),
    page=pages.ENTRA_CODES,
)
ENTRA_CONSENT_MISSING = FailureMode(
    id="entra-consent-missing",
    title="nobody has consented to the application in this tenant",
    seen=(entra.AADSTS_65001,),
    means="An application may act for users, or in another tenant, once an administrator there has agreed to it.",
    fix=(Command("az ad app permission admin-consent --id {client_id}"),),
    page=pages.ENTRA_CODES,
)
ENTRA_ACR_RESOURCE_UNAVAILABLE = FailureMode(
    id="entra-acr-resource-unavailable",
    title="tenant {tenant_id} has no application for the resource that was asked for",
    seen=(entra.AADSTS_500011,),
    means="The scope is misspelt, the request went to another cloud, or the tenant has switched off the"
    " application Azure Container Registry, which every Entra token for a registry is made for.",
    fix=(
        Command("az ad sp list --filter \"displayName eq 'Azure Container Registry'\" -o table"),
        "Ask for the scope https://containerregistry.azure.net/.default, at the authority of the registry's cloud.",
    ),
    page=pages.ENTRA_CODES,
)
ENTRA_APP_DISABLED = FailureMode(
    id="entra-app-disabled",
    title="application {client_id} is disabled",
    seen=(entra.AADSTS_7000112,),
    means="An administrator, or Microsoft, has switched it off in this tenant. Its secrets are not looked at.",
    fix=(Command("az ad sp update --id {client_id} --set accountEnabled=true"),),
    page=pages.ENTRA_CODES,
)
ENTRA_SP_CERTIFICATE_INVALID = FailureMode(
    id="entra-sp-certificate-invalid",
    title="Entra does not accept what application {client_id} signed with its certificate",
    seen=(entra.AADSTS_700027, entra.AADSTS_50013),
    means="The certificate was never uploaded to the application, was replaced since or has expired, or the"
    " assertion names another application or audience.",
    fix=(
        Command("az ad app credential list --id {client_id} --cert -o table"),
        Command("az ad app credential reset --id {client_id} --cert @certificate.pem --append"),
    ),
    page=pages.ACR + "container-registry-auth-service-principal#use-credentials-with-azure-services",
)
ENTRA_THROTTLED = FailureMode(
    id="entra-throttled",
    title="Entra limits the rate of this caller's requests, or has a passing fault",
    seen=(entra.AADSTS_50196,),
    means="The same client asked the same thing in a loop, or Entra asks to come back later.",
    fix=(
        "Wait, then check again.",
        "Let clients keep a token until it ends instead of asking for each use.",
    ),
    page=pages.ENTRA_CODES,
    transient=True,
)
ENTRA_NATIONAL_CLOUD_MISMATCH = FailureMode(
    id="entra-national-cloud-mismatch",
    title="the identity belongs to another cloud than {authority}",
    seen=(entra.AADSTS_90038,),
    means="Each cloud has an Entra of its own, and none of them knows the identities of another.",
    fix=(
        Command("az cloud list -o table"),
        "Set AZURE_AUTHORITY_HOST, or the cloud of az, to the identity's own.",
    ),
    page=pages.ENTRA_CODES,
)
