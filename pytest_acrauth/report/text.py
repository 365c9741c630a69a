"""Diagnoses in words: the headline, the explanation on one screen, and the catalogue's entries on request. No I/O."""

from __future__ import annotations

import difflib
import re
import textwrap
from collections.abc import Iterator, Mapping
from string import Formatter
from typing import Any

from pytest_acrauth.catalogue import pages
from pytest_acrauth.catalogue.client_facts import client_answer, client_rows
from pytest_acrauth.catalogue.facts import PLACEHOLDERS, answer, facts, one_line, reply, shown, trouble, trouble_text
from pytest_acrauth.catalogue.shape import Answer, Break, Diagnosis, FailureMode, Line, Question, Symptom, Verdict
from pytest_acrauth.catalogue.tables import FAMILIES, MODES, SYMPTOMS, causes
from pytest_acrauth.diagnosis.climb import HERE
from pytest_acrauth.model.client_record import ClientRecord
from pytest_acrauth.model.observation import Data, Dns, Entra, NotObserved, Tcp, Tls
from pytest_acrauth.model.stage import Rung
from pytest_acrauth.model.target import Flow
from pytest_acrauth.model.transcript import Transcript

_WIDTH = 100
_LONG = 40
_FEW = 12  # causes whose remedies fit on a screen beside the rest
_SHELL_WORD = re.compile(r"""(?:"[^"]*"|'[^']*'|\$\([^)]*\)|\S)+""")
_NO_RIGHT = "none was proven: no repository was named"


def headline(diagnosis: Diagnosis) -> str:
    """Return a diagnosis in one line: the cause, or ``one of`` several, or what was answered and not recognised."""
    if diagnosis.mode is not None:
        return f"{diagnosis.mode.id}: {one_line(diagnosis.mode.title.format_map(facts(diagnosis.seen)))}"
    if diagnosis.candidates:
        return f"{diagnosis.symptom.id}: one of {', '.join(sorted(mode.id for mode in diagnosis.candidates))}"
    return f"{diagnosis.symptom.id}: {one_line(_said(diagnosis.seen), 160)}"


def explain(diagnosis: Diagnosis) -> str:
    """Return the whole explanation as plain text that fits one screen; its first line is the headline."""
    values = facts(diagnosis.seen)
    lines = [headline(diagnosis), *_says(diagnosis, values), *_seen(diagnosis.seen)]
    if diagnosis.mode is not None:
        lines += _one_cause(diagnosis, diagnosis.mode, values)
    elif diagnosis.candidates:
        lines += _several_causes(diagnosis, values)
    else:
        lines += _no_cause(diagnosis)
    return "\n".join(lines)


def ready(transcript: Transcript) -> str:
    """Return one line for a climb in which nothing is broken, without claiming a right that was not proven."""
    target = transcript.target
    who = f"{target.identity.name} at {target.registry.login_server}"
    if not target.references:
        return f"{who}: authenticated; no repository was named, so no right was proven"
    proven = f"{', '.join(target.must)} on {', '.join(reference.text for reference in target.references)}"
    return one_line(f"{who}: authenticated, may {proven}")


def describe(entry: str) -> str:
    """Return what the catalogue says of one cause, symptom or family. Raises LookupError with the closest ids."""
    if entry in MODES:
        return "\n".join(_describe_mode(MODES[entry]))
    if entry in SYMPTOMS:
        symptom = SYMPTOMS[entry]
        listed = [f"  {mode.id}: {_general(mode.title)}" for mode in causes(symptom)]
        about = f"{entry}: a symptom {_places(symptom)}"
        return "\n".join([about, *_wrap(_general(symptom.says)), "Possible causes", *(listed or ["  none is known"])])
    if entry in FAMILIES:
        return "\n".join([f"{entry}: a family of causes", *_list(entry)])
    known = [*MODES, *SYMPTOMS, *FAMILIES]
    close = difflib.get_close_matches(entry, known, n=4, cutoff=0.4)
    hint = f"close to it: {', '.join(close)}" if close else "none is close to it"
    raise LookupError(f"no failure mode, symptom or family is called {entry!r}; {hint}. 'all' lists them")


