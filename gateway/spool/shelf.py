"""The segments as the reader sees them: which there are, how far each may be read, one record of each.

Knows nothing of answers' meaning; keeps for each segment what keeping and look-up need.
"""

from __future__ import annotations

import os
import time
from array import array
from bisect import bisect_right, insort
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final

from gateway.errors import Misconfigured
from gateway.spool.disk import Disk
from gateway.spool.intervals import IntervalSet
from gateway.spool.keeping import Cleared
from gateway.spool.layout import Layout, no_access
from gateway.spool.mark import MARK_BYTES, Mark, decode_mark
from gateway.spool.segment import (
    HEAD_BYTES,
    SEGMENT_FRONT_BYTES,
    Head,
    content_is_whole,
    decode_head,
    encode_segment_front,
)
from gateway.spool.window import heads

# The active segment, the one being read, and some with stuck units; more are reopened when needed.
_MAX_OPEN: Final = 8

# Magic without its version: the seven bytes that say that this is a segment at all.
_MAGIC: Final = encode_segment_front(0, 0)[:8]


@dataclass(slots=True)
class Segment:
    """One segment. first: its first ordinal.

    answered_at_ns: the last answer in it. body_ordinals, body_bytes: answered bodies in files that
    still lie there. cleared: how far what it held is overwritten, when last, how long it took.
    numbers: its unit numbers, once somebody has looked for one.
    """

    first: int
    answered_at_ns: int = 0
    body_ordinals: array[int] = field(default_factory=lambda: array("Q"))
    body_bytes: int = 0
    cleared: Cleared = field(default_factory=lambda: Cleared(SEGMENT_FRONT_BYTES, 0, 0))
    cleared_at_s: float = field(default_factory=time.monotonic)
    clear_cost_s: float = 0.0
    numbers: IntervalSet | None = None


# The writer's file in a folder that both may write to: a pipe or a link in its place never holds us.
_NEIGHBOURS: Final = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


