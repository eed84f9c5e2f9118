"""Ranges are a set of numbers, whatever the order in which they come."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from gateway.ferry.ranges import Ranges

PIECES = st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60)))


@given(PIECES, PIECES)
def test_ranges_are_the_set_that_was_put_in(
    put: list[tuple[int, int]], taken: list[tuple[int, int]]
) -> None:
    ranges, plain = Ranges(), set[int]()
    for first, end in put:
        pieces_before, is_apart = len(ranges), ranges.is_apart(first, end)
        ranges.add(first, end)
        assert first >= end or is_apart == (len(ranges) > pieces_before)
        plain |= set(range(first, end))
    for first, end in taken:
        ranges.remove(first, end)
        plain -= set(range(first, end))
    pieces = ranges.as_list()
    assert {n for first, end in pieces for n in range(first, end)} == plain
    assert all(before[1] < after[0] for before, after in pairwise(pieces))
    assert ranges.count() == len(plain)
    assert {n for f, e in ranges.holes(5, 50) for n in range(f, e)} == set(range(5, 50)) - plain
    assert all((n in ranges) == (n in plain) for n in range(61))
