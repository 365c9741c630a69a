"""The Azure CLI reads all it needs from the emulator, and prints its own known texts where something is wrong."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
from clients.azure_cli import Az
from emulator.visiting import NULL_GUID, claims

from pytest_acrauth.emulator.world.cloud import RoleAssignment
from pytest_acrauth.emulator.world.healthy import PRINCIPAL

HOST = "myacr.azurecr.io"
CODE = re.compile(r"An error occurred: ([A-Z_]+)\n(.*)")
HEALTHY_LINES = (
    f"DNS lookup to {HOST} at IP 203.0.113.11 : OK",
    f"Challenge endpoint https://{HOST}/v2/ : OK",
    f"Fetch refresh token for registry '{HOST}' : OK",
)
ABSENT = (
    "The resource with name 'myacr' and type 'Microsoft.ContainerRegistry/registries' could not be found in "
    "subscription 'registries ("
)
UNREACHABLE = (
    f"Could not connect to the registry login server '{HOST}'. Please verify that the registry exists and the URL "
    f"'https://{HOST}/v2/' is reachable from your environment."
)


NO_NAME = (
    f"Failed to reach DNS for registry '{HOST}'. Please check if the spelling is correct, if the CLI environment is on "
    "correct cloud and your network connectivity."
)


def refused(status: int) -> tuple[str, str]:
    """Return code and text of a refused exchange."""
    text = (
        f"Access to registry '{HOST}' was denied. Response code: {status}. Please try running 'az login' again to "
        "refresh permissions."
    )
    return "CONNECTIVITY_REFRESH_TOKEN_ERROR", text


def health(az: Az, *arguments: str) -> tuple[str, dict[str, str]]:
    """Return what check-health printed, and the errors among it by code; those of this machine are left out."""
    printed = az.run("acr", "check-health", "--name", "myacr", "--ignore-errors", "--yes", *arguments)
    errors = {code: text for code, text in CODE.findall(printed.text) if not code.startswith(("DOCKER_", "HELM_"))}
    return printed.text, errors


def test_healthy(emulator, az):
    """A service principal logs in, gets a refresh token for docker, and lists what is in the registry."""
    assert az.login(emulator).code == 0
    exposed = az.read("acr", "login", "--name", "myacr", "--expose-token")
    assert (exposed["username"], exposed["loginServer"]) == (NULL_GUID, HOST)
    assert claims(exposed["refreshToken"])["grant_type"] == "refresh_token"
    assert az.read("acr", "repository", "list", "--name", "myacr") == ["team/app", "team/multi"]
    tags = az.read("acr", "repository", "show-tags", "--name", "myacr", "--repository", "team/app")
    assert tags == ["latest"]


def test_healthy_registry_passes_its_health_check(emulator, az):
    """check-health finds nothing, and with a repository what az always finds for an identity that only pulls."""
    az.login(emulator)
    text, errors = health(az)
    assert errors == {}
    for line in (*HEALTHY_LINES, f"Fetch access token for registry '{HOST}' : OK"):
        assert line in text
    _, errors = health(az, "--repository", "team/app")
    assert set(errors) == {"CONNECTIVITY_ACCESS_TOKEN_ERROR"}
    lacking = "You have pull and metadata_read permissions to the repository. You are lacking push, metadata_write and "
    assert errors["CONNECTIVITY_ACCESS_TOKEN_ERROR"].startswith(f"{lacking}delete repository permissions.")


def test_evidence_is_read_as_the_remedies_say(emulator, az):
    """The commands that failure texts print as remedies and proofs answer with what the world holds."""
    az.login(emulator)
    registry = emulator.world.cloud.registries["myacr"]
    (token,) = az.read("acr", "token", "list", "--registry", "myacr")
    assert (token["name"], token["status"]) == ("puller", "enabled")
    assert [each["name"] for each in token["credentials"]["passwords"]] == ["password1", "password2"]
    maps = az.read("acr", "scope-map", "list", "--registry", "myacr")
    assert "app-pull" in {each["name"] for each in maps}
    shown = az.read("acr", "show", "--name", "myacr")
    assert (shown["id"], shown["adminUserEnabled"]) == (registry.resource_id, True)
    assert shown["publicNetworkAccess"] == "Enabled"
    policy = az.read("acr", "config", "authentication-as-arm", "show", "--registry", "myacr")
    assert policy["status"] == "enabled"
    (secret,) = az.read("ad", "app", "credential", "list", "--id", emulator.environ["AZURE_CLIENT_ID"])
    assert secret["hint"] == emulator.environ["AZURE_CLIENT_SECRET"][:3]
    roles = az.read("role", "assignment", "list", "--scope", registry.resource_id, "--assignee", PRINCIPAL)
    assert "AcrPull" in {each["roleDefinitionName"] for each in roles}
    assert {each["principalId"] for each in roles} == {PRINCIPAL}


def test_admin_passwords_are_for_who_may_list_them(emulator, az):
    """`az acr credential show` is denied by ARM to who may only read, and shows the passwords to an owner."""
    az.login(emulator)
    registry = emulator.world.cloud.registries["myacr"]
    denied = az.run("acr", "credential", "show", "--name", "myacr")
    assert denied.code != 0
    assert "(AuthorizationFailed) The client " in denied.err
    assert "action 'Microsoft.ContainerRegistry/registries/listCredentials/action' over scope" in denied.err
    emulator.world.cloud.assignments.append(RoleAssignment(PRINCIPAL, "Owner", registry.resource_id))
    shown = az.read("acr", "credential", "show", "--name", "myacr")
    assert shown["username"] == "myacr"
    assert tuple(each["value"] for each in shown["passwords"]) == registry.admin_passwords


@pytest.mark.parametrize(
    ("emulator", "words"),
    [
        ("entra-sp-secret-wrong", "AADSTS7000215: Invalid client secret provided. Ensure the secret being sent"),
        ("entra-sp-secret-expired", "AADSTS7000222: The provided client secret keys for app"),
        ("entra-app-not-found", "AADSTS700016: Application with identifier"),
        ("entra-tenant-not-found", "AADSTS90002: Tenant "),
    ],
    indirect=["emulator"],
)
def test_entra_refuses(emulator, az, words):
    """Where Entra refuses the login, az prints Entra's number and text."""
    printed = az.login(emulator)
    assert printed.code != 0
    assert words in printed.text