class Shelf:
    """All segments of a queue, oldest first, and the mark up to which they may be read."""

    def __init__(self, layout: Layout, disk: Disk) -> None:
        self._layout = layout
        self._disk = disk
        self._firsts: list[int] = []
        self._segments: dict[int, Segment] = {}
        self._fds: dict[int, int] = {}
        self._mark_fd = -1
        self._mark_bytes = b""
        self.mark = Mark(0, 0, 0)

    def look_for_news(self) -> bool:
        """Read the mark; a system call and a comparison when nothing is new."""
        if self._mark_fd < 0:
            try:
                self._mark_fd = os.open(self._layout.mark, _NEIGHBOURS)
            except FileNotFoundError:
                return False
        raw = os.pread(self._mark_fd, MARK_BYTES, 0)
        if raw == self._mark_bytes:
            return False
        mark = decode_mark(raw)
        if mark is None:
            return False
        self._mark_bytes = raw
        if mark.segment != self.mark.segment or not self._firsts:
            self._list(mark.segment)
        self.mark = mark
        return True

    def _list(self, last: int) -> None:
        for first in self._layout.first_ordinals():
            if first <= last and first not in self._segments:
                self._segments[first] = Segment(first)
                insort(self._firsts, first)

    def __iter__(self) -> Iterator[Segment]:
        return (self._segments[first] for first in list(self._firsts))

    def __len__(self) -> int:
        return len(self._firsts)

    def first_ordinal(self) -> int | None:
        """Where the oldest segment begins, None if there is no segment."""
        return self._firsts[0] if self._firsts else None

    def holding(self, ordinal: int) -> Segment | None:
        """The segment in whose range this ordinal falls."""
        at = bisect_right(self._firsts, ordinal) - 1
        return self._segments[self._firsts[at]] if at >= 0 else None

    def after(self, first: int) -> Segment | None:
        """The next segment, None behind the last."""
        at = bisect_right(self._firsts, first)
        return self._segments[self._firsts[at]] if at < len(self._firsts) else None

    def is_active(self, first: int) -> bool:
        """Whether the writer still appends to it."""
        return first >= self.mark.segment

    def end_ordinal(self, first: int) -> int:
        """The ordinal behind the last one that this segment may hold by now."""
        following = self.after(first)
        return following.first if following is not None else self.mark.next_ordinal

    def end_offset(self, first: int) -> int:
        """How many bytes of it may be read. A segment that is no longer there has none."""
        if self.is_active(first):
            return self.mark.end
        with suppress(FileNotFoundError):
            return os.fstat(self.fd(first)).st_size
        return 0

    def fd(self, first: int) -> int:
        """A descriptor for reading and clearing. Raises FileNotFoundError, Misconfigured."""
        fd = self._fds.get(first)
        if fd is not None:
            return fd
        if len(self._fds) >= _MAX_OPEN:
            os.close(self._fds.pop(next(iter(self._fds))))
        fd = self._fds[first] = self.open(first)
        return fd

    def open(self, first: int) -> int:
        """A descriptor of one's own. Raises FileNotFoundError, Misconfigured 6504 or 6507."""
        path = self._layout.segment(first)
        try:
            fd = os.open(path, os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW)
        except PermissionError as error:
            raise no_access(path, error) from error
        front = os.pread(fd, len(_MAGIC), 0)
        if front[:-1] == _MAGIC[:-1] and front != _MAGIC:
            os.close(fd)
            raise Misconfigured(6507, path=str(path), version=front[-1])
        return fd

    def head(self, first: int, offset: int) -> Head | None:
        """The head of one record, None if it is not whole any more."""
        try:
            raw = os.pread(self.fd(first), HEAD_BYTES, offset)
        except FileNotFoundError:
            return None
        head = decode_head(raw, 0) if len(raw) == HEAD_BYTES else None
        if head is None or offset + head.record_bytes > self.end_offset(first):
            return None
        return head

    def heads(self, first: int, offset: int = SEGMENT_FRONT_BYTES) -> Iterator[tuple[int, Head]]:
        """(offset, head) of every readable record from an offset on, in order."""
        try:
            fd = self.open(first)
        except FileNotFoundError:
            return
        try:
            yield from heads(fd, self.end_offset(first), offset)
        finally:
            os.close(fd)

    def content(self, first: int, offset: int, head: Head) -> bytes | None:
        """Header and inline body of one record, None if they are not whole any more."""
        try:
            content = os.pread(self.fd(first), head.content_bytes, offset + HEAD_BYTES)
        except FileNotFoundError:
            return None
        return content if content_is_whole(head, content) else None

    def numbers(self, segment: Segment) -> IntervalSet:
        """The unit numbers of a segment; kept in mind for one that no longer grows."""
        if segment.numbers is not None:
            return segment.numbers
        numbers = IntervalSet()
        for _, head in self.heads(segment.first):
            numbers.add(head.number)
        if not self.is_active(segment.first):
            segment.numbers = numbers
        return numbers

    def remove(self, segment: Segment) -> None:
        """Remove a segment and its answered bodies. Raises OSError of the disk."""
        self.remove_bodies(segment)
        with suppress(FileNotFoundError):
            self._disk.unlink(self._layout.segment(segment.first))
        if (fd := self._fds.pop(segment.first, None)) is not None:
            os.close(fd)
        del self._segments[segment.first]
        self._firsts.remove(segment.first)

    def remove_bodies(self, segment: Segment) -> None:
        """Remove the answered bodies of a segment. Raises OSError of the disk."""
        while segment.body_ordinals:
            with suppress(FileNotFoundError):
                self._disk.unlink(self._layout.body(segment.body_ordinals[-1]))
            segment.body_ordinals.pop()
        segment.body_bytes = 0

    def close(self) -> None:
        """Close every descriptor."""
        for fd in (*self._fds.values(), self._mark_fd):
            if fd >= 0:
                os.close(fd)
        self._fds.clear()
        self._mark_fd = -1
