"""Client assertions: what proves an application without a secret, a certificate or somebody else's word."""

from __future__ import annotations

import base64
from datetime import UTC, datetime
from typing import Any

import jwt
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from pytest_acrauth.emulator.world.cloud import Cloud
from pytest_acrauth.emulator.world.directory import DIRECTORY_PROPAGATION, Application, ClientCertificate
from pytest_acrauth.emulator.world.jobs import ENTRAS_EXCHANGE

_DOCS = "https://learn.microsoft.com/entra/workload-id/workload-identity-federation"
_UNCHECKED: Any = {"verify_signature": False, "verify_exp": False, "verify_aud": False}
_SIGNATURE_ALONE: Any = {"verify_exp": False, "verify_nbf": False, "verify_iat": False, "verify_aud": False}


class Fault(Exception):
    """Why Entra issues nothing: status, OAuth error, number and words."""

    def __init__(self, status: int, error: str, code: int, text: str) -> None:
        self.status, self.error, self.code, self.text = status, error, code, text


def check_assertion(cloud: Cloud, tenant: str, application: Application, assertion: str) -> None:
    """Return where an assertion proves an application. Raises `Fault` where not."""
    try:
        header = jwt.get_unverified_header(assertion)
        claims: dict[str, Any] = jwt.decode(assertion, options=_UNCHECKED)
    except jwt.InvalidTokenError as error:
        text = f"IDX12729: Unable to decode the header '[PII is hidden]' as Base64Url encoded string. {error}"
        raise Fault(401, "invalid_client", 50027, text) from error
    if claims.get("iss") == application.client_id:
        _check_certificate(application, header, assertion, cloud.now())
    else:
        _check_federated(cloud, application, claims, assertion)
        _check_issuer(cloud, tenant, claims)
    _check_dates(cloud, claims)
    _check_audience(tenant, application, claims)


def _check_certificate(application: Application, header: dict[str, Any], assertion: str, now: float) -> None:
    algorithm, name = ("sha256", "x5t#S256") if "x5t#S256" in header else ("sha1", "x5t")
    shown = str(header.get(name, ""))
    thumbprint = base64.urlsafe_b64decode(shown + "=" * (-len(shown) % 4))
    match = next((each for each in application.certificates if each.thumbprint(algorithm) == thumbprint), None)
    named = thumbprint.hex().upper()
    if match is None:
        where = f"https://graph.microsoft.com/beta/applications/{application.object_id}"
        text = (
            "The certificate with identifier used to sign the client assertion is not registered on application. "
            f"[Reason - The key was not found., Thumbprint of key used by client: '{named}', Please visit the Azure "
            "Portal, Graph Explorer or directly use MS Graph to see configured keys for app Id "
            f"'{application.client_id}'. Review the documentation at https://docs.microsoft.com/en-us/graph/deployments"
            " to determine the corresponding service endpoint and https://docs.microsoft.com/en-us/graph/api/"
            "application-get?view=graph-rest-1.0&tabs=http to build a query request URL, such as "
            f"'{where}']."
        )
        raise Fault(401, "invalid_client", 700027, text)
    if not _signed_by(match, assertion):
        text = (
            "Client assertion contains an invalid signature. [Reason - The key was found, but use of the key to "
            f"verify the signature failed., Thumbprint of key used by client: '{named}']"
        )
        raise Fault(401, "invalid_client", 700027, text)
    if not match.starts <= now < match.ends:
        reason = "The key used is expired." if now >= match.ends else "The key used is not yet valid."
        first, last = (_written(each) for each in (match.starts, match.ends))
        text = (
            f"Client assertion contains an invalid signature. [Reason - {reason}, Thumbprint of key used by client: "
            f"'{named}', Found key 'Start={first}, End={last}']"
        )
        raise Fault(401, "invalid_client", 700027, text)


def _signed_by(certificate: ClientCertificate, assertion: str) -> bool:
    pem = certificate.parsed.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    try:
        jwt.decode(assertion, pem, algorithms=["RS256", "PS256"], options=_SIGNATURE_ALONE)
    except jwt.InvalidTokenError:
        return False
    return True


