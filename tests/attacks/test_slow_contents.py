"""Contents that cost a guard's readers much more than their bytes say."""

from __future__ import annotations

import time
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.inspection.formats.json import Value
from gateway.inspection.formats.json_schema import checked_schema
from gateway.inspection.receiving.formats.json_schema import FunctionSchema, same

UNIQUE = b'{"type": "array", "uniqueItems": true}'
PLAIN = st.none() | st.booleans() | st.integers(-2, 2) | st.sampled_from("ab")
NUMBERS = st.sampled_from([Decimal("1.0"), Decimal("1"), Decimal("0.10"), Decimal("0.1"), 1])
VALUES: st.SearchStrategy[Value] = st.recursive(
    PLAIN | NUMBERS,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("xy"), inner, max_size=2)
    ),
    max_leaves=4,
)


@pytest.fixture(scope="module")
def unique() -> FunctionSchema:
    return FunctionSchema(checked_schema(UNIQUE, "u.json"))


def test_unique_items_take_no_more_than_their_number(unique: FunctionSchema) -> None:
    """Compared one with each other, 25,000 of them (190 KB) held a thread of the inner guard for minutes."""
    rows: list[Value] = [[number] for number in range(25_000)]
    begun_s = time.thread_time()
    assert not list(unique.faults(rows))
    assert list(unique.faults([*rows, [Decimal("7.0")]]))
    assert time.thread_time() - begun_s < 10.0


def test_nor_do_numbers_whose_hashes_are_alike(unique: FunctionSchema) -> None:
    alike: list[Value] = [number * (2**61 - 1) for number in range(50_000)]
    begun_s = time.thread_time()
    assert not list(unique.faults(alike))
    assert time.thread_time() - begun_s < 10.0


@given(st.lists(VALUES, max_size=5))
def test_what_is_the_same_is_found(unique: FunctionSchema, values: list[Value]) -> None:
    twice = any(same(a, b) for at, a in enumerate(values) for b in values[:at])
    assert bool(list(unique.faults(values))) is twice