def listing() -> str:
    """Return every cause with its title, family by family in the order of a climb."""
    return "\n".join(line for family in FAMILIES for line in (family, *_list(family)))


def _places(symptom: Symptom) -> str:
    if symptom.stages:
        return f"at {', '.join(symptom.stages)}"
    return "of a client" if symptom.client is not None else "in what other programs print"


def _list(family: str) -> list[str]:
    return [f"  {key}: {_general(mode.title)}" for key, mode in sorted(MODES.items()) if mode.family == family]


def _describe_mode(mode: FailureMode) -> Iterator[str]:
    yield f"{mode.id}: {_general(mode.title)}"
    yield from _wrap(_general(mode.meaning))
    yield f"Seen as: {', '.join(symptom.id for symptom in mode.shows)}"
    if mode.questions:
        yield "What decides"
        yield from (line for question in mode.questions for line in _by_hand(question, PLACEHOLDERS))
    yield "What to do"
    yield from _remedies(mode, PLACEHOLDERS)
    if mode.transient:
        yield "It can pass by itself."
    if mode.az_code:
        yield f"az acr check-health calls it {mode.az_code}."
    yield f"Documentation: {mode.link}"


def _general(text: str) -> str:
    return text.format_map(PLACEHOLDERS)


def _one_cause(diagnosis: Diagnosis, mode: FailureMode, values: Mapping[str, str]) -> Iterator[str]:
    yield "What it means"
    yield from _wrap(mode.meaning.format_map(values), "  ")
    yield from _evidence(diagnosis)
    yield from _could_not_look(diagnosis)
    yield "What to do"
    yield from _remedies(mode, values)
    yield f"Documentation: {mode.link}"


def _several_causes(diagnosis: Diagnosis, values: Mapping[str, str]) -> Iterator[str]:
    few = len(diagnosis.candidates) <= _FEW
    yield "Possible causes, each with its first remedy" if few else "Possible causes"
    for mode in diagnosis.candidates:
        yield from _wrap(f"{mode.id}: {mode.title.format_map(values)}", "  ", "    ")
        if few:
            yield from _command(mode.remedies[0].format_map(values), "    ")
    yield from _evidence(diagnosis)
    for why, questions in _unanswered(diagnosis).items():
        yield from _wrap(f"What would decide (could not look: {why})", "", "  ")
        yield from (line for question in questions for line in _by_hand(question, values))
    yield "Each cause in full, with its documentation: pytest --acr-explain <id>"


def _no_cause(diagnosis: Diagnosis) -> Iterator[str]:
    yield from _evidence(diagnosis)
    yield from _could_not_look(diagnosis)
    yield "What to do"
    yield "  1. Look at what was answered, and at what stands between here and the registry."
    yield "  2. If the registry or Entra answered, open a support case with the correlation id."
    yield f"Documentation: {pages.ACR}container-registry-troubleshoot-access"


def _answers(diagnosis: Diagnosis) -> list[Answer[Any]]:
    """Return the answers that bear on the causes still possible, or on all where none is; each once."""
    left = [finding for finding in diagnosis.findings if finding.mode in diagnosis.candidates]
    found = {each.question.id: each for finding in left or diagnosis.findings for each in finding.answers}
    return list(found.values())


def _unanswered(diagnosis: Diagnosis) -> dict[str, list[Question[Any]]]:
    """Return the questions that nobody could answer, by the reason and who tried."""
    found: dict[str, list[Question[Any]]] = {}
    for each in _answers(diagnosis):
        if each.value is None:
            why = f"{each.why}, as {each.who}" if each.who else each.why
            found.setdefault(one_line(why, 240), []).append(each.question)
    return found


def _evidence(diagnosis: Diagnosis) -> Iterator[str]:
    answered = [each for each in _answers(diagnosis) if each.value is not None]
    if answered:
        yield "Evidence"
    for each in answered:
        yield from _wrap(f"  {each.question.asks} {_value(each.value)} (from {each.who})", "", "    ")
    yield from _ruled_out(diagnosis)


