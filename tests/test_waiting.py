"""Waiting for what was changed to take effect: who is tried again, when, and what is told of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from itertools import count

import pytest
from emulator.climbing import prepared
from factories import HOST, SERVICE_PRINCIPAL, climb, generic_401, reply, target

from pytest_acrauth.catalogue.broken_rung import BrokenRung
from pytest_acrauth.catalogue.shape import FailureMode
from pytest_acrauth.catalogue.tables import MODES
from pytest_acrauth.diagnosis.climb import diagnose
from pytest_acrauth.diagnosis.delay import no_delay
from pytest_acrauth.emulator import DELAYS, LOOK_ALIKES, SCENARIOS, Coming, Emulator, World
from pytest_acrauth.emulator.scenarios.changes import no_role, role_just_given, wrong_secret
from pytest_acrauth.model.observation import Attempt, Challenge, Entra, Exchange, Reply, Tcp, Trouble
from pytest_acrauth.model.stage import Stage
from pytest_acrauth.model.target import Registry, Target
from pytest_acrauth.model.transcript import Transcript, Waited
from pytest_acrauth.report.climb_lines import ready_in_short, waited_in_vain
from pytest_acrauth.report.text import explain
from pytest_acrauth.running.waiting import Clock, wait


@dataclass
class Time:
    """A clock that only sleeping moves, and that keeps every sleep; ``fall`` happens when it gets there."""

    now: float = 1000.0
    slept: list[float] = field(default_factory=list)

    def sleep(self, seconds: float) -> None:
        assert seconds > 0.0
        self.slept.append(seconds)
        self.now += seconds

    @property
    def clock(self) -> Clock:
        return Clock(lambda: self.now, self.sleep)


def refused(answer: Reply | None = None, chosen: Target | None = None) -> Transcript:
    """Return a climb whose exchange was refused, by default as it is while a role is young."""
    return climb(Stage.EXCHANGE, Exchange(reply=answer or generic_401()), chosen=chosen)


def silent() -> Transcript:
    """Return a climb that came nowhere, because nobody answers."""
    return climb(Stage.TCP, Tcp(host=HOST, port=443, attempts=(Attempt("20.0.0.1", Trouble.TIMEOUT),)))


def too_many(seconds: object) -> Reply:
    """Return what a registry answers that wants silence."""
    return reply(429, "TOOMANYREQUESTS", "too many requests", retry_after=str(seconds))


def waited(limit: float, first: Transcript, *following: Transcript, time: Time | None = None) -> Waited | None:
    """Wait for one target, whose attempts are written down, and return what became of that; the last one stays."""
    coming = [*following]

    def again(targets: Sequence[Target]) -> list[Transcript]:
        assert [*targets] == [first.target]
        return [coming.pop(0) if len(coming) > 1 else coming[0]]

    (last,) = wait([first], again, limit, (time or Time()).clock)
    assert coming == [replace(last, waited=None)] if following else last == replace(first, waited=last.waited)
    return last.waited


# What a delay is.


@pytest.mark.parametrize("mode", [mode for mode in MODES.values() if mode.transient], ids=lambda mode: mode.id)
def test_what_is_waited_for_says_that_it_can_pass(mode: FailureMode) -> None:
    """A cause that counts as a delay tells so in its own words."""
    text = " ".join([mode.means, *map(str, (*mode.look, *mode.fix))]).lower()
    assert any(word in text for word in ("minute", "wait", "moment", "later")), mode.id


def test_what_is_no_delay() -> None:
    """Neither silence of a peer nor what somebody has to repair is one, whatever else the catalogue says of it."""
    silent = ("-no-answer", "-unreachable", "-timeout", "-blocked", "-refused", "-cut-off")
    held = ("-expired", "-wrong", "-disabled", "-no-role", "-not-in-network", "-stale", "-older-than-role", "-pending")
    never = [name for name in MODES if name.endswith((*silent, *held))]
    assert len(never) > 30
    assert [name for name in never if MODES[name].transient] == []


@pytest.mark.parametrize(
    "name",
    [
        "role-propagation-delay",
        "firewall-rule-propagating",
        "exchange-throttled",
        "scope-map-token-password-propagating",
        "scope-map-propagating",
        "anonymous-pull-propagating",
        "entra-fic-propagating",
        "registry-name-unknown-here",
    ],
)
def test_a_world_with_a_delay_is_waited_for(name: str) -> None:
    """The cause that remains there, proven or not, is one that passes."""
    assert no_delay(seen_in(name)) == ""


@pytest.mark.parametrize(
    "name",
    [
        "exchange-no-role",
        "entra-sp-secret-wrong",
        "firewall-ip-denied",
        "scope-map-token-password-wrong",
        "tcp-refused",
    ],
)
def test_a_world_with_something_to_repair_is_not(name: str) -> None:
    """What is proven there, and is no delay, is named as the reason."""
    assert no_delay(seen_in(name)) == name


def seen_in(name: str) -> Transcript:
    """Climb in a scenario's world."""
    with Emulator(name) as emulator:
        run, target = prepared(emulator, (SCENARIOS | LOOK_ALIKES)[name], None)
        return run.check([target])[0]


