"""Family ``entra``: Entra refuses to issue a token."""

from __future__ import annotations

from enum import StrEnum

from pytest_acrauth.catalogue import pages
from pytest_acrauth.catalogue.questions.climb import REGISTRY_ANSWERED, USER_KIND
from pytest_acrauth.catalogue.questions.directory import (
    CERTIFICATE_ONLY,
    ENDED_SECRET,
    NO_APPLICATION,
    NO_PRINCIPAL,
    WRONG_SECRET,
    app_credentials,
    application,
    entra_answer,
)
from pytest_acrauth.catalogue.questions.network import PUBLIC_NAMES
from pytest_acrauth.catalogue.shape import Break, Command, FailureMode, Occurs, Question
from pytest_acrauth.catalogue.steps import ADD_SECRET
from pytest_acrauth.catalogue.symptoms import access_token, entra
from pytest_acrauth.model.credential import Kind
from pytest_acrauth.model.evidence import Need


class Ended(StrEnum):
    """What tells whether a client secret has ended."""

    SAID = "yes, Entra says so"
    DATED = "yes, by the dates of every secret that the application and its service principal have"
    OTHER = "no, Entra says otherwise"


def _secret_ended(broken: Break) -> Ended | None:
    """Answer by what Entra says; where nobody could ask it, by the dates in Graph if all have passed."""
    if (said := entra_answer(broken)) is not None:
        return Ended.SAID if said == ENDED_SECRET else Ended.OTHER
    found = app_credentials(broken)
    return Ended.DATED if found is not None and found.all_ended else None


class Presence(StrEnum):
    """What there is of an application in a tenant."""

    NONE = "no"
    REGISTERED = "registered, without a service principal"
    WHOLE = "yes"


def _presence(broken: Break) -> Presence | None:
    """Answer by what Graph says; where nobody could ask it, by whether Entra knows the application's id."""
    if (found := application(broken)) is not None:
        return Presence.WHOLE if found.found else Presence.REGISTERED if found.home else Presence.NONE
    said = entra_answer(broken)
    return None if said is None else _SAID.get(said, Presence.WHOLE)


_SAID = {NO_APPLICATION: Presence.NONE, NO_PRINCIPAL: Presence.REGISTERED}


def _absent(presence: Presence) -> bool | None:
    """Judge whether an application is not there; of one without a service principal Entra may say the same."""
    return None if presence is Presence.REGISTERED else presence is Presence.NONE


ENTRA_DIRECTLY: Question[str] = Question(
    id="entra-directly",
    asks="What does Entra itself answer to this client id and secret?",
    shows="Entra's own answer",
    by_hand=Command(
        'printf %s "$AZURE_CLIENT_SECRET" | curl -sS {authority}/{tenant_id}/oauth2/v2.0/token'
        " -d grant_type=client_credentials -d client_id={client_id}"
        " -d scope=https://containerregistry.azure.net/.default --data-urlencode client_secret@-"
        """ | grep -oE '"(error_description|token_type)":"[^"]*"'"""
    ),
    needs=Need.ENTRA_DIRECT,
    compares=True,
    read=entra_answer,
)
SECRET_ENDED: Question[Ended] = Question(
    id="secret-ended",
    asks="Has the client secret ended?",
    shows="client secret ended",
    by_hand=Command('az ad app credential list --id {client_id} --query "[].endDateTime" -o tsv'),
    needs=Need.ENTRA_DIRECT,
    failing_that=Need.APPLICATION,
    read=_secret_ended,
)
APPLICATION: Question[Presence] = Question(
    id="application",
    asks="Does the application exist in the tenant?",
    shows="application in the tenant",
    by_hand=Command("az ad sp show --id {client_id}"),
    needs=Need.APPLICATION,
    failing_that=Need.ENTRA_DIRECT,
    read=_presence,
)

