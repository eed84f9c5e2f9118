"""Pictures in PDF (8.9): how many pixels they say, and how many their codecs say."""

from __future__ import annotations

import struct
from typing import Final

from gateway.inspection.formats.pdf import Document, Value

# A start of frame stands behind the profile and the thumbnail of a photograph, no further.
_HEAD_BYTES: Final = 1 << 20
# Four components of 16 bits, and a row's worth for the predictor.
_PIXEL_BYTES: Final = 8
_FRAMES: Final = frozenset([*range(0xC0, 0xD0)]) - {0xC4, 0xC8, 0xCC}


def size_of(document: Document, value: dict[str, Value]) -> tuple[int, int]:
    """Width and height as the dictionary says; (0, 0) where it does not say."""
    width, height = (document.resolved(value.get(key)) for key in ("/Width", "/Height"))
    return (width, height) if _whole(width) and _whole(height) else (0, 0)


def _whole(number: object) -> bool:
    return isinstance(number, int) and not isinstance(number, bool) and 0 < number < 1 << 31


def limit_bytes(width: int, height: int) -> int:
    """More than a picture of so many pixels can have."""
    return width * height * _PIXEL_BYTES + height + 4096


def coded_size(codec: str, head: bytes) -> tuple[int, int] | None:
    """Width and height as the first bytes of a codec say; None where they do not tell."""
    head = head[:_HEAD_BYTES]
    if codec == "/DCTDecode":
        return _jpeg_size(head)
    if codec == "/JPXDecode":
        return _jpeg2000_size(head)
    return None


def _jpeg_size(head: bytes) -> tuple[int, int] | None:
    at = 2 if head[:2] == b"\xff\xd8" else len(head)
    while at + 9 <= len(head) and head[at] == 0xFF:
        mark = head[at + 1]
        if mark in _FRAMES:
            height, width = struct.unpack_from(">HH", head, at + 5)
            return width, height
        if mark == 0xFF:
            at += 1
            continue
        at += 2 + struct.unpack_from(">H", head, at + 2)[0]
    return None


def _jpeg2000_size(head: bytes) -> tuple[int, int] | None:
    at = head.find(b"\xff\x4f\xff\x51")
    if at < 0 or at + 24 > len(head):
        return None
    right, bottom, left, top = struct.unpack_from(">IIII", head, at + 8)
    return right - left, bottom - top


def ends(codec: str, data: bytes) -> bool:
    """Whether the data end where the codec does, as far as that can be told without decoding."""
    if codec == "/DCTDecode":
        return data.rstrip(b"\r\n\x00 ").endswith(b"\xff\xd9")
    return True
