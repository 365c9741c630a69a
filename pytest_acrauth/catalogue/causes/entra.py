"""Family ``entra``: Entra refuses to issue a token, or its token is stale."""

from __future__ import annotations

from enum import StrEnum

from pytest_acrauth.catalogue import pages
from pytest_acrauth.catalogue.questions.climb import FRESH, USER_NAME, NameShape
from pytest_acrauth.catalogue.questions.directory import (
    ENDED_SECRET,
    NO_APPLICATION,
    WRONG_SECRET,
    app_credentials,
    entra_answer,
)
from pytest_acrauth.catalogue.questions.management import ROLES
from pytest_acrauth.catalogue.questions.network import PUBLIC_NAMES
from pytest_acrauth.catalogue.questions.records import AppCredentials
from pytest_acrauth.catalogue.shape import Break, Command, FailureMode, Instruction, Question
from pytest_acrauth.catalogue.symptoms import access_token, entra, exchange
from pytest_acrauth.model.evidence import Need


class Ended(StrEnum):
    """What tells whether a client secret has ended."""

    SAID = "yes, Entra says so"
    DATED = "yes, by the dates of every secret of the application"
    OTHER = "no, Entra says otherwise"


def _secret_ended(broken: Break) -> Ended | None:
    """Answer by what Entra says; where nobody could ask it, by the dates in Graph if all have passed."""
    if (said := entra_answer(broken)) is not None:
        return Ended.SAID if said == ENDED_SECRET else Ended.OTHER
    found = app_credentials(broken)
    return Ended.DATED if found is not None and found.all_ended else None


def _application_found(broken: Break) -> bool | None:
    """Answer by what Graph says; where nobody could ask it, by whether Entra knows the application's id."""
    look = broken.transcript.evidence.application
    if look and look.value:
        return look.value.found
    said = entra_answer(broken)
    return None if said is None else said != NO_APPLICATION


ENTRA_DIRECTLY: Question[str] = Question(
    id="entra-directly",
    asks="What does Entra itself answer to this client id and secret?",
    by_hand=Command(
        'printf %s "$AZURE_CLIENT_SECRET" | curl -sS {authority}/{tenant_id}/oauth2/v2.0/token'
        " -d grant_type=client_credentials -d client_id={client_id}"
        " -d scope=https://containerregistry.azure.net/.default --data-urlencode client_secret@-"
        """ | grep -oE '"(error_description|token_type)":"[^"]*"'"""
    ),
    needs=Need.ENTRA_DIRECT,
    read=entra_answer,
)
APP_CREDENTIALS: Question[AppCredentials] = Question(
    id="app-credentials",
    asks="Which secrets and certificates does the application have, and when do they end?",
    by_hand=Command('az ad app credential list --id {client_id} --query "[].endDateTime" -o tsv'),
    needs=Need.APPLICATION,
    read=app_credentials,
)
SECRET_ENDED: Question[Ended] = Question(
    id="secret-ended",
    asks="Has the client secret ended?",
    by_hand=APP_CREDENTIALS.by_hand,
    needs=Need.ENTRA_DIRECT,
    failing_that=Need.APPLICATION,
    read=_secret_ended,
)
APPLICATION: Question[bool] = Question(
    id="application",
    asks="Does the application exist in the registry's tenant?",
    by_hand=Command("az ad sp show --id {client_id}"),
    needs=Need.APPLICATION,
    failing_that=Need.ENTRA_DIRECT,
    read=_application_found,
)

_ADD_SECRET: tuple[Instruction, ...] = (
    (
        "An owner of the application, or an Application Administrator, adds a secret beside the others and sends it"
        " straight to where this caller reads it, here a key vault:"
    ),
    Command(
        "az ad app credential reset --id {client_id} --append --display-name CALLER --years 1 --query password -o tsv"
        " | tr -d '\\n'"
        " | az keyvault secret set --vault-name VAULT --name SECRET_NAME --file /dev/stdin -o none"
    ),
)


