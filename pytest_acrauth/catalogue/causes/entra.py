"""Family ``entra``: Entra refuses to issue a token, or its token is stale."""

from __future__ import annotations

from pytest_acrauth.catalogue import pages
from pytest_acrauth.catalogue.questions.climb import FRESH, USER_NAME, NameShape
from pytest_acrauth.catalogue.questions.directory import APP_CREDENTIALS, ENTRA_DIRECTLY, WRONG_SECRET
from pytest_acrauth.catalogue.questions.management import ROLES
from pytest_acrauth.catalogue.questions.verdicts import possible, proven
from pytest_acrauth.catalogue.shape import Answers, Break, Command, FailureMode, Question, Verdict
from pytest_acrauth.catalogue.symptoms import access_token, entra, exchange
from pytest_acrauth.model.evidence import Need


def _application_found(broken: Break) -> bool | None:
    look = broken.transcript.evidence.application
    return look.value.found if look and look.value else None


APPLICATION: Question[bool] = Question(
    id="application",
    asks="Does the application exist in the registry's tenant?",
    by_hand=Command("az ad sp show --id {client_id}"),
    needs=Need.APPLICATION,
    read=_application_found,
)


def _unless(other: Verdict, verdict: Verdict) -> Verdict:
    return Verdict.NO if other is Verdict.YES else verdict


def _secret_ended(answers: Answers) -> Verdict:
    """Judge by what Entra says; where nobody could ask it, by the dates in Graph if all have passed."""
    if answers[ENTRA_DIRECTLY].value is not None:
        return answers[ENTRA_DIRECTLY].holds(lambda answer: answer == "AADSTS7000222")
    ended = answers[APP_CREDENTIALS].holds(lambda found: found.all_ended)
    return Verdict.YES if ended is Verdict.YES else Verdict.UNKNOWN


ENTRA_SP_SECRET_WRONG = FailureMode(
    id="entra-sp-secret-wrong",
    title="the client secret of application {client_id} is not one that Entra knows",
    seen=(entra.AADSTS_7000215, access_token.INVALID_CLIENT),
    asks=(ENTRA_DIRECTLY, APP_CREDENTIALS),
    proof=lambda a: _unless(
        a[APP_CREDENTIALS].holds(lambda found: found.certificate_only),
        a[ENTRA_DIRECTLY].holds(lambda answer: answer == WRONG_SECRET),
    ),
    means="The value is wrong: a mistyped or deleted secret, the secret's id instead of its value, or a value"
    " that a shell or a file changed on the way ($, ~, a line end).",
    fix=(
        Command("az ad sp credential reset --id {client_id} --query password -o tsv"),
        "Then update every place that holds the old secret.",
    ),
    page=pages.TROUBLESHOOT + "acr-authentication-errors",
)
ENTRA_SP_SECRET_EXPIRED = FailureMode(
    id="entra-sp-secret-expired",
    title="the client secret of application {client_id} has expired",
    seen=(entra.AADSTS_7000222, access_token.INVALID_CLIENT),
    asks=(ENTRA_DIRECTLY, APP_CREDENTIALS),
    proof=_secret_ended,
    means="Entra knows the secret and no longer takes it, because its end date has passed. Secrets made by the"
    " command line live one year unless told otherwise.",
    fix=(
        Command("az ad sp credential reset --id {client_id} --query password -o tsv"),
        "Then update every place that holds the old secret, such as CI variables and pull secrets.",
    ),
    page=pages.ACR + "container-registry-auth-service-principal#service-principal-renewal",
)
ENTRA_APP_NOT_FOUND = FailureMode(
    id="entra-app-not-found",
    title="there is no application {client_id} in tenant {tenant_id}",
    seen=(entra.AADSTS_700016, access_token.APP_NOT_REGISTERED),
    asks=(USER_NAME, APPLICATION, ENTRA_DIRECTLY),
    proof=lambda a: proven(
        a[USER_NAME].holds(lambda shape: shape is NameShape.GUID),
        a[APPLICATION].holds(lambda found: not found)
        if a[APPLICATION].value is not None
        else a[ENTRA_DIRECTLY].holds(lambda answer: answer == "AADSTS700016"),
    ),
    means="The client id is wrong (an object id instead of the application's id), the application was deleted, or"
    " it belongs to another tenant and was never consented to in this one.",
    fix=(
        Command("az ad sp show --id {client_id}"),
        "Correct the client id or the tenant; for an application of another tenant, consent to it here first.",
    ),
    page=pages.ENTRA_CODES,
)
ENTRA_TENANT_NOT_FOUND = FailureMode(
    id="entra-tenant-not-found",
    title="there is no tenant {tenant_id} at {authority}",
    seen=(entra.AADSTS_90002, entra.AADSTS_900023),
    means="The tenant id is mistyped, the tenant was deleted, or it belongs to another cloud than the registry.",
    fix=(
        Command("az account show --query tenantId -o tsv"),
        "Give that id as the tenant; for a tenant of another cloud, check the registry's login server suffix.",
    ),
    page=pages.ENTRA_CODES,
)
ENTRA_AUTHORITY_UNREACHABLE = FailureMode(
    id="entra-authority-unreachable",
    title="Entra at {authority} cannot be reached from this machine",
    seen=(entra.AUTHORITY_UNREACHED,),
    means="No token can be asked for. Nothing is known about the identity or the registry's opinion of it.",
    fix=(
        Command("curl -sSI {authority}"),
        "Allow port 443 to {authority} on this network, through the proxy if there is one.",
    ),
    page=pages.ACR + "container-registry-firewall-rules",
)
ENTRA_TOKEN_STALE = FailureMode(
    id="entra-token-stale",
    title="the Entra token may be older than the identity's role or group",
    seen=(exchange.EXCHANGE_REFUSED, exchange.BARE_403),
    asks=(FRESH, ROLES),
    proof=lambda a: possible(
        a[FRESH].holds(lambda fresh: not fresh), a[ROLES].holds(lambda rights: rights.enough and not rights.on_its_way)
    ),
    means="A cached token says what was true when it was issued; a group joined since is not in it.",
    fix=("Sign in again, so that Entra issues a new token, and repeat the check.",),
    page=pages.HEALTH + "#connectivity_refresh_token_error",
    az_code="CONNECTIVITY_REFRESH_TOKEN_ERROR",
    transient=True,
)
