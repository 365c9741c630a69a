"""What pytest sees: options, fixtures, markers, and the hooks that turn the rest on.

Loaded at every pytest start. Whatever is heavy is imported inside a function, and only when a registry is configured.
"""

from __future__ import annotations

import gc
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from pytest_acrauth.plugin.asked.options import LIST, OPTIONS
from pytest_acrauth.plugin.asked.settings import (
    Settings,
    activating,
    arguments,
    asked_for,
    declare,
    read,
    runs_nothing,
    unknown_variables,
    where,
)
from pytest_acrauth.plugin.climbing.stash import CLIMBS
from pytest_acrauth.plugin.keys import EXPECTED

if TYPE_CHECKING:
    from pytest_acrauth.emulator import Emulator
    from pytest_acrauth.model.target import Target
    from pytest_acrauth.plugin.checks.failures import NotReady
    from pytest_acrauth.plugin.climbing.climbs import Climbs
    from pytest_acrauth.plugin.written.fixture import RegistryUnderTest

_NO_REGISTRY = "no registry is configured: name one with --acr-registry, PYTEST_ACR_REGISTRY or acr_registry"
_MARKERS = (
    "acr: a built-in check of pytest-acrauth",
    "acr_ready(*, registry, identity, scope): fail before any fixture, and say why, unless the registry is ready",
    "acr_permissions(repository, *, must, must_not, registry, identity): fail likewise unless the rights are these",
    "acr_expect(*names, repository, registry, identity): fail likewise unless it is refused, for one of these reasons",
)
#: Whose values have nothing to do with where tests are. What is to be explained may be a file anywhere.
_FLAGS = frozenset(option.flag for option in OPTIONS if option.name != "explain")
_JUDGED = frozenset(line.partition("(")[0] for line in _MARKERS[1:])
SETTINGS: pytest.StashKey[Settings] = pytest.StashKey()
_AGAINST: pytest.StashKey[NotReady | None] = pytest.StashKey()
_BEGAN: pytest.StashKey[bool] = pytest.StashKey()
_LEFT_OUT: pytest.StashKey[bool] = pytest.StashKey()
_FIXTURES: pytest.StashKey[list[str]] = pytest.StashKey()
_MET: pytest.StashKey[list[pytest.Mark]] = pytest.StashKey()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Declare the options."""
    declare(parser)


@pytest.hookimpl(tryfirst=True)
def pytest_cmdline_main(config: pytest.Config) -> int | None:
    """Answer ``--acr-explain`` and ``--acr-emulate list`` in place of a test run."""
    if any(argument in _FLAGS for argument in arguments(config)) and not _asks_for_help(config):
        from pytest_acrauth.plugin.asked.rootdir import stand_still

        stand_still(config, _FLAGS)  # first: the settings of another folder's configuration say nothing
    settings = read(config)
    if explained := settings["explain"].value:
        with _kept():
            from pytest_acrauth.plugin.cleaning.text import TextCleaner
            from pytest_acrauth.plugin.commands.explain import explain

        return explain(explained, config, TextCleaner.of(settings))
    if LIST in settings["emulate"].values:
        from pytest_acrauth.plugin.commands.explain import show
        from pytest_acrauth.plugin.commands.scenario_list import listing

        show(listing())
        return pytest.ExitCode.OK
    return None


def pytest_configure(config: pytest.Config) -> None:
    """Turn the plugin on if a registry is configured."""
    for line in _MARKERS:
        config.addinivalue_line("markers", line)
    settings = config.stash[SETTINGS] = read(config)
    if not hasattr(config, "workerinput"):
        for told in unknown_variables():
            try:
                config.issue_config_time_warning(pytest.PytestConfigWarning(told), stacklevel=2)
            except pytest.PytestConfigWarning as error:  # where warnings are errors
                raise pytest.UsageError(told) from error
    if _asks_for_help(config):
        return
    if activating(settings):
        config.stash[CLIMBS] = _activate(config, settings)
    elif settings["checks"].value == "only":  # what else was found would run in their place, and be green
        raise pytest.UsageError(
            f"{where('checks', settings['checks'])} only: there is nothing to check: name a registry with"
            " --acr-registry, PYTEST_ACR_REGISTRY or acr_registry, a readiness file with --acr-config, or a client with"
            " --acr-client"
        )


def _asks_for_help(config: pytest.Config) -> bool:
    return bool(config.option.help or config.option.markers)


def _activate(config: pytest.Config, settings: Settings) -> Climbs:
    """Import what an active run needs, and turn it on."""
    with _kept():
        from pytest_acrauth.plugin.activation import activate
    return activate(config, settings)


@contextmanager
def _kept() -> Iterator[None]:
    """Import something that stays to the end: no garbage is looked for in it, now or when pytest looks for its own.

    Which it does five times at the end of each run: half of what a healthy check would cost.
    """
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()
    gc.freeze()


@pytest.hookimpl(tryfirst=True)
def pytest_internalerror(excrepr: Any) -> None:
    """Show no value of this package's frames in the traceback that ends a run, whether the plugin is active or not."""
    for reprtraceback, *_ in getattr(excrepr, "chain", ()):
        for entry in reprtraceback.reprentries:
            if __package__.partition(".")[0] in str(getattr(getattr(entry, "reprfileloc", None), "path", "")):
                entry.reprlocals = entry.reprfuncargs = None


