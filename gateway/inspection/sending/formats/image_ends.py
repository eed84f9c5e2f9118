"""Where a GIF, BMP or TIFF ends, for a library that does not say: on the sending side, beside Pillow.

Pillow widens a GIF's screen to what is drawn on it, skips extensions that it does not know, and looks
at a BMP's rows only: those are judged here.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable
from typing import Final

from gateway.inspection.formats.image import GIF_APPLICATIONS, unsound

_MAX_BLOCKS: Final = 2_000_000
# Graphic control, comment, plain text (GIF89a, 23 to 25).
_GIF_LABELS: Final = (b"\xf9", b"\xfe", b"\x01")


def gif_end(data: bytes) -> int:
    """Offset behind the trailer, -1 where the blocks do not lead to one (GIF89a, appendix A)."""
    if len(data) < 13:
        return -1
    at = 13 + _colour_bytes(data[10])
    screen = struct.unpack_from("<HH", data, 6)
    for _ in range(_MAX_BLOCKS):
        kind = data[at : at + 1]
        if kind == b";":
            return at + 1
        if kind == b"," and at + 10 <= len(data):
            left, top, width, height = struct.unpack_from("<HHHH", data, at + 1)
            if left + width > screen[0] or top + height > screen[1]:
                limit = screen[0]
                raise unsound(
                    3937, kind="gif", width=left + width, height=top + height, limit=limit
                )
            at = _past_blocks(data, at + 11 + _colour_bytes(data[at + 9]))
        elif kind == b"!":
            label, name = data[at + 1 : at + 2], data[at + 3 : at + 14]
            known = label in _GIF_LABELS or (label == b"\xff" and name in GIF_APPLICATIONS)
            if not known:
                raise unsound(3941, kind="gif", part=name.decode("latin_1"), offset=at)
            at = _past_blocks(data, at + 2)
        else:
            return -1
        if at < 0:
            return -1
    return -1


def _colour_bytes(flags: int) -> int:
    return 3 * 2 ** ((flags & 7) + 1) if flags & 0x80 else 0


def _past_blocks(data: bytes, at: int) -> int:
    while at < len(data):
        if data[at] == 0:
            return at + 1
        at += 1 + data[at]
    return -1


def bmp_end(data: bytes) -> int:
    """Where the rows end, -1 for beyond the file. Raises Unsound 3933, 3937, 3940, 3948.

    Packed rows end where the header says that the file does.
    """
    if len(data) < 54:
        return -1
    told, _, start, header = struct.unpack_from("<IIII", data, 2)
    width, height, _, bits, packing = struct.unpack_from("<iiHHI", data, 18)
    colours = int.from_bytes(data[46:50], "little")
    if header == 12:
        width, height, _, bits = struct.unpack_from("<HHHH", data, 18)
        packing = colours = 0
    if told > len(data):
        return -1
    palette = (colours or (1 << bits if bits <= 8 else 0)) * (3 if header == 12 else 4)
    if not 14 + header <= start:
        raise unsound(3940, kind="bmp", offset=start)
    if start - 14 - header - palette > 16:
        raise unsound(
            3948, kind="bmp", offset=14 + header, size_bytes=start - 14 - header - palette
        )
    if packing in (1, 2):
        return int(told)
    end: int = start + abs(height) * ((width * bits + 31) // 32 * 4)
    return end if width > 0 and end <= len(data) else -1


def unused_bytes(size_bytes: int, ranges: Iterable[tuple[int, int]]) -> tuple[int, tuple[int, int]]:
    """Bytes behind the last range, and the longest run between two: (offset, size).

    Raises Unsound 3940 where two ranges overlap.
    """
    end, worst = 0, (0, 0)
    for at, size in sorted(ranges):
        if at < end and size:
            raise unsound(3940, kind="tiff", offset=at)
        if at - end > worst[1]:
            worst = (end, at - end)
        end = max(end, at + size)
    return size_bytes - end, worst
