"""What ``@pytest.mark.acr_ready`` does: its arguments, the targets it is about, and whether they are ready."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import pytest

from pytest_acrauth.auth import BadAuth
from pytest_acrauth.model.defect import Defect
from pytest_acrauth.model.target import BadName, Registry, Target
from pytest_acrauth.plugin.failures import NotReady
from pytest_acrauth.plugin.fixture import RegistryUnderTest, parse_scope

if TYPE_CHECKING:
    from pytest_acrauth.diagnosis.conclusion import Diagnosis
    from pytest_acrauth.plugin.climbs import Climbs

READY = "acr_ready"
#: The private fixture whose parameter is the target; only the plugin's own ``acr`` asks for it.
PARAMETER = "_acr_target"


class BadMark(ValueError):
    """A marker that cannot be meant; the text names its value and the choices."""


class _Arguments:
    """The arguments of ``acr_ready``. Raises `BadMark` for a value that is none."""

    def __init__(self, *, registry: str | None = None, scope: str | None = None) -> None:
        for name, value in (("registry", registry), ("scope", scope)):
            if value is not None and not isinstance(value, str):
                raise BadMark(f"{READY}: {name}={value!r} is no text")
        self.registry = registry
        self.scope = scope


def arguments(mark: pytest.Mark) -> _Arguments:
    """Read a marker. Raises `BadMark`."""
    try:
        found = _Arguments(*mark.args, **mark.kwargs)
    except TypeError as error:
        given = ", ".join([*map(repr, mark.args), *(f"{name}={value!r}" for name, value in mark.kwargs.items())])
        raise BadMark(f"{READY}({given}): it takes registry=… and scope=…, by name") from error
    try:
        if found.scope is not None:
            parse_scope(found.scope)
    except BadName as error:
        raise BadMark(f"{READY}: {error}") from error
    return found


def targets_of(item: pytest.Item, mark: pytest.Mark, targets: Iterable[Target]) -> tuple[Target, ...]:
    """Return whom a marker is about: the registry it names, else the test's own, else all. Raises `BadMark`."""
    every = tuple(targets)
    wanted = arguments(mark).registry
    if wanted is not None:
        named = tuple(target for target in every if _is(target.registry, wanted))
        if not named:
            choices = ", ".join(dict.fromkeys(target.registry.login_server for target in every))
            raise BadMark(f"{READY}: registry={wanted!r} is not configured; choose one of {choices}")
        return named
    own = parameter(item)
    return (own,) if own is not None else every


def _is(registry: Registry, name: str) -> bool:
    return name.lower() in {registry.name, registry.login_server}


def parameter(item: pytest.Item) -> Target | None:
    """Return the target of a test that uses the plugin's ``acr`` fixture."""
    callspec = getattr(item, "callspec", None)
    found = callspec.params.get(PARAMETER) if callspec is not None else None
    return found if isinstance(found, Target) else None


def needs(item: pytest.Item, targets: Iterable[Target]) -> tuple[Target, ...]:
    """Return the targets that must be climbed before a test, for its fixture and its markers."""
    own = parameter(item)
    found = [own] if own is not None else []
    for mark in item.iter_markers(READY):
        try:
            found += targets_of(item, mark, targets)
        except BadMark:
            continue  # the test fails for that before it asks anything
    return tuple(found)


def misspelt(item: pytest.Item) -> str | None:
    """Return what is wrong with a test's markers, as far as that can be told without a registry; None if nothing is."""
    try:
        for mark in item.iter_markers(READY):
            arguments(mark)
    except BadMark as error:
        return str(error)
    return None


def unmet(item: pytest.Item, climbs: Climbs, *, again: bool) -> NotReady | None:
    """Return how a marked test fails before its fixtures, or None. ``again`` climbs anew what was not ready."""
    found: list[Diagnosis] = []
    try:
        for mark in item.iter_markers(READY):
            for target in targets_of(item, mark, climbs.plan.targets):
                if again and any(climbs.of(target).broken()):
                    climbs.again(target)
                found += RegistryUnderTest(target, climbs).unmet(arguments(mark).scope)
        return NotReady.by(found) if found else None
    except (BadAuth, BadMark) as error:
        return NotReady(str(error))
    except Exception as error:  # noqa: BLE001 - a defect of ours: the test fails for it, and is no error of its own
        from pytest_acrauth.report.defect import told

        return NotReady(told(Defect.of(error, "asking whether the registry is ready", secrets=climbs.run.secrets)))
