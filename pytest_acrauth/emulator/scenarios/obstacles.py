"""Changes of what lies between machine and registries: names, routes, certificates, devices, network rules.

Each is one cause, as those of `pytest_acrauth.emulator.scenarios.changes`, which are about identities and programs.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from ipaddress import IPv4Address
from typing import Any

from pytest_acrauth.emulator.world import Change, World
from pytest_acrauth.emulator.world.cloud import (
    AUTHORITY,
    DAY,
    MINUTE,
    SUBSCRIPTION,
    PrivateEndpoint,
    Registry,
    RoleAssignment,
)
from pytest_acrauth.emulator.world.healthy import PRINCIPAL
from pytest_acrauth.emulator.world.network import Certificate, Device, ForwardProxy, Issuer, Name, Page, Route

_LOGIN_SERVERS = "*.azurecr.io"
_PRIVATE = IPv4Address("10.1.0.0")


def no_registry(world: World) -> None:
    """Delete the registries: their names and what was given on them go with them.

    The service principal may look around in their subscription, so that it sees that they are gone.
    """
    scope = f"/subscriptions/{SUBSCRIPTION}"
    world.cloud.assignments.append(RoleAssignment(PRINCIPAL, "Reader", scope, created=world.cloud.now() - 30 * DAY))
    for registry in world.cloud.registries.values():
        for host in (*registry.login_servers, registry.data_endpoint):
            world.network.names.pop(host, None)
    gone = {registry.resource_id for registry in world.cloud.registries.values()}
    world.cloud.assignments[:] = [each for each in world.cloud.assignments if each.scope not in gone]
    world.cloud.registries.clear()


def silent_resolver(world: World) -> None:
    """Stop a forwarder for one zone: Entra's name still resolves."""
    world.network.silent_zones.add("azurecr.io")


def route_to_registries(route: Route) -> Change:
    """Set what happens on the way to every login server."""

    def change(world: World) -> None:
        for registry in world.cloud.registries.values():
            world.network.route_all(registry.login_server, route)

    return change


def route_to(host: str, route: Route) -> Change:
    """Set what happens on the way to a host."""
    return lambda world: world.network.route_all(host, route)


def block_authority(world: World) -> None:
    """Drop what goes to Entra."""
    world.network.route_all(AUTHORITY, Route.FILTERED)


def block_data(world: World) -> None:
    """Drop what goes to the storage behind the registries."""
    world.network.route_all(world.cloud.blob_host, Route.FILTERED)


def certificate(change: Callable[[Certificate], Certificate], host: str = _LOGIN_SERVERS) -> Change:
    """Change what the login servers, or another host, show of themselves."""

    def apply(world: World) -> None:
        certificates = world.network.certificates
        certificates[host] = change(certificates[host])

    return apply


def inspected(shown: Certificate) -> Certificate:
    """Return a certificate as a device that opens TLS shows it."""
    return replace(shown, issuer=Issuer.INSPECTING)


def ended(shown: Certificate) -> Certificate:
    """Return a certificate that ended weeks ago."""
    return replace(shown, ends=shown.starts + DAY)


def services_ahead(seconds: float) -> Change:
    """Let the services' clock differ from this machine's, which runs as it should be and so is the wrong one."""

    def change(world: World) -> None:
        world.cloud.clock = lambda: time.time() + seconds

    return change


#: Lets everybody else be three days ahead of this machine.
slow_clock = services_ahead(3 * DAY)


def clock_ahead(host: str) -> Change:
    """Let the machine's clock be fast, and a host's certificate end before the time it shows."""

    def change(world: World) -> None:
        services_ahead(-3 * DAY)(world)
        certificate(lambda shown: replace(shown, ends=time.time() - DAY), host)(world)

    return change


def clock_behind(world: World) -> None:
    """Let the machine's clock be slow, and the registries' certificates have been renewed since the time it shows."""
    slow_clock(world)
    renewed = time.time() + 2 * DAY
    certificate(lambda shown: replace(shown, starts=renewed, ends=renewed + 365 * DAY))(world)


def through_proxy(**manners: Any) -> Change:
    """Let this network be left by a proxy only, which all programs are told of."""

    def change(world: World) -> None:
        network = world.network
        network.proxy = ForwardProxy("proxy.contoso.example", "10.0.0.9", **manners)
        network.names[network.proxy.host] = Name((network.proxy.address,))
        world.machine.environ["HTTPS_PROXY"] = network.proxy.url

    return change


def proxy_down(world: World) -> None:
    """Stop the proxy that all programs are told of."""
    through_proxy()(world)
    world.network.route_all("proxy.contoso.example", Route.CLOSED)


def exempted_from_proxy(host: str) -> Change:
    """Exempt a host from the proxy by which alone it is reached."""

    def change(world: World) -> None:
        through_proxy()(world)
        world.machine.environ["NO_PROXY"] = host
        world.network.route_all(host, Route.FILTERED)

    return change


def no_names(world: World) -> None:
    """Put the machine behind a name server that knows its own network only."""
    world.network.names.clear()


def unknown_name(host: str) -> Change:
    """Let the machine's name server leave one name out."""

    def change(world: World) -> None:
        world.network.names.pop(host, None)

    return change


def unknown_registries(world: World) -> None:
    """Let the machine's name server leave the login servers out."""
    for registry in world.cloud.registries.values():
        for host in registry.login_servers:
            world.network.names.pop(host, None)


