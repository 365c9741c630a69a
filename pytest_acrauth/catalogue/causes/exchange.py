"""Family ``exchange``: the registry refuses the Entra token that Entra has issued, or cannot serve."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

from pytest_acrauth.catalogue import facts, pages
from pytest_acrauth.catalogue.facts import registry_record
from pytest_acrauth.catalogue.questions.climb import REFUSED_BY_REGISTRY, REGISTRY_ANSWERED, USER_KIND
from pytest_acrauth.catalogue.questions.management import ROLES, TENANTS
from pytest_acrauth.catalogue.shape import Break, Command, FailureMode, Occurs, Question
from pytest_acrauth.catalogue.symptoms import access_token, challenge, data, exchange, operation, services, text
from pytest_acrauth.model.credential import Kind, SecretShape
from pytest_acrauth.model.evidence import Need
from pytest_acrauth.model.target import CLOUDS, Cloud, Flow

# Entra's own applications, whose ids are audiences as well, the same in every cloud: registries, management plane.
_REGISTRIES = ("https://containerregistry.azure.net", "6a0ec4d3-30cb-4a83-91c0-ae56bc0e3d26")
_MANAGEMENT = "797f4846-ba00-4fd7-ba43-dac1f8f63013"


@dataclass(frozen=True, slots=True)
class Audience:
    """For whom an Entra token was made, as a registry of a cloud sees it.

    ``fresh`` tells whether the authority of that cloud issued it in this run.
    """

    text: str
    cloud: Cloud
    fresh: bool

    @property
    def management(self) -> bool:
        """Whether it is the management plane of the registry's own cloud."""
        return self.text.lower() == _MANAGEMENT or self._host in _management(self.cloud)

    @property
    def elsewhere(self) -> bool | None:
        """Whether it was issued in another cloud; None where that of registries, the same in each, hides it."""
        if self.text.lower().rstrip("/") in _REGISTRIES:
            return False if self.fresh else None
        return self._host in {host for cloud in CLOUDS for host in _management(cloud)} - _management(self.cloud)

    @property
    def foreign(self) -> bool | None:
        """Whether it is neither registries nor a management plane; None for an id that is not known."""
        if self.management or self.elsewhere is not False or self.text.lower().rstrip("/") in _REGISTRIES:
            return False
        return True if self._host else None

    @property
    def _host(self) -> str:
        try:
            return urlsplit(self.text.lower()).hostname or ""
        except ValueError:  # it is whatever a token says
            return ""

    def __str__(self) -> str:
        return self.text


def _management(cloud: Cloud) -> set[str]:
    return {urlsplit(address).hostname or "" for address in (cloud.arm, cloud.arm_audience)}


def _issued_now(broken: Break) -> bool:
    """Whether the registry's own authority was asked in this run: with a secret of one's own, no cache is."""
    return broken.transcript.credential.secret is not SecretShape.NONE


def _entra_audience(broken: Break) -> Audience | None:
    claims = broken.transcript.entra.claims if broken.transcript.entra else None
    named = claims.audience if claims else ""
    return Audience(named, broken.transcript.target.registry.cloud, _issued_now(broken)) if named else None


def _token_ended(broken: Break) -> bool | None:
    """Compare the token's end with the services' clock: this machine's own may be wrong.

    Where one of them is not known, what Entra issued in this very run has not ended.
    """
    claims = broken.transcript.entra.claims if broken.transcript.entra else None
    now = facts.service_time(broken.transcript)
    if claims is None or claims.expires is None or now is None:
        return False if _issued_now(broken) else None
    return claims.expires <= now


def _arm_audience(broken: Break) -> str | None:
    return record.arm_audience or None if (record := registry_record(broken)) else None


def _fresh(broken: Break) -> bool | None:
    credential = broken.transcript.credential
    if broken.transcript.target.identity.flow is Flow.ENTRA:
        # With a secret of one's own Entra itself is asked; without, the machine may hand out what a cache holds.
        return None if credential.secret is SecretShape.NONE else True
    return None if credential.kind is Kind.REFRESH_TOKEN else True


ENTRA_AUDIENCE: Question[Audience] = Question(
    id="entra-audience",
    asks="For which audience is the Entra token?",
    shows="audience of the Entra token",
    by_hand="Decode the Entra token's middle part on this machine, and read aud.",
    read=_entra_audience,
)
ENTRA_TOKEN_ENDED: Question[bool] = Question(
    id="entra-token-ended",
    asks="Had the Entra token ended when the registry answered, by the registry's own clock?",
    shows="Entra token ended",
    by_hand="Decode the Entra token's middle part on this machine, and compare exp with the Date of the answer.",
    read=_token_ended,
)
ARM_AUDIENCE_POLICY: Question[str] = Question(
    id="arm-audience-policy",
    asks="Does the registry accept Entra tokens for the management audience?",
    shows="tokens of the management plane",
    by_hand=Command("az acr config authentication-as-arm show -r {registry} --query status -o tsv"),
    needs=Need.REGISTRY,
    read=_arm_audience,
)
FRESH: Question[bool] = Question(
    id="credential-fresh",
    asks="Was the credential obtained in this run, not taken from a cache?",
    shows="credential from this run",
    by_hand="Sign in again and repeat the check.",
    read=_fresh,
)
_TOKEN_PAGE = pages.PROTOCOL + "#calling-post-oauth2exchange-to-get-an-acr-refresh-token"
_INVALID = (exchange.VALIDATION_FAILED, exchange.EXCHANGE_REFUSED, exchange.BARE_403)

