"""Which identity is used where: from ``--acr-auth`` and the environment to pairs of registry and identity.

Nothing here contacts anything or runs anything.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from pytest_acrauth.auth.credentials import require
from pytest_acrauth.auth.detection import detect
from pytest_acrauth.auth.methods import CHOICES, DEFAULT, identity_of, method_named, needed, variables
from pytest_acrauth.auth.shape import BadAuth
from pytest_acrauth.model.target import Identity, Registry

_SPEC = re.compile(r"(?:(?P<name>[A-Za-z0-9][A-Za-z0-9._-]*)=)?(?P<method>[^:=]+)(?::(?P<prefix>.*))?")
PREFIX = re.compile(r"[A-Z][A-Z0-9_]*")


@dataclass(frozen=True, slots=True)
class Chosen:
    """An identity that was chosen, where it was found, and what else was seen on the way: lines for the header.

    ``variables`` are those that it is read from.
    """

    identity: Identity
    notes: tuple[str, ...] = ()
    variables: tuple[str, ...] = ()


def choose(specs: Sequence[str], environ: Mapping[str, str], registries: Sequence[Registry] = ()) -> tuple[Chosen, ...]:
    """Turn ``[NAME=]METHOD[:PREFIX]`` texts into identities whose variables and files can all be read.

    ``registries`` are those that a docker config is searched for. Raises `BadAuth` for an unknown method, a bad
    prefix, two equal names, missing variables, files that cannot be used, or a ``default`` that finds nothing.
    """
    chosen: list[Chosen] = []
    for spec in specs:
        match = _SPEC.fullmatch(spec.strip())
        if match is None:
            raise BadAuth(f"{_shown(spec)} is not [NAME=]METHOD[:PREFIX]; methods are {', '.join(CHOICES)}")
        if match["method"] != DEFAULT:
            identity = _identity(match["method"], match["prefix"])
            notes = _notes(identity, environ)
        elif match["prefix"] is None:
            found, notes = detect(environ, registries)
            identity = found.identity
        else:
            raise BadAuth(f"{_shown(spec)}: {DEFAULT} looks in fixed places and takes no prefix; name a method instead")
        require(identity, environ)
        notes = (*notes, *_passed_over(identity, environ))
        named = replace(identity, name=match["name"] or identity.name)
        chosen.append(Chosen(named, notes, variables(identity, environ)))
    names = [each.identity.name for each in chosen]
    for name in names:
        if names.count(name) > 1:
            raise BadAuth(f"two identities are called {name!r}: name them apart, NAME=METHOD[:PREFIX]")
    return tuple(chosen)


def _shown(spec: str) -> str:
    """Return what may be printed of a wrong spec: behind a colon somebody may have set the secret itself."""
    before, colon, _ = spec.partition(":")
    return repr(f"{before}:***" if colon else spec)


def _identity(name: str, prefix: str | None = None) -> Identity:
    method = method_named(name)
    if prefix is not None:
        if not method.takes_prefix:
            raise BadAuth(f"{name} reads no variables and takes no prefix")
        if not PREFIX.fullmatch(prefix):
            raise BadAuth(
                f"what stands behind {name}: is no prefix of environment variables: capitals, digits and '_', as in"
                " ACR_CI"
            )
    return identity_of(method, prefix)


def _notes(identity: Identity, environ: Mapping[str, str]) -> tuple[str, ...]:
    """Return where the credential of a method that needs no variables is."""
    place = method_named(identity.method).place
    note = place.note(environ) if place is not None and not variables(identity) else ""
    return (note,) if note else ()


def _passed_over(identity: Identity, environ: Mapping[str, str]) -> Iterator[str]:
    """Yield which variables are set in the place of another one that is set, too, and is read."""
    for names in needed(identity):
        read, *others = [name for name in names if environ.get(name)]
        yield from (f"{other} is not read beside {read}" for other in others)


def pair(
    registries: Sequence[Registry], chosen: Iterable[Chosen], environ: Mapping[str, str]
) -> tuple[tuple[Registry, Identity], ...]:
    """Return which identity is used at which registry, in the order given.

    A password belongs to one registry and is never sent to another: with several registries a Basic identity must
    say which is its own, in the variable ``<PREFIX>_REGISTRY``; a docker config has each registry's own. Raises
    `BadAuth` where that is missing or unknown, or where a registry is left without an identity.
    """
    pairs: list[tuple[Registry, Identity]] = []
    for identity in (each.identity for each in chosen):
        served = method_named(identity.method).serves(identity, registries, environ)
        pairs += [(registry, identity) for registry in served]
    for registry in registries:
        if all(registry != taken for taken, _ in pairs):
            raise BadAuth(f"no identity is left for {registry.login_server}: add an --acr-auth for it")
    return tuple(pairs)
