"""Which of a run's targets the names of a registry and an identity in a test mean."""

from __future__ import annotations

import difflib
from collections.abc import Sequence

from pytest_acrauth.model.target import BadName, Registry, Target

#: What the reason begins with for which a test is skipped whose registry this run does not check.
NOT_CHECKED = "this run does not check "


class NotChecked(Exception):
    """A registry or an identity is meant that this run does not check; the text names it, and the one close to it."""


def at_registry(name: str, targets: Sequence[Target]) -> tuple[Target, ...]:
    """Return the targets at a registry. Raises `NotChecked`."""
    found = tuple(target for target in targets if _is(target.registry, name))
    if found:
        return found
    checked = dict.fromkeys(target.registry.login_server for target in targets)
    # Compared without suffixes, which make every login server like every other one.
    whole = "." in name
    names = {each.registry.name: each.registry.login_server if whole else each.registry.name for each in targets}
    close = [names[each] for each in difflib.get_close_matches(name.lower().partition(".")[0], names, n=1, cutoff=0.7)]
    meant = f"; did you mean {close[0]}?" if close else ""
    raise NotChecked(f"{NOT_CHECKED}{name}, but {', '.join(checked)}{meant}")


def as_identity(name: str, targets: Sequence[Target]) -> tuple[Target, ...]:
    """Return the targets of an identity, by the name that it has in the checks' ids. Raises `NotChecked`."""
    found = tuple(target for target in targets if target.identity.name == name)
    if found:
        return found
    checked = list(dict.fromkeys(target.identity.name for target in targets))
    close = difflib.get_close_matches(name, checked, n=1, cutoff=0.7)
    meant = f"; did you mean {close[0]}?" if close else ""
    raise NotChecked(f"{NOT_CHECKED}as {name}, but as {', '.join(checked)}{meant}")


def _is(registry: Registry, name: str) -> bool:
    wanted = name.strip().lower()
    return wanted in {registry.name, registry.login_server, registry.resource_id.lower()}


def a_text(name: str, value: object) -> str:
    """Return an argument that has to be a text, such as one from a variable that may not be set. Raises `BadName`."""
    if not isinstance(value, str):
        raise BadName(f"{name}={value!r} is no text")
    return value
