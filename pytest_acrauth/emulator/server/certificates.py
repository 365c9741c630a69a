"""The throw-away certificate authorities, and the certificates they sign for the world."""

from __future__ import annotations

import ssl
from collections.abc import Callable
from datetime import UTC, datetime

import trustme

from pytest_acrauth.emulator.world.network import Certificate, Issuer


class Authorities:
    """The trusted authority and the inspecting one; certificates are made when first shown and then kept."""

    def __init__(self) -> None:
        self._authorities = {
            Issuer.TRUSTED: trustme.CA(organization_name="Emulated Azure", organization_unit_name="Trusted root"),
            Issuer.INSPECTING: trustme.CA(organization_name="Example Corp", organization_unit_name="TLS inspection"),
        }
        self._contexts: dict[Certificate, ssl.SSLContext] = {}

    @property
    def trusted_pem(self) -> str:
        """The certificate of the authority that the emulated machine trusts."""
        return self._authorities[Issuer.TRUSTED].cert_pem.bytes().decode()

    def context(self, choose: Callable[[str], Certificate]) -> ssl.SSLContext:
        """Return a server context that asks ``choose`` at each handshake, with the host name the client asked for."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)

        def show(connection: ssl.SSLObject, host: str | None, _context: ssl.SSLContext) -> None:
            connection.context = self._context_for(choose(host or ""))

        context.sni_callback = show
        return context

    def _context_for(self, certificate: Certificate) -> ssl.SSLContext:
        if certificate not in self._contexts:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self._authorities[certificate.issuer].issue_cert(
                *certificate.names,
                not_before=datetime.fromtimestamp(certificate.starts, UTC),
                not_after=datetime.fromtimestamp(certificate.ends, UTC),
            ).configure_cert(context)
            self._contexts[certificate] = context
        return self._contexts[certificate]
