"""Signing and reading the tokens of an issuer: Entra is one, the registries' token server another."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from typing import Any, Self

import jwt
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import NameOID

# Dates and audience are judged by whoever reads: a wrong one is not always the end of it, and clocks are the world's.
_SIGNATURE_ALONE: Any = {"verify_exp": False, "verify_nbf": False, "verify_iat": False, "verify_aud": False}


class Signer:
    """One issuer's key pair, new for every emulator."""

    def __init__(self) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        public = self._key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        self._key_id = _libtrust(public)

    def __deepcopy__(self, _memo: object) -> Self:
        """Return itself: copies of a world have the same issuers."""
        return self

    def sign(self, claims: dict[str, Any]) -> str:
        """Return the claims as a signed token."""
        return jwt.encode(claims, self._key, algorithm="ES256", headers={"kid": self._key_id})

    def certificate(self) -> str:
        """Return a certificate of the key (PEM), by which other programs know the issuer's tokens."""
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "token key")])
        now = datetime.now(UTC)
        builder = x509.CertificateBuilder(name, name, self._key.public_key(), x509.random_serial_number())
        dated = builder.not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=365))
        return dated.sign(self._key, hashes.SHA256()).public_bytes(Encoding.PEM).decode()

    def read(self, token: str, audiences: Collection[str], now: float) -> dict[str, Any] | None:
        """Return the claims of a token of this issuer for one of the audiences that is valid now, else None."""
        claims = self.signed(token)
        if claims is None or claims.get("aud") not in audiences:
            return None
        return claims if claims["nbf"] <= now < claims["exp"] else None

    def signed(self, token: str) -> dict[str, Any] | None:
        """Return the claims of a token of this issuer, whatever its dates and audience, else None."""
        key, options = self._key.public_key(), _SIGNATURE_ALONE
        try:
            claims: dict[str, Any] = jwt.decode(token, key, algorithms=["ES256"], options=options)
        except jwt.InvalidTokenError:
            return None
        return claims


def _libtrust(public_der: bytes) -> str:
    """Return the key id that the distribution registry looks keys up by (docker/libtrust, ``keyIDFromCryptoKey``)."""
    text = base64.b32encode(hashlib.sha256(public_der).digest()[:30]).decode()
    return ":".join(text[start : start + 4] for start in range(0, len(text), 4))
