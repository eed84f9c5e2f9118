"""Is a file one thing only: its end where its format ends, no second file before, behind or within.

    MZ... %PDF-        a second signature where lenient readers look for one
    GIF89a... PK\\5\\6   a zip's end record behind anything else
    %%EOF ... bytes    data after the end that a format itself names

Called by the sending side after its two readers have agreed on a word.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from typing import Final

from gateway.inspection.content import Content
from gateway.inspection.unsound import Fault, Word

# PDF readers accept their mark anywhere in here (ISO 32000-1, annex H, note 13).
_PDF_MARK_BYTES: Final = 1024
# Images are walked to their end up to here; larger ones must end with the mark of their format.
_WALKED_BYTES: Final = 16 << 20
_MAX_PARTS: Final = 200_000
_IDLE_BYTES: Final = 4
_DEFLATED: Final = b"1.2.840.10008.1.2.1.99"
# Their members follow their headers at once, so that a stored PDF stands near the beginning; they
# are taken apart without a gap. A DICOM header may be short as well.
_HOLDS_OTHERS: Final = frozenset(["zip", "docx", "xlsx", "pptx", "ofd", "tar", "dicom", "pdf"])
_PACKED: Final = frozenset(["zip", "docx", "xlsx", "pptx", "ofd"])
# What stands compressed in these is read to its end by the unpackers, who refuse what is behind it.
_UNPACKED: Final = frozenset(["gzip", "bzip2", "xz", "tar"])
# One 0xFF only: fill bytes before a marker are passed over one by one, in linear time.
_JPEG_MARKER: Final = re.compile(rb"\xff[^\x00\xff\xd0-\xd7]")


def faults_of(word: str, content: Content) -> Iterator[Fault]:
    """What makes this content more, or less, than one whole thing of its type. Raises OSError."""
    head = content.head
    if word not in _HOLDS_OTHERS:
        at = head.find(b"%PDF-", 0, _PDF_MARK_BYTES)
        if at >= 0:
            yield Fault(Word.TYPE, 3110, {"type": word, "second": "pdf", "offset": at})
    if word not in _PACKED and word not in _UNPACKED:
        at = zip_end(content, exact=word == "ole2")
        if at >= 0:
            yield Fault(Word.TYPE, 3111, {"type": word, "offset": at})
    match word:
        case "pdf":
            yield from _pdf(content)
        case "png" | "jpeg" | "gif" | "bmp" | "mp4":
            yield from _ends(word, content)
        case "dicom":
            yield from _dicom(head)
        case "ole2" if _holds_encrypted_package(content):
            yield Fault(Word.ENCRYPTED, 3232, {"type": word})
        case _:
            pass


def zip_end(content: Content, exact: bool) -> int:
    """Offset of a zip's end record with a directory before it, -1 for none.

    exact: count it only where its comment reaches the end, for formats that may hold zips.
    """
    tail = content.tail
    start = content.size_bytes - len(tail)
    at = tail.rfind(b"PK\x05\x06")
    while at >= 0:
        if len(tail) - at >= 22:
            _, _, entries, size, _, comment = struct.unpack_from("<HHHIIH", tail, at + 6)
            directory = start + at - size
            marked = content.read_at(directory, 4) == b"PK\x01\x02" if entries else False
            if (marked or size == 0xFFFFFFFF) and (not exact or at + 22 + comment == len(tail)):
                return start + at
        at = tail.rfind(b"PK\x05\x06", 0, at)
    return -1


def _pdf(content: Content) -> Iterator[Fault]:
    tail = content.tail
    end = tail.rfind(b"%%EOF")
    if end < 0:
        yield Fault(Word.TYPE, 3113, {"type": "pdf"})
    elif tail[end + 5 :].strip(b"\x00\t\n\x0c\r "):
        behind = len(tail) - end - 5
        yield Fault(Word.TYPE, 3112, {"type": "pdf", "size_bytes": behind})
    # The trailer of a whole file stands at one of its ends (ISO 32000-1, 7.5.5 and annex F).
    if re.search(rb"/Encrypt[\s\[<0-9]", tail) or re.search(rb"/Encrypt[\s\[<0-9]", content.head):
        yield Fault(Word.ENCRYPTED, 3233, {"type": "pdf"})


def _ends(word: str, content: Content) -> Iterator[Fault]:
    end = _END_OF[word](content)
    if end < 0:
        yield Fault(Word.TYPE, 3113, {"type": word})
    elif end != content.size_bytes:
        behind = content.size_bytes - end
        yield Fault(Word.TYPE, 3112, {"type": word, "size_bytes": behind})


def _png_end(content: Content) -> int:
    """Chunk by chunk to IEND (ISO/IEC 15948, 5.3); -1 where the chain breaks."""
    at = 8
    for number in range(_MAX_PARTS):
        header = _at(content, at, 8)
        if len(header) < 8 or not header[4:].isalpha() or (number == 0) != (header[4:] == b"IHDR"):
            return -1
        at += 12 + int.from_bytes(header[:4], "big")
        if header[4:] == b"IEND":
            return at if at <= content.size_bytes else -1
    return -1


def _jpeg_end(content: Content) -> int:
    """Segment by segment to EOI (ITU-T T.81, B.1); large ones by their last two bytes."""
    if content.size_bytes > _WALKED_BYTES:
        return (
            content.size_bytes if content.read_at(content.size_bytes - 2, 2) == b"\xff\xd9" else -1
        )
    data = content.read_at(0, content.size_bytes)
    at = 2
    for _ in range(_MAX_PARTS):
        # In coded data 0xFF is followed by 0x00 or a restart; anything else is the next marker.
        match = _JPEG_MARKER.search(data, at)
        if match is None:
            return -1
        marker = data[match.end() - 1]
        if marker == 0xD9:
            return match.end()
        at = match.end()
        if marker not in (0x01, 0xD8):
            at += max(2, int.from_bytes(data[at : at + 2], "big"))
    return -1


def _gif_end(content: Content) -> int:
    """Block by block to the trailer (GIF89a, section 27); large ones by their last byte."""
    if content.size_bytes > _WALKED_BYTES:
        return content.size_bytes if content.read_at(content.size_bytes - 1, 1) == b";" else -1
    data = content.read_at(0, content.size_bytes)
    try:
        at, parts = 13 + (3 << ((data[10] & 7) + 1) if data[10] & 0x80 else 0), 0
        while data[at] != 0x3B:
            if data[at] == 0x21:
                at += 2
            elif data[at] == 0x2C:
                at += 11 + (3 << ((data[at + 9] & 7) + 1) if data[at + 9] & 0x80 else 0)
            else:
                return -1
            while data[at]:
                at += data[at] + 1
                parts += 1
                if parts > _MAX_PARTS:
                    return -1
            at += 1
    except IndexError:
        return -1
    return at + 1


def _bmp_end(content: Content) -> int:
    """The file header says how long it is; 0 is written by some for uncompressed images."""
    size = int.from_bytes(content.head[2:6], "little")
    return size if 26 <= size <= content.size_bytes else -1


def _mp4_end(content: Content) -> int:
    """Box by box (ISO/IEC 14496-12, 4.2); the last may reach to the end."""
    at = 0
    for _ in range(_MAX_PARTS):
        if at == content.size_bytes:
            return at
        header = _at(content, at, 16)
        size = int.from_bytes(header[:4], "big")
        if size == 0:
            return content.size_bytes
        if size == 1:
            size = int.from_bytes(header[8:16], "big")
        if size < 8 or at + size > content.size_bytes or not header[4:8].strip(b"\xa9").isascii():
            return -1
        at += size
    return -1


_END_OF: Final = {
    "png": _png_end,
    "jpeg": _jpeg_end,
    "gif": _gif_end,
    "bmp": _bmp_end,
    "mp4": _mp4_end,
}


def _at(content: Content, offset: int, size: int) -> bytes:
    """Bytes from the head where they are in it: no call for each chunk of a small image."""
    head = content.head
    piece = head[offset : offset + size] if offset + size <= len(head) else b""
    return piece or content.read_at(offset, size)


def _dicom(head: bytes) -> Iterator[Fault]:
    """PS3.10, 7.1: the preamble is free for applications, so that it is where a program hides."""
    preamble = head[:128]
    # Old scanners leave a byte or two; a program, a PDF or a script needs more, and the beginning.
    idle = not preamble[:16].strip(b"\x00") and len(preamble) - preamble.count(0) <= _IDLE_BYTES
    if not idle and preamble[:4] not in (b"II*\x00", b"MM\x00*"):
        yield Fault(Word.TYPE, 3114, {"type": "dicom"})
    if _DEFLATED in head[132:2048]:
        yield Fault(Word.TYPE, 3115, {"type": "dicom"})


def _holds_encrypted_package(content: Content) -> bool:
    """MS-OFFCRYPTO 2.3.4: an encrypted docx is a compound file with a stream of this name."""
    head = content.head
    if len(head) < 512:
        return False
    sector_bytes = 1 << min(int.from_bytes(head[30:32], "little"), 20)
    first = int.from_bytes(head[48:52], "little")
    directory = content.read_at((first + 1) * sector_bytes, 64 << 10)
    return "EncryptedPackage".encode("utf-16-le") in directory
