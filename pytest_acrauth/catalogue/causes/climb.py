"""Family ``climb``: the climb itself ended early, and answers that no other family recognises."""

from __future__ import annotations

from pytest_acrauth.catalogue import facts, pages
from pytest_acrauth.catalogue.shape import FailureMode, Symptom
from pytest_acrauth.model.observation import Trouble
from pytest_acrauth.model.stage import Stage

OUT_OF_TIME = Symptom(
    id="out-of-time",
    stages=tuple(Stage),
    when=lambda broken: facts.trouble(broken) is Trouble.OUT_OF_TIME,
    says="The climb's {limit} seconds were over while the {stage} stage was waiting.",
    texts=(),
)

#: What a broken stage shows when no other symptom fits: no cause, all facts.
UNRECOGNISED = {
    stage: Symptom(
        id=f"{stage}-unrecognised",
        stages=(stage,),
        when=lambda _: True,
        says="The {stage} stage failed in a way that no documented cause explains.",
        texts=(),
    )
    for stage in Stage
}

CLIMB_TIMEOUT = FailureMode(
    id="climb-timeout",
    family="climb",
    shows=(OUT_OF_TIME,),
    questions=(),
    proof=None,
    title="the climb ran out of its {limit} seconds in the {stage} stage",
    meaning="No single peer exceeded its own limit, but together the stages took longer than the climb may. The times"
    " beside the stages show where they went.",
    remedies=(
        "Find out why the slowest stage is slow: a resolver, a proxy, or a peer that answers in drips.",
        "If this network is simply slow, allow more time with --acr-timeout.",
    ),
    link=pages.ACR + "container-registry-troubleshoot-access",
    az_code=None,
    transient=True,
    since="0.1",
)
