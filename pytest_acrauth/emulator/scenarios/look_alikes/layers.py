"""Worlds that differ at the hosts of layers, at private endpoints, and in what the registry's firewall lets in."""

from __future__ import annotations

import json
from collections.abc import Callable
from ipaddress import IPv4Address

from pytest_acrauth.emulator.scenarios import obstacles
from pytest_acrauth.emulator.scenarios.changes import together
from pytest_acrauth.emulator.scenarios.scenario import READY, SHORT, Scenario
from pytest_acrauth.emulator.world import Change, World
from pytest_acrauth.emulator.world.cloud import MINUTE, PrivateEndpoint, Registry
from pytest_acrauth.emulator.world.content import Manifest
from pytest_acrauth.emulator.world.healthy import BLOB_HOST
from pytest_acrauth.emulator.world.network import Certificate, Device, Name, Route

_IMAGE = {"repository": "team/app:latest"}
_REPLICA = "westeurope"
_ENDPOINTS, _OTHERS, _FORMER = (IPv4Address(f"10.{net}.0.0") for net in (1, 2, 9))
_REPLICAS = IPv4Address("203.0.113.128")


def _each(change: Callable[[World, Registry, int], None]) -> Change:
    """Change every registry of a world; each has a number."""

    def apply(world: World) -> None:
        for number, registry in enumerate(world.cloud.registries.values()):
            change(world, registry, number)

    return apply


# Private endpoints.


def _link(world: World, host: str, *addresses: str) -> None:
    """Let the private zone that this network is linked to answer for a host; without an address it has no record."""
    label, _, suffix = host.partition(".azurecr")
    world.network.names[host] = Name(addresses, (f"{label}.privatelink.azurecr{suffix}",))


def _joined(world: World, registry: Registry, number: int) -> None:
    """Give a registry an endpoint in this network, with its records, and one in somebody else's."""
    login, data = str(_ENDPOINTS + 10 * number + 5), str(_ENDPOINTS + 10 * number + 6)
    here = PrivateEndpoint(f"pe-build-{registry.label}", login, data_address=data)
    elsewhere = PrivateEndpoint(f"pe-web-{registry.label}", str(_OTHERS + number + 5))
    registry.private_endpoints = [elsewhere, here]
    registry.data_endpoint_enabled = True
    obstacles.private_only(registry)
    _link(world, registry.login_server, login)
    _link(world, registry.data_endpoint, data)


def _cut(host: Callable[[Registry], str]) -> Change:
    """Drop what goes to a host of each registry."""
    return _each(lambda world, registry, _: world.network.route_all(host(registry), Route.FILTERED))


def _in_state(here: str, elsewhere: str = "Approved") -> Change:
    """Put the connections of this network's endpoint and of the other one in a state; only approved ones carry."""

    def change(world: World, registry: Registry, _number: int) -> None:
        for endpoint, status in zip(registry.private_endpoints, (elsewhere, here), strict=True):
            endpoint.status = status
            if status != "Approved":
                world.network.routes |= dict.fromkeys((endpoint.address, endpoint.data_address), Route.FILTERED)

    return together(_each(_joined), _each(change))


def _made_again(host: Callable[[Registry], str], offset: int) -> Change:
    """Leave a host's record with the address of an endpoint that was deleted."""

    def change(world: World, registry: Registry, number: int) -> None:
        former = str(_FORMER + 10 * number + offset)
        _link(world, host(registry), former)
        world.network.routes[former] = Route.FILTERED

    return _each(change)


def _login(registry: Registry) -> str:
    return registry.login_server


def _data(registry: Registry) -> str:
    return registry.data_endpoint


def _no_record(world: World, registry: Registry, _number: int) -> None:
    """Take a data endpoint's record out of the private zone."""
    _link(world, registry.data_endpoint)


def _no_login_record(world: World, registry: Registry, _number: int) -> None:
    """Take the login server's record out of the private zone."""
    _link(world, registry.login_server)


def _public_instead(world: World, registry: Registry, _number: int) -> None:
    """Let names that the private zone lacks be looked up publicly, and one lack there that a firewall then stops."""
    world.network.names[registry.data_endpoint] = Name(("203.0.113.90",))
    world.network.route_all(registry.data_endpoint, Route.FILTERED)


