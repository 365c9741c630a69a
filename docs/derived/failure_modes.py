"""The pages of failure modes, their list, and that of Entra's numbers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from itertools import groupby

from derived import NOTICE, ROOT
from derived.markdown import cell, prose, sentence
from derived.searches import searched_for
from derived.seen import WORLDS
from pytest_acrauth import __version__
from pytest_acrauth.catalogue.pages import ENTRA_CODES
from pytest_acrauth.emulator import REGISTRIES
from pytest_acrauth.report.entries import CauseEntry, SymptomEntry, families, numbers, symptoms
from pytest_acrauth.report.explanation import Kind, Step


def mode_page(entry: CauseEntry, output: str | None) -> str:
    """Return a failure mode's page; ``output`` is what the emulator's scenario of the same id showed."""
    return NOTICE + "\n".join(
        [
            *_indexed(entry),
            f"# {entry.cause.id}",
            "",
            sentence(entry.cause.title),
            "",
            "## What to do",
            "",
            *_steps(entry.cause.steps),
            "",
            "## Why",
            "",
            prose(entry.cause.meaning),
            "",
            "How it is proven:",
            "",
            *_proof(entry),
            "",
            "## Seen",
            "",
            *_seen(entry, output),
            "",
            "## Documentation",
            "",
            f"<{entry.cause.link}>",
            "",
            "## Related modes",
            "",
            *_related(entry),
            "",
            "## Reproduce it",
            "",
            *_reproduce(entry),
            "",
            "## At a glance",
            "",
            *_table(entry),
            "",
        ]
    )


def _indexed(entry: CauseEntry) -> Iterator[str]:
    """Yield the entries of the index under which a cause is found: what people see, and its id below."""
    words = [text for text, causes in searched_for().items() if entry.cause.id in causes]
    if entry.az_code:
        words.append(entry.az_code)
    if words:
        yield from ("```{eval-rst}", ".. index::")
        yield from (f"   single: {text}; {entry.cause.id}" for text in words)
        yield from ("```", "")


_KINDS = {Kind.LOOK: "Look first", Kind.FIX: "Then", Kind.OR: "Or"}


def _steps(steps: tuple[Step, ...]) -> Iterator[str]:
    """Yield steps under the words for their kind; commands in blocks of their own, to be copied."""
    for kind, group in groupby(steps, key=lambda step: step.kind):
        yield from (f"**{_KINDS[kind]}**", "")
        for command, together in groupby(group, key=lambda step: step.command):
            if command:
                yield from ("```console", *(f"$ {step.text}" for step in together), "```", "")
            else:
                yield from (line for step in together for line in (prose(step.text), ""))


def _table(entry: CauseEntry) -> Iterator[str]:
    places = dict.fromkeys(place for symptom in entry.symptoms for place in _places(symptom))
    yield "| | |"
    yield "| --- | --- |"
    yield f"| family | {entry.family} |"
    yield f"| seen at | {', '.join(places)} |"
    if entry.az_code:
        yield f"| `az acr check-health` says | `{entry.az_code}` |"
    yield f"| [`--acr-wait`](../how-to/waiting.md) waits for it | {'yes' if entry.transient else 'no'} |"
    yield f"| since version | {since(entry.cause.id)} |"


def _places(symptom: SymptomEntry) -> Iterator[str]:
    yield from (f"`{stage}`" for stage in symptom.stages)
    if symptom.of_a_client:
        yield "a client check"
    if symptom.printed:
        yield "what other programs print"
    if not (symptom.stages or symptom.of_a_client or symptom.printed):
        yield "a check that somebody asks for"


def _seen(entry: CauseEntry, output: str | None) -> Iterator[str]:
    yield from (f"- `{symptom.id}`: {prose(symptom.says)}" for symptom in entry.symptoms)
    if output is not None:
        yield from ("", "In the emulator, with times and request ids left out:", "", "```text", output, "```")
    if entry.samples:
        yield from ("", "Another program's words for it, which `--acr-explain` reads too:", "")
        yield from ("```text", *entry.samples, "```")


def _proof(entry: CauseEntry) -> Iterator[str]:
    if entry.signs:
        yield f"- Seeing {' or '.join(f'`{name}`' for name in entry.signs)} is the proof. {prose(entry.certain)}"
    if entry.unprovable:
        yield f"- Nothing proves it; it is probable when its neighbours are ruled out. {prose(entry.unprovable)}"
    if not entry.questions:
        return
    conditions = (
        ("It is certain when all of this holds", entry.certain_when),
        ("It is excluded when any of this holds", entry.excluded_when),
        ("It stays open, whatever else holds, when all of this does, or may do", entry.open_when),
    )
    for words, listed in conditions:
        if listed:
            yield from ("", f"{words}:", "", *(f"- {prose(one.question)} {prose(one.answer)}" for one in listed))
    yield from ("", "How each question is answered:", "")
    for question in entry.questions:
        yield f"- {question.asked.text}"
        yield f"  {question.told_by}; by hand: {_instruction(question.asked.by_hand)}"


@cache
def since(name: str) -> str:
    """Return the version under which the changelog first lists an id; the package's own for what is not released."""
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    versions = re.split(r"^## \[?(?P<version>[^\]\s]+)\]?.*$", changelog, flags=re.MULTILINE)
    listed = [version for version, text in zip(versions[1::2], versions[2::2], strict=True) if f"`{name}`" in text]
    return listed[-1] if listed and listed[-1] != "Unreleased" else __version__


