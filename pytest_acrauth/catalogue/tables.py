"""The catalogue gathered: every symptom, every documented cause, and the families of causes.

An order that somebody sees is written here: that of families and modules below, and within a module that of its file.
"""

from __future__ import annotations

from functools import cache
from types import ModuleType
from typing import TypeVar

from pytest_acrauth.catalogue.causes import (
    access,
    basic,
    caching,
    challenge,
    client,
    climb,
    conditions,
    connected,
    data,
    encryption,
    endpoints,
    entra,
    exchange,
    expected,
    expiry,
    firewall,
    hosts,
    logins,
    managed,
    management,
    network,
    notes,
    pipeline,
    proxy,
    roles,
    services,
    signin,
    silence,
    tls,
    workload,
)
from pytest_acrauth.catalogue.shape import FailureMode, Symptom
from pytest_acrauth.catalogue.symptoms import access_token, dns, operation, tcp, text
from pytest_acrauth.catalogue.symptoms import challenge as at_challenge
from pytest_acrauth.catalogue.symptoms import client as of_clients
from pytest_acrauth.catalogue.symptoms import climb as of_climb
from pytest_acrauth.catalogue.symptoms import connected as of_copies
from pytest_acrauth.catalogue.symptoms import data as at_data
from pytest_acrauth.catalogue.symptoms import entra as at_entra
from pytest_acrauth.catalogue.symptoms import exchange as at_exchange
from pytest_acrauth.catalogue.symptoms import expected as of_expectations
from pytest_acrauth.catalogue.symptoms import expiry as of_expiry
from pytest_acrauth.catalogue.symptoms import id_tokens as of_jobs
from pytest_acrauth.catalogue.symptoms import kubernetes as of_kubernetes
from pytest_acrauth.catalogue.symptoms import management as of_management
from pytest_acrauth.catalogue.symptoms import private_link as of_private_link
from pytest_acrauth.catalogue.symptoms import proxy as at_proxy
from pytest_acrauth.catalogue.symptoms import requests as of_requests
from pytest_acrauth.catalogue.symptoms import services as of_services
from pytest_acrauth.catalogue.symptoms import silence as of_peers
from pytest_acrauth.catalogue.symptoms import tls as at_tls

T = TypeVar("T", Symptom, FailureMode)

_FAMILIES = (
    client,
    logins,
    network,
    endpoints,
    tls,
    proxy,
    silence,
    firewall,
    challenge,
    entra,
    signin,
    workload,
    managed,
    pipeline,
    exchange,
    basic,
    roles,
    access,
    caching,
    data,
    climb,
    expected,
    expiry,
    hosts,
    services,
    connected,
    management,
    conditions,
    encryption,
    notes,
)
#: What one stage shows together is told in this order: what a program of this machine says before what it led to.
_SYMPTOMS = (
    of_clients,
    dns,
    tcp,
    at_proxy,
    at_tls,
    of_peers,
    at_challenge,
    of_jobs,
    at_entra,
    at_exchange,
    access_token,
    operation,
    at_data,
    of_climb,
    of_expectations,
    of_expiry,
    of_requests,
    of_management,
    of_private_link,
    of_kubernetes,
    of_services,
    of_copies,
    text,
)


def _all(kind: type[T], modules: tuple[ModuleType, ...]) -> dict[str, T]:
    found = (value for module in modules for value in vars(module).values() if isinstance(value, kind))
    return {entry.id: entry for entry in found}


def _name(module: ModuleType) -> str:
    return module.__name__.rpartition(".")[2]


#: The families in the order of a climb, each with what it is about. A family is the module that its causes stand in.
FAMILIES = {_name(family): family.__doc__ or "" for family in _FAMILIES}
_FAMILY = {mode: _name(family) for family in _FAMILIES for mode in _all(FailureMode, (family,))}
MODES = _all(FailureMode, _FAMILIES)
SYMPTOMS = _all(Symptom, _SYMPTOMS) | {
    symptom.id: symptom for symptom in (*at_entra.NUMBERED, *of_climb.UNRECOGNISED.values())
}


def family_of(mode: FailureMode) -> str:
    """Return the family of a cause."""
    return _FAMILY[mode.id]


def causes(symptom: Symptom) -> tuple[FailureMode, ...]:
    """Return every cause that can show a symptom, or one of those that it could be, the likeliest first."""
    return _causes(symptom.id)


@cache  # by the id: to compare or hash a symptom takes all of its patterns
def _causes(symptom_id: str) -> tuple[FailureMode, ...]:
    symptom = SYMPTOMS[symptom_id]
    shown = {each.id for each in (symptom, *symptom.either)}
    found = (mode for mode in MODES.values() if not shown.isdisjoint(one.id for one in mode.seen))
    return tuple(sorted(found, key=lambda mode: mode.occurs))
