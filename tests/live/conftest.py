"""The options of the live run, which are all that it reads; without ``--live`` nothing of it is loaded."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from live.findings import Findings
    from live.wanted import Wanted

WHY_NOT = "no real registry was named: pytest tests/live --live REGISTRY"
_WANTED: pytest.StashKey[Wanted] = pytest.StashKey()
_FINDINGS: pytest.StashKey[Findings] = pytest.StashKey()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options; they exist where this folder is named on the command line."""
    group = parser.getgroup("live", "a real registry beside the emulator")
    group.addoption("--live", metavar="REGISTRY", help="registry name, login server or resource id")
    group.addoption("--live-repository", metavar="REF", help="an image to read: team/app:tag or team/app@digest")
    auth = "METHOD[:PREFIX] as in --acr-auth; of the environment, only what this method reads is read"
    group.addoption("--live-auth", metavar="METHOD", help=f"{auth} (default: anonymous)")
    group.addoption("--live-record", metavar="FOLDER", help="write what was asked and answered there, without secrets")
    group.addoption("--live-ca-bundle", metavar="FILE", help="authorities to trust beside the system's")
    group.addoption("--live-proxy", metavar="URL", help="an http proxy to go through; no variable names one here")


def pytest_configure(config: pytest.Config) -> None:
    """Read the options, before anything is contacted."""
    given = [name for name in vars(config.option) if name.startswith("live_") and config.getoption(name) is not None]
    if not config.getoption("live", default=None):
        if given:
            raise pytest.UsageError(f"--{given[0].replace('_', '-')} is for a live run: name a registry with --live")
        return
    if config.getoption("numprocesses", default=None) or hasattr(config, "workerinput"):
        raise pytest.UsageError("--live runs in one process, for one round of requests: leave -n out")
    from live.wanted import read

    config.stash[_WANTED] = read(config)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Make one test of each request, and one that says why there is none where no registry is named."""
    if "request_id" not in metafunc.fixturenames:
        return
    if _WANTED not in metafunc.config.stash:
        metafunc.parametrize("request_id", [pytest.param("", id="none", marks=pytest.mark.skip(reason=WHY_NOT))])
        return
    from live.requests import REQUESTS

    metafunc.parametrize("request_id", [asked.id for asked in REQUESTS])


@pytest.fixture(scope="session")
def findings(pytestconfig: pytest.Config) -> Findings:
    """Deliver what was found, asked once in a run."""
    if _WANTED not in pytestconfig.stash:
        pytest.skip(WHY_NOT)
    from live.findings import compare

    from pytest_acrauth.model.defect import Defect
    from pytest_acrauth.model.secret import Secrets
    from pytest_acrauth.report.defect import told

    wanted, secrets = pytestconfig.stash[_WANTED], Secrets()
    try:
        pytestconfig.stash[_FINDINGS] = compare(wanted, secrets)
    except Exception as error:  # noqa: BLE001 - a traceback could show what the frames hold
        pytest.fail(told(Defect.of(error, "running live", secrets=secrets)), pytrace=False)
    return pytestconfig.stash[_FINDINGS]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Print every difference in a line, and count."""
    if (found := config.stash.get(_FINDINGS, None)) is None:
        return
    terminalreporter.section("live")
    for line in [*found.lines(), *(f"accepted: {line}" for line in sorted(found.accepted)), found.summary()]:
        terminalreporter.write_line(line)
    if found.recorded:
        terminalreporter.write_line(f"recorded in {found.recorded}: read it before you share it")