def _related(entry: CauseEntry) -> Iterator[str]:
    for other, symptom in entry.related.items():
        yield f"- [{other}]({other}.md) can look the same (`{symptom}`)"
    if not entry.related:
        yield "None looks the same."


def _reproduce(entry: CauseEntry) -> Iterator[str]:
    scenario = entry.cause.id
    if scenario not in WORLDS:
        why = f" {prose(entry.not_emulated)}" if entry.not_emulated else ""
        yield f"The emulator of this version cannot bring it about.{why}"
        if entry.samples:
            yield "Save the words above to a file, and `pytest --acr-explain FILE` names it."
        return
    yield "```console"
    options = dict(WORLDS[scenario].options)
    yield f"$ pytest --acr-registry {options.pop('registry', REGISTRIES[0])} --acr-emulate {scenario}"
    yield "```"
    if given := [f"`--acr-{name} {value}`" for name, value in options.items()]:
        yield ""
        yield f"Where you give none of your own, the scenario adds {', '.join(given)}."


def index_page() -> str:
    """Return the list of failure modes by family, and that of symptoms with their causes."""
    lines = [
        "# Failure modes",
        "",
        "One page for each documented cause.",
        "A failed check begins with the id of its cause, or with the id of a symptom and the causes that remain.",
        "`pytest --acr-explain <id>` prints the same on the command line.",
        "",
        "The {ref}`genindex` has what people see: Entra's numbers, docker's sentences, codes of `az acr check-health`.",
    ]
    for family in families():
        ids = [cause.id for cause in family.causes]
        lines += ["", "```{toctree}", ":hidden:", f":caption: {family.id}", "", *ids, "```"]
        lines += ["", f"## {family.id}", "", sentence(family.about), "", "| id | title |", "| --- | --- |"]
        lines += [f"| [{cause.id}]({cause.id}.md) | {cell(cause.title)} |" for cause in family.causes]
    lines += ["", "## Symptoms", "", "What can be seen, and the causes that can show it.", ""]
    lines += ["| symptom | seen at | causes |", "| --- | --- | --- |"]
    for symptom in symptoms():
        listed = ", ".join(f"[{cause.id}]({cause.id}.md)" for cause in symptom.causes)
        lines.append(f"| `{symptom.id}` | {', '.join(_places(symptom))} | {listed or 'none known'} |")
    return NOTICE + "\n".join([*lines, ""])


def entra_numbers_page() -> str:
    """Return the table of Entra's numbers: what each says in short, and its causes."""
    lines = [
        "# Entra's numbers (AADSTS)",
        "",
        "Entra numbers its refusals: `AADSTS7000215` in a message, `7000215` in a list of error codes.",
        "Here are those that are met on the way to a registry: what each says in short, and what can be behind it.",
        "Where that is several, the words behind the number or [evidence](../explanation/evidence.md) decide.",
        "`pytest --acr-explain AADSTS7000215` prints the same on the command line.",
        "With the whole message in quotes instead of the number, it reads the words too.",
        "",
        "Each number leads to Entra's own page for it.",
        f"One that is not here is in [Entra's list of all]({ENTRA_CODES}), or new.",
        "Few of those are met at a registry, and for Entra numbers and words may change.",
        "",
        "| number | what Entra says, in short | failure modes |",
        "| --- | --- | --- |",
    ]
    for number in numbers():
        listed = ", ".join(f"[{cause.id}](../failure-modes/{cause.id}.md)" for cause in number.causes)
        lines.append(f"| [{number.code}]({number.link}) | {cell(number.says)} | {listed} |")
    return NOTICE + "\n".join([*lines, ""])


def _instruction(step: Step) -> str:
    return f"`{step.text}`" if step.command else prose(step.text)