def _asked_only(world: World, registry: Registry, _number: int) -> None:
    """Let an endpoint wait for approval, whose network this machine is not in."""
    obstacles.private_only(registry)
    registry.private_endpoints = [PrivateEndpoint(f"pe-{registry.label}", str(_OTHERS + 5), "Pending")]
    name = world.network.names[registry.login_server]
    name.aliases = (f"{registry.label}.privatelink.azurecr.io", *name.aliases)


def _in_public_range(world: World, registry: Registry, number: int) -> None:
    """Give the endpoint here addresses that are not set aside for private use, as some networks do."""
    _joined(world, registry, number)
    here = registry.private_endpoints[-1]
    here.address, here.data_address = (f"20.9.{net}.{number + 5}" for net in (0, 1))
    _link(world, registry.login_server, here.address)
    _link(world, registry.data_endpoint, here.data_address)


def _to_another(world: World, registry: Registry, number: int) -> None:
    """Let the names of all registries lead to the endpoint of the one that was joined last."""
    _joined(world, registry, number)
    for other in world.cloud.registries.values():
        _link(world, other.login_server, registry.private_endpoints[-1].address)


def _behind_a_gateway(world: World, registry: Registry, number: int) -> None:
    """Admit selected networks, and let the name lead to something of the company's that none of them is."""
    _to_another(world, registry, number)
    registry.public_network_access, registry.default_action = True, "Deny"


def _behind_a_silent_gateway(world: World, registry: Registry, number: int) -> None:
    """Let the company's own name server send the name to a gateway of its, which does not answer."""
    gateway = str(_OTHERS + number + 9)
    world.network.names[registry.login_server] = Name((gateway,))
    world.network.routes[gateway] = Route.FILTERED


# Data endpoints and replicas.


def _dedicated(_world: World, registry: Registry, _number: int) -> None:
    """Let a registry have had data endpoints of its own for as long as it is."""
    registry.data_endpoint_enabled = True


def _served_from(region: str, *, replica: bool = True) -> Change:
    """Let requests arrive in another region, which is one of a replica, or of one that was given up just now."""

    def change(world: World, registry: Registry, number: int) -> None:
        registry.data_endpoint_enabled, registry.nearest = True, region
        registry.replicas = [region] if replica else []
        world.network.names[registry.data_endpoint_in(region)] = Name((str(_REPLICAS + number),))
        made = world.network.certificates[f"*.{registry.location}.data.azurecr.io"]
        pattern = f"*.{region}.data.azurecr.io"
        world.network.certificates[pattern] = Certificate((pattern,), made.starts, made.ends)

    return _each(change)


def _nearest(registry: Registry) -> str:
    return registry.data_endpoint_in(registry.nearest)


def _replica_without_record(world: World, registry: Registry, _number: int) -> None:
    """Let the private zone know the data endpoints of all regions but the one that serves."""
    _link(world, _nearest(registry))


def _no_blob_name(world: World) -> None:
    """Let the name server know no name of the storage behind the registries."""
    world.network.names.pop(world.cloud.blob_host)


# Storage.


def _kept_redirects(world: World) -> None:
    """Let a cache on the way hand out redirects of half an hour ago."""
    world.network.redirects_kept = 30 * MINUTE


def _shortened(_host: str) -> Device:
    """Return a mirror that writes redirects anew, and leaves a part of the path out."""
    return Device(rewrites=lambda location: location.replace("/docker/registry/", "/registry/"))


def _not_admitted(world: World) -> None:
    """Let this network's service endpoint reach other storage than that behind the registries."""
    world.cloud.blobs_admit = False


def _half_purged(_world: World, registry: Registry, _number: int) -> None:
    """Take away the layers, and leave the manifest."""
    registry.repositories["team/app"].blobs.clear()


