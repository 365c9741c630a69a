"""Read-only looks at Microsoft Graph: an application, its service principal, and when their credentials end."""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any
from urllib.parse import quote

from pytest_acrauth.model.evidence import ApplicationFacts, FederatedFacts, SecretFacts
from pytest_acrauth.probes.management.plane import CouldNotLook, Plane, entries, flag, text, texts

_CREDENTIALS = "passwordCredentials,keyCredentials"
_MOST = 200  # credentials of an object; Entra lets nobody come near it
_LONGEST = 3900  # characters of a certificate; a longer one is cut where it is read
_HEXADECIMAL = {40, 64}  # digits of a SHA-1 and of a SHA-256


def read_application(plane: Plane, client_id: str, holds: Callable[[str], bool] | None = None) -> ApplicationFacts:
    """Read an application by its client id, in the asker's tenant: two requests. Raises `CouldNotLook`.

    ``holds`` tells whether the secret of the identity under test begins so, None where it has none. It is asked here,
    because the beginning of a secret is not kept.

    ``found`` is about its service principal: an application can be registered (``home``) and have none.

    Credentials hang on the application, on its service principal, or on both: az ad sp credential reset makes one on
    the latter. Of a foreign tenant's application only the latter is here.
    """
    one = f"(appId='{quote(client_id, safe='')}')?$select="
    principal = _read_one(plane, f"/servicePrincipals{one}id,accountEnabled,{_CREDENTIALS}")
    own = _read_one(plane, f"/applications{one}{_CREDENTIALS}")
    if principal is None:
        return ApplicationFacts(found=False, home=own is not None)
    return ApplicationFacts(
        found=True,
        enabled=flag(principal, "accountEnabled"),
        object_id=text(principal, "id"),
        secrets=_secrets(own, holds) + _secrets(principal, holds),
        certificates=_certificates(own) + _certificates(principal),
        home=own is not None,
    )


def read_federated(plane: Plane, client_id: str) -> tuple[FederatedFacts, ...]:
    """Read whose tokens an application of the asker's tenant takes instead of a secret. Raises `CouldNotLook`.

    A managed identity has such credentials as well, which Graph does not show.
    """
    try:
        found = plane.list_graph(f"/applications(appId='{quote(client_id, safe='')}')/federatedIdentityCredentials")
    except CouldNotLook as refused:
        if refused.status != 404:
            raise
        raise CouldNotLook("it is no application of this tenant: a managed identity, perhaps") from refused
    return tuple(
        FederatedFacts(text(entry, "issuer", 600), text(entry, "subject", 600), texts(entry, "audiences"))
        for entry in found.within(_MOST, "federated credentials")
    )


def _read_one(plane: Plane, path: str) -> Mapping[str, Any] | None:
    try:
        found: Mapping[str, Any] = plane.ask_graph(path)
    except CouldNotLook as refused:
        if refused.status == 404:
            return None
        raise
    return found


def _secrets(found: Mapping[str, Any] | None, holds: Callable[[str], bool] | None) -> tuple[SecretFacts, ...]:
    def held(entry: Mapping[str, Any]) -> bool | None:
        hint = entry.get("hint")
        return holds(hint) if holds is not None and isinstance(hint, str) and hint else None

    listed = entries(found or {}, "passwordCredentials")[:_MOST]
    return tuple(_dated(each)._replace(held=held(each)) for each in listed)


def _certificates(found: Mapping[str, Any] | None) -> tuple[SecretFacts, ...]:
    # A service principal for single sign-on also has keys that Entra signs with, which prove nobody.
    listed = [each for each in entries(found or {}, "keyCredentials") if each.get("usage") != "Sign"]
    return tuple(_dated(each)._replace(thumbprints=_thumbprints(each)) for each in listed[:_MOST])


def _dated(found: Mapping[str, Any]) -> SecretFacts:
    return SecretFacts(
        start=text(found, "startDateTime"),
        end=text(found, "endDateTime"),
        name=text(found, "displayName", 100),
        key_id=text(found, "keyId", 100),
    )


def _thumbprints(found: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the digests of a certificate: of itself where Graph shows it, else what it is filed under.

    That is its SHA-1 unless somebody chose otherwise, in base64 or, as az once wrote it, in hexadecimal digits
    (https://learn.microsoft.com/graph/api/resources/keycredential).
    """
    if certificate := _decoded(text(found, "key", _LONGEST)):
        sha1 = hashlib.sha1(certificate, usedforsecurity=False)
        return sha1.hexdigest(), hashlib.sha256(certificate).hexdigest()
    filed = text(found, "customKeyIdentifier", 200)
    if len(filed) in _HEXADECIMAL:
        with suppress(ValueError):
            return (bytes.fromhex(filed).hex(),)
    digest = _decoded(filed)
    return (digest.hex(),) if len(digest) * 2 in _HEXADECIMAL else ()


def _decoded(encoded: str) -> bytes:
    try:
        return base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        return b""
