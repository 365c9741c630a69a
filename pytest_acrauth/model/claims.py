"""What a token says of itself: JWT claims, decoded without verifying. Facts to show, never to trust."""

from __future__ import annotations

import base64
import re
from typing import Any

from pytest_acrauth.model.credential import SecretShape
from pytest_acrauth.model.foreign_json import load_foreign_json
from pytest_acrauth.model.observation import Assertion, EntraClaims, RefreshClaims
from pytest_acrauth.model.secret import Secret, Secrets

#: The Entra audience every registry accepts, the same string in every cloud, for azure-cli and as the
#: default of azure-containerregistry, Azure's SDK for registries.
ACR_AUDIENCE = "https://containerregistry.azure.net"
_ACR_ISSUER = "Azure Container Registry"
_CODE = re.compile(r"AADSTS(\d{5,7})")


#: Seconds since the epoch that every calendar and time zone can show: up to the end of the year 9998.
_END_OF_TIME = 253_370_764_800
_MOST_ACTIONS = 50


def claims(token: Secret) -> dict[str, Any] | None:
    """Return a JWT's claims, or None for a text that is none."""
    if token.reveal().count(".") != 2:  # between header, payload and signature
        return None
    try:
        payload = load_foreign_json(base64.urlsafe_b64decode(token.reveal().split(".")[1] + "=="))
    except ValueError:
        return None
    return payload if isinstance(payload, dict) else None


def text_of(found: dict[str, Any], secrets: Secrets, *names: str) -> str:
    """Return the first of the named claims that is a text, as it may be kept, else ''."""
    return next((secrets.clean(found[name], 200) for name in names if isinstance(found.get(name), str)), "")


def expiry_of(found: dict[str, Any]) -> float | None:
    """Return the ``exp`` claim, seconds since the epoch, or None where it is no number or in no calendar."""
    return _moment(found, "exp")


def issue_of(found: dict[str, Any]) -> float | None:
    """Return when a token was made, by its ``iat`` claim, else ``nbf``; None where neither is a moment."""
    issued = _moment(found, "iat")
    return _moment(found, "nbf") if issued is None else issued


def _moment(found: dict[str, Any], name: str) -> float | None:
    value = found.get(name)
    known = isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < _END_OF_TIME
    return float(value) if known else None  # type: ignore[arg-type]


def aadsts_codes(error: dict[str, Any]) -> tuple[int, ...]:
    """Return the AADSTS numbers of Entra's refusal: from ``error_codes``, then from its text, which may change."""
    listed = error.get("error_codes")
    numbers = [code for code in listed if _is_code(code)] if isinstance(listed, list) else []
    numbers += [int(code) for code in _CODE.findall(str(error.get("error_description") or ""))]
    return tuple(dict.fromkeys(numbers[:10]))


def _is_code(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 < value < 10_000_000


def entra_claims(token: Secret, secrets: Secrets) -> EntraClaims | None:
    """Return what an Entra token says of its principal; None for an opaque token."""
    found = claims(token)
    if found is None:
        return None
    return EntraClaims(
        audience=text_of(found, secrets, "aud"),
        object_id=text_of(found, secrets, "oid"),
        client_id=text_of(found, secrets, "appid", "azp"),
        tenant_id=text_of(found, secrets, "tid"),
        expires=expiry_of(found),
    )


def assertion_claims(token: Secret, secrets: Secrets) -> Assertion:
    """Return what a federated token says of itself, nothing where it is no JWT."""
    found = claims(token) or {}
    if isinstance(found.get("aud"), list):  # an issuer may name several
        found["aud"] = next(iter(found["aud"]), "")
    return Assertion(
        issuer=text_of(found, secrets, "iss"),
        subject=text_of(found, secrets, "sub"),
        audience=text_of(found, secrets, "aud"),
        expires=expiry_of(found),
    )


def refresh_claims(token: Secret, secrets: Secrets) -> RefreshClaims | None:
    """Return what a refresh token says of the caller's rights; None for an opaque token."""
    found = claims(token)
    if found is None:
        return None
    permissions = found.get("permissions")
    actions = permissions.get("actions") if isinstance(permissions, dict) else None
    return RefreshClaims(
        permissions=_actions(actions, secrets),
        aad_identity="aad_identity" in found,
        expires=expiry_of(found),
        issued=_moment(found, "iat"),
        subject=text_of(found, secrets, "sub"),
    )


def granted_actions(token: Secret, repository: str, secrets: Secrets) -> tuple[str, ...] | None:
    """Return the actions an access token grants on a repository, sorted; None where the token cannot be read."""
    found = claims(token)
    access = found.get("access") if found is not None else None
    if not isinstance(access, list):
        # A readable token without an access list grants nothing; only an opaque one keeps it to itself.
        return None if found is None else ()
    actions: set[str] = set()
    for entry in access:
        if isinstance(entry, dict) and entry.get("type") == "repository" and entry.get("name") == repository:
            actions.update(_actions(entry.get("actions"), secrets))
    return tuple(sorted(actions))


def _actions(listed: object, secrets: Secrets) -> tuple[str, ...]:
    """Return the names of actions in what may be a list of them, as they may be kept."""
    named = [action for action in listed if isinstance(action, str)] if isinstance(listed, list) else []
    return tuple(secrets.clean(action, 100) for action in named[:_MOST_ACTIONS])


def shape_of(secret: Secret) -> SecretShape:
    """Tell what a secret is by its look: an opaque string, or whose JWT."""
    found = claims(secret)
    if found is None:
        return SecretShape.OPAQUE
    issuer = found.get("iss")
    if issuer == _ACR_ISSUER:
        access = found.get("grant_type") == "access_token"
        return SecretShape.ACR_ACCESS_TOKEN if access else SecretShape.ACR_REFRESH_TOKEN
    entra = isinstance(issuer, str) and ("sts.windows.net" in issuer or "/v2.0" in issuer)
    return SecretShape.ENTRA_TOKEN if entra or found.get("tid") else SecretShape.OTHER_JWT
