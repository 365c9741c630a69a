"""``acr_ready``: fails a test before its fixtures, with the explanation, unless the registry is ready."""

from __future__ import annotations

import pytest
from conftest import Inner

NO_CHECKS = ("--acr-checks", "none")
FIXTURE = """
import pytest

@pytest.fixture
def costly():
    raise RuntimeError("set up although the registry is not ready")
"""


def test_not_ready_is_a_failure_before_any_fixture(inner: Inner) -> None:
    """The test is FAILED, not ERROR, with the explanation, and its fixtures are not set up."""
    inner.pytester.makepyfile(
        FIXTURE
        + """
@pytest.mark.acr_ready
def test_marked(costly):
    pass
"""
    )
    result = inner.emulate("entra-sp-secret-expired", *NO_CHECKS)
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["entra-sp-secret-expired: *", "What to do", "FAILED *::test_marked - entra-sp-*"])
    assert "set up although" not in result.stdout.str()


def test_ready_runs_the_test(inner: Inner) -> None:
    """A ready registry leaves the test and its fixtures alone."""
    inner.pytester.makepyfile(
        """
        import pytest

        @pytest.fixture
        def number():
            return 7

        @pytest.mark.acr_ready(scope="repository:team/app:pull")
        def test_marked(number):
            assert number == 7
        """
    )
    inner.emulate("healthy", *NO_CHECKS).assert_outcomes(passed=1)


def test_all_kinds_of_tests(inner: Inner) -> None:
    """Methods, classes with their own set-up, and unittest cases fail in the same way, as often as they run."""
    inner.pytester.makepyfile(
        """
        import unittest
        import pytest

        pytestmark = pytest.mark.acr_ready

        class TestMethods:
            def setup_method(self):
                raise RuntimeError

            @pytest.mark.parametrize("number", range(2))
            def test_method(self, number):
                pass

        class Case(unittest.TestCase):
            def setUp(self):
                raise RuntimeError

            def test_case(self):
                pass
        """
    )
    result = inner.emulate("entra-sp-secret-expired", *NO_CHECKS)
    result.assert_outcomes(failed=3)
    assert "RuntimeError" not in result.stdout.str()


def test_skip_and_xfail_come_first(inner: Inner) -> None:
    """A skipped test stays skipped, and an expected failure stays one."""
    inner.pytester.makepyfile(
        """
        import pytest

        @pytest.mark.acr_ready
        @pytest.mark.skip
        def test_skipped():
            pass

        @pytest.mark.acr_ready
        @pytest.mark.xfail
        def test_expected():
            pass
        """
    )
    inner.emulate("entra-sp-secret-expired", *NO_CHECKS).assert_outcomes(skipped=1, xfailed=1)


def test_without_parameter_every_target_counts(inner: Inner) -> None:
    """A test without ``acr`` is about every configured target."""
    inner.pytester.makepyfile(
        """
        import pytest

        @pytest.mark.acr_ready
        def test_marked():
            pass
        """
    )
    identities = ("--acr-auth", "service-principal,anonymous")
    result = inner.emulate("anonymous-pull-disabled", *identities, *NO_CHECKS)
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*anonymous*"])


def test_with_parameter_its_own_target_counts(inner: Inner) -> None:
    """A test with ``acr`` is about the target it runs for."""
    inner.pytester.makepyfile(
        """
        import pytest

        @pytest.mark.acr_ready
        def test_marked(acr):
            assert acr.target.identity.name == "service-principal"
        """
    )
    identities = ("--acr-auth", "service-principal,anonymous")
    inner.emulate("healthy", *identities, *NO_CHECKS).assert_outcomes(passed=1, failed=1)


def test_a_registry_by_name(inner: Inner) -> None:
    """A marker may be about one registry, by its name or its login server, with all its identities."""
    inner.pytester.makepyfile(
        """
        import pytest

        @pytest.mark.acr_ready(registry="otheracr")
        def test_name():
            pass

        @pytest.mark.acr_ready(registry="OTHERACR.azurecr.io")
        def test_login_server():
            pass

        @pytest.mark.acr_ready(registry="myacr")
        def test_the_other():
            pass
        """
    )
    gone = ("--acr-repository", "otheracr.azurecr.io/team/gone", "--acr-registry", "otheracr")
    result = inner.emulate("healthy", *gone, *NO_CHECKS)
    result.assert_outcomes(failed=2, passed=1)