def test_several_causes_with_a_delay_among_them_are_waited_for() -> None:
    """An identity that may not read its own roles cannot tell whether it has one; so a young one is possible."""
    (found,) = diagnose(refused())
    assert "role-propagation-delay" in [mode.id for mode in found.candidates]
    assert found.mode is None
    assert no_delay(refused()) == ""


def test_one_thing_that_is_no_delay_is_enough() -> None:
    """Beside a silent Entra a challenge that may pass is not waited for; nor is what nobody recognises."""
    throttled = climb(Stage.CHALLENGE, Challenge(host=HOST, reply=reply(429, "TOOMANYREQUESTS")))
    assert no_delay(throttled) == ""
    both = replace(throttled, entra=Entra(authority="a", tenant_id="", client_id="", trouble=Trouble.TIMEOUT))
    assert no_delay(both) not in {"", "registry-throttled"}
    assert no_delay(climb(Stage.EXCHANGE, Exchange(reply=reply(418, "TEAPOT")))) == "exchange-unrecognised"


# When.


def test_pauses_grow_and_the_last_attempt_comes_at_the_end() -> None:
    """Twice as long each time, half a minute at most, and what is left at last."""
    time = Time()
    found = waited(100.0, refused(), refused(), time=time)
    assert found == Waited(limit=100.0, attempts=9, seconds=100.0, network=0.0)
    moments, end = [], 0.0
    for pause in (1, 2, 4, 8, 16, 30, 30, 9):
        end += pause
        moments.append(end)
    assert sum(time.slept) == moments[-1] == 100.0
    assert max(time.slept) <= 1.0  # so that whoever watches hears of it, and Ctrl-C ends it, on any system


def test_a_wait_shorter_than_the_first_pause_has_one_attempt_at_its_end() -> None:
    """Half a second is a wait, too."""
    assert waited(0.5, refused(), refused()) == Waited(limit=0.5, attempts=2, seconds=0.5, network=0.0)


def test_what_holds_at_once_is_not_waited_for() -> None:
    """Nothing is said of it, and no time passes."""
    time = Time()
    assert waited(60.0, climb(), time=time) is None
    assert time.slept == []


def test_it_ends_when_it_holds() -> None:
    """Permission held with the fourth attempt, after seven seconds."""
    found = waited(60.0, refused(), refused(), refused(), climb())
    assert found == Waited(limit=60.0, attempts=4, seconds=7.0, network=0.0, permission=7.0)


def test_either_leg_has_its_clock() -> None:
    """The network let it through after three seconds, and the registry took it after another four."""
    shut = climb(Stage.CHALLENGE, Challenge(host=HOST, reply=reply(429, "TOOMANYREQUESTS")))
    found = waited(60.0, shut, shut, refused(), climb())
    assert found == Waited(limit=60.0, attempts=4, seconds=7.0, network=3.0, permission=7.0)
    # What held once and broke again has not held.
    found = waited(60.0, refused(), shut, refused(), climb())
    assert found == Waited(limit=60.0, attempts=4, seconds=7.0, network=3.0, permission=7.0)
    assert waited(3.0, shut, shut) == Waited(limit=3.0, attempts=3, seconds=3.0)


def test_it_ends_when_something_else_breaks() -> None:
    """What is no delay is told at once, though what was there before was waited for."""
    found = waited(60.0, refused(), refused(), silent())
    assert found == Waited(limit=60.0, attempts=3, seconds=3.0, no_delay="registry-tcp-blocked")


def test_what_is_no_delay_is_not_waited_for() -> None:
    """No time passes, and why is kept."""
    time = Time()
    assert waited(60.0, silent(), time=time) == Waited(limit=60.0, no_delay="registry-tcp-blocked")
    assert time.slept == []