def _could_not_look(diagnosis: Diagnosis) -> Iterator[str]:
    for why, questions in _unanswered(diagnosis).items():
        yield from _wrap(f"Could not look: {why}", "", "  ")
        yield from (line for question in questions for line in _wrap(f"  {question.asks}", "", "    "))


def _ruled_out(diagnosis: Diagnosis) -> Iterator[str]:
    """Name the causes that an answer excluded, those of one answer together; long answers stand above already."""
    above = {each.question.id for each in _answers(diagnosis) if each.value is not None}
    reasons: dict[str, list[str]] = {}
    for finding in diagnosis.findings:
        if finding.verdict is Verdict.NO:
            answered = [each for each in finding.answers if each.value is not None]
            why = "; ".join(_reason(each, above) for each in answered)
            reasons.setdefault(why, []).append(finding.mode.id)
    if reasons:
        yield "Ruled out"
    for why, modes in reasons.items():
        yield from _wrap(f"  {', '.join(modes)} ({why})", "", "    ")


def _reason(answer: Answer[Any], above: set[str]) -> str:
    """Say an answer in short: who gave it, and all of a long one, only where it does not stand above."""
    name, text = answer.question.id, _value(answer.value)
    if name in above:
        return name if len(text) > _LONG else f"{name}: {text}"
    return f"{name}: {text}" if answer.who == HERE else f"{name}: {text}, from {answer.who}"


def _value(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, tuple):
        return one_line(", ".join(map(str, value)), 200) or "nothing"
    return one_line(str(value), 200) or "nothing"


def _remedies(mode: FailureMode, values: Mapping[str, str]) -> Iterator[str]:
    for number, remedy in enumerate(mode.remedies, 1):
        yield from _command(remedy.format_map(values), f"  {number}. ")


def _by_hand(question: Question[Any], values: Mapping[str, str]) -> Iterator[str]:
    yield from _wrap(f"  {question.asks}", "", "    ")
    yield from _command(question.by_hand.format_map(values), "    ")


def _command(text: str, lead: str) -> Iterator[str]:
    """Wrap a remedy; a command, which begins with a small letter, only where it can still be pasted into a shell."""
    if not text[:1].islower():
        yield from _wrap(text, lead, " " * len(lead))
        return
    line = ""
    for word in _SHELL_WORD.findall(text):
        if line and len(lead) + len(line) + len(word) > _WIDTH - 3:
            yield f"{lead}{line} \\"
            lead, line = " " * len(lead), ""
        line = f"{line} {word}".lstrip()
    yield lead + line


def _wrap(text: str, first: str = "", later: str = "") -> list[str]:
    return textwrap.wrap(text, _WIDTH, initial_indent=first, subsequent_indent=later or first, break_on_hyphens=False)


def _says(diagnosis: Diagnosis, values: Mapping[str, str]) -> list[str]:
    """Say what was seen, unless a text lacks a name that the sentence needs: the line itself stands below."""
    known = shown(diagnosis.seen)
    names = [name for _, name, _, _ in Formatter().parse(diagnosis.symptom.says) if name]
    if isinstance(diagnosis.seen, Line) and not all(known.get(name) for name in names):
        return []
    return _wrap(diagnosis.symptom.says.format_map(values))


def _said(seen: Break | Line | ClientRecord) -> str:
    if isinstance(seen, Line):
        return seen.text
    return client_answer(seen) if isinstance(seen, ClientRecord) else answer(seen)


def _rows(seen: Break | Line | ClientRecord) -> Iterator[tuple[str, str]]:
    if isinstance(seen, Line):
        yield f"line {seen.number}", seen.text
    elif isinstance(seen, ClientRecord):
        yield from client_rows(seen)
    else:
        yield from (*_exchange(seen), *_who(seen), *_way(seen), *_stages(seen))


def _seen(seen: Break | Line | ClientRecord) -> Iterator[str]:
    """Yield what was observed as a table of labelled lines."""
    rows = list(_rows(seen))
    width = max(len(label) for label, _ in rows)
    for label, text in rows:
        yield from _wrap(one_line(text, 600), f"  {label:<{width}}  ", " " * (width + 4))


