"""Images (JPEG, PNG, TIFF, GIF, BMP): what a channel may allow, and the tables both readers share.

    content --read by Pillow (sending) or by a walk over the bytes (receiving)--> Text, Member, Fault
    content --read_pixels, in the sandbox--> Picture --rebuild_image, trusted--> a new file

Nothing here reads a content.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from gateway.errors import Field
from gateway.inspection.formats.contract import (
    MAX_TEXT_CHARACTERS,
    TEXT_OVERLAP_CHARACTERS,
    FormatLimits,
    Text,
)
from gateway.inspection.unsound import Fault, Unsound, Word

WORD: Final = Word.IMAGE


class Kind(StrEnum):
    """The formats, by their words in the type table."""

    JPEG = "jpeg"
    PNG = "png"
    TIFF = "tiff"
    GIF = "gif"
    BMP = "bmp"


class Extra(StrEnum):
    """What an image may hold besides pixels."""

    EXIF = "exif"
    ICC = "icc"
    TEXT = "text"
    XMP = "xmp"
    PRINT = "print"


@dataclass(frozen=True, slots=True)
class ImageProfile:
    """What a channel takes of images. Everything not named is refused.

    extras: kinds of metadata that may stand in a file. extra_bytes: of all metadata of one file.
    side: of width and height. pixels: of all frames together. frames: of a GIF or TIFF.
    size_bytes: of the file. decode: whether the sending side decodes every pixel as well.
    """

    kinds: frozenset[Kind] = frozenset(Kind)
    extras: frozenset[Extra] = frozenset(Extra)
    extra_bytes: int = 4 << 20
    side: int = 32_768
    pixels: int = 100_000_000
    frames: int = 500
    size_bytes: int = 256 << 20
    decode: bool = True


_MARKS: Final = (
    (b"\xff\xd8\xff", Kind.JPEG),
    (b"\x89PNG\r\n\x1a\n", Kind.PNG),
    (b"II*\x00", Kind.TIFF),
    (b"MM\x00*", Kind.TIFF),
    (b"GIF87a", Kind.GIF),
    (b"GIF89a", Kind.GIF),
    (b"BM", Kind.BMP),
)
# Application segments of JPEG that are known, by their identifiers; any other is refused.
JPEG_SEGMENTS: Final = (
    (0xE0, b"JFIF\x00", None),
    (0xE0, b"JFXX\x00", None),
    (0xE1, b"Exif\x00", Extra.EXIF),
    (0xE1, b"http://ns.adobe.com/xap/1.0/\x00", Extra.XMP),
    (0xE1, b"http://ns.adobe.com/xmp/extension/\x00", Extra.XMP),
    (0xE2, b"ICC_PROFILE\x00", Extra.ICC),
    (0xED, b"Photoshop 3.0\x00", Extra.PRINT),
    (0xEE, b"Adobe", None),
)
# PNG third edition, section 11; animation (acTL, fcTL, fdAT) is left out: a GIF's frames are counted.
PNG_CHUNKS: Final = frozenset(
    [
        *(b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS", b"cHRM", b"gAMA", b"iCCP", b"sBIT", b"sRGB"),
        *(b"cICP", b"mDCV", b"cLLI", b"bKGD", b"hIST", b"pHYs", b"sPLT", b"tIME"),
        *(b"tEXt", b"zTXt", b"iTXt", b"eXIf"),
    ]
)
# Names of programs and files that must not lie in metadata: as is_file of DICOM, for what is no picture.
PROGRAM_MARKS: Final = re.compile(
    rb"<script|<\?php|<%@|\x7fELF|This program cannot be run|PK\x03\x04|PK\x05\x06|%PDF-|Rar!\x1a\x07",
    re.IGNORECASE,
)
# One inflated text or profile: a photo's profile has a few kilobytes, a printer's up to two megabytes.
MAX_INFLATED_BYTES: Final = 4 << 20


def unsound(number: int, /, **fields: Field) -> Unsound:
    """An image that this reader cannot go on with."""
    return Unsound(number, WORD, **fields)


def fault(number: int, /, **fields: Field) -> Fault:
    """Something wrong after which reading can go on."""
    return Fault(WORD, number, fields)


def kind_of(head: bytes, profile: ImageProfile) -> Kind:
    """Raises Unsound 3930 and nothing else."""
    for mark, kind in _MARKS:
        if head.startswith(mark):
            if kind not in profile.kinds:
                raise unsound(3930, kind=kind.value)
            return kind
    raise unsound(3930, kind="unknown")


def within(profile: ImageProfile, limits: FormatLimits) -> ImageProfile:
    """The profile, no wider than what every format keeps."""
    pixels, frames = min(profile.pixels, limits.pixels), min(profile.frames, limits.pages)
    return replace(profile, pixels=pixels, frames=frames)


def check_size(kind: Kind, width: int, height: int, used_pixels: int, profile: ImageProfile) -> int:
    """Pixels with this frame counted. Raises Unsound 3936, 3937 and nothing else."""
    if not 0 < width <= profile.side or not 0 < height <= profile.side:
        raise unsound(3937, kind=kind.value, width=width, height=height, limit=profile.side)
    used_pixels += width * height
    if used_pixels > profile.pixels:
        raise unsound(3936, kind=kind.value, pixels=used_pixels, limit=profile.pixels)
    return used_pixels


def check_frames(kind: Kind, frames: int, profile: ImageProfile) -> None:
    """Raises Unsound 3939 and nothing else."""
    if frames > profile.frames:
        raise unsound(3939, kind=kind.value, frames=frames, limit=profile.frames)


class Extras:
    """Counts what stands besides the pixels of one file."""

    def __init__(self, kind: Kind, profile: ImageProfile) -> None:
        self._kind = kind
        self._profile = profile
        self._bytes = 0

    def take(self, extra: Extra, value: bytes) -> Iterator[Fault]:
        """Faults of one piece of metadata. Raises Unsound 3938 and nothing else."""
        self._bytes += len(value)
        if self._bytes > self._profile.extra_bytes:
            limit = self._profile.extra_bytes
            raise unsound(3938, kind=self._kind.value, size_bytes=self._bytes, limit_bytes=limit)
        if extra not in self._profile.extras:
            yield fault(3945, kind=self._kind.value, extra=extra.value)
        if found := PROGRAM_MARKS.search(value):
            mark = found[0].decode("latin_1")
            yield fault(3947, kind=self._kind.value, extra=extra.value, mark=mark)


def texts_of(where: str, text: str) -> Iterator[Text]:
    """One text, in overlapping pieces if it is long; none for nothing."""
    step = MAX_TEXT_CHARACTERS - TEXT_OVERLAP_CHARACTERS
    bare = text.strip("\x00 ")
    for start in range(0, max(len(bare) - TEXT_OVERLAP_CHARACTERS, 1), step):
        if piece := bare[start : start + MAX_TEXT_CHARACTERS]:
            yield Text(where, piece)


def decoded_texts(where: str, value: bytes) -> Iterator[Text]:
    """A text whose character set nobody names: every one that fits without an error."""
    readings: list[str] = []
    for codec in ("utf_8", "gb18030", "latin_1"):
        try:
            reading = value.decode(codec)
        except UnicodeDecodeError:
            continue
        if reading not in readings and (codec != "latin_1" or not readings):
            readings.append(reading)
            yield from texts_of(where, reading)


# PNG: channels by colour type, and the depths that each may have (table 11.1).
_PNG_CHANNELS: Final = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
_PNG_DEPTHS: Final = {0: (1, 2, 4, 8, 16), 2: (8, 16), 3: (1, 2, 4, 8), 4: (8, 16), 6: (8, 16)}
# Adam7: first column, first row, step across, step down of each pass (section 8.2).
_PNG_PASSES: Final = (
    *((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2)),
    (0, 1, 1, 2),
)


def png_row_bytes(width: int, height: int, depth: int, colour: int, interlaced: bool) -> int:
    """Bytes of all rows of a PNG, inflated, each with its filter's byte. Raises Unsound 3946."""
    if depth not in _PNG_DEPTHS.get(colour, ()):
        raise unsound(3946, kind="png", depth=depth, colour=colour)
    bits, total = depth * _PNG_CHANNELS[colour], 0
    for column, row, across, down in _PNG_PASSES if interlaced else ((0, 0, 1, 1),):
        columns, rows = -(-(width - column) // across), -(-(height - row) // down)
        if columns > 0 and rows > 0:
            total += rows * (1 + (columns * bits + 7) // 8)
    return total


# Application extensions of GIF that are known.
GIF_APPLICATIONS: Final = {
    b"NETSCAPE2.0": Extra.TEXT,
    b"ANIMEXTS1.0": Extra.TEXT,
    b"XMP DataXMP": Extra.XMP,
    b"ICCRGBG1012": Extra.ICC,
}
# TIFF writers align, and leave a head of eight bytes behind where pages are joined: a row of bytes
# between two parts is shorter than this, or it belongs to somebody else.
TIFF_GAP_BYTES: Final = 24
