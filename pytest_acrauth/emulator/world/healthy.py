"""The healthy world: registries all made alike, one service principal that may pull from each, nothing in the way."""

from __future__ import annotations

import base64
import json
import secrets
import time
from ipaddress import IPv4Address
from typing import NamedTuple

from pytest_acrauth.emulator.world import World
from pytest_acrauth.emulator.world.cloud import (
    ARM,
    AUTHORITY,
    DAY,
    GRAPH,
    GROUP,
    NETWORKS,
    SUBSCRIPTION,
    Cloud,
    Registry,
    RoleAssignment,
    ScopeMap,
    ScopeMapToken,
    Subscription,
)
from pytest_acrauth.emulator.world.content import Repository
from pytest_acrauth.emulator.world.directory import Application, Password, User
from pytest_acrauth.emulator.world.network import Certificate, Name, Network
from pytest_acrauth.emulator.world.roles import EVIDENCE, EVIDENCE_ROLE
from pytest_acrauth.emulator.world.workplace import Az, Docker, Podman, Workplace

#: The registries that every healthy world has, beside those that are asked for.
REGISTRIES = ("myacr", "otheracr")
TENANT = "3f0c8a52-6d1e-4b7a-9a55-0e8d2c41b6f7"
OTHER_TENANT = "b7e2d914-58c3-4a6f-8d20-1c9f5e7a3b46"
OTHER_SUBSCRIPTION = "c48f0e2d-7b16-4953-a1e8-6d3b9f5027ca"
CLIENT = "c1a9e3b4-7d25-4f60-8b1c-5a6e9d0f2b38"
PRINCIPAL = "8e4d2f6a-90b7-4c13-a5d8-7f1b3c6e0d94"
#: An application for evidence alone, where an identity of its own is to be asked.
AUDITOR = "4b8d6f1e-0c93-47a5-b2e6-9f7a3d5c8041"
_AUDITING_PRINCIPAL = "e1c7a394-5d28-4f6b-80a9-2b6e4d9f1753"
OPERATOR = User("operator@contoso.example", "2b7f9c5e-4d31-4e8a-b6c0-9a5d1e3f7086", TENANT)
LOCATION = "eastus"
BLOB_HOST = "eusmanaged1.blob.core.windows.net"
#: What names the file of a Kubernetes pull secret.
PULL_SECRET = "ACR_PULL_FILE"  # noqa: S105 - a variable's name
#: Where a fleet's addresses begin: the range that is reserved for measuring networks (RFC 2544).
_FLEET = IPv4Address("198.18.0.0")


class Wanted(NamedTuple):
    """A registry to make: its name, and what else tells it from others in host names and resource ids.

    ``scope_hash`` is what a domain name label scope puts behind its name, ``region`` that of the regional endpoint by
    which it is asked.
    """

    name: str
    scope_hash: str = ""
    subscription_id: str = SUBSCRIPTION
    resource_group: str = GROUP
    region: str = ""


def healthy_world(*wanted: Wanted) -> World:
    """Return a new healthy world with secrets of its own: the registries wanted, and those that there always are.

    Each registry has repositories team/app and team/multi, both with a tag latest, and the scope-map token puller.

    The environment holds the service principal's ``AZURE_…`` variables, and for named identities its secret as Basic
    credentials (``ACR_SP_…``), the first registry's admin user (``ACR_ADMIN_…``) and its scope-map token
    (``ACR_PULLER_…``). Docker keeps that token's password of each registry, and so does a Kubernetes pull secret, whose
    file ``ACR_PULL_FILE`` names. A user is logged in to the Azure CLI, and
    may do what the service principal may: pull, and read what evidence needs, from the directory too.
    """
    now = time.time()
    images, registries = _images(now), dict[str, Registry]()
    for each in (*wanted, *map(Wanted, REGISTRIES)):
        made = _registry(each, images, now)
        registry = registries.setdefault(made.label, made)
        if each.region:
            registry.regional_endpoints = True
            registry.replicas += {each.region} - {registry.location, *registry.replicas}
    subscriptions = {each.subscription_id: "registries" for each in registries.values()}
    subscriptions |= {SUBSCRIPTION: "registries", OTHER_SUBSCRIPTION: "applications"}
    secret = Password(_secret(), starts=now - 30 * DAY, ends=now + 335 * DAY)
    cloud = Cloud(
        registries=registries,
        subscriptions={each: Subscription(each, name, TENANT) for each, name in subscriptions.items()},
        tenants={TENANT, OTHER_TENANT},
        applications={CLIENT: Application(CLIENT, [secret], {TENANT: PRINCIPAL})},
        assignments=[],
        blob_host=BLOB_HOST,
        users=[OPERATOR],
        custom_roles={EVIDENCE: EVIDENCE_ROLE},
    )
    for object_id in (PRINCIPAL, OPERATOR.object_id):
        entitle(cloud, object_id)
    return World(cloud, _network(cloud, now), _machine(list(registries.values()), secret))


def add_auditor(cloud: Cloud) -> Password:
    """Register an application that may look at all that evidence needs and pull nothing; return its secret.

    It proves itself in the same ways as the first one does, but for the secret.
    """
    secret, first = Password(_secret(), cloud.now() - 30 * DAY, cloud.now() + 335 * DAY), cloud.applications[CLIENT]
    cloud.applications[AUDITOR] = Application(
        AUDITOR,
        [secret],
        {TENANT: _AUDITING_PRINCIPAL},
        name="registry-audit",
        certificates=[*first.certificates],
        federated=[*first.federated],
    )
    entitle(cloud, _AUDITING_PRINCIPAL, EVIDENCE)
    return secret


