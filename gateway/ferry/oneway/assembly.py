"""Blocks of which some symbols are here, and the bounded memory that they lie in. No I/O.

    free buffers --open()--> open block --put() symbols--> enough --close()--> with the shell --give_back()--+
         ^                       | evicted or stale                                                          |
         +-----------------------+------------------------------------------------------------------------+--+

Nothing here is verified. With no buffer free, the block touched longest ago makes room.
"""

from __future__ import annotations

from collections import Counter, OrderedDict
from dataclasses import dataclass, replace
from typing import Final

from gateway.ferry.buffer import BlockBuffer
from gateway.ferry.frame import Header
from gateway.ferry.link.model import FrameRun
from gateway.ferry.shape import LaneShape

# An unfinished block without a new frame for so long is forged or lost.
_STALE_S: Final = 2.0


@dataclass(slots=True)
class OpenBlock:
    """One block under way. seen: a byte for each symbol, 1 where it is here."""

    header: Header
    buffer: BlockBuffer
    seen: bytearray
    touched_s: float
    frames: int = 0

    @property
    def complete(self) -> bool:
        """Whether enough symbols are here to repair the rest."""
        return self.frames >= self.header.data_symbols

    def put(self, run: FrameRun, at: int, index: int, count: int, step: int) -> int:
        """Copy symbols at.. of a run to index.. of the block; gives how many were not here before.

        step: bytes of a symbol. index + count must be within the block.
        """
        view, source, seen = self.buffer.view, run.symbols, self.seen
        if not seen.count(1, index, index + count):
            view[index * step : (index + count) * step] = source[at * step : (at + count) * step]
            seen[index : index + count] = b"\1" * count
            self.frames += count
            return count
        fresh = 0
        for place in range(count):
            if not seen[index + place]:
                to = (index + place) * step
                view[to : to + step] = source[(at + place) * step : (at + place + 1) * step]
                seen[index + place] = 1
                fresh += 1
        self.frames += fresh
        return fresh


class Assembly:
    """The open blocks of a lane. buffers: how many in all. counts: `evicted` is counted there."""

    def __init__(self, shape: LaneShape, buffers: int, counts: Counter[str]) -> None:
        self.free = [BlockBuffer(shape) for _ in range(buffers)]
        self.open_blocks: OrderedDict[bytes, OpenBlock] = OrderedDict()
        self._counts = counts
        self._reserve = max(2, buffers // 8)
        # A block of one symbol needs no assembly; it is checked here and keeps no memory.
        self._single = BlockBuffer(LaneShape(shape.frame_bytes, 1, shape.repair_symbols))

    @property
    def crowded(self) -> bool:
        """Whether nearly all buffers are with the shell, which has not given them back yet."""
        return len(self.free) + len(self.open_blocks) < self._reserve

    def open(self, key: bytes, header: Header, now_s: float) -> OpenBlock | None:
        """A place for a block, None where every buffer is with the shell."""
        buffer = self.buffer()
        if buffer is None:
            return None
        seen = bytearray(header.data_symbols + header.repair_symbols)
        opened = OpenBlock(replace(header, index=0), buffer, seen, now_s)
        self.open_blocks[key] = opened
        return opened

    def single(self, header: Header, now_s: float) -> OpenBlock:
        """The one place for a block of one data symbol, used again by the next."""
        seen = bytearray(1 + header.repair_symbols)
        return OpenBlock(replace(header, index=0), self._single, seen, now_s)

    def is_single(self, buffer: BlockBuffer) -> bool:
        return buffer is self._single

    def buffer(self) -> BlockBuffer | None:
        """A free buffer, or that of the open block touched longest ago."""
        if self.free:
            return self.free.pop()
        if not self.open_blocks:
            return None
        oldest = min(self.open_blocks, key=lambda key: self.open_blocks[key].touched_s)
        self._counts["evicted"] += 1
        return self.open_blocks.pop(oldest).buffer

    def give_back(self, buffer: BlockBuffer) -> None:
        """The buffer is free for another block."""
        if buffer is not self._single:
            self.free.append(buffer)

    def drop_all(self) -> None:
        """Every open block is of no more use."""
        for key in list(self.open_blocks):
            self.give_back(self.open_blocks.pop(key).buffer)

    def drop_stale(self, floor: int, now_s: float) -> None:
        """Blocks below floor, and those that got no frame for two seconds, make room."""
        stale = [
            key
            for key, opened in self.open_blocks.items()
            if opened.header.block < floor or now_s - opened.touched_s > _STALE_S
        ]
        for key in stale:
            self.give_back(self.open_blocks.pop(key).buffer)
