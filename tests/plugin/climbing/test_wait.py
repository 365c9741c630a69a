"""``--acr-wait`` as a user meets it: what is printed and written, in one process and in several."""

from __future__ import annotations

import json
import re
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from conftest import Inner

from pytest_acrauth.catalogue.tables import MODES

#: Lets the pauses of a run pass at once, on a clock of their own, and writes down when it was asked and by whom.
CLOCK = """
import json
import pytest
from pytest_acrauth.emulator import Coming
from pytest_acrauth.plugin.climbing.stash import CLIMBS
from pytest_acrauth.plugin.commands.emulation import EMULATOR
from pytest_acrauth.running.waiting import Clock

moment = [0.0]

def sleep(seconds):
    moment[0] += seconds

def change(world):
    pass

@pytest.hookimpl(trylast=True)
def pytest_configure(config):
    config.stash[CLIMBS].run._clock = Clock(lambda: moment[0], sleep)
    if EMULATOR in config.stash:
        change(config.stash[EMULATOR].world)

def pytest_sessionfinish(session):
    emulator = session.config.stash.get(EMULATOR, None)
    if emulator is not None:
        asked = [each.host for each in emulator.requests if each.path == "/oauth2/exchange"]
        (session.config.rootpath / "asked.json").write_text(json.dumps([moment[0], asked]))
"""
#: Every registry but otheracr has no role at all there.
HOPELESS = CLOCK.replace(
    "    pass\n",
    """    kept = [each for each in world.cloud.assignments if each.role != "AcrPull" or "otheracr" not in each.scope]
    world.cloud.assignments[:] = kept
""",
)
ONE = "::service-principal::exchange"


@pytest.fixture
def patient(inner: Inner) -> Inner:
    """Deliver inner runs in which no time passes."""
    inner.pytester.makeconftest(CLOCK)
    return inner


def asked(inner: Inner) -> tuple[float, list[str]]:
    """Return for how long the last run has waited, and whom it asked to exchange an Entra token."""
    moment, hosts = json.loads((inner.pytester.path / "asked.json").read_text())
    return moment, [host.partition(".")[0] for host in hosts]


@pytest.mark.broad(of=3)
@pytest.mark.parametrize("where", [(), ("-n", "2"), ("-x",), ("--reruns", "1")], ids=["", "xdist", "x", "reruns"])
def test_a_wait_that_succeeds(patient: Inner, where: tuple[str, ...]) -> None:
    """All checks pass, and a line says what that took, whatever else is printed."""
    result = patient.emulate("role-soon", "-q", *where)
    result.assert_outcomes(passed=7)
    took = "ready after 3 s of waiting (network at once, permission after 3 s; 3 attempts)"
    result.stdout.fnmatch_lines([f"myacr.azurecr.io service-principal: {took}", "ready: 1 of 1"])
    assert asked(patient) == (3.0, ["myacr"] * 3)


def test_with_v_it_stands_with_the_facts(patient: Inner) -> None:
    """In the one line that a registry has."""
    result = patient.emulate("role-soon", "--acr-repository", "team/app")
    took = "ready after 3 s of waiting (network at once, permission after 3 s; 3 attempts)"
    lines = [line for line in result.outlines if "of waiting" in line]
    assert len(lines) == 1
    assert lines[0].startswith(f"myacr.azurecr.io service-principal: {took}; address 203.0.113.11; signed in as ")


def test_nothing_is_said_where_nothing_was_waited_for(patient: Inner) -> None:
    """What holds at once is as ready as without a wait, and as quick."""
    result = patient.emulate("healthy", "--acr-wait=60")
    result.assert_outcomes(passed=7)
    assert "waiting" not in result.stdout.str().partition("test session starts")[2].partition("acr: wait")[2][10:]
    assert asked(patient) == (0.0, ["myacr"])


@pytest.mark.broad(of=3)
@pytest.mark.parametrize("where", [(), ("-n", "2"), ("-x",)], ids=["", "xdist", "x"])
def test_a_wait_that_runs_out(patient: Inner, where: tuple[str, ...]) -> None:
    """The failure is the one there would be without, and says what the wait came to."""
    result = patient.emulate("role-propagation-delay", "-q", "--acr-wait=60", *where)
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(
        [
            "role-propagation-delay: a role given minutes ago is not in effect yet",
            "        waited 60 of 60 s, 7 attempts: the network held at once, permission did not",
            "myacr.azurecr.io service-principal: role-propagation-delay: * (waited 60 s, 7 attempts)",
            f"FAILED acr::myacr.azurecr.io{ONE} - role-propagation-delay: a role given *",
        ]
    )
    assert asked(patient) == (60.0, ["myacr"] * 7)


