"""Transient units in blocks of their own kind: what a block of them says, and their way out. No I/O.

    body of a block:   | piece | piece | ...
    piece:             | number 8 | offset 4 | total 4 | length 4 | bytes ... |

They have block numbers of their own, counted from 2**63 on in each session: a block of them that goes ahead
of older cargo, or is lost, leaves no hole among the numbers of what is accounted for. They are in no index,
no heartbeat counts them, and nothing of them is asked for again.

    put() -> waiting -> next_block(): as many as one block holds, sealed -> the link -> reuse()
"""

from __future__ import annotations

import struct
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from gateway.errors import Refused
from gateway.ferry.block import BlockSeal, SealedBlock, new_header, seal_block
from gateway.ferry.buffer import BlockBuffer
from gateway.ferry.frame import FIRST_TRANSIENT_BLOCK, SEAL_BYTES, BlockKind
from gateway.ferry.repair import Coder
from gateway.ferry.shape import LaneShape
from gateway.unit.number import MAX_NUMBER
from gateway.unit.request import MAX_CONTENT_BYTES

PIECE: Final = struct.Struct("!QIII")
# Content, a tag for each MiB of it, and the head of a sealed unit.
MAX_UNIT_BYTES: Final = MAX_CONTENT_BYTES + (32 << 10)
# What waits for the link; more would be late. One unit of any size goes into an empty line.
MAX_WAITING_BYTES: Final = 16 << 20
# Two on their way to the link while one is filled.
_BUFFERS: Final = 3


@dataclass(frozen=True, slots=True)
class Piece:
    """Some bytes of a transient unit. data is a view into the block's buffer."""

    number: int
    offset: int
    total_bytes: int
    data: memoryview


def pieces_of(body: memoryview) -> Iterator[Piece]:
    """The pieces of a verified block. Raises Refused 5302 and nothing else."""
    at, end = 0, len(body)
    while at < end:
        if end - at < PIECE.size:
            raise Refused(5302, what="piece header")
        number, offset, total, length = PIECE.unpack_from(body, at)
        at += PIECE.size
        if not 0 < length <= end - at or total > MAX_UNIT_BYTES or offset + length > total:
            raise Refused(5302, what="piece length")
        if number > MAX_NUMBER:
            raise Refused(5302, what="piece number")
        yield Piece(number, offset, total, body[at : at + length])
        at += length


@dataclass(slots=True)
class _Going:
    """A unit of which `done` bytes are in blocks."""

    number: int
    sealed: bytes
    done: int = 0


class TransientSender:
    """Makes the transient blocks of one session; the link takes them before any other."""

    def __init__(self, shape: LaneShape, lane: int, session: int, seal: BlockSeal) -> None:
        self._shape, self._lane, self._session = shape, lane, session
        self._seal, self._coder = seal, Coder(shape)
        self._free = [BlockBuffer(shape) for _ in range(_BUFFERS)]
        self._waiting: deque[_Going] = deque()
        self._waiting_bytes = 0
        self._next_block = FIRST_TRANSIENT_BLOCK
        self.units = 0

    @property
    def idle(self) -> bool:
        return not self._waiting

    def put(self, number: int, sealed: bytes) -> bool:
        """Line a unit up. False: there is no room for it, and it does not go."""
        too_long = not 0 < len(sealed) <= MAX_UNIT_BYTES
        full = self._waiting and self._waiting_bytes + len(sealed) > MAX_WAITING_BYTES
        if too_long or full:
            return False
        self._waiting.append(_Going(number, sealed))
        self._waiting_bytes += len(sealed)
        self.units += 1
        return True

    def next_block(self) -> SealedBlock | None:
        """What waits, as far as it fits one block; None where nothing does, or no buffer is free."""
        if not self._waiting or not self._free:
            return None
        buffer, at, end = self._free.pop(), SEAL_BYTES, self._shape.block_bytes
        while self._waiting and end - at > PIECE.size:
            going = self._waiting[0]
            left = len(going.sealed) - going.done
            room = end - at - PIECE.size
            # A small unit is not cut: one lost block then costs it once.
            if left > room and at > SEAL_BYTES and left <= end - SEAL_BYTES - PIECE.size:
                break
            length = min(left, room)
            PIECE.pack_into(buffer.view, at, going.number, going.done, len(going.sealed), length)
            at += PIECE.size
            buffer.view[at : at + length] = going.sealed[going.done : going.done + length]
            at += length
            going.done += length
            self._waiting_bytes -= length
            if going.done == len(going.sealed):
                self._waiting.popleft()
        number = self._next_block
        self._next_block += 1
        kind = BlockKind.TRANSIENT
        header = new_header(self._shape, self._lane, kind, self._session, number, at)
        return seal_block(buffer, header, self._shape, self._seal, self._coder)

    def reuse(self, block: SealedBlock) -> None:
        """The link has sent all frames of the block: its buffer is free."""
        self._free.append(block.buffer)
