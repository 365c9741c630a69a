"""The registries that an emulator is to have beside its own: from what a user writes to what a world is made of."""

from __future__ import annotations

from pytest_acrauth.emulator.world.healthy import Wanted
from pytest_acrauth.model.target import CLOUDS, BadName, Registry

_PUBLIC = CLOUDS[0]


def wanted(given: str | Registry) -> Wanted:
    """Return what to make of a registry's name, login server or resource id, or of one that was read already.

    One with a domain name label has a resource group of its own, because its name may be another one's too. Raises
    `BadName` for a text that is none of these, and for a login server of another cloud.
    """
    registry = Registry.parse(given, _PUBLIC) if isinstance(given, str) else given
    if not registry.login_server.endswith(_PUBLIC.registry_suffix):
        raise BadName(
            f"the emulator plays {_PUBLIC.name} alone, where login servers end in {_PUBLIC.registry_suffix}; "
            f"{registry.login_server} does not"
        )
    scope_hash = registry.global_endpoint.removesuffix(_PUBLIC.registry_suffix).partition("-")[2]
    made = Wanted(registry.name, scope_hash, region=registry.region)
    if registry.resource_id:
        _, _, subscription, _, group, *_ = registry.resource_id.split("/")
        return made._replace(subscription_id=subscription.lower(), resource_group=group)
    return made._replace(resource_group=f"rg-{scope_hash}") if scope_hash else made
