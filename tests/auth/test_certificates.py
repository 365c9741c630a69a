"""Certificates of service principals that are odd: refused in plain words, where warnings are errors, too."""

from __future__ import annotations

from base64 import encodebytes
from datetime import UTC, datetime

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, NoEncryption, PrivateFormat

from pytest_acrauth.auth.certificates import BadCertificate, end_of_certificate

SERIAL_OF_ONE = bytes.fromhex("a003020102020101")  # behind the version
BELOW_ZERO = bytes.fromhex("a003020102020181")


def test_a_warning_is_no_traceback():
    """A serial number below zero, of which cryptography warns, is told like any other defect."""
    key = generate_private_key(65537, 2048)
    name = x509.Name([x509.NameAttribute(x509.oid.NameOID.COMMON_NAME, "ci")])
    start = datetime(2024, 1, 1, tzinfo=UTC)
    builder = x509.CertificateBuilder(name, name, key.public_key(), 1, start, start.replace(year=2040))
    encoded = builder.sign(key, SHA256()).public_bytes(Encoding.DER)
    assert SERIAL_OF_ONE in encoded
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    odd = encoded.replace(SERIAL_OF_ONE, BELOW_ZERO)
    pem = b"-----BEGIN CERTIFICATE-----\n" + encodebytes(odd) + b"-----END CERTIFICATE-----\n"
    with pytest.raises(BadCertificate, match="warning"):
        end_of_certificate(pem + private, "")


@pytest.mark.parametrize("password", ["\udcff\udcfe", "half \ud800", "é", "x" * 100_000])
def test_a_password_is_any_bytes(password):
    """A variable can hold what is no UTF-8."""
    key = generate_private_key(65537, 2048)
    name = x509.Name([x509.NameAttribute(x509.oid.NameOID.COMMON_NAME, "ci")])
    start = datetime(2024, 1, 1, tzinfo=UTC)
    builder = x509.CertificateBuilder(name, name, key.public_key(), 1, start, start.replace(year=2040))
    pem = builder.sign(key, SHA256()).public_bytes(Encoding.PEM)
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"another"))
    for content in (pem + private, b"\x30\x82\x01\x00no archive"):
        with pytest.raises(BadCertificate, match="password is another one"):
            end_of_certificate(content, password)


def pem_of(encoded: bytes) -> bytes:
    """Return a certificate in PEM."""
    return b"-----BEGIN CERTIFICATE-----\n" + encodebytes(encoded) + b"-----END CERTIFICATE-----\n"


@pytest.fixture(scope="module")
def pairs():
    """Deliver two keys in PEM, each with its certificate, whose end is in a century that takes four digits."""
    found = []
    for name in ("one", "other"):
        key = generate_private_key(65537, 2048)
        subject = x509.Name([x509.NameAttribute(x509.oid.NameOID.COMMON_NAME, name)])
        start = datetime(2024, 1, 1, tzinfo=UTC)
        builder = x509.CertificateBuilder(subject, subject, key.public_key(), 1, start, start.replace(year=2060))
        private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        found.append((private, builder.sign(key, SHA256()).public_bytes(Encoding.DER)))
    return found


@pytest.mark.parametrize(
    ("sound", "odd"),
    [
        pytest.param(b"20600101000000Z", b"00000101000000Z", id="a year that no calendar has"),
        pytest.param(SERIAL_OF_ONE, bytes.fromhex("a003020141020101"), id="a version that nobody made"),
        pytest.param(
            b"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01", b"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x77", id="an unknown key"
        ),
    ],
)
def test_a_certificate_that_only_looks_like_one(pairs, sound, odd):
    """What is found out when a part of it is read is told like what is found out at once."""
    private, encoded = pairs[0]
    assert sound in encoded
    with pytest.raises(BadCertificate):
        end_of_certificate(private + pem_of(encoded.replace(sound, odd)), "")


def test_a_key_of_another_certificate(pairs):
    """Whoever signs takes the first key and the first certificate: where they are no pair, Entra would refuse it."""
    (key, encoded), (other_key, other) = pairs
    assert end_of_certificate(key + pem_of(encoded) + pem_of(other) + other_key, "")
    for content in (key + pem_of(other), pem_of(other) + pem_of(encoded) + key, other_key + key + pem_of(encoded)):
        with pytest.raises(BadCertificate, match="not that of its first certificate"):
            end_of_certificate(content, "")