def test_retry_after_is_honoured() -> None:
    """Seventeen seconds of silence are kept, though the pause would be one; then the pauses go on growing."""
    found = waited(60.0, refused(too_many(17)), refused(), climb())
    assert found == Waited(limit=60.0, attempts=3, seconds=19.0, network=0.0, permission=19.0)


def test_retry_after_of_a_passed_stage_counts_too() -> None:
    """Any answer of the target can ask for it."""
    asking = replace(
        refused(),
        entra=Entra(authority="a", tenant_id="", client_id="", issued=True, reply=reply(200, retry_after="5")),
    )
    found = waited(60.0, asking, climb())
    assert found is not None
    assert found.seconds == 5.0


@pytest.mark.parametrize("seconds", [61, 3600, 99999999])
def test_silence_beyond_the_wait_is_not_waited_for(seconds: int) -> None:
    """It would be uselessly; how long it is, is kept."""
    time = Time()
    found = waited(60.0, refused(too_many(seconds)), time=time)
    assert found == Waited(limit=60.0, network=0.0, asked=min(float(seconds), 3600.0))
    assert time.slept == []


def test_silence_beyond_what_is_left_ends_the_wait() -> None:
    """After three attempts, 57 seconds are left, and 58 are asked for."""
    found = waited(60.0, refused(), refused(), refused(too_many(58)))
    assert found == Waited(limit=60.0, attempts=3, seconds=3.0, network=0.0, asked=58.0)


def test_silence_to_the_very_end_is_kept() -> None:
    """The last attempt comes then."""
    found = waited(60.0, refused(too_many(60)), climb())
    assert found == Waited(limit=60.0, attempts=2, seconds=60.0, network=0.0, permission=60.0)


def test_targets_wait_side_by_side() -> None:
    """One pause is for all; who is ready, who is hopeless and who has to be silent is not asked meanwhile."""
    named = [replace(target(SERVICE_PRINCIPAL), registry=Registry.parse(f"acr{number}000")) for number in range(5)]
    young, silenced, hopeless, sound, never = named
    coming = {
        young: [refused(chosen=young), refused(chosen=young), climb(chosen=young)],
        silenced: [refused(too_many(5), silenced), climb(chosen=silenced)],
        hopeless: [climb(Stage.TCP, silent().tcp, chosen=hopeless)],  # type: ignore[arg-type]
        sound: [climb(chosen=sound)],
        never: [refused(chosen=never)] * 6,
    }
    time, asked = Time(), list[tuple[float, list[Target]]]()

    def again(targets: Sequence[Target]) -> list[Transcript]:
        asked.append((time.now - 1000.0, [*targets]))
        return [coming[each].pop(0) for each in targets]

    found = wait(again(named), again, 10.0, time.clock)
    assert asked[1:] == [
        (1.0, [young, never]),
        (3.0, [young, never]),
        (5.0, [silenced]),
        (7.0, [never]),
        (10.0, [never]),
    ]
    assert [each.target for each in found] == named
    assert [each.waited and (each.waited.attempts, each.waited.permission) for each in found] == [
        (3, 3.0),
        (2, 5.0),
        (1, None),
        None,
        (5, None),
    ]


def test_an_attempt_that_takes_longer_than_what_is_left_is_the_last() -> None:
    """Climbing takes time, too, and the limit is the limit."""
    time = Time()

    def slowly(targets: Sequence[Target]) -> list[Transcript]:
        time.now += 30.0
        return [refused() for _ in targets]

    (found,) = wait([refused()], slowly, 20.0, time.clock)
    assert found.waited == Waited(limit=20.0, attempts=2, seconds=1.0, network=0.0)


class Heard:
    """Hears what a wait says of itself."""

    def __init__(self) -> None:
        self.told: list[tuple[int, float]] = []

    def __call__(self, done: int, every: int) -> None:
        raise AssertionError((done, every))

    def waiting(self, targets: int, seconds: float) -> None:
        self.told.append((targets, seconds))


def test_whoever_watches_hears_how_long_it_still_is() -> None:
    """Every second, and for how many."""
    heard = Heard()
    wait([refused()] * 2, lambda targets: [refused() for _ in targets], 3.5, Time().clock, heard)
    assert heard.told == [(2, 3.5), (2, 2.5), (2, 1.5), (2, 0.5)]


