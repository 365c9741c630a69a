"""Family ``entra``: Entra refuses to issue a token, or its token is stale."""

from __future__ import annotations

from pytest_acrauth.catalogue import facts, pages
from pytest_acrauth.catalogue.causes.basic import APP_NOT_REGISTERED, INVALID_CLIENT, WRONG_SECRET
from pytest_acrauth.catalogue.causes.exchange import BARE_403, EXCHANGE_REFUSED
from pytest_acrauth.catalogue.questions.climb import FRESH, USER_NAME, NameShape, possible, proven
from pytest_acrauth.catalogue.questions.management import APP_CREDENTIALS, APPLICATION, ENTRA_DIRECTLY, ROLES
from pytest_acrauth.catalogue.shape import Answers, Break, FailureMode, Symptom, Verdict
from pytest_acrauth.catalogue.symptoms.words import GUID, aadsts, anywhere, at_authority
from pytest_acrauth.model.observation import Entra, Trouble
from pytest_acrauth.model.stage import Stage

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


def aadsts_symptom(*numbers: int, phrases: tuple[str, ...] = ()) -> Symptom:
    """Return the symptom of a refusal with one of these codes, named by the first; ``phrases`` say it without one."""

    def first(broken: Break) -> bool:
        observation = broken.observation
        return isinstance(observation, Entra) and bool(observation.codes) and observation.codes[0] in numbers

    return Symptom(
        id=f"aadsts-{numbers[0]}",
        stages=(Stage.ENTRA,),
        when=first,
        says="Entra refused to issue a token.",
        texts=aadsts(*numbers) + anywhere(*phrases),
    )


def _unreached(broken: Break) -> bool:
    return (
        isinstance(broken.observation, Entra) and not broken.observation.reply and facts.trouble(broken) in _UNREACHED
    )


AADSTS_7000215 = aadsts_symptom(
    7000215,
    50012,
    phrases=(r"Invalid client secret (?:is )?provided", r"is the client secret value, not the client secret ID"),
)
AADSTS_7000222 = aadsts_symptom(
    7000222,
    phrases=(rf"provided client secret keys(?: for app '(?P<client_id>{GUID})')? are expired",),
)
AADSTS_700016 = aadsts_symptom(
    700016,
    700011,
    70001,
    phrases=(
        rf"Application with identifier '(?P<client_id>{GUID})' was not found in the directory",
        r"Application with identifier '.{1,80}?' was not found in the directory",
    ),
)
AADSTS_90002 = aadsts_symptom(
    90002, phrases=(r"Tenant '?.{1,80}?'? not found\. (?:Check to make sure|This may happen)",)
)
AADSTS_900023 = aadsts_symptom(
    900023, 900021, phrases=(r"Specified tenant identifier '?.{1,80}?'? is neither a valid DNS name",)
)
AUTHORITY_UNREACHED = Symptom(
    id="authority-unreached",
    stages=(Stage.ENTRA,),
    when=_unreached,
    says="There was no answer from {authority}.",
    texts=at_authority(
        r"no such host|Name or service not known|Temporary failure in name resolution|Could not resolve host",
        r"getaddrinfo (?:ENOTFOUND|EAI_AGAIN|failed)|No such host is known|remote name could not be resolved",
        r"server misbehaving|nodename nor servname",
        r"i/o timeout|[Tt]imed? ?out|context deadline exceeded|\bETIMEDOUT\b",
        r"[Cc]onnection refused|actively refused|\bECONNREFUSED\b",
        r"[Cc]onnection reset by peer|forcibly closed|\bECONNRESET\b|[Cc]onnection aborted|Remote end closed",
        r"CERTIFICATE_VERIFY_FAILED|certificate signed by unknown authority|self[- ]signed certificate",
        r"unable to get local issuer certificate|SSLError",
        r"ProxyError|proxyconnect tcp|connect to proxy|Tunnel connection failed|Proxy Authentication Required",
        r"network is unreachable|No route to host",
        r"Failed to establish a new connection",
        r"Unable to get authority configuration|authority endpoint discovery failed",
    )
    + anywhere(
        r"Certificate verification failed\. This typically happens when using Azure CLI",
    ),
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
    family="entra",
    shows=(AADSTS_7000215, INVALID_CLIENT),
    questions=(ENTRA_DIRECTLY, APP_CREDENTIALS),
    proof=lambda a: _unless(
        a[APP_CREDENTIALS].holds(lambda found: found.certificate_only),
        a[ENTRA_DIRECTLY].holds(lambda answer: answer == WRONG_SECRET),
    ),
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
    questions=(ENTRA_DIRECTLY, APP_CREDENTIALS),
    proof=_secret_ended,
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
    questions=(USER_NAME, APPLICATION, ENTRA_DIRECTLY),
    # Through Entra there is no user name; the client id is one by its nature.
    proof=lambda a: proven(
        a[USER_NAME].holds(lambda shape: shape is NameShape.GUID),
        a[APPLICATION].holds(lambda found: not found)
        if a[APPLICATION].value is not None
        else a[ENTRA_DIRECTLY].holds(lambda answer: answer == "AADSTS700016"),
    ),
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
    questions=(),
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
    questions=(),
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
    questions=(FRESH, ROLES),
    proof=lambda a: possible(
        a[FRESH].holds(lambda fresh: not fresh), a[ROLES].holds(lambda rights: rights.enough and not rights.on_its_way)
    ),
    title="the Entra token may be older than the identity's role or group",
    meaning="A cached token says what was true when it was issued; a group joined since is not in it.",
    remedies=("Sign in again, so that Entra issues a new token, and repeat the check.",),
    link=pages.HEALTH + "#connectivity_refresh_token_error",
    az_code="CONNECTIVITY_REFRESH_TOKEN_ERROR",
    transient=True,
    since="0.1",
)