ENTRA_SP_SECRET_WRONG = FailureMode(
    id="entra-sp-secret-wrong",
    title="the secret of {client_id} is wrong",
    brief="wrong client secret",
    seen=(*entra.refusals("entra-sp-secret-wrong"), access_token.INVALID_CLIENT),
    signs=entra.proofs("entra-sp-secret-wrong"),
    certain="Entra answers AADSTS7000215 only after it compared this secret with every one that the application has.",
    when=(ENTRA_DIRECTLY.is_(WRONG_SECRET),),
    not_when=(CERTIFICATE_ONLY.is_(True),),
    # To a registry's own question Entra says so of an application that has no secret at all, too.
    open_when=(CERTIFICATE_ONLY.is_(True), REGISTRY_ANSWERED.is_(True)),
    means="The application exists, and what was sent as its client secret, its password, is none that Entra knows:"
    " mistyped, deleted, the secret's id instead of its value, another application's, or a value that a shell or a"
    " file changed on the way ($, ~, a line end). A secret that was made within the last minutes is not known"
    " everywhere yet.",
    look=(
        "See which secrets the application has; the hint is how the right value begins:",
        Command(
            "az ad app credential list --id {client_id}"
            ' --query "[].{{name:displayName,hint:hint,ends:endDateTime}}" -o table'
        ),
    ),
    fix=(
        "Give this caller the secret's value (not its id), in single quotes and without a line end.",
        *ADD_SECRET,
    ),
    instead=("A managed identity has no secret: sign in with it from where it lives, --acr-auth managed-identity.",),
    page=pages.AUTHENTICATION_ERRORS + "#solution-use-the-correctvalid-username-andor-password",
    unlike=(
        "AADSTS7000222: The provided client secret keys for app '11111111-1111-1111-1111-111111111111' are expired.",
        'FATAL: password authentication failed for user "app"',
        "InvalidClientTokenId: The security token included in the request is invalid.",
    ),
)
ENTRA_SP_SECRET_EXPIRED = FailureMode(
    id="entra-sp-secret-expired",
    title="the secret of {client_id} has expired",
    brief="expired client secret",
    seen=(*entra.refusals("entra-sp-secret-expired"), access_token.INVALID_CLIENT),
    signs=entra.proofs("entra-sp-secret-expired"),
    certain="Entra answers AADSTS7000222 only to a secret that it knows and whose end has passed by its own clock.",
    when=(SECRET_ENDED.is_(Ended.SAID, Ended.DATED),),
    occurs=Occurs.OFTEN,
    means="Entra knows the secret, which is the application's password, and no longer takes it: its end date has"
    " passed. A secret made by az lives one year unless told otherwise.",
    look=(
        "See whether the application has another secret that still counts, and for whom it was made:",
        Command(
            'az ad app credential list --id {client_id} --query "[].{{name:displayName,ends:endDateTime}}" -o table'
        ),
    ),
    fix=(
        *ADD_SECRET,
        "Then update every place that holds the old secret, such as CI variables and pull secrets.",
    ),
    instead=("Sign in without a secret, so that none can expire: with a managed identity or a federated credential.",),
    page=pages.ACR + "container-registry-auth-service-principal#service-principal-renewal",
    unlike=(
        "AADSTS7000215: Invalid client secret provided.",
        "x509: certificate has expired or is not yet valid: current time is after 2026-01-01T00:00:00Z",
        "ExpiredTokenException: The security token included in the request is expired",
    ),
)
ENTRA_APP_NOT_FOUND = FailureMode(
    id="entra-app-not-found",
    title="{client_id} does not exist in {tenant_id}",
    brief="unknown application",
    seen=(*entra.refusals("entra-app-not-found"), access_token.APP_NOT_REGISTERED),
    signs=entra.proofs("entra-app-not-found"),
    certain="AADSTS700016 and 700011 have no other meaning; an application that is switched off has another number.",
    when=(
        USER_KIND.where(str(Kind.SERVICE_PRINCIPAL), lambda kind: True if kind is Kind.SERVICE_PRINCIPAL else None),
        APPLICATION.where("no", _absent),
    ),
    not_when=(USER_KIND.is_(Kind.ADMIN, Kind.SCOPE_MAP_TOKEN, Kind.REFRESH_TOKEN),),
    occurs=Occurs.OFTEN,
    means="Entra looked for an application with this client id in the tenant and found none: the id is wrong (an"
    " object id or a secret's id instead), the application was deleted, or it belongs to another tenant and was never"
    " added to this one. An application that was added within the last minutes is not known everywhere yet.",
    look=(
        "See which tenant az looks in, and what that has by this id (appId is the client id):",
        Command(
            "az account show --query tenantId -o tsv;"
            ' az ad sp show --id {client_id} --query "[appId,displayName]" -o tsv'
        ),
    ),
    fix=(
        "Correct the client id or the tenant where this caller reads them.",
        (
            "If an application of another tenant is meant and its owner trusted, an administrator of this tenant (Cloud"
            " Application Administrator) adds it here:"
        ),
        Command("az ad sp create --id {client_id}"),
    ),
    page=pages.ENTRA_CODES + "#aadsts-error-codes",
    transient=True,
    unlike=(
        "AADSTS90002: Tenant 'example' not found. Check to make sure you have the correct tenant ID.",
        "Error: application 'guestbook' was not found in the directory apps/",
    ),
)
ENTRA_SP_MISSING = FailureMode(
    id="entra-sp-missing",
    title="{client_id} has no service principal",
    brief="no service principal",
    seen=(*entra.refusals("entra-sp-missing"), access_token.APP_NOT_REGISTERED),
    signs=entra.proofs("entra-sp-missing"),
    certain="AADSTS7000229 says that Entra knows the application, and finds no service principal of it here.",
    when=(
        USER_KIND.where(str(Kind.SERVICE_PRINCIPAL), lambda kind: True if kind is Kind.SERVICE_PRINCIPAL else None),
        APPLICATION.is_(Presence.REGISTERED),
    ),
    not_when=(USER_KIND.is_(Kind.ADMIN, Kind.SCOPE_MAP_TOKEN, Kind.REFRESH_TOKEN),),
    occurs=Occurs.SELDOM,
    means="An application has two objects in Entra: its registration, with its secrets, and in each tenant where it"
    " signs in a service principal, to which roles are assigned. This one is registered, and the tenant has no service"
    " principal of it. The portal makes both; az ad app create, Graph and Terraform make the registration alone. A"
    " service principal that was made within the last minutes is not known everywhere yet.",
    look=(
        "See whether it has a service principal by now:",
        Command('az ad sp show --id {client_id} --query "[id,displayName,accountEnabled]" -o tsv'),
    ),
    fix=(
        "Whoever owns the application, or a Cloud Application Administrator, makes one:",
        Command("az ad sp create --id {client_id}"),
        "It has no role yet: whoever may assign roles on the registry gives it one.",
    ),
    page=pages.ENTRA_ERROR,
    transient=True,
    unlike=("AADSTS700016: Application with identifier 'app' was not found in the directory 'Contoso'.",),
)
ENTRA_SECRET_NOT_SENT = FailureMode(
    id="entra-secret-not-sent",
    title="no secret and no assertion was sent",
    brief="no secret sent",
    seen=entra.refusals("entra-secret-not-sent"),
    signs=entra.proofs("entra-secret-not-sent"),
    certain="AADSTS7000218 and 7000216 say that the request held neither a secret nor an assertion.",
    occurs=Occurs.SELDOM,
    means="The application has to prove itself, with a client secret or with an assertion (a short statement, signed by"
    " its certificate or by a service that it trusts). The variable that should hold it is empty where the program"
    " runs, or the program signs a person in, by a name and password or a device code, with an application that is not"
    " meant for that.",
    look=(
        "See which variables a program that is started from here gets; this prints no values:",
        Command("env | grep -oE '^AZURE_[A-Z_]+'"),
    ),
    fix=(
        "Hand the secret, or the path of the certificate or token, to the program; jobs for forks get none.",
        "If a person is meant to sign in, use a client that is made for it, such as az login.",
    ),
    page=pages.ENTRA_ERROR,
    samples=(
        "AADSTS7000218: The request body must contain the following parameter: 'client_assertion' or 'client_secret'.",
    ),
    not_emulated="A check without a secret ends before Entra is asked.",
    unlike=("AADSTS7000215: Invalid client secret provided.",),
)
ENTRA_PUBLIC_CLIENT = FailureMode(
    id="entra-public-client",
    title="the application is public, and a secret was sent",
    brief="secret of a public application",
    seen=entra.refusals("entra-public-client"),
    signs=entra.proofs("entra-public-client"),
    certain="AADSTS700025 says that the application is public, and that a secret or an assertion was sent for it.",
    occurs=Occurs.SELDOM,
    means="An application that runs on people's own machines is registered as public: it has no secret, as nobody could"
    " keep one there. This one is, and the program proved it by a secret or an assertion, as if it were a service.",
    look=(
        "See how the application is registered:",
        Command(
            "az ad app show --id {client_id}"
            ' --query "[isFallbackPublicClient,publicClient.redirectUris,spa.redirectUris]"'
        ),
    ),
    fix=(
        "If people sign in with it, take the secret out of the program's settings.",
        "If a service does, give it an application of its own, which is not registered as public.",
    ),
    page=pages.ENTRA_ERROR,
    samples=("AADSTS700025: Client is public so neither 'client_assertion' nor 'client_secret' should be presented.",),
    not_emulated="Entra says it where people sign in, and no check signs a person in.",
    unlike=("AADSTS7000218: The request body must contain the following parameter: 'client_secret'.",),
)
ENTRA_TENANT_NOT_NAMED = FailureMode(
    id="entra-tenant-not-named",
    title="Entra was asked without naming a tenant",
    brief="no tenant named",
    seen=entra.refusals("entra-tenant-not-named"),
    signs=entra.proofs("entra-tenant-not-named"),
    certain="The number says that the request names no tenant, or not one alone.",
    occurs=Occurs.SELDOM,
    means="A tenant is an organisation's own directory in Entra, and Entra's address names it. The one that was asked"
    " names none, or stands for all of them (common, organizations, consumers), which this application, resource or way"
    " to sign in does not allow.",
    look=(
        "See the tenants of the subscriptions that az is signed in to:",
        Command('az account list --query "[].{{subscription:name,tenant:tenantId}}" -o table'),
    ),
    fix=(
        "Give the program the tenant of the registry's subscription (AZURE_TENANT_ID, --tenant).",
        "In code of your own, put the tenant's id where the authority's address has common.",
    ),
    page=pages.ENTRA_ERROR,
    samples=(
        "AADSTS50059: No tenant-identifying information found in either the request or implied by any credentials.",
        "AADSTS50194: Application 'ci' is not configured as a multi-tenant application.",
    ),
    not_emulated="Each check names a tenant.",
    unlike=("AADSTS90002: Tenant 'example' not found. Check to make sure you have the correct tenant ID.",),
)
ENTRA_TENANT_NOT_FOUND = FailureMode(
    id="entra-tenant-not-found",
    title="{tenant_id} is not known to {authority}",
    brief="unknown tenant",
    seen=entra.refusals("entra-tenant-not-found"),
    signs=entra.proofs("entra-tenant-not-found"),
    certain="The number is about the tenant's name alone, whoever asks.",
    means="A tenant is an organisation's own directory in Entra. The id or domain that was asked for is mistyped, the"
    " tenant was deleted, or it is in another cloud than the registry.",
    look=(
        "See the tenants of the subscriptions that az is signed in to:",
        Command('az account list --query "[].{{subscription:name,tenant:tenantId}}" -o table'),
    ),
    fix=(
        "Give this caller the tenant of the registry's subscription (AZURE_TENANT_ID, --tenant).",
        "If that is in another cloud, correct the login server: its suffix decides the cloud.",
    ),
    page=pages.ENTRA_ERROR,
    unlike=(
        "ERROR: tenant 'acme' not found in organisation",
        "AADSTS700016: Application with identifier 'app' was not found in the directory 'Contoso'.",
    ),
)
ENTRA_AUTHORITY_UNREACHABLE = FailureMode(
    id="entra-authority-unreachable",
    title="{authority} is not reached from here",
    brief="Entra not reached",
    seen=(entra.AUTHORITY_UNREACHED, entra.AUTHORITY_UNKNOWN),
    signs=(entra.AUTHORITY_UNREACHED,),
    certain="At none of the addresses of its name here did a connection come about, and nothing refused one.",
    when=(PUBLIC_NAMES.is_(True),),
    means="Entra is where Azure's identities sign in. No Entra token could be asked for, so nothing is known about the"
    " identity yet. The name of Entra's host does not resolve here while others do, or what is sent to its port 443 is"
    " dropped on the way.",
    look=(
        "See how far the client's own way leads (the proxy variables count):",
        Command("curl -sSI --max-time 20 {authority}"),
        Command("nslookup {host}"),
    ),
    fix=(
        "If there is a proxy, set HTTPS_PROXY, and keep {host} out of NO_PROXY.",
        "If not, the network's owner lets {host} be looked up, and its port 443 pass.",
    ),
    page="https://learn.microsoft.com/cli/azure/azure-cli-endpoints#endpoints",
    unlike=(
        "dial tcp: lookup auth.docker.io: no such host",
        "Get https://sts.amazonaws.com/: net/http: TLS handshake timeout",
    ),
)
