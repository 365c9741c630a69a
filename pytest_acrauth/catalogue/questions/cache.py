"""What can be asked about a registry's artifact cache, which fills repositories from other registries."""

from __future__ import annotations

from dataclasses import dataclass

from pytest_acrauth.catalogue.shape import Break, Command, Question
from pytest_acrauth.model.evidence import CacheRule, Need


@dataclass(frozen=True, slots=True)
class CacheState:
    """A registry's cache rules, as far as they are about one repository."""

    rules: tuple[CacheRule, ...]
    repository: str

    @property
    def rule(self) -> CacheRule | None:
        """The rule that fills the repository: one that names it, else the narrowest with a wildcard."""
        covering = [each for each in self.rules if _covers(each.target, self.repository)]
        return max(covering, key=lambda each: ("*" not in each.target, len(each.target)), default=None)

    @property
    def unhealthy(self) -> bool | None:
        """Whether the rule's credentials do not work; None where nobody could tell."""
        if self.rule is None or not self.rule.credentials:
            return False
        return self.rule.unhealthy

    def __str__(self) -> str:
        if self.rule is None:
            return f"none for {self.repository}"
        health = {True: "unhealthy", False: "healthy", None: "of unknown health"}[self.rule.unhealthy]
        used = f", credentials {self.rule.credentials} ({health})" if self.rule.credentials else ""
        return f"{self.rule.name}: from {self.rule.source}{used}"


def _covers(target: str, repository: str) -> bool:
    """Whether a rule's target is a repository: a wildcard stands alone, or at the end behind a slash."""
    return target in {repository, "*"} or (target.endswith("/*") and repository.startswith(target[:-1]))


def _state(broken: Break) -> CacheState | None:
    look = broken.transcript.evidence.cache
    if look is None or look.value is None or broken.access is None:
        return None
    return CacheState(look.value, broken.access.reference.repository)


CACHE: Question[CacheState] = Question(
    id="cache-rule",
    asks="Does an artifact cache fill the repository, and do its credentials work?",
    shows="artifact cache",
    by_hand=Command("az acr cache list -r {registry} -o table"),
    needs=Need.CACHE,
    read=_state,
)
