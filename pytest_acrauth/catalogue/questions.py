"""What can be asked to tell causes apart, and how answers combine to a verdict.

The first half is answered from the climb itself. The second half needs the management plane or Entra, which only a
person or an evidence identity can ask. ``by_hand`` is a format string over the facts, like every text here.
"""

from __future__ import annotations

from enum import StrEnum
from ipaddress import ip_address, ip_network

from pytest_acrauth import facts
from pytest_acrauth.failure import Question, Seen, Verdict
from pytest_acrauth.observation import Data, Dns, Kind, SecretShape
from pytest_acrauth.target import GUID, Flow


def possible(*conditions: Verdict) -> Verdict:
    """Judge a cause that its conditions can exclude but never prove: NO where one fails, else UNKNOWN."""
    return Verdict.NO if Verdict.NO in conditions else Verdict.UNKNOWN


def proven(*conditions: Verdict) -> Verdict:
    """Judge a cause that its conditions prove: YES where all hold, NO where one fails, else UNKNOWN."""
    return Verdict.YES if set(conditions) == {Verdict.YES} else possible(*conditions)


def excluded(*conditions: Verdict) -> Verdict:
    """Judge a cause that its conditions exclude only together: NO where all hold, else UNKNOWN."""
    return Verdict.NO if set(conditions) == {Verdict.YES} else Verdict.UNKNOWN


class RoleMode(StrEnum):
    """How a registry judges roles: ABAC registries ignore the older registry-wide ones."""

    RBAC = "RBAC"
    ABAC = "ABAC"


class NameShape(StrEnum):
    """What a user name looks like."""

    REGISTRY = "the registry's name"
    HOST = "a host name"
    MAIL = "an e-mail address"
    GUID = "a GUID"
    PLAIN = "a plain name"


