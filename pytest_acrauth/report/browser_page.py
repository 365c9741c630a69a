"""What a page about a run shows, as plain values in the order in which it is read: words, and no markup. No I/O."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from enum import StrEnum
from math import inf
from typing import NamedTuple

from pytest_acrauth.model.defect import ID as DEFECT
from pytest_acrauth.model.observation import NotObserved
from pytest_acrauth.model.outlook import Verdict
from pytest_acrauth.model.stage import Rung, Stage
from pytest_acrauth.model.transcript import Waited
from pytest_acrauth.report import climb_lines
from pytest_acrauth.report.document import OURS, Check, Climbed, Credential, Diagnosed, Document, Reached, State
from pytest_acrauth.report.explanation import Answered, Explanation, RuledOut, Step, Unanswered
from pytest_acrauth.report.text import proven


class Came(StrEnum):
    """What a registry came to for an identity, the worst first."""

    NOT_READY = "not ready"
    NOT_REFUSED = "not refused as expected"
    UNKNOWN = "could not look"
    READY = "ready"
    REFUSED = "refused as expected"


class Tone(StrEnum):
    """How something is marked beside its words."""

    GOOD = "good"
    BAD = "bad"
    HELD = "held"
    NONE = "none"


class Link(NamedTuple):
    """Words, and the anchor on the page that tells more; '' for none."""

    words: str
    anchor: str = ""


class Cell(NamedTuple):
    """How far a stage came: the state that decides, in words, and the anchor that explains it; '' for none."""

    state: State | None
    words: str
    anchor: str = ""


class Bar(NamedTuple):
    """A stage of a climb: when it was under way, in seconds and in hundredths of the whole climb."""

    name: str
    state: State
    reason: str
    begins: float
    seconds: float
    left: float
    width: float


class Leg(NamedTuple):
    """Stages that follow one another."""

    name: str
    bars: tuple[Bar, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One registry as one identity sees it: a row of the matrix, and where its climb spent its time."""

    anchor: str
    registry: str
    identity: str
    came: Came
    results: tuple[Link, ...]
    cells: tuple[Cell, ...]
    seconds: float
    facts: str
    legs: tuple[Leg, ...]
    waited: Waited | None


class Possible(NamedTuple):
    """One of several causes: its title, and what to do about it."""

    id: str
    title: str
    steps: tuple[Step, ...]


class Meaning(NamedTuple):
    """What one of several causes means, and the page for it."""

    id: str
    text: str
    link: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DiagnosisParts:
    """What is told of a diagnosis: what to do, why, what was seen and asked; () for whatever is told elsewhere.

    ``to_look_at`` tells several causes apart; ``causes`` and ``meanings`` are theirs.
    """

    to_look_at: tuple[Step, ...] = ()
    steps: tuple[Step, ...] = ()
    causes: tuple[Possible, ...] = ()
    why: tuple[str, ...] = ()
    meanings: tuple[Meaning, ...] = ()
    seen: tuple[tuple[str, str], ...] = ()
    evidence: tuple[Answered, ...] = ()
    ruled_out: tuple[RuledOut, ...] = ()
    unanswered: tuple[Unanswered, ...] = ()
    links: tuple[str, ...] = ()

    def shared(self, others: Sequence[DiagnosisParts]) -> DiagnosisParts:
        """Return what is the same in all others. Steps are shared together or not at all: they have an order."""
        same = {
            part.name: tuple(
                item for item in getattr(self, part.name) if all(item in getattr(each, part.name) for each in others)
            )
            for part in fields(DiagnosisParts)
        }
        if any(each.steps != self.steps for each in others):
            same["steps"] = ()
        return DiagnosisParts(**same)

    def without(self, shared: DiagnosisParts) -> DiagnosisParts:
        """Return what is not shared."""
        return DiagnosisParts(
            **{
                part.name: tuple(item for item in getattr(self, part.name) if item not in getattr(shared, part.name))
                for part in fields(DiagnosisParts)
            }
        )


class Member(NamedTuple):
    """Whom a cause concerns, and what is told of that one alone."""

    anchor: str
    who: str
    headline: str
    own: DiagnosisParts


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """A cause with all whom it concerns: what is the same for all of them is told once."""

    anchor: str
    headline: str
    shared: DiagnosisParts
    members: tuple[Member, ...]


