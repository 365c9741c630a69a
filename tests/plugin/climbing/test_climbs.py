"""What a run keeps of its climbs, and how long they may take."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

import factories
import pytest

from pytest_acrauth.model.observation import Dns, Exchange
from pytest_acrauth.model.stage import Stage
from pytest_acrauth.model.target import Target
from pytest_acrauth.model.transcript import Transcript, Waited
from pytest_acrauth.plugin.asked.declared import Refused
from pytest_acrauth.plugin.asked.plan import Plan, plan
from pytest_acrauth.plugin.asked.settings import read
from pytest_acrauth.plugin.checks.refusals import Expectation
from pytest_acrauth.plugin.climbing.climbs import Climbs, Needs
from pytest_acrauth.probes.machine import RealMachine
from pytest_acrauth.running.run import Run


class Scripted(Run):
    """A run whose climbs are written down beforehand."""

    def __init__(self, *transcripts: Transcript) -> None:
        super().__init__(RealMachine())
        self._coming = list(transcripts)
        self.waited_for: list[list[Target]] = []

    def check(
        self, targets: Sequence[Target], _watcher: object = None, *, at_once: Collection[Target] = ()
    ) -> tuple[Transcript, ...]:
        self.waited_for.append([target for target in targets if target not in at_once])
        return tuple(self._coming.pop(0) for _ in targets)


def planned(pytester: pytest.Pytester, *arguments: str) -> Plan:
    """Return the plan of a pytest started with these arguments."""
    config = pytester.parseconfig(*arguments)
    return plan(read(config, {}), RealMachine(), config)


def test_a_second_climb_replaces_the_first_only_if_it_broke_nothing_new(pytester: pytest.Pytester) -> None:
    """Checks still to come are judged on a later climb only where those already judged would have passed on it."""
    healthy = factories.climb()
    target = healthy.target
    no_dns, no_exchange = (
        factories.climb(stage, broken)
        for stage, broken in (
            (Stage.DNS, Dns(host="myacr.azurecr.io", resolution=None)),
            (Stage.EXCHANGE, Exchange()),
        )
    )
    climbs = Climbs(planned(pytester), Scripted(no_exchange, no_dns, healthy))
    assert climbs.of(target) is no_exchange
    assert climbs.again(target) is no_dns
    assert climbs.of(target) is no_exchange
    assert climbs.again(target) is healthy
    assert climbs.of(target) is healthy


def test_the_longest_that_tests_may_have_to_wait(pytester: pytest.Pytester) -> None:
    """Climbs take the limit once for as many as run at once; clients are checked one after the other."""
    targets = tuple(factories.target(identity) for identity in (factories.BASIC, factories.ANONYMOUS))
    needs = Needs((factories.target(), *targets), ("docker", "az"))
    climbs = Climbs(planned(pytester, "--acr-jobs=2", "--acr-timeout=5"), Scripted())
    assert climbs.longest(needs) == (2 + 2) * 5.0
    waiting = Climbs(planned(pytester, "--acr-jobs=2", "--acr-timeout=5", "--acr-wait=60"), Scripted())
    assert waiting.longest(needs) == 2 * 5.0 + 60.0 + 2 * 5.0 + 2 * 5.0  # the last attempt begins when time is over
    assert waiting.longest(Needs((), ("docker",))) == 5.0


def test_who_was_waited_for_once_is_not_waited_for_again(pytester: pytest.Pytester) -> None:
    """Each check that is run again would wait; whoever nobody waited for yet is waited for, though it failed."""
    broken = factories.climb(Stage.EXCHANGE, Exchange())
    hopeless = replace(broken, waited=Waited(limit=60.0, no_delay="exchange-no-role"))
    in_vain = replace(broken, waited=Waited(limit=60.0, attempts=7, seconds=60.0))
    run = Scripted(hopeless, hopeless, in_vain, broken, broken)
    climbs = Climbs(planned(pytester), run)
    for _ in range(4):
        climbs.again(broken.target)
    assert run.waited_for == [[broken.target]] * 3 + [[]] * 2


def test_what_is_to_be_refused_is_not_waited_for(pytester: pytest.Pytester) -> None:
    """Nothing is to take effect there, unless the same target is checked, too."""
    shut, checked = factories.climb(chosen=factories.target(factories.ANONYMOUS)), factories.climb()
    refusals = tuple(Refused(each.target, Expectation(["firewall"])) for each in (shut, checked))
    ours = replace(planned(pytester), targets=(checked.target,), refusals=refusals)
    run = Scripted(shut, checked, shut)
    climbs = Climbs(ours, run)
    climbs.gather([shut.target, checked.target])
    climbs.again(shut.target)
    assert run.waited_for == [[checked.target], []]
