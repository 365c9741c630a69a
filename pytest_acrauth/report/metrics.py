"""A run as figures for a dashboard, in Prometheus's text format: what is ready, how long it took, and what ends when.

Labels hold names that somebody configured and words of this package, never an answer, an id or an address. No I/O.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from math import inf

from prometheus_client import CollectorRegistry, Gauge, generate_latest

from pytest_acrauth.report.document import Climbed, Credential, Document, Reached, State

#: Of a stage that there is for each repository, the first of these that one of them has.
_WORST = (State.BROKEN, State.NOT_REACHED, State.PASSED, State.NOT_OBSERVED)


def metrics(document: Document) -> str:
    """Return the run as one exposition, in which no metric has a time of its own: its end is a metric."""
    page = _Page()
    _run(page, document)
    for one in document.climbed:
        _climbed(page, one)
    _refusals(page, document)
    for client in document.clients:
        page.tell("client_ready", "Whether a client of this machine can do its part.", client.ready, client=client.name)
    for credential in document.credentials:
        _ends(page, credential)
    return page.text


class _Page:
    """Metrics by their names, each made with the labels of its first sample."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry(auto_describe=False)
        self._gauges: dict[str, Gauge] = {}

    def tell(self, name: str, help_text: str, value: float, **labels: str) -> None:
        if name not in self._gauges:
            self._gauges[name] = Gauge(f"acrauth_{name}", help_text, tuple(labels), registry=self._registry)
        gauge = self._gauges[name]
        (gauge.labels(**labels) if labels else gauge).set(value)

    @property
    def text(self) -> str:
        return generate_latest(self._registry).decode("utf-8")


def _run(page: _Page, document: Document) -> None:
    how = {"version": document.plugin, "outcome": document.outcome.replace(" ", "_")}
    page.tell("run_info", "The version that ran, and how the run ended.", 1, **how)
    page.tell("run_end_timestamp_seconds", "When the run ended.", _moment(document.ended))
    page.tell("run_duration_seconds", "How long the run took.", _moment(document.ended) - _moment(document.began))
    page.tell("run_complete", "Whether everything was checked: no early end, and no part selected.", document.complete)
    outcomes = [check.outcome for check in document.checks]
    for outcome in sorted(set(outcomes)):
        page.tell("run_checks", "Checks and tests, by what became of them.", outcomes.count(outcome), outcome=outcome)


def _climbed(page: _Page, one: Climbed) -> None:
    who = {"registry": one.registry, "identity": one.identity}
    if not one.expected:
        page.tell("ready", "Whether the identity can do at the registry all that it must.", one.ready, **who)
    for stage, reached in _stages(one.stages):
        at = {**who, "stage": stage}
        worst = next(state for state in _WORST if state in {each.state for each in reached})
        for state in State:
            shown = state.replace(" ", "_")
            page.tell("stage_state", "The state of a stage: 1 for the one it is in.", state is worst, **at, state=shown)
        if times := [each.seconds for each in reached if each.state in {State.PASSED, State.BROKEN}]:
            page.tell("stage_duration_seconds", "How long a stage took, for the slowest repository.", max(times), **at)
    for each in one.diagnoses:
        cause = {"stage": each.stage, "cause": each.explanation.id, "certainty": each.certainty.replace(" ", "_")}
        labels = who | cause | {"expected": "true" if one.expected else "false"}
        page.tell("cause_info", "What is wrong, or what a refusal that has to happen is.", 1, **labels)


def _stages(reached: Iterable[Reached]) -> Iterator[tuple[str, list[Reached]]]:
    found: dict[str, list[Reached]] = {}
    for each in reached:
        found.setdefault(each.stage, []).append(each)
    yield from found.items()


def _refusals(page: _Page, document: Document) -> None:
    """Tell of refusals that were judged; one that nobody could look at is no sample."""
    for check in document.checks:
        if check.of_refusal and (check.failed or check.outcome == "passed"):
            registry, identity, _, expectation = check.id.split("::")[1:5]
            page.tell(
                "refused_as_expected",
                "Whether a refusal that has to happen did.",
                not check.failed,
                registry=registry,
                identity=identity,
                expectation=expectation,
            )


def _ends(page: _Page, credential: Credential) -> None:
    """Tell when the last of those ends that can be in use: until then the identity can sign in by one of them."""
    identity, kind, *registry = credential.id.split("::")
    whose = {"identity": identity, "credential": kind, "registry": "".join(registry)}
    told = "Whether the end of a credential could be seen."
    asked = [each for each in credential.ends if each.in_question]
    page.tell("credential_end_seen", told, bool(asked), **whose)
    if asked:
        last = max(_moment(each.ends) if each.ends else inf for each in asked)
        page.tell(
            "credential_end_timestamp_seconds",
            "When a credential ends; of several that can be in use, the last one.",
            last,
            **whose,
        )


def _moment(told: str) -> float:
    return datetime.fromisoformat(told).timestamp()
