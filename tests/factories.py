"""Transcripts made without I/O: a healthy climb, and the same climb broken at one rung."""

from __future__ import annotations

from dataclasses import replace
from email.utils import formatdate
from typing import Any

from pytest_acrauth.catalogue.shape import Break
from pytest_acrauth.model.credential import CredentialFacts, Kind, SecretShape
from pytest_acrauth.model.machine import Resolution, Resolved
from pytest_acrauth.model.observation import (
    AccessToken,
    Attempt,
    Certificate,
    Challenge,
    Data,
    Dns,
    Entra,
    EntraClaims,
    Exchange,
    Observation,
    Operation,
    RefreshClaims,
    Reply,
    Tcp,
    Tls,
    Upload,
)
from pytest_acrauth.model.stage import Rung, Stage
from pytest_acrauth.model.target import Flow, Identity, Reference, Registry, Target
from pytest_acrauth.model.transcript import Access, Transcript

HOST = "myacr.azurecr.io"
CLIENT_ID = "0a1b2c3d-1111-2222-3333-444455556666"
TENANT_ID = "9f8e7d6c-aaaa-bbbb-cccc-ddddeeeeffff"
OBJECT_ID = "5e5e5e5e-1234-1234-1234-123412341234"
AUDIENCE = "https://containerregistry.azure.net"
BLOB_HOST = "abc123.blob.core.windows.net"
DATA_HOST = "myacr.westeurope.data.azurecr.io"
STARTED = 1_750_000_000.0

SERVICE_PRINCIPAL = Identity("service-principal", "service-principal", Flow.ENTRA, "AZURE")
BASIC = Identity("basic", "basic", Flow.BASIC, "ACR")
ANONYMOUS = Identity("anonymous", "anonymous", Flow.ANONYMOUS)

GENERIC = "authentication required, visit https://aka.ms/acr/authorization for more information."


def target(
    identity: Identity = SERVICE_PRINCIPAL,
    *references: str,
    must: tuple[str, ...] = ("pull",),
    must_not: tuple[str, ...] = (),
) -> Target:
    """Return a target at myacr, with the references given."""
    parsed = tuple(Reference.parse(reference) for reference in references)
    return Target(Registry.parse("myacr"), identity, parsed, must, must_not)


def credential(identity: Identity = SERVICE_PRINCIPAL, user_name: str = "") -> CredentialFacts:
    """Return what may be shown of the credential that an identity uses."""
    if identity.flow is Flow.ENTRA:
        return CredentialFacts(
            kind=Kind.SERVICE_PRINCIPAL,
            declared=True,
            client_id=CLIENT_ID,
            tenant_id=TENANT_ID,
            secret=SecretShape.OPAQUE,
        )
    if identity.flow is Flow.ANONYMOUS:
        return CredentialFacts(kind=Kind.ANONYMOUS, declared=True)
    return CredentialFacts(kind=Kind.SCOPE_MAP_TOKEN, user_name=user_name or "puller", secret=SecretShape.OPAQUE)


def reply(status: int = 401, code: str = "", message: str = "", **changes: Any) -> Reply:
    """Return one HTTP answer of the registry."""
    parts: dict[str, Any] = {
        "method": "POST",
        "url": f"https://{HOST}/",
        "correlation_id": "c0ffee",
        "from_registry": True,
    } | changes
    return Reply(status=status, code=code, message=message, **parts)


def generic_401(**parts: Any) -> Reply:
    """Return the 401 that the registry gives for many causes."""
    return reply(401, "UNAUTHORIZED", GENERIC, **parts)


def denied_with_ip(address: str = "20.1.2.3") -> Reply:
    """Return the refusal of the registry's firewall."""
    message = f"client with IP '{address}' is not allowed access. Refer https://aka.ms/acr/firewall to grant access."
    return reply(403, "DENIED", message)


