"""What of a list goes again now: once a round trip, within the limits, and no longer than it is asked for."""

from __future__ import annotations

from gateway.ferry.giving_way import LEAST
from gateway.ferry.twoway.asked import Asked, Limits
from gateway.ferry.twoway.returns import Missed, MissedSpan, MissedUnit
from gateway.sending.returned import limits_of

LIMITS = Limits(bytes_per_s=1_000_000.0, times=3, round_trip_s=1.0)


def ask(asked: Asked, serial: int, now_s: float, *units: MissedUnit, said_in: int = 5) -> None:
    asked.take(Missed(1, 1, serial, True, units), said_in, now_s)


def numbers(asked: Asked, now_s: float, limit: int = 10) -> list[int]:
    return [unit.number for unit in asked.next(limit, now_s)]


def test_a_unit_under_way_is_not_begun_again_before_a_round_trip_after_its_end() -> None:
    asked, unit = Asked(LIMITS), MissedUnit(7, 1000)
    ask(asked, 1, 0.0, unit)
    assert numbers(asked, 0.0) == [7]
    asked.began(unit)
    ask(asked, 2, 5.0, unit)
    assert numbers(asked, 5.0) == []
    asked.ended(7, 5.0)
    ask(asked, 3, 5.9, unit)
    assert numbers(asked, 5.9) == []
    ask(asked, 4, 6.1, unit)
    assert numbers(asked, 6.1) == [7]


def test_a_unit_does_not_go_again_while_it_gives_way_to_requests_on_a_slow_lane() -> None:
    rate, buffered_bytes = 10_000_000, 8 * 300_000
    asked, unit = Asked(limits_of(rate, 0.5, 32, buffered_bytes)), MissedUnit(7, 1000)
    ask(asked, 1, 0.0, unit)
    assert numbers(asked, 0.0) == [7]
    asked.began(unit)
    asked.ended(7, 0.0)
    there_s = buffered_bytes / (rate / 8 * LEAST)
    ask(asked, 2, there_s + 0.5, unit)
    assert numbers(asked, there_s + 0.5) == []
    ask(asked, 3, there_s + 1.5, unit)
    assert numbers(asked, there_s + 1.5) == [7]


def test_what_is_not_asked_for_any_more_does_not_go() -> None:
    asked = Asked(LIMITS)
    ask(asked, 1, 0.0, MissedUnit(7, 1000), MissedUnit(8, 1000))
    assert numbers(asked, 0.0, limit=1) == [7]
    ask(asked, 2, 0.3)
    assert numbers(asked, 0.3) == []


def test_a_new_session_of_the_opposite_lane_counts_from_the_start() -> None:
    asked = Asked(LIMITS)
    ask(asked, 900, 0.0)
    ask(asked, 1, 0.0, MissedUnit(7, 1000))
    assert numbers(asked, 0.0) == []
    ask(asked, 1, 0.0, MissedUnit(7, 1000), said_in=6)
    assert numbers(asked, 0.0) == [7]


def test_large_units_wait_until_the_share_of_the_rate_has_paid_for_the_last() -> None:
    asked = Asked(LIMITS)
    ask(asked, 1, 0.0, *(MissedUnit(n, 5_000_000) for n in range(3)))
    assert numbers(asked, 0.0) == [0]
    assert numbers(asked, 3.9) == []
    assert numbers(asked, 4.1) == [1]


def test_sendings_are_looked_up_once_a_round_trip() -> None:
    asked = Asked(LIMITS)
    span = MissedSpan(4, 10, 19)
    asked.take(Missed(1, 1, 1, True, spans=(span,)), 5, 0.0)
    assert asked.spans(0.0) == [span]
    asked.take(Missed(1, 1, 2, True, spans=(MissedSpan(4, 8, 21),)), 5, 0.5)
    assert asked.spans(0.5) == [MissedSpan(4, 8, 9), MissedSpan(4, 20, 21)]
    asked.take(Missed(1, 1, 3, True, spans=(span,)), 5, 1.1)
    assert asked.spans(1.1) == [span]


def test_memory_is_bounded_whatever_is_asked_for() -> None:
    asked = Asked(LIMITS)
    for serial in range(30):
        units = [MissedUnit(serial * 10_000 + n, 1) for n in range(10_000)]
        ask(asked, 1, 0.0, *units)
        for unit in units:
            asked.began(unit)
            asked.unknown(unit.number + (1 << 30), 0.0)
    assert len(asked._waiting) <= 65_536
    assert len(asked._again) <= 65_536
    assert len(asked._unknown) <= 65_536


def test_what_goes_is_paid_by_its_real_length_whatever_was_claimed() -> None:
    asked = Asked(LIMITS)
    now_s, went_bytes = 0.0, 0
    for serial in range(40):
        ask(asked, serial, now_s, MissedUnit(serial, 1))
        for unit in asked.next(1024, now_s):
            asked.began(MissedUnit(unit.number, 5_000_000))
            went_bytes += 5_000_000
            asked.ended(unit.number, now_s)
        now_s += 0.25
    assert went_bytes <= 10 * LIMITS.bytes_per_s + LIMITS.burst_bytes + 5_000_000


def test_a_unit_goes_so_many_times_its_real_length_whatever_was_claimed() -> None:
    asked, now_s, times = Asked(LIMITS), 0.0, 0
    for serial in range(50):
        ask(asked, serial, now_s, MissedUnit(7, 1 << 40, ((0, 100_000),)))
        for unit in asked.next(10, now_s):
            asked.began(MissedUnit(unit.number, 100_000, unit.ranges))
            asked.ended(unit.number, now_s)
            times += 1
        now_s += 2.0
    assert times <= LIMITS.times
