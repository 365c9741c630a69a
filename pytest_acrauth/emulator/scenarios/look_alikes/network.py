"""Worlds that differ on the way to the login server, and to Entra: names, proxies, certificates, silences, clocks."""

from __future__ import annotations

from dataclasses import replace

from pytest_acrauth.emulator.scenarios import obstacles
from pytest_acrauth.emulator.scenarios.changes import every_registry, nothing
from pytest_acrauth.emulator.scenarios.obstacles import before, certificate, device, route_to, through_proxy
from pytest_acrauth.emulator.scenarios.scenario import READY, SHORT, Scenario
from pytest_acrauth.emulator.scenarios.variants import BY_APPLICATION, BY_ENTRA
from pytest_acrauth.emulator.world import Change, World
from pytest_acrauth.emulator.world.cloud import AUTHORITY, SUBSCRIPTION, PrivateEndpoint
from pytest_acrauth.emulator.world.healthy import BLOB_HOST
from pytest_acrauth.emulator.world.network import Device, Route

_IMAGE = {"repository": "team/app:latest"}
#: Without an identity leg, where what is broken would break both.
_BASIC = {"auth": "docker-config"}
_REGIONAL = {"registry": "myacr.eastus.geo.azurecr.io", "repository": "team/app:latest"}
_BLOBS = "*.blob.core.windows.net"
_SILENT = Device(swallows=("/",))


def _silent_zone(zone: str) -> Change:
    """Stop the forwarder for one zone."""
    return lambda world: world.network.silent_zones.add(zone)


def _swallowing(*paths: str) -> Change:
    """Let a device before the login servers answer nothing to some requests."""
    return device(lambda _host: Device(swallows=paths))


def _page_at(path: str) -> Change:
    """Let a device before the login servers put its page in the place of what is at a path."""
    return device(lambda host: replace(obstacles.portal_page(host), only=path))


def _beside(address: str, route: Route) -> Change:
    """Give each login server another address, which is tried first and is not reached."""

    def change(world: World) -> None:
        for registry in world.cloud.registries.values():
            name = world.network.names[registry.login_server]
            name.addresses = (address, *name.addresses)
        world.network.routes[address] = route

    return change


def _endpoint_elsewhere(world: World) -> None:
    """Give the registries a private endpoint in somebody else's network, which leaves the public way open."""
    for registry in world.cloud.registries.values():
        registry.private_endpoints = [PrivateEndpoint(f"pe-{registry.label}", "10.1.0.9")]
        name = world.network.names[registry.login_server]
        name.aliases = (f"{registry.label}.privatelink.azurecr.io", *name.aliases)


def _public_way_dropped(world: World) -> None:
    """Drop what goes to the public addresses of registries that admit private endpoints only."""
    obstacles.private_zone_not_linked(world)
    obstacles.route_to_registries(Route.FILTERED)(world)


def _believed(host: str) -> Change:
    """Let the hosts file lead the login servers to another host's address."""

    def change(world: World) -> None:
        addresses = world.network.names[host or world.cloud.blob_host].addresses
        world.network.hosts_file |= {each.login_server: addresses for each in world.cloud.registries.values()}

    return change


def _tunnel_broken_off(world: World) -> None:
    """Let what is behind the proxy end each connection to a registry that the proxy has opened."""
    through_proxy()(world)
    obstacles.route_to_registries(Route.RESET)(world)


def _exempted_storage(world: World) -> None:
    """Exempt the storage from the proxy by which alone it is reached."""
    obstacles.exempted_from_proxy(world.cloud.blob_host)(world)


def _deleted_behind_proxy(world: World) -> None:
    obstacles.no_registry(world)
    through_proxy()(world)


def _deleted_and_kept(world: World) -> None:
    """Delete the registries, whose names a name server still keeps."""
    names = dict(world.network.names)
    obstacles.no_registry(world)
    world.network.names |= names


