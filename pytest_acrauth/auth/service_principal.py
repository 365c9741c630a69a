"""Service principals: how the secret or the certificate of an application is read."""

from __future__ import annotations

from contextlib import suppress

from pytest_acrauth.auth.certificates import BadCertificate, end_of_certificate
from pytest_acrauth.auth.shape import BadAuth, Credential, Variables
from pytest_acrauth.model.credential import CredentialFacts, Kind, SecretShape
from pytest_acrauth.model.secret import Secret, Secrets
from pytest_acrauth.model.target import Registry

PREFIX = "AZURE"
APPLICATION = ("TENANT_ID", "CLIENT_ID")
SECRET = "CLIENT_SECRET"  # noqa: S105 - the end of a variable's name
CERTIFICATE = "CLIENT_CERTIFICATE_PATH"
CERTIFICATE_PASSWORD = "CLIENT_CERTIFICATE_PASSWORD"  # noqa: S105 - the end of a variable's name


def read_secret(variables: Variables, _registry: Registry, secrets: Secrets) -> Credential:
    """Read a client secret."""
    secret = secrets.add(variables.value(SECRET), user=variables.value("CLIENT_ID"))
    return application_credential(variables, SecretShape.OPAQUE, secrets, secret=secret)


def read_certificate(variables: Variables, _registry: Registry, secrets: Secrets) -> Credential:
    """Read until when a certificate is valid; whoever signs with it reads the file again.

    Files are written anew while a run goes on: one that cannot be read at this moment tells nothing, and whoever then
    signs with it says why it cannot.
    """
    secrets.add(variables.value(CERTIFICATE_PASSWORD))
    expires: float | None = None
    with suppress(BadAuth):
        expires = _read_end_of_certificate(variables)
    return application_credential(variables, SecretShape.CERTIFICATE, secrets, expires=expires)


def check_certificate(variables: Variables) -> None:
    """Raise `BadAuth` for a certificate file that cannot sign."""
    _read_end_of_certificate(variables)


def application_credential(
    variables: Variables,
    shape: SecretShape,
    secrets: Secrets,
    *,
    secret: Secret | None = None,
    audience: str = "",
    expires: float | None = None,
) -> Credential:
    """Return an application's credential: whose it is by its variables, and what is known of its secret."""
    client = variables.value("CLIENT_ID")
    facts = CredentialFacts(
        kind=Kind.SERVICE_PRINCIPAL,
        declared=True,
        client_id=secrets.clean(client, 200),
        tenant_id=secrets.clean(variables.value("TENANT_ID"), 200),
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
