"""Lets go of what is answered and past keeping; runs inside the reader's calls, a little at a time.

What goes when is decided in gateway.spool.keeping; here are the clock, the counters and the files.
"""

from __future__ import annotations

import time
from contextlib import suppress
from typing import Final

from gateway.spool.disk import Disk
from gateway.spool.intervals import IntervalSet
from gateway.spool.keeping import Cleared, Keep, Shelved, clear, past_keeping
from gateway.spool.layout import Layout, bytes_on_disk
from gateway.spool.segment import Head
from gateway.spool.shelf import Segment, Shelf

# Often enough that nothing lingers, seldom enough to cost nothing.
_EVERY_S: Final = 0.5

# Overwriting reads a segment again. With traffic it is put off: most segments are removed whole.
_CLEAR_IDLE_S: Final = 1.0
_CLEAR_BUSY_S: Final = 10.0
# At most a twentieth of the time goes into it.
_CLEAR_SHARE: Final = 20

_SIZES_S: Final = 5.0
# Looking at every file of a queue in which much is set aside takes its time: again a twentieth at most.
_SIZES_SHARE: Final = 20


class Tidier:
    """Keeps for each segment what was answered in it, and lets it go."""

    def __init__(self, layout: Layout, shelf: Shelf, disk: Disk, keep: Keep) -> None:
        self._layout = layout
        self._shelf = shelf
        self._disk = disk
        self._keep = keep
        self._next_s = 0.0
        self._sizes_s = 0.0
        self._size_bytes = 0

    def note_answer(self, start: int, end: int, at_ns: int) -> None:
        """Ordinals [start, end) were answered at this time."""
        segment = self._shelf.holding(start) or next(iter(self._shelf), None)
        while segment is not None and segment.first < end:
            segment.answered_at_ns = at_ns
            segment = self._shelf.after(segment.first)

    def answered_at_ns(self) -> dict[int, int]:
        """The last answer of each segment that has one."""
        return {s.first: s.answered_at_ns for s in self._shelf if s.answered_at_ns}

    def find_bodies(self, acked: IntervalSet) -> None:
        """At open: answered bodies that still lie there. Raises OSError of the disk."""
        for ordinal in list(self._layout.body_ordinals()):
            if ordinal in acked:
                with suppress(FileNotFoundError):
                    self._note_body(ordinal, self._layout.body(ordinal).stat().st_size)

    def note_body(self, head: Head) -> None:
        """A unit with a body in a file was answered. Raises OSError of the disk."""
        self._note_body(head.ordinal, head.body_bytes)

    def _note_body(self, ordinal: int, size_bytes: int) -> None:
        segment = None if self._keep.nothing else self._shelf.holding(ordinal)
        if segment is None:
            with suppress(FileNotFoundError):
                self._disk.discard(self._layout.body(ordinal))
            return
        segment.body_ordinals.append(ordinal)
        segment.body_bytes += size_bytes

    def forget_body(self, head: Head) -> None:
        """A kept unit is to be taken again: its body stays."""
        segment = self._shelf.holding(head.ordinal)
        if segment is not None and head.ordinal in segment.body_ordinals:
            segment.body_ordinals.remove(head.ordinal)
            segment.body_bytes -= head.body_bytes

    def is_due(self, now_s: float) -> bool:
        """Whether it is time for `run`."""
        return now_s >= self._next_s

    def run(self, acked: IntervalSet, now_s: float, *, idle: bool) -> None:
        """Let go of what is past keeping. Raises OSError of the disk."""
        self._next_s = now_s + _EVERY_S
        answered = {s.first: count for s in self._shelf if (count := self._answered(s, acked))}
        shelved = [self._shelved(s, answered[s.first]) for s in self._shelf if s.first in answered]
        gone = past_keeping(shelved, self._keep, time.time_ns())
        for segment in self._shelf:
            if segment.first not in gone:
                continue
            count = self._shelf.end_ordinal(segment.first) - segment.first
            if answered[segment.first] == count and not self._shelf.is_active(segment.first):
                self._shelf.remove(segment)
            else:
                self._clear(segment, answered[segment.first], acked, now_s, idle=idle)

    def kept(self, acked: IntervalSet) -> int:
        """How many answered units still lie there."""
        return sum(max(self._answered(s, acked) - s.cleared.units, 0) for s in self._shelf)

    def bytes_on_disk(self) -> int:
        """What the queue takes of the disk, up to five seconds old, or twenty times what a look costs."""
        if (now_s := time.monotonic()) >= self._sizes_s:
            self._size_bytes = bytes_on_disk(self._layout)
            cost_s = time.monotonic() - now_s
            self._sizes_s = now_s + max(_SIZES_S, cost_s * _SIZES_SHARE)
        return self._size_bytes

    def _answered(self, segment: Segment, acked: IntervalSet) -> int:
        end = self._shelf.end_ordinal(segment.first)
        return sum(high - low for low, high in acked.within(segment.first, end))

    def _shelved(self, segment: Segment, answered: int) -> Shelved:
        count = self._shelf.end_ordinal(segment.first) - segment.first
        own_bytes = self._shelf.end_offset(segment.first) * answered // max(count, 1)
        return Shelved(segment.first, own_bytes + segment.body_bytes, segment.answered_at_ns)

    def _clear(
        self, segment: Segment, answered: int, acked: IntervalSet, now_s: float, *, idle: bool
    ) -> None:
        self._shelf.remove_bodies(segment)
        wait_s = max(_CLEAR_IDLE_S if idle else _CLEAR_BUSY_S, segment.clear_cost_s * _CLEAR_SHARE)
        if answered <= segment.cleared.units or now_s - segment.cleared_at_s < wait_s:
            return
        try:
            fd = self._shelf.fd(segment.first)
        except FileNotFoundError:
            return
        end = self._shelf.end_offset(segment.first)
        segment.cleared = clear(self._disk, fd, segment.cleared, end, acked)
        segment.cleared_at_s = time.monotonic()
        segment.clear_cost_s = segment.cleared_at_s - now_s

    def note_cleared(self, head: Head) -> None:
        """One unit was overwritten by itself, out of turn."""
        segment = self._shelf.holding(head.ordinal)
        if segment is not None:
            was = segment.cleared
            segment.cleared = Cleared(was.offset, was.before, was.units + 1)