def test_what_is_no_delay_is_told_at_once(patient: Inner) -> None:
    """Not a second passes; why, is told with -v."""
    result = patient.emulate("exchange-no-role", "--acr-wait=60")
    result.stdout.fnmatch_lines(
        [
            "        not waited      exchange-no-role is no delay",
            "myacr.azurecr.io service-principal: exchange-no-role: * (not waited: exchange-no-role is no delay)",
        ]
    )
    assert asked(patient) == (0.0, ["myacr"])
    quiet = patient.run("--acr-registry=myacr", "--acr-emulate=exchange-no-role", "--acr-wait=60")
    assert "waited" not in quiet.stdout.str()


def test_several_causes_are_waited_for_where_nobody_may_look(patient: Inner) -> None:
    """A role can be missing or young then, so that the wait takes its course."""
    result = patient.emulate("exchange-no-role", "-q", "--acr-wait=3", "--acr-evidence=off")
    result.stdout.fnmatch_lines(
        [
            "exchange-refused: one of exchange-no-role, role-propagation-delay, *",
            "        waited 3 of 3 s, 3 attempts: the network held at once, permission did not",
        ]
    )
    assert asked(patient) == (3.0, ["myacr"] * 3)


def test_silence_that_is_longer_than_the_wait(patient: Inner) -> None:
    """It is said, and not waited for."""
    result = patient.emulate("exchange-throttled", "-q", "--acr-wait=20")
    said = "27 s of silence were asked for"
    result.stdout.fnmatch_lines(
        [f"        not waited: {said}, and less was left", f"* exchange-throttled: * (not waited: {said})"]
    )
    assert asked(patient) == (0.0, ["myacr"])


@pytest.mark.thorough
@pytest.mark.parametrize("where", [(), ("-n", "2")], ids=["", "xdist"])
def test_one_hopeless_registry_among_several(inner: Inner, where: tuple[str, ...]) -> None:
    """The others are waited for, and it is asked no more; its failure says nothing of a wait."""
    inner.pytester.makeconftest(HOPELESS)
    result = inner.emulate("role-soon", "-q", "--acr-registry=otheracr,thirdacr", *where)
    result.assert_outcomes(passed=19, failed=1, skipped=1)
    assert asked(inner)[0] == 3.0
    assert sorted(asked(inner)[1]) == ["myacr"] * 3 + ["otheracr"] + ["thirdacr"] * 3
    lines = [line for line in result.outlines if re.match(r"\w+\.azurecr\.io service-principal: ", line)]
    took = "ready after 3 s of waiting (network at once, permission after 3 s; 3 attempts)"
    assert [line.partition(".")[0] for line in lines if line.endswith(took)] == ["myacr", "thirdacr"]
    (hopeless,) = [line for line in lines if took not in line]
    assert (
        hopeless
        == "otheracr.azurecr.io service-principal: exchange-no-role: the identity has no role for images on otheracr"
    )


@pytest.mark.thorough
@pytest.mark.parametrize("where", [(), ("-n", "2")], ids=["", "xdist"])
def test_junit_has_both_clocks(patient: Inner, where: tuple[str, ...]) -> None:
    """Of each check of a target that was waited for, as numbers; a leg that never held has none."""
    patient.emulate("firewall-rule-soon", "--junitxml=junit.xml", *where)
    clocks = {"acr_waited_seconds": "3.0", "acr_network_seconds": "3.0", "acr_permission_seconds": "3.0"}
    assert properties(patient) == [{"acr_attempts": "3", **clocks}] * 7
    patient.emulate("role-propagation-delay", "--acr-wait=3", "--junitxml=junit.xml", *where)
    clocks = {"acr_waited_seconds": "3.0", "acr_network_seconds": "0.0"}
    assert properties(patient) == [{"acr_attempts": "3", **clocks}] * 7
    patient.emulate("exchange-no-role", "--acr-wait=3", "--junitxml=junit.xml", *where)
    assert properties(patient) == [{}] * 7


def properties(inner: Inner) -> list[dict[str, str]]:
    """Return what each check's JUnit properties say of a wait."""
    tree = ET.parse(inner.pytester.path / "junit.xml")  # noqa: S314 - our own file
    return [
        {
            str(each.get("name")): str(each.get("value"))
            for each in case.iter("property")
            if str(each.get("name")).endswith(("_attempts", "_seconds"))
        }
        for case in tree.iter("testcase")
    ]


def test_a_rerun_does_not_wait_again(patient: Inner) -> None:
    """It climbs once more; what was waited for in vain would be with each rerun of each check."""
    patient.emulate("role-propagation-delay", "--acr-wait=3", "--reruns=2")
    assert asked(patient) == (3.0, ["myacr"] * (3 + 2))


