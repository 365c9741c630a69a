"""Explanations as plain text for a terminal: what to do, then why, on a small screen; the whole reasoning if asked.

No I/O.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pytest_acrauth.catalogue.facts import Row, one_line
from pytest_acrauth.catalogue.symptoms.expected import COULD_NOT_LOOK
from pytest_acrauth.diagnosis.climb import HERE
from pytest_acrauth.diagnosis.conclusion import Diagnosis
from pytest_acrauth.model.defect import ID, Defect
from pytest_acrauth.report.defect import told
from pytest_acrauth.report.explanation import Answered, Cause, Explanation, Kind, RuledOut, Step, deciding, explanation
from pytest_acrauth.report.lines import WIDTH, by_hand, labelled, wrap

#: Lines of a text about one cause, and about several.
LINES, LINES_OF_SEVERAL = 16, 24
_TO_DO = "What to do"
_INDENT = " " * 8
_FEW = 5  # causes with a line of their own
_OF_A_LOGIN = 3  # causes that are named for one kind of credential
_MOST_LOOKS = 4  # commands that tell several causes apart
_LEAST_WHY, _MOST_WHY = 2, 4
_LEAST_SEEN = 3  # lines that are kept for what was seen, if possible
# What stands before a row of that label.
_IN_SHORT = {"answer": "", "trouble": "", "identity": "as ", "waited": "waited "}
_LONG = 40
_VALUE = 120  # characters of an answer in a short text


def explain(diagnosis: Diagnosis, *, full: bool = False, asked: bool = False) -> str:
    """Return an explanation as plain text; its first line is the headline.

    What to do comes first, then why, what was seen, and where to read on: at most `LINES` lines, `LINES_OF_SEVERAL`
    where several causes remain. With ``full`` the whole reasoning follows: every answer, every cause that was ruled
    out, what nobody could look at, all that was seen. ``asked`` is for whoever asks about a text: where it leaves
    several causes, the first thing to do is the command that decides. Where this package fails in explaining, the text
    is about that defect, and names what was to be explained.
    """
    try:
        found = explanation(diagnosis)
        # A defect's traceback is for whoever mends it, all of it.
        decides = deciding(diagnosis) if asked else None
        return "\n".join(_full(found) if full or found.id == ID else _short(found, decides))
    except Exception as error:  # noqa: BLE001 - a defect of ours, which must not take the diagnosis with it
        about = ", ".join([diagnosis.symptom.id, *(mode.id for mode in diagnosis.candidates)])
        return told(Defect.of(error, f"explaining {about}"))


def to_do(found: Explanation) -> tuple[str, ...]:
    """Return the lines of an explanation that tell what to do, with the heading above them."""
    room = LINES_OF_SEVERAL - 2
    return (_TO_DO, *(_of_several(found, room) if len(found.causes) > 1 else labelled(found.steps, "  ")))


def first_look(found: Explanation) -> tuple[str, ...]:
    """Return the lines of the first thing that an explanation tells to do."""
    steps = found.steps or tuple(step for cause in found.causes[:1] for step in cause.steps)
    return tuple(labelled(_first_of(steps), "  "))


def of_a_look(what: str, to_do: Sequence[str]) -> tuple[str, str, str]:
    """Return the first line of a look that nobody could take, and what helps: the heading, and the lines below it."""
    steps = [Step(Kind.FIX, step, command=False) for step in to_do]
    return f"{COULD_NOT_LOOK.id}: {what}", _TO_DO, "\n".join(labelled(steps, "  "))


def _short(found: Explanation, decides: Step | None = None) -> Iterator[str]:
    several = len(found.causes) > 1
    seen, end = _seen(found.seen), list(_further(found))
    room = (LINES_OF_SEVERAL if several else LINES) - 2 - len(end)
    others = [step for step in found.steps if step.kind is Kind.OR]
    if several:
        steps = list(_of_several(found, room - len([*_why(found, _MOST_WHY)]) - _LEAST_SEEN, decides))
    else:
        steps = list(labelled([step for step in found.steps if step not in others], "  "))
    room -= len(steps)
    why = list(_why(found, min(max(room - _LEAST_SEEN, 1), _MOST_WHY)))
    seen = list(_within(seen, max(room - len(why), 1)))
    another_way = list(labelled(others, "  "))
    if len(another_way) <= room - len(why) - len(seen):
        steps += another_way
    yield found.headline
    yield _TO_DO
    yield from steps
    yield from _under("Why", why)
    yield from _under("Seen", seen)
    yield from end


def _within(rows: Sequence[str], room: int) -> Iterator[str]:
    """Yield rows as lines: two for each as long as there is room, one line for each that follows."""
    for number, row in enumerate(rows):
        following = len(rows) - number - 1
        lines = wrap(row, _INDENT, most=2 if room - 2 >= following else 1)
        room -= len(lines)
        if room < 0:
            return
        yield from lines


def _under(heading: str, lines: Sequence[str]) -> Iterator[str]:
    for number, line in enumerate(lines):
        yield f"{heading if number == 0 else '':<{len(_INDENT)}}{line[len(_INDENT) :]}"


def _why(found: Explanation, room: int) -> Iterator[str]:
    """Yield what was seen and what proves the cause; what was ruled out in the last line, if that is not the only."""
    ruled_out = _ruled_out_in_short(found.not_these) if room > _LEAST_WHY else []
    room -= len(ruled_out)
    lines = wrap(_reason_in_short(found, readers=True), _INDENT)
    if len(lines) > room:  # who was asked is told whole or not at all
        lines = wrap(_reason_in_short(found, readers=False), _INDENT, most=room)
    yield from lines
    yield from ruled_out


def _reason_in_short(found: Explanation, *, readers: bool) -> str:
    parts = [found.title, found.says, proven(found.proofs, readers=readers), found.proof]
    parts += [f"Could not look: {group.why}." for group in found.unanswered[:1]]
    return " ".join(filter(None, parts))


def proven(answers: Sequence[Answered], *, readers: bool = True) -> str:
    """Say the answers in short, and with ``readers`` who else than the climb was asked for them."""
    # Beside what somebody was asked for, what the climb shows anyway tells little.
    telling = [each for each in answers if each.who != HERE] or answers
    told = "; ".join(f"{each.question.label}: {one_line(each.value, _VALUE)}" for each in telling)
    asked = dict.fromkeys(each.who for each in answers if each.who != HERE)
    read = f" (read by {', '.join(asked)})" if asked and readers else ""
    return f"{told[0].upper()}{told[1:]}{read}." if told else ""


def _ruled_out_in_short(causes: Sequence[str]) -> list[str]:
    """Return one line that names as many causes as it holds, and counts the others; none where there is none."""
    for named in range(len(causes), 0, -1):
        more = len(causes) - named
        rest = f", and {more} more (-v tells why)" if more else ""
        line = f"{_INDENT}Ruled out: {', '.join(causes[:named])}{rest}"
        if len(line) <= WIDTH:
            return [line]
    return []


def _seen(rows: Sequence[Row]) -> list[str]:
    """Return what was seen, most telling first; what was answered needs no word for what it is."""
    shown = [row for row in rows if not row.detail and row.text]
    return [_IN_SHORT.get(row.label, f"{row.label}: ") + row.text for row in shown]


def _further(found: Explanation) -> Iterator[str]:
    """Yield where to read on."""
    yield from (f"Documentation: {link}" for link in found.links)
    if len(found.causes) > 1:
        yield "In full: pytest --acr-explain <id>, for each of these causes and for the symptom"
    else:
        yield f"In full: pytest --acr-explain {found.id}"


def _of_several(found: Explanation, room: int, decides: Step | None = None) -> Iterator[str]:
    """Yield what tells several causes apart, then the likeliest with what to do first, as far as there is room."""
    first = [decides] if decides is not None else []
    looks = [question.by_hand for group in found.unanswered for question in group.questions]
    looks = list(dict.fromkeys(step for step in looks if step.command))[: _MOST_LOOKS - len(first)]
    lines = list(labelled([*first, *looks], "  "))
    if first and len({kind for cause in found.causes for kind in cause.kinds}) > 1:
        yield from [*lines, *_by_login(found.causes)]
        return
    also = [
        line
        for kinds, group in _by_kind(found.causes[_FEW:]).items()
        for line in wrap(f"also possible{kinds}: {', '.join(group)}", "  ", "    ")
    ]
    titles = [_titled(cause) for cause in found.causes[:_FEW]]
    room -= len(lines) + len(also) + sum(map(len, titles))
    for cause, title in zip(found.causes, titles, strict=False):
        lines += title
        steps = _first_of(cause.steps, looks)
        told = list(labelled(steps, "    "))
        if len(told) <= room:
            lines += told
            room -= len(told)
            looks += steps
    yield from [*lines, *also]


def _by_login(causes: Sequence[Cause]) -> list[str]:
    """Return the question that splits the causes of a text best, and the likeliest of each of its answers."""
    found: dict[str, list[str]] = {}
    for cause in causes:
        for kind in cause.kinds or ("whatever it was",):
            found.setdefault(kind, []).append(cause.id)
    lines = ["  With what did it log in?"]
    for kind, ids in found.items():
        more = len(ids) - _OF_A_LOGIN
        rest = f" and {more} more" if more > 0 else ""
        lines += wrap(f"{kind}: {', '.join(ids[:_OF_A_LOGIN])}{rest}", "    ", "      ")
    return lines


def _by_kind(causes: Sequence[Cause]) -> dict[str, list[str]]:
    """Return the ids of causes by the kinds of credential they can be about, in the order of the causes."""
    found: dict[str, list[str]] = {}
    for cause in causes:
        found.setdefault(f" with a {' or '.join(cause.kinds)}" if cause.kinds else "", []).append(cause.id)
    return found


def _titled(cause: Cause) -> list[str]:
    return wrap(f"{cause.id}: {cause.title}", "  ", "    ")


def _first_of(steps: Sequence[Step], told: Sequence[Step] = ()) -> list[Step]:
    """Return the first thing to do that is not told yet, which is a look where there is any; nothing if all is told."""
    known = {step.text for step in told}
    return next((group for group in _groups(steps) if group[-1].text not in known), [])


def _groups(steps: Sequence[Step]) -> Iterator[list[Step]]:
    """Yield each step with the sentences that announce it by a colon."""
    group: list[Step] = []
    for step in steps:
        group.append(step)
        if not step.text.endswith(":"):
            yield group
            group = []


def _full(found: Explanation) -> Iterator[str]:
    several = len(found.causes) > 1
    yield found.headline
    yield _TO_DO
    if several:
        yield from _each(found)
    else:
        yield from labelled(found.steps, "  ")
    yield from _under("Why", wrap(" ".join(filter(None, _reasons(found))), _INDENT))
    yield from _under("Seen", list(_table(found.seen)))
    yield from _answers(found.evidence)
    yield from _ruled_out(found.ruled_out, {answered.question.id for answered in found.evidence})
    for group in found.unanswered:
        yield from wrap(f"Could not look: {group.why}", "", "  ")
        yield from (line for question in group.questions for line in by_hand(question))
    yield from _further(found)


def _reasons(found: Explanation) -> tuple[str, ...]:
    return found.title, found.says, proven(found.proofs), found.proof, found.meaning


def _table(rows: Sequence[Row]) -> Iterator[str]:
    width = max(len(row.label) for row in rows)
    for row in rows:
        yield from wrap(row.text, f"{_INDENT}{row.label:<{width}}  ", " " * (len(_INDENT) + width + 2))


def _each(found: Explanation) -> Iterator[str]:
    """Yield every cause that remains, with all that can be done."""
    for cause in found.causes:
        yield from _titled(cause)
        yield from labelled(cause.steps, "    ")


def _answers(evidence: Sequence[Answered]) -> Iterator[str]:
    if evidence:
        yield "Evidence"
    for answered in evidence:
        told_by = "" if answered.who == HERE else f" (read by {answered.who})"
        yield from wrap(f"{answered.question.label}: {answered.value}{told_by}", "  ", "    ")


def _ruled_out(ruled_out: Sequence[RuledOut], above: set[str]) -> Iterator[str]:
    """Name excluded causes with the answers; those that stand above already, by their labels."""
    if ruled_out:
        yield "Ruled out"
    for group in ruled_out:
        why = "; ".join(_reason(answered, above) for answered in group.because)
        yield from wrap(f"{', '.join(group.causes)} ({why})", "  ", "    ")


def _reason(answered: Answered, above: set[str]) -> str:
    """Say an answer in short: who gave it, and all of a long one, only where it does not stand above."""
    label, value = answered.question.label, answered.value
    if answered.question.id in above:
        return label if len(value) > _LONG else f"{label}: {value}"
    return f"{label}: {value}" if answered.who == HERE else f"{label}: {value}, read by {answered.who}"
