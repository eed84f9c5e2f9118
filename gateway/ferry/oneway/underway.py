"""Units of which some bytes are here, and how many of them there may be. No I/O.

    chunk -> in_the_way? -> the one touched longest ago leaves -> has_place? -> put -> complete
                                                                     | no: dropped, stays missing

Number and pieces are bounded, so that a sender that holds the lane's key cannot fill the memory with
beginnings. Whoever has the files (gateway.ferry.partials) removes those of a unit that leaves.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from gateway.ferry.block import Chunk
from gateway.ferry.ranges import Range, Ranges

# Two files each. A sender has a few under way; the rest are units with losses that wait for people.
MAX_PARTIALS: Final = 4_096
# 10 GiB in chunks of 90 KiB with every fourth one lost; each piece costs about 90 bytes.
MAX_PIECES_A_UNIT: Final = 32_768
MAX_PIECES: Final = 131_072
# Above the time to give a block up, so that bytes that are only late are not called missing.
_HOLE_S: Final = 1.5


@dataclass(slots=True)
class Partial:
    """A unit of which some bytes are here. got: ranges of its bytes."""

    number: int
    session: int
    sequence: int
    total_bytes: int
    trailer_bytes: int
    got: Ranges = field(default_factory=Ranges)
    touched_s: float = 0.0
    hole_s: float | None = None

    @property
    def complete(self) -> bool:
        return len(self.got) <= 1 and not self.got.holes(0, self.total_bytes)

    def missing(self, end: int | None = None) -> list[Range]:
        return self.got.holes(0, self.total_bytes if end is None else end)


class UnderWay:
    """The partial units of one lane, the one touched longest ago first."""

    def __init__(self) -> None:
        self.partials: OrderedDict[int, Partial] = OrderedDict()
        self._pieces = 0
        self._holed: set[int] = set()

    def put(self, chunk: Chunk, session: int, now_s: float) -> Partial | None:
        """Bytes of a unit are here; gives its partial, None where they contradict earlier ones."""
        partial = self.partials.get(chunk.number)
        if partial is None:
            partial = Partial(
                chunk.number, session, chunk.sequence, chunk.total_bytes, chunk.trailer_bytes
            )
            self.partials[chunk.number] = partial
        same = (chunk.total_bytes, chunk.trailer_bytes)
        if same != (partial.total_bytes, partial.trailer_bytes):
            return None
        partial.session, partial.sequence = session, chunk.sequence
        before = len(partial.got)
        partial.got.add(chunk.offset, chunk.offset + len(chunk.data))
        self._pieces += len(partial.got) - before
        partial.touched_s = now_s
        self.partials.move_to_end(chunk.number)
        self._watch(partial, now_s)
        return partial

    def _watch(self, partial: Partial, now_s: float) -> None:
        holed = len(partial.got) > 1 or not (len(partial.got) == 0 or 0 in partial.got)
        if not holed:
            partial.hole_s = None
            self._holed.discard(partial.number)
        elif partial.hole_s is None:
            partial.hole_s = now_s
            self._holed.add(partial.number)

    def restore(self, partial: Partial) -> None:
        """A partial of an earlier run, as its file says; oldest first."""
        self.partials[partial.number] = partial
        self._pieces += len(partial.got)

    def pop(self, number: int) -> Partial | None:
        """The unit is under way no longer."""
        partial = self.partials.pop(number, None)
        self._pieces -= len(partial.got) if partial else 0
        self._holed.discard(number)
        return partial

    def holed(self, now_s: float) -> Iterator[Partial]:
        """Units of which earlier bytes are gone for a while; each again only after another while."""
        for number in list(self._holed):
            partial = self.partials[number]
            if partial.hole_s is not None and now_s - partial.hole_s >= _HOLE_S:
                partial.hole_s = now_s
                yield partial

    def in_the_way(self, chunk: Chunk | None) -> int | None:
        """The unit that must leave before a chunk comes in (None: for what is here), if one must."""
        new = chunk is not None and chunk.number not in self.partials
        apart = chunk is not None and self._is_apart(chunk)
        if len(self.partials) + new > MAX_PARTIALS or self._pieces + apart > MAX_PIECES:
            return self.oldest(chunk.number if chunk else None)
        return None

    def has_place(self, chunk: Chunk) -> bool:
        """Whether its unit is not in too many pieces for one more."""
        partial = self.partials.get(chunk.number)
        if partial is None or len(partial.got) < MAX_PIECES_A_UNIT:
            return True
        return not self._is_apart(chunk)

    def _is_apart(self, chunk: Chunk) -> bool:
        partial = self.partials.get(chunk.number)
        end = chunk.offset + len(chunk.data)
        return partial is None or partial.got.is_apart(chunk.offset, end)

    def oldest(self, besides: int | None, untouched_since_s: float | None = None) -> int | None:
        """The unit touched longest ago but this one. untouched_since_s: only if not touched since."""
        for number, partial in self.partials.items():
            if number == besides:
                continue
            touched_s = partial.touched_s
            if untouched_since_s is None or 0.0 < touched_s < untouched_since_s:
                return number
            # Of an earlier run and not dated yet: what comes behind it may be older than it looks.
            if touched_s > 0.0:
                return None
        return None
