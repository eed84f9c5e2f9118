"""Where a format's own skeleton ends, for the receiving side: what stands behind is something else."""

from __future__ import annotations

import itertools
import re
import struct
from typing import Final

from gateway.inspection.content import Content
from gateway.inspection.unsound import Fault, Word

# Images are walked in memory up to here; larger ones must end with the mark of their format.
_WALKED_BYTES: Final = 16 << 20
_MAX_PARTS: Final = 200_000
# A marker that is no stuffed byte, no fill byte and no restart (ITU-T T.81, B.1.1.2).
_NEXT_SEGMENT: Final = re.compile(rb"\xff(?![\x00\xff\xd0-\xd7])")


def end_faults(word: str, content: Content) -> list[Fault]:
    """The place where the format's own skeleton ends, against the end of the content."""
    if word == "pdf":
        end = _pdf_end(content)
    elif word == "png":
        end = _png_end(content)
    elif word == "jpeg":
        end = _jpeg_end(content)
    elif word == "gif":
        end = _gif_end(content)
    elif word == "bmp":
        end = struct.unpack_from("<I", content.head, 2)[0]
        end = end if 26 <= end <= content.size_bytes else -1
    elif word == "mp4":
        end = _mp4_end(content)
    else:
        return []
    if end < 0:
        return [Fault(Word.TYPE, 3113, {"type": word})]
    if end == content.size_bytes:
        return []
    return [Fault(Word.TYPE, 3112, {"type": word, "size_bytes": content.size_bytes - end})]


def _pdf_end(content: Content) -> int:
    """Behind the last %%EOF and the white space after it (ISO 32000-1, 7.2.2 and 7.5.5)."""
    ends = [match.end() for match in re.finditer(rb"%%EOF[\x00\t\n\x0c\r ]*", content.tail)]
    return content.size_bytes - len(content.tail) + ends[-1] if ends else -1


def _png_end(content: Content) -> int:
    at, kind = 8, b""
    for number in itertools.count():
        header = content.read_at(at, 8)
        if len(header) != 8 or number > _MAX_PARTS:
            return -1
        length, kind = struct.unpack(">I4s", header)
        if not kind.isalpha() or (kind == b"IHDR") is not (number == 0):
            return -1
        at += 12 + length
        if kind == b"IEND":
            break
    return at if at <= content.size_bytes else -1


def _jpeg_end(content: Content) -> int:
    if content.size_bytes > _WALKED_BYTES:
        ends = content.read_at(content.size_bytes - 2, 2) == b"\xff\xd9"
        return content.size_bytes if ends else -1
    data = content.read_at(0, content.size_bytes)
    at = 2
    for _ in range(_MAX_PARTS):
        found = _NEXT_SEGMENT.search(data, at)
        if found is None or found.end() >= len(data):
            return -1
        kind = data[found.end()]
        at = found.end() + 1
        if kind == 0xD9:
            return at
        if kind not in (0x01, 0xD8):
            length = struct.unpack_from(">H", data, at)[0] if at + 2 <= len(data) else 2
            at += max(length, 2)
    return -1


def _gif_end(content: Content) -> int:
    if content.size_bytes > _WALKED_BYTES:
        return content.size_bytes if content.read_at(content.size_bytes - 1, 1) == b"\x3b" else -1
    data = content.read_at(0, content.size_bytes)
    if len(data) < 14:
        return -1
    at, parts = 13 + _colour_table_bytes(data[10]), 0
    while at < len(data):
        introducer = data[at]
        if introducer == 0x3B:
            return at + 1
        if introducer == 0x2C and at + 10 < len(data):
            at += 11 + _colour_table_bytes(data[at + 9])
        elif introducer == 0x21:
            at += 2
        else:
            return -1
        while at < len(data) and data[at] and parts < _MAX_PARTS:
            at += 1 + data[at]
            parts += 1
        if parts >= _MAX_PARTS:
            return -1
        at += 1
    return -1


def _colour_table_bytes(flags: int) -> int:
    return 3 * 2 ** (flags % 8 + 1) if flags >= 0x80 else 0


def _mp4_end(content: Content) -> int:
    at = parts = 0
    while at < content.size_bytes and parts < _MAX_PARTS:
        parts += 1
        header = content.read_at(at, 16)
        if len(header) < 8:
            return -1
        size, kind = struct.unpack_from(">I4s", header)
        if size == 1 and len(header) == 16:
            size = struct.unpack_from(">Q", header, 8)[0]
        elif size == 0:
            return content.size_bytes
        if size < 8 or any(c >= 0x80 and c != 0xA9 for c in kind):
            return -1
        at += size
    return at if at == content.size_bytes else -1
