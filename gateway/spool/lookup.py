"""From records to units: one unit from its record, or the records of unit numbers wherever they lie.

Reads only.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final

from gateway.spool.bodies import FileBody, InlineBody
from gateway.spool.hand import Slot
from gateway.spool.layout import Layout
from gateway.spool.model import Taken
from gateway.spool.segment import SEGMENT_FRONT_BYTES, Head, Place
from gateway.spool.shelf import Shelf

# Of 64 MiB and the smallest records each: some 25 MB.
_SEGMENTS_REMEMBERED: Final = 4


def unit_of(layout: Layout, head: Head, content: bytes | None, attempt: int) -> Taken | None:
    """The unit of a record; None if its content is not whole or its body file is not there."""
    if content is None:
        return None
    if head.place == Place.INLINE:
        header, inline = content[: head.header_bytes], content[head.header_bytes :]
        return Taken(head.number, header, InlineBody(inline), attempt)
    path = layout.body(head.ordinal)
    try:
        is_there = path.stat().st_size == head.body_bytes
    except FileNotFoundError:
        return None
    return (
        Taken(head.number, content, FileBody(path, head.body_bytes), attempt) if is_there else None
    )


@dataclass(slots=True)
class _Places:
    """Where the records of a segment begin, in the order in which they lie; 16 bytes a record."""

    end: int = 0
    numbers: array[int] = field(default_factory=lambda: array("Q"))
    offsets: array[int] = field(default_factory=lambda: array("Q"))
    is_sorted: bool = True

    def extend(self, records: Iterable[tuple[int, Head]], end: int) -> None:
        for offset, head in records:
            if self.numbers and head.number < self.numbers[-1]:
                self.is_sorted = False
            self.numbers.append(head.number)
            self.offsets.append(offset)
        self.end = end

    def of(self, wanted: set[int]) -> Iterator[int]:
        """Offsets of the records of these numbers."""
        if not self.is_sorted:
            yield from (self.offsets[at] for at, n in enumerate(self.numbers) if n in wanted)
            return
        for number in wanted:
            at = bisect_left(self.numbers, number)
            while at < len(self.numbers) and self.numbers[at] == number:
                yield self.offsets[at]
                at += 1


class Lookup:
    """Finds the records of unit numbers, newest segments first.

    What it has read of the last few segments it remembers, so that a long list of numbers costs one
    pass over each segment and not one a number.
    """

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf
        self._places: OrderedDict[int, _Places] = OrderedDict()

    def search(self, wanted: set[int], may_show: Callable[[Head], bool]) -> dict[int, Slot]:
        """The records of these unit numbers. Raises OSError and Misconfigured 6504, 6507."""
        found: dict[int, Slot] = {}
        for segment in reversed(list(self._shelf)):
            missing = wanted - found.keys()
            if not missing:
                break
            if not self._shelf.is_active(segment.first):
                numbers = self._shelf.numbers(segment)
                if not any(number in numbers for number in missing):
                    continue
            for offset in self._places_of(segment.first).of(missing):
                head = self._shelf.head(segment.first, offset)
                if head is not None and head.number in missing and may_show(head):
                    found[head.number] = Slot(head, segment.first, offset)
        return found

    def _places_of(self, first: int) -> _Places:
        places = self._places.pop(first, None) or _Places(SEGMENT_FRONT_BYTES)
        self._places[first] = places
        if len(self._places) > _SEGMENTS_REMEMBERED:
            self._places.popitem(last=False)
        if (end := self._shelf.end_offset(first)) > places.end:
            places.extend(self._shelf.heads(first, places.end), end)
        return places
