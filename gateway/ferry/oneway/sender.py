"""The sending half of a one-way lane: units in, sealed blocks out. Bytes and time in, values out.

    begin -> room, commit, room, commit ... -> end        a unit, written straight into a block
                  |  block full, or flush()
                  v
              ready: sealed blocks in the order of their numbers, for the link
                  |  reuse() after sending
                  v
              the buffer is free again

    tick: heartbeats at a constant rate, and each complete sending in three index blocks, a quarter of a
    second, one second and two seconds later, so that a stall of the receiver cannot hide its name.

There is no way to hear anything here, and nothing of this module may import one.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from gateway.ferry.block import CHUNK, BlockSeal, SealedBlock, new_header, seal_block
from gateway.ferry.buffer import BlockBuffer
from gateway.ferry.frame import SEAL_BYTES, BlockKind
from gateway.ferry.oneway.records import (
    INDEXED_BYTES,
    RESOLVED_BYTES,
    Heartbeat,
    Indexed,
    Resolved,
    encode_heartbeat,
    encode_index,
    encode_resolved,
)
from gateway.ferry.repair import Coder
from gateway.ferry.shape import LaneShape

# Four heartbeats a second: a lost tail is noticed within a quarter second, and they cost nothing.
HEARTBEAT_S: Final = 0.25
# Ticks after which a group of sendings is announced: 0.25, 1 and 2 s later.
_ANNOUNCED_AFTER: Final = (1, 4, 8)
# A unit up to this size is not cut to fill the rest of a block: one lost block then costs it once.
_WHOLE_BYTES: Final = 65_536
# The first heartbeats make the session known; frames before them would be refused.
_OPENING_BEATS: Final = 3


@dataclass(slots=True)
class Sending:
    """One unit on its way. sequence: its place in this session. Blocks are known when sealed."""

    number: int
    sequence: int
    total_bytes: int
    trailer_bytes: int
    first_block: int = -1
    last_block: int = -1
    ended: bool = False

    def indexed(self) -> Indexed:
        return Indexed(
            self.number, self.sequence, self.total_bytes, self.first_block, self.last_block
        )


@dataclass(slots=True)
class _Group:
    sendings: list[Sending]
    ticks: int = 0


class OneWaySender:
    """Makes the blocks of one session. session: claimed durably and never used before.

    past: earlier sessions and their number of sendings, oldest first. buffers: blocks that may wait.
    """

    def __init__(
        self,
        shape: LaneShape,
        lane: int,
        session: int,
        seal: BlockSeal,
        past: Sequence[tuple[int, int]] = (),
        buffers: int = 8,
    ) -> None:
        self.shape, self.lane, self.session = shape, lane, session
        self.ready: deque[SealedBlock] = deque()
        self.sealed: list[Sending] = []
        self.announced: list[Sending] = []
        self.units = 0
        self.bytes = 0
        self._seal, self._coder, self._past = seal, Coder(shape), tuple(past)
        self._free = [BlockBuffer(shape) for _ in range(max(buffers, 6))]
        self._next_block = 0
        self._next_sequence = 0
        self._open: BlockBuffer | None = None
        self._at = SEAL_BYTES
        self._in_block: dict[int, Sending] = {}
        self._unannounced: set[int] = set()
        self._groups: deque[_Group] = deque()
        self._beat_at_s: float | None = None
        for _ in range(_OPENING_BEATS):
            self._beat()

    @property
    def next_block(self) -> int:
        return self._next_block

    @property
    def can_take(self) -> bool:
        """Whether there are buffers for cargo; two are kept for control blocks."""
        return len(self._free) > 2

    @property
    def partly_filled(self) -> bool:
        return self._at > SEAL_BYTES

    @property
    def unannounced(self) -> int:
        """Sendings begun that have not yet been in three index blocks."""
        return len(self._unannounced)

    def begin(self, number: int, total_bytes: int, trailer_bytes: int) -> Sending:
        """Open a unit of total_bytes, its queue header (trailer_bytes) included."""
        sending = Sending(number, self._next_sequence, total_bytes, trailer_bytes)
        self._next_sequence += 1
        self._unannounced.add(sending.sequence)
        return sending

    def room(self, sending: Sending, want_bytes: int) -> memoryview | None:
        """Where the next bytes of a unit go: at most want_bytes; None while no buffer is free.

        Fill the front of it and call commit; nothing else may be called in between.
        """
        left = self.shape.block_bytes - self._at - CHUNK.size
        cut = want_bytes > left and min(sending.total_bytes, want_bytes) <= _WHOLE_BYTES
        if self._open is not None and (left <= 0 or (cut and self.partly_filled)):
            self.flush()
        if self._open is None:
            if not self.can_take:
                return None
            self._open = self._free.pop()
        at = self._at + CHUNK.size
        return self._open.view[at : min(at + want_bytes, self.shape.block_bytes)]

    def commit(self, sending: Sending, offset: int, length_bytes: int) -> None:
        """The room given last holds length_bytes of the unit, which stand at offset in it."""
        if self._open is None:
            raise RuntimeError("commit without room")
        CHUNK.pack_into(
            self._open.view,
            self._at,
            sending.number,
            sending.sequence,
            offset,
            sending.total_bytes,
            sending.trailer_bytes,
            length_bytes,
        )
        self._at += CHUNK.size + length_bytes
        self.bytes += length_bytes
        self._in_block[sending.sequence] = sending
        if self.shape.block_bytes - self._at <= CHUNK.size:
            self.flush()

    def end(self, sending: Sending) -> None:
        """All of the unit that is to go has been committed. It is `sealed` with its last block."""
        sending.ended = True
        self.units += 1
        if sending.sequence not in self._in_block:
            self._finish(sending)

    def flush(self) -> None:
        """Close the partly filled block now, so that what is in it need not wait for more."""
        if self._open is None or not self.partly_filled:
            return
        number = self._emit(self._open, BlockKind.CARGO, self._at)
        self._open, self._at = None, SEAL_BYTES
        for sending in self._in_block.values():
            if sending.first_block < 0:
                sending.first_block = number
            sending.last_block = number
            if sending.ended:
                self._finish(sending)
        self._in_block.clear()

    def tick(self, now_s: float) -> float:
        """Heartbeat and index when due; gives the seconds until the next one is due."""
        if self._beat_at_s is None:
            self._beat_at_s = now_s + HEARTBEAT_S
        if now_s >= self._beat_at_s and self._free:
            late = now_s - self._beat_at_s > HEARTBEAT_S
            self._beat_at_s = now_s + HEARTBEAT_S if late else self._beat_at_s + HEARTBEAT_S
            self._announce()
            self._beat()
        return max(0.0, self._beat_at_s - now_s)

    def resolve(self, entries: Sequence[Resolved]) -> bool:
        """Say which units asked-for sequences were. False: no buffer is free, ask again later."""
        return self._control(BlockKind.RESOLVED, encode_resolved(entries), RESOLVED_BYTES)

    def returned(self, body: bytes) -> bool:
        """A block about the opposite lane, which fits one. False while no buffer is free."""
        return self.can_take and self._control(BlockKind.RETURNED, body, len(body))

    def pattern(self, body: bytes) -> bool:
        """A block of a link test. False while no buffer is free."""
        return self.can_take and self._control(BlockKind.PATTERN, body, 1)

    def reuse(self, block: SealedBlock) -> None:
        """The link has sent all frames of the block: its buffer is free."""
        self._free.append(block.buffer)

    def _finish(self, sending: Sending) -> None:
        self.sealed.append(sending)
        if not self._groups or self._groups[-1].ticks:
            self._groups.append(_Group([]))
        self._groups[-1].sendings.append(sending)

    def _announce(self) -> None:
        """One step of all groups: those that are due go into index blocks."""
        for group in list(self._groups):
            due = group.ticks + 1 in _ANNOUNCED_AFTER
            entries = [s.indexed() for s in group.sendings if s.last_block >= 0]
            if due and not self._control(BlockKind.INDEX, encode_index(entries), INDEXED_BYTES):
                return
            group.ticks += 1
            if group.ticks == _ANNOUNCED_AFTER[-1]:
                self.announced.extend(group.sendings)
                self._unannounced.difference_update(s.sequence for s in group.sendings)
                self._groups.remove(group)

    def _beat(self) -> None:
        floor = min(self._unannounced, default=self._next_sequence)
        beat = Heartbeat(self._next_sequence, floor, self.units, self.bytes, self._past)
        self._control(BlockKind.HEARTBEAT, encode_heartbeat(beat), 1)

    def _control(self, kind: BlockKind, body: bytes, entry_bytes: int) -> bool:
        """Blocks of a control kind, cut at whole entries. False, and nothing made, without buffers."""
        most = (self.shape.block_bytes - SEAL_BYTES) // entry_bytes * entry_bytes
        pieces = [body[at : at + most] for at in range(0, len(body), most)]
        if len(pieces) > len(self._free):
            return False
        for piece in pieces:
            buffer = self._free.pop()
            end = SEAL_BYTES + len(piece)
            buffer.view[SEAL_BYTES:end] = piece
            self._emit(buffer, kind, end)
        return True

    def _emit(self, buffer: BlockBuffer, kind: BlockKind, length_bytes: int) -> int:
        number = self._next_block
        header = new_header(self.shape, self.lane, kind, self.session, number, length_bytes)
        self.ready.append(seal_block(buffer, header, self.shape, self._seal, self._coder))
        self._next_block += 1
        return number
