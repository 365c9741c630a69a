"""Worlds in which something in between answers in the form of a host's own, or a host says no in unusual words."""

from __future__ import annotations

from dataclasses import replace

from pytest_acrauth.emulator.scenarios import obstacles
from pytest_acrauth.emulator.scenarios.scenario import Scenario
from pytest_acrauth.emulator.scenarios.variants import (
    BY_APPLICATION,
    BY_AZ,
    BY_ENTRA,
    BY_GITHUB,
    MAIN_BRANCH,
    in_github_job,
)
from pytest_acrauth.emulator.world import Change, World
from pytest_acrauth.emulator.world.cloud import AUTHORITY, DAY, MINUTE
from pytest_acrauth.emulator.world.content import Manifest, Repository
from pytest_acrauth.emulator.world.healthy import CLIENT
from pytest_acrauth.emulator.world.network import Device, Page

_ARTIFACT = "application/vnd.oci.artifact.manifest.v1+json"


def _speaking(status: int, body: str) -> Page:
    return Page(status, {"Content-Type": "application/json"}, body.encode())


def _gateway(status: int, says: str, path: str = "") -> Change:
    """Let a gateway before the login servers answer in JSON of its own what has this in its path."""
    page = _speaking(status, f'{{"error":"{says}"}}')
    return obstacles.device(lambda _host: Device(page, only=path))


def _before_authority(status: int, field: str) -> Change:
    """Let a gateway before Entra answer in JSON of its own."""
    return obstacles.before(AUTHORITY, Device(_speaking(status, f'{{"{field}":"upstream request failed"}}')))


def _of_another_kind(world: World) -> None:
    """Keep an artifact in a form that clients of images do not ask for."""
    for registry in world.cloud.registries.values():
        kept = Repository("team/chart", world.cloud.now() - DAY)
        kept.keep(Manifest(_ARTIFACT, b'{"blobs":[]}'), "latest")
        registry.repositories[kept.name] = kept


def _new_and_misspelt(world: World) -> None:
    """Let the application have trusted, for a minute, a branch that is written in capitals."""
    in_github_job(world)
    trusted = world.cloud.applications[CLIENT].federated
    trusted[:] = [replace(each, subject=MAIN_BRANCH.upper(), created=world.cloud.now() - MINUTE) for each in trusted]


_IMAGE = {"repository": "team/app:latest"}
_OPERATOR_LOOKS = {"evidence": BY_AZ}

LOOK_ALIKES: tuple[Scenario, ...] = (
    Scenario(
        "json-gateway-forbids-exchange",
        _gateway(403, "Forbidden", "/oauth2/exchange"),
        seen_by=BY_ENTRA,
        like="exchange-no-role",
        diagnosed="proxy-blocks-registry",
    ),
    Scenario(
        "json-gateway-forbids-registry",
        _gateway(403, "Forbidden"),
        like="firewall-ip-denied",
        diagnosed="proxy-blocks-registry",
    ),
    Scenario(
        "json-gateway-wants-a-login",
        _gateway(401, "Unauthorized", "/manifests/"),
        _IMAGE,
        like="scope-not-granted",
        diagnosed="answered-on-the-way",
    ),
    Scenario(
        "json-gateway-finds-nothing",
        _gateway(404, "Not Found", "/manifests/"),
        _IMAGE,
        like="image-not-found",
        diagnosed="answered-on-the-way",
    ),
    Scenario(
        "json-gateway-throttles",
        _gateway(429, "slow down", "/oauth2/exchange"),
        seen_by=BY_ENTRA,
        like="exchange-throttled",
        diagnosed="answered-on-the-way",
    ),
    Scenario(
        "json-gateway-before-authority",
        _before_authority(503, "error"),
        _OPERATOR_LOOKS,
        seen_by=BY_APPLICATION,
        like="entra-throttled",
        diagnosed="answered-on-the-way",
    ),
    Scenario(
        "json-gateway-forbids-authority",
        _before_authority(403, "message"),
        _OPERATOR_LOOKS,
        seen_by=BY_APPLICATION,
        like="entra-conditional-access-blocked",
        diagnosed="proxy-blocks-registry",
    ),
    Scenario(
        "proxy-fails-to-connect-with-500",
        obstacles.through_proxy(forbids={".azurecr.io": 500}),
        like="proxy-blocks-registry",
        diagnosed="proxy-cannot-connect",
    ),
    Scenario(
        "artifact-of-another-kind",
        _of_another_kind,
        {"repository": "team/chart:latest"},
        like="image-not-found",
        diagnosed="operation-unrecognised",
    ),
    Scenario(
        "credential-new-and-misspelt",
        _new_and_misspelt,
        {"auth": BY_GITHUB} | _OPERATOR_LOOKS,
        like="job-that-nobody-trusts",
        diagnosed="entra-fic-propagating",
    ),
)
