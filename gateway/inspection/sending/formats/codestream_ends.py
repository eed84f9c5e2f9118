"""The size of a compressed frame and where it ends, by a few jumps: for frames that pydicom hands out.

Sources: ITU-T T.81 annex B, T.800 annex A, DICOM PS3.5 annex G. None is decoded.
"""

from __future__ import annotations

import re
from typing import Final

from gateway.inspection.formats.dicom import Codestream

# FF, then neither a stuffed nought, nor a restart, nor another FF.
_MARKER: Final = re.compile(rb"\xff([\x01-\xcf\xd8-\xfe])")
# JPEG-LS stuffs a nought bit behind FF: only bytes from 80 on are markers.
_LS_MARKER: Final = re.compile(rb"\xff([\x80-\xcf\xd8-\xfe])")
_NO_FRAME_HEADER: Final = b"\xc4\xc8\xcc"
_SOS, _EOI, _SOF_LS = 0xDA, 0xD9, 0xF7
_MAX_JUMPS: Final = 200_000

Extent = tuple[int, int, int]


def extent(data: bytes, kind: Codestream) -> Extent | None:
    """(end, rows, columns) of a frame; None where it does not follow its standard to an end.
    rows and columns are nought for RLE, which does not say them."""
    match kind:
        case Codestream.JPEG:
            return _jpeg(data)
        case Codestream.JPEG_2000:
            return _jpeg_2000(data)
        case Codestream.RLE:
            return _rle(data)


def _jpeg(data: bytes) -> Extent | None:
    if not data.startswith(b"\xff\xd8\xff"):
        return None
    at, rows, columns, pattern = 2, 0, 0, _MARKER
    coded = scanned = False
    for _ in range(_MAX_JUMPS):
        found = pattern.search(data, at) if coded else _MARKER.match(data, _fill(data, at))
        if found is None:
            return None
        marker, at = found[1][0], found.end()
        if marker == _EOI:
            return (at, rows, columns) if scanned and columns else None
        length = int.from_bytes(data[at : at + 2], "big")
        if marker < 0xC0 or marker == 0xD8 or length < 2 or at + length > len(data):
            return None
        if (0xC0 <= marker <= 0xCF and marker not in _NO_FRAME_HEADER) or marker == _SOF_LS:
            if columns or length < 8:
                return None
            rows = int.from_bytes(data[at + 3 : at + 5], "big")
            columns = int.from_bytes(data[at + 5 : at + 7], "big")
            pattern = _LS_MARKER if marker == _SOF_LS else _MARKER
        coded = marker == _SOS
        scanned = scanned or coded
        at += length
    return None


def _fill(data: bytes, at: int) -> int:
    """Over fill bytes: to the last of a row of FF."""
    while data[at : at + 2] == b"\xff\xff":
        at += 1
    return at


def _jpeg_2000(data: bytes) -> Extent | None:
    if not data.startswith(b"\xff\x4f\xff\x51") or len(data) < 48:
        return None
    width, height, left, top = (int.from_bytes(data[o : o + 4], "big") for o in (8, 12, 16, 20))
    at = 2
    for _ in range(_MAX_JUMPS):
        two = data[at : at + 2]
        if two == b"\xff\xd9":
            return (at + 2, height - top, width - left)
        length = int.from_bytes(data[at + 2 : at + 4], "big") + 2
        if two == b"\xff\x90":
            length = int.from_bytes(data[at + 6 : at + 10], "big")
            if length == 0:
                # The last tile-part may leave its length open: it reaches to EOC.
                length = len(data.rstrip(b"\0")) - 2 - at
        if two[:1] != b"\xff" or length < 4 or at + length > len(data):
            return None
        at += length
    return None


def _rle(data: bytes) -> Extent | None:
    """The header: a number of segments, then their offsets, rising, none outside."""
    header = [int.from_bytes(data[o : o + 4], "little") for o in range(0, 64, 4)]
    count, offsets = header[0], header[1:]
    used = offsets[:count]
    sound = len(data) > 64 and 1 <= count <= 15 and used[0] == 64 and not any(offsets[count:])
    if not sound or sorted(set(used)) != used or used[-1] >= len(data):
        return None
    return (len(data), 0, 0)
