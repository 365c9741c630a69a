"""What can be seen of a proxy on the way to a host: not reached, silent, or an answer of its own to CONNECT."""

from __future__ import annotations

from http import HTTPStatus

from pytest_acrauth.catalogue import facts
from pytest_acrauth.catalogue.shape import Break, Symptom
from pytest_acrauth.catalogue.symptoms.answers import ASKING
from pytest_acrauth.catalogue.symptoms.words import at_any_host, not_elsewhere
from pytest_acrauth.model.observation import Tcp, Trouble
from pytest_acrauth.model.stage import Stage

_STAGES = (Stage.TCP, *ASKING)
_NOT_CONNECTED = {Trouble.NAME, Trouble.REFUSED, Trouble.TIMEOUT, Trouble.UNREACHABLE, Trouble.RESET}


def found_no_way(status: int | None) -> bool:
    """Whether a proxy that answers so found no way itself: a matter of the host that it was asked for.

    502, 503 and 504 say it, and tinyproxy says it with 500.
    """
    return status is not None and status >= HTTPStatus.INTERNAL_SERVER_ERROR


def _lost(broken: Break, *troubles: Trouble, connected: bool) -> bool:
    """Whether a proxy gave no answer, for one of these reasons."""
    tcp = facts.broken_part(broken)
    if not isinstance(tcp, Tcp) or tcp.tunnel is None or tcp.tunnel.status is not None:
        return False
    return tcp.tunnel.connected is connected and tcp.trouble in troubles


def _status(broken: Break) -> int | None:
    """Return what a proxy answered instead of opening a way."""
    tcp = facts.broken_part(broken)
    return tcp.tunnel.status if isinstance(tcp, Tcp) and tcp.tunnel is not None else None


def _forbidden(broken: Break) -> bool:
    status = _status(broken)
    return status is not None and status != HTTPStatus.PROXY_AUTHENTICATION_REQUIRED and not _no_way(broken)


def _no_way(broken: Break) -> bool:
    return found_no_way(_status(broken))


_PROXY = r"(?:proxyconnect tcp: |connect to proxy.{0,200}?)"
#: What stands before the status that a proxy answered CONNECT with: Python's and curl's words, Java's, .NET's, Node's.
_ANSWERED = (
    r"(?:Tunnel connection failed: |CONNECT tunnel failed, response |Received HTTP code "
    r"|Proxy returns \"HTTP/1\.[01] |tunnel request to proxy .{0,200}? failed with status code '"
    r"|tunneling socket could not be established, statusCode=|ClientHttpProxyError: )"
)
#: Go prints the words of the status alone.
_GO = r"\b(?:Get|Head|Post|Put|Patch|GET|HEAD|POST) ['\"]?https://[^ ]{1,400}: "

PROXY_UNREACHED = Symptom(
    id="proxy-unreached",
    stages=_STAGES,
    when=lambda broken: _lost(broken, *_NOT_CONNECTED, connected=False),
    says="No connection to the proxy {proxy} came about.",
    texts=at_any_host(
        rf"{_PROXY}(?:dial tcp .{{0,120}}?)?(?:connection refused|no such host|i/o timeout|no route|unreachable)",
        rf"{_PROXY}(?:Connection refused|Name or service not known|timed out|NameResolutionError|NewConnectionError)",
        # The proxy's name goes on from here, and is not the host that this is about.
        r"proxyconnect tcp: dial tcp(?=: lookup .{1,300}?: (?:no such host|server misbehaving|i/o timeout))",
        r"(?:Could not|Couldn't) resolve proxy|\bClientProxyConnectionError\b|Failed to connect to proxy",
        r"tunneling socket could not be established, cause=.{0,80}?(?:ECONNREFUSED|ENOTFOUND|ETIMEDOUT)",
    ),
)
PROXY_SILENT = Symptom(
    id="proxy-silent",
    stages=_STAGES,
    when=lambda broken: _lost(broken, Trouble.TIMEOUT, connected=True),
    says="The proxy {proxy} took the connection, and did not answer the request for a way to {host}.",
    texts=(),
)
PROXY_BROKE_OFF = Symptom(
    id="proxy-broke-off",
    stages=_STAGES,
    when=lambda broken: _lost(broken, Trouble.RESET, Trouble.CLOSED, Trouble.MALFORMED, connected=True),
    says="The proxy {proxy} ended the connection, or answered in no HTTP, when it was asked for a way to {host}.",
    texts=at_any_host(
        rf"{_PROXY}(?:EOF|unexpected EOF|.{{0,80}}?connection reset|malformed HTTP|RemoteDisconnected)",
        r"proxyconnect tcp: tls: first record does not look like|Proxy CONNECT aborted",
    )
    # As the documentation quotes docker.
    + not_elsewhere(r"Get \"?<registry>\"?: proxyconnect tcp: EOF"),
)
PROXY_WANTS_LOGIN = Symptom(
    id="proxy-wants-login",
    stages=_STAGES,
    when=lambda broken: _status(broken) == HTTPStatus.PROXY_AUTHENTICATION_REQUIRED,
    says="The proxy {proxy} answered 407: it wants a login of its own before it opens a way to {host}.",
    texts=at_any_host(
        r"Proxy Authentication Required",
        rf"{_ANSWERED}407",
    ),
)
PROXY_REFUSED = Symptom(
    id="proxy-refused",
    stages=_STAGES,
    when=_forbidden,
    says="The proxy {proxy} refused to open a way to {host}.",
    texts=at_any_host(
        r"proxyconnect tcp: (?:Forbidden|Access Denied|Blocked)",
        rf"{_ANSWERED}(?!407)[34]\d\d",
        rf"{_GO}Forbidden(?![\w:])",
    ),
)
PROXY_WITHOUT_WAY = Symptom(
    id="proxy-without-way",
    stages=_STAGES,
    when=_no_way,
    says="The proxy {proxy} answered that it got no connection to {host}.",
    texts=at_any_host(
        r"proxyconnect tcp: (?:Internal Server Error|Bad Gateway|Service Unavailable|Gateway Time-?out)",
        rf"{_ANSWERED}5\d\d",
        rf"{_GO}(?:Bad Gateway|Service Unavailable|Gateway Time-?out)(?![\w:])",
    ),
)
#: Words that name a proxy's trouble and not which.
PROXY_FAILED = Symptom(
    id="proxy-failed",
    stages=(),
    when=lambda _: False,
    says="The client got no way through the proxy, and does not say why.",
    texts=at_any_host(
        r"proxyconnect tcp:",
        r"(?:Unable|Cannot) (?:to )?connect to proxy",
        r"\bProxyError\b",
        r"Tunnel connection failed",
        r"CONNECT tunnel failed|Unable to tunnel through proxy|tunneling socket could not be established",
        # Docker Desktop's own, whose setting leads to no port.
        r"writing response to [\w.*<>{}$-]{1,253}:443: parsing port\b",
    ),
    either=(PROXY_UNREACHED, PROXY_SILENT, PROXY_BROKE_OFF, PROXY_WANTS_LOGIN, PROXY_REFUSED, PROXY_WITHOUT_WAY),
)
