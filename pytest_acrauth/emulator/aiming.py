"""A change of the world, aimed at one registry or at one identity there.

Scenarios are functions of a whole world; here one is given a world that shows nothing else than what is meant.
"""

from __future__ import annotations

from typing import NamedTuple

from pytest_acrauth.auth import method_named
from pytest_acrauth.emulator.world import Change, World
from pytest_acrauth.emulator.world.healthy import CLIENT, OPERATOR, PRINCIPAL


class Holder(NamedTuple):
    """Who an identity is: its application and principal, or its scope-map token; '' for what it has not."""

    name: str
    method: str
    prefix: str
    client: str = ""
    principal: str = ""
    token: str = ""


def aimed(change: Change, label: str, holder: Holder | None = None) -> Change:
    """Return a change that does the same to one registry, by its label, and to nobody else's rights than a holder's.

    What a registry's own settings are is the same for all who use it; so is what lies on the way.
    """

    def apply(world: World) -> None:
        cloud, machine = world.cloud, world.machine
        registries, applications = cloud.registries, cloud.applications
        at = registries[label]
        others = [
            each for each in cloud.assignments if not _about(at.resource_id, each.place, each.principal_id, holder)
        ]
        kept = set(map(id, others))
        cloud.assignments = [each for each in cloud.assignments if id(each) not in kept]
        cloud.registries = {label: at}
        tokens, environ, renamed = at.tokens, machine.environ, list[tuple[str, str]]()
        if holder is not None:
            if holder.client:
                cloud.applications = {**applications, CLIENT: applications[holder.client]}
            if holder.token:
                at.tokens = {"puller": tokens[holder.token]}
            row = method_named(holder.method)
            usual = {"scope-map-token": "ACR_PULLER", "admin": "ACR_ADMIN", "basic": "ACR_SP"}
            renamed = [
                (f"{holder.prefix}_{end}", f"{before}_{end}")
                for before in sorted({row.prefix, usual.get(holder.method, row.prefix)})
                for end in dict.fromkeys((*row.suffixes, *row.variables))
                if f"{holder.prefix}_{end}" in environ
            ]
            machine.environ = {to: environ[name] for name, to in renamed}
            given = dict(machine.environ)
        try:
            change(world)
        finally:
            cloud.assignments = [*others, *cloud.assignments]
            cloud.registries, cloud.applications = registries, applications
            if holder is not None:
                if holder.token:
                    after = at.tokens.get("puller")
                    at.tokens = {name: each for name, each in tokens.items() if name != holder.token}
                    at.tokens |= {holder.token: after} if after is not None else {}
                now = machine.environ
                environ |= {name: now[to] for name, to in renamed if to in now and now[to] != given[to]}
            machine.environ = environ

    return apply


def _about(resource_id: str, place: str, principal_id: str, holder: Holder | None) -> bool:
    """Whether an assignment is about a registry, and a holder's if one is meant."""
    if not place.startswith(resource_id.lower()):
        return False
    return holder is None or principal_id in {holder.principal, PRINCIPAL, OPERATOR.object_id} - {""}
