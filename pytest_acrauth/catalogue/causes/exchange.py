"""Family ``exchange``: the registry refuses the Entra token that Entra has issued."""

from __future__ import annotations

from pytest_acrauth.catalogue import pages
from pytest_acrauth.catalogue.facts import registry_record
from pytest_acrauth.catalogue.questions.management import ROLES
from pytest_acrauth.catalogue.questions.verdicts import proven
from pytest_acrauth.catalogue.shape import Answers, Break, Command, FailureMode, Question, Verdict
from pytest_acrauth.catalogue.steps import ASSIGN_ROLES
from pytest_acrauth.catalogue.symptoms import exchange
from pytest_acrauth.model.evidence import Need


def _token_tenant(broken: Break) -> str | None:
    claims = broken.transcript.entra.claims if broken.transcript.entra else None
    return claims.tenant_id or None if claims else None


def _entra_audience(broken: Break) -> str | None:
    claims = broken.transcript.entra.claims if broken.transcript.entra else None
    return claims.audience or None if claims else None


def _tenant(broken: Break) -> str | None:
    look = broken.transcript.evidence.tenant
    return look.value if look else None


def _arm_audience(broken: Break) -> str | None:
    return record.arm_audience or None if (record := registry_record(broken)) else None


TOKEN_TENANT: Question[str] = Question(
    id="entra-token-tenant",
    asks="Which tenant issued the Entra token?",
    by_hand="Decode the Entra token's middle part and read tid.",
    read=_token_tenant,
)
REGISTRY_TENANT: Question[str] = Question(
    id="registry-tenant",
    asks="To which tenant does the registry's subscription belong?",
    by_hand=Command("az account show --query tenantId -o tsv"),
    needs=Need.TENANT,
    read=_tenant,
)
ENTRA_AUDIENCE: Question[str] = Question(
    id="entra-audience",
    asks="For which audience is the Entra token?",
    by_hand="Decode the Entra token's middle part and read aud.",
    read=_entra_audience,
)
ARM_AUDIENCE_POLICY: Question[str] = Question(
    id="arm-audience-policy",
    asks="Does the registry accept tokens for the management audience?",
    by_hand=Command("az acr config authentication-as-arm show -r {registry}"),
    needs=Need.REGISTRY,
    read=_arm_audience,
)


def _foreign(answers: Answers) -> Verdict:
    """Judge whether the Entra token is of another tenant than the registry."""
    issuer = answers[TOKEN_TENANT].value
    if issuer is None:
        return Verdict.UNKNOWN
    return answers[REGISTRY_TENANT].holds(lambda tenant: tenant.lower() != issuer.lower())


def _unless_foreign(answers: Answers, verdict: Verdict) -> Verdict:
    return Verdict.NO if _foreign(answers) is Verdict.YES else verdict


EXCHANGE_NO_ROLE = FailureMode(
    id="exchange-no-role",
    title="the identity has no role on {registry}",
    seen=(exchange.EXCHANGE_REFUSED, exchange.BARE_403),
    asks=(ROLES, TOKEN_TENANT, REGISTRY_TENANT),
    proof=lambda a: _unless_foreign(a, a[ROLES].holds(lambda rights: rights.short and not rights.granted)),
    means="Entra knows the identity, and nothing is assigned to it on the registry or above it. The assignment"
    " may have gone to another principal, such as the application object instead of its service principal,"
    " or to another registry.",
    fix=ASSIGN_ROLES,
    page=pages.ACR + "container-registry-rbac-built-in-roles-overview",
    az_code="CONNECTIVITY_REFRESH_TOKEN_ERROR",
)
EXCHANGE_ARM_AUDIENCE_REJECTED = FailureMode(
    id="exchange-arm-audience-rejected",
    title="{registry} accepts no Entra token made for the management plane",
    seen=(exchange.VALIDATION_FAILED, exchange.EXCHANGE_REFUSED, exchange.BARE_403),
    asks=(ENTRA_AUDIENCE, ARM_AUDIENCE_POLICY),
    proof=lambda a: proven(
        a[ENTRA_AUDIENCE].holds(exchange.for_management),
        a[ARM_AUDIENCE_POLICY].holds(lambda status: status == "disabled"),
    ),
    means="The client sent a token whose audience is Azure's management plane, and the registry is set to take"
    " only tokens for its own audience.",
    fix=(
        "Ask Entra for the scope https://containerregistry.azure.net/.default, or upgrade the client so that it does.",
        Command("az acr config authentication-as-arm update -r {registry} --status enabled"),
    ),
    page=pages.ACR + "container-registry-disable-authentication-as-arm",
    az_code="CONNECTIVITY_REFRESH_TOKEN_ERROR",
)
EXCHANGE_CROSS_TENANT = FailureMode(
    id="exchange-cross-tenant",
    title="{registry} may belong to another tenant than the identity",
    seen=(exchange.EXCHANGE_REFUSED, exchange.BARE_403),
    asks=(TOKEN_TENANT, REGISTRY_TENANT),
    proof=_foreign,
    means="A registry trusts the tenant of its own subscription. A valid token of another tenant is refused"
    " without saying so, and a managed identity cannot cross tenants at all.",
    fix=("Sign in to the registry's tenant, or use an application that both tenants have consented to.",),
    page=pages.ACR + "authenticate-aks-cross-tenant",
    az_code="CONNECTIVITY_REFRESH_TOKEN_ERROR",
)
EXCHANGE_THROTTLED = FailureMode(
    id="exchange-throttled",
    title="{login_server} limits the rate of logins, and the limit is reached",
    seen=(exchange.LOGIN_THROTTLED,),
    means="All logins of a registry share one allowance per minute, whoever they come from.",
    fix=(
        "Wait {retry_after} seconds, then check again.",
        "Let clients keep their tokens instead of logging in for every pull.",
        "The Premium tier has twice the allowance.",
    ),
    page=pages.ACR + "container-registry-skus",
    az_code="CONNECTIVITY_TOOMANYREQUESTS_ERROR",
    transient=True,
)
EXCHANGE_SERVER_ERROR = FailureMode(
    id="exchange-server-error",
    title="{login_server} fails with an error of its own",
    seen=(exchange.SERVER_ERROR,),
    means="The registry, or the replica that answers this network, has a fault. Nothing is said about the identity.",
    fix=(
        "Check again in some minutes, and look at https://azure.status.microsoft.",
        Command("az acr replication list -r {registry} -o table"),
        "If it stays, open a support case with correlation id {correlation_id}.",
    ),
    page=pages.ACR + "container-registry-troubleshoot-access",
    transient=True,
)
