"""How far the other host's numbers may be: not so far that one of them bars all that follow."""

from __future__ import annotations

from gateway.unit.counted import AHEAD, FASTEST_A_S, Near, first_of_minute
from gateway.unit.number import MAX_NUMBER

DAY_S = 86_400
# Midnight of a day in 2027, UTC.
BEGAN_NS = 1_800_000_000 * 10**9


def now_ns(after_s: float) -> int:
    return BEGAN_NS + int(after_s * 10**9)


def test_a_host_of_1500_units_a_second_is_believed_for_a_year_on_end() -> None:
    """It counts by two, nearly three times as fast as the clock; nobody starts this guard meanwhile."""
    first = first_of_minute(BEGAN_NS)
    near = Near(first, 0.0)
    for day in range(366):
        number = first + day * DAY_S * 3_000
        assert near(number, now_ns(day * DAY_S), day * DAY_S)
    # By the clock alone it would not have been, after four days.
    assert number > first_of_minute(now_ns(366 * DAY_S)) + AHEAD


def test_a_guard_that_starts_believes_where_the_counter_was() -> None:
    highest = first_of_minute(BEGAN_NS) + 10 * AHEAD
    near = Near(highest, 0.0)
    assert near(highest + AHEAD, BEGAN_NS, 0.0)
    assert not near(highest + AHEAD + 1, BEGAN_NS, 0.0)


def test_a_number_near_the_top_is_never_believed() -> None:
    for highest in (-1, first_of_minute(BEGAN_NS)):
        near = Near(highest, 0.0)
        for after_s in (0, DAY_S, 366 * DAY_S):
            assert not near(MAX_NUMBER - (1 << 33), now_ns(after_s), after_s)


def test_a_liar_gains_what_the_fastest_host_would() -> None:
    near = Near(first_of_minute(BEGAN_NS), 0.0)
    most = first_of_minute(BEGAN_NS) + AHEAD + 60 * FASTEST_A_S
    assert near(most, BEGAN_NS, 60.0)
    assert not near(most + 1, BEGAN_NS, 60.0)


def test_without_anything_let_in_the_clock_decides() -> None:
    near = Near(-1, 0.0)
    assert near(first_of_minute(BEGAN_NS) + AHEAD, BEGAN_NS, 3_600.0)
    assert not near(first_of_minute(BEGAN_NS) + AHEAD + 1, BEGAN_NS, 3_600.0)
