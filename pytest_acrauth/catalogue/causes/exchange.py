"""Family ``exchange``: the registry refuses the Entra token that Entra has issued."""

from __future__ import annotations

import re

from pytest_acrauth.catalogue import facts, pages
from pytest_acrauth.catalogue.questions.climb import ENTRA_AUDIENCE, TOKEN_TENANT, for_management, proven
from pytest_acrauth.catalogue.questions.management import ARM_AUDIENCE_POLICY, REGISTRY_TENANT, ROLES
from pytest_acrauth.catalogue.shape import Answers, Break, FailureMode, Symptom, Verdict
from pytest_acrauth.catalogue.symptoms.words import anywhere, at_registry
from pytest_acrauth.model.observation import Reply
from pytest_acrauth.model.stage import Stage

_NO_PERMISSION = re.compile("retrieving permissions failed", re.IGNORECASE)
_VALIDATION = re.compile("token validation failed", re.IGNORECASE)
_GENERIC = re.compile("authentication required", re.IGNORECASE)


def generic_401(reply: Reply | None) -> bool:
    """Whether an answer is the 401 that ACR gives for many causes: without words, or with the general ones."""
    if reply is None or reply.status != 401 or reply.code not in {"", "UNAUTHORIZED"}:
        return False
    return not (reply.message or reply.body).strip() or bool(_GENERIC.search(f"{reply.message} {reply.body}"))


def _refused(broken: Break) -> bool:
    reply = facts.reply(broken)
    if reply is None or facts.firewall_spoke(broken):
        return False
    if reply.status == 403:
        return facts.registry_spoke(reply) and (not reply.words.strip() or bool(_NO_PERMISSION.search(reply.words)))
    return generic_401(reply)


def _bare_403(broken: Break) -> bool:
    reply = facts.reply(broken)
    return reply is not None and reply.status == 403 and not reply.from_registry and not reply.words.strip()


def _validation_failed(broken: Break) -> bool:
    reply = facts.reply(broken)
    if reply is None or reply.status != 401 or not _VALIDATION.search(reply.words):
        return False
    claims = broken.transcript.entra.claims if broken.transcript.entra else None
    # A token that is known to be for the registry's own audience is not refused for its audience.
    return claims is None or not claims.audience or for_management(claims.audience)


def _server_error(broken: Break) -> bool:
    reply = facts.reply(broken)
    failed = reply is not None and reply.status >= 500 and facts.registry_spoke(reply)
    return failed and not facts.firewall_spoke(broken)


def _throttled(broken: Break) -> bool:
    reply = facts.reply(broken)
    return reply is not None and reply.status == 429


EXCHANGE_REFUSED = Symptom(
    id="exchange-refused",
    stages=(Stage.EXCHANGE,),
    when=_refused,
    says="Entra issued a token for this identity, and {login_server} refused to exchange it.",
    texts=anywhere(
        r"Access to registry '(?P<login_server>[\w.*-]{1,253})' was denied\. Response code: 401",
        r"retrieving permissions failed",
        r"ACR token exchange endpoint returned error status: 401",
        r"ACR (?P<login_server>[\w.*-]{1,253}) rejected token exchange(?!.{0,80}?status: (?:403|429|5))",
        r"Www-Authenticate: auth url .{0,200}? responded with status code 401",
        r"unable to pull image using Managed [Ii]dentity",
    )
    + at_registry(r"/oauth2/exchange.{0,160}?\b401\b"),
)
BARE_403 = Symptom(
    id="bare-403",
    stages=(Stage.EXCHANGE,),
    when=_bare_403,
    says="The exchange was answered by an empty 403 without any header that the registry sends.",
    texts=(),
)
VALIDATION_FAILED = Symptom(
    id="token-validation-failed",
    stages=(Stage.EXCHANGE,),
    when=_validation_failed,
    says="{login_server} found the Entra token invalid.",
    texts=at_registry(r"(?i:token validation failed)"),
)
LOGIN_THROTTLED = Symptom(
    id="login-throttled",
    stages=(Stage.EXCHANGE, Stage.ACCESS_TOKEN),
    when=_throttled,
    says="{login_server} has too many logins to serve ({answer}); it asks to wait {retry_after} s.",
    texts=anywhere(
        r"\bCONNECTIVITY_TOOMANYREQUESTS_ERROR\b",
        r"Too many requests, access to registry '(?P<login_server>[\w.*-]{1,253})' was denied",
    )
    + at_registry(r"/oauth2/(?:token|exchange).{0,200}?\b429\b"),
)


def _foreign(answers: Answers) -> Verdict:
    """Judge whether the Entra token is of another tenant than the registry."""
    issuer = answers[TOKEN_TENANT].value
    if issuer is None:
        return Verdict.UNKNOWN
    return answers[REGISTRY_TENANT].holds(lambda tenant: tenant.lower() != issuer.lower())


def _unless_foreign(answers: Answers, verdict: Verdict) -> Verdict:
    return Verdict.NO if _foreign(answers) is Verdict.YES else verdict


