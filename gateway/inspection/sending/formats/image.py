"""The sending side's check of images: Pillow, told what it may open, and what it leaves unsaid.

    Image.open(formats=[...]) -> size before a pixel is decoded -> metadata -> every frame decoded
                              -> where the file ends (Pillow reads on over anything behind it)

Pillow's own limits are errors here, never warnings.
"""

from __future__ import annotations

import struct
import warnings
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from PIL import BmpImagePlugin as _Bmp
from PIL import ExifTags, Image, ImageFile, PngImagePlugin, UnidentifiedImageError
from PIL import GifImagePlugin as _Gif
from PIL import JpegImagePlugin as _Jpeg
from PIL import TiffImagePlugin as _Tiff

from gateway.inspection.content import Content
from gateway.inspection.formats.contract import FormatLimits, Item
from gateway.inspection.formats.dicom import Codestream
from gateway.inspection.formats.image import (
    JPEG_SEGMENTS,
    PNG_CHUNKS,
    TIFF_GAP_BYTES,
    Extra,
    Extras,
    ImageProfile,
    Kind,
    check_frames,
    check_size,
    decoded_texts,
    fault,
    kind_of,
    png_row_bytes,
    unsound,
    within,
)
from gateway.inspection.sending.formats.codestream_ends import extent
from gateway.inspection.sending.formats.image_ends import bmp_end, gif_end, unused_bytes
from gateway.inspection.unsound import Member, Unsound

# All five are imported above: a plug-in that loads late finds no file in a sandbox.
_PLUGINS: Final = (_Bmp, _Gif, _Jpeg, _Tiff, PngImagePlugin)
_NAMES: Final = {kind: kind.name for kind in Kind}
Image.preinit()
ImageFile.LOAD_TRUNCATED_IMAGES = False

# What Pillow raises over bytes that it cannot read.
TROUBLE: Final = (
    *(ArithmeticError, AttributeError, AssertionError, EOFError, Image.DecompressionBombError),
    *(LookupError, MemoryError, NotImplementedError, OSError, RuntimeError, struct.error),
    *(SyntaxError, TypeError, UnidentifiedImageError, ValueError, Warning, zlib.error),
)
# The GIF's own account of its frames is Pillow's walk; a TIFF's are its directories.
_STRIPS: Final = ((273, 279), (324, 325))


def check(content: Content, limits: FormatLimits, profile: ImageProfile) -> Iterator[Item]:
    """Items of one image; see gateway.inspection.formats.contract. Raises Unsound, OSError."""
    kind = kind_of(content.read_at(0, 16), profile)
    profile = within(profile, limits)
    if content.size_bytes > profile.size_bytes:
        limit = profile.size_bytes
        raise unsound(3938, kind=kind.value, size_bytes=content.size_bytes, limit_bytes=limit)
    data = content.read_at(0, content.size_bytes)
    yield from _ends(kind, data)
    image = opened(kind, content)
    items, refusal = _judged(_Judge(kind, image, data, profile))
    yield from items
    if refusal is not None:
        raise refusal


def _judged(judge: _Judge) -> tuple[list[Item], Unsound | None]:
    """All items of an image, few and small, and what ended them: whoever waits between two items
    must not meet Pillow's warnings as errors."""
    items: list[Item] = []
    try:
        with strictly():
            for item in judge.judge():
                items.append(item)  # noqa: PERF402 - what came before a refusal is kept
    except Unsound as refusal:
        return items, refusal
    except TROUBLE as error:
        return items, unsound(3944, kind=judge.kind.value, reason=type(error).__name__)
    finally:
        judge.image.close()
    return items, None


@contextmanager
def strictly() -> Iterator[None]:
    """What Pillow warns of (a bomb of up to twice the limit, broken EXIF) is an error in here."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


def opened(kind: Kind, content: Content) -> Image.Image:
    """Pillow's image of this format and no other, nothing decoded. Raises Unsound 3936, 3944."""
    try:
        with strictly():
            return Image.open(content.stream(), formats=[_NAMES[kind]])
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise unsound(3936, kind=kind.value, pixels=0, limit=Image.MAX_IMAGE_PIXELS or 0) from None
    except TROUBLE as error:
        raise unsound(3944, kind=kind.value, reason=type(error).__name__) from None


