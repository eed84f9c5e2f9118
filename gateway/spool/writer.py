"""The writing end of a queue folder: one group commit a put.

    put:  bodies above the inline limit   sync, rename into body/, sync of the folder
          records of all entries          one append to the active segment, one fdatasync
          --- from here the source may forget them ---
          numbers, mark                   the reader sees them

    full segment:  ledger (durable), new segment (durable), mark

Not thread-safe: one put at a time.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Final

from gateway.errors import GatewayError, StateUncertain
from gateway.spool.disk import (
    Disk,
    RealDisk,
    disk_errors,
    free_bytes_of,
    full,
    is_full,
    replace,
    uncertain,
)
from gateway.spool.intake import Intake
from gateway.spool.layout import Layout, lock_end, make
from gateway.spool.ledger import encode_ledger
from gateway.spool.mark import Mark, encode_mark
from gateway.spool.model import Entry, Put, QueueWriter
from gateway.spool.numbers import MEMORY_BYTES
from gateway.spool.recovery import recover
from gateway.spool.segment import (
    HEAD_BYTES,
    MAX_HEADER_BYTES,
    SEGMENT_FRONT_BYTES,
    encode_head,
    encode_segment_front,
)
from gateway.spool.unanswered import Unanswered

# Kept units go by whole segments: none spans more time than this, or more bytes in body files.
SEGMENT_AGE_S: Final = 600.0
_BODY_BYTES_A_SEGMENT: Final = 1 << 30

# One system call a megabyte: the records of a put are joined in pieces of this size.
_PIECE_BYTES: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class WriterLimits:
    """inline_limit_bytes: larger bodies become files. segment_bytes: a segment of this size is full.

    reserve_bytes: what put leaves free on the file system, so that the reader can still answer.
    memory_bytes: for the numbers that there have been (gateway.spool.numbers), in memory and in the ledger.
    """

    inline_limit_bytes: int = 65536
    segment_bytes: int = 64 << 20
    reserve_bytes: int = 256 << 20
    memory_bytes: int = MEMORY_BYTES


def open_writer(
    folder: Path,
    *,
    inline_limit_bytes: int = 65536,
    segment_bytes: int = 64 << 20,
    reserve_bytes: int = 256 << 20,
    memory_bytes: int = MEMORY_BYTES,
    unanswered: Unanswered | None = None,
) -> QueueWriter:
    """Open the writing end; made if it is not there, recovered if it was left in the middle.

    unanswered: of this folder; is told what is put, and closed with this end.
    Raises Misconfigured 6503 (this end is open elsewhere), 6504 (no access), 6508 (ledger damaged),
    Unavailable 6502 (no room even to open), StateUncertain 6501, and nothing else.
    """
    limits = WriterLimits(inline_limit_bytes, segment_bytes, reserve_bytes, memory_bytes)
    return FileQueueWriter(folder, limits, RealDisk(), unanswered)


class FileQueueWriter:
    """A QueueWriter over a folder (gateway.spool.layout)."""

    def __init__(
        self,
        folder: Path,
        limits: WriterLimits,
        disk: Disk,
        unanswered: Unanswered | None = None,
    ) -> None:
        self._layout = Layout.of(folder)
        self._unanswered = unanswered
        self._limits = limits
        self._disk = disk
        self._failed: str | None = None
        self._fd = self._mark_fd = -1
        self._remembering = Lock()
        make(self._layout)
        self._lock = lock_end(self._layout, "writer")
        try:
            with disk_errors(folder):
                self._recover()
        except BaseException:
            self.close()
            raise

    def _recover(self) -> None:
        found = recover(self._layout, self._disk, self._limits.memory_bytes)
        self._numbers, self._next = found.numbers, found.next_ordinal
        self._mark_fd = self._disk.create(self._layout.mark)
        if found.last is not None and found.last_is_empty and found.last == self._next:
            self._use(self._disk.create(self._layout.segment(found.last)), found.last)
        else:
            self._begin_segment()
        self._publish()
        if self._unanswered is not None:
            self._unanswered.opened(self._next)

    def put(self, entries: Sequence[Entry]) -> list[Put]:
        """See QueueWriter. Also Misconfigured 6506 for a body on another file system."""
        self._require_usable()
        fresh, results = self._sift(entries)
        if fresh:
            self._commit(fresh)
        if len(fresh) < len(entries):
            self._drop_staged(
                e for e, r in zip(entries, results, strict=True) if r is Put.DUPLICATE
            )
        return results

    def staging(self) -> Path:
        """See QueueWriter."""
        return self._layout.staging

    def has(self, number: int) -> bool:
        """See QueueWriter. Does no I/O."""
        return number in self._numbers

    def forgot(self, number: int) -> bool:
        """See QueueWriter. Does no I/O; from any thread."""
        with self._remembering:
            return self._numbers.forgot(number)

    def highest(self, below: int, residue: int | None = None) -> int:
        """See QueueWriter. Does no I/O; from any thread."""
        with self._remembering:
            return self._numbers.highest(below, residue)

    def close(self) -> None:
        """Let go of the queue. Nothing is written: all that was put is durable."""
        for fd in (self._fd, self._mark_fd, self._lock):
            if fd >= 0:
                os.close(fd)
        self._fd = self._mark_fd = self._lock = -1
        if self._unanswered is not None:
            self._unanswered.close()

    def _require_usable(self) -> None:
        if self._lock < 0:
            raise RuntimeError("the queue is closed")
        if self._failed is not None:
            raise StateUncertain(6501, path=str(self._layout.folder), reason=self._failed)

    def _sift(self, entries: Sequence[Entry]) -> tuple[list[Entry], list[Put]]:
        fresh: list[Entry] = []
        results: list[Put] = []
        seen: set[int] = set()
        for entry in entries:
            if entry.number in self._numbers or entry.number in seen:
                results.append(Put.DUPLICATE)
                continue
            if len(entry.header) > MAX_HEADER_BYTES or not 0 <= entry.number < 1 << 64:
                raise RuntimeError(f"unit {entry.number}: header of {len(entry.header)} bytes")
            seen.add(entry.number)
            fresh.append(entry)
            results.append(Put.CONFIRMED)
        return fresh, results

    def _commit(self, fresh: list[Entry]) -> None:
        intake = Intake(self._layout, self._disk, self._limits.inline_limit_bytes)
        intake.examine(fresh)
        self._require_room(sum(len(e.header) + HEAD_BYTES for e in fresh) + intake.new_bytes)
        try:
            if self._segment_is_full():
                self._begin_segment()
            intake.take_over(fresh, self._next)
            end = self._append(fresh, intake)
        except OSError as error:
            raise self._give_back(intake, error) from error
        self._sync()
        # From here the source may forget it.
        self._end = end
        if self._unanswered is not None:
            self._unanswered.put(self._next, fresh, [intake.body_of(entry)[1] for entry in fresh])
        self._next += len(fresh)
        with self._remembering:
            for entry in fresh:
                self._numbers.add(entry.number)
        self._body_bytes += intake.file_bytes
        with self._fatal():
            self._publish()
        intake.remove_sources()

    def _require_room(self, needed_bytes: int) -> None:
        needed_bytes += self._limits.reserve_bytes
        if free_bytes_of(self._layout.folder) < needed_bytes:
            raise full(self._layout.folder, needed_bytes)

    def _append(self, fresh: list[Entry], intake: Intake) -> int:
        """Write the records behind the end, not yet synced; gives the new end."""
        at_ns = time.time_ns()
        pieces: list[bytes] = []
        held = 0
        end = self._end
        for ordinal, entry in enumerate(fresh, self._next):
            body, size_bytes = intake.body_of(entry)
            head = encode_head(ordinal, entry.number, at_ns, entry.header, body, size_bytes)
            pieces += (head, entry.header) if body is None else (head, entry.header, body)
            held += len(head) + len(entry.header) + (len(body) if body is not None else 0)
            if held >= _PIECE_BYTES:
                self._disk.write(self._fd, b"".join(pieces), end)
                end, held, pieces = end + held, 0, []
        if pieces:
            self._disk.write(self._fd, b"".join(pieces), end)
        return end + held

    def _sync(self) -> None:
        # After a failing sync the kernel may call the pages clean: asking again proves nothing.
        with self._fatal():
            self._disk.sync(self._fd)

    def _give_back(self, intake: Intake, error: OSError) -> GatewayError:
        """Undo a put that did not fit. What cannot be undone, or is no lack of room, is fatal."""
        if not is_full(error):
            return self._fail(error)
        try:
            self._disk.truncate(self._fd, self._end)
            self._disk.sync(self._fd)
            intake.give_back()
        except OSError as second:
            return self._fail(second)
        return full(self._layout.folder)

    def _segment_is_full(self) -> bool:
        if self._end == SEGMENT_FRONT_BYTES:
            return False
        return (
            self._end >= self._limits.segment_bytes
            or self._body_bytes >= _BODY_BYTES_A_SEGMENT
            or time.monotonic() - self._begun_s >= SEGMENT_AGE_S
        )

    def _begin_segment(self) -> None:
        """A new active segment; the reader may remove the old one from the next mark on."""
        replace(self._disk, self._layout.ledger, encode_ledger(self._next, self._numbers))
        path = self._layout.segment(self._next)
        fd = self._disk.create(path)
        try:
            self._disk.truncate(fd, 0)
            self._disk.write(fd, encode_segment_front(self._next, time.time_ns()), 0)
            self._disk.sync(fd)
            self._disk.sync_folder(self._layout.segments)
        except OSError:
            os.close(fd)
            self._disk.unlink(path)
            raise
        self._use(fd, self._next)

    def _use(self, fd: int, first: int) -> None:
        if self._fd >= 0:
            os.close(self._fd)
        self._fd, self._first = fd, first
        self._end, self._body_bytes = SEGMENT_FRONT_BYTES, 0
        self._begun_s = time.monotonic()

    def _publish(self) -> None:
        self._disk.write(self._mark_fd, encode_mark(Mark(self._first, self._end, self._next)), 0)

    def _drop_staged(self, duplicates: Iterable[Entry]) -> None:
        """A duplicate's file in staging is of no more use; one elsewhere is not ours to remove."""
        for entry in duplicates:
            if isinstance(entry.body, Path) and entry.body.parent == self._layout.staging:
                with suppress(OSError):  # staging is emptied at open
                    self._disk.unlink(entry.body)

    @contextmanager
    def _fatal(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise self._fail(error) from error

    def _fail(self, error: OSError) -> StateUncertain:
        failure = uncertain(self._layout.folder, error)
        self._failed = str(failure.fields["reason"])
        return failure
