"""Client checks: what is run and never run, what is recorded without a secret, and what it means."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import socket
import ssl
import stat
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import jwt
import pytest
from factories import STARTED
from rules import broken_rules
from specimens import CLIENT_SPECIMENS, az, docker_config, stored

from pytest_acrauth.catalogue.tables import SYMPTOMS, causes
from pytest_acrauth.diagnosis.client import diagnose_client
from pytest_acrauth.diagnosis.conclusion import Diagnosis
from pytest_acrauth.diagnosis.text import Line
from pytest_acrauth.model.client_record import ClientRecord, Helper, Ran, Socket, StoredLogin
from pytest_acrauth.model.credential import SecretShape
from pytest_acrauth.model.machine import Resolution, Resolved
from pytest_acrauth.model.target import NULL_GUID, Registry
from pytest_acrauth.probes.programs.clients import check_client
from pytest_acrauth.report.explanation import headline
from pytest_acrauth.report.text import explain

LIMIT = 20.0
MYACR = Registry.parse("myacr")
PLANTED = "PLANTED-SECRET-0123456789"

pytestmark = pytest.mark.skipif(os.name == "nt", reason="the programs of these tests are shell scripts")


@dataclass(frozen=True)
class Desk:
    """A machine whose PATH, home folder and programs are a test's own."""

    environ: Mapping[str, str]
    trust: str = "no store"

    def now(self) -> float:
        return STARTED

    def ssl_context(self) -> ssl.SSLContext:
        raise AssertionError("a client check makes no connection of its own")

    def resolve(self, name: str) -> Resolution:  # noqa: ARG002 - the machine's protocol
        return Resolution(Resolved.NO_SUCH_NAME)

    def dial(self, address: str, port: int, timeout: float) -> socket.socket:  # noqa: ARG002 - the machine's protocol
        raise AssertionError("a client check makes no connection of its own")


class Programs:
    """A folder of programs on the PATH of a `Desk`, beside a home folder."""

    def __init__(self, folder: Path) -> None:
        self.bin, self.home = folder / "bin", folder / "home"
        self.bin.mkdir()
        self.home.mkdir()

    def add(self, name: str, script: str, folder: Path | None = None) -> Path:
        path = (folder or self.bin) / name
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(path.stat().st_mode | stat.S_IXUSR)
        return path

    def desk(self, **environ: str) -> Desk:
        usual = {"PATH": f"{self.bin}{os.pathsep}/usr/bin{os.pathsep}/bin", "HOME": str(self.home)}
        return Desk({**usual, "DOCKER_HOST": "tcp://127.0.0.1:2375", **environ})

    def config(self, content: object) -> None:
        (self.home / ".docker").mkdir(exist_ok=True)
        (self.home / ".docker" / "config.json").write_text(json.dumps(content))


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Programs:
    """Return an empty set of programs; the current folder is another one."""
    elsewhere = tmp_path / "checkout"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    return Programs(tmp_path)


def ids(record: ClientRecord) -> list[str]:
    """Return the symptoms that a client check shows."""
    return [diagnosis.symptom.id for diagnosis in diagnose_client(record)]


def only(record: ClientRecord) -> Diagnosis:
    """Return the one diagnosis of a client check."""
    (found,) = diagnose_client(record)
    return found


WORKING = 'case "$1" in ps) ;; version) echo "{\\"Client\\":{}}" ;; esac'


@pytest.mark.parametrize("symptom", sorted(CLIENT_SPECIMENS))
def test_a_record_shows_its_own_symptom_only(symptom: str) -> None:
    """A client check that shows one symptom shows no other, and has all of its causes."""
    diagnosis = only(CLIENT_SPECIMENS[symptom])
    assert diagnosis.symptom.id == symptom
    assert tuple(finding.mode for finding in diagnosis.findings) == causes(SYMPTOMS[symptom])


