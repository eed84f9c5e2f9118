"""What is missing crosses as it is, and any other bytes are refused."""

from __future__ import annotations

from contextlib import suppress

from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import Refused
from gateway.ferry.block import MAX_UNIT_BYTES
from gateway.ferry.ranges import Range
from gateway.ferry.twoway.returns import (
    MAX_RANGES,
    Missed,
    MissedSpan,
    MissedUnit,
    decode_missed,
    encode_missed,
)
from gateway.unit.number import MAX_NUMBER

U64 = st.integers(0, (1 << 64) - 1)


@st.composite
def missed_units(draw: st.DrawFn) -> MissedUnit:
    total = draw(st.integers(0, MAX_UNIT_BYTES))
    edges = sorted(draw(st.sets(st.integers(0, total), max_size=2 * MAX_RANGES)))
    ranges: list[Range] = list(zip(edges[::2], edges[1::2], strict=False))
    return MissedUnit(draw(st.integers(0, MAX_NUMBER)), total, tuple(ranges))


@st.composite
def spans(draw: st.DrawFn) -> MissedSpan:
    first, last = sorted((draw(U64), draw(U64)))
    return MissedSpan(draw(U64), first, last)


LISTS = st.builds(
    Missed,
    st.sampled_from([1, 2]),
    U64,
    U64,
    st.booleans(),
    st.lists(missed_units(), max_size=8).map(tuple),
    st.lists(spans(), max_size=8).map(tuple),
)


@given(LISTS)
def test_a_list_comes_out_as_it_went_in(missed: Missed) -> None:
    assert decode_missed(encode_missed(missed)) == missed


@given(LISTS, st.data())
def test_a_changed_list_is_another_list_or_refused(missed: Missed, data: st.DataObject) -> None:
    body = bytearray(encode_missed(missed))
    place = data.draw(st.integers(0, len(body) - 1))
    body[place] ^= data.draw(st.integers(1, 255))
    with suppress(Refused):
        other = decode_missed(bytes(body))
        assert other != missed
        assert encode_missed(other) == bytes(body)


@given(LISTS, st.data())
def test_a_list_that_is_cut_or_longer_is_refused(missed: Missed, data: st.DataObject) -> None:
    body = encode_missed(missed)
    cut = body[: data.draw(st.integers(0, len(body) - 1))]
    for wrong in (cut, body + data.draw(st.binary(min_size=1, max_size=40))):
        try:
            assert encode_missed(decode_missed(wrong)) == wrong
            raise AssertionError("taken")
        except Refused as error:
            assert error.number == 5302


@given(st.binary(max_size=300))
def test_any_bytes_give_a_list_or_are_refused(untrusted: bytes) -> None:
    with suppress(Refused):
        assert encode_missed(decode_missed(untrusted)) == untrusted
