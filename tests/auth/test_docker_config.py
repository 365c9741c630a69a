"""What a docker config holds for a registry, and what credential helpers answer, asked as programs of the machine."""

from __future__ import annotations

import base64
import json
import os
import sys
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import jwt
import pytest
import respx
from standing_in import NoNetwork

from pytest_acrauth.auth import BadAuth, choose
from pytest_acrauth.auth.docker_config import Login, config_path, helper_answer, read_login
from pytest_acrauth.model.credential import Kind, SecretShape
from pytest_acrauth.model.observation import Trouble
from pytest_acrauth.model.target import NULL_GUID, Reference, Registry, Target
from pytest_acrauth.model.transcript import Transcript
from pytest_acrauth.running.run import Run

HOST = "myacr.azurecr.io"
MY, OTHER = Registry.parse("myacr"), Registry.parse("otheracr")
REFRESH = jwt.encode({"iss": "Azure Container Registry", "aud": HOST, "exp": 2_000_000_000}, "k" * 32)
PROGRAMS = pytest.mark.skipif(sys.platform == "win32", reason="the helpers here are shell scripts")


def auth(user: str, password: str) -> dict[str, str]:
    """Return an entry as docker writes it."""
    return {"auth": base64.b64encode(f"{user}:{password}".encode()).decode()}


class Home:
    """A home folder with a docker config, and a folder of programs."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.path = root / ".docker/config.json"
        self.environ = {"HOME": str(root), "PATH": os.pathsep.join([str(root / "bin"), "/usr/bin", "/bin"])}

    def write(self, content: Any) -> None:
        self.path.parent.mkdir(exist_ok=True)
        self.path.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())

    def helper(self, script: str, name: str = "docker-credential-made-up") -> None:
        program = self.root / "bin" / name
        program.parent.mkdir(exist_ok=True)
        program.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
        program.chmod(0o755)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """Deliver a home folder."""
    return Home(tmp_path)


def revealed(stored: Login | None) -> tuple[str, str] | None:
    """Return user and secret of a stored login."""
    return None if stored is None or stored.secret is None else (stored.user, stored.secret.reveal())


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        (auth("puller", "made:up"), ("puller", "made:up")),
        ({"username": "puller", "password": "made-up"}, ("puller", "made-up")),
        ({**auth(NULL_GUID, ""), "identitytoken": "made-up-token"}, (NULL_GUID, "made-up-token")),
        ({"identitytoken": "made-up-token"}, (NULL_GUID, "made-up-token")),
        (auth("puller", "made-up\0\0"), ("puller", "made-up")),
        ({}, None),
        ({"auth": ""}, None),
        ({"auth": 5, "username": ["puller"], "password": None}, None),
        ("made-up", None),
    ],
)
def test_entries(home: Home, entry: Any, expected: tuple[str, str] | None) -> None:
    """An entry is user and password, together or apart, or an identity token, which stands for the null GUID."""
    home.write({"auths": {HOST: entry}})
    assert revealed(read_login(home.environ, HOST)) == expected


@pytest.mark.parametrize("key", [HOST, f"https://{HOST}", f"https://{HOST}/v2/", f"http://{HOST}/v1/", f"{HOST}/"])
def test_keys(home: Home, key: str) -> None:
    """The host's own key wins; an address of the host counts as its key too, as it does for docker."""
    home.write({"auths": {key: auth("puller", "made-up")}})
    assert revealed(read_login(home.environ, HOST)) == ("puller", "made-up")
    home.write({"auths": {f"https://{HOST}": auth("old", "old"), HOST: auth("puller", "made-up")}})
    assert revealed(read_login(home.environ, HOST)) == ("puller", "made-up")


@pytest.mark.parametrize("key", ["otheracr.azurecr.io", f"{HOST}.example", f"my{HOST}", "azurecr.io", ""])
def test_entries_of_other_hosts(home: Home, key: str) -> None:
    """The login of one registry is never taken for another's."""
    home.write({"auths": {key: auth("puller", "made-up")}})
    assert read_login(home.environ, HOST) is None