@pytest.mark.parametrize("symptom", sorted(CLIENT_SPECIMENS))
def test_a_client_is_explained_on_one_screen(symptom: str) -> None:
    """The explanation says which client was checked, and has no unfilled name that the record holds."""
    text = explain(only(CLIENT_SPECIMENS[symptom]))
    assert broken_rules(only(CLIENT_SPECIMENS[symptom])) == []
    assert f"client: {CLIENT_SPECIMENS[symptom].client}" in text
    assert not {"<endpoint>", "<docker config>", "<credential helper>"} & set(text.split())


@pytest.mark.parametrize("symptom", sorted(CLIENT_SPECIMENS))
def test_a_record_is_plain_data(symptom: str) -> None:
    """A record converts to JSON."""
    assert json.loads(CLIENT_SPECIMENS[symptom].to_json())["checked_at"] == STARTED


@pytest.mark.parametrize("name", ["docker", "podman"])
def test_a_working_client_has_no_diagnosis(name: str, programs: Programs) -> None:
    """A program that answers ps and tells its version works."""
    programs.add(name, WORKING)
    record = check_client(name, programs.desk(), LIMIT)
    assert record.command == str(programs.bin / name)
    assert [ran.arguments for ran in record.runs] == [(name, "ps"), (name, "version", "--format", "{{json .}}")]
    assert diagnose_client(record) == ()


def test_a_missing_client(programs: Programs) -> None:
    """Without the program on the PATH, that is the cause, and nothing is run."""
    record = check_client("podman", programs.desk(PATH=str(programs.bin)), LIMIT)
    assert record.runs == ()
    assert headline(only(record)).startswith("client-docker-missing: there is no podman")


def test_docker_command_is_respected(programs: Programs) -> None:
    """DOCKER_COMMAND stands for docker, by name or absolute path; one that is not there is a missing client."""
    path = programs.add("mydocker", WORKING)
    assert check_client("docker", programs.desk(DOCKER_COMMAND="mydocker"), LIMIT).command == str(path)
    assert check_client("docker", programs.desk(DOCKER_COMMAND=str(path)), LIMIT).command == str(path)
    assert ids(check_client("docker", programs.desk(DOCKER_COMMAND="/nowhere/docker"), LIMIT)) == ["docker-not-found"]


@pytest.mark.parametrize("path", ["", ".", "{here}", "bin/.."])
def test_nothing_in_the_current_folder_is_run(path: str, programs: Programs) -> None:
    """A program that the PATH finds in the current folder is named, and not run."""
    ran = programs.home / "ran"
    programs.add("docker", f"touch {ran}", Path.cwd())
    environ = {"PATH": path.format(here=Path.cwd())}
    (Path.cwd() / "bin").mkdir()
    record = check_client("docker", programs.desk(**environ), LIMIT)
    assert (record.command, record.refused, ran.exists()) == ("", str(Path.cwd() / "docker"), False)
    assert ids(record) == ["docker-in-current-folder"]


def test_a_relative_docker_command_is_not_run(programs: Programs) -> None:
    """DOCKER_COMMAND with a relative path leads into the current folder and is refused."""
    programs.add("docker", "exit 0", Path.cwd())
    assert ids(check_client("docker", programs.desk(DOCKER_COMMAND="./docker"), LIMIT)) == ["docker-in-current-folder"]


@pytest.mark.parametrize(
    ("script", "symptom"),
    [
        ("echo Cannot connect to the Docker daemon at tcp://x. >&2; exit 1", "docker-daemon-unreached"),
        ("echo permission denied while trying to connect to the docker API >&2; exit 1", "docker-socket-forbidden"),
        ('[ "$1" = ps ] || exit 1', "docker-version-unreadable"),
        ('[ "$1" = ps ] || echo no document', "docker-version-unreadable"),
        ("exit 3", "client-unrecognised"),
    ],
)
def test_what_docker_does_is_told_apart(script: str, symptom: str, programs: Programs) -> None:
    """Exit code and standard error of ps, then the version, tell one cause from another."""
    programs.add("docker", script)
    assert ids(check_client("docker", programs.desk(), LIMIT)) == [symptom]


