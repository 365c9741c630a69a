"""What a readiness file means: who gets in where, with which rights, and who must not, by names that hold together."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from pytest_acrauth.auth import METHODS
from pytest_acrauth.model.expiry import POINTLESS, Limits
from pytest_acrauth.model.target import BadName, Reference, Rights, cloud_of, without_login
from pytest_acrauth.plugin.asked.readiness.document import TOLD, Document, Place
from pytest_acrauth.plugin.asked.readiness.places import Path
from pytest_acrauth.plugin.asked.readiness.shape import FILE, SECRET

_OUR_PREFIX = re.compile(r"ACR(?:_[A-Z0-9_]+)?")
_NAME = re.compile(r"[A-Z][A-Z_]*")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


class NamedIdentity(NamedTuple):
    """An identity of the file: its name, how ``--acr-auth`` says it, its credentials' limits, and where it stands."""

    name: str
    method: str
    prefix: str
    limits: Limits
    place: Place

    @property
    def spec(self) -> str:
        """The identity as ``--acr-auth`` takes it."""
        return f"{self.name}={self.method}" + (f":{self.prefix}" if self.prefix else "")


class Access(NamedTuple):
    """Who must get in, and with which rights on which repositories."""

    identities: tuple[str, ...]
    references: tuple[Reference, ...]
    rights: Rights
    place: Place


class Refusal(NamedTuple):
    """Who must be refused, and for which reasons; on these repositories, or wherever where there are none."""

    identities: tuple[str, ...]
    expect: tuple[str, ...]
    repositories: tuple[str, ...]
    place: Place


class NamedRegistry(NamedTuple):
    """A registry of the file: its table's name, how it is called, and what is checked there."""

    key: str
    name: str
    access: tuple[Access, ...]
    refusals: tuple[Refusal, ...]
    place: Place


@dataclass(frozen=True, slots=True)
class Environment:
    """All that a readiness file says. ``run`` has options by their names, each with its values and its place.

    ``limits`` are those of identities that the file does not name, where it names none.
    """

    file: str
    registries: tuple[NamedRegistry, ...]
    identities: tuple[NamedIdentity, ...]
    run: Mapping[str, tuple[tuple[str, ...], Place]]
    limits: Limits


def read(file: str, text: str, environ: Mapping[str, str], allowed: Sequence[str] = ()) -> Environment:
    """Read a readiness file; ``file`` is how it is called in errors.

    ``allowed`` are environment variables that it may name beside ``ACR_…`` and those of the methods, or what these
    begin with. Raises `BadFile` with all that is wrong, each with file, line and key. Nothing is contacted, and of the
    environment nothing is read but what the file names.
    """
    document = Document(file, text, environ, lambda name: _forbidden(name, allowed))
    found = document.read(FILE)
    limits = _limits(document, found.get("expiry"), ("expiry",))
    identities = tuple(
        _identity(document, name, entry, limits, allowed) for name, entry in found.get("identity", {}).items()
    )
    names = [each.name for each in identities]
    registries = tuple(_registry(document, key, entry, names) for key, entry in found.get("registry", {}).items())
    if "registry" not in found and not document.mistakes:
        document.wrong((), "it names no registry: add [registry.NAME]")
    listed = [part.identities for each in registries for part in each.access]
    listed += [part.identities for each in registries for part in each.refusals]
    used = {name for names in listed for name in names}
    for identity in identities:
        if not document.mistakes and identity.name not in used:
            document.wrong(("identity", identity.name), "nothing in this file uses it")
    document.close()
    return Environment(file, registries, identities, dict(_run(document, found.get("run", {}))), limits)


def _forbidden(name: str, allowed: Sequence[str]) -> str:
    """Return why a file may not name an environment variable, '' where it may."""
    if not _VARIABLE.fullmatch(name):
        return f"${{{name}}} names no environment variable"
    if SECRET.search(name):
        return f"{name} is called as a variable that holds a secret, which belongs to no file: let prefix name it"
    known = {f"{method.prefix}_{suffix}" for method in METHODS for suffix in method.suffixes}
    if name in known or name.startswith("ACR_") or any(_begins(name, each) for each in allowed):
        return ""
    return (
        f"a readiness file names environment variables that begin with ACR_, not {name}: rename it, or list it in"
        " acr_config_variables"
    )


def is_ours(prefix: str) -> bool:
    """Whether a file may say that variables begin so: as ours do, or as a method's own."""
    return _OUR_PREFIX.fullmatch(prefix) is not None or any(prefix == method.prefix for method in METHODS)


def _begins(name: str, allowed: str) -> bool:
    return name == allowed or name.startswith(f"{allowed}_")


