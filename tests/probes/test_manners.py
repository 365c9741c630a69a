"""A host that asks for silence gets it: requests of the run to it that have not begun wait, and none is sent twice."""

from __future__ import annotations

import httpx
import pytest
import respx
from factories import reply
from standing_in import BASE, SERVICE_PRINCIPAL, access_token, climb, target

from pytest_acrauth.probes.http.manners import Silences, seconds_asked


def throttled_once(cloud: respx.MockRouter, retry_after: str) -> None:
    """Let the first request for an access token be one too many."""
    busy = httpx.Response(429, headers={"Retry-After": retry_after}, json={"errors": [{"code": "TOOMANYREQUESTS"}]})
    fine = httpx.Response(200, json=access_token("pull", repository="team/other"))
    cloud.post(f"{BASE}/oauth2/token", name="post_token").mock(side_effect=[busy, fine])
    cloud.get(f"{BASE}/v2/team/other/manifests/latest").respond(404)


def test_what_has_not_begun_waits(cloud):
    """The refused request stays refused; the next one to that host waits, and the record says so."""
    throttled_once(cloud, "1")
    seen = climb(target(SERVICE_PRINCIPAL, "team/app", "team/other"))
    first, second = (access.access_token for access in seen.accesses)
    assert (first.reply.status, second.issued) == (429, True)
    assert cloud["post_token"].call_count == 2
    ((host, seconds),) = seen.held_back
    assert host == "myacr.azurecr.io"
    assert 0.0 < seconds <= 1.0


def test_a_silence_beyond_the_limit_is_not_waited_for(cloud):
    """Where the host wants more time than the climb has, waiting would help nobody: the next request is sent."""
    throttled_once(cloud, "600")
    seen = climb(target(SERVICE_PRINCIPAL, "team/app", "team/other"))
    assert seen.held_back == ()
    assert [access.access_token.issued for access in seen.accesses] == [False, True]


def test_the_record_survives_json(cloud):
    """What was held back is part of the transcript."""
    throttled_once(cloud, "1")
    seen = climb(target(SERVICE_PRINCIPAL, "team/app", "team/other"))
    assert type(seen).from_json(seen.to_json()) == seen


@pytest.mark.parametrize(
    ("retry_after", "date", "seconds"),
    [
        ("5", "", 5.0),
        (" 120 ", "", 120.0),
        ("Thu, 01 Jan 2026 00:00:30 GMT", "Thu, 01 Jan 2026 00:00:00 GMT", 30.0),
        ("Thu, 01 Jan 2026 00:00:00 GMT", "Thu, 01 Jan 2026 00:00:30 GMT", 0.0),
        ("Thu, 01 Jan 2026 00:00:30 GMT", "", 0.0),
        ("soon", "", 0.0),
        ("-3", "", 0.0),
        ("9" * 5000, "", 3600.0),
        ("", "", 0.0),
    ],
)
def test_a_retry_after_is_read(retry_after, date, seconds):
    """Seconds or a date; what cannot be read asks for nothing, and no number is too large."""
    assert seconds_asked(reply(429, retry_after=retry_after, date=date)) == seconds


def test_only_a_429_asks_for_silence():
    """A Retry-After with another status, of a service in trouble, holds nobody back; hosts do not share silences."""
    silences = Silences()
    silences.heed("a.example", reply(503, retry_after="60"))
    assert silences.left("a.example") == 0.0
    silences.heed("a.example", reply(429, retry_after="60"))
    assert 0.0 < silences.left("a.example") <= 60.0
    assert silences.left("b.example") == 0.0
