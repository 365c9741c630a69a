"""The scenarios: each changes the healthy world in one way, and brings the options without which it stays unseen.

The only module of the emulator that knows failure-mode ids.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from pytest_acrauth.emulator.scenarios import changes, obstacles
from pytest_acrauth.emulator.scenarios.changes import docker, puller
from pytest_acrauth.emulator.scenarios.obstacles import Change, certificate, device, every_registry
from pytest_acrauth.emulator.world.cloud import DAY, SUBSCRIPTION
from pytest_acrauth.emulator.world.network import Device, Issuer, Route

_APP = ("team/app:latest",)


@dataclass(frozen=True)
class Defaults:
    """Option values that a scenario needs; None or empty where it needs none.

    ``seen_by`` are the flows (entra, basic) in which it shows at all, where it does not in every one.
    """

    auth: str | None = None
    repository: tuple[str, ...] = ()
    must: str | None = None
    must_not: str | None = None
    timeout: float | None = None
    client: tuple[str, ...] = ()
    subscription: str | None = None
    seen_by: tuple[str, ...] = ()


@dataclass(frozen=True)
class Scenario:
    """A named change of a world."""

    id: str
    change: Change
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


_ADMIN = Defaults(auth="admin")
_BASIC = Defaults(auth="basic")
_PULLER = Defaults(auth="scope-map-token")
_IMAGE = Defaults(repository=_APP)
_PUSH = Defaults(repository=_APP, must="pull,push")
_SHORT = Defaults(timeout=3.0)
_ENTRA = Defaults(seen_by=("entra",))
_PRINCIPAL = Defaults(seen_by=("entra", "basic"))  # a service principal's secret is good for both
_DOCKER = Defaults(client=("docker",))
_AZ = Defaults(client=("az",))

_NETWORK = (
    Scenario("registry-dns-nxdomain", obstacles.no_registry),
    Scenario("registry-dns-resolver-broken", obstacles.silent_resolver),
    Scenario("private-dns-resolves-public", obstacles.private_zone_not_linked),
    Scenario("registry-tcp-blocked", obstacles.route_to_registries(Route.FILTERED), _SHORT),
    Scenario("tcp-refused", obstacles.route_to_registries(Route.CLOSED)),
    # The device inspects the registries only, as where traffic to Entra is exempt.
    Scenario("registry-tls-intercepted", certificate(lambda shown: replace(shown, issuer=Issuer.INSPECTING))),
    Scenario("tls-certificate-expired", certificate(lambda shown: replace(shown, ends=shown.starts + DAY))),
    Scenario("tls-hostname-mismatch", certificate(lambda shown: replace(shown, names=("mirror.example",)))),
    Scenario("tls-handshake-failed", obstacles.route_to_registries(Route.RESET)),
    Scenario("challenge-missing", device(obstacles.portal)),
    Scenario("challenge-open", device(obstacles.open_registry)),
    Scenario("challenge-not-bearer", device(obstacles.basic_challenge)),
    Scenario("challenge-foreign-realm", device(obstacles.foreign_challenge)),
    Scenario("firewall-ip-denied", every_registry(obstacles.other_addresses_only)),
    Scenario("firewall-public-access-disabled", every_registry(obstacles.private_only)),
    Scenario("firewall-rule-propagating", obstacles.rule_just_added),
    Scenario("data-endpoint-blocked", obstacles.block_data, Defaults(repository=_APP, timeout=3.0)),
    Scenario("data-redirect-foreign", device(obstacles.foreign_redirect), _IMAGE),
    Scenario("climb-timeout", device(lambda _host: Device(pause=0.1)), Defaults(timeout=2.0)),
)
_IDENTITY = (
    Scenario("entra-authority-unreachable", obstacles.block_authority, replace(_ENTRA, timeout=3.0)),
    Scenario("entra-sp-secret-wrong", changes.wrong_secret, _PRINCIPAL),
    Scenario("entra-sp-secret-expired", changes.expired_secret, _PRINCIPAL),
    Scenario("entra-app-not-found", changes.no_application, _PRINCIPAL),
    Scenario("entra-tenant-not-found", changes.no_tenant, _ENTRA),
    Scenario("exchange-no-role", changes.no_role, _PRINCIPAL),
    # A foreign tenant's identity is shown no registry to read the subscription from.
    Scenario("exchange-cross-tenant", changes.another_tenant, replace(_ENTRA, subscription=SUBSCRIPTION)),
    Scenario("exchange-throttled", every_registry(changes.throttled), _PRINCIPAL),
    Scenario("role-propagation-delay", changes.role_just_given, _PRINCIPAL),
    Scenario("basic-username-unknown", changes.unknown_user, _BASIC),
    Scenario("admin-password-not-current", changes.old_admin_password, _ADMIN),
    Scenario("admin-user-disabled", changes.no_admin, _ADMIN),
    Scenario("admin-username-wrong", changes.login_server_as_user, _ADMIN),
    Scenario("scope-map-token-password-wrong", puller(changes.regenerated), _PULLER),
    Scenario("scope-map-token-password-expired", puller(changes.expired_passwords), _PULLER),
    Scenario("scope-map-token-disabled", puller(changes.disabled_token), _PULLER),
    Scenario("scope-map-token-not-found", puller(changes.deleted_token), _PULLER),
    Scenario("scope-map-token-no-password", puller(changes.no_passwords), _PULLER),
    Scenario("sp-lacks-role", changes.principal_without_role, _BASIC),
    Scenario("refresh-token-expired", changes.expired_login, _BASIC),
    Scenario("anonymous-pull-disabled", every_registry(changes.no_anonymous), Defaults(auth="anonymous")),
)
_RIGHTS = (
    Scenario("scope-not-granted", changes.with_role("AcrPull"), _PUSH),
    Scenario("scope-map-lacks-action", puller(lambda _registry, _now: None), replace(_PUSH, auth="scope-map-token")),
    Scenario("permission-excess", changes.with_role("AcrPush"), replace(_IMAGE, must="pull", must_not="push")),
    Scenario("abac-legacy-role-ineffective", every_registry(changes.by_repository), _IMAGE),
    Scenario("abac-condition-excludes-repo", changes.other_repositories_only, _IMAGE),
    Scenario("image-not-found", every_registry(changes.no_image), _IMAGE),
)
_MACHINE = (
    Scenario("client-docker-missing", changes.no_containers, _DOCKER),
    Scenario("client-docker-daemon-down", docker(changes.stopped), _DOCKER),
    Scenario("client-docker-socket-permission", docker(changes.not_in_group), _DOCKER),
    Scenario("client-docker-stderr-noise", docker(changes.emulated), _DOCKER),
    Scenario("client-cloud-shell-no-daemon", changes.cloud_shell, _DOCKER),
    Scenario("arm-registry-not-found-in-subscription", changes.unseen, _AZ),
    Scenario("arm-wrong-subscription", changes.other_subscription, _AZ),
    Scenario("arm-no-read", changes.seen_not_read, _AZ),
)

SCENARIOS: dict[str, Scenario] = {
    scenario.id: scenario
    for scenario in (Scenario("healthy", obstacles.nothing), *_NETWORK, *_IDENTITY, *_RIGHTS, *_MACHINE)
}
