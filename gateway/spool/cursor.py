"""Walks the unanswered records of a queue in order, segment after segment, and notices what is missing.

    peek   a Head: the next unit        Damage: ordinals that cannot be read       None: all is read
    skip   go on behind it

Bytes that are no record, and ordinals that no segment holds, are Damage: they are reported and
stepped over, never passed in silence.
"""

from __future__ import annotations

import os
from dataclasses import dataclass

from gateway.spool.intervals import IntervalSet
from gateway.spool.segment import SEGMENT_FRONT_BYTES, Head
from gateway.spool.shelf import Shelf
from gateway.spool.window import Window


@dataclass(frozen=True, slots=True)
class Damage:
    """Ordinals [first, end) cannot be read.

    segment, offset, size_bytes: the bytes in their place; size_bytes is 0 where there are none.
    """

    first: int
    end: int
    segment: int
    offset: int
    size_bytes: int


class Cursor:
    """A place in the queue, from the lowest unanswered ordinal on."""

    def __init__(self, shelf: Shelf, acked: IntervalSet) -> None:
        self._shelf = shelf
        self._acked = acked
        # Nothing beyond it was answered before this open, and what is answered since lies behind us.
        self._answered_end = acked.end
        self._window: Window | None = None
        self.segment = -1
        self._expected = acked.first_missing()

    @property
    def offset(self) -> int:
        """Where the record of the last peek stands in its segment."""
        return self._window.offset if self._window is not None else SEGMENT_FRONT_BYTES

    def peek(self) -> Head | Damage | None:
        """What comes next. Raises OSError of reading."""
        while (window := self._window or self._enter_first()) is not None:
            head = window.peek()
            if head is None and window.offset < window.end:
                if (damage := self._unreadable(window)) is not None:
                    return damage
            elif head is None:
                if not self._more(window):
                    return None
            elif head.ordinal > self._expected and (gap := self._gap(head.ordinal)) is not None:
                return gap
            elif head.ordinal < self._answered_end and head.ordinal in self._acked:
                self.skip(head)
            else:
                return head
        return None

    def skip(self, found: Head | Damage) -> None:
        """Go behind what peek gave."""
        if self._window is None:
            raise RuntimeError("skip without peek")
        if isinstance(found, Head):
            self._window.skip(found)
            self._expected = found.ordinal + 1
            return
        self._window.offset = found.offset + found.size_bytes
        self._expected = found.end

    def content(self, head: Head) -> bytes:
        """Header and inline body of the record of the last peek; not yet checked."""
        return self._window.content(head) if self._window is not None else b""

    def close(self) -> None:
        """Close the segment."""
        if self._window is not None and self._window.fd >= 0:
            os.close(self._window.fd)
        self._window = None

    def _enter_first(self) -> Window | None:
        segment = self._shelf.holding(self._expected) or next(iter(self._shelf), None)
        if segment is None:
            return None
        # The walk begins with the segment; what is answered in it is stepped over.
        self._expected = min(self._expected, segment.first)
        return self._enter(segment.first)

    def _enter(self, first: int) -> Window:
        self.close()
        self.segment = first
        try:
            fd = self._shelf.open(first)
        except FileNotFoundError:
            fd = -1  # reads as empty: what it held is noticed as a gap before the next one
        self._window = Window(fd, SEGMENT_FRONT_BYTES, SEGMENT_FRONT_BYTES)
        return self._window

    def _more(self, window: Window) -> bool:
        """At the end of what may be read: whether the segment has grown, or another follows."""
        if self._shelf.is_active(self.segment):
            end = self._shelf.mark.end
        else:
            end = os.fstat(window.fd).st_size if window.fd >= 0 else 0
        if end > window.end:
            window.end = end
            return True
        following = self._shelf.after(self.segment)
        if following is None:
            return False
        self._enter(following.first)
        return True

    def _gap(self, found: int) -> Damage | None:
        """Ordinals [expected, found) that stand nowhere, unless all of them are answered."""
        if self._acked.covers(self._expected, found):
            self._expected = found
            return None
        return Damage(self._expected, found, self.segment, self.offset, 0)

    def _unreadable(self, window: Window) -> Damage | None:
        """The bytes from here to the next record, unless all units in them are answered."""
        ahead = Window(window.fd, window.offset, window.end)
        ahead.resync()
        head = ahead.peek()
        end = head.ordinal if head is not None else self._shelf.end_ordinal(self.segment)
        if self._acked.covers(self._expected, end):
            window.offset, self._expected = ahead.offset, max(end, self._expected)
            return None
        return Damage(
            self._expected, end, self.segment, window.offset, ahead.offset - window.offset
        )
