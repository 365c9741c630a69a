"""Recorded real responses, served to the climb's own stage as they were recorded."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import pytest
import respx
from corpus import rows
from labels import LABELS
from standing_in import climb, target

from pytest_acrauth.diagnosis.climb import diagnose
from pytest_acrauth.model.stage import Stage
from pytest_acrauth.report.explanation import headline

SERVED = {"entra-token", "entra-error", "exchange", "token", "firewall-denied"}


def stage_of(row: dict[str, Any]) -> Stage | None:
    """Say at which stage of a climb a row's answer would be met; None for a request the climb does not send."""
    path = urlsplit(row["request"]["url"]).path
    if row["kind"] not in SERVED and path != "/oauth2/token":
        return None
    if row["kind"].startswith("entra-"):
        return Stage.ENTRA
    known = {"/v2/": Stage.CHALLENGE, "/oauth2/exchange": Stage.EXCHANGE, "/oauth2/token": Stage.ACCESS_TOKEN}
    return known.get(path, Stage.EXCHANGE if row["kind"] == "exchange" else Stage.OPERATION)


def status_of(row: dict[str, Any]) -> int:
    """Return the recorded status, or where it is missing the protocol's."""
    recorded: int | None = row["response"]["status"]
    if recorded is not None:
        return recorded
    if row["label"] == "ok":
        return 200
    if row["kind"] == "entra-error":
        return 401 if "invalid_client" in (row["response"]["body"] or "") else 400
    return 403 if row["kind"] == "firewall-denied" else 401


def headers_of(row: dict[str, Any]) -> list[tuple[str, str]]:
    """Return the recorded headers but those about the connection; thinned recordings have wrong lengths."""
    headers: list[tuple[str, str]] = []
    for name, value in (row["response"]["headers"] or {}).items():
        if name.lower() not in {"content-length", "connection", "transfer-encoding", "content-encoding"}:
            headers += [(name, one) for one in (value if isinstance(value, list) else [value])]
    return headers


@pytest.mark.parametrize("row", rows("wire-dev.jsonl"))
def test_a_recorded_answer_gets_its_rows_verdict(row: dict[str, Any], cloud: respx.MockRouter) -> None:
    """The stage that meets a recorded answer passes, or names the row's cause, or says that it is not recognised."""
    stage = stage_of(row)
    if stage is None:
        pytest.skip(f"{row['kind']} {row['request']['method']} {row['request']['url'][:60]}: not asked by a climb")
    names = {Stage.ACCESS_TOKEN: ("get_token", "post_token"), Stage.OPERATION: ("manifest",)}.get(stage, (stage,))
    for name in names:
        cloud[name].respond(status_of(row), headers=headers_of(row), content=(row["response"]["body"] or "").encode())
    seen = climb(target())
    if stage is Stage.OPERATION:
        seen = climb(target(target().identity, "team/app"))
    assert all(cloud[name].called for name in names[:1])
    found = [diagnosis for diagnosis in diagnose(seen) if diagnosis.seen.stage is stage]
    if row["label"] == "ok":
        assert found == []
        return
    assert len(found) == 1
    wanted = set().union(*(LABELS.get(label, set()) for label in (row["label"], *row["also"])))
    if wanted:
        assert wanted & {mode.id for mode in found[0].candidates}, headline(found[0])
    else:
        assert headline(found[0]).startswith(f"{stage}-unrecognised: ")
