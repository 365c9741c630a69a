"""The ``acr`` fixture: one registry under test per configured registry and identity."""

from __future__ import annotations

import pytest
from conftest import Inner, outcomes

NO_CHECKS = ("--acr-checks", "none")


def test_every_target_sorted(inner: Inner) -> None:
    """A test runs once per registry and identity, in the order of their ids."""
    inner.pytester.makepyfile(
        """
        def test_each(acr):
            assert acr.login_server == acr.target.registry.login_server
        """
    )
    identities = ("--acr-auth", "b=service-principal", "--acr-auth", "anonymous")
    result = inner.emulate("healthy", "--acr-registry", "otheracr", *identities, *NO_CHECKS)
    ids = [nodeid.partition("[")[2].rstrip("]") for nodeid in outcomes(result)]
    assert ids == sorted(ids)
    assert set(ids) == {f"{r}.azurecr.io-{who}" for r in ("myacr", "otheracr") for who in ("b", "anonymous")}


def test_delivering_never_fails(inner: Inner) -> None:
    """A registry that is not ready is delivered with its transcript and its diagnoses; only asking for it fails."""
    inner.pytester.makepyfile(
        """
        def test_looks(acr):
            assert not acr.transcript.entra.ok
            assert [found.mode.id for found in acr.diagnoses] == ["entra-sp-secret-expired"]

        def test_requires(acr):
            acr.require()
        """
    )
    result = inner.emulate("entra-sp-secret-expired", *NO_CHECKS)
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(["entra-sp-secret-expired: *", "What to do", "FAILED *::test_requires* - entra-*"])


def test_a_ready_registry(inner: Inner) -> None:
    """A registry that is ready has no diagnosis, and requiring it passes."""
    inner.pytester.makepyfile(
        """
        def test_ready(acr):
            assert acr.diagnoses == ()
            acr.require()
        """
    )
    inner.emulate("healthy", *NO_CHECKS).assert_outcomes(passed=1)


COUNT_ASKED = """
import pytest
from pytest_acrauth.plugin.commands.emulation import EMULATOR

@pytest.fixture
def asked(request):
    emulator = request.config.stash[EMULATOR]
    return lambda: len(emulator.requests)
"""


def test_a_scope_is_asked_live_and_once(inner: Inner) -> None:
    """A scope is asked of the registry at first use, and remembered."""
    inner.pytester.makeconftest(COUNT_ASKED)
    inner.pytester.makepyfile(
        """
        def test_scope(acr, asked):
            before = asked()
            acr.require("repository:team/app:pull")
            once = asked()
            acr.require("repository:team/app:pull")
            assert before < once == asked()
            acr.require("repository:team/app:pull,metadata_read")
            assert once < asked()
        """
    )
    inner.emulate("healthy", *NO_CHECKS).assert_outcomes(passed=1)


def test_a_scope_that_is_not_granted(inner: Inner) -> None:
    """A scope the registry does not grant fails the test with the explanation."""
    inner.pytester.makepyfile("def test_scope(acr): acr.require('repository:team/app:push')")
    result = inner.emulate("healthy", *NO_CHECKS)
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["scope-not-granted: *push*"])


def test_a_broken_climb_answers_for_every_scope(inner: Inner) -> None:
    """Where no access token can be had at all, that is said, and nobody is asked again."""
    inner.pytester.makeconftest(COUNT_ASKED)
    inner.pytester.makepyfile(
        """
        import pytest

        def test_scope(acr, asked):
            before = asked()
            with pytest.raises(AssertionError, match="entra-sp-secret-expired"):
                acr.require("repository:team/app:pull")
            assert asked() == before
        """
    )
    inner.emulate("entra-sp-secret-expired", *NO_CHECKS).assert_outcomes(passed=1)


@pytest.mark.parametrize(
    ("scope", "words"),
    [
        ("team/app:pull", "repository:NAME:ACTIONS"),
        ("repository:team/app:pul", "unknown action 'pul'; choose from pull, push"),
        ("repository:Team/App:pull", "is no repository reference"),
    ],
)
def test_a_misspelt_scope(inner: Inner, scope: str, words: str) -> None:
    """A text that is no scope is an error of the test's own, naming value and choices."""
    inner.pytester.makepyfile(f"def test_scope(acr): acr.require({scope!r})")
    result = inner.emulate("healthy", *NO_CHECKS)
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines([f"*BadName: *{words}*"])


