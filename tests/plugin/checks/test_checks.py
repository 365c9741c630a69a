"""The built-in checks as test items: what they are called, how they are selected, what a failure reads like."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET

import pytest
from conftest import Inner, outcomes

BASE = "acr::myacr.azurecr.io::service-principal"


def collected(result: pytest.RunResult) -> list[str]:
    """Return the node ids that ``--collect-only -q`` printed."""
    return [line for line in result.outlines if "::" in line]


def test_one_check_per_stage(inner: Inner) -> None:
    """A service principal has one check per stage, in the order of the climb."""
    result = inner.emulate("healthy", "--collect-only", "-qq")
    stages = ("dns", "tcp", "tls", "challenge", "entra", "exchange", "access_token")
    assert collected(result) == [f"{BASE}::{stage}" for stage in stages]


def test_repositories_have_checks_of_their_own(inner: Inner) -> None:
    """With repositories the last three stages exist per reference, as it was given."""
    repositories = "team/app,myacr.azurecr.io/team/multi:latest"
    result = inner.emulate("healthy", "--acr-repository", repositories, "--collect-only", "-qq")
    each = ("access_token", "operation", "data")
    expected = [f"{BASE}::{stage}::{name}" for stage in each for name in ("team/app", "team/multi:latest")]
    assert collected(result)[6:] == expected


def test_no_pull_no_operation(inner: Inner) -> None:
    """Where pull need not be held, neither manifest nor layer is read."""
    result = inner.emulate(
        "healthy", "--acr-repository", "team/app", "--acr-must", "metadata_read", "--collect-only", "-qq"
    )
    assert collected(result)[6:] == [f"{BASE}::access_token::team/app"]


def test_other_flows_have_no_identity_leg(inner: Inner) -> None:
    """Basic and anonymous identities have no entra and no exchange, and appear under their names."""
    result = inner.emulate("healthy", "--acr-auth", "ci=scope-map-token:ACR_PULLER,anonymous", "--collect-only", "-qq")
    stages = ("dns", "tcp", "tls", "challenge", "access_token")
    expected = [f"acr::myacr.azurecr.io::{name}::{stage}" for name in ("ci", "anonymous") for stage in stages]
    assert collected(result) == expected


@pytest.mark.parametrize(
    ("arguments", "number"),
    [
        (("--acr-checks", "auto"), 8),
        (("--acr-checks", "none"), 1),
        (("test_own.py",), 8),
        (("test_own.py::test_own",), 1),
        (("test_own.py::test_own", "--acr-checks", "all"), 8),
        (("test_own.py::test_own", f"{BASE}::dns"), 2),
        ((f"{BASE}::tls", f"{BASE}::tcp"), 2),
        ((BASE,), 7),
        (("-m", "acr"), 7),
        (("-m", "not acr"), 1),
        (("-k", "exchange or own"), 2),
        (("--deselect", f"{BASE}::dns", "--deselect", f"{BASE}::tcp"), 6),
    ],
)
def test_which_checks_are_collected(inner: Inner, arguments: tuple[str, ...], number: int) -> None:
    """Checks join the user's tests unless a single test was named; ids, ``-k``, ``-m`` and ``--deselect`` choose."""
    inner.pytester.makepyfile(test_own="def test_own(): pass")
    result = inner.emulate("healthy", *arguments)
    result.assert_outcomes(passed=number, deselected=result.parseoutcomes().get("deselected", 0))


def test_a_registry_from_elsewhere_adds_no_checks(inner: Inner) -> None:
    """A registry from the environment or the ini file is for tests that ask for it: ``auto`` collects no check."""
    inner.pytester.makeini("[pytest]\nacr_registry = myacr\nacr_emulate = healthy\n")
    inner.pytester.makepyfile("def test_own(acr): acr.require()")
    inner.run("-v").assert_outcomes(passed=1)
    inner.run("-v", "--acr-checks", "all").assert_outcomes(passed=8)
    inner.run("-v", f"{BASE}::dns").assert_outcomes(passed=1)


