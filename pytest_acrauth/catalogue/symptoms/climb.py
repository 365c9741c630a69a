"""What can be seen at any stage: the climb's own time was over, a defect of ours, or nothing that is documented."""

from __future__ import annotations

from pytest_acrauth.catalogue import facts
from pytest_acrauth.catalogue.shape import Symptom
from pytest_acrauth.model.defect import ID, Defect
from pytest_acrauth.model.observation import Trouble
from pytest_acrauth.model.stage import Stage

OUT_OF_TIME = Symptom(
    id="out-of-time",
    stages=tuple(Stage),
    when=lambda broken: facts.trouble(broken) is Trouble.OUT_OF_TIME,
    says="After {limit} seconds the time for this check was over, in the {stage} stage.",
    texts=(),
)

#: Told where this package itself failed: no cause, and nothing of the registry's.
PLUGIN_DEFECT = Symptom(
    id=ID,
    stages=tuple(Stage),
    when=lambda broken: isinstance(broken.observation, Defect),
    says="pytest-acrauth itself failed: that is a defect of it, and says nothing about the registry or the identity.",
    texts=(),
)

#: What a broken stage shows when no other symptom fits: no cause, all facts.
UNRECOGNISED = {
    stage: Symptom(
        id=f"{stage}-unrecognised",
        stages=(stage,),
        when=lambda _: True,
        says=f"The {stage.words} stage failed in a way that no documented cause explains.",
        texts=(),
    )
    for stage in Stage
}
