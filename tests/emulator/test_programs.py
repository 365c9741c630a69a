"""The programs of the emulated machine: what they print and how they end, in each state of the world."""

from __future__ import annotations

import base64
import json
import shutil
import socket
import subprocess
from pathlib import Path

import jwt
import pytest

from pytest_acrauth.emulator import Emulator
from pytest_acrauth.emulator.world.healthy import OPERATOR, OTHER_SUBSCRIPTION
from pytest_acrauth.emulator.world.workplace import Helper

NOT_FOUND = "The resource with name 'myacr' and type 'Microsoft.ContainerRegistry/registries' could not be found"


def run(emulator: Emulator, name: str, *arguments: str, text: str | None = None) -> subprocess.CompletedProcess[str]:
    """Run a program of the emulated machine as the machine would."""
    environ = dict(emulator.environ)
    program = shutil.which(name, path=environ["PATH"])
    assert program is not None
    return subprocess.run([program, *arguments], env=environ, input=text, capture_output=True, text=True, check=False)


def test_healthy_programs(emulator):
    """On the healthy machine docker reaches its daemon, podman needs none, and the Azure CLI is logged in."""
    ps = run(emulator, "docker", "ps")
    assert (ps.returncode, ps.stderr) == (0, "")
    assert ps.stdout.startswith("CONTAINER ID")
    version = json.loads(run(emulator, "docker", "version", "--format", "json").stdout)
    assert version["Client"]["Version"].partition(".")[0] == version["Server"]["Version"].partition(".")[0] == "29"
    assert run(emulator, "docker", "info", "--format", "{{json .ServerVersion}}").stdout == '"29.0.1"\n'
    assert json.loads(run(emulator, "podman", "version", "--format", "json").stdout)["Client"]["Version"] == "5.4.2"
    account = json.loads(run(emulator, "az", "account", "show").stdout)
    assert (account["user"]["name"], account["name"]) == (OPERATOR.name, "registries")
    server = run(emulator, "az", "acr", "show", "-n", "myacr", "--query", "loginServer", "-o", "tsv")
    assert (server.stdout, server.stderr) == ("myacr.azurecr.io\n", "")
    assert run(emulator, "docker", "shipwreck").returncode == 1
    assert run(emulator, "az", "shipwreck").returncode == 2


def test_daemon_socket_is_where_docker_host_says(emulator):
    """The daemon's socket listens while the daemon runs, and is gone with it."""
    path = emulator.environ["DOCKER_HOST"].removeprefix("unix://")
    with socket.socket(socket.AF_UNIX) as caller:
        caller.connect(path)
    emulator.apply("client-docker-socket-permission")
    assert Path(path).stat().st_mode & 0o777 == 0
    emulator.apply("client-docker-daemon-down")
    assert not Path(path).exists()


@pytest.mark.parametrize(
    ("scenario", "code", "stderr"),
    [
        ("client-docker-daemon-down", 1, "failed to connect to the docker API at unix://"),
        (
            "client-docker-socket-permission",
            1,
            "permission denied while trying to connect to the docker API at unix://",
        ),
        ("client-docker-stderr-noise", 0, "Emulate Docker CLI using podman."),
        ("client-cloud-shell-no-daemon", 1, "failed to connect to the docker API at unix://"),
    ],
)
def test_docker_in_trouble(scenario, code, stderr):
    """Whatever is wrong with docker, ps and version say the same of it, and the Azure CLI repeats docker's words."""
    with Emulator(scenario) as emulator:
        for arguments in (("ps",), ("version", "--format", "json")):
            ran = run(emulator, "docker", *arguments)
            assert (ran.returncode, ran.stderr[: len(stderr)]) == (code, stderr)
        assert (json.loads(ran.stdout)["Server"] is None) is (code == 1)
        login = run(emulator, "az", "acr", "login", "-n", "myacr")
        said = "Azure Cloud Shell" if "ACC_CLOUD" in emulator.environ else "DOCKER_COMMAND_ERROR\n" + ran.stderr
        assert login.returncode == 1
        assert said in login.stderr
        # With a format, info ends well without a daemon.
        assert run(emulator, "docker", "info", "--format", "json").returncode == 0


def test_no_docker_at_all():
    """Without docker and podman neither is on PATH, and the Azure CLI asks whether there is a client."""
    with Emulator("client-docker-missing") as emulator:
        assert [shutil.which(name, path=emulator.environ["PATH"]) for name in ("docker", "podman")] == [None, None]
        login = run(emulator, "az", "acr", "login", "-n", "myacr")
        assert "An error occurred: DOCKER_COMMAND_ERROR\nPlease verify if Docker client is installed" in login.stderr


