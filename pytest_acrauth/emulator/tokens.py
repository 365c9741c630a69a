"""Signing and reading the tokens of an issuer: Entra has one, the registries' token server another."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Collection
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat


class Signer:
    """One issuer's key pair, new for every emulator."""

    def __init__(self) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        public = self._key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        self._key_id = _libtrust(public)

    def sign(self, claims: dict[str, Any]) -> str:
        """Return the claims as a signed token."""
        return jwt.encode(claims, self._key, algorithm="ES256", headers={"kid": self._key_id})

    def read(self, token: str, audiences: Collection[str], now: float) -> dict[str, Any] | None:
        """Return the claims of a token of this issuer for one of the audiences that is valid now, else None."""
        try:
            claims: dict[str, Any] = jwt.decode(
                token,
                self._key.public_key(),
                algorithms=["ES256"],
                audience=audiences,
                options={"verify_exp": False, "verify_nbf": False, "verify_iat": False},
            )
        except jwt.InvalidTokenError:
            return None
        return claims if claims["nbf"] <= now < claims["exp"] else None


def _libtrust(public_der: bytes) -> str:
    """Return the key id that the distribution registry looks keys up by (docker/libtrust, ``keyIDFromCryptoKey``)."""
    text = base64.b32encode(hashlib.sha256(public_der).digest()[:30]).decode()
    return ":".join(text[start : start + 4] for start in range(0, len(text), 4))
