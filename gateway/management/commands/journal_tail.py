"""The end of one journal, read on from where the last look ended. Takes no lock and changes nothing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from gateway.errors import Refused

if TYPE_CHECKING:
    from gateway.audit.record import Record
    from gateway.audit.segment import Segment


class JournalTail:
    """The place reached in one journal.

    most_bytes: of a segment at the first look, 0 for all of it. cut_at_ns: the moment of the first record
    that was read where earlier ones were left out for that, else 0.
    """

    def __init__(self, folder: Path, most_bytes: int = 0) -> None:
        self._folder, self._most_bytes = folder, most_bytes
        self._segment: Path | None = None
        self._offset_bytes = 0
        self._is_cut = False
        self.cut_at_ns = 0

    def news(self, since_ns: int) -> Iterator[Record]:
        """Records written since the last call; at the first those since `since_ns`."""
        from gateway.audit.segment import segments

        if not self._folder.is_dir():
            return
        there = segments(self._folder)
        if self._segment is None and self._most_bytes:
            there = there[-1:]
        for segment in there:
            if self._segment is not None and segment.path < self._segment:
                continue
            if self._segment is None and segment.path.stat().st_mtime_ns < since_ns:
                continue
            if segment.path != self._segment:
                self._begin(segment)
            yield from self._read(since_ns)

    def _begin(self, segment: Segment) -> None:
        is_first = self._segment is None
        self._segment, self._offset_bytes = segment.path, 0
        if not is_first or not self._most_bytes:
            return
        start = segment.path.stat().st_size - self._most_bytes
        if start > 0:
            with segment.path.open("rb") as file:
                file.seek(start)
                self._offset_bytes = start + len(file.readline(self._most_bytes))
            self._is_cut = True

    def _read(self, since_ns: int) -> Iterator[Record]:
        from gateway.audit.record import decode_line
        from gateway.audit.segment import blocks

        if self._segment is None:
            return
        with self._segment.open("rb") as file:
            for block in blocks(file, self._offset_bytes):
                if not block.ended:
                    return
                self._offset_bytes = block.end_bytes
                for line in block.lines:
                    try:
                        record = decode_line(line)[0]
                    except Refused:
                        continue
                    if self._is_cut and not self.cut_at_ns:
                        self.cut_at_ns = record.at_ns
                    if record.at_ns >= since_ns:
                        yield record
