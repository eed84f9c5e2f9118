"""What a queue remembers of its numbers: folded, in bounded memory, and sure of where it is not sure."""

from __future__ import annotations

import random
import struct
import tracemalloc
import zlib
from collections.abc import Iterable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.errors import Misconfigured
from gateway.spool import ledger, numbers, open_writer
from gateway.spool.intervals import IntervalSet
from gateway.spool.layout import Layout, make
from gateway.spool.ledger import decode_ledger, encode_ledger
from gateway.spool.model import Entry, Put
from gateway.spool.numbers import BLOCK, BLOCK_COST_BYTES, FEW, Numbers, fold, unfold

NUMBER = st.integers(0, (1 << 64) - 1)
# A few blocks of both hosts, their first and last places among them, and numbers of the gate's own.
NEAR = st.builds(
    lambda block, place, low: block << 17 | place << 1 | low,
    st.sampled_from([0, 1, 2, 5, (1 << 23) - 1, (1 << 47) - 1]),
    st.sampled_from([0, 1, 2, 7, 8, 500, BLOCK - 2, BLOCK - 1]),
    st.integers(0, 1),
)
RANGES = st.lists(st.tuples(NEAR, st.integers(1, 300_000)), max_size=3)


def of(values: Iterable[int], limit_bytes: int = numbers.MEMORY_BYTES) -> Numbers:
    made = Numbers(limit_bytes)
    for value in values:
        made.add(value)
    return made


def read_back(before: Numbers, limit_bytes: int = numbers.MEMORY_BYTES) -> Numbers:
    decoded = decode_ledger(encode_ledger(7, before), limit_bytes)
    assert decoded is not None and decoded[0] == 7
    return decoded[1]


def ledger_1(next_ordinal: int, intervals: IntervalSet) -> bytes:
    """A ledger as version 1 wrote it."""
    covered = struct.pack("<Q", next_ordinal) + intervals.encode()
    return b"FGLEDG\x00\x01" + struct.pack("<I", zlib.crc32(covered)) + covered


@given(NUMBER)
def test_a_number_folds_one_to_one_and_every_second_one_is_its_neighbour(number: int) -> None:
    assert unfold(fold(number)) == number
    assert fold(unfold(number)) == number
    if number + 2 < 1 << 64:
        assert fold(number + 2) == fold(number) + 1


@given(st.lists(NEAR, max_size=40), st.lists(NEAR, max_size=20))
def test_the_memory_is_a_set(values: list[int], others: list[int]) -> None:
    memory, plain = of(values), set(values)
    for known in (memory, read_back(memory)):
        assert [n in known for n in values + others] == [n in plain for n in values + others]
        assert not any(known.forgot(n) for n in values + others)
        assert known.cost_bytes == memory.cost_bytes
        assert list(known.blocks) == list(memory.blocks)


def test_few_become_a_bitmap_and_a_bitmap_becomes_whole() -> None:
    places = list(range(BLOCK))
    random.Random(5).shuffle(places)
    memory = Numbers()
    for at, place in enumerate(places, 1):
        memory.add(2 * place + 1)
        if at in (1, FEW, FEW + 1, BLOCK - 1):
            again = read_back(memory)
            had = set(places[:at])
            assert all((2 * p + 1 in again) == (p in had) for p in places[: at + 50])
            assert 2 * places[0] not in again
            assert memory.cost_bytes == BLOCK_COST_BYTES + (2 * at if at <= FEW else 8192)
    assert (memory.cost_bytes, list(memory.whole)) == (0, [(1 << 47, (1 << 47) + 1)])
    assert 1 in memory and 2 * BLOCK - 1 in memory and 2 * BLOCK + 1 not in memory


def test_a_million_numbers_of_one_host_take_a_few_bytes_and_the_other_host_has_its_own() -> None:
    memory = of(range(0, 2_000_000, 2))
    assert len(encode_ledger(0, memory)) < 10_000
    assert 1_999_998 in memory and 1_999_999 not in memory
    memory.add(1)
    assert len(memory.blocks) == 2


def test_what_is_forgotten_is_said_to_be_and_what_comes_since_is_known() -> None:
    room = 4 * (BLOCK_COST_BYTES + 2)
    step = 2 * BLOCK
    memory = of((n * step for n in range(10)), room)
    known = [n for n in range(10) if n * step in memory]
    assert known == [6, 7, 8, 9]
    for again in (memory, read_back(memory, room)):
        assert [again.forgot(n * step) for n in range(12)] == [n < 6 for n in range(12)]
        assert again.forgot(2) and not again.forgot(9 * step + 2)
        assert not again.forgot(1), "the other host's"
    memory.add(2 * step)
    assert 2 * step in memory and not memory.forgot(2 * step)
    assert memory.forgot(2 * step + 2), "a neighbour that may have been"
    assert memory.forgot(6 * step), "its room"


