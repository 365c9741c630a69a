"""Family ``exchange``: the registry refuses the Entra token that Entra has issued."""

from __future__ import annotations

from dataclasses import dataclass

from pytest_acrauth.catalogue import pages
from pytest_acrauth.catalogue.facts import registry_record
from pytest_acrauth.catalogue.questions.management import ROLES
from pytest_acrauth.catalogue.shape import Break, Command, FailureMode, Question
from pytest_acrauth.catalogue.steps import ASSIGN_ROLES
from pytest_acrauth.catalogue.symptoms import exchange
from pytest_acrauth.model.evidence import Need


@dataclass(frozen=True, slots=True)
class Tenants:
    """The tenant that issued the Entra token, and that of the registry's subscription."""

    issuer: str
    registry: str

    @property
    def differ(self) -> bool:
        return self.issuer.lower() != self.registry.lower()

    def __str__(self) -> str:
        return f"no, to {self.registry} and not to {self.issuer}" if self.differ else f"yes, both are {self.registry}"


def _tenants(broken: Break) -> Tenants | None:
    claims = broken.transcript.entra.claims if broken.transcript.entra else None
    look = broken.transcript.evidence.tenant
    if claims is None or not claims.tenant_id or look is None or look.value is None:
        return None
    return Tenants(claims.tenant_id, look.value)


def _entra_audience(broken: Break) -> str | None:
    claims = broken.transcript.entra.claims if broken.transcript.entra else None
    return claims.audience or None if claims else None


def _arm_audience(broken: Break) -> str | None:
    return record.arm_audience or None if (record := registry_record(broken)) else None


TENANTS: Question[Tenants] = Question(
    id="tenants",
    asks="Does the registry belong to the tenant that issued the Entra token?",
    by_hand=Command("az account show --query tenantId -o tsv"),
    needs=Need.TENANT,
    read=_tenants,
)
ENTRA_AUDIENCE: Question[str] = Question(
    id="entra-audience",
    asks="For which audience is the Entra token?",
    by_hand="Decode the Entra token's middle part on this machine, and read aud.",
    read=_entra_audience,
)
ARM_AUDIENCE_POLICY: Question[str] = Question(
    id="arm-audience-policy",
    asks="Does the registry accept tokens for the management audience?",
    by_hand=Command("az acr config authentication-as-arm show -r {registry} --query status -o tsv"),
    needs=Need.REGISTRY,
    read=_arm_audience,
)
_OTHER_TENANT = TENANTS.where("no, to another one", lambda tenants: tenants.differ)

