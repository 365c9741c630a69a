"""What a diagnosis says to a person: plain values without any layout, which every format renders. No I/O."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from string import Formatter
from typing import Any, NamedTuple

from pytest_acrauth.catalogue import pages
from pytest_acrauth.catalogue.defective import Defective
from pytest_acrauth.catalogue.facts import FACTS, Row, one_line
from pytest_acrauth.catalogue.questions.climb import USER_KIND
from pytest_acrauth.catalogue.shape import Answer, Answers, Command, FailureMode, Given, Instruction, Question, Verdict
from pytest_acrauth.diagnosis.conclusion import Certainty, Diagnosis, Subject
from pytest_acrauth.model.credential import Kind as CredentialKind


class Names(NamedTuple):
    """A value for every key of `FACTS`: as it is typed in a command, and as it is said in a sentence."""

    typed: Mapping[str, str]
    said: Mapping[str, str]


#: What stands for names where nothing was seen.
NO_NAMES = Names(
    {key: fact.typed for key, fact in FACTS.items()},
    {key: fact.said for key, fact in FACTS.items()},
)


class Kind(StrEnum):
    """What a step does: it only reads, it changes something, or it is another way than the steps before."""

    LOOK = "look"
    FIX = "fix"
    OR = "or"


@dataclass(frozen=True, slots=True)
class Step:
    """Something to do: a command for a shell, or a sentence."""

    kind: Kind
    text: str
    command: bool


@dataclass(frozen=True, slots=True)
class Asked:
    """A question that tells causes apart, the label of its answer, and how a person looks for that."""

    id: str
    text: str
    label: str
    by_hand: Step


@dataclass(frozen=True, slots=True)
class Answered:
    """A question with its answer, and who gave it."""

    question: Asked
    value: str
    who: str


@dataclass(frozen=True, slots=True)
class RuledOut:
    """Causes that the same answers exclude, by their ids."""

    causes: tuple[str, ...]
    because: tuple[Answered, ...]


@dataclass(frozen=True, slots=True)
class Unanswered:
    """Questions that nobody could look at for the same reason."""

    why: str
    questions: tuple[Asked, ...]


@dataclass(frozen=True, slots=True)
class Cause:
    """A cause in words: its title, a few words for it, its meaning, what to do about it, and the page for it.

    ``kinds`` are the kinds of credential that it can be about, () where it does not depend on that.
    """

    id: str
    title: str
    brief: str
    meaning: str
    steps: tuple[Step, ...]
    link: str
    kinds: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """One diagnosis in words. Every text is one line, however long; nothing is wrapped, numbered or indented.

    ``title`` is the whole title of the one cause, as a sentence, where names have no room in the headline and nothing
    else says them. ``says`` is the sentence about
    what was seen, '' where the rows of ``seen`` say it themselves. ``proof`` says how the one cause is known, or why it
    is not; ``proofs`` are the answers that prove it. ``causes`` are those that remain. ``meaning``, ``steps`` and
    ``links`` are of the one cause; where several remain, each has its own, and these are empty; where none does, they
    say what helps then. ``not_these`` are the causes that were ruled out, in a few words each, the likeliest first.
    """

    id: str
    headline: str
    title: str
    says: str
    seen: tuple[Row, ...]
    causes: tuple[Cause, ...]
    meaning: str
    proof: str
    proofs: tuple[Answered, ...]
    evidence: tuple[Answered, ...]
    ruled_out: tuple[RuledOut, ...]
    not_these: tuple[str, ...]
    unanswered: tuple[Unanswered, ...]
    steps: tuple[Step, ...]
    links: tuple[str, ...]


#: Columns of a headline, which every terminal has.
COLUMNS = 80
_MOST_NAMED = 5  # causes in a headline
#: What helps where no cause is known.
_LOOK_CLOSER = Step(
    Kind.LOOK, "Look at what was answered, and at what stands between here and the registry.", command=False
)
_SUPPORT = "If the registry or Entra answered, open a support case with "
_NOTHING_KNOWN = "Every cause that is known for this was ruled out."
#: What helps where this package itself failed.
_REPORT = "Report it to the maintainers of pytest-acrauth, with these lines and the versions that the header shows."
_REPORT_IT: tuple[str, tuple[Step, ...], tuple[str, ...]] = ("", (Step(Kind.FIX, _REPORT, command=False),), ())
_TROUBLESHOOTING = f"{pages.ACR}container-registry-troubleshoot-access"


def explanation(diagnosis: Diagnosis) -> Explanation:
    """Put a diagnosis into words."""
    names = filled(diagnosis.seen)
    causes = tuple(cause(mode, names) for mode in diagnosis.candidates)
    defective = isinstance(diagnosis.seen, Defective)
    meaning, steps, links = _REPORT_IT if defective else _advice(causes, diagnosis.seen.facts.get("correlation_id"))
    says = _says(diagnosis, names)
    return Explanation(
        id=diagnosis.symptom.id if diagnosis.mode is None else diagnosis.mode.id,
        headline=headline(diagnosis),
        title=_title(diagnosis, names, says),
        says=says,
        seen=tuple(Row(row.label, one_line(row.text, 600), row.detail) for row in diagnosis.seen.rows),
        causes=causes,
        meaning=meaning,
        proof=_proof(diagnosis),
        proofs=_proofs(diagnosis, names),
        evidence=tuple(_answered(each, names) for each in _bearing(diagnosis) if each.value is not None),
        ruled_out=_ruled_out(diagnosis, names),
        not_these=tuple(mode.brief for mode in diagnosis.ruled_out),
        unanswered=() if diagnosis.certainty is Certainty.PROVEN else _unanswered(diagnosis, names),
        steps=steps,
        links=links,
    )


def deciding(diagnosis: Diagnosis) -> Step | None:
    """Return the command that decides between causes which a text leaves: a climb, by whoever failed and from there.

    None where one cause is left, or none that a climb meets, and for what was seen in another way than in a text.
    """
    climbed = any(symptom.stages for mode in diagnosis.candidates for symptom in mode.seen)
    if not diagnosis.seen.quoted or len(diagnosis.candidates) < 2 or not climbed:
        return None
    known, typed = diagnosis.seen.facts, filled(diagnosis.seen).typed
    command = f"pytest --acr-registry {typed['login_server' if known.get('login_server') else 'registry']}"
    if known.get("repository"):
        command += f" --acr-repository {typed['repository']}"
    return Step(Kind.LOOK, command, command=True)


def headline(diagnosis: Diagnosis) -> str:
    """Return a diagnosis in one line, which states as a fact only what is proven.

    The cause; or ``probably`` the one that is left; or ``one of`` several; or what was answered and not recognised.
    Id and cause stand in its first `COLUMNS` columns: names that are too long for that are said in general.
    """
    if diagnosis.mode is not None:
        before = f"{diagnosis.mode.id}: {hedge(diagnosis)}"
        return before + _fitting(diagnosis.mode.title, filled(diagnosis.seen).said, COLUMNS - len(before))
    if diagnosis.candidates:
        named = ", ".join(mode.id for mode in diagnosis.candidates[:_MOST_NAMED])
        more = len(diagnosis.candidates) - _MOST_NAMED
        return f"{diagnosis.symptom.id}: one of {named}{f' and {more} more' if more > 0 else ''}"
    # A defect's exception is short; what was being done stands behind it, for whoever reads a bare list of failures.
    room = 160 if isinstance(diagnosis.seen, Defective) else COLUMNS - len(diagnosis.symptom.id) - 2
    return f"{diagnosis.symptom.id}: {one_line(diagnosis.seen.answer, room)}"


def _title(diagnosis: Diagnosis, names: Names, says: str) -> str:
    if diagnosis.mode is None:
        return ""
    template = diagnosis.mode.title
    title = one_line(template.format_map(names.said))
    shown = f"{headline(diagnosis)} {says}"
    if all(names.said[key] in shown for _, key, _, _ in Formatter().parse(template) if key):
        return ""
    return f"{title if template.startswith('{') else title[0].upper() + title[1:]}."


def _fitting(title: str, said: Mapping[str, str], room: int) -> str:
    """Fill in a title's names, the longest of them in general words as long as it does not fit."""
    used = {key: said[key] for _, key, _, _ in Formatter().parse(title) if key}
    longest = sorted(used, key=lambda key: len(FACTS[key].said) - len(used[key]))
    filled_in = one_line(title.format_map(used))
    for key in longest:
        if len(filled_in) <= room:
            break
        used[key] = FACTS[key].said
        filled_in = one_line(title.format_map(used))
    return filled_in