@pytest.mark.parametrize(
    ("config", "helper", "noted"),
    [
        ({"credHelpers": {HOST: "own"}}, "docker-credential-own", True),
        ({"credHelpers": {HOST: "own"}, "credsStore": "every"}, "docker-credential-own", True),
        ({"credsStore": "every", "auths": {HOST: {}}}, "docker-credential-every", True),
        ({"credsStore": "every"}, "docker-credential-every", False),
        ({"credHelpers": {"otheracr.azurecr.io": "own"}, "credsStore": "every"}, "docker-credential-every", False),
        ({"credsStore": "every", "auths": {HOST: auth("puller", "made-up")}}, "docker-credential-every", True),
    ],
)
def test_helpers_win(home: Home, config: Any, helper: str, noted: bool) -> None:  # noqa: FBT001
    """A helper is asked before the file; one for all registries counts as a sign only where docker noted a login."""
    home.write(config)
    stored = read_login(home.environ, HOST)
    assert stored == Login(str(home.path), helper=helper, noted=noted)


@pytest.mark.parametrize("name", ["../evil", "/bin/sh", "a b", "", "-x", "a" * 200, 7, ["x"], {"x": "y"}])
def test_helpers_without_a_usable_name(home: Home, name: Any) -> None:
    """What is no plain program name is never run: it is refused, or counts as no helper where it is empty."""
    home.write({"credHelpers": {HOST: name}})
    if name == "":
        assert read_login(home.environ, HOST) is None
        return
    with pytest.raises(BadAuth, match="has no name that can be run"):
        read_login(home.environ, HOST)


def test_where_the_config_is(home: Home) -> None:
    """DOCKER_CONFIG names the folder; else it is the home folder's, by the machine's own environment."""
    assert config_path(home.environ) == home.path
    assert config_path({**home.environ, "DOCKER_CONFIG": "/run/docker"}) == Path("/run/docker/config.json")
    assert config_path({"USERPROFILE": str(home.root)}) == home.path
    assert config_path({}) is None
    assert read_login({}, HOST) is None
    assert read_login(home.environ, HOST) is None


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is no JSON"),
        (b"made-up {", "is no JSON"),
        (b"\xff\xfe", "is no JSON"),
        (b"[" * 100_000, "is no JSON"),
        (b"[]", "is no JSON object"),
        (json.dumps({"auths": {HOST: {"auth": "made-up"}}}).encode(), "has an auth that is no user name and password"),
        (json.dumps({"auths": {HOST: {"auth": "bWFkZS11cA=="}}}).encode(), "has an auth that is no user name"),
        (json.dumps({"auths": {HOST: {"auth": "gIA6gA=="}}}).encode(), "has an auth that is no user name"),
    ],
)
def test_configs_that_cannot_be_understood(home: Home, content: bytes, words: str) -> None:
    """A broken config is a usage error with its path and the reason, and without a word of what is in it."""
    home.write(content)
    with pytest.raises(BadAuth) as caught:
        read_login(home.environ, HOST)
    assert str(home.path) in str(caught.value)
    assert words in str(caught.value)
    assert "made-up" not in f"{caught.value} {caught.value.__cause__!r}"
    assert caught.value.__cause__ is None


@pytest.mark.parametrize("content", [{"auths": []}, {"auths": None}, {"credHelpers": 1}, {}, {"auths": {"": 1}}])
def test_configs_without_logins(home: Home, content: Any) -> None:
    """Parts of another shape hold nothing."""
    home.write(content)
    assert read_login(home.environ, HOST) is None


def test_a_folder_in_place_of_the_config(home: Home) -> None:
    """A config that cannot be read is a usage error with the system's reason."""
    home.path.mkdir(parents=True)
    with pytest.raises(BadAuth, match="cannot be read: Is a directory"):
        read_login(home.environ, HOST)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (b'{"ServerURL": "x", "Username": "puller", "Secret": "made-up"}', ("puller", "made-up")),
        (b'{"Username": "<token>", "Secret": "made-up"}', (NULL_GUID, "made-up")),
        (b'{"Username": "puller", "Secret": ""}', None),
        (b'{"Username": "", "Secret": "made-up"}', None),
        (b'{"Username": 1, "Secret": 2}', None),
        (b"credentials not found in native keychain", None),
        (b"[]", None),
        (b"", None),
        (b"\xff", None),
        (b"[" * 100_000, None),
    ],
)
def test_what_helpers_answer(text: bytes, expected: tuple[str, str] | None) -> None:
    """An answer is JSON with user and secret; a token's user stands for the null GUID; all else is no answer."""
    found = helper_answer(text)
    assert (found and (found[0], found[1].reveal())) == expected


