"""Worlds of CI jobs: what comes of the request for an id token, and what Entra makes of one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from pytest_acrauth.emulator.scenarios import obstacles
from pytest_acrauth.emulator.scenarios.scenario import READY, SHORT, Scenario
from pytest_acrauth.emulator.scenarios.variants import (
    BY_AZ,
    BY_FEDERATION,
    BY_GITHUB,
    BY_PIPELINE,
    GITHUB_HOST,
    GITLAB,
    GITLAB_BRANCH,
    PIPELINES_HOST,
    assertion,
    in_azure_pipeline,
    in_github_job,
    in_gitlab_job,
)
from pytest_acrauth.emulator.world import Change, World
from pytest_acrauth.emulator.world.cloud import DAY, MINUTE
from pytest_acrauth.emulator.world.directory import FederatedCredential
from pytest_acrauth.emulator.world.healthy import CLIENT
from pytest_acrauth.emulator.world.jobs import Job
from pytest_acrauth.emulator.world.network import Device, Page, Route
from pytest_acrauth.emulator.world.tokens import Signer

_HOUR = 60 * MINUTE
#: Who issued the id tokens of service connections before Entra did.
_FORMER_ISSUER = "https://vstoken.dev.azure.com/40b7c9e3-6f12-4d85-b0a4-17e9d3c5f268"


def _at_github(change: Change) -> Change:
    def apply(world: World) -> None:
        in_github_job(world)
        change(world)

    return apply


def _in_pipeline(change: Change) -> Change:
    def apply(world: World) -> None:
        in_azure_pipeline(world)
        change(world)

    return apply


def _in_gitlab(change: Change) -> Change:
    def apply(world: World) -> None:
        in_gitlab_job(world)
        change(world)

    return apply


def _request_token(world: World, ends: float) -> None:
    """Hold the request token of another job, which ends so many seconds from now."""
    now = world.cloud.now()
    token = Signer().sign({"iss": "the CI system", "nbf": int(now - DAY), "exp": int(now + ends)})
    world.machine.environ["ACTIONS_ID_TOKEN_REQUEST_TOKEN"] = token


def _ran_too_long(world: World) -> None:
    """Let the job's longest time be over."""
    _request_token(world, -_HOUR)
    job = world.cloud.jobs[GITHUB_HOST]
    job.request_token = world.machine.environ["ACTIONS_ID_TOKEN_REQUEST_TOKEN"]
    job.ends = world.cloud.now() - _HOUR


def _other_connection(world: World) -> None:
    """Name a service connection that is none."""
    world.machine.environ["AZURESUBSCRIPTION_SERVICE_CONNECTION_ID"] = "8f1d4b60-2c97-4e35-b8a2-0d6e9c71f354"


def _blocked() -> Device:
    """Return a gateway that shows a page of its own to whoever goes where nobody may."""
    return Device(Page(403, {"Content-Type": "text/html"}, b"<html>Blocked by the web filter</html>"))


def _out_of_order() -> Device:
    """Return what stands before a system that is in trouble."""
    return Device(Page(503, {"Content-Type": "application/json"}, b'{"message":"Service unavailable"}'))


def _on_the_way(host: str, route: Route) -> Change:
    def change(world: World) -> None:
        world.network.route_all(host, route)

    return change


def _unknown(world: World) -> None:
    """Let the resolver not know the CI system."""
    del world.network.names[GITHUB_HOST]


def _job(host: str, change: Callable[[Job], None]) -> Change:
    def apply(world: World) -> None:
        change(world.cloud.jobs[host])

    return apply


def _in_environment(job: Job) -> None:
    """Give the job an environment, which its subject then names instead of the branch."""
    job.subject = "repo:contoso@5544123/app@821093847:environment:production"


def _trusting(**parts: Any) -> Change:
    """Let the application trust what differs in these parts from what it is shown."""

    def change(world: World) -> None:
        trusted = world.cloud.applications[CLIENT].federated
        trusted[:] = [replace(each, **parts) for each in trusted]

    return change


def _trusting_too(**parts: Any) -> Change:
    """Let the application trust, before what it is shown, something that differs in these parts."""

    def change(world: World) -> None:
        trusted = world.cloud.applications[CLIENT].federated
        trusted[:0] = [replace(each, **parts) for each in trusted]

    return change


def _trusting_none(world: World) -> None:
    """Let the application trust nobody."""
    world.cloud.applications[CLIENT].federated.clear()


def _ended_in_variable(world: World) -> None:
    """Run on after the id token ended that the job was given when it began."""
    token = assertion(world.cloud, FederatedCredential(GITLAB, GITLAB_BRANCH), life=-_HOUR)
    world.machine.environ["AZURE_FEDERATED_TOKEN"] = token


def _for_gitlab_itself(world: World) -> None:
    """Be given an id token for GitLab's own address, as its examples write the audience."""
    token = assertion(world.cloud, FederatedCredential(GITLAB, GITLAB_BRANCH, audience=GITLAB))
    world.machine.environ["AZURE_FEDERATED_TOKEN"] = token


_GITHUB = {"auth": BY_GITHUB}
_PIPELINE = {"auth": BY_PIPELINE}
#: An identity that Entra refuses cannot look for itself.
_AZ = {"evidence": BY_AZ}