def test_a_rerun_waits_for_what_nobody_waited_for(inner: Inner) -> None:
    """At first the role was missing, which is no delay; given meanwhile, it is young at the rerun, and then counts."""
    given = """    from dataclasses import replace
    held = list(world.cloud.assignments)
    world.cloud.assignments[:] = [each for each in held if each.role != "AcrPull"]

    def give(world):
        world.cloud.assignments[:] = [
            replace(each, created=world.cloud.now() - 60.0) if each.role == "AcrPull" else each for each in held
        ]

    def follow(world):
        world.cloud.registries["myacr"].caught_up = True

    world.coming += [Coming(give, 2, path="/v2/"), Coming(follow, 3, path="/oauth2/exchange")]
"""
    inner.pytester.makeconftest(CLOCK.replace("    pass\n", given))
    result = inner.emulate("healthy", "--acr-wait=60", "--reruns=1")
    result.assert_outcomes(passed=7)
    assert asked(inner) == (3.0, ["myacr"] * 4)


def test_a_question_of_a_test_does_not_wait(patient: Inner) -> None:
    """What a fixture or a marker asks live, within a test, is answered as it is now."""
    patient.pytester.makepyfile(
        """
        import pytest

        def test_asks(acr):
            assert "push" not in acr.permissions("team/app")
            with pytest.raises(AssertionError, match="scope-map-lacks-action"):
                acr.require("repository:team/app:push")
        """
    )
    options = ("--acr-auth=scope-map-token:ACR_PULLER", "--acr-wait=60", "--acr-checks=none")
    patient.emulate("healthy", *options).assert_outcomes(passed=1)
    assert asked(patient)[0] == 0.0


def test_a_marked_test_meets_what_was_waited_for(patient: Inner) -> None:
    """A marker's registry is waited for before the first test, as a check's is."""
    patient.pytester.makepyfile(
        """
        import pytest

        @pytest.mark.acr_ready
        def test_marked():
            pass
        """
    )
    patient.emulate("role-soon", "--acr-checks=none").assert_outcomes(passed=1)
    assert asked(patient) == (3.0, ["myacr"] * 3)


def test_ctrl_c_in_a_pause(inner: Inner) -> None:
    """The run ends for that, before any test, while a minute of waiting would be left."""
    inner.pytester.makeconftest(
        """
        import signal
        import threading
        import pytest
        from pytest_acrauth.plugin.climbing.stash import CLIMBS
        from pytest_acrauth.running.waiting import Clock

        @pytest.hookimpl(trylast=True)
        def pytest_configure(config):
            real = Clock()
            # A run in the background is made to ignore it.
            signal.signal(signal.SIGINT, signal.default_int_handler)

            def sleep(seconds):
                to = [threading.main_thread().ident, signal.SIGINT]
                interrupt = threading.Timer(0.2, signal.pthread_kill, to)
                interrupt.daemon = True
                interrupt.start()
                real.sleep(60 * seconds)  # an interrupt ends it, however long it is

            config.stash[CLIMBS].run._clock = Clock(real.now, sleep)
        """
    )
    result = inner.apart("--acr-registry=myacr", "--acr-emulate=role-soon")
    assert result.ret == pytest.ExitCode.INTERRUPTED
    assert "KeyboardInterrupt" in result.stdout.str()
    assert "passed" not in result.stdout.str()


def test_the_real_clock(inner: Inner) -> None:
    """A tiny wait, really waited for, has one more attempt at its end."""
    inner.pytester.makeconftest(CLOCK.replace("Clock(lambda: moment[0], sleep)", "Clock()"))
    result = inner.emulate("role-propagation-delay", "-q", "--acr-wait=0.2")
    result.stdout.fnmatch_lines(["        waited * of 0.2 s, 2 attempts: the network held at once, permission did not"])
    assert asked(inner)[1] == ["myacr"] * 2


def test_the_guide_shows_what_is_printed(patient: Inner) -> None:
    """Its commands print its lines, and it names every cause that a climb can show and that is waited for."""
    page = (Path(__file__).parents[3] / "docs" / "how-to" / "waiting.md").read_text(encoding="utf-8")
    commands = re.findall(r"^\$ pytest (.*--acr-emulate.*)$", page, re.MULTILINE)
    shown = re.findall(r"```text\n(.*)\n```", page)
    assert len(commands) == len(shown) == 2
    for command, line in zip(commands, shown, strict=True):
        assert line in patient.run(*command.split()).outlines
    read_from_others = {"arm-principal-not-found", "arm-throttled", "kubelet-credential-cache"}
    waited_for = {mode.id for mode in MODES.values() if mode.transient}
    assert set(re.findall(r"failure-modes/([\w-]+)\.md", page)) == waited_for - read_from_others
