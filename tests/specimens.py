"""One broken rung for every symptom of the catalogue, made from the factories."""

from __future__ import annotations

from dataclasses import replace

from factories import (
    ANONYMOUS,
    BASIC,
    BLOB_HOST,
    DATA_HOST,
    HOST,
    SERVICE_PRINCIPAL,
    broken_at,
    certificate,
    denied_with_ip,
    generic_401,
    observation,
    reply,
    target,
)

from pytest_acrauth.failure import Seen
from pytest_acrauth.machine import Resolution, Resolved
from pytest_acrauth.observation import (
    AccessToken,
    Attempt,
    Challenge,
    Connection,
    Data,
    Dns,
    Entra,
    Exchange,
    Operation,
    Reply,
    Tcp,
    Tls,
    Trouble,
)
from pytest_acrauth.stage import Stage

SCOPE = "repository:team/app:pull"


def dns(outcome: Resolved, *aliases: str) -> Seen:
    """Return a look-up that failed."""
    found = Resolution(outcome, chain=(HOST, *aliases), text="the resolver's words")
    return broken_at(Stage.DNS, Dns(host=HOST, resolution=found))


def tcp(trouble: Trouble, address: str = "20.0.0.1") -> Seen:
    """Return a connection that failed at one address."""
    return broken_at(Stage.TCP, Tcp(host=HOST, port=443, attempts=(Attempt(address=address, trouble=trouble),)))


def tls(trouble: Trouble, code: int | None = None) -> Seen:
    """Return a handshake that failed."""
    shown = certificate() if code else None
    return broken_at(
        Stage.TLS,
        Tls(host=HOST, trust="the system's trust store", trouble=trouble, verify_code=code, certificate=shown),
    )


def challenge(answer: Reply | None, scheme: str = "", realm: str = "", service: str = "") -> Seen:
    """Return an answer to the first request that is no registry's challenge."""
    return broken_at(Stage.CHALLENGE, Challenge(host=HOST, reply=answer, scheme=scheme, realm=realm, service=service))


def entra(*codes: int, answer: Reply | None = None, connection: Connection | None = None) -> Seen:
    """Return a refusal of Entra, or a way to it that broke."""
    healthy = observation(Stage.ENTRA)
    assert isinstance(healthy, Entra)
    refused = replace(healthy, issued=False, claims=None, codes=codes, reply=answer, connection=connection)
    return broken_at(Stage.ENTRA, refused)


def exchange(answer: Reply) -> Seen:
    """Return an exchange that was not granted."""
    return broken_at(Stage.EXCHANGE, Exchange(reply=answer))


def access_token(answer: Reply, *, basic: bool = False) -> Seen:
    """Return a request for an access token that was not granted."""
    chosen = target(BASIC if basic else SERVICE_PRINCIPAL, "team/app")
    return broken_at(Stage.ACCESS_TOKEN, AccessToken(reply=answer, scope=SCOPE, must=("pull",)), chosen=chosen)


def granted(*actions: str, must: tuple[str, ...] = ("pull",), must_not: tuple[str, ...] = ()) -> Seen:
    """Return an access token that grants other actions than it should."""
    chosen = target(SERVICE_PRINCIPAL, "team/app", must=must, must_not=must_not)
    token = AccessToken(reply=reply(200), scope=SCOPE, must=must, must_not=must_not, issued=True, granted=actions)
    return broken_at(Stage.ACCESS_TOKEN, token, chosen=chosen)


def operation(answer: Reply) -> Seen:
    """Return a manifest that was not given."""
    return broken_at(Stage.OPERATION, Operation(reply=answer))


def data(answer: Reply | None, redirect: str, trouble: Trouble | None = None, refused: str = "") -> Seen:
    """Return a layer that was not given."""
    return broken_at(Stage.DATA, Data(reply=answer, redirect=redirect, trouble=trouble, refused=refused))


def aadsts(number: int) -> Seen:
    """Return Entra's refusal with one number."""
    return entra(number, answer=reply(401, "invalid_client", f"AADSTS{number}: no.", from_registry=False))


LOST_AUTHORITY = Connection(
    host="login.microsoftonline.com",
    tcp=Tcp(
        host="login.microsoftonline.com", port=443, attempts=(Attempt(address="20.9.9.9", trouble=Trouble.TIMEOUT),)
    ),
)
OWN_REALM = f"https://{HOST}/oauth2/token"