def test_a_scope_that_is_not_granted(inner: Inner) -> None:
    """A marker with a scope fails the test when the registry does not grant it."""
    inner.pytester.makepyfile(
        FIXTURE
        + """
@pytest.mark.acr_ready(scope="repository:team/app:push")
def test_marked(costly):
    pass
"""
    )
    result = inner.emulate("healthy", *NO_CHECKS)
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["scope-not-granted: *"])


def test_several_markers_all_count(inner: Inner) -> None:
    """A class's marker and a test's own are both decided."""
    inner.pytester.makepyfile(
        """
        import pytest

        @pytest.mark.acr_ready(scope="repository:team/app:push")
        class TestPush:
            @pytest.mark.acr_ready(scope="repository:team/app:pull")
            def test_marked(self):
                pass
        """
    )
    inner.emulate("healthy", *NO_CHECKS).assert_outcomes(failed=1)


@pytest.mark.parametrize(
    ("mark", "words"),
    [
        ("regsitry='myacr'", "*acr_ready(regsitry='myacr'): it takes registry=*, identity=* and scope=*, by name*"),
        ("'myacr'", "*acr_ready('myacr'): it takes registry=*, identity=* and scope=*, by name*"),
        ("registry='abcd'", "*acr_ready: 'abcd' is no registry name: 5 to 50 letters and digits*"),
        ("registry='my acr.azurecr.io'", "*'my acr.azurecr.io' is no login server*"),
        ("registry=7", "*registry=7 is no text*"),
        ("scope='team/app'", "*'team/app' is not repository:NAME:ACTIONS*"),
        ("scope='repository:team/app:pul'", "*unknown action 'pul'; choose from pull, push*"),
    ],
)
def test_a_misspelt_argument_fails_that_test(inner: Inner, mark: str, words: str) -> None:
    """A marker that cannot be meant fails its test before the fixtures, naming value and choices; others run."""
    inner.pytester.makepyfile(
        FIXTURE
        + f"""
@pytest.mark.acr_ready({mark})
def test_marked(costly):
    pass

def test_other():
    pass
"""
    )
    result = inner.emulate("healthy", *NO_CHECKS)
    result.assert_outcomes(failed=1, passed=1)
    result.stdout.fnmatch_lines([words])


@pytest.mark.parametrize(
    ("registry", "words"),
    [
        ("elsewhere", "this run does not check elsewhere, but myacr.azurecr.io"),
        ("mycar", "this run does not check mycar, but myacr.azurecr.io; did you mean myacr?"),
        ("otheracr.azurecr.io", "this run does not check otheracr.azurecr.io, but myacr.azurecr.io"),
    ],
)
def test_a_registry_that_is_not_checked(inner: Inner, registry: str, words: str) -> None:
    """It skips the test with that reason, and near misses are suggested; or fails it, if missing ones are errors."""
    inner.pytester.makepyfile(
        f"""
        import pytest

        @pytest.mark.acr_ready(registry={registry!r})
        def test_marked():
            pass

        def test_asked(acr):
            acr.of({registry!r}).require()
        """
    )
    result = inner.emulate("healthy", "-rs", *NO_CHECKS)
    result.assert_outcomes(skipped=2)
    assert len([line for line in result.outlines if line.startswith("SKIPPED") and line.endswith(words)]) == 2
    result.stdout.fnmatch_lines(["*Azure Container Registry*", f"skipped, 2 tests: {words}"])
    strict = inner.emulate("healthy", "--acr-on-missing", "error", *NO_CHECKS)
    strict.assert_outcomes(failed=2)
    assert len([line for line in strict.outlines if line.startswith("FAILED ") and words[:40] in line]) == 2


