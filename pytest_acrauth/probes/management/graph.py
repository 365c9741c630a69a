"""Read-only looks at Microsoft Graph: an application, its service principal, and when their credentials end."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from pytest_acrauth.model.evidence import ApplicationFacts, SecretFacts
from pytest_acrauth.probes.management.plane import CouldNotLook, Plane, entries, flag, text


def read_application(plane: Plane, client_id: str) -> ApplicationFacts:
    """Read an application by its client id, in the asker's tenant: two requests. Raises `CouldNotLook`.

    Credentials hang on the application, on its service principal, or on both; a foreign tenant's application has only
    the latter here.
    """
    principal = _read_one(plane, f"/servicePrincipals(appId='{quote(client_id, safe='')}')?$select=id,accountEnabled")
    if principal is None:
        return ApplicationFacts(found=False)
    own = _read_one(
        plane, f"/applications(appId='{quote(client_id, safe='')}')?$select=passwordCredentials,keyCredentials"
    )
    return ApplicationFacts(
        found=True,
        enabled=flag(principal, "accountEnabled"),
        object_id=text(principal, "id"),
        secrets=_credentials(own, "passwordCredentials"),
        certificates=_credentials(own, "keyCredentials"),
        home=own is not None,
    )


def _read_one(plane: Plane, path: str) -> Mapping[str, Any] | None:
    try:
        found: Mapping[str, Any] = plane.ask_graph(path)
    except CouldNotLook as refused:
        if refused.status == 404:
            return None
        raise
    return found


def _credentials(found: Mapping[str, Any] | None, name: str) -> tuple[SecretFacts, ...]:
    # The hint is the beginning of a secret's value: it is not kept.
    return tuple(
        SecretFacts(start=text(entry, "startDateTime"), end=text(entry, "endDateTime"))
        for entry in entries(found or {}, name)[:20]
    )
