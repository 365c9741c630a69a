"""Family ``signin``: Entra refuses a person or an application for reasons of policy, state or consent."""

from __future__ import annotations

from pytest_acrauth.catalogue import pages
from pytest_acrauth.catalogue.shape import Command, FailureMode
from pytest_acrauth.catalogue.symptoms import entra

_SIGN_IN = Command("az login --tenant {tenant_id} --scope https://containerregistry.azure.net/.default")
_NO_PERSON = "For automation, use an identity that is no person's: a managed identity or a service principal."

ENTRA_MFA_REQUIRED = FailureMode(
    id="entra-mfa-required",
    title="Entra wants a second factor from this user, and has no valid one",
    seen=(entra.AADSTS_50076,),
    signs=(entra.AADSTS_50076,),
    certain="TODO",
    means="Azure itself asks it of every user who changes resources by az, PowerShell or another tool, and no policy"
    " switches that off; a tenant's own policy can ask it, too. A person gives it in a browser, a pipeline cannot."
    " With AADSTS50072, 50079 or 53004 the user has none set up yet; with 50078 it was given too long ago.",
    look=("If az printed a sign-in command of its own, with --claims-challenge, that is the one to use.",),
    fix=(
        "The user signs in again in a browser, and sets up a second factor if asked to:",
        _SIGN_IN,
    ),
    instead=(_NO_PERSON,),
    page=pages.ENTRA_ERROR,
    unlike=(
        "AccessDenied: MultiFactorAuthentication failed with invalid MFA one time pass code",
        "remote: error: two-factor authentication is required for this organization",
    ),
)
ENTRA_CONDITIONAL_ACCESS_BLOCKED = FailureMode(
    id="entra-conditional-access-blocked",
    title="Entra blocks this sign-in for its place, its device, its client or a risk",
    seen=(entra.AADSTS_53003,),
    signs=(entra.AADSTS_53003,),
    certain="TODO",
    means="The password or secret was not the trouble. Most of these numbers mean a Conditional Access policy, a rule"
    " that the tenant's administrators made; 50097, 53000 and 53001 want a device that the organisation manages. There"
    " is no policy to find behind 530035 (security defaults, which refuse old ways to sign in), 53011 and 530034 (the"
    " account is thought to be at risk in its home tenant).",
    look=(
        (
            "An administrator (Security Reader) finds the sign-in in Entra's sign-in log by the trace id or"
            " correlation id of the message; the tab Conditional Access names the policy."
        ),
    ),
    fix=(
        "Sign in from a place and a device that the policy admits, in a browser and not with a name and password:",
        _SIGN_IN,
        "If this caller is meant to be admitted, ask the policy's owner, and name the trace id.",
    ),
    instead=(
        (
            "For automation, use a service principal or a managed identity: policies for users do not cover them,"
            " though a policy for service principals can."
        ),
    ),
    page=pages.ENTRA_ERROR,
    unlike=(
        "Access has been blocked by the administrator of this Wi-Fi",
        "denied: client with IP '203.0.113.7' is not allowed access.",
    ),
)
ENTRA_USER_SESSION_EXPIRED = FailureMode(
    id="entra-user-session-expired",
    title="the login that is stored here has ended; the person has to sign in again",
    seen=(entra.AADSTS_700082,),
    signs=(entra.AADSTS_700082,),
    certain="TODO",
    means="It was not used for too long, was revoked, its password was changed, or a policy limits how long it counts."
    " No retry renews it.",
    fix=("The person whose login it is signs in again:", _SIGN_IN),
    instead=(_NO_PERSON,),
    page=pages.ENTRA_ERROR,
    unlike=(
        "invalid_grant: Token has been expired or revoked.",
        "The SSO session associated with this profile has expired or is otherwise invalid. Run aws sso login",
    ),
)
ENTRA_USER_CREDENTIALS = FailureMode(
    id="entra-user-credentials",
    title="Entra refuses this user's account or password",
    seen=(entra.AADSTS_50126,),
    signs=(entra.AADSTS_50126,),
    certain="TODO",
    means="The number says why. 50126 and 50056: the name or the password is wrong. 50055: the password has expired."
    " 50057: the account is disabled. 50053: it is locked after too many wrong passwords, or the sign-in came from an"
    " address that attacks others. Trying again with guesses locks it.",
    look=("An administrator sees which of the reasons it was in Entra's sign-in log, by the trace id.",),
    fix=(
        (
            "The person signs in at https://myaccount.microsoft.com, which says what is wrong and lets an expired"
            " password be changed."
        ),
        "A locked or disabled account (50053, 50057) is for the organisation's help desk; a lock ends by itself.",
    ),
    instead=(_NO_PERSON,),
    page=pages.ENTRA_ERROR,
    unlike=(
        'FATAL: password authentication failed for user "alice"',
        (
            "Error response from daemon: Get https://registry-1.docker.io/v2/: unauthorized: incorrect username or"
            " password"
        ),
    ),
)
ENTRA_GUEST_OR_TENANT_RESTRICTION = FailureMode(
    id="entra-guest-or-tenant-restriction",
    title="{tenant_id} does not admit this account",
    seen=(entra.AADSTS_50020,),
    signs=(entra.AADSTS_50020,),
    certain="TODO",
    means="A tenant is an organisation's own directory. The account is not in it and no guest of it (50020, 50034,"
    " 51004, 90072, 16000), or its name is misspelt. With 500021 or 500022 this network lets its users into some"
    " tenants only; 500212 is a rule of the account's own tenant, 500213 one of this tenant.",
    look=(
        "See with which account and which tenant az signs in:",
        Command('az account show --query "[user.name,tenantId]" -o tsv'),
    ),
    fix=(
        "Sign in with an account of this tenant, or name the tenant that the account and the registry belong to:",
        Command("az login --tenant TENANT_ID"),
        "If it is the right account, an administrator of this tenant invites it as a guest.",
        "With 500021 or 500022, ask whoever runs the network; with 500212 or 500213, the tenant whose rule it is.",
    ),
    page=pages.ENTRA_ERROR,
    unlike=(
        "User 'alice' does not exist in realm 'master'",
        "ERROR 1045 (28000): Access denied for user 'alice'@'10.0.0.4'",
    ),
)
ENTRA_CONSENT_MISSING = FailureMode(
    id="entra-consent-missing",
    title="nobody has consented to the application in this tenant",
    seen=(entra.AADSTS_65001,),
    signs=(entra.AADSTS_65001,),
    certain="TODO",
    means="An application may act for users, or in another tenant, only once somebody there has agreed (consented) to"
    " what it asks for. With AADSTS90094 only an administrator can.",
    look=(
        "See what the application asks for, and whether that is wanted:",
        Command("az ad app permission list --id {client_id}"),
    ),
    fix=(
        "Where the tenant lets users agree for themselves, sign in once in a browser with that application.",
        (
            "Otherwise an administrator of the tenant (Cloud Application Administrator) agrees for everybody in it, to"
            " all that the list shows:"
        ),
        Command("az ad app permission admin-consent --id {client_id}"),
    ),
    page=pages.ENTRA_ERROR,
    unlike=(
        "Error 403: access_denied The developer hasn't given you access to this app.",
        "Resource not accessible by integration",
    ),
)
ENTRA_ACR_RESOURCE_UNAVAILABLE = FailureMode(
    id="entra-acr-resource-unavailable",
    title="Entra issues no token for the resource or scope that was asked for",
    seen=(entra.AADSTS_500011,),
    signs=(entra.AADSTS_500011,),
    certain="TODO",
    means="A token is made for one resource; for registries that is the application Azure Container Registry. 500011,"
    " 50001 and 650052: the tenant has no such application, has switched it off, or the request went to another cloud."
    " 650057: the client's own registration does not list the resource. 70011: the scope is malformed.",
    look=(
        "See whether the tenant has the application (by its id, the same in every tenant), and whether it is enabled:",
        Command(
            'az ad sp show --id 6a0ec4d3-30cb-4a83-91c0-ae56bc0e3d26 --query "[displayName,accountEnabled]" -o tsv'
        ),
    ),
    fix=(
        "Ask for the scope https://containerregistry.azure.net/.default, at the Entra of the registry's cloud.",
        "With 650057, the owner of the client's registration adds Azure Container Registry to its API permissions.",
        (
            "If the application is disabled, ask the tenant's administrator why. If it is missing, the administrator"
            " adds it:"
        ),
        Command("az ad sp create --id 6a0ec4d3-30cb-4a83-91c0-ae56bc0e3d26"),
    ),
    instead=(
        "In a disconnected or Azure Local cloud without that resource, tell az the one that its operator names:",
        Command("az config set acr.audience_resource=AUDIENCE"),
    ),
    page=pages.ENTRA_ERROR,
    unlike=(
        "(ResourceNotFound) The Resource 'Microsoft.ContainerRegistry/registries/myacr' was not found.",
        "invalid_scope: The requested scope is invalid, unknown, or malformed.",
    ),
)
ENTRA_APP_DISABLED = FailureMode(
    id="entra-app-disabled",
    title="{client_id} is disabled in its tenant",
    seen=(entra.AADSTS_7000112,),
    signs=(entra.AADSTS_7000112,),
    certain="TODO",
    means="An administrator, or Microsoft, has switched the application off, for example because a secret of it leaked."
    " Its secrets are not looked at meanwhile.",
    look=(
        Command('az ad sp show --id {client_id} --query "[displayName,accountEnabled]" -o tsv'),
        "Entra's audit log says who switched it off, and when (activity Update service principal).",
    ),
    fix=(
        "Ask whoever switched it off for the reason.",
        (
            "Once the reason is gone, an administrator (Cloud Application Administrator) switches it on again, for"
            " everybody who uses it:"
        ),
        Command("az ad sp update --id {client_id} --set accountEnabled=true"),
    ),
    instead=("Use another identity that is meant for this registry.",),
    page=pages.ENTRA_ERROR,
    unlike=(
        "AADSTS50057: The user account is disabled.",
        "PERMISSION_DENIED: Service account build@example.iam.gserviceaccount.com is disabled.",
    ),
)
ENTRA_SP_CERTIFICATE_INVALID = FailureMode(
    id="entra-sp-certificate-invalid",
    title="Entra does not accept the signed assertion of {client_id}",
    seen=(entra.AADSTS_700027, entra.AADSTS_50013),
    signs=(entra.AADSTS_700027,),
    certain="TODO",
    means="Instead of a secret, the application presented an assertion: a short statement, signed with its certificate"
    " or by another service that it trusts. The certificate was never given to the application, was replaced or has"
    " expired, or the assertion is malformed or made for another application or audience. 50027 and 50013 are said of"
    " any such token, also where no certificate is involved.",
    look=(
        "See which certificates the application has, and compare with the one in use here:",
        Command(
            "az ad app credential list --id {client_id} --cert"
            ' --query "[].{{thumbprint:customKeyIdentifier,ends:endDateTime}}" -o table'
        ),
        Command("openssl x509 -in CERTIFICATE.pem -noout -fingerprint -sha1 -enddate"),
    ),
    fix=(
        "Give this caller a certificate that the application has, with its private key.",
        "Or an owner of the application adds the public part of this caller's certificate beside the others:",
        Command("az ad app credential reset --id {client_id} --cert @CERTIFICATE.pem --append -o none"),
    ),
    page=pages.ENTRA_ERROR,
    unlike=(
        "x509: certificate signed by unknown authority",
        "JsonWebTokenError: invalid signature",
    ),
)
ENTRA_THROTTLED = FailureMode(
    id="entra-throttled",
    title="Entra puts this caller off: it asks too often, or Entra has a passing fault",
    seen=(entra.AADSTS_50196,),
    signs=(entra.AADSTS_50196,),
    certain="TODO",
    means="With 50196 one client asked the same thing in a loop; with 90055 too many requests came for the whole"
    " tenant; 90033 and 90006 are faults of Entra's own that pass.",
    look=(
        "See who asks so often: Entra's sign-in log shows the application, and how many sign-ins it made in an hour.",
    ),
    fix=(
        "Wait some minutes, then check again.",
        (
            "Let the client keep its token until it ends, about an hour: sign in once for each job of a pipeline, not"
            " for each command, and let retries wait longer each time."
        ),
    ),
    page=pages.ENTRA_ERROR,
    transient=True,
    unlike=(
        "toomanyrequests: You have reached your pull rate limit.",
        "ThrottlingException: Rate exceeded",
    ),
)
ENTRA_NATIONAL_CLOUD_MISMATCH = FailureMode(
    id="entra-national-cloud-mismatch",
    title="the identity belongs to another cloud than {registry}",
    seen=(entra.AADSTS_90038,),
    signs=(entra.AADSTS_90038,),
    certain="TODO",
    means="Azure's clouds (public, US government, China and others) each have an Entra of their own, and none knows the"
    " identities of another. Guests from another cloud are possible only where both tenants allow it.",
    look=(
        "See which cloud az works in; the suffix of the registry's login server shows the registry's:",
        Command("az cloud show --query name -o tsv"),
        Command("az cloud list -o table"),
    ),
    fix=(
        (
            "Use an identity of the registry's cloud. For az, change the cloud, which holds for every later command of"
            " this user, and sign in there:"
        ),
        Command("az cloud set --name {cloud}"),
        "Programs that use the Azure SDK take the address of that cloud's Entra from AZURE_AUTHORITY_HOST.",
    ),
    page=pages.ENTRA_ERROR,
    unlike=("AADSTS90002: Tenant 'example' not found. Check to make sure you have the correct tenant ID.",),
)
