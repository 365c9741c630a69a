"""What can go wrong: the symptoms that can be seen, and the documented causes, one module for each family.

Adding a cause is one `FailureMode` in the module of its family. Remedies that begin with a small letter are commands.
"""

from __future__ import annotations

from typing import TypeVar

from pytest_acrauth.catalogue import (
    access,
    basic,
    challenge,
    climb,
    data,
    entra,
    exchange,
    firewall,
    network,
    roles,
)
from pytest_acrauth.failure import FailureMode, Symptom

T = TypeVar("T", Symptom, FailureMode)

_FAMILIES = (network, firewall, challenge, entra, exchange, basic, roles, access, data, climb)


def _all(kind: type[T]) -> dict[str, T]:
    found = (value for family in _FAMILIES for value in vars(family).values() if isinstance(value, kind))
    return {entry.id: entry for entry in found}


#: The families in the order of a climb, each with what it is about.
FAMILIES = {family.__name__.rpartition(".")[2]: family.__doc__ or "" for family in _FAMILIES}
MODES = _all(FailureMode)
SYMPTOMS = _all(Symptom) | {symptom.id: symptom for symptom in climb.UNRECOGNISED.values()}
