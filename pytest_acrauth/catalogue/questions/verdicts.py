"""How the answers to a cause's questions combine to a verdict on it."""

from __future__ import annotations

from pytest_acrauth.catalogue.shape import Verdict


def possible(*conditions: Verdict) -> Verdict:
    """Judge a cause that its conditions can exclude but never prove: NO where one fails, else UNKNOWN."""
    return Verdict.NO if Verdict.NO in conditions else Verdict.UNKNOWN


def proven(*conditions: Verdict) -> Verdict:
    """Judge a cause that its conditions prove: YES where all hold, NO where one fails, else UNKNOWN."""
    return Verdict.YES if set(conditions) == {Verdict.YES} else possible(*conditions)


def opposite(condition: Verdict) -> Verdict:
    """Judge the contrary of a condition."""
    return {Verdict.YES: Verdict.NO, Verdict.NO: Verdict.YES}.get(condition, Verdict.UNKNOWN)


def excluded(*conditions: Verdict) -> Verdict:
    """Judge a cause that its conditions exclude only together: NO where all hold, else UNKNOWN."""
    return Verdict.NO if set(conditions) == {Verdict.YES} else Verdict.UNKNOWN
