"""The formats of the queue: what is written reads back, and any other bytes are noticed."""

from __future__ import annotations

import random
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.spool.answers import Answer, Answers, Kind, decode_answers, encode_answer, ranges_of
from gateway.spool.intervals import IntervalSet
from gateway.spool.ledger import decode_ledger, encode_ledger
from gateway.spool.mark import Mark, decode_mark, encode_mark
from gateway.spool.numbers import Numbers
from gateway.spool.segment import (
    HEAD_BYTES,
    content_is_whole,
    decode_head,
    decode_segment_front,
    encode_head,
    encode_segment_front,
    find_head,
)

U64 = st.integers(0, (1 << 63) - 1)
SMALL = st.integers(0, 60)


@given(st.lists(st.tuples(st.booleans(), SMALL, st.integers(0, 9))))
def test_an_interval_set_is_a_set(steps: list[tuple[bool, int, int]]) -> None:
    intervals, plain = IntervalSet(), set[int]()
    for is_add, start, length in steps:
        if is_add:
            intervals.add(start, start + length)
            plain |= set(range(start, start + length))
        else:
            intervals.remove(start)
            plain.discard(start)
    assert [n for n in range(80) if n in intervals] == sorted(plain)
    assert intervals.total == len(plain)
    assert intervals.end == max(plain, default=-1) + 1
    assert all(before[1] < after[0] for before, after in pairwise(intervals))
    assert intervals.first_missing(5) == next(n for n in range(5, 99) if n not in plain)
    assert intervals.covers(10, 20) == (set(range(10, 20)) <= plain)
    inside = [n for low, high in intervals.within(7, 31) for n in range(low, high)]
    assert inside == sorted(plain & set(range(7, 31)))
    decoded = IntervalSet.decode(intervals.encode())
    assert decoded is not None
    assert list(decoded) == list(intervals)


@given(st.binary(max_size=60))
def test_an_interval_set_has_one_spelling(untrusted: bytes) -> None:
    decoded = IntervalSet.decode(untrusted)
    assert decoded is None or decoded.encode() == untrusted


def test_an_interval_set_forgets_its_lowest_first() -> None:
    intervals = IntervalSet((n, n + 1) for n in range(0, 20, 2))
    intervals.forget_lowest(3)
    assert (list(intervals), intervals.total) == ([(14, 15), (16, 17), (18, 19)], 3)


def test_a_million_numbers_in_order_take_a_few_bytes() -> None:
    intervals = IntervalSet()
    for number in range(1_000_000):
        intervals.add(number)
    assert len(intervals.encode()) < 10


@given(U64, U64, U64, st.binary(max_size=99), st.binary(max_size=99))
def test_a_record_reads_back(
    ordinal: int, number: int, at_ns: int, header: bytes, body: bytes
) -> None:
    record = encode_head(ordinal, number, at_ns, header, body, len(body)) + header + body
    head = decode_head(record, 0)
    assert head is not None
    assert (head.ordinal, head.number, head.put_at_ns) == (ordinal, number, at_ns)
    assert head.record_bytes == len(record)
    assert content_is_whole(head, record[HEAD_BYTES:])
    assert not content_is_whole(head, record[HEAD_BYTES:] + b"x")


def test_any_one_flipped_bit_of_a_record_is_noticed() -> None:
    record = encode_head(7, 9, 11, b"header", b"the body", 8) + b"header" + b"the body"
    for bit in range(len(record) * 8):
        flipped = bytearray(record)
        flipped[bit // 8] ^= 1 << bit % 8
        head = decode_head(flipped, 0)
        assert head is None or not content_is_whole(head, bytes(flipped[HEAD_BYTES:]))


@given(st.binary(max_size=200), st.integers(0, 250))
def test_any_bytes_are_a_value_or_nothing(untrusted: bytes, offset: int) -> None:
    assert -1 <= find_head(untrusted, offset) <= len(untrusted)
    head = decode_head(untrusted, offset)
    assert head is None or head.content_bytes >= 0
    for reader in (decode_segment_front, decode_mark, decode_ledger, decode_answers):
        # Nothing, or a value that the same bytes give again.
        assert reader(untrusted) == reader(untrusted)
    started = b"FGANSW\x00\x01" + untrusted
    assert decode_answers(started) == decode_answers(started)


def test_a_head_is_found_behind_noise() -> None:
    noise = random.Random(3).randbytes(777) + b"\xf6\x9dFU" * 3
    record = encode_head(1, 2, 3, b"", b"", 0)
    assert find_head(noise + record, 0) == len(noise)
    assert find_head(noise, 0) == -1


@pytest.mark.parametrize("cut", range(0, 40, 3))
def test_a_cut_or_changed_mark_ledger_or_front_is_none(cut: int) -> None:
    numbers = Numbers()
    for number in (*range(5, 90), 1000):
        numbers.add(number)
    for whole, decode in (
        (encode_mark(Mark(1, 2, 3)), decode_mark),
        (encode_ledger(77, numbers), decode_ledger),
        (encode_segment_front(5, 6)[:28], decode_segment_front),
    ):
        assert decode(whole) is not None
        at = min(cut, len(whole) - 1)
        assert decode(whole[:at]) is None
        assert decode(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :]) is None


KINDS = st.sampled_from(list(Kind))
ANSWERS = st.builds(Answer, KINDS, U64, st.lists(st.tuples(U64, U64), max_size=5))


@given(st.lists(ANSWERS, max_size=6), st.integers(0, 400))
def test_a_log_reads_back_up_to_where_it_is_cut(answers: list[Answer], cut: int) -> None:
    entries = [encode_answer(*answer) for answer in answers]
    log = b"FGANSW\x00\x01" + b"".join(entries)
    assert decode_answers(log) == (answers, len(log))
    found, size = decode_answers(log[:cut])
    assert found == answers[: len(found)]
    assert size <= cut


SMALL_RANGES = st.lists(st.tuples(SMALL, SMALL).map(lambda pair: (pair[0], sum(pair))), max_size=3)
STEPS = st.one_of(
    st.builds(Answer, st.just(Kind.ACK), SMALL, SMALL_RANGES),
    st.builds(Answer, st.just(Kind.AGAIN), SMALL, SMALL_RANGES),
    st.builds(
        Answer, st.just(Kind.HANDED), SMALL, st.lists(st.tuples(st.just(0), SMALL), max_size=1)
    ),
    st.builds(Answer, st.just(Kind.RETAKEN), SMALL, st.lists(st.tuples(SMALL, SMALL), max_size=3)),
)


@given(st.lists(STEPS, max_size=8))
def test_a_snapshot_adds_up_to_the_same(steps: list[Answer]) -> None:
    before, after = Answers(), Answers()
    for step in steps:
        before.apply(step)
    for answer in decode_answers(before.snapshot(1, {3: 4}))[0]:
        after.apply(answer)
    assert list(after.acked) == list(before.acked)
    assert after.handed == before.handed
    waiting = [n for n in range(130) if n not in before.acked]
    assert [after.times(n) for n in waiting] == [before.times(n) for n in waiting]


def test_ranges_of_ordinals() -> None:
    assert ranges_of([5, 1, 2, 3, 9]) == [(1, 4), (5, 6), (9, 10)]
    assert ranges_of([]) == []
