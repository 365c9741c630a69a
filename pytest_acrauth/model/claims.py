"""What a token says of itself: JWT claims, decoded without verifying. Facts to show, never to trust."""

from __future__ import annotations

import base64
import binascii
import json
import re
from typing import Any

from pytest_acrauth.model.credential import SecretShape
from pytest_acrauth.model.observation import Assertion, EntraClaims, RefreshClaims

#: The Entra audience every registry accepts, the same string in every cloud, for azure-cli and as the
#: default of azure-containerregistry, Azure's SDK for registries.
ACR_AUDIENCE = "https://containerregistry.azure.net"
_ACR_ISSUER = "Azure Container Registry"
_CODE = re.compile(r"AADSTS(\d{5,7})")


def claims(token: str) -> dict[str, Any] | None:
    """Return a JWT's claims, or None for a text that is none."""
    parts = token.split(".")
    if len(parts) != 3:  # header, payload, signature
        return None
    try:
        payload = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    except (binascii.Error, ValueError, RecursionError):
        return None
    return payload if isinstance(payload, dict) else None


def text_of(found: dict[str, Any], *names: str) -> str:
    """Return the first of the named claims that is a text, else ''."""
    return next((found[name][:200] for name in names if isinstance(found.get(name), str)), "")


def expiry_of(found: dict[str, Any]) -> float | None:
    """Return the ``exp`` claim, seconds since the epoch, or None where it is no number."""
    value = found.get("exp")
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def aadsts_codes(error: dict[str, Any]) -> tuple[int, ...]:
    """Return the AADSTS numbers of Entra's refusal: from ``error_codes``, then from its text, which may change."""
    listed = error.get("error_codes")
    numbers = [code for code in listed if isinstance(code, int)] if isinstance(listed, list) else []
    numbers += [int(code) for code in _CODE.findall(str(error.get("error_description") or ""))]
    return tuple(dict.fromkeys(numbers[:10]))


def entra_claims(token: str) -> EntraClaims | None:
    """Return what an Entra token says of its principal; None for an opaque token."""
    found = claims(token)
    if found is None:
        return None
    return EntraClaims(
        audience=text_of(found, "aud"),
        object_id=text_of(found, "oid"),
        client_id=text_of(found, "appid", "azp"),
        tenant_id=text_of(found, "tid"),
        expires=expiry_of(found),
    )


def assertion_claims(token: str) -> Assertion:
    """Return what a federated token says of itself, nothing where it is no JWT."""
    found = claims(token) or {}
    listed = found.get("aud")
    audience = listed[0] if isinstance(listed, list) and listed and isinstance(listed[0], str) else ""
    return Assertion(
        issuer=text_of(found, "iss"),
        subject=text_of(found, "sub"),
        audience=audience[:200] or text_of(found, "aud"),
        expires=expiry_of(found),
    )


def refresh_claims(token: str) -> RefreshClaims | None:
    """Return what a refresh token says of the caller's rights; None for an opaque token."""
    found = claims(token)
    if found is None:
        return None
    permissions = found.get("permissions")
    actions = permissions.get("actions") if isinstance(permissions, dict) else None
    return RefreshClaims(
        permissions=tuple(str(action)[:100] for action in actions[:50]) if isinstance(actions, list) else (),
        aad_identity="aad_identity" in found,
        expires=expiry_of(found),
    )


def granted_actions(token: str, repository: str) -> tuple[str, ...] | None:
    """Return the actions an access token grants on a repository, sorted; None where the token cannot be read."""
    found = claims(token)
    access = found.get("access") if found is not None else None
    if not isinstance(access, list):
        # A readable token without an access list grants nothing; only an opaque one keeps it to itself.
        return None if found is None else ()
    actions: set[str] = set()
    for entry in access:
        if isinstance(entry, dict) and entry.get("type") == "repository" and entry.get("name") == repository:
            actions |= {str(action)[:100] for action in (entry.get("actions") or ()) if isinstance(action, str)}
    return tuple(sorted(actions))


def shape_of(secret: str) -> SecretShape:
    """Tell what a secret is by its look: an opaque string, or whose JWT."""
    found = claims(secret)
    if found is None:
        return SecretShape.OPAQUE
    if text_of(found, "iss") == _ACR_ISSUER:
        access = text_of(found, "grant_type") == "access_token"
        return SecretShape.ACR_ACCESS_TOKEN if access else SecretShape.ACR_REFRESH_TOKEN
    if text_of(found, "tid") or "sts.windows.net" in text_of(found, "iss") or "/v2.0" in text_of(found, "iss"):
        return SecretShape.ENTRA_TOKEN
    return SecretShape.OTHER_JWT