class Ending(NamedTuple):
    """A row of the timeline: a credential, when it ends, and how that is judged.

    ``left``, ``warn`` and ``fail`` are hundredths of the timeline, None for what is not on it.
    """

    about: str
    words: str
    verdict: Link
    tone: Tone
    left: float | None
    warn: float | None
    fail: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class BrowserPage:
    """All that a page shows."""

    document: Document
    counts: tuple[tuple[Came, int], ...]
    stages: tuple[str, ...]
    lines: tuple[Line, ...]
    groups: tuple[Group, ...]
    refusals: tuple[Check, ...]
    refused: tuple[Group, ...]
    clients: tuple[tuple[str, tuple[Link, ...]], ...]
    endings: tuple[Ending, ...]
    days: float
    tests: tuple[Check, ...]

    @property
    def besides(self) -> tuple[Link, ...]:
        """What is not as it should be beside the registries, counted."""
        verdicts = [each.verdict for each in self.document.credentials]
        found = (
            (verdicts.count(Verdict.FAILS), "credential", "near the end", "endings"),
            (verdicts.count(Verdict.UNSEEN), "credential", "of which nobody could look when it ends", "endings"),
            (sum(bool(results) for _, results in self.clients), "client", "not ready", "clients"),
            (len(self.tests), "other test", "failed", "tests"),
        )
        return tuple(
            Link(f"{count} {what}{'s' if count > 1 else ''} {how}", anchor)
            for count, what, how, anchor in found
            if count
        )

    @property
    def waits(self) -> tuple[Line, ...]:
        """What was climbed more than once."""
        return tuple(line for line in self.lines if line.waited is not None and line.waited.attempts > 1)


@dataclass
class _Anchors:
    """Gives every diagnosis an anchor, and keeps whom it concerns."""

    of: dict[int, str] = field(default_factory=dict)
    concerned: list[tuple[Diagnosed, str]] = field(default_factory=list)
    expected: list[tuple[Diagnosed, str]] = field(default_factory=list)

    def add(self, diagnosed: Diagnosed, who: str, *, expected: bool = False) -> None:
        self.of[id(diagnosed)] = f"d{len(self.of) + 1}"
        (self.expected if expected else self.concerned).append((diagnosed, who))

    def groups(self, found: Iterable[tuple[Diagnosed, str]]) -> tuple[Group, ...]:
        by_id: dict[str, list[tuple[Diagnosed, str]]] = {}
        for diagnosed, who in found:
            by_id.setdefault(diagnosed.explanation.id, []).append((diagnosed, who))
        return tuple(map(self._group, by_id.values()))

    def _group(self, found: Sequence[tuple[Diagnosed, str]]) -> Group:
        told = [_told(diagnosed.explanation) for diagnosed, _ in found]
        anchors = [self.of[id(diagnosed)] for diagnosed, _ in found]
        shared = told[0].shared(told) if len(told) > 1 else DiagnosisParts()
        first = found[0][0].explanation
        alike = all(diagnosed.explanation.headline == first.headline for diagnosed, _ in found)
        brief = first.causes[0].brief if len(first.causes) == 1 else f"{len(first.causes)} causes are possible"
        return Group(
            anchor=f"all-{anchors[0]}",
            headline=first.headline if alike else f"{first.id}: {brief}",
            shared=shared,
            members=tuple(
                Member(anchor, who, "" if alike else diagnosed.explanation.headline, each.without(shared))
                for anchor, (diagnosed, who), each in zip(anchors, found, told, strict=True)
            ),
        )


