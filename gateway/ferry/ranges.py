"""Half-open ranges of whole numbers, sorted and apart: which bytes, sequences or blocks there are."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator

Range = tuple[int, int]


class Ranges:
    """A set of numbers kept as ranges [first, end). Costs by the number of ranges, not of numbers."""

    __slots__ = ("_ends", "_starts")

    def __init__(self, ranges: Iterable[Range] = ()) -> None:
        self._starts: list[int] = []
        self._ends: list[int] = []
        for first, end in ranges:
            self.add(first, end)

    def __iter__(self) -> Iterator[Range]:
        return iter(zip(self._starts, self._ends, strict=True))

    def __len__(self) -> int:
        return len(self._starts)

    def __contains__(self, number: int) -> bool:
        place = bisect_right(self._starts, number) - 1
        return place >= 0 and number < self._ends[place]

    def as_list(self) -> list[Range]:
        return list(zip(self._starts, self._ends, strict=True))

    def add(self, first: int, end: int) -> None:
        """Put [first, end) in; what touches is joined."""
        if first >= end:
            return
        if self._ends and first == self._ends[-1]:
            self._ends[-1] = end
            return
        low = bisect_left(self._ends, first)
        high = bisect_right(self._starts, end)
        if low < high:
            first = min(first, self._starts[low])
            end = max(end, self._ends[high - 1])
        self._starts[low:high] = [first]
        self._ends[low:high] = [end]

    def is_apart(self, first: int, end: int) -> bool:
        """Whether nothing in the set overlaps [first, end) or touches it: put in, it is a range more."""
        return bisect_left(self._ends, first) >= bisect_right(self._starts, end)

    def remove(self, first: int, end: int) -> None:
        """Take [first, end) out."""
        if first >= end:
            return
        low = bisect_right(self._ends, first)
        high = bisect_left(self._starts, end)
        if low >= high:
            return
        kept = [(self._starts[low], first), (end, self._ends[high - 1])]
        kept = [(start, stop) for start, stop in kept if start < stop]
        self._starts[low:high] = [start for start, _ in kept]
        self._ends[low:high] = [stop for _, stop in kept]

    def holes(self, first: int, end: int) -> list[Range]:
        """The parts of [first, end) that are not in."""
        found: list[Range] = []
        at = first
        for place in range(bisect_right(self._ends, first), len(self._starts)):
            start, stop = self._starts[place], self._ends[place]
            if start >= end:
                break
            if start > at:
                found.append((at, start))
            at = max(at, stop)
        if at < end:
            found.append((at, end))
        return found

    def count(self) -> int:
        """How many numbers are in."""
        return sum(self._ends) - sum(self._starts)

    @property
    def end(self) -> int:
        """One past the highest number, 0 for the empty set."""
        return self._ends[-1] if self._ends else 0
