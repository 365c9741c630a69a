"""Installed but not configured, the plugin is inert and light."""

from __future__ import annotations

import pytest
from conftest import Inner

REPORT = """
import sys

def pytest_unconfigure(config):
    loaded = sorted(name for name in sys.modules if name.partition(".")[0] in {watched!r})
    (config.rootpath / "loaded.txt").write_text("\\n".join(loaded))
"""
HEAVY = {"azure", "cryptography", "dns", "httpcore", "jinja2", "msal", "starlette", "truststore", "trustme", "uvicorn"}


def loaded(inner: Inner, watched: set[str], *args: str) -> list[str]:
    """Return the modules of these packages that a run in a process of its own had loaded when it ended."""
    inner.pytester.makeconftest(REPORT.replace("{watched!r}", repr(watched)))
    # respx and others load httpx themselves, at every start.
    absent = [argument for name in ("respx", "anyio", "html") for argument in ("-p", f"no:{name}")]
    inner.apart(*absent, *args)
    return (inner.pytester.path / "loaded.txt").read_text().split()


def test_nothing_heavy_is_loaded(inner: Inner) -> None:
    """Without a registry only the plugin and its options are loaded, and nothing heavy where tests use ``acr``."""
    inner.pytester.makepyfile("def test_own(): pass")
    own = loaded(inner, {"pytest_acrauth"})
    light = [
        "pytest_acrauth",
        "pytest_acrauth.plugin",
        "pytest_acrauth.plugin.asked",
        "pytest_acrauth.plugin.asked.options",
        "pytest_acrauth.plugin.asked.settings",
        "pytest_acrauth.plugin.climbing",
        "pytest_acrauth.plugin.climbing.stash",
        "pytest_acrauth.plugin.keys",
    ]
    assert own == light
    inner.pytester.makepyfile(
        """
        import pytest

        def test_fixture(acr):
            pass

        @pytest.mark.acr_ready
        def test_marked():
            pass
        """
    )
    assert loaded(inner, HEAVY | {"httpx"}) == []
    assert not {"pytest_acrauth.catalogue", "pytest_acrauth.probes"} & set(loaded(inner, {"pytest_acrauth"}))


def test_a_healthy_run_loads_no_catalogue(inner: Inner) -> None:
    """As long as nothing is broken, nothing that explains is loaded."""
    own = loaded(inner, {"pytest_acrauth"}, "--acr-registry", "myacr", "--acr-emulate", "healthy")
    assert "pytest_acrauth.probes" in own
    own = set(own) - {"pytest_acrauth.report", "pytest_acrauth.report.climb_lines"}  # the facts of who is ready
    assert not [name for name in own if name.split(".")[1:2] in (["catalogue"], ["diagnosis"], ["report"])]


def test_importing_the_package_loads_nothing(inner: Inner) -> None:
    """``import pytest_acrauth`` loads no other module of ours; a name is fetched when it is used."""
    inner.pytester.makepyfile(
        look="""
        import sys
        import pytest_acrauth

        assert not [name for name in sys.modules if name.startswith("pytest_acrauth.")]
        assert "Target" in dir(pytest_acrauth)
        assert pytest_acrauth.Target.__name__ == "Target"
        assert not {"httpx", "pytest"} & set(sys.modules)
        """
    )
    assert inner.pytester.runpython("look.py").ret == 0


def test_the_plugin_can_be_left_out(inner: Inner) -> None:
    """``-p no:acrauth`` takes the options away, and leaves everything else."""
    inner.pytester.makepyfile("def test_own(): pass")
    inner.apart("-p", "no:acrauth").assert_outcomes(passed=1)
    assert inner.apart("-p", "no:acrauth", "--acr-registry", "myacr").ret == pytest.ExitCode.USAGE_ERROR


def test_other_options_alone_do_nothing(inner: Inner) -> None:
    """Options that only say how a registry is checked do not turn the plugin on."""
    inner.pytester.makepyfile("def test_own(): pass")
    result = inner.run("--acr-auth", "anonymous", "--acr-evidence", "off", "--acr-timeout", "3")
    result.assert_outcomes(passed=1)
    assert "acr:" not in result.stdout.str()


def test_what_was_asked_for_is_not_missed_in_silence(inner: Inner) -> None:
    """A run that names no registry says so of a report that it does not write; a suite's settings say nothing."""
    inner.pytester.makepyfile("def test_own(): pass")
    result = inner.run("--acr-repository", "team/app", "--acr-report=out.json", "-q")
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(
        ["acr: nothing was done for --acr-repository, --acr-report: no registry is configured: *"]
    )
    inner.pytester.makeini("[pytest]\nacr_repository = team/app\naddopts = --acr-report=out.json\n")
    assert "acr:" not in inner.run("-q").stdout.str()


@pytest.mark.parametrize("origin", ["flag", "file"])
def test_only_the_checks_and_nothing_to_check(inner: Inner, origin: str) -> None:
    """Tests that were to be left out do not run in their place: a night's run would be green."""
    inner.pytester.makepyfile("def test_own(): pass")
    if origin == "file":
        inner.pytester.makeini("[pytest]\nacr_checks = only\n")
    result = inner.run(*(["--acr-checks", "only"] if origin == "flag" else []))
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["ERROR: --acr-checks* only: there is nothing to check: name a registry with *"])


def test_a_wrong_limit_is_no_concern_of_other_runs(inner: Inner) -> None:
    """A number that is none, left over in the environment or a configuration, ends only a run that would use it."""
    inner.pytester.makepyfile("def test_own(): pass")
    inner.run("--acr-timeout", "soon", "--acr-jobs", "1.5").assert_outcomes(passed=1)


@pytest.mark.parametrize(("file", "templates"), [("out.json", []), ("out.md", []), ("out.HTML", ["jinja2"])])
def test_only_a_page_for_a_browser_loads_templates(inner: Inner, file: str, templates: list[str]) -> None:
    """Whatever else a run is kept in is made without them."""
    args = ("--acr-registry=myacr", "--acr-emulate=healthy", f"--acr-report={file}")
    found = loaded(inner, {"jinja2", "pytest_acrauth"}, *args)
    assert [name for name in found if name == "jinja2"] == templates
    assert ("pytest_acrauth.report.html" in found) is bool(templates)
