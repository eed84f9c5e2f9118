"""What the reader of a queue has still to answer, of what is large, as its writer knows it.

    opened()  body/ and the answers -->  what is there, of the last kind
    put()     ordinal, kind, size   -->  | sizes by ordinal, a tally for each kind |
    figures() new end of `answers`  -->  what is answered goes out

A look reads what the reader has appended since the one before: most often one system call. For a writer that
is to put no more than is of use; a figure that cannot be had is None, and stops nobody.
"""

from __future__ import annotations

import errno
import os
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from gateway.spool.answers import LOG_FRONT, Kind, Pair, decode_answers
from gateway.spool.intervals import IntervalSet
from gateway.spool.layout import Layout
from gateway.spool.model import Entry

# A reader answers several times a second at most.
_LOOK_S: Final = 0.25
# An entry is written with one call. Where none is whole for so many looks, the log is damaged: its reader
# writes it anew when it starts.
_TORN_LOOKS: Final = 20
# Twice what one of a reader with a full hand comes to before it is written anew; theirs may be taken over.
_MOST_BYTES: Final = 64 << 20
_READERS: Final = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


@dataclass(frozen=True, slots=True)
class Figures:
    """largest_bytes: of one of them; 0 without any."""

    units: int = 0
    size_bytes: int = 0
    largest_bytes: int = 0

    def __add__(self, other: Figures) -> Figures:
        largest = max(self.largest_bytes, other.largest_bytes)
        return Figures(self.units + other.units, self.size_bytes + other.size_bytes, largest)


@dataclass(slots=True)
class Tally:
    """Sizes by number, and what they add up to. Pure."""

    sizes: dict[int, int] = field(default_factory=dict)
    size_bytes: int = 0
    # None: it is gone, and looked for when somebody asks.
    largest_bytes: int | None = 0

    def add(self, number: int, size_bytes: int) -> None:
        """One more, or nothing where it is known."""
        if number not in self.sizes:
            self.sizes[number] = size_bytes
            self.size_bytes += size_bytes
            if self.largest_bytes is not None:
                self.largest_bytes = max(self.largest_bytes, size_bytes)

    def remove(self, number: int) -> int:
        """It is gone; gives its size, 0 where it was not known."""
        size_bytes = self.sizes.pop(number, 0)
        self.size_bytes -= size_bytes
        if size_bytes and size_bytes == self.largest_bytes:
            self.largest_bytes = None
        return size_bytes

    def remove_ranges(self, ranges: Iterable[Pair]) -> None:
        """All of [start, end) are gone."""
        for start, end in ranges:
            if end - start < len(self.sizes):
                gone: Iterable[int] = range(start, end)
            else:
                gone = [number for number in self.sizes if start <= number < end]
            for number in gone:
                self.remove(number)

    @property
    def figures(self) -> Figures:
        """What they add up to."""
        if self.largest_bytes is None:
            self.largest_bytes = max(self.sizes.values(), default=0)
        return Figures(len(self.sizes), self.size_bytes, self.largest_bytes)


class AnswersTail:
    """What a reader has appended to its log of answers since the last look. I/O, read only."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._fd, self._offset = -1, 0
        self._unreadable_looks = 0

    def read(self) -> list[Pair]:
        """Ranges of ordinals that were answered; of a log that was written anew, all.

        Raises OSError, also while it cannot be read on.
        """
        ranges: list[Pair] = []
        if self._is_replaced():
            # What was appended before it was replaced stands in the new one too.
            self.close()
            try:
                self._fd = os.open(self._path, _READERS)
            except FileNotFoundError:
                return []
        while self._fd >= 0:
            size = os.fstat(self._fd).st_size
            if size <= self._offset:
                self._unreadable_looks = 0
                return ranges
            if size - self._offset > _MOST_BYTES:
                raise OSError(errno.EFBIG, "too much at once", str(self._path))
            raw = os.pread(self._fd, size - self._offset, self._offset)
            # An entry stands by itself: decoded as a log of its own, its front put before it.
            front = LOG_FRONT if self._offset else b""
            answers, whole = decode_answers(front + raw)
            if whole <= len(front):
                self._unreadable_looks += 1
                if self._unreadable_looks > _TORN_LOOKS:
                    raise OSError(errno.EBADMSG, "no whole entry", str(self._path))
                return ranges
            self._unreadable_looks = 0
            self._offset += whole - len(front)
            for answer in answers:
                if answer.kind is Kind.ACK:
                    ranges += answer.pairs
        return ranges

    def close(self) -> None:
        """Close the file."""
        if self._fd >= 0:
            os.close(self._fd)
        self._fd, self._offset = -1, 0
        self._unreadable_looks = 0

    def _is_replaced(self) -> bool:
        if self._fd < 0:
            return True
        try:
            there = self._path.stat()
        except FileNotFoundError:
            return False
        mine = os.fstat(self._fd)
        return (there.st_dev, there.st_ino) != (mine.st_dev, mine.st_ino)


class Unanswered:
    """Of one queue, for its writer. Called from its thread.

    above_bytes: only larger bodies count; not less than what the queue keeps in its segments. kinds: how many
    there are; kind_of: an entry, 0 and up. What was there before this process is of the last one.
    """

    def __init__(
        self, folder: Path, above_bytes: int, kinds: int, kind_of: Callable[[Entry], int]
    ) -> None:
        self._layout, self._above_bytes, self._kind_of = Layout.of(folder), above_bytes, kind_of
        self._tallies = [Tally() for _ in range(kinds)]
        self._tail = AnswersTail(self._layout.answers)
        self._is_known = True
        self._look_s = 0.0

    def opened(self, next_ordinal: int) -> None:
        """The queue is open: what is below next_ordinal and not answered. Lists its bodies once."""
        try:
            acked = IntervalSet(self._tail.read())
            for ordinal in self._layout.body_ordinals():
                if ordinal < next_ordinal and ordinal not in acked:
                    size_bytes = self._size_of(ordinal)
                    if size_bytes > self._above_bytes:
                        self._tallies[-1].add(ordinal, size_bytes)
        except OSError:
            # What it could not find does not count.
            self._is_known = False

    def put(self, first_ordinal: int, entries: Sequence[Entry], sizes: Sequence[int]) -> None:
        """These are in the queue from now on, in this order. sizes: of their bodies, in bytes."""
        for ordinal, (entry, size_bytes) in enumerate(
            zip(entries, sizes, strict=True), first_ordinal
        ):
            if size_bytes > self._above_bytes:
                kind = min(self._kind_of(entry), len(self._tallies) - 1)
                self._tallies[kind].add(ordinal, size_bytes)

    def figures(self, kind: int) -> Figures | None:
        """Of this kind and those before it; up to a quarter of a second old. None: it cannot be known."""
        if any(tally.sizes for tally in self._tallies):
            self._look(time.monotonic())
        if not self._is_known:
            return None
        return sum((tally.figures for tally in self._tallies[: kind + 1]), Figures())

    def close(self) -> None:
        """Close what is open."""
        self._tail.close()

    def _look(self, now_s: float) -> None:
        if now_s < self._look_s:
            return
        self._look_s = now_s + _LOOK_S
        try:
            ranges = self._tail.read()
        except OSError:
            self._is_known = False
            return
        self._is_known = True
        for tally in self._tallies:
            tally.remove_ranges(ranges)

    def _size_of(self, ordinal: int) -> int:
        try:
            return self._layout.body(ordinal).stat().st_size
        except FileNotFoundError:
            return 0
