"""Family ``signin``: Entra refuses a person or an application for reasons of policy, state or consent."""

from __future__ import annotations

from pytest_acrauth.catalogue import pages
from pytest_acrauth.catalogue.causes.signin_questions import APP_DISABLED, ASKED_HERE, about
from pytest_acrauth.catalogue.questions.refusals import Topic
from pytest_acrauth.catalogue.shape import Command, FailureMode, Occurs
from pytest_acrauth.catalogue.symptoms import access_token, entra

_SIGN_IN = Command("az login --tenant {tenant_id} --scope https://containerregistry.azure.net/.default")
_NO_PERSON = "For automation, use an identity that is no person's: a managed identity or a service principal."

ENTRA_MFA_REQUIRED = FailureMode(
    id="entra-mfa-required",
    title="Entra wants a second factor from this user",
    brief="no second factor",
    seen=entra.refusals("entra-mfa-required"),
    signs=entra.proofs("entra-mfa-required"),
    certain="The number is said of a second factor that is lacking, not set up, or given too long ago.",
    occurs=Occurs.OFTEN,
    means="Azure itself asks a second factor of every user who changes resources by az, PowerShell or another tool, and"
    " no policy switches that off; a tenant's own policy can ask it, too. A person gives it in a browser, a pipeline"
    " cannot."
    " With AADSTS50072, 50079, 53004 or 53010 the user has none set up yet; with 50078 it was given too long ago.",
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
    title="a tenant policy blocks this sign-in",
    brief="Conditional Access policy",
    seen=entra.refusals("entra-conditional-access-blocked"),
    signs=entra.proofs("entra-conditional-access-blocked"),
    certain="The number tells of a policy that did not admit the sign-in.",
    occurs=Occurs.OFTEN,
    means="The password or secret was not the trouble. A Conditional Access policy, a rule that the tenant's"
    " administrators made, did not admit this sign-in for its place, its device, its client or a risk; 50097, 53000 and"
    " 53001 want a device that the organisation manages, 50158 something beyond the password.",
    look=(
        (
            "An administrator (Security Reader) finds the sign-in in Entra's sign-in log by the trace id or"
            " correlation id of the message; the tab Conditional Access names the policy."
        ),
    ),
    fix=(
        "Sign in in a browser, from a place and a device that the policy admits:",
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
ENTRA_SECURITY_DEFAULTS = FailureMode(
    id="entra-security-defaults",
    title="security defaults refuse this way to sign in",
    brief="security defaults",
    seen=entra.refusals("entra-security-defaults"),
    signs=entra.proofs("entra-security-defaults"),
    certain="AADSTS530035 is said by security defaults alone.",
    means="Security defaults are rules that Microsoft made, for tenants without policies of their own. They refuse old"
    " ways to sign in, such as a name and a password handed over by a program, and what they take to be unsafe. This"
    " tenant has them on, so there is no policy to look for.",
    look=("An administrator sees the sign-in in Entra's sign-in log, by the trace id of the message.",),
    fix=("Sign in in a browser, not with a name and password:", _SIGN_IN),
    instead=(_NO_PERSON,),
    page=pages.ENTRA_ERROR,
    samples=("AADSTS530035: Access has been blocked by security defaults.",),
    not_emulated="Security defaults refuse passwords that a program hands over, and no check does that.",
    unlike=("AADSTS53003: Access has been blocked by Conditional Access policies.",),
)
ENTRA_ACCOUNT_AT_RISK = FailureMode(
    id="entra-account-at-risk",
    title="the account's home tenant takes it to be at risk",
    brief="account at risk",
    seen=entra.refusals("entra-account-at-risk"),
    signs=entra.proofs("entra-account-at-risk"),
    certain="AADSTS53011 and 530034 are said of an account's risk in its home tenant, and of nothing else.",
    means="The home tenant of the account, a guest's or a partner administrator's, reckons that somebody else has its"
    " password, and this tenant lets no account in that is at risk. Another tenant without such a policy still does.",
    look=("An administrator of the home tenant sees why, among Entra's risky users; this tenant's do not see it.",),
    fix=(
        "The person resets the password at https://passwordreset.microsoftonline.com, which clears the risk.",
        "Where that is not open to them, an administrator of the home tenant resets it, or dismisses the risk.",
    ),
    instead=(_NO_PERSON,),
    page="https://learn.microsoft.com/entra/id-protection/concept-identity-protection-b2b#unblock-your-account",
    samples=("AADSTS53011: User blocked due to risk on home tenant.",),
    unlike=("AADSTS53003: Access has been blocked by Conditional Access policies.",),
)
ENTRA_USER_SESSION_EXPIRED = FailureMode(
    id="entra-user-session-expired",
    title="the stored login of this person has ended",
    brief="ended login of a person",
    seen=entra.refusals("entra-user-session-expired"),
    signs=entra.proofs("entra-user-session-expired"),
    certain="The number is about the stored sign-in of a person, and says that it no longer counts.",
    occurs=Occurs.OFTEN,
    means="The login that is stored here was not used for too long or was revoked, the person's password was changed,"
    " or a policy limits how long a login counts. No retry renews it.",
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
    brief="user's account or password",
    seen=entra.refusals("entra-user-credentials"),
    signs=entra.proofs("entra-user-credentials"),
    certain="The number is about a person's own account or its password.",
    when=(about(Topic.LOCKED, other=(Topic.ADDRESS,)),),
    occurs=Occurs.OFTEN,
    means="The number says why. 50126, 50064 and 50056: the name or the password is wrong. 50055 and 50144: the"
    " password has expired. 50057: the account is disabled. 500341: it was deleted. 50053: it is locked after too many"
    " wrong passwords. Trying again with guesses locks it.",
    look=("An administrator sees which of the reasons it was in Entra's sign-in log, by the trace id.",),
    fix=(
        (
            "The person signs in at https://myaccount.microsoft.com, which says what is wrong and lets an expired"
            " password be changed; guesses lock the account."
        ),
        "A disabled account (50057) is for the help desk; a locked one (50053) opens by itself.",
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
ENTRA_ADDRESS_BLOCKED = FailureMode(
    id="entra-address-blocked",
    title="Entra takes this address for an attacker's",
    brief="address that Entra blocks",
    seen=entra.refusals("entra-address-blocked"),
    when=(about(Topic.ADDRESS, other=(Topic.LOCKED,)),),
    occurs=Occurs.SELDOM,
    means="AADSTS50053 is said of a locked account, and, as here, of a sign-in from an address from which others are"
    " attacked, such as that of a shared proxy or VPN. Name and password do not matter.",
    look=("Entra's sign-in log shows the address, by the trace id of the message.",),
    fix=("Sign in from another network; the owner of this address stops what attacks from it.",),
    instead=(_NO_PERSON,),
    page=pages.ENTRA_ERROR,
    samples=("AADSTS50053: Sign-in was blocked because it came from an IP address with malicious activity.",),
    not_emulated="Entra says it of passwords, and no check hands one over.",
)
ENTRA_GUEST_OR_TENANT_RESTRICTION = FailureMode(
    id="entra-guest-or-tenant-restriction",
    title="{tenant_id} is closed to this account",
    brief="account not admitted to the tenant",
    seen=entra.refusals("entra-guest-or-tenant-restriction"),
    signs=entra.proofs("entra-guest-or-tenant-restriction"),
    certain="The number says that the tenant, or a rule on tenants, does not admit this account.",
    means="A tenant is an organisation's own directory. The account is not in it and no guest of it, or its name is"
    " misspelt. With 50002, 500021 or 500022 this network lets its users into some tenants only; 500212 is a rule of"
    " the account's own tenant, 500213 one of this tenant.",
    look=(
        "See with which account and which tenant az signs in:",
        Command('az account show --query "[user.name,tenantId]" -o tsv'),
    ),
    fix=(
        "Sign in with an account of this tenant, or to the tenant of the account and the registry:",
        Command("az login --tenant TENANT_ID"),
        "If it is the right account, an administrator of this tenant invites it as a guest.",
        "With 50002, 500021 or 500022 ask whoever runs the network, with 500212 or 500213 the rule's tenant.",
    ),
    page=pages.ENTRA_ERROR,
    unlike=(
        "User 'alice' does not exist in realm 'master'",
        "ERROR 1045 (28000): Access denied for user 'alice'@'10.0.0.4'",
    ),
)
ENTRA_CONSENT_MISSING = FailureMode(
    id="entra-consent-missing",
    title="this tenant has not consented to the application",
    brief="no consent",
    seen=entra.refusals("entra-consent-missing"),
    signs=entra.proofs("entra-consent-missing"),
    certain="The number says that consent is missing or was declined, and nothing else.",
    means="An application may act for users, or in another tenant, only once somebody there has agreed (consented) to"
    " what it asks for. With AADSTS90094 or 90095 only an administrator can; with 65004 the user declined.",
    look=(
        "See what the application asks for, and whether that is wanted:",
        Command("az ad app permission list --id {client_id}"),
    ),
    fix=(
        "Where users may agree for themselves, sign in once in a browser with that application.",
        (
            "Otherwise an administrator of the tenant (Cloud Application Administrator) agrees for everybody in it, to"
            " all that the list shows:"
        ),
        Command("az ad app permission admin-consent --id {client_id}"),
    ),
    page=pages.ENTRA_ERROR,
    samples=("AADSTS65001: The user or administrator has not consented to use the application with ID 'ci'.",),
    not_emulated="Checks sign people in with az alone, which nobody has to consent to.",
    unlike=(
        "Error 403: access_denied The developer hasn't given you access to this app.",
        "Resource not accessible by integration",
    ),
)
ENTRA_ASSIGNMENT_REQUIRED = FailureMode(
    id="entra-assignment-required",
    title="an application admits only assigned callers",
    brief="no assignment to the application",
    seen=entra.refusals("entra-assignment-required"),
    signs=entra.proofs("entra-assignment-required"),
    certain="AADSTS50105 and 501051 name the application, and say that whoever signs in is not assigned to it.",
    occurs=Occurs.SELDOM,
    means="An administrator can set an application, the client's or that of the resource, to admit only users, groups"
    " and applications that are assigned to it, and this identity is not. These assignments are Entra's own: a role on"
    " the registry is none.",
    look=("Entra's message names the application that requires it.",),
    fix=(
        (
            "A user (50105): a Cloud Application Administrator assigns the user, or a group that it is itself in, under"
            " Enterprise applications, the application, Users and groups."
        ),
        (
            "An application (501051) cannot be chosen there: its own registration asks for an app role of the other"
            " under API permissions, and an administrator consents. A managed identity gets the role by Microsoft"
            " Graph."
        ),
    ),
    instead=("Use a client or an identity that is assigned already.",),
    page="https://learn.microsoft.com/entra/identity-platform/howto-add-app-roles-in-apps"
    "#assign-app-roles-to-applications",
    samples=("AADSTS50105: Your administrator has configured the application Microsoft Azure CLI to block users.",),
    unlike=("AADSTS65001: The user or administrator has not consented to use the application.",),
)
ENTRA_ACR_RESOURCE_UNAVAILABLE = FailureMode(
    id="entra-acr-resource-unavailable",
    title="the resource is missing or disabled",
    brief="resource missing in the tenant",
    seen=entra.refusals("entra-acr-resource-unavailable"),
    signs=entra.proofs("entra-acr-resource-unavailable"),
    certain="The number says that the tenant that was asked lacks the resource, or has it off.",
    occurs=Occurs.OFTEN,
    means="An Entra token is made for one resource; for registries that is the application Azure Container Registry."
    " The tenant that was asked has no such application, has switched it off, or is one of another cloud.",
    look=(
        "See whether the tenant has that application (its id is the same everywhere), enabled:",
        Command(
            'az ad sp show --id 6a0ec4d3-30cb-4a83-91c0-ae56bc0e3d26 --query "[displayName,accountEnabled]" -o tsv'
        ),
    ),
    fix=(
        "Ask for the scope https://containerregistry.azure.net/.default, at the Entra of the registry's cloud.",
        (
            "If it is disabled, the tenant's administrator knows why. If it is missing, an administrator (Cloud"
            " Application Administrator) adds it:"
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
ENTRA_SCOPE_INVALID = FailureMode(
    id="entra-scope-invalid",
    title="the scope that was asked for is malformed",
    brief="malformed scope",
    seen=entra.refusals("entra-scope-invalid"),
    signs=entra.proofs("entra-scope-invalid"),
    certain="The number is about the form of the scope alone.",
    when=(about(Topic.SCOPE, other=(Topic.SIGNATURE,)),),
    not_when=(ASKED_HERE.is_(True),),
    means="Programs ask for an Entra token by a scope: the resource's address, and what of it. For a registry it is"
    " https://containerregistry.azure.net/.default, with one slash before the dot, and no other beside it.",
    look=("Entra's message repeats the scope as it was sent.",),
    fix=("Correct the scope where the program that asked reads it.",),
    page=pages.ENTRA_ERROR,
    samples=("AADSTS1002012: The provided value for scope https://containerregistry.azure.net is not valid.",),
    not_emulated="The scope that checks ask for is right.",
    unlike=(
        "AADSTS500011: The resource principal named https://example.com was not found in the tenant named Contoso.",
        "invalid_scope: The requested scope is invalid, unknown, or malformed.",
    ),
)
ENTRA_RESOURCE_NOT_LISTED = FailureMode(
    id="entra-resource-not-listed",
    title="the client's permissions lack the resource",
    brief="resource not among permissions",
    seen=entra.refusals("entra-resource-not-listed"),
    signs=entra.proofs("entra-resource-not-listed"),
    certain="AADSTS650057 says that the resource is not among the permissions of the client's registration.",
    occurs=Occurs.SELDOM,
    means="A client that signs people in may ask only for the resources that its own registration in Entra lists as"
    " permissions. Azure Container Registry is not among them.",
    look=(
        "See what the registration lists; the registry's application is 6a0ec4d3-30cb-4a83-91c0-ae56bc0e3d26:",
        Command("az ad app permission list --id {client_id}"),
    ),
    fix=("The registration's owner adds Azure Container Registry to its API permissions.",),
    page=pages.ENTRA_ERROR,
    samples=("AADSTS650057: Invalid resource. Resource value from request: https://containerregistry.azure.net.",),
    not_emulated="Checks sign people in with az alone, which may ask for registries.",
    unlike=("AADSTS65001: The user or administrator has not consented to use the application.",),
)
ENTRA_APP_DISABLED = FailureMode(
    id="entra-app-disabled",
    title="{client_id} is disabled in its tenant",
    brief="disabled application",
    seen=(*entra.refusals("entra-app-disabled"), access_token.INVALID_CLIENT),
    when=(APP_DISABLED.is_(True),),
    occurs=Occurs.SELDOM,
    means="An administrator, or Microsoft, has switched the application off, for example because a secret of it leaked."
    " Until it is on again, no secret of it counts.",
    look=("Entra's audit log says who switched it off, and when (activity Update service principal).",),
    fix=(
        "Ask whoever switched it off for the reason.",
        "Once that is gone, a Cloud Application Administrator switches it on, for all who use it:",
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
    title="Entra refuses the assertion's signature",
    brief="signature not accepted",
    seen=entra.refusals("entra-sp-certificate-invalid"),
    when=(about(Topic.SIGNATURE),),
    occurs=Occurs.OFTEN,
    means="Instead of a secret, the application presented an assertion: a short statement, signed with its certificate"
    " or by another service that it trusts. The certificate was never given to the application, was replaced or does"
    " not count yet, the service signs with other keys than it publishes, or the assertion is made for another"
    " application or audience.",
    look=(
        "See which certificates the application has, and compare with the one in use here:",
        Command(
            "az ad app credential list --id {client_id} --cert"
            ' --query "[].{{thumbprint:customKeyIdentifier,ends:endDateTime}}" -o table'
        ),
        Command("openssl x509 -in CERTIFICATE.pem -noout -fingerprint -sha1 -dates"),
    ),
    fix=(
        "Give this caller a certificate that the application has, with its private key.",
        "Or the application's owner adds the public part of this caller's certificate to the others:",
        Command("az ad app credential reset --id {client_id} --cert @CERTIFICATE.pem --append -o none"),
    ),
    page=pages.ENTRA_ERROR,
    unlike=(
        "x509: certificate signed by unknown authority",
        "JsonWebTokenError: invalid signature",
    ),
)
ENTRA_SP_CERTIFICATE_EXPIRED = FailureMode(
    id="entra-sp-certificate-expired",
    title="the application's certificate has expired",
    brief="expired certificate of the caller",
    seen=entra.refusals("entra-sp-certificate-expired"),
    when=(about(Topic.KEY_ENDED),),
    means="Instead of a secret, the application signs an assertion with its certificate. Entra knows the certificate,"
    " and its end date has passed by Entra's own clock.",
    look=(
        "See the certificate's dates, and whether the application has a newer one:",
        Command("openssl x509 -in CERTIFICATE.pem -noout -fingerprint -sha1 -dates"),
        Command(
            "az ad app credential list --id {client_id} --cert"
            ' --query "[].{{thumbprint:customKeyIdentifier,ends:endDateTime}}" -o table'
        ),
    ),
    fix=(
        "If it has a newer one, give this caller that certificate with its private key.",
        "Otherwise the application's owner adds the public part of a new one beside the others:",
        Command("az ad app credential reset --id {client_id} --cert @CERTIFICATE.pem --append -o none"),
    ),
    page=pages.ENTRA_ERROR,
    unlike=("x509: certificate has expired or is not yet valid: current time is after 2026-01-01T00:00:00Z",),
)
ENTRA_ASSERTION_MALFORMED = FailureMode(
    id="entra-assertion-malformed",
    title="Entra cannot read the assertion",
    brief="unreadable assertion",
    seen=entra.refusals("entra-assertion-malformed"),
    when=(about(Topic.MALFORMED),),
    occurs=Occurs.SELDOM,
    means="Instead of a secret, the application presents an assertion: a short statement, signed by a certificate or by"
    " another service. What was sent is cut off, empty, in quotes, or something else altogether.",
    look=(
        (
            "See, without printing it, whether the file that AZURE_FEDERATED_TOKEN_FILE names holds three parts joined"
            " by dots, on one line, and nothing else."
        ),
    ),
    fix=("Have the pipeline or the cluster write the token anew, whole, on one line and without quotes.",),
    page=pages.ENTRA_ERROR,
    unlike=("JsonWebTokenError: jwt malformed",),
)
ENTRA_THROTTLED = FailureMode(
    id="entra-throttled",
    title="Entra is busy, or was asked too often",
    brief="Entra busy or asked too often",
    seen=entra.refusals("entra-throttled"),
    signs=entra.proofs("entra-throttled"),
    certain="The number puts the caller off, and says nothing of the identity.",
    means="With 50196 one client asked the same thing in a loop; with 90055 too many requests came for the whole"
    " tenant; the other numbers are faults of Entra's own that pass.",
    look=("See who asks so often: Entra's sign-in log shows each application's sign-ins in an hour.",),
    fix=(
        "Wait some minutes, then check again.",
        (
            "Let the client keep its Entra token until it ends, about an hour: sign in once for each job of a pipeline,"
            " not for each command, and let retries wait longer each time."
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
    title="the identity belongs to another cloud",
    brief="identity of another cloud",
    seen=entra.refusals("entra-national-cloud-mismatch"),
    signs=entra.proofs("entra-national-cloud-mismatch"),
    certain="The number says that another cloud's Entra is the one to ask.",
    means="Azure's clouds (public, US government, China and others) each have an Entra of their own, and none knows the"
    " identities of another. That of {registry} does not know this one. Guests from another cloud are possible only"
    " where both tenants allow it.",
    look=(
        "See which cloud az works in; that of the registry shows in its login server's suffix:",
        Command("az cloud show --query name -o tsv"),
    ),
    fix=(
        (
            "Use an identity of the registry's cloud. For az, change the cloud, which holds for every later command of"
            " this user, then sign in there:"
        ),
        Command("az cloud set --name {cloud}"),
        "Programs with the Azure SDK take the address of that cloud's Entra from AZURE_AUTHORITY_HOST.",
    ),
    page=pages.ENTRA_ERROR,
    samples=("AADSTS900432: Confidential Client is not supported in Cross Cloud request.",),
    not_emulated="The emulator has the public cloud alone.",
    unlike=("AADSTS90002: Tenant 'example' not found. Check to make sure you have the correct tenant ID.",),
)
