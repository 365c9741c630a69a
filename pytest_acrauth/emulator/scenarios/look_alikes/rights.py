"""Worlds that differ in what an identity may do: roles and their scopes, denials, scope maps, anonymous pull."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from pytest_acrauth.emulator.azure.issuing import CHINAS_MANAGEMENT, GRAPH_AUDIENCE
from pytest_acrauth.emulator.scenarios.changes import (
    by_repository,
    every_registry,
    no_role,
    puller,
    role_just_given,
    together,
    with_role,
)
from pytest_acrauth.emulator.scenarios.obstacles import device
from pytest_acrauth.emulator.scenarios.scenario import READY, Scenario
from pytest_acrauth.emulator.scenarios.variants import BY_ROLES, signed_in_with_az
from pytest_acrauth.emulator.world import Change, World
from pytest_acrauth.emulator.world.cloud import (
    DAY,
    EVERYBODY,
    MINUTE,
    SUBSCRIPTION,
    DenyAssignment,
    Registry,
    Subscription,
)
from pytest_acrauth.emulator.world.cloud import RoleAssignment as Given
from pytest_acrauth.emulator.world.directory import User
from pytest_acrauth.emulator.world.healthy import OTHER_TENANT, PRINCIPAL
from pytest_acrauth.emulator.world.network import Device, Page
from pytest_acrauth.emulator.world.roles import EVIDENCE, REGISTRIES, Role

_READER = "Container Registry Repository Reader"
_DEPLOYERS = "f3b0a6d2-1c58-4e97-8a24-6d9e7c5b0f13"
_PULL, _PUSH = f"{REGISTRIES}/pull/read", f"{REGISTRIES}/push/write"


def given(role: str, scope: Callable[[Registry], str], holder: str = PRINCIPAL, ago: float = DAY) -> Change:
    """Give a role beside those that are held, on a scope of each registry."""

    def apply(world: World) -> None:
        created = world.cloud.now() - ago
        world.cloud.assignments += [
            Given(holder, role, scope(registry), created=created) for registry in world.cloud.registries.values()
        ]

    return apply


def itself(registry: Registry) -> str:
    """Return the registry as a scope."""
    return registry.resource_id


def repository(name: str) -> Callable[[Registry], str]:
    """Return what makes one repository of a registry a scope."""
    return lambda registry: f"{registry.resource_id}/repositories/{name}"


def custom(name: str, role: Role, *, instead: bool = True) -> Change:
    """Give a role that somebody defined, in the place of the one that gives rights or beside it."""

    def apply(world: World) -> None:
        world.cloud.custom_roles[name] = role
        (with_role(name) if instead else given(name, itself))(world)

    return apply


def denied(
    *actions: str,
    to: tuple[str, ...] = (EVERYBODY,),
    spared: tuple[str, ...] = (),
    spared_actions: tuple[str, ...] = (),
    scope: Callable[[Registry], str] = itself,
    below: bool = True,
) -> Change:
    """Put a deny assignment at each registry, as a managed application does."""

    def apply(world: World) -> None:
        world.cloud.denials += [
            DenyAssignment("stack", scope(each), to, spared, actions, spared_actions, below=below)
            for each in world.cloud.registries.values()
        ]

    return apply


def through_a_group(world: World) -> None:
    """Give the rights to a group that the principal is in, and not to itself."""
    world.cloud.groups[_DEPLOYERS] = {PRINCIPAL}
    world.cloud.assignments[:] = [
        each if each.role in {EVIDENCE, "Reader"} else replace(each, principal_id=_DEPLOYERS)
        for each in world.cloud.assignments
    ]


def open_since(ago: float) -> Change:
    """Switch anonymous pull on, so many seconds ago."""

    def apply(world: World) -> None:
        for registry in world.cloud.registries.values():
            registry.anonymous_pull, registry.anonymous_pull_before = True, False
            registry.modified = world.cloud.now() - ago

    return apply


def pushing_just_added(registry: Registry, now: float) -> None:
    """Add pushing to the token's scope map, a minute ago."""
    scope_map = registry.scope_maps[registry.tokens["puller"].scope_map]
    scope_map.actions_before, scope_map.modified = list(scope_map.actions), now - MINUTE
    scope_map.actions.append("repositories/team/app/content/write")


def pushing_everywhere(registry: Registry, _now: float) -> None:
    """Let the token's scope map name all that lies below a prefix, and so the repository."""
    scope_map = registry.scope_maps[registry.tokens["puller"].scope_map]
    scope_map.actions[:] = [f"repositories/team/*/content/{verb}" for verb in ("read", "write")]


