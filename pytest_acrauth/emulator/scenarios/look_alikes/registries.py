"""Worlds that differ in what a registry itself keeps and answers: stored logins, locks, quarantine, limits."""

from __future__ import annotations

from pytest_acrauth.emulator.azure.issuing import REGISTRY_AUDIENCE, entra_token
from pytest_acrauth.emulator.azure.login import TokenServer
from pytest_acrauth.emulator.azure.rights import Caller, Kind
from pytest_acrauth.emulator.scenarios.changes import (
    NULL_GUID,
    basic,
    by_repository,
    every_registry,
    no_role,
    puller,
    together,
    with_role,
)
from pytest_acrauth.emulator.scenarios.look_alikes.rights import given, itself, mode_just_changed
from pytest_acrauth.emulator.scenarios.scenario import READY, Scenario
from pytest_acrauth.emulator.scenarios.variants import BY_AZ
from pytest_acrauth.emulator.world import Change, World
from pytest_acrauth.emulator.world.cloud import DAY, MINUTE, CacheRule, Registry
from pytest_acrauth.emulator.world.content import Repository
from pytest_acrauth.emulator.world.directory import Password
from pytest_acrauth.emulator.world.healthy import CLIENT, OPERATOR, TENANT

_HOUR = 60 * MINUTE
_READER = "Container Registry Repository Reader"


# Stored logins.


def logged_in(ago: float, user: str = NULL_GUID) -> Change:
    """Use what az acr login of this machine's user stored some seconds ago, beside this user name."""

    def change(world: World) -> None:
        registry, issued = next(iter(world.cloud.registries.values())), world.cloud.now() - ago
        caller = Caller(Kind.PRINCIPAL, OPERATOR.object_id)
        basic(world, user, TokenServer(world).refresh_token(registry, caller, issued))

    return change


def _to_push(ago: float) -> Change:
    """Let this machine's user push since some seconds ago."""
    return given("AcrPush", itself, OPERATOR.object_id, ago)


def _entra_token_beside(user: str) -> Change:
    """Use an Entra token as the password of a user."""

    def change(world: World) -> None:
        principal = world.cloud.principal(world.cloud.applications[CLIENT], TENANT)
        basic(world, user, entra_token(world.cloud, principal, REGISTRY_AUDIENCE))

    return change


# Scope-map tokens.


def _without_map(registry: Registry, _now: float) -> None:
    """Delete the scope map of the token."""
    del registry.scope_maps[registry.tokens["puller"].scope_map]


def _emptied_map(registry: Registry, _now: float) -> None:
    """Take everything out of the token's scope map."""
    registry.scope_maps[registry.tokens["puller"].scope_map].actions.clear()


def made(seconds_ago: float) -> Change:
    """Let the token have been made, with its password, some seconds ago."""

    def change(registry: Registry, now: float) -> None:
        token = registry.tokens["puller"]
        token.created = now - seconds_ago
        token.passwords[:] = [Password(token.passwords[0].value, token.created)]

    return puller(change)


# What is kept back, locked or used up.


def _unreadable_image(registry: Registry) -> None:
    """Switch reading off for one image, by its tag."""
    registry.repositories["team/app"].locked["latest"] = {"read"}


def _unreadable_repository(registry: Registry) -> None:
    """Switch reading off for a whole repository."""
    registry.repositories["team/app"].locks.add("read")


def _not_to_be_changed(registry: Registry) -> None:
    """Switch writing and deleting off, which pulling does not mind."""
    registry.repositories["team/app"].locks |= {"write", "delete"}


def _full(registry: Registry) -> None:
    """Use the storage up, which pulling does not mind."""
    registry.full = True


def _held_back(registry: Registry) -> None:
    """Hold back what no scanner approved: the images behind an index, which itself was."""
    repository = registry.repositories["team/multi"]
    registry.quarantine = True
    repository.quarantined = set(repository.manifests) - set(repository.tags.values())


def _reads_used_up(registry: Registry) -> None:
    """Use up the allowance of reading requests."""
    registry.reads_throttled = True


# The artifact cache.


def _cached(*, healthy: bool = True, upstream: bool = True) -> Change:
    """Fill a repository from another registry, which has it or not, with credentials that work or do not."""

    def change(world: World) -> None:
        for registry in world.cloud.registries.values():
            kept = Repository("mirror/app", world.cloud.now())
            if upstream:
                kept.add_image("latest")
            registry.cache_rules.append(CacheRule("mirror", "registry.example.com/app", kept, "upstream", healthy))

    return change


def _selected_networks(*, trusted: bool) -> Change:
    """Let in this machine's network, and services of Azure's or not."""

    def change(world: World) -> None:
        for registry in world.cloud.registries.values():
            registry.default_action, registry.ip_rules = "Deny", [world.network.egress]
            registry.trusted_services = trusted

    return change


_IMAGE = {"repository": "team/app:latest"}
_MIRRORED = {"repository": "mirror/app:latest"}
_PUSHING = _IMAGE | {"must": "pull,push"}
_INDEX = {"repository": "team/multi:latest"}
_BASIC = {"auth": "basic"}
_PULLER = {"auth": "scope-map-token"}
#: Roles of whoever a stored login belongs to are known where that is who looks.
_STORED = _BASIC | {"evidence": BY_AZ}