def no_regional_endpoints(world: World) -> None:
    """Switch the registries' regional endpoints off, which takes their names away."""
    for registry in world.cloud.registries.values():
        for host in registry.regional_hosts:
            del world.network.names[host]
        registry.regional_endpoints = False


def with_hash(world: World) -> None:
    """Let the registries have been made with a domain name label scope, which puts a hash into their host names."""
    network, registries = world.network, list(world.cloud.registries.values())
    world.cloud.registries.clear()
    for registry in registries:
        hosts = (registry.login_server, registry.data_endpoint)
        registry.scope_hash = "h8k2x9d4"
        for before, after in zip(hosts, (registry.login_server, registry.data_endpoint), strict=True):
            network.names[after] = network.names.pop(before)
        world.cloud.registries[registry.label] = registry


def zone_without_records(world: World) -> None:
    """Link the network to a private zone that kept nothing of the registries' endpoints."""
    for registry in world.cloud.registries.values():
        world.network.names[registry.login_server] = Name((), (f"{registry.label}.privatelink.azurecr.io",))


def device(made_for: Callable[[str], Device]) -> Change:
    """Put a device before every login server; it is made for that host name."""

    def change(world: World) -> None:
        for registry in world.cloud.registries.values():
            for host in registry.login_servers:
                world.network.devices[host] = made_for(host)

    return change


def before(host: str, made: Device) -> Change:
    """Put a device before one host."""
    return lambda world: world.network.devices.__setitem__(host, made)


def portal(_host: str = "") -> Device:
    """Return a gateway that wants its users to sign in first."""
    location = "https://portal.example/welcome"
    body = f'<html><body><a href="{location}">Sign in to use this network</a></body></html>'
    return Device(Page(302, {"Server": "gateway", "Content-Type": "text/html", "Location": location}, body.encode()))


def portal_page(_host: str = "") -> Device:
    """Return a gateway that answers everything with its own page, as if it were what was asked for."""
    return Device(
        Page(200, {"Server": "gateway", "Content-Type": "text/html"}, b"<html>Accept the terms of use</html>")
    )


def mirror_in_trouble(_host: str) -> Device:
    """Return a mirror that reports its errors with a 200."""
    headers = {"Content-Type": "application/json", "Docker-Distribution-Api-Version": "registry/2.0"}
    return Device(Page(200, headers, b'{"errors":[{"code":"UNAVAILABLE","message":"upstream is down"}]}'))


def overloaded_gateway(_host: str = "") -> Device:
    """Return a gateway that has nobody to hand requests on to."""
    return Device(Page(503, {"Server": "gateway", "Content-Type": "text/html"}, b"<html>No server is available</html>"))


def forbidding_gateway(_host: str = "") -> Device:
    """Return a gateway that lets nobody through to a host."""
    return Device(Page(403, {"Server": "gateway", "Content-Type": "text/html"}, b"<html>Blocked by policy</html>"))


def busy_storage() -> Device:
    """Return the storage behind the registries, too busy to serve, as it says itself."""
    headers = {"Content-Type": "application/xml", "Server": "Windows-Azure-Blob/1.0", "x-ms-request-id": "3c7f-01"}
    body = b"<Error><Code>ServerBusy</Code><Message>The server is busy.</Message></Error>"
    return Device(Page(503, headers, body))


def open_registry(_host: str) -> Device:
    """Return another registry, which asks nobody who they are."""
    headers = {"Content-Type": "application/json", "Docker-Distribution-Api-Version": "registry/2.0"}
    return Device(Page(200, headers, b"{}"))


def basic_challenge(_host: str) -> Device:
    """Return a mirror that wants passwords."""
    return Device(headers={"Www-Authenticate": 'Basic realm="mirror.example"'})


def foreign_challenge(host: str) -> Device:
    """Return a mirror that wants tokens of its own."""
    return Device(headers={"Www-Authenticate": f'Bearer realm="https://mirror.example/oauth2/token",service="{host}"'})


def foreign_redirect(_host: str) -> Device:
    """Return a mirror that keeps the blobs."""
    return Device(headers={"Location": "https://blobs.mirror.example/team/app/layer"})


def other_addresses_only(registry: Registry) -> None:
    """Let in one network that the machine is not in."""
    registry.default_action, registry.ip_rules = "Deny", ["192.0.2.0/24"]


def private_only(registry: Registry) -> None:
    """Switch public access off."""
    registry.public_network_access, registry.default_action = False, "Deny"


def rule_just_added(world: World) -> None:
    """Let the machine's address in, a minute ago."""
    for registry in world.cloud.registries.values():
        registry.default_action, registry.ip_rules_before = "Deny", []
        registry.ip_rules, registry.modified = [world.network.egress], world.cloud.now() - MINUTE


def in_trouble(registry: Registry) -> None:
    """Let the registry's own service fail."""
    registry.failing = True


def private_zone_not_linked(world: World) -> None:
    """Give the registries private endpoints, in a zone that this machine's network is not linked to."""
    for number, registry in enumerate(world.cloud.registries.values(), start=5):
        private_only(registry)
        registry.data_endpoint_enabled = True
        registry.private_endpoints = [PrivateEndpoint(f"pe-{registry.label}", str(_PRIVATE + number))]
        name = world.network.names[registry.login_server]
        name.aliases = (f"{registry.label}.privatelink.azurecr.io", *name.aliases)
