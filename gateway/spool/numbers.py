"""The numbers that a queue has had, in bounded memory, and where that memory is no longer whole. Pure.

    number   0b...xyz1  --fold-->  1...xyz      even numbers and odd ones: each host's are neighbours
    folded   | key: 48 bits | place: 16 bits |

    block of 65,536     few: sorted places, 2 bytes each  -->  many: a bitmap, 8 KiB  -->  all: a run of keys
                        |                                      |
                        +--- touched longest ago, no room -----+--> forgotten: its key only

Both hosts of a gate count by two, so in one queue every second number is the other host's: folded, a host's
numbers lie side by side. What still lies between them is requests that went without a queue and units that
were refused before: gaps that nobody can close for sure, so they are kept, and cheaply: a million numbers
spread over ten million cost 1.3 MB, a million side by side nothing once their blocks are whole.

Where the room ends, the block goes that was touched longest ago, whatever its numbers: numbers of the
gate's own are always high ones, and one bad number far ahead must not push out those of today. Of a
forgotten block can be said which numbers came since (they are kept anew) and that all others *may* have
been: `forgot`. What to do then is for whoever lets units in (gateway.receiving.admit): never a second
time, never in silence. So a lost memory costs people a look, and the ledger need not hold years.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections import OrderedDict
from collections.abc import Collection
from itertools import pairwise
from typing import Final, TypeAlias

from gateway.spool.intervals import IntervalSet

# A million units a day with a hundred requests between any two, for a week: as long as a sealed unit can be
# opened at all (gateway.identity.epoch_keys), so that what is forgotten could mostly not be let in anyway.
MEMORY_BYTES: Final = 16 << 20

PLACE_BITS: Final = 16
BLOCK: Final = 1 << PLACE_BITS
BITMAP_BYTES: Final = BLOCK // 8
# From here on a bitmap is smaller than two bytes a number.
FEW: Final = BITMAP_BYTES // 2
# What a block costs beside its numbers: key, entry and object, as CPython 3.11 takes them, rounded up.
BLOCK_COST_BYTES: Final = 256
# Runs of keys, of whole blocks and of forgotten ones: 1 MiB each. Beyond it forgotten ones are joined over
# numbers that never were, and whoever makes up numbers would soon have barred most of those that there are.
MOST_RUNS: Final = 1 << 16

_HALF: Final = 63
_KEY_HALF: Final = _HALF - PLACE_BITS
_PLACES: Final = BLOCK - 1


def fold(number: int) -> int:
    """The number with its lowest bit moved to the top: one to one for numbers of 64 bits."""
    return number >> 1 | (number & 1) << _HALF


def unfold(folded: int) -> int:
    """What `fold` was given."""
    return (folded << 1 | folded >> _HALF) & (1 << 64) - 1


class Bitmap:
    """A block of many numbers. bits: BITMAP_BYTES of them, lowest first. count: how many are set."""

    __slots__ = ("bits", "count")

    def __init__(self, bits: bytearray, count: int) -> None:
        self.bits, self.count = bits, count

    @classmethod
    def of(cls, places: Collection[int]) -> Bitmap:
        """A block with these places, each of them once."""
        made = cls(bytearray(BITMAP_BYTES), len(places))
        for place in places:
            made.bits[place >> 3] |= 1 << (place & 7)
        return made


# A bitmap, or sorted places ("H"), at most FEW; neither is ever empty or whole.
Block: TypeAlias = "Bitmap | array[int]"


class Numbers:
    """A set of unsigned 64-bit numbers that forgets what was touched longest ago.

    limit_bytes: of memory, about; one block is always kept. Not safe for several threads at once.
    """

    def __init__(self, limit_bytes: int = MEMORY_BYTES) -> None:
        self._limit_bytes = limit_bytes
        # The one touched longest ago first.
        self.blocks: OrderedDict[int, Block] = OrderedDict()
        self.whole = IntervalSet()
        self.forgotten = IntervalSet()
        self.cost_bytes = 0
        # Two: where one host counts, even and odd numbers come in turn.
        self._newest = (-1, -1)

    def __contains__(self, number: int) -> bool:
        # A unit's way: fold() without its large number in between.
        key, place = number >> 1 + PLACE_BITS | (number & 1) << _KEY_HALF, number >> 1 & _PLACES
        block = self.blocks.get(key)
        if block is None:
            return key in self.whole
        if isinstance(block, Bitmap):
            return block.bits[place >> 3] >> (place & 7) & 1 == 1
        at = bisect_left(block, place)
        return at < len(block) and block[at] == place

    def forgot(self, number: int) -> bool:
        """Whether the number is not known to have been, and may have been all the same."""
        return fold(number) >> PLACE_BITS in self.forgotten and number not in self

    def highest(self, below: int, residue: int | None = None) -> int:
        """The highest number that is known to have been and lies below `below`, a multiple of two blocks; -1
        for none. residue: only of those that leave it when divided by two."""
        found = -1
        for half in (0, 1) if residue is None else (residue,):
            first = half << _KEY_HALF
            end = first + (below >> 1 + PLACE_BITS)
            key = max((key for key in self.blocks if first <= key < end), default=-1)
            if key >= 0:
                found = max(found, unfold(key << PLACE_BITS | _last(self.blocks[key])))
            for start, stop in self.whole:
                if start < end and stop > first:
                    found = max(found, unfold((min(stop, end) << PLACE_BITS) - 1))
        return found

    def add(self, number: int) -> None:
        """Add a number of 64 bits; forgets blocks where the room ends."""
        self._add(number >> 1 + PLACE_BITS | (number & 1) << _KEY_HALF, number >> 1 & _PLACES)
        if self.cost_bytes > self._limit_bytes:
            self._make_room()

    def add_folded(self, start: int, end: int) -> None:
        """Add all numbers whose folded ones are in [start, end)."""
        while start < end:
            key, place = start >> PLACE_BITS, start & _PLACES
            blocks = (end - start) >> PLACE_BITS
            if place == 0 and blocks:
                for known in [k for k in self.blocks if key <= k < key + blocks]:
                    self._take_out(known)
                self._add_whole(key, key + blocks)
                start += blocks << PLACE_BITS
                continue
            stop = min(end, (key + 1) << PLACE_BITS)
            for folded in range(start, stop):
                self._add(key, folded & _PLACES)
            start = stop
        self._make_room()

    def restore(self, key: int, block: Block) -> None:
        """A block of before, touched later than all others here."""
        self.blocks[key] = block
        self.cost_bytes += _cost(block)
        self._make_room()

    def forget(self, start: int, end: int) -> None:
        """Of keys [start, end) not all is known. The nearest such runs are joined where they are too many."""
        self.forgotten.add(start, end)
        if len(self.forgotten) > MOST_RUNS:
            for gap in _narrowest_gaps(self.forgotten, MOST_RUNS // 8):
                self.forgotten.add(*gap)

    def _add(self, key: int, place: int) -> None:
        block = self.blocks.get(key)
        if isinstance(block, Bitmap):
            at, bit = place >> 3, 1 << (place & 7)
            if not block.bits[at] & bit:
                block.bits[at] |= bit
                block.count += 1
                if block.count == BLOCK:
                    self._take_out(key)
                    self._add_whole(key, key + 1)
                    return
        elif block is not None:
            self._add_to_few(key, block, place)
        elif key in self.whole:
            return
        else:
            self.blocks[key] = array("H", [place])
            self.cost_bytes += BLOCK_COST_BYTES + 2
        if key not in self._newest:
            self.blocks.move_to_end(key)
            self._newest = (key, self._newest[0])

    def _add_to_few(self, key: int, block: array[int], place: int) -> None:
        if block[-1] < place:  # the ordinary case: the next one in order
            block.append(place)
        else:
            at = bisect_left(block, place)
            if block[at] == place:
                return
            block.insert(at, place)
        self.cost_bytes += 2
        if len(block) > FEW:
            self.cost_bytes += BITMAP_BYTES - 2 * len(block)
            self.blocks[key] = Bitmap.of(block)

    def _add_whole(self, start: int, end: int) -> None:
        self.whole.add(start, end)
        while len(self.whole) > MOST_RUNS:
            lowest = next(iter(self.whole))
            self.whole.forget_lowest(MOST_RUNS)
            self.forget(*lowest)

    def _take_out(self, key: int) -> None:
        self.cost_bytes -= _cost(self.blocks.pop(key))

    def _make_room(self) -> None:
        while self.cost_bytes > self._limit_bytes and len(self.blocks) > 1:
            key = next(iter(self.blocks))
            self._take_out(key)
            self.forget(key, key + 1)


def _last(block: Block) -> int:
    if isinstance(block, Bitmap):
        return int.from_bytes(block.bits, "little").bit_length() - 1
    return block[-1]


def _cost(block: Block) -> int:
    numbers = BITMAP_BYTES if isinstance(block, Bitmap) else 2 * len(block)
    return BLOCK_COST_BYTES + numbers


def _narrowest_gaps(runs: IntervalSet, count: int) -> list[tuple[int, int]]:
    """What lies between the runs that are nearest to each other."""
    gaps = [(before[1], after[0]) for before, after in pairwise(runs)]
    return sorted(gaps, key=lambda gap: gap[1] - gap[0])[:count]
