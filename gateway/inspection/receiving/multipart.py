"""The parts of a multipart for the receiving side: every place of its boundary first, then what lies between.

Wherever the boundary's bytes stand, a line must end before them; then delimiters are as many as places.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice
from typing import Final

from gateway.inspection.content import Content
from gateway.inspection.formats import multipart as form
from gateway.inspection.unsound import CHUNK_BYTES, Member, Unsound

# Of a content that may be far larger than memory.
_PIECE_BYTES: Final = 256 << 10
_OPENING: Final = re.compile(b"(--" + form.BOUNDARY + b")\r\n")
_LINES: Final = re.compile(b"((?:[^\\r\\n]++\r\n){1,%d})\r\n" % form.MAX_HEADERS)
_LINE: Final = re.compile(form.FIELD)


def members(content: Content, max_count: int) -> Iterator[Member]:
    """The parts in their order. Raises Unsound 3213, 3222, 3225 and OSError, nothing else."""
    if content.size_bytes > form.MAX_BYTES:
        raise Unsound(3225, size_bytes=content.size_bytes, limit_bytes=form.MAX_BYTES)
    opening = _OPENING.match(content.read_at(0, 2 + form.MAX_BOUNDARY_BYTES + 2))
    if opening is None:
        form.broken("boundary", 0)
    dashed = opening[1]
    stands = list(islice(_stands(content, dashed), max_count + 2))
    # The first, one behind each part, the last among them.
    if len(stands) - 1 > max_count:
        raise Unsound(3222, count=len(stands) - 1, limit=max_count)
    ends = [at - len(form.CRLF) for at in stands[1:]]
    begins = [at + len(dashed) for at in stands]
    if any(content.read_at(end, 2) != form.CRLF for end in ends):
        form.broken("boundary inside a part", 0)
    last = content.read_at(begins[-1], 5)
    if not ends or last not in (b"--", b"--\r\n"):
        form.broken("end", content.size_bytes)
    for number, (begin, end) in enumerate(zip(begins, ends, strict=False), 1):
        yield Member(f"part {number}.dcm", _body(content, begin, end))


def _stands(content: Content, wanted: bytes) -> Iterator[int]:
    """Every place where these bytes stand, none of them within the one before. One piece at a time."""
    held, at = b"", 0
    for piece in content.chunks(piece_bytes=_PIECE_BYTES):
        held += piece
        *before, held = held.split(wanted)
        for passed in before:
            at += len(passed)
            yield at
            at += len(wanted)
        # What may be the beginning of another one.
        keep = min(len(held), len(wanted) - 1)
        at += len(held) - keep
        held = held[len(held) - keep :]


def _body(content: Content, begin: int, end: int) -> Iterator[bytes]:
    """The bytes of a part; begin, end: of what stands between two boundaries, line end first."""
    piece = content.read_at(begin, min(end - begin, 2 + form.MAX_HEAD_BYTES))
    if piece[:2] != form.CRLF:
        form.broken("boundary", 0)
    head = _LINES.match(piece, 2)
    if head is None:
        form.broken("headers", 0)
    lines = [_LINE.fullmatch(line) for line in head[1].splitlines()]
    fields = [(line[1], line[2]) for line in lines if line is not None]
    if len(fields) != len(lines):
        form.broken("headers", 0)
    start = begin + head.end()
    form.check_fields(fields, end - start, 0)
    yield from content.chunks(start, end - start, CHUNK_BYTES)
