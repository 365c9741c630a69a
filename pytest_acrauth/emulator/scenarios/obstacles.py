"""Changes of what lies between machine and registries: names, routes, certificates, devices, network rules.

Each is one cause, as those of `pytest_acrauth.emulator.scenarios.changes`, which are about identities and programs.
"""

from __future__ import annotations

from collections.abc import Callable
from ipaddress import IPv4Address

from pytest_acrauth.emulator.world import Change, World
from pytest_acrauth.emulator.world.cloud import AUTHORITY, MINUTE, PrivateEndpoint, Registry
from pytest_acrauth.emulator.world.network import Certificate, Device, Page, Route

_LOGIN_SERVERS = "*.azurecr.io"
_PRIVATE = IPv4Address("10.1.0.0")


def no_registry(world: World) -> None:
    """Delete the registries: their names and what was given on them go with them."""
    for registry in world.cloud.registries.values():
        world.network.names.pop(registry.login_server, None)
        world.network.names.pop(registry.data_endpoint, None)
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


def block_authority(world: World) -> None:
    """Drop what goes to Entra."""
    world.network.route_all(AUTHORITY, Route.FILTERED)


def block_data(world: World) -> None:
    """Drop what goes to the storage behind the registries."""
    world.network.route_all(world.cloud.blob_host, Route.FILTERED)


def certificate(change: Callable[[Certificate], Certificate]) -> Change:
    """Change what the login servers show of themselves."""

    def apply(world: World) -> None:
        certificates = world.network.certificates
        certificates[_LOGIN_SERVERS] = change(certificates[_LOGIN_SERVERS])

    return apply


def device(made_for: Callable[[str], Device]) -> Change:
    """Put a device before every login server; it is made for that host name."""

    def change(world: World) -> None:
        for registry in world.cloud.registries.values():
            world.network.devices[registry.login_server] = made_for(registry.login_server)

    return change


def portal(_host: str) -> Device:
    """Return a gateway that wants its users to sign in first."""
    location = "https://portal.example/welcome"
    body = f'<html><body><a href="{location}">Sign in to use this network</a></body></html>'
    return Device(Page(302, {"Server": "gateway", "Content-Type": "text/html", "Location": location}, body.encode()))


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


def private_zone_not_linked(world: World) -> None:
    """Give the registries private endpoints, in a zone that this machine's network is not linked to."""
    for number, registry in enumerate(world.cloud.registries.values(), start=5):
        private_only(registry)
        registry.data_endpoint_enabled = True
        registry.private_endpoints = [PrivateEndpoint(f"pe-{registry.label}", str(_PRIVATE + number))]
        name = world.network.names[registry.login_server]
        name.aliases = (f"{registry.label}.privatelink.azurecr.io", *name.aliases)
