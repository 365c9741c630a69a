"""What can be seen of a handshake, at the tls stage and wherever a host is asked: a refused certificate, or none."""

from __future__ import annotations

from pytest_acrauth.catalogue import facts
from pytest_acrauth.catalogue.shape import Break, Symptom
from pytest_acrauth.catalogue.symptoms.answers import ASKING
from pytest_acrauth.catalogue.symptoms.words import (
    OURS,
    anywhere,
    at_any_host,
    beside,
    not_elsewhere,
)
from pytest_acrauth.model.observation import Tls, Trouble
from pytest_acrauth.model.stage import Stage

# OpenSSL's verify codes: x509_vfy.h.
UNKNOWN_ISSUER = {2, 18, 19, 20, 21}
_OUT_OF_DATES = {9, 10}
_WRONG_NAME = {62}
_BROKEN_OFF = {Trouble.TIMEOUT, Trouble.RESET, Trouble.CLOSED, Trouble.TLS}


def _rejected(broken: Break, codes: set[int]) -> bool:
    tls = facts.broken_part(broken)
    return isinstance(tls, Tls) and tls.trouble is Trouble.CERTIFICATE and tls.verify_code in codes


def _broken_off(broken: Break) -> bool:
    tls = facts.broken_part(broken)
    return isinstance(tls, Tls) and tls.trouble in _BROKEN_OFF


_STAGES = (Stage.TLS, *ASKING)

UNTRUSTED_ISSUER = Symptom(
    id="untrusted-issuer",
    stages=_STAGES,
    when=lambda broken: _rejected(broken, UNKNOWN_ISSUER),
    says="The certificate at {host} was issued by {issuer}, which {trust} does not trust.",
    # Without a host, everybody says this of theirs.
    texts=not_elsewhere(
        *beside(OURS, r"x509: certificate signed by unknown authority"),
        # All that somebody asks about: the words that Go's clients of registries end with, and no more.
        r"\Atls: failed to verify certificate: x509: certificate signed by unknown authority\Z",
        r"Certificate verification failed\. This typically happens when using Azure CLI",
    )
    + at_any_host(
        r"certificate signed by unknown authority",
        r"unable to get local issuer certificate",
        r"self[- ]signed certificate",
        r"\b(?:DEPTH_ZERO_SELF_SIGNED_CERT|SELF_SIGNED_CERT_IN_CHAIN|UNABLE_TO_GET_ISSUER_CERT_LOCALLY)\b",
        r"unable to verify the first certificate",
        r"certificate is not trusted|[Uu]nable to locally verify the issuer|peer certificate: UnknownIssuer",
        r"PKIX path building failed|unable to find valid certification path",
        r"in the certificate chain: (?:\w{1,40}, ){0,4}(?:UntrustedRoot|PartialChain)",
        r"\b(?:SEC_E_UNTRUSTED_ROOT|CERT_TRUST_IS_UNTRUSTED_ROOT)\b|unable to get issuer certificate",
    ),
)
CERTIFICATE_DATES = Symptom(
    id="certificate-dates",
    stages=_STAGES,
    when=lambda broken: _rejected(broken, _OUT_OF_DATES) and not facts.certificate_holds(broken),
    says="The certificate at {host} is valid from {not_before} to {not_after}, and not now.",
    texts=not_elsewhere(*beside(OURS, r"x509: certificate has expired or is not yet valid"))
    + at_any_host(
        r"certificate (?:has expired|is not yet valid)|[Ii]ssued certificate (?:has expired|not yet valid)",
        r"\bCERT_HAS_EXPIRED\b|\bSEC_E_CERT_EXPIRED\b|\bCertificate(?:Expired|NotYetValid)Exception\b",
        r"in the certificate chain: (?:\w{1,40}, ){0,4}NotTimeValid",
        r"peer certificate: (?:certificate expired|Expired|NotValidYet)",
    ),
)
DATES_BY_CLOCK = Symptom(
    id="certificate-dates-by-clock",
    stages=_STAGES,
    when=lambda broken: _rejected(broken, _OUT_OF_DATES) and bool(facts.certificate_holds(broken)),
    says="The certificate at {host} is valid from {not_before} to {not_after}: by the services' clock now, not by this"
    " machine's.",
    texts=(),
)
OTHER_NAME = Symptom(
    id="certificate-name",
    stages=_STAGES,
    when=lambda broken: _rejected(broken, _WRONG_NAME),
    says="The certificate at {host} is for {names}.",
    texts=at_any_host(
        r"x509: certificate is (?:valid for|not valid for)",
        r"x509: cannot validate certificate for|x509: certificate relies on legacy Common Name field",
        r"certificate common name .{1,253}? doesn't match requested host",
        r"[Hh]ostname mismatch|hostname .{1,253}? doesn't match",
        r"\bERR_TLS_CERT_ALTNAME_INVALID\b",
        r"certificate is not valid for any names|\bRemoteCertificateNameMismatch\b",
        r"peer certificate: (?:certificate not valid for name|NotValidForName)",
        r"No subject alternative DNS name matching|no alternative certificate subject name matches",
    )
    # Go names those that the certificate is for first.
    + anywhere(r"x509: certificate is (?:not )?valid for .{1,600}?, not [\w.-]{1,253}?\.azurecr\."),
)
HANDSHAKE_BROKEN = Symptom(
    id="handshake-broken",
    stages=_STAGES,
    when=_broken_off,
    says="The TLS handshake with {host} did not come to an end.",
    texts=at_any_host(
        r"TLS handshake timeout",
        r"server gave HTTP response to HTTPS client",
        r"(?<!proxyconnect tcp: tls: )first record does not look like a TLS handshake",
        r"\bWRONG_VERSION_NUMBER\b",
        r"\b(?:tls|ssl|SSL|TLS)[: ].{0,40}?handshake failure",
        r"\bSSL_ERROR_SYSCALL\b",
        r"tls: (?:protocol version not supported|no supported versions|unrecognized name)",
        r"EOF occurred in violation of protocol|\bUNEXPECTED_EOF_WHILE_READING\b",
        r"handshake operation timed out|fatal alert: handshake_failure",
        r"[Rr]emote host (?:terminated the|closed connection during) handshake",
        r"disconnected before secure TLS connection was established",
        r"unexpected EOF or 0 bytes from the transport stream",
    ),
)
