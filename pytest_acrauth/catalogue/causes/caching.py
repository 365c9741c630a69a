"""Family ``caching``: repositories that a registry's artifact cache fills from another registry."""

from __future__ import annotations

from dataclasses import dataclass

from pytest_acrauth.catalogue import pages
from pytest_acrauth.catalogue.facts import registry_record
from pytest_acrauth.catalogue.questions.cache import CACHE, CacheState
from pytest_acrauth.catalogue.shape import Break, Command, FailureMode, Occurs, Question
from pytest_acrauth.catalogue.symptoms import operation, services
from pytest_acrauth.model.evidence import Need, RegistryFacts


@dataclass(frozen=True, slots=True)
class Passage:
    """Whether the artifact cache passes the registry's own network rules."""

    record: RegistryFacts

    @property
    def closed(self) -> bool:
        """Whether networks are restricted, and services of Azure's pass no more than others."""
        restricted = self.record.public_network_access == "Disabled" or self.record.default_action == "Deny"
        return restricted and self.record.bypass == "None"

    def __str__(self) -> str:
        restricted = self.record.public_network_access == "Disabled" or self.record.default_action == "Deny"
        return f"{'restricted' if restricted else 'open'} networks, bypass {self.record.bypass or 'not told'}"


def _passage(broken: Break) -> Passage | None:
    return Passage(record) if (record := registry_record(broken)) is not None else None


TRUSTED_SERVICES: Question[Passage] = Question(
    id="trusted-services",
    asks="Do trusted services of Azure's pass the registry's network rules?",
    shows="trusted services",
    by_hand=Command(
        "az acr show -n {registry}"
        ' --query "[publicNetworkAccess,networkRuleSet.defaultAction,networkRuleBypassOptions]"'
    ),
    needs=Need.REGISTRY,
    read=_passage,
)
_LIST = Command("az acr cache list -r {registry} -o table")
#: What tells, before anything is opened or renewed: the settings of a cache say nothing of what its source holds.
_ASK_SOURCE = (
    "Before anything is changed, ask the rule's source for the image, logged in there:",
    Command("docker manifest inspect SOURCE_REPOSITORY:TAG"),
)


def _covered(state: CacheState) -> bool:
    return state.rule is not None


CACHE_RULE_CREDENTIALS = FailureMode(
    id="cache-rule-credentials",
    title="the cache cannot sign in to its source",
    brief="unhealthy cache credentials",
    seen=(operation.MANIFEST_UNKNOWN, services.CACHE_SOURCE_REFUSED, services.CACHE_LOGIN_UNHEALTHY),
    when=(CACHE.where("one whose credentials are unhealthy", lambda state: state.unhealthy),),
    unprovable="The health of a cache's credentials does not tell whether the source has the image at all.",
    means="An artifact cache fills {repository} from another registry when an image is asked for. It signs in there"
    " with two secrets of a key vault, and cannot now: they ended, were changed, or the vault does not let the registry"
    " read them. What was fetched before stays; nothing new comes.",
    look=(
        _LIST,
        *_ASK_SOURCE,
    ),
    fix=(
        "If it has it, its owner gives new credentials, and whoever keeps the key vault puts them there.",
        "If the vault refuses the credential set's identity, that needs Key Vault Secrets User there.",
        "Then ask for the image again.",
    ),
    page=pages.ACR + "troubleshoot-artifact-cache#unhealthy-credentials",
)
CACHE_NETWORK_RESTRICTED = FailureMode(
    id="cache-network-restricted",
    title="{registry} shuts its own artifact cache out",
    brief="cache shut out by the firewall",
    seen=(operation.MANIFEST_UNKNOWN,),
    when=(
        CACHE.where("one for this repository", _covered),
        TRUSTED_SERVICES.where("no: they are shut out", lambda passage: passage.closed),
    ),
    unprovable="Settings that shut a cache out do not tell whether its source has the image at all.",
    occurs=Occurs.SELDOM,
    means="An artifact cache fills {repository} from another registry. It is a service of Azure's, and a registry that"
    " admits some networks only lets it in where trusted services are allowed. What was fetched before stays; nothing"
    " new comes.",
    look=(_LIST, *_ASK_SOURCE),
    fix=(
        "If it has it, the registry's owner allows trusted services, which lets all of those in:",
        Command("az acr update -n {registry} --allow-trusted-services true"),
        "Then ask for the image again.",
    ),
    page=pages.ACR + "artifact-cache-cli#create-a-cache-rule",
)
