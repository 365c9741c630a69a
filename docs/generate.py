"""Writes what derives from the code: pages of failure modes, of Entra's numbers, the options, README's failure.

Run it after a change of the catalogue, the scenarios or the options: ``python docs/generate.py``. With ``--check`` it
writes nothing, names the pages that are out of date and exits with 1 if there are any. Needs the emulator's extra.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from itertools import groupby
from pathlib import Path
from typing import NamedTuple

from pytest_acrauth import __version__
from pytest_acrauth.auth import DEFAULT, METHODS, Method, choose
from pytest_acrauth.catalogue.pages import ENTRA_CODES
from pytest_acrauth.catalogue.tables import MODES
from pytest_acrauth.diagnosis.client import diagnose_client
from pytest_acrauth.diagnosis.climb import diagnose
from pytest_acrauth.diagnosis.conclusion import Diagnosis
from pytest_acrauth.diagnosis.expiry import diagnose_expiry
from pytest_acrauth.diagnosis.text import recognise
from pytest_acrauth.emulator import LOOK_ALIKES, REGISTRIES, SCENARIOS, Emulator, Scenario
from pytest_acrauth.emulator.scenarios.variants import USUAL
from pytest_acrauth.emulator.world.cloud import SUBSCRIPTION
from pytest_acrauth.emulator.world.healthy import CLIENT, OPERATOR, OTHER_SUBSCRIPTION, OTHER_TENANT, PRINCIPAL, TENANT
from pytest_acrauth.model.client_record import ClientRecord
from pytest_acrauth.model.evidence import AUTO, OFF, EvidenceChoice
from pytest_acrauth.model.expiry import Expiring, ExpiryRecord, Limits, kinds_of
from pytest_acrauth.model.outlook import Outlook, Verdict
from pytest_acrauth.model.record_schema import schema as record_schema
from pytest_acrauth.model.target import ACTIONS, CLOUDS, GUID, Flow, Reference, Registry, Target
from pytest_acrauth.plugin.options import OPTIONS
from pytest_acrauth.plugin.readiness.schema import schema
from pytest_acrauth.plugin.readiness.shape import FILE, Form, Table, Value
from pytest_acrauth.report.document import Document
from pytest_acrauth.report.entries import CauseEntry, SymptomEntry, cause_entry, families, numbers, symptoms
from pytest_acrauth.report.explanation import Kind, Step
from pytest_acrauth.report.text import explain
from pytest_acrauth.run import DEFAULT_TIMEOUT, Run

ROOT = Path(__file__).parents[1]
MODE_PAGES = Path("docs", "failure-modes")
REPORT_SCHEMA = Path("docs/reference/report.schema.json")
_REPORT_TITLE = "Report of pytest-acrauth"
SCHEMA = Path("docs/reference/readiness-file.schema.json")
NOTICE = "<!-- Written by docs/generate.py from the tables in the code; do not edit. -->\n"

#: The ids of the emulator's healthy world, which are the same in every run.
_LASTING = (TENANT, OTHER_TENANT, SUBSCRIPTION, OTHER_SUBSCRIPTION, CLIENT, PRINCIPAL, OPERATOR.object_id)
#: What differs from run to run in an explanation, and the words that stand for it on a page.
_VARYING = (
    (re.compile(r"\d\d\d\d-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:Z|\+00:00)?"), "<time>"),
    (re.compile(r"\d\d\d\d-\d\d-\d\d(?:\s+\d\d:\d\d(?:\s+UTC)?|\s+[\d:]+(?=…))?"), "<time>"),
    (re.compile(r"\d\d/\d\d/\d\d\d\d\s+\d\d:\d\d:\d\d [AP]M"), "<time>"),
    (re.compile(r"\b\d+\.\d+ ?s\b"), "<time>"),
    (re.compile(r"\S+/acr-emulator-\w+(?=/)"), "/home/ci"),
    (re.compile(r"sha256:[0-9a-f]+\n? *[0-9a-f]+"), "sha256:<digest>"),
    (re.compile(r"\b[0-9A-F]{40}\b"), "<thumbprint>"),
    (re.compile(r"OU=Testing cert #[\w-]+,O=trustme v[\d.]+"), "<subject>"),
    (re.compile(rf"(?!{'|'.join(_LASTING)}|[0-9a-f-]*0000-4000-8000){GUID.pattern}"), "<id>"),
)
#: The worlds that pages show: the scenarios, and what only looks like one where it is a cause of its own.
WORLDS = SCENARIOS | {name: world for name, world in LOOK_ALIKES.items() if name in MODES}


class Sentence(NamedTuple):
    """What docker or the kubelet says of a registry: the words that people look up, and what is around them."""

    before: str
    words: str
    after: str = ""


_DAEMON = 'Error response from daemon: Get "https://myacr.azurecr.io/v2/": '
_LOOKUP = f"{_DAEMON}dial tcp: lookup myacr.azurecr.io on 10.0.0.10:53: "
_DIAL = f"{_DAEMON}dial tcp 203.0.113.9:443: "
_PUSH = "push to myacr.azurecr.io/team/app: "
_KUBELET = 'Failed to pull image "myacr.azurecr.io/team/app:latest": '
_STATUS = ": unexpected status: 401 Unauthorized"
#: The index has their words; what these can mean is up to the catalogue, which reads the whole as it reads a log.
SENTENCES = (
    Sentence(_DAEMON, "unauthorized: authentication required"),
    Sentence(_DAEMON, "unauthorized: Invalid clientid or client secret."),
    Sentence(_DAEMON, "unauthorized: Application not registered with AAD."),
    Sentence(f"{_DAEMON}denied: client with IP '203.0.113.9' ", "is not allowed access."),
    Sentence(_LOOKUP, "no such host"),
    Sentence(_LOOKUP, "server misbehaving"),
    Sentence(f"{_DAEMON}dial tcp: lookup myacr.azurecr.io: ", "Temporary failure in name resolution"),
    Sentence(_DIAL, "i/o timeout"),
    Sentence(_DIAL, "connect: connection refused"),
    Sentence(_DIAL, "connect: no route to host"),
    Sentence(_DAEMON, "proxyconnect tcp", ": dial tcp 10.0.0.1:3128: connect: connection refused"),
    Sentence(_DAEMON, "Proxy Authentication Required"),
    Sentence(_DAEMON, "net/http: TLS handshake timeout"),
    Sentence(_DAEMON, "x509: certificate signed by unknown authority"),
    Sentence(_DAEMON, "x509: certificate has expired or is not yet valid"),
    Sentence(_DAEMON, "x509: certificate is valid for", " proxy.example, not myacr.azurecr.io"),
    Sentence(_DAEMON, "net/http: request canceled while waiting for connection", " (Client.Timeout exceeded)"),
    Sentence(_DAEMON, "EOF"),
    Sentence(_DAEMON, "toomanyrequests: too many requests"),
    Sentence("", "Cannot connect to the Docker daemon", " at unix:///run/docker.sock. Is the docker daemon running?"),
    Sentence(
        "", "permission denied while trying to connect to the Docker daemon socket", " at unix:///run/docker.sock"
    ),
    Sentence("docker: ", "error getting credentials", ' - err: exec: "docker-credential-pass": not found, out: ``'),
    Sentence("docker: ", "error storing credentials", " - err: exit status 1, out: `not implemented`"),
    Sentence("Error: ", "Cannot perform an interactive login from a non TTY device"),
    Sentence("", "Must provide --username with --password-stdin"),
    Sentence("manifest for myacr.azurecr.io/team/app:latest not found: ", "manifest unknown", ": is not found"),
    Sentence("", "pull access denied", " for myacr.azurecr.io/team/app, repository does not exist"),
    Sentence(_PUSH, "denied: requested access to the resource is denied"),
    Sentence(_PUSH, "insufficient_scope: authorization failed"),
    Sentence("myacr.azurecr.io: unknown: ", "The operation is disallowed on this registry, repository or image"),
    Sentence(f"{_KUBELET}failed to authorize: ", "failed to fetch anonymous token", _STATUS),
    Sentence(f"{_KUBELET}failed to authorize: ", "failed to fetch oauth token", _STATUS),
    Sentence(_KUBELET, "no basic auth credentials"),
    Sentence(_KUBELET, "unexpected status code 403 Forbidden"),
)
#: By how much longer a climb may take here than the scenario says: on a busy machine the whole limit could be over
#: before that for one peer or in an earlier stage, and the page would tell of that.
_PATIENCE = 4
#: Where a page's reader is at home, instead of the emulator's folder of the moment.
_HOME = "/home/ci"


def pages() -> dict[Path, str]:
    """Return every generated page by its path in the project. Runs every scenario in the emulator."""
    # Before the first scenario: one with a short limit would spend it on loading this.
    import azure.mgmt.containerregistry  # noqa: F401

    with ThreadPoolExecutor(4) as pool:
        # What only looks like a scenario and ends by a limit is not told in the same words every time.
        steady = {each.id: each for each in WORLDS.values() if each.id in SCENARIOS or "timeout" not in each.options}
        shown = dict(zip(steady, pool.map(seen_in_emulator, steady.values()), strict=True))
    return {
        Path("README.md"): readme(shown),
        Path("docs/reference/options.md"): options_page(),
        Path("docs/reference/readiness-file.md"): readiness_file_page(),
        REPORT_SCHEMA: json.dumps(record_schema(Document, _REPORT_TITLE), indent=2, ensure_ascii=False) + "\n",
        SCHEMA: json.dumps(schema(), indent=2, ensure_ascii=False) + "\n",
        Path("docs/reference/entra-numbers.md"): entra_numbers_page(),
        MODE_PAGES / "index.md": index_page(),
        **{MODE_PAGES / f"{name}.md": mode_page(cause_entry(mode), shown.get(name)) for name, mode in MODES.items()},
    }


def seen_in_emulator(scenario: Scenario) -> str | None:
    """Check a scenario as `--acr-emulate` does and return the first explanation; None if nothing is broken."""
    with Emulator(scenario.id) as emulator:
        see = clients_checked if scenario.client else looked_ahead if scenario.ahead else climbed
        diagnoses = see(emulator, scenario)
    if not diagnoses:
        return None
    return lasting(explain(diagnoses[0]))


def lasting(text: str) -> str:
    """Return a text with words in the place of what differs from run to run."""
    for pattern, words in _VARYING:
        text = pattern.sub(words, text)
    return text


def climbed(emulator: Emulator, scenario: Scenario) -> tuple[Diagnosis, ...]:
    """Climb as the emulated machine's service principal, or as a scenario needs it, with evidence."""
    run, target = prepared(emulator, scenario)
    return diagnose(run.check([target])[0])


