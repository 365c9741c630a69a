"""A token in the body of an answer, whoever issues it: Entra, a metadata service or a registry."""

from __future__ import annotations

from pytest_acrauth.model.secret import Secret, Secrets
from pytest_acrauth.probes.http.client import Response
from pytest_acrauth.probes.http.replies import parse_json


def issued_token(response: Response, field: str, secrets: Secrets, *, user: str | None = None) -> Secret | None:
    """Return the token that a 200 carries in a field of its JSON body, registered as a secret; None for all else.

    ``user`` is whose password it may be sent as. A token that holds somebody's own secret is none.
    """
    if response.reply is None or response.reply.status != 200 or response.trouble is not None:
        return None
    found = parse_json(response.body)
    if not isinstance(found, dict) or not isinstance(found.get(field), str) or not found[field]:
        return None
    return secrets.issued(found[field], user=user)
