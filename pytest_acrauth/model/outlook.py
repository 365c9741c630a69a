"""How near the end of a credential is, by the limits that somebody set. Plain arithmetic on what was seen."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property

from pytest_acrauth.model.expiry import DAY, Dated, Ending, ExpiryRecord, Limits, SignIn

#: How far two clocks may differ and still both be called right, in seconds.
CLOCKS_AGREE = 300.0
#: Of the life of a token whose whole life is shorter than a limit, the last part is near its end. Whoever renews a
#: projected token in Kubernetes does so when a fifth of its life is left
#: (https://kubernetes.io/docs/tasks/configure-pod-container/configure-service-account/).
_LAST_PART = 1 / 10
_SHORT_LIVED = {Ending.REFRESH_TOKEN, Ending.FEDERATED_TOKEN}


class Verdict(StrEnum):
    """What becomes of the check of a credential."""

    FAILS = "ends within the limit"
    PASSES = "no end within the limit"
    UNSEEN = "could not look"


@dataclass(frozen=True)
class Outlook:
    """A record beside the limits of its identity."""

    record: ExpiryRecord
    limits: Limits

    @property
    def moment(self) -> float:
        """When it was looked at, by the services' clock where this machine's is known to be off."""
        return self.record.now - self.clock_off

    @property
    def clock_off(self) -> float:
        """By how many seconds this machine's clock is ahead of the services', 0 where they agree or nothing told."""
        off = self.record.off
        return off if off is not None and abs(off) > CLOCKS_AGREE else 0.0

    @cached_property
    def in_question(self) -> tuple[Dated, ...]:
        """The credentials of which one is in use: the one that is held here, else all that it can be.

        An identity that signs in proves that one is in use that is valid.
        """
        found = self.record.found
        left = [each for each in found if each.held] or [each for each in found if each.held is not False]
        if self.record.sign_in is SignIn.PASSED:
            left = [each for each in left if self._valid(each)]
        return tuple(left)

    @property
    def in_use(self) -> Dated | None:
        """The one that is in use, None where that cannot be told."""
        one = len(self.in_question) == 1 and (self.in_question[0].held or not self.record.unshown)
        return self.in_question[0] if one else None

    @cached_property
    def failing(self) -> tuple[Dated, ...]:
        """Those in question whose end is within the limit that fails."""
        return tuple(each for each in self.in_question if self.near(each, self.limits.fail))

    @cached_property
    def told(self) -> tuple[Dated, ...]:
        """Those whose end is near enough to be told, whether in use or not; none that is over and not in use."""
        near = [each for each in self.record.found if self.near(each, self._widest)]
        return tuple(each for each in near if each in self.in_question or self._valid(each))

    @property
    def verdict(self) -> Verdict:
        if self.why:
            return Verdict.UNSEEN
        # A federated token is renewed by whoever wrote it, or serves one job: nobody can do so ahead of time.
        every = self.limits.fail is not None and len(self.failing) == len(self.in_question)
        return Verdict.FAILS if every and self.record.kind is not Ending.FEDERATED_TOKEN else Verdict.PASSES

    @property
    def why(self) -> str:
        """Why nobody could look, or what was seen does not tell; '' where it does."""
        record = self.record
        if record.why or record.sign_in is SignIn.REFUSED:
            return record.why or f"{record.target.identity.name} did not sign in"
        if not self.in_question:
            return f"{record.target.identity.name} signed in, and with none of those that are shown"
        if self.record.unshown and not any(each.held for each in self.in_question):
            return self.record.unshown
        unread = [each for each in self.in_question if not each.readable]
        if unread and len(unread) + len(self.failing) == len(self.in_question):
            return f"the end of {unread[0].name or unread[0].id} is no date"
        return ""

    def near(self, each: Dated, days: float | None) -> bool:
        """Whether a credential's end is within so many days; of a token that never lives as long, its last tenth."""
        if days is None or each.ends is None:
            return False
        limit = days * DAY
        short = self.record.kind in _SHORT_LIVED and each.life is not None and each.life <= limit
        if each.life is not None and (short or self.record.kind is Ending.FEDERATED_TOKEN):
            limit = each.life * _LAST_PART
        return each.ends - self.moment <= limit

    @property
    def _widest(self) -> float | None:
        return max((days for days in (self.limits.warn, self.limits.fail) if days is not None), default=None)

    def _valid(self, each: Dated) -> bool:
        """Whether its dates allow its use; what cannot be read does not forbid it."""
        begun = each.starts is None or each.starts <= self.moment + CLOCKS_AGREE
        return begun and (each.ends is None or each.ends > self.moment)
