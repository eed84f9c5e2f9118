"""How long answered units stay, and how what they held goes.

    answered --(kept: get and again find it)--> past keeping --> overwritten or removed

A segment whose units are all answered and past keeping is removed with its bodies. In one that must
stay (the writer appends to it, or a unit in it waits) the answered units are overwritten with zeros
where they stand, so that nothing of one unit remains for the next. `past_keeping` is pure.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from gateway.spool.disk import Disk, sync_for_good
from gateway.spool.intervals import IntervalSet
from gateway.spool.segment import HEAD_BYTES, Head, decode_head, find_head

# As a window of reading: small enough to stay in the processor's cache.
_CHUNK_BYTES: Final = 262_144


@dataclass(frozen=True, slots=True)
class Keep:
    """Limits of keeping; 0 means that this one is not set. With neither set nothing is kept."""

    age_s: float = 0.0
    bytes: int = 0

    @property
    def nothing(self) -> bool:
        """Whether an answered unit goes at once."""
        return self.age_s <= 0 and self.bytes <= 0


@dataclass(frozen=True, slots=True)
class Shelved:
    """What keeping looks at in one segment. answered_bytes: records and bodies of answered units."""

    first: int
    answered_bytes: int
    answered_at_ns: int


def past_keeping(shelved: Sequence[Shelved], keep: Keep, now_ns: int) -> set[int]:
    """First ordinals of the segments whose answered units go now. shelved: oldest first.

    Age counts from the last answer in a segment. Over the bytes, the oldest segments go first.
    Does no I/O.
    """
    if keep.nothing:
        return {one.first for one in shelved}
    total = sum(one.answered_bytes for one in shelved)
    gone: set[int] = set()
    for one in shelved:
        is_old = keep.age_s > 0 and now_ns - one.answered_at_ns > keep.age_s * 1e9
        is_much = keep.bytes > 0 and total > keep.bytes
        if is_old or is_much:
            gone.add(one.first)
            total -= one.answered_bytes
    return gone


@dataclass(frozen=True, slots=True)
class Cleared:
    """How far a segment is overwritten.

    offset: all records before it are answered and overwritten; before: how many these are.
    units: how many are overwritten in the whole segment.
    """

    offset: int
    before: int
    units: int


def clear(disk: Disk, fd: int, start: Cleared, end: int, acked: IntervalSet) -> Cleared:
    """Overwrite what the answered records from start.offset to end hold; their heads stay.

    Reads and writes at most 256 KiB (or one record) at a time; synced at the end if anything was
    written. Raises OSError of the disk.
    """
    offset, contiguous = start.offset, True
    reached, before, units = start.offset, start.before, start.before
    wrote = False
    while offset < end:
        chunk = bytearray(os.pread(fd, min(_CHUNK_BYTES, end - offset), offset))
        size, heads = _whole_records(chunk)
        if size == 0:
            size, heads = _oversized(fd, chunk, offset, end)
            if size == 0:
                break
        low, high = len(chunk), 0
        for at, head in heads:
            answered = head.ordinal in acked
            if answered:
                units += 1
                if _zero(chunk, at + HEAD_BYTES, at + head.record_bytes):
                    low, high = min(low, at), at + head.record_bytes
            contiguous = contiguous and answered
            if contiguous:
                reached, before = offset + at + head.record_bytes, before + 1
        if low < high:
            disk.write(fd, chunk[low:high], offset + low)
            wrote = True
        offset += size
    if wrote:
        # Another look would find zeros in memory, and nothing to write.
        sync_for_good(disk, fd)
    return Cleared(reached, before, units)


def _whole_records(chunk: bytearray) -> tuple[int, list[tuple[int, Head]]]:
    """(bytes of the whole records at the start, their places and heads)."""
    heads: list[tuple[int, Head]] = []
    at = 0
    while (head := decode_head(chunk, at)) is not None and at + head.record_bytes <= len(chunk):
        heads.append((at, head))
        at += head.record_bytes
    return at, heads


def _oversized(
    fd: int, chunk: bytearray, offset: int, end: int
) -> tuple[int, list[tuple[int, Head]]]:
    """A record longer than a chunk is read whole into it; damage is stepped over."""
    head = decode_head(chunk, 0)
    if head is None:
        found = find_head(bytes(chunk), 1)
        return (found if found > 0 else len(chunk)), []
    if offset + head.record_bytes > end:
        return 0, []
    chunk[:] = os.pread(fd, head.record_bytes, offset)
    return _whole_records(chunk)


def _zero(chunk: bytearray, start: int, end: int) -> bool:
    """Overwrite a part; False if it held nothing but zeros already."""
    zeros = bytes(end - start)
    if chunk[start:end] == zeros:
        return False
    chunk[start:end] = zeros
    return True
