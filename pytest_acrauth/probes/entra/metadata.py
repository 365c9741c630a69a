"""Tokens of managed identities: one request to the metadata endpoint of the Azure host that this runs on.

azure-identity looks for the endpoint in this process's environment only, which need not be the machine's, and calls
a refusal no response. The protocols: https://learn.microsoft.com/entra/identity/managed-identities-azure-resources.
Azure Arc and Service Fabric want more than a request, and are left to azure-identity.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from ipaddress import ip_address
from typing import NamedTuple
from urllib.parse import urlencode, urlsplit

from pytest_acrauth.auth.managed_identity import ENDPOINTS
from pytest_acrauth.model.observation import Entra, Trouble
from pytest_acrauth.model.secret import Secret
from pytest_acrauth.probes.entra.request import EntraRequest, recorded
from pytest_acrauth.probes.http.client import TOKEN_BYTES, Http, Response
from pytest_acrauth.probes.http.deadline import Deadline
from pytest_acrauth.probes.http.issued import issued_token

_LINK_LOCAL = "169.254.169.254"  # where every virtual machine of Azure has its metadata service
_VIRTUAL_MACHINE = f"http://{_LINK_LOCAL}"
_VIRTUAL_MACHINE_PATH = "/metadata/identity/oauth2/token"
_WAIT = 5.0  # seconds; the service is on this machine's link, and off Azure nothing answers there


class Endpoint(NamedTuple):
    """A metadata endpoint: where it is, what it wants to be shown, and how it calls what is asked."""

    url: str
    headers: Mapping[str, str | Secret]
    query: Mapping[str, str]
    client_id: str = "client_id"
    method: str = "GET"


def endpoint_of(environ: Mapping[str, str]) -> Endpoint | None:
    """Return the machine's metadata endpoint, by its variables; None for one that wants more than a request.

    All hosts of Azure have it on the machine itself or on its link; whatever else a variable names is shown nothing.
    """
    endpoint, header = environ.get("IDENTITY_ENDPOINT"), Secret(environ.get("IDENTITY_HEADER", ""))
    older, secret = environ.get("MSI_ENDPOINT"), Secret(environ.get("MSI_SECRET", ""))
    if endpoint and header.reveal() and not environ.get("IDENTITY_SERVER_THUMBPRINT"):
        return Endpoint(endpoint, {"X-IDENTITY-HEADER": header, "Metadata": "true"}, {"api-version": "2019-08-01"})
    if endpoint:
        return None
    if older and secret.reveal():
        return Endpoint(older, {"secret": secret}, {"api-version": "2017-09-01"}, client_id="clientid")
    if older:  # Cloud Shell, where the identity is the user's
        return Endpoint(older, {"Metadata": "true"}, {}, client_id="", method="POST")
    host = environ.get("AZURE_POD_IDENTITY_AUTHORITY_HOST") or _VIRTUAL_MACHINE
    return Endpoint(host.rstrip("/") + _VIRTUAL_MACHINE_PATH, {"Metadata": "true"}, {"api-version": "2018-02-01"})


def metadata_places(environ: Mapping[str, str]) -> frozenset[tuple[str, int]]:
    """Return where managed identities get tokens in plain http: hosts and ports on this machine or its link only."""
    named = [place for name in ENDPOINTS if (place := _plain_place(environ.get(name, ""))) is not None]
    return frozenset({(_LINK_LOCAL, 80), *((host, port) for host, port in named if _is_near(host))})


def _plain_place(url: str) -> tuple[str, int] | None:
    """Return the host and port of an http address; None for any other text, which another method may find there."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        return None
    return (host, port or 80) if parts.scheme == "http" and host else None


def _is_near(host: str) -> bool:
    try:
        address = ip_address(host)
    except ValueError:
        return host == "localhost"
    return address.is_loopback or address.is_link_local


def ask_metadata(endpoint: Endpoint, request: EntraRequest) -> tuple[Entra, Secret | None]:
    """Request a token of the host's metadata service. What it says is no reply of Entra's, so it is told in words."""
    began = time.monotonic()
    deadline = Deadline(request.deadline.left(), wait=min(request.deadline.wait, _WAIT))
    with Http(request.connector, deadline, plain=metadata_places(request.connector.machine.environ)) as http:
        response = _send(http, endpoint, request)
        connection = next(iter(http.connections.values()), None)
    token = issued_token(response, "access_token", request.connector.secrets)
    trouble: Trouble | None = None
    if token is None:
        trouble = Trouble.OUT_OF_TIME if response.trouble is Trouble.OUT_OF_TIME else Trouble.UNAVAILABLE
    return recorded(
        request,
        token,
        elapsed=time.monotonic() - began,
        connection=connection,
        trouble=trouble,
        text="" if token is not None else _words(response, endpoint.url),
    )


def _send(http: Http, endpoint: Endpoint, request: EntraRequest) -> Response:
    if not _is_near(urlsplit(endpoint.url).hostname or ""):
        return Response(None, trouble=Trouble.WITHHELD, text="it is neither this machine nor on its link")
    asked = {**endpoint.query, "resource": request.audience}
    if request.credential.facts.client_id and endpoint.client_id:
        asked[endpoint.client_id] = request.credential.facts.client_id
    if endpoint.method == "POST":
        return http.send("POST", endpoint.url, headers=endpoint.headers, form=asked, most=TOKEN_BYTES)
    joint = "&" if "?" in endpoint.url else "?"
    return http.send("GET", endpoint.url + joint + urlencode(asked), headers=endpoint.headers, most=TOKEN_BYTES)


def _words(response: Response, url: str) -> str:
    if response.reply is None or response.trouble is not None:
        return f"no response from the IMDS endpoint {urlsplit(url).netloc}: {response.trouble} {response.text}".strip()
    return f"{response.reply.status} {response.reply.words or 'without a token'}"