def test_an_identity_by_name(inner: Inner) -> None:
    """A marker is about the identity that it names, at its registry or at all; an unknown one is left out."""
    inner.pytester.makepyfile(
        """
        import pytest

        @pytest.mark.acr_permissions("team/app", must="pull,push", identity="builder")
        @pytest.mark.acr_permissions("team/app", must="pull", must_not="push", identity="puller", registry="myacr")
        def test_each():
            pass

        @pytest.mark.acr_ready(identity="buidler")
        def test_nobody():
            pass

        @pytest.mark.acr_ready(identity=7)
        def test_no_text():
            pass

        def test_both(acr):
            names = {acr.of(identity=name).target.identity.name for name in ("builder", "puller")}
            assert names == {"builder", "puller"}
        """
    )
    who = ("--acr-auth", "builder=service-principal", "--acr-auth", "puller=scope-map-token:ACR_PULLER")
    result = inner.emulate("permission-excess", "-rs", "--acr-repository", "team/app", *who, *NO_CHECKS)
    result.assert_outcomes(passed=3, skipped=1, failed=1)
    result.stdout.fnmatch_lines(
        ["SKIPPED*this run does not check as buidler, but as builder, puller; did you mean builder[?]"]
    )


def test_another_registry_of_the_run(inner: Inner) -> None:
    """A test asks another registry as the same identity, by any of its names."""
    inner.pytester.makepyfile(
        """
        import pytest

        @pytest.mark.parametrize("name", ["otheracr", "OtherAcr.azurecr.io"])
        def test_other(acr, name):
            other = acr.of(name)
            assert other.login_server == "otheracr.azurecr.io"
            assert other.target.identity == acr.target.identity
            other.require("repository:team/app:pull")
        """
    )
    result = inner.emulate("healthy", "--acr-registry", "otheracr", *NO_CHECKS)
    result.assert_outcomes(passed=4)


def test_a_client_alone_guards_nothing(inner: Inner) -> None:
    """Where only a client is checked, what needs a registry is skipped as without one, and nothing passes unseen."""
    inner.pytester.makepyfile(
        """
        import pytest

        @pytest.mark.acr_ready
        def test_any():
            pass

        @pytest.mark.acr_ready(registry="myacr")
        def test_one():
            pass

        @pytest.mark.acr_permissions("team/app", must="pull")
        def test_rights():
            pass

        @pytest.mark.acr_expect("network-shut-out")
        def test_shut():
            pass

        def test_asks(acr):
            pass
        """
    )
    run = ("--acr-client", "docker", *NO_CHECKS)
    result = inner.run("-rs", *run)
    result.assert_outcomes(skipped=5)
    assert result.stdout.str().count("no registry is configured") == 5
    assert "_acr_target" not in result.stdout.str()
    inner.run("--acr-on-missing", "error", *run).assert_outcomes(failed=4, errors=1)


def test_missing_registry_is_a_skip(inner: Inner) -> None:
    """Without a registry a marked test is skipped rather than passed unseen, or fails if asked to."""
    inner.pytester.makepyfile(
        """
        import pytest

        @pytest.mark.acr_ready
        def test_marked():
            pass
        """
    )
    result = inner.run("-rs")
    result.assert_outcomes(skipped=1)
    result.stdout.fnmatch_lines(["SKIPPED *no registry is configured*"])
    inner.run("--acr-on-missing", "error").assert_outcomes(failed=1)


def test_a_misspelt_argument_fails_without_registry_too(inner: Inner) -> None:
    """An argument that does not exist is found before anything is configured."""
    inner.pytester.makepyfile(
        """
        import pytest

        @pytest.mark.acr_ready(regsitry="myacr")
        def test_marked():
            pass
        """
    )
    inner.run().assert_outcomes(failed=1)


