"""Refusals that somebody expects: which causes a name stands for, and the diagnosis of one that does not happen."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from pytest_acrauth.catalogue.more_open import MoreOpen
from pytest_acrauth.catalogue.shape import Answer, Question
from pytest_acrauth.catalogue.symptoms.expected import LET_IN
from pytest_acrauth.catalogue.tables import FAMILIES, MODES, family_of
from pytest_acrauth.diagnosis.conclusion import Diagnosis, conclude
from pytest_acrauth.model.stage import Stage
from pytest_acrauth.model.transcript import Transcript

#: The common checks that are refusals: the causes that are that refusal because somebody decided so.
REFUSALS: Mapping[str, tuple[str, ...]] = {
    "network-shut-out": ("firewall-ip-denied", "firewall-ipv6-client", "firewall-public-access-disabled"),
    "identity-kept-out": (
        "exchange-no-role",
        "sp-lacks-role",
        "refresh-token-no-role",
        "exchange-cross-tenant",
        "deny-assignment",
        "entra-assignment-required",
        "entra-conditional-access-blocked",
        "scope-map-token-disabled",
        "admin-user-disabled",
        "anonymous-pull-disabled",
    ),
    "push-denied": (
        "scope-not-granted",
        "scope-map-lacks-action",
        "scope-map-lacks-repository",
        "abac-condition-excludes-repo",
        "anonymous-pull-only",
        "anonymous-pull-disabled",
        "deny-assignment",
        "exchange-no-role",
        "sp-lacks-role",
        "refresh-token-no-role",
    ),
}


def stages_of(causes: Iterable[str]) -> Iterator[Stage]:
    """Yield the stages at which any of some causes shows."""
    for cause in causes:
        yield from (stage for symptom in MODES[cause].seen for stage in symptom.stages)


def causes_named(name: str, checks: Iterable[str]) -> frozenset[str]:
    """Return the ids of the causes that a name stands for: a cause's own, a refusal of `REFUSALS`, or a family.

    Of a family, those that are a refusal by decision. Raises LookupError for a name that is none; its text names the
    choices, ``checks`` among them.
    """
    if name in REFUSALS:
        return frozenset(REFUSALS[name])
    if name in MODES:
        return frozenset({name})
    decided = frozenset(cause for causes in REFUSALS.values() for cause in causes)
    found = frozenset(cause for cause in decided if family_of(MODES[cause]) == name)
    if found:
        return found
    if name in FAMILIES:
        raise LookupError(f"{name!r} is a family of troubles, none of them a refusal by decision: name their ids")
    families = sorted({family_of(MODES[cause]) for cause in decided})
    close = difflib.get_close_matches(name, [*checks, *families, *MODES], n=3, cutoff=0.5)
    choices = f"did you mean {' or '.join(close)}?" if close else "pytest --acr-explain all lists the causes"
    raise LookupError(f"{name!r} is no cause, family ({', '.join(families)}) or check: {choices}")


def more_open(transcript: Transcript, expected: str, found: str, reached: str, opening: str) -> Diagnosis:
    """Return the diagnosis of a registry that let in what should be refused, in the words of whoever found it."""
    return conclude(MoreOpen(transcript, expected, found, reached, opening), LET_IN, _never_asked)


def _never_asked(question: Question[Any]) -> Answer[Any]:
    raise LookupError(f"what is let in leaves no question open: {question.id}")