SERVER_ERROR = Symptom(
    id="server-error",
    stages=(Stage.EXCHANGE, Stage.ACCESS_TOKEN, Stage.OPERATION),
    when=_server_error,
    says="{login_server} answered the {stage} request with {answer}.",
    texts=at_registry(
        r"status(?: code)?:? ?5\d\d\b",
        r"\b5\d\d (?:Internal Server Error|Bad Gateway|Service Unavailable|Gateway Time-?out)",
    )
    + anywhere(r"Access to registry '(?P<login_server>[\w.*-]{1,253})' was denied\. Response code: 5\d\d"),
)

EXCHANGE_NO_ROLE = FailureMode(
    id="exchange-no-role",
    family="exchange",
    shows=(EXCHANGE_REFUSED, BARE_403),
    questions=(ROLES, TOKEN_TENANT, REGISTRY_TENANT),
    proof=lambda a: _unless_foreign(a, a[ROLES].holds(lambda rights: rights.short and not rights.granted)),
    title="the identity has no role on {registry}",
    meaning="Entra knows the identity, and nothing is assigned to it on the registry or above it. The assignment may"
    " have gone to another principal, such as the application object instead of its service principal, or to another"
    " registry.",
    remedies=(
        (
            "az role assignment create --assignee {client_id} --role AcrPull"
            " --scope $(az acr show -n {registry} --query id -o tsv)"
        ),
        'Where roles are assigned per repository, the role is "Container Registry Repository Reader" instead.',
    ),
    link=pages.ACR + "container-registry-rbac-built-in-roles-overview",
    az_code="CONNECTIVITY_REFRESH_TOKEN_ERROR",
    transient=False,
    since="0.1",
)
EXCHANGE_ARM_AUDIENCE_REJECTED = FailureMode(
    id="exchange-arm-audience-rejected",
    family="exchange",
    shows=(VALIDATION_FAILED, EXCHANGE_REFUSED, BARE_403),
    questions=(ENTRA_AUDIENCE, ARM_AUDIENCE_POLICY),
    proof=lambda a: proven(
        a[ENTRA_AUDIENCE].holds(for_management), a[ARM_AUDIENCE_POLICY].holds(lambda status: status == "disabled")
    ),
    title="{registry} accepts no Entra token made for the management plane",
    meaning="The client sent a token whose audience is Azure's management plane, and the registry is set to take only"
    " tokens for its own audience.",
    remedies=(
        "Ask Entra for the scope https://containerregistry.azure.net/.default, or upgrade the client so that it does.",
        "az acr config authentication-as-arm update -r {registry} --status enabled",
    ),
    link=pages.ACR + "container-registry-disable-authentication-as-arm",
    az_code="CONNECTIVITY_REFRESH_TOKEN_ERROR",
    transient=False,
    since="0.1",
)
EXCHANGE_CROSS_TENANT = FailureMode(
    id="exchange-cross-tenant",
    family="exchange",
    shows=(EXCHANGE_REFUSED, BARE_403),
    questions=(TOKEN_TENANT, REGISTRY_TENANT),
    proof=_foreign,
    title="{registry} may belong to another tenant than the identity",
    meaning="A registry trusts the tenant of its own subscription. A valid token of another tenant is refused without"
    " saying so, and a managed identity cannot cross tenants at all.",
    remedies=("Sign in to the registry's tenant, or use an application that both tenants have consented to.",),
    link=pages.ACR + "authenticate-aks-cross-tenant",
    az_code="CONNECTIVITY_REFRESH_TOKEN_ERROR",
    transient=False,
    since="0.1",
)
EXCHANGE_THROTTLED = FailureMode(
    id="exchange-throttled",
    family="exchange",
    shows=(LOGIN_THROTTLED,),
    questions=(),
    proof=None,
    title="{login_server} limits the rate of logins, and the limit is reached",
    meaning="All logins of a registry share one allowance per minute, whoever they come from.",
    remedies=(
        "Wait {retry_after} seconds, then check again.",
        "Let clients keep their tokens instead of logging in for every pull.",
        "The Premium tier has twice the allowance.",
    ),
    link=pages.ACR + "container-registry-skus",
    az_code="CONNECTIVITY_TOOMANYREQUESTS_ERROR",
    transient=True,
    since="0.1",
)
EXCHANGE_SERVER_ERROR = FailureMode(
    id="exchange-server-error",
    family="exchange",
    shows=(SERVER_ERROR,),
    questions=(),
    proof=None,
    title="{login_server} fails with an error of its own",
    meaning="The registry, or the replica that answers this network, has a fault. Nothing is said about the identity.",
    remedies=(
        "Check again in some minutes, and look at https://azure.status.microsoft.",
        "az acr replication list -r {registry} -o table",
        "If it stays, open a support case with correlation id {correlation_id}.",
    ),
    link=pages.ACR + "container-registry-troubleshoot-access",
    az_code=None,
    transient=True,
    since="0.1",
)
