"""The header says what is in effect and who said so; command line, environment, ini file, default, in that order."""

from __future__ import annotations

import pytest
from conftest import Inner

CLIENT = "0b6f4f0e-5a57-4d0c-9d0a-7c1b8e2f3a4d"
PASSWORD = "not-a-real-password"


@pytest.fixture
def configured(inner: Inner, clean_environment: pytest.MonkeyPatch) -> Inner:
    """Deliver inner runs with a service principal and a test that contacts nothing."""
    for name, value in (("TENANT_ID", "contoso.example"), ("CLIENT_ID", CLIENT), ("CLIENT_SECRET", PASSWORD)):
        clean_environment.setenv(f"AZURE_{name}", value)
    inner.pytester.makepyfile("def test_own(): pass")
    return inner


def header(result: pytest.RunResult) -> list[str]:
    """Return the plugin's lines of the header, without their prefix."""
    return [line.removeprefix("acr: ") for line in result.outlines if line.startswith("acr: ")]


def test_nothing_configured_says_nothing(configured: Inner) -> None:
    """Without a registry there is no line."""
    assert header(configured.run()) == []


def test_every_value_has_its_origin(configured: Inner, clean_environment: pytest.MonkeyPatch) -> None:
    """Registry, identity, cloud, repositories, actions and limits name their source."""
    clean_environment.setenv("PYTEST_ACR_REPOSITORY", "team/app:1,team/other")
    clean_environment.setenv("ACR_USERNAME", "puller")
    configured.pytester.makeini("[pytest]\nacr_must_not = push, delete\nacr_timeout = 5\n")
    result = configured.run("--acr-registry", "myacr.azurecr.cn", "--acr-auth", "default", "--acr-checks", "none")
    assert header(result) == [
        "registry myacr.azurecr.cn (from the command line)",
        (
            "identity service-principal from AZURE_TENANT_ID, AZURE_CLIENT_ID, AZURE_CLIENT_SECRET "
            "(from the command line; incomplete basic: ACR_PASSWORD not set)"
        ),
        "cloud AzureChinaCloud (from the login server's name)",
        (
            "repository team/app:1, team/other (from PYTEST_ACR_REPOSITORY); must pull (default); "
            "must not push,delete (from acr_must_not in tox.ini)"
        ),
        "evidence auto (default)",
        "timeout 5 (from acr_timeout in tox.ini)",
    ]
    assert PASSWORD not in result.stdout.str()


def test_what_else_was_found(configured: Inner, clean_environment: pytest.MonkeyPatch) -> None:
    """A detected identity says what else could have been taken."""
    clean_environment.setenv("ACR_USERNAME", "puller")
    clean_environment.setenv("ACR_PASSWORD", PASSWORD)
    lines = header(configured.run("--acr-registry", "myacr", "--acr-checks", "none"))
    assert lines[1] == "identity basic from ACR_USERNAME, ACR_PASSWORD (default; also found: service-principal)"


def test_identities_of_single_registries(configured: Inner, clean_environment: pytest.MonkeyPatch) -> None:
    """A named identity that serves one of several registries says which."""
    for name, value in {"USERNAME": "puller", "PASSWORD": PASSWORD, "REGISTRY": "otheracr"}.items():
        clean_environment.setenv(f"ACR_PULLER_{name}", value)
    named = ("--acr-auth", "service-principal", "--acr-auth", "puller=scope-map-token:ACR_PULLER")
    lines = header(configured.run("--acr-registry", "myacr,otheracr", *named, "--acr-checks", "none"))
    assert lines[2] == (
        "identity puller = scope-map-token at otheracr.azurecr.io from ACR_PULLER_USERNAME, ACR_PULLER_PASSWORD "
        "(from the command line)"
    )


def test_a_fleet_is_counted(configured: Inner) -> None:
    """Many registries do not fill the screen."""
    fleet = ",".join(f"registry{number}" for number in range(40))
    lines = header(configured.run("--acr-registry", fleet, "--acr-checks", "none"))
    assert lines[0].endswith("registry4.azurecr.io and 35 more (from the command line)")


def test_the_cloud_option(configured: Inner) -> None:
    """A cloud given for bare names is named with its origin; it decides the login server."""
    lines = header(
        configured.run("--acr-registry", "myacr", "--acr-cloud", "azureusgovernment", "--acr-checks", "none")
    )
    assert lines[0] == "registry myacr.azurecr.us (from the command line)"
    assert lines[2] == "cloud AzureUSGovernment (from the command line)"


def test_a_scenario_and_its_defaults(inner: Inner) -> None:
    """What a scenario sets is marked as its own, and credentials come from the emulated environment."""
    lines = header(inner.emulate("permission-excess", "--collect-only"))
    assert lines[-3:] == [
        "repository team/app:latest (from scenario); must pull (from scenario); must not push (from scenario)",
        "evidence auto (default)",
        "emulator permission-excess (from the command line)",
    ]


@pytest.mark.parametrize("separator", [" ", "="])
def test_registries_from_a_file(configured: Inner, separator: str) -> None:
    """A file holds one registry a line or more, with comments; one given twice counts once; own tests still run."""
    (configured.pytester.path / "fleet.txt").write_text("\ufeff# ours\nmyacr, myacr\r\n\n  otheracr  # no\n", "utf-8")
    arguments = f"--acr-registry{separator}@fleet.txt".split()
    result = configured.run(*arguments, "--acr-registry", "MYACR.azurecr.io", "--acr-checks", "none")
    assert header(result)[0] == "registry myacr.azurecr.io, otheracr.azurecr.io (from the command line)"
    result.assert_outcomes(passed=1)


def test_a_file_beside_the_ini_file(configured: Inner, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file named in the ini file is looked for beside it, wherever pytest is started."""
    (configured.pytester.path / "fleet.txt").write_text("myacr\n")
    configured.pytester.makeini("[pytest]\nacr_registry = @fleet.txt\n")
    monkeypatch.chdir(configured.pytester.mkdir("below"))
    assert header(configured.run(".."))[0] == "registry myacr.azurecr.io (from acr_registry in tox.ini)"


@pytest.mark.parametrize("separator", [" ", "="])
def test_a_file_in_addopts(configured: Inner, separator: str) -> None:
    """What the ini file adds to the command line works as if it stood there; own tests still run."""
    (configured.pytester.path / "fleet.txt").write_text("myacr\notheracr\n")
    configured.pytester.makeini(f"[pytest]\naddopts = --acr-registry{separator}@fleet.txt --acr-checks none\n")
    result = configured.run()
    assert header(result)[0].startswith("registry myacr.azurecr.io, otheracr.azurecr.io")
    result.assert_outcomes(passed=1)


def test_a_file_in_the_environments_addopts(configured: Inner, monkeypatch: pytest.MonkeyPatch) -> None:
    """So does what the environment adds."""
    (configured.pytester.path / "fleet.txt").write_text("myacr\notheracr\n")
    monkeypatch.setenv("PYTEST_ADDOPTS", "--acr-registry @fleet.txt --acr-checks none")
    result = configured.run()
    assert header(result)[0].startswith("registry myacr.azurecr.io, otheracr.azurecr.io")
    result.assert_outcomes(passed=1)
