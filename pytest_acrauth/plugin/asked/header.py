"""The lines that the header of a run shows: what is in effect, and who said so."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from pytest_acrauth.auth import Chosen
from pytest_acrauth.model.target import Cloud, Identity, Registry, Target, cloud_of
from pytest_acrauth.plugin.asked.options import OPTIONS, Line
from pytest_acrauth.plugin.asked.settings import Settings

_FEW = 5  # of a list are shown before the rest is counted


def lines(settings: Settings, chosen: Iterable[Chosen], targets: Sequence[Target]) -> Iterator[str]:
    """Return the lines: what came of registries, identities and clouds, then the other options as their rows say."""
    yield from _targets(settings, chosen, targets)
    parts: dict[int, list[str]] = {}
    for option in OPTIONS:
        if option.line is not None and _is_shown(option.name, option.line, settings):
            parts.setdefault(option.line.place, []).append(_part(option.name, option.line, settings))
    yield from ("; ".join(parts[place]) for place in sorted(parts))


def _is_shown(name: str, line: Line, settings: Settings) -> bool:
    if settings[name].given:
        return bool(settings[name].values)  # a switch may be off
    return bool(line.default_with and settings[line.default_with].values)


def _part(name: str, line: Line, settings: Settings) -> str:
    values, origin = settings[name]
    words = line.words or f"{name} {{few}}"
    return f"{words.format(few=_few(values), all=','.join(values))} ({origin})"


def _targets(settings: Settings, chosen: Iterable[Chosen], targets: Sequence[Target]) -> Iterator[str]:
    registries = tuple(dict.fromkeys(target.registry for target in targets))
    if registries:
        yield f"registry {_few([registry.login_server for registry in registries])} ({settings['registry'].origin})"
    for identity, notes, variables in ((each.identity, each.notes, each.variables) for each in chosen):
        own = [target.registry.login_server for target in targets if target.identity == identity]
        parts = [named(identity)]
        parts += [f"at {_few(own)}"] if len(own) < len(registries) else []
        parts += [origin] if (origin := held_by(variables)) else []
        yield f"identity {' '.join(parts)} ({'; '.join([settings['auth'].origin, *notes])})"
    for cloud in dict.fromkeys(registry.cloud for registry in registries):
        yield f"cloud {cloud.name} ({_cloud_origin(settings, cloud, registries)})"


def named(identity: Identity) -> str:
    """Return an identity's name, with its method where that is another word."""
    return identity.name if identity.name == identity.method else f"{identity.name} = {identity.method}"


def held_by(variables: Sequence[str]) -> str:
    """Return in words that these variables hold an identity's credential; '' where none do."""
    return f"from {', '.join(variables)}" if variables else ""


def _cloud_origin(settings: Settings, cloud: Cloud, registries: Iterable[Registry]) -> str:
    if any(registry.cloud == cloud and cloud_of(registry.login_server) is None for registry in registries):
        return settings["cloud"].origin
    chosen = settings["cloud"].given and settings["cloud"].value.lower() == cloud.name.lower()
    return settings["cloud"].origin if chosen else "from the login server's name"


def _few(names: Sequence[str]) -> str:
    more = f" and {len(names) - _FEW} more" if len(names) > _FEW else ""
    return ", ".join(names[:_FEW]) + more