ENTRA_SP_SECRET_WRONG = FailureMode(
    id="entra-sp-secret-wrong",
    title="the secret or signature that {client_id} presents is not one that Entra knows",
    seen=(entra.AADSTS_7000215, access_token.INVALID_CLIENT),
    signs=(entra.AADSTS_7000215,),
    certain="TODO",
    when=(ENTRA_DIRECTLY.is_(WRONG_SECRET),),
    not_when=(APP_CREDENTIALS.where("certificates only", lambda found: found.certificate_only),),
    means="The application exists, and its client secret, which is its password, is wrong: mistyped, deleted, the"
    " secret's id instead of its value, or a value that a shell or a file changed on the way ($, ~, a line end)."
    " AADSTS50012 says it of an application that signs with a certificate instead.",
    look=(
        "See which secrets there are; the hint is how the right value begins:",
        Command(
            "az ad app credential list --id {client_id}"
            ' --query "[].{{name:displayName,hint:hint,ends:endDateTime}}" -o table'
        ),
    ),
    fix=(
        (
            "Look for a place where the secret still works, and give this caller the same value: the value, not the id,"
            " in single quotes, without a line end."
        ),
        *_ADD_SECRET,
    ),
    page=pages.TROUBLESHOOT + "acr-authentication-errors#solution-use-the-correctvalid-username-andor-password",
    unlike=(
        "AADSTS7000222: The provided client secret keys for app '11111111-1111-1111-1111-111111111111' are expired.",
        'FATAL: password authentication failed for user "app"',
        "InvalidClientTokenId: The security token included in the request is invalid.",
    ),
)
ENTRA_SP_SECRET_EXPIRED = FailureMode(
    id="entra-sp-secret-expired",
    title="the client secret of {client_id} has expired",
    seen=(entra.AADSTS_7000222, access_token.INVALID_CLIENT),
    signs=(entra.AADSTS_7000222,),
    certain="TODO",
    when=(SECRET_ENDED.is_(Ended.SAID, Ended.DATED),),
    means="Entra knows the secret, which is the application's password, and no longer takes it: its end date has"
    " passed. A secret made by az lives one year unless told otherwise.",
    look=(
        "See whether another secret of the application still counts, and for whom it was made:",
        Command(
            'az ad app credential list --id {client_id} --query "[].{{name:displayName,ends:endDateTime}}" -o table'
        ),
    ),
    fix=(
        *_ADD_SECRET,
        "Then update every place that holds the old one, such as CI variables and pull secrets.",
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
    title="{client_id} is missing from {tenant_id}, or disabled there",
    seen=(entra.AADSTS_700016, access_token.APP_NOT_REGISTERED),
    signs=(entra.AADSTS_700016,),
    certain="TODO",
    when=(USER_NAME.is_(NameShape.GUID), APPLICATION.is_(False)),
    means="Entra looked for an application with this client id in the tenant and found none: the id is wrong (an"
    " object id or a secret's id instead), the application was deleted, or it belongs to another tenant and was never"
    " added to this one. AADSTS70001 is said of a disabled application, too.",
    look=(
        "See whether the id belongs to an application here, and what its client id (appId) is:",
        Command('az ad sp show --id {client_id} --query "[appId,displayName,accountEnabled]" -o tsv'),
        "Compare the tenant that was asked with the one that az has just looked in:",
        Command("az account show --query tenantId -o tsv"),
    ),
    fix=(
        "Correct the client id or the tenant where this caller reads them.",
        (
            "If an application of another tenant is meant, an administrator of this tenant (Cloud Application"
            " Administrator) who trusts its owner adds it here:"
        ),
        Command("az ad sp create --id {client_id}"),
    ),
    page=pages.ENTRA_CODES + "#aadsts-error-codes",
    unlike=(
        "AADSTS90002: Tenant 'example' not found. Check to make sure you have the correct tenant ID.",
        "Error: application 'guestbook' was not found in the directory apps/",
    ),
)
ENTRA_TENANT_NOT_FOUND = FailureMode(
    id="entra-tenant-not-found",
    title="{tenant_id} is not known to {authority}",
    seen=(entra.AADSTS_90002, entra.AADSTS_900023),
    signs=(
        entra.AADSTS_90002,
        entra.AADSTS_900023,
    ),
    certain="TODO",
    means="A tenant is an organisation's own directory in Entra. The id or domain that was asked for is mistyped, the"
    " tenant was deleted, or it is in another cloud than the registry.",
    look=(
        "Ask Entra about that tenant alone; it answers with an issuer for one that exists:",
        Command("curl -sS {authority}/{tenant_id}/v2.0/.well-known/openid-configuration"),
        "See which tenant the subscription belongs to that az uses:",
        Command("az account show --query tenantId -o tsv"),
    ),
    fix=(
        "Give this caller the id of the tenant of the registry's subscription (AZURE_TENANT_ID, --tenant).",
        "If the tenant is in another cloud, correct the registry: the suffix of its login server decides the cloud.",
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
    seen=(entra.AUTHORITY_UNREACHED, entra.AUTHORITY_UNKNOWN),
    signs=(entra.AUTHORITY_UNREACHED,),
    certain="No connection to Entra came about, at any address its name has here, and nothing refused one.",
    when=(PUBLIC_NAMES.is_(True),),
    means="No token could be asked for, so nothing is known about the identity yet. The name of Entra's host does not"
    " resolve here while others do, or what is sent to its port 443 is dropped on the way.",
    look=(
        "See how far the client's own way leads (the proxy variables count):",
        Command("curl -sSI --max-time 20 {authority}"),
        Command("nslookup {host}"),
    ),
    fix=(
        "If a proxy is meant to be used, set HTTPS_PROXY for the client.",
        "Otherwise whoever runs this network lets the name {host} be looked up, and port 443 of it pass.",
    ),
    page="https://learn.microsoft.com/cli/azure/azure-cli-endpoints#endpoints",
    unlike=(
        "dial tcp: lookup auth.docker.io: no such host",
        "Get https://sts.amazonaws.com/: net/http: TLS handshake timeout",
    ),
)
ENTRA_TOKEN_STALE = FailureMode(
    id="entra-token-stale",
    title="the cached Entra token was issued before the role or group membership",
    seen=(exchange.EXCHANGE_REFUSED, exchange.BARE_403),
    when=(
        FRESH.is_(False),
        ROLES.where("enough, and not only since minutes", lambda rights: rights.enough and not rights.on_its_way),
    ),
    unprovable="TODO",
    means="The registry judges by the Entra token that it is shown. A token from a cache says what was true when it was"
    " issued; a group joined since is not in it.",
    look=("See when the sign-in took place and when the group was joined; the token must be the younger.",),
    fix=(
        "A person signs in again, so that Entra issues a new token, and repeats the check:",
        Command("az login --tenant {tenant_id} --scope https://containerregistry.azure.net/.default"),
        (
            "A managed identity cannot: Azure keeps its tokens for up to a day. Wait, or have it given the role"
            " directly instead of through a group."
        ),
    ),
    page=pages.HEALTH + "#connectivity_refresh_token_error",
    az_code="CONNECTIVITY_REFRESH_TOKEN_ERROR",
    transient=True,
)