def entitle(cloud: Cloud, object_id: str, *roles: str) -> None:
    """Give a principal roles on every registry, and let it look around beside them, in the applications too.

    Without ``roles`` it may pull, and read all that evidence needs.
    """
    given = cloud.now() - 30 * DAY
    cloud.assignments += [
        RoleAssignment(object_id, role, registry.resource_id, created=given)
        for registry in cloud.registries.values()
        for role in roles or ("AcrPull", EVIDENCE)
    ]
    cloud.assignments += [
        RoleAssignment(object_id, EVIDENCE, f"/subscriptions/{SUBSCRIPTION}/resourceGroups/{NETWORKS}", created=given),
        RoleAssignment(object_id, "Reader", f"/subscriptions/{OTHER_SUBSCRIPTION}", created=given),
    ]
    cloud.directory_readers.add(object_id)


def _secret() -> str:
    return secrets.token_urlsafe(30)


def _images(now: float) -> tuple[Repository, ...]:
    """Return what each registry stores: made once, because all hold the same."""
    app = Repository("team/app", now - 20 * DAY)
    app.add_image("latest")
    multi = Repository("team/multi", now - 10 * DAY)
    multi.add_index("latest", "amd64", "arm64", "s390x")
    return app, multi


def _registry(wanted: Wanted, images: tuple[Repository, ...], now: float) -> Registry:
    reading = ["repositories/team/app/content/read", "repositories/team/app/metadata/read"]
    passwords = [Password(_secret(), now - 5 * DAY, now + 85 * DAY), Password(_secret(), now - 5 * DAY)]
    made = now - 40 * DAY
    return Registry(
        wanted.name,
        LOCATION,
        TENANT,
        wanted.subscription_id,
        wanted.resource_group,
        wanted.scope_hash,
        created=made,
        modified=made,
        admin_enabled=True,
        admin_passwords=(_secret(), _secret()),
        repositories={image.name: image.copy() for image in images},
        scope_maps={"app-pull": ScopeMap("app-pull", reading, created=made), **_system_maps(made)},
        tokens={"puller": ScopeMapToken("puller", "app-pull", passwords, created=made)},
    )


def _system_maps(made: float) -> dict[str, ScopeMap]:
    """Return the scope maps that every registry comes with."""
    rights = {
        "_repositories_pull": ("content/read", "metadata/read"),
        "_repositories_push": ("content/read", "content/write", "metadata/read", "metadata/write"),
    }
    return {
        name: ScopeMap(name, [f"repositories/*/{right}" for right in held], system=True, created=made)
        for name, held in rights.items()
    }


def logins(registry: Registry) -> dict[str, str]:
    """Return the variables that hold a registry's user names and passwords: the admin user's, its token's."""
    return {
        "ACR_ADMIN_USERNAME": registry.name,
        "ACR_ADMIN_PASSWORD": registry.admin_passwords[0],
        "ACR_PULLER_USERNAME": "puller",
        "ACR_PULLER_PASSWORD": registry.tokens["puller"].passwords[0].value,
    }


def _machine(registries: list[Registry], secret: Password) -> Workplace:
    passwords = {host: each.tokens["puller"].passwords[0].value for each in registries for host in each.login_servers}
    first = registries[0]
    environ = {
        "AZURE_TENANT_ID": TENANT,
        "AZURE_CLIENT_ID": CLIENT,
        "AZURE_CLIENT_SECRET": secret.value,
        "ACR_SP_USERNAME": CLIENT,
        "ACR_SP_PASSWORD": secret.value,
        **logins(first),
    }
    kept = {host: {"auth": _encoded(f"puller:{password}")} for host, password in passwords.items()}
    return Workplace(
        environ,
        docker=Docker(),
        podman=Podman(),
        az=Az(OPERATOR.name, SUBSCRIPTION),
        docker_config={"auths": kept},
        files={PULL_SECRET: json.dumps({"auths": kept})},
    )


def _encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def _network(cloud: Cloud, now: float) -> Network:
    """Lay out names and addresses."""
    names = {
        AUTHORITY: Name(("203.0.113.30",)),
        cloud.blob_host: Name(("203.0.113.40",)),
        ARM: Name(("203.0.113.60",)),
        GRAPH: Name(("203.0.113.70",)),
    }
    for number, registry in enumerate(cloud.registries.values(), start=1):
        aliases = (f"r010{number}eus.{registry.location}.fe.azcr.io", f"acr-eus-{number}.trafficmanager.net")
        login, data = _addresses(number)
        for host in registry.login_servers:
            names[host] = Name((login,), aliases)
        names[registry.data_endpoint] = Name((data,))
    hosts = [AUTHORITY, ARM, GRAPH, "*.azurecr.io", f"*.{LOCATION}.data.azurecr.io", "*.blob.core.windows.net"]
    servers = (host for registry in cloud.registries.values() for host in registry.login_servers)
    hosts += {f"*.{host.partition('.')[2]}" for host in servers} - {*hosts}
    certificates = {host: Certificate((host,), now - 40 * DAY, now + 325 * DAY) for host in hosts}
    return Network(names, certificates, egress="198.51.100.7")


def _addresses(number: int) -> tuple[str, str]:
    """Return the addresses of a registry and its data endpoint: a few are of the documentation's range (RFC 5737)."""
    if number < 10:
        return f"203.0.113.{10 + number}", f"203.0.113.{50 + number}"
    return str(_FLEET + 2 * number), str(_FLEET + 2 * number + 1)
