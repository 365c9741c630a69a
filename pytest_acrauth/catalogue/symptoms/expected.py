"""What is seen where somebody expects a refusal and nothing is refused, or where nobody can tell."""

from __future__ import annotations

from pytest_acrauth.catalogue.shape import Symptom, unseen

LET_IN = Symptom(id="let-in", stages=(), when=unseen, says="{answer}.", texts=())
COULD_NOT_LOOK = Symptom(
    id="could-not-look",
    stages=(),
    when=unseen,
    says="Somebody asked for a setting or an end of a credential by name, and nobody who is asked may read it.",
    texts=(),
)
