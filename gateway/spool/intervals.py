"""A set of whole numbers as intervals: what has been is nearly always one long run with few holes.

    {0..9999, 10002, 10004..10007}   ->   starts [0, 10002, 10004]   ends [10000, 10003, 10008]

Ends are exclusive. Pure: no I/O. Ledgers and acknowledgements are built from it.
Encoded as LEB128 numbers (DWARF 5, section 7.6): count, then for each interval the distance from
the end before it and its length. A long run costs three or four bytes.
"""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from typing import Final

# Ten groups of seven bits hold 64; an eleventh is not one of ours.
_MAX_SHIFT: Final = 63


class IntervalSet:
    """A sorted set of intervals of unsigned 64-bit numbers; neighbours are always merged."""

    __slots__ = ("_ends", "_starts", "total")

    def __init__(self, ranges: Iterable[tuple[int, int]] = ()) -> None:
        self._starts = array("Q")
        self._ends = array("Q")
        self.total = 0
        for start, end in ranges:
            self.add(start, end)

    def __contains__(self, value: int) -> bool:
        at = bisect_right(self._starts, value) - 1
        return at >= 0 and value < self._ends[at]

    def __len__(self) -> int:
        """How many intervals (not how many numbers: that is `total`)."""
        return len(self._starts)

    def __iter__(self) -> Iterator[tuple[int, int]]:
        return iter(list(zip(self._starts, self._ends, strict=True)))

    def add(self, start: int, end: int | None = None) -> None:
        """Add start, or all of [start, end)."""
        if end is None:
            end = start + 1
        if end <= start:
            return
        ends = self._ends
        if ends and ends[-1] == start:  # the ordinary case: the next one in order
            ends[-1] = end
            self.total += end - start
            return
        self._merge(start, end)

    def _merge(self, start: int, end: int) -> None:
        starts, ends = self._starts, self._ends
        first = bisect_right(starts, start) - 1
        if first < 0 or ends[first] < start:
            first += 1
        last = bisect_right(starts, end)
        if first < last:
            start, end = min(start, starts[first]), max(end, ends[last - 1])
            self.total -= sum(ends[first:last]) - sum(starts[first:last])
        starts[first:last] = array("Q", [start])
        ends[first:last] = array("Q", [end])
        self.total += end - start

    def remove(self, value: int) -> None:
        """Take one number out; nothing happens if it is not in."""
        at = bisect_right(self._starts, value) - 1
        if at < 0 or value >= self._ends[at]:
            return
        start, end = self._starts[at], self._ends[at]
        left = [(s, e) for s, e in ((start, value), (value + 1, end)) if s < e]
        self._starts[at : at + 1] = array("Q", [s for s, _ in left])
        self._ends[at : at + 1] = array("Q", [e for _, e in left])
        self.total -= 1

    def covers(self, start: int, end: int) -> bool:
        """Whether all of [start, end) is in; an empty range is."""
        at = bisect_right(self._starts, start) - 1
        return end <= start or (at >= 0 and end <= self._ends[at])

    @property
    def begin(self) -> int:
        """The lowest number, 0 for an empty set."""
        return self._starts[0] if self._starts else 0

    @property
    def end(self) -> int:
        """The number behind the highest one, 0 for an empty set."""
        return self._ends[-1] if self._ends else 0

    def first_missing(self, value: int = 0) -> int:
        """The lowest number from `value` on that is not in."""
        at = bisect_right(self._starts, value) - 1
        return self._ends[at] if at >= 0 and value < self._ends[at] else value

    def within(self, start: int, end: int) -> Iterator[tuple[int, int]]:
        """The intervals inside [start, end), cut to it."""
        at = max(bisect_right(self._starts, start) - 1, 0)
        while at < len(self._starts) and self._starts[at] < end:
            low, high = max(self._starts[at], start), min(self._ends[at], end)
            if low < high:
                yield low, high
            at += 1

    def forget_lowest(self, keep: int) -> None:
        """Drop the lowest intervals until at most `keep` are left."""
        surplus = len(self._starts) - keep
        if surplus > 0:
            self.total -= sum(self._ends[:surplus]) - sum(self._starts[:surplus])
            del self._starts[:surplus]
            del self._ends[:surplus]

    def encode(self) -> bytes:
        """The compact form (module docstring)."""
        out = bytearray()
        _append(out, len(self._starts))
        before = 0
        for start, end in zip(self._starts, self._ends, strict=True):
            _append(out, start - before)
            _append(out, end - start)
            before = end
        return bytes(out)

    @classmethod
    def decode(cls, untrusted_bytes: bytes) -> IntervalSet | None:
        """The set behind the compact form, None if the bytes are no such form. Nothing is raised."""
        numbers = _numbers(untrusted_bytes)
        if not numbers or len(numbers) != 1 + 2 * numbers[0]:
            return None
        found = cls()
        before = 0
        for at in range(1, len(numbers), 2):
            start = before + numbers[at]
            before = start + numbers[at + 1]
            if before >= 1 << 64 or numbers[at + 1] == 0 or (at > 1 and numbers[at] == 0):
                return None
            found.add(start, before)
        return found


def _append(out: bytearray, value: int) -> None:
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)


def _numbers(untrusted_bytes: bytes) -> list[int] | None:
    numbers: list[int] = []
    value = shift = 0
    for byte in untrusted_bytes:
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            if byte == 0 and shift:  # a second spelling of a shorter number
                return None
            numbers.append(value)
            value = shift = 0
        elif (shift := shift + 7) > _MAX_SHIFT:
            return None
    return numbers if shift == 0 else None
