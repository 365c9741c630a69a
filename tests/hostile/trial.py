"""One climb among hostile answers, and what has to hold whatever they were."""

from __future__ import annotations

import base64
import json
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import replace
from random import Random
from urllib.parse import quote, quote_plus

from hostile.mutations import Hand
from hostile.peers import PROXY, Climbing, OwnMachine, Peers, Received
from pytest_acrauth.auth import choose
from pytest_acrauth.catalogue.symptoms.climb import PLUGIN_DEFECT
from pytest_acrauth.diagnosis.climb import diagnose
from pytest_acrauth.emulator.scenarios.entries import SCENARIOS
from pytest_acrauth.emulator.scenarios.variants import (
    BY_GITHUB,
    BY_PIPELINE,
    GITHUB_HOST,
    PIPELINES_HOST,
    in_azure_pipeline,
    in_github_job,
)
from pytest_acrauth.emulator.world import World
from pytest_acrauth.emulator.world.cloud import ARM, AUTHORITY, GRAPH
from pytest_acrauth.emulator.world.healthy import healthy_world
from pytest_acrauth.model.evidence import EvidenceChoice
from pytest_acrauth.model.target import Reference, Registry, Target
from pytest_acrauth.model.transcript import Transcript
from pytest_acrauth.report.text import explain
from pytest_acrauth.running.run import Run

LOGIN_SERVER = "myacr.azurecr.io"
#: Seconds that a climb may take, and how much later than that its own record may say that it ended.
LIMIT, SLACK = 6.0, 1.0
#: The worlds that are climbed in: sound ones, and broken ones whose evidence is asked for.
WORLDS = (
    "healthy",
    "exchange-no-role",
    "abac-condition-excludes-repo",
    "scope-map-token-password-expired",
    "admin-password-not-current",
    "firewall-ip-denied",
    "sp-lacks-role",
    "image-not-found",
)
#: Worlds in which a job of a CI system signs in, by the method that is climbed with, each with its request token.
JOBS = {
    BY_GITHUB: (in_github_job, "ACTIONS_ID_TOKEN_REQUEST_TOKEN"),
    BY_PIPELINE: (in_azure_pipeline, "SYSTEM_ACCESSTOKEN"),
}
_METHODS = (
    "service-principal",
    "service-principal",
    "service-principal",
    "basic",
    "admin",
    "scope-map-token",
    "anonymous",
)
_PREFIX = {"basic": "ACR_SP", "admin": "ACR_ADMIN", "scope-map-token": "ACR_PULLER"}
_COMMAND = re.compile(r"^\s*(?:##(?:vso)?\[|::\w)", re.MULTILINE)
_JOB_HOSTS = {GITHUB_HOST, PIPELINES_HOST}
_SHORTEST = 12  # characters of a value that is looked for: shorter ones stand in texts by chance


def worlds() -> dict[str, World]:
    """Return the worlds, each made once."""
    made = {}
    for name in WORLDS:
        made[name] = healthy_world()
        SCENARIOS[name].change(made[name])
    for name, (change, _) in JOBS.items():
        made[name] = healthy_world()
        change(made[name])
    return made


def tried(peers: Peers, made: dict[str, World], chance: Random, *, stalls: bool = False) -> tuple[int, list[str]]:
    """Climb once, as chance will have it; return how many answers were hostile, and every promise that was not kept."""
    hand = Hand(chance, stalls=stalls)
    name = hand.one((*WORLDS, *JOBS))
    world = made[name]
    method = name if name in JOBS else SCENARIOS[name].options.get("auth") or hand.one(_METHODS)
    environ = dict(world.machine.environ)
    if prefix := _PREFIX.get(method):
        own = {f"ACR_{what}": environ[f"{prefix}_{what}"] for what in ("USERNAME", "PASSWORD")}
        environ |= own if "ACR_USERNAME" not in environ else {}
    first = hand.chance.randrange(
        5 if method in _PREFIX or method == "anonymous" else 8
    )  # as many as a sound climb asks for
    more = hand.one([0.3, 0.95])
    turns = frozenset({first} | {turn for turn in range(first + 1, 40) if hand.chance.random() < more})
    climbing = Climbing(hand, turns, name, tunnel=hand.chance.random() < 0.03)
    if climbing.tunnel or hand.chance.random() < 0.1:
        environ["HTTPS_PROXY"] = f"http://user:proxy-password-{chance.getrandbits(64):x}@{PROXY}:3128"
    tokens = {job: token for job, (_, token) in JOBS.items()}
    used = {"service-principal": "AZURE_CLIENT_SECRET", "anonymous": "", **tokens}.get(method, "ACR_PASSWORD")
    climbing.request_token = environ[used] if method in JOBS else ""
    climbing.canaries += [environ[used]] if used else []
    climbing.canaries += [environ["HTTPS_PROXY"].split(":")[2].partition("@")[0]] if "HTTPS_PROXY" in environ else []
    hand.canaries = climbing.canaries
    references = (Reference.parse("team/app"),) if hand.chance.random() < 0.8 else ()
    (chosen,) = choose([method], environ)
    target = Target(Registry.parse("myacr"), chosen.identity, references, ("pull",), ())
    if references and hand.one([True, False, False]):
        target = replace(target, must=("pull", "push"), must_not=("delete",))
    run = Run(OwnMachine(peers, climbing, environ), timeout=LIMIT, evidence=EvidenceChoice())
    found = list(_kept(run, target, climbing, peers))
    hostile = len(climbing.played) + climbing.tunnel
    return hostile, [f"{each} [{name}, {method}; {', '.join(climbing.played)}; {hand.drawn}]" for each in found]