@given(st.lists(NEAR, max_size=40), RANGES, st.sampled_from([1 << 17, 1 << 18, 1 << 40]))
def test_the_highest_is_known_of_each_host_and_of_both(
    values: list[int], ranges: list[tuple[int, int]], below: int
) -> None:
    memory, plain = of(values), set(values)
    for first, count in ranges:
        count = min(count, (1 << 63) - (first >> 1))
        memory.add_folded(fold(first), fold(first) + count)
        plain.update(range(first, first + 2 * count, 2))
    for residue in (None, 0, 1):
        fit = (n for n in plain if n < below and residue in (None, n % 2))
        assert memory.highest(below, residue) == max(fit, default=-1)


def test_the_block_that_was_touched_longest_ago_goes_and_not_the_lowest() -> None:
    """Numbers of the gate's own are above all others; a bad one far ahead must not shut out today's."""
    room = 3 * (BLOCK_COST_BYTES + 200)
    own, today = (1 << 40) - (1 << 32), 1_000_000
    memory = Numbers(room)
    for second in range(60):
        memory.add(own + second * 2 * BLOCK)
        memory.add(today + 2 * second)
    assert all(today + 2 * second in memory for second in range(60))
    assert not memory.forgot(today + 200)
    assert memory.forgot(own)


def test_numbers_made_up_all_over_the_range_bar_few_of_the_others() -> None:
    """Else no counter could be set to where an edge that was taken over has not been."""
    chance = random.Random(5)
    memory = of((chance.randrange(1 << 40) for _ in range(20_000)), 1 << 20)
    assert len(memory.forgotten) > 10_000
    assert sum(memory.forgot(chance.randrange(1 << 40)) for _ in range(1_000)) < 20


