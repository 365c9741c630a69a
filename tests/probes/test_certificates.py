"""What is read of a certificate that was refused: any certificate, where warnings are errors, too."""

from __future__ import annotations

import warnings
from datetime import UTC, datetime

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID, ObjectIdentifier

from pytest_acrauth.model.secret import Secrets
from pytest_acrauth.probes.http.certificates import certificate_of

ALTERNATIVE = bytes.fromhex("0603551d11")  # subjectAltName, and an extension whose name is as long
OTHER, OTHER_BYTES = ObjectIdentifier("2.5.29.54"), bytes.fromhex("0603551d36")
SERIAL = bytes.fromhex("a00302010202 01")  # version and length of the serial number, which is 1
NAMES = x509.SubjectAlternativeName([x509.DNSName("proxy.example")])
X400 = bytes.fromhex("3004a3023000")  # an address of a kind that cryptography does not read


def certificate(common_name: str, *extensions: x509.ExtensionType) -> bytes:
    """Return a certificate that signs itself."""
    key = generate_private_key(SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name, _validate=len(common_name) <= 64)])
    start = datetime(2024, 1, 1, tzinfo=UTC)
    builder = x509.CertificateBuilder(name, name, key.public_key(), 1, start, start.replace(year=2030))
    for extension in extensions:
        builder = builder.add_extension(extension, critical=False)
    return builder.sign(key, SHA256()).public_bytes(Encoding.DER)


@pytest.mark.filterwarnings("ignore:Attribute's length")
def long_name() -> bytes:
    """Return a certificate whose name is longer than it may be."""
    with pytest.warns(UserWarning, match="length"):
        return certificate("a" * 80, NAMES)


@pytest.mark.parametrize(
    "encoded",
    [
        certificate("Proxy", NAMES, x509.UnrecognizedExtension(OTHER, X400)).replace(OTHER_BYTES, ALTERNATIVE),
        certificate("Proxy", x509.UnrecognizedExtension(OTHER, X400)).replace(OTHER_BYTES, ALTERNATIVE),
        certificate("Proxy", x509.UnrecognizedExtension(OTHER, b"\xff\xff")).replace(OTHER_BYTES, ALTERNATIVE),
        certificate("Proxy"),
    ],
    ids=["two lists of names", "a name of an odd kind", "no list of names", "none"],
)
def test_a_part_that_cannot_be_read_hides_no_other(encoded):
    """Names that cannot be read are none, and issuer and dates are there."""
    found = certificate_of(encoded, Secrets())
    assert found is not None
    assert (found.names, found.issuer, found.not_after) == ((), "CN=Proxy", "2030-01-01T00:00:00+00:00")


def test_a_warning_hides_nothing():
    """Where warnings are errors, a name that is too long is read as it is elsewhere."""
    found = certificate_of(long_name(), Secrets())
    assert found is not None
    assert (found.issuer, found.names) == ("CN=" + "a" * 80, ("proxy.example",))


@pytest.mark.parametrize("serial", [b"\x81", b"\x00"], ids=["negative", "zero"])
@pytest.mark.parametrize("action", ["error", "always"])
def test_a_serial_number_that_is_not_above_zero_draws_no_warning(serial: bytes, action: str) -> None:
    """What a peer has signed lets no library's warning into a run, and is read where warnings are errors, too."""
    encoded = certificate("Proxy", NAMES).replace(SERIAL + b"\x01", SERIAL + serial, 1)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter(action)  # type: ignore[arg-type]
        found = certificate_of(encoded, Secrets())
    assert found is not None
    assert (found.issuer, found.names) == ("CN=Proxy", ("proxy.example",))
    assert caught == []


@pytest.mark.parametrize("cut", range(16))
def test_the_beginning_of_a_certificate_is_none(cut: int) -> None:
    """Bytes that end before the serial number, or within it, say nothing."""
    encoded = certificate("Proxy").replace(SERIAL + b"\x01", SERIAL + b"\x81", 1)
    assert certificate_of(encoded[:cut], Secrets()) is None


def test_what_is_no_certificate_is_none():
    """Bytes that are no certificate say nothing."""
    assert certificate_of(b"\x30\x03\x02\x01\x00", Secrets()) is None


def test_a_certificates_names_pass_the_door():
    """A secret, a command to a CI system and control characters in a name are in no record."""
    secrets = Secrets()
    secrets.add("planted-password")
    hostile = x509.SubjectAlternativeName([x509.DNSName("planted-password.##vso[task.complete].example")])
    found = certificate_of(certificate("planted-password\x1b[1m", hostile), secrets)
    assert found is not None
    assert "planted-password" not in str(found)
    assert "##vso[" not in str(found)
    assert "\x1b" not in found.subject + found.issuer
