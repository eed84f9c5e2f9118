"""An answer passes once, in time, for the request that it belongs to; anything else by its own number."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import Refused, Unavailable
from gateway.guard.outstanding import Asked, Outstanding
from gateway.guard.seen import Seen


def asked(number: int, until_s: float = 10.0, channel: str = "lab", caller: str = "") -> Asked:
    return Asked(number, channel, "read", 0.0, until_s, caller)


def passed(table: Outstanding, channel: str, caller: str, first: int, count: int = 200) -> int:
    """How many there was room for."""
    there = len(table)
    for number in range(first, first + count):
        with suppress(Unavailable):
            table.ask(asked(number, channel=channel, caller=caller))
    return len(table) - there


def refusal(table: Outstanding, number: int, now_s: float = 1.0, operation: str = "read") -> int:
    with pytest.raises(Refused) as found:
        table.answer(number, "lab", operation, now_s)
    return found.value.number


def test_an_answer_passes_once() -> None:
    table = Outstanding()
    table.ask(asked(1))
    assert table.answer(1, "lab", "read", 9.9) == asked(1)
    assert (refusal(table, 1), len(table)) == (5764, 0)


def test_what_nobody_asked_for_is_refused() -> None:
    assert refusal(Outstanding(), 1) == 5762


def test_what_comes_late_is_refused_before_and_after_it_was_told() -> None:
    table = Outstanding()
    table.ask(asked(1))
    table.ask(asked(2))
    assert refusal(table, 1, now_s=10.1) == 5763
    assert [one.number for one in table.expire(10.1)] == [2]
    assert (refusal(table, 2, now_s=1.0), table.expire(99.0)) == (5763, [])


def test_another_operation_or_channel_does_not_end_the_waiting() -> None:
    table = Outstanding()
    table.ask(asked(1))
    assert refusal(table, 1, operation="write") == 5765
    with pytest.raises(Refused) as found:
        table.answer(1, "other", "read", 1.0)
    assert found.value.number == 5765
    assert table.answer(1, "lab", "read", 1.0).number == 1


def test_a_number_is_asked_once() -> None:
    table = Outstanding()
    for act in (
        lambda: None,
        lambda: table.answer(1, "lab", "read", 1.0),
    ):
        if len(table) == 0:
            table.ask(asked(1))
        act()
        with pytest.raises(Refused) as found:
            table.ask(asked(1))
        assert found.value.number == 5761


def test_the_table_is_bounded_and_says_that_nothing_was_performed() -> None:
    table = Outstanding(most=2)
    table.ask(asked(1))
    table.ask(asked(2, channel="other"))
    with pytest.raises(Unavailable):
        table.ask(asked(3, channel="third"))
    assert table.withdraw(1)
    table.ask(asked(3))
    assert len(table) == 2


def test_neither_a_channel_nor_a_caller_fills_the_table() -> None:
    table = Outstanding(most=100)
    assert passed(table, "lab", "loud", 0) == 25
    assert passed(table, "lab", "shy", 1_000, 10) == 10
    assert passed(table, "ward", "", 2_000) == 33
    table = Outstanding(most=100)
    # Nobody is known: there is nobody to share the channel's half with.
    assert passed(table, "lab", "", 0) == 50
    assert passed(table, "ward", "", 1_000, 5) == 5


def test_whatever_ends_the_waiting_makes_room_for_its_caller() -> None:
    table = Outstanding(most=40)
    for first, end in (
        (0, lambda: [table.answer(number, "lab", "read", 1.0) for number in range(10)]),
        (100, lambda: [table.withdraw(number) for number in range(100, 110)]),
        (200, lambda: table.expire(11.0)),
        (300, table.give_up),
    ):
        assert passed(table, "lab", "loud", first) == 10
        end()
        assert len(table) == 0
    assert not table.withdraw(300)


def test_one_that_waited_before_has_its_place_again_whoever_has_come_meanwhile() -> None:
    table = Outstanding(most=100)
    passed(table, "lab", "loud", 0)
    assert passed(table, "ward", "", 1_000) == 38
    with pytest.raises(Unavailable):
        table.ask(asked(500, caller="loud"))
    assert table.withdraw(3)
    table.ask(asked(3, caller="loud"), again=True)
    assert table.waits(3, "lab", "read")


def test_giving_up_tells_all_that_wait_once() -> None:
    table = Outstanding()
    table.ask(asked(1))
    table.ask(asked(2))
    assert [one.number for one in table.give_up()] == [1, 2]
    assert table.give_up() == []


@given(st.lists(st.integers(0, 60)), st.integers(-1, 30), st.sampled_from((1, 2)))
def test_a_number_is_seen_once_and_never_below_the_floor(
    numbers: list[int], floor: int, every: int
) -> None:
    seen, model = Seen(floor, every), set(range(floor // every + 1))
    for number in numbers:
        key = number // every
        if key in model:
            with pytest.raises(Refused):
                seen.add(number)
        else:
            seen.add(number)
            model.add(key)


def test_many_holes_raise_the_floor_and_nothing_is_let_in_twice() -> None:
    seen = Seen()
    for number in range(0, 30_000, 3):
        seen.add(number)
    for number in range(0, 30_000, 3):
        with pytest.raises(Refused):
            seen.add(number)
    seen.add(30_001)
    with pytest.raises(Refused):
        seen.add(1)
