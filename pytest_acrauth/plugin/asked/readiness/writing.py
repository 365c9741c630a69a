"""A first readiness file, from what a run found healthy: what is written is read back as the same."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime

from pytest_acrauth.auth import method_named
from pytest_acrauth.model.expiry import Limits
from pytest_acrauth.model.secret import whole
from pytest_acrauth.model.target import Identity, Registry, Rights, Target
from pytest_acrauth.plugin.asked.readiness.environment import is_ours
from pytest_acrauth.plugin.asked.readiness.shape import FILE, NAME, Kind, Table, Value

#: A value as the file holds it.
Held = str | bool | float | Sequence[str]


def written(
    targets: Sequence[Target],
    left_out: Iterable[tuple[Target, str]],
    run: Mapping[str, tuple[str, ...]],
    limits: Mapping[str, Limits],
    moment: float,
) -> str:
    """Return the text of a file that declares these targets, with options of the run by their keys.

    ``left_out`` are targets that were not ready, each with the reason, for comments. ``moment`` is when it was seen,
    in seconds since the epoch.
    """
    day = datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%d")
    lines = [f"# What was ready on {day}. Read it before you rely on it: it says what is, not what should be."]
    lines += _table(["run"], {key: _typed(key, texts) for key, texts in run.items()})
    identities = dict.fromkeys(target.identity for target in targets)
    for identity in identities:
        lines += _identity(identity, limits.get(identity.name, Limits()))
    for registry in dict.fromkeys(target.registry for target in targets):
        lines += _registry(registry, [target for target in targets if target.registry == registry])
    comments = [f"# {each.registry.login_server} as {each.identity.name}: {why}" for each, why in left_out]
    lines += ["", "# Left out, as they were not ready:", *comments] if comments else []
    return "\n".join(lines) + "\n"


def _typed(key: str, texts: tuple[str, ...]) -> Held:
    table = FILE.keys["run"]
    row = table.keys[key] if isinstance(table, Table) else None
    kind = row.kind if isinstance(row, Value) else Kind.TEXT
    if kind is Kind.TEXTS:
        return texts
    if kind is Kind.FLAG:
        return bool(texts)
    return float(texts[0]) if kind is Kind.NUMBER else texts[0]


def _identity(identity: Identity, limits: Limits) -> Iterator[str]:
    usual = method_named(identity.method).prefix
    held: dict[str, Held] = {"method": identity.method}
    if identity.prefix != usual:
        held["prefix"] = identity.prefix
    yield from _table(["identity", identity.name], held)
    if identity.prefix != usual and not is_ours(identity.prefix):
        yield f"# acr_config_variables has to list {identity.prefix}."
    if limits:
        given = {"warn": limits.warn, "fail": limits.fail}
        told = ", ".join(f"{name} = {value:g}" for name, value in given.items() if value is not None)
        yield f"expiry = {{ {told} }}"


def _registry(registry: Registry, targets: Sequence[Target]) -> Iterator[str]:
    key = registry.login_server.partition(".")[0]
    name = registry.resource_id or registry.login_server
    yield from _table(["registry", key], {"name": name} if name != key else {})
    for target in targets:
        by_rights: dict[Rights, list[str]] = {}
        for reference in target.references:
            by_rights.setdefault(target.rights(reference.text), []).append(reference.text)
        for rights, texts in by_rights.items():
            held: dict[str, Held] = {"identities": [target.identity.name], "repositories": texts, "must": rights.must}
            held |= {"must_not": rights.must_not} if rights.must_not else {}
            held |= {"prove_push": True} if rights.pushes else {}
            yield from _table(["registry", key, "access"], held, many=True)
        if not by_rights:
            yield from _table(["registry", key, "access"], {"identities": [target.identity.name]}, many=True)


def _table(path: Sequence[str], held: Mapping[str, Held], *, many: bool = False) -> Iterator[str]:
    if not held and path == ["run"]:
        return
    name = ".".join(part if NAME.fullmatch(part) and "." not in part else json.dumps(part) for part in path)
    yield ""
    yield f"[[{name}]]" if many else f"[{name}]"
    yield from (f"{key} = {_value(value)}" for key, value in held.items())


def _value(held: Held) -> str:
    """Return a value in TOML, whose texts and lists are JSON's, but that every character stands for itself."""
    if isinstance(held, float):
        return f"{held:g}"
    text = json.dumps(held if isinstance(held, str | bool) else list(held), ensure_ascii=False)
    return whole(text).replace("\x7f", r"\u007f")
