"""Refusals that somebody expects: what can be named, and whether what was met is that.

A refusal can be named by a cause's id, by a family of causes, or as one of the common checks of `REFUSALS` and
`SETTINGS`. Families and checks mean what a registry's owner decided: they are never satisfied by a cause that passes by
itself, by a registry or a network in trouble, or by a credential that is broken. Such a cause satisfies its own id.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from pytest_acrauth.model.evidence import RegistryFacts
from pytest_acrauth.model.stage import Rung, Stage
from pytest_acrauth.model.target import BadName, Reference, Target
from pytest_acrauth.model.transcript import Transcript
from pytest_acrauth.plugin.failures import Told, could_not_look, diagnoses_of, tell
from pytest_acrauth.plugin.naming import a_text

if TYPE_CHECKING:
    from pytest_acrauth.diagnosis.conclusion import Diagnosis
    from pytest_acrauth.plugin.climbs import Climbs

PUSH = "push-denied"
#: Where an image itself is asked for, with a token that allows it.
BEHIND_THE_TOKEN = {Stage.OPERATION, Stage.DATA, Stage.UPLOAD}
#: The common checks that are refusals, each with its causes in `pytest_acrauth.diagnosis.expected`.
SHUT_OUT = ("network-shut-out", "identity-kept-out")
REFUSALS = (*SHUT_OUT, PUSH)


class Setting(NamedTuple):
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
SETTINGS: Mapping[str, Setting] = {
    "admin-user-off": Setting(
        "a switched off admin user",
        "the admin user is enabled",
        "the admin user of {} is enabled",
        lambda record: record.admin_user_enabled,
    ),
    "anonymous-pull-off": Setting(
        "no anonymous pull",
        "anonymous pull is allowed",
        "anonymous pull from {} is allowed",
        lambda record: record.anonymous_pull_enabled,
        tried=True,
    ),
}


class Met(NamedTuple):
    """How an expectation stands: what fails it, () where it is met, and what is to be said where it is."""

    against: tuple[Told, ...]
    notes: tuple[str, ...] = ()


class Expectation:
    """The refusals that a test names. Raises `BadName`, with the choices, for a name that is none of them."""

    def __init__(self, names: Iterable[str], repository: str | None = None) -> None:
        self.names = tuple(a_text("name", name) for name in names)
        self.repository = None if repository is None else Reference.parse(a_text("repository", repository)).repository
        if not self.names:
            raise BadName(
                f"name what is expected: a cause's id, a family, or one of {', '.join((*REFUSALS, *SETTINGS))}"
            )
        refusals = [name for name in self.names if name not in SETTINGS]
        self._allowed = _allowed(refusals)
        self._shows_by_reading = bool(self._allowed) and _show_by_reading(self._allowed)

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
        if not self._shows_by_reading or self._read(target):
            return ""
        return (
            f"{self.words} shows where an image is read, and nothing reads {self.repository or 'one'} here:"
            " name it with --acr-repository, or as an access in the readiness file"
        )

    def of(self, target: Target, climbs: Climbs) -> Met:
        """Return how it stands for a target. Raises `BadName` where nothing can be refused so."""
        if unread := self.unread(target):
            raise BadName(unread)
        met = [self._setting(SETTINGS[name], target, climbs) for name in self.names if name in SETTINGS]
        if self._allowed:
            met += [self._refusal(transcript, climbs.of(target)) for transcript in self._asked(target, climbs)]
        return Met(
            tuple(told for each in met for told in each.against), tuple(note for each in met for note in each.notes)
        )

    def _asked(self, target: Target, climbs: Climbs) -> Iterable[Transcript]:
        climbed = climbs.of(target)
        action = "push" if PUSH in self.names else "pull"
        wanted = [self.repository] if self.repository is not None else []
        if not wanted and action == "push":
            wanted = [each.repository for each in target.references]
            if not wanted:
                raise BadName(f"{PUSH} needs a repository: name one with repository=… or --acr-repository")
        if not wanted or any(not rung.stage.per_repository for rung in climbed.broken()):
            return [climbed]
        return [climbs.ask(target, repository, (action,)) for repository in wanted]

    def _refusal(self, transcript: Transcript, climbed: Transcript) -> Met:
        found = diagnoses_of(transcript) or self._behind_the_token(climbed)
        if not found:
            return Met((self._open(transcript, self.words, _granted(transcript), _opening(transcript)),))
        note = f"expected: {self.words}"
        against = tuple(tell(each, note=note) for each in found if not self._satisfied_by(each))
        return Met(against, () if against else tuple(_as_expected(each) for each in found))

    def _behind_the_token(self, climbed: Transcript) -> tuple[Diagnosis, ...]:
        """Return what broke in a climb where the repository that is named was read by a token that allows it."""
        if self.repository is None or PUSH in self.names:
            return ()
        read = self._read(climbed.target)
        return tuple(each for each in diagnoses_of(climbed) if each.broken.rung in read)

    def _read(self, target: Target) -> tuple[Rung, ...]:
        """Return where a climb reads an image of the repository that is named, of any where none is."""
        own = {each.text for each in target.references if self.repository in {None, each.repository}}
        return tuple(rung for rung in target.rungs if rung.stage in BEHIND_THE_TOKEN and rung.reference in own)

    def _satisfied_by(self, diagnosis: Diagnosis) -> bool:
        return bool(diagnosis.candidates) and all(mode.id in self._allowed for mode in diagnosis.candidates)

    def _setting(self, setting: Setting, target: Target, climbs: Climbs) -> Met:
        look = climbs.record(target)
        on = setting.reads(look.value) if look.value is not None else None
        if on is None:
            why = look.why or "the registry's record is not readable, or does not say"
            raise could_not_look(
                f"whether {target.registry.name} has {setting.expected}: {why}",
                ["Let somebody read the registry's record who may: --acr-evidence says who is asked."],
                target,
            )
        if on:
            opening = setting.opening.format(target.registry.name)
            found = f"{setting.open} in the registry's record (read by {look.who})"
            return Met((self._open(climbs.of(target), setting.expected, found, opening),))
        shut = any(rung.stage.of_network for rung in climbs.of(target).broken())
        if setting.tried and not shut and not any((tried := climbs.as_nobody(target)).broken()):
            found = f"a caller without a credential is let in still, though the record (read by {look.who}) forbids it"
            opening = f"{target.registry.name} still lets in who has no credential"
            return Met((self._open(tried, setting.expected, found, opening),))
        return Met((), (f"{setting.expected}, read from the registry's record by {look.who}",))

    @staticmethod
    def _open(transcript: Transcript, expected: str, found: str, opening: str) -> Told:
        from pytest_acrauth.diagnosis.expected import more_open
        from pytest_acrauth.report.standing import reached

        target = transcript.target
        told = tell(more_open(transcript, expected, found, reached(transcript), opening))
        cause = repr((target.id, told.id, expected, found))  # one opening is no other's explanation
        return replace(told, cause=cause, registry=target.registry.login_server, identity=target.identity.name)


def _allowed(names: Sequence[str]) -> frozenset[str]:
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


def _granted(transcript: Transcript) -> str:
    tokens = [(each.reference.repository, each.access_token) for each in transcript.accesses]
    granted = [f"{', '.join(token.granted)} on {repository}" for repository, token in tokens if token and token.granted]
    return f"the registry granted {' and '.join(granted)}" if granted else "the registry let this identity in"


def _opening(transcript: Transcript) -> str:
    """Return in a few words what a registry lets an identity do, with both their names."""
    target = transcript.target
    tokens = [(each.reference.repository, each.access_token) for each in transcript.accesses]
    granted = [f"{', '.join(token.granted)} on {repository}" for repository, token in tokens if token and token.granted]
    does = f"has {' and '.join(granted)} in" if granted else "gets into"
    return f"{target.identity.name} {does} {target.registry.name}"


def _as_expected(diagnosis: Diagnosis) -> str:
    from pytest_acrauth.diagnosis.conclusion import Certainty

    names = ", ".join(mode.id for mode in diagnosis.candidates)
    hedge = {Certainty.PROBABLE: ", probably: not proven", Certainty.ONE_OF: ", one of these: not proven"}
    return f"refused as expected ({names}{hedge.get(diagnosis.certainty, '')})"
