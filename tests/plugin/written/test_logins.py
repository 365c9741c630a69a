"""What a test does with the registry under test: ask for more, log programs in, send requests of its own."""

from __future__ import annotations

import pytest
from conftest import Inner

NO_CHECKS = ("--acr-checks", "none")
ASKED = """
    import pytest
    from pytest_acrauth.plugin.commands.emulation import EMULATOR

    @pytest.fixture
    def asked(request):
        emulator = request.config.stash[EMULATOR]
        return lambda: [(each.host, each.method, each.path) for each in emulator.requests]

    @pytest.fixture
    def emulator(request):
        return request.config.stash[EMULATOR]
"""


@pytest.mark.parametrize("auth", ["service-principal", "docker-config", "admin:ACR_ADMIN", "azure-cli"])
def test_a_question_costs_one_request(inner: Inner, auth: str) -> None:
    """In the process that climbed, another scope is one request for an access token: nobody signs in again."""
    inner.pytester.makeconftest(ASKED)
    inner.pytester.makepyfile(
        """
        def test_scopes(acr, asked):
            acr.require()
            before = len(asked())
            acr.require("repository:team/app:pull")
            assert "pull" in acr.permissions("team/app")
            assert [path for _, _, path in asked()[before:]] == ["/oauth2/token"] * 2
        """
    )
    inner.emulate("healthy", "--acr-auth", f"it={auth}", *NO_CHECKS).assert_outcomes(passed=1)


def test_what_is_missing_is_explained_by_the_same_evidence(inner: Inner) -> None:
    """One fault, one id: the check beside it, a scope, a marker; and the roles are looked up once for the climb."""
    inner.pytester.makeconftest(ASKED)
    inner.pytester.makepyfile(
        """
        import pytest

        SCOPE = "repository:team/app:pull"

        def test_require(acr):
            acr.require(SCOPE)

        @pytest.mark.acr_ready(scope=SCOPE)
        def test_marked():
            pass

        def test_looked(asked):
            hosts = [host for host, _, path in asked() if "roleAssignments" in path]
            assert len(hosts) == 1
        """
    )
    result = inner.emulate("abac-condition-excludes-repo", "--acr-repository", "team/app")
    failed = [line for line in result.outlines if line.startswith("FAILED ")]
    assert len(failed) == 3
    assert all(" - abac-condition-excludes-repo: " in line for line in failed)


def test_a_refresh_token_that_ended_is_renewed(inner: Inner) -> None:
    """The identity signs in again then, once, and the answer is right."""
    inner.pytester.makeconftest(ASKED)
    inner.pytester.makepyfile(
        """
        def test_later(acr, asked, emulator):
            acr.require()
            real = emulator.world.cloud.clock
            emulator.world.cloud.clock = lambda: real() + 4 * 3600
            before = len(asked())
            assert "pull" in acr.permissions("team/app")
            again = [path for _, _, path in asked()[before:]]
            assert again.count("/oauth2/exchange") == 1
        """
    )
    inner.emulate("healthy", *NO_CHECKS).assert_outcomes(passed=1)


def test_a_worker_signs_in_once(inner: Inner) -> None:
    """Whatever it asks: it holds no secrets of the controller's."""
    inner.pytester.makepyfile(
        """
        def test_scopes(acr):
            acr.require("repository:team/app:pull")
            run = acr._climbs.run
            (kept,) = run._signed_in.values()
            assert "pull" in acr.permissions("team/multi")
            assert acr.login().password == kept.refresh_token.reveal()
        """
    )
    inner.emulate("healthy", "-n", "1", *NO_CHECKS).assert_outcomes(passed=1)


@pytest.mark.parametrize("auth", ["service-principal", "docker-config", "admin:ACR_ADMIN", "basic:ACR_SP"])
def test_a_client_of_ones_own(inner: Inner, auth: str) -> None:
    """It has the scope's token, and reaches the registry as the climb did."""
    inner.pytester.makepyfile(
        """
        import httpx
        import pytest

        def test_tags(acr):
            with acr.client("repository:team/app:pull,metadata_read") as client:
                answer = client.get("/v2/team/app/tags/list")
                assert answer.json()["tags"] == ["latest"]
                manifest = client.get("/v2/team/app/manifests/latest", headers={"Accept": "*/*"})
                assert manifest.status_code == 200
                blob = client.get(f"/v2/team/app/blobs/{manifest.json()['config']['digest']}", follow_redirects=True)
                assert blob.status_code == 200
                assert blob.url.host != acr.login_server
                assert "authorization" not in blob.request.headers
                with pytest.raises(httpx.UnsupportedProtocol):
                    client.get(f"http://{acr.login_server}/v2/")
                with pytest.raises(httpx.NetworkError, match="no-such-name.azurecr.io"):
                    client.get("https://no-such-name.azurecr.io/v2/")
        """
    )
    inner.emulate("healthy", "--acr-auth", f"it={auth}", *NO_CHECKS).assert_outcomes(passed=1)


def test_no_client_without_the_right(inner: Inner) -> None:
    """Asking for more than there is fails with the explanation."""
    inner.pytester.makepyfile("def test_push(acr): acr.client('repository:team/app:push')")
    result = inner.emulate("healthy", *NO_CHECKS)
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["FAILED * - scope-not-granted: *push*"])


def test_logins_of_programs(inner: Inner) -> None:
    """A docker configuration of one's own holds the login, for nobody else to read, and replaces none."""
    inner.pytester.makepyfile(
        """
        import base64, json, stat
        import pytest

        def test_config(acr, tmp_path):
            user, password = acr.login()
            folder = acr.docker_config(tmp_path / "docker")
            assert stat.S_IMODE(folder.stat().st_mode) == 0o700
            file = folder / "config.json"
            assert stat.S_IMODE(file.stat().st_mode) == 0o600
            (kept,) = json.loads(file.read_text())["auths"].items()
            assert kept[0] == acr.login_server
            assert base64.b64decode(kept[1]["auth"]).decode() == f"{user}:{password}"
            with pytest.raises(FileExistsError):
                acr.docker_config(folder)
            assert password not in repr(acr.login())
        """
    )
    for auth in ("service-principal", "admin:ACR_ADMIN", "docker-config"):
        inner.emulate("healthy", "--acr-auth", f"it={auth}", *NO_CHECKS).assert_outcomes(passed=1)


def test_a_password_is_masked_where_a_test_shows_it(inner: Inner) -> None:
    """What a failing test prints of a login holds no secret."""
    inner.pytester.makepyfile(
        """
        def test_shown(acr, tmp_path):
            login = acr.login()
            print("ref" + "resh", login.password)
            print((acr.docker_config(tmp_path / "d") / "config.json").read_text())
            assert login.password == ""
        """
    )
    result = inner.emulate("healthy", "-vv", "--showlocals", *NO_CHECKS)
    result.assert_outcomes(failed=1)
    printed = result.stdout.str()
    assert "eyJ" not in printed
    assert "refresh ***" in printed


def test_nobody_has_no_login(inner: Inner) -> None:
    """An anonymous identity is told so."""
    inner.pytester.makepyfile("def test_login(acr): acr.login()")
    result = inner.emulate("anonymous-pull", *NO_CHECKS)
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*anonymous has no login: it asks without a credential*"])