EXCHANGE_NO_ROLE = FailureMode(
    id="exchange-no-role",
    title="the identity has no role on {registry}",
    seen=(exchange.EXCHANGE_REFUSED, exchange.BARE_403),
    when=(ROLES.where("none that gives a right to images", lambda rights: rights.short and not rights.granted),),
    not_when=(_OTHER_TENANT,),
    means="Entra knows the identity, and nothing is assigned to it on the registry, or above it, that lets it pull or"
    " push. The role may have gone to another identity of a like name, to an application instead of its service"
    " principal, or to another registry.",
    fix=ASSIGN_ROLES,
    page=pages.ACR + "container-registry-rbac-built-in-roles-overview#perform-role-assignments-to-grant-permissions",
    az_code="CONNECTIVITY_REFRESH_TOKEN_ERROR",
    unlike=("(AuthorizationFailed) The client does not have authorization for 'Microsoft.Storage/read'.",),
)
EXCHANGE_ARM_AUDIENCE_REJECTED = FailureMode(
    id="exchange-arm-audience-rejected",
    title="{registry} accepts no Entra token made for the management plane",
    seen=(exchange.VALIDATION_FAILED, exchange.EXCHANGE_REFUSED, exchange.BARE_403),
    signs=(exchange.VALIDATION_FAILED,),
    certain="TODO",
    when=(
        ENTRA_AUDIENCE.where("one of the management plane", exchange.for_management),
        ARM_AUDIENCE_POLICY.is_("disabled"),
    ),
    means="An Entra token says for whom it was made, its audience. This one was made for Azure's management plane, and"
    " the registry is set to take only those made for registries. Older clients send the other kind.",
    fix=(
        "Upgrade the client: az, the node image of a Kubernetes cluster, or msi-acrpull.",
        "In code of your own, ask Entra for the scope https://containerregistry.azure.net/.default.",
    ),
    instead=(
        (
            "Some services cannot ask for it, Web Apps among them. For those the registry's owner decides whether to"
            " accept both kinds again; the page says what that weakens, and an Azure Policy can undo it."
        ),
    ),
    page=pages.ACR + "container-registry-disable-authentication-as-arm#registry-configuration-options",
    az_code="CONNECTIVITY_REFRESH_TOKEN_ERROR",
)
EXCHANGE_CROSS_TENANT = FailureMode(
    id="exchange-cross-tenant",
    title="{registry} belongs to another tenant than the identity",
    seen=(exchange.EXCHANGE_REFUSED, exchange.BARE_403),
    when=(_OTHER_TENANT,),
    means="A tenant is an organisation's own directory in Entra. A registry trusts that of its own subscription, and"
    " refuses a valid token of any other without saying why.",
    fix=(
        "A person who is a member or a guest there signs in to the registry's tenant:",
        Command("az login --tenant {registry_tenant} --scope https://containerregistry.azure.net/.default"),
        (
            "For a service, use an application that may sign in to several tenants: an administrator of the registry's"
            " tenant adds it there, and the registry's owner gives it a role."
        ),
    ),
    instead=(
        (
            "A managed identity cannot sign in to another tenant itself, but such an application can trust it as a"
            " federated credential."
        ),
    ),
    page=pages.ACR + "container-registry-auth-service-principal#create-service-principal-for-cross-tenant-scenarios",
    az_code="CONNECTIVITY_REFRESH_TOKEN_ERROR",
)
EXCHANGE_THROTTLED = FailureMode(
    id="exchange-throttled",
    title="{login_server} limits the rate of logins, and the limit is reached",
    seen=(exchange.LOGIN_THROTTLED,),
    signs=(exchange.LOGIN_THROTTLED,),
    certain="TODO",
    means="Logins, and the tokens that clients ask for before each pull and push, share one allowance per minute,"
    " whoever asks. In a registry with replicas each replica has its own.",
    look=("Find out which clients log in most often, such as a cluster that starts many pods at once, or a scanner.",),
    fix=(
        "Wait {retry_after} seconds, then check again.",
        "Let those clients keep their tokens, and spread their pulls over time.",
    ),
    instead=("The Premium tier has twice the allowance, and costs more: a matter for the registry's owner.",),
    page=pages.ACR + "container-registry-skus#api-request-rate-limits",
    az_code="CONNECTIVITY_TOOMANYREQUESTS_ERROR",
    transient=True,
    unlike=(
        "toomanyrequests: You have reached your pull rate limit. https://www.docker.com/increase-rate-limit",
        "(SubscriptionRequestsThrottled) Number of requests for subscription exceeded the limit.",
    ),
)
EXCHANGE_SERVER_ERROR = FailureMode(
    id="exchange-server-error",
    title="{login_server} fails with an error of its own",
    seen=(exchange.SERVER_ERROR,),
    signs=(exchange.SERVER_ERROR,),
    certain="TODO",
    means="The registry, or the replica of it that answers this network, has a fault. Nothing is said about the"
    " identity.",
    look=(
        "See whether Azure reports an outage: https://azure.status.microsoft",
        Command("az acr replication list -r {registry} -o table"),
    ),
    fix=(
        "Check again in some minutes.",
        "If it stays, open a support case, and quote {correlation_id}.",
    ),
    page=pages.ACR + "container-registry-geo-replication#health-aware-failover",
    transient=True,
    unlike=("503 Service Unavailable from https://registry-1.docker.io/v2/",),
)
