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


def certificate_of(encoded: bytes, secrets: Secrets) -> Certificate | None:
    """Return what a DER certificate says of itself, or None for bytes that are none.

    A part that cannot be read is empty, and the others are there.
    """
    from cryptography import x509

    found = _said(encoded, x509.load_der_x509_certificate)
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
