"""An emulated world made like what was seen of a real registry, as far as the world has words for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from live.visit import Image, digest_of

from pytest_acrauth.emulator import Emulator
from pytest_acrauth.emulator.scenarios.variants import IDENTITIES, USUAL
from pytest_acrauth.emulator.world import World
from pytest_acrauth.emulator.world.cloud import PrivateEndpoint, RoleAssignment
from pytest_acrauth.emulator.world.content import Manifest, Repository
from pytest_acrauth.emulator.world.healthy import PRINCIPAL
from pytest_acrauth.emulator.world.roles import EVIDENCE
from pytest_acrauth.model.credential import Kind
from pytest_acrauth.model.target import Flow, Identity, Reference, Registry

#: By the kind of a real credential, the method by which the emulated machine signs in, but for those of Entra.
_METHODS = {
    Kind.ADMIN: "admin",
    Kind.SCOPE_MAP_TOKEN: "scope-map-token",
    Kind.ANONYMOUS: "anonymous",
}


@dataclass(frozen=True)
class Likeness:
    """What was seen of a registry, its image and a credential: bodies and statuses by request, which lists went on."""

    registry: Registry
    identity: Identity
    kind: Kind
    reference: Reference | None
    image: Image | None
    bodies: Mapping[str, Any]
    statuses: Mapping[str, int]
    going_on: frozenset[str]

    @property
    def method(self) -> str:
        """The method of the emulated identity: for the registry, one of Entra's is like any other."""
        return USUAL if self.identity.flow is Flow.ENTRA else _METHODS.get(self.kind, "basic")

    def emulator(self) -> Emulator:
        """Return an emulator, not yet served, that has a registry and an identity like these."""
        emulator = Emulator(registries=[self.registry])
        IDENTITIES[self.method](emulator.world)
        self._make(emulator.world)
        return emulator

    def _make(self, world: World) -> None:
        registry = next(iter(world.cloud.registries.values()))  # the first is the one that was wanted
        record = _object(self.bodies.get("arm-registry"))
        if properties := _object(record.get("properties")):
            registry.sku = str(_object(record.get("sku")).get("name") or registry.sku)
            registry.tags = {str(name): str(value) for name, value in _object(record.get("tags")).items()}
            registry.admin_enabled = properties.get("adminUserEnabled") is True
            registry.abac = "Abac" in str(properties.get("roleAssignmentMode"))
            registry.data_endpoint_enabled = properties.get("dataEndpointEnabled") is True
            registry.trusted_services = properties.get("networkRuleBypassOptions") != "None"
            if _object(properties.get("networkRuleSet")).get("ipRules"):
                registry.ip_rules = [f"{world.network.egress}/32"]
            if properties.get("privateEndpointConnections"):
                registry.private_endpoints = [PrivateEndpoint("endpoint", "10.1.0.5", "Pending")]
        registry.anonymous_pull = (
            properties.get("anonymousPullEnabled") is True or self.statuses.get("access-token-nobody") == 200
        )
        self._entitle(world, abac=registry.abac, scope=registry.resource_id)
        self._fill(registry.repositories, world.cloud.now())
        if self.reference is not None:
            rights = [f"repositories/{self.reference.repository}/{right}/read" for right in ("content", "metadata")]
            registry.scope_maps["app-pull"].actions = rights

    def _entitle(self, world: World, *, abac: bool, scope: str) -> None:
        """Give the service principal the roles that such a registry heeds, and the record only where it is shown."""
        held = world.cloud.assignments
        if self.statuses.get("arm-registry") == 403:
            held[:] = [each for each in held if (each.principal_id, each.role) != (PRINCIPAL, EVIDENCE)]
        if abac:
            listing = ["Catalog Lister"] if self.statuses.get("catalog") == 200 else []
            roles = [f"Container Registry Repository {name}" for name in ("Reader", *listing)]
            held += [RoleAssignment(PRINCIPAL, role, scope) for role in roles]

    def _fill(self, repositories: dict[str, Repository], now: float) -> None:
        """Store what the reference leads to, and as many neighbours as there are: one, or none."""
        if self.reference is None:
            if _object(self.bodies.get("catalog")).get("repositories") == []:
                repositories.clear()
            return
        made = Repository(self.reference.repository, created=now)
        if self.image is not None:
            for number, (media_type, content) in enumerate(self.image.manifests):
                platform = ("amd64", "linux") if b'"manifests"' not in content else ("", "")
                tag = self.reference.version if number == 0 and ":" not in self.reference.version else None
                made.keep(Manifest(media_type, content, *platform), tag)
            made.blobs[self.image.blob] = bytes(1024)
            if not made.tags and _object(self.bodies.get("tags")).get("tags"):
                made.tags["latest"] = digest_of(self.image.manifests[0][1])
            if "tags" in self.going_on:
                made.tags["zz"] = digest_of(self.image.manifests[0][1])
        more = "catalog" in self.going_on
        neighbours = {name: each for name, each in repositories.items() if name != made.name} if more else {}
        repositories.clear()
        repositories |= {**neighbours, made.name: made}


def _object(value: Any) -> Mapping[str, Any]:
    """Return a JSON value that is an object, an empty one for any other: whoever answered may be no registry."""
    return value if isinstance(value, dict) else {}