def test_a_rerun_asks_again_and_gets_its_fixtures_back(inner: Inner) -> None:
    """When the cause goes away, the rerun sets up the fixtures and runs the test."""
    inner.pytester.makeconftest(
        """
        from pytest_acrauth.plugin.commands.emulation import EMULATOR
        from pytest_acrauth.emulator.world.healthy import healthy_world

        def pytest_report_teststatus(report, config):
            if report.outcome == "rerun":
                config.stash[EMULATOR].world.cloud.assignments[:] = healthy_world().cloud.assignments
        """
    )
    inner.pytester.makepyfile(
        """
        import pytest

        @pytest.fixture
        def number():
            return 7

        @pytest.mark.acr_ready
        def test_marked(number):
            assert number == 7
        """
    )
    result = inner.emulate("exchange-no-role", "--reruns", "1", *NO_CHECKS)
    assert "1 rerun" in result.stdout.str()
    assert result.ret == pytest.ExitCode.OK


def test_markers_are_declared(inner: Inner) -> None:
    """Both markers are declared, so that ``--strict-markers`` accepts them with and without a registry."""
    inner.pytester.makepyfile(
        """
        import pytest

        @pytest.mark.acr_ready
        def test_marked():
            pass
        """
    )
    inner.run("--strict-markers").assert_outcomes(skipped=1)
    inner.run("--markers").stdout.fnmatch_lines(["@pytest.mark.acr: *", "@pytest.mark.acr_ready(*"])


def test_the_line_of_a_mistake_is_the_tests(inner: Inner) -> None:
    """With --tb=line a terminal leads to the test, and not to where in the plugin it failed."""
    inner.pytester.makepyfile("import pytest\n\n@pytest.mark.acr_ready(registri='myacr')\ndef test_it(): pass")
    result = inner.emulate("healthy", "--acr-checks", "none", "--tb=line")
    result.stdout.fnmatch_lines(["test_the_line_of_a_mistake_is_the_tests.py:3: acr_ready(registri='myacr'): it *"])
    result.stdout.no_fnmatch_line("*pytest_acrauth*")


ADDED = """
    import pytest

    @pytest.fixture
    def guarded(request):
        request.node.add_marker(pytest.mark.{mark})

    @pytest.fixture(autouse=True)
    def costly():
        print("set up")

    def test_by_a_fixture(guarded):
        print("never seen")

    def test_by_itself(request):
        request.node.add_marker(pytest.mark.{mark})

    def test_untouched():
        pass
"""


@pytest.mark.parametrize("mark", ["acr_ready", "acr_permissions('team/app', must='push')", "acr_ready(rgistry='a')"])
def test_a_marker_that_is_added_on_the_way_counts(inner: Inner, mark: str) -> None:
    """A guard that is put on late is none that passes unread; whatever comes after it in the test is not run."""
    inner.pytester.makepyfile(ADDED.format(mark=mark))
    result = inner.emulate("exchange-no-role", *NO_CHECKS, registry="myacr,otheracr")
    result.assert_outcomes(failed=2, passed=1)
    assert "never seen" not in result.stdout.str()
    inner.run("-v", "-rs").assert_outcomes(**{"failed" if "rgistry" in mark else "skipped": 2, "passed": 1})


def test_a_marker_that_is_added_and_holds(inner: Inner) -> None:
    """The test goes on, and what was met stands beside what its other markers met."""
    inner.pytester.makepyfile(
        ADDED.format(mark="acr_expect('push-denied', repository='team/app')").replace(
            "def test_by_a", "@pytest.mark.acr_expect('anonymous-pull-off')\n    def test_by_a"
        )
    )
    result = inner.emulate("healthy", *NO_CHECKS, "--junitxml", "junit.xml")
    result.assert_outcomes(passed=3)
    junit = (inner.pytester.path / "junit.xml").read_text(encoding="utf-8")
    assert junit.count('name="acr_expected"') == 3


def test_a_marker_that_is_added_for_another_registry_skips(inner: Inner) -> None:
    """As it does on the test."""
    inner.pytester.makepyfile(ADDED.format(mark="acr_ready(registry='otheracr')"))
    result = inner.emulate("healthy", *NO_CHECKS, "-rs")
    result.assert_outcomes(skipped=2, passed=1)
    result.stdout.fnmatch_lines(["skipped, 2 tests: this run does not check otheracr, but myacr.azurecr.io"])