def _run(document: Document, found: Mapping[str, Any]) -> Iterable[tuple[str, tuple[tuple[str, ...], Place]]]:
    for key, value in found.items():
        if isinstance(value, bool):
            values = ("true",) if value else ()
        else:
            values = value if isinstance(value, tuple) else (f"{value:g}" if isinstance(value, float) else str(value),)
        yield key.replace("_", "-"), (values, document.place(("run", key)))


def _limits(document: Document, found: Mapping[str, Any] | None, path: Path) -> Limits:
    if found is None:
        return Limits()
    limits = Limits(found.get("warn"), found.get("fail"), required=True)
    if limits.pointless:
        document.wrong((*path, "warn"), POINTLESS)
    return limits


def _identity(
    document: Document, name: str, found: Mapping[str, Any], usual: Limits, allowed: Sequence[str]
) -> NamedIdentity:
    path = ("identity", name)
    prefix = found.get("prefix") or ""
    if prefix and not is_ours(prefix) and not any(_begins(prefix, each) for each in allowed):
        # Anything but a name of variables may be the secret itself, in the wrong place.
        shown = repr(prefix[:80]) if _NAME.fullmatch(prefix) else "this"
        document.wrong(
            (*path, "prefix"),
            f"{shown} is not what variables of a readiness file begin with: ACR, ACR_ and more in capitals, or what"
            " acr_config_variables lists",
        )
    own = _limits(document, found.get("expiry"), (*path, "expiry"))
    return NamedIdentity(name, found.get("method") or "", prefix, own or usual, document.place(path))


def _registry(document: Document, key: str, found: Mapping[str, Any], names: Sequence[str]) -> NamedRegistry:
    path = ("registry", key)
    access = [
        _access(document, each, (*path, "access", number), names) for number, each in enumerate(found.get("access", ()))
    ]
    refusals = [
        Refusal(
            _who(document, each, (*path, "refusal", number), names),
            each.get("expect", ()),
            tuple(one.text for one in _references(document, each, (*path, "refusal", number))),
            document.place((*path, "refusal", number)),
        )
        for number, each in enumerate(found.get("refusal", ()))
    ]
    place = document.place((*path, "name") if "name" in found else path)
    _each_once(document, access, path)
    if not access and not refusals:
        access = [Access(tuple(names), (), Rights(), place)]
    return NamedRegistry(key, found.get("name") or key, tuple(access), tuple(refusals), place)


def _each_once(document: Document, access: Sequence[Access], path: Path) -> None:
    """Note where two accesses say of the same identity what it may do with the same repository."""
    seen: set[tuple[str, str]] = set()
    for number, each in enumerate(access):
        who = [(name, reference.text) for name in each.identities or ("",) for reference in each.references]
        for name, text in who:
            if (name, text) in seen:
                about = f"the rights of {name} on {text}" if name else f"the rights on {text}"
                document.wrong((*path, "access", number), f"{about} stand in another access as well")
        seen |= set(who)


def _access(document: Document, found: Mapping[str, Any], path: Path, names: Sequence[str]) -> Access:
    rights = Rights(found.get("must", ("pull",)), found.get("must_not", ()), bool(found.get("prove_push")))
    for name in ("must", "must_not", "prove_push"):
        if name in found and "repositories" not in found:
            document.wrong((*path, name), "actions are held on repositories: name them with repositories")
    if both := [action for action in rights.must if action in rights.must_not]:
        document.wrong((*path, "must_not"), f"{', '.join(both)} stands in must as well")
    if rights.prove_push and "push" not in rights.must:
        document.wrong((*path, "prove_push"), "push is proven where it must be held: add it to must")
    references = _references(document, found, path)
    return Access(_who(document, found, path, names), references, rights, document.place(path))


def _who(document: Document, found: Mapping[str, Any], path: Path, names: Sequence[str]) -> tuple[str, ...]:
    known = set(names)
    for name in found.get("identities", ()):
        if name and name not in known:
            close = difflib.get_close_matches(name, names, n=1) if document.mistakes < TOLD else ()
            meant = f"did you mean {close[0]}?" if close else f"it has {', '.join(names) or 'none'}"
            document.wrong((*path, "identities"), f"there is no identity {name!r} in this file; {meant}")
    listed: tuple[str, ...] = found.get("identities", tuple(names))
    return listed


def _references(document: Document, found: Mapping[str, Any], path: Path) -> tuple[Reference, ...]:
    references = []
    for text in found.get("repositories", ()):
        if cloud_of(text.partition("/")[0]) is not None:
            host = without_login(text).partition("/")[0]
            document.wrong((*path, "repositories"), f"leave out {host}: the table it stands in names the registry")
            continue
        try:
            references.append(Reference.parse(text))
        except BadName as error:
            document.wrong((*path, "repositories"), str(error))
    return tuple(references)
