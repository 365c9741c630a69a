"""A service principal's secret: one client-credentials request, to the cloud's authority only."""

from __future__ import annotations

from urllib.parse import quote, urlsplit

from pytest_acrauth.model.observation import Entra
from pytest_acrauth.model.secret import Secret
from pytest_acrauth.probes.entra.request import NO_REFUSAL, EntraRequest, recorded, refusal_in
from pytest_acrauth.probes.http.client import TOKEN_BYTES, Http
from pytest_acrauth.probes.http.issued import issued_token


def ask_with_secret(request: EntraRequest) -> tuple[Entra, Secret | None]:
    """Request an Entra token with a client secret."""
    authority, credential = request.cloud.authority, request.credential
    with Http(request.connector, request.deadline) as http:
        response = http.send(
            "POST",
            f"{authority}/{quote(credential.facts.tenant_id, safe='')}/oauth2/v2.0/token",
            form={
                "grant_type": "client_credentials",
                "client_id": credential.user,
                "client_secret": credential.secret or "",
                "scope": request.scope,
            },
            most=TOKEN_BYTES,
        )
        connection = http.connections.get(urlsplit(authority).hostname or "")
    token = issued_token(response, "access_token", request.connector.secrets)
    return recorded(
        request,
        token,
        elapsed=response.elapsed + (connection.elapsed if connection is not None else 0.0),
        connection=connection,
        reply=response.reply,
        trouble=response.trouble,
        text=response.text,
        refusal=refusal_in(response, request.connector.secrets) if token is None else NO_REFUSAL,
    )
