"""The benchmarks' own pieces: what they delay, how they take turns, and what they work out of it."""

from __future__ import annotations

import asyncio
import sys

import pytest
from emulated import serve
from forwarder import LOOPBACK, Forwarder
from measuring import Failed, Spent, alternate, environment, run
from reading import KINDS, log
from run import Bench, alone
from table import Row, further, ratio, share, written

ROUND_TRIP = 0.04


async def echoed(forwarder, said):
    """Send batches one by one through a forwarder to a server that sends them back; return what came back."""
    ended = asyncio.Event()

    async def echo(reader, writer):
        while data := await reader.read(65_536):
            writer.write(data)
        writer.close()
        await writer.wait_closed()
        ended.set()

    async with await asyncio.start_server(echo, LOOPBACK, 0) as server:
        target = server.sockets[0].getsockname()[1]
        async with await forwarder.lead(LOOPBACK, 0, target) as listening:
            reader, writer = await asyncio.open_connection(LOOPBACK, listening.sockets[0].getsockname()[1])
            for batch in said:
                writer.write(batch)
                await asyncio.sleep(0)
            heard = await reader.readexactly(len(b"".join(said)))
            writer.close()
            await writer.wait_closed()
            await ended.wait()
    return heard


@pytest.mark.parametrize("round_trip", [0.0, ROUND_TRIP])
def test_what_is_forwarded_arrives_whole_and_in_order(round_trip):
    """However much is under way at once, the other end gets the same bytes."""
    said = [bytes([number]) * 100 for number in range(200)]
    assert asyncio.run(echoed(Forwarder(round_trip), said)) == b"".join(said)


def test_forwarder_holds_bytes_for_half_a_round_trip_and_first_ones_for_the_connection_too():
    """No batch crosses faster than the network would let it, and nothing passes before a connection could be open."""
    forwarder = Forwarder(ROUND_TRIP)
    asyncio.run(echoed(forwarder, [b"one", b"two"]))
    assert forwarder.crossing >= ROUND_TRIP / 2
    assert forwarder.setting_up >= 3 * ROUND_TRIP / 2


def test_turns_alternate_and_the_first_does_not_count():
    """Every process runs once a turn, there and back, behind one warming turn; one that fails is left out and told."""
    order = []

    def take(name):
        order.append(name)
        if name == "broken":
            raise Failed("it broke")
        return Spent(len(order), 0.0, 0.0, "")

    found = alternate(2, {name: lambda name=name: take(name) for name in ("one", "broken", "other")})
    assert order == ["other", "broken", "one", "one", "other", "other", "one"]
    assert found.figures(lambda spent: spent.wall) == {"one": [4, 7], "other": [5, 6]}
    assert found.why == "broken: it broke"


def test_ratios_are_worked_out_within_a_turn():
    """A minute in which the machine is slow changes no ratio, share or price of a further one; without figures none."""
    quiet = {"bare": 0.2, "check": 0.3, "az": 0.5, "1": 0.25, "21": 0.45}
    slow = {"bare": 0.4, "check": 0.6, "az": 1.0, "1": 0.25, "21": 0.45}
    figures = {name: [quiet[name], slow[name], quiet[name]] for name in quiet} | {"broken": []}
    assert ratio(figures, "check", "az") == pytest.approx(0.6)
    assert share(figures, "check", "bare", "az") == pytest.approx(0.2)
    assert further(figures, "21", "1") == pytest.approx(0.01)
    assert ratio(figures, "check", "100") is share(figures, "check", "bare", "broken") is None
    assert further(figures, "100", "1") is None


def test_table_says_beside_each_goal_whether_it_is_met():
    """A row shows its medians, its result and its goal; where nothing could be measured it says why."""
    rows = [
        Row("whole", 0.58, "", 0.5, {"check": 0.8, "az": 1.6}),
        Row("each", 0.01, "ms", 0.0125),
        Row("peak", 60, "MB", note="no registry was ready"),
    ]
    assert written(rows).splitlines() == [
        "| what  | medians                  | result  | goal    |                                     |",
        "| ----- | ------------------------ | ------- | ------- | ----------------------------------- |",
        "| whole | check 800 ms, az 1600 ms | 0.50    | 0.58    | met                                 |",
        "| each  |                          | 12.5 ms | 10.0 ms | missed                              |",
        "| peak  |                          |         | 60 MB   | not measured: no registry was ready |",
    ]


def test_a_process_that_fails_is_no_figure(tmp_path):
    """What ends with an error or does not end is told, with its last words."""
    with pytest.raises(Failed, match="exit code 3: so it goes"):
        run([sys.executable, "-c", "print('so it goes'); raise SystemExit(3)"], environment(), tmp_path)
    with pytest.raises(Failed, match="not done within"):
        run([sys.executable, "-c", "import time; time.sleep(60)"], environment(), tmp_path, limit=0.2)


def test_fleets_are_found_ready_with_no_request_too_many(tmp_path):
    """The measured process checks every registry down to the data endpoint, with one sign-in for all."""
    with serve(3, tmp_path) as azure:
        Bench(1, None, tmp_path).climb(3, azure.machine)
        counts = azure.counts()
    assert (counts.requests, counts.connections) == (1 + 3 * 6, 1 + 3 * 2)


@pytest.mark.parametrize("kind", KINDS)
def test_logs_are_of_their_size_and_the_same_each_time(kind):
    """A log that is read has as many characters as was asked for, and is no other one the next time."""
    assert len(log(kind, 100_000)) == 100_000
    assert log(kind, 5000) == log(kind, 5000)


def test_a_log_is_read_in_a_process_of_its_own(tmp_path):
    """The process that reads a log says how long that took."""
    assert 0 < alone(Bench(1, None, tmp_path).read("plain", 1)) < 60
