"""A run as Markdown, for a job summary or an issue: who is not ready, each cause once, and what to do about it.

What peers said is text and nothing else: it makes no link, no mention and no markup. No I/O.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Iterator, Sequence

from pytest_acrauth.model.stage import Stage
from pytest_acrauth.report.document import Check, Climbed, Diagnosed, Document, State
from pytest_acrauth.report.explanation import Step

#: What means something to GitHub's or GitLab's Markdown wherever it stands: markup, mentions, references to issues, and
#: how addresses begin that become links by themselves.
_SPECIAL = re.compile(r"[\\`*_{}\[\]#!|~$@&<>^%]|(?<=:)//|(?<=www)\.|^(?=\d{1,9}[.)])\d|^[-+=]", re.IGNORECASE)
_STATES = {
    State.PASSED: "passed",
    State.BROKEN: "**failed**",
    State.NOT_REACHED: "not reached",
    State.NOT_OBSERVED: "not observed",
}


def markdown(document: Document) -> str:
    """Return the run in GitHub's flavour, which GitLab and Azure Pipelines read as well."""
    lines = [f"# {_title(document)}", "", f"{plain(document.began)}, {plain(document.outcome)}{_unfinished(document)}"]
    lines += _changes(document)
    lines += _matrix(document.climbed)
    lines += _refusals(document)
    lines += _credentials(document)
    lines += [line for group in _groups(document) for line in group]
    lines += _tests(document.checks)
    return "\n".join([*lines, ""])


def plain(text: str) -> str:
    """Return a text in which nothing means anything to Markdown or to HTML: it is shown as it stands."""
    return _SPECIAL.sub(lambda found: f"&#{ord(found[0][0])};{found[0][1:]}", " ".join(text.split()))


def _title(document: Document) -> str:
    judged = [each for each in document.climbed if not each.expected]
    ready = sum(each.ready for each in judged)
    if ready == len(judged):
        return f"Azure Container Registry: {ready} ready"
    return f"Azure Container Registry: {len(judged) - ready} of {len(judged)} not ready"


def _unfinished(document: Document) -> str:
    return (
        ""
        if document.complete
        else "; ended early or a part alone was selected, so what is missing here was not checked"
    )


def _changes(document: Document) -> Iterator[str]:
    if not document.compared_with:
        return
    yield from ("", f"## Since {plain(document.compared_with)}", "")
    yield from [f"- {plain(change.words)}" for change in document.changes] or ["Nothing changed."]


def _matrix(climbed: Sequence[Climbed]) -> Iterator[str]:
    """Yield a table of registries by stage; of a stage that there is for each repository, the worst."""
    if not climbed:
        return
    there = {each.stage for one in climbed for each in one.stages}
    stages = [str(stage) for stage in Stage if stage in there]
    yield from ("", "## Registries", "")
    yield _row(["registry", "identity", *(stage.replace("_", " ") for stage in stages), "result"])
    yield _row(["---"] * (len(stages) + 3))
    for one in climbed:
        states = [_state(one, stage) for stage in stages]
        yield _row([plain(one.registry), plain(one.identity), *states, _result(one)])


def _state(climbed: Climbed, stage: str) -> str:
    found = [each.state for each in climbed.stages if each.stage == stage]
    worst = [state for state in (State.BROKEN, State.NOT_REACHED, State.PASSED, State.NOT_OBSERVED) if state in found]
    return _STATES[worst[0]] if worst else ""


def _result(climbed: Climbed) -> str:
    ids = ", ".join(dict.fromkeys(plain(each.explanation.id) for each in climbed.diagnoses))
    if climbed.expected:
        return f"has to be refused: {ids or 'let in'}"
    return ids or "ready"


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _refusals(document: Document) -> Iterator[str]:
    found = [check for check in document.checks if "::refused::" in check.id and check.failed]
    if found:
        yield from ("", "## Not refused", "")
        yield from (f"- {plain(check.id)}: {plain(check.why)}" for check in found)


def _credentials(document: Document) -> Iterator[str]:
    if document.credentials:
        yield from ("", "## When credentials end", "")
        told = (line for credential in document.credentials for line in credential.lines)
        yield from (f"- {plain(line.removeprefix('expiry '))}" for line in told)


def _groups(document: Document) -> Iterator[list[str]]:
    """Yield each cause once, with whom it concerns."""
    concerned: dict[str, tuple[Diagnosed, list[str]]] = {}
    for one in document.climbed:
        for diagnosed in () if one.expected else one.diagnoses:
            concerned.setdefault(_cause(diagnosed), (diagnosed, []))[1].append(f"{one.registry} as {one.identity}")
    for client in document.clients:
        for diagnosed in client.diagnoses:
            concerned.setdefault(_cause(diagnosed), (diagnosed, []))[1].append(f"client {client.name}")
    for diagnosed, who in concerned.values():
        yield list(_section(diagnosed, who))


def _cause(diagnosed: Diagnosed) -> str:
    told = diagnosed.explanation
    return f"{told.headline} {[step.text for step in told.steps]}"


def _section(diagnosed: Diagnosed, who: Sequence[str]) -> Iterator[str]:
    told = diagnosed.explanation
    yield from ("", f"## {plain(told.headline)}", "", f"{plain(', '.join(dict.fromkeys(who)))}")
    for cause in told.causes if len(told.causes) > 1 else ():
        yield from ("", f"### {plain(cause.id)}: {plain(cause.title)}", *_steps(cause.steps))
        yield from ("", f"[Documentation]({_address(cause.link)})")
    yield from _steps(told.steps)
    why = " ".join(filter(None, [told.title, told.says, told.proof, told.meaning]))
    yield from ("", plain(why)) if why else ()
    yield from (
        "",
        "<details><summary>Seen</summary>",
        "",
        *_code("\n".join(f"{row.label}: {row.text}" for row in told.seen)),
    )
    yield from ("", "</details>")
    yield from (line for link in told.links for line in ("", f"[Documentation]({_address(link)})"))


def _steps(steps: Sequence[Step]) -> Iterator[str]:
    for step in steps:
        if step.command:
            yield from ("", *_code(step.text, "sh"))
        else:
            yield from ("", f"**{step.kind}** {plain(step.text)}")


def _code(text: str, language: str = "") -> Iterator[str]:
    """Yield a block that shows a text, behind a fence that is longer than any in it."""
    fence = "`" * (max((len(run) for run in re.findall("`+", text)), default=0) + 1)
    fence = fence.rjust(3, "`")
    yield from (f"{fence}{language}", text, fence)


def _address(link: str) -> str:
    """Return an address of the catalogue's as a link's target."""
    return html.escape(link).replace("(", "%28").replace(")", "%29")


def _tests(checks: Sequence[Check]) -> Iterator[str]:
    """Yield what failed of tests that are no check of ours."""
    failed = [check for check in checks if check.failed and not check.ours]
    if failed:
        yield from ("", "## Tests that failed", "")
        yield from (f"- {plain(check.id)}: {plain(check.why)}" for check in failed)