def test_programs_follow_the_running_world(emulator):
    """Programs answer for the world as it is when they are run, and come and go with it."""
    assert run(emulator, "docker", "ps").returncode == 0
    emulator.world.machine.docker.running = False
    assert run(emulator, "docker", "ps").returncode == 1
    emulator.change(lambda world: setattr(world.machine, "docker", None))
    assert shutil.which("docker", path=emulator.environ["PATH"]) is None


@pytest.mark.parametrize(
    ("scenario", "words"),
    [
        ("arm-registry-not-found-in-subscription", f"{NOT_FOUND} in subscription 'registries (5b1d7a70-"),
        ("arm-unlisted", f"{NOT_FOUND} in subscription 'registries (5b1d7a70-"),
        ("arm-wrong-subscription", f"{NOT_FOUND} in subscription 'applications ({OTHER_SUBSCRIPTION})'."),
        ("arm-no-read", "(AuthorizationFailed) The client 'operator@contoso.example' with object id"),
    ],
)
def test_what_the_azure_cli_cannot_see(scenario, words):
    """The Azure CLI names the subscription it looked in, or the right that ARM missed; it is signed in all the same."""
    with Emulator(scenario) as emulator:
        shown = run(emulator, "az", "acr", "show", "-n", "myacr")
        assert (shown.returncode, shown.stdout) == (1, "")
        assert shown.stderr.startswith(f"ERROR: {words}")
        assert run(emulator, "az", "account", "show").returncode == 0


def test_neither_role_nor_sight():
    """Without any role the login's two warnings stand together, and nothing is asked where nobody answers."""
    with Emulator("exchange-no-role", "arm-unlisted") as emulator:
        login = run(emulator, "az", "acr", "login", "-n", "myacr")
    assert "CONNECTIVITY_REFRESH_TOKEN_ERROR\nAccess to registry 'myacr.azurecr.io' was denied. Response code: 401" in (
        login.stderr
    )
    assert f"Unable to get admin user credentials with message: {NOT_FOUND}" in login.stderr
    assert login.stderr.endswith("Please specify both username and password in non-interactive mode.\n")


def test_azure_cli_tokens_are_good(visitor):
    """A token that the Azure CLI hands out is one of the user's, and an exposed one opens the registry."""
    token = json.loads(
        run(visitor.emulator, "az", "account", "get-access-token", "--resource", "https://management.azure.com").stdout
    )
    claims = jwt.decode(token["accessToken"], options={"verify_signature": False})
    assert (claims["oid"], claims["upn"], claims["tid"]) == (OPERATOR.object_id, OPERATOR.name, token["tenant"])
    headers = {"Authorization": f"Bearer {token['accessToken']}"}
    assert len(visitor.arm("/subscriptions", headers=headers).json()["value"]) == 2
    scope = ("--scope", "https://containerregistry.azure.net/.default")
    token = json.loads(run(visitor.emulator, "az", "account", "get-access-token", *scope).stdout)
    assert visitor.exchange(access_token=token["accessToken"]).status_code == 200
    exposed = json.loads(run(visitor.emulator, "az", "acr", "login", "-n", "myacr", "--expose-token").stdout)
    assert visitor.basic(exposed["username"], exposed["accessToken"]).status_code == 200
    assert "AADSTS500011" in run(visitor.emulator, "az", "account", "get-access-token", "--resource", "x").stderr


@pytest.mark.parametrize(
    ("scenario", "number", "everywhere"),
    [
        ("entra-mfa-required", "AADSTS50076", False),
        ("entra-conditional-access-blocked", "AADSTS53003", False),
        ("entra-user-session-expired", "AADSTS700082", True),
        ("entra-user-credentials", "AADSTS50057", True),
        ("entra-account-at-risk", "AADSTS53011", True),
    ],
)
def test_a_person_whom_entra_refuses(scenario, number, everywhere):
    """The Azure CLI prints Entra's refusal and the way to sign in again; its login goes on to the admin user."""
    with Emulator(scenario) as emulator:
        scopes = [f"https://{host}/.default" for host in ("containerregistry.azure.net", "management.azure.com")]
        ended = [run(emulator, "az", "account", "get-access-token", "--scope", scope) for scope in scopes]
        login = run(emulator, "az", "acr", "login", "-n", "myacr")
    assert [each.returncode for each in ended] == [1, int(everywhere)]
    assert ended[0].stderr.startswith(f"ERROR: {number}: ")
    assert ended[0].stderr.endswith(f"Please run:\naz login --scope {scopes[0]}\n")
    assert f"WARNING: Unable to get AAD authorization tokens with message: {number}: " in login.stderr


