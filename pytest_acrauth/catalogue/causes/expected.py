"""Family ``expected``: a refusal that somebody expects does not happen."""

from __future__ import annotations

from pytest_acrauth.catalogue import pages
from pytest_acrauth.catalogue.shape import Command, FailureMode
from pytest_acrauth.catalogue.symptoms import expected

MORE_OPEN_THAN_EXPECTED = FailureMode(
    id="more-open-than-expected",
    title="{opening}",
    brief="more open than expected",
    seen=(expected.LET_IN,),
    signs=(expected.LET_IN,),
    certain="What should be refused was allowed, or the registry's own record says that it is.",
    means="A test, a marker or a readiness file expects a refusal. Nothing is wrong with the login: what is missing is"
    " the rule that should have stopped it, or this machine and identity are others than was meant.",
    look=(
        "Compare the identity and the address that were used with those that should be kept out.",
        Command(
            "az acr show -n {registry} --query"
            ' "{{admin:adminUserEnabled,anonymous:anonymousPullEnabled,network:publicNetworkAccess,'
            'default:networkRuleSet.defaultAction}}"'
        ),
    ),
    fix=(
        "Whoever is responsible for the registry closes what is open, or says that it may be.",
        "If it may be, take the expectation out of the test.",
    ),
    page=pages.ACR + "container-registry-access-selected-networks",
    not_emulated="A test's own expectation is at odds with the world, and no world alone is.",
    samples=("more-open-than-expected: the admin user of myacr is enabled",),
)
