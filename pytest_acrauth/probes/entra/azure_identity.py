"""Azure's own credentials on the one HTTP stack: azure-identity over a transport of ours.

Of the Entra methods, certificates, whatever shows an assertion, and the rarer managed identities are its. Import
this module where one of them is needed: azure.core comes with it.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlsplit

from azure.core.credentials import TokenCredential

from pytest_acrauth.auth import BadAuth
from pytest_acrauth.auth.federation import read_federated_token
from pytest_acrauth.auth.service_principal import CERTIFICATE, CERTIFICATE_PASSWORD
from pytest_acrauth.model.claims import aadsts_codes, assertion_claims
from pytest_acrauth.model.observation import Assertion, Entra, Trouble
from pytest_acrauth.model.secret import Secret, Secrets, as_bytes
from pytest_acrauth.model.target import Cloud
from pytest_acrauth.probes.entra.metadata import metadata_places
from pytest_acrauth.probes.entra.request import NO_REFUSAL, EntraRequest, recorded, refusal_in
from pytest_acrauth.probes.http.azure_core import Transport
from pytest_acrauth.probes.http.client import Http, Response
from pytest_acrauth.probes.http.replies import parse_json

#: What azure-identity reads from the process's environment itself, whichever machine the climb is on.
_OWN_READING = ("IDENTITY_ENDPOINT", "IDENTITY_HEADER", "MSI_ENDPOINT", "AZURE_POD_IDENTITY_AUTHORITY_HOST")
#: Where an authority's own configuration sends its clients (MSAL for Python, ``msal/authority.py``).
_ALIASES = {"login.chinacloudapi.cn": "login.partner.microsoftonline.cn"}

#: Makes azure-identity's credential of an identity's variables. Raises `BadAuth` for a machine that azure-identity
#: cannot look at, and what azure-identity raises for variables or files that it cannot use (ValueError, OSError).
Maker = Callable[[EntraRequest, Transport], TokenCredential]


def ask_with_certificate(request: EntraRequest) -> tuple[Entra, Secret | None]:
    """Request an Entra token with a certificate."""
    return _ask_entra(request, certificate_credential)


def ask_with_assertion(request: EntraRequest) -> tuple[Entra, Secret | None]:
    """Request an Entra token with a federated token."""
    return _ask_entra(request, assertion_credential, _shown_assertion(request))


def ask_with_id_token(request: EntraRequest, token: Secret, shown: Assertion) -> tuple[Entra, Secret | None]:
    """Request an Entra token with the id token of a CI job; ``shown`` is what that says of itself."""

    def make(request: EntraRequest, transport: Transport) -> TokenCredential:
        return _assertion_credential(request, transport, token.reveal)

    return _ask_entra(request, make, shown)


def ask_host(request: EntraRequest) -> tuple[Entra, Secret | None]:
    """Request the token of a managed identity whose host wants more than one request."""
    began = time.monotonic()
    plain = metadata_places(request.connector.machine.environ)
    with Http(request.connector, request.deadline, plain=plain) as http:
        issued = _ask(http, request, host_credential)
        connection = next(reversed(http.connections.values()), None)
    trouble, text = _how_it_ended(issued)
    elapsed = time.monotonic() - began
    return recorded(request, issued.token, elapsed=elapsed, connection=connection, trouble=trouble, text=text)


def certificate_credential(request: EntraRequest, transport: Transport) -> TokenCredential:
    """Return a credential that signs with the certificate that a variable names."""
    from azure.identity import CertificateCredential

    variables = request.variables
    password = transport.secrets.add(variables.value(CERTIFICATE_PASSWORD))
    return CertificateCredential(
        variables.value("TENANT_ID"),
        variables.value("CLIENT_ID"),
        certificate_data=variables.read_file(CERTIFICATE),
        password=as_bytes(password) or None,
        authority=request.cloud.authority,
        disable_instance_discovery=True,
        transport=transport,
        retry_total=0,
    )


def assertion_credential(request: EntraRequest, transport: Transport) -> TokenCredential:
    """Return a credential that shows the federated token that variables name or hold, as it is by then."""
    variables = request.variables
    return _assertion_credential(
        request, transport, lambda: transport.secrets.add(read_federated_token(variables)).reveal()
    )


def _assertion_credential(request: EntraRequest, transport: Transport, shown: Callable[[], str]) -> TokenCredential:
    from azure.identity import ClientAssertionCredential

    return ClientAssertionCredential(
        request.variables.value("TENANT_ID"),
        request.variables.value("CLIENT_ID"),
        shown,
        authority=request.cloud.authority,
        disable_instance_discovery=True,
        transport=transport,
        retry_total=0,
    )


def host_credential(request: EntraRequest, transport: Transport) -> TokenCredential:
    """Return the credential of an identity of the host that this process runs on, if that is the machine's too."""
    from azure.identity import ManagedIdentityCredential

    environ = request.connector.machine.environ
    if other := [name for name in _OWN_READING if environ.get(name) != os.environ.get(name)]:
        raise BadAuth(f"azure-identity reads {', '.join(other)} of this process, which the machine under test is not")
    return ManagedIdentityCredential(
        client_id=request.variables.value("CLIENT_ID") or None,
        _exclude_workload_identity_credential=True,
        transport=transport,
        retry_total=0,
    )


