"""Values of options that exist as paths: pytest's rootdir, configuration and ids stay what they are without them."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import Inner

FAILING = "def test_it(): assert False"


@pytest.fixture
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Deliver a file of authorities that lies elsewhere."""
    import ssl

    path = tmp_path_factory.mktemp("elsewhere") / "ca.pem"
    path.write_bytes(Path(ssl.get_default_verify_paths().cafile or "/etc/ssl/certs/ca-certificates.crt").read_bytes())
    return path


def test_a_path_that_would_move_the_rootdir_is_refused(inner: Inner, bundle: Path) -> None:
    """A suite would lose its configuration and turn green; it is told what to write."""
    inner.pytester.makeini("[pytest]\naddopts = --acr-repository team/app\n")
    inner.pytester.makepyfile(FAILING)
    result = inner.emulate("healthy", "--acr-ca-bundle", str(bundle))
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([f"ERROR: --acr-ca-bundle {bundle}: pytest takes*; write --acr-ca-bundle={bundle}"])


def test_it_is_refused_where_only_the_lost_configuration_names_a_registry(inner: Inner, bundle: Path) -> None:
    """Without it the run would have nothing to check, and end well."""
    inner.pytester.makeini("[pytest]\nacr_registry = myacr\nacr_emulate = exchange-no-role\n")
    inner.pytester.makepyfile("def test_it(acr): acr.require()")
    result = inner.run("--acr-ca-bundle", str(bundle), "--acr-checks", "all")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([f"ERROR: --acr-ca-bundle {bundle}: pytest takes*; write --acr-ca-bundle={bundle}"])


def test_a_path_that_the_environment_adds_is_refused(
    inner: Inner, bundle: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It moves the rootdir as one on the command line does."""
    inner.pytester.makeini("[pytest]\nacr_registry = myacr\nacr_emulate = exchange-no-role\n")
    inner.pytester.makepyfile("def test_it(acr): acr.require()")
    monkeypatch.setenv("PYTEST_ADDOPTS", f"--acr-ca-bundle {bundle}")
    result = inner.run()
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([f"ERROR: --acr-ca-bundle {bundle}: pytest takes*; write --acr-ca-bundle={bundle}"])


def test_a_mistake_in_a_configuration_that_is_not_the_suites_is_not_told(inner: Inner, bundle: Path) -> None:
    """What is wrong is how the path is written."""
    inner.pytester.makepyfile(FAILING)
    (bundle.parent / "pytest.ini").write_text("[pytest]\nacr_checks = wrong\n")
    result = inner.emulate("healthy", "--acr-ca-bundle", str(bundle))
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([f"ERROR: --acr-ca-bundle {bundle}: pytest takes*; write --acr-ca-bundle={bundle}"])


def test_the_other_way_of_writing_it_works(inner: Inner, bundle: Path) -> None:
    """As the message says."""
    inner.pytester.makeini("[pytest]\naddopts = --acr-repository team/app\n")
    inner.pytester.makepyfile(FAILING)
    result = inner.emulate("healthy", f"--acr-ca-bundle={bundle}")
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(["acr: repository team/app*", "*1 failed*"])


def test_a_path_that_moves_nothing_is_fine(inner: Inner) -> None:
    """Beside the tests a file, or a folder that is called like the registry, changes nothing."""
    inner.pytester.makepyfile("def test_it(acr): acr.require()")
    inner.pytester.mkdir("myacr")
    (inner.pytester.path / "registries.txt").write_text("myacr\n")
    assert inner.emulate("healthy").ret == pytest.ExitCode.OK


def test_a_folder_called_like_a_value_is_refused_where_it_matters(inner: Inner) -> None:
    """It has a configuration of its own, which pytest would take for the suite's."""
    inner.pytester.makepyfile(FAILING)
    folder = inner.pytester.mkdir("myacr")
    (folder / "pytest.ini").write_text("[pytest]\n")
    result = inner.emulate("healthy")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["ERROR: --acr-registry myacr: *; write --acr-registry=myacr"])
    assert inner.run("--acr-registry=myacr", "--acr-emulate=healthy").ret == pytest.ExitCode.TESTS_FAILED
