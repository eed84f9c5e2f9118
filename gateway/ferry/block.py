"""A block: sealed data in symbols, and the chunks of units in it. No I/O.

    data of a block:  | tag 16 | copy of the header, index 0, 32 | body ... |   zeros to the symbol's end
    body of cargo:    | chunk | chunk | ...
    chunk:            | number 8 | sequence 8 | offset 8 | total 8 | trailer 4 | length 4 | bytes ... |

The tag covers all that follows it, so also every number of the header; nothing of a block is believed
before it holds. No chunk goes over the end of a block: a lost block costs the chunks in it, no more.
The bytes of a unit are its body followed by its queue header (`trailer` says how long that is), so
that offsets in the unit are offsets in the file that receives it.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Protocol

from gateway.errors import Refused
from gateway.ferry.buffer import BlockBuffer
from gateway.ferry.frame import (
    SEAL_BYTES,
    BlockKind,
    Header,
    encode_header,
    header_column,
)
from gateway.ferry.repair import Coder
from gateway.ferry.shape import LaneShape
from gateway.unit.number import MAX_NUMBER

TAG_BYTES: Final = 16
# 1 TiB: far above any file that a gate should carry in one piece, far below a wrong offset's reach.
MAX_UNIT_BYTES: Final = 1 << 40
# A queue header is at most 64 KiB (gateway.spool.model.Entry).
MAX_TRAILER_BYTES: Final = 1 << 16

CHUNK: Final = struct.Struct("!QQQQII")


class BlockSeal(Protocol):
    """Authenticates a block with the lane's key. It cannot open a unit."""

    def tag(self, session: int, block: int, data: memoryview) -> bytes:
        """16 bytes over data, bound to session and block."""
        ...

    def verify(self, session: int, block: int, data: memoryview, untrusted_tag: bytes) -> bool: ...


@dataclass(frozen=True, slots=True)
class SealedBlock:
    """A block ready for the link: `frames` frames in a buffer of the sender's pool."""

    header: Header
    buffer: BlockBuffer
    frames: int


@dataclass(frozen=True, slots=True)
class Chunk:
    """A piece of a unit. data is a view into the block's buffer.

    sequence: the place of this sending in the session. total_bytes: the whole unit, trailer included.
    """

    number: int
    sequence: int
    offset: int
    total_bytes: int
    trailer_bytes: int
    data: memoryview


def seal_block(
    buffer: BlockBuffer, header: Header, shape: LaneShape, seal: BlockSeal, coder: Coder
) -> SealedBlock:
    """Close a block whose body stands from SEAL_BYTES on: tag, padding, repair symbols, headers."""
    length, view = header.length_bytes, buffer.view
    view[length : header.data_symbols * shape.symbol_bytes] = bytes(
        header.data_symbols * shape.symbol_bytes - length
    )
    view[TAG_BYTES:SEAL_BYTES] = encode_header(header)
    view[:TAG_BYTES] = seal.tag(header.session, header.block, view[TAG_BYTES:length])
    coder.encode(buffer, header.data_symbols, header.repair_symbols)
    symbols = header.data_symbols + header.repair_symbols
    column = header_column(header, symbols)
    buffer.headers[: len(column)] = column
    return SealedBlock(header, buffer, symbols)


def holds(buffer: BlockBuffer, header: Header, seal: BlockSeal) -> bool:
    """Whether the assembled data is what a holder of the lane's key sealed under this very header."""
    view = buffer.view
    if bytes(view[TAG_BYTES:SEAL_BYTES]) != encode_header(header):
        return False
    data = view[TAG_BYTES : header.length_bytes]
    return seal.verify(header.session, header.block, data, bytes(view[:TAG_BYTES]))


def new_header(
    shape: LaneShape, lane: int, kind: BlockKind, session: int, block: int, length_bytes: int
) -> Header:
    """The header of a block with so many bytes, seal included."""
    k = shape.data_for(length_bytes)
    return Header(lane, kind, session, block, k, shape.repair_for(k), length_bytes)


def chunks_of(body: memoryview) -> Iterator[Chunk]:
    """The chunks of a verified cargo body.

    Raises Refused 5302 (a sender of this lane has made a body that breaks the format) and nothing else.
    """
    at, end = 0, len(body)
    while at < end:
        if end - at < CHUNK.size:
            raise Refused(5302, what="chunk header")
        number, sequence, offset, total, trailer, length = CHUNK.unpack_from(body, at)
        at += CHUNK.size
        if length > end - at or total > MAX_UNIT_BYTES or offset + length > total:
            raise Refused(5302, what="chunk length")
        if number > MAX_NUMBER or trailer > min(total, MAX_TRAILER_BYTES) or (total and not length):
            raise Refused(5302, what="chunk numbers")
        yield Chunk(number, sequence, offset, total, trailer, body[at : at + length])
        at += length
