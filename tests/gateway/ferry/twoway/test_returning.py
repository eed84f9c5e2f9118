"""Two lanes: what is lost comes again by itself, and a liar on the opposite lane gains little."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from gateway.ferry.block import MAX_UNIT_BYTES
from gateway.ferry.shape import shape_for
from gateway.ferry.twoway.returns import Missed, MissedSpan, MissedUnit, encode_missed
from tests.gateway.ferry.twoway.harness import TwoLanes


def fill(gate: TwoLanes, sizes: list[int]) -> None:
    for lane in gate.lanes.values():
        for number, size in enumerate(sizes, start=1):
            lane.put(number, os.urandom(size))


@pytest.mark.parametrize("seed", [1, 20])
def test_every_unit_arrives_once_over_lanes_that_lose_a_third_in_bursts(
    tmp_path: Path, seed: int
) -> None:
    gate = TwoLanes(tmp_path, 0.3, burst=8, seed=seed)
    fill(gate, [0, 1, 100, 5_000, 200_000, 60_000] + [700] * 60)
    took_s = gate.run_until_whole(120.0)
    assert took_s < 120.0
    for lane in gate.lanes.values():
        assert lane.arrived() == lane.bodies
        assert lane.received_once()
        assert "resent" in lane.sent_events.names()
    gate.run(20.0)
    for lane in gate.lanes.values():
        assert sorted(lane.cleared.acknowledged) == sorted(lane.bodies)
        assert 5602 not in lane.receiver_board.alarms
        assert 5720 not in lane.sender_board.alarms


def test_a_lane_that_was_cut_for_seconds_loses_nothing(tmp_path: Path) -> None:
    gate = TwoLanes(tmp_path)
    gate.run(1.0)
    gate.lanes[1].gap.share = 1.0
    fill(gate, [300, 50_000, 300])
    gate.run(6.0)
    assert gate.lanes[1].arrived() == {}
    gate.lanes[1].gap.share = 0.0
    assert gate.run_until_whole(10.0) < 10.0
    assert gate.lanes[1].arrived() == gate.lanes[1].bodies


def test_only_what_is_missing_of_a_large_unit_goes_again(tmp_path: Path) -> None:
    gate = TwoLanes(tmp_path, shape=shape_for(1500, 28))
    gate.run(1.0)
    lane = gate.lanes[1]
    body = os.urandom(6_000_000)
    lane.put(1, body)
    gate.run(0.05)
    lane.gap.share = 1.0
    gate.run(0.02)
    lane.gap.share = 0.0
    assert gate.run_until_whole(20.0) < 20.0
    assert lane.arrived() == {1: body}
    again = lane.dispatcher.sender.bytes - len(body)
    assert 0 < again < 2_500_000


def test_a_receiver_that_was_away_gets_what_was_sent_meanwhile(tmp_path: Path) -> None:
    gate = TwoLanes(tmp_path)
    gate.run(1.0)
    lane = gate.lanes[1]
    lane.put(1, b"first")
    gate.run(4.0)
    lane.gap.share = 1.0
    for number in range(2, 40):
        lane.put(number, b"unit %d" % number)
    gate.run(4.0)
    gate.start_receiver(1)
    gate.start_sender(1)
    lane.gap.share = 0.0
    assert gate.run_until_whole(15.0) < 15.0
    gate.run(5.0)
    assert lane.arrived() == lane.bodies
    assert lane.acceptor.account.sequences == []


def test_nothing_is_said_while_nothing_is_missing(tmp_path: Path) -> None:
    gate = TwoLanes(tmp_path)
    fill(gate, [100, 10_000])
    gate.run(6.0)
    assert gate.is_whole()
    assert all(
        "returns_heard_total" not in lane.sender_board.counters for lane in gate.lanes.values()
    )


def test_when_nothing_is_missing_any_more_that_is_said_and_then_no_more(tmp_path: Path) -> None:
    gate = TwoLanes(tmp_path)
    gate.run(1.0)
    lane = gate.lanes[1]
    lane.gap.share = 1.0
    lane.put(1, b"x" * 500)
    gate.run(1.0)
    lane.gap.share = 0.0
    gate.run_until_whole(10.0)
    gate.run(5.0)
    heard = lane.sender_board.counters["returns_heard_total"]
    assert heard >= 2
    gate.run(5.0)
    assert lane.sender_board.counters["returns_heard_total"] == heard


# Of a unit as it goes: its body, and the header that it has in its queue.
HEADER_BYTES = len(b"header")


def lie(
    gate: TwoLanes, *units: MissedUnit, serial: int = 1, spans: tuple[MissedSpan, ...] = ()
) -> None:
    """Somebody with the keys of lane 2 says that of lane 1 this is missing."""
    body = encode_missed(Missed(1, 1, serial, True, units, spans))
    gate.lanes[1].dispatcher.hear(9, body)


def test_a_liar_gets_a_unit_so_many_times_then_there_is_an_alarm(tmp_path: Path) -> None:
    gate = TwoLanes(tmp_path, resend_times=4)
    lane = gate.lanes[1]
    lane.put(1, os.urandom(20_000))
    gate.run(4.0)
    for serial in range(200):
        lie(gate, MissedUnit(1, 20_000 + HEADER_BYTES), serial=serial)
        gate.run(0.2)
    assert lane.sent_events.names().count("resent") == 4
    assert lane.sender_board.alarms[5720]["units"] == 1
    lie(gate, serial=500)
    gate.run(0.2)
    assert 5720 not in lane.sender_board.alarms


def test_single_bytes_again_and_again_cost_no_more_than_the_whole(tmp_path: Path) -> None:
    gate = TwoLanes(tmp_path, resend_times=4)
    lane = gate.lanes[1]
    lane.put(1, os.urandom(20_000))
    gate.run(4.0)
    for serial in range(200):
        lie(gate, MissedUnit(1, 20_000 + HEADER_BYTES, ((serial, serial + 1),)), serial=serial)
        gate.run(0.2)
    assert lane.sent_events.names().count("resent") == 4


def test_what_goes_again_is_a_share_of_the_rate(tmp_path: Path) -> None:
    gate = TwoLanes(tmp_path, shape=shape_for(1500, 28), resend_share=0.1)
    lane = gate.lanes[1]
    for number in range(40):
        lane.put(number, os.urandom(1_000_000))
    gate.run(8.0)
    carried, begin_s = lane.dispatcher.sender.bytes, gate.now_s
    for serial in range(30):
        units = (MissedUnit(number, 1_000_000 + HEADER_BYTES) for number in range(40))
        lie(gate, *units, serial=serial)
        gate.run(0.2)
    share_bytes = (gate.now_s - begin_s + 1.0) * 200_000_000 / 8 * 0.1
    assert 1_000_000 < lane.dispatcher.sender.bytes - carried <= share_bytes + 1_100_000


def test_units_that_are_not_kept_are_told_once_and_few_a_minute(tmp_path: Path) -> None:
    gate = TwoLanes(tmp_path)
    for serial in range(20):
        lie(gate, MissedUnit(77, 10), serial=serial)
        gate.run(0.3)
    assert gate.lanes[1].sent_events.names().count("resend.unknown") == 1
    for serial in range(20, 40):
        lie(
            gate,
            *(MissedUnit(n, 10) for n in range(serial * 100, serial * 100 + 100)),
            serial=serial,
        )
        gate.run(0.3)
    assert 60 <= gate.lanes[1].sent_events.names().count("resend.unknown") <= 61


def test_lists_that_are_wrong_of_another_lane_or_older_do_nothing(tmp_path: Path) -> None:
    gate = TwoLanes(tmp_path)
    lane = gate.lanes[1]
    lane.put(1, os.urandom(900))
    gate.run(4.0)
    lane.dispatcher.hear(9, b"\x01" * 40)
    lane.dispatcher.hear(9, encode_missed(Missed(2, 1, 1, True, (MissedUnit(1, 900),))))
    gate.run(0.5)
    lie(gate, serial=10)
    gate.run(0.1)
    lie(gate, MissedUnit(1, 900), serial=3)
    gate.run(1.0)
    assert lane.sender_board.counters["returns_malformed_total"] == 2
    assert "resent" not in lane.sent_events.names()


def test_spans_without_end_are_looked_up_in_bounded_pieces(tmp_path: Path) -> None:
    gate = TwoLanes(tmp_path)
    lane = gate.lanes[1]
    lane.put(1, os.urandom(900))
    gate.run(4.0)
    huge = MissedSpan(1, 0, (1 << 64) - 1)
    for serial in range(10):
        lie(gate, serial=serial, spans=(huge,) * 64)
        gate.run(0.1)
    assert lane.sent_events.names().count("resent") <= 2


@pytest.mark.parametrize("claimed", [0, 1, 20_005, 20_007, MAX_UNIT_BYTES])
def test_a_unit_of_another_length_than_it_has_does_not_go(tmp_path: Path, claimed: int) -> None:
    gate = TwoLanes(tmp_path)
    lane = gate.lanes[1]
    lane.put(1, os.urandom(20_000))
    gate.run(4.0)
    for serial in range(20):
        lie(gate, MissedUnit(1, claimed), serial=serial)
        gate.run(0.2)
    assert lane.sent_events.names().count("resent") == 0
    assert lane.sent_events.names().count("resend.unknown") == 1
