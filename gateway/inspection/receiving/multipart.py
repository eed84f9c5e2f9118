"""The parts of a multipart for the receiving side: the whole is split at its boundary first, then looked at.

Where the boundary stands is asked three ways that must agree: as often as there are delimiters, pieces and
occurrences of its bytes anywhere.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from gateway.inspection.content import Content
from gateway.inspection.formats import multipart as form
from gateway.inspection.unsound import CHUNK_BYTES, Member, Unsound

_OPENING: Final = re.compile(b"(--" + form.BOUNDARY + b")\r\n")
_LINES: Final = re.compile(b"((?:[^\\r\\n]++\r\n){1,%d})\r\n" % form.MAX_HEADERS)
_LINE: Final = re.compile(form.FIELD)


def members(content: Content, max_count: int) -> Iterator[Member]:
    """The parts in their order. Raises Unsound 3213, 3222, 3225 and OSError, nothing else."""
    if content.size_bytes > form.MAX_BYTES:
        raise Unsound(3225, size_bytes=content.size_bytes, limit_bytes=form.MAX_BYTES)
    data = content.read_at(0, content.size_bytes)
    opening = _OPENING.match(data)
    if opening is None:
        form.broken("boundary", 0)
    dashed = opening[1]
    found = data.count(dashed)
    # The first, one behind each part, the last among them.
    if found - 1 > max_count:
        raise Unsound(3222, count=found - 1, limit=max_count)
    pieces = data[len(dashed) :].split(form.CRLF + dashed)
    if len(pieces) != found:
        form.broken("boundary inside a part", 0)
    if len(pieces) < 2 or pieces[-1] not in (b"--", b"--\r\n"):
        form.broken("end", len(data))
    for number, piece in enumerate(pieces[:-1], 1):
        yield Member(f"part {number}.dcm", _body(piece))


def _body(piece: bytes) -> Iterator[bytes]:
    """The bytes of a part; piece: what stands between two boundaries, line end first."""
    if piece[:2] != form.CRLF:
        form.broken("boundary", 0)
    head = _LINES.match(piece, 2, 2 + form.MAX_HEAD_BYTES)
    if head is None:
        form.broken("headers", 0)
    body = memoryview(piece)[head.end() :]
    lines = [_LINE.fullmatch(line) for line in head[1].splitlines()]
    fields = [(line[1], line[2]) for line in lines if line is not None]
    if len(fields) != len(lines):
        form.broken("headers", 0)
    form.check_fields(fields, len(body), 0)
    for offset in range(0, len(body), CHUNK_BYTES):
        yield bytes(body[offset : offset + CHUNK_BYTES])
