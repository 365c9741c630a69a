"""Worlds one step beside another: something given to somebody else, the other one of two, a second fault behind."""

from __future__ import annotations

from collections.abc import Callable
from ipaddress import IPv4Address

from pytest_acrauth.emulator.scenarios import obstacles
from pytest_acrauth.emulator.scenarios.changes import (
    as_it_is,
    every_registry,
    expired_secret,
    no_image,
    no_role,
    other_repositories_only,
    puller,
    together,
    with_role,
    wrong_secret,
)
from pytest_acrauth.emulator.scenarios.look_alikes.rights import (
    custom,
    denied,
    given,
    in_abac_mode,
    itself,
    repository,
)
from pytest_acrauth.emulator.scenarios.scenario import READY, SHORT, Scenario
from pytest_acrauth.emulator.scenarios.variants import (
    BY_APPLICATION,
    BY_AZ,
    BY_ENTRA,
    BY_FEDERATION,
    BY_HOST,
    BY_ROLES,
    CLUSTER,
    SUBJECT,
    in_kubernetes,
    on_virtual_machine,
)
from pytest_acrauth.emulator.world import Change, World
from pytest_acrauth.emulator.world.cloud import (
    DAY,
    EVERYBODY,
    MINUTE,
    SUBSCRIPTION,
    DenyAssignment,
    Registry,
)
from pytest_acrauth.emulator.world.directory import FederatedCredential
from pytest_acrauth.emulator.world.healthy import CLIENT, OPERATOR, OTHER_TENANT, PRINCIPAL
from pytest_acrauth.emulator.world.network import Device, Page, Route
from pytest_acrauth.emulator.world.roles import REGISTRIES, Role

_READER = "Container Registry Repository Reader"
_CUSTOM = "2f8d6b1c-04e7-4a95-b3c8-71e5a9d0f462"
_ANOTHER_TEAM = "c7e40f92-5b1d-4836-a9f0-d28b6e3c7145"
_NOBODYS = "10.9.9.9"


# Roles and denials of somebody else, or somewhere else.


def _to_application_object(world: World) -> None:
    """Give the role to the application's own object, which is no principal."""
    no_role(world)
    given("AcrPull", itself, world.cloud.applications[CLIENT].object_id)(world)


def _in_a_group_of_others(world: World) -> None:
    """Give the role to a group that the principal is not in."""
    no_role(world)
    world.cloud.groups[_ANOTHER_TEAM] = {OPERATOR.object_id}
    given("AcrPull", itself, _ANOTHER_TEAM)(world)


def _by_repository_denied(right: str) -> Change:
    """Deny everybody a right on what repositories hold."""

    def change(world: World) -> None:
        world.cloud.denials += [
            DenyAssignment("stack", each.resource_id, (EVERYBODY,), data_actions=(f"{REGISTRIES}/{right}",))
            for each in world.cloud.registries.values()
        ]

    return change


def _moved_to_another_tenant(world: World) -> None:
    """Transfer the registries' subscription to another tenant; az goes on listing it as it was."""
    world.cloud.subscriptions[SUBSCRIPTION].tenant_id = OTHER_TENANT
    for registry in world.cloud.registries.values():
        registry.tenant_id = OTHER_TENANT
    if world.machine.az is not None:
        world.machine.az.remembered = {SUBSCRIPTION}


# Network rules.


def _closed_with_rule(registry: Registry, address: str) -> None:
    """Switch public access off, and leave a rule that would let this network in."""
    obstacles.private_only(registry)
    registry.ip_rules = [address]


def _rules(change: Callable[[Registry, str], None]) -> Change:
    def apply(world: World) -> None:
        for registry in world.cloud.registries.values():
            change(registry, world.network.egress)

    return apply


def _rule_for_others(ago: float) -> Change:
    """Let another network in, so many seconds ago."""

    def change(world: World) -> None:
        for registry in world.cloud.registries.values():
            obstacles.other_addresses_only(registry)
            registry.ip_rules_before, registry.modified = [], world.cloud.now() - ago

    return change


def _next_network_only(registry: Registry, address: str) -> None:
    """Let the network beside this one in."""
    beside = IPv4Address((int(IPv4Address(address)) ^ 0x100) & 0xFFFFFF00)
    registry.default_action, registry.ip_rules = "Deny", [f"{beside}/24"]


def _believed_address(world: World) -> None:
    """Let the hosts file lead the login servers to a private address that nobody has any more."""
    world.network.hosts_file |= {each.login_server: (_NOBODYS,) for each in world.cloud.registries.values()}
    world.network.routes[_NOBODYS] = Route.FILTERED