@pytest.mark.parametrize(
    ("client", "command", "az", "told"),
    [
        ("docker", "", True, True),
        ("docker", "", False, False),
        ("docker", "podman", True, True),
        ("podman", "podman", True, True),
        ("podman", "", True, False),
        ("podman", "podman", False, False),
    ],
)
def test_only_az_minds_what_a_client_prints_beside_its_answer(client, command, az, told, programs) -> None:
    """A warning is none of docker's failures: it stands in the way of az, where az runs that very program."""
    for name in ("docker", "podman"):
        programs.add(name, 'echo noise >&2; [ "$1" = ps ] || echo "{}"')
    if az:
        programs.add("az", "exit 0")
    desk = Desk({**programs.desk(DOCKER_COMMAND=command).environ, "PATH": str(programs.bin)})
    assert ids(check_client(client, desk, LIMIT)) == ["docker-stderr-noise"] * told


def test_a_client_that_hangs_is_ended(programs: Programs) -> None:
    """A program that does not answer is ended when its time is over, and so is what it started."""
    programs.add("docker", "sleep 600 & sleep 600")
    record = check_client("docker", programs.desk(), 0.3)
    assert [(ran.exit_code, ran.trouble) for ran in record.runs] == [(None, "")]
    assert ids(record) == ["docker-daemon-unreached"]


def test_what_a_client_prints_is_bounded_and_clean(programs: Programs) -> None:
    """Endless output, control characters and tokens of a program do not get into the record."""
    token = jwt.encode({"sub": "x"}, "k" * 32)
    programs.add("docker", f"head -c 3000000 /dev/zero | tr '\\\\0' x; printf '\\\\033[31m{token}' >&2; exit 1")
    record = check_client("docker", programs.desk(), LIMIT)
    assert len(record.to_json()) < 20_000
    assert "\\u001b" not in record.to_json()
    assert token not in record.to_json()


def test_what_a_program_was_given_is_masked(programs: Programs) -> None:
    """A program that prints the passwords of its environment, and one stored in a docker config, tells nobody."""
    programs.add("docker", "echo $ACR_PASSWORD $AZURE_CLIENT_SECRET >&2; echo ${GITHUB_TOKEN}; exit 1")
    environ = {"ACR_PASSWORD": PLANTED, "AZURE_CLIENT_SECRET": f"other-{PLANTED}", "GITHUB_TOKEN": PLANTED[::-1]}
    record = check_client("docker", programs.desk(**environ), LIMIT)
    assert (record.runs[0].stdout, record.runs[0].stderr) == ("***", "*** ***")
    programs.add("docker-credential-made-up", f"echo {PLANTED} >&2; exit 1")
    stored = {"auths": {"myacr.azurecr.io": {"username": "me", "password": PLANTED}}, "credsStore": "made-up"}
    programs.config(stored)
    assert PLANTED not in check_client("docker-config", programs.desk(), LIMIT, [MYACR]).to_json()


def test_the_daemons_socket_is_looked_at(programs: Programs, tmp_path: Path) -> None:
    """The socket of DOCKER_HOST is missing, silent or listening; that decides where docker's words do not."""
    programs.add("docker", "exit 1")
    path = tmp_path / "s"
    desk = programs.desk(DOCKER_HOST=f"unix://{path}")
    missing = check_client("docker", desk, LIMIT)
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(path))
        silent = check_client("docker", desk, LIMIT)
        server.listen()
        listening = check_client("docker", desk, LIMIT)
    states = [record.daemon.socket for record in (missing, silent, listening) if record.daemon]
    assert states == [Socket.MISSING, Socket.SILENT, Socket.LISTENS]
    assert [ids(record) for record in (missing, silent, listening)] == [
        ["docker-daemon-unreached"],
        ["docker-daemon-unreached"],
        ["client-unrecognised"],
    ]


