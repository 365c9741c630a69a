"""What can be asked of the climb itself to tell causes apart, and how answers combine to a verdict.

``by_hand`` is a format string over the facts, like every text here.
"""

from __future__ import annotations

from enum import StrEnum
from ipaddress import ip_address, ip_network

from pytest_acrauth.catalogue import facts
from pytest_acrauth.catalogue.shape import Break, Question, Verdict
from pytest_acrauth.model.credential import Kind, SecretShape
from pytest_acrauth.model.observation import Data, Dns
from pytest_acrauth.model.target import GUID, Flow


def possible(*conditions: Verdict) -> Verdict:
    """Judge a cause that its conditions can exclude but never prove: NO where one fails, else UNKNOWN."""
    return Verdict.NO if Verdict.NO in conditions else Verdict.UNKNOWN


def proven(*conditions: Verdict) -> Verdict:
    """Judge a cause that its conditions prove: YES where all hold, NO where one fails, else UNKNOWN."""
    return Verdict.YES if set(conditions) == {Verdict.YES} else possible(*conditions)


def opposite(condition: Verdict) -> Verdict:
    """Judge the contrary of a condition."""
    return {Verdict.YES: Verdict.NO, Verdict.NO: Verdict.YES}.get(condition, Verdict.UNKNOWN)


def excluded(*conditions: Verdict) -> Verdict:
    """Judge a cause that its conditions exclude only together: NO where all hold, else UNKNOWN."""
    return Verdict.NO if set(conditions) == {Verdict.YES} else Verdict.UNKNOWN


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


def _chain(broken: Break) -> tuple[str, ...] | None:
    dns = broken.transcript.dns
    return dns.resolution.chain if isinstance(dns, Dns) and dns.resolution else None


def _addresses(broken: Break) -> tuple[str, ...] | None:
    dns = broken.transcript.dns
    return dns.resolution.addresses or None if isinstance(dns, Dns) and dns.resolution else None


def _granted(broken: Break) -> tuple[str, ...] | None:
    token = broken.access.access_token if broken.access else broken.transcript.access_token
    return token.granted if token else None


def _scope(broken: Break) -> str | None:
    token = broken.access.access_token if broken.access else broken.transcript.access_token
    return token.scope if token else None


def _name_shape(broken: Break) -> NameShape | None:
    name, registry = broken.transcript.credential.user_name, broken.transcript.target.registry
    if not name:
        return None
    if name.lower() == registry.name:
        return NameShape.REGISTRY
    if "@" in name:
        return NameShape.MAIL
    if name.lower().endswith(registry.cloud.registry_suffix) or name.lower() == registry.login_server:
        return NameShape.HOST
    return NameShape.GUID if GUID.fullmatch(name) else NameShape.PLAIN


def _secret_expired(broken: Break) -> bool | None:
    expires = broken.transcript.credential.secret_expires
    return None if expires is None else expires < broken.transcript.started


def _secret_elsewhere(broken: Break) -> bool | None:
    audience = broken.transcript.credential.secret_audience
    return audience.lower() != broken.transcript.target.registry.login_server if audience else None


def _token_tenant(broken: Break) -> str | None:
    claims = broken.transcript.entra.claims if broken.transcript.entra else None
    return claims.tenant_id or None if claims else None


def _accepted(broken: Break) -> bool:
    transcript = broken.transcript
    token = broken.access.access_token if broken.access else transcript.access_token
    return bool((transcript.exchange and transcript.exchange.ok) or (token and token.issued))


def _redirect(broken: Break) -> str | None:
    return broken.observation.redirect or None if isinstance(broken.observation, Data) else None


def _entra_audience(broken: Break) -> str | None:
    claims = broken.transcript.entra.claims if broken.transcript.entra else None
    return claims.audience or None if claims else None


_ASKS_ENTRA = {"service-principal", "service-principal-certificate", "workload-identity"}


def _fresh(broken: Break) -> bool | None:
    target, kind = broken.transcript.target, broken.transcript.credential.kind
    if target.identity.flow is Flow.ENTRA:
        # These ask Entra itself; the others may hand out what a cache of the machine holds.
        return True if target.identity.method in _ASKS_ENTRA else None
    return None if kind is Kind.REFRESH_TOKEN else True


def _data_resolved(broken: Break) -> bool | None:
    observation = broken.observation
    if not isinstance(observation, Data) or observation.connection is None or observation.connection.dns is None:
        return None
    return observation.connection.dns.ok


def _grants_asked(broken: Break) -> bool | None:
    token = broken.access.access_token if broken.access else broken.transcript.access_token
    if token is None or token.granted is None:
        return None
    reply = facts.reply(broken)
    contradicted = reply is not None and "insufficient_scope" in reply.authenticate
    return not token.missing and not contradicted


HOST: Question[str] = Question(
    id="login-server-host",
    asks="Which login server was asked?",
    by_hand="Read the host name in the configuration.",
    read=lambda broken: broken.transcript.target.registry.login_server,
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
    read=lambda broken: broken.transcript.proxy or "none",
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
    read=lambda broken: broken.transcript.credential.kind,
)
DECLARED: Question[Kind | str] = Question(
    id="declared-kind",
    asks="Which kind of credential was it declared to be?",
    by_hand="Say it with --acr-auth admin or --acr-auth scope-map-token.",
    read=lambda broken: broken.transcript.credential.kind if broken.transcript.credential.declared else "none",
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
    read=lambda broken: broken.transcript.credential.secret,
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
TOKEN_TENANT: Question[str] = Question(
    id="entra-token-tenant",
    asks="Which tenant issued the Entra token?",
    by_hand="Decode the Entra token's middle part and read tid.",
    read=_token_tenant,
)
ACCEPTED: Question[bool] = Question(
    id="identity-accepted",
    asks="Did the registry take the identity in, before it was asked for this?",
    by_hand="Compare the stages that passed.",
    read=_accepted,
)
DATA_HOST: Question[str] = Question(
    id="data-host",
    asks="To which host did the registry send the layer's reader?",
    by_hand="Read the Location header of the layer's answer.",
    read=_redirect,
)
FRESH: Question[bool] = Question(
    id="credential-fresh",
    asks="Was the registry shown nothing that was issued before this run?",
    by_hand="Sign in again and repeat the check.",
    read=_fresh,
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
