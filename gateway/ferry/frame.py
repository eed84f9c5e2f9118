"""The header of a frame: its bytes, and the checks before anything else is done. No I/O.

     0      2  3     4  5  6      7     8        16      24      28    32
    +------+--+-----+--+--+------+-----+--------+-------+-------+-----+----------------+
    | "FG" | 1| lane| k| r| index| kind| session| block | length| zero| one symbol     |
    +------+--+-----+--+--+------+-----+--------+-------+-------+-----+----------------+
    numbers big-endian; index 0 to k-1 are data, k to k+r-1 repair; length: data bytes of the block,
    seal included

Nothing here is believed before the block's seal is verified; a header only says where a symbol goes.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from gateway.errors import Refused
from gateway.ferry.shape import HEADER_BYTES, LaneShape

MAGIC: Final = b"FG"
VERSION: Final = 1
INDEX_AT: Final = 6
MAX_U64: Final = (1 << 64) - 1
# The seal: tag (16) and a copy of the header (32), so that the tag covers every number in it.
SEAL_BYTES: Final = 48

_HEADER: Final = struct.Struct("!2sBBBBBBQQII")


class BlockKind(IntEnum):
    """What a block carries."""

    CARGO = 1
    HEARTBEAT = 2
    INDEX = 3
    RESOLVED = 4
    PATTERN = 5
    # Of two-way gates: what is missing of the opposite lane (gateway.ferry.twoway.returns).
    RETURNED = 6
    # Of two-way gates: requests and answers (gateway.ferry.oneway.transient).
    TRANSIENT = 7


# Transient blocks are numbered apart, from here on.
FIRST_TRANSIENT_BLOCK: Final = 1 << 63
_KINDS: Final = frozenset(int(kind) for kind in BlockKind)


@dataclass(frozen=True, slots=True)
class Header:
    """A decoded header. Everything but index is the same in all frames of a block."""

    lane: int
    kind: BlockKind
    session: int
    block: int
    data_symbols: int
    repair_symbols: int
    length_bytes: int
    index: int = 0


def encode_header(header: Header) -> bytes:
    """The 32 bytes of a header."""
    return _HEADER.pack(
        MAGIC,
        VERSION,
        header.lane,
        header.data_symbols,
        header.repair_symbols,
        header.index,
        header.kind,
        header.session,
        header.block,
        header.length_bytes,
        0,
    )


def decode_header(untrusted: bytes, shape: LaneShape, lane: int) -> Header:
    """The header in 32 bytes, checked against the lane's shape.

    Raises Refused 5301 (not a header of this lane, or numbers outside its limits) and nothing else.
    """
    if len(untrusted) != HEADER_BYTES:
        raise Refused(5301, what="length")
    magic, version, of_lane, k, r, index, kind, session, block, length, zero = _HEADER.unpack(
        untrusted
    )
    if magic != MAGIC or version != VERSION or of_lane != lane or zero:
        raise Refused(5301, what="magic, version or lane")
    if kind not in _KINDS or not 1 <= k <= shape.data_symbols or r > shape.repair_symbols:
        raise Refused(5301, what="kind or symbols")
    if index >= k + r or length <= SEAL_BYTES or -(-length // shape.symbol_bytes) != k:
        raise Refused(5301, what="index or length")
    if (kind == BlockKind.TRANSIENT) != (block >= FIRST_TRANSIENT_BLOCK):
        raise Refused(5301, what="block number")
    return Header(of_lane, BlockKind(kind), session, block, k, r, length, index)


def header_column(header: Header, symbols: int) -> bytearray:
    """The headers of a whole block one behind the other, index counting from 0."""
    column = bytearray(encode_header(header) * symbols)
    column[INDEX_AT::HEADER_BYTES] = bytes(range(symbols))
    return column


def run_length(untrusted_headers: bytes, at: int, frames: int, symbols: int) -> int:
    """How many frames from `at` on are of one block with the index counting up.

    One comparison for the usual case; frames: how many headers there are.
    """
    start = at * HEADER_BYTES
    first = untrusted_headers[start : start + HEADER_BYTES]
    index = first[INDEX_AT]
    # Untrusted: k, r and index may be anything yet, and an index counts to 255 only.
    most = max(1, min(frames - at, symbols - index, 256 - index))
    expected = bytearray(first * most)
    expected[INDEX_AT::HEADER_BYTES] = bytes(range(index, index + most))
    if untrusted_headers[start : start + most * HEADER_BYTES] == expected:
        return most
    for count in range(1, most):
        place = count * HEADER_BYTES
        found = untrusted_headers[start + place : start + place + HEADER_BYTES]
        if found != expected[place : place + HEADER_BYTES]:
            return count
    return most