def test_the_context_says_where_the_daemon_is(programs: Programs) -> None:
    """Without DOCKER_HOST the current context's host is where docker looks, then the usual socket."""
    programs.add("docker", WORKING)
    programs.config({"currentContext": "far"})
    folder = programs.home / ".docker" / "contexts" / "meta" / hashlib.sha256(b"far").hexdigest()
    folder.mkdir(parents=True)
    (folder / "meta.json").write_text(json.dumps({"Endpoints": {"docker": {"Host": "ssh://far.example"}}}))
    environ = {key: value for key, value in programs.desk().environ.items() if key != "DOCKER_HOST"}
    daemon = check_client("docker", Desk(environ), LIMIT).daemon
    assert daemon is not None
    assert (daemon.endpoint, daemon.source) == ("ssh://far.example", "context far")
    usual = check_client("docker", Desk({**environ, "DOCKER_CONTEXT": "default"}), LIMIT).daemon
    assert usual is not None
    assert usual.source == "default"


@pytest.mark.parametrize("name", ["half \ud800", "\udcff", "x" * 10_000, "a\nb"])
@pytest.mark.parametrize("place", ["config", "variable"])
def test_a_context_of_any_name(name: str, place: str, programs: Programs) -> None:
    """Whatever a context is called, docker's socket is the usual one where there is none of that name."""
    programs.config({"currentContext": name} if place == "config" else {})
    named = {"DOCKER_HOST": "", **({"DOCKER_CONTEXT": name} if place == "variable" else {})}
    record = check_client("docker", programs.desk(**named), LIMIT, [MYACR])
    assert record.daemon is not None
    assert record.daemon.source == "default"


@pytest.mark.parametrize(("script", "answers"), [(WORKING, "yes"), ("exit 1", "no")])
def test_cloud_shell_says_whether_a_daemon_answers_anyway(script: str, answers: str, programs: Programs) -> None:
    """ACC_CLOUD decides for az alone; the text says whether a daemon answers all the same."""
    programs.add("docker", script)
    text = explain(only(check_client("docker", programs.desk(ACC_CLOUD="PROD"), LIMIT)))
    assert text.startswith("client-cloud-shell-no-daemon: ")
    assert f"Whether a daemon answers here: {answers}." in " ".join(text.split())


def test_az_is_asked_without_telemetry(programs: Programs) -> None:
    """The Azure CLI is asked for its version, its account and each registry's id, read only, with telemetry off."""
    said = programs.home / "said"
    programs.add("az", f'echo "$AZURE_CORE_COLLECT_TELEMETRY $*" >> {said}; echo "{{}}"')
    record = check_client("az", programs.desk(), LIMIT, [MYACR])
    assert said.read_text().splitlines() == [
        "0 version --output json",
        "0 account show --query id --output tsv",
        "0 acr show --name myacr --query id --output tsv",
    ]
    assert diagnose_client(record) == ()


def test_az_words_are_read_as_any_text() -> None:
    """What az prints of a registry it cannot show is recognised, by the line that it printed."""
    words = (
        "ERROR: The resource with name 'myacr' and type 'Microsoft.ContainerRegistry/registries' could not be found in"
        " subscription 'x (11111111-2222-3333-4444-555555555555)'."
    )
    shown = Ran(arguments=("az", "acr", "show"), exit_code=3, stderr=words)
    found = only(replace(az(shown), login_servers=(MYACR.login_server,)))
    assert found.symptom.id == "arm-not-found"
    assert isinstance(found.seen, Line)
    assert found.seen.names["registry"] == "myacr"


def test_an_az_without_a_login_is_asked_no_further(programs: Programs) -> None:
    """Without an account no registry is asked for."""
    refusal = "echo \"ERROR: Please run 'az login' to setup account.\" >&2; exit 1"
    programs.add("az", f'[ "$1" = version ] && exit 0; {refusal}')
    record = check_client("az", programs.desk(), LIMIT, [MYACR])
    assert [ran.arguments[1] for ran in record.runs] == ["version", "account"]
    assert only(record).mode is not None
    assert headline(only(record)).startswith("client-az-not-logged-in: ")