@pytest.fixture
def registries() -> Iterator[respx.MockRouter]:
    """Stand in for two registries that issue an access token to whoever asks."""
    with respx.mock(assert_all_called=False) as router:
        for host in (HOST, "otheracr.azurecr.io"):
            realm = f'Bearer realm="https://{host}/oauth2/token",service="{host}"'
            router.get(f"https://{host}/v2/").respond(401, headers={"Www-Authenticate": realm})
            router.get(f"https://{host}/oauth2/token", name=host).respond(200, json={"access_token": "made-up-access"})
        yield router


def climb(environ: Mapping[str, str], *registries: Registry, timeout: float = 30.0) -> tuple[Transcript, ...]:
    """Climb with the docker config of an environment, down to the access token."""
    (chosen,) = choose(["docker-config"], environ, registries)
    targets = [Target(registry, chosen.identity) for registry in registries]
    return Run(NoNetwork(environ), timeout=timeout).check(targets)


def sent(router: respx.MockRouter, host: str) -> str:
    """Return the Basic credentials that a registry was shown, decoded."""
    request = router.routes[host].calls.last.request
    return base64.b64decode(request.headers["authorization"].removeprefix("Basic ")).decode()


def test_a_stored_login_is_used(home: Home, registries: respx.MockRouter) -> None:
    """The registry is shown what the config holds for it, and the transcript shows all but the secret."""
    home.write({"auths": {HOST: auth("puller", "made-up-password")}})
    (seen,) = climb(home.environ, MY)
    assert list(seen.broken()) == []
    assert sent(registries, HOST) == "puller:made-up-password"
    facts = seen.credential
    assert (facts.kind, facts.declared, facts.user_name) == (Kind.SCOPE_MAP_TOKEN, False, "puller")
    assert facts.source == str(home.path)
    assert "made-up" not in seen.to_json()
    assert Transcript.from_json(seen.to_json()) == seen


def test_a_stored_refresh_token(home: Home, registries: respx.MockRouter) -> None:
    """An identity token is a refresh token, told by its look and its end, as after az acr login."""
    home.write({"auths": {HOST: {**auth(NULL_GUID, ""), "identitytoken": REFRESH}}})
    (seen,) = climb(home.environ, MY)
    facts = seen.credential
    assert (facts.kind, facts.secret) == (Kind.REFRESH_TOKEN, SecretShape.ACR_REFRESH_TOKEN)
    assert (facts.secret_audience, facts.secret_expires) == (HOST, 2_000_000_000)
    assert sent(registries, HOST) == f"{NULL_GUID}:{REFRESH}"
    assert REFRESH not in seen.to_json()


def test_each_registry_gets_its_own_login(home: Home, registries: respx.MockRouter) -> None:
    """With several registries, none is shown what is stored for another."""
    home.write({"auths": {HOST: auth("one", "made-up-1"), "otheracr.azurecr.io": auth("two", "made-up-2")}})
    climb(home.environ, MY, OTHER)
    assert sent(registries, HOST) == "one:made-up-1"
    assert sent(registries, "otheracr.azurecr.io") == "two:made-up-2"


@PROGRAMS
def test_a_helper_is_asked(home: Home, registries: respx.MockRouter) -> None:
    """A helper gets ``get`` and the host, and its login is used; its secret shows nowhere."""
    home.write({"credHelpers": {HOST: "made-up"}})
    home.helper(f"""
[ "$*" = get ] || exit 7
[ "$(cat)" = {HOST} ] || exit 8
[ "$(pwd -P)" = "$(cd {home.root}/bin && pwd -P)" ] || exit 9
printf '{{"ServerURL": "{HOST}", "Username": "<token>", "Secret": "{REFRESH}"}}'
""")
    (seen,) = climb(home.environ, MY)
    assert list(seen.broken()) == []
    assert sent(registries, HOST) == f"{NULL_GUID}:{REFRESH}"
    assert seen.credential.kind is Kind.REFRESH_TOKEN
    assert seen.credential.source == f"docker-credential-made-up, named in {home.path}"
    assert REFRESH not in seen.to_json()


