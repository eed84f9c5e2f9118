"""Reads the records of one segment in order, through a buffer of bounded size.

Reads only. What a record means for the queue is decided by recovery and the reader.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Final

from gateway.spool.segment import HEAD_BYTES, SEGMENT_FRONT_BYTES, Head, decode_head, find_head

# Some sixty units of 4 KiB a system call; more gains nothing measurable.
READ_BYTES: Final = 262_144


class Window:
    """A place in a segment.

    offset: where the next record begins. end: bytes that may be read; the owner may move it on.
    """

    __slots__ = ("_base", "_buffer", "end", "fd", "offset")

    def __init__(self, fd: int, offset: int, end: int) -> None:
        self.fd = fd
        self.offset = offset
        self.end = end
        self._buffer = b""
        self._base = offset

    def peek(self) -> Head | None:
        """The head at offset. None at the end, or where no whole record stands (offset < end)."""
        if not self._have(HEAD_BYTES):
            return None
        head = decode_head(self._buffer, self.offset - self._base)
        if head is None or self.offset + head.record_bytes > self.end:
            return None
        return head

    def content(self, head: Head) -> bytes:
        """Header and inline body of the record at offset; shorter if the file is."""
        self._have(head.record_bytes)
        start = self.offset - self._base + HEAD_BYTES
        return self._buffer[start : start + head.content_bytes]

    def skip(self, head: Head) -> None:
        """Go behind the record at offset."""
        self.offset += head.record_bytes

    def resync(self) -> None:
        """Go to the next place after offset where a whole head stands, or to the end."""
        self.offset += 1
        while self.offset < self.end:
            self._buffer = os.pread(self.fd, min(READ_BYTES, self.end - self.offset), self.offset)
            self._base = self.offset
            found = find_head(self._buffer, 0)
            if found >= 0:
                self.offset += found
                return
            # A head may lie across the edge of two reads.
            self.offset += max(len(self._buffer) - HEAD_BYTES + 1, 1)
        self.offset = self.end

    def _have(self, need: int) -> bool:
        at = self.offset - self._base
        if at >= 0 and len(self._buffer) - at >= need:
            return True
        if self.offset + need > self.end:
            return False
        size = min(max(need, READ_BYTES), self.end - self.offset)
        self._buffer = os.pread(self.fd, size, self.offset)
        self._base = self.offset
        return len(self._buffer) >= need


def heads(fd: int, end: int, offset: int = SEGMENT_FRONT_BYTES) -> Iterator[tuple[int, Head]]:
    """(offset, head) of every record from offset to end, in order; what is no record is stepped over."""
    window = Window(fd, offset, end)
    while window.offset < end:
        head = window.peek()
        if head is None:
            window.resync()
            continue
        yield window.offset, head
        window.skip(head)
