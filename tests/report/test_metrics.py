"""A run in Prometheus's text format: what a reader of it gets, and what its labels may hold."""

from __future__ import annotations

import math
import re
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest
import yaml
from pages import READINESS
from prometheus_client.parser import text_string_to_metric_families

from pytest_acrauth.emulator import Emulator
from pytest_acrauth.report.document import End, document_of
from pytest_acrauth.report.metrics import metrics

DOCS = Path(__file__).parents[2] / "docs"
FILE = READINESS.replace('"service-principal"', '"service-principal"\nexpiry = { warn = 30 }')
Samples = Mapping[str, list[tuple[dict[str, str], float]]]


def samples(text: str) -> Samples:
    """Return the samples of an exposition by the names of their metrics."""
    found: dict[str, list[tuple[dict[str, str], float]]] = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            found.setdefault(sample.name, []).append((dict(sample.labels), sample.value))
    return found


def run(inner, scenario: str, *args: str) -> Samples:
    """Return what a run with the readiness file wrote."""
    (inner.pytester.path / "acr.toml").write_text(FILE)
    inner.run("--acr-config=acr.toml", "--acr-emulate", scenario, "--acr-report=out.prom,out.json", *args)
    return samples((inner.pytester.path / "out.prom").read_text("utf-8"))


def test_figures_are_those_of_the_run(inner) -> None:
    """Who is ready, each stage's state and seconds, the cause with its certainty, refusals, and the version."""
    found = run(inner, "exchange-no-role")
    who = {"registry": "myacr.azurecr.io", "identity": "puller"}
    assert found["acrauth_ready"] == [(who, 0.0)]
    told = {
        labels["stage"]: labels["state"]
        for labels, value in found["acrauth_stage_state"]
        if value and labels["identity"] == "puller"
    }
    assert (told["dns"], told["exchange"], told["data"]) == ("passed", "broken", "not_reached")
    timed = {labels["stage"] for labels, _ in found["acrauth_stage_duration_seconds"] if labels["identity"] == "puller"}
    assert timed == {"dns", "tcp", "tls", "challenge", "entra", "exchange"}
    cause = {"stage": "exchange", "cause": "exchange-no-role", "certainty": "proven", "expected": "false"}
    assert (who | cause, 1.0) in found["acrauth_cause_info"]
    refused = {"registry": "myacr.azurecr.io", "identity": "stranger", "expectation": "identity-kept-out"}
    assert found["acrauth_refused_as_expected"] == [(refused, 1.0)]
    document = document_of((inner.pytester.path / "out.json").read_text("utf-8"))
    assert document is not None
    assert found["acrauth_run_info"] == [({"version": document.plugin, "outcome": "failed"}, 1.0)]
    assert samples(metrics(document)) == found


def test_an_open_door_is_a_zero(inner) -> None:
    """Who is let in and must not be is no one who is ready, and what nobody could look at is neither."""
    assert {labels["identity"] for labels, _ in run(inner, "healthy")["acrauth_ready"]} == {"puller"}
    document = document_of((inner.pytester.path / "out.json").read_text("utf-8"))
    assert document is not None
    told = {
        outcome: samples(
            metrics(replace(document, checks=tuple(replace(each, outcome=outcome) for each in document.checks)))
        )
        for outcome in ("failed", "skipped")
    }
    name = "acrauth_refused_as_expected"
    assert [value for _, value in told["failed"][name]] == [0.0]
    assert name not in told["skipped"]


def test_the_end_is_that_of_the_last_that_can_be_in_use(inner) -> None:
    """One without an end never ends; where nobody could look there is no end, and that is told."""
    run(inner, "healthy")
    document = document_of((inner.pytester.path / "out.json").read_text("utf-8"))
    assert document is not None
    (credential,) = document.credentials

    def ending(*ends: str) -> Samples:
        made = [
            End(name="x", ends=each, days_left=1.0 if each else None, in_question=True, near=False) for each in ends
        ]
        return samples(metrics(replace(document, credentials=(replace(credential, ends=tuple(made)),))))

    name = "acrauth_credential_end_timestamp_seconds"
    (whose, end), *more = ending("2030-01-01T00:00:00Z", "2031-01-01T00:00:00Z")[name]
    assert not more
    assert end == 1924992000
    assert whose == {"identity": "puller", "credential": "client-secret", "registry": ""}
    assert ending("2030-01-01T00:00:00Z", "")[name] == [(whose, math.inf)]
    assert name not in ending()
    assert ending()["acrauth_credential_end_seen"] == [(whose, 0.0)]


@pytest.mark.parametrize("scenario", ["firewall-ip-denied", "entra-sp-secret-expired"])
def test_labels_hold_names_alone(inner, scenario) -> None:
    """No id, no address, no text of anybody's: two runs of a world have the same series."""
    found = run(inner, scenario)
    assert found["acrauth_cause_info"]
    values = {value for each in found.values() for labels, _ in each for value in labels.values()}
    assert [value for value in values if not re.fullmatch(r"[a-z0-9_.-]*", value)] == []
    assert [value for value in values if re.search(r"[0-9a-f]{8}-[0-9a-f]{4}|\d+\.\d+\.\d+\.\d+", value)] == []


def test_ids_in_names_are_masked(inner) -> None:
    """An identity that somebody called by its id goes under a stand-in, as anywhere else."""
    with Emulator() as emulator:
        client = emulator.environ["AZURE_CLIENT_ID"]
    args = ("--acr-registry=myacr", "--acr-emulate=healthy", f"--acr-auth={client}=service-principal")
    inner.run(*args, "--acr-report=plain.prom")
    inner.run(*args, "--acr-report=masked.prom", "--acr-mask-ids")
    assert client in (inner.pytester.path / "plain.prom").read_text("utf-8")
    masked = samples((inner.pytester.path / "masked.prom").read_text("utf-8"))
    assert [labels["identity"] for labels, _ in masked["acrauth_ready"]] == ["id-1"]


def test_what_the_format_needs_is_told_first(inner, monkeypatch) -> None:
    """Before anything is contacted, with what installs it, and nothing is written."""
    for name in [each for each in sys.modules if each.partition(".")[0] == "prometheus_client"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.delitem(sys.modules, "pytest_acrauth.report.metrics", raising=False)
    monkeypatch.setitem(sys.modules, "prometheus_client", None)
    result = inner.run("--acr-registry=myacr", "--acr-emulate=healthy", "--acr-report=out.prom")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    told = "*a report in Prometheus's format needs prometheus_client; *'pytest-acrauth[[]metrics]'"
    result.stderr.fnmatch_lines([told])
    assert not (inner.pytester.path / "out.prom").exists()


def test_the_page_and_the_alerts_name_what_there_is(inner) -> None:
    """Every metric is on the page, and the alerts ask for no other."""
    args = ("--acr-client=docker-config",)
    written = set(run(inner, "exchange-no-role", *args)) | set(run(inner, "healthy", *args))
    page = (DOCS / "how-to" / "dashboard.md").read_text("utf-8")
    assert set(re.findall(r"^\| `(acrauth_\w+)", page, re.MULTILINE)) == written
    rules = yaml.safe_load((DOCS / "examples" / "metrics" / "alerts.yml").read_text("utf-8"))
    asked = {name for rule in rules["groups"][0]["rules"] for name in re.findall(r"acrauth_\w+", rule["expr"])}
    assert asked <= written
