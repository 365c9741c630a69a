"""Entra tokens: for which resources there are any, and what they say of whom they were issued to."""

from __future__ import annotations

from typing import Any

from pytest_acrauth.emulator.azure.answers import new_id
from pytest_acrauth.emulator.world.cloud import Cloud
from pytest_acrauth.emulator.world.directory import Principal

LIFE = 3599
#: The management plane of the cloud in China, whose Entra issues tokens for it.
CHINAS_MANAGEMENT = "https://management.core.chinacloudapi.cn"
REGISTRY_AUDIENCE = "https://containerregistry.azure.net"
GRAPH_AUDIENCE = "https://graph.microsoft.com"
_MANAGEMENT = ("https://management.core.windows.net", "https://management.azure.com")
#: The management plane's audiences, in the order and spelling in which it lists them itself.
MANAGEMENT_AUDIENCES = tuple(f"{audience}{slash}" for audience in _MANAGEMENT for slash in ("/", ""))
_AUDIENCES = {
    REGISTRY_AUDIENCE: REGISTRY_AUDIENCE,
    GRAPH_AUDIENCE: GRAPH_AUDIENCE,
    "https://management.azure.com": "https://management.azure.com",
    "https://management.core.windows.net": "https://management.core.windows.net/",
}
# A user's token comes from a client that users sign in with; this is the Azure CLI's (azure-cli-core ``auth``).
_SIGN_IN_CLIENT = "04b07795-8ddb-461a-bbee-02f9e1bf7b46"


def audience_of(resource: str) -> str | None:
    """Return the audience of the tokens for a resource, None for one that no tenant knows."""
    return _AUDIENCES.get(resource.rstrip("/"))


def token_of_china(cloud: Cloud, principal: Principal, life: int = LIFE) -> str:
    """Return a token for the management plane of the cloud in China, as the Entra there issues it."""
    now, issuer = int(cloud.now()), f"https://sts.chinacloudapi.cn/{principal.tenant_id}/"
    who = {"oid": principal.object_id, "sub": principal.object_id, "tid": principal.tenant_id, "ver": "1.0"}
    dates = {"iat": now, "nbf": now, "exp": now + life + 1}
    return cloud.elsewhere.sign({"aud": f"{CHINAS_MANAGEMENT}/", "iss": issuer, "uti": new_id(), **dates, **who})


def entra_token(cloud: Cloud, principal: Principal, audience: str, life: int = LIFE, ago: float = 0.0) -> str:
    """Return a token for an audience, as Entra issues it to this principal now, or did some seconds ago."""
    now, issuer = int(cloud.now() - ago), f"https://sts.windows.net/{principal.tenant_id}/"
    claims: dict[str, Any] = {
        "aud": audience,
        "iss": issuer,
        "iat": now,
        "nbf": now,
        "exp": now + life + 1,
        "appid": _SIGN_IN_CLIENT if principal.user else principal.client,
        "appidacr": "0" if principal.user else "2" if principal.resource_id else "1",
        "idp": issuer,
        "idtyp": "user" if principal.user else "app",
        "oid": principal.object_id,
        "sub": principal.object_id,
        "tid": principal.tenant_id,
        "uti": new_id(),
        "ver": "1.0",
    }
    if principal.user:
        claims |= {"upn": principal.client, "unique_name": principal.client, "scp": "user_impersonation"}
    if principal.resource_id:
        claims["xms_mirid"] = principal.resource_id
    return cloud.entra.sign(claims)
