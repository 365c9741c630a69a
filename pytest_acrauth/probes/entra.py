"""The identity leg: an Entra token for the registry audience, with Entra's own number when it refuses.

A service principal's secret is one plain client-credentials request of ours; it goes to the cloud's authority only.
"""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import quote, urlsplit

from pytest_acrauth.auth import Credential
from pytest_acrauth.observation import Entra
from pytest_acrauth.probes.http import Answer, Http
from pytest_acrauth.probes.replies import parse_json
from pytest_acrauth.secret import Secret, Secrets, clean
from pytest_acrauth.target import Cloud
from pytest_acrauth.tokens import ACR_AUDIENCE, entra_claims

_CODE = re.compile(r"AADSTS(\d{5,7})")


def ask_entra(http: Http, cloud: Cloud, credential: Credential, secrets: Secrets) -> tuple[Entra, Secret | None]:
    """Request an Entra token; the second value is the token, or None where none was issued."""
    tenant = credential.facts.tenant_id
    answer = http.send(
        "POST",
        f"{cloud.authority}/{quote(tenant, safe='')}/oauth2/v2.0/token",
        form={
            "grant_type": "client_credentials",
            "client_id": credential.user,
            "client_secret": credential.secret.reveal() if credential.secret else "",
            "scope": f"{ACR_AUDIENCE}/.default",
        },
    )
    found = parse_json(answer.body)
    token = issued_token(answer, "access_token", secrets)
    error = found if isinstance(found, dict) and token is None else {}
    return (
        Entra(
            **answer.facts(),
            authority=cloud.authority,
            tenant_id=clean(tenant, 100),
            client_id=clean(credential.user, 100),
            connection=http.connections.get(urlsplit(cloud.authority).hostname or ""),
            error=clean(str(error.get("error") or ""), 100),
            codes=_codes(error),
            trace_id=clean(str(error.get("trace_id") or ""), 100),
            issued=token is not None,
            claims=entra_claims(token.reveal()) if token is not None else None,
        ),
        token,
    )


def issued_token(answer: Answer, field: str, secrets: Secrets) -> Secret | None:
    """Return the token that a 200 carries in a field of its JSON body, registered as a secret; None for all else."""
    if answer.reply is None or answer.reply.status != 200 or answer.trouble is not None:
        return None
    found = parse_json(answer.body)
    value = found.get(field) if isinstance(found, dict) else None
    return secrets.add(value) if isinstance(value, str) and value else None


def _codes(error: dict[str, Any]) -> tuple[int, ...]:
    """Return the AADSTS numbers: from ``error_codes``, else from the text, whose wording may change."""
    listed = error.get("error_codes")
    numbers = [code for code in listed if isinstance(code, int)] if isinstance(listed, list) else []
    numbers += [int(code) for code in _CODE.findall(str(error.get("error_description") or ""))]
    return tuple(dict.fromkeys(numbers[:10]))
