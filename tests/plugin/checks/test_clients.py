"""``--acr-client``: clients that must work here, one check each, beside the registries."""

from __future__ import annotations

import re

import pytest
from conftest import Inner, outcomes

from pytest_acrauth.emulator import SCENARIOS, Scenario


@pytest.mark.parametrize("scenario", [each for each in SCENARIOS.values() if each.client], ids=lambda each: each.id)
def test_a_broken_client_says_nothing_about_the_registry(inner: Inner, scenario: Scenario) -> None:
    """The client's check fails with the client's cause, and every stage is as it was, unless the registry is gone."""
    result = inner.emulate(scenario.id, "--acr-auth", "default")
    found = outcomes(result)
    client = f"acr::client::{scenario.client}"
    assert found.pop(client) == "FAILED"
    printed = result.stdout.str()
    assert re.search(rf"^FAILED {client} - {scenario.id}: ", printed, re.MULTILINE)
    if scenario.beside:
        assert re.search(rf"^FAILED acr::myacr\S+ - {scenario.beside}: ", printed, re.MULTILINE)
    else:
        assert set(found.values()) == {"PASSED"}


@pytest.mark.broad(of=2)
@pytest.mark.parametrize("where", [(), ("-n", "2")], ids=["here", "workers"])
def test_healthy_clients_pass(inner: Inner, where: tuple[str, ...]) -> None:
    """On a machine where docker and az work their checks pass, in workers too."""
    result = inner.emulate("healthy", "--acr-client", "docker,az", *where)
    assert result.ret == pytest.ExitCode.OK
    assert outcomes(result)["acr::client::docker"] == "PASSED"
    assert outcomes(result)["acr::client::az"] == "PASSED"


def test_without_a_registry(inner: Inner) -> None:
    """Clients can be checked alone, on the real machine, whose PATH holds none here."""
    inner.pytester.makepyfile("def test_own(): pass")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PATH", str(inner.pytester.path))
        result = inner.run("-v", "--acr-client", "docker")
    assert outcomes(result)["acr::client::docker"] == "FAILED"
    result.stdout.fnmatch_lines(["*client-docker-missing: *"])


def test_one_check_by_its_id(inner: Inner) -> None:
    """A client's check can be selected by its node id."""
    result = inner.emulate("healthy", "--acr-client", "docker", "acr::client::docker")
    assert outcomes(result) == {"acr::client::docker": "PASSED"}


def test_an_unknown_client(inner: Inner) -> None:
    """A misspelt client is a usage error that names the choices."""
    result = inner.run("--acr-client", "dockr")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*'dockr'*docker, podman, az, docker-config*"])


def test_a_client_that_hides_the_scenario(inner: Inner) -> None:
    """A scenario about docker shows nothing to a check of az: that is a usage error."""
    result = inner.emulate("client-docker-missing", "--acr-client", "az")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*hides what*add docker*"])


def test_what_to_do_names_what_was_found(inner: Inner) -> None:
    """Each key to remove, and the socket that the client really uses: nothing is left to be filled in."""
    text = inner.emulate(
        "docker-config-key-in-capitals", "--acr-client", "docker-config", registry="myacr,otheracr"
    ).stdout.str()
    assert re.findall(r"docker logout (.*)", text) == ["Myacr.azurecr.io", "Otheracr.azurecr.io"]
    said = " ".join(text.split())
    assert "under another key: Myacr.azurecr.io, Otheracr.azurecr.io. The docker config was read" in said
    lines = inner.emulate("client-docker-socket-permission", "--acr-client", "docker").outlines
    (look,) = [line.split()[-1] for line in lines if line.strip().startswith("ls -l ")]
    assert f"daemon unix://{look} (from DOCKER_HOST)" in " ".join(" ".join(lines).split())
