"""Worlds that differ on the way to the login server, and to Entra: names, proxies, certificates, silences, clocks."""

from __future__ import annotations

from pytest_acrauth.emulator.scenarios import obstacles
from pytest_acrauth.emulator.scenarios.changes import every_registry
from pytest_acrauth.emulator.scenarios.obstacles import certificate, device, route_to, through_proxy
from pytest_acrauth.emulator.scenarios.scenario import READY, Scenario
from pytest_acrauth.emulator.world import Change, World
from pytest_acrauth.emulator.world.cloud import AUTHORITY, SUBSCRIPTION
from pytest_acrauth.emulator.world.network import Device, Route

_IMAGE = {"repository": "team/app:latest"}
_SHORT = {"timeout": "3"}
#: Without an identity leg, where what is broken would break both.
_BASIC = {"auth": "docker-config"}
_BLOBS = "*.blob.core.windows.net"


def _swallowing(*paths: str) -> Change:
    """Let a device before the login servers answer nothing to some requests."""
    return device(lambda _host: Device(swallows=paths))


def _silent(host_of: str = "") -> Change:
    """Let a device before Entra, or before the storage, answer nothing."""

    def change(world: World) -> None:
        world.network.devices[host_of or world.cloud.blob_host] = Device(swallows=("/",))

    return change


def _deleted_behind_proxy(world: World) -> None:
    obstacles.no_registry(world)
    through_proxy()(world)


_NAMES = (
    Scenario("no-public-dns", obstacles.no_names, _BASIC, like="registry-dns-nxdomain"),
    Scenario(
        "authority-name-filtered",
        obstacles.unknown_name(AUTHORITY),
        like="no-public-dns",
        diagnosed="entra-authority-unreachable",
    ),
    Scenario("registry-name-unknown-here", obstacles.unknown_registries, like="registry-dns-nxdomain"),
    Scenario(
        "registry-with-hash", obstacles.with_hash, like="registry-dns-nxdomain", diagnosed="registry-dnl-hash-missing"
    ),
    Scenario(
        "private-zone-without-record",
        obstacles.zone_without_records,
        like="registry-dns-nxdomain",
        diagnosed="private-dns-stale-zone",
    ),
)
_CONNECTIONS = (
    Scenario("no-route-from-here", obstacles.route_to_registries(Route.MISSING), like="registry-tcp-blocked"),
    Scenario(
        "authority-refuses-connections",
        route_to(AUTHORITY, Route.CLOSED),
        like="entra-authority-unreachable",
        diagnosed="tcp-refused",
    ),
)
_PROXIES = (
    Scenario("proxy-unreachable", obstacles.proxy_down, _BASIC, like="tcp-refused"),
    Scenario("proxy-login-required", through_proxy(forbids={"": 407}), _BASIC, like="proxy-unreachable"),
    Scenario(
        "proxy-forbids-registry",
        through_proxy(forbids={".azurecr.io": 403}),
        like="proxy-login-required",
        diagnosed="proxy-blocks-registry",
    ),
    Scenario("proxy-cannot-connect", through_proxy(forbids={".azurecr.io": 502}), like="proxy-forbids-registry"),
    Scenario("proxy-no-answer", through_proxy(silent=True), _BASIC | _SHORT, like="registry-tcp-blocked"),
    Scenario("proxy-ends-connection", through_proxy(says=b"\x15\x03\x01"), _BASIC, like="proxy-unreachable"),
    Scenario("proxy-lets-through", through_proxy(), _IMAGE, like="proxy-forbids-registry", diagnosed=READY),
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
        like="entra-authority-unreachable",
        diagnosed="tls-certificate-expired",
    ),
    Scenario("clock-behind-and-accepted", obstacles.slow_clock, _IMAGE, like="clock-behind", diagnosed=READY),
    Scenario("clock-behind", obstacles.clock_behind, like="tls-certificate-expired", diagnosed="clock-skew"),
)
_SILENCES = (
    Scenario("registry-no-answer", _swallowing("/"), _SHORT, like="registry-tcp-blocked"),
    Scenario(
        "exchange-without-answer",
        _swallowing("/oauth2/exchange"),
        _SHORT,
        like="exchange-no-role",
        diagnosed="registry-no-answer",
    ),
    Scenario("entra-no-answer", _silent(AUTHORITY), _SHORT, like="entra-authority-unreachable"),
    Scenario("data-no-answer", _silent(), _IMAGE | _SHORT, like="data-endpoint-blocked"),
    Scenario("answer-cut-off", obstacles.route_to_registries(Route.CUT), like="registry-no-answer"),
)
_ANSWERS = (
    Scenario("portal-with-200", device(obstacles.portal_page), like="challenge-open", diagnosed="challenge-missing"),
    Scenario(
        "errors-with-200", device(obstacles.mirror_in_trouble), like="challenge-open", diagnosed="challenge-missing"
    ),
    Scenario(
        "registry-in-trouble",
        every_registry(obstacles.in_trouble),
        like="challenge-missing",
        diagnosed="exchange-server-error",
    ),
    Scenario(
        "gateway-overloaded",
        device(obstacles.overloaded_gateway),
        like="registry-in-trouble",
        diagnosed="challenge-missing",
    ),
)
LOOK_ALIKES: tuple[Scenario, ...] = (*_NAMES, *_CONNECTIONS, *_PROXIES, *_TLS, *_SILENCES, *_ANSWERS)