def test_ctrl_c_in_a_pause_ends_it() -> None:
    """The pause is in the thread that gets the interrupt, and nothing holds it back."""

    def interrupted(_seconds: float) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        wait([refused()], lambda _targets: [], 60.0, Clock(lambda: 0.0, interrupted))


# What is told.


@pytest.mark.parametrize(
    ("became", "line", "words"),
    [
        (
            Waited(limit=60.0, attempts=7, seconds=60.0, network=0.0),
            "waited 60 of 60 s, 7 attempts: the network held at once, permission did not",
            " (waited 60 s, 7 attempts)",
        ),
        (
            Waited(limit=60.0, attempts=7, seconds=60.0, network=7.04),
            "waited 60 of 60 s, 7 attempts: the network held after 7 s, permission did not",
            " (waited 60 s, 7 attempts)",
        ),
        (
            Waited(limit=60.0, attempts=7, seconds=60.01),
            "waited 60 of 60 s, 7 attempts: the network did not hold",
            " (waited 60 s, 7 attempts)",
        ),
        (
            Waited(limit=60.0, attempts=3, seconds=3.0, network=0.0, no_delay="exchange-no-role"),
            "waited 3 of 60 s, 3 attempts, then no longer: exchange-no-role is no delay",
            " (waited 3 s, 3 attempts)",
        ),
        (
            Waited(limit=60.0, attempts=3, seconds=3.0, network=0.0, asked=58.0),
            "waited 3 of 60 s, 3 attempts, then no longer: 58 s of silence were asked for, and",
            " (waited 3 s, 3 attempts)",
        ),
        (
            Waited(limit=60.0, network=0.0, asked=600.0),
            "not waited: 600 s of silence were asked for, and less was left",
            " (not waited: 600 s of silence were asked for)",
        ),
    ],
    ids=count(),
)
def test_a_failure_says_what_became_of_the_wait(became: Waited, line: str, words: str) -> None:
    """Among what was seen, whatever else is said, within the lines that a text has; and in short behind it."""
    for seen in (refused(), silent()):
        (found,) = diagnose(replace(seen, waited=became))
        assert line in explain(found)
        assert len(explain(found).splitlines()) <= 24
    for verbose in (False, True):
        assert waited_in_vain(became, verbose=verbose) == words


def test_why_nothing_was_waited_for_is_a_detail() -> None:
    """It stands in the whole reasoning alone."""
    (found,) = diagnose(replace(silent(), waited=Waited(limit=60.0, no_delay="registry-tcp-blocked")))
    assert "waited" not in explain(found)
    row = next(row for row in found.seen.rows if row.label == "not waited")
    assert row.detail
    assert "not waited" in explain(found, full=True)
    assert "registry-tcp-blocked is no delay" in explain(found, full=True)
    became = found.broken.transcript.waited
    assert waited_in_vain(became, verbose=False) == ""
    assert waited_in_vain(became, verbose=True) == " (not waited: registry-tcp-blocked is no delay)"
    assert waited_in_vain(None, verbose=True) == ""
    assert not any("waited" in row.label for row in BrokenRung(silent(), found.broken.rung).rows)


def test_who_is_ready_says_how_long_it_took() -> None:
    """Either clock, and the attempts."""
    who = f"{HOST} service-principal: ready"
    assert ready_in_short(climb()) == who
    became = Waited(limit=60.0, attempts=6, seconds=42.04, network=0.0, permission=42.04)
    told = ready_in_short(climb(waited=became))
    assert told == f"{who} after 42 s of waiting (network at once, permission after 42 s; 6 attempts)"
    became = Waited(limit=600.0, attempts=9, seconds=100.5, network=7.0, permission=100.5)
    told = ready_in_short(climb(waited=became))
    assert told == f"{who} after 100.5 s of waiting (network after 7 s, permission after 100.5 s; 9 attempts)"


def test_a_transcript_keeps_it() -> None:
    """As JSON and back."""
    for became in (None, Waited(limit=1.0), Waited(limit=60.0, attempts=4, seconds=7.0, network=0.0, permission=7.0)):
        kept = climb(waited=became)
        assert Transcript.from_json(kept.to_json()) == kept


# A whole run, whose requests are counted.


