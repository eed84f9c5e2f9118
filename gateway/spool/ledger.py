"""The writer's memory of unit numbers: what makes a second put of a unit a Duplicate.

    ledger file:   magic and version (8)  |  CRC-32 (4)  |  next ordinal (8)  |  intervals

The file covers every record below `next ordinal`; records from there on are still in their segments
and are read again at open. It is written before a new segment begins, so a segment that the reader
may remove is always covered. Pure: bytes in, bytes out.
"""

from __future__ import annotations

import struct
import zlib
from typing import Final

from gateway.spool.intervals import IntervalSet

_MAGIC: Final = b"FGLEDG\x00\x01"
_FRONT: Final = struct.Struct("<8sIQ")

# Numbers of one gate run in order, so a handful of intervals is usual. A quarter of a million
# scattered ones cost 4 MiB; beyond that the lowest (oldest) are forgotten, never the newest.
MAX_INTERVALS: Final = 1 << 18


def encode_ledger(next_ordinal: int, numbers: IntervalSet) -> bytes:
    """The ledger file. next_ordinal: every record below it is covered."""
    covered = struct.pack("<Q", next_ordinal) + numbers.encode()
    return _MAGIC + struct.pack("<I", zlib.crc32(covered)) + covered


def decode_ledger(untrusted_bytes: bytes) -> tuple[int, IntervalSet] | None:
    """(next ordinal, numbers), or None if the bytes are no whole ledger. Nothing is raised."""
    if len(untrusted_bytes) < _FRONT.size:
        return None
    magic, crc, next_ordinal = _FRONT.unpack_from(untrusted_bytes)
    if magic != _MAGIC or crc != zlib.crc32(memoryview(untrusted_bytes)[12:]):
        return None
    numbers = IntervalSet.decode(untrusted_bytes[_FRONT.size :])
    return None if numbers is None else (next_ordinal, numbers)