#: Symptom id -> a rung that shows it and nothing else.
SPECIMENS = {
    "nxdomain": dns(Resolved.NO_SUCH_NAME),
    "dangling-alias": dns(Resolved.NO_ADDRESS, "myacr.privatelink.azurecr.io"),
    "resolver-failed": dns(Resolved.RESOLVER_FAILED),
    "tcp-timeout": tcp(Trouble.TIMEOUT),
    "private-tcp-timeout": tcp(Trouble.TIMEOUT, "10.1.2.3"),
    "connection-refused": tcp(Trouble.REFUSED),
    "proxy-refused": tcp(Trouble.PROXY, "proxy squid:3128"),
    "untrusted-issuer": tls(Trouble.CERTIFICATE, 20),
    "certificate-dates": tls(Trouble.CERTIFICATE, 10),
    "certificate-name": tls(Trouble.CERTIFICATE, 62),
    "handshake-broken": tls(Trouble.RESET),
    "no-challenge": challenge(reply(302, from_registry=False)),
    "open-without-challenge": challenge(reply(200)),
    "other-scheme": challenge(reply(401), "basic", HOST),
    "realm-elsewhere": challenge(reply(401), "bearer", "https://tokens.example/oauth2/token", HOST),
    "foreign-403": challenge(reply(403, body="<html>blocked</html>", from_registry=False)),
    "denied-with-ip": exchange(denied_with_ip()),
    "requests-throttled": operation(reply(429, retry_after="7")),
    "aadsts-7000215": aadsts(7000215),
    "aadsts-7000222": aadsts(7000222),
    "aadsts-700016": aadsts(700016),
    "aadsts-90002": aadsts(90002),
    "aadsts-900023": aadsts(900023),
    "authority-unreached": entra(connection=LOST_AUTHORITY),
    "exchange-refused": exchange(generic_401()),
    "bare-403": exchange(reply(403, from_registry=False)),
    "token-validation-failed": broken_at(
        Stage.EXCHANGE, Exchange(reply=reply(401, "UNAUTHORIZED", "token validation failed")), entra=None
    ),
    "login-throttled": exchange(reply(429, retry_after="7")),
    "basic-refused": access_token(generic_401(), basic=True),
    "invalid-clientid": access_token(reply(401, "UNAUTHORIZED", "Invalid clientid or client secret."), basic=True),
    "app-not-registered": access_token(reply(401, "UNAUTHORIZED", "Application not registered with AAD."), basic=True),
    "anonymous-refused": broken_at(Stage.ACCESS_TOKEN, AccessToken(reply=generic_401()), chosen=target(ANONYMOUS)),
    "rights-missing": granted("pull", must=("pull", "push")),
    "rights-excess": granted("pull", "push", must_not=("push",)),
    "nothing-granted": access_token(generic_401()),
    "operation-refused": operation(generic_401()),
    "manifest-unknown": operation(reply(404, "MANIFEST_UNKNOWN", 'manifest tagged by "latest" is not found')),
    "disallowed": operation(reply(405, "DENIED", "The operation is disallowed on this registry, repository or image.")),
    "storage-unreached": data(reply(307), BLOB_HOST, Trouble.TIMEOUT),
    "data-endpoint-unreached": data(reply(307), DATA_HOST, Trouble.TIMEOUT),
    "redirect-elsewhere": data(reply(307), "layers.example", Trouble.WITHHELD, "no data host of this registry"),
    "storage-refused": data(reply(403, body="<Code>AuthenticationFailed</Code>", from_registry=False), BLOB_HOST),
    "out-of-time": tcp(Trouble.OUT_OF_TIME),
    "dns-unrecognised": dns(Resolved.NO_ADDRESS),
    "tcp-unrecognised": tcp(Trouble.RESET),
    "tls-unrecognised": tls(Trouble.CERTIFICATE, 23),
    "challenge-unrecognised": challenge(reply(418), "bearer", OWN_REALM, HOST),
    "entra-unrecognised": aadsts(999999),
    "exchange-unrecognised": exchange(reply(418, body="I'm a teapot")),
    "access_token-unrecognised": access_token(reply(418, body="I'm a teapot")),
    "operation-unrecognised": operation(reply(418, body="I'm a teapot")),
    "data-unrecognised": data(reply(418, body="I'm a teapot"), ""),
}
