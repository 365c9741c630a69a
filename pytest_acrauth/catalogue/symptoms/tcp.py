"""What can be seen of a connection, at the tcp stage and wherever a host is asked: none came about."""

from __future__ import annotations

from pytest_acrauth.catalogue import facts
from pytest_acrauth.catalogue.shape import Break, Symptom
from pytest_acrauth.catalogue.symptoms.addresses import at_endpoint, in_private_zone, through_private_link
from pytest_acrauth.catalogue.symptoms.answers import ASKING
from pytest_acrauth.catalogue.symptoms.words import NOT_HTTPS, at_authority, at_layers, at_registry
from pytest_acrauth.model.observation import Dns, Tcp, Trouble
from pytest_acrauth.model.stage import Stage

_PRIVATE_PEER = r"(?:10\.|192\.168\.|172\.(?:1[6-9]|2\d|3[01])\.)"
# A registry answers at port 443 alone. A proxy's own trouble is no answer about it, nor is that of the host of the
# layers, which docker tries several times.
_DIAL = r"(?<!proxyconnect tcp: )(?<!download failed after attempts=\d: )dial tcp "
_AT = r"[*<>{}\w.:\[\]-]{1,60}"  # an address, or what stands for one that was taken out
_NO_ROUTE_SAID = (
    rf"{_DIAL}{_AT}:443: connect: (?:no route to host|network is unreachable)",
    r"[Nn]etwork is unreachable|No route to host|\bENETUNREACH\b|\bEHOSTUNREACH\b",
)
_REFUSED_SAID = (
    rf"{_DIAL}(?:{_AT}:443|\.{{3}}|…): (?:connect: )?connection refused",
    rf"(?<!udp )\bECONNREFUSED\b{NOT_HTTPS}",
    r"Failed to establish a new connection: .{0,40}?[Cc]onnection refused",
    r"actively refused|Connection refused \(os error \d|Connection refused - connect\(2\)",
    # Java names what it could not connect to behind its words: a registry is at no other port.
    (
        r"ConnectException: Connection refused"
        r"(?!(?: \(Connection refused\))?(?:: | to )[\w.-]{1,253}(?:/[\d.]{7,15})?:(?!443\b)\d)"
    ),
    r"Connection refused \([\w.*<>{}$-]{1,253}:443\)",
    r"[Cc]onnect to [\w.*<>{}$-]{1,253} port 443.{0,40}?: Connection refused",
    r"[Cc]onnect to [\w.*<>{}$-]{1,253}:443 \[.{1,300}?\] failed: Connection refused",
)
_LOST_WORDS = r"(?:i/o timeout|connect: connection timed out|connectex: A connection attempt failed)"
_LOST = {Trouble.TIMEOUT, Trouble.UNREACHABLE}


def _direct(broken: Break) -> Tcp | None:
    """Return a connection that did not come about and was not to lead through a proxy."""
    tcp = facts.broken_part(broken)
    if not isinstance(tcp, Tcp) or tcp.tunnel is not None or tcp.trouble is Trouble.OUT_OF_TIME:
        return None
    return tcp


def _troubles(tcp: Tcp) -> set[Trouble | None]:
    return {attempt.trouble for attempt in tcp.attempts}


def _lost(broken: Break, *, private: bool) -> bool:
    tcp = _direct(broken)
    if (
        tcp is None
        or not facts.at_login_server(broken)
        or Trouble.TIMEOUT not in _troubles(tcp)
        or not _troubles(tcp) <= _LOST
    ):
        return False
    return at_endpoint((attempt.address for attempt in tcp.attempts), _chain(broken)) is private


def _chain(broken: Break) -> tuple[str, ...]:
    """Return the aliases that lead to the login server's address, () where they are not known."""
    dns = broken.transcript.dns
    return (dns.resolution.chain if isinstance(dns, Dns) and dns.resolution else None) or ()


def _past_link(broken: Break) -> bool:
    """Whether the name leads past a private endpoint that the registry has, to its public address."""
    return through_private_link(_chain(broken)) and not in_private_zone(_chain(broken))


def _no_route(broken: Break) -> bool:
    tcp = _direct(broken)
    return tcp is not None and _troubles(tcp) == {Trouble.UNREACHABLE}


def _refused(broken: Break) -> bool:
    tcp = _direct(broken)
    return tcp is not None and Trouble.REFUSED in _troubles(tcp)


_CONNECTING = (Stage.TCP, *ASKING)

TCP_TIMEOUT = Symptom(
    id="tcp-timeout",
    stages=_CONNECTING,
    when=lambda broken: _lost(broken, private=False) and not _past_link(broken),
    says="No connection to {login_server}, port 443, came about at {addresses}.",
    texts=at_registry(
        rf"{_DIAL}(?!{_PRIVATE_PEER})[\[\]\w.:]{{1,60}}:443: {_LOST_WORDS}",
        rf"connect to [\w.*<>{{}}$-]{{1,253}} \(?(?!{_PRIVATE_PEER}).{{0,60}}?[Tt]imed out",
    ),
)
PUBLIC_TCP_TIMEOUT = Symptom(
    id="public-tcp-timeout",
    stages=_CONNECTING,
    when=lambda broken: _lost(broken, private=False) and _past_link(broken),
    says="No connection to {login_server}, port 443, came about at {addresses}, its public address; the registry has a"
    " private endpoint.",
    texts=(),
)
PRIVATE_TCP_TIMEOUT = Symptom(
    id="private-tcp-timeout",
    stages=_CONNECTING,
    when=lambda broken: _lost(broken, private=True),
    says="No connection to {login_server}, port 443, came about at {addresses}, in a private network.",
    texts=at_registry(
        rf"{_DIAL}{_PRIVATE_PEER}[\d.]{{3,15}}:443: {_LOST_WORDS}",
    ),
)
NO_ROUTE = Symptom(
    id="no-route",
    stages=_CONNECTING,
    when=_no_route,
    says="The system answered at once that no route leads to {host} at {addresses}.",
    texts=at_registry(*_NO_ROUTE_SAID)
    + at_layers(*_NO_ROUTE_SAID)
    + at_authority(r"[Nn]etwork is unreachable|[Nn]o route to host|\bENETUNREACH\b|\bEHOSTUNREACH\b"),
)
CONNECTION_REFUSED = Symptom(
    id="connection-refused",
    stages=_CONNECTING,
    when=_refused,
    says="The connection to {host}, port 443, was refused at {addresses}.",
    texts=at_registry(*_REFUSED_SAID)
    + at_layers(*_REFUSED_SAID)
    + at_authority(r"(?<!udp )(?<!proxyconnect tcp: )(?:[Cc]onnection refused|actively refused|\bECONNREFUSED\b)"),
)