def prepared(emulator: Emulator, scenario: Scenario) -> tuple[Run, Target]:
    """Return a run in a scenario's world, and its target."""
    needs = scenario.options
    (chosen,) = choose([needs.get("auth", USUAL)], emulator.environ)
    target = Target(
        registry=Registry.parse(needs.get("registry", REGISTRIES[0])),
        identity=chosen.identity,
        references=tuple(map(Reference.parse, _listed(needs.get("repository", "")))),
        must=_listed(needs.get("must", "pull")),
        must_not=_listed(needs.get("must-not", "")),
    )
    evidence = EvidenceChoice(subscription=needs.get("subscription", ""))
    limit = float(needs.get("timeout", DEFAULT_TIMEOUT)) * _PATIENCE
    return Run(emulator.machine, timeout=limit, evidence=evidence), target


def _listed(text: str) -> tuple[str, ...]:
    return tuple(text.split(",")) if text else ()


def clients_checked(emulator: Emulator, scenario: Scenario) -> tuple[Diagnosis, ...]:
    """Check the client that a scenario is about."""
    run, target = prepared(emulator, scenario)
    record = run.check_client(scenario.client, [target])
    at_home = record.to_json().replace(emulator.environ["HOME"], _HOME)
    return diagnose_client(ClientRecord.from_json(at_home))