def login(user: str, secret: str) -> dict[str, str]:
    """Return an entry of a docker config as docker login writes it."""
    return {"auth": base64.b64encode(f"{user}:{secret}".encode()).decode()}


def refresh_token(expires: float) -> str:
    """Return a refresh token as the registry issues one."""
    return jwt.encode({"iss": "Azure Container Registry", "grant_type": "refresh_token", "exp": int(expires)}, "k" * 32)


def test_stored_logins_are_shown_without_their_secrets(programs: Programs) -> None:
    """Keys, user names, the shape of a secret and a token's end are recorded; no secret is."""
    token = refresh_token(STARTED + 60)
    programs.config({"auths": {"myacr.azurecr.io": login(NULL_GUID, token), "x.example": login("me", PLANTED)}})
    record = check_client("docker-config", programs.desk(), LIMIT, [MYACR])
    assert record.config is not None
    assert [(each.key, each.user_name, each.secret, each.expires) for each in record.config.logins] == [
        ("myacr.azurecr.io", NULL_GUID, SecretShape.ACR_REFRESH_TOKEN, STARTED + 60),
        ("x.example", "me", SecretShape.OPAQUE, None),
    ]
    assert PLANTED not in record.to_json()
    assert token not in record.to_json()
    assert diagnose_client(record) == ()


@pytest.mark.parametrize(
    "entry",
    [
        "made-up",
        {},
        {"auth": base64.b64encode(PLANTED.encode()).decode()},
        {"auth": base64.b64encode(f"me:{PLANTED}".encode()).decode() + "!"},
        {"auth": "%%%", "username": "me", "password": PLANTED},
        {"username": 1, "password": 2, "identitytoken": 3},
    ],
)
def test_a_login_that_nobody_can_use_shows_its_key_only(entry: Any, programs: Programs) -> None:
    """What docker could not use as user name and secret is not shown as such, and breaks no check."""
    programs.config({"auths": {"x.example": entry, "myacr.azurecr.io": login("me", "made-up")}})
    record = check_client("docker-config", programs.desk(), LIMIT, [MYACR])
    assert record.config is not None
    unusable, usable = record.config.logins
    assert unusable == StoredLogin(key="x.example")
    assert (usable.user_name, usable.secret) == ("me", SecretShape.OPAQUE)
    assert PLANTED not in record.to_json()


def test_an_identity_token_is_a_login(programs: Programs) -> None:
    """The identitytoken that docker stores is a refresh token, and its end is looked at.

    Whether a login is needed at all was not.
    """
    programs.config({"auths": {"myacr.azurecr.io": {"identitytoken": refresh_token(STARTED - 60)}}})
    record = check_client("docker-config", programs.desk(), LIMIT, [MYACR])
    ended = "stored-login-ended: one of refresh-token-expired, client-stale-stored-credentials"
    assert headline(only(record)) == ended
    assert "2025-06-15" in explain(only(record))


@pytest.mark.parametrize(
    ("content", "symptoms"),
    [
        ({}, ["no-stored-login"]),
        ({"auths": {"https://myacr.azurecr.io": login("a", "b")}}, []),
        ({"auths": {"myacr.azurecr.io:443": login("a", "b")}}, ["stored-login-other-key"]),
        ({"auths": {"MYACR.azurecr.io": login("a", "b")}}, ["stored-login-other-key"]),
        ({"auths": "nonsense", "credHelpers": 3, "credsStore": ["x"]}, ["no-stored-login"]),
        ({"auths": {"myacr.azurecr.io": {"auth": "%%%"}}}, []),
        ([], ["docker-config-unreadable"]),
    ],
)
def test_what_a_docker_config_holds(content: Any, symptoms: list[str], programs: Programs) -> None:
    """A login that is missing or has another key is told, and so is a file that is no docker config."""
    programs.config(content)
    assert ids(check_client("docker-config", programs.desk(), LIMIT, [MYACR])) == symptoms


