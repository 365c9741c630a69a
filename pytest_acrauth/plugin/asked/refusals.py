"""Refusals that somebody expects: what can be named, and what a name stands for.

A refusal can be named by a cause's id, by a family of causes, or as one of the common checks of `REFUSALS` and
`SETTINGS`. Families and checks mean what a registry's owner decided: they are never satisfied by a cause that passes by
itself, by a registry or a network in trouble, or by a credential that is broken. Such a cause satisfies its own id.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple

from pytest_acrauth.model.evidence import RegistryFacts
from pytest_acrauth.model.stage import Rung, Stage
from pytest_acrauth.model.target import BadName, Reference, Target
from pytest_acrauth.plugin.asked.naming import a_text

PUSH = "push-denied"
#: Where an image itself is asked for, with a token that allows it.
BEHIND_THE_TOKEN = {Stage.OPERATION, Stage.DATA, Stage.UPLOAD}
#: The common checks that are refusals, each with its causes in `pytest_acrauth.diagnosis.expected`.
SHUT_OUT = ("network-shut-out", "identity-kept-out")
REFUSALS = (*SHUT_OUT, PUSH)


class RegistrySetting(NamedTuple):
    """A setting that has to be off: how that is said, and how the registry's record tells whether it is on.

    ``opening`` is what is open where it is on, for a registry of a name.
    ``tried`` tells that anybody can try it, without a credential: for minutes a registry goes by what was set before.
    """

    expected: str
    open: str
    opening: str
    reads: Callable[[RegistryFacts], bool | None]
    tried: bool = False


#: The common checks that a registry's own record answers.
SETTINGS: Mapping[str, RegistrySetting] = {
    "admin-user-off": RegistrySetting(
        "a switched off admin user",
        "the admin user is enabled",
        "the admin user of {} is enabled",
        lambda record: record.admin_user_enabled,
    ),
    "anonymous-pull-off": RegistrySetting(
        "no anonymous pull",
        "anonymous pull is allowed",
        "anonymous pull from {} is allowed",
        lambda record: record.anonymous_pull_enabled,
        tried=True,
    ),
}


class Expectation:
    """The refusals that a test or a readiness file names.

    ``causes`` are the ids of those that are right; settings of the registry are read, and have none.
    Raises `BadName`, with the choices, for a name that is none of them.
    """

    def __init__(self, names: Iterable[str], repository: str | None = None) -> None:
        self.names = tuple(a_text("name", name) for name in names)
        self.repository = None if repository is None else Reference.parse(a_text("repository", repository)).repository
        if not self.names:
            raise BadName(
                f"name what is expected: a cause's id, a family, or one of {', '.join((*REFUSALS, *SETTINGS))}"
            )
        refusals = [name for name in self.names if name not in SETTINGS]
        self.causes = _causes_of(refusals)
        self._shows_by_reading = bool(self.causes) and _show_by_reading(self.causes)

    @property
    def words(self) -> str:
        """What is expected, as one can say it."""
        return " or ".join(self.names)

    @property
    def id(self) -> str:
        """What is expected, and of what, as a part of a node id."""
        return "+".join(self.names) + (f"::{self.repository}" if self.repository is not None else "")

    def unread(self, target: Target) -> str:
        """Return what is wrong where nothing that a climb of a target asks for can be refused so, '' otherwise."""
        if not self._shows_by_reading or self.read_by(target):
            return ""
        return (
            f"{self.words} shows where an image is read, and nothing reads {self.repository or 'one'} here:"
            " name it with --acr-repository, or as an access in the readiness file"
        )

    def read_by(self, target: Target) -> tuple[Rung, ...]:
        """Return where a climb reads an image of the repository that is named, of any where none is."""
        own = {each.text for each in target.references if self.repository in {None, each.repository}}
        return tuple(rung for rung in target.rungs if rung.stage in BEHIND_THE_TOKEN and rung.reference in own)


def _causes_of(names: Sequence[str]) -> frozenset[str]:
    """Return the causes that names of refusals stand for. Raises `BadName`."""
    from pytest_acrauth.diagnosis.expected import causes_named

    try:
        return frozenset(cause for name in names for cause in causes_named(name, (*REFUSALS, *SETTINGS)))
    except LookupError as error:
        raise BadName(next((said for name in names if (said := _of_symptom(name))), str(error.args[0]))) from None


def _show_by_reading(causes: Iterable[str]) -> bool:
    from pytest_acrauth.diagnosis.expected import stages_of

    return set(stages_of(causes)) <= BEHIND_THE_TOKEN


def _of_symptom(name: str) -> str:
    """Return what to name in the place of a symptom, which a failure's first line can begin with; '' for no symptom."""
    from pytest_acrauth.report.entries import SymptomEntry, entry

    try:
        found = entry(name)
    except LookupError:
        return ""
    if not isinstance(found, SymptomEntry) or not found.causes:
        return ""
    causes = ", ".join(each.id for each in found.causes)
    return f"{name!r} is what is seen, and no cause: name those of its causes that are right: {causes}"
