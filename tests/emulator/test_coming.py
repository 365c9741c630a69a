"""Changes of a world that come once so many requests were answered."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from emulator.climbing import prepared
from emulator.visiting import Visitor

from pytest_acrauth.emulator import DELAYS, LOOK_ALIKES, READY, SCENARIOS, Coming, Emulator, Scenario, World
from pytest_acrauth.emulator.scenarios.changes import no_role

CHALLENGE = "https://myacr.azurecr.io/v2/"
OTHER = "https://otheracr.azurecr.io/v2/"


def noted(notes: list[str], name: str) -> Callable[[World], None]:
    """Return a change that only leaves a note."""
    return lambda _world: notes.append(name)


def test_it_comes_behind_the_last_answer_that_counts(emulator: Emulator, visitor: Visitor) -> None:
    """Only requests of its kind count, and it comes once, before the next request."""
    notes: list[str] = []
    emulator.world.coming += [
        Coming(noted(notes, "anything"), 1),
        Coming(noted(notes, "host"), 2, host="otheracr.*"),
        Coming(noted(notes, "path"), 3, path="/v2/"),
        Coming(noted(notes, "never"), 1, path="/v2"),
    ]
    told = []
    for url in (CHALLENGE, OTHER, CHALLENGE, OTHER, CHALLENGE):
        visitor.http.get(url)
        told.append([*notes])
        notes.clear()
    assert told == [["anything"], [], ["path"], ["host"], []]
    assert [each.after for each in emulator.world.coming] == [1]


def test_the_answer_that_counts_is_of_the_world_before(emulator: Emulator, visitor: Visitor) -> None:
    """One failing answer, then calm, then trouble: what is a sequence elsewhere is one change behind another."""
    registry = emulator.world.cloud.registries["myacr"]
    registry.failing = True

    def calm(world: World) -> None:
        registry.failing = False
        world.coming.append(Coming(trouble, 2, path="/v2/"))

    def trouble(_world: World) -> None:
        registry.failing = True

    emulator.world.coming.append(Coming(calm, 1, path="/v2/"))
    assert [visitor.http.get(CHALLENGE).status_code for _ in range(4)] == [503, 401, 401, 503]


def test_several_come_at_once_in_order(emulator: Emulator, visitor: Visitor) -> None:
    """As they were put there."""
    notes: list[str] = []
    emulator.world.coming += [Coming(noted(notes, str(number)), 1) for number in range(3)]
    visitor.http.get(CHALLENGE)
    assert notes == ["0", "1", "2"]
    assert emulator.world.coming == []


def test_no_world_is_changed_by_what_is_only_coming() -> None:
    """A scenario that changes nothing else leaves requests as they are until its time."""
    with Emulator() as emulator:
        emulator.change(lambda world: world.coming.append(Coming(no_role, 1, path="/oauth2/token")))
        run, target = prepared(emulator, SCENARIOS["healthy"], None)
        assert not [*run.check([target])[0].broken()]
        assert [*map(str, run.check([target])[0].broken())] == ["exchange"]


@pytest.mark.parametrize("scenario", DELAYS.values(), ids=DELAYS)
def test_an_entry_says_what_it_is_like(scenario: Scenario) -> None:
    """It is like a world that stays as it is, ends in one that is ready, and sets how long to wait for that."""
    assert scenario.like in SCENARIOS | LOOK_ALIKES
    assert scenario.id not in SCENARIOS | LOOK_ALIKES
    assert scenario.diagnosed == READY
    assert int(scenario.options["wait"]) >= 10
    assert {**scenario.options, "wait": ""}.keys() - {"wait"} == (SCENARIOS | LOOK_ALIKES)[scenario.like].options.keys()


@pytest.mark.parametrize("scenario", DELAYS.values(), ids=DELAYS)
def test_every_registry_has_its_own_count(scenario: Scenario) -> None:
    """Of three registries each is refused twice, whoever is asked in between."""
    with Emulator(scenario.id, registries=("thirdacr",)) as emulator:
        hosts = [each.login_server for each in emulator.world.cloud.registries.values()]
        assert sorted(each.host for each in emulator.world.coming) == sorted(hosts)
        assert {each.after for each in emulator.world.coming} == {2}
        for _ in range(2):
            emulator.world.answered(hosts[0], emulator.world.coming[0].path.replace("*", "token"))
        assert sorted(each.host for each in emulator.world.coming) == sorted(hosts[1:])