def in_one_line(diagnosis: Diagnosis) -> str:
    """Return a diagnosis in one line, however long: the headline, with every name."""
    if diagnosis.mode is None:
        return headline(diagnosis)
    return f"{diagnosis.mode.id}: {hedge(diagnosis)}{one_line(cause(diagnosis.mode, filled(diagnosis.seen)).title)}"


def hedge(diagnosis: Diagnosis) -> str:
    """Return what stands before the one cause of a diagnosis: the word for what is not proven, or nothing."""
    return "" if diagnosis.certainty is Certainty.PROVEN else "probably "


def filled(seen: Subject) -> Names:
    """Return the names that were seen; text that a peer chose is one bounded, printable line.

    What is known to be nothing, such as a role that does not exist, is ''; what is not known has its word.
    """
    known = {key: one_line(value) for key, value in seen.facts.items() if value or key in MAY_BE_NONE}
    return Names({**NO_NAMES.typed, **known}, {**NO_NAMES.said, **known})


#: Facts that a climb can show not to exist.
MAY_BE_NONE = {
    "assignee",
    "beyond_roles",
    "pending_connections",
    "person",
    "proxy",
    "role",
    "role_in_abac_mode",
    "rule_address",
    "ruled_host",
    "shared_hosts",
    "spare_password",
    "unused",
}


