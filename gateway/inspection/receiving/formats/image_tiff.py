"""TIFF 6.0 by its directories; EXIF is the same structure (see image_exif.py).

    II*0 or MM0* | offset --> directory: count, 12 bytes an entry, offset of the next --> ... 0
                                 entry: tag 2, type 2, count 4, value or its offset 4

Every directory once, every value and strip within the file, no two of them over each other, and no
byte of the file that belongs to none of them. Sources: TIFF 6.0 sections 2 and 8, EXIF 2.32 (CIPA DC-008).
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from gateway.inspection.content import Content
from gateway.inspection.formats.contract import Item
from gateway.inspection.formats.image import (
    TIFF_GAP_BYTES,
    Extra,
    Extras,
    ImageProfile,
    Kind,
    check_frames,
    check_size,
    decoded_texts,
    unsound,
)

TYPE_BYTES: Final = {
    1: 1,
    2: 1,
    3: 2,
    4: 4,
    5: 8,
    6: 1,
    7: 1,
    8: 2,
    9: 4,
    10: 8,
    11: 4,
    12: 8,
    13: 4,
}
_NUMBERS: Final = {1: "B", 3: "H", 4: "I", 13: "I"}
# SubIFDs, EXIF, GPS, interoperability: entries whose value is another directory.
DIRECTORIES: Final = frozenset([330, 34665, 34853, 40965])
_MAX_ENTRIES: Final = 1000
# Values that are held as numbers: the strips of the tallest image.
_MAX_VALUES: Final = 200_000
# None, CCITT, LZW, JPEG, deflate, PackBits. Old JPEG (6) and makers' own are parsers' graveyards.
_COMPRESSIONS: Final = frozenset([1, 2, 3, 4, 5, 7, 8, 32773, 32946])
# XMP, IPTC, Photoshop, ICC.
_EXTRAS: Final = {700: Extra.XMP, 33723: Extra.PRINT, 34377: Extra.PRINT, 34675: Extra.ICC}
_MAX_DIRECTORIES: Final = 5000
# Ranges that are held to account for every byte.
_MAX_RANGES: Final = 500_000


@dataclass(frozen=True, slots=True)
class Entry:
    """at: where the value lies, in the directory itself if it has four bytes or fewer."""

    tag: int
    type: int
    count: int
    at: int

    @property
    def size_bytes(self) -> int:
        return self.count * TYPE_BYTES[self.type]


@dataclass(slots=True)
class Tiff:
    """One TIFF structure from its byte order mark on. used: ranges that belong to something."""

    content: Content
    base: int
    size_bytes: int
    kind: str
    order: str = ""
    used: list[tuple[int, int]] = field(default_factory=list)
    visited: set[int] = field(default_factory=set)

    def open(self) -> int:
        """The offset of the first directory. Raises Unsound 3931, 3933."""
        head = self.read(0, 8)
        self.order = {b"II*\x00": "<", b"MM\x00*": ">"}.get(head[:4], "")
        if not self.order:
            raise unsound(3933, kind=self.kind, offset=0, reason="byte order")
        self.used.append((0, 8))
        first: int = struct.unpack_from(self.order + "I", head, 4)[0]
        return first

    def read(self, at: int, size: int) -> bytes:
        """Exactly so many bytes. Raises Unsound 3931."""
        if at < 0 or size < 0 or at + size > self.size_bytes:
            raise unsound(3931, kind=self.kind, offset=at)
        data = self.content.read_at(self.base + at, size)
        if len(data) != size:
            raise unsound(3931, kind=self.kind, offset=at)
        return data

    def directory(self, at: int) -> tuple[dict[int, Entry], int]:
        """The entries of one directory and the offset of the next. Raises Unsound 3931, 3933, 3940."""
        if at in self.visited or len(self.visited) >= _MAX_DIRECTORIES:
            raise unsound(3940, kind=self.kind, offset=at)
        self.visited.add(at)
        count = struct.unpack(self.order + "H", self.read(at, 2))[0]
        if not 0 < count <= _MAX_ENTRIES:
            raise unsound(3933, kind=self.kind, offset=at, reason="entries")
        data = self.read(at + 2, 12 * count + 4)
        self.used.append((at, 12 * count + 6))
        entries: dict[int, Entry] = {}
        for place in range(count):
            tag, kind, number = struct.unpack_from(self.order + "HHI", data, 12 * place)
            entries[tag] = self._entry(tag, kind, number, at + 10 + 12 * place, entries)
        following: int = struct.unpack_from(self.order + "I", data, 12 * count)[0]
        return entries, following

    def _entry(self, tag: int, kind: int, count: int, at: int, before: dict[int, Entry]) -> Entry:
        if kind not in TYPE_BYTES or tag in before:
            raise unsound(3933, kind=self.kind, offset=at, reason=f"tag {tag}")
        size = count * TYPE_BYTES[kind]
        if size > 4:
            at = struct.unpack(self.order + "I", self.read(at, 4))[0]
            if at + size > self.size_bytes:
                raise unsound(3931, kind=self.kind, offset=at)
            self.used.append((at, size))
        return Entry(tag, kind, count, at)

    def value(self, entry: Entry) -> bytes:
        return self.read(entry.at, entry.size_bytes)

    def numbers(self, entry: Entry) -> tuple[int, ...]:
        """Raises Unsound 3933, 3938."""
        if entry.type not in _NUMBERS:
            raise unsound(3933, kind=self.kind, offset=entry.at, reason=f"tag {entry.tag}")
        if entry.count > _MAX_VALUES:
            raise unsound(
                3938, kind=self.kind, size_bytes=entry.size_bytes, limit_bytes=_MAX_VALUES
            )
        return struct.unpack(f"{self.order}{entry.count}{_NUMBERS[entry.type]}", self.value(entry))

    def number(self, entries: dict[int, Entry], tag: int, missing: int) -> int:
        entry = entries.get(tag)
        values = self.numbers(entry) if entry else ()
        return values[0] if values else missing

    def text_items(self, entries: dict[int, Entry]) -> Iterator[Item]:
        """ASCII values, and opaque ones that may be comments (EXIF user comment, Windows' titles)."""
        for entry in entries.values():
            readable = entry.type == 2 or entry.tag in (37510, *range(40091, 40096))
            if readable and entry.size_bytes <= 1 << 20:
                value = self.value(entry)
                where = f"tag {entry.tag}"
                if entry.tag in range(40091, 40096):
                    yield from decoded_texts(where, _from_utf_16(value))
                else:
                    yield from decoded_texts(where, value[8:] if entry.tag == 37510 else value)


def _from_utf_16(value: bytes) -> bytes:
    return value.decode("utf_16_le", "replace").encode("utf_8", "replace")


def tiff_items(content: Content, profile: ImageProfile) -> Iterator[Item]:
    """Raises Unsound 3931 to 3948, OSError, and nothing else."""
    tiff = Tiff(content, 0, content.size_bytes, "tiff")
    extras = Extras(Kind.TIFF, profile)
    at, pages, pixels = tiff.open(), 0, 0
    while at:
        pages += 1
        check_frames(Kind.TIFF, pages, profile)
        entries, at = tiff.directory(at)
        pixels = _page(tiff, entries, pixels, profile)
        yield from _metadata(tiff, entries, extras)
        yield from _inner(tiff, entries, extras)
    if not pages:
        raise unsound(3933, kind="tiff", offset=4, reason="directory")
    _account(tiff)


def _page(tiff: Tiff, entries: dict[int, Entry], pixels: int, profile: ImageProfile) -> int:
    width, height = tiff.number(entries, 256, 0), tiff.number(entries, 257, 0)
    pixels = check_size(Kind.TIFF, width, height, pixels, profile)
    compression = tiff.number(entries, 259, 1)
    bits = tiff.numbers(entries[258]) if 258 in entries else (1,)
    samples = tiff.number(entries, 277, 1)
    if compression not in _COMPRESSIONS or not 0 < samples <= 16 or len(bits) not in (1, samples):
        raise unsound(3946, kind="tiff", depth=bits[0] if bits else 0, colour=compression)
    if any(bit not in (1, 2, 4, 8, 16, 32) for bit in bits):
        raise unsound(3946, kind="tiff", depth=max(bits), colour=compression)
    offsets_tag, counts_tag = (324, 325) if 324 in entries else (273, 279)
    if offsets_tag not in entries or counts_tag not in entries:
        raise unsound(3933, kind="tiff", offset=0, reason="strips")
    offsets, counts = tiff.numbers(entries[offsets_tag]), tiff.numbers(entries[counts_tag])
    if len(offsets) != len(counts):
        raise unsound(3933, kind="tiff", offset=0, reason="strips")
    for at, size in zip(offsets, counts, strict=True):
        if at + size > tiff.size_bytes:
            raise unsound(3931, kind="tiff", offset=at)
        tiff.used.append((at, size))
    if len(tiff.used) > _MAX_RANGES:
        raise unsound(3938, kind="tiff", size_bytes=len(tiff.used), limit_bytes=_MAX_RANGES)
    per_pixel = sum(bits) if len(bits) == samples else bits[0] * samples
    needed = height * ((width * per_pixel + 7) // 8)
    plain = compression == 1 and offsets_tag == 273 and tiff.number(entries, 284, 1) == 1
    if plain and sum(counts) != needed:
        raise unsound(3942, kind="tiff", size_bytes=sum(counts), needed_bytes=needed)
    return pixels


def _metadata(tiff: Tiff, entries: dict[int, Entry], extras: Extras) -> Iterator[Item]:
    for entry in entries.values():
        if entry.tag in _EXTRAS or entry.type in (2, 7):
            if entry.size_bytes > 4 << 20:
                limit = 4 << 20
                raise unsound(3938, kind="tiff", size_bytes=entry.size_bytes, limit_bytes=limit)
            extra = _EXTRAS.get(entry.tag, Extra.TEXT)
            yield from extras.take(extra, tiff.value(entry))
            if extra is Extra.XMP:
                yield from decoded_texts("XMP", tiff.value(entry))
    yield from tiff.text_items(entries)


def _inner(tiff: Tiff, entries: dict[int, Entry], extras: Extras) -> Iterator[Item]:
    """Directories within: EXIF and GPS; SubIFDs are pages of their own and refused."""
    if 330 in entries:
        raise unsound(3943, kind="tiff", offset=entries[330].at)
    waiting = [entries]
    while waiting:
        outer = waiting.pop()
        for tag in DIRECTORIES & set(outer):
            for at in tiff.numbers(outer[tag])[:16]:
                inner, _ = tiff.directory(at)
                yield from extras.take(Extra.EXIF, b"".join(map(tiff.value, inner.values())))
                yield from tiff.text_items(inner)
                waiting.append(inner)


def _account(tiff: Tiff) -> None:
    """No overlap, no row of bytes left over that could be a file. Raises Unsound 3940, 3948."""
    end = 0
    for at, size in sorted(set(tiff.used)):
        if at < end and size:
            raise unsound(3940, kind="tiff", offset=at)
        if at - end >= TIFF_GAP_BYTES:
            raise unsound(3948, kind="tiff", offset=end, size_bytes=at - end)
        end = max(end, at + size)
    if end < tiff.size_bytes:
        left = tiff.size_bytes - end
        if left >= TIFF_GAP_BYTES or tiff.read(end, left).strip(b"\0"):
            raise unsound(3932, kind="tiff", size_bytes=left)