def looked_ahead(emulator: Emulator, scenario: Scenario) -> tuple[Diagnosis, ...]:
    """Climb, and look when each credential of the scenario's identity ends."""
    run, target = prepared(emulator, scenario)
    (seen,) = run.check([target])
    found = run.look_ahead([(Expiring(target, kind), seen) for kind in kinds_of(seen.credential, target.identity.flow)])
    limits = Limits(fail=float(scenario.options["expiry-fail"]))
    outlooks = [
        Outlook(ExpiryRecord.from_json(each.to_json().replace(emulator.environ["HOME"], _HOME)), limits)
        for each in found
    ]
    return tuple(diagnose_expiry(each) for each in outlooks if each.verdict is Verdict.FAILS)


def readme(shown: Mapping[str, str | None]) -> str:
    """Return README with what the emulator showed in the block behind the comment that names the scenario."""

    def block(found: re.Match[str]) -> str:
        return f"{found['comment']}```text\n{shown[found['scenario']]}\n```"

    text = (ROOT / "README.md").read_text(encoding="utf-8")
    return re.sub(r"(?P<comment><!-- shown: (?P<scenario>[\w-]+) -->\n)```text\n.*?```", block, text, flags=re.DOTALL)


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


@cache
def searched_for() -> Mapping[str, tuple[str, ...]]:
    """Return what people have before their eyes and look up, each with the ids of the causes that it can stand for.

    Entra's numbers, and sentences of docker and the kubelet, which the catalogue reads as it reads a log.
    """
    found = {number.code: tuple(cause.id for cause in number.causes) for number in numbers()}
    for each in SENTENCES:
        causes = (mode.id for diagnosis in recognise("".join(each)) for mode in diagnosis.candidates)
        found[each.words] = tuple(dict.fromkeys(causes))
    return found


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
        ("It stays open, whatever else holds, when all of this does", entry.open_when),
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