LOOK_ALIKES: tuple[Scenario, ...] = (
    Scenario(
        "refresh-token-older-than-role",
        together(logged_in(_HOUR), _to_push(40 * MINUTE)),
        _STORED | _PUSHING,
        like="scope-not-granted",
    ),
    Scenario(
        "login-older-than-a-role-just-given",
        together(logged_in(_HOUR), _to_push(MINUTE)),
        _STORED | _PUSHING,
        like="role-for-push-just-given",
        diagnosed="refresh-token-older-than-role",
    ),
    Scenario(
        "role-older-than-the-login",
        together(_to_push(DAY), logged_in(_HOUR)),
        _STORED | _PUSHING,
        like="refresh-token-older-than-role",
        diagnosed=READY,
    ),
    Scenario(
        "stored-login-without-the-role",
        logged_in(_HOUR),
        _STORED | _PUSHING,
        like="refresh-token-older-than-role",
        diagnosed="scope-not-granted",
    ),
    Scenario(
        "refresh-token-no-role",
        together(logged_in(_HOUR), no_role),
        _STORED | _IMAGE,
        like="abac-mode-switch-stale-credential",
    ),
    Scenario(
        "abac-mode-switch-stale-credential",
        together(logged_in(_HOUR), mode_just_changed, with_role(_READER)),
        _STORED | _IMAGE,
        like="refresh-token-expired",
    ),
    Scenario(
        "login-made-since-the-mode-changed",
        together(mode_just_changed, with_role(_READER), logged_in(MINUTE)),
        _STORED | _IMAGE,
        like="abac-mode-switch-stale-credential",
        diagnosed=READY,
    ),
    Scenario(
        "login-of-abac-mode-without-its-role",
        together(every_registry(by_repository), logged_in(MINUTE)),
        _STORED | _IMAGE,
        like="abac-mode-switch-stale-credential",
        diagnosed="abac-legacy-role-ineffective",
    ),
    Scenario("client-null-guid-not-used", logged_in(MINUTE, "docker"), _BASIC, like="basic-username-unknown"),
    Scenario(
        "login-beside-a-scope-map-tokens-name",
        logged_in(MINUTE, "puller"),
        _BASIC,
        like="scope-map-token-password-wrong",
        diagnosed="client-null-guid-not-used",
    ),
    Scenario(
        "client-entra-token-as-password", _entra_token_beside(CLIENT), _BASIC, like="client-null-guid-other-password"
    ),
    Scenario(
        "entra-token-beside-the-admins-name",
        _entra_token_beside("myacr"),
        _BASIC,
        like="admin-password-not-current",
        diagnosed="client-entra-token-as-password",
    ),
    Scenario(
        "entra-token-where-a-refresh-token-goes",
        _entra_token_beside(NULL_GUID),
        _BASIC,
        like="client-null-guid-other-password",
        diagnosed="client-entra-token-as-password",
    ),
    # Scope-map tokens.
    Scenario("scope-map-missing", puller(_without_map), _PULLER | _IMAGE, like="scope-map-lacks-repository"),
    Scenario(
        "scope-map-emptied",
        puller(_emptied_map),
        _PULLER | _IMAGE,
        like="scope-map-lacks-action",
        diagnosed="scope-map-missing",
    ),
    Scenario("scope-map-token-password-propagating", made(20), _PULLER, like="scope-map-token-password-wrong"),
    Scenario(
        "scope-map-token-made-a-while-ago",
        made(5 * MINUTE),
        _PULLER | _IMAGE,
        like="scope-map-token-password-propagating",
        diagnosed=READY,
    ),
    # The registry and its images.
    Scenario("operation-disallowed", every_registry(_unreadable_image), _IMAGE, like="image-not-found"),
    Scenario(
        "repository-locked-against-reading",
        every_registry(_unreadable_repository),
        _IMAGE,
        like="scope-not-granted",
        diagnosed="operation-disallowed",
    ),
    Scenario(
        "repository-locked-against-changes",
        every_registry(_not_to_be_changed),
        _IMAGE,
        like="operation-disallowed",
        diagnosed=READY,
    ),
    Scenario("storage-used-up", every_registry(_full), _IMAGE, like="operation-disallowed", diagnosed=READY),
    Scenario("quarantined-image", every_registry(_held_back), _INDEX, like="operation-disallowed"),
    Scenario(
        "cache-rule-credentials",
        _cached(healthy=False),
        _MIRRORED,
        like="cache-fills",
        undecided=("image-not-found",),
    ),
    Scenario(
        "cache-with-bad-credentials-of-a-source-without-the-image",
        _cached(healthy=False, upstream=False),
        _MIRRORED,
        diagnosed="image-not-found",
        like="cache-rule-credentials",
        undecided=("cache-rule-credentials",),
    ),
    Scenario("cache-fills", _cached(), _MIRRORED, like="cache-rule-credentials", diagnosed=READY),
    Scenario(
        "cache-network-restricted",
        together(_cached(), _selected_networks(trusted=False)),
        _MIRRORED,
        like="cache-rule-credentials",
        undecided=("image-not-found",),
    ),
    Scenario(
        "cache-shut-out-of-a-source-without-the-image",
        together(_cached(upstream=False), _selected_networks(trusted=False)),
        _MIRRORED,
        diagnosed="image-not-found",
        like="cache-network-restricted",
        undecided=("cache-network-restricted",),
    ),
    Scenario(
        "cache-of-selected-networks",
        together(_cached(), _selected_networks(trusted=True)),
        _MIRRORED,
        like="cache-network-restricted",
        diagnosed=READY,
    ),
    Scenario(
        "cache-beside-a-missing-image",
        together(_cached(healthy=False), _selected_networks(trusted=False)),
        {"repository": "team/absent:latest"},
        like="cache-rule-credentials",
        diagnosed="image-not-found",
    ),
    Scenario("registry-throttled", every_registry(_reads_used_up), _IMAGE, like="exchange-throttled"),
)
