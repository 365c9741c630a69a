"""What can go wrong: the symptoms that can be seen, and the documented causes, one module for each family.

Adding a cause is one `FailureMode` in the module of its family. Remedies that begin with a small letter are commands.
"""

from __future__ import annotations

from typing import TypeVar

from pytest_acrauth.catalogue.causes import (
    access,
    basic,
    challenge,
    client,
    climb,
    data,
    entra,
    exchange,
    firewall,
    hosts,
    management,
    network,
    notes,
    roles,
    signin,
    workload,
)
from pytest_acrauth.catalogue.shape import FailureMode, Symptom
from pytest_acrauth.catalogue.symptoms import client as of_clients
from pytest_acrauth.catalogue.symptoms import management as of_management
from pytest_acrauth.catalogue.symptoms import text

T = TypeVar("T", Symptom, FailureMode)

_FAMILIES = (
    client,
    network,
    firewall,
    challenge,
    entra,
    signin,
    workload,
    exchange,
    basic,
    roles,
    access,
    data,
    climb,
    hosts,
    management,
    notes,
)
#: Symptoms without a family's causes beside them.
_SYMPTOMS = (text, of_management, of_clients)


def _all(kind: type[T]) -> dict[str, T]:
    found = (value for part in (*_FAMILIES, *_SYMPTOMS) for value in vars(part).values() if isinstance(value, kind))
    return {entry.id: entry for entry in found}


#: The families in the order of a climb, each with what it is about.
FAMILIES = {family.__name__.rpartition(".")[2]: family.__doc__ or "" for family in _FAMILIES}
MODES = _all(FailureMode)
SYMPTOMS = _all(Symptom) | {symptom.id: symptom for symptom in climb.UNRECOGNISED.values()}


def causes(symptom: Symptom) -> tuple[FailureMode, ...]:
    """Return every cause that can show a symptom, or one of those that it could be, sorted by id."""
    shown = (symptom, *symptom.either)
    found = (mode for mode in MODES.values() if any(one in mode.shows for one in shown))
    return tuple(sorted(found, key=lambda mode: mode.id))