def cause(mode: FailureMode, names: Names) -> Cause:
    """Put a cause into words, with the given names in its texts."""
    told = ((Kind.LOOK, mode.look), (Kind.FIX, mode.fix), (Kind.OR, mode.instead))
    return Cause(
        id=mode.id,
        title=mode.title.format_map(names.said),
        brief=mode.brief,
        meaning=mode.means.format_map(names.said),
        steps=tuple(step for kind, instructions in told for step in _steps(kind, instructions, names)),
        link=mode.page.format_map(names.typed),
        kinds=_kinds(mode),
    )


def _kinds(mode: FailureMode) -> tuple[str, ...]:
    """Return the kinds of credential that a cause's conditions admit, () where they do not ask."""
    asks = [condition for condition in mode.when if condition.question is USER_KIND]
    return tuple(map(str, (kind for kind in CredentialKind if all(one.holds(kind) for one in asks)))) if asks else ()


def asked(question: Question[Any], names: Names) -> Asked:
    """Put a question into words, with the given names in what a person can do."""
    (step,) = _steps(Kind.LOOK, [question.by_hand], names)
    return Asked(question.id, question.asks, question.shows, step)


def _steps(kind: Kind, instructions: Iterable[Instruction], names: Names) -> Iterator[Step]:
    """Fill in instructions of the catalogue."""
    for instruction in instructions:
        match instruction:
            case Command(text, ""):
                yield Step(kind, text.format_map(names.typed), command=True)
            case Command(text, each):
                for value in filter(None, names.typed[each].split(", ")):
                    yield Step(kind, text.format_map({**names.typed, each: value}), command=True)
            case Given(text, fact):
                if names.said[fact]:
                    yield Step(kind, text.format_map(names.said), command=False)
            case str(text):
                yield Step(kind, text.format_map(names.said), command=False)


def _advice(causes: tuple[Cause, ...], correlation_id: str | None) -> tuple[str, tuple[Step, ...], tuple[str, ...]]:
    """Return meaning, steps and links for a reader who need not choose between causes."""
    match causes:
        case (one,):
            return one.meaning, one.steps, (one.link,)
        case ():
            told = "the correlation id" if correlation_id else "the time and what was answered"
            return "", (_LOOK_CLOSER, Step(Kind.FIX, f"{_SUPPORT}{told}.", command=False)), (_TROUBLESHOOTING,)
    return "", (), ()