def _filtered_beside_no_route(world: World) -> None:
    """Drop what goes to the login servers' addresses, and give them one of IPv6, to which no route leads."""
    obstacles.route_to_registries(Route.FILTERED)(world)
    for registry in world.cloud.registries.values():
        name = world.network.names[registry.login_server]
        name.addresses = ("2001:db8::1", *name.addresses)
    world.network.routes["2001:db8::1"] = Route.MISSING


def bare_refusal(path: str) -> Change:
    """Let a gateway before the registries ask for credentials of its own, at one path."""
    page = Page(401, {"Server": "gateway", "Content-Length": "0"})
    return obstacles.device(lambda _host: Device(page, only=path))


# Credentials: the other one of two.


def _first_ended(registry: Registry, now: float) -> None:
    """End the first of the token's passwords."""
    registry.tokens["puller"].passwords[0].ends = now - DAY


def _second_password(world: World) -> None:
    """Use the second of the token's passwords, after the first has ended."""
    puller(_first_ended)(world)
    registry = next(iter(world.cloud.registries.values()))
    world.machine.environ["ACR_PASSWORD"] = registry.tokens["puller"].passwords[1].value


def _just_narrowed(registry: Registry, now: float) -> None:
    """Leave another repository alone in the token's scope map, a minute ago: pulling is granted for a while yet."""
    scope_map = registry.scope_maps[registry.tokens["puller"].scope_map]
    scope_map.actions_before, scope_map.modified = list(scope_map.actions), now - MINUTE
    scope_map.actions[:] = ["repositories/team/multi/content/read"]


def _of_another_cluster(world: World) -> None:
    """Let the application trust the service account of the cluster that this one took the place of."""
    in_kubernetes(world)
    before = FederatedCredential(CLUSTER.replace("0c5e9a47", "6b1f2d80"), SUBJECT)
    world.cloud.applications[CLIENT].federated[:] = [before]


def _application_on_machine(world: World) -> None:
    """Ask the virtual machine for the application's id, which is no identity of the machine's."""
    on_virtual_machine(world)
    world.machine.environ["AZURE_CLIENT_ID"] = CLIENT


def _held_back_elsewhere(registry: Registry) -> None:
    """Take the image's tag away from a repository whose images anybody may see."""
    no_image(registry)
    registry.repositories["team/app"].locks |= {"write"}


_IMAGE = {"repository": "team/app:latest"}
_PUSHING = _IMAGE | {"must": "pull,push"}
_OPERATOR_LOOKS = {"evidence": BY_AZ}
_PULLER = {"auth": "scope-map-token"}