def test_runs_of_what_is_forgotten_are_joined_where_they_lie_nearest(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(numbers, "MOST_RUNS", 16)
    far = 1 << 39
    step = 4 * BLOCK  # every second block: no two runs touch
    memory = of([*(n * step for n in range(40)), far], BLOCK_COST_BYTES + 2)
    assert len(memory.forgotten) <= 16
    assert all(memory.forgot(n * step) for n in range(40))
    assert not memory.forgot(far + 2)
    assert not memory.forgot(60 * step)


def test_whole_blocks_beyond_measure_are_forgotten_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(numbers, "MOST_RUNS", 4)
    memory = Numbers()
    for block in range(0, 12, 2):
        memory.add_folded(block * BLOCK, (block + 1) * BLOCK)
    assert [2 * block * BLOCK in memory for block in (0, 2, 4, 10)] == [False, False, True, True]
    assert [memory.forgot(2 * block * BLOCK) for block in (0, 2, 4, 10)] == [
        True,
        True,
        False,
        False,
    ]


@pytest.mark.parametrize("step", [2 * BLOCK, 1 << 20, 20, 2], ids=str)
def test_the_memory_is_as_large_as_it_says(step: int) -> None:
    limit_bytes = 1 << 20
    tracemalloc.start()
    try:
        memory = of((n * step for n in range(30_000)), limit_bytes)
        taken_bytes = tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()
    assert memory.cost_bytes <= limit_bytes
    # Runs have some room of their own; a dictionary grows in steps.
    assert taken_bytes < 1.2 * memory.cost_bytes + (384 << 10)
    assert len(encode_ledger(0, memory)) < limit_bytes + (130 << 10)


@given(RANGES)
@settings(max_examples=60, deadline=None)
def test_a_ledger_of_version_1_says_the_same(ranges: list[tuple[int, int]]) -> None:
    ends = [(start, min(start + length, (1 << 64) - 1)) for start, length in ranges]
    intervals = IntervalSet(sorted((s, e) for s, e in ends if s < e))
    decoded = decode_ledger(ledger_1(7, intervals))
    assert decoded is not None and decoded[0] == 7
    memory = decoded[1]
    for start, end in intervals:
        for number in {start, start + 1, (start + end) // 2, end - 1} & set(range(start, end)):
            assert number in memory
    for start, end in intervals:
        for number in (start - 1, start - 2, end, end + 1):
            if 0 <= number < 1 << 64:
                assert (number in memory) == (number in intervals)
    again = read_back(memory)
    assert list(again.whole) == list(memory.whole)
    assert list(again.blocks) == list(memory.blocks)


def test_what_version_1_may_have_forgotten_counts_as_forgotten(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(ledger, "MAX_INTERVALS_1", 64)
    begin = 100 * 2 * BLOCK
    full = IntervalSet((begin + n, begin + n + 1) for n in range(0, 80, 2))
    decoded = decode_ledger(ledger_1(1, full))
    assert decoded is not None
    memory = decoded[1]
    assert memory.forgot(0) and memory.forgot(1) and memory.forgot(begin - 1)
    assert begin in memory and begin + 78 in memory
    assert not memory.forgot(begin)
    # Blocks that lie above it are not in doubt.
    assert not memory.forgot(begin + 2 * BLOCK) and not memory.forgot(begin + 2 * BLOCK + 1)
    few = IntervalSet((begin + n, begin + n + 1) for n in range(0, 60, 2))
    decoded = decode_ledger(ledger_1(1, few))
    assert decoded is not None and not decoded[1].forgot(0)


def test_a_queue_of_version_1_keeps_its_memory_and_is_written_anew(tmp_path: Path) -> None:
    layout = Layout.of(tmp_path / "queue")
    make(layout)
    intervals = IntervalSet([(0, 3), (100, 101), (102, 103), (104, 200_000)])
    layout.ledger.write_bytes(ledger_1(200_000, intervals))
    writer = open_writer(tmp_path / "queue", segment_bytes=2000, reserve_bytes=0)
    assert [writer.has(n) for n in (0, 2, 3, 100, 101, 104, 199_999, 200_000)] == [
        True, True, False, True, False, True, True, False,
    ]  # fmt: skip
    assert writer.put([Entry(102, b"", b""), Entry(103, b"", b"")]) == [
        Put.DUPLICATE,
        Put.CONFIRMED,
    ]
    writer.close()
    assert layout.ledger.read_bytes()[:8] == b"FGLEDG\x00\x02"
    writer = open_writer(tmp_path / "queue", reserve_bytes=0)
    assert [writer.has(n) for n in (2, 3, 103, 199_999)] == [True, False, True, True]
    assert not any(writer.forgot(n) for n in range(3, 120))
    writer.close()


@pytest.mark.parametrize("version", [1, 2])
def test_a_damaged_ledger_of_either_version_opens_nothing(tmp_path: Path, version: int) -> None:
    layout = Layout.of(tmp_path / "queue")
    make(layout)
    whole = ledger_1(5, IntervalSet([(0, 9)])) if version == 1 else encode_ledger(5, of([1, 9]))
    layout.ledger.write_bytes(whole[:-1] + bytes([whole[-1] ^ 4]))
    with pytest.raises(Misconfigured) as refused:
        open_writer(tmp_path / "queue")
    assert refused.value.number == 6508


@given(st.binary(max_size=300), st.integers(0, 3), st.integers(0, 2), st.integers(0, 3))
def test_any_bytes_with_a_right_sum_are_one_ledger_or_none(
    untrusted: bytes, forgotten: int, whole: int, blocks: int
) -> None:
    """A sum says that nothing was damaged, not that it was right."""
    covered = struct.pack("<QIII", 9, forgotten, whole, blocks) + untrusted
    data = b"FGLEDG\x00\x02" + struct.pack("<I", zlib.crc32(covered)) + covered
    decoded = decode_ledger(data)
    assert decoded is None or encode_ledger(*decoded) == data


@given(st.lists(NEAR, min_size=1, max_size=9), st.data())
def test_a_ledger_that_says_too_much_is_none(values: list[int], data: st.DataObject) -> None:
    whole = encode_ledger(3, of(values))
    content = bytearray(whole[12:])
    at = data.draw(st.integers(8, len(content) - 1))
    content[at] ^= 1 << data.draw(st.integers(0, 7))
    changed = whole[:8] + struct.pack("<I", zlib.crc32(content)) + bytes(content)
    decoded = decode_ledger(changed)
    assert decoded is None or encode_ledger(*decoded) == changed


def test_two_hosts_count_in_one_queue_for_long_and_nothing_is_put_twice(tmp_path: Path) -> None:
    """Every second unit is a request that goes without a queue: no two of the queue are neighbours."""
    memory_bytes = 20_000
    taken = range(0, 40_000 * 4, 4)
    writer = open_writer(
        tmp_path / "queue", segment_bytes=200_000, reserve_bytes=0, memory_bytes=memory_bytes
    )
    for first in range(0, len(taken), 2_000):
        batch = [Entry(number, b"", b"") for number in taken[first : first + 2_000]]
        assert set(writer.put(batch)) == {Put.CONFIRMED}
    assert all(map(writer.has, taken)), "version 1 kept one interval for each"
    # And so long that it must forget: what it does not know any more it says so.
    for number in range(1 << 22, 1 << 26, 2 * BLOCK):
        writer.put([Entry(number, b"", b"")])
    for _ in range(2):
        assert not any(n for n in taken if not writer.has(n) and not writer.forgot(n))
        assert writer.forgot(0) and not writer.has(0)
        late = (1 << 26) - BLOCK  # never given, behind many later ones
        assert not writer.forgot(late) and not writer.has(late)
        writer.close()
        writer = open_writer(tmp_path / "queue", reserve_bytes=0, memory_bytes=memory_bytes)
    # Somebody let it in all the same: it is known from then on.
    assert writer.put([Entry(0, b"", b"")]) == [Put.CONFIRMED]
    assert writer.put([Entry(0, b"", b"")]) == [Put.DUPLICATE]
    assert writer.has(0) and not writer.forgot(0) and writer.forgot(4)
    writer.close()
    writer = open_writer(tmp_path / "queue", reserve_bytes=0, memory_bytes=memory_bytes)
    assert writer.put([Entry(0, b"", b"")]) == [Put.DUPLICATE]
    writer.close()
