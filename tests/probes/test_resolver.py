"""Looking names up for many climbs at once: few threads, and a name that hangs takes nobody else's."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from pytest_acrauth.model.machine import Resolution, Resolved
from pytest_acrauth.probes.http.resolver import Resolver

FOUND = Resolution(Resolved.FOUND, ("10.0.0.1",))


def test_many_names_take_few_threads():
    """A hundred look-ups at once are done by a constant number of threads."""
    seen: set[int] = set()

    def resolve(_name):
        seen.add(threading.get_ident())
        return FOUND

    resolver = Resolver(resolve)
    with ThreadPoolExecutor(100) as climbs:
        found = list(climbs.map(lambda number: resolver.look_up(f"acr{number}.example", 10.0), range(100)))
    assert found == [FOUND] * 100
    assert len(seen) <= 16


def test_names_that_hang_keep_nobody_else_waiting():
    """While more names hang than there are threads, another name is still looked up."""
    end = threading.Event()

    def resolve(name):
        if name.startswith("hangs"):
            end.wait(30.0)
        return FOUND

    resolver = Resolver(resolve)
    with ThreadPoolExecutor(30) as climbs:
        hanging = [climbs.submit(resolver.look_up, f"hangs{number}.example", 20.0) for number in range(20)]
        assert resolver.look_up("answers.example", 20.0) == FOUND
        assert not any(one.done() for one in hanging)
        end.set()
        assert [one.result() for one in hanging] == [FOUND] * 20


def test_a_resolver_that_never_answers_is_left_behind():
    """A look-up that does not end in its time is None, and its thread holds nobody."""
    end = threading.Event()
    assert Resolver(lambda _name: end.wait(30.0) and FOUND).look_up("silent.example", 0.05) is None
    end.set()


def test_a_defect_in_a_machine_is_raised_where_it_is_asked():
    """What a machine's own code raises is no answer of a resolver."""

    def resolve(_name):
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        Resolver(resolve).look_up("any.example", 5.0)