def test_a_helper_is_asked_for_its_list_only(programs: Programs) -> None:
    """A credential helper is run with list, which tells servers and users; a login that it knows is no missing one."""
    asked = programs.home / "asked"
    programs.add("docker-credential-mine", f'echo "$*" >> {asked}; echo "{{\\"https://myacr.azurecr.io\\": \\"me\\"}}"')
    programs.config({"credsStore": "mine", "auths": {"myacr.azurecr.io": {}}})
    record = check_client("docker-config", programs.desk(), LIMIT, [MYACR])
    assert asked.read_text() == "list\n"
    assert record.config is not None
    assert record.config.keys == ("https://myacr.azurecr.io",)
    assert diagnose_client(record) == ()


def test_helpers_without_number(programs: Programs) -> None:
    """A config that names many helpers is looked at in part: looking for each takes time, and all are in the record."""
    programs.config({"credsStore": "mine", "credHelpers": {f"r{each}.example": f"no-{each}" for each in range(5000)}})
    record = check_client("docker-config", programs.desk(), LIMIT, [MYACR])
    assert record.config is not None
    assert record.config.helpers[0].name == "docker-credential-mine"
    assert len(record.config.helpers) == 50


@pytest.mark.parametrize("script", [None, "echo locked >&2; exit 1"])
def test_a_broken_helper(script: str | None, programs: Programs) -> None:
    """A helper that is missing or fails is the cause, and the text names it."""
    if script is not None:
        programs.add("docker-credential-mine", script)
    programs.config({"credHelpers": {"myacr.azurecr.io": "mine"}})
    found = only(check_client("docker-config", programs.desk(), LIMIT, [MYACR]))
    assert headline(found).startswith("client-credential-store-broken: docker-credential-mine")


@pytest.mark.parametrize("before", ["", "warning: "])
@pytest.mark.parametrize("answer", ['{"Username":"u","Secret":"%s"}', '{"Secret":{"v":"%s"}}', '"Secret": "%s"'])
@pytest.mark.parametrize("stream", ["1", "2"])
def test_a_helper_that_answers_with_a_login_and_fails(
    before: str, answer: str, stream: str, programs: Programs
) -> None:
    """Whatever it was asked for: what it knows is in no record."""
    programs.add("docker-credential-mine", f"echo '{before}{answer % 'planted-one'}' >&{stream}; exit 1")
    programs.config({"credHelpers": {"myacr.azurecr.io": "mine"}})
    record = check_client("docker-config", programs.desk(), LIMIT, [MYACR])
    assert "planted" not in record.to_json()
    assert headline(only(record)).startswith("client-credential-store-broken: docker-credential-mine")


def test_a_folder_with_a_space_is_quoted(programs: Programs) -> None:
    """The path of a docker config stands in commands as a shell takes it."""
    spaced = programs.home / "my docker"
    spaced.mkdir()
    (spaced / "config.json").write_text("{", encoding="utf-8")
    record = check_client("docker-config", programs.desk(DOCKER_CONFIG=str(spaced)), LIMIT, [MYACR])
    assert only(record).seen.facts["config"] == f"'{spaced}/config.json'"


def test_a_helpers_name_cannot_leave_the_path(programs: Programs) -> None:
    """A helper whose name is no plain name is not looked for."""
    ran = programs.home / "ran"
    programs.add("x", f"touch {ran}")
    programs.config({"credsStore": "/../x"})
    check_client("docker-config", programs.desk(), LIMIT, [MYACR])
    assert not ran.exists()


def test_several_things_can_be_wrong() -> None:
    """A login that ended and a helper that is missing are both told."""
    broken = (Helper(name="docker-credential-x", command=""),)
    assert ids(docker_config(stored(expires=STARTED - 1), helpers=broken)) == [
        "credential-store-broken",
        "stored-login-ended",
    ]


def test_an_unknown_client_is_refused(programs: Programs) -> None:
    """A client that does not exist is an error that names those that do."""
    with pytest.raises(ValueError, match="docker, podman, az, docker-config"):
        check_client("dokcer", programs.desk(), LIMIT)
