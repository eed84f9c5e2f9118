"""Where one compressed picture ends: JPEG and JPEG-LS, JPEG 2000, RLE of DICOM. No pixel is decoded.

JPEG       SOI  marker segment ...  SOF  ...  SOS  coded data, FF stuffed ...  EOI     ITU-T T.81, T.87
JPEG 2000  SOC  SIZ ...  SOT (Psot) ... SOD data  SOT ...  EOC                         ITU-T T.800
RLE        64 bytes of offsets, then up to 15 segments of packed bytes                 PS3.5, annex G
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

# In coded data FF is followed by 00 or by a restart; JPEG-LS stuffs a bit instead: below 0x80.
_AFTER_CODED: Final = re.compile(rb"\xff+[\x01-\xcf\xd8-\xfe]")
_AFTER_LS: Final = re.compile(rb"\xff+[\x80-\xcf\xd8-\xfe]")
_FRAME_HEADERS: Final = frozenset([*range(0xC0, 0xD0), 0xF7]) - {0xC4, 0xC8, 0xCC}
_MAX_SEGMENTS: Final = 100_000
_RLE_SEGMENTS: Final = 15


class Broken(Exception):
    """The stream does not follow its standard. offset: where, from its beginning."""

    def __init__(self, offset: int, reason: str) -> None:
        super().__init__(offset, reason)
        self.offset = offset
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Segment:
    """marker: its second byte. at: of its content, size_bytes: of it. Coded data follow SOS."""

    marker: int
    at: int
    size_bytes: int


def jpeg_segments(data: bytes, start: int = 0) -> Iterator[Segment]:
    """Segments from SOI to EOI, both without content. Raises Broken and nothing else."""
    if data[start : start + 2] != b"\xff\xd8":
        raise Broken(start, "SOI")
    yield Segment(0xD8, start + 2, 0)
    at, coded, lossless_stuffing = start + 2, False, False
    for _ in range(_MAX_SEGMENTS):
        if coded:
            match = (_AFTER_LS if lossless_stuffing else _AFTER_CODED).search(data, at)
            if match is None:
                raise Broken(len(data), "EOI")
            at = match.end() - 2
        at = _past_fill(data, at)
        marker = data[at + 1]
        at += 2
        if marker == 0xD9:
            yield Segment(marker, at, 0)
            return
        if marker in (0xD8, 0x01) or 0xD0 <= marker <= 0xD7 or marker < 0xC0:
            raise Broken(at - 2, f"marker {marker:02X}")
        if at + 2 > len(data):
            raise Broken(at, "length")
        length = struct.unpack_from(">H", data, at)[0]
        if length < 2 or at + length > len(data):
            raise Broken(at, "length")
        yield Segment(marker, at + 2, length - 2)
        lossless_stuffing |= marker == 0xF7
        coded = marker == 0xDA
        at += length
    raise Broken(at, "segments")


def _past_fill(data: bytes, at: int) -> int:
    """Any number of FF may stand before a marker (T.81, B.1.1.2)."""
    if data[at : at + 1] != b"\xff":
        raise Broken(at, "marker")
    end = at
    while data[end + 1 : end + 2] == b"\xff":
        end += 1
    if end + 1 >= len(data):
        raise Broken(at, "marker")
    return end


@dataclass(frozen=True, slots=True)
class Picture:
    """end: offset behind the last byte that belongs to it. rows, columns: 0 where not said."""

    end: int
    rows: int
    columns: int


def jpeg_picture(data: bytes) -> Picture:
    """Raises Broken and nothing else."""
    rows = columns = end = 0
    scans = 0
    for segment in jpeg_segments(data):
        if segment.marker in _FRAME_HEADERS:
            if rows or segment.size_bytes < 6:
                raise Broken(segment.at, "frame header")
            rows, columns = struct.unpack_from(">HH", data, segment.at + 1)
        scans += segment.marker == 0xDA
        end = segment.at
    if not scans or not columns:
        raise Broken(end, "scan")
    return Picture(end, rows, columns)


def jpeg_2000_picture(data: bytes) -> Picture:
    """Raises Broken and nothing else."""
    if data[:4] != b"\xff\x4f\xff\x51" or len(data) < 48:
        raise Broken(0, "SOC")
    width, height, left, top = struct.unpack_from(">IIII", data, 8)
    if width <= left or height <= top:
        raise Broken(8, "size")
    at = 2
    for _ in range(_MAX_SEGMENTS):
        marker = data[at : at + 2]
        if marker == b"\xff\xd9":
            return Picture(at + 2, height - top, width - left)
        if len(data) < at + 4 or marker[:1] != b"\xff":
            raise Broken(at, "marker")
        length = struct.unpack_from(">H", data, at + 2)[0]
        if length < 2:
            raise Broken(at, "length")
        at = _tile_part_end(data, at) if marker == b"\xff\x90" else at + 2 + length
    raise Broken(at, "segments")


def _tile_part_end(data: bytes, at: int) -> int:
    """Psot counts from SOT to the end of the tile-part; nought: up to EOC."""
    if len(data) < at + 12:
        raise Broken(at, "tile-part")
    length: int = struct.unpack_from(">I", data, at + 6)[0]
    if length == 0:
        end = len(data.rstrip(b"\x00"))
        if data[end - 2 : end] != b"\xff\xd9":
            raise Broken(at, "EOC")
        return end - 2
    if length < 14 or at + length > len(data):
        raise Broken(at, "tile-part")
    return at + length


def rle_end(data: bytes, segment_bytes: int) -> int:
    """Offset behind the last packed byte, each segment giving segment_bytes. Raises Broken."""
    if len(data) < 64:
        raise Broken(0, "header")
    count, *offsets = struct.unpack_from("<16I", data)
    used = offsets[:count]
    if not 1 <= count <= _RLE_SEGMENTS or used[0] != 64 or any(offsets[count:]):
        raise Broken(0, "header")
    if sorted(used) != used or used[-1] >= len(data):
        raise Broken(4, "offsets")
    end = 64
    for start, stop in zip(used, [*used[1:], len(data)], strict=True):
        end = _unpacked_end(data, start, stop, segment_bytes)
        if stop != len(data) and stop - end > 1:
            raise Broken(end, "gap")
    return end


def _unpacked_end(data: bytes, at: int, stop: int, left: int) -> int:
    """Past the control bytes that give `left` bytes (PackBits)."""
    while left > 0:
        if at >= stop:
            raise Broken(at, "segment")
        control = data[at]
        if control < 128:
            at, left = at + control + 2, left - control - 1
        elif control > 128:
            at, left = at + 2, left - 257 + control
        else:
            at += 1
    if left < 0 or at > stop:
        raise Broken(at, "segment")
    return at
