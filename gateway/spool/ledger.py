"""The writer's memory of unit numbers on disk: what makes a second put of a unit a Duplicate.

    ledger file   magic and version (8) | CRC-32 of all that follows (4) | next ordinal (8)
                  | runs forgotten (4) | runs whole (4) | blocks (4)
                  | forgotten runs, whole runs: key, key behind (16) each, ascending
                  | blocks, the one touched longest ago first: key (8) each, then count (2) each
                  | and for each its places (2 each) or bitmap (8 KiB)        gateway.spool.numbers

Little-endian. The file covers every record below `next ordinal`; records from there on are still in their
segments and are read again at open. It is written before a new segment begins, so a segment that the reader
may remove is always covered. Its parts are written as they lie in memory: 16 MiB, the most there is, take
some 20 ms, and a segment takes its 64 MiB or its ten minutes.

Version 1 held intervals of numbers (gateway.spool.intervals) and forgot the lowest of them in silence. It
is read, not written: what it may have forgotten counts as forgotten. Pure: bytes in, bytes out.
"""

from __future__ import annotations

import struct
import sys
import zlib
from array import array
from collections.abc import Iterable
from itertools import chain
from operator import lt
from typing import Final

from gateway.spool.intervals import IntervalSet
from gateway.spool.numbers import (
    BITMAP_BYTES,
    FEW,
    MEMORY_BYTES,
    MOST_RUNS,
    PLACE_BITS,
    Bitmap,
    Block,
    Numbers,
    fold,
)

_MAGIC: Final = b"FGLEDG\x00\x02"
_MAGIC_1: Final = b"FGLEDG\x00\x01"
_FRONT: Final = struct.Struct("<8sIQ")
_COUNTS: Final = struct.Struct("<III")
_KEYS_END: Final = 1 << 64 - PLACE_BITS

# What version 1 kept. Half of it counts as full: neighbours may have been merged since the lowest went.
MAX_INTERVALS_1: Final = 1 << 18


def encode_ledger(next_ordinal: int, numbers: Numbers) -> bytes:
    """The ledger file. next_ordinal: every record below it is covered."""
    forgotten, whole, blocks = numbers.forgotten, numbers.whole, numbers.blocks
    parts = [
        struct.pack("<Q", next_ordinal),
        _COUNTS.pack(len(forgotten), len(whole), len(blocks)),
        _bytes("Q", chain.from_iterable(forgotten)),
        _bytes("Q", chain.from_iterable(whole)),
        _bytes("Q", blocks),
        _bytes("H", map(_count, blocks.values())),
    ]
    parts += [bytes(b.bits) if isinstance(b, Bitmap) else _bytes("H", b) for b in blocks.values()]
    crc = 0
    for part in parts:
        crc = zlib.crc32(part, crc)
    return b"".join([_MAGIC, struct.pack("<I", crc), *parts])


def decode_ledger(
    untrusted_bytes: bytes, limit_bytes: int = MEMORY_BYTES
) -> tuple[int, Numbers] | None:
    """(next ordinal, numbers), or None if the bytes are no whole ledger. Nothing is raised."""
    if len(untrusted_bytes) < _FRONT.size:
        return None
    magic, crc, next_ordinal = _FRONT.unpack_from(untrusted_bytes)
    if magic not in (_MAGIC, _MAGIC_1) or crc != zlib.crc32(memoryview(untrusted_bytes)[12:]):
        return None
    decode = _decode if magic == _MAGIC else _decode_1
    numbers = decode(memoryview(untrusted_bytes)[_FRONT.size :], limit_bytes)
    return None if numbers is None else (next_ordinal, numbers)


def _decode(untrusted: memoryview, limit_bytes: int) -> Numbers | None:
    if len(untrusted) < _COUNTS.size:
        return None
    forgotten, whole, blocks = _COUNTS.unpack_from(untrusted)
    at = _COUNTS.size
    contents_at = at + 16 * (forgotten + whole) + 10 * blocks
    if max(forgotten, whole) > MOST_RUNS or len(untrusted) < contents_at:
        return None
    runs = _array("Q", untrusted[at : (at := at + 16 * (forgotten + whole))])
    keys = _array("Q", untrusted[at : (at := at + 8 * blocks)])
    counts = _array("H", untrusted[at:contents_at])
    if len(untrusted) != contents_at + sum(map(_content_bytes, counts)):
        return None
    numbers = Numbers(limit_bytes)
    if not (
        _fill(numbers.forgotten, runs[: 2 * forgotten])
        and _fill(numbers.whole, runs[2 * forgotten :])
    ):
        return None
    at = contents_at
    for key, count in zip(keys, counts, strict=True):
        block = _block(untrusted[at : (at := at + _content_bytes(count))], count)
        if block is None or key >= _KEYS_END or key in numbers.blocks or key in numbers.whole:
            return None
        numbers.restore(key, block)
    return numbers


def _decode_1(untrusted: memoryview, limit_bytes: int) -> Numbers | None:
    """Intervals of plain numbers, as version 1 had them, folded."""
    intervals = IntervalSet.decode(bytes(untrusted))
    if intervals is None:
        return None
    numbers = Numbers(limit_bytes)
    if len(intervals) > MAX_INTERVALS_1 // 2 and intervals.begin:
        for last in range(max(intervals.begin - 2, 0), intervals.begin):
            first = fold(last & 1)
            numbers.forget(first >> PLACE_BITS, (fold(last) >> PLACE_BITS) + 1)
    for start, end in intervals:
        for first in range(start, min(start + 2, end)):
            count = (end - first + 1) // 2
            numbers.add_folded(fold(first), fold(first) + count)
    return numbers


def _block(untrusted: memoryview, count: int) -> Block | None:
    """One to all but one places, in order, or as many bits."""
    if count > FEW:
        is_whole = int.from_bytes(untrusted, "little").bit_count() == count
        return Bitmap(bytearray(untrusted), count) if is_whole else None
    places = _array("H", untrusted)
    return places if count and all(map(lt, places, places[1:])) else None


def _fill(runs: IntervalSet, untrusted_ends: array[int]) -> bool:
    """Whether the keys are runs in order, none empty, none touching the next."""
    if not all(map(lt, untrusted_ends, untrusted_ends[1:])):
        return False
    if untrusted_ends and untrusted_ends[-1] > _KEYS_END:
        return False
    for start, end in zip(untrusted_ends[::2], untrusted_ends[1::2], strict=True):
        runs.add(start, end)
    return True


def _count(block: Block) -> int:
    return block.count if isinstance(block, Bitmap) else len(block)


def _content_bytes(count: int) -> int:
    return 2 * count if count <= FEW else BITMAP_BYTES


def _bytes(code: str, values: Iterable[int]) -> bytes:
    packed = values if isinstance(values, array) else array(code, values)
    if sys.byteorder == "big":
        packed = array(code, packed)
        packed.byteswap()
    return packed.tobytes()


def _array(code: str, untrusted: memoryview) -> array[int]:
    values = array(code)
    values.frombytes(untrusted)
    if sys.byteorder == "big":
        values.byteswap()
    return values
