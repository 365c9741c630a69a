"""This machine's clock against that of the services, as far as their answers tell it."""

from __future__ import annotations

from dataclasses import replace
from email.utils import formatdate

import pytest
from factories import STARTED, climb, observation, reply

from pytest_acrauth.catalogue.ending import clock_said
from pytest_acrauth.catalogue.facts import clock_off, service_time
from pytest_acrauth.model.observation import Challenge, Entra, Reply
from pytest_acrauth.model.stage import Stage
from pytest_acrauth.model.transcript import Transcript

_HOUR = 3600.0
#: Headers hold whole seconds.
_ROUNDED = 1.0


def _dated(seconds: float, *, of_registry: bool = True) -> Reply:
    return reply(401, date=formatdate(seconds, usegmt=True), from_registry=of_registry)


def _seen(challenge: Reply | None, entra: Reply | None = None) -> Transcript:
    first, token = observation(Stage.CHALLENGE), observation(Stage.ENTRA)
    assert isinstance(first, Challenge)
    assert isinstance(token, Entra)
    return replace(climb(), challenge=replace(first, reply=challenge), entra=replace(token, reply=entra))


@pytest.mark.parametrize("hours", [-3, 0, 5])
def test_the_date_of_the_registry_tells_how_wrong_the_clock_is(hours: int) -> None:
    """The registry's own answer is compared with the moment of its arrival."""
    seen = _seen(_dated(STARTED - hours * _HOUR))
    assert clock_off(seen) == pytest.approx(hours * _HOUR, abs=_ROUNDED)
    assert service_time(seen) == pytest.approx(STARTED - hours * _HOUR, abs=_ROUNDED)


def test_entra_tells_the_time_where_the_registry_was_not_reached() -> None:
    """A certificate may have been refused for the very clock that is asked about."""
    assert clock_off(_seen(None, _dated(STARTED - _HOUR))) == pytest.approx(_HOUR, abs=_ROUNDED)


def test_the_registry_is_believed_before_entra() -> None:
    """A token of Entra's is shared by a run, and may have come long before."""
    seen = _seen(_dated(STARTED), _dated(STARTED - _HOUR))
    assert clock_off(seen) == pytest.approx(0.0, abs=_ROUNDED)


@pytest.mark.parametrize("date", ["", "yesterday", "Thu, 99 Foo 99999 99:99:99 GMT"])
def test_without_a_date_nothing_is_known(date: str) -> None:
    """Nothing is made up of a header that is absent or unreadable."""
    seen = _seen(reply(401, date=date))
    assert clock_off(seen) is None
    assert service_time(seen) is None


def test_a_device_on_the_way_does_not_tell_the_time() -> None:
    """What answers in the registry's place has a clock of its own."""
    assert clock_off(_seen(_dated(STARTED - _HOUR, of_registry=False))) is None


@pytest.mark.parametrize(
    ("off", "said"),
    [
        (3 * 86400 - 1, "3 days ahead of"),
        (-(2 * 86400 - 1), "2 days behind"),
        (2.4 * 86400, "2 days ahead of"),
        (-3 * _HOUR + 1, "3 hours behind"),
        (12 * 60 - 1, "12 minutes ahead of"),
    ],
)
def test_how_far_a_clock_is_off_is_rounded(off: float, said: str) -> None:
    """A second that the way has taken makes no day of difference, and it is the clock that is told of."""
    expected = f"this machine's clock is {said} that of the services, by which the days are counted"
    assert clock_said(off) == expected
