"""No secret of the world reaches anything that is printed or written, whatever breaks and however loud the run."""

from __future__ import annotations

import base64

import pytest
from canaries import LOUD, SPILL, TAKE, search
from conftest import Inner

from pytest_acrauth.emulator import SCENARIOS


@pytest.fixture
def spilling(inner: Inner) -> Inner:
    """Deliver inner runs whose tests print, log, record and raise the secrets."""
    inner.pytester.makeconftest(TAKE)
    inner.pytester.makepyfile(SPILL)
    return inner


@pytest.mark.broad(of=60)
@pytest.mark.parametrize("scenario", SCENARIOS)
def test_every_scenario(spilling: Inner, scenario: str) -> None:
    """Terminal and JUnit file hold no secret in any spelling, and no token."""
    result = spilling.emulate(scenario, *LOUD, "--junitxml=junit.xml", "--acr-repository", "team/app:latest")
    assert "test_spills" in result.stdout.str()
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    search(spilling.pytester.path, result)


@pytest.mark.broad(of=4)
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


def test_a_property_of_the_whole_run(inner: Inner, clean_environment: pytest.MonkeyPatch) -> None:
    """What a fixture records of the run stands masked in the JUnit file, and what is no secret as it is."""
    clean_environment.setenv("ACR_USERNAME", "puller")
    clean_environment.setenv("ACR_PASSWORD", "a-password-to-be-found")
    inner.pytester.makepyfile(
        """
        import os

        def test_it(record_testsuite_property):
            record_testsuite_property("used", os.environ["ACR_PASSWORD"])
            record_testsuite_property("architecture", "PPC")
        """
    )
    inner.run("--acr-registry", "myacr", "--junitxml=junit.xml", "-k", "test_it")
    text = (inner.pytester.path / "junit.xml").read_text(encoding="utf-8")
    assert "a-password-to-be-found" not in text
    assert '<property name="used" value="***"' in text
    assert '<property name="architecture" value="PPC"' in text


def test_lines_of_a_log_that_is_shown_at_once(inner: Inner, clean_environment: pytest.MonkeyPatch) -> None:
    """What other code logs is clean on the terminal and in the log's own file, the value with its user name as well."""
    clean_environment.setenv("ACR_USERNAME", "puller")
    clean_environment.setenv("ACR_PASSWORD", "a-password-to-be-found")
    inner.pytester.makepyfile(
        """
        import base64, logging, os

        def test_it():
            password = os.environ["ACR_PASSWORD"]
            basic = base64.b64encode(f"puller:{password}".encode())
            said = "headers=[(b'X-Said', b'%s'), (b'X-Basic', %r)]"
            logging.getLogger("httpcore.http11").debug(said, password, basic)
        """
    )
    logs = ("-o", "log_cli=true", "--log-cli-level=DEBUG", "--log-file=log.txt", "--log-file-level=DEBUG")
    result = inner.run("--acr-registry", "myacr", *logs, "-k", "test_it")
    for text in (result.stdout.str(), (inner.pytester.path / "log.txt").read_text(encoding="utf-8")):
        assert "(b'X-Said', b'***')" in text
        assert "a-password-to-be-found" not in text
        assert base64.b64encode(b"puller:a-password-to-be-found").decode() not in text


@pytest.mark.thorough
def test_a_fleet_with_a_password_for_each(spilling: Inner) -> None:
    """Two hundred registries, each with a login of its own that a test prints: no output holds any of them."""
    spilling.pytester.makepyfile(
        """
        import json
        from pathlib import Path

        def login(acr, request):
            from pytest_acrauth.plugin.climbing.stash import CLIMBS
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


def test_a_comparison_that_fails(inner: Inner, clean_environment: pytest.MonkeyPatch) -> None:
    """As pytest shows it without an option, shortened; no piece of a password is printed or kept."""
    password = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFGHIJ"
    clean_environment.setenv("ACR_USERNAME", "myacr")
    clean_environment.setenv("ACR_PASSWORD", password)
    inner.pytester.makepyfile("import os\n\ndef test_it(acr): assert os.environ['ACR_PASSWORD'] == 'x'")
    result = inner.run("--acr-registry=myacr", "--acr-checks=none", "--junitxml=out.xml", "--acr-timeout=1")
    result.stdout.fnmatch_lines(["*assert '[*][*][*]...[*][*][*]' == 'x'"])
    printed = result.stdout.str() + (inner.pytester.path / "out.xml").read_text("utf-8")
    assert not [
        password[place : place + 8] for place in range(len(password) - 7) if password[place : place + 8] in printed
    ]
