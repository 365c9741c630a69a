"""Id tokens of CI jobs: one request of ours to the job's own system, and what came of it shown to Entra.

The request token goes to its own address and nowhere else: over https, and no redirect is followed. azure-identity's
AzurePipelinesCredential sends the same request, but looks for the address in this process's environment only, which
need not be the machine's, and follows redirects.
"""

from __future__ import annotations

import time
from dataclasses import replace
from typing import NamedTuple
from urllib.parse import urlencode, urlsplit

from pytest_acrauth.auth import BadAuth
from pytest_acrauth.auth.jobs import ACTIONS_GIVEN, CONNECTION, PIPELINES_GIVEN, check_address
from pytest_acrauth.model.claims import assertion_claims
from pytest_acrauth.model.observation import Entra, Trouble
from pytest_acrauth.model.secret import Secret
from pytest_acrauth.probes.entra.request import EntraRequest, recorded
from pytest_acrauth.probes.http.client import TOKEN_BYTES, Http, Response
from pytest_acrauth.probes.http.deadline import Deadline
from pytest_acrauth.probes.http.issued import issued_token
from pytest_acrauth.probes.http.replies import parse_json, register_issued

_WAIT = 5.0  # seconds; a system answers its own jobs at once
# For whom an id token is made that is to be shown to a cloud's Entra
# (https://learn.microsoft.com/graph/api/resources/federatedidentitycredentials-overview).
_AUDIENCES = {
    "AzureChinaCloud": "api://AzureADTokenExchangeChina",
    "AzureUSGovernment": "api://AzureADTokenExchangeUSGov",
}
_AUDIENCE = "api://AzureADTokenExchange"
_JSON = "application/json"
_REFUSALS = range(400, 407)  # what comes behind them is about the request's time or number


class IdTokenRequest(NamedTuple):
    """How a system is asked for an id token: the variable with its address, the request, and the answer's field."""

    variable: str
    method: str
    query: dict[str, str]
    headers: dict[str, str | Secret]
    field: str


def ask_as_action(request: EntraRequest) -> tuple[Entra, Secret | None]:
    """Request an Entra token as a job of GitHub Actions."""
    audience = _AUDIENCES.get(request.cloud.name, _AUDIENCE)
    headers: dict[str, str | Secret] = {"Authorization": _authorization(request, "bearer"), "Accept": _JSON}
    return _ask(request, IdTokenRequest(ACTIONS_GIVEN[0], "GET", {"audience": audience}, headers, "value"))


def ask_as_pipeline(request: EntraRequest) -> tuple[Entra, Secret | None]:
    """Request an Entra token as a job of Azure Pipelines, for the identity of a service connection."""
    query = {"api-version": "7.1", "serviceConnectionId": request.variables.value(CONNECTION)}
    headers: dict[str, str | Secret] = {
        "Authorization": _authorization(request, "Bearer"),
        "Content-Type": _JSON,
        "X-TFS-FedAuthRedirect": "Suppress",  # without it a refusal is a redirect to a page for people
    }
    return _ask(request, IdTokenRequest(PIPELINES_GIVEN[0], "POST", query, headers, "oidcToken"))


def _authorization(request: EntraRequest, scheme: str) -> Secret:
    token = request.credential.secret or Secret("")
    return request.connector.secrets.add(f"{scheme} {token.reveal()}")


def _ask(request: EntraRequest, wanted: IdTokenRequest) -> tuple[Entra, Secret | None]:
    began = time.monotonic()
    variables = request.variables
    try:  # again: a variable may have changed since the run began
        check_address(variables, name=wanted.variable)
    except BadAuth as error:
        return recorded(request, None, elapsed=0.0, trouble=Trouble.UNAVAILABLE, text=str(error))
    address = variables.environ[wanted.variable].rstrip("/")
    joint = "&" if "?" in address else "?"
    deadline = Deadline(request.deadline.left(), wait=min(request.deadline.wait, _WAIT))
    with Http(request.connector, deadline) as http:
        response = http.send(
            wanted.method,
            f"{address}{joint}{urlencode(wanted.query)}",
            headers=wanted.headers,
            most=TOKEN_BYTES,
        )
        connection = next(iter(http.connections.values()), None)
    token = issued_token(response, wanted.field, request.connector.secrets)
    elapsed = time.monotonic() - began
    if token is None:
        found = parse_json(response.body)
        register_issued(
            {"id_token": found.get(wanted.field)} if isinstance(found, dict) else None, request.connector.secrets
        )
        late = response.trouble is Trouble.OUT_OF_TIME
        return recorded(
            request,
            None,
            elapsed=elapsed,
            connection=connection,
            trouble=Trouble.OUT_OF_TIME if late else Trouble.UNAVAILABLE,
            text=_words(response, urlsplit(address).hostname or ""),
        )
    from pytest_acrauth.probes.entra.azure_identity import ask_with_id_token

    entra, issued = ask_with_id_token(request, token, assertion_claims(token, request.connector.secrets))
    return replace(entra, elapsed=elapsed + entra.elapsed), issued


def _words(response: Response, host: str) -> str:
    """Say what came of the request for an id token, in words by which the catalogue knows it."""
    reply = response.reply
    if reply is None or response.trouble is not None:
        return f"id token request without an answer from {host}: {response.text or response.trouble}"
    if 300 <= reply.status < 400:
        return f"id token request redirected ({reply.status}) by {host} to {reply.location_host or 'nowhere'}"
    if "html" in reply.content_type:  # neither system answers its jobs with a page
        how = "answered with a page"
    elif reply.status == 200:
        how = "answered without one"
    else:
        how = "refused" if reply.status in _REFUSALS else "answered in vain"
    return f"id token request {how} ({reply.status}) by {host}{f': {reply.words}' if reply.words else ''}"
