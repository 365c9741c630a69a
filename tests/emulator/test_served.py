"""``python -m pytest_acrauth.emulator``: what other programs are given, and how it ends."""

from __future__ import annotations

import os
import re
import signal
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import httpx
import pytest

COMMAND = [sys.executable, "-m", "pytest_acrauth.emulator"]
ENDING = [
    getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name) and os.name == "posix"
]


def heed() -> None:
    """Heed what whoever started this run in the background has it ignore; a child would go on to ignore it."""
    for number in ENDING:
        signal.signal(number, signal.SIG_DFL)


started = partial(subprocess.Popen, preexec_fn=heed)  # no thread of these tests has a lock by then


@contextmanager
def served(folder: Path, *arguments: str) -> Iterator[tuple[subprocess.Popen[str], Path]]:
    """Run it, and deliver it and the file of what it printed once it serves."""
    printed = folder / "environment"
    with (
        printed.open("w") as out,
        started([*COMMAND, *arguments], stdout=out, stderr=subprocess.PIPE, text=True) as running,
    ):
        try:
            assert running.stderr is not None
            said = running.stderr.readline()
            assert said.startswith("serving ")
            assert "myacr.azurecr.io, otheracr.azurecr.io; interrupt to end" in said
            yield running, printed
        finally:
            running.kill()


def exported(printed: Path) -> dict[str, str]:
    """Return the variables a shell has after reading the file."""
    script = f'. "{printed}"; exec env'
    environ = {"PATH": "/usr/bin:/bin"}
    done = subprocess.run(["sh", "-c", script], capture_output=True, text=True, check=True, env=environ)
    return dict(line.split("=", 1) for line in done.stdout.splitlines())


def test_a_program_reaches_it_with_what_is_printed(tmp_path):
    """A shell that reads the lines leads programs to the emulator, which they trust and can log in to."""
    with served(tmp_path) as (_, printed):
        assert {line.partition(" ")[0] for line in printed.read_text().splitlines()} == {"export"}
        environ = exported(printed)
        for bundle in (environ["SSL_CERT_FILE"], f"{environ['ACR_EMULATOR_CERTS']}/myacr.azurecr.io/ca.crt"):
            trusting = ssl.create_default_context(cafile=bundle)
            with httpx.Client(proxy=environ["HTTPS_PROXY"], verify=trusting, trust_env=False, timeout=60.0) as http:
                assert http.get("https://myacr.azurecr.io/v2/").status_code == 401
                login = (environ["ACR_ADMIN_USERNAME"], environ["ACR_ADMIN_PASSWORD"])
                assert http.get("https://myacr.azurecr.io/oauth2/token", auth=login).status_code == 200


@pytest.mark.parametrize("number", ENDING)
def test_it_ends_when_it_is_interrupted(tmp_path, number):
    """A signal ends it with exit code 0, and takes its files away."""
    with served(tmp_path) as (running, printed):
        bundle = Path(exported(printed)["SSL_CERT_FILE"])
        assert bundle.stat().st_size > 0
        assert bundle.parent.stat().st_mode & 0o077 == 0
        running.send_signal(number)
        assert running.wait(timeout=60) == 0
    assert not bundle.parent.exists()


def left(folder: Path) -> set[Path]:
    """Return the folders that emulators have in a temporary folder now."""
    return set(folder.glob("acr-emulator-*"))


def first_left(folder: Path) -> set[Path]:
    """Wait for an emulator's first folder; the test's own limit ends what never comes."""
    while not (found := left(folder)):
        time.sleep(0.001)
    return found


@pytest.mark.broad(of=3)
@pytest.mark.parametrize("number", ENDING)
def test_a_signal_before_it_serves_leaves_nothing(tmp_path, number):
    """From its first file on, whatever ends it takes its files away, however often it comes."""
    for _ in range(3):
        with started(COMMAND, stdout=subprocess.DEVNULL, env={**os.environ, "TMPDIR": str(tmp_path)}) as early:
            try:
                first_left(tmp_path)
                for _ in range(3):
                    early.send_signal(number)
                assert early.wait(timeout=60) == 0
            finally:
                early.kill()
        assert left(tmp_path) == set()


