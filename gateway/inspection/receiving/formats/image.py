"""The receiving side's check of images: walks over the bytes, no picture library.

    head --> jpeg (below) | png (image_png) | tiff (image_tiff) | gif, bmp (image_small)

No pixel is decoded but where a length is hidden in it: PNG is inflated and counted.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from gateway.inspection.content import Content
from gateway.inspection.formats.contract import FormatLimits, Item
from gateway.inspection.formats.image import (
    JPEG_SEGMENTS,
    Extra,
    Extras,
    ImageProfile,
    Kind,
    check_size,
    decoded_texts,
    fault,
    kind_of,
    unsound,
    within,
)
from gateway.inspection.receiving.formats.codestreams import Broken, Segment, jpeg_segments
from gateway.inspection.receiving.formats.image_exif import exif_items
from gateway.inspection.receiving.formats.image_png import png_items
from gateway.inspection.receiving.formats.image_small import bmp_items, gif_items
from gateway.inspection.receiving.formats.image_tiff import tiff_items
from gateway.inspection.unsound import Member

# Baseline, extended and progressive, Huffman coded: what browsers and viewers read (T.81, B.1.1.3).
_FRAMES: Final = (0xC0, 0xC1, 0xC2)
_TABLES: Final = frozenset([0xC4, 0xDB, 0xDD, 0xDA])
_COMMENT: Final = 0xFE
_END: Final = 0xD9
_EXIF_BYTES: Final = 6


def check(content: Content, limits: FormatLimits, profile: ImageProfile) -> Iterator[Item]:
    """Items of one image; see gateway.inspection.formats.contract. Raises Unsound, OSError."""
    kind = kind_of(content.read_at(0, 16), profile)
    profile = within(profile, limits)
    if content.size_bytes > profile.size_bytes:
        limit = profile.size_bytes
        raise unsound(3938, kind=kind.value, size_bytes=content.size_bytes, limit_bytes=limit)
    match kind:
        case Kind.JPEG:
            yield from _jpeg_items(content, profile)
        case Kind.PNG:
            yield from png_items(content, profile)
        case Kind.TIFF:
            yield from tiff_items(content, profile)
        case Kind.GIF:
            yield from gif_items(content, profile)
        case Kind.BMP:
            yield from bmp_items(content, profile)


def _jpeg_items(content: Content, profile: ImageProfile) -> Iterator[Item]:
    data = content.read_at(0, content.size_bytes)
    extras = Extras(Kind.JPEG, profile)
    framed = scanned = False
    end = 0
    try:
        for segment in jpeg_segments(data):
            body = data[segment.at : segment.at + segment.size_bytes]
            end = segment.at
            if segment.marker in _FRAMES:
                if framed:
                    raise unsound(3943, kind="jpeg", offset=segment.at)
                framed = True
                _frame(body, segment, profile)
            elif segment.marker == 0xDA:
                scanned = True
                if not framed:
                    raise unsound(3935, kind="jpeg", part="SOS", offset=segment.at)
            elif 0xE0 <= segment.marker <= 0xEF or segment.marker == _COMMENT:
                yield from _application(segment, body, extras)
            elif segment.marker not in _TABLES and segment.marker not in (0xD8, _END):
                part = f"FF{segment.marker:02X}"
                raise unsound(3941, kind="jpeg", part=part, offset=segment.at)
    except Broken as error:
        if error.offset >= len(data) - 1 or error.reason in ("EOI", "length"):
            raise unsound(3931, kind="jpeg", offset=error.offset) from None
        raise unsound(3933, kind="jpeg", offset=error.offset, reason=error.reason) from None
    if not scanned:
        raise unsound(3931, kind="jpeg", offset=end)
    if end != content.size_bytes:
        raise unsound(3932, kind="jpeg", size_bytes=content.size_bytes - end)


def _frame(body: bytes, segment: Segment, profile: ImageProfile) -> None:
    if len(body) < 6 or len(body) != 6 + 3 * body[5]:
        raise unsound(3933, kind="jpeg", offset=segment.at, reason="frame header")
    height, width = int.from_bytes(body[1:3], "big"), int.from_bytes(body[3:5], "big")
    check_size(Kind.JPEG, width, height, 0, profile)
    if body[0] not in (8, 12) or body[5] not in (1, 3, 4):
        raise unsound(3946, kind="jpeg", depth=body[0], colour=body[5])


def _application(segment: Segment, body: bytes, extras: Extras) -> Iterator[Item]:
    if segment.marker == _COMMENT:
        yield from extras.take(Extra.TEXT, body)
        yield from decoded_texts("comment", body)
        return
    for marker, mark, extra in JPEG_SEGMENTS:
        if segment.marker == marker and body.startswith(mark):
            yield from _known(mark, extra, body, extras)
            return
    part = f"APP{segment.marker - 0xE0} {body[:12].decode('latin_1')}"
    yield fault(3941, kind="jpeg", part=part, offset=segment.at)
    yield from extras.take(Extra.TEXT, body)


def _known(mark: bytes, extra: Extra | None, body: bytes, extras: Extras) -> Iterator[Item]:
    yield from extras.take(extra or Extra.PRINT, body) if extra else _bounded(body)
    if extra is Extra.EXIF:
        yield from exif_items(body[_EXIF_BYTES:], "jpeg")
    elif extra is Extra.XMP:
        yield from decoded_texts("XMP", body[len(mark) :])
    elif mark == b"JFXX\x00" and body[5:6] == b"\x10":
        yield Member("thumbnail.jpg", iter([body[6:]]))


def _bounded(body: bytes) -> Iterator[Item]:
    """JFIF and Adobe have a few bytes; JFIF may carry a small picture of three bytes a pixel."""
    if (
        body.startswith(b"JFIF\x00")
        and len(body) >= 14
        and len(body) == 14 + 3 * body[12] * body[13]
    ):
        return
    if body.startswith(b"JFXX\x00") or (body.startswith(b"Adobe") and len(body) <= 32):
        return
    yield fault(3933, kind="jpeg", offset=0, reason="application segment")
