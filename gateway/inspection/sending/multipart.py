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

_BOUNDARY: Final = re.compile(BOUNDARY)
_FIELD: Final = re.compile(FIELD)


def members(content: Content, max_count: int) -> Iterator[Member]:
    """The parts in their order. Raises Unsound 3213, 3222, 3225 and OSError, nothing else."""
    if content.size_bytes > MAX_BYTES:
        raise Unsound(3225, size_bytes=content.size_bytes, limit_bytes=MAX_BYTES)
    data = content.read_at(0, content.size_bytes)
    end = data.find(CRLF, 2, 2 + MAX_BOUNDARY_BYTES + 2)
    dashed = data[:end]
    if end < 0 or not dashed.startswith(b"--") or not _BOUNDARY.fullmatch(dashed[2:]):
        broken("boundary", 0)
    at, count = end + 2, 0
    while True:
        count += 1
        if count > max_count:
            raise Unsound(3222, count=count, limit=max_count)
        start = _head(data, at)
        stop = data.find(CRLF + dashed, start)
        if stop < 0:
            broken("end", len(data))
        check_fields(_fields(data[at : start - 4], at), stop - start, at)
        # As part of a line, or behind a bare line feed, it is a boundary to some other reader.
        if (within := data.find(dashed, start, stop)) >= 0:
            broken("boundary inside a part", within)
        yield Member(f"part {count}.dcm", _chunks(data, start, stop))
        at = stop + 2 + len(dashed)
        follows = data[at : at + 2]
        if follows == b"--":
            if data[at + 2 :] not in (b"", CRLF):
                broken("bytes behind the end", at + 2)
            return
        if follows != CRLF:
            broken("boundary", at)
        at += 2


def _head(data: bytes, at: int) -> int:
    """Where the bytes of the part begin whose headers begin here."""
    end = data.find(CRLF + CRLF, at, at + MAX_HEAD_BYTES)
    if end < 0:
        broken("headers", at)
    return end + 4


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


def _chunks(data: bytes, start: int, stop: int) -> Iterator[bytes]:
    view = memoryview(data)[start:stop]
    for offset in range(0, len(view), CHUNK_BYTES):
        yield bytes(view[offset : offset + CHUNK_BYTES])
