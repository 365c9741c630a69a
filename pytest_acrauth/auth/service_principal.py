"""Service principals: how the secret, the certificate or the federated token of an application is read."""

from __future__ import annotations

from pytest_acrauth.auth.certificates import BadCertificate, end_of_certificate
from pytest_acrauth.auth.shape import BadAuth, Credential, Variables
from pytest_acrauth.model.claims import claims, expiry_of, text_of
from pytest_acrauth.model.credential import CredentialFacts, Kind, SecretShape
from pytest_acrauth.model.secret import Secret, Secrets
from pytest_acrauth.model.target import Registry

PREFIX = "AZURE"
APPLICATION = ("TENANT_ID", "CLIENT_ID")
SECRET = "CLIENT_SECRET"  # noqa: S105 - the end of a variable's name
CERTIFICATE = "CLIENT_CERTIFICATE_PATH"
CERTIFICATE_PASSWORD = "CLIENT_CERTIFICATE_PASSWORD"  # noqa: S105 - the end of a variable's name
ASSERTION = "FEDERATED_TOKEN_FILE"


def read_secret(variables: Variables, _registry: Registry, secrets: Secrets) -> Credential:
    """Read a client secret."""
    secret = secrets.add(variables.value(SECRET), user=variables.value("CLIENT_ID"))
    return _credential(variables, SecretShape.OPAQUE, secret=secret)


def read_certificate(variables: Variables, _registry: Registry, secrets: Secrets) -> Credential:
    """Read until when a certificate is valid; whoever signs with it reads the file again."""
    secrets.add(variables.value(CERTIFICATE_PASSWORD))
    return _credential(variables, SecretShape.CERTIFICATE, expires=_read_end_of_certificate(variables))


def check_certificate(variables: Variables) -> None:
    """Raise `BadAuth` for a certificate file that cannot sign."""
    _read_end_of_certificate(variables)


def read_assertion(variables: Variables, _registry: Registry, secrets: Secrets) -> Credential:
    """Read what a federated token says of itself; whoever shows it reads the file again."""
    found = claims(secrets.add(_read_assertion(variables)).reveal()) or {}
    audience = text_of(found, "aud")
    return _credential(variables, SecretShape.ASSERTION, audience=audience, expires=expiry_of(found))


def check_assertion(variables: Variables) -> None:
    """Raise `BadAuth` for a file that holds no federated token."""
    _read_assertion(variables)


def _credential(
    variables: Variables,
    shape: SecretShape,
    *,
    secret: Secret | None = None,
    audience: str = "",
    expires: float | None = None,
) -> Credential:
    client = variables.value("CLIENT_ID")
    facts = CredentialFacts(
        kind=Kind.SERVICE_PRINCIPAL,
        declared=True,
        client_id=client,
        tenant_id=variables.value("TENANT_ID"),
        secret=shape,
        secret_audience=audience,
        secret_expires=expires,
    )
    return Credential(facts, client, secret)


def _read_end_of_certificate(variables: Variables) -> float:
    try:
        return end_of_certificate(variables.read_file(CERTIFICATE), variables.value(CERTIFICATE_PASSWORD))
    except BadCertificate as error:
        path = variables.value(CERTIFICATE)
        raise BadAuth(f"{variables.name(CERTIFICATE)}: cannot use {path!r}: {error}") from error


def _read_assertion(variables: Variables) -> str:
    assertion = variables.read_file(ASSERTION).decode("utf-8", "replace").strip()
    if not assertion:
        raise BadAuth(f"{variables.name(ASSERTION)}: {variables.value(ASSERTION)!r} is empty")
    return assertion
