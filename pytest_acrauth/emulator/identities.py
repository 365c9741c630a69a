"""Who the machine can be: what each identity that is named signs in with, under the variables that it reads.

The names of methods and their variables are those of the product; that a credential works is this world's doing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple, Self

from pytest_acrauth.auth import DEFAULT, BadAuth, Method, method_named
from pytest_acrauth.auth.choosing import PREFIX
from pytest_acrauth.emulator.scenarios.scenario import Scenario
from pytest_acrauth.emulator.scenarios.variants import IDENTITIES, USUAL
from pytest_acrauth.emulator.world import World
from pytest_acrauth.emulator.world.healthy import AUDITOR, CLIENT, PULL_SECRET, add_auditor, logins
from pytest_acrauth.model.target import Flow


class SignIn(NamedTuple):
    """An identity that the machine is to have a credential of.

    Its variables begin with ``prefix``. A password is that of the ``registry``, by its login server, or of the first
    one (''). ``apart`` is an identity for evidence alone: an application of its own, which may look and not pull.
    """

    method: str
    prefix: str
    registry: str = ""
    apart: bool = False

    @classmethod
    def parse(cls, spec: str) -> Self:
        """Read ``[NAME=]METHOD[:PREFIX]``, as ``--acr-auth`` takes it. Raises `BadAuth` for what is none of it."""
        method, colon, prefix = spec.strip().rpartition("=")[2].partition(":")
        row = method_named(USUAL if method == DEFAULT else method)
        if not colon:
            return cls(row.name, row.prefix)
        if method == DEFAULT or not row.takes_prefix:
            raise BadAuth(f"{method} takes no prefix")
        if not PREFIX.fullmatch(prefix):
            raise BadAuth(f"{prefix!r} is no prefix of environment variables: capitals, digits and '_', as in ACR_CI")
        return cls(row.name, prefix)

    @property
    def row(self) -> Method:
        """Its method."""
        return method_named(self.method)

    @property
    def has_file(self) -> bool:
        """Whether a prefix makes it read a file that it has not without one: a pull secret."""
        return bool(self.row.prefixed) and not self.usual

    @property
    def usual(self) -> bool:
        """Whether its variables are those that its method reads without a prefix."""
        return self.prefix == self.row.prefix


class _Credential(NamedTuple):
    """Variables and files by the ends of their names, and the usual variables that are not there beside them."""

    values: Mapping[str, str]
    files: Mapping[str, str]
    gone: frozenset[str]


def sign_in(world: World, wanted: Iterable[SignIn], scenarios: Sequence[Scenario]) -> None:
    """Give a healthy world's machine what identities sign in with, and let scenarios happen to all of it.

    A scenario about a method brings what that method reads, and what it does to the usual variables happens to those
    with a prefix too. What is there under a prefix already, stays. Raises `BadAuth` where two identities need different
    values of one variable.
    """
    every = tuple(each for each in dict.fromkeys(wanted) if not _is_there(world, each))
    about = {scenario.options.get("auth") for scenario in scenarios}
    brought = {each for each in every if each.method in about and not each.apart and not each.has_file}
    held = _held(world, [each for each in every if each not in brought])
    _place(world, held)
    before = _all(world)
    for scenario in scenarios:
        scenario.change(world)
    for each in every:
        if not (each.usual or each.apart):
            _copy(world, each, before, whole=each in brought)


def _is_there(world: World, wanted: SignIn) -> bool:
    """Whether the healthy machine has what an identity reads by itself, as it has ``ACR_PULLER_USERNAME``."""
    names = {f"{wanted.prefix}_{end}" for end in (*wanted.row.variables, *wanted.row.prefixed)}
    return bool(names) and not wanted.usual and names <= _all(world).keys()


def _held(world: World, wanted: Sequence[SignIn]) -> dict[SignIn, _Credential]:
    """Return the credential of each; of two that differ in nothing but the prefix, the same one."""
    made: dict[tuple[str, str], _Credential] = {}
    for each in wanted:
        if (kind := _kind(each)) not in made:
            made[kind] = _credential(world, each)
    found = {each: made[_kind(each)] for each in wanted}
    for each in wanted:
        if each.has_file:
            files = dict.fromkeys(each.row.prefixed, world.machine.files[PULL_SECRET])
            found[each] = found[each]._replace(files=files)
    if any(each.apart for each in wanted):
        known = [secret.value for secret in world.cloud.applications[CLIENT].secrets]
        other = {CLIENT: AUDITOR, **dict.fromkeys(known, add_auditor(world.cloud).value)}
        for each in wanted:
            if each.apart:
                values = {name: other.get(value, value) for name, value in found[each].values.items()}
                found[each] = found[each]._replace(values=values)
    return found


def _kind(wanted: SignIn) -> tuple[str, str]:
    return wanted.method, wanted.registry if wanted.row.flow is Flow.BASIC else ""


def _credential(world: World, wanted: SignIn) -> _Credential:
    """Change the world into one in which a method works, the machine but for where it runs, and return the rest."""
    machine, row = world.machine, wanted.row
    environ, files, az, docker_config = machine.environ, machine.files, machine.az, machine.docker_config
    registries = [each for each in world.cloud.registries.values() if wanted.registry in ("", *each.login_servers)]
    machine.environ = environ | (logins(registries[0]) if registries else {})
    machine.files, machine.docker_config = dict(files), dict(docker_config)
    IDENTITIES[row.name](world)
    values, beside = _apart(row, machine.environ, environ)
    texts, texts_beside = _apart(row, machine.files, files)
    gone = frozenset(name for name in environ.keys() - machine.environ.keys() if name.startswith(f"{row.prefix}_"))
    machine.environ, machine.files, machine.az, machine.docker_config = environ, files, az, docker_config
    environ |= beside
    files |= texts_beside
    return _Credential(values, texts, gone)


def _apart(row: Method, after: Mapping[str, str], before: Mapping[str, str]) -> tuple[dict[str, str], dict[str, str]]:
    """Return what a method reads by the ends of its names, and what else is new."""
    own = {name for name in after if name.startswith(f"{row.prefix}_") and (name not in before or _reads(row, name))}
    return (
        {name.removeprefix(f"{row.prefix}_"): after[name] for name in own},
        {name: text for name, text in after.items() if name not in before and name not in own},
    )


def _reads(row: Method, name: str) -> bool:
    return name.removeprefix(f"{row.prefix}_") in row.suffixes


def _place(world: World, held: Mapping[SignIn, _Credential]) -> None:
    """Put credentials under the names at which they are read. Raises `BadAuth` where a name would need two values."""
    machine, holder = world.machine, dict[str, SignIn]()
    gone = {name for each, credential in held.items() if each.usual for name in credential.gone}
    for name in gone:
        del machine.environ[name]
    for each, credential in held.items():
        for home, found in ((machine.environ, credential.values), (machine.files, credential.files)):
            named = {f"{each.prefix}_{end}": text for end, text in found.items()}
            for name in sorted(named.keys() & holder.keys()):
                if home.get(name) != named[name]:
                    raise BadAuth(
                        f"{holder[name].method} and {each.method} both read {name}, which holds one of them: give one "
                        f"of the two a prefix of its own, as {each.method}:{each.prefix}_TOO"
                    )
            home.update(named)
            holder |= dict.fromkeys(named, each)
        if each.row.flow is Flow.BASIC and each.registry and not each.usual:
            machine.environ[f"{each.prefix}_REGISTRY"] = each.registry


def _all(world: World) -> dict[str, str]:
    return world.machine.environ | world.machine.files


def _copy(world: World, wanted: SignIn, before: Mapping[str, str], *, whole: bool) -> None:
    """Do to an identity's own variables what was done to the usual ones since, or put the ``whole`` of these there."""
    usual = wanted.row.prefix
    for home in (world.machine.environ, world.machine.files):
        changed = {
            f"{wanted.prefix}{name.removeprefix(usual)}": text
            for name, text in home.items()
            if name.startswith(f"{usual}_")
            and (name not in before or _reads(wanted.row, name))
            and (whole or before.get(name) != text)
        }
        home.update({name: text for name, text in changed.items() if whole or name in home})