def test_a_signal_that_is_to_be_ignored_is(tmp_path):
    """Under nohup, a terminal that is closed ends nothing."""
    ignoring = ["sh", "-c", 'trap "" HUP; exec "$@"', "sh", *COMMAND]
    with subprocess.Popen(ignoring, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as running:
        assert running.stderr is not None
        assert running.stderr.readline().startswith("serving ")
        running.send_signal(signal.SIGHUP)
        running.send_signal(signal.SIGTERM)
        assert running.wait(timeout=60) == 0


def test_what_a_killed_one_has_left_is_taken_away_by_the_next(tmp_path, monkeypatch):
    """One that was killed could not do it; the folders of those that run, and of anybody else, stay."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    (tmp_path / "acr-emulator-of-somebody-else").mkdir()
    with served(tmp_path) as (killed, _):
        killed.kill()
        killed.wait()
        dead = left(tmp_path)
        assert len(dead) > 1
        with served(tmp_path):
            living = left(tmp_path)
            assert living & dead == {tmp_path / "acr-emulator-of-somebody-else"}
            with served(tmp_path) as (last, _):
                assert living < left(tmp_path)
                last.send_signal(signal.SIGINT)
                assert last.wait(timeout=60) == 0
            assert left(tmp_path) == living


@pytest.mark.parametrize(("out", "reason"), [("exec >/dev/full", "No space left"), ("exec >&-", "it is closed")])
def test_an_environment_that_nobody_can_read_is_told(tmp_path, monkeypatch, out, reason):
    """Where its lines cannot be written it says so, and ends."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    script = f'{out}; exec "$@"'
    done = subprocess.run(["sh", "-c", script, "sh", *COMMAND], stderr=subprocess.PIPE, text=True, check=False)
    assert done.returncode == 2
    assert re.fullmatch(f"the environment cannot be written to standard output: {reason}.*\n", done.stderr)
    assert left(tmp_path) == set()


@pytest.mark.parametrize("descriptors", [6, 9])
def test_a_machine_without_room_is_told(tmp_path, descriptors):
    """With no descriptor left for a port or a file it ends in a line."""
    script = f'ulimit -n {descriptors}; exec "$@"'
    done = subprocess.run(["sh", "-c", script, "sh", *COMMAND], capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 2
    assert done.stderr == "the emulator cannot be served here: Too many open files\n"


def test_scenarios_change_the_world_it_serves(tmp_path):
    """Scenarios are given as a list, and applied in order."""
    with served(tmp_path, "--scenario", "entra-sp-secret-wrong,basic-username-unknown") as (_, printed):
        environ = exported(printed)
    assert environ["AZURE_CLIENT_SECRET"] == "the-id-instead-of-the-value"
    assert environ["ACR_USERNAME"] == "pull-ci"


def test_more_registries_are_served_by_name(tmp_path):
    """Registries that are named are there beside the two, trusted by their names; the first one's admin logs in."""
    with served(tmp_path, "--registry", "thirdacr", "--registry", "fourthacr-a1b2.azurecr.io") as (_, printed):
        environ = exported(printed)
        folders = {each.name for each in Path(environ["ACR_EMULATOR_CERTS"]).iterdir()}
        assert {"thirdacr.azurecr.io", "fourthacr-a1b2.azurecr.io", "myacr.azurecr.io"} <= folders
        trusting = ssl.create_default_context(cafile=environ["SSL_CERT_FILE"])
        with httpx.Client(proxy=environ["HTTPS_PROXY"], verify=trusting, trust_env=False, timeout=60.0) as http:
            assert http.get("https://fourthacr-a1b2.azurecr.io/v2/").status_code == 401
            login = (environ["ACR_ADMIN_USERNAME"], environ["ACR_ADMIN_PASSWORD"])
            assert http.get("https://thirdacr.azurecr.io/oauth2/token", auth=login).status_code == 200
            with pytest.raises(httpx.ProxyError):
                http.get("https://fifthacr.azurecr.io/v2/")


@pytest.mark.broad(of=6)
@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--scenario", "helthy"), "--scenario: 'helthy' is no scenario; close to it: healthy"),
        (("--scenario", "list"), "; pytest --acr-emulate list prints all"),
        (("--registry", "myacr.azurecr.us"), "the emulator plays AzureCloud alone, "),
        (
            ("--scenario", "healthy,exchange-throttled:0"),
            "--scenario exchange-throttled:0: behind the colon is a number",
        ),
        (("--scenario", "exchange-throttled:two"), "--scenario exchange-throttled:two: behind the colon is a number"),
        (("--scenario", "helthy:2"), "'helthy' is no scenario; close to it: healthy"),
        (("--scenario", "client-docker-missing:2"), "client-docker-missing: what this changes is on the machine"),
        (("--count", "myacr.azurecr.io/v2/"), "--count says which requests count"),
        (("--latency", "myacr.azurecr.io=61"), "latency of myacr.azurecr.io: 61.0 is not between 0 and 60 seconds"),
        (
            ("--latency", "login.microsoftonlin.com=5"),
            "latency of login.microsoftonlin.com: the emulated world has no such host, but eusmanaged1.blob.core.",
        ),
        (("--latency", "fast"), "--latency fast: 'fast' is no number of seconds"),
        (("--auth", "admn"), "--auth: unknown auth method 'admn'"),
        (("--auth", "admin", "--auth", "basic"), "--auth: admin and basic both read ACR_PASSWORD"),
    ],
)
def test_a_wrong_argument_is_named(arguments, words):
    """A scenario or registry that is none ends it at once, and says why."""
    done = subprocess.run([*COMMAND, *arguments], capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 2
    assert words in done.stderr
    assert done.stdout == ""


INSIDE = """
import os, ssl, sys, urllib.error, urllib.request
assert "AZURE_STRANGE" not in os.environ
trusting = ssl.create_default_context(cafile=os.environ["SSL_CERT_FILE"])
try:
    urllib.request.urlopen("https://myacr.azurecr.io/v2/", context=trusting)
except urllib.error.HTTPError as error:
    print(error.code, *sys.argv[1:])
sys.exit(7)
"""


def test_a_command_is_run_where_programs_find_it(monkeypatch):
    """With its arguments, without this machine's own credentials; it ends as the command does, which prints alone."""
    monkeypatch.setenv("AZURE_STRANGE", "of this machine")
    inside = [sys.executable, "-c", INSIDE, "--scenario", "-x"]
    done = subprocess.run([*COMMAND, "--exec", *inside], capture_output=True, text=True, check=False, timeout=60)
    assert (done.returncode, done.stdout, done.stderr) == (7, "401 --scenario -x\n", "")


SIGNING_IN = """
import asyncio, os, sys
from azure.identity import DefaultAzureCredential
with DefaultAzureCredential(exclude_interactive_browser_credential=True) as credential:
    print(credential.get_token("https://containerregistry.azure.net/.default").token.count("."))
"""


@pytest.mark.broad(of=3)
@pytest.mark.parametrize(
    "method",
    ["service-principal", "service-principal-certificate", "workload-identity", "managed-identity", "azure-cli"],
)
def test_azures_own_library_signs_in_by_each_method(method):
    """A program that takes the first credential it finds finds that of the method that is named."""
    inside = [sys.executable, "-c", SIGNING_IN]
    done = subprocess.run(
        [*COMMAND, "--auth", method, "--exec", *inside], capture_output=True, text=True, check=False, timeout=60
    )
    assert (done.returncode, done.stdout) == (0, "2\n"), done.stderr


NAMED = ("admin:SHOP", "x=service-principal-certificate:CERT", "docker-config", "azure-cli", "managed-identity:HOST")


def test_what_identities_read_is_printed(tmp_path):
    """Under their own names, with the files and folders that hold the rest."""
    asked = [part for each in NAMED for part in ("--auth", each)]
    with served(tmp_path, *asked) as (_, printed):
        environ = exported(printed)
        assert environ["SHOP_USERNAME"] == "myacr"
        assert "PRIVATE KEY" in Path(environ["CERT_CLIENT_CERTIFICATE_PATH"]).read_text()
        assert "myacr.azurecr.io" in (Path(environ["DOCKER_CONFIG"]) / "config.json").read_text()
        assert (Path(environ["AZURE_CONFIG_DIR"]) / "azureProfile.json").is_file()
        first, *others = environ["PATH"].split(os.pathsep)
        assert [each.name for each in Path(first).iterdir()] == ["az"]
        assert others
        assert "AZURE_POD_IDENTITY_AUTHORITY_HOST" in environ


COUNTING = """
import os, ssl, urllib.error, urllib.request
trusting = ssl.create_default_context(cafile=os.environ["SSL_CERT_FILE"])
for path in ("v2/", "oauth2/token", "v2/", "oauth2/token", "oauth2/token"):
    try:
        urllib.request.urlopen(f"https://myacr.azurecr.io/{path}", context=trusting)
    except urllib.error.HTTPError as error:
        print(error.code)
"""


@pytest.mark.broad(of=3)
@pytest.mark.parametrize(
    ("arguments", "codes"),
    [
        (("--scenario", "exchange-throttled:2"), [401, 429, 401, 429, 401]),
        (("--scenario", "exchange-throttled:2", "--count", "myacr.azurecr.io"), [401, 429, 401, 401, 401]),
        (("--scenario", "exchange-throttled:1", "--count", "/v2/"), [401, 401, 401, 401, 401]),
        (("--scenario", "exchange-throttled:1,firewall-ip-denied:1", "--latency", "0.01"), [401, 429, 401, 403, 401]),
    ],
)
def test_other_programs_try_again(arguments, codes):
    """Scenarios with a number hold for so many requests, one after another; others can be counted."""
    inside = [sys.executable, "-c", COUNTING]
    done = subprocess.run(
        [*COMMAND, *arguments, "--exec", *inside], capture_output=True, text=True, check=False, timeout=60
    )
    assert [int(line) for line in done.stdout.split()] == codes, done.stderr


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_command_decides_how_an_interrupt_ends_it(number):
    """A terminal interrupts both; whoever ends the emulator ends the command."""
    inside = [sys.executable, "-c", "import time; print('begun', flush=True); time.sleep(60)"]
    with started(
        [*COMMAND, "--exec", *inside],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        process_group=0,
    ) as running:
        assert running.stdout is not None
        assert running.stdout.readline() == "begun\n"
        if number == signal.SIGINT:
            os.killpg(running.pid, number)
        else:
            running.send_signal(number)
        assert running.wait(30) == 128 + number


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ([], "--exec: name the command to run"),
        (["./nothing"], "--exec: cannot run ./nothing: No such file or directory"),
    ],
)
def test_a_command_that_cannot_be_run_is_told(command, words):
    """In a line."""
    done = subprocess.run([*COMMAND, "--exec", *command], capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 2
    assert done.stderr.rstrip().endswith(words)