def certificate(**parts: Any) -> Certificate:
    """Return what a proxy's certificate says of itself."""
    usual = {
        "subject": "CN=*.azurecr.io",
        "issuer": "CN=Corporate Proxy CA",
        "names": ("*.azurecr.io",),
        "not_before": "2024-01-01T00:00:00Z",
        "not_after": "2030-01-01T00:00:00Z",
    }
    return Certificate(**{**usual, **parts})


def observation(stage: Stage, *, chosen: Target | None = None) -> Observation:
    """Return what a healthy climb records at a stage."""
    aims = chosen or target()
    scope = f"repository:{aims.references[0].repository}:pull" if aims.references else ""
    healthy: dict[Stage, Observation] = {
        Stage.DNS: Dns(host=HOST, resolution=Resolution(Resolved.FOUND, ("20.0.0.1",), (HOST,)), elapsed=0.01),
        Stage.TCP: Tcp(host=HOST, port=443, attempts=(Attempt(address="20.0.0.1"),), elapsed=0.02),
        Stage.TLS: Tls(host=HOST, trust="the system's trust store", version="TLSv1.3", elapsed=0.03),
        Stage.CHALLENGE: Challenge(
            host=HOST,
            scheme="bearer",
            realm=f"https://{HOST}/oauth2/token",
            service=HOST,
            reply=generic_401(method="GET", url=f"https://{HOST}/v2/", date=formatdate(STARTED, usegmt=True)),
            elapsed=0.04,
        ),
        Stage.ENTRA: Entra(
            authority="https://login.microsoftonline.com",
            tenant_id=TENANT_ID,
            client_id=CLIENT_ID,
            issued=True,
            claims=EntraClaims(audience=AUDIENCE, object_id=OBJECT_ID, client_id=CLIENT_ID, tenant_id=TENANT_ID),
            elapsed=0.05,
        ),
        Stage.EXCHANGE: Exchange(
            issued=True, claims=RefreshClaims(permissions=("read",)), reply=reply(200), elapsed=0.06
        ),
        Stage.ACCESS_TOKEN: AccessToken(
            scope=scope, must=aims.must, must_not=aims.must_not, issued=True, granted=aims.must, reply=reply(200)
        ),
        Stage.OPERATION: Operation(blob="sha256:" + "0" * 64, digest="sha256:" + "1" * 64, reply=reply(200)),
        Stage.DATA: Data(redirect=BLOB_HOST, received=1024, reply=reply(206, from_registry=False)),
        Stage.UPLOAD: Upload(opened=True, reply=reply(202)),
    }
    return healthy[stage]


def climb(
    stage: Stage | None = None,
    broken: Observation | None = None,
    *,
    chosen: Target | None = None,
    own: CredentialFacts | None = None,
    **changes: Any,
) -> Transcript:
    """Return a climb that is healthy below ``stage``, has ``broken`` there, and reached nothing that needs it."""
    aims = chosen or target(SERVICE_PRINCIPAL, "team/app")
    last = next((rung for rung in aims.rungs if rung.stage is stage), None)
    found: dict[Rung, Observation] = {}
    for rung in aims.rungs:
        if rung == last and broken is not None:
            found[rung] = broken
        elif last is None or last not in aims.needs(rung):
            found[rung] = observation(rung.stage, chosen=aims)
    shared: dict[str, Any] = {rung.stage: seen for rung, seen in found.items() if rung.reference is None}
    accesses = tuple(
        Access(reference=one, **{r.stage: seen for r, seen in found.items() if r.reference == one.text})  # type: ignore[arg-type]
        for one in aims.references
        if any(rung.reference == one.text for rung in found)
    )
    transcript = Transcript(
        target=aims,
        credential=own or credential(aims.identity),
        started=STARTED,
        limit=30.0,
        elapsed=1.5,
        accesses=accesses,
        **{str(name): seen for name, seen in shared.items()},
    )
    return replace(transcript, **changes)


def broken_at(stage: Stage, broken: Observation, **changes: Any) -> Break:
    """Return the broken rung of such a climb."""
    transcript = climb(stage, broken, **changes)
    return Break(transcript, next(transcript.broken()))