def _kept(run: Run, target: Target, climbing: Climbing, peers: Peers) -> Iterator[str]:
    try:
        (transcript,) = run.check([target])
        diagnoses = diagnose(transcript)
        texts = [explain(diagnosis) for diagnosis in diagnoses]
        defects = [diagnosis for diagnosis in diagnoses if diagnosis.symptom is PLUGIN_DEFECT]
        record = transcript.to_json()
    except Exception as error:  # noqa: BLE001 - whatever it is, it is what is looked for
        yield f"escaped: {type(error).__name__}: {str(error).splitlines()[:1]}"
        return
    yield from _defects(transcript)
    yield from (f"defect: {diagnosis.seen.answer}" for diagnosis in defects)
    yield from _written(record)
    if transcript.elapsed > transcript.limit + SLACK:
        yield f"late: {transcript.elapsed:.1f} s of {transcript.limit:g}"
    for text in (record, *texts):
        yield from _clean(text)
        yield from _leaks(text, climbing.canaries)
    for received in climbing.received:
        yield from _strayed(received, climbing, peers)


def _defects(transcript: Transcript) -> Iterator[str]:
    """Tell of what ended as a defect of the plugin instead of a diagnosis."""
    if transcript.defect is not None:
        yield f"defect: {transcript.defect}"
    for look in transcript.evidence:
        if look is not None and "a defect of pytest-acrauth" in look.why:
            yield f"defect: in a look: {look.why}"


def _written(record: str) -> Iterator[str]:
    def refuse(constant: str) -> None:
        raise ValueError(f"{constant} is no JSON")

    try:
        record.encode()
        json.loads(record, parse_constant=refuse)
    except ValueError as error:
        yield f"record: {error}"


def _clean(text: str) -> Iterator[str]:
    if not text.replace("\n", "").isprintable():
        odd = {char for char in text if unicodedata.category(char) in {"Cc", "Cs", "Cf"} and char != "\n"}
        if odd:
            yield f"characters: {sorted(map(ascii, odd))}"
    if found := _COMMAND.search(text):
        yield f"command: {text[found.start() : found.start() + 80]!r}"


def _leaks(text: str, canaries: list[str]) -> Iterator[str]:
    for canary in {each for each in canaries if len(each) >= _SHORTEST}:
        forms = {
            canary,
            quote(canary, safe=""),
            quote_plus(canary),
            base64.b64encode(canary.encode()).decode().rstrip("="),
        }
        if any(form in text for form in forms):
            yield f"leaked: {canary[:12]}…"


def _strayed(received: Received, climbing: Climbing, peers: Peers) -> Iterator[str]:
    """Tell of a secret that reached a host, or a way, that it is not for."""
    sent = received.data.decode("latin-1")
    to_job = received.secured and received.host in _JOB_HOSTS
    if climbing.request_token and not to_job and climbing.request_token in sent:
        yield f"strayed: the request token to {received.host}"
    if received.secured and received.host in {LOGIN_SERVER, AUTHORITY, ARM, GRAPH}:
        return
    for canary in {each for each in climbing.canaries if len(each) >= _SHORTEST}:
        if received.host == PROXY and canary.startswith("proxy-password-"):
            continue
        if to_job and canary == climbing.request_token:
            continue
        forms = (canary, quote(canary, safe=""), base64.b64encode(canary.encode()).decode().rstrip("=")[:-3])
        if any(form in sent for form in forms):
            yield f"strayed: to {received.host} ({'TLS' if received.secured else 'plain'})"
    if "\r\nauthorization:" in sent.lower() and received.host != PROXY and not to_job:
        yield f"strayed: Authorization to {received.host}"
    if not peers.is_sound(received.host) and received.host != PROXY:
        yield f"strayed: something was sent to {received.host}"