LOOK_ALIKES: tuple[Scenario, ...] = (
    Scenario(
        "role-of-the-application-object",
        _to_application_object,
        seen_by=BY_ROLES,
        like="role-through-a-group",
        diagnosed="exchange-no-role",
    ),
    Scenario(
        "role-of-a-group-of-others",
        _in_a_group_of_others,
        seen_by=(*BY_APPLICATION, BY_HOST, "basic"),
        like="role-through-a-group",
        diagnosed="exchange-no-role",
    ),
    Scenario(
        "role-just-given-to-another",
        together(no_role, given("AcrPull", itself, _ANOTHER_TEAM, MINUTE)),
        seen_by=BY_ROLES,
        like="role-propagation-delay",
        diagnosed="exchange-no-role",
    ),
    Scenario(
        "role-without-the-right-it-has-a-wildcard-for",
        custom(
            "Builder",
            Role(_CUSTOM, (f"{REGISTRIES}/*",), not_actions=(f"{REGISTRIES}/*",), built_in=False),
        ),
        seen_by=BY_ROLES,
        like="custom-role-wildcard",
        diagnosed="exchange-no-role",
    ),
    Scenario(
        "repository-role-defined-with-a-wildcard",
        together(
            in_abac_mode,
            custom("Image Reader", Role(_CUSTOM, (), (f"{REGISTRIES}/repositories/*",), built_in=False)),
        ),
        _IMAGE,
        seen_by=BY_ROLES,
        like="abac-legacy-role-ineffective",
        diagnosed="custom-role-wildcard",
    ),
    Scenario(
        "role-on-this-repository-just-given",
        together(in_abac_mode, no_role, given(_READER, repository("team/app"), PRINCIPAL, MINUTE)),
        _IMAGE,
        seen_by=BY_ROLES,
        like="role-on-this-repository",
        diagnosed="role-propagation-delay",
    ),
    Scenario(
        "condition-beside-a-role-that-is-ignored",
        together(in_abac_mode, other_repositories_only, given("AcrPull", itself)),
        _IMAGE,
        seen_by=BY_ROLES,
        like="abac-legacy-role-ineffective",
        diagnosed="abac-condition-excludes-repo",
    ),
    Scenario(
        "denied-by-repository",
        together(in_abac_mode, with_role(_READER), _by_repository_denied("repositories/content/read")),
        _IMAGE,
        seen_by=BY_ROLES,
        like="role-on-this-repository",
        diagnosed="deny-assignment",
    ),
    Scenario(
        "denied-by-repository-outside-abac-mode",
        _by_repository_denied("repositories/content/read"),
        _IMAGE,
        like="denied-by-repository",
        diagnosed=READY,
    ),
    Scenario(
        "denied-outside-abac-mode-alone",
        together(in_abac_mode, with_role(_READER), denied(f"{REGISTRIES}/pull/read")),
        _IMAGE,
        like="deny-assignment",
        diagnosed=READY,
    ),
    Scenario(
        "denied-to-another-and-no-role",
        together(no_role, denied(f"{REGISTRIES}/pull/read", to=(OPERATOR.object_id,))),
        seen_by=BY_ROLES,
        like="deny-assignment",
        diagnosed="exchange-no-role",
    ),
    Scenario(
        "registry-moved-to-another-tenant",
        _moved_to_another_tenant,
        _OPERATOR_LOOKS | {"subscription": SUBSCRIPTION},
        seen_by=BY_ROLES,
        like="exchange-no-role",
        diagnosed="exchange-cross-tenant",
    ),
    Scenario(
        "rule-that-public-access-overrides",
        _rules(_closed_with_rule),
        like="firewall-rule-propagating",
        diagnosed="firewall-public-access-disabled",
    ),
    Scenario(
        "rule-for-others-just-added",
        _rule_for_others(MINUTE),
        like="firewall-rule-propagating",
        diagnosed="firewall-ip-denied",
    ),
    Scenario(
        "rule-for-the-next-network",
        _rules(_next_network_only),
        like="firewall-rule-propagating",
        diagnosed="firewall-ip-denied",
    ),
    Scenario(
        "network-closed-and-no-role",
        together(every_registry(obstacles.other_addresses_only), no_role),
        like="exchange-no-role",
        diagnosed="firewall-ip-denied",
    ),
    Scenario(
        "hosts-file-of-former-address",
        _believed_address,
        SHORT,
        like="registry-tcp-blocked",
        diagnosed="private-dns-stale-record",
        undecided=("registry-tcp-blocked",),
    ),
    Scenario(
        "filtered-beside-no-route",
        _filtered_beside_no_route,
        SHORT,
        like="no-route-from-here",
        diagnosed="registry-tcp-blocked",
    ),
    Scenario(
        "refused-on-the-way-to-the-exchange",
        bare_refusal("/oauth2/exchange"),
        seen_by=BY_ENTRA,
        like="exchange-no-role",
        diagnosed="answered-on-the-way",
    ),
    Scenario(
        "refused-on-the-way-to-an-access-token",
        bare_refusal("/oauth2/token"),
        _IMAGE,
        like="scope-not-granted",
        diagnosed="answered-on-the-way",
    ),
    Scenario(
        "second-password-in-use",
        _second_password,
        _PULLER | _IMAGE,
        like="scope-map-token-password-expired",
        diagnosed=READY,
    ),
    Scenario(
        "scope-map-just-narrowed",
        puller(_just_narrowed),
        _PULLER | _PUSHING,
        like="scope-map-propagating",
        diagnosed="scope-map-lacks-action",
    ),
    Scenario(
        "secret-mistyped-and-no-role",
        together(wrong_secret, no_role),
        _OPERATOR_LOOKS,
        seen_by=BY_ROLES,
        like="exchange-no-role",
        diagnosed="entra-sp-secret-wrong",
    ),
    Scenario(
        "secret-ended-and-registry-closed",
        together(expired_secret, every_registry(obstacles.private_only)),
        _OPERATOR_LOOKS,
        like="firewall-public-access-disabled",
        diagnosed="entra-sp-secret-expired",
    ),
    Scenario(
        "cluster-made-again",
        _of_another_cluster,
        {"auth": BY_FEDERATION} | _OPERATOR_LOOKS,
        like="entra-fic-subject-mismatch",
        diagnosed="entra-fic-issuer-mismatch",
    ),
    Scenario(
        "application-asked-of-the-machine",
        _application_on_machine,
        {"auth": BY_HOST},
        like="entra-app-not-found",
        diagnosed="msi-identity-not-found",
    ),
    Scenario(
        "image-missing-in-locked-repository",
        together(puller(as_it_is), every_registry(_held_back_elsewhere)),
        _PULLER | _IMAGE,
        like="operation-disallowed",
        diagnosed="image-not-found",
    ),
)