def pytest_report_header(config: pytest.Config) -> list[str]:
    """Say what is in effect and who said so."""
    climbs = config.stash.get(CLIMBS, None)
    return [f"acr: {line}" for line in climbs.plan.header] if climbs is not None else []


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Say what was asked for of a registry that nobody has named: without a word it would be missed."""
    if config.stash.get(CLIMBS, None) is None and (idle := asked_for(config)):
        terminalreporter.write_line(f"acr: nothing was done for {', '.join(idle)}: {_NO_REGISTRY}")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run tests that use ``acr`` once per target."""
    climbs = metafunc.config.stash.get(CLIMBS, None)
    if climbs is not None and climbs.plan.targets and "_acr_target" in metafunc.fixturenames:
        # Sorted, so that every worker collects the same.
        targets = sorted(climbs.plan.targets, key=lambda target: target.id)
        ids = [target.id for target in targets]
        metafunc.parametrize("_acr_target", targets, ids=ids, indirect=True, scope="session")


@pytest.fixture(scope="session")
def _acr_target(request: pytest.FixtureRequest) -> Target:
    climbs = request.config.stash.get(CLIMBS, None)
    if climbs is None or not climbs.plan.targets:
        _skip_unless_error(request.config)
        pytest.fail(_NO_REGISTRY, pytrace=False)
    # Asked for by name while a test runs, or by a fixture called acr before pytest 9, there is no parameter.
    targets = climbs.plan.targets
    target: Target | None = getattr(request, "param", targets[0] if len(targets) == 1 else None)
    if target is None:
        pytest.fail(
            f"nothing says which of the {len(targets)} registries and identities of this run acr is: take it as an"
            " argument of a test function, which then runs once for each; in a unittest class, which runs once, use"
            " the markers, which are about all, or name one with --acr-registry and --acr-auth",
            pytrace=False,
        )
    return target


@pytest.fixture(scope="session")
def acr(_acr_target: Target, request: pytest.FixtureRequest) -> RegistryUnderTest:
    """Deliver the registry under test, as one identity sees it; once for every configured registry and identity.

    Never fails by itself: `require` and `permissions` do. Without a configured registry the test is skipped, or is an
    error if ``--acr-on-missing error`` says so.
    """
    from pytest_acrauth.plugin.written.fixture import RegistryUnderTest

    if (given := getattr(request, "param", None)) is not None:  # unread, it would be taken for a choice that counts
        pytest.fail(
            f"acr takes no parameter, and got {given!r}: it is each registry of the run in turn; acr.of(…) is another"
            " one, and the markers' registry=… names one",
            pytrace=False,
        )
    return RegistryUnderTest(_acr_target, request.config.stash[CLIMBS])