def test_ids_as_printed_in_a_folder(inner: Inner, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a folder below the root the ids are printed with ``../``, and are taken in both forms."""
    folder = inner.pytester.mkdir("below")
    inner.pytester.makepyfile(**{"below/test_own": "def test_own(): pass"})
    monkeypatch.chdir(folder)
    printed = inner.emulate("healthy", "-rA", "-k", "dns").stdout
    printed.fnmatch_lines([f"PASSED ../{BASE}::dns"])
    for form in (f"../{BASE}::dns", f"{BASE}::dns"):
        inner.emulate("healthy", form).assert_outcomes(passed=1)


def test_a_real_test_may_be_called_acr(inner: Inner) -> None:
    """A folder or file of the user's called acr is theirs."""
    inner.pytester.mkdir("acr").joinpath("test_own.py").write_text("def test_own(): pass")
    inner.emulate("healthy", "acr/test_own.py::test_own").assert_outcomes(passed=1)


def test_checks_come_first_in_their_order(inner: Inner) -> None:
    """Whatever shuffles the tests, the checks stay in the order of the climb and ahead of the others."""
    inner.pytester.makepyfile("def test_own(): pass")
    inner.pytester.makeconftest(
        """
        def pytest_collection_modifyitems(items):
            items.reverse()
        """
    )
    names = [nodeid.rpartition("::")[2] for nodeid in outcomes(inner.emulate("healthy"))]
    assert names == ["dns", "tcp", "tls", "challenge", "entra", "exchange", "access_token", "test_own"]


def test_user_fixtures_and_settings_do_not_touch_checks(inner: Inner) -> None:
    """Autouse fixtures, strict markers and ``filterwarnings = error`` change nothing for the checks."""
    inner.pytester.makeini("[pytest]\naddopts = --strict-markers --strict-config\nfilterwarnings = error\n")
    inner.pytester.makeconftest(
        """
        import pytest

        @pytest.fixture(autouse=True)
        def broken():
            raise RuntimeError

        def pytest_runtest_setup(item):
            assert item.function
        """
    )
    inner.emulate("healthy", "--acr-repository", "team/app").assert_outcomes(passed=9)


def test_the_failure_text(inner: Inner) -> None:
    """A failure begins with its headline, which is also the one line of the summary, without traceback."""
    result = inner.emulate("entra-sp-secret-expired", "-p", "no:xdist", "--full-trace", "--showlocals")
    result.stdout.fnmatch_lines(
        [
            "*myacr.azurecr.io: entra (service-principal)*",
            "entra-sp-secret-expired: *",
            "What to do",
            "Why  *",
            "Seen*AADSTS7000222*",
            "Documentation: https://*",
            "In full: pytest --acr-explain entra-sp-secret-expired",
            "*= Azure Container Registry =*",
            "myacr.azurecr.io service-principal: entra-sp-secret-expired: *",
            "*short test summary info*",
            "FAILED acr::myacr.azurecr.io::service-principal::entra - entra-sp-secret-expired: *",
        ],
    )
    text = result.stdout.str()
    assert "pytest_acrauth" not in text
    assert text.count("What to do") == 1


def test_ci_gets_one_line_too(inner: Inner, clean_environment: pytest.MonkeyPatch) -> None:
    """Where CI is set pytest does not shorten the summary; it still holds the headline only."""
    clean_environment.setenv("CI", "true")
    result = inner.emulate("entra-sp-secret-expired")
    summary = result.outlines[result.outlines.index(next(x for x in result.outlines if "summary info" in x)) :]
    assert len(summary) == 3
    assert "has expired" in summary[1]


def test_junit(inner: Inner) -> None:
    """The JUnit file has a case per check, the headline as message, the reason of a skip, and the stage's own time."""
    inner.pytester.makeconftest(
        """
        from pytest_acrauth.plugin.climbing.stash import CLIMBS

        def pytest_sessionfinish(session):
            climbs = session.config.stash[CLIMBS]
            spent = climbs.of(climbs.plan.targets[0]).tcp.elapsed
            (session.config.rootpath / "spent.txt").write_text(f"{spent:.3f}")
        """
    )
    inner.emulate(
        "registry-tcp-blocked", "--junitxml=junit.xml", "-o", "junit_duration_report=call", "-k", "tcp or tls"
    )
    cases = {case.get("name"): case for case in ET.parse(inner.pytester.path / "junit.xml").iter("testcase")}  # noqa: S314
    assert cases["tcp"].get("classname") == "acr.myacr.azurecr.io.service-principal"
    failure = cases["tcp"].find("failure")
    assert failure is not None
    assert "\n" not in (failure.get("message") or "\n")
    assert "What " in (failure.text or "")
    assert cases["tcp"].get("time") == (inner.pytester.path / "spent.txt").read_text()
    skipped = cases["tls"].find("skipped")
    assert skipped is not None
    assert (skipped.get("message") or "").startswith("not reached: tcp failed (")


def test_a_shared_cause_is_explained_once(inner: Inner) -> None:
    """Where one identity is refused for several registries, the first explains it and the others refer to that."""
    result = inner.emulate("entra-sp-secret-expired", "--acr-registry", "otheracr")
    failed = [nodeid for nodeid, word in outcomes(result).items() if word == "FAILED"]
    assert failed == [f"{BASE}::entra", f"{BASE.replace('myacr', 'otheracr')}::entra"]
    text = result.stdout.str()
    assert text.count("What to do") == 1
    result.stdout.fnmatch_lines(
        ["*otheracr.azurecr.io: entra*", "entra-sp-secret-expired: *", f"explained at {BASE}::entra"]
    )


def test_a_shared_cause_explains_no_other(inner: Inner) -> None:
    """What the registries share is explained once, and what each has beside it for each."""
    result = inner.emulate("tcp-refused,entra-sp-secret-expired", "--acr-registry", "otheracr")
    other = BASE.replace("myacr", "otheracr")
    failed = {nodeid for nodeid, word in outcomes(result).items() if word == "FAILED"}
    assert failed == {f"{base}::{stage}" for base in (BASE, other) for stage in ("tcp", "entra")}
    assert result.stdout.str().count("What to do") == 3
    assert re.findall("explained at (.*)", result.stdout.str()) == [f"{BASE}::entra"]


def test_a_cause_of_its_own_is_explained_everywhere(inner: Inner) -> None:
    """What each registry has for itself is explained for each."""
    result = inner.emulate("tcp-refused", "--acr-registry", "otheracr")
    assert result.stdout.str().count("What to do") == 2


def test_a_stage_that_was_not_observed(inner: Inner) -> None:
    """Where something stands in for the network, its stages are skipped with the reason, and what follows is judged."""
    inner.pytester.makeconftest(
        """
        import respx

        router = respx.MockRouter(assert_all_called=False)

        def pytest_sessionstart():
            realm = "https://myacr.azurecr.io/oauth2/token"
            challenge = {"WWW-Authenticate": f'Bearer realm="{realm}",service="myacr.azurecr.io"'}
            router.get("https://myacr.azurecr.io/v2/").respond(401, headers=challenge)
            router.get(realm).respond(200, json={"access_token": "opaque"})
            router.start()

        def pytest_sessionfinish():
            router.stop()
        """
    )
    result = inner.run("-v", "-rs", "--acr-registry", "myacr", "--acr-auth", "anonymous")
    assert list(outcomes(result).values()) == ["SKIPPED"] * 3 + ["PASSED"] * 2
    result.stdout.fnmatch_lines(["SKIPPED [[]3] acr::myacr.azurecr.io::anonymous: not observed: *"])


def test_progress_is_not_left_behind(inner: Inner) -> None:
    """Away from a terminal a quick run prints nothing about its climbs."""
    assert "climbing" not in inner.emulate("healthy").stdout.str()


def test_without_the_plugins_it_cooperates_with(inner: Inner) -> None:
    """The checks need neither the terminal reporter, nor the cache, nor xdist."""
    absent = ("-p", "no:terminal", "-p", "no:cacheprovider", "-p", "no:xdist")
    assert inner.run("--acr-registry", "myacr", "--acr-emulate", "healthy", *absent).ret == pytest.ExitCode.OK
    result = inner.run("--acr-registry", "myacr", "--acr-emulate", "tcp-refused", *absent)
    assert result.ret == pytest.ExitCode.TESTS_FAILED
