"""Chunks of units into blocks, while the sender core has buffers. Reads bodies; no link, no queue.

    lists for the other  -->  small units, whole  -->  large units in turns, a chunk at a time  -->  blocks
    lane, resolved names      (small ones go between)

A body is read into the block itself, never beside it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Sequence
from typing import Final

from gateway.ferry.oneway.records import Resolved
from gateway.ferry.oneway.sender import OneWaySender
from gateway.sending.jobs import Job, LineUp
from gateway.spool.page_cache import ReadBehind

# Units up to this size go at once; larger ones take turns with them, a block at a time.
_SMALL_BYTES: Final = 1 << 20
_LARGE_AT_ONCE: Final = 2
# Small units that are taken before blocks are free for them, and the rest that calls for more.
_SMALL_WAITING: Final = 128
# Large units that wait for their turn are a path and a number each; small ones behind them go on.
_LARGE_WAITING: Final = 1_024
_RESOLVED_AT_ONCE: Final = 4_096


class Filler:
    """What waits to go into blocks. spoilt: is told of a job whose body is shorter than the queue said."""

    def __init__(self, sender: OneWaySender, spoilt: Callable[[Job], None]) -> None:
        self._sender, self._spoilt = sender, spoilt
        self._small, self._large = LineUp(), LineUp()
        self._resolved: deque[Resolved] = deque()
        self._said: deque[Sequence[bytes]] = deque(maxlen=1)
        self._saying: deque[bytes] = deque()

    @property
    def idle(self) -> bool:
        """Whether no unit waits."""
        return not self._small and not self._large

    @property
    def room(self) -> int:
        """How many more units may be lined up."""
        return max(0, min(_SMALL_WAITING - len(self._small), _LARGE_WAITING - len(self._large)))

    @property
    def wants_more(self) -> bool:
        """Whether there is room for a whole batch of the queue."""
        return len(self._small) < _SMALL_WAITING // 2 and len(self._large) < _LARGE_WAITING

    def add(self, job: Job) -> None:
        """Line a unit up."""
        is_small = job.sending.total_bytes <= _SMALL_BYTES
        (self._small if is_small else self._large).append(job)

    def resolve(self, entries: Iterable[Resolved]) -> None:
        """Names of units for the receiver; they go before any unit."""
        self._resolved += entries

    def say(self, bodies: Sequence[bytes]) -> None:
        """Control blocks about the opposite lane, in place of those that have not gone. From any thread."""
        self._said.append(bodies)

    def fill(self) -> None:
        """Put into blocks what there is room for."""
        if self._said:
            self._saying = deque(self._said.popleft())
        while self._saying:
            if not self._sender.returned(self._saying[0]):
                return
            self._saying.popleft()
        if not self._fill_resolved():
            return
        while self._sender.can_take and not self.idle:
            if self._small:
                if self._advance(self._small.first, whole=True):
                    self._small.remove_first()
                elif not self._sender.can_take:
                    return
            elif self._advance(self._large.first, whole=False):
                self._large.remove_first()
            else:
                self._large.take_turns(_LARGE_AT_ONCE)
        if self.idle:
            self._sender.flush()

    def _fill_resolved(self) -> bool:
        """False where blocks ran out before all names were in them."""
        while self._resolved:
            count = min(len(self._resolved), _RESOLVED_AT_ONCE)
            entries = [self._resolved[place] for place in range(count)]
            if not self._sender.can_take or not self._sender.resolve(entries):
                return False
            for _ in entries:
                self._resolved.popleft()
        return True

    def _advance(self, job: Job, *, whole: bool) -> bool:
        """Put more of a unit into blocks: all there is room for, or one chunk. True when it is complete."""
        while job.ranges:
            first, end = job.ranges[0]
            room = self._sender.room(job.sending, end - first)
            if room is None:
                return False
            done = read_piece(job, first, room)
            if done == 0 and end > first:
                # Nothing more of it is sent.
                self._end(job)
                self._spoilt(job)
                return True
            self._sender.commit(job.sending, first, done)
            job.ranges.popleft()
            if first + done < end:
                job.ranges.appendleft((first + done, end))
            if not whole and job.ranges:
                return False
        self._end(job)
        return True

    def _end(self, job: Job) -> None:
        job.close()
        self._sender.end(job.sending)


def read_piece(job: Job, offset: int, room: memoryview) -> int:
    """Fill room from the body, or from the queue header behind it; gives the bytes, 0 for none.

    offset: of the unit on the lane, which is its body and then its queue header. Reads the body's file
    where it has one; raises nothing.
    """
    body = job.taken.body
    if offset >= body.size_bytes:
        piece = job.taken.header[offset - body.size_bytes :][: len(room)]
        room[: len(piece)] = piece
        return len(piece)
    if body.path is not None:
        return _read_stream(job, offset, room[: body.size_bytes - offset])
    data = body.read()
    whole = len(data) - offset + len(job.taken.header)
    if len(room) >= whole:
        room[:whole] = data[offset:] + job.taken.header
        return whole
    piece = data[offset : offset + len(room)]
    room[: len(piece)] = piece
    return len(piece)


def _read_stream(job: Job, offset: int, room: memoryview) -> int:
    try:
        if job.stream is None or job.read is None:
            job.stream = job.taken.body.open()
            job.read = ReadBehind(job.stream.fileno())
        if job.stream.tell() != offset:
            job.stream.seek(offset)
        done: int = job.stream.readinto(room)  # type: ignore[attr-defined]
    except OSError:
        return 0
    job.read.passed(offset)
    return done