@dataclass(frozen=True, slots=True)
class Issued:
    """What came of asking for a token: the token, or Entra's numbers and what was said; the last response if any."""

    token: Secret | None
    codes: tuple[int, ...] = ()
    text: str = ""
    response: Response | None = None


def _shown_assertion(request: EntraRequest) -> Assertion | None:
    """Return what the federated token says that will be shown, None where its file cannot be read."""
    secrets = request.connector.secrets
    try:
        return assertion_claims(secrets.add(read_federated_token(request.variables)), secrets)
    except BadAuth:
        return None


def _ask_entra(request: EntraRequest, make: Maker, assertion: Assertion | None = None) -> tuple[Entra, Secret | None]:
    """Ask through a credential that asks Entra itself; the last response is Entra's."""
    began = time.monotonic()
    with Http(request.connector, request.deadline) as http:
        issued = _ask(http, request, make)
        connection = next(reversed(http.connections.values()), None)
    response = issued.response
    if response is None:  # a file, or the credential itself, is what failed
        trouble, text = _how_it_ended(issued)
        elapsed = time.monotonic() - began
        return recorded(
            request,
            issued.token,
            elapsed=elapsed,
            connection=connection,
            trouble=trouble,
            text=text,
            assertion=assertion,
        )
    refused = issued.token is None
    return recorded(
        request,
        issued.token,
        elapsed=time.monotonic() - began,
        connection=connection,
        reply=response.reply,
        trouble=response.trouble,
        text=issued.text if refused and response.trouble is None else response.text,
        refusal=refusal_in(response, request.connector.secrets)._replace(codes=issued.codes) if refused else NO_REFUSAL,
        assertion=assertion,
    )


def _how_it_ended(issued: Issued) -> tuple[Trouble | None, str]:
    """Tell why no token came where Entra was not asked; nothing where one came."""
    if issued.token is not None:
        return None, ""
    late = issued.response is not None and issued.response.trouble is Trouble.OUT_OF_TIME
    return Trouble.OUT_OF_TIME if late else Trouble.UNAVAILABLE, issued.text


def _ask(http: Http, request: EntraRequest, make: Maker) -> Issued:
    transport = Transport(http, request.connector.secrets, login_only(request.cloud, http.plain))
    try:
        return ask(lambda: make(request, transport), request.scope, transport)
    except BadAuth as error:  # another machine than this process, whose variables azure-identity cannot see
        return Issued(None, text=str(error))


def ask(credential: Callable[[], TokenCredential], scope: str, transport: Transport) -> Issued:
    """Make a credential and ask it for a token. Raises `BadAuth` only: whatever else it raises is in the result."""
    try:
        token = _issued(credential().get_token(scope).token, transport.secrets)
    except BadAuth:
        raise
    except Exception as error:  # noqa: BLE001 - any bytes that Entra can send, through code that is not ours
        last = transport.responses[-1] if transport.responses else None
        found = parse_json(last.body) if last is not None else None
        said = transport.secrets.clean(str(getattr(error, "message", None) or error))
        return Issued(
            None,
            aadsts_codes(found if isinstance(found, dict) else {}) or aadsts_codes({"error_description": said}),
            said,
            last,
        )
    last = transport.responses[-1] if transport.responses else None
    return Issued(token, text="" if token is not None else "the answer holds no token", response=last)


def _issued(token: object, secrets: Secrets) -> Secret | None:
    """Return what a credential calls a token, None for what is none: it hands on whatever an answer holds."""
    return secrets.issued(token) if isinstance(token, str) and token else None


def login_only(cloud: Cloud, plain: frozenset[tuple[str, int]] = frozenset()) -> Callable[[str, str], bool]:
    """Return what a credential may send: to the cloud's Entra authority over https, or to instance metadata."""
    authority = urlsplit(cloud.authority).hostname or ""
    hosts = {authority, _ALIASES.get(authority, authority)}

    def allows(_method: str, url: str) -> bool:
        try:
            parts = urlsplit(url)
            host, port = parts.hostname, parts.port
        except ValueError:  # an address that cannot be read leads nowhere
            return False
        if parts.scheme == "http":
            return (host, port or 80) in plain
        return parts.scheme == "https" and host in hosts and port in {None, 443}

    return allows