def test_azure_cli_without_login(emulator):
    """Nobody logged in: every command says so, and the CLI's profile names nobody."""
    emulator.change(lambda world: setattr(world.machine.az, "user", None))
    for command in (("account", "show"), ("account", "get-access-token"), ("acr", "show", "-n", "myacr")):
        ran = run(emulator, "az", *command)
        assert (ran.returncode, ran.stderr) == (1, "ERROR: Please run 'az login' to setup account.\n")
    profile = json.loads(Path(emulator.environ["AZURE_CONFIG_DIR"], "azureProfile.json").read_text(encoding="utf-8"))
    assert profile["subscriptions"] == []


def test_docker_config_holds_a_good_login(visitor):
    """What docker keeps for the registry is a login that works."""
    config = json.loads(Path(visitor.emulator.environ["DOCKER_CONFIG"], "config.json").read_text(encoding="utf-8"))
    user, _, password = base64.b64decode(config["auths"]["myacr.azurecr.io"]["auth"]).decode().partition(":")
    assert visitor.basic(user, password).status_code == 200


def test_credential_helpers(emulator):
    """A helper lists and gives what it keeps, says what it has not, and a broken one says why on standard output."""
    kept = {"myacr.azurecr.io": ("puller", "secret")}
    helpers = {"pass": Helper(kept), "desktop": Helper(fault="error getting credentials - err: exit status 1\n")}
    emulator.change(lambda world: world.machine.helpers.update(helpers))
    assert json.loads(run(emulator, "docker-credential-pass", "list").stdout) == {"myacr.azurecr.io": "puller"}
    found = run(emulator, "docker-credential-pass", "get", text="myacr.azurecr.io\n")
    assert json.loads(found.stdout)["Secret"] == "secret"
    missing = run(emulator, "docker-credential-pass", "get", text="other")
    assert (missing.returncode, missing.stdout) == (1, "credentials not found in native keychain\n")
    assert run(emulator, "docker-credential-desktop", "list").returncode == 1


def test_files_are_private_and_go_with_the_emulator():
    """Everything is below one folder that others cannot read and that is gone at the end."""
    with Emulator() as emulator:
        home = Path(emulator.environ["HOME"])
        assert home.stat().st_mode & 0o077 == 0
        names = ("PATH", "DOCKER_CONFIG", "AZURE_CONFIG_DIR")
        assert all(Path(emulator.environ[name]).parent == home for name in names)
        first = Path(emulator.environ["PATH"], "docker").read_text(encoding="utf-8").splitlines()[0]
        assert Path(first.removeprefix("#!").split()[0]).is_absolute()
    assert not home.exists()


@pytest.mark.parametrize(
    ("scenario", "said"),
    [
        (
            "arm-duplicate-name",
            "ERROR: More than one resources with type 'Microsoft.ContainerRegistry/registries' are found",
        ),
        ("arm-token-refused", "ERROR: (InvalidAuthenticationTokenTenant) The access token is from the wrong issuer"),
        ("arm-token-expired", "ERROR: (ExpiredAuthenticationToken) The access token expiry UTC time"),
        ("arm-throttled", "ERROR: (SubscriptionRequestsThrottled) Number of requests for subscription"),
        ("arm-unreachable", "ERROR: HTTPSConnection(host='management.azure.com', port=443): Failed to establish"),
        ("arm-name-unknown", "ERROR: HTTPSConnection(host='management.azure.com', port=443): Failed to resolve"),
    ],
)
def test_az_repeats_what_the_management_plane_says(scenario, said):
    """Whoever is refused there is shown no registry, and az goes on to no login."""
    with Emulator(scenario) as emulator:
        for command in (("show",), ("login", "--expose-token")):
            ran = run(emulator, "az", "acr", *command, "-n", "myacr")
            assert (ran.returncode, ran.stderr[: len(said)]) == (1, said)


def test_a_resource_group_tells_registries_of_one_name_apart():
    """Named with its group, each is the one that is there."""
    with Emulator("arm-duplicate-name") as emulator:
        shown = run(
            emulator, "az", "acr", "show", "-n", "myacr", "-g", "rg-other", "--query", "loginServer", "-o", "tsv"
        )
        assert shown.stdout == "myacr-d4e5f6a7.azurecr.io\n"


def test_an_old_docker_knows_no_format_of_that_name():
    """Before docker 23 the word json is printed as it stands; the template for it is older."""
    with Emulator("docker-of-years-ago") as emulator:
        assert run(emulator, "docker", "version", "--format", "json").stdout == "json\n"
        shown = json.loads(run(emulator, "docker", "version", "--format", "{{json .}}").stdout)
        assert shown["Client"]["Version"] == "20.10.24"


def test_a_config_that_was_cut_off_is_no_document():
    """What docker could not write to its end cannot be read."""
    with (
        Emulator("client-docker-config-unreadable") as emulator,
        pytest.raises(ValueError, match=r"Expecting|Unterminated"),
    ):
        json.loads(Path(emulator.environ["DOCKER_CONFIG"], "config.json").read_text())