def metadata_only(registry: Registry, _now: float) -> None:
    """Leave the token's scope map with the right to read metadata."""
    scope_map = registry.scope_maps[registry.tokens["puller"].scope_map]
    scope_map.actions[:] = [action for action in scope_map.actions if "/metadata/" in action]


def only_own_audience(registry: Registry) -> None:
    """Take no Entra token but those for registries."""
    registry.arm_audience_accepted = False


def az_asks_for(resource: str) -> Change:
    """Wrap az so that its tokens are for this, whatever is asked."""

    def apply(world: World) -> None:
        if world.machine.az is not None:
            world.machine.az.resource = resource

    return apply


def clock_behind(world: World) -> None:
    """Set the machine's clock two hours back: az goes on handing out a token that has ended."""
    world.machine.clock_offset = -120 * MINUTE
    if world.machine.az is not None:
        world.machine.az.kept = 90 * MINUTE


def quarantine_passed(registry: Registry) -> None:
    """Hold back images that nobody approved; all were."""
    registry.quarantine = True


def bare_refusal(_host: str) -> Device:
    """Return a gateway that asks for credentials of its own before any image."""
    return Device(Page(401, {"Server": "gateway", "Content-Length": "0"}), only="/manifests/")


def mode_just_changed(world: World) -> None:
    """Move the registries to rights by repository, five minutes ago."""
    for registry in world.cloud.registries.values():
        registry.abac, registry.modified = True, world.cloud.now() - 5 * MINUTE


def user_of_another_tenant(world: World) -> None:
    """Let somebody be logged in who belongs to another tenant, and works in a subscription of that."""
    cloud, theirs = world.cloud, "0d9c1f5e-6a27-4b38-8e41-f2b7a3c85d60"
    cloud.subscriptions[theirs] = Subscription(theirs, "theirs", OTHER_TENANT)
    cloud.users.append(User("guest@fabrikam.example", "7e61b3d9-05c4-4f8a-92d7-1b6c8e3f4a20", OTHER_TENANT))
    if world.machine.az is not None:
        world.machine.az.user, world.machine.az.subscription = cloud.users[-1].name, theirs


def resource_group(registry: Registry) -> str:
    """Return the resource group of a registry as a scope."""
    return registry.resource_id.partition("/providers/")[0]


def writer_elsewhere(world: World) -> None:
    """Give a role for pushing too, on a condition that names another repository."""
    name = "@Request[Microsoft.ContainerRegistry/registries/repositories:name]"
    given("Container Registry Repository Writer", itself)(world)
    world.cloud.assignments[:] = [
        replace(each, condition=f"{name} StringEqualsIgnoreCase 'team/other'") if each.role.endswith("Writer") else each
        for each in world.cloud.assignments
    ]


_IMAGE = {"repository": "team/app:latest"}
_PUSHING = _IMAGE | {"must": "pull,push"}
_PULLER = {"auth": "scope-map-token"}


def in_other_words(message: str, *, only: str) -> Change:
    """Let the registries refuse what has this in its path with a 401 in other words than the emulator's own."""
    headers = {"Docker-Distribution-Api-Version": "registry/2.0", "Content-Type": "application/json; charset=utf-8"}
    body = f'{{"errors":[{{"code":"UNAUTHORIZED","message":"{message}"}}]}}'
    return device(lambda _: Device(Page(401, headers, body.encode()), only=only))


def refused_in_other_words(world: World) -> None:
    """Take the roles away; the registry then says that it could not retrieve permissions, as some have."""
    no_role(world)
    in_other_words("retrieving permissions failed", only="/oauth2/exchange")(world)


def open_and_refused(world: World) -> None:
    """Refuse an anonymous caller at registries that have been open to everybody for a day."""
    open_since(DAY)(world)
    in_other_words("authentication required", only="/oauth2/token")(world)


_ANONYMOUS = {"auth": "anonymous"}
_AZ = {"auth": "azure-cli"}
in_abac_mode = every_registry(by_repository)

