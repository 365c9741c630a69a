"""The scenarios: each changes the healthy world in one way, and has the id of the failure mode that it brings about.

With `look_alikes` and `delays`, the only modules of the emulator that know failure modes.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import replace

from pytest_acrauth.emulator.scenarios import changes, endings, obstacles
from pytest_acrauth.emulator.scenarios.changes import docker, every_registry, puller
from pytest_acrauth.emulator.scenarios.delays import DELAYS
from pytest_acrauth.emulator.scenarios.look_alikes import LOOK_ALIKES
from pytest_acrauth.emulator.scenarios.obstacles import certificate, device
from pytest_acrauth.emulator.scenarios.scenario import SHORT, Scenario
from pytest_acrauth.emulator.scenarios.variants import (
    BY_APPLICATION,
    BY_CERTIFICATE,
    BY_CLIENT_ID,
    BY_PULLER,
    BY_ROLES,
    BY_SECRET,
    BY_TENANT,
)
from pytest_acrauth.emulator.world.cloud import SUBSCRIPTION
from pytest_acrauth.emulator.world.network import Device, Route


class UnknownScenario(ValueError):
    """A scenario id that does not exist; the text names it and those that are close to it."""

    __module__ = "pytest_acrauth.emulator"  # its public home, which tracebacks name

    def __init__(self, scenario: str) -> None:
        close = difflib.get_close_matches(scenario, _CHOICES, n=4, cutoff=0.4)
        super().__init__(f"{scenario!r} is no scenario; close to it: {', '.join(close) or 'none'}")


def choose(ids: Iterable[str]) -> tuple[Scenario, ...]:
    """Return the scenarios of these ids, in order. Raises `UnknownScenario`."""
    chosen = []
    for each in ids:
        if each not in _CHOICES:
            raise UnknownScenario(each)
        chosen.append(_CHOICES[each])
    return tuple(chosen)


_IMAGE = {"repository": "team/app:latest"}
_ADMIN = {"auth": "admin"}
_BASIC = {"auth": "basic"}
_PULLER = {"auth": "scope-map-token"}
_DOCKER = {"client": "docker"}
_AZ = {"client": "az"}
_REQUIRED = "401 authentication required, visit https://aka.ms/acr/authorization for more information."
_UNREGISTERED = "401 Application not registered with AAD."
_DENIED = "403 client with IP '198.51.100.7' is not allowed access. Refer https://aka.ms/acr/firewall to grant access."

_NETWORK = (
    Scenario(
        "registry-dns-nxdomain",
        obstacles.no_registry,
        {"subscription": SUBSCRIPTION},
        shows="dns: no such name",
        needs_evidence=True,
        record=403,
    ),
    Scenario("registry-dns-resolver-broken", obstacles.silent_resolver, shows="dns: resolver failed"),
    Scenario(
        "private-dns-resolves-public",
        obstacles.private_zone_not_linked,
        shows=f"exchange: {_DENIED}",
        needs_evidence=True,
    ),
    Scenario("registry-tcp-blocked", obstacles.route_to_registries(Route.FILTERED), SHORT, shows="tcp: TimeoutError"),
    Scenario("tcp-refused", obstacles.route_to_registries(Route.CLOSED), shows="tcp: ConnectionRefusedError"),
    Scenario(
        "registry-tls-intercepted",
        # The device inspects the registries only, as where traffic to Entra is exempt.
        certificate(obstacles.inspected),
        shows="tls: 20",
    ),
    Scenario(
        "tls-certificate-expired",
        certificate(obstacles.ended),
        shows="tls: 10",
    ),
    Scenario(
        "tls-hostname-mismatch",
        certificate(lambda shown: replace(shown, names=("mirror.example",))),
        shows="tls: 62",
    ),
    Scenario("tls-handshake-failed", obstacles.route_to_registries(Route.RESET), shows="tls: ConnectionResetError"),
    Scenario("challenge-missing", device(obstacles.portal), shows="challenge: 302 None"),
    Scenario("challenge-open", device(obstacles.open_registry), shows="challenge: 200 None"),
    Scenario(
        "challenge-not-bearer",
        device(obstacles.basic_challenge),
        shows='challenge: 401 Basic realm="mirror.example"',
    ),
    Scenario(
        "challenge-foreign-realm",
        device(obstacles.foreign_challenge),
        shows='challenge: 401 Bearer realm="https://mirror.example/oauth2/token",service="myacr.azurecr.io"',
    ),
    Scenario(
        "firewall-ip-denied",
        every_registry(obstacles.other_addresses_only),
        shows=f"exchange: {_DENIED}",
        needs_evidence=True,
    ),
    Scenario(
        "firewall-public-access-disabled",
        every_registry(obstacles.private_only),
        shows=f"exchange: {_DENIED}",
        needs_evidence=True,
    ),
    Scenario("firewall-rule-propagating", obstacles.rule_just_added, shows=f"exchange: {_DENIED}", needs_evidence=True),
    Scenario("data-endpoint-blocked", obstacles.block_data, _IMAGE | SHORT, shows="data tcp: TimeoutError"),
    Scenario("data-redirect-foreign", device(obstacles.foreign_redirect), _IMAGE, shows="data dns: no such name"),
    Scenario("climb-timeout", device(lambda _host: Device(pause=0.5)), SHORT, shows="challenge: drips"),
)
_IDENTITY = (
    Scenario(
        "entra-authority-unreachable",
        obstacles.block_authority,
        SHORT,
        seen_by=BY_APPLICATION,
        shows="entra tcp: TimeoutError",
        record=None,
    ),
    Scenario("entra-sp-secret-wrong", changes.wrong_secret, seen_by=BY_SECRET, shows="entra: 7000215"),
    Scenario("entra-sp-secret-expired", changes.expired_secret, seen_by=BY_SECRET, shows="entra: 7000222"),
    Scenario("entra-app-not-found", changes.no_application, seen_by=BY_CLIENT_ID, shows="entra: 700016"),
    Scenario("entra-tenant-not-found", changes.no_tenant, seen_by=BY_TENANT, shows="entra: 90002"),
    Scenario(
        "exchange-no-role", changes.no_role, seen_by=BY_ROLES, shows=f"exchange: {_REQUIRED}", needs_evidence=True
    ),
    Scenario(
        "exchange-cross-tenant",
        changes.another_tenant,
        # A foreign tenant's identity is shown no registry to read the subscription from.
        {"subscription": SUBSCRIPTION},
        seen_by=BY_TENANT,
        shows=f"exchange: {_REQUIRED}",
        needs_evidence=True,
    ),
    Scenario(
        "exchange-throttled",
        every_registry(changes.throttled),
        shows="exchange: 429 too many requests",
    ),
    Scenario(
        "role-propagation-delay",
        changes.role_just_given,
        seen_by=BY_ROLES,
        shows=f"exchange: {_REQUIRED}",
        needs_evidence=True,
    ),
    Scenario(
        "basic-username-unknown",
        changes.unknown_user,
        _BASIC,
        shows=f"access_token: {_UNREGISTERED}",
        needs_evidence=True,
    ),
    Scenario(
        "admin-password-not-current",
        changes.old_admin_password,
        _ADMIN,
        shows=f"access_token: {_REQUIRED}",
        needs_evidence=True,
    ),
    Scenario("admin-user-disabled", changes.no_admin, _ADMIN, shows=f"access_token: {_REQUIRED}", needs_evidence=True),
    Scenario(
        "admin-username-wrong",
        changes.login_server_as_user,
        _ADMIN,
        shows=f"access_token: {_UNREGISTERED}",
    ),
    Scenario(
        "scope-map-token-password-wrong",
        puller(changes.regenerated),
        _PULLER,
        seen_by=BY_PULLER,
        shows=f"access_token: {_REQUIRED}",
        needs_evidence=True,
    ),
    Scenario(
        "scope-map-token-password-expired",
        puller(changes.expired_passwords),
        _PULLER,
        seen_by=BY_PULLER,
        shows=f"access_token: {_REQUIRED}",
        needs_evidence=True,
    ),
    Scenario(
        "scope-map-token-disabled",
        puller(changes.disabled_token),
        _PULLER,
        seen_by=BY_PULLER,
        shows=f"access_token: {_REQUIRED}",
        needs_evidence=True,
    ),
    Scenario(
        "scope-map-token-not-found",
        puller(changes.deleted_token),
        _PULLER,
        seen_by=BY_PULLER,
        shows=f"access_token: {_UNREGISTERED}",
        needs_evidence=True,
    ),
    Scenario(
        "scope-map-token-no-password",
        puller(changes.no_passwords),
        _PULLER,
        seen_by=BY_PULLER,
        shows=f"access_token: {_REQUIRED}",
        needs_evidence=True,
    ),
    Scenario(
        "sp-lacks-role", changes.principal_without_role, _BASIC, shows=f"access_token: {_REQUIRED}", needs_evidence=True
    ),
    Scenario("refresh-token-expired", changes.expired_login, _BASIC, shows=f"access_token: {_REQUIRED}"),
    Scenario(
        "anonymous-pull-disabled",
        every_registry(changes.no_anonymous),
        {"auth": "anonymous"},
        shows=f"access_token: {_REQUIRED}",
        needs_evidence=True,
    ),
)
_RIGHTS = (
    Scenario(
        "scope-not-granted",
        changes.with_role("AcrPull"),
        _IMAGE | {"must": "pull,push"},
        seen_by=BY_ROLES,
        needs_evidence=True,
    ),
    Scenario(
        "scope-map-lacks-action",
        puller(changes.as_it_is),
        _PULLER | _IMAGE | {"must": "pull,push"},
        seen_by=BY_PULLER,
        needs_evidence=True,
    ),
    Scenario(
        "scope-map-lacks-repository",
        puller(changes.for_another_repository),
        _PULLER | _IMAGE,
        seen_by=BY_PULLER,
        shows=f"operation: {_REQUIRED}",
        needs_evidence=True,
    ),
    Scenario(
        "permission-excess",
        changes.with_role("AcrPush"),
        _IMAGE | {"must": "pull", "must-not": "push"},
        seen_by=BY_ROLES,
        shows="granted pull,push",
    ),
    Scenario(
        "abac-legacy-role-ineffective",
        every_registry(changes.by_repository),
        _IMAGE,
        seen_by=BY_ROLES,
        shows=f"operation: {_REQUIRED}",
        needs_evidence=True,
    ),
    Scenario(
        "abac-condition-excludes-repo",
        changes.other_repositories_only,
        _IMAGE,
        seen_by=BY_ROLES,
        shows=f"operation: {_REQUIRED}",
        needs_evidence=True,
    ),
    Scenario(
        "image-not-found",
        every_registry(changes.no_image),
        _IMAGE,
        shows='operation: 404 manifest tagged by "latest" is not found',
        needs_evidence=True,
    ),
)
_MACHINE = (
    Scenario("client-docker-missing", changes.no_containers, _DOCKER),
    Scenario("client-docker-daemon-down", docker(changes.stopped), _DOCKER),
    Scenario("client-docker-socket-permission", docker(changes.not_in_group), _DOCKER),
    Scenario("client-docker-stderr-noise", docker(changes.emulated), _DOCKER),
    Scenario("client-cloud-shell-no-daemon", changes.cloud_shell, _DOCKER),
    Scenario(
        "arm-registry-not-found-in-subscription",
        obstacles.no_registry,
        _AZ | {"subscription": SUBSCRIPTION},
        beside="registry-dns-nxdomain",
        shows="dns: no such name",
        record=403,
    ),
    Scenario("arm-wrong-subscription", changes.other_subscription, _AZ),
    Scenario("arm-no-read", changes.seen_not_read, _AZ, record=403),
)

_LIMIT = {"expiry-fail": "14"}
_ENDINGS = (
    Scenario("expiry-sp-secret", endings.secret_ends, _LIMIT, seen_by=BY_SECRET),
    Scenario("expiry-sp-certificate", endings.registration_ends, _LIMIT | {"auth": BY_CERTIFICATE}),
    Scenario("expiry-certificate-file", endings.certificate_ends, _LIMIT | {"auth": BY_CERTIFICATE}),
    Scenario("expiry-scope-map-password", endings.SCOPE_MAP_PASSWORD_ENDS, _LIMIT | _PULLER, seen_by=BY_PULLER),
    Scenario("expiry-cached-login", endings.LOGIN_ENDS, _LIMIT | {"auth": "docker-config"}),
)

SCENARIOS: dict[str, Scenario] = {
    scenario.id: scenario
    for scenario in (Scenario("healthy", changes.nothing), *_NETWORK, *_IDENTITY, *_RIGHTS, *_MACHINE, *_ENDINGS)
}
_CHOICES = SCENARIOS | LOOK_ALIKES | DELAYS