def _foreign_base(_world: World, registry: Registry, _number: int) -> None:
    """Let the image stand on a layer that is published elsewhere, as the base of Windows images was."""
    repository = registry.repositories["team/app"]
    manifest = repository.manifests[repository.tags["latest"]]
    document = json.loads(manifest.content)
    base = {
        "mediaType": "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip",
        "digest": "sha256:" + "5" * 64,
        "size": 3,
        "urls": ["https://mcr.example/v2/windows/nanoserver/blobs/sha256:" + "5" * 64],
    }
    document["layers"] = [base, *document["layers"]]
    changed = Manifest(manifest.media_type, json.dumps(document).encode())
    repository.manifests[changed.digest] = changed
    repository.tags["latest"] = changed.digest


# The registry's firewall.


def _over_ipv6(world: World) -> None:
    """Let the machine come over IPv6 to registries whose rules admit its IPv4 address."""
    for registry in world.cloud.registries.values():
        registry.default_action, registry.ip_rules = "Deny", [world.network.egress]
    world.network.egress = "2001:db8::7"


def _rule_removed(minutes: float) -> Change:
    """Take the machine's address out of the rules, some minutes ago; a few pass until that is in effect."""

    def change(world: World, registry: Registry, _number: int) -> None:
        obstacles.other_addresses_only(registry)
        registry.ip_rules_before = [world.network.egress]
        registry.modified = world.cloud.now() - minutes * MINUTE

    return _each(change)


def _by_service_endpoint(world: World) -> None:
    """Let requests arrive by a virtual network's service endpoint, which shows their private address."""
    world.network.egress = "10.4.0.9"


def _closed(change: Callable[[Registry], None]) -> Change:
    return _each(lambda _world, registry, _number: change(registry))