def _check_federated(cloud: Cloud, application: Application, claims: dict[str, Any], assertion: str) -> None:
    issuer, subject, audience = (str(claims.get(name, "")) for name in ("iss", "sub", "aud"))
    audience = "api://AzureADTokenExchange" if audience == ENTRAS_EXCHANGE else audience
    records = [each for each in application.federated if cloud.now() >= each.created + DIRECTORY_PROPAGATION]
    if not records:
        text = f"The client '{application.client_id}' has no configured federated identity credentials."
        raise Fault(401, "invalid_client", 70025, text)
    advice = "your federated identity credential Subject, Audience and Issuer against the presented assertion."
    missing = "No matching federated identity record found for presented assertion"
    if not any(each.issuer == issuer for each in records):
        raise Fault(400, "invalid_request", 700211, f"{missing} issuer '{issuer}'. Please check {advice} {_DOCS}")
    if not any((each.issuer, each.subject) == (issuer, subject) for each in records):
        raise Fault(400, "invalid_request", 700213, f"{missing} subject '{subject}'. Check {advice} {_DOCS}")
    if not any((each.issuer, each.subject, each.audience) == (issuer, subject, audience) for each in records):
        raise Fault(400, "invalid_request", 700212, f"{missing} audience '{audience}'. Please check {advice} {_DOCS}")
    signer = cloud.assertion_issuers.get(issuer)
    if signer is None:
        raise Fault(400, "invalid_request", 90061, "Request to External OIDC endpoint failed.")
    if not signer.signed(assertion):
        text = "Client assertion contains an invalid signature. [Reason - The key was not found.]"
        raise Fault(401, "invalid_client", 700027, text)


def _check_issuer(cloud: Cloud, tenant: str, claims: dict[str, Any]) -> None:
    """Apply what holds for an issuer whatever applications trust: Entra's own tokens, and the tenant's rules."""
    issuer = str(claims["iss"])
    if cloud.assertion_issuers[issuer] is cloud.entra:
        if tenant not in issuer:
            text = (
                f"Entra ID tokens issued by issuer '{issuer}' may not be used for federated identity credential flows "
                "for applications or managed identities registered in this tenant."
            )
            raise Fault(400, "invalid_request", 700236, text)
        managed = [each for each in cloud.applications.values() if each.resource_id]
        of_azure_devops = str(claims.get("sub", "")).startswith("/eid1/")
        if not of_azure_devops and not any(claims.get("sub") in each.principals.values() for each in managed):
            text = "Only MSI tokens may be used as Federated Identity Credentials for AAD issuer."
            raise Fault(400, "invalid_request", 700226, text)
    wanted, shown = cloud.rules.enterprises.get(issuer), str(claims.get("enterprise", ""))
    if wanted is not None and shown != wanted:
        text = (
            f"Federated identity credentials issued by '{issuer}' for applications or managed identities registered in "
            f"this tenant must contain the enterprise claim with value '{wanted}' but actual value is '{shown}'."
        )
        raise Fault(400, "invalid_request", 7002381, text)


def _check_dates(cloud: Cloud, claims: dict[str, Any]) -> None:
    now, starts, ends = cloud.now(), float(claims.get("nbf", 0)), float(claims.get("exp", 0))
    if not starts - 300 <= now < ends:
        current, first, last = (_written(each) for each in (now, starts, ends))
        text = (
            f"Client assertion is not within its valid time range. Current time: {current}, assertion valid from "
            f"{first}, expiry time of assertion {last}. Review the documentation at "
            "https://learn.microsoft.com/entra/identity-platform/certificate-credentials ."
        )
        raise Fault(401, "invalid_client", 700024, text)


def _check_audience(tenant: str, application: Application, claims: dict[str, Any]) -> None:
    if claims.get("iss") == application.client_id and tenant not in str(claims.get("aud", "")):
        text = "Client assertion audience claim does not match Realm issuer. Review the documentation at " + _DOCS
        raise Fault(401, "invalid_client", 700023, text)


def _written(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S.0000000Z")