@pytest.mark.parametrize(
    ("scenario", "expected"),
    [
        ("exchange-no-role", refused(401)),
        ("firewall-ip-denied", refused(403)),
        (
            "exchange-throttled",
            (
                "CONNECTIVITY_TOOMANYREQUESTS_ERROR",
                f"Too many requests, access to registry '{HOST}' was denied. Please wait a moment before trying again.",
            ),
        ),
        ("challenge-not-bearer", ("CONNECTIVITY_AAD_LOGIN_ERROR", f"Registry '{HOST}' does not support AAD login.")),
    ],
)
def test_registry_refuses(emulator, az, scenario, expected):
    """Where the registry refuses, login and health check print the same code and text, each in its own way."""
    az.login(emulator)
    emulator.apply(scenario)
    login = az.run("acr", "login", "--name", "myacr", "--expose-token")
    assert login.code != 0
    warning, _, rest = login.text.partition(" with message: ")
    assert warning.endswith("Unable to get AAD authorization tokens")
    assert CODE.findall(rest)[0] == expected
    assert health(az)[1] == dict([expected])


@pytest.mark.parametrize(
    ("scenario", "expected"),
    [
        ("registry-dns-nxdomain", ("CONNECTIVITY_DNS_ERROR", NO_NAME)),
        (
            "registry-tls-intercepted",
            (
                "CONNECTIVITY_SSL_ERROR",
                f"Unable to establish a secure connection to the registry '{HOST}'. Are you using a proxy server?",
            ),
        ),
        ("challenge-missing", ("CONNECTIVITY_CHALLENGE_ERROR", f"Registry '{HOST}' did not issue a challenge.")),
        ("tcp-refused", ("CONNECTIVITY_CHALLENGE_ERROR", f"Registry '{HOST}' did not issue a challenge.")),
    ],
)
def test_no_way_to_the_registry(emulator, az, internet, scenario, expected):
    """What keeps az from the registry is one text at login, and told apart, as far as az can, by the health check."""
    az.login(emulator)
    emulator.apply(scenario)
    internet.show(emulator.machine, emulator.world.network.names)
    assert UNREACHABLE in az.run("acr", "login", "--name", "myacr", "--expose-token").text
    assert health(az)[1] == dict([expected])