LOOK_ALIKES: tuple[Scenario, ...] = (
    Scenario("ci-request-token-expired", _at_github(_ran_too_long), _GITHUB, like="ci-id-token-refused"),
    Scenario(
        "ci-id-token-refused",
        _at_github(lambda world: _request_token(world, _HOUR)),
        _GITHUB,
        like="ci-request-token-expired",
    ),
    Scenario(
        "service-connection-of-nobody",
        _in_pipeline(_other_connection),
        _PIPELINE,
        diagnosed="ci-id-token-refused",
        like="ci-id-token-missing",
    ),
    Scenario(
        "ci-id-token-missing",
        _at_github(obstacles.before(GITHUB_HOST, obstacles.portal_page())),
        _GITHUB,
        like="ci-id-token-redirected",
    ),
    Scenario(
        "web-filter-before-the-ci-system",
        _at_github(obstacles.before(GITHUB_HOST, _blocked())),
        _GITHUB,
        diagnosed="ci-id-token-missing",
        like="ci-id-token-refused",
    ),
    Scenario(
        "ci-system-in-trouble",
        _in_pipeline(obstacles.before(PIPELINES_HOST, _out_of_order())),
        _PIPELINE,
        diagnosed="ci-id-token-missing",
        like="ci-id-token-refused",
    ),
    Scenario(
        "ci-id-token-redirected",
        _in_pipeline(obstacles.before(PIPELINES_HOST, obstacles.portal())),
        _PIPELINE,
        like="ci-id-token-missing",
    ),
    Scenario(
        "ci-id-token-unreachable",
        _at_github(_on_the_way(GITHUB_HOST, Route.FILTERED)),
        _GITHUB | SHORT,
        like="entra-authority-unreachable",
    ),
    Scenario(
        "silent-ci-system",
        _in_pipeline(_on_the_way(PIPELINES_HOST, Route.MUTE)),
        _PIPELINE | SHORT,
        diagnosed="ci-id-token-unreachable",
        like="entra-authority-unreachable",
    ),
    Scenario(
        "unknown-ci-system",
        _at_github(_unknown),
        _GITHUB,
        diagnosed="ci-id-token-unreachable",
        like="entra-authority-unreachable",
    ),
    Scenario(
        "authority-blocked-for-a-job",
        _at_github(obstacles.block_authority),
        _GITHUB | SHORT,
        diagnosed="entra-authority-unreachable",
        like="ci-id-token-unreachable",
    ),
    Scenario(
        "job-with-an-environment",
        _at_github(_job(GITHUB_HOST, _in_environment)),
        _GITHUB | _AZ,
        diagnosed="entra-fic-subject-mismatch",
        like="ci-id-token-refused",
    ),
    Scenario(
        "repository-with-lasting-ids",
        _at_github(_trusting(subject="repo:contoso/app:ref:refs/heads/main")),
        _GITHUB | _AZ,
        diagnosed="entra-fic-subject-mismatch",
        like="entra-fic-propagating",
    ),
    Scenario(
        "job-that-nobody-trusts",
        _at_github(_trusting_none),
        _GITHUB | _AZ,
        diagnosed="entra-fic-missing",
        like="entra-fic-subject-mismatch",
    ),
    Scenario(
        "converted-service-connection",
        _in_pipeline(_trusting(issuer=_FORMER_ISSUER)),
        _PIPELINE | _AZ,
        diagnosed="entra-fic-issuer-mismatch",
        like="entra-fic-entra-token",
    ),
    Scenario(
        "service-connection-for-another-cloud",
        _in_pipeline(_trusting(audience="api://AzureADTokenExchangeChina")),
        _PIPELINE | _AZ,
        diagnosed="entra-fic-audience-mismatch",
        like="entra-fic-issuer-mismatch",
    ),
    Scenario(
        "environment-trusted-beside-the-branch",
        _at_github(_trusting_too(subject="repo:contoso@5544123/app@821093847:environment:production")),
        _GITHUB,
        diagnosed=READY,
        like="job-with-an-environment",
    ),
    Scenario(
        "service-connection-trusted-in-both-forms",
        _in_pipeline(_trusting_too(issuer=_FORMER_ISSUER, subject="sc://contoso/app/registries")),
        _PIPELINE,
        diagnosed=READY,
        like="converted-service-connection",
    ),
    Scenario(
        "gitlab-branch-trusted-beside-a-tag",
        _in_gitlab(_trusting_too(subject="project_path:contoso/app:ref_type:tag:ref:v1")),
        {"auth": BY_FEDERATION},
        diagnosed=READY,
        like="id-token-for-gitlab-itself",
    ),
    Scenario(
        "id-token-ended-in-its-variable",
        _in_gitlab(_ended_in_variable),
        {"auth": BY_FEDERATION},
        diagnosed="entra-fic-assertion-expired",
        like="clock-skew",
    ),
    Scenario(
        "id-token-for-gitlab-itself",
        _in_gitlab(_for_gitlab_itself),
        {"auth": BY_FEDERATION} | _AZ,
        diagnosed="entra-fic-audience-mismatch",
        like="entra-fic-subject-mismatch",
    ),
)
