"""What is seen where somebody expects a refusal, and nothing is refused."""

from __future__ import annotations

from pytest_acrauth.catalogue.shape import Symptom, unseen

LET_IN = Symptom(id="let-in", stages=(), when=unseen, says="{answer}.", texts=())
