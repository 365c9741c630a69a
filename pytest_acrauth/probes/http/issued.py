"""A token in the body of an answer, whoever issues it: Entra, a metadata service or a registry."""

from __future__ import annotations

from pytest_acrauth.model.secret import Secret, Secrets
from pytest_acrauth.probes.http.client import Response
from pytest_acrauth.probes.http.replies import parse_json


def issued_token(response: Response, field: str, secrets: Secrets) -> Secret | None:
    """Return the token that a 200 carries in a field of its JSON body, registered as a secret; None for all else."""
    if response.reply is None or response.reply.status != 200 or response.trouble is not None:
        return None
    found = parse_json(response.body)
    value = found.get(field) if isinstance(found, dict) else None
    return secrets.add(value) if isinstance(value, str) and value else None
