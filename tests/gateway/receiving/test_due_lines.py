"""Whose turn it is: the order of numbers, whatever is put off and comes back, and never one twice."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from gateway.receiving import due_lines
from gateway.receiving.due_lines import AT_ONCE, Lines

CHANNEL = "orders"


@given(st.data())
def test_the_order_stays_whatever_is_put_off(data: st.DataObject) -> None:
    lines, performed = Lines(), list[int]()
    to_come = list(range(1, data.draw(st.integers(1, 20)) + 1))
    back: list[int] = []
    under_way: int | None = None
    while to_come or back or under_way is not None or lines.channels():
        choices = [what for what, is_open in (
            ("come", to_come), ("back", back), ("turn", under_way is None and lines.channels()),
            ("end", under_way is not None),
        ) if is_open]  # fmt: skip
        match data.draw(st.sampled_from(choices)):
            case "come":
                number = to_come.pop(0)
                if not lines.add(CHANNEL, number, data.draw(st.booleans())):
                    back.append(number)
            case "back":
                number = back.pop(data.draw(st.integers(0, len(back) - 1)))
                if not lines.add(CHANNEL, number):
                    back.append(number)
            case "turn":
                for number in lines.next(0.0, True, CHANNEL):
                    under_way = number
            case _:
                assert under_way is not None
                if data.draw(st.booleans()):
                    lines.again(CHANNEL, under_way, 0.0)
                else:
                    lines.done(CHANNEL, under_way)
                    performed.append(under_way)
                under_way = None
    assert performed == sorted(performed)


def test_a_line_waits_for_its_first_and_another_does_not() -> None:
    lines = Lines()
    for number in (2, 4):
        assert lines.add(CHANNEL, number)
    assert lines.add("others", 6)
    assert list(lines.next(0.0, True, CHANNEL)) == [2]
    lines.again(CHANNEL, 2, 5.0)
    assert list(lines.next(4.0, True, CHANNEL)) == []
    assert list(lines.next(4.0, True, "others")) == [6]
    assert list(lines.next(5.0, True, CHANNEL)) == [2]


def test_where_no_order_counts_many_are_under_way() -> None:
    lines = Lines()
    for number in range(2 * AT_ONCE):
        assert lines.add(CHANNEL, number)
    assert len(list(lines.next(0.0, False, CHANNEL))) == AT_ONCE
    lines.done(CHANNEL, 3)
    assert list(lines.next(0.0, False, CHANNEL)) == [AT_ONCE]


def test_what_is_above_the_bound_is_put_off() -> None:
    lines = Lines()
    most = due_lines.MAX_IN_HAND
    assert [lines.add(CHANNEL, n) for n in range(most + 2)] == [True] * most + [False] * 2