_NAMES = (
    Scenario("no-public-dns", obstacles.no_names, _BASIC, like="registry-dns-nxdomain"),
    Scenario(
        "authority-name-filtered",
        obstacles.unknown_name(AUTHORITY),
        seen_by=BY_APPLICATION,
        like="no-public-dns",
        diagnosed="entra-authority-unreachable",
    ),
    Scenario("regional-endpoint-missing", obstacles.no_regional_endpoints, _REGIONAL, like="registry-dns-nxdomain"),
    Scenario("regional-endpoint-open", nothing, _REGIONAL, like="regional-endpoint-missing", diagnosed=READY),
    Scenario(
        "regional-endpoint-unknown-here",
        obstacles.unknown_registries,
        _REGIONAL,
        like="regional-endpoint-missing",
        diagnosed="registry-name-unknown-here",
    ),
    Scenario("registry-name-unknown-here", obstacles.unknown_registries, like="registry-dns-nxdomain"),
    Scenario("registry-dnl-hash-missing", obstacles.with_hash, like="registry-dns-nxdomain"),
    Scenario(
        "registry-deleted-and-name-kept",
        _deleted_and_kept,
        {"subscription": SUBSCRIPTION},
        like="challenge-missing",
        diagnosed="registry-dns-nxdomain",
    ),
    Scenario(
        "private-zone-without-record",
        obstacles.zone_without_records,
        like="registry-dns-nxdomain",
        diagnosed="private-dns-stale-zone",
    ),
    Scenario(
        "authority-look-up-fails",
        _silent_zone("microsoftonline.com"),
        seen_by=BY_APPLICATION,
        like="authority-name-filtered",
        diagnosed="registry-dns-resolver-broken",
    ),
    Scenario(
        "storage-look-up-fails",
        _silent_zone("blob.core.windows.net"),
        _IMAGE,
        like="data-host-not-resolved",
        diagnosed="registry-dns-resolver-broken",
    ),
)
_CONNECTIONS = (
    Scenario(
        "one-address-of-two-answers",
        _beside("203.0.113.200", Route.FILTERED),
        _IMAGE,
        like="registry-tcp-blocked",
        diagnosed=READY,
    ),
    Scenario(
        "ipv6-address-without-route",
        _beside("2001:db8::1", Route.MISSING),
        _IMAGE,
        like="no-route-from-here",
        diagnosed=READY,
    ),
    Scenario(
        "public-way-beside-private-link",
        _endpoint_elsewhere,
        _IMAGE,
        like="private-dns-resolves-public",
        diagnosed=READY,
    ),
    Scenario(
        "public-way-dropped",
        _public_way_dropped,
        SHORT,
        like="registry-tcp-blocked",
        diagnosed="private-dns-resolves-public",
    ),
    Scenario("hosts-file-elsewhere", _believed(""), like="tcp-refused", diagnosed="tls-hostname-mismatch"),
    Scenario("no-route-from-here", obstacles.route_to_registries(Route.MISSING), like="registry-tcp-blocked"),
    Scenario(
        "authority-refuses-connections",
        route_to(AUTHORITY, Route.CLOSED),
        seen_by=BY_APPLICATION,
        like="entra-authority-unreachable",
        diagnosed="tcp-refused",
    ),
)
_PROXIES = (
    Scenario("proxy-unreachable", obstacles.proxy_down, _BASIC, like="tcp-refused"),
    Scenario("proxy-login-required", through_proxy(forbids={"": 407}), _BASIC, like="proxy-unreachable"),
    Scenario(
        "proxy-blocks-registry",
        through_proxy(forbids={".azurecr.io": 403}),
        like="proxy-login-required",
    ),
    Scenario("proxy-cannot-connect", through_proxy(forbids={".azurecr.io": 502}), like="proxy-blocks-registry"),
    Scenario("proxy-no-answer", through_proxy(silent=True), _BASIC | SHORT, like="registry-tcp-blocked"),
    Scenario("proxy-ends-connection", through_proxy(says=b"\x15\x03\x01"), _BASIC, like="proxy-unreachable"),
    Scenario(
        "proxy-forbids-storage",
        through_proxy(forbids={".blob.core.windows.net": 403}),
        _IMAGE,
        like="data-endpoint-blocked",
        diagnosed="proxy-blocks-registry",
    ),
    Scenario(
        "proxy-forbids-authority",
        through_proxy(forbids={AUTHORITY: 403}),
        seen_by=BY_APPLICATION,
        like="entra-authority-unreachable",
        diagnosed="proxy-blocks-registry",
    ),
    Scenario(
        "proxy-does-not-reach-storage",
        through_proxy(forbids={".blob.core.windows.net": 502}),
        _IMAGE,
        like="proxy-forbids-storage",
        diagnosed="proxy-cannot-connect",
    ),
    Scenario(
        "proxy-tunnel-broken-off", _tunnel_broken_off, like="proxy-ends-connection", diagnosed="tls-handshake-failed"
    ),
    Scenario(
        "storage-exempted-from-proxy",
        _exempted_storage,
        _IMAGE | SHORT,
        like="proxy-forbids-storage",
        diagnosed="data-endpoint-blocked",
    ),
    Scenario("proxy-lets-through", through_proxy(), _IMAGE, like="proxy-blocks-registry", diagnosed=READY),
    Scenario(
        "registry-deleted-behind-proxy",
        _deleted_behind_proxy,
        {"subscription": SUBSCRIPTION},
        like="proxy-cannot-connect",
        diagnosed="registry-dns-nxdomain",
    ),
    Scenario(
        "gateway-forbids-registry",
        device(obstacles.forbidding_gateway),
        like="firewall-ip-denied",
        diagnosed="proxy-blocks-registry",
    ),
)
_TLS = (
    Scenario(
        "authority-inspected",
        certificate(obstacles.inspected, AUTHORITY),
        seen_by=BY_APPLICATION,
        like="entra-authority-unreachable",
        diagnosed="registry-tls-intercepted",
    ),
    Scenario(
        "storage-inspected",
        certificate(obstacles.inspected, _BLOBS),
        _IMAGE,
        like="data-endpoint-blocked",
        diagnosed="registry-tls-intercepted",
    ),
    Scenario(
        "authority-certificate-ended",
        certificate(obstacles.ended, AUTHORITY),
        seen_by=BY_APPLICATION,
        like="entra-authority-unreachable",
        diagnosed="tls-certificate-expired",
    ),
    Scenario(
        "clock-ahead", obstacles.clock_ahead("*.azurecr.io"), like="tls-certificate-expired", diagnosed="clock-skew"
    ),
    Scenario(
        "clock-ahead-at-storage",
        obstacles.clock_ahead(_BLOBS),
        _IMAGE,
        like="storage-inspected",
        diagnosed="clock-skew",
    ),
    Scenario("clock-behind-and-accepted", obstacles.slow_clock, _IMAGE, like="clock-behind", diagnosed=READY),
    Scenario("clock-behind", obstacles.clock_behind, like="tls-certificate-expired", diagnosed="clock-skew"),
)
_SILENCES = (
    Scenario("registry-no-answer", _swallowing("/"), SHORT, like="registry-tcp-blocked"),
    Scenario(
        "exchange-without-answer",
        _swallowing("/oauth2/exchange"),
        SHORT,
        seen_by=BY_ENTRA,
        like="exchange-no-role",
        diagnosed="registry-no-answer",
    ),
    Scenario(
        "entra-no-answer",
        before(AUTHORITY, _SILENT),
        SHORT,
        seen_by=BY_APPLICATION,
        like="entra-authority-unreachable",
    ),
    Scenario("data-no-answer", before(BLOB_HOST, _SILENT), _IMAGE | SHORT, like="data-endpoint-blocked"),
    Scenario(
        "answers-slow-and-sound",
        device(lambda _host: Device(pause=0.001)),
        _IMAGE | {"timeout": "60"},
        like="climb-timeout",
        diagnosed=READY,
    ),
    Scenario("answer-cut-off", obstacles.route_to_registries(Route.CUT), like="registry-no-answer"),
)
_ANSWERS = (
    Scenario(
        "page-on-the-way",
        before(AUTHORITY, obstacles.portal()),
        seen_by=BY_APPLICATION,
        like="entra-authority-unreachable",
    ),
    Scenario(
        "authority-page-with-200",
        before(AUTHORITY, obstacles.portal_page()),
        seen_by=BY_APPLICATION,
        like="entra-no-answer",
        diagnosed="page-on-the-way",
    ),
    Scenario(
        "exchange-page",
        _page_at("/oauth2/exchange"),
        seen_by=BY_ENTRA,
        like="exchange-no-role",
        diagnosed="page-on-the-way",
    ),
    Scenario(
        "access-token-page",
        _page_at("/oauth2/token"),
        {"auth": "docker-config"},
        like="exchange-no-role",
        diagnosed="page-on-the-way",
    ),
    Scenario("manifest-page", _page_at("/manifests/"), _IMAGE, like="image-not-found", diagnosed="page-on-the-way"),
    Scenario(
        "layer-portal",
        device(lambda host: replace(obstacles.portal(host), only="/blobs/")),
        _IMAGE,
        like="data-redirect-foreign",
        diagnosed="page-on-the-way",
    ),
    Scenario("layer-page", _page_at("/blobs/"), _IMAGE, like="blob-missing", diagnosed="page-on-the-way"),
    Scenario(
        "storage-page",
        before(BLOB_HOST, obstacles.portal_page()),
        _IMAGE,
        like="blob-access-forbidden",
        diagnosed="page-on-the-way",
    ),
    Scenario(
        "gateway-forbids-authority",
        before(AUTHORITY, obstacles.forbidding_gateway()),
        seen_by=BY_APPLICATION,
        like="page-on-the-way",
        diagnosed="proxy-blocks-registry",
    ),
    Scenario(
        "gateway-forbids-storage",
        before(BLOB_HOST, obstacles.forbidding_gateway()),
        _IMAGE,
        like="blob-access-forbidden",
        diagnosed="proxy-blocks-registry",
    ),
    Scenario(
        "gateway-overloaded-before-authority",
        before(AUTHORITY, obstacles.overloaded_gateway()),
        seen_by=BY_APPLICATION,
        like="gateway-forbids-authority",
        diagnosed="answered-on-the-way",
    ),
    Scenario(
        "gateway-overloaded-before-storage",
        before(BLOB_HOST, obstacles.overloaded_gateway()),
        _IMAGE,
        like="storage-busy",
        diagnosed="answered-on-the-way",
    ),
    Scenario(
        "storage-busy",
        before(BLOB_HOST, obstacles.busy_storage()),
        _IMAGE,
        like="gateway-overloaded-before-storage",
        diagnosed="exchange-server-error",
    ),
    Scenario("portal-with-200", device(obstacles.portal_page), like="challenge-open", diagnosed="challenge-missing"),
    Scenario(
        "errors-with-200", device(obstacles.mirror_in_trouble), like="challenge-open", diagnosed="challenge-missing"
    ),
    Scenario(
        "exchange-server-error",
        every_registry(obstacles.in_trouble),
        like="challenge-missing",
        diagnosed="exchange-server-error",
    ),
    Scenario(
        "gateway-overloaded",
        device(obstacles.overloaded_gateway),
        like="exchange-server-error",
        diagnosed="challenge-missing",
    ),
)
LOOK_ALIKES: tuple[Scenario, ...] = (*_NAMES, *_CONNECTIONS, *_PROXIES, *_TLS, *_SILENCES, *_ANSWERS)