EXCHANGE_ARM_AUDIENCE_REJECTED = FailureMode(
    id="exchange-arm-audience-rejected",
    title="{registry} refuses management tokens",
    brief="management tokens refused",
    seen=(*_INVALID, services.NODE_REFUSED, services.NODE_REFUSED_IN_REGION),
    when=(
        ENTRA_AUDIENCE.where("one of the management plane", lambda audience: audience.management),
        ARM_AUDIENCE_POLICY.is_("disabled"),
    ),
    occurs=Occurs.SELDOM,
    means="An Entra token says for whom it was made, its audience. This one was made for Azure's management plane (a"
    " management token), and {registry} is set to take only those made for registries. Older clients send the other"
    " kind; Web Apps and Container Apps do in any version.",
    fix=(
        "Upgrade the client: az, the node image of a Kubernetes cluster, or msi-acrpull.",
        "In code of your own, ask Entra for the scope https://containerregistry.azure.net/.default.",
    ),
    instead=(
        (
            "Web Apps, Container Apps and acr-env cannot ask for it. For those the registry's owner decides whether to"
            " take both kinds again; the page says what that weakens, and an Azure Policy can undo it:"
        ),
        Command("az acr config authentication-as-arm update -r {registry} --status enabled"),
    ),
    page=pages.ACR + "container-registry-disable-authentication-as-arm#registry-configuration-options",
    az_code="CONNECTIVITY_REFRESH_TOKEN_ERROR",
)
EXCHANGE_WRONG_AUDIENCE = FailureMode(
    id="exchange-wrong-audience",
    title="the Entra token was made for another service",
    brief="Entra token for another service",
    seen=_INVALID,
    when=(ENTRA_AUDIENCE.where("neither registries nor the management plane", lambda audience: audience.foreign),),
    occurs=Occurs.SELDOM,
    means="An Entra token says for whom it was made, its audience. A registry takes those made for registries, and"
    " unless it is set otherwise those for the management plane; one for Graph, or any other service, is refused.",
    look=("See who chooses the audience here: a service or a wrapper can be fixed to one.",),
    fix=("Ask Entra for the scope https://containerregistry.azure.net/.default.",),
    page=_TOKEN_PAGE,
    az_code="CONNECTIVITY_REFRESH_TOKEN_ERROR",
)
EXCHANGE_TOKEN_OTHER_CLOUD = FailureMode(
    id="exchange-token-other-cloud",
    title="the Entra token is from another cloud",
    brief="Entra token from another cloud",
    seen=_INVALID,
    when=(ENTRA_AUDIENCE.where("one of another cloud", lambda audience: audience.elsewhere),),
    occurs=Occurs.SELDOM,
    means="Azure's clouds (public, US government, China) each have an Entra of their own, and none takes an Entra token"
    " of another. The registry is in {cloud}.",
    look=("See which cloud the client is set to:", Command("az cloud show --query name -o tsv")),
    fix=(
        "Set the client to the registry's cloud, and sign in there; az keeps this for all that it does:",
        Command("az cloud set --name {cloud}"),
        Command("az login"),
    ),
    page=pages.ACR + "container-registry-disable-authentication-as-arm#microsoft-entra-authentication-scope-types",
    az_code="CONNECTIVITY_REFRESH_TOKEN_ERROR",
)
EXCHANGE_TOKEN_EXPIRED = FailureMode(
    id="exchange-token-expired",
    title="the Entra token had ended when it was shown",
    brief="ended Entra token",
    seen=_INVALID,
    when=(ENTRA_TOKEN_ENDED.is_(True),),
    occurs=Occurs.SELDOM,
    means="An Entra token has an end, and a cache hands it out up to that. If this machine's clock is behind, the cache"
    " does not notice that the end is past; the registry's clock tells.",
    look=(
        "Compare this machine's clock with that of the registry:",
        Command("date -u; curl -sI https://{login_server}/v2/"),
    ),
    fix=(
        "If this machine's is wrong, whoever runs it sets it, and keeps it right with a time service.",
        "Then sign in again, so that Entra issues a new Entra token.",
    ),
    page=_TOKEN_PAGE,
    az_code="CONNECTIVITY_REFRESH_TOKEN_ERROR",
)
ENTRA_TOKEN_STALE = FailureMode(
    id="entra-token-stale",
    title="the Entra token is older than the role or membership",
    brief="Entra token older than the role",
    seen=(
        text.REFUSED_AND_NOT_FOUND,
        exchange.EXCHANGE_REFUSED,
        exchange.BARE_403,
        access_token.NOTHING_GRANTED,
        access_token.RIGHTS_MISSING,
        operation.OPERATION_REFUSED,
    ),
    when=(
        USER_KIND.is_(Kind.USER, Kind.MANAGED_IDENTITY),
        FRESH.is_(False),
        ROLES.where("enough, and not only since minutes", lambda rights: rights.enough),
    ),
    unprovable="An Entra token from a cache does not tell when it was issued, nor any record since when a group has a"
    " member.",
    occurs=Occurs.SELDOM,
    means="The registry judges by the Entra token that it is shown. One from a cache says what was true when it was"
    " issued; a group joined since is not in it.",
    look=("See when the group was joined, and whether the sign-in took place before that.",),
    fix=(
        "A person signs in again, so that Entra issues a new Entra token, and repeats the check:",
        Command("az login --tenant {tenant_id} --scope https://containerregistry.azure.net/.default"),
        (
            "A managed identity cannot: Azure keeps its Entra tokens for up to a day. Wait, or have it given the role"
            " directly instead of through a group."
        ),
    ),
    page=pages.HEALTH + "#connectivity_refresh_token_error",
    az_code="CONNECTIVITY_REFRESH_TOKEN_ERROR",
    samples=(
        (
            "Access to registry 'myacr.azurecr.io' was denied. Response code: 401. Please try running 'az login' again"
            " to refresh permissions.\nERROR: Unable to get admin user credentials with message: The resource with name"
            " 'myacr' and type 'Microsoft.ContainerRegistry/registries' could not be found in subscription 'build'."
        ),
    ),
    not_emulated="The emulated registries judge by the directory of the moment, not by what a token holds.",
)
EXCHANGE_CROSS_TENANT = FailureMode(
    id="exchange-cross-tenant",
    title="{registry} belongs to another tenant",
    brief="other tenant",
    seen=(exchange.EXCHANGE_REFUSED, exchange.BARE_403, text.REFUSED_AND_NOT_FOUND),
    when=(TENANTS.where("no, to another one", lambda tenants: tenants.differ),),
    means="A tenant is an organisation's own directory in Entra. A registry trusts that of its own subscription alone,"
    " and the identity signed in to another one: its Entra token is valid, and refused without saying why.",
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
    title="{login_server} has reached its limit of logins",
    brief="too many logins",
    seen=(exchange.LOGIN_THROTTLED,),
    when=(REFUSED_BY_REGISTRY,),
    means="Logins, and the access tokens that clients ask for before each pull and push, share one allowance per"
    " minute, whoever asks. In a registry with replicas each replica has its own.",
    look=("See which clients log in most: a cluster that starts many pods at once, or a scanner.",),
    fix=(
        "Wait {retry_after} seconds, then check again.",
        "Let those clients keep their refresh tokens and access tokens, and spread their pulls.",
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
    title="{host} fails with an error of its own",
    brief="error of the service itself",
    seen=(exchange.SERVER_ERROR,),
    when=(REFUSED_BY_REGISTRY,),
    means="The registry, the replica of it that answers this network, or the storage of its layers answers with a"
    " status of 500 or more: it has a fault, or is too busy. Nothing is said about the identity.",
    look=(
        "See whether Azure reports an outage: https://azure.status.microsoft",
        Command("az acr replication list -r {registry} -o table"),
        "See whether a change of the registry is under way or has failed, so that it is not Succeeded and Ready:",
        Command('az acr show -n {registry} --query "[provisioningState,status.displayStatus]"'),
    ),
    fix=(
        "Check again in some minutes.",
        "If it stays, open a support case, and quote {correlation_id}.",
    ),
    page=pages.ACR + "container-registry-geo-replication#health-aware-failover",
    transient=True,
    unlike=("503 Service Unavailable from https://registry-1.docker.io/v2/",),
)
ANSWERED_ON_THE_WAY = FailureMode(
    id="answered-on-the-way",
    title="something else answers instead of {host}",
    brief="answer from something in between",
    seen=(
        challenge.NOT_FROM_REGISTRY,
        challenge.THROTTLED,
        exchange.EXCHANGE_REFUSED,
        exchange.LOGIN_THROTTLED,
        exchange.SERVER_ERROR,
        access_token.BASIC_REFUSED,
        access_token.ANONYMOUS_REFUSED,
        access_token.NOTHING_GRANTED,
        operation.OPERATION_REFUSED,
        operation.MANIFEST_UNKNOWN,
        data.BLOB_UNKNOWN,
    ),
    when=(REGISTRY_ANSWERED.is_(False),),
    occurs=Occurs.SELDOM,
    unprovable="The answers of Azure's hosts have marks of their own; that they are missing does not tell who spoke"
    " instead.",
    means="Registries, Entra and Azure's storage put headers of their own on every answer, and this one has none of"
    " them. A proxy, a gateway or a mirror on the way may have answered by itself, or an overloaded front of {host}."
    " Nothing is said about the identity.",
    look=(
        "See who answers, and on which way:",
        Command("curl -sSv -o /dev/null --max-time 20 https://{host}/"),
    ),
    fix=(
        "Whoever runs what stands in between lets requests to {host} through unchanged.",
        "If nothing stands in between, check again in some minutes.",
    ),
    page=pages.ACR + "container-registry-access-selected-networks#access-behind-https-proxy",
)
