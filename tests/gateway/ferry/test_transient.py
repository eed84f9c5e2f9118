"""Transient units cross whole, ahead of cargo, in no account; what is lost of them is nobody's gap."""

from __future__ import annotations

import os

import pytest

from gateway.errors import Refused
from gateway.ferry.giving_way import LOOK_S, URGENT_S, GivingWay
from gateway.ferry.link.memory import Weather
from gateway.ferry.oneway.happenings import LostBlocks
from gateway.ferry.oneway.rejoining import MAX_AGE_S, MAX_UNITS, Rejoining
from gateway.ferry.oneway.transient import MAX_UNIT_BYTES, Piece, TransientSender
from gateway.ferry.oneway.window import Known
from gateway.ferry.pacing import Pacer
from gateway.ferry.pump import Pump
from tests.gateway.ferry.harness import KEY, SMALL, Cores


class Lane(Cores):
    """Both cores, and the transient ones beside them."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.urgent = TransientSender(self.shape, 1, self.session, KEY)
        self.pump = Pump(self.sender, self.link, Pacer(10**12), 1, self.urgent)
        self.came: list[bytes] = []

    def pass_on(self, after_s: float = 0.0) -> None:
        self.now_s += after_s
        self.sender.tick(self.now_s)
        while not self.pump.idle:
            self.pump.push(self.now_s)
        self.hear()

    def _collect(self) -> None:
        super()._collect()
        self.came += self.receiver.passing
        self.receiver.passing.clear()


def test_small_units_share_a_block_and_come_whole() -> None:
    lane = Lane()
    lane.pass_on()
    units = [os.urandom(700) for _ in range(40)]
    for number, unit in enumerate(units):
        assert lane.urgent.put(number, unit)
    lane.pass_on()
    assert lane.came == units
    assert lane.receiver.counts["blocks"] < 12


def test_a_unit_of_many_blocks_comes_whole() -> None:
    lane = Lane()
    lane.pass_on()
    unit = os.urandom(200_000)
    assert lane.urgent.put(7, unit)
    lane.pass_on()
    assert lane.came == [unit]


def test_they_go_before_cargo_that_came_earlier_and_leave_no_hole_in_its_numbers() -> None:
    lane = Lane(session=9)
    lane.pass_on()
    lane.put(1, os.urandom(60_000))
    lane.sender.flush()
    waiting = len(lane.sender.ready)
    assert waiting > 2
    lane.urgent.put(2, b"request")
    lane.pump.push(lane.now_s, most=1)
    lane.hear()
    assert lane.came == [b"request"]
    lane.pass_on()
    for _ in range(20):
        lane.pass_on(after_s=0.25)
    assert len(lane.body(1)) == 60_000
    assert lane.of(LostBlocks) == []


def test_a_lost_one_is_counted_and_nobody_names_it_missing() -> None:
    lane = Lane()
    lane.pass_on()
    lane.urgent.put(1, b"one")
    lane.pass_on()
    lane.gap.weather = Weather(loss=1.0)
    lane.urgent.put(2, b"two")
    lane.pass_on()
    lane.gap.weather = Weather()
    lane.urgent.put(3, b"three")
    lane.pass_on()
    for _ in range(20):
        lane.pass_on(after_s=0.25)
    assert lane.came == [b"one", b"three"]
    assert lane.receiver.counts["transient_lost"] == 1
    assert lane.of(LostBlocks) == []


def test_frames_that_come_again_give_nothing_again() -> None:
    lane = Lane()
    lane.gap.recorded = []
    lane.pass_on()
    lane.urgent.put(1, b"once")
    lane.pass_on()
    lane.gap.waiting.extend(lane.gap.recorded)
    lane.hear()
    assert lane.came == [b"once"]


def test_a_session_is_not_believed_by_them_and_a_receiver_started_anew_hears_them_at_once() -> None:
    stranger = Lane()
    stranger.sender.ready.clear()
    stranger.urgent.put(1, b"too early")
    stranger.pump.push(0.0, most=1)
    stranger.hear()
    assert (stranger.came, stranger.receiver.session) == ([], None)
    again = Lane(known=Known(5, 1000))
    again.sender.ready.clear()
    again.urgent.put(1, b"at once")
    again.pump.push(0.0, most=1)
    again.hear()
    assert again.came == [b"at once"]


def test_one_percent_of_loss_is_repaired() -> None:
    lane = Lane(weather=Weather(loss=0.01, reorder=0.05))
    lane.pass_on(after_s=0.3)
    lane.pass_on(after_s=0.3)
    units = [os.urandom(1_500) for _ in range(300)]
    for number, unit in enumerate(units):
        lane.urgent.put(number, unit)
        lane.pass_on(after_s=0.001)
    lane.pass_on(after_s=0.3)
    assert len(set(units) & set(lane.came)) >= 298


def test_what_does_not_fit_is_not_taken() -> None:
    urgent = TransientSender(SMALL, 1, 5, KEY)
    assert not urgent.put(1, bytes(MAX_UNIT_BYTES + 1))
    assert not urgent.put(1, b"")
    assert sum(urgent.put(n, bytes(1 << 20)) for n in range(100)) == 16


def piece(number: int, offset: int, total: int, data: bytes) -> Piece:
    return Piece(number, offset, total, memoryview(data))


def test_pieces_in_any_order_and_again_make_a_unit_and_others_do_not() -> None:
    rejoining = Rejoining()
    assert rejoining.take(piece(1, 4, 8, b"efgh"), 0.0) is None
    assert rejoining.take(piece(1, 4, 8, b"efgh"), 0.0) is None
    assert rejoining.take(piece(1, 0, 8, b"abcd"), 0.0) == b"abcdefgh"
    rejoining.next_block()
    assert rejoining.take(piece(2, 0, 8, b"abcdef"), 0.0) is None
    assert rejoining.take(piece(2, 4, 8, b"ef"), 0.0) is None
    assert rejoining.take(piece(3, 0, 8, b"abcd"), 0.0) is None
    assert rejoining.take(piece(3, 4, 9, b"efghi"), 0.0) is None
    assert rejoining.lost == 2


def test_units_under_way_are_bounded_in_number_and_age() -> None:
    rejoining = Rejoining()
    for number in range(MAX_UNITS + 10):
        rejoining.next_block()
        rejoining.take(piece(number, 0, 8, b"abcd"), 0.0)
    assert rejoining.lost == 10
    rejoining.forget(MAX_AGE_S)
    assert rejoining.lost == MAX_UNITS + 10
    for number in range(20):
        rejoining.next_block()
        rejoining.take(piece(number, 0, 4 << 20, b"abcd"), 9.0)
    assert rejoining.lost == MAX_UNITS + 10 + 12


def test_a_block_begins_no_more_units_than_a_sender_s_does_and_claims_take_no_memory() -> None:
    rejoining = Rejoining()
    for block in range(50):
        rejoining.next_block()
        for number in (2 * block, 2 * block + 1):
            assert rejoining.take(piece(number, 0, 4 << 20, b"x"), 0.0) is None
        with pytest.raises(Refused) as refused:
            rejoining.take(piece(1_000 + block, 0, 4 << 20, b"x"), 0.0)
        assert refused.value.number == 5302
    held = sum(len(part) for one in rejoining._partials.values() for part in one.got.values())
    assert held <= 100


def test_cargo_waits_while_it_gives_way_and_what_is_urgent_does_not() -> None:
    lane, waited_s = Lane(), [0.0]
    way = GivingWay(1_000, lambda: waited_s[0])
    lane.pump = Pump(lane.sender, lane.link, Pacer(10**12), 1, lane.urgent, way)
    lane.pass_on()
    for count in range(3):
        way.urgent(lane.now_s)
        waited_s[0] = count * LOOK_S
        way.wait_s(lane.now_s)
        lane.now_s += LOOK_S
    assert way.share < 1.0
    # What it had saved up is gone, for a good while.
    way.spend(200, 1472)
    cargo = os.urandom(50_000)
    lane.put(1, cargo)
    lane.sender.flush()
    assert lane.pump.push(lane.now_s) > 60
    assert not lane.pump.idle
    lane.urgent.put(2, b"request")
    lane.pump.push(lane.now_s)
    lane.hear()
    assert (lane.came, lane.body(1)) == ([b"request"], b"")
    # Its second is over.
    lane.pass_on(URGENT_S)
    assert lane.body(1) == cargo
