"""What a live run finds: two visits side by side, in lines for a person, and in files where they are wanted."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, NamedTuple

from live.accepted import why_accepted
from live.likeness import Likeness
from live.recording import Door, as_lines, row_of, write
from live.requests import REQUESTS
from live.visit import NotAsked, Visit
from live.wanted import Wanted
from shapes import Difference, differences

from pytest_acrauth.auth import choose
from pytest_acrauth.diagnosis.climb import diagnose
from pytest_acrauth.emulator import Emulator
from pytest_acrauth.model.evidence import OFF, EvidenceChoice
from pytest_acrauth.model.machine import Machine
from pytest_acrauth.model.secret import Secrets
from pytest_acrauth.model.target import Target
from pytest_acrauth.model.transcript import Transcript
from pytest_acrauth.probes.http.replies import parse_json
from pytest_acrauth.report.text import explain
from pytest_acrauth.running.run import Run

CLIMB = "climb"
_TIMEOUT = 30.0  # seconds, for one climb


class Side(NamedTuple):
    """One side of a comparison: its climb, its rows by request, why others were not asked, and what it looks like."""

    climb: Transcript
    rows: Mapping[str, dict[str, Any]]
    not_asked: Mapping[str, str]
    door: Door
    likeness: Likeness


@dataclass
class Findings:
    """What was found, request by request; each line in one order, whatever the order of the tests."""

    host: str
    explained: str = ""
    different: dict[str, list[str]] = field(default_factory=dict)
    accepted: list[str] = field(default_factory=list)
    not_asked: dict[str, str] = field(default_factory=dict)
    recorded: str = ""

    def lines(self) -> list[str]:
        """Return every difference that is not accepted, sorted."""
        return sorted(line for lines in self.different.values() for line in lines)

    def summary(self) -> str:
        """Return the counts of the requests, the climb being one."""
        asked = len(REQUESTS) + 1 - len(self.not_asked)
        unlike = len(self.different)
        parts = [f"{asked - unlike} the same", f"{unlike} different", f"{len(self.not_asked)} not asked"]
        return f"{self.host} beside the emulator: {', '.join(parts)}"


def visit(machine: Machine, target: Target, secrets: Secrets) -> Side:
    """Climb to a target, and send it every request of the table that its identity and its image allow."""
    door = Door(secrets, machine.environ)
    (climb,) = Run(machine, timeout=_TIMEOUT, evidence=EvidenceChoice(OFF), secrets=secrets).check([target])
    reached = climb.challenge is not None and climb.challenge.reply is not None
    rows: dict[str, dict[str, Any]] = {}
    not_asked = {} if reached else {asked.id: "the registry was not reached" for asked in REQUESTS}
    bodies: dict[str, Any] = {}
    statuses: dict[str, int] = {}
    going_on: set[str] = set()
    image = None
    with Visit(machine, secrets, target) as visiting:
        for asked in REQUESTS if reached else ():
            try:
                sent = visiting.ask(asked)
            except NotAsked as why:
                not_asked[asked.id] = door.text(str(why))
                continue
            rows[asked.id] = row_of(asked, sent, door)
            if sent.response.reply is not None:
                bodies[asked.id] = parse_json(sent.response.body)
                statuses[asked.id] = sent.response.reply.status
            if "link" in sent.response.headers:
                going_on.add(asked.id)
        if reached:
            with suppress(NotAsked):  # the requests that need it say so
                image = visiting.image
    reference, kind = next(iter(target.references), None), climb.credential.kind
    likeness = Likeness(target.registry, target.identity, kind, reference, image, bodies, statuses, frozenset(going_on))
    return Side(climb, rows, not_asked, door, likeness)


def compare(wanted: Wanted, secrets: Secrets) -> Findings:
    """Visit a registry and the emulator in its likeness, and return in what they differ; record it where wanted."""
    target = wanted.target
    real = visit(wanted.machine, target, secrets)
    emulator = real.likeness.emulator()
    with emulator:
        emulated = visit(emulator.machine, _emulated(emulator, real, target), secrets)
    findings = Findings(target.registry.login_server)
    explained = "\n\n".join(explain(each) for each in diagnose(real.climb))
    findings.explained = "\n".join(_indented(line, real.door) for line in explained.splitlines())
    names = {target.registry.login_server: "<login server>", target.registry.name: "<registry>"}
    names |= {each.repository: "<repository>" for each in target.references}
    broken = [Difference("readiness", findings.explained.partition("\n")[0], "ready")] if explained else []
    found: dict[str, list[Difference]] = {CLIMB: [*broken, *climbed_differently(real.climb, emulated.climb)]}
    for asked in REQUESTS:
        mine, theirs = real.rows.get(asked.id), emulated.rows.get(asked.id)
        if mine is None:
            findings.not_asked[asked.id] = real.not_asked[asked.id]
        elif theirs is None:
            found[asked.id] = [Difference("request", "answered it", f"not asked: {emulated.not_asked[asked.id]}")]
        else:
            found[asked.id] = unlike(mine, theirs, names)
    for request, unlikes in found.items():
        _sort(findings, request, unlikes)
    if wanted.record is not None:
        _keep(wanted.record, real, emulated, findings)
    return findings


def unlike(mine: Mapping[str, Any], theirs: Mapping[str, Any], names: Mapping[str, str]) -> list[Difference]:
    """Return in what two rows differ; where either has no answer, that is the difference."""
    one, other = mine["response"], theirs["response"]
    if one["status"] is None or other["status"] is None:
        return [Difference("answer", *(each["note"] or str(each["response"]["status"]) for each in (mine, theirs)))]
    return differences(one, other, names)


def climbed_differently(real: Transcript, emulated: Transcript) -> list[Difference]:
    """Return the stages that the real climb reached, and at which the other ended in another way or status."""
    reached = [rung for rung in real.target.rungs if real.at(rung) is not None]
    ends = ((rung.stage, *(_end(climb.at(rung)) for climb in (real, emulated))) for rung in reached)
    return [Difference(f"stage {stage}", *both) for stage, *both in ends if both[0] != both[1]]


def _end(seen: Any) -> str:
    if seen is None:
        return "not reached"
    reply = getattr(seen, "reply", None)
    return f"{'passed' if seen.ok else 'broken'} {reply.status if reply is not None else ''}".rstrip()


def _indented(line: str, door: Door) -> str:
    """Return a line of a text as it may be shown, at its place."""
    return " " * (len(line) - len(line.lstrip())) + door.text(line)


def _emulated(emulator: Emulator, real: Side, target: Target) -> Target:
    (chosen,) = choose([real.likeness.method], emulator.environ)
    return replace(target, identity=chosen.identity)


def _sort(findings: Findings, request: str, found: list[Difference]) -> None:
    lines = []
    for each in found:
        if reason := why_accepted(request, each.what):
            findings.accepted.append(f"{told(request, each)} ({reason})")
        else:
            lines.append(told(request, each))
    if lines:
        findings.different[request] = lines


def told(request: str, found: Difference) -> str:
    """Return a difference as one line."""
    if found.one and found.other:
        return f"{request}: {found.what}: registry {found.one}, emulator {found.other}"
    return f"{request}: {found.what}: only the {'registry' if found.one else 'emulator'}'s"


def _keep(folder: Path, real: Side, emulated: Side, findings: Findings) -> None:
    for name, side in (("registry", real), ("emulator", emulated)):
        write(folder, f"{name}.jsonl", as_lines(side.rows))
        climb = side.door.own(json.loads(side.climb.to_json()))
        write(folder, f"{name}-climb.json", [json.dumps(climb, ensure_ascii=False, indent=1)])
    write(folder, "differences.txt", [*findings.lines(), *sorted(findings.accepted), findings.summary()])
    findings.recorded = str(folder)
