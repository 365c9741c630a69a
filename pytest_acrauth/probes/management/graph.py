"""Read-only looks at Microsoft Graph: an application, its service principal, and when their credentials end."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from pytest_acrauth.model.evidence import ApplicationFacts, FederatedFacts, SecretFacts
from pytest_acrauth.probes.management.plane import CouldNotLook, Plane, entries, flag, text, texts

_CREDENTIALS = "passwordCredentials,keyCredentials"


def read_application(plane: Plane, client_id: str) -> ApplicationFacts:
    """Read an application by its client id, in the asker's tenant: two requests. Raises `CouldNotLook`.

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
        secrets=_secrets(own) + _secrets(principal),
        certificates=_certificates(own) + _certificates(principal),
        home=own is not None,
    )


def read_federated(plane: Plane, client_id: str) -> tuple[FederatedFacts, ...]:
    """Read whose tokens an application of the asker's tenant takes instead of a secret. Raises `CouldNotLook`.

    A managed identity has such credentials as well, which Graph does not show.
    """
    found = _read_one(plane, f"/applications(appId='{quote(client_id, safe='')}')/federatedIdentityCredentials")
    if found is None:
        raise CouldNotLook("it is no application of this tenant: a managed identity, perhaps")
    return tuple(
        FederatedFacts(text(entry, "issuer", 600), text(entry, "subject", 600), texts(entry, "audiences"))
        for entry in entries(found, "value")[:20]
    )


def _read_one(plane: Plane, path: str) -> Mapping[str, Any] | None:
    try:
        found: Mapping[str, Any] = plane.ask_graph(path)
    except CouldNotLook as refused:
        if refused.status == 404:
            return None
        raise
    return found


def _secrets(found: Mapping[str, Any] | None) -> tuple[SecretFacts, ...]:
    # The hint is the beginning of a secret's value: it is not kept.
    return _dates(entries(found or {}, "passwordCredentials"))


def _certificates(found: Mapping[str, Any] | None) -> tuple[SecretFacts, ...]:
    # A service principal for single sign-on also has keys that Entra signs with, which prove nobody.
    return _dates([each for each in entries(found or {}, "keyCredentials") if each.get("usage") != "Sign"])


def _dates(credentials: list[Mapping[str, Any]]) -> tuple[SecretFacts, ...]:
    return tuple(SecretFacts(text(each, "startDateTime"), text(each, "endDateTime")) for each in credentials[:20])
