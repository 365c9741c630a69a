"""What the family ``management`` alone asks: where a registry is, beside where the Azure CLI did not find it."""

from __future__ import annotations

from dataclasses import dataclass

from pytest_acrauth.catalogue.questions.network import hashed
from pytest_acrauth.catalogue.questions.records import date, when
from pytest_acrauth.catalogue.shape import Break, Command, Question
from pytest_acrauth.model.evidence import Need, RegistryFacts

# Azure's list of resources, in which az looks a name up, shows a new one late: az does not find it for minutes
# (https://github.com/Azure/azure-cli/issues/27913).
_LISTED_AFTER = 3600.0  # seconds


@dataclass(frozen=True, slots=True)
class Place:
    """A registry's record, as far as evidence found it, and the subscription that az looked in.

    ``record`` is of the very login server that was asked, or says that nobody has it. ``age`` is how long ago the
    registry was created, in seconds, None where that was not told.
    """

    looked_in: str
    record: RegistryFacts
    age: float | None

    @property
    def nowhere(self) -> bool:
        """Whether there is no such registry."""
        return not self.record.found

    @property
    def elsewhere(self) -> bool:
        """Whether it is in another subscription than az looked in."""
        return self.record.found and not self._same

    @property
    def here(self) -> bool | None:
        """Whether az had to find it where it looked; None where the registry may be too new for that."""
        if self.nowhere or not self._same:
            return False
        return True if self.age is not None and self.age > _LISTED_AFTER else None

    @property
    def _same(self) -> bool:
        return self.record.subscription_id.lower() == self.looked_in.lower()

    def __str__(self) -> str:
        if self.nowhere:
            return "nowhere, and nobody has its name"
        if self.elsewhere:
            return f"in {self.record.subscription_id}"
        return f"where az looked{f', since {date(self.record.created)}' if self.record.created else ''}"


def place(login_server: str, looked_in: str, record: RegistryFacts, now: float) -> Place | None:
    """Return where the registry with a login server is, None where what was looked up does not tell.

    ``looked_in`` is the id of the subscription in which az did not find it, ``now`` in seconds since the epoch.
    """
    if record.found:
        created = when(record.created)
        same = record.login_server == login_server  # another one can have its name, with a hash in its login server
        return Place(looked_in, record, None if created is None else now - created) if same else None
    # A registry that has a hash in its login server leaves its name free, so that the subscription has to be seen, too.
    there = record.all_readable and record.subscription_id.lower() == looked_in.lower()
    return Place(looked_in, record, None) if there and record.name_free and not hashed(login_server) else None


def _in_no_climb(_: Break) -> Place | None:
    """Answer nothing: no climb meets the Azure CLI."""
    return None


PLACE: Question[Place] = Question(
    id="registry-place",
    asks="In which subscription is the registry, by the management plane?",
    shows="where the registry is",
    by_hand=Command("az acr list --subscription {registry_subscription} --query \"[?name=='{registry}'].id\" -o tsv"),
    needs=Need.REGISTRY,
    compares=True,
    read=_in_no_climb,
)
NOWHERE = PLACE.where("in none", lambda found: found.nowhere)
ELSEWHERE = PLACE.where("in another than az looked in", lambda found: found.elsewhere)
HERE = PLACE.where("in the one that az looked in, and for more than an hour", lambda found: found.here)
