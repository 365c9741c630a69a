"""What the environment holds a credential for: how ``default`` looks, in the order of the table of methods.

Reads variables and two small files of the home folder; runs nothing and contacts nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pytest_acrauth.auth.methods import METHODS, identity_of, method_named, missing, needed
from pytest_acrauth.auth.shape import BadAuth, Method
from pytest_acrauth.model.target import Identity, Registry


@dataclass(frozen=True, slots=True)
class Found:
    """An identity that the environment holds a credential for, and where that is if not in its variables."""

    identity: Identity
    where: str = ""


def detect(environ: Mapping[str, str], registries: Sequence[Registry]) -> tuple[Found, tuple[str, ...]]:
    """Return the first credential there is, and notes on what else was seen.

    Raises `BadAuth` that lists where was looked when there is none.
    """
    found, notes = look_for_credentials(environ, registries)
    if not found:
        more = f" Seen: {'; '.join(notes)}." if notes else ""
        raise BadAuth(
            f"no credential found.{more} One of these is enough, or --acr-auth anonymous to check without:"
            + "".join(f"\n  {method.name} ({_looked_for(method, environ)})" for method in METHODS if method.detected)
        )
    first, *others = found
    also = ", ".join(f"{other.identity.method}{_at(other)}" for other in others)
    return first, (*([first.where] if first.where else []), *notes, *([f"also found: {also}"] if also else []))


def look_for_credentials(environ: Mapping[str, str], registries: Sequence[Registry]) -> tuple[list[Found], list[str]]:
    """Return every credential there is, in the order of the table, and notes on those that are not complete."""
    found: list[Found] = []
    incomplete: list[tuple[Method, list[str]]] = []
    notes: list[str] = []
    for method in METHODS:
        if not method.detected:
            continue
        identity = identity_of(method)
        if method.place is not None:
            try:
                where = method.place.find(environ, registries)
            except BadAuth as error:
                notes.append(str(error))
                where = ""
            found += [Found(identity, where)] if where else []
        elif lacking := missing(identity, environ):
            incomplete.append((method, lacking))
        else:
            found.append(Found(identity))
    used = {name for each in found for name in _all_variables(each.identity)}
    for method, lacking in incomplete:
        signs = {f"{method.prefix}_{suffix}" for suffix in method.signs} - used
        inside = method.job is None or bool(environ.get(method.job.sign))
        if inside and (any(map(environ.get, signs)) or (method.job is not None and not found)):
            why = f" ({method.job.lacks(environ, lacking)})" if method.job is not None else ""
            notes.append(f"incomplete {method.name}: {', '.join(lacking)} not set{why}")
    return found, notes


def _looked_for(method: Method, environ: Mapping[str, str]) -> str:
    if method.place is not None:
        return method.place.words(environ)
    return ", ".join(" or ".join(names) for names in needed(identity_of(method)))


def _all_variables(identity: Identity) -> set[str]:
    return {f"{identity.prefix}_{suffix}" for suffix in method_named(identity.method).suffixes}


def _at(found: Found) -> str:
    return f" ({found.where})" if found.where else ""