LOOK_ALIKES: tuple[Scenario, ...] = (
    Scenario(
        "private-endpoint-unreachable", together(_each(_joined), _cut(_login)), SHORT, like="registry-tcp-blocked"
    ),
    Scenario("private-endpoint-pending", _in_state("Pending"), SHORT, like="private-endpoint-unreachable"),
    Scenario("private-endpoint-rejected", _in_state("Rejected"), SHORT, like="private-endpoint-pending"),
    Scenario("private-endpoint-disconnected", _in_state("Disconnected"), SHORT, like="private-endpoint-rejected"),
    Scenario(
        "private-endpoint-unreachable-beside-pending",
        together(_in_state("Approved", "Pending"), _cut(_login)),
        SHORT,
        diagnosed="private-endpoint-unreachable",
        like="private-endpoint-pending",
    ),
    Scenario(
        "private-dns-stale-record",
        together(_each(_joined), _made_again(_login, 5)),
        SHORT,
        like="private-endpoint-unreachable",
    ),
    Scenario("private-dns-stale-zone", _each(_no_login_record), like="registry-dns-nxdomain"),
    Scenario(
        "private-endpoint-waits-elsewhere",
        _each(_asked_only),
        diagnosed="firewall-public-access-disabled",
        like="private-dns-resolves-public",
    ),
    # A gateway of the company's, to a registry that admits private endpoints only, is answered in the same way.
    Scenario(
        "private-dns-elsewhere",
        _each(_to_another),
        like="firewall-public-access-disabled",
        undecided=("firewall-public-access-disabled",),
    ),
    Scenario(
        "gateway-that-no-rule-admits",
        _each(_behind_a_gateway),
        diagnosed="firewall-ip-denied",
        like="private-dns-elsewhere",
        undecided=("private-dns-elsewhere",),
    ),
    Scenario(
        "gateway-that-is-silent",
        _each(_behind_a_silent_gateway),
        SHORT,
        diagnosed="registry-tcp-blocked",
        like="private-dns-stale-record",
        undecided=("private-dns-stale-record",),
    ),
    Scenario("private-endpoint-used", _each(_joined), _IMAGE, diagnosed=READY, like="private-dns-resolves-public"),
    Scenario(
        "private-endpoint-in-public-range",
        _each(_in_public_range),
        _IMAGE,
        diagnosed=READY,
        like="private-dns-resolves-public",
    ),
    Scenario(
        "private-endpoint-in-public-range-unreachable",
        together(_each(_in_public_range), _cut(_login)),
        SHORT,
        diagnosed="private-endpoint-unreachable",
        like="registry-tcp-blocked",
    ),
    Scenario(
        "private-data-endpoint-in-public-range-unreachable",
        together(_each(_in_public_range), _cut(_data)),
        _IMAGE | SHORT,
        diagnosed="private-endpoint-unreachable",
        like="data-endpoint-blocked",
    ),
    Scenario(
        "data-endpoint-inspected",
        together(_each(_dedicated), obstacles.certificate(obstacles.inspected, "*.eastus.data.azurecr.io")),
        _IMAGE,
        diagnosed="registry-tls-intercepted",
        like="data-endpoint-blocked",
    ),
    Scenario("data-host-not-resolved", _no_blob_name, _IMAGE, like="data-endpoint-blocked"),
    Scenario(
        "private-dns-data-endpoint-missing",
        together(_each(_joined), _each(_no_record)),
        _IMAGE,
        like="data-host-not-resolved",
    ),
    Scenario(
        "private-dns-replica-record-missing",
        together(_each(_joined), _served_from(_REPLICA), _each(_replica_without_record)),
        _IMAGE,
        diagnosed="private-dns-data-endpoint-missing",
        like="data-endpoint-replica-missing",
    ),
    Scenario(
        "private-dns-data-host-public",
        together(_each(_joined), _each(_public_instead)),
        _IMAGE | SHORT,
        diagnosed="private-dns-data-endpoint-missing",
        like="data-endpoint-blocked",
    ),
    Scenario(
        "private-data-endpoint-unreachable",
        together(_each(_joined), _cut(_data)),
        _IMAGE | SHORT,
        diagnosed="private-endpoint-unreachable",
        like="data-endpoint-blocked",
    ),
    Scenario(
        "private-dns-stale-data-record",
        together(_each(_joined), _made_again(_data, 6)),
        _IMAGE | SHORT,
        diagnosed="private-dns-stale-record",
        like="private-data-endpoint-unreachable",
    ),
    Scenario(
        "data-endpoint-replica-missing",
        together(_served_from(_REPLICA), _cut(_nearest)),
        _IMAGE | SHORT,
        like="data-endpoint-blocked",
    ),
    Scenario(
        "data-endpoint-blocked-for-dedicated",
        together(_each(_dedicated), _cut(_data)),
        _IMAGE | SHORT,
        diagnosed="data-endpoint-blocked",
        like="data-endpoint-replica-missing",
    ),
    Scenario(
        "data-endpoint-of-former-replica",
        together(_served_from(_REPLICA, replica=False), _cut(_nearest)),
        _IMAGE | SHORT,
        diagnosed="data-endpoint-blocked",
        like="data-endpoint-replica-missing",
    ),
    Scenario("data-endpoint-of-replica", _served_from(_REPLICA), _IMAGE, diagnosed=READY, like="data-redirect-foreign"),
    Scenario("blob-url-expired", _kept_redirects, _IMAGE, like="blob-signature-refused"),
    Scenario("blob-signature-refused", obstacles.device(_shortened), _IMAGE, like="blob-url-expired"),
    Scenario("blob-access-forbidden", _not_admitted, _IMAGE, like="blob-url-expired"),
    Scenario(
        "blob-redirect-auth-forwarded",
        obstacles.before(BLOB_HOST, Device(asks_with={"Authorization": "Bearer proxys-own"})),
        _IMAGE,
        like="blob-access-forbidden",
    ),
    Scenario("blob-missing", _each(_half_purged), _IMAGE, like="image-not-found"),
    Scenario("layer-published-elsewhere", _each(_foreign_base), _IMAGE, diagnosed=READY, like="blob-missing"),
    Scenario("firewall-ipv6-client", _over_ipv6, like="firewall-ip-denied"),
    Scenario(
        "firewall-rule-removed",
        _rule_removed(8),
        diagnosed="firewall-ip-denied",
        like="firewall-rule-propagating",
    ),
    Scenario("firewall-rule-just-removed", _rule_removed(1), diagnosed=READY, like="firewall-rule-removed"),
    Scenario(
        "firewall-service-endpoint",
        together(_closed(obstacles.other_addresses_only), _by_service_endpoint),
        like="firewall-ip-denied",
    ),
    Scenario(
        "firewall-service-endpoint-closed",
        together(_closed(obstacles.private_only), _by_service_endpoint),
        diagnosed="firewall-public-access-disabled",
        like="firewall-service-endpoint",
    ),
)
