"""What people have before their eyes and look up: Entra's numbers, and sentences of docker and the kubelet."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import NamedTuple

from pytest_acrauth.diagnosis.text import recognise
from pytest_acrauth.report.entries import numbers


class Sentence(NamedTuple):
    """What docker or the kubelet says of a registry: the words that people look up, and what is around them."""

    before: str
    words: str
    after: str = ""


_DAEMON = 'Error response from daemon: Get "https://myacr.azurecr.io/v2/": '
_LOOKUP = f"{_DAEMON}dial tcp: lookup myacr.azurecr.io on 10.0.0.10:53: "
_DIAL = f"{_DAEMON}dial tcp 203.0.113.9:443: "
_PUSH = "push to myacr.azurecr.io/team/app: "
_KUBELET = 'Failed to pull image "myacr.azurecr.io/team/app:latest": '
_STATUS = ": unexpected status: 401 Unauthorized"
#: The index has their words; what these can mean is up to the catalogue, which reads the whole as it reads a log.
SENTENCES = (
    Sentence(_DAEMON, "unauthorized: authentication required"),
    Sentence(_DAEMON, "unauthorized: Invalid clientid or client secret."),
    Sentence(_DAEMON, "unauthorized: Application not registered with AAD."),
    Sentence(f"{_DAEMON}denied: client with IP '203.0.113.9' ", "is not allowed access."),
    Sentence(_LOOKUP, "no such host"),
    Sentence(_LOOKUP, "server misbehaving"),
    Sentence(f"{_DAEMON}dial tcp: lookup myacr.azurecr.io: ", "Temporary failure in name resolution"),
    Sentence(_DIAL, "i/o timeout"),
    Sentence(_DIAL, "connect: connection refused"),
    Sentence(_DIAL, "connect: no route to host"),
    Sentence(_DAEMON, "proxyconnect tcp", ": dial tcp 10.0.0.1:3128: connect: connection refused"),
    Sentence(_DAEMON, "Proxy Authentication Required"),
    Sentence(_DAEMON, "net/http: TLS handshake timeout"),
    Sentence(_DAEMON, "x509: certificate signed by unknown authority"),
    Sentence(_DAEMON, "x509: certificate has expired or is not yet valid"),
    Sentence(_DAEMON, "x509: certificate is valid for", " proxy.example, not myacr.azurecr.io"),
    Sentence(_DAEMON, "net/http: request canceled while waiting for connection", " (Client.Timeout exceeded)"),
    Sentence(_DAEMON, "EOF"),
    Sentence(_DAEMON, "toomanyrequests: too many requests"),
    Sentence("", "Cannot connect to the Docker daemon", " at unix:///run/docker.sock. Is the docker daemon running?"),
    Sentence(
        "", "permission denied while trying to connect to the Docker daemon socket", " at unix:///run/docker.sock"
    ),
    Sentence("docker: ", "error getting credentials", ' - err: exec: "docker-credential-pass": not found, out: ``'),
    Sentence("docker: ", "error storing credentials", " - err: exit status 1, out: `not implemented`"),
    Sentence("Error: ", "Cannot perform an interactive login from a non TTY device"),
    Sentence("", "Must provide --username with --password-stdin"),
    Sentence("manifest for myacr.azurecr.io/team/app:latest not found: ", "manifest unknown", ": is not found"),
    Sentence("", "pull access denied", " for myacr.azurecr.io/team/app, repository does not exist"),
    Sentence(_PUSH, "denied: requested access to the resource is denied"),
    Sentence(_PUSH, "insufficient_scope: authorization failed"),
    Sentence("myacr.azurecr.io: unknown: ", "The operation is disallowed on this registry, repository or image"),
    Sentence(f"{_KUBELET}failed to authorize: ", "failed to fetch anonymous token", _STATUS),
    Sentence(f"{_KUBELET}failed to authorize: ", "failed to fetch oauth token", _STATUS),
    Sentence(_KUBELET, "no basic auth credentials"),
    Sentence(_KUBELET, "unexpected status code 403 Forbidden"),
)


@cache
def searched_for() -> Mapping[str, tuple[str, ...]]:
    """Return what people have before their eyes and look up, each with the ids of the causes that it can stand for.

    Entra's numbers, and sentences of docker and the kubelet, which the catalogue reads as it reads a log.
    """
    found = {number.code: tuple(cause.id for cause in number.causes) for number in numbers()}
    for each in SENTENCES:
        causes = (mode.id for diagnosis in recognise("".join(each)) for mode in diagnosis.candidates)
        found[each.words] = tuple(dict.fromkeys(causes))
    return found
