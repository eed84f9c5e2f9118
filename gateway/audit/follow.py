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

from gateway.audit.chain import Break, Chain
from gateway.audit.note import Head
from gateway.audit.segment import Segment, blocks, segments

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
        self._missing_told = False

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
        """Read on, and make durable what was read. Gives what does not hold. May raise OSError."""
        found: list[Break] = []
        left = MAX_TURN_BYTES
        while left > 0:
            if self._file is None and not self._begin(found):
                break
            read_bytes = self._read(found, left)
            left -= read_bytes
            if read_bytes == 0 and not self._next(found):
                break
        else:
            return found
        self._compare_at_end(found)
        return found

    def sync(self) -> None:
        """Make durable what was read: a checkpoint must not know more than the disk. Raises OSError."""
        if self._file is not None:
            os.fdatasync(self._file.fileno())

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
        file = segment.path.open("rb")
        self.close()
        self._file, self._segment, self._offset = file, segment, 0

    def _read(self, found: list[Break], limit_bytes: int) -> int:
        file, segment = self._file, self._segment
        if file is None or segment is None:
            return 0
        if os.fstat(file.fileno()).st_size < self._offset:
            found.append(Break(6025, self._chain.seq, self._chain.seq))
            self._offset = 0
        start = self._offset
        for block in blocks(file, start):
            if not block.ended:
                break
            self._take(block.lines, segment, found)
            self._offset = block.offset_bytes + sum(map(len, block.lines)) + len(block.lines)
            if self._offset - start >= limit_bytes:
                break
        return self._offset - start

    def _take(self, lines: list[bytes], segment: Segment, found: list[Break]) -> None:
        chain = self._chain
        rest = iter(lines)
        if self._offset == 0:
            self._note(chain.open_segment(next(rest), segment.first_seq), found)
            self._compare(found)
        for line in rest:
            trouble = chain.take(line)
            if trouble is not None:
                found.append(trouble)
            if self._known is not None:
                self._compare(found)

    def _next(self, found: list[Break]) -> bool:
        """Open the next segment, if there is one. What is gone from between shows in its head."""
        current = self._segment
        if current is None:
            return False
        if not current.path.exists():
            found.append(Break(6021, current.first_seq, self._chain.seq))
        later = [one for one in segments(self._folder) if one.first_seq > current.first_seq]
        if not later:
            return not current.path.exists() and self._start_over()
        self.sync()
        self._open(later[0])
        return True

    def _start_over(self) -> bool:
        self.close()
        self._segment, self._chain = None, Chain(self._process)
        return False

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

    def _note(self, trouble: Break | None, found: list[Break]) -> None:
        if trouble is not None:
            found.append(trouble)
