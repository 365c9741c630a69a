"""No secret of the world reaches anything that is printed or written, whatever breaks and however loud the run."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from conftest import Inner

from pytest_acrauth.emulator import SCENARIOS

LOUD = ("-vv", "--showlocals", "--full-trace", "--log-level=DEBUG", "-rA")

# The environment's secrets are planted where a user's own tests, and the network, would spill them.
SPILL = """
import logging
import warnings
from base64 import b64encode
from urllib.parse import quote

import pytest

@pytest.fixture
def credential(acr, request):
    from pytest_acrauth.auth import variables
    from pytest_acrauth.plugin import CLIMBS
    environ = request.config.stash[CLIMBS].plan.machine.environ
    found = [environ[name] for name in variables(acr.target.identity)][-2:]
    return found or pytest.skip("this identity has no secret")

@pytest.mark.acr_ready
def test_marked():
    pass

def test_requires(acr):
    acr.require("repository:team/app:pull")

def test_permissions(acr):
    assert acr.permissions("team/app") == {"everything"}

def test_spills(credential, record_property):
    who, secret = credential
    basic = b64encode(f"{who}:{secret}".encode()).decode()
    record_property("secret", secret)
    print(secret, quote(secret, safe=""), basic)
    warnings.warn(f"{secret} is no place for a secret")
    logging.getLogger("mine").warning("%s %s", secret, basic)
    headers = {"Authorization": f"Basic {basic}", "text": secret}
    raise ValueError(f"{secret} {headers}")
"""
TAKE = """
import json
import shutil
import pytest
from pytest_acrauth.plugin.distribution import FOLDER
from pytest_acrauth.plugin.emulation import EMULATOR

@pytest.hookimpl(optionalhook=True, trylast=True)
def pytest_xdist_node_collection_finished(node):
    shutil.copytree(node.workerinput[FOLDER], node.config.rootpath / "exchanged", dirs_exist_ok=True)

def pytest_sessionfinish(session):
    emulator = session.config.stash.get(EMULATOR, None)
    if emulator is None:
        return
    cloud = emulator.world.cloud
    secrets = [value for name, value in emulator.environ.items() if name.endswith(("SECRET", "PASSWORD"))]
    secrets += [each.value for application in cloud.applications.values() for each in application.secrets]
    for registry in cloud.registries.values():
        secrets += registry.admin_passwords
        secrets += [each.value for token in registry.tokens.values() for each in token.passwords]
    (session.config.rootpath / "planted.json").write_text(json.dumps([text for text in secrets if text]))
"""


@pytest.fixture
def spilling(inner: Inner) -> Inner:
    """Deliver inner runs whose tests print, log, record and raise the secrets."""
    inner.pytester.makeconftest(TAKE)
    inner.pytester.makepyfile(SPILL)
    return inner


def forms(secret: str) -> Iterator[str]:
    """Return the spellings in which a secret could be found again."""
    yield from (secret, quote(secret, safe=""), base64.b64encode(secret.encode()).decode().rstrip("="))


def search(folder: Path, result: pytest.RunResult) -> None:
    """Search everything that a run printed and wrote."""
    planted = json.loads((folder / "planted.json").read_text())
    assert len(set(planted)) >= 3
    places = {"stdout": result.stdout.str(), "stderr": result.stderr.str()}
    places |= {str(path): path.read_text() for path in folder.glob("exchanged/*")}
    places |= {str(path): path.read_text() for path in folder.glob("*.xml")}
    for place, text in places.items():
        for secret in planted:
            assert not [form for form in forms(secret) if form in text], place
        assert "eyJ" not in text, place  # how every token begins


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_every_scenario(spilling: Inner, scenario: str) -> None:
    """Terminal and JUnit file hold no secret in any spelling, and no token."""
    result = spilling.emulate(scenario, *LOUD, "--junitxml=junit.xml", "--acr-repository", "team/app:latest")
    assert "test_spills" in result.stdout.str()
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    search(spilling.pytester.path, result)


@pytest.mark.parametrize("scenario", ["healthy", "exchange-no-role", "data-redirect-foreign", "admin-user-disabled"])
def test_workers(spilling: Inner, scenario: str) -> None:
    """What workers print, and the files through which they get the transcripts, hold none either."""
    result = spilling.emulate(scenario, *LOUD, "--junitxml=junit.xml", "-n", "2")
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    assert list(spilling.pytester.path.glob("exchanged/records.json"))
    search(spilling.pytester.path, result)


def test_a_collection_error(inner: Inner, clean_environment: pytest.MonkeyPatch) -> None:
    """A test file that fails with a secret in its hand shows a mask."""
    clean_environment.setenv("ACR_USERNAME", "puller")
    clean_environment.setenv("ACR_PASSWORD", "a-password-to-be-found")
    inner.pytester.makepyfile("import os; raise ValueError(os.environ['ACR_PASSWORD'])")
    result = inner.run("--acr-registry", "myacr", "--showlocals", "--full-trace")
    result.stdout.fnmatch_lines(["*ValueError: [*][*][*]"])
    assert "a-password-to-be-found" not in result.stdout.str()


def test_a_fleet_with_a_password_for_each(spilling: Inner) -> None:
    """Two hundred registries, each with a login of its own that a test prints: no output holds any of them."""
    spilling.pytester.makepyfile(
        """
        import json
        from pathlib import Path

        def login(acr, request):
            from pytest_acrauth.plugin import CLIMBS
            environ = request.config.stash[CLIMBS].plan.machine.environ
            kept = json.loads((Path(environ["DOCKER_CONFIG"]) / "config.json").read_text())
            return kept["auths"][acr.login_server]

        def test_prints_its_login(acr, request):
            entry = login(acr, request)
            print(entry)
            assert entry == {}, entry
        """
    )
    names = ",".join(f"fleet{number:03}" for number in range(200))
    result = spilling.run(
        "--acr-registry", names, "--acr-emulate", "healthy", "--acr-auth", "docker-config", "-vv", "-l"
    )
    result.assert_outcomes(failed=200, passed=1000)
    search(spilling.pytester.path, result)
