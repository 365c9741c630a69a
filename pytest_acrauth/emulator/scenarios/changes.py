"""Changes of a world, each one cause: what happened to a secret, a role, a user, a password or a program.

They know neither how a cause is called nor where it shows. What lies on the way to the registries is in `obstacles`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import islice

from pytest_acrauth.emulator.azure.login import TokenServer
from pytest_acrauth.emulator.azure.rights import Caller, Kind
from pytest_acrauth.emulator.world import Change, World
from pytest_acrauth.emulator.world.cloud import DAY, MINUTE, SUBSCRIPTION, Registry, RoleAssignment
from pytest_acrauth.emulator.world.directory import Password
from pytest_acrauth.emulator.world.healthy import (
    CLIENT,
    OPERATOR,
    OTHER_SUBSCRIPTION,
    OTHER_TENANT,
    PRINCIPAL,
    TENANT,
)
from pytest_acrauth.emulator.world.roles import EVIDENCE, Role
from pytest_acrauth.emulator.world.workplace import Docker

NULL_GUID = "00000000-0000-0000-0000-000000000000"
_READER = "Container Registry Repository Reader"


def nothing(_world: World) -> None:
    """Leave the world as it is."""


def together(*changes: Change) -> Change:
    """Change a world in several ways, one after the other."""

    def apply(world: World) -> None:
        for change in changes:
            change(world)

    return apply


def every_registry(change: Callable[[Registry], None]) -> Change:
    """Change each registry."""

    def apply(world: World) -> None:
        for registry in world.cloud.registries.values():
            change(registry)

    return apply


# Entra and its applications.


def wrong_secret(world: World) -> None:
    """Put something else wherever the secret should be."""
    environ = world.machine.environ
    known = {secret.value for secret in world.cloud.applications[CLIENT].secrets}
    environ |= {name: "the-id-instead-of-the-value" for name, value in environ.items() if value in known}


def expired_secret(world: World) -> None:
    """End every secret of the application, a day ago."""
    for secret in world.cloud.applications[CLIENT].secrets:
        secret.ends = world.cloud.now() - DAY


def no_application(world: World) -> None:
    """Take the application out of the tenant."""
    world.cloud.applications[CLIENT].principals.pop(TENANT, None)


def no_tenant(world: World) -> None:
    """Name a tenant that does not exist."""
    world.machine.environ["AZURE_TENANT_ID"] = "0a1b2c3d-0000-4000-8000-4e5f60718293"


def another_tenant(world: World) -> None:
    """Sign the application in to its other tenant, which is not the registries'."""
    world.cloud.applications[CLIENT].principals[OTHER_TENANT] = "f06b3d18-2e9a-47c5-8b14-7d0a6c5e9f23"
    world.machine.environ["AZURE_TENANT_ID"] = OTHER_TENANT


# Roles.


def no_role(world: World) -> None:
    """Take away every role that gives a right on what registries hold."""
    world.cloud.assignments[:] = [each for each in world.cloud.assignments if each.role in {EVIDENCE, "Reader"}]


def with_role(role: str, condition: str = "") -> Change:
    """Give another role, under a condition if any, in the place of the one that gives rights."""

    def change(world: World) -> None:
        world.cloud.assignments[:] = [
            each if each.role in {EVIDENCE, "Reader"} else replace(each, role=role, condition=condition)
            for each in world.cloud.assignments
        ]

    return change


def role_just_given(world: World) -> None:
    """Give the same roles anew, a minute ago."""
    recently = world.cloud.now() - MINUTE
    world.cloud.assignments[:] = [
        each if each.role in {EVIDENCE, "Reader"} else replace(each, created=recently)
        for each in world.cloud.assignments
    ]


def by_repository(registry: Registry) -> None:
    """Switch the registry to rights by repository."""
    registry.abac = True


def other_repositories_only(world: World) -> None:
    """Give rights by repository, on those below a prefix that is nearly right."""
    every_registry(by_repository)(world)
    prefix = "Microsoft.ContainerRegistry/registries/repositories"
    reading = f"!(ActionMatches{{'{prefix}/content/read'}}) AND !(ActionMatches{{'{prefix}/metadata/read'}})"
    with_role(_READER, f"(({reading}) OR (@Request[{prefix}:name] StringStartsWithIgnoreCase 'team/app/'))")(world)


# Users and passwords of registries.


def basic(world: World, user: str, password: str) -> None:
    """Use these credentials."""
    world.machine.environ |= {"ACR_USERNAME": user, "ACR_PASSWORD": password}


def unknown_user(world: World) -> None:
    """Use a name that means nothing any more."""
    basic(world, "pull-ci", "password-of-a-deleted-credential")


def old_admin_password(world: World) -> None:
    """Use a password of the admin user that is none of the current ones."""
    basic(world, world.machine.environ["ACR_ADMIN_USERNAME"], "password-before-it-was-regenerated")


def no_admin(world: World) -> None:
    """Switch the admin user off, and use it."""
    environ = world.machine.environ
    basic(world, environ["ACR_ADMIN_USERNAME"], environ["ACR_ADMIN_PASSWORD"])
    for each in world.cloud.registries.values():
        each.admin_enabled = False


