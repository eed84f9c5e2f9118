"""The bytes of a segment: encoding and decoding, pure.

    segment   magic and version (8) | first ordinal (8) | made at, ns (8) | CRC-32 of these (4)
              record | record | ...

    record    magic (4) | CRC-32 of the next 44 bytes (4)                                    ^
              ordinal (8) | unit number (8) | put at, ns (8) | body size (8)                 | head
              header size (4) | CRC-32 of header and inline body (4) | body place (4)        v
              header | body, if it is inline

All numbers are little-endian. Ordinals count the records of a queue from 0 without a hole; a
segment's file is named after its first one. The head has its own CRC, so that what a unit held can
be overwritten with zeros once it is answered and past keeping, and the chain of records still reads.
"""

from __future__ import annotations

import struct
import zlib
from enum import IntEnum
from typing import Final, NamedTuple

_SEGMENT_MAGIC: Final = b"FGSEGM\x00\x01"
_SEGMENT: Final = struct.Struct("<8sQQI")
SEGMENT_FRONT_BYTES: Final = _SEGMENT.size

_RECORD_MAGIC: Final = b"\xf6\x9dFU"
_FRONT: Final = struct.Struct("<4sI")
_HEAD: Final = struct.Struct("<QQQQIII")
HEAD_BYTES: Final = _FRONT.size + _HEAD.size

# A header is names and numbers of one unit (gateway.spool.model.Entry).
MAX_HEADER_BYTES: Final = 65536


class Place(IntEnum):
    """Where the body of a unit lies."""

    INLINE = 0
    FILE = 1


class Head(NamedTuple):
    """The head of one record, as it was written."""

    ordinal: int
    number: int
    put_at_ns: int
    body_bytes: int
    header_bytes: int
    content_crc: int
    place: int

    @property
    def content_bytes(self) -> int:
        """Bytes after the head that belong to this record."""
        inline = self.body_bytes if self.place == Place.INLINE else 0
        return self.header_bytes + inline

    @property
    def record_bytes(self) -> int:
        """The whole record, head and content."""
        return HEAD_BYTES + self.content_bytes


def encode_segment_front(first_ordinal: int, made_at_ns: int) -> bytes:
    """The front of a segment file."""
    front = _SEGMENT_MAGIC + struct.pack("<QQ", first_ordinal, made_at_ns)
    return front + struct.pack("<I", zlib.crc32(front))


def decode_segment_front(untrusted_bytes: bytes) -> tuple[int, int] | None:
    """(first ordinal, made at in ns), or None if this is no whole front. Nothing is raised."""
    if len(untrusted_bytes) < SEGMENT_FRONT_BYTES:
        return None
    magic, first_ordinal, made_at_ns, crc = _SEGMENT.unpack_from(untrusted_bytes)
    if magic != _SEGMENT_MAGIC or crc != zlib.crc32(untrusted_bytes[: SEGMENT_FRONT_BYTES - 4]):
        return None
    return first_ordinal, made_at_ns


def encode_head(
    ordinal: int, number: int, put_at_ns: int, header: bytes, body: bytes | None, body_bytes: int
) -> bytes:
    """The head of a record. body: the inline bytes, or None for one in a file of body_bytes."""
    crc = zlib.crc32(header)
    place = 1
    if body is not None:
        crc, place = zlib.crc32(body, crc), 0
    head = _HEAD.pack(ordinal, number, put_at_ns, body_bytes, len(header), crc, place)
    return _FRONT.pack(_RECORD_MAGIC, zlib.crc32(head)) + head


def decode_head(untrusted_buffer: bytes | bytearray, offset: int) -> Head | None:
    """The head at offset, or None if no whole and right one stands there. Nothing is raised."""
    if len(untrusted_buffer) - offset < HEAD_BYTES:
        return None
    magic, crc = _FRONT.unpack_from(untrusted_buffer, offset)
    start = offset + _FRONT.size
    if magic != _RECORD_MAGIC:
        return None
    if crc != zlib.crc32(untrusted_buffer[start : start + _HEAD.size]):
        return None
    head = Head._make(_HEAD.unpack_from(untrusted_buffer, start))
    if head.header_bytes > MAX_HEADER_BYTES or head.place > Place.FILE:
        return None
    return head


def content_is_whole(head: Head, untrusted_content: bytes | memoryview) -> bool:
    """Whether these are the header and inline body that were written under this head."""
    if len(untrusted_content) != head.content_bytes:
        return False
    return zlib.crc32(untrusted_content) == head.content_crc


def find_head(untrusted_buffer: bytes, offset: int) -> int:
    """The offset of the next whole head at or after offset, -1 if there is none."""
    while (offset := untrusted_buffer.find(_RECORD_MAGIC, offset)) >= 0:
        if decode_head(untrusted_buffer, offset) is not None:
            return offset
        offset += 1
    return -1
