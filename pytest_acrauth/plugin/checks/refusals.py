"""Whether what was met is the refusal that somebody expects."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from pytest_acrauth.model.target import BadName, Target
from pytest_acrauth.model.transcript import Transcript
from pytest_acrauth.plugin.asked.refusals import PUSH, SETTINGS, Expectation, RegistrySetting
from pytest_acrauth.plugin.checks.failures import DiagnosisText, could_not_look, diagnoses_of, tell

if TYPE_CHECKING:
    from pytest_acrauth.diagnosis.conclusion import Diagnosis
    from pytest_acrauth.plugin.climbing.climbs import Climbs


class Outcome(NamedTuple):
    """How a target stands to what is demanded of it: what fails that, () where it is met, and what is said then."""

    against: tuple[DiagnosisText, ...]
    notes: tuple[str, ...] = ()


def outcome(expectation: Expectation, target: Target, climbs: Climbs) -> Outcome:
    """Return whether a target is refused as expected. Raises `BadName` where nothing can be refused so."""
    if unread := expectation.unread(target):
        raise BadName(unread)
    met = [_of_setting(SETTINGS[name], target, climbs) for name in expectation.names if name in SETTINGS]
    if expectation.causes:
        climbed = climbs.of(target)
        met += [_of_refusal(expectation, seen, climbed) for seen in _asked(expectation, climbed, climbs)]
    return Outcome(
        tuple(told for each in met for told in each.against), tuple(note for each in met for note in each.notes)
    )


def _asked(expectation: Expectation, climbed: Transcript, climbs: Climbs) -> Iterable[Transcript]:
    """Return in which transcripts the refusal would show: the climb's, or a question for each repository."""
    target = climbed.target
    action = "push" if PUSH in expectation.names else "pull"
    wanted = [expectation.repository] if expectation.repository is not None else []
    if not wanted and action == "push":
        wanted = [each.repository for each in target.references]
        if not wanted:
            raise BadName(f"{PUSH} needs a repository: name one with repository=… or --acr-repository")
    if not wanted or any(not rung.stage.per_repository for rung in climbed.broken()):
        return [climbed]
    return [climbs.ask(target, repository, (action,)) for repository in wanted]


def _of_refusal(expectation: Expectation, transcript: Transcript, climbed: Transcript) -> Outcome:
    found = diagnoses_of(transcript) or _behind_the_token(expectation, climbed)
    if not found:
        return Outcome((_more_open(transcript, expectation.words, _granted(transcript), _opening(transcript)),))
    note = f"expected: {expectation.words}"
    against = tuple(tell(each, note=note) for each in found if not _satisfies(each, expectation))
    return Outcome(against, () if against else tuple(_as_expected(each) for each in found))


def _behind_the_token(expectation: Expectation, climbed: Transcript) -> tuple[Diagnosis, ...]:
    """Return what broke in a climb where the repository that is named was read by a token that allows it."""
    if expectation.repository is None or PUSH in expectation.names:
        return ()
    read = expectation.read_by(climbed.target)
    return tuple(each for each in diagnoses_of(climbed) if each.broken.rung in read)


def _satisfies(diagnosis: Diagnosis, expectation: Expectation) -> bool:
    return bool(diagnosis.candidates) and all(mode.id in expectation.causes for mode in diagnosis.candidates)


def _of_setting(setting: RegistrySetting, target: Target, climbs: Climbs) -> Outcome:
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
        return Outcome((_more_open(climbs.of(target), setting.expected, found, opening),))
    shut = any(rung.stage.of_network for rung in climbs.of(target).broken())
    if setting.tried and not shut and not any((tried := climbs.without_credential(target)).broken()):
        found = f"a caller without a credential is let in still, though the record (read by {look.who}) forbids it"
        opening = f"{target.registry.name} still lets in who has no credential"
        return Outcome((_more_open(tried, setting.expected, found, opening),))
    return Outcome((), (f"{setting.expected}, read from the registry's record by {look.who}",))


def _more_open(transcript: Transcript, expected: str, found: str, opening: str) -> DiagnosisText:
    from pytest_acrauth.diagnosis.expected import more_open
    from pytest_acrauth.report.climb_lines import reached

    target = transcript.target
    told = tell(more_open(transcript, expected, found, reached(transcript), opening))
    cause = repr((target.id, told.id, expected, found))  # one opening is no other's explanation
    return replace(told, cause=cause, registry=target.registry.login_server, identity=target.identity.name)


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
