"""What a certificate that was refused says of itself, whatever is in it."""

from __future__ import annotations

import threading
import warnings
from collections.abc import Callable
from typing import TypeVar

from pytest_acrauth.model.observation import Certificate
from pytest_acrauth.model.secret import Secrets

S = TypeVar("S")
T = TypeVar("T")
_MOST_NAMES = 10
_ALONE = threading.Lock()
_VERSION, _INTEGER = 0xA0, 0x02  # tags in a certificate (RFC 5280, 4.1): the version may stand before the serial number


def certificate_of(encoded: bytes, secrets: Secrets) -> Certificate | None:
    """Return what a DER certificate says of itself, or None for bytes that are none.

    A part that cannot be read is empty, and the others are there.
    """
    from cryptography import x509

    found = _said(_with_positive_serial(encoded), x509.load_der_x509_certificate)
    if found is None:
        return None

    def dns_names(certificate: x509.Certificate) -> list[str]:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        return names.get_values_for_type(x509.DNSName)

    return Certificate(
        subject=secrets.clean(_said(found, lambda one: one.subject.rfc4514_string()) or ""),
        issuer=secrets.clean(_said(found, lambda one: one.issuer.rfc4514_string()) or ""),
        names=tuple(secrets.clean(name, 255) for name in (_said(found, dns_names) or ())[:_MOST_NAMES]),
        not_before=_said(found, lambda one: one.not_valid_before_utc.isoformat()) or "",
        not_after=_said(found, lambda one: one.not_valid_after_utc.isoformat()) or "",
    )


def _with_positive_serial(encoded: bytes) -> bytes:
    """Return a DER certificate with a serial number above zero, of the same length; other bytes as they are.

    The number is not kept, and one that is not above zero draws a deprecation warning, which a filter can only keep
    from every thread at once.
    """
    try:
        place = _inside(encoded, _inside(encoded, 0))
        if encoded[place] == _VERSION:
            place += 2 + encoded[place + 1]
        if encoded[place] != _INTEGER or encoded[place + 1] not in range(1, 128):
            return encoded
        start, end = place + 2, place + 2 + encoded[place + 1]
        if encoded[start] < 128 and any(encoded[start:end]):
            return encoded
    except IndexError:
        return encoded
    return encoded[:start] + bytes([1]) + encoded[start + 1 :]


def _inside(encoded: bytes, place: int) -> int:
    """Return where the content begins of what stands at a place: behind its tag and its length."""
    length = encoded[place + 1]
    return place + 2 + (length & 127 if length > 127 else 0)


def _said(source: S, read: Callable[[S], T]) -> T | None:
    """Read a part of a certificate; None where it cannot be read, whatever is raised for it.

    What is only worth a warning is read all the same where warnings are errors, as they are in many test suites.
    """
    try:
        try:
            return read(source)
        except Warning:
            with _ALONE, warnings.catch_warnings():
                warnings.simplefilter("ignore")
                return read(source)
    except Exception:  # noqa: BLE001 - any bytes that a peer can sign, through code that is not ours
        return None