def test_permissions(inner: Inner) -> None:
    """What an identity may do on a repository is what the issued token grants, for every action there is."""
    inner.pytester.makepyfile(
        """
        def test_permissions(acr):
            granted = acr.permissions("team/app")
            assert isinstance(granted, frozenset)
            assert "pull" in granted and not granted & {"push", "delete"}
        """
    )
    inner.emulate("healthy", *NO_CHECKS).assert_outcomes(passed=1)


def test_permissions_of_one_who_may_push(inner: Inner) -> None:
    """A role that may push shows."""
    inner.pytester.makepyfile("def test_permissions(acr): assert {'pull', 'push'} <= acr.permissions('team/app')")
    inner.emulate("permission-excess", *NO_CHECKS).assert_outcomes(passed=1)


def test_permissions_where_no_token_is_issued(inner: Inner) -> None:
    """Where the registry issues no token the test fails with the explanation, not with an empty set."""
    inner.pytester.makepyfile("def test_permissions(acr): acr.permissions('team/app')")
    result = inner.emulate("entra-sp-secret-expired", *NO_CHECKS)
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["entra-sp-secret-expired: *"])


def test_live_calls_in_workers(inner: Inner) -> None:
    """A worker authenticates by itself when a test asks the registry for more."""
    inner.pytester.makepyfile(
        """
        import pytest

        @pytest.mark.parametrize("number", range(2))
        def test_scope(acr, number):
            acr.require("repository:team/app:pull")
            assert "pull" in acr.permissions("team/app")
        """
    )
    inner.emulate("healthy", "-n", "2", *NO_CHECKS).assert_outcomes(passed=2)


def test_missing_registry_is_a_skip(inner: Inner) -> None:
    """Without a registry a test that uses ``acr`` is skipped, and the reason names the option."""
    inner.pytester.makepyfile("def test_needs(acr): pass")
    result = inner.run("-rs")
    result.assert_outcomes(skipped=1)
    result.stdout.fnmatch_lines(["SKIPPED *no registry is configured: *--acr-registry*PYTEST_ACR_REGISTRY*"])


def test_missing_registry_can_be_an_error(inner: Inner) -> None:
    """With ``--acr-on-missing error`` a missing registry cannot go unnoticed."""
    inner.pytester.makepyfile("def test_needs(acr): pass")
    result = inner.run("--acr-on-missing", "error")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*no registry is configured: *--acr-registry*"])


def test_a_fixture_of_the_users_own(inner: Inner) -> None:
    """A fixture called ``acr`` of the user's own is theirs: not parametrised, and not asked by markers."""
    inner.pytester.makepyfile(
        """
        import pytest

        @pytest.fixture
        def acr():
            return "mine"

        def test_own(acr):
            assert acr == "mine"

        @pytest.mark.acr_ready
        def test_marked(acr):
            assert acr == "mine"
        """
    )
    both = ("--acr-registry", "otheracr", *NO_CHECKS)
    inner.emulate("healthy", *both).assert_outcomes(passed=2)
    inner.emulate("entra-sp-secret-expired", *both).assert_outcomes(passed=1, failed=1)


OVERRIDE = """
import pytest

@pytest.fixture(scope="session")
def acr(acr):
    return acr.login_server

def test_own(acr):
    assert acr.endswith(".azurecr.io")
"""


def test_a_fixture_that_builds_on_ours(inner: Inner) -> None:
    """A fixture that overrides ``acr`` and uses it gets the registry."""
    inner.pytester.makepyfile(OVERRIDE)
    inner.emulate("healthy", *NO_CHECKS).assert_outcomes(passed=1)


@pytest.mark.skipif(pytest.version_tuple < (9, 0), reason="pytest 8 does not see the fixture below the override")
def test_a_fixture_that_builds_on_ours_gets_all(inner: Inner) -> None:
    """A fixture that overrides ``acr`` and uses it gets every target."""
    inner.pytester.makepyfile(OVERRIDE)
    inner.emulate("healthy", "--acr-registry", "otheracr", *NO_CHECKS).assert_outcomes(passed=2)