@pytest.fixture
def acr_emulator() -> Iterator[Emulator]:
    """Serve a small Azure on loopback, healthy until `apply` changes it, to test registry code of one's own against.

    Fails the test where the emulator's dependencies are not installed.
    """
    from pytest_acrauth.emulator import lacking

    try:
        from pytest_acrauth.emulator import Emulator
    except ImportError as error:
        pytest.fail(f"acr_emulator: {lacking(error)}", pytrace=False)
    with Emulator() as emulator:
        yield emulator


def _skip_unless_error(config: pytest.Config) -> None:
    """Skip a test for want of a registry, unless ``--acr-on-missing`` wants it to be an error."""
    if config.stash[SETTINGS]["on-missing"].value == "skip":
        pytest.skip(_NO_REGISTRY)


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Decide a marked test after skip and xfail and before its fixtures, which are then not set up at all."""
    climbs = item.config.stash.get(CLIMBS, None)
    if climbs is not None and item.stash.get(_BEGAN, False):  # a rerun
        from pytest_acrauth.plugin.written.markers import ask_again

        ask_again(item, climbs)
    item.stash[_BEGAN] = True
    item.stash[_MET] = []
    item.user_properties[:] = [pair for pair in item.user_properties if pair[0] != EXPECTED]
    if runs_nothing(item.config) or not (marks := _new_marks(item)):
        return
    try:
        item.stash[_AGAINST] = _judge(item, marks, climbs)
    except pytest.skip.Exception:
        item.stash[_LEFT_OUT] = True
        raise
    if hasattr(item, "fixturenames"):
        if _FIXTURES in item.stash:  # a rerun
            item.fixturenames = item.stash[_FIXTURES]
        if item.stash[_AGAINST]:
            # A new list: the old one is shared with other tests.
            item.stash[_FIXTURES], item.fixturenames = item.fixturenames, []


def _new_marks(item: pytest.Item) -> list[pytest.Mark]:
    """Return the markers of this plugin that a test has, and had not when they were asked for before."""
    met = item.stash[_MET]
    found = [mark for mark in item.iter_markers() if mark.name in _JUDGED and not any(mark is one for one in met)]
    met += found
    return found


def _judge(item: pytest.Item, marks: list[pytest.Mark], climbs: Climbs | None) -> NotReady | None:
    """Return how a test fails by its markers, if it does; skips it for want of the registry that it needs."""
    from pytest_acrauth.plugin.checks.failures import NotReady
    from pytest_acrauth.plugin.written.markers import judge, misspelt

    if (wrong := misspelt(marks)) is not None:
        return NotReady(wrong)
    if climbs is None or not climbs.plan.every_target:
        _skip_unless_error(item.config)
        return NotReady(_NO_REGISTRY)
    verdict = judge(item, marks, climbs)
    if verdict.skipped:
        if climbs.plan.on_missing != "skip":
            return NotReady(verdict.skipped)
        pytest.skip(verdict.skipped)
    for note in verdict.notes:
        item.add_report_section("setup", "acr", note)
    item.user_properties += [(EXPECTED, note) for note in verdict.notes]
    return verdict.failure


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Report in plain words a test whose registry is not ready, and at its own place one that was left out."""
    report = yield
    if call.when == "setup" and item.stash.get(_LEFT_OUT, False) and isinstance(report.longrepr, tuple):
        path, line, _ = item.reportinfo()
        report.longrepr = (str(path), (line or 0) + 1, report.longrepr[2])
    if call.excinfo is not None and isinstance(call.excinfo.value, (AssertionError, BaseExceptionGroup)):
        from pytest_acrauth.plugin.checks.failures import in_plain_words

        in_plain_words(report, call)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, object, object]:
    """Fail a marked test whose registry is not ready, in the phase in which tests fail.

    A marker that a fixture adds is judged before the test, and one that the test adds to itself behind it.
    """
    if against := item.stash.get(_AGAINST, None) or _added(item):
        raise against
    result = yield
    if against := _added(item):
        raise against
    return result


def _added(item: pytest.Item) -> NotReady | None:
    """Return how a test fails by markers that it did not have when it was set up."""
    marks = _new_marks(item) if _MET in item.stash else []
    return _judge(item, marks, item.config.stash.get(CLIMBS, None)) if marks else None
