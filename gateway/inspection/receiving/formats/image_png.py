"""PNG by its chunks: ISO/IEC 15948 (PNG third edition), sections 5 and 11. No library but zlib.

    8 bytes | IHDR 13 | ... | IDAT ... IDAT | ... | IEND 0        each: length 4, type 4, data, CRC 4

Order, number and CRC of every chunk; the pixels are inflated and thrown away, counted: exactly as many
as the header says, and nothing behind them in the same stream.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from gateway.inspection.content import Content
from gateway.inspection.formats.contract import Item
from gateway.inspection.formats.image import (
    MAX_INFLATED_BYTES,
    PNG_CHUNKS,
    Extra,
    Extras,
    ImageProfile,
    Kind,
    check_size,
    decoded_texts,
    png_row_bytes,
    texts_of,
    unsound,
)
from gateway.inspection.receiving.formats.image_exif import exif_items

_MAX_CHUNKS: Final = 100_000
_PIECE_BYTES: Final = 64 << 10
_BEFORE_PALETTE: Final = frozenset([b"cHRM", b"gAMA", b"iCCP", b"sBIT", b"sRGB", b"cICP"])
_MANY: Final = frozenset([b"IDAT", b"tEXt", b"zTXt", b"iTXt", b"sPLT"])
# Small chunks of known form are read whole; none of them is longer.
_MAX_SMALL_BYTES: Final = 4 << 20


@dataclass(slots=True)
class _Image:
    needed_bytes: int = 0
    colour: int = 0
    seen: set[bytes] = field(default_factory=set)
    inflate: zlib._Decompress = field(default_factory=zlib.decompressobj)
    inflated_bytes: int = 0


def png_items(content: Content, profile: ImageProfile) -> Iterator[Item]:
    """Raises Unsound 3931 to 3948, OSError, and nothing else."""
    image, extras, at, last = _Image(), Extras(Kind.PNG, profile), 8, b""
    for _ in range(_MAX_CHUNKS):
        head = content.read_at(at, 8)
        if len(head) < 8:
            raise unsound(3931, kind="png", offset=at)
        length, name = int.from_bytes(head[:4], "big"), head[4:]
        if length > content.size_bytes - at - 12:
            raise unsound(3931, kind="png", offset=at)
        _check_order(name, last, image, at)
        if name == b"IDAT":
            _inflate(content, at, length, image)
        else:
            yield from _chunk(name, _small(content, at, length), image, extras, profile)
        image.seen.add(name)
        at, last = at + 12 + length, name
        if name == b"IEND":
            break
    if last != b"IEND":
        raise unsound(3933, kind="png", offset=at, reason="chunks")
    if at != content.size_bytes:
        raise unsound(3932, kind="png", size_bytes=content.size_bytes - at)
    if image.inflated_bytes != image.needed_bytes or not image.inflate.eof:
        raise unsound(
            3942, kind="png", size_bytes=image.inflated_bytes, needed_bytes=image.needed_bytes
        )


def _check_order(name: bytes, last: bytes, image: _Image, at: int) -> None:
    """IHDR first, IDAT in one row, each other once unless it may repeat (table 5.2)."""
    if not name.isalpha() or name not in PNG_CHUNKS:
        raise unsound(3941, kind="png", part=name.decode("latin_1"), offset=at)
    wrong = (
        (last == b"") != (name == b"IHDR")
        or (name in image.seen and name not in _MANY)
        or (name == b"IDAT" and b"IDAT" in image.seen and last != b"IDAT")
        or (name in _BEFORE_PALETTE and image.seen & {b"PLTE", b"IDAT"})
        or (name == b"PLTE" and (b"IDAT" in image.seen or image.colour in (0, 4)))
        or (name == b"IDAT" and image.colour == 3 and b"PLTE" not in image.seen)
        or (name == b"IEND" and b"IDAT" not in image.seen)
    )
    if wrong:
        raise unsound(3935, kind="png", part=name.decode(), offset=at)


def _small(content: Content, at: int, length: int) -> bytes:
    if length > _MAX_SMALL_BYTES:
        raise unsound(3938, kind="png", size_bytes=length, limit_bytes=_MAX_SMALL_BYTES)
    data = content.read_at(at + 4, length + 8)
    if len(data) < length + 8 or zlib.crc32(data[:-4]) != int.from_bytes(data[-4:], "big"):
        raise unsound(3934, kind="png", offset=at)
    return data[4:-4]


def _inflate(content: Content, at: int, length: int, image: _Image) -> None:
    crc = zlib.crc32(b"IDAT")
    for piece in content.chunks(at + 8, length, _PIECE_BYTES):
        crc = zlib.crc32(piece, crc)
        _count(piece, image, at)
    if crc.to_bytes(4, "big") != content.read_at(at + 8 + length, 4):
        raise unsound(3934, kind="png", offset=at)


def _count(piece: bytes, image: _Image, at: int) -> None:
    """Inflates in steps, so that no step gives more than a piece."""
    while piece:
        if image.inflate.eof:
            raise unsound(3942, kind="png", size_bytes=len(piece), needed_bytes=0)
        try:
            image.inflated_bytes += len(image.inflate.decompress(piece, 16 * _PIECE_BYTES))
        except zlib.error:
            raise unsound(3933, kind="png", offset=at, reason="deflate") from None
        if image.inflated_bytes > image.needed_bytes:
            needed = image.needed_bytes
            raise unsound(3942, kind="png", size_bytes=image.inflated_bytes, needed_bytes=needed)
        piece = image.inflate.unconsumed_tail or image.inflate.unused_data


def _chunk(
    name: bytes, data: bytes, image: _Image, extras: Extras, profile: ImageProfile
) -> Iterator[Item]:
    match name:
        case b"IHDR":
            _header(data, image, profile)
        case b"PLTE":
            if len(data) % 3 or not 0 < len(data) <= 768:
                raise unsound(3933, kind="png", offset=0, reason="palette")
        case b"IEND":
            if data:
                raise unsound(3933, kind="png", offset=0, reason="IEND")
        case b"tEXt" | b"zTXt" | b"iTXt":
            yield from _text(name, data, extras)
        case b"eXIf":
            yield from extras.take(Extra.EXIF, data)
            yield from exif_items(data, "png")
        case b"iCCP":
            profile_name, _, rest = data.partition(b"\0")
            yield from extras.take(Extra.ICC, _inflated(rest[1:]))
            yield from decoded_texts("iCCP", profile_name)
        case b"sPLT" | b"hIST" | b"tRNS" | b"bKGD" | b"sBIT" | b"tIME" | b"pHYs":
            yield from extras.take(Extra.PRINT, data)
        case _:
            yield from extras.take(Extra.ICC, data)


def _header(data: bytes, image: _Image, profile: ImageProfile) -> None:
    if len(data) != 13:
        raise unsound(3933, kind="png", offset=8, reason="IHDR")
    width, height, depth, colour, packing, filters, interlace = struct.unpack(">IIBBBBB", data)
    check_size(Kind.PNG, width, height, 0, profile)
    if packing or filters or interlace > 1:
        raise unsound(3946, kind="png", depth=depth, colour=colour)
    image.colour = colour
    image.needed_bytes = png_row_bytes(width, height, depth, colour, interlace == 1)


def _text(name: bytes, data: bytes, extras: Extras) -> Iterator[Item]:
    """Keyword, then text: plain, packed, or international with a language (11.3.3)."""
    keyword, nul, rest = data.partition(b"\0")
    if not nul or not 0 < len(keyword) < 80:
        raise unsound(3933, kind="png", offset=0, reason="keyword")
    if name == b"zTXt":
        rest = _inflated(rest[1:])
    elif name == b"iTXt":
        packed, rest = rest[:1] == b"\1", rest[2:]
        _, _, rest = rest.partition(b"\0")
        _, _, rest = rest.partition(b"\0")
        rest = _inflated(rest) if packed else rest
    yield from extras.take(Extra.XMP if keyword == b"XML:com.adobe.xmp" else Extra.TEXT, rest)
    where = f"{name.decode()} {keyword.decode('latin_1')}"
    yield from texts_of(where, keyword.decode("latin_1"))
    yield from decoded_texts(where, rest)


def _inflated(packed: bytes) -> bytes:
    """At most MAX_INFLATED_BYTES. Raises Unsound 3933, 3938."""
    inflate = zlib.decompressobj()
    try:
        data = inflate.decompress(packed, MAX_INFLATED_BYTES + 1)
    except zlib.error:
        raise unsound(3933, kind="png", offset=0, reason="deflate") from None
    if len(data) > MAX_INFLATED_BYTES:
        raise unsound(3938, kind="png", size_bytes=len(data), limit_bytes=MAX_INFLATED_BYTES)
    if not inflate.eof or inflate.unused_data:
        raise unsound(3933, kind="png", offset=0, reason="deflate")
    return data
