"""What is said of an account: all of it in the end, oldest first, and only while it is true."""

from __future__ import annotations

from gateway.ferry.block import Chunk
from gateway.ferry.oneway.account import Account, AccountState
from gateway.ferry.oneway.missing import MissingSequences, MissingUnit
from gateway.ferry.twoway.returns import (
    MAX_BODY_BYTES,
    Missed,
    MissedSpan,
    MissedUnit,
    decode_missed,
)
from gateway.ferry.twoway.telling import Telling

SLOW_BITS_PER_S = 1_000_000


def account(units: int, *, spans: int = 0, total: int = 1000) -> Account:
    missing = [MissingUnit(n, total, [(0, total)], n) for n in range(units)]
    sequences = [MissingSequences(3, 10 * n, 10 * n + 4, n) for n in range(spans)]
    return Account(lambda _: False, AccountState(units=missing, sequences=sequences))


def said(telling: Telling, of: Account, at_s: float) -> list[Missed]:
    return [decode_missed(body) for body in telling.bodies(of, 3, at_s)]


def test_what_does_not_fit_at_once_is_said_in_turn_oldest_first() -> None:
    telling, of = Telling(1, SLOW_BITS_PER_S, 4_000), account(1000)
    lists = [one for turn in range(10) for one in said(telling, of, turn * 1.0)]
    assert [unit.number for unit in lists[0].units][:3] == [0, 1, 2]
    assert not lists[0].whole
    assert {unit.number for one in lists for unit in one.units} == set(range(1000))
    assert [one.serial for one in lists] == list(range(1, 11))


def test_a_quick_lane_says_more_in_several_bodies_of_one_serial() -> None:
    telling = Telling(2, 10_000_000_000, 300_000)
    bodies = telling.bodies(account(3000), 3, 0.0)
    assert 2 <= len(bodies) <= 8
    assert max(map(len, bodies)) <= MAX_BODY_BYTES
    lists = [decode_missed(body) for body in bodies]
    assert {one.serial for one in lists} == {1}
    assert all(one.whole and one.lane == 2 and one.session == 3 for one in lists)
    assert sum(len(one.units) for one in lists) == 3000


def test_a_list_is_said_four_times_a_second_and_seldom_when_it_stays_the_same() -> None:
    telling, of = Telling(1, SLOW_BITS_PER_S, 4_000), account(2)
    times = [at / 100 for at in range(4000) if said(telling, of, at / 100)]
    assert 4 * 9 <= sum(at < 10.0 for at in times) <= 41
    assert sum(at >= 30.0 for at in times) <= 6


def test_only_what_is_still_missing_of_a_unit_is_said() -> None:
    telling, of = Telling(1, SLOW_BITS_PER_S, 4_000), account(1, total=1000)
    of.chunk(Chunk(0, 7, 200, 1000, 10, memoryview(bytes(300))), 3, 0.0)
    (missed,) = said(telling, of, 0.0)
    assert missed.units == (MissedUnit(0, 1000, ((0, 200), (500, 1000))),)


def test_bytes_that_nobody_has_named_yet_are_not_asked_for() -> None:
    named = AccountState(units=[MissingUnit(0, 1000, [(0, 200)], 1)])
    of = Account(lambda _: False, named)
    of.chunk(Chunk(0, 7, 0, 1000, 10, memoryview(bytes(200))), 3, 0.0)
    telling = Telling(1, SLOW_BITS_PER_S, 4_000)
    # The rest is still being sent: nothing is missing that could be asked for.
    assert all(one.empty for at in range(4) for one in said(telling, of, float(at)))
    assert [said(telling, of, 4.0 + at) for at in range(3)] == [[], [], []]


def test_sendings_of_unknown_units_go_first() -> None:
    (missed,) = said(Telling(1, SLOW_BITS_PER_S, 16_000), account(3, spans=2), 0.0)
    assert missed.spans == (MissedSpan(3, 0, 4), MissedSpan(3, 10, 14))
    assert [unit.number for unit in missed.units] == [0, 1, 2]


def test_more_holes_than_an_entry_takes_are_asked_for_in_turn() -> None:
    of = account(1, total=100_000)
    for place in range(500):
        of.chunk(Chunk(0, 7, place * 200, 100_000, 10, memoryview(bytes(100))), 3, 0.0)
    (missed,) = said(Telling(1, SLOW_BITS_PER_S, 16_000), of, 0.0)
    assert len(missed.units[0].ranges) == 64
    assert missed.units[0].ranges[0] == (100, 200)
