"""Azure's own credentials on the one HTTP stack: azure-identity over a transport of ours.

Of the Entra methods, certificates, workload identity and the rarer managed identities are azure-identity's. One is
used in three steps::

    with Http(connector, deadline, plain=metadata_places(environ)) as http:
        transport = Transport(http, connector.secrets, login_only(cloud, http.plain))
        issued = ask(lambda: credential_for(identity, environ, transport, cloud), scope, transport)

``issued`` has the token, or Entra's numbers and the words of the refusal; ``transport.answers`` has every answer.
Import this module where a credential or a question needs it: azure.core comes with it.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any, Protocol
from urllib.parse import urlsplit

from azure.core.credentials import AccessToken

from pytest_acrauth.auth import BadAuth
from pytest_acrauth.model.claims import aadsts_codes
from pytest_acrauth.model.secret import Secret, clean
from pytest_acrauth.model.target import Cloud, Identity
from pytest_acrauth.probes.http.azure_core import Transport
from pytest_acrauth.probes.http.client import Response
from pytest_acrauth.probes.http.replies import parse_json

__all__ = ["Credential", "Issued", "Transport", "ask", "credential_for", "login_only", "metadata_places"]

METADATA = "169.254.169.254"
#: What azure-identity reads from the process's environment itself, whichever machine the climb is on.
_OWN_READING = ("IDENTITY_ENDPOINT", "IDENTITY_HEADER", "MSI_ENDPOINT", "AZURE_POD_IDENTITY_AUTHORITY_HOST")
#: Where an authority's own configuration sends its clients (msal ``authority.py``).
_ALIASES = {"login.chinacloudapi.cn": "login.partner.microsoftonline.cn"}


class Credential(Protocol):
    """What azure-core takes as a credential."""

    def get_token(self, *scopes: str, **kwargs: Any) -> AccessToken:
        """Return a token for a scope, or raise azure-core's exceptions."""


def login_only(cloud: Cloud, plain: frozenset[tuple[str, int]] = frozenset()) -> Callable[[str, str], bool]:
    """Return what a credential may send: to the cloud's Entra authority over https, or to instance metadata."""
    authority = urlsplit(cloud.authority).hostname or ""
    hosts = {authority, _ALIASES.get(authority, authority)}

    def allows(_method: str, url: str) -> bool:
        parts = urlsplit(url)
        if parts.scheme == "http":
            return (parts.hostname, parts.port or 80) in plain
        return parts.scheme == "https" and parts.hostname in hosts and parts.port in {None, 443}

    return allows


def metadata_places(environ: Mapping[str, str]) -> frozenset[tuple[str, int]]:
    """Return where managed identities get tokens in plain http: hosts and ports on this machine or its link only."""
    named = [urlsplit(environ.get(name, "")) for name in _OWN_READING if name != "IDENTITY_HEADER"]
    places = {(parts.hostname, parts.port or 80) for parts in named if parts.scheme == "http" and parts.hostname}
    return frozenset({(METADATA, 80), *((host, port) for host, port in places if _is_near(host))})


def _is_near(host: str) -> bool:
    try:
        address = ip_address(host)
    except ValueError:
        return host == "localhost"
    return address.is_loopback or address.is_link_local


def credential_for(identity: Identity, environ: Mapping[str, str], transport: Transport, cloud: Cloud) -> Credential:
    """Return azure-identity's credential for an identity, made of the variables behind its prefix.

    Raises `BadAuth` for a method that has none or a machine azure-identity cannot look at, and what azure-identity
    raises for variables or files that it cannot use (ValueError, OSError).
    """
    import azure.identity

    def value(suffix: str) -> str:
        return environ.get(f"{identity.prefix}_{suffix}", "")

    shared: dict[str, Any] = {
        "authority": cloud.authority,
        "disable_instance_discovery": True,
        "transport": transport,
        "retry_total": 0,
    }
    match identity.method:
        case "service-principal-certificate":
            password = value("CLIENT_CERTIFICATE_PASSWORD") or None
            if password is not None:
                transport.secrets.add(password)
            return azure.identity.CertificateCredential(
                value("TENANT_ID"),
                value("CLIENT_ID"),
                value("CLIENT_CERTIFICATE_PATH"),
                password=password,
                **shared,
            )
        case "workload-identity":
            return azure.identity.WorkloadIdentityCredential(
                tenant_id=value("TENANT_ID"),
                client_id=value("CLIENT_ID"),
                token_file_path=value("FEDERATED_TOKEN_FILE"),
                **shared,
            )
        case "managed-identity":
            _require_same(environ, *_OWN_READING)
            return azure.identity.ManagedIdentityCredential(
                client_id=value("CLIENT_ID") or None,
                _exclude_workload_identity_credential=True,
                transport=transport,
                retry_total=0,
            )
    raise BadAuth(f"{identity.method} is no method of azure-identity's here")


def _require_same(environ: Mapping[str, str], *names: str) -> None:
    """Refuse where azure-identity would read another machine's variables: it looks at this process only."""
    other = [name for name in names if environ.get(name) != os.environ.get(name)]
    if other:
        raise BadAuth(f"azure-identity reads {', '.join(other)} of this process, which the machine under test is not")


@dataclass(frozen=True, slots=True)
class Issued:
    """What came of asking for a token: the token, or Entra's numbers, what was said, and the last answer if any."""

    token: Secret | None
    codes: tuple[int, ...] = ()
    text: str = ""
    answer: Response | None = None


def ask(credential: Callable[[], Credential], scope: str, transport: Transport) -> Issued:
    """Make a credential and ask it for a token. Raises `BadAuth` only: whatever else it raises is in the result."""
    try:
        token = credential().get_token(scope).token
    except BadAuth:
        raise
    except Exception as error:  # noqa: BLE001 - any bytes that Entra can send, through code that is not ours
        last = transport.answers[-1] if transport.answers else None
        found = parse_json(last.body) if last is not None else None
        said = clean(transport.secrets.scrub(str(getattr(error, "message", None) or error)))
        return Issued(
            None,
            aadsts_codes(found if isinstance(found, dict) else {}) or aadsts_codes({"error_description": said}),
            said,
            last,
        )
    return Issued(transport.secrets.add(token), answer=transport.answers[-1] if transport.answers else None)
