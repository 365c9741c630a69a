"""The emulator's answers have the shapes recorded from the real services, wherever it has the endpoint."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from corpus import rows
from shapes import answer_of, differences

from pytest_acrauth.emulator.scenarios.variants import in_kubernetes
from pytest_acrauth.emulator.world.cloud import (
    SUBSCRIPTION,
    PrivateEndpoint,
    Registry,
    RoleAssignment,
    ScopeMap,
    ScopeMapToken,
)
from pytest_acrauth.emulator.world.content import Repository
from pytest_acrauth.emulator.world.healthy import PRINCIPAL

REGISTRY = "https://myacr.azurecr.io"
REPOSITORY = re.compile(r"/(?:acr/v1|v2)/(?P<name>.+?)(?:/(?:_tags|_manifests|manifests|blobs|tags|referrers)\b.*)?")
ARM_REGISTRY = re.compile(
    r"(?P<head>/subscriptions/)[^/]+(?P<group>/resourceGroups/)[^/]+(?P<mid>/providers/[^/]+/registries/)[^/]+(?P<rest>.*)"
)
FEDERATED = "AZURE_FEDERATED_TOKEN_FILE"
#: What the emulated world has no cause for.
ABSENT = {"JSON key tags[].quarantineState"}


def why_not(row: dict[str, Any]) -> str | None:
    """Say why a row cannot be compared, None if it can."""
    request, kind = row["request"], row["kind"]
    if kind.startswith("arm"):
        path = urlsplit(request["url"]).path
        changing = "operationStatuses" in path or row["response"]["status"] == 201
        if changing or (kind == "arm-error" and request["method"] == "PUT"):
            return "nothing is changed through the emulator"
        return None
    if kind.startswith("control"):
        return "the answer of another registry"
    if request["url"] is None:
        return "the request was not recorded"
    if request["method"] in {"PATCH", "PUT"} or (request["method"] == "DELETE" and row["response"]["status"] != 401):
        return "nothing is changed through the emulator"
    if kind.startswith("entra"):
        fields = parse_qs(request["body"].strip('"'))
        if fields.get("grant_type") != ["client_credentials"]:
            return "nobody signs in to the emulated Entra by hand"
    return None


def replay(visitor: Any, row: dict[str, Any]) -> httpx.Response:
    """Bring about what a row recorded, and return the emulator's answer to the same request."""
    request, wanted = row["request"], row["response"]["status"]
    path = urlsplit(request["url"]).path
    registry = visitor.emulator.world.cloud.registries["myacr"]
    if row["kind"].startswith("arm"):
        return managed(visitor, registry, row)
    if row["kind"].startswith("entra"):
        if "client_assertion" in parse_qs(request["body"]):
            visitor.emulator.change(in_kubernetes)
            return visitor.entra(client_assertion=Path(visitor.emulator.environ[FEDERATED]).read_text())
        return visitor.entra(client_secret="wrong") if wanted == 401 else visitor.entra()
    if path == "/oauth2/exchange":
        return visitor.exchange()
    if path == "/oauth2/token":
        form = {name: values[0] for name, values in parse_qs(request["body"]).items()}
        if form["grant_type"] == "refresh_token":
            form["refresh_token"] = visitor.exchange().json()["refresh_token"]
        else:
            registry.anonymous_pull = True
        return visitor.http.post(f"{REGISTRY}{path}", data=form)
    if row["kind"] == "firewall-denied":
        registry.default_action, registry.firewall_at_challenge = "Deny", True
        return visitor.http.request(request["method"], f"{REGISTRY}{path}")
    named = REPOSITORY.fullmatch(path.replace("%2F", "/"))
    if wanted == 200 and named:
        repository = registry.repositories[named["name"]] = Repository(named["name"], created=0.0)
        repository.add_image("latest")
    admin = None if wanted == 401 else ("myacr", registry.admin_passwords[0])
    return visitor.http.request(request["method"], f"{REGISTRY}{path}", auth=admin)


def managed(visitor: Any, registry: Registry, row: dict[str, Any]) -> httpx.Response:
    """Ask ARM for what a row recorded, also where it was the answer to a change: a resource is the same either way."""
    parts, recorded = urlsplit(row["request"]["url"]), json.loads(row["response"]["body"])
    version = parse_qs(parts.query)["api-version"][0]
    named = ARM_REGISTRY.fullmatch(parts.path)
    if named is None or row["response"]["status"] == 403:
        return visitor.arm(parts.path.replace("00000000-0000-0000-0000-000000000000", SUBSCRIPTION), version=version)
    registry.tags = recorded.get("tags", {})
    if row["kind"] == "arm-token":
        registry.tokens["connectedregistry"] = ScopeMapToken("connectedregistry", "app-pull", [])
    elif row["kind"] == "arm-scopemap":
        registry.scope_maps["connectedregistry"] = ScopeMap("connectedregistry", ["repositories/repo1/content/read"])
    elif row["kind"] == "arm-private-endpoint":
        registry.private_endpoints = [PrivateEndpoint("endpoint", "10.1.0.5", "Pending")]
    visitor.emulator.world.cloud.assignments.append(RoleAssignment(PRINCIPAL, "Reader", registry.resource_id))
    return visitor.arm(registry.resource_id + named["rest"], version=version)


@pytest.mark.parametrize("row", rows("wire-dev.jsonl"))
def test_answer_has_the_recorded_shape(visitor, row):
    """Status, header names and constant values, JSON keys and the wording of messages are as recorded."""
    if reason := why_not(row):
        pytest.skip(reason)
    recorded = row["response"]
    headers = {name.lower(): value for name, value in recorded["headers"].items()}
    if row["kind"].startswith("arm"):
        headers.pop("server", None)  # ARM hands on that of the resource provider's, which changed over the years
    recorded = {**recorded, "status": recorded["status"] or 403, "headers": headers}
    found = differences(recorded, answer_of(replay(visitor, row)), whole=False)
    assert [each for each in found if each.what not in ABSENT] == []