def options_page() -> str:
    """Return the reference of options: tables of options, methods, actions and clouds."""
    lines = [
        "# Options",
        "",
        "Each option is a flag, an entry in pytest's configuration file and an environment variable.",
        "The flag wins over the environment, the environment over the file, and the file over the default.",
        "The header of a run says what is in effect and where it came from.",
        "",
        "Options that may be repeated take comma-separated lists as well.",
        "In the configuration file they take one value a line.",
        "A flag without a value is `true` or `false` in the configuration file and in the environment.",
        "There is no option for a secret: credentials come from the environment only.",
    ]
    for option in OPTIONS:
        lines += [
            "",
            f"## {option.flag}",
            "",
            f"`{f'{option.flag} {option.metavar}'.strip()}`",
            "",
            sentence(option.summary),
            "",
        ]
        lines += ["| | |", "| --- | --- |"]
        lines += [f"| repeatable | {'yes' if option.many else 'no'} |"]
        lines += [f"| choices | {', '.join(f'`{choice}`' for choice in option.choices)} |"] if option.choices else []
        lines += ["| choices | `true`, `false` |"] if option.switch else []
        default = f"`{option.default}`" if option.default else "`false`" if option.switch else "none"
        lines += [f"| default | {default} |"]
        lines += [f"| configuration file | `{option.ini}` |", f"| environment | `{option.variable}` |"]
    lines += ["", *_methods()]
    lines += ["", "## Actions", "", f"{', '.join(f'`{action}`' for action in ACTIONS)}."]
    lines += ["", "## Clouds", "", "| cloud | login servers end in | authority |", "| --- | --- | --- |"]
    lines += [f"| `{cloud.name}` | `{cloud.registry_suffix}` | `{cloud.authority}` |" for cloud in CLOUDS]
    return NOTICE + "\n".join([*lines, ""])


def readiness_file_page() -> str:
    """Return the reference of readiness files: a table of keys for every table."""
    lines = [
        "# Readiness file",
        "",
        "What `--acr-config` reads, in [TOML](https://toml.io); [a guide](../how-to/readiness-file.md) writes one.",
        (
            f"Editors check and complete it by [its JSON schema]({SCHEMA.name}): put `#:schema` and the path or"
            " address of that file into the first line."
        ),
        "",
        "A text may hold `${ACR_NAME}`, which is the value of that environment variable.",
        (
            "Variables that a file names begin with `ACR_`, are the methods' own `AZURE_…`, or are listed in"
            " [`acr_config_variables`](options.md#acr-config-variables); one that is called as if it held a secret is"
            " never read into a text."
        ),
        "A key that would hold a secret is refused.",
        "Paths are relative to the file.",
    ]
    for name, table in _tables_of(FILE, ""):
        lines += ["", f"## {name}", "", *([sentence(table.summary), ""] if table.summary else [])]
        lines += ["| key | value | what it is |", "| --- | --- | --- |"]
        lines += [f"| `{key}` | {_kind_of(row)} | {sentence(row.summary)} |" for key, row in table.keys.items()]
    return NOTICE + "\n".join([*lines, ""])