LOOK_ALIKES: tuple[Scenario, ...] = (
    # Roles: when they were given, where, to whom, and how they are written.
    Scenario(
        "role-for-push-just-given",
        given("AcrPush", itself, ago=MINUTE),
        _PUSHING,
        seen_by=BY_ROLES,
        like="scope-not-granted",
        diagnosed="role-propagation-delay",
    ),
    Scenario("role-for-push-long-given", given("AcrPush", itself), _PUSHING, like="scope-not-granted", diagnosed=READY),
    Scenario(
        "role-just-given-in-abac-mode",
        together(in_abac_mode, with_role(_READER), role_just_given),
        _IMAGE,
        seen_by=BY_ROLES,
        like="abac-legacy-role-ineffective",
        diagnosed="role-propagation-delay",
    ),
    Scenario(
        "role-on-another-repository",
        together(in_abac_mode, no_role, given(_READER, repository("team/multi"))),
        _IMAGE,
        seen_by=BY_ROLES,
        like="abac-condition-excludes-repo",
        diagnosed="scope-not-granted",
    ),
    Scenario(
        "role-on-this-repository",
        together(in_abac_mode, no_role, given(_READER, repository("team/app"))),
        _IMAGE,
        like="role-on-another-repository",
        diagnosed=READY,
    ),
    Scenario(
        "role-above-the-registry",
        together(no_role, given("AcrPull", lambda _: f"/subscriptions/{SUBSCRIPTION}")),
        _IMAGE,
        like="exchange-no-role",
        diagnosed=READY,
    ),
    Scenario("role-through-a-group", through_a_group, _IMAGE, like="exchange-no-role", diagnosed=READY),
    Scenario(
        "custom-role-wildcard",
        custom("Image Reader", Role("0b6e2a94-7d18-4f53-9c3a-e5d1f8b7a620", (f"{REGISTRIES}/pull/*",), built_in=False)),
        seen_by=BY_ROLES,
        like="exchange-no-role",
    ),
    Scenario(
        "role-for-push-defined-with-a-wildcard",
        custom(
            "Image Writer",
            Role("3d7c51f0-86ae-4b29-a014-92c8e6f5d7b3", (f"{REGISTRIES}/push/*",), built_in=False),
            instead=False,
        ),
        _PUSHING,
        seen_by=BY_ROLES,
        like="scope-not-granted",
        diagnosed="custom-role-wildcard",
    ),
    Scenario(
        "role-defined-word-for-word",
        custom("Image Reader", Role("0b6e2a94-7d18-4f53-9c3a-e5d1f8b7a620", (_PULL,), built_in=False)),
        _IMAGE,
        like="custom-role-wildcard",
        diagnosed=READY,
    ),
    Scenario(
        "role-of-a-group-above-just-given",
        together(through_a_group, given("AcrPush", resource_group, _DEPLOYERS, MINUTE)),
        _PUSHING,
        seen_by=BY_ROLES,
        like="role-for-push-long-given",
        diagnosed="role-propagation-delay",
    ),
    Scenario(
        "role-of-a-group-above",
        together(no_role, through_a_group, given("AcrPush", resource_group, _DEPLOYERS)),
        _PUSHING,
        like="role-of-a-group-above-just-given",
        diagnosed=READY,
    ),
    Scenario(
        "reader-of-all", together(no_role, given("Reader", itself)), _IMAGE, like="exchange-no-role", diagnosed=READY
    ),
    Scenario(
        "mode-changed-minutes-ago",
        mode_just_changed,
        _AZ | _IMAGE,
        like="mode-changed-with-the-right-role",
        diagnosed="abac-legacy-role-ineffective",
    ),
    Scenario(
        "mode-changed-with-the-right-role",
        together(mode_just_changed, with_role(_READER)),
        _AZ | _IMAGE,
        like="abac-legacy-role-ineffective",
        diagnosed=READY,
    ),
    Scenario(
        "rbac-repository-role-ineffective",
        with_role("Container Registry Repository Writer"),
        _PUSHING,
        seen_by=BY_ROLES,
        like="abac-legacy-role-ineffective",
    ),
    Scenario(
        "repository-role-for-push-outside-abac-mode",
        given("Container Registry Repository Writer", itself),
        _PUSHING,
        seen_by=BY_ROLES,
        like="scope-not-granted",
        diagnosed="rbac-repository-role-ineffective",
    ),
    Scenario(
        "role-of-everything-in-abac-mode",
        together(in_abac_mode, custom("Builder", Role("6e1c9f37-5a2d-4b80-8d14-f0b7e3a962c5", ("*",), built_in=False))),
        _IMAGE,
        seen_by=BY_ROLES,
        like="exchange-no-role",
        diagnosed="abac-legacy-role-ineffective",
    ),
    Scenario(
        "role-for-push-on-another-condition",
        together(in_abac_mode, with_role(_READER), writer_elsewhere),
        _PUSHING,
        seen_by=BY_ROLES,
        like="role-on-another-repository",
        diagnosed="abac-condition-excludes-repo",
    ),
    Scenario(
        "condition-on-one-of-two-repositories",
        together(
            in_abac_mode,
            with_role(
                _READER,
                "@Request[Microsoft.ContainerRegistry/registries/repositories:name] StringEqualsIgnoreCase 'team/app'",
            ),
        ),
        {"repository": "team/app:latest,team/multi:latest"},
        seen_by=BY_ROLES,
        like="role-on-another-repository",
        diagnosed="abac-condition-excludes-repo",
    ),
    Scenario(
        "user-of-another-tenant",
        together(signed_in_with_az, user_of_another_tenant),
        _AZ | {"subscription": SUBSCRIPTION},
        like="exchange-no-role",
        diagnosed="exchange-cross-tenant",
    ),
    Scenario(
        "entra-guest-or-tenant-restriction",
        user_of_another_tenant,
        _AZ,
        like="user-of-another-tenant",
    ),
    # Denials: of what, to whom, where.
    Scenario("deny-assignment", denied(_PULL), seen_by=BY_ROLES, like="exchange-no-role"),
    Scenario(
        "push-denied-to-a-group",
        together(through_a_group, with_role("AcrPush"), denied(_PUSH, to=(_DEPLOYERS,))),
        _PUSHING,
        seen_by=BY_ROLES,
        like="scope-not-granted",
        diagnosed="deny-assignment",
    ),
    Scenario(
        "something-else-denied-and-no-role",
        together(no_role, denied(f"{REGISTRIES}/pull/*", f"{REGISTRIES}/artifacts/*", spared_actions=(_PULL,))),
        seen_by=BY_ROLES,
        like="deny-assignment",
        diagnosed="exchange-no-role",
    ),
    Scenario(
        "denied-to-others-and-role-just-given",
        together(role_just_given, denied(_PULL, spared=(PRINCIPAL,))),
        seen_by=BY_ROLES,
        like="deny-assignment",
        diagnosed="role-propagation-delay",
    ),
    Scenario(
        "denied-above-alone-and-role-just-given",
        together(role_just_given, denied(_PULL, scope=lambda _: f"/subscriptions/{SUBSCRIPTION}", below=False)),
        seen_by=BY_ROLES,
        like="deny-assignment",
        diagnosed="role-propagation-delay",
    ),
    Scenario(
        "denied-and-role-just-given",
        together(role_just_given, denied(_PULL)),
        seen_by=BY_ROLES,
        like="role-propagation-delay",
        diagnosed="deny-assignment",
    ),
    # Callers without a name, and scope maps.
    Scenario(
        "anonymous-pull-only",
        open_since(DAY),
        _ANONYMOUS | _PUSHING,
        like="scope-not-granted",
    ),
    Scenario("anonymous-pull", open_since(DAY), _ANONYMOUS | _IMAGE, like="anonymous-pull-only", diagnosed=READY),
    Scenario(
        "anonymous-refused-though-open",
        open_and_refused,
        _ANONYMOUS,
        like="anonymous-pull-disabled",
        diagnosed="access_token-unrecognised",
    ),
    Scenario(
        "no-role-in-other-words",
        refused_in_other_words,
        seen_by=BY_ROLES,
        like="exchange-cross-tenant",
        diagnosed="exchange-no-role",
    ),
    Scenario("anonymous-pull-propagating", open_since(MINUTE), _ANONYMOUS, like="anonymous-pull-disabled"),
    Scenario("scope-map-propagating", puller(pushing_just_added), _PULLER | _PUSHING, like="scope-map-lacks-action"),
    Scenario(
        "scope-map-of-a-prefix",
        puller(pushing_everywhere),
        _PULLER | _PUSHING,
        like="scope-map-lacks-repository",
        diagnosed=READY,
    ),
    Scenario(
        "scope-map-of-metadata",
        puller(metadata_only),
        _PULLER | _IMAGE,
        like="scope-map-lacks-repository",
        diagnosed="scope-map-lacks-action",
    ),
    # Entra tokens of the wrong kind, from a program that hands them out.
    Scenario(
        "exchange-arm-audience-rejected",
        together(every_registry(only_own_audience), az_asks_for("https://management.azure.com")),
        _AZ,
        like="exchange-no-role",
    ),
    Scenario(
        "arm-audience-accepted",
        az_asks_for("https://management.azure.com"),
        _AZ,
        like="exchange-arm-audience-rejected",
        diagnosed=READY,
    ),
    Scenario("exchange-wrong-audience", az_asks_for(GRAPH_AUDIENCE), _AZ, like="exchange-arm-audience-rejected"),
    Scenario("exchange-token-other-cloud", az_asks_for(CHINAS_MANAGEMENT), _AZ, like="exchange-arm-audience-rejected"),
    Scenario("exchange-token-expired", clock_behind, _AZ, like="exchange-arm-audience-rejected"),
    # The image.
    Scenario("quarantine-passed", every_registry(quarantine_passed), _IMAGE, like="image-not-found", diagnosed=READY),
    Scenario("answered-on-the-way", device(bare_refusal), _IMAGE, like="image-not-found"),
)
