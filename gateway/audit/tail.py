"""Reads on in a journal for the records of some words, from a place that lasts over restarts. I/O.

    place: segment and offset --read()--> records of these words, the place behind them
                 | the segment is gone or shorter: from its begin, or from the next one there is

Whole lines only. Believes what it reads: whether the chain holds is gateway.audit.follow's.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, BinaryIO, Final

import msgspec

from gateway.audit.record import MAX_LINE_BYTES, Record, decode_line
from gateway.audit.segment import Block, Segment, blocks, open_plain, segments
from gateway.errors import Refused

# The hash of a record and what closes the line.
_ENDING_BYTES: Final = 66
_Count = Annotated[int, msgspec.Meta(ge=0, le=(1 << 63) - 1)]


class Place(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Behind which line was read. first_seq: of the segment, 0 where there was none. offset_bytes: in it.
    ending: the last characters of the line before, by which a file that was cut and grew again is known."""

    first_seq: _Count = 0
    offset_bytes: _Count = 0
    ending: Annotated[str, msgspec.Meta(max_length=_ENDING_BYTES)] = ""


# What one turn reads of a journal: some 30,000 records.
MAX_TURN_BYTES: Final = 8 << 20


class Tail:
    """One journal. words: what is looked for. place: where to go on, None for the end as it is now."""

    def __init__(self, folder: Path, words: Iterable[str], place: Place | None) -> None:
        """May raise OSError."""
        self._folder = folder
        self._needles = [b'"what":"%s"' % word.encode() for word in sorted(words)]
        self.place = place if place is not None else self._end()
        self._is_sure = place is None

    def read(self) -> list[Record]:
        """What is new, at most MAX_TURN_BYTES of it; `place` is behind that. May raise OSError."""
        found: list[Record] = []
        left = MAX_TURN_BYTES
        while left > 0:
            read_bytes = self._read(found, left)
            left -= read_bytes
            if not read_bytes and not self._next():
                break
        return found

    def _read(self, found: list[Record], limit_bytes: int) -> int:
        place = self.place
        path = next((s.path for s in self._there() if s.first_seq == place.first_seq), None)
        if path is None:
            return 0
        with open_plain(path) as file:
            if not self._stands(file, place):
                # A tail was cut after a power cut: all of the segment is read once more.
                place = Place(place.first_seq)
            begin = place.offset_bytes
            for block in blocks(file, begin):
                if not block.ended and len(block.lines[0]) <= MAX_LINE_BYTES:
                    break
                for line in block.lines:
                    self._take(line, found)
                place = _behind(place.first_seq, block)
                if place.offset_bytes - begin >= limit_bytes:
                    break
        self.place, self._is_sure = place, True
        return place.offset_bytes - begin

    def _stands(self, file: BinaryIO, place: Place) -> bool:
        """Whether the file still is what was read of it. Looked at once a start, and when it is shorter."""
        if file.seek(0, 2) < place.offset_bytes:
            return False
        if self._is_sure or not place.offset_bytes:
            return True
        ending = place.ending.encode("latin-1")
        file.seek(max(0, place.offset_bytes - 1 - len(ending)))
        return file.read(len(ending)) == ending

    def _take(self, untrusted_line: bytes, found: list[Record]) -> None:
        if not any(needle in untrusted_line for needle in self._needles):
            return
        try:
            found.append(decode_line(untrusted_line)[0])
        except Refused:
            return  # The guard's following of the chain tells it.

    def _next(self) -> bool:
        """On to the next segment, if there is one."""
        later = [one for one in self._there() if one.first_seq > self.place.first_seq]
        if later:
            self.place = Place(later[0].first_seq, 0)
        return bool(later)

    def _end(self) -> Place:
        there = self._there()
        if not there:
            return Place()
        last = there[-1]
        with open_plain(last.path) as file:
            place = Place(last.first_seq)
            for block in blocks(file):
                if block.ended:
                    place = _behind(last.first_seq, block)
        return place

    def _there(self) -> list[Segment]:
        return segments(self._folder) if self._folder.is_dir() else []


def _behind(first_seq: int, block: Block) -> Place:
    ending = block.lines[-1][-_ENDING_BYTES:].decode("latin-1")
    return Place(first_seq, block.end_bytes, ending)