def _ends(kind: Kind, data: bytes) -> Iterator[Item]:
    """The file ends where its format does. Raises Unsound 3931, 3932, and of PNG 3933 to 3941."""
    match kind:
        case Kind.JPEG:
            found = extent(data, Codestream.JPEG)
            end = found[0] if found else -1
        case Kind.PNG:
            end = _png_end(data)
        case Kind.GIF:
            end = gif_end(data)
        case Kind.BMP:
            end = bmp_end(data)
        case Kind.TIFF:
            return
    if end < 0:
        raise unsound(3931, kind=kind.value, offset=len(data))
    if end != len(data):
        raise unsound(3932, kind=kind.value, size_bytes=len(data) - end)
    yield from ()


def _png_end(data: bytes) -> int:
    """Chunks by length and CRC to IEND, all of them known; -1 for a chain that breaks."""
    at, names = 8, []
    while at + 12 <= len(data):
        length, name = int.from_bytes(data[at : at + 4], "big"), data[at + 4 : at + 8]
        if at + 12 + length > len(data):
            return -1
        if name not in PNG_CHUNKS:
            raise unsound(3941, kind="png", part=name.decode("latin_1"), offset=at)
        end = at + 8 + length
        if zlib.crc32(memoryview(data)[at + 4 : end]) != int.from_bytes(data[end : end + 4], "big"):
            raise unsound(3934, kind="png", offset=at)
        names.append(name)
        at = end + 4
        if name == b"IEND":
            _check_png_order(names)
            return at
    return -1


def _check_png_order(names: list[bytes]) -> None:
    rows = [place for place, name in enumerate(names) if name == b"IDAT"]
    once = [name for name in names if name in (b"IHDR", b"PLTE", b"iCCP", b"eXIf", b"tRNS")]
    together = bool(rows) and rows[-1] - rows[0] + 1 == len(rows)
    late = b"PLTE" in names and rows and names.index(b"PLTE") > rows[0]
    if names[0] != b"IHDR" or not together or late or len(set(once)) != len(once):
        raise unsound(3935, kind="png", part="chunks", offset=8)


