"""EXIF within a JPEG or PNG: a TIFF without pixels of its own, and perhaps a thumbnail.

Source: EXIF 2.32 (CIPA DC-008), 4.5 and 4.6.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from gateway.inspection.content import Content
from gateway.inspection.formats.contract import Item
from gateway.inspection.formats.image import unsound
from gateway.inspection.receiving.formats.image_tiff import DIRECTORIES, Entry, Tiff
from gateway.inspection.unsound import Member

# The image's own directory, EXIF, GPS, interoperability, the thumbnail's.
_MAX_EXIF_DIRECTORIES: Final = 16
_THUMBNAIL_AT: Final = 513
_THUMBNAIL_BYTES: Final = 514


def exif_items(data: bytes, kind: str) -> Iterator[Item]:
    """Texts, and a thumbnail as a member. Raises Unsound 3931, 3933, 3940 and nothing else."""
    tiff = Tiff(Content.of_bytes(data), 0, len(data), kind)
    at, waiting = tiff.open(), []
    while at:
        entries, at = tiff.directory(at)
        waiting.append(entries)
        if len(waiting) > _MAX_EXIF_DIRECTORIES:
            raise unsound(3940, kind=kind, offset=at)
    while waiting:
        entries = waiting.pop()
        yield from tiff.text_items(entries)
        yield from _thumbnail(tiff, entries)
        for tag in DIRECTORIES & set(entries):
            starts = tiff.numbers(entries[tag])[:4]
            waiting += [tiff.directory(start)[0] for start in starts]
        if len(tiff.visited) > _MAX_EXIF_DIRECTORIES:
            raise unsound(3940, kind=kind, offset=0)


def _thumbnail(tiff: Tiff, entries: dict[int, Entry]) -> Iterator[Item]:
    if _THUMBNAIL_AT not in entries or _THUMBNAIL_BYTES not in entries:
        return
    at = tiff.number(entries, _THUMBNAIL_AT, 0)
    size = tiff.number(entries, _THUMBNAIL_BYTES, 0)
    if size:
        yield Member("thumbnail.jpg", iter([tiff.read(at, size)]))
