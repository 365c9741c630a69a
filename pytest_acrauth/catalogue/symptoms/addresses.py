"""What names and addresses tell of a network."""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import ip_address, ip_network

_PRIVATE = tuple(
    ip_network(net) for net in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "fc00::/7")
)


def is_private(address: str) -> bool:
    """Whether an address is one of a private network (RFC 1918, RFC 6598, IPv6 unique local), not loopback."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return False
    return any(parsed in net for net in _PRIVATE if net.version == parsed.version)


def through_private_link(names: tuple[str, ...]) -> bool:
    """Whether a chain of aliases leads through the private link zone."""
    return any(".privatelink." in f".{name.lower()}." for name in names)


def in_private_zone(names: tuple[str, ...]) -> bool:
    """Whether a chain of aliases ends in the private link zone: in public it goes on, to a front of the region."""
    return through_private_link(names[-1:])


def at_endpoint(addresses: Iterable[str], names: tuple[str, ...] | None) -> bool:
    """Whether a name led to a private endpoint: to private addresses, or to whichever its private zone has for it.

    Some networks give addresses to their endpoints that are not set aside for private use.
    """
    return in_private_zone(names or ()) or all(map(is_private, addresses))


def rule_address(address: str) -> str:
    """Return an address that a network rule of a registry can admit, '' for any other: rules hold public IPv4 only."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return ""
    return address if parsed.version == 4 and not is_private(address) else ""