def test_asked_for_by_name(inner: Inner) -> None:
    """Asked for while a test runs, the fixture delivers the one target there is, and says what to do with several."""
    inner.pytester.makepyfile("def test_own(request): assert request.getfixturevalue('acr').diagnoses == ()")
    inner.emulate("healthy", *NO_CHECKS).assert_outcomes(passed=1)
    result = inner.emulate("healthy", "--acr-registry", "otheracr", *NO_CHECKS)
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        ["*nothing says which of the 2 registries and identities of this run acr is: take it as an argument*"]
    )


@pytest.mark.parametrize(
    ("call", "words"),
    [
        ("acr.require('team/app:pull')", "scope 'team/app:pull' is not repository:NAME:ACTIONS"),
        ("acr.permissions('Team/App')", "'Team/App' is no repository reference"),
        ("acr.client('repository:team/app:pul')", "unknown action 'pul'"),
        ("acr.of('abcd')", "'abcd' is no registry name"),
        ("acr.require(7)", "scope=7 is no text"),
        ("acr.permissions(None)", "repository=None is no text"),
        ("acr.permissions('myacr.azurecr.io/team/app')", "begins with a registry: leave out myacr.azurecr.io/"),
        ("acr.require('repository:myacr.azurecr.io/team/app:pull')", "begins with a registry: leave out myacr.azurecr"),
        ("acr.of(7)", "registry=7 is no text"),
        ("acr.expect(['firewall'])", "name=['firewall'] is no text"),
        ("acr.expect('nothing-known')", "'nothing-known' is no cause, family"),
    ],
)
def test_a_mistake_in_an_argument_is_shown_where_it_is_made(inner: Inner, call: str, words: str) -> None:
    """The test's own line and the message, and no frame of this package."""
    inner.pytester.makepyfile(f"def test_it(acr):\n    {call}\n")
    result = inner.emulate("healthy", "--tb", "long", *NO_CHECKS)
    result.assert_outcomes(failed=1)
    printed = result.stdout.str()
    assert words in printed
    assert f">       {call}" in printed
    assert "pytest_acrauth/" not in printed.partition("FAILURES")[2].partition("short test summary")[0]


@pytest.mark.parametrize(
    "call", ["acr.require()", "acr.require('repository:team/app:pull')", "acr.permissions('team/app')"]
)
def test_a_rerun_asks_again(inner: Inner, call: str) -> None:
    """What the first try was answered is forgotten, whatever it was that asked."""
    inner.pytester.makeconftest(
        """
        from pytest_acrauth.plugin.commands.emulation import EMULATOR
        from pytest_acrauth.emulator.world.healthy import healthy_world

        def pytest_report_teststatus(report, config):
            if report.outcome == "rerun":
                config.stash[EMULATOR].world.cloud.assignments[:] = healthy_world().cloud.assignments
        """
    )
    inner.pytester.makepyfile(f"def test_it(acr):\n    assert {call} is None or 'pull' in {call}\n")
    result = inner.emulate("exchange-no-role", "--reruns", "1", *NO_CHECKS)
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["*1 rerun*"])


def test_a_parameter_of_ones_own_is_no_choice(inner: Inner) -> None:
    """Otherwise a test that means one registry would pass for another one."""
    inner.pytester.makepyfile(
        """
        import pytest

        @pytest.mark.parametrize("acr", ["myacr"], indirect=True)
        def test_one(acr):
            pass
        """
    )
    result = inner.emulate("healthy", "--acr-checks", "none", registry="myacr,otheracr")
    result.assert_outcomes(errors=2)
    result.stdout.fnmatch_lines(["acr takes no parameter, and got 'myacr': it is each registry of the run in turn; *"])


def test_a_unittest_class_among_several_registries(inner: Inner) -> None:
    """What it can use is said, and no frame of ours is shown."""
    inner.pytester.makepyfile(
        """
        import unittest
        import pytest

        class Case(unittest.TestCase):
            @pytest.fixture(autouse=True)
            def take(self, acr):
                self.acr = acr

            def test_one(self):
                pass
        """
    )
    result = inner.emulate("healthy", "--acr-checks", "none", registry="myacr,otheracr")
    result.assert_outcomes(errors=1)
    assert "in a unittest class, which runs once, use the markers" in result.stdout.str()
    assert "_acr_target" not in result.stdout.str()
