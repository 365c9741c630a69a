"""Certificate files of service principals: whether one can sign, and until when, before anything is sent."""

from __future__ import annotations

from typing import NamedTuple

from pytest_acrauth.model.secret import as_bytes


class BadCertificate(ValueError):
    """A file that no service principal can sign in with; the text says why, without a word of what is in it."""


class CertificateDates(NamedTuple):
    """From when and until when a certificate is valid, in seconds since the epoch, and its SHA-1 and SHA-256."""

    starts: float
    ends: float
    thumbprints: tuple[str, ...]


def end_of_certificate(content: bytes, password: str) -> float:
    """Return until when a certificate with its private key is valid, as `dates_of_certificate` does."""
    return dates_of_certificate(content, password).ends


def dates_of_certificate(content: bytes, password: str) -> CertificateDates:
    """Return the dates and the thumbprints of a certificate with its private key, PEM or PKCS #12.

    Raises `BadCertificate` for one that cannot sign. The key must be an RSA one: Entra is shown an assertion signed
    with RSA.
    """
    from cryptography import x509
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key, pkcs12

    secret = as_bytes(password) or None
    key: object
    certificate: x509.Certificate | None
    try:
        if b"-----BEGIN" in content:
            if b"PRIVATE KEY-----" not in content:
                raise BadCertificate("it holds no private key")
            if b"-----BEGIN CERTIFICATE-----" not in content:
                raise BadCertificate("it holds no certificate")
            key = load_pem_private_key(content, secret)
            certificate = x509.load_pem_x509_certificate(content)
        else:
            key, certificate, _ = pkcs12.load_key_and_certificates(content, secret)
    except TypeError as error:  # a password where none is needed, or none where one is
        why = "its private key is not encrypted, but a password is given" if secret else "its private key is encrypted"
        raise BadCertificate(why) from error
    except UnsupportedAlgorithm as error:
        raise BadCertificate("its private key is of an unknown kind") from error
    except Warning as error:
        raise BadCertificate("it is read with a warning only, and warnings are errors here") from error
    except ValueError as error:
        if isinstance(error, BadCertificate):
            raise
        raise BadCertificate("it is no PEM or PKCS #12 file, or its password is another one") from error
    if key is None or certificate is None:
        raise BadCertificate("it holds no private key" if key is None else "it holds no certificate")
    if not isinstance(key, RSAPrivateKey):
        raise BadCertificate("its private key is no RSA key")
    return CertificateDates(
        certificate.not_valid_before_utc.timestamp(),
        certificate.not_valid_after_utc.timestamp(),
        (certificate.fingerprint(hashes.SHA1()).hex(), certificate.fingerprint(hashes.SHA256()).hex()),  # noqa: S303
    )