HELPERS = {
    "says it has none": (
        "echo credentials not found in native keychain; exit 1",
        "credentials not found in native key",
    ),
    "complains elsewhere": ("echo locked >&2; exit 2", "docker-credential-made-up: locked"),
    "fails without a word": ("exit 3", "docker-credential-made-up: no login, exit code 3"),
    "prints something else": ("echo made-up-secret", "docker-credential-made-up: no login, exit code 0"),
    "prints no secret": ("""echo '{"Username": "made-up-user"}'""", "docker-credential-made-up: no login, exit code 0"),
    "answers and fails": (
        """echo '{"ServerURL":"x","Username":"u","Secret":"made-up-secret"}'; echo made-up-secret said >&2; exit 1""",
        "docker-credential-made-up: *** said",
    ),
    "answers in part": ("""printf '{"Secret":"made-up-secret"'; exit 1""", "docker-credential-made-up: no login, exit"),
    "answers behind other words": (
        """echo warning; echo '{"Username":"u","Secret":"made-up-secret"}'; echo locked >&2; exit 1""",
        "docker-credential-made-up: locked",
    ),
    "answers elsewhere": (
        """echo '{"Username":"u","Secret":"made-up-secret"}' >&2; exit 1""",
        "docker-credential-made-up: no login, exit code 1",
    ),
    "is ended by a signal": ("kill -9 $$", "docker-credential-made-up: no login, exit code -9"),
}


@PROGRAMS
@pytest.mark.parametrize("case", HELPERS)
@pytest.mark.parametrize("references", [(), ("team/app", "team/other")])
def test_helpers_that_tell_no_login(
    home: Home, registries: respx.MockRouter, case: str, references: tuple[str, ...]
) -> None:
    """The access token breaks with what the helper said, nothing is asked without a login, and no output is shown."""
    script, words = HELPERS[case]
    home.write({"credHelpers": {HOST: "made-up"}})
    home.helper(f"cat >/dev/null\n{script}")
    (chosen,) = choose(["docker-config"], home.environ, [MY])
    target = Target(MY, chosen.identity, tuple(Reference.parse(text) for text in references))
    (seen,) = Run(NoNetwork(home.environ)).check([target])
    broken = [seen.at(rung) for rung in seen.broken()]
    assert len(broken) == max(1, len(references))
    for observation in broken:
        assert getattr(observation, "trouble", None) is Trouble.UNAVAILABLE
        assert words in getattr(observation, "text", "")
    assert not registries.routes[HOST].called
    assert seen.credential.kind is Kind.STORED
    assert "made-up-secret" not in seen.to_json()


def test_a_helper_that_is_not_there(home: Home, registries: respx.MockRouter) -> None:
    """A helper that is missing, or lies in the current folder only, breaks the access token in docker's own words."""
    home.write({"credsStore": "made-up", "auths": {HOST: {}}})
    (seen,) = climb(home.environ, MY)
    assert seen.access_token is not None
    assert seen.access_token.text == "docker-credential-made-up: executable file not found in $PATH"
    assert not registries.routes[HOST].called


@PROGRAMS
def test_a_helper_of_the_current_folder(
    home: Home, registries: respx.MockRouter, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A program of the folder that pytest runs in is not run, even where the PATH leads there."""
    home.write({"credHelpers": {HOST: "made-up"}})
    home.helper(f"touch {home.root}/ran")
    monkeypatch.chdir(home.root / "bin")
    climb({**home.environ, "PATH": f".{os.pathsep}{home.root}/bin"}, MY)
    assert not (home.root / "ran").exists()


@PROGRAMS
def test_a_helper_that_does_not_end(home: Home, registries: respx.MockRouter) -> None:
    """A helper has the limit of one peer; then it is ended, with what it started."""
    home.write({"credHelpers": {HOST: "made-up"}})
    home.helper("sleep 600 & wait")
    (seen,) = climb(home.environ, MY, timeout=9.0)
    assert seen.access_token is not None
    assert seen.access_token.trouble is Trouble.UNAVAILABLE
    assert seen.access_token.text == "docker-credential-made-up did not end in time"
    # Whoever read its output is through only when nobody is left who could write to it.
    for reader in [thread for thread in threading.enumerate() if thread.name == "acrauth-program"]:
        reader.join(10)
        assert not reader.is_alive()


@PROGRAMS
def test_a_helper_that_never_stops_talking(home: Home, registries: respx.MockRouter) -> None:
    """What a helper prints is read to a bound, whatever it goes on to print."""
    home.write({"credHelpers": {HOST: "made-up"}})
    home.helper("exec yes made-up")
    (seen,) = climb(home.environ, MY, timeout=9.0)
    assert seen.access_token is not None
    assert seen.access_token.trouble is Trouble.UNAVAILABLE
    assert seen.access_token.text.startswith("docker-credential-made-up: made-up made-up")
    assert len(seen.to_json()) < 10_000
