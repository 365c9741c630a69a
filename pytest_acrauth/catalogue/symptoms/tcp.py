"""What can be seen at the tcp stage: no connection to the login server, or no way through the proxy."""

from __future__ import annotations

from pytest_acrauth.catalogue import facts
from pytest_acrauth.catalogue.shape import Break, Symptom
from pytest_acrauth.catalogue.symptoms.addresses import is_private
from pytest_acrauth.catalogue.symptoms.words import at_registry
from pytest_acrauth.model.observation import Tcp, Trouble
from pytest_acrauth.model.stage import Stage

_PRIVATE_PEER = r"(?:10\.|192\.168\.|172\.(?:1[6-9]|2\d|3[01])\.)"
# A proxy's own trouble is no answer about the registry.
_DIAL = r"(?<!proxyconnect tcp: )dial tcp "
_LOST_WORDS = r"(?:i/o timeout|connect: connection timed out|connect: no route)"
_LOST = {Trouble.TIMEOUT, Trouble.UNREACHABLE}


def _lost(broken: Break, *, private: bool) -> bool:
    tcp = broken.observation
    if not isinstance(tcp, Tcp) or not tcp.attempts or not {a.trouble for a in tcp.attempts} <= _LOST:
        return False
    return all(is_private(attempt.address) for attempt in tcp.attempts) is private


def _refused(broken: Break) -> bool:
    tcp = broken.observation
    if not isinstance(tcp, Tcp) or tcp.trouble is Trouble.OUT_OF_TIME:
        return False
    return any(attempt.trouble is Trouble.REFUSED for attempt in tcp.attempts)


TCP_TIMEOUT = Symptom(
    id="tcp-timeout",
    stages=(Stage.TCP,),
    when=lambda broken: _lost(broken, private=False),
    says="No connection to {login_server}, port 443, came about at {addresses}.",
    texts=at_registry(
        rf"{_DIAL}(?!{_PRIVATE_PEER})[\[\]\w.:]{{1,60}}:\d{{1,5}}: {_LOST_WORDS}",
        rf"connect to [\w.*-]{{1,253}} \(?(?!{_PRIVATE_PEER}).{{0,60}}?timed out",
    ),
)
PRIVATE_TCP_TIMEOUT = Symptom(
    id="private-tcp-timeout",
    stages=(Stage.TCP,),
    when=lambda broken: _lost(broken, private=True),
    says="No connection to {login_server}, port 443, came about at {addresses}, in a private network.",
    texts=at_registry(
        rf"{_DIAL}{_PRIVATE_PEER}[\d.]{{3,15}}:\d{{1,5}}: {_LOST_WORDS}",
    ),
)
CONNECTION_REFUSED = Symptom(
    id="connection-refused",
    stages=(Stage.TCP,),
    when=_refused,
    says="The connection to {login_server}, port 443, was refused at {addresses}.",
    texts=at_registry(
        rf"{_DIAL}[\[\]\w.:]{{1,60}}:\d{{1,5}}: connect: connection refused",
        r"(?<!udp )\bECONNREFUSED\b",
        r"Failed to establish a new connection: .{0,40}?[Cc]onnection refused",
        r"actively refused",
        r"Failed to connect to [\w.*-]{1,253} port \d{1,5}.{0,40}?: Connection refused",
    ),
)
PROXY_REFUSED = Symptom(
    id="proxy-refused",
    stages=(Stage.TCP,),
    when=lambda broken: facts.trouble(broken) is Trouble.PROXY,
    says="The proxy did not open a connection to {login_server}.",
    texts=at_registry(
        r"proxyconnect tcp:",
        r"Proxy Authentication Required",
        r"(?:Unable|Cannot) (?:to )?connect to proxy",
        r"Tunnel connection failed",
        r"CONNECT tunnel failed",
    ),
)