def login_server_as_user(world: World) -> None:
    """Use the admin user's password under the login server's name."""
    environ = world.machine.environ
    basic(world, f"{environ['ACR_ADMIN_USERNAME']}.azurecr.io", environ["ACR_ADMIN_PASSWORD"])


def principal_without_role(world: World) -> None:
    """Use the service principal's secret as a password, where the principal has no role."""
    environ = world.machine.environ
    basic(world, environ["AZURE_CLIENT_ID"], environ["AZURE_CLIENT_SECRET"])
    no_role(world)


def puller(change: Callable[[Registry, float], None]) -> Change:
    """Use a scope-map token, after a change now to each registry that has it."""

    def apply(world: World) -> None:
        environ = world.machine.environ
        basic(world, environ["ACR_PULLER_USERNAME"], environ["ACR_PULLER_PASSWORD"])
        for registry in world.cloud.registries.values():
            if "puller" in registry.tokens:
                change(registry, world.cloud.now())

    return apply


def as_it_is(_registry: Registry, _now: float) -> None:
    """Leave the token as it is."""


def regenerated(registry: Registry, now: float) -> None:
    """Generate the token's passwords anew."""
    passwords = [Password(f"regenerated-{number}", now - DAY, now + DAY) for number in (1, 2)]
    registry.tokens["puller"].passwords[:] = passwords


def expired_passwords(registry: Registry, now: float) -> None:
    """End the token's passwords."""
    for password in registry.tokens["puller"].passwords:
        password.ends = now - DAY


def disabled_token(registry: Registry, _now: float) -> None:
    """Disable the token."""
    registry.tokens["puller"].enabled = False


def deleted_token(registry: Registry, _now: float) -> None:
    """Delete the token."""
    del registry.tokens["puller"]


def no_passwords(registry: Registry, _now: float) -> None:
    """Leave the token without any password."""
    registry.tokens["puller"].passwords.clear()


def for_another_repository(registry: Registry, _now: float) -> None:
    """Let the token's scope map name another repository."""
    scope_map = registry.scope_maps[registry.tokens["puller"].scope_map]
    scope_map.actions[:] = [action.replace("team/app", "team/multi") for action in scope_map.actions]


def expired_login(world: World) -> None:
    """Use a refresh token from a login of four hours ago."""
    caller, issued = Caller(Kind.PRINCIPAL, PRINCIPAL), world.cloud.now() - 240 * MINUTE
    for registry in islice(world.cloud.registries.values(), 1):  # the environment's passwords are for the first one
        basic(world, NULL_GUID, TokenServer(world).refresh_token(registry, caller, issued))


def throttled(registry: Registry) -> None:
    """Use the login bucket up."""
    registry.login_throttled = True


def no_anonymous(registry: Registry) -> None:
    """Keep anonymous callers out."""
    registry.anonymous_pull = False


def no_image(registry: Registry) -> None:
    """Take the tags away."""
    registry.repositories["team/app"].tags.clear()


# The machine.


def docker(change: Callable[[Docker], None]) -> Change:
    """Change what there is of docker."""

    def apply(world: World) -> None:
        if world.machine.docker is not None:
            change(world.machine.docker)

    return apply


def no_containers(world: World) -> None:
    """Install no client of containers."""
    world.machine.docker = world.machine.podman = None


def stopped(machine: Docker) -> None:
    """Stop the daemon."""
    machine.running = False


def not_in_group(machine: Docker) -> None:
    """Keep the user away from the daemon's socket."""
    machine.socket_allowed = False


def emulated(machine: Docker) -> None:
    """Let something else answer under docker's name, and say so each time."""
    machine.says = "Emulate Docker CLI using podman. Create /etc/containers/nodocker to quiet msg.\n"


def cloud_shell(world: World) -> None:
    """Be in Azure's own shell, which has docker's client alone."""
    world.machine.environ["ACC_CLOUD"] = "PROD"
    docker(stopped)(world)


def other_subscription(world: World) -> None:
    """Choose the subscription that has no registries."""
    if world.machine.az is not None:
        world.machine.az.subscription = OTHER_SUBSCRIPTION


def unseen(world: World) -> None:
    """Take away what lets whoever is logged in see the registries in ARM."""
    world.cloud.assignments[:] = [
        each for each in world.cloud.assignments if (each.principal_id, each.role) != (OPERATOR.object_id, EVIDENCE)
    ]


def seen_not_read(world: World) -> None:
    """Let whoever is logged in list what there is, and read none of it."""
    unseen(world)
    name, actions = "Resource Lister", ("Microsoft.Resources/subscriptions/resources/read",)
    world.cloud.custom_roles[name] = Role("5a7e1c93-4b2d-4f80-96ea-c3d8b0f7125e", actions, built_in=False)
    scope = f"/subscriptions/{SUBSCRIPTION}"
    world.cloud.assignments.append(RoleAssignment(OPERATOR.object_id, name, scope, created=world.cloud.now() - DAY))
