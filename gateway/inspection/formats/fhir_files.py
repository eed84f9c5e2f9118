"""Files inside a resource: Attachment.data, Binary.data, signatures; and whether they are what they say.

What type a file really is, the walk over the unit finds out by both readers of types; here only what
contradicts its contentType at first sight is a fault.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from types import MappingProxyType
from typing import Final

from gateway.inspection.formats.base64_leaves import begins_as_file, decoded, member
from gateway.inspection.formats.fhir import fault
from gateway.inspection.unsound import Fault, Member

# How a picture or document of a MIME type begins (IANA registrations and the formats' standards).
_BEGINNINGS: Final = MappingProxyType(
    {
        "image/png": (b"\x89PNG\r\n\x1a\n",),
        "image/jpeg": (b"\xff\xd8\xff",), "image/jpg": (b"\xff\xd8\xff",),
        "image/gif": (b"GIF87a", b"GIF89a"), "image/bmp": (b"BM",), "image/tiff": (b"II*\0", b"MM\0*"),
        "application/pdf": (b"%PDF-",), "application/zip": (b"PK\x03\x04",), "application/rtf": (b"{\\rtf",),
        "application/gzip": (b"\x1f\x8b",), "application/msword": (b"\xd0\xcf\x11\xe0",),
        "audio/mpeg": (b"ID3", b"\xff\xfb", b"\xff\xf3"), "video/mp4": (b"\0\0\0",),
    }
)  # fmt: skip
_SUFFIXES: Final = MappingProxyType(
    {
        "image/png": "png", "image/jpeg": "jpg", "image/jpg": "jpg", "image/gif": "gif",
        "image/bmp": "bmp", "image/tiff": "tif", "application/pdf": "pdf", "application/zip": "zip",
        "application/rtf": "rtf", "application/gzip": "gz", "application/msword": "doc",
        "application/dicom": "dcm", "text/plain": "txt",
        "text/html": "html", "application/json": "json", "application/xml": "xml", "text/xml": "xml",
        "application/fhir+json": "json", "application/fhir+xml": "xml", "text/csv": "csv",
        "text/markdown": "md",
    }
)  # fmt: skip
_MIME: Final = re.compile(
    r"[A-Za-z0-9!#$&^_.+-]{1,127}/[A-Za-z0-9!#$&^_.+-]{1,127}(?:\s*;.{0,200})?"
)
_MARKUP: Final = re.compile(rb"\s*(?:\xef\xbb\xbf)?\s*<")
# SHA-1 has 20 bytes (R4 says SHA-1); SHA-512 has 64. A longer hash is something else.
_HASH_BYTES: Final = 64


def base64_items(
    where: str, text: str, mime: str | None, *, typed: bool
) -> Iterator[Fault | Member]:
    """A base64Binary as a file of its own. typed: a contentType belongs to it.

    Faults 3581 (not base64), 3582 (not what its contentType says), 3583 (none said).
    """
    data = decoded(text)
    if data is None:
        yield fault(3581, place=where)
        return
    if typed and mime is None:
        yield fault(3583, place=where)
    word = (mime or "").partition(";")[0].strip().lower()
    if typed and mime is not None and not _is_as_said(word, mime, data):
        yield fault(3582, place=where, type=mime[:60])
    if data:
        yield member(where, data, _SUFFIXES.get(word, "bin"))


def _is_as_said(word: str, mime: str, data: bytes) -> bool:
    if not _MIME.fullmatch(mime):
        return False
    if word in _BEGINNINGS:
        return data.startswith(_BEGINNINGS[word])
    if word == "application/dicom":
        return data[128:132] == b"DICM"
    if word.startswith("text/") or word.endswith(("json", "xml")):
        marked = bool(_MARKUP.match(data[:64]))
        return b"\0" not in data[:4096] and (marked or not begins_as_file(data))
    return not (word.startswith("image/") and begins_as_file(data))


def hash_faults(where: str, text: str) -> Iterator[Fault]:
    """Fault 3581 for an Attachment.hash that is no hash."""
    data = decoded(text)
    if data is None or len(data) > _HASH_BYTES:
        yield fault(3581, place=where)
