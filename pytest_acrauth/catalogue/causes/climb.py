"""Family ``climb``: the climb itself ended early, and answers that no other family recognises."""

from __future__ import annotations

from pytest_acrauth.catalogue import pages
from pytest_acrauth.catalogue.shape import FailureMode
from pytest_acrauth.catalogue.symptoms import climb

CLIMB_TIMEOUT = FailureMode(
    id="climb-timeout",
    title="the check's time ran out in the {stage} stage",
    brief="time ran out",
    seen=(climb.OUT_OF_TIME,),
    signs=(climb.OUT_OF_TIME,),
    certain="The limit of the whole check ended the wait, while no single peer had used up its own.",
    means="Together the stages used up {limit} seconds, all that the check has: a peer answered in drips, or most of"
    " the time was gone before this stage began.",
    look=("Compare the times beside the stages: they show where the time went.",),
    fix=(
        "Find out why the slowest stage is slow: a name server, a proxy, a peer that drips.",
        "If this network is simply slow, allow more time with --acr-timeout.",
    ),
    page=pages.ACR + "container-registry-troubleshoot-access",
)
