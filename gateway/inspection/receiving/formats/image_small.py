"""GIF and BMP by their blocks and headers.

GIF   header 6 | screen 7 | colours | { extension | image: 9, colours, sub-blocks } ... | 3B     GIF89a
BMP   BM, size, offset | header 12, 40, 108 or 124 | colours | rows of whole words      MS-WMF 2.2.2
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Final

from gateway.inspection.content import Content
from gateway.inspection.formats.contract import Item
from gateway.inspection.formats.image import (
    GIF_APPLICATIONS,
    Extra,
    Extras,
    ImageProfile,
    Kind,
    check_frames,
    check_size,
    decoded_texts,
    fault,
    unsound,
)

_WINDOW_BYTES: Final = 64 << 10
_BITS: Final = (1, 4, 8, 16, 24, 32)
_RGB, _RLE_8, _RLE_4, _FIELDS = 0, 1, 2, 3


class _Bytes:
    """A content read front to back in windows; short is cut."""

    def __init__(self, content: Content) -> None:
        self._content = content
        self._window = b""
        self._window_at = 0
        self.at = 0

    def take(self, size: int) -> bytes:
        start = self.at - self._window_at
        if start + size > len(self._window):
            self._window = self._content.read_at(self.at, max(size, _WINDOW_BYTES))
            self._window_at, start = self.at, 0
        data = self._window[start : start + size]
        if len(data) < size:
            raise unsound(3931, kind="gif", offset=self.at)
        self.at += size
        return data

    def sub_blocks(self, limit: int) -> tuple[bytes, int]:
        """The first `limit` bytes of a row of sub-blocks, and how many there were."""
        kept, total = [], 0
        while size := self.take(1)[0]:
            block = self.take(size)
            if total < limit:
                kept.append(block)
            total += size
        return b"".join(kept)[:limit], total


def gif_items(content: Content, profile: ImageProfile) -> Iterator[Item]:
    """Raises Unsound 3931 to 3947, OSError, and nothing else."""
    data, extras = _Bytes(content), Extras(Kind.GIF, profile)
    screen = struct.unpack("<6sHHBBB", data.take(13))
    check_size(Kind.GIF, screen[1], screen[2], 0, profile)
    _colours(data, screen[3])
    frames = pixels = 0
    while True:
        mark = data.take(1)
        if mark == b"\x3b":
            break
        if mark == b"\x2c":
            frames += 1
            check_frames(Kind.GIF, frames, profile)
            pixels = _image(data, screen, pixels, profile)
        elif mark == b"\x21":
            yield from _extension(data, extras, profile)
        else:
            raise unsound(3933, kind="gif", offset=data.at - 1, reason="block")
    if not frames:
        raise unsound(3933, kind="gif", offset=data.at, reason="no image")
    if data.at != content.size_bytes:
        raise unsound(3932, kind="gif", size_bytes=content.size_bytes - data.at)


def _colours(data: _Bytes, flags: int) -> None:
    if flags & 0x80:
        data.take(3 << ((flags & 7) + 1))


def _image(
    data: _Bytes, screen: tuple[bytes, int, int, int, int, int], pixels: int, profile: ImageProfile
) -> int:
    left, top, width, height, flags = struct.unpack("<HHHHB", data.take(9))
    if left + width > screen[1] or top + height > screen[2]:
        limit = screen[1]
        raise unsound(3937, kind="gif", width=left + width, height=top + height, limit=limit)
    pixels = check_size(Kind.GIF, width, height, pixels, profile)
    _colours(data, flags)
    if not 2 <= data.take(1)[0] <= 11:
        raise unsound(3946, kind="gif", depth=0, colour=0)
    _, packed = data.sub_blocks(0)
    # LZW codes have at most 12 bits, and each stands for a pixel at least; clear and end codes and
    # an encoder's habits double that at the very most.
    if packed > 4 * width * height + 64:
        raise unsound(3942, kind="gif", size_bytes=packed, needed_bytes=width * height)
    return pixels


def _extension(data: _Bytes, extras: Extras, profile: ImageProfile) -> Iterator[Item]:
    label = data.take(1)[0]
    if label == 0xFF:
        name = data.take(data.take(1)[0])
        extra = GIF_APPLICATIONS.get(name)
        if extra is None:
            part = name.decode("latin_1")
            yield fault(3941, kind="gif", part=part, offset=data.at)
        value, total = data.sub_blocks(profile.extra_bytes + 1)
        yield from extras.take(extra or Extra.TEXT, value)
        if extra is Extra.XMP:
            yield from decoded_texts("XMP", value)
    elif label in (0xFE, 0x01, 0xF9):
        value, total = data.sub_blocks(profile.extra_bytes + 1)
        if label == 0xF9:
            if total != 4:
                raise unsound(3933, kind="gif", offset=data.at, reason="control")
            return
        yield from extras.take(Extra.TEXT, value)
        yield from decoded_texts("comment", value[12:] if label == 0x01 else value)
    else:
        raise unsound(3941, kind="gif", part=f"extension {label:02X}", offset=data.at)


def bmp_items(content: Content, profile: ImageProfile) -> Iterator[Item]:
    """Raises Unsound 3931 to 3948, OSError, and nothing else."""
    head = content.read_at(0, 54)
    if len(head) < 26:
        raise unsound(3931, kind="bmp", offset=len(head))
    size, _, start, header = struct.unpack_from("<IIII", head, 2)
    if header == 12:
        width, height, planes, bits = struct.unpack_from("<HHHH", head, 18)
        packing, colours = _RGB, 0
    elif header in (40, 108, 124) and len(head) == 54:
        width, height, planes, bits, packing = struct.unpack_from("<iiHHI", head, 18)
        colours = struct.unpack_from("<I", head, 46)[0]
        height = abs(height)
    else:
        raise unsound(3933, kind="bmp", offset=14, reason="header")
    if planes != 1 or bits not in _BITS or packing > _FIELDS:
        raise unsound(3946, kind="bmp", depth=bits, colour=packing)
    check_size(Kind.BMP, width, height, 0, profile)
    _bmp_rows(content, size, start, _colours_end(header, bits, packing, colours))
    needed = height * ((width * bits + 31) // 32 * 4)
    held = content.size_bytes - start
    packed = packing in (_RLE_8, _RLE_4)
    # Packed rows may be no longer than each pixel by itself with its marks.
    if held < needed and not packed:
        raise unsound(3931, kind="bmp", offset=content.size_bytes)
    if held > (2 * width * height + 4 * height + 16 if packed else needed):
        raise unsound(3932, kind="bmp", size_bytes=held - needed)
    yield from ()


def _colours_end(header: int, bits: int, packing: int, colours: int) -> int:
    """Where the header and what belongs to it end."""
    fields = 12 if packing == _FIELDS and header == 40 else 0
    entries = colours or (1 << bits if bits <= 8 else 0)
    if entries > 256:
        raise unsound(3933, kind="bmp", offset=46, reason="colours")
    return 14 + header + fields + entries * (3 if header == 12 else 4)


def _bmp_rows(content: Content, size: int, start: int, end: int) -> None:
    if size != content.size_bytes:
        if size > content.size_bytes:
            raise unsound(3931, kind="bmp", offset=content.size_bytes)
        raise unsound(3932, kind="bmp", size_bytes=content.size_bytes - size)
    if start < end:
        raise unsound(3940, kind="bmp", offset=start)
    if start > content.size_bytes:
        raise unsound(3931, kind="bmp", offset=start)
    # Fields of masks may stand where a palette would: they are allowed for by a few bytes.
    if start - end > 16:
        raise unsound(3948, kind="bmp", offset=end, size_bytes=start - end)
