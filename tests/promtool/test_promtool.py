"""Prometheus's own program judges the report in its format, and the example's alerts."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

ALERTS = Path(__file__).parents[2] / "docs" / "examples" / "metrics"


@pytest.mark.parametrize("scenario", ["healthy", "exchange-no-role", "expiry-sp-secret"])
def test_a_report_is_as_prometheus_wants_it(promtool, inner, scenario) -> None:
    """Its checker reads all of it, and has nothing to say about names, units and help."""
    inner.emulate(scenario, "--acr-report=out.prom", "--acr-expiry-warn=30", "--acr-client=docker-config")
    text = (inner.pytester.path / "out.prom").read_bytes()
    said = subprocess.run([promtool, "check", "metrics"], input=text, capture_output=True, check=False)
    assert (said.returncode, said.stdout, said.stderr) == (0, b"", b"")


@pytest.mark.parametrize(("what", "file"), [("check", "alerts.yml"), ("test", "alerts_test.yml")])
def test_alerts_ring_when_they_should(promtool, what, file) -> None:
    """The rules are valid, and each rings for its own reason and not in a night in which all is well."""
    said = subprocess.run([promtool, what, "rules", file], cwd=ALERTS, capture_output=True, text=True, check=False)
    assert said.returncode == 0, said.stdout + said.stderr