def test_no_role_and_no_registry_in_the_subscription(emulator, az):
    """Who has no right on the registry is told that the exchange was refused, and that there is no such registry."""
    az.login(emulator)
    cloud = emulator.world.cloud
    cloud.assignments[:] = [RoleAssignment(PRINCIPAL, "Reader", cloud.registries["otheracr"].resource_id)]
    printed = az.run("acr", "login", "--name", "myacr", "--expose-token")
    assert printed.code != 0
    assert CODE.findall(printed.text)[0] == refused(401)
    assert f"Unable to get admin user credentials with message: {ABSENT}" in printed.text


def test_admin_user_in_the_place_of_entra(emulator, az):
    """Where the exchange is refused and the admin user is on, az hands out the admin password as if it were a token."""
    az.login(emulator)
    emulator.apply("firewall-ip-denied")
    registry = emulator.world.cloud.registries["myacr"]
    emulator.world.cloud.assignments.append(RoleAssignment(PRINCIPAL, "Owner", registry.resource_id))
    exposed = az.read("acr", "login", "--name", "myacr", "--expose-token")
    assert exposed["username"] == NULL_GUID
    assert exposed["accessToken"] == exposed["refreshToken"] == registry.admin_passwords[0]


def test_login_for_docker(emulator, docker, az):
    """`az acr login` hands its refresh token to docker, which then pulls."""
    az.login(emulator)
    printed = az.run("acr", "login", "--name", "myacr")
    assert printed.code == 0, printed.text
    assert "Login Succeeded" in printed.text
    assert docker.pull("team/app:latest").code == 0
    text, errors = health(az)
    assert "Docker daemon status: available" in text
    assert errors == {}


def without(folder: Path, *programs: str) -> str:
    """Return a PATH on which these programs are not found, and all others are."""
    place = folder / "bin"
    place.mkdir()
    for directory in reversed(os.environ["PATH"].split(os.pathsep)):
        for each in Path(directory).glob("*"):
            if each.name not in programs:
                (place / each.name).unlink(missing_ok=True)
                (place / each.name).symlink_to(each)
    return str(place)


def test_docker_is_not_there(emulator, az):
    """Without docker and podman az says which code it always says, and how to do without."""
    az.login(emulator)
    az.shell.environ["PATH"] = without(az.shell.folder, "docker", "podman")
    printed = az.run("acr", "login", "--name", "myacr")
    assert printed.code != 0
    assert "You may want to use 'az acr login -n myacr --expose-token' to get a refresh token" in printed.text
    assert CODE.findall(printed.text) == [
        ("DOCKER_COMMAND_ERROR", "Please verify if Docker client is installed and running.")
    ]


def test_docker_has_no_daemon(emulator, az):
    """Without a daemon az hands on what docker says."""
    az.login(emulator)
    az.shell.find("docker")
    socket = f"unix://{az.shell.folder}/none"
    az.shell.environ["DOCKER_HOST"] = socket
    ((code, text),) = CODE.findall(az.run("acr", "login", "--name", "myacr").text)
    assert code == "DOCKER_COMMAND_ERROR"
    assert text == f"Cannot connect to the Docker daemon at {socket}. Is the docker daemon running?"


def test_cloud_shell(emulator, az):
    """In a Cloud Shell az refuses before it looks for docker."""
    az.login(emulator)
    az.shell.environ["ACC_CLOUD"] = "PROD"
    printed = az.run("acr", "login", "--name", "myacr")
    assert printed.code != 0
    words = "This command requires running the docker daemon, which is not supported in Azure Cloud Shell."
    assert words in printed.text
