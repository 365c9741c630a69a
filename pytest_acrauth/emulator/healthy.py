"""The healthy world: two registries, one service principal that may pull from both, nothing in the way."""

from __future__ import annotations

import secrets
import time

from pytest_acrauth.emulator.content import Repository
from pytest_acrauth.emulator.world import (
    AUTHORITY,
    DAY,
    Application,
    Certificate,
    Cloud,
    Name,
    Network,
    Password,
    Registry,
    RoleAssignment,
    ScopeMap,
    ScopeMapToken,
    Workplace,
    World,
)

#: The registries of the healthy world. Each has repositories team/app and team/multi, both with a tag latest.
REGISTRIES = ("myacr", "otheracr")
TENANT = "3f0c8a52-6d1e-4b7a-9a55-0e8d2c41b6f7"
CLIENT = "c1a9e3b4-7d25-4f60-8b1c-5a6e9d0f2b38"
PRINCIPAL = "8e4d2f6a-90b7-4c13-a5d8-7f1b3c6e0d94"
LOCATION = "eastus"
BLOB_HOST = "eusmanaged1.blob.core.windows.net"


def healthy_world() -> World:
    """Return a new healthy world with secrets of its own.

    The environment holds the service principal's ``AZURE_…`` variables, and for named identities the first
    registry's admin user (``ACR_ADMIN_…``) and a scope-map token (``ACR_PULLER_…``).
    """
    now = time.time()
    registries = {name: _registry(name, now) for name in REGISTRIES}
    secret = Password(_secret(), starts=now - 30 * DAY, ends=now + 335 * DAY)
    cloud = Cloud(
        registries=registries,
        tenants={TENANT},
        applications={CLIENT: Application(CLIENT, [secret], {TENANT: PRINCIPAL})},
        assignments=[RoleAssignment(PRINCIPAL, "AcrPull", registry.resource_id) for registry in registries.values()],
        blob_host=BLOB_HOST,
    )
    first = registries[REGISTRIES[0]]
    environ = {
        "AZURE_TENANT_ID": TENANT,
        "AZURE_CLIENT_ID": CLIENT,
        "AZURE_CLIENT_SECRET": secret.value,
        "ACR_ADMIN_USERNAME": first.name,
        "ACR_ADMIN_PASSWORD": first.admin_passwords[0],
        "ACR_PULLER_USERNAME": "puller",
        "ACR_PULLER_PASSWORD": first.tokens["puller"].passwords[0].value,
    }
    return World(cloud, _network(cloud, now), Workplace(environ))


def _secret() -> str:
    return secrets.token_urlsafe(30)


def _registry(name: str, now: float) -> Registry:
    app = Repository("team/app", now - 20 * DAY)
    app.add_image("latest")
    multi = Repository("team/multi", now - 10 * DAY)
    multi.add_index("latest", "amd64", "arm64", "s390x")
    reading = ["repositories/team/app/content/read", "repositories/team/app/metadata/read"]
    passwords = [Password(_secret(), now - 5 * DAY, now + 85 * DAY), Password(_secret(), now - 5 * DAY)]
    return Registry(
        name,
        LOCATION,
        TENANT,
        admin_enabled=True,
        admin_passwords=(_secret(), _secret()),
        repositories={repository.name: repository for repository in (app, multi)},
        scope_maps={"app-pull": ScopeMap("app-pull", reading)},
        tokens={"puller": ScopeMapToken("puller", "app-pull", passwords)},
    )


def _network(cloud: Cloud, now: float) -> Network:
    """Lay out names and addresses; the addresses are of the ranges reserved for documentation (RFC 5737)."""
    names = {AUTHORITY: Name(("203.0.113.30",)), cloud.blob_host: Name(("203.0.113.40",))}
    for number, registry in enumerate(cloud.registries.values(), start=1):
        aliases = (f"r010{number}eus.{registry.location}.fe.azcr.io", f"acr-eus-{number}.trafficmanager.net")
        names[registry.login_server] = Name((f"203.0.113.{10 + number}",), aliases)
        names[registry.data_endpoint] = Name((f"203.0.113.{50 + number}",))
    hosts = (AUTHORITY, "*.azurecr.io", f"*.{LOCATION}.data.azurecr.io", "*.blob.core.windows.net")
    certificates = {host: Certificate((host,), now - 40 * DAY, now + 325 * DAY) for host in hosts}
    return Network(names, certificates, egress="198.51.100.7")
