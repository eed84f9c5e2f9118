"""How far the writer has come: the one thing that the reader looks at when it is idle. Pure.

    mark file:   magic and version (8) | segment (8) | end (8) | next ordinal (8) | CRC-32 (4)

The writer overwrites the file in place after each group commit and never syncs it: records below
`end` are durable already, so a mark that a power cut sets back only hides them until the writer
opens the queue again. The reader goes no further than the mark, so it never hands out a unit that
a power cut could still take away, and an ordinal that it has seen is never used twice.
"""

from __future__ import annotations

import struct
import zlib
from typing import Final, NamedTuple

_MAGIC: Final = b"FGMARK\x00\x01"
_MARK: Final = struct.Struct("<8sQQQI")
MARK_BYTES: Final = _MARK.size


class Mark(NamedTuple):
    """segment: first ordinal of the active one. end: bytes of it that are durable records."""

    segment: int
    end: int
    next_ordinal: int


def encode_mark(mark: Mark) -> bytes:
    """The mark file."""
    front = _MAGIC + struct.pack("<QQQ", *mark)
    return front + struct.pack("<I", zlib.crc32(front))


def decode_mark(untrusted_bytes: bytes) -> Mark | None:
    """The mark, or None (absent, torn by a write at this moment). Nothing is raised."""
    if len(untrusted_bytes) != MARK_BYTES:
        return None
    magic, segment, end, next_ordinal, crc = _MARK.unpack(untrusted_bytes)
    if magic != _MAGIC or crc != zlib.crc32(untrusted_bytes[: MARK_BYTES - 4]):
        return None
    return Mark(segment, end, next_ordinal)
