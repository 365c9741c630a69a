"""The scenarios: each changes the healthy world in one way, and brings the options without which it stays unseen.

The only module of the emulator that knows failure-mode ids.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from pytest_acrauth.emulator.healthy import CLIENT, REGISTRIES, TENANT
from pytest_acrauth.emulator.world import (
    AUTHORITY,
    DAY,
    Certificate,
    Device,
    Issuer,
    Page,
    Password,
    Route,
    World,
)

_LOGIN_SERVERS = "*.azurecr.io"
_APP = ("team/app:latest",)


@dataclass(frozen=True)
class Defaults:
    """Option values that a scenario needs; None or empty where it needs none."""

    auth: str | None = None
    repository: tuple[str, ...] = ()
    must: str | None = None
    must_not: str | None = None
    timeout: float | None = None


@dataclass(frozen=True)
class Scenario:
    """A named change of a world."""

    id: str
    change: Callable[[World], None]
    defaults: Defaults = Defaults()


class UnknownScenario(ValueError):
    """A scenario id that does not exist; the text names it and the choices."""

    def __init__(self, scenario: str) -> None:
        super().__init__(f"{scenario!r} is no scenario; choose from: {', '.join(sorted(SCENARIOS))}")


def choose(ids: Iterable[str]) -> tuple[Scenario, ...]:
    """Return the scenarios of these ids, in order. Raises `UnknownScenario`."""
    chosen = []
    for each in ids:
        if each not in SCENARIOS:
            raise UnknownScenario(each)
        chosen.append(SCENARIOS[each])
    return tuple(chosen)


def _healthy(_world: World) -> None:
    """Leave the world as it is."""


def _no_name(world: World) -> None:
    for registry in world.cloud.registries.values():
        del world.network.names[registry.login_server]


def _silent_resolver(world: World) -> None:
    # A forwarder for one zone that has stopped: Entra's name still resolves.
    world.network.silent_zones.add("azurecr.io")


def _route(route: Route) -> Callable[[World], None]:
    def change(world: World) -> None:
        for registry in world.cloud.registries.values():
            world.network.route_all(registry.login_server, route)

    return change


def _certificate(change: Callable[[Certificate], Certificate]) -> Callable[[World], None]:
    def apply(world: World) -> None:
        certificates = world.network.certificates
        certificates[_LOGIN_SERVERS] = change(certificates[_LOGIN_SERVERS])

    return apply


def _device(device: Callable[[str], Device]) -> Callable[[World], None]:
    """Put a device before every login server; it is made for that host name."""

    def change(world: World) -> None:
        for registry in world.cloud.registries.values():
            world.network.devices[registry.login_server] = device(registry.login_server)

    return change


def _portal(_host: str) -> Device:
    location = "https://portal.example/welcome"
    body = f'<html><body><a href="{location}">Sign in to use this network</a></body></html>'
    return Device(Page(302, {"Server": "gateway", "Content-Type": "text/html", "Location": location}, body.encode()))


def _open_registry(_host: str) -> Device:
    headers = {"Content-Type": "application/json", "Docker-Distribution-Api-Version": "registry/2.0"}
    return Device(Page(200, headers, b"{}"))


def _basic_challenge(_host: str) -> Device:
    return Device(headers={"Www-Authenticate": 'Basic realm="mirror.example"'})


def _foreign_challenge(host: str) -> Device:
    return Device(headers={"Www-Authenticate": f'Bearer realm="https://mirror.example/oauth2/token",service="{host}"'})


def _foreign_redirect(_host: str) -> Device:
    return Device(headers={"Location": "https://blobs.mirror.example/team/app/layer"})


def _block_authority(world: World) -> None:
    world.network.route_all(AUTHORITY, Route.FILTERED)


def _block_data(world: World) -> None:
    world.network.route_all(world.cloud.blob_host, Route.FILTERED)


def _wrong_secret(world: World) -> None:
    world.machine.environ["AZURE_CLIENT_SECRET"] = "the-id-instead-of-the-value"  # noqa: S105 - a wrong one


def _expired_secret(world: World) -> None:
    for secret in world.cloud.applications[CLIENT].secrets:
        secret.ends = world.cloud.now() - DAY


def _no_application(world: World) -> None:
    del world.cloud.applications[CLIENT].principals[TENANT]


def _no_tenant(world: World) -> None:
    world.machine.environ["AZURE_TENANT_ID"] = "0a1b2c3d-0000-4000-8000-4e5f60718293"


def _no_role(world: World) -> None:
    world.cloud.assignments.clear()


def _push_role(world: World) -> None:
    world.cloud.assignments[:] = [replace(each, role="AcrPush") for each in world.cloud.assignments]


def _pull_role(world: World) -> None:
    world.cloud.assignments[:] = [replace(each, role="AcrPull") for each in world.cloud.assignments]


def _throttled(world: World) -> None:
    for registry in world.cloud.registries.values():
        registry.login_throttled = True


def _other_addresses_only(world: World) -> None:
    for registry in world.cloud.registries.values():
        registry.default_action, registry.ip_rules = "Deny", ["192.0.2.0/24"]


def _private_only(world: World) -> None:
    for registry in world.cloud.registries.values():
        registry.public_network_access = False


def _no_anonymous(world: World) -> None:
    for registry in world.cloud.registries.values():
        registry.anonymous_pull = False


def _no_image(world: World) -> None:
    for registry in world.cloud.registries.values():
        registry.repositories["team/app"].tags.clear()


def _basic(world: World, user: str, password: str) -> None:
    world.machine.environ |= {"ACR_USERNAME": user, "ACR_PASSWORD": password}


def _unknown_user(world: World) -> None:
    _basic(world, "pull-ci", "password-of-a-deleted-credential")


def _old_admin_password(world: World) -> None:
    _basic(world, REGISTRIES[0], "password-before-it-was-regenerated")


def _no_admin(world: World) -> None:
    registry = world.cloud.registries[REGISTRIES[0]]
    _basic(world, registry.name, registry.admin_passwords[0])
    for each in world.cloud.registries.values():
        each.admin_enabled = False


def _principal_without_role(world: World) -> None:
    environ = world.machine.environ
    _basic(world, environ["AZURE_CLIENT_ID"], environ["AZURE_CLIENT_SECRET"])
    _no_role(world)


def _puller(change: Callable[[World], None]) -> Callable[[World], None]:
    """Use the scope-map token of the first registry, after a change to it."""

    def apply(world: World) -> None:
        environ = world.machine.environ
        _basic(world, environ["ACR_PULLER_USERNAME"], environ["ACR_PULLER_PASSWORD"])
        change(world)

    return apply


def _regenerated(world: World) -> None:
    token = world.cloud.registries[REGISTRIES[0]].tokens["puller"]
    now = world.cloud.now()
    token.passwords[:] = [Password(f"regenerated-{number}", now - DAY, now + DAY) for number in (1, 2)]


def _expired_token(world: World) -> None:
    for password in world.cloud.registries[REGISTRIES[0]].tokens["puller"].passwords:
        password.ends = world.cloud.now() - DAY


def _disabled_token(world: World) -> None:
    world.cloud.registries[REGISTRIES[0]].tokens["puller"].enabled = False


_ADMIN = Defaults(auth="admin")
_PULLER = Defaults(auth="scope-map-token")
_SHORT = Defaults(timeout=3.0)

SCENARIOS: dict[str, Scenario] = {
    scenario.id: scenario
    for scenario in (
        Scenario("healthy", _healthy),
        Scenario("registry-dns-nxdomain", _no_name),
        Scenario("registry-dns-resolver-broken", _silent_resolver),
        Scenario("registry-tcp-blocked", _route(Route.FILTERED), _SHORT),
        Scenario("tcp-refused", _route(Route.CLOSED)),
        # The device inspects the registries only, as where traffic to Entra is exempt.
        Scenario("registry-tls-intercepted", _certificate(lambda shown: replace(shown, issuer=Issuer.INSPECTING))),
        Scenario("tls-certificate-expired", _certificate(lambda shown: replace(shown, ends=shown.starts + DAY))),
        Scenario("tls-hostname-mismatch", _certificate(lambda shown: replace(shown, names=("mirror.example",)))),
        Scenario("tls-handshake-failed", _route(Route.RESET)),
        Scenario("challenge-missing", _device(_portal)),
        Scenario("challenge-open", _device(_open_registry)),
        Scenario("challenge-not-bearer", _device(_basic_challenge)),
        Scenario("challenge-foreign-realm", _device(_foreign_challenge)),
        Scenario("entra-authority-unreachable", _block_authority, _SHORT),
        Scenario("entra-sp-secret-wrong", _wrong_secret),
        Scenario("entra-sp-secret-expired", _expired_secret),
        Scenario("entra-app-not-found", _no_application),
        Scenario("entra-tenant-not-found", _no_tenant),
        Scenario("exchange-no-role", _no_role),
        Scenario("exchange-throttled", _throttled),
        Scenario("firewall-ip-denied", _other_addresses_only),
        Scenario("firewall-public-access-disabled", _private_only),
        Scenario("basic-username-unknown", _unknown_user, Defaults(auth="basic")),
        Scenario("admin-password-not-current", _old_admin_password, _ADMIN),
        Scenario("admin-user-disabled", _no_admin, _ADMIN),
        Scenario("scope-map-token-password-wrong", _puller(_regenerated), _PULLER),
        Scenario("scope-map-token-password-expired", _puller(_expired_token), _PULLER),
        Scenario("scope-map-token-disabled", _puller(_disabled_token), _PULLER),
        Scenario("sp-lacks-role", _principal_without_role, Defaults(auth="basic")),
        Scenario("anonymous-pull-disabled", _no_anonymous, Defaults(auth="anonymous")),
        Scenario("scope-not-granted", _pull_role, Defaults(repository=_APP, must="pull,push")),
        Scenario("permission-excess", _push_role, Defaults(repository=_APP, must="pull", must_not="push")),
        Scenario("image-not-found", _no_image, Defaults(repository=_APP)),
        Scenario("data-endpoint-blocked", _block_data, Defaults(repository=_APP, timeout=3.0)),
        Scenario("data-redirect-foreign", _device(_foreign_redirect), Defaults(repository=_APP)),
        Scenario("climb-timeout", _device(lambda _host: Device(pause=0.1)), Defaults(timeout=2.0)),
    )
}