def _says(diagnosis: Diagnosis, names: Names) -> str:
    """Say what was seen, unless a quoted text lacks a name that the sentence needs."""
    known, says = diagnosis.seen.facts, diagnosis.symptom.says
    needed = [name for _, name, _, _ in Formatter().parse(says) if name]
    if diagnosis.seen.quoted and not all(known.get(name) for name in needed):
        return ""
    said = says.format_map(names.said)
    return said if said.endswith((".", "!", "?")) else f"{said}."  # it ends in what a program printed


def _bearing(diagnosis: Diagnosis) -> list[Answer[Any]]:
    """Return the answers that bear on the causes still possible, or on all where none is; each once."""
    left = [finding for finding in diagnosis.findings if finding.mode in diagnosis.candidates]
    found = {each.question.id: each for finding in left or diagnosis.findings for each in finding.answers}
    return list(found.values())


def _proof(diagnosis: Diagnosis) -> str:
    """Say how the one cause is known, where that is not by answers; or why none is."""
    mode, left = diagnosis.mode, diagnosis.candidates
    if diagnosis.certainty is Certainty.PROVEN and mode is not None:
        return "" if mode.when and not _by_sign(diagnosis) else mode.certain
    if diagnosis.certainty is Certainty.PROBABLE and mode is not None:
        return mode.unprovable or "It is what is left of the causes that are known for this; nothing confirmed it."
    return "" if left or not diagnosis.ruled_out else _NOTHING_KNOWN


def _by_sign(diagnosis: Diagnosis) -> bool:
    """Whether the one cause is proven by what was seen, not by answers."""
    (finding,) = [finding for finding in diagnosis.findings if finding.mode is diagnosis.mode]
    when = {condition.judge(Answers(finding.answers)) for condition in finding.mode.when}
    return when != {Verdict.YES}


def _proofs(diagnosis: Diagnosis, names: Names) -> tuple[Answered, ...]:
    """Return the answers that prove the one cause, or from which it is known as far as it is, in their order."""
    if diagnosis.mode is None:
        return ()
    (finding,) = [finding for finding in diagnosis.findings if finding.mode is diagnosis.mode]
    asked_for = {condition.question.id for condition in finding.mode.when}
    told = [each for each in finding.answers if each.question.id in asked_for and each.value is not None]
    return tuple(_answered(each, names) for each in told)


def _unanswered(diagnosis: Diagnosis, names: Names) -> tuple[Unanswered, ...]:
    """Return the questions that nobody could answer, by the reason and who tried."""
    found: dict[str, list[Asked]] = {}
    for each in _bearing(diagnosis):
        if each.value is None:
            why = f"{each.why}, as {each.who}" if each.who else each.why
            found.setdefault(one_line(why, 240), []).append(asked(each.question, names))
    return tuple(Unanswered(why, tuple(questions)) for why, questions in found.items())


def _ruled_out(diagnosis: Diagnosis, names: Names) -> tuple[RuledOut, ...]:
    """Return the causes that answers excluded, those of the same answers together."""
    found: dict[tuple[Answered, ...], list[str]] = {}
    for finding in diagnosis.findings:
        if finding.verdict is Verdict.NO:
            decisive = finding.mode.excluded_by(Answers(finding.answers))
            because = tuple(_answered(each, names) for each in finding.answers if each.question.id in decisive)
            found.setdefault(because, []).append(finding.mode.id)
    return tuple(RuledOut(tuple(causes), because) for because, causes in found.items())


def _answered(answer: Answer[Any], names: Names) -> Answered:
    return Answered(asked(answer.question, names), _value(answer.value), one_line(answer.who))


def _value(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, tuple):
        return one_line(", ".join(map(str, value)), 200) or "nothing"
    return one_line(str(value), 200) or "nothing"
