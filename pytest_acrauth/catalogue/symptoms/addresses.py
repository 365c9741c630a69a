"""What names and addresses tell of a network."""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

_PRIVATE = tuple(
    ip_network(net) for net in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "fc00::/7")
)


def _parsed(address: str) -> IPv4Address | IPv6Address:
    """Return an address; an IPv4 one that is written as an IPv6 one (RFC 4291, 2.5.5.2) is IPv4."""
    parsed = ip_address(address)
    return getattr(parsed, "ipv4_mapped", None) or parsed


def is_private(address: str) -> bool:
    """Whether an address is one of a private network (RFC 1918, RFC 6598, IPv6 unique local), not loopback."""
    try:
        parsed = _parsed(address)
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


def is_public_ipv6(address: str) -> bool:
    """Whether an address is IPv6 and of no private network."""
    try:
        return _parsed(address).version == 6 and not is_private(address)
    except ValueError:
        return False


def rule_address(address: str) -> str:
    """Return an address that a network rule of a registry can admit, '' for any other: rules hold public IPv4 only."""
    try:
        parsed = _parsed(address)
    except ValueError:
        return ""
    return str(parsed) if parsed.version == 4 and not is_private(address) else ""
