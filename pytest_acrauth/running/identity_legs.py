"""The identity legs of one check, each climbed once whatever the number of registries."""

from __future__ import annotations

from functools import partial

from pytest_acrauth.auth import Credential
from pytest_acrauth.model.target import Flow, Target
from pytest_acrauth.probes.climb import EntraLeg, climb_to_entra
from pytest_acrauth.probes.http.network import Connector
from pytest_acrauth.probes.http.shared_work import Memo


class IdentityLegs:
    """The identity legs of one check: one per identity and cloud, begun by the first climb that needs it."""

    def __init__(self, connector: Connector, limit: float) -> None:
        self._connector = connector
        self._limit = limit
        self._legs = Memo()

    def leg(self, target: Target, credential: Credential) -> EntraLeg | None:
        """Return the target's identity leg, under way; None for an identity that has none."""
        if target.identity.flow is not Flow.ENTRA:
            return None
        key = (target.identity, target.registry.cloud.authority)
        climbed = partial(climb_to_entra, target, credential, self._connector, self._limit)
        return self._legs.once(key, climbed, "entra").result