def browser_page(document: Document) -> BrowserPage:
    """Return what a page about a run shows."""
    anchors = _Anchors()
    for one in document.climbed:
        for each in one.diagnoses:
            about = f" ({each.repository})" if each.repository else ""
            anchors.add(each, f"{one.registry} as {one.identity}{about}", expected=one.expected)
    for client in document.clients:
        for each in client.diagnoses:
            anchors.add(each, f"client {client.name}")
    for credential in document.credentials:
        for each in credential.diagnoses:
            anchors.add(each, _about(credential))
    days = _days(document.credentials)
    there = {each.stage for one in document.climbed for each in one.stages}
    stages = tuple(stage for stage in Stage if stage in there)
    refusals = tuple(check for check in document.checks if check.of_refusal)
    lines = tuple(
        _line(f"r{number}", one, stages, refusals, anchors.of) for number, one in enumerate(document.climbed, 1)
    )
    came = [line.came for line in lines]
    return BrowserPage(
        document=document,
        counts=tuple((each, came.count(each)) for each in Came if each in came),
        stages=tuple(stage.words for stage in stages),
        lines=lines,
        groups=anchors.groups(anchors.concerned),
        refusals=refusals,
        refused=anchors.groups(anchors.expected),
        clients=tuple((client.name, _results(client.diagnoses, anchors.of)) for client in document.clients),
        endings=_endings(document.credentials, days, anchors.of),
        days=days,
        tests=tuple(each for each in document.checks if not each.ours and each.failed),
    )


def _line(
    anchor: str, one: Climbed, stages: Sequence[Stage], refusals: Sequence[Check], anchors: Mapping[int, str]
) -> Line:
    own = [each for each in refusals if each.id.startswith(f"{OURS}{one.registry}::{one.identity}::refused::")]
    vain = climb_lines.waited_in_vain(one.transcript.waited, verbose=True)
    facts = climb_lines.ready(one.transcript) if one.ready else f"{climb_lines.reached(one.transcript)}{vain}"
    return Line(
        anchor=anchor,
        registry=one.registry,
        identity=one.identity,
        came=_came(one, own),
        results=_results(one.diagnoses, anchors),
        cells=tuple(_cell(one, stage, anchor, anchors) for stage in stages),
        seconds=_whole(one.stages),
        facts=facts,
        legs=_legs(one),
        waited=one.transcript.waited,
    )


def _came(one: Climbed, refusals: Sequence[Check]) -> Came:
    """Return what a climb came to; whether a refusal is the expected one is what its checks found."""
    outcomes = {check.outcome for check in refusals}
    if one.expected:
        if any(check.failed for check in refusals):
            return Came.NOT_REFUSED
        return Came.REFUSED if outcomes == {"passed"} else Came.UNKNOWN
    if one.ready:
        return Came.READY
    return Came.UNKNOWN if {each.explanation.id for each in one.diagnoses} == {DEFECT} else Came.NOT_READY


def _results(diagnoses: Iterable[Diagnosed], anchors: Mapping[int, str]) -> tuple[Link, ...]:
    """Return the ids of what was diagnosed, each once."""
    found: dict[str, str] = {}
    for each in diagnoses:
        found.setdefault(each.explanation.id, anchors[id(each)])
    return tuple(Link(words, anchor) for words, anchor in found.items())


def _cell(one: Climbed, stage: Stage, anchor: str, anchors: Mapping[int, str]) -> Cell:
    """Return how far a stage came; of one that there is for each repository, the worst, and of how many."""
    found = [each for each in one.stages if each.stage == stage]
    states = [each.state for each in found]
    order = (State.BROKEN, State.NOT_REACHED, State.NOT_OBSERVED, State.PASSED)
    worst = next((state for state in order if state in states), None)
    if worst is None:
        return Cell(None, "not part")
    some = states.count(worst) < len(states)
    words = f"{_WORDS[worst]}{f' ({states.count(worst)} of {len(states)})' if some else ''}"
    if worst is State.PASSED:
        return Cell(worst, words)
    if worst is State.NOT_OBSERVED:
        return Cell(worst, words, anchor)
    repository = next(each.repository for each in found if each.state is worst)
    here = [each for each in one.diagnoses if worst is State.BROKEN and each.stage == stage]
    same = [each for each in here or one.diagnoses if each.repository == repository]
    best = [*same, *here, *one.diagnoses]
    return Cell(worst, words, anchors[id(best[0])] if best else anchor)


_WORDS = {
    State.PASSED: "passed",
    State.BROKEN: "failed",
    State.NOT_REACHED: "not reached",
    State.NOT_OBSERVED: "not observed",
}


