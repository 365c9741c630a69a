"""Tokens of managed identities: one request to the metadata endpoint of the Azure host that this runs on.

azure-identity looks for the endpoint in this process's environment only, which need not be the machine's, and calls
a refusal no response. The protocols: https://learn.microsoft.com/entra/identity/managed-identities-azure-resources.
Azure Arc and Service Fabric want more than a request, and are left to azure-identity.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import NamedTuple
from urllib.parse import urlencode, urlsplit

from pytest_acrauth.auth import Credential
from pytest_acrauth.model.claims import entra_claims
from pytest_acrauth.model.observation import Entra, Trouble
from pytest_acrauth.model.secret import Secret, clean
from pytest_acrauth.model.target import Cloud
from pytest_acrauth.probes.entra.methods import issued_token
from pytest_acrauth.probes.http.client import Http, Response
from pytest_acrauth.probes.http.deadline import Deadline
from pytest_acrauth.probes.http.network import Connector

_VIRTUAL_MACHINE = "http://169.254.169.254"
_VIRTUAL_MACHINE_PATH = "/metadata/identity/oauth2/token"
_WAIT = 5.0  # the service is on this machine's link; off Azure nothing answers there


class Endpoint(NamedTuple):
    """A metadata endpoint: where it is, what it wants to be shown, and how it calls what is asked."""

    url: str
    headers: Mapping[str, str]
    query: Mapping[str, str]
    client_id: str = "client_id"
    method: str = "GET"


def endpoint_of(environ: Mapping[str, str]) -> Endpoint | None:
    """Return the machine's metadata endpoint, by its variables; None for one that wants more than a request."""
    endpoint, header = environ.get("IDENTITY_ENDPOINT"), environ.get("IDENTITY_HEADER")
    older, secret = environ.get("MSI_ENDPOINT"), environ.get("MSI_SECRET")
    if endpoint and header and not environ.get("IDENTITY_SERVER_THUMBPRINT"):
        return Endpoint(endpoint, {"X-IDENTITY-HEADER": header, "Metadata": "true"}, {"api-version": "2019-08-01"})
    if endpoint:
        return None
    if older and secret:
        return Endpoint(older, {"secret": secret}, {"api-version": "2017-09-01"}, client_id="clientid")
    if older:  # Cloud Shell, where the identity is the user's
        return Endpoint(older, {"Metadata": "true"}, {}, client_id="", method="POST")
    host = environ.get("AZURE_POD_IDENTITY_AUTHORITY_HOST") or _VIRTUAL_MACHINE
    return Endpoint(host.rstrip("/") + _VIRTUAL_MACHINE_PATH, {"Metadata": "true"}, {"api-version": "2018-02-01"})


def ask_metadata(
    endpoint: Endpoint, cloud: Cloud, own: Credential, connector: Connector, deadline: Deadline, audience: str
) -> tuple[Entra, Secret | None]:
    """Request a token for an audience; the second value is the token, or None where none came."""
    from pytest_acrauth.probes.entra.azure_identity import metadata_places

    began = time.monotonic()
    asked = {**endpoint.query, "resource": audience}
    if own.facts.client_id and endpoint.client_id:
        asked[endpoint.client_id] = own.facts.client_id
    short = Deadline(deadline.left(), wait=min(deadline.wait, _WAIT))
    with Http(connector, short, plain=metadata_places(connector.machine.environ)) as http:
        if endpoint.method == "POST":
            answer = http.send("POST", endpoint.url, headers=endpoint.headers, form=asked)
        else:
            joint = "&" if "?" in endpoint.url else "?"
            answer = http.send("GET", endpoint.url + joint + urlencode(asked), headers=endpoint.headers)
    token = issued_token(answer, "access_token", connector.secrets)
    trouble: Trouble | None = None
    if token is None:
        trouble = Trouble.OUT_OF_TIME if answer.trouble is Trouble.OUT_OF_TIME else Trouble.UNAVAILABLE
    seen = Entra(
        authority=cloud.authority,
        tenant_id="",
        client_id=clean(own.facts.client_id, 100),
        connection=next(iter(http.connections.values()), None),
        trouble=trouble,
        # The reply is not Entra's, so it is told in words.
        text="" if token is not None else _words(answer, endpoint.url),
        issued=token is not None,
        claims=entra_claims(token.reveal()) if token is not None else None,
        elapsed=time.monotonic() - began,
    )
    return seen, token


def _words(answer: Response, url: str) -> str:
    if answer.reply is None or answer.trouble is not None:
        place = clean(urlsplit(url).netloc, 100)
        return clean(f"no response from the IMDS endpoint {place}: {answer.trouble} {answer.text}".strip())
    return f"{answer.reply.status} {answer.reply.words or 'without a token'}"
