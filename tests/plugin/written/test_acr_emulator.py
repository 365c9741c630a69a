"""The fixture ``acr_emulator``: a small Azure for other people's tests."""

from __future__ import annotations

import pytest
from conftest import Inner


def test_own_code_against_failure_modes(inner: Inner) -> None:
    """Each test gets a healthy emulator of its own, and can break it by a failure mode's id."""
    inner.pytester.makepyfile(
        """
        import ssl
        import httpx
        import pytest

        def login(emulator):
            environ = emulator.environ
            context = ssl.create_default_context(cadata=emulator.ca_pem)
            url = f"https://login.microsoftonline.com/{environ['AZURE_TENANT_ID']}/oauth2/v2.0/token"
            form = {
                "grant_type": "client_credentials",
                "client_id": environ["AZURE_CLIENT_ID"],
                "client_secret": environ["AZURE_CLIENT_SECRET"],
                "scope": "https://containerregistry.azure.net/.default",
            }
            with httpx.Client(proxy=emulator.proxy_url, verify=context) as client:
                return client.post(url, data=form)

        @pytest.mark.parametrize("turn", [1, 2])
        def test_healthy_then_expired(acr_emulator, turn):
            assert login(acr_emulator).status_code == 200
            acr_emulator.apply("entra-sp-secret-expired")
            answer = login(acr_emulator)
            assert answer.status_code == 401
            assert answer.json()["error_codes"] == [7000222]
            assert [request.status for request in acr_emulator.requests] == [200, 401]
        """
    )
    inner.run("-W", "error").assert_outcomes(passed=2)


def test_without_a_registry_it_activates_nothing(inner: Inner) -> None:
    """Using the emulator in tests configures no registry: no check is collected, no header printed."""
    inner.pytester.makepyfile("def test_own(acr_emulator):\n    assert acr_emulator.world.cloud.registries")
    result = inner.run()
    assert result.ret == pytest.ExitCode.OK
    assert "acr:" not in result.stdout.str()


def test_a_misspelt_scenario_is_shown_where_it_is_misspelt(inner: Inner) -> None:
    """The test's line and the message, and no frame of this package."""
    inner.pytester.makepyfile("def test_it(acr_emulator):\n    acr_emulator.apply('no-such-world')\n")
    result = inner.run()
    result.assert_outcomes(failed=1)
    printed = result.stdout.str()
    assert "'no-such-world' is no scenario; close to it:" in printed
    assert "pytest_acrauth/" not in printed.partition("FAILURES")[2].partition("short test summary")[0]


def test_a_bad_sequence_is_shown_where_it_is_bad(inner: Inner) -> None:
    """The test's line and the message, and no frame of this package."""
    inner.pytester.makepyfile(
        """
        def test_unknown(acr_emulator):
            acr_emulator.sequence(["no-such-world", "healthy"])

        def test_bad(acr_emulator):
            acr_emulator.apply("client-docker-missing", times=1)

        def test_twice(acr_emulator):
            acr_emulator.apply("exchange-throttled", times=1)
            acr_emulator.apply("exchange-no-role")
        """
    )
    result = inner.run()
    result.assert_outcomes(failed=3)
    printed = result.stdout.str()
    for words in ("'no-such-world' is no scenario", "client-docker-missing: what this", "a sequence is going on: 1"):
        assert words in printed
    assert "pytest_acrauth/" not in printed.partition("FAILURES")[2].partition("short test summary")[0]