def _whole(stages: Iterable[Reached]) -> float:
    return max((each.begins + each.seconds for each in stages), default=0.0)


def _legs(one: Climbed) -> tuple[Leg, ...]:
    """Return the stages as they follow one another; the first two legs are under way at the same time."""
    whole = _whole(one.stages) or 1.0
    legs: dict[str, list[Bar]] = {}
    for each in one.stages:
        stage = Stage(each.stage)
        seen = one.transcript.at(Rung(stage, each.repository or None))
        bar = Bar(
            name=f"{stage.words}{f' {each.repository}' if each.repository else ''}",
            state=each.state,
            reason=seen.reason if isinstance(seen, NotObserved) else "",
            begins=each.begins,
            seconds=each.seconds,
            left=round(100 * each.begins / whole, 1),
            width=round(100 * each.seconds / whole, 1),
        )
        legs.setdefault(_LEGS.get(stage, "behind both"), []).append(bar)
    return tuple(Leg(name, tuple(bars)) for name, bars in legs.items())


_LEGS = {
    **dict.fromkeys((Stage.DNS, Stage.TCP, Stage.TLS, Stage.CHALLENGE), "network leg"),
    Stage.ENTRA: "identity leg",
}


def _about(credential: Credential) -> str:
    return " ".join(credential.id.split("::"))


def _days(credentials: Sequence[Credential]) -> float:
    """Return how many days the timeline has: all that end on it, but for what is far beyond every limit."""
    limits = [days for each in credentials for days in (each.warn, each.fail) if days is not None]
    left = [end.days_left for each in credentials for end in each.ends if end.days_left is not None]
    return max(min(max(left, default=0.0), 4 * max(limits, default=0.0)), *limits, 1.0)


def _endings(credentials: Sequence[Credential], days: float, anchors: Mapping[int, str]) -> tuple[Ending, ...]:
    """Return the rows of the timeline, what ends soonest first; behind them what nobody could look at."""

    def at(value: float | None) -> float | None:
        return None if value is None else round(min(max(100 * value / days, 0.0), 100.0), 1)

    rows: list[tuple[float, Ending]] = []
    for each in credentials:
        anchor = next((anchors[id(one)] for one in each.diagnoses), "")
        limits = at(each.warn), at(each.fail)
        about = _about(each)
        words = [line.removeprefix(f"expiry {about}: ") for line in each.lines]
        for end, said in zip(each.ends, words, strict=False):
            verdict, tone = Link("no end within a limit"), Tone.GOOD
            if end.near and end.in_question and each.verdict == Verdict.FAILS:
                verdict, tone = Link(each.verdict, anchor), Tone.BAD
            elif end.near:
                verdict, tone = Link("ends soon"), Tone.HELD
            elif each.verdict == Verdict.UNSEEN:
                verdict, tone = Link(each.verdict), Tone.HELD
            place = inf if end.days_left is None else end.days_left
            rows.append((place, Ending(about, said, verdict, tone, at(end.days_left), *limits)))
        if rest := words[len(each.ends) :]:
            unseen = each.verdict == Verdict.UNSEEN
            verdict, tone = (Link(each.verdict), Tone.HELD) if unseen else (Link("clock"), Tone.NONE)
            rows.append((inf, Ending(about, "; ".join(rest), verdict, tone, None, *limits)))
    return tuple(row for _, row in sorted(rows, key=lambda found: found[0]))


def _told(found: Explanation) -> DiagnosisParts:
    several = found.causes if len(found.causes) > 1 else ()
    looks = [question.by_hand for group in found.unanswered for question in group.questions]
    why = (found.title, found.says, proven(found.proofs), found.proof, found.meaning)
    return DiagnosisParts(
        to_look_at=tuple(dict.fromkeys(look for look in looks if look.command)) if several else (),
        steps=found.steps,
        causes=tuple(Possible(each.id, each.title, each.steps) for each in several),
        why=tuple(filter(None, why)),
        meanings=tuple(Meaning(each.id, each.meaning, each.link) for each in several),
        seen=tuple((row.label, row.text) for row in found.seen if row.text),
        evidence=found.evidence,
        ruled_out=found.ruled_out,
        unanswered=found.unanswered,
        links=found.links,
    )
