"""Reads on in a journal that another process is writing, checking the chain as it goes.

    start        the segment that holds the last known record, or the first one there is
    catching up  until the last known record has been passed and its hash compared
    following    what is new, at most so many bytes a turn

Whole lines only: half a line is one that is being written. Every finding is told once.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import BinaryIO, Final

from gateway.audit.append import sync_folder
from gateway.audit.chain import Break, Chain
from gateway.audit.note import Head
from gateway.audit.record import MAX_LINE_BYTES
from gateway.audit.segment import Segment, blocks, open_plain, segments

# About 30,000 records or 50 ms: what one turn may take from the process that does it.
MAX_TURN_BYTES: Final = 8 << 20


class Follower:
    """The place reached in one journal. known: the head that a checkpoint has vouched for, if any."""

    def __init__(self, folder: Path, process: str, known: Head | None) -> None:
        self._folder = folder
        self._process = process
        self._known = known
        self._chain = Chain(process)
        self._segment: Segment | None = None
        self._file: BinaryIO | None = None
        self._offset = 0
        self._fresh = False

    @property
    def caught_up(self) -> bool:
        """Whether the place is at or behind what was known before."""
        return self._known is None

    @property
    def head(self) -> Head | None:
        """The last record read, None before the first."""
        if self._chain.head is None or self._chain.seq == 0:
            return None
        return Head(self._process, self._chain.seq, self._chain.head.decode())

    def turn(self) -> list[Break]:
        """Read on, up to MAX_TURN_BYTES. Gives what does not hold. May raise OSError."""
        found: list[Break] = []
        left = MAX_TURN_BYTES
        if self._replaced():
            self._start_over()
        while left > 0:
            if self._file is None and not self._begin(found):
                break
            read_bytes = self._read(found, left)
            left -= read_bytes
            if read_bytes == 0 and not self._next(found, left):
                break
        else:
            return found
        self._compare_at_end(found)
        return found

    def sync(self) -> None:
        """Make durable what was read: a checkpoint must not know more than the disk. Raises OSError."""
        if self._file is None:
            return
        os.fdatasync(self._file.fileno())
        if self._fresh:
            sync_folder(self._folder)
            self._fresh = False

    def close(self) -> None:
        if self._file is not None:
            self._file.close()
        self._file = None

    def _begin(self, found: list[Break]) -> bool:
        there = segments(self._folder) if self._folder.is_dir() else []
        if not there:
            return False
        known_seq = self._known.seq if self._known else 0
        fitting = [segment for segment in there if segment.first_seq <= known_seq + 1]
        if known_seq and not fitting:
            found.append(Break(6021, known_seq + 1, there[0].first_seq - 1))
            self._known = None
        self._open(fitting[-1] if known_seq and fitting else there[0])
        return True

    def _open(self, segment: Segment) -> None:
        file = open_plain(segment.path)
        self.close()
        self._file, self._segment, self._offset, self._fresh = file, segment, 0, True

    def _read(self, found: list[Break], limit_bytes: int) -> int:
        file, segment = self._file, self._segment
        if file is None or segment is None:
            return 0
        start = self._offset
        for block in blocks(file, start):
            if not block.ended and len(block.lines[0]) <= MAX_LINE_BYTES:
                break
            self._take(block.lines, segment, found)
            self._offset = block.end_bytes
            if self._offset - start >= limit_bytes:
                break
        return self._offset - start

    def _take(self, lines: list[bytes], segment: Segment, found: list[Break]) -> None:
        chain = self._chain
        rest = iter(lines)
        if self._offset == 0:
            trouble = chain.open_segment(next(rest), segment.first_seq)
            if trouble is not None:
                found.append(trouble)
            self._compare(found)
        for line in rest:
            trouble = chain.take(line)
            if trouble is not None:
                found.append(trouble)
            if self._known is not None:
                self._compare(found)

    def _next(self, found: list[Break], left: int) -> bool:
        """Open the next segment, if there is one. What is gone from between shows in its head."""
        current = self._segment
        later = [
            one for one in segments(self._folder) if current and one.first_seq > current.first_seq
        ]
        if not later:
            return False
        # The writer may have written here once more before it began the next one.
        if self._read(found, left) == 0:
            self.sync()
            self._open(later[0])
        return True

    def _replaced(self) -> bool:
        """Whether the open segment is gone, shorter than what was read of it, or another file."""
        if self._file is None or self._segment is None:
            return False
        mine = os.fstat(self._file.fileno())
        try:
            there = self._segment.path.stat()
        except FileNotFoundError:
            return True
        return mine.st_ino != there.st_ino or there.st_size < self._offset

    def _start_over(self) -> None:
        """Read anew from the files as they are now, and compare with what was read before."""
        self._known = self._known or self.head
        self.close()
        self._segment, self._chain = None, Chain(self._process)

    def _compare(self, found: list[Break]) -> None:
        known = self._known
        if known is None or self._chain.seq < known.seq:
            return
        self._known = None
        head = self._chain.head
        if self._chain.seq != known.seq or head is None or head.decode() != known.hash:
            found.append(Break(6026, known.seq, known.seq))

    def _compare_at_end(self, found: list[Break]) -> None:
        """At the end of all there is: what is known must have been passed."""
        if self._known is not None:
            found.append(Break(6025, self._chain.seq + 1, self._known.seq))
            self._known = None
