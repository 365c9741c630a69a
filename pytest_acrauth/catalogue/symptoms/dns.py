"""What can be seen of a look-up, at the dns stage and wherever a host is looked up: no address for a name."""

from __future__ import annotations

from pytest_acrauth.catalogue import facts
from pytest_acrauth.catalogue.shape import Break, Symptom
from pytest_acrauth.catalogue.symptoms.addresses import through_private_link
from pytest_acrauth.catalogue.symptoms.answers import ASKING
from pytest_acrauth.catalogue.symptoms.words import ITS_NAME, at_authority, at_layers, at_registry
from pytest_acrauth.model.machine import Resolved
from pytest_acrauth.model.observation import Dns
from pytest_acrauth.model.stage import Stage


def _unresolved(broken: Break, *outcomes: Resolved, private_link: bool) -> bool:
    dns = broken.observation
    if not isinstance(dns, Dns) or dns.trouble is not None or dns.resolution is None:
        return False
    aliased = through_private_link(dns.resolution.chain or ())
    return dns.resolution.outcome in outcomes and aliased is private_link


def _resolver_failed(broken: Break) -> bool:
    dns = facts.broken_part(broken)
    if not isinstance(dns, Dns):
        return False
    return dns.resolution is None or dns.resolution.outcome is Resolved.RESOLVER_FAILED


#: How programs say that a resolver knows no such name.
NO_SUCH_NAME = (
    r"no such host",
    rf"Name or service not known{ITS_NAME}",
    rf"Could not resolve host{ITS_NAME}",
    rf"getaddrinfo (?:ENOTFOUND{ITS_NAME}|failed)|\bENOTFOUND\b{ITS_NAME}",
    r"nodename nor servname provided",
    rf"No such host is known{ITS_NAME}",
    rf"remote name could not be resolved{ITS_NAME}",
    r"\bNXDOMAIN\b|Non-existent domain|DNS name does not exist",
    rf"unresolvable host|\bUnknownHostException\b{ITS_NAME}",
    r"Name does not resolve|No address associated with hostname",
    r"The requested name is valid, but no data of the requested type was found",
)
_NO_ANSWER = (
    r"Temporary failure in name resolution",
    rf"\bEAI_AGAIN\b{ITS_NAME}",
    r"server misbehaving",
    r"lookup [^ ]{1,253}?(?: on [\[\]\w.:]{1,60})?: (?:read|dial|write) udp .{0,80}?: ",
    r"lookup [^ ]{1,253}?(?: on [\[\]\w.:]{1,60})?: (?:i/o timeout|Try again|connection refused)",
    r"lookup [^ ]{1,253}?(?: on [\[\]\w.:]{1,60})?: device or resource busy",
    r"Name resolution timed out|DNS request timed out",
    rf"Temporary failure resolving{ITS_NAME}|\bSERVFAIL\b",
    r"Resource temporarily unavailable \([\w.*<>{}$-]{1,253}:443\)",
)

NXDOMAIN = Symptom(
    id="nxdomain",
    stages=(Stage.DNS,),
    when=lambda broken: _unresolved(broken, Resolved.NO_SUCH_NAME, private_link=False),
    says="The resolver knows no name {login_server}.",
    several=True,
    texts=at_registry(*NO_SUCH_NAME),
)
DANGLING_ALIAS = Symptom(
    id="dangling-alias",
    stages=(Stage.DNS,),
    when=lambda broken: _unresolved(broken, Resolved.NO_SUCH_NAME, Resolved.NO_ADDRESS, private_link=True),
    says="{login_server} is an alias into the private link zone, where it has no address.",
    texts=(),
)
RESOLVER_FAILED = Symptom(
    id="resolver-failed",
    stages=(Stage.DNS, *ASKING),
    when=_resolver_failed,
    says="The resolver gave no usable answer for {host}.",
    texts=at_registry(*_NO_ANSWER)
    + at_layers(*_NO_ANSWER)
    + at_authority(rf"Temporary failure in name resolution|\bEAI_AGAIN\b{ITS_NAME}", r"server misbehaving"),
)
