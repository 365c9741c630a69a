"""Certificate files of service principals: whether one can sign, and until when, before anything is sent."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from pytest_acrauth.model.secret import as_bytes

if TYPE_CHECKING:
    from cryptography import x509


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

    Raises `BadCertificate` for one that cannot sign: of several keys and certificates, whoever signs takes the first
    of each (``azure/identity/_credentials/certificate.py``). The key must be an RSA one: Entra is shown an assertion
    signed with RSA.
    """
    from cryptography import x509
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key, pkcs12

    secret = as_bytes(password) or None
    in_pem = b"-----BEGIN" in content
    if in_pem and b"PRIVATE KEY-----" not in content:
        raise BadCertificate("it holds no private key")
    if in_pem and b"-----BEGIN CERTIFICATE-----" not in content:
        raise BadCertificate("it holds no certificate")
    key: object
    certificate: x509.Certificate | None
    try:
        if in_pem:
            key = load_pem_private_key(content, secret)
            certificate = x509.load_pem_x509_certificate(content)
        else:
            key, certificate, _ = pkcs12.load_key_and_certificates(content, secret)
        # Looked at here, too: a key or a date that is none is found out only when it is wanted.
        public = certificate.public_key() if certificate is not None else None
        dates = _dates(certificate) if certificate is not None else None
    except TypeError as error:  # a password where none is needed, or none where one is
        why = "its private key is not encrypted, but a password is given" if secret else "its private key is encrypted"
        raise BadCertificate(why) from error
    except UnsupportedAlgorithm as error:
        raise BadCertificate("its key is of an unknown kind") from error
    except Warning as error:
        raise BadCertificate("it is read with a warning only, and warnings are errors here") from error
    except Exception as error:  # any bytes, through code that is not ours: not all that it raises is a ValueError
        raise BadCertificate("it is no PEM or PKCS #12 file, or its password is another one") from error
    if key is None or dates is None:
        raise BadCertificate("it holds no private key" if key is None else "it holds no certificate")
    if not isinstance(key, RSAPrivateKey):
        raise BadCertificate("its private key is no RSA key")
    if key.public_key() != public:
        raise BadCertificate("its first private key is not that of its first certificate")
    return dates


def _dates(certificate: x509.Certificate) -> CertificateDates:
    from cryptography.hazmat.primitives import hashes

    return CertificateDates(
        certificate.not_valid_before_utc.timestamp(),
        certificate.not_valid_after_utc.timestamp(),
        (certificate.fingerprint(hashes.SHA1()).hex(), certificate.fingerprint(hashes.SHA256()).hex()),  # noqa: S303
    )