def _tables_of(table: Table, name: str) -> Iterator[tuple[str, Table]]:
    """Yield every table of a readiness file under the name that its author writes, from the outside in."""
    if name:
        yield f"[[{name}]]" if table.form is Form.LIST else f"[{name}]", table
    for key, row in table.keys.items():
        if isinstance(row, Table):
            inner = f"{name}.{key}" if name else key
            yield from _tables_of(row, f"{inner}.NAME" if row.form is Form.NAMED else inner)


def _kind_of(row: Value | Table) -> str:
    if isinstance(row, Table):
        return str(row.form)
    choices = f": {', '.join(f'`{choice}`' for choice in row.choices)}" if row.choices else ""
    return f"{row.kind}{choices}{', required' if row.required else ''}"


def _methods() -> Iterator[str]:
    yield from ("## Authentication methods", "")
    yield "What `--acr-auth` takes; [a guide](../how-to/authentication.md) helps to choose."
    yield "`PREFIX` in a value replaces the first word of the variables."
    yield f"`{DEFAULT}` goes by the numbers and takes the first whose credential is there; the others must be named."
    yield from ("", "| method | `default` | variables | what it is |", "| --- | --- | --- | --- |")
    place = 0
    for method in METHODS:
        place += method.detected
        number = str(place) if method.detected else ""
        yield f"| `{method.name}` | {number} | {', '.join(_variables(method))} | {cell(method.summary)} |"
    entra = ", ".join(f"`{method.name}`" for method in METHODS if method.flow is Flow.ENTRA)
    yield ""
    yield f"`--acr-evidence` takes `{AUTO}`, `{OFF}`, and of these the methods through Entra, with a prefix if needed:"
    yield f"{entra}."


def _variables(method: Method) -> Iterator[str]:
    """Yield what a method reads, as a cell of the table names it."""
    yield from (f"`{method.prefix}_{suffix}`" for suffix in method.variables)
    if method.either:
        yield " or ".join(f"`{method.prefix}_{suffix}`" for suffix in method.either)
    yield from (f"`{name}` (whatever the prefix)" for name in method.given)
    yield from (f"`PREFIX_{suffix}` (with a prefix)" for suffix in method.prefixed)
    yield from (f"`{method.prefix}_{suffix}` (optional)" for suffix in method.optional)


def prose(text: str) -> str:
    """Return a text as Markdown."""
    return re.sub(r"([\\`*_<\[\]$])", r"\\\1", text)


def sentence(text: str) -> str:
    """Return a text as a Markdown sentence."""
    words = prose(text.rstrip("."))
    return f"{words[:1].upper()}{words[1:]}."


def cell(text: str) -> str:
    """Return a text as Markdown for a table's cell."""
    return prose(text).replace("|", r"\|")


def _instruction(step: Step) -> str:
    return f"`{step.text}`" if step.command else prose(step.text)


def main(arguments: list[str]) -> int:
    """Write the pages and remove those that are no longer generated, or only compare; return the exit code."""
    wanted = pages()
    existing = {path.relative_to(ROOT) for path in (ROOT / MODE_PAGES).glob("*.md")}
    stale = [path for path, text in wanted.items() if not _is(ROOT / path, text)]
    gone = sorted(existing - set(wanted))
    for path in [*stale, *gone]:
        print(f"out of date: {path.as_posix()}")
    if "--check" in arguments:
        return int(bool(stale or gone))
    for path in stale:
        (ROOT / path).parent.mkdir(exist_ok=True)
        (ROOT / path).write_text(wanted[path], encoding="utf-8")
    for path in gone:
        (ROOT / path).unlink()
    return 0


def _is(path: Path, text: str) -> bool:
    return path.is_file() and path.read_text(encoding="utf-8") == text


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
