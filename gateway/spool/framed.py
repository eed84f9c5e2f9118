"""Records of a file that is only appended to: each with its length and a checksum. Pure: bytes in, bytes out.

    record   | length 2 | CRC-32 4 | payload: 1 to 65,535 bytes |        big-endian

Reading ends at the first that is torn or damaged: what stands behind it cannot be told apart.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from typing import Final

_FRONT: Final = struct.Struct(">HI")
# Of length and checksum.
FRONT_BYTES: Final = _FRONT.size


def framed(payload: bytes) -> bytes:
    """One record. payload: 1 to 65,535 bytes."""
    return _FRONT.pack(len(payload), zlib.crc32(payload)) + payload


def unframed(untrusted_content: bytes) -> Iterator[tuple[bytes, int]]:
    """The payloads of the whole records from the begin, each with where it ends. Nothing is raised."""
    at = 0
    while at + _FRONT.size <= len(untrusted_content):
        length, crc = _FRONT.unpack_from(untrusted_content, at)
        at += _FRONT.size
        payload = untrusted_content[at : at + length]
        at += length
        if not length or len(payload) < length or zlib.crc32(payload) != crc:
            return
        yield payload, at
