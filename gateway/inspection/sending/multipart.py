"""The parts of a multipart for the sending side: from boundary to boundary, as the bytes come."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from gateway.inspection.content import Content
from gateway.inspection.formats.multipart import (
    BOUNDARY,
    CRLF,
    FIELD,
    MAX_BOUNDARY_BYTES,
    MAX_BYTES,
    MAX_HEAD_BYTES,
    MAX_HEADERS,
    broken,
    check_fields,
)
from gateway.inspection.unsound import CHUNK_BYTES, Member, Unsound

# Of a content that may be far larger than memory.
_WINDOW_BYTES: Final = 1 << 20
_BOUNDARY: Final = re.compile(BOUNDARY)
_FIELD: Final = re.compile(FIELD)


def members(content: Content, max_count: int) -> Iterator[Member]:
    """The parts in their order. Raises Unsound 3213, 3222, 3225 and OSError, nothing else."""
    if content.size_bytes > MAX_BYTES:
        raise Unsound(3225, size_bytes=content.size_bytes, limit_bytes=MAX_BYTES)
    first = content.read_at(0, 2 + MAX_BOUNDARY_BYTES + 2)
    end = first.find(CRLF, 2)
    dashed = first[:end]
    if end < 0 or not dashed.startswith(b"--") or not _BOUNDARY.fullmatch(dashed[2:]):
        broken("boundary", 0)
    at, count = end + 2, 0
    while True:
        count += 1
        if count > max_count:
            raise Unsound(3222, count=count, limit=max_count)
        head = _head(content, at)
        start = at + len(head) + 4
        found = _find(content, dashed, start)
        if found < 0:
            broken("end", content.size_bytes)
        stop = found - 2
        # As part of a line, or behind a bare line feed, it is a boundary to some other reader.
        if stop < start or content.read_at(stop, 2) != CRLF:
            broken("boundary inside a part", found)
        check_fields(_fields(head, at), stop - start, at)
        yield Member(f"part {count}.dcm", content.chunks(start, stop - start, CHUNK_BYTES))
        at = found + len(dashed)
        follows = content.read_at(at, 2)
        if follows == b"--":
            if content.read_at(at + 2, 3) not in (b"", CRLF):
                broken("bytes behind the end", at + 2)
            return
        if follows != CRLF:
            broken("boundary", at)
        at += 2


def _head(content: Content, at: int) -> bytes:
    """The headers of the part that begins here, without the empty line behind them."""
    head, blank, _ = content.read_at(at, MAX_HEAD_BYTES).partition(CRLF + CRLF)
    if not blank:
        broken("headers", at)
    return head


def _find(content: Content, wanted: bytes, start: int) -> int:
    """Where it stands first at or behind `start`, -1 where it does not. One window at a time."""
    while start < content.size_bytes:
        window = content.read_at(start, _WINDOW_BYTES)
        at = window.find(wanted)
        if at >= 0:
            return start + at
        if len(window) <= len(wanted):
            break
        # It may begin in this window and end in the next.
        start += len(window) - len(wanted) + 1
    return -1


def _fields(head: bytes, at: int) -> list[tuple[bytes, bytes]]:
    lines = head.split(CRLF)
    if len(lines) > MAX_HEADERS:
        broken("headers", at)
    fields = []
    for line in lines:
        match = _FIELD.fullmatch(line)
        if match is None:
            broken("headers", at)
        fields.append((match[1], match[2]))
    return fields
