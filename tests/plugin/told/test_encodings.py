"""Output in whatever encoding a terminal or a CI system has: each character that it lacks is told in another way."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import Inner

ENCODINGS = {
    "cp1252": {"PYTHONIOENCODING": "cp1252:strict"},
    "ascii": {"PYTHONIOENCODING": "ascii:strict"},
    "C": {"PYTHONUTF8": "0", "LC_ALL": "C", "PYTHONCOERCECLOCALE": "0"},
}
PRINTED = (
    'Error response from daemon: Get "https://myacr.azurecr.io/v2/": unauthorized: Invalid clientid or client secret '
    + "→ Ungültig: 認証が必要です … " * 20
)
PYTEST = ("-m", "pytest", "-p", "no:randomly", "-p", "no:asyncio", "-p", "no:cacheprovider")
EMULATOR = ("-m", "pytest_acrauth.emulator")


def said(
    encoding: str, folder: Path, *command: str, without: tuple[str, ...] = ()
) -> subprocess.CompletedProcess[bytes]:
    """Run a command of Python in this encoding, without some modules; nothing of it may be a traceback."""
    usual = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "LC_", "PYTEST_"))}
    blocked = "".join(f"sys.modules[{name!r}] = None\n" for name in without)
    folder.joinpath("sitecustomize.py").write_text(f"import sys\n{blocked}")
    paths = os.pathsep.join([str(folder), *filter(None, sys.path)])
    environ = {**usual, **ENCODINGS[encoding], "PYTHONPATH": paths}
    ran = subprocess.run([sys.executable, *command], cwd=folder, env=environ, capture_output=True, check=False)
    assert b"Traceback (most recent" not in ran.stdout + ran.stderr, ran
    assert b"INTERNALERROR" not in ran.stdout + ran.stderr, ran
    return ran


@pytest.fixture(params=ENCODINGS)
def encoding(request: pytest.FixtureRequest) -> str:
    """Deliver every encoding."""
    return str(request.param)


@pytest.mark.broad(of=5)
@pytest.mark.parametrize("scenario", ["data-redirect-foreign", "registry-dns-nxdomain", "healthy"])
def test_a_run(inner: Inner, encoding: str, scenario: str) -> None:
    """Header, failures and summary of a run, with tests that say what no terminal of the kind can show."""
    inner.pytester.makepyfile(f"def test_own():\n    print({PRINTED!r})\n    assert False, {PRINTED!r}")
    asked = ("--acr-registry", "myacr", "--acr-emulate", scenario, "--acr-repository", "team/app", "-vv", "-rA")
    ran = said(encoding, inner.pytester.path, *PYTEST, *asked)
    assert ran.returncode == pytest.ExitCode.TESTS_FAILED
    assert b"registry myacr.azurecr.io" in ran.stdout
    assert scenario == "healthy" or f"{scenario}: ".encode() in ran.stdout
    assert b"invalid-clientid: one of" in ran.stdout


@pytest.mark.broad(of=12)
@pytest.mark.parametrize(
    ("wanted", "code", "line"),
    [
        ("all", pytest.ExitCode.OK, b"exchange-no-role"),
        ("exchange-no-role", pytest.ExitCode.OK, b"exchange-no-role"),
        ("printed.txt", pytest.ExitCode.OK, b"invalid-clientid: one of"),
        ("größe", pytest.ExitCode.USAGE_ERROR, b"--acr-explain: no failure mode"),
    ],
)
def test_explaining(inner: Inner, encoding: str, wanted: str, code: int, line: bytes) -> None:
    """Entries, lists, other programs' words, and what is neither."""
    inner.pytester.path.joinpath("printed.txt").write_text(PRINTED, encoding="utf-8")
    ran = said(encoding, inner.pytester.path, *PYTEST, "--acr-explain", wanted)
    assert ran.returncode == code
    assert line in ran.stdout + ran.stderr


@pytest.mark.broad(of=4)
@pytest.mark.parametrize(
    "wrong", [("--acr-registry", "größe"), ("--acr-registry", "myacr", "--acr-repository", "größe…")]
)
def test_a_usage_error(inner: Inner, encoding: str, wrong: tuple[str, ...]) -> None:
    """What is wrong is named, however it is written."""
    ran = said(encoding, inner.pytester.path, *PYTEST, *wrong, "--acr-auth", "anonymous")
    assert ran.returncode == pytest.ExitCode.USAGE_ERROR
    assert wrong[-2].encode() in ran.stderr


def test_help(inner: Inner, encoding: str) -> None:
    """The options are there, each on its own line."""
    ran = said(encoding, inner.pytester.path, *PYTEST, "--help")
    assert ran.returncode == pytest.ExitCode.OK
    assert b"\n  --acr-registry=" in ran.stdout


@pytest.mark.broad(of=5)
@pytest.mark.parametrize(
    ("arguments", "code", "line"),
    [
        (("--help",), 0, b"failure-mode ids"),
        (("--scenario", "größe…"), 2, b"error: "),
        (("--registry", "größe…"), 2, b"error: "),
    ],
)
def test_the_emulator(tmp_path: Path, encoding: str, arguments: tuple[str, ...], code: int, line: bytes) -> None:
    """Its help and its errors, too."""
    ran = said(encoding, tmp_path, *EMULATOR, *arguments)
    assert ran.returncode == code
    assert line in ran.stdout + ran.stderr


@pytest.mark.broad(of=8)
@pytest.mark.parametrize("module", ["jwt", "starlette", "trustme", "uvicorn"])
def test_without_the_emulators_dependencies(inner: Inner, module: str) -> None:
    """What to install is told in a line, by whichever way the emulator is asked for."""
    folder = inner.pytester.path
    install = f"the emulator needs {module}; install it with: pip install 'pytest-acrauth[emulator]'"
    ran = said("cp1252", folder, *EMULATOR, without=(module,))
    assert (ran.returncode, ran.stdout, ran.stderr.decode().splitlines()) == (2, b"", [install])
    emulated = ("--acr-registry", "myacr", "--acr-emulate", "healthy")
    ran = said("cp1252", folder, *PYTEST, *emulated, without=(module,))
    assert ran.returncode == pytest.ExitCode.USAGE_ERROR
    assert ran.stderr.decode().split("\n", 1)[0] == f"ERROR: --acr-emulate: {install}"
    inner.pytester.makepyfile("def test_own(acr_emulator):\n    pass")
    ran = said("cp1252", folder, *PYTEST, without=(module,))
    assert ran.returncode == pytest.ExitCode.TESTS_FAILED
    assert install.encode() in ran.stdout