def run_in(
    emulator: Emulator, name: str, limit: float, *, before: Callable[[World], None] | None = None
) -> tuple[Transcript, Time, list[str]]:
    """Check in a scenario's world with a wait on a clock of its own; return what was seen, the clock, and the paths."""
    if before is not None:
        emulator.change(before)
    time = Time()
    run, target = prepared(emulator, (SCENARIOS | DELAYS)[name], None)
    run = type(run)(emulator.machine, timeout=20.0, wait=limit, clock=time.clock)
    (seen,) = run.check([target])
    return seen, time, [each.path for each in emulator.requests if each.host == f"{target.registry.login_server}"]


@pytest.mark.broad(of=2)
@pytest.mark.parametrize("name", DELAYS)
def test_a_change_takes_effect_after_some_attempts(name: str) -> None:
    """Refused twice, as the scenario it is like; then all of it holds, after one and two seconds."""
    with Emulator(name) as emulator:
        run, target = prepared(emulator, DELAYS[name], None)
        (first,) = run.check([target])
        assert DELAYS[name].like in [mode.id for found in diagnose(first) for mode in found.candidates]
    with Emulator(name) as emulator:
        seen, time, _ = run_in(emulator, name, 60.0)
    assert not [*seen.broken()]
    assert seen.waited is not None
    assert (seen.waited.attempts, seen.waited.permission, sum(time.slept)) == (3, 3.0, 3.0)


def test_each_attempt_asks_afresh() -> None:
    """A new Entra token, a new exchange and a new look at the roles each time, and nothing more in the end."""
    with Emulator("role-soon") as emulator:
        seen, _, paths = run_in(emulator, "role-soon", 60.0)
        hosts = [each.host for each in emulator.requests]
        entra = [each for each in emulator.requests if each.path.endswith("/oauth2/v2.0/token")]
        looks = [each for each in emulator.requests if "roleassignments" in each.path.lower()]
    assert seen.waited is not None
    assert paths == ["/v2/", "/oauth2/exchange"] * 3 + ["/oauth2/token"]
    assert len(looks) == 2  # what holds needs no evidence
    assert len(entra) >= 3
    assert hosts[-1] == HOST


def test_one_that_never_takes_effect() -> None:
    """Three requests each, the last at the end of the wait, and the cause is told as it would be without a wait."""
    with Emulator("role-propagation-delay") as emulator:
        seen, time, paths = run_in(emulator, "role-propagation-delay", 10.0)
    assert paths == ["/v2/", "/oauth2/exchange"] * 5
    assert sum(time.slept) == 10.0
    (found,) = diagnose(seen)
    assert found.mode is MODES["role-propagation-delay"]
    assert "waited 10 of 10 s, 5 attempts: the network held at once, permission did not" in explain(found)
    assert len(explain(found).splitlines()) <= 16


def test_the_two_clocks_of_a_deployment() -> None:
    """A network rule is known after two requests, and the role, given at the same time, after four exchanges."""

    def young(world: World) -> None:
        role_just_given(world)
        registry = world.cloud.registries["myacr"]

        def known(_world: World) -> None:
            registry.caught_up = True

        world.coming.append(Coming(known, 4, path="/oauth2/exchange"))

    with Emulator("firewall-rule-soon") as emulator:
        seen, _, _ = run_in(emulator, "firewall-rule-soon", 300.0, before=young)
    assert seen.waited == Waited(limit=300.0, attempts=7, seconds=61.0, network=3.0, permission=61.0)


def test_what_is_repaired_meanwhile_wrongly_ends_the_wait() -> None:
    """A role that is taken away again is proven to be missing with the next attempt, whose evidence is a new one."""

    def taken(world: World) -> None:
        world.coming.append(Coming(no_role, 1, path="/oauth2/exchange"))

    with Emulator("role-propagation-delay") as emulator:
        seen, time, _ = run_in(emulator, "role-propagation-delay", 60.0, before=taken)
    assert seen.waited is not None
    # The look that follows on the first refusal sees it already: evidence is as young as can be.
    assert (seen.waited.no_delay, seen.waited.attempts) == ("exchange-no-role", 1)
    assert time.slept == []


def test_what_is_wrong_with_the_secret_is_not_waited_for() -> None:
    """Beside a young role, too: Entra's own refusal comes first."""
    with Emulator("role-soon") as emulator:
        seen, time, _ = run_in(emulator, "role-soon", 60.0, before=wrong_secret)
    assert seen.waited == Waited(limit=60.0, network=0.0, no_delay="entra-sp-secret-wrong")
    assert time.slept == []