class _Judge:
    def __init__(self, kind: Kind, image: Any, data: bytes, profile: ImageProfile) -> None:
        self.kind = kind
        self.image = image
        self._data = data
        self._profile = profile
        self._extras = Extras(kind, profile)
        self._used: set[tuple[int, int]] = {(0, 8)}

    def judge(self) -> Iterator[Item]:
        width, height = self.image.size
        pixels = check_size(self.kind, width, height, 0, self._profile)
        yield from self._metadata()
        frames = 0
        for frames in self._each_frame():
            check_frames(self.kind, frames, self._profile)
            if frames > 1:
                width, height = self.image.size
                pixels = check_size(self.kind, width, height, pixels, self._profile)
            if self.kind is Kind.TIFF:
                yield from self._page()
            if self._profile.decode:
                self.image.load()
            elif self.kind is Kind.PNG:
                self.image.verify()
        if self.kind is Kind.PNG and self._profile.decode:
            self._check_png_data()
        if self.kind is Kind.TIFF:
            self._check_unused()

    def _each_frame(self) -> Iterator[int]:
        """Seeks to each frame in turn; Pillow ends a row of frames by EOFError."""
        number = 1
        yield number
        if self.kind not in (Kind.GIF, Kind.TIFF):
            return
        while True:
            try:
                self.image.seek(number)
            except EOFError:
                return
            number += 1
            yield number

    def _metadata(self) -> Iterator[Item]:
        info = self.image.info
        for key, extra in (("exif", Extra.EXIF), ("icc_profile", Extra.ICC), ("xmp", Extra.XMP)):
            value = info.get(key)
            if isinstance(value, bytes):
                yield from self._extras.take(extra, value)
        if isinstance(info.get("xmp"), bytes):
            yield from decoded_texts("XMP", info["xmp"])
        if self.kind is Kind.JPEG:
            yield from self._segments()
        elif self.kind is Kind.PNG:
            yield from self._texts(self.image.text)
        elif isinstance(info.get("comment"), bytes):
            yield from self._extras.take(Extra.TEXT, info["comment"])
            yield from decoded_texts("comment", info["comment"])
        if self.kind in (Kind.JPEG, Kind.PNG):
            yield from self._exif()

    def _segments(self) -> Iterator[Item]:
        """APPn and COM as Pillow keeps them: (name, bytes)."""
        for name, value in self.image.applist:
            if name == "COM":
                yield from self._extras.take(Extra.TEXT, value)
                yield from decoded_texts("comment", value)
                continue
            marker = 0xE0 + int(name[3:])
            known = [e for m, mark, e in JPEG_SEGMENTS if m == marker and value.startswith(mark)]
            if not known:
                part = f"{name} {value[:12].decode('latin_1')}"
                yield fault(3941, kind="jpeg", part=part, offset=0)
            if not known or known[0] is Extra.PRINT:
                yield from self._extras.take(Extra.PRINT if known else Extra.TEXT, value)
            elif known[0] is None and len(value) > 14 + 3 * _jfif_pixels(value):
                yield fault(3933, kind="jpeg", offset=0, reason="application segment")
            if value.startswith(b"JFXX\x00\x10"):
                yield Member("thumbnail.jpg", iter([value[6:]]))

    def _texts(self, texts: dict[str, Any]) -> Iterator[Item]:
        for keyword, value in texts.items():
            raw = str(value).encode("utf_8", "replace")
            extra = Extra.XMP if keyword == "XML:com.adobe.xmp" else Extra.TEXT
            yield from self._extras.take(extra, raw)
            where = f"text {keyword}"
            yield from decoded_texts(where, keyword.encode("utf_8", "replace"))
            # tEXt is Latin 1 by its standard, and anything else in the field.
            yield from decoded_texts(where, raw)
            if not getattr(value, "lang", None):
                yield from decoded_texts(where, str(value).encode("latin_1", "replace"))

    def _exif(self) -> Iterator[Item]:
        exif = self.image.getexif()
        yield from self._tags(dict(exif))
        for inner in (ExifTags.IFD.Exif, ExifTags.IFD.GPSInfo, ExifTags.IFD.Interop):
            yield from self._tags(exif.get_ifd(inner))
        raw = bytes(self.image.info.get("exif", b"")).removeprefix(b"Exif\x00\x00")
        if raw:
            # Pillow looks at a directory once and asks not where the next one is.
            for _ in _directory_ranges(raw):
                pass
        thumbnail = exif.get_ifd(ExifTags.IFD.IFD1)
        yield from self._tags(thumbnail)
        at, size = thumbnail.get(513), thumbnail.get(514)
        if isinstance(at, int) and isinstance(size, int) and size > 0:
            if at + size > len(raw):
                raise unsound(3931, kind=self.kind.value, offset=at)
            yield Member("thumbnail.jpg", iter([raw[at : at + size]]))

    def _tags(self, tags: dict[int, Any]) -> Iterator[Item]:
        for tag, value in tags.items():
            where = f"tag {tag}"
            if isinstance(value, str):
                yield from decoded_texts(where, value.encode("latin_1", "replace"))
            elif isinstance(value, bytes) and tag == 37510:
                yield from decoded_texts(where, value[8:])
            elif isinstance(value, bytes) and 40091 <= tag <= 40095:
                text = value.decode("utf_16_le", "replace")
                yield from decoded_texts(where, text.encode("utf_8", "replace"))

    def _page(self) -> Iterator[Item]:
        """A page's tags, and which bytes of the file they use."""
        tags = self.image.tag_v2
        if 330 in tags:
            raise unsound(3943, kind="tiff", offset=0)
        if self.image.info.get("compression") in ("tiff_jpeg", "jpeg2000", "webp"):
            raise unsound(3946, kind="tiff", depth=0, colour=0)
        for tag, value in list(tags.items()):
            raw = value.encode("utf_8", "replace") if isinstance(value, str) else value
            if isinstance(raw, bytes) and tag not in (700, 34675):
                yield from self._extras.take(Extra.TEXT, raw)
        yield from self._tags(dict(tags))
        if self.image.tell() == 0:
            yield from self._exif()
        self._check_strips(tags)
        for offsets, counts in _STRIPS:
            for at, size in zip(tags.get(offsets, ()), tags.get(counts, ()), strict=True):
                if at + size > len(self._data):
                    raise unsound(3931, kind="tiff", offset=at)
                self._used.add((at, size))

    def _check_strips(self, tags: Any) -> None:
        """Pillow reads rows that are not packed on beyond their strip."""
        if self.image.info.get("compression") != "raw" or 324 in tags or tags.get(284, 1) != 1:
            return
        bits, samples = tags.get(258, (1,)), tags.get(277, 1)
        per_pixel = sum(bits) if len(bits) == samples else bits[0] * samples
        needed = tags[257] * ((tags[256] * per_pixel + 7) // 8)
        held = sum(tags.get(279, ()))
        if held != needed:
            raise unsound(3942, kind="tiff", size_bytes=held, needed_bytes=needed)

    def _check_unused(self) -> None:
        """Pixels, directories and values: the rest of the file is somebody else's."""
        self._used |= set(_directory_ranges(self._data))
        behind, (at, size) = unused_bytes(len(self._data), self._used)
        if behind >= TIFF_GAP_BYTES or self._data[len(self._data) - behind :].strip(b"\0"):
            raise unsound(3932, kind="tiff", size_bytes=behind)
        if size >= TIFF_GAP_BYTES:
            raise unsound(3948, kind="tiff", offset=at, size_bytes=size)

    def _check_png_data(self) -> None:
        """The rows are one deflate stream that ends with the last IDAT, and no row too many: Pillow
        stops when its image is full."""
        rows, at, got = zlib.decompressobj(), 8, 0
        width, height, depth, colour, _, _, interlace = struct.unpack_from(
            ">IIBBBBB", self._data, 16
        )
        needed = png_row_bytes(width, height, depth, colour, interlace == 1)
        while at < len(self._data):
            length, name = (
                int.from_bytes(self._data[at : at + 4], "big"),
                self._data[at + 4 : at + 8],
            )
            if name == b"IDAT":
                piece = self._data[at + 8 : at + 8 + length]
                while piece:
                    if rows.eof:
                        raise unsound(3942, kind="png", size_bytes=len(piece), needed_bytes=0)
                    got += len(rows.decompress(piece, 1 << 20))
                    if got > needed:
                        raise unsound(3942, kind="png", size_bytes=got, needed_bytes=needed)
                    piece = rows.unconsumed_tail or rows.unused_data
            at += 12 + length
        if not rows.eof or got != needed:
            raise unsound(3942, kind="png", size_bytes=got, needed_bytes=needed)


def _jfif_pixels(value: bytes) -> int:
    """Pixels of the small picture in a JFIF segment; an extension's may fill its segment."""
    if value.startswith(b"JFXX"):
        return len(value)
    return value[12] * value[13] if value.startswith(b"JFIF") and len(value) >= 14 else 6


def _directory_ranges(data: bytes) -> Iterator[tuple[int, int]]:
    """Directories of a TIFF and the values that they point to, EXIF's among them."""
    order = "<" if data[:2] == b"II" else ">"
    sizes = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4}
    waiting, seen = [struct.unpack_from(order + "I", data, 4)[0]], set()
    while waiting:
        at = waiting.pop()
        if at in seen:
            raise unsound(3940, kind="tiff", offset=at)
        seen.add(at)
        (count,) = struct.unpack_from(order + "H", data, at)
        yield at, 6 + 12 * count
        for place in range(at + 2, at + 2 + 12 * count, 12):
            tag, kind, number, value = struct.unpack_from(order + "HHII", data, place)
            size = sizes.get(kind, 1) * number
            if size > 4:
                if value + size > len(data):
                    raise unsound(3931, kind="tiff", offset=value)
                yield value, size
            elif tag in (34665, 34853, 40965) and number:
                waiting.append(value)
        (following,) = struct.unpack_from(order + "I", data, at + 2 + 12 * count)
        if following:
            waiting.append(following)