_PRIVATE = tuple(ip_network(net) for net in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7"))

# Audiences of the management plane in every cloud, and its application id (azure-cli-core ``cloud.py``).
_MANAGEMENT = (
    "management.azure.com",
    "management.core.windows.net",
    "management.chinacloudapi.cn",
    "management.core.chinacloudapi.cn",
    "management.usgovcloudapi.net",
    "management.core.usgovcloudapi.net",
    "management.sovcloud-api.fr",
    "797f4846-ba00-4fd7-ba43-dac1f8f63013",
)


def is_private(address: str) -> bool:
    """Whether an address is one of a private network: RFC 1918 or IPv6 unique local, not loopback."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return False
    return any(parsed in net for net in _PRIVATE if net.version == parsed.version)


def through_private_link(names: tuple[str, ...]) -> bool:
    """Whether a chain of aliases leads through the private link zone."""
    return any(".privatelink." in f".{name.lower()}." for name in names)


def for_management(audience: str) -> bool:
    """Whether an Entra token's audience is the management plane's, not the registry's own."""
    return any(known in audience.lower() for known in _MANAGEMENT)


def _chain(seen: Seen) -> tuple[str, ...] | None:
    dns = seen.transcript.dns
    return dns.resolution.chain if isinstance(dns, Dns) and dns.resolution else None


def _addresses(seen: Seen) -> tuple[str, ...] | None:
    dns = seen.transcript.dns
    return dns.resolution.addresses or None if isinstance(dns, Dns) and dns.resolution else None


def _role_mode(seen: Seen) -> RoleMode | None:
    claims = seen.transcript.exchange.claims if seen.transcript.exchange else None
    if claims is None:
        return None
    if claims.aad_identity:
        return RoleMode.ABAC
    return RoleMode.RBAC if claims.permissions else None


def _granted(seen: Seen) -> tuple[str, ...] | None:
    token = seen.access.access_token if seen.access else seen.transcript.access_token
    return token.granted if token else None


def _scope(seen: Seen) -> str | None:
    token = seen.access.access_token if seen.access else seen.transcript.access_token
    return token.scope if token else None


def _name_shape(seen: Seen) -> NameShape | None:
    name, registry = seen.transcript.credential.user_name, seen.transcript.target.registry
    if not name:
        return None
    if name.lower() == registry.name:
        return NameShape.REGISTRY
    if "@" in name:
        return NameShape.MAIL
    if name.lower().endswith(registry.cloud.registry_suffix) or name.lower() == registry.login_server:
        return NameShape.HOST
    return NameShape.GUID if GUID.fullmatch(name) else NameShape.PLAIN


def _secret_expired(seen: Seen) -> bool | None:
    expires = seen.transcript.credential.secret_expires
    return None if expires is None else expires < seen.transcript.started


def _secret_elsewhere(seen: Seen) -> bool | None:
    audience = seen.transcript.credential.secret_audience
    return audience.lower() != seen.transcript.target.registry.login_server if audience else None


def _entra_audience(seen: Seen) -> str | None:
    claims = seen.transcript.entra.claims if seen.transcript.entra else None
    return claims.audience or None if claims else None


def _fresh(seen: Seen) -> bool | None:
    target, kind = seen.transcript.target, seen.transcript.credential.kind
    if target.identity.flow is Flow.ENTRA:
        # Only this method asks Entra itself; the others may hand out what a cache of the machine holds.
        return True if target.identity.method == "service-principal" else None
    return None if kind is Kind.REFRESH_TOKEN else True


def _data_resolved(seen: Seen) -> bool | None:
    observation = seen.observation
    if not isinstance(observation, Data) or observation.connection is None or observation.connection.dns is None:
        return None
    return observation.connection.dns.ok


def _grants_asked(seen: Seen) -> bool | None:
    token = seen.access.access_token if seen.access else seen.transcript.access_token
    if token is None or token.granted is None:
        return None
    reply = facts.reply(seen)
    contradicted = reply is not None and "insufficient_scope" in reply.authenticate
    return not token.missing and not contradicted


HOST: Question[str] = Question(
    id="login-server-host",
    asks="Which login server was asked?",
    by_hand="Read the host name in the configuration.",
    read=lambda seen: seen.transcript.target.registry.login_server,
)
ALIASES: Question[tuple[str, ...]] = Question(
    id="aliases",
    asks="Which aliases lead from the login server's name to its address?",
    by_hand="nslookup {login_server}",
    read=_chain,
)
ADDRESSES: Question[tuple[str, ...]] = Question(
    id="addresses",
    asks="Which addresses does the login server have from here?",
    by_hand="nslookup {login_server}",
    read=_addresses,
)
PROXY: Question[str] = Question(
    id="proxy",
    asks="Which proxy do requests to the registry take?",
    by_hand="Look at HTTPS_PROXY and NO_PROXY.",
    read=lambda seen: seen.transcript.proxy or "none",
)
CLIENT_IP: Question[str] = Question(
    id="client-ip",
    asks="From which address did the registry see the request come?",
    by_hand="Read the address in the message.",
    read=facts.client_ip,
)
FIREWALL_SPOKE: Question[bool] = Question(
    id="firewall-spoke",
    asks="Did the registry's own firewall refuse, naming an address?",
    by_hand="Read the answer's body.",
    read=facts.firewall_spoke,
)
USER_KIND: Question[Kind] = Question(
    id="user-kind",
    asks="What kind of credential is it?",
    by_hand="A GUID is an application, the registry's name the admin user, another name a scope-map token.",
    read=lambda seen: seen.transcript.credential.kind,
)
DECLARED: Question[Kind | str] = Question(
    id="declared-kind",
    asks="Which kind of credential was it declared to be?",
    by_hand="Say it with --acr-auth admin or --acr-auth scope-map-token.",
    read=lambda seen: seen.transcript.credential.kind if seen.transcript.credential.declared else "none",
)
USER_NAME: Question[NameShape] = Question(
    id="user-name-shape",
    asks="What does the user name look like?",
    by_hand="Compare the user name with the registry's name.",
    read=_name_shape,
)
SECRET: Question[SecretShape] = Question(
    id="secret-shape",
    asks="What does the secret look like?",
    by_hand="A secret of three parts joined by dots is a token; decode its middle part.",
    read=lambda seen: seen.transcript.credential.secret,
)
SECRET_EXPIRED: Question[bool] = Question(
    id="secret-expired",
    asks="Was the refresh token past its end when the climb began?",
    by_hand="Decode the password's middle part and compare exp with the clock.",
    read=_secret_expired,
)
SECRET_ELSEWHERE: Question[bool] = Question(
    id="secret-elsewhere",
    asks="Was the refresh token issued by another login server?",
    by_hand="Decode the password's middle part and compare aud with {login_server}.",
    read=_secret_elsewhere,
)
ENTRA_AUDIENCE: Question[str] = Question(
    id="entra-audience",
    asks="For which audience is the Entra token?",
    by_hand="Decode the Entra token's middle part and read aud.",
    read=_entra_audience,
)
FRESH: Question[bool] = Question(
    id="credential-fresh",
    asks="Was the registry shown nothing that was issued before this run?",
    by_hand="Sign in again and repeat the check.",
    read=_fresh,
)
ROLE_MODE: Question[RoleMode] = Question(
    id="role-mode",
    asks="Which role assignment mode is the registry in?",
    by_hand="az acr show -n {registry} --query roleAssignmentMode -o tsv",
    read=_role_mode,
)
SCOPE: Question[str] = Question(
    id="scope",
    asks="Which scope was asked for?",
    by_hand="Name a repository with --acr-repository.",
    read=_scope,
)
GRANTED: Question[tuple[str, ...]] = Question(
    id="granted",
    asks="Which of the actions asked for does the access token grant?",
    by_hand="Decode the access token's middle part and read access[].actions.",
    read=_granted,
)
GRANTS_ASKED: Question[bool] = Question(
    id="grants-asked",
    asks="Does the access token grant what was asked, in its own words and in the registry's?",
    by_hand="Decode the access token's middle part and read access[].actions.",
    read=_grants_asked,
)
DATA_RESOLVED: Question[bool] = Question(
    id="data-host-resolved",
    asks="Did the data host's name resolve?",
    by_hand="nslookup {redirect}",
    read=_data_resolved,
)

LOGIN_SERVER: Question[str] = Question(
    id="login-server",
    asks="Which login server does the registry have?",
    by_hand='az acr list --query "[].loginServer" -o tsv',
)
CLOUD: Question[str] = Question(
    id="registry-cloud",
    asks="In which cloud does the registry live?",
    by_hand="az cloud show --query name -o tsv",
)
NETWORK: Question[str] = Question(
    id="network-rules",
    asks="Which networks may reach the registry, and since when?",
    by_hand='az acr show -n {registry} --query "[publicNetworkAccess,networkRuleSet]"',
)
PRIVATE_ENDPOINTS: Question[str] = Question(
    id="private-endpoints",
    asks="Does the registry have private endpoints, and are they approved?",
    by_hand="az acr private-endpoint-connection list --registry-name {registry} -o table",
)
ROLES: Question[str] = Question(
    id="roles",
    asks="Which roles and deny assignments bear on the identity, since when, on which conditions?",
    by_hand="az role assignment list --assignee {client_id} --include-inherited --include-groups"
    " --scope $(az acr show -n {registry} --query id -o tsv)",
)
REGISTRY_TENANT: Question[str] = Question(
    id="registry-tenant",
    asks="To which tenant does the registry's subscription belong?",
    by_hand="az account show --query tenantId -o tsv",
)
ARM_AUDIENCE_POLICY: Question[str] = Question(
    id="arm-audience-policy",
    asks="Does the registry accept tokens for the management audience?",
    by_hand="az acr config authentication-as-arm show -r {registry}",
)
ADMIN_ENABLED: Question[bool] = Question(
    id="admin-enabled",
    asks="Is the admin user enabled?",
    by_hand="az acr show -n {registry} --query adminUserEnabled -o tsv",
)
SCOPE_MAP_TOKEN: Question[str] = Question(
    id="scope-map-token",
    asks="Does the scope-map token exist, is it enabled, and when do its passwords end?",
    by_hand='az acr token show -n {user_name} -r {registry} --query "[status,scopeMapId,credentials.passwords]"',
)
SCOPE_MAP: Question[str] = Question(
    id="scope-map",
    asks="What does the scope map allow?",
    by_hand="az acr scope-map list -r {registry} -o table",
)
ENTRA_DIRECTLY: Question[int] = Question(
    id="entra-directly",
    asks="What does Entra itself answer to this client id and secret?",
    by_hand="az login --service-principal -u {client_id} -p <secret> --tenant <tenant id>",
)
APP_CREDENTIALS: Question[str] = Question(
    id="app-credentials",
    asks="Which secrets and certificates does the application have, and when do they end?",
    by_hand='az ad app credential list --id {client_id} --query "[].endDateTime" -o tsv',
)
APPLICATION: Question[str] = Question(
    id="application",
    asks="Does the application exist in the registry's tenant?",
    by_hand="az ad sp show --id {user_name}",
)
DATA_ENDPOINTS: Question[str] = Question(
    id="data-endpoints",
    asks="Which data endpoints does the registry have, and since when?",
    by_hand="az acr show-endpoints -n {registry}",
)
IMAGE: Question[str] = Question(
    id="image",
    asks="Which tags does the repository have?",
    by_hand="az acr repository show-tags -n {registry} --repository {repository}",
)
QUARANTINE: Question[str] = Question(
    id="quarantine",
    asks="Does the registry quarantine images that were pushed?",
    by_hand="az acr show -n {registry} --query policies.quarantinePolicy.status -o tsv",
)
EGRESS: Question[str] = Question(
    id="egress",
    asks="Which hosts may this machine reach?",
    by_hand="Ask who runs the firewall between this machine and Azure.",
)