def _exchange(seen: Break) -> Iterator[tuple[str, str]]:
    found = reply(seen)
    if found is not None:
        yield "request", f"{found.method} {found.url}"
        yield "answer", f"{found.status} {found.words}"
        if found.detail:
            yield "detail", found.detail
        if found.correlation_id:
            yield "correlation id", found.correlation_id
    if (why := trouble(seen)) is not None:
        yield "trouble", f"{why} {trouble_text(seen)}"
    if isinstance(seen.observation, Entra) and seen.observation.codes:
        yield "authority", seen.observation.authority
        yield "Entra codes", ", ".join(f"AADSTS{code}" for code in seen.observation.codes)
        yield "Entra trace id", seen.observation.trace_id or "none"


def _who(seen: Break) -> Iterator[tuple[str, str]]:
    transcript, values = seen.transcript, facts(seen)
    registry, identity, credential = transcript.target.registry, transcript.target.identity, transcript.credential
    yield "registry", f"{registry.login_server} ({registry.cloud.name})"
    parts = [str(credential.kind)]
    if credential.user_name:
        parts.append(f"user name {credential.user_name}")
    if credential.client_id:
        parts.append(f"client id {credential.client_id}")
    if identity.flow is Flow.ENTRA:
        parts.append(f"tenant {values['tenant_id']}")
    method = identity.method if identity.name == identity.method else f"{identity.name} ({identity.method})"
    if credential.source:
        parts.append(f"read from {one_line(credential.source)}")
    yield "identity", f"{method}: {', '.join(parts)}"
    if credential.also:
        yield "not used", f"the environment also holds a credential for {', '.join(credential.also)}"
    if not transcript.target.references:
        yield "rights", _NO_RIGHT
    if transcript.proxy:
        yield "proxy", transcript.proxy


def _way(seen: Break) -> Iterator[tuple[str, str]]:
    part: object = seen.observation
    if isinstance(part, (Entra, Data)):
        if isinstance(part, Data) and part.redirect:
            yield "redirected to", f"{part.redirect} {part.refused}"
        part = part.connection.broken if part.connection else None
    if isinstance(part, Dns) and part.resolution is not None:
        yield "look-up", f"{part.host}: {part.resolution.outcome} {part.resolution.text}"
        if part.resolution.chain is not None:
            yield "aliases", " → ".join(part.resolution.chain)
    if isinstance(part, Tcp):
        tried = [f"{attempt.address} ({attempt.trouble or 'connected'})" for attempt in part.attempts]
        yield "tried", f"{part.host} port {part.port}: {', '.join(tried) or 'no address'}"
    if isinstance(part, Tls):
        yield "trust store", part.trust
        if part.verify_code is not None:
            yield "verification", f"code {part.verify_code}"
        if part.certificate is not None:
            shown = part.certificate
            yield "certificate", f"for {', '.join(shown.names) or shown.subject}, from {shown.issuer}"
            yield "valid", f"{shown.not_before} to {shown.not_after}"


def _stages(seen: Break) -> Iterator[tuple[str, str]]:
    """Yield how far the climb came: the shared stages, and those of the repository that this is about."""
    transcript = seen.transcript
    groups: dict[str, list[str]] = {"passed": [], "broken": [], "not reached": [], "not observed": []}
    for rung in transcript.target.rungs:
        if seen.rung.reference is None or rung.reference in {None, seen.rung.reference}:
            group, text = _stage(transcript, rung)
            groups[group].append(text)
    yield from ((label, ", ".join(dict.fromkeys(texts))) for label, texts in groups.items() if texts)


def _stage(transcript: Transcript, rung: Rung) -> tuple[str, str]:
    observation = transcript.at(rung)
    if observation is None:
        return "not reached", str(rung.stage)
    if isinstance(observation, NotObserved):
        return "not observed", f"{rung.stage} ({observation.reason})"
    return "passed" if observation.ok else "broken", f"{rung.stage} {observation.elapsed:.2f}s"
