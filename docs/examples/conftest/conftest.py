"""Registries from Terraform, one guard for the whole suite, and results for whoever collects them."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

HERE = Path(__file__).parent


def pytest_configure() -> None:
    """Check the registries that Terraform made, unless somebody names others."""
    # Written before by: terraform output -json > outputs.json
    outputs = json.loads((HERE / "outputs.json").read_text(encoding="utf-8"))
    os.environ.setdefault("PYTEST_ACR_REGISTRY", ",".join(outputs["login_servers"]["value"]))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Guard every test that talks to the cluster: without its registry it would fail for that, minutes later."""
    for item in items:
        if item.get_closest_marker("cluster"):
            item.add_marker(pytest.mark.acr_ready)


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Note every result, those of the built-in checks too, as a line of JSON."""
    if report.when == "call" or report.outcome != "passed":
        told = dict(report.user_properties)
        line = {"test": report.nodeid, "outcome": report.outcome, "cause": told.get("acr_id", "")}
        with (HERE / "results.jsonl").open("a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")
