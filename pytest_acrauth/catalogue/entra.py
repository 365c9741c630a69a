"""Family ``entra``: Entra refuses to issue a token, or its token is stale."""

from __future__ import annotations

from pytest_acrauth import facts
from pytest_acrauth.catalogue import pages
from pytest_acrauth.catalogue.basic import APP_NOT_REGISTERED, INVALID_CLIENT
from pytest_acrauth.catalogue.exchange import BARE_403, EXCHANGE_REFUSED
from pytest_acrauth.catalogue.questions import (
    APP_CREDENTIALS,
    APPLICATION,
    ENTRA_DIRECTLY,
    FRESH,
    ROLES,
    USER_NAME,
    NameShape,
    possible,
)
from pytest_acrauth.failure import FailureMode, Seen, Symptom
from pytest_acrauth.observation import Entra, Trouble
from pytest_acrauth.stage import Stage

_UNREACHED = {
    Trouble.TIMEOUT,
    Trouble.REFUSED,
    Trouble.UNREACHABLE,
    Trouble.RESET,
    Trouble.CLOSED,
    Trouble.CERTIFICATE,
    Trouble.TLS,
    Trouble.NAME,
    Trouble.PROXY,
}


def _aadsts(number: int) -> Symptom:
    def first(seen: Seen) -> bool:
        observation = seen.observation
        return isinstance(observation, Entra) and observation.codes[:1] == (number,)

    return Symptom(id=f"aadsts-{number}", stages=(Stage.ENTRA,), when=first, says="Entra refused to issue a token.")


def _unreached(seen: Seen) -> bool:
    return isinstance(seen.observation, Entra) and not seen.observation.reply and facts.trouble(seen) in _UNREACHED


AADSTS_7000215 = _aadsts(7000215)
AADSTS_7000222 = _aadsts(7000222)
AADSTS_700016 = _aadsts(700016)
AADSTS_90002 = _aadsts(90002)
AADSTS_900023 = _aadsts(900023)
AUTHORITY_UNREACHED = Symptom(
    id="authority-unreached",
    stages=(Stage.ENTRA,),
    when=_unreached,
    says="There was no answer from {authority}.",
)

ENTRA_SP_SECRET_WRONG = FailureMode(
    id="entra-sp-secret-wrong",
    family="entra",
    shows=(AADSTS_7000215, INVALID_CLIENT),
    asks=(ENTRA_DIRECTLY,),
    proof=lambda a: a[ENTRA_DIRECTLY].holds(lambda code: code == 7000215),
    title="the client secret of application {client_id} is not one that Entra knows",
    meaning="The value is wrong: a mistyped or deleted secret, the secret's id instead of its value, or a value that a"
    " shell or a file changed on the way ($, ~, a line end).",
    remedies=(
        "az ad sp credential reset --id {client_id} --query password -o tsv",
        "Then update every place that holds the old secret.",
    ),
    link=pages.TROUBLESHOOT + "acr-authentication-errors",
    az_code=None,
    transient=False,
    since="0.1",
)
ENTRA_SP_SECRET_EXPIRED = FailureMode(
    id="entra-sp-secret-expired",
    family="entra",
    shows=(AADSTS_7000222, INVALID_CLIENT),
    asks=(ENTRA_DIRECTLY, APP_CREDENTIALS),
    proof=lambda a: a[ENTRA_DIRECTLY].holds(lambda code: code == 7000222),
    title="the client secret of application {client_id} has expired",
    meaning="Entra knows the secret and no longer takes it, because its end date has passed. Secrets made by the"
    " command line live one year unless told otherwise.",
    remedies=(
        "az ad sp credential reset --id {client_id} --query password -o tsv",
        "Then update every place that holds the old secret, such as CI variables and pull secrets.",
    ),
    link=pages.ACR + "container-registry-auth-service-principal#service-principal-renewal",
    az_code=None,
    transient=False,
    since="0.1",
)
ENTRA_APP_NOT_FOUND = FailureMode(
    id="entra-app-not-found",
    family="entra",
    shows=(AADSTS_700016, APP_NOT_REGISTERED),
    asks=(USER_NAME, APPLICATION),
    # Through Entra there is no user name; the client id is one by its nature.
    proof=lambda a: possible(a[USER_NAME].holds(lambda shape: shape is NameShape.GUID)),
    title="there is no application {client_id} in tenant {tenant_id}",
    meaning="The client id is wrong (an object id instead of the application's id), the application was deleted, or it"
    " belongs to another tenant and was never consented to in this one.",
    remedies=(
        "az ad sp show --id {client_id}",
        "Correct the client id or the tenant; for an application of another tenant, consent to it here first.",
    ),
    link=pages.ENTRA_CODES,
    az_code=None,
    transient=False,
    since="0.1",
)
ENTRA_TENANT_NOT_FOUND = FailureMode(
    id="entra-tenant-not-found",
    family="entra",
    shows=(AADSTS_90002, AADSTS_900023),
    asks=(),
    proof=None,
    title="there is no tenant {tenant_id} at {authority}",
    meaning="The tenant id is mistyped, the tenant was deleted, or it belongs to another cloud than the registry.",
    remedies=(
        "az account show --query tenantId -o tsv",
        "Give that id as the tenant; for a tenant of another cloud, check the registry's login server suffix.",
    ),
    link=pages.ENTRA_CODES,
    az_code=None,
    transient=False,
    since="0.1",
)
ENTRA_AUTHORITY_UNREACHABLE = FailureMode(
    id="entra-authority-unreachable",
    family="entra",
    shows=(AUTHORITY_UNREACHED,),
    asks=(),
    proof=None,
    title="Entra at {authority} cannot be reached from this machine",
    meaning="No token can be asked for. Nothing is known about the identity or the registry's opinion of it.",
    remedies=(
        "curl -sSI {authority}",
        "Allow port 443 to {authority} on this network, through the proxy if there is one.",
    ),
    link=pages.ACR + "container-registry-firewall-rules",
    az_code=None,
    transient=False,
    since="0.1",
)
ENTRA_TOKEN_STALE = FailureMode(
    id="entra-token-stale",
    family="entra",
    shows=(EXCHANGE_REFUSED, BARE_403),
    asks=(FRESH, ROLES),
    proof=lambda a: possible(a[FRESH].holds(lambda fresh: not fresh)),
    title="the Entra token may be older than the identity's role or group",
    meaning="A cached token says what was true when it was issued; a group joined since is not in it.",
    remedies=("Sign in again, so that Entra issues a new token, and repeat the check.",),
    link=pages.HEALTH + "#connectivity_refresh_token_error",
    az_code="CONNECTIVITY_REFRESH_TOKEN_ERROR",
    transient=True,
    since="0.1",
)
